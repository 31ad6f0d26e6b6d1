"""Whether the bot is well, and if not, in what respect. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.health.facts import Facts
from bot.heartbeat import MAX_AGE
from bot.model import AnnouncementState

MIN_FREE_BYTES = 500 * 2**20

MAX_QUEUE_AGE = 1800.0
"""Seconds. A thousand channels take half a minute; what waits for half an hour does not get through to Discord."""

MAX_JOB = 3600.0
"""Seconds. Planning takes seconds, and minutes where a model writes; reading arXiv some minutes, at its pace."""

_GRACE = timedelta(hours=1)
"""From the cut-off on: arXiv is asked every hour then, and a category that just began to be read is new."""

_SICK = frozenset({AnnouncementState.STALLED, AnnouncementState.FAILED})
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: whether it is well, in words for the owner, and its figures."""

    name: str
    ok: bool
    text: str
    figures: Mapping[str, float | int | str | None] = field(default_factory=dict)


def judge(facts: Facts) -> tuple[Check, ...]:
    """Return one check for each thing that the bot stands on, in a fixed order."""
    return (
        _gateway(facts),
        _ticker(facts),
        _database(facts),
        _ingest(facts),
        _queue(facts),
        _disk(facts),
        _budget(facts),
    )


def problems(checks: tuple[Check, ...]) -> list[str]:
    """Return what is wrong, a line for each check that is not well."""
    return [f"{check.name}: {check.text}" for check in checks if not check.ok]


def _gateway(facts: Facts) -> Check:
    gateway = facts.gateway
    figures = {"shards": gateway.shards, "ready": gateway.ready, "latency_seconds": gateway.latency}
    if gateway.connected:
        return Check("gateway", True, f"{gateway.ready} of {gateway.shards} shards connected", figures)
    if gateway.shards == 0:
        return Check("gateway", False, "not connected to Discord yet", figures)
    return Check("gateway", False, f"{gateway.ready} of {gateway.shards} shards connected to Discord", figures)


def _ticker(facts: Facts) -> Check:
    age = facts.ticker_age
    if age is None:
        return Check("ticker", True, "has not begun: it waits for Discord to accept the bot", {"age_seconds": None})
    figures = {"age_seconds": round(age, 1)}
    for job, seconds in facts.under_way.items():
        if seconds > MAX_JOB:
            return Check("ticker", False, f"its job “{job}” has been under way for {seconds:.0f} s", figures)
    return Check("ticker", age <= MAX_AGE, f"ticked {age:.0f} s ago", figures)


def _database(facts: Facts) -> Check:
    return Check("database", facts.problem is None, facts.problem or "answers")


def _ingest(facts: Facts) -> Check:
    stored = facts.stored
    if stored is None:
        return Check("ingest", True, "not known: see database")
    last = stored.last_ingest
    age = None if last is None else round((facts.now - last).total_seconds(), 1)
    figures = {"last_seconds_ago": age, "due_on": facts.due_on.isoformat()}
    if last is None:
        return Check("ingest", True, "nothing was read from arXiv yet", figures)
    sick = [one.category for one in stored.newest if one.announced_on >= facts.due_on and one.state in _SICK]
    if sick:
        text = f"the announcement of {facts.due_on} is overdue or could not be read: {_names(sick)}"
        return Check("ingest", False, text, figures)
    behind = [one.category for one in stored.newest if one.announced_on < facts.due_on]
    if behind and facts.now > facts.overdue_at + _GRACE:
        text = f"the announcement of {facts.due_on} was not asked for: {_names(behind)}"
        return Check("ingest", False, text, figures)
    return Check("ingest", True, f"arXiv was last read {age:.0f} s ago", figures)


def _names(categories: list[str]) -> str:
    rest = len(categories) - _NAMED
    return ", ".join(categories[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _queue(facts: Facts) -> Check:
    age = queue_age(facts)
    if facts.stored is None:
        return Check("queue", True, "not known: see database")
    text = "nothing waits to be sent" if age == 0 else f"the oldest message that waits is due for {age:.0f} s"
    return Check("queue", age <= MAX_QUEUE_AGE, text, {"age_seconds": round(age, 1)})


def queue_age(facts: Facts) -> float:
    """Return for how many seconds the message that waits longest is due; 0 when none is."""
    since = facts.stored.waiting_since if facts.stored is not None else None
    return 0.0 if since is None else max(0.0, (facts.now - since).total_seconds())


def _disk(facts: Facts) -> Check:
    free = facts.disk_free
    if free is None:
        return Check("disk", False, "the data directory cannot be looked at", {"free_bytes": None})
    text = f"{free / 2**20:,.0f} MiB free"
    if free < MIN_FREE_BYTES:
        text += f": make room, at least {MIN_FREE_BYTES // 2**20} MiB"
    return Check("disk", free >= MIN_FREE_BYTES, text, {"free_bytes": free})


def _budget(facts: Facts) -> Check:
    """Never unwell: without money briefs go out with extracted summaries."""
    model = facts.model
    if model is None:
        return Check("budget", True, "no language model" if facts.problem is None else "not known: see database")
    share = model.share
    figures = {"used": None if share is None else round(share, 4)}
    if share is None:
        return Check("budget", True, "no ceiling is set", figures)
    return Check("budget", True, f"{share:.0%} of the day's ceiling is used", figures)
