"""The owner's report on itself: how late, how many, what was lost or repeated. Reads the ledger; changes nothing."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bot.model import AnnouncementState
from bot.render.parts import shown_papers
from bot.spending import Spending
from bot.store.report import DueBriefs, ReportStore

LOST_AFTER = timedelta(hours=96)
"""By then the sender has given up, parked or ended every brief, whatever Discord said: one still open is lost."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """Seconds from when briefs were due to when they stood in Discord whole; all 0 where none was sent."""

    median: float = 0.0
    p95: float = 0.0
    worst: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the briefs that were due from `first` to `until`, and of what was announced on those dates.

    Every planned brief is in exactly one of `sent`, `parked` (Discord refuses), `called_off` (ended before it was
    sent), `waiting` and `lost`. `missed` counts lines that stand for several briefs which were too old. `repeats`
    counts papers that a second brief of the same topic showed in the same channel, None where nobody counted;
    `papers_missing` those that arXiv counted and that are not stored.
    """

    first: datetime
    until: datetime
    planned: int = 0
    sent: int = 0
    parked: int = 0
    called_off: int = 0
    waiting: int = 0
    lost: int = 0
    missed: int = 0
    repeats: int | None = 0
    papers: int = 0
    papers_missing: int = 0
    lateness: Lateness = Lateness()
    days: Mapping[AnnouncementState, int] = field(default_factory=dict)
    spending: Spending = field(default_factory=Spending)


async def load_report(
    store: ReportStore, first: datetime, until: datetime, now: datetime, *, count_repeats: bool = True
) -> Report:
    """Return the report on that span. Raises `StoreError` kinds.

    `count_repeats` reads every message of the span: seconds for thousands of channels.
    """
    due = await store.load_due(first, until)
    fates: Counter[str] = Counter()
    late: list[float] = []
    for one in due:
        fate = _fate(one, now)
        fates[fate] += one.briefs
        if fate == "sent" and one.sent_at is not None:
            late += [(one.sent_at - one.due_at).total_seconds()] * one.briefs
    days = _days(first, until)
    announced = await store.load_announced(*days)
    return Report(
        first,
        until,
        planned=fates.total(),
        **fates,
        missed=await store.load_missed(first, until),
        repeats=await _repeats(store, first, until) if count_repeats else None,
        papers=announced.papers,
        papers_missing=announced.missing,
        lateness=measure(late),
        days=announced.states,
        spending=await store.load_spent(*days),
    )


def measure(seconds: Sequence[float]) -> Lateness:
    """Return the nearest-rank median and 95th percentile, and the worst; what came early was not late."""
    late = sorted(max(0.0, one) for one in seconds)
    if not late:
        return Lateness()
    return Lateness(late[math.ceil(0.5 * len(late)) - 1], late[math.ceil(0.95 * len(late)) - 1], late[-1])


def _days(first: datetime, until: datetime) -> tuple[date, date]:
    """Return the first day and the one after the last: as many whole days as the span has, and the last one's begun."""
    last = (until - timedelta(microseconds=1)).date()
    return last - (until - first) + timedelta(days=1), last + timedelta(days=1)


def _fate(one: DueBriefs, now: datetime) -> str:
    if one.waiting:
        return "lost" if now - one.due_at > LOST_AFTER else "waiting"
    if one.parked:
        return "parked"
    return "sent" if one.sent else "called_off"


async def _repeats(store: ReportStore, first: datetime, until: datetime) -> int:
    seen: dict[tuple[object, ...], set[tuple[object, ...]]] = {}
    async for message in store.sent_messages(first, until):
        for arxiv_id in shown_papers(message.payload):
            # A thread's first message shows what its others show: that is one brief.
            brief = (message.announced_on, message.kind)
            seen.setdefault((message.channel_id, message.topic, arxiv_id), set()).add(brief)
    return sum(len(briefs) - 1 for briefs in seen.values())
