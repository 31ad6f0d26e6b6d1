"""One tick of the bot at work: ask arXiv if it is time, plan what is due, wake the sender.

Knows the order and nothing of timers (`bot.schedule`) or of Discord. Where it stands is in the store: a tick that was
killed, delayed or left out is made up by the next.
"""

import asyncio
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from bot.clock import Clock
from bot.delivery import TopicKey
from bot.log import get_logger
from bot.model import Announcement, AnnouncementState, IngestReport
from bot.pipeline.deciding import SETTLED
from bot.pipeline.due import is_doubtful, poll_slot
from bot.pipeline.planning import PlanReport
from bot.pipeline.planning_ports import LoadTopics, Reader
from bot.sources.calendar import AnnouncementCalendar
from bot.spending import Bill

_log = get_logger(__name__)

_BACKLOG = timedelta(days=7)
"""How far back a gap has arXiv asked again before the next release."""

_RANKED = timedelta(days=7)
"""Briefs wait for the vectors of papers announced within that time."""


class StoredAnnouncements(Protocol):
    """What is asked of the stored announcements."""

    async def load_range(self, category: str, first: date, last: date) -> list[Announcement]:
        """Return a category's announcements from `first` to `last`."""
        ...


class WantedTopics(Protocol):
    """What is asked of the subscriptions."""

    async def load_topics(self) -> list[TopicKey]:
        """Return the topics that some active subscription wants."""
        ...


class WritesAhead(Protocol):
    """Has the language model write before its time; see `bot.pipeline.warming.WarmUp`."""

    async def run(self) -> object:
        """Write what is missing."""
        ...


class Embeds(Protocol):
    """Makes vectors of papers; see `bot.pipeline.embedding.Embedding`."""

    async def run(self, *, span: timedelta = ...) -> object:
        """Make those of papers announced within `span`, for as long as its patience lasts."""
        ...


class Planning(Protocol):
    """Plans what is due."""

    async def plan_due(self) -> PlanReport:
        """Plan what is due now."""
        ...


@dataclass(frozen=True, slots=True)
class TickReport:
    """What one tick did; `ingest` is None where it was not time, `plan` where planning failed (which is logged)."""

    as_of: datetime
    ingest: IngestReport | None
    plan: PlanReport | None


class Runner:
    """Runs the stages in their order. `poll` and `plan` may be called side by side; each waits for itself only."""

    def __init__(
        self,
        ingest: Reader,
        planner: Planning,
        announcements: StoredAnnouncements,
        subscriptions: WantedTopics,
        topics: LoadTopics,
        calendar: AnnouncementCalendar,
        clock: Clock,
        *,
        wake: asyncio.Event,
        categories: Sequence[str] = (),
        warm_up: WritesAhead | None = None,
        embedding: Embeds | None = None,
        publish: Callable[[], None] | None = None,
    ) -> None:
        """`categories` are read whether or not a topic wants them; `wake` is set when there is something to send.

        `warm_up` is None without a language model, `embedding` without an embedder. `publish` asks for the web edition,
        where there is one, after every run that changed something; it returns at once.
        """
        self._embedding = embedding
        self._ingest = ingest
        self._planner = planner
        self._announcements = announcements
        self._subscriptions = subscriptions
        self._topics = topics
        self._calendar = calendar
        self._clock = clock
        self._wake = wake
        self._categories = tuple(categories)
        self._warm_up = warm_up
        self._publish = publish or (lambda: None)
        self._polled: dict[str, datetime] = {}
        self._polling = asyncio.Lock()
        self._planning = asyncio.Lock()

    async def tick(self) -> TickReport:
        """Ask arXiv if it is time, plan what is due, wake the sender; return the receipt, which is logged as well.

        A stage that fails is logged with an error id and stops no other.
        """
        as_of = self._clock.now()
        return TickReport(as_of, await self.poll(), await self.plan())

    async def poll(self) -> IngestReport | None:
        """Read what is still missing if a poll is due; None where none is, or where it failed, which is logged."""
        async with self._polling:
            try:
                return await self._poll()
            except Exception:  # noqa: BLE001  # the job wrapper: the next tick tries again
                _log.exception("arXiv could not be read", error_id=_error_id())
                return None

    async def plan(self) -> PlanReport | None:
        """Plan what is due and wake the sender; None where it failed, which is logged."""
        async with self._planning:
            try:
                if self._embedding is not None:
                    # Papers that came a moment ago are ranked by what they mean as well, if that is known in time.
                    await self._embedding.run(span=_RANKED)
                report = await self._planner.plan_due()
            except Exception:  # noqa: BLE001  # the job wrapper: the next tick tries again
                _log.exception("planning failed", error_id=_error_id())
                return None
        if report.planned:
            self._wake.set()
        if report.planned or report.skipped:
            self._publish()
        if report.planned or report.skipped or report.errors:
            planned = {kind.value: count for kind, count in report.planned.items()}
            _log.info(
                "planned",
                planned=planned,
                skipped=report.skipped,
                waited_for=report.waiting,
                errors=list(report.errors),
                **_bill_fields(report.bill),
            )
        return report

    async def warm(self) -> None:
        """Have the models make what will be wanted later; a failure is logged."""
        try:
            if self._embedding is not None:
                await self._embedding.run()
            if self._warm_up is not None:
                await self._warm_up.run()
        except Exception:  # noqa: BLE001  # the job wrapper: the next tick tries again
            _log.exception("writing ahead failed", error_id=_error_id())

    async def load_categories(self) -> list[str]:
        """Return the categories of the settings and of all topics that are subscribed to, each once."""
        topics = await self._topics(await self._subscriptions.load_topics())
        subscribed = (category for topic in topics.values() for category in topic.categories)
        return list(dict.fromkeys([*self._categories, *subscribed]))

    async def _poll(self) -> IngestReport | None:
        now = self._clock.now()
        slot = poll_slot(now, self._calendar)
        wanted = [one for one in await self.load_categories() if await self._is_wanted(one, slot, now)]
        if not wanted:
            return None
        report = await self._ingest.run(wanted)
        self._polled.update(dict.fromkeys(wanted, slot))
        self._publish()
        _log.info(
            "read arXiv",
            categories=wanted,
            requests=report.requests,
            new_papers=report.new_papers,
            states=_states(report.announcements),
        )
        return report

    async def _is_wanted(self, category: str, slot: datetime, now: datetime) -> bool:
        """Return whether something of the category is missing that was not asked for since `slot`."""
        # Not "earlier than": a clock that was set back must not silence the polls until it has caught up.
        if self._polled.get(category) == slot:
            return False
        due = self._calendar.due(now)
        rows = {one.announced_on: one for one in await self._announcements.load_range(category, due - _BACKLOG, due)}
        latest = rows.get(due)
        if latest is None or is_doubtful(now, self._calendar):
            return True
        if latest.state not in SETTLED and not slot <= latest.fetched_at <= now:
            return True
        return any(_is_gap(rows.get(day)) for day in self._calendar.between(min(rows), due - timedelta(days=1)))


def _is_gap(row: Announcement | None) -> bool:
    """Return whether an older announcement is to be asked for; a part of one was all there was to be had."""
    return row is None or row.state not in (*SETTLED, AnnouncementState.PARTIAL)


def _states(announcements: Iterable[Announcement]) -> dict[str, str]:
    return {f"{one.category} {one.announced_on}": one.state.value for one in announcements}


def _bill_fields(bill: Bill | None) -> dict[str, Any]:
    if bill is None:
        return {}
    return {
        "summaries_made": bill.made,
        "summaries_cached": bill.cached,
        "summaries_extracted": {why.value: count for why, count in bill.fallbacks.items()},
        "model_failed": dict(bill.failed),
        "model_requests": bill.spending.requests,
        "tokens": bill.spending.tokens,
        "cost_micros": bill.spending.cost_micros,
    }


def _error_id() -> str:
    return uuid.uuid4().hex[:8]
