"""From stored announcements to planned deliveries: what is due now, for every active subscription.

Decides afresh at every call, by what the store and the ledger hold (`bot.pipeline.deciding`), and writes each delivery
whole in one transaction: killed anywhere, called twice or late, every date of every subscription ends exactly once.
Asks arXiv for nothing and sends nothing.
"""

import asyncio
import uuid
from collections import Counter, defaultdict
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from bot.clock import Clock
from bot.delivery import DeliveryKind, PlannedDelivery, PlannedPart, Subscription, TopicKey
from bot.errors import StoreError
from bot.log import get_logger
from bot.model import Announcement, Brief, Edition, Topic
from bot.pipeline import deciding
from bot.pipeline.agenda import Order, Recipe, Task, judge_dates, make_delivery, place_of
from bot.pipeline.deciding import Step
from bot.pipeline.patience import PATIENCE, Patience
from bot.pipeline.planning_ports import (
    Announcements,
    Board,
    Briefs,
    History,
    Judged,
    Key,
    LoadTopics,
    Outbox,
    Pages,
    Subscriptions,
    Translating,
)
from bot.pipeline.preparing import Preparation
from bot.render import notices
from bot.sources.calendar import AnnouncementCalendar
from bot.spending import Bill

_log = get_logger(__name__)

_RETRY_AFTER = timedelta(minutes=15)
"""Until a subscription whose planning raised an error is tried again."""

_BREATH = 200
"""Subscriptions looked at before the event loop has its turn."""


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What one call did: deliveries planned by kind, dates ended without a message, dates that are waited for.

    `errors` are the ids of logged errors, one for each subscription that could not be planned. `bill`: what the
    language model did for the briefs that were made; None without one.
    """

    planned: Mapping[DeliveryKind, int] = field(default_factory=dict)
    skipped: int = 0
    waiting: int = 0
    errors: tuple[str, ...] = ()
    bill: Bill | None = None


@dataclass(slots=True)
class _Run:
    """One call: what it counts, and the briefs that it makes."""

    now: datetime
    briefs: Preparation
    planned: Counter[DeliveryKind] = field(default_factory=Counter)
    skipped: int = 0
    waiting: int = 0
    errors: list[str] = field(default_factory=list)

    def report(self) -> PlanReport:
        return PlanReport(dict(self.planned), self.skipped, self.waiting, tuple(self.errors), self.briefs.bill)


class Planner:
    """Plans what is due. One call at a time."""

    def __init__(
        self,
        announcements: Announcements,
        briefing: Briefs,
        subscriptions: Subscriptions,
        outbox: Outbox,
        history: History,
        topics: LoadTopics,
        calendar: AnnouncementCalendar,
        clock: Clock,
        *,
        bot_id: int,
        cutoff: timedelta,
        catch_up: timedelta = deciding.CATCH_UP,
        patience: float = PATIENCE,
        translator: Translating | None = None,
        opinions: Judged | None = None,
        pages: Pages | None = None,
    ) -> None:
        """`cutoff`: how long a batch is waited for. `catch_up`: from which age on a brief is too old to be posted.

        `patience`: seconds that all briefs of one call together wait for the language model. `opinions`: which channels
        get briefs of their own; None: none. `pages`: that posts lead to, where there is a web edition.
        """
        self._opinions = opinions
        self._announcements = announcements
        self._briefing = briefing
        self._subscriptions = subscriptions
        self._outbox = outbox
        self._history = history
        self._topics = topics
        self._calendar = calendar
        self._clock = clock
        self._bot_id = bot_id
        self._cutoff = cutoff
        self._catch_up = catch_up
        self._patience = patience
        self._translator = translator
        self._pages = pages
        self._retry_at: dict[Key, datetime] = {}
        # Only savings: what is in here would be decided the same way again.
        self._closed: defaultdict[Key, set[date]] = defaultdict(set)
        self._tried: dict[tuple[Key, date], tuple[Step, tuple[Announcement, ...]]] = {}
        self._since: dict[Key, datetime | None] = {}

    def reconsider(self) -> None:
        """Decide everything anew at the next call: what was planned may have been ended unseen."""
        self._closed.clear()
        self._tried.clear()

    async def plan_due(self) -> PlanReport:
        """Plan everything that is due now and return what was planned.

        An error of one subscription is logged and counted and stops no other. Raises `StoreError` kinds.
        """
        # One for all: many briefs at once are no later than one.
        patience = Patience(self._patience)
        briefs = Preparation(
            self._briefing, self._translator, self._announcements, self._history, patience, self._pages
        )
        run = _Run(self._clock.now(), briefs)
        active = await self._subscriptions.load_active()
        self._forget({(one.channel_id, one.topic): one.state_since for one in active}, run.now)
        due = await self._due(active, run)
        if not due:
            return run.report()
        tasks = await self._decide(due, run)
        missed = [task for task in tasks if task.step is Step.MISSED]
        for task in tasks:
            if task.step is Step.LOOK_FOR_MISSED:
                await self._guard(self._look_for_missed(task, missed, run), task.subscription, run)
        await self._plan_missed(missed, run)
        for announced_on in sorted({task.situation.announced_on for task in tasks}):
            today = [task for task in tasks if task.situation.announced_on == announced_on]
            await self._make_briefs(today, run)
            for task in today:
                await self._guard(self._carry_out(task, run), task.subscription, run)
        return run.report()

    def _forget(self, active: Mapping[Key, datetime | None], now: datetime) -> None:
        oldest = self._calendar.slot(now) - deciding.WINDOW
        # One that was ended or paused and is back between two calls has got its open dates back.
        same = {key for key, since in active.items() if self._since.get(key) == since}
        self._since = dict(active)
        for key in list(self._closed):
            if key in same:
                self._closed[key] = {day for day in self._closed[key] if day >= oldest}
            else:
                del self._closed[key]
        self._retry_at = {key: at for key, at in self._retry_at.items() if key in active}
        self._tried = {key: seen for key, seen in self._tried.items() if key[0] in same and key[1] >= oldest}

    async def _due(self, active: Iterable[Subscription], run: _Run) -> list[tuple[Subscription, dict[date, datetime]]]:
        """Return the subscriptions with the dates whose time has come and that have not ended, with that time."""
        due: list[tuple[Subscription, dict[date, datetime]]] = []
        for number, subscription in enumerate(active):
            if number % _BREATH == 0:
                await asyncio.sleep(0)
            key = (subscription.channel_id, subscription.topic)
            if run.now < self._retry_at.get(key, run.now) <= run.now + _RETRY_AFTER:
                continue
            closed = self._closed[key]
            first = deciding.first_date(subscription, self._calendar)
            dates = {
                day: at
                for day in deciding.dates_until(first, run.now, self._calendar)
                if day not in closed
                if subscription.created_at <= (at := deciding.wanted_at(subscription, day, self._calendar)) <= run.now
            }
            if dates:
                due.append((subscription, dates))
        return due

    async def _decide(self, due: Sequence[tuple[Subscription, dict[date, datetime]]], run: _Run) -> list[Task]:
        topics = await self._load_topics({subscription.topic for subscription, _ in due})
        since = min(min(dates) for _, dates in due)
        categories = {name for topic in topics.values() for name in topic.categories}
        board = await self._load_board(categories, since - deciding.BOARD_MARGIN, self._calendar.slot(run.now))
        channel_ids = {subscription.channel_id for subscription, _ in due}
        history = await self._history.load_kinds(channel_ids, since - deciding.BOARD_MARGIN)
        tasks: list[Task] = []
        for number, (subscription, dates) in enumerate(due):
            if number % _BREATH == 0:
                await asyncio.sleep(0)
            topic = topics.get(subscription.topic)
            if topic is None:
                continue
            first = deciding.first_date(subscription, self._calendar)
            for task in judge_dates(
                subscription,
                topic,
                deciding.with_newest(first, topic, dates, board),
                board=board,
                kinds=history.get((subscription.channel_id, subscription.topic), {}),
                now=run.now,
                calendar=self._calendar,
                cutoff=self._cutoff,
                catch_up=self._catch_up,
            ):
                if task.step is Step.CLOSE:
                    self._close(task)
                elif task.step is Step.WAIT:
                    run.waiting += 1
                elif self._tried.get((task.key, task.situation.announced_on)) != task.seen:
                    tasks.append(task)
        return await self._with_editions(tasks)

    async def _with_editions(self, tasks: list[Task]) -> list[Task]:
        """Return the tasks in which every channel with feedback on its topic has a brief of its own."""
        if self._opinions is None or not tasks:
            return tasks
        judged = await self._opinions.load_judged({task.subscription.channel_id for task in tasks})
        return [
            replace(task, edition=Edition(task.subscription.guild_id, task.subscription.channel_id))
            if task.key in judged
            else task
            for task in tasks
        ]

    async def _load_topics(self, keys: set[TopicKey]) -> Mapping[TopicKey, Topic]:
        found = await self._topics(keys)
        for key in keys - found.keys():
            _log.warning("a subscription's topic is gone", topic=key.slug, guild_id=key.guild_id)
        return found

    async def _load_board(self, categories: Iterable[str], first: date, last: date) -> Board:
        return {
            category: {row.announced_on: row for row in await self._announcements.load_range(category, first, last)}
            for category in sorted(categories)
        }

    async def _make_briefs(self, tasks: Sequence[Task], run: _Run) -> None:
        """Make the briefs that the tasks of one date need, together for each language and length."""
        wanted: defaultdict[Recipe, dict[Order, Topic]] = defaultdict(dict)
        for task in tasks:
            if task.step is Step.BRIEF or (task.step is Step.INCOMPLETE and task.situation.holds_papers):
                wanted[task.recipe][task.order] = task.topic
        for recipe, topics in wanted.items():
            await self._guard(run.briefs.compose(recipe, topics), None, run)

    async def _guard(self, work: Awaitable[None], subscription: Subscription | None, run: _Run) -> None:
        """Do `work` and log its failure; what fails without a subscription is tried again for each one by itself."""
        try:
            await work
        except StoreError:
            raise
        except Exception:  # noqa: BLE001  # one subscription's error must not silence the others
            error_id = uuid.uuid4().hex[:8]
            if subscription is not None:
                run.errors.append(error_id)
                self._retry_at[subscription.channel_id, subscription.topic] = run.now + _RETRY_AFTER
            _log.exception(
                "a subscription could not be planned" if subscription else "briefs could not be made together",
                error_id=error_id,
                channel_id=subscription.channel_id if subscription else None,
                topic=subscription.topic.slug if subscription else None,
            )

    async def _carry_out(self, task: Task, run: _Run) -> None:
        if task.step is Step.NO_ANNOUNCEMENT:
            await self._no_announcement(task, run)
        elif task.step is Step.LOOK_FOR_LATE:
            await self._look_for_late(task, run)
        elif task.step is Step.INCOMPLETE and not task.situation.holds_papers:
            await self._say_waiting(task, run)
        elif task.step in (Step.BRIEF, Step.INCOMPLETE):
            await self._brief(task, await run.briefs.find(task), run)

    async def _brief(self, task: Task, brief: Brief, run: _Run) -> None:
        if not brief.items:
            if task.step is Step.INCOMPLETE:
                await self._say_waiting(task, run)
            else:
                await self._end_quietly(task, notices.no_papers_reason(brief), run)
            return
        if task.step is Step.INCOMPLETE:
            brief = replace(brief, silence=notices.missing_statements(task.situation.missing))
            # Before the brief, for without this note nobody would look for the rest.
            await self._skip(task, DeliveryKind.WAITING, "said in the brief", run)
        await run.briefs.keep(task, brief)
        parts = await run.briefs.parts(task, brief, DeliveryKind.BRIEF, run.now)
        if await self._plan(task, DeliveryKind.BRIEF, parts, run) and task.step is Step.BRIEF:
            self._close(task)

    async def _say_waiting(self, task: Task, run: _Run) -> None:
        self._tried[task.key, task.situation.announced_on] = task.seen
        run.waiting += 1
        if DeliveryKind.WAITING not in task.situation.kinds:
            parts = notices.render_waiting(
                task.topic, task.situation.announced_on, task.situation.missing, **place_of(task.subscription)
            )
            await self._plan(task, DeliveryKind.WAITING, parts, run)

    async def _no_announcement(self, task: Task, run: _Run) -> None:
        day = task.situation.announced_on
        if task.subscription.quiet_line:
            following, release = self._calendar.next_release(self._calendar.release(day))
            reason = notices.no_announcement_reason(
                day, following, release, task.subscription.language, deferred=day.weekday() < 5
            )
            await self._plan_quiet(task, reason, run)
        self._close(task)

    async def _end_quietly(self, task: Task, reason: str, run: _Run) -> None:
        if task.subscription.quiet_line:
            await self._plan_quiet(task, reason, run)
        else:
            await self._skip(task, DeliveryKind.QUIET, reason, run)
        self._close(task)

    async def _plan_quiet(self, task: Task, reason: str, run: _Run) -> None:
        parts = notices.render_quiet(task.topic, task.situation.announced_on, reason, **place_of(task.subscription))
        await self._plan(task, DeliveryKind.QUIET, parts, run)

    async def _look_for_late(self, task: Task, run: _Run) -> None:
        """Plan what came after the incomplete brief of a date, once; or note that nothing for this topic did."""
        late = await run.briefs.late(task)
        if late is None:
            await self._skip(task, DeliveryKind.LATE, "nothing came later", run)
        else:
            # Only now, so that nothing is written about papers that were posted before.
            late = await run.briefs.write(late)
            parts = await run.briefs.parts(task, late, DeliveryKind.LATE, run.now)
            await self._plan(task, DeliveryKind.LATE, parts, run)
        self._close(task)

    async def _look_for_missed(self, task: Task, missed: list[Task], run: _Run) -> None:
        """Add to `missed` what came so long after the incomplete brief of a date that it is only mentioned."""
        if await run.briefs.late(task) is not None:
            missed.append(task)
            return
        await self._skip(task, DeliveryKind.LATE, "nothing came later", run)
        self._close(task)

    async def _plan_missed(self, tasks: Sequence[Task], run: _Run) -> None:
        """Plan one line for all dates of a subscription that are too old, wholly or in part, under the newest."""
        by_key: defaultdict[Key, list[Task]] = defaultdict(list)
        for task in tasks:
            by_key[task.key].append(task)
        for missed in by_key.values():
            newest = max(missed, key=lambda task: task.situation.announced_on)
            await self._guard(self._say_missed(newest, missed, run), newest.subscription, run)

    async def _say_missed(self, newest: Task, missed: Sequence[Task], run: _Run) -> None:
        whole = [task.situation.announced_on for task in missed if not task.ended]
        partly = [task.situation.announced_on for task in missed if task.ended]
        parts = notices.render_missed(newest.topic, whole, partly=partly, **place_of(newest.subscription))
        await self._plan(newest, DeliveryKind.MISSED, parts, run)
        for task in missed:
            self._close(task)

    async def _plan(self, task: Task, kind: DeliveryKind, parts: tuple[PlannedPart, ...], run: _Run) -> bool:
        planned = await self._outbox.plan(self._delivery(task, kind, parts, run), bot_id=self._bot_id, now=run.now)
        if planned:
            run.planned[kind] += 1
        else:
            # Its place in the ledger is taken, by what was ended unseen: asking at every tick would change nothing.
            self._tried[task.key, task.situation.announced_on] = task.seen
        return planned

    async def _skip(self, task: Task, kind: DeliveryKind, reason: str, run: _Run) -> None:
        if await self._history.skip(
            self._delivery(task, kind, (), run), bot_id=self._bot_id, reason=reason, now=run.now
        ):
            run.skipped += 1

    def _delivery(self, task: Task, kind: DeliveryKind, parts: tuple[PlannedPart, ...], run: _Run) -> PlannedDelivery:
        return make_delivery(task, kind, parts, run.now, self._catch_up)

    def _close(self, task: Task) -> None:
        self._closed[task.key].add(task.situation.announced_on)
