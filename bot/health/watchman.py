"""Tells the owner, in a channel of their own, what they should know: each thing once while it lasts; a weekly report.

What was told is in the database, and what is to be told goes through the outbox: a restart repeats nothing and loses
nothing, and a channel that cannot be written to holds up no brief. Sends nothing itself.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.clock import Clock
from bot.delivery import DeliveryKind, Halt, PlannedDelivery, PlannedPart, TopicKey
from bot.errors import StoreError
from bot.health.facts import Facts
from bot.health.report import Report
from bot.health.wording import News, StoppedChannel, news_lines, render_message, report_heading, report_lines
from bot.i18n import load_texts
from bot.log import get_logger
from bot.model import AnnouncementState
from bot.store.conditions import Condition, ConditionStore
from bot.store.health import MissingMessage, ParkedChannel

_log = get_logger(__name__)

BUDGET_SHARE = 0.8
OVERDUE, STOPPED, BUDGET, SCHEMA = "overdue", "stopped", "budget", "schema"
MISSING, REWRITTEN, HALTED = "missing", "rewritten", "halted"


class Ledger(Protocol):
    """What is asked of the outbox."""

    async def plan(self, planned: PlannedDelivery, *, bot_id: int, now: datetime) -> bool:
        """Store a delivery; False where its key exists."""
        ...


class Sights(Protocol):
    """What is asked of the store."""

    async def load_parked(self) -> list[ParkedChannel]:
        """Return the channels whose subscriptions are parked."""
        ...

    async def load_missing(self, now: datetime) -> list[MissingMessage]:
        """Return the messages that are not where they belong."""
        ...

    async def has_rewritten(self, now: datetime) -> bool:
        """Return whether Discord refused a message as it was."""
        ...

    async def load_trouble(self, channel_id: int) -> str | None:
        """Return why notices cannot be sent there; None while they can."""
        ...


@dataclass(frozen=True, slots=True)
class Sending:
    """What does not get through, by subject of its condition, and why everything is paused."""

    parked: dict[str, ParkedChannel]
    missing: dict[str, MissingMessage]
    rewritten: bool
    halts: Collection[Halt]


class Watchman:
    """Looks around at every tick. `run` is a job for a ticker."""

    def __init__(
        self,
        find_facts: Callable[[], Awaitable[Facts]],
        conditions: ConditionStore,
        sights: Sights,
        outbox: Ledger,
        report: Callable[[datetime, datetime], Awaitable[Report | None]],
        clock: Clock,
        *,
        wake: Callable[[], None],
        halts: Callable[[], Collection[Halt]],
        bot_id: int,
        channel_id: int,
        language: str,
        currency: str,
    ) -> None:
        """`report` gives None for a span before anything was due. `wake` makes the sender look into the outbox.

        `halts`: why nothing is sent at this moment.
        """
        self._find_facts = find_facts
        self._conditions = conditions
        self._sights = sights
        self._outbox = outbox
        self._report = report
        self._clock = clock
        self._wake = wake
        self._halts = halts
        self._bot_id = bot_id
        self._channel_id = channel_id
        self._language = language
        self._currency = currency
        self._trouble: str | None = None
        self._reported: date | None = None

    async def begin(self) -> None:
        """Take what a new database is as it is: only a schema that changes under data is news. Logs what fails."""
        try:
            facts = await self._find_facts()
            stored = facts.stored
            if stored is None or stored.papers or stored.deliveries:
                return
            known = {one.condition for one in await self._conditions.load()}
            schema = Condition(SCHEMA, stored.schema)
            await self._conditions.replace({*known, schema}, facts.now)
            await self._conditions.told([schema], facts.now)
        except StoreError as error:
            _log.warning("what the owner knows could not be looked at", error=str(error))

    async def run(self) -> None:
        """Plan what there is to tell. A database that cannot be asked is logged, and asked again at the next tick."""
        try:
            facts = await self._find_facts()
            if facts.stored is None:
                return
            await self._tell_news(facts)
            await self._tell_week(facts.now)
            await self._note_trouble()
        except StoreError as error:
            _log.warning("the owner could not be told", error=str(error))

    async def _tell_news(self, facts: Facts) -> None:
        sending = Sending(
            {str(one.channel_id): one for one in await self._sights.load_parked()},
            {str(one.delivery_id): one for one in await self._sights.load_missing(facts.now)},
            await self._sights.has_rewritten(facts.now),
            self._halts(),
        )
        before = await self._conditions.load()
        holding = find_conditions(facts, sending, {one.condition for one in before})
        untold: defaultdict[tuple[datetime, int], list[Condition]] = defaultdict(list)
        for one in await self._conditions.replace(holding, facts.now):
            if one.told_at is None:
                untold[one.began_at, one.condition.guild_id].append(one.condition)
        for (began_at, guild_id), new in untold.items():
            news = _news(facts, new, sending)
            texts = load_texts(self._language)
            # From when it began: whoever is killed after this line and does it again makes the same delivery.
            key = TopicKey(f"notice-{began_at:%Y%m%dT%H%M%S%f}-{guild_id}")
            lines = news_lines(news, texts)
            heading = texts.say("Paper Brief, for its owner")
            await self._plan(heading, lines, key, began_at.date(), guild_id)
            await self._conditions.told(new, facts.now)

    async def _tell_week(self, now: datetime) -> None:
        monday = now.date() - timedelta(days=now.weekday())
        if self._reported == monday:
            return
        until = datetime.combine(monday, datetime.min.time(), now.tzinfo)
        report = await self._report(until - timedelta(days=7), until)
        if report is not None:
            texts = load_texts(self._language)
            lines = report_lines(report, texts, self._currency)
            # The ledger itself knows whether this week's was planned.
            await self._plan(report_heading(report, texts), lines, TopicKey("report"), monday, 0)
        self._reported = monday

    async def _plan(self, heading: str, lines: list[str], key: TopicKey, day: date, guild_id: int) -> None:
        channel_id, now = self._channel_id, self._clock.now()
        parts: tuple[PlannedPart, ...] = render_message(
            heading, lines, channel_id=channel_id, key=key, day=day, language=self._language
        )
        planned = PlannedDelivery(guild_id, channel_id, key, day, DeliveryKind.NOTICE, now, parts)
        if await self._outbox.plan(planned, bot_id=self._bot_id, now=now):
            self._wake()

    async def _note_trouble(self) -> None:
        trouble = await self._sights.load_trouble(self._channel_id)
        if trouble is not None and trouble != self._trouble:
            _log.warning("notices cannot be sent to DISCORD__OWNER_CHANNEL", reason=trouble)
        self._trouble = trouble


def find_conditions(facts: Facts, sending: Sending, before: Collection[Condition]) -> set[Condition]:
    """Return what holds. `before`: what held, as a spent budget and a halt of sending count for the whole day."""
    stored = facts.stored
    if stored is None:
        return set(before)
    late = facts.now > facts.overdue_at
    holding = {
        Condition(OVERDUE, one.category)
        for one in stored.newest
        if one.announced_on >= facts.due_on
        if one.state is AnnouncementState.STALLED or (late and one.state is AnnouncementState.FAILED)
    }
    holding |= {Condition(STOPPED, subject, one.guild_id) for subject, one in sending.parked.items()}
    holding |= {Condition(MISSING, subject, one.guild_id) for subject, one in sending.missing.items()}
    if sending.rewritten:
        holding.add(Condition(REWRITTEN, "messages"))
    halts = {halt: Condition(HALTED, f"{halt} {facts.now.date()}") for halt in Halt}
    holding |= {one for halt, one in halts.items() if halt in sending.halts or one in before}
    today = Condition(BUDGET, facts.now.date().isoformat())
    share = facts.model.share if facts.model is not None else None
    if today in before or (share is not None and share >= BUDGET_SHARE):
        holding.add(today)
    holding.add(Condition(SCHEMA, stored.schema))
    return holding


def _news(facts: Facts, new: list[Condition], sending: Sending) -> News:
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for one in new:
        by_name[one.name].append(one.subject)
    share = facts.model.share if facts.model is not None else None
    stopped = [sending.parked[subject] for subject in by_name[STOPPED] if subject in sending.parked]
    return News(
        facts.due_on,
        overdue=by_name[OVERDUE],
        stopped=[StoppedChannel(one.channel_id, one.reason) for one in stopped],
        budget=(share or BUDGET_SHARE) if by_name[BUDGET] else None,
        schema=by_name[SCHEMA][0] if by_name[SCHEMA] else None,
        missing=[sending.missing[subject] for subject in by_name[MISSING] if subject in sending.missing],
        rewritten=bool(by_name[REWRITTEN]),
        halts=[Halt(subject.partition(" ")[0]) for subject in by_name[HALTED]],
    )
