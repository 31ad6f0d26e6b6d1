"""Decisions as tasks, one date of one subscription each, and what a task needs to become a delivery. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from bot.delivery import DeliveryKind, PlannedDelivery, PlannedPart, Subscription, TopicKey
from bot.model import Announcement, Brief, Edition, Topic
from bot.pipeline import deciding
from bot.pipeline.deciding import Situation, Step
from bot.pipeline.planning_ports import Board, Key, Kinds
from bot.sources.calendar import AnnouncementCalendar

SHOWN_BEFORE = "shown_before"
"""In the receipt of late arrivals, the reason of all papers that are not late."""


@dataclass(frozen=True, slots=True)
class Task:
    """One date of one subscription, decided; `edition`: set where its readers gave feedback."""

    subscription: Subscription
    topic: Topic
    situation: Situation
    step: Step
    edition: Edition | None = None

    @property
    def key(self) -> Key:
        """Return what names the subscription."""
        return self.subscription.channel_id, self.subscription.topic

    @property
    def seen(self) -> tuple[Step, tuple[Announcement, ...]]:
        """Return what the decision will be the same for."""
        return self.step, self.situation.rows

    @property
    def ended(self) -> bool:
        """Return whether the channel got what the date had, but for late arrivals."""
        return bool(self.situation.kinds & deciding.DONE)

    @property
    def order(self) -> "Order":
        """Return what its brief is about and for whom."""
        return Order(self.subscription.topic, self.edition)

    @property
    def recipe(self) -> "Recipe":
        """Return what its brief depends on beside the topic."""
        return Recipe(self.situation.announced_on, self.subscription.language, self.subscription.max_papers)


@dataclass(frozen=True, slots=True)
class Order:
    """A topic's brief: the one that channels without feedback share, or a channel's own."""

    topic: TopicKey
    edition: Edition | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the briefs of several topics must share to be made together."""

    announced_on: date
    language: str
    max_papers: int


_OPEN = (Step.WAIT, Step.INCOMPLETE, Step.BRIEF)


def judge_dates(
    subscription: Subscription,
    topic: Topic,
    dates: Mapping[date, datetime],
    *,
    board: Board,
    kinds: Kinds,
    now: datetime,
    calendar: AnnouncementCalendar,
    cutoff: timedelta,
    catch_up: timedelta = deciding.CATCH_UP,
) -> list[Task]:
    """Return the tasks of one subscription, by date; `dates` maps each date to the instant from which it is due."""
    tasks: list[Task] = []
    for announced_on, at in sorted(dates.items()):
        situation = deciding.assess(
            announced_on,
            topic,
            due=at,
            board=board,
            kinds=kinds,
            now=now,
            calendar=calendar,
            cutoff=cutoff,
        )
        tasks.append(Task(subscription, topic, situation, deciding.decide(situation, now, catch_up)))
    return fold_missed(tasks)


def fold_missed(tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks of one subscription, in which a missed date takes along all older ones that have not ended.

    The line about missed briefs stands for all dates up to its own.
    """
    newest = max((task.situation.announced_on for task in tasks if task.step is Step.MISSED), default=date.min)
    folded: list[Task] = []
    for task in tasks:
        if task.situation.announced_on < newest and not task.ended and task.step in _OPEN:
            quiet = task.situation.settled and not task.situation.holds_papers
            folded.append(replace(task, step=Step.CLOSE if quiet else Step.MISSED))
        else:
            folded.append(task)
    return folded


def late_part(brief: Brief, ids: Collection[str]) -> Brief | None:
    """Return a brief of those items that are in `ids`, marked late; None when there are none. Its receipt adds up."""
    items = [item for item in brief.items if item.paper.arxiv_id in ids]
    if not items:
        return None
    receipt = brief.receipt
    others = receipt.shown - len(items)
    dropped = {**receipt.dropped, **({SHOWN_BEFORE: others} if others else {})}
    return replace(
        brief,
        items=tuple(replace(item, late=True, position=place) for place, item in enumerate(items)),
        receipt=replace(receipt, shown=len(items), dropped=dropped),
    )


def make_delivery(
    task: Task,
    kind: DeliveryKind,
    parts: tuple[PlannedPart, ...],
    now: datetime,
    catch_up: timedelta = deciding.CATCH_UP,
) -> PlannedDelivery:
    """Return the delivery that a task becomes.

    A channel's lane goes by due time, and what is due before the ledger's oldest news is dropped there. So nothing is
    due earlier than the limit, and the line about older briefs just before that.
    """
    oldest = now - catch_up
    due_at = oldest - timedelta(seconds=1) if kind is DeliveryKind.MISSED else max(task.situation.due, oldest)
    return PlannedDelivery(
        guild_id=task.subscription.guild_id,
        channel_id=task.subscription.channel_id,
        topic=task.subscription.topic,
        announced_on=task.situation.announced_on,
        kind=kind,
        due_at=due_at,
        parts=parts,
    )


def place_of(subscription: Subscription) -> dict[str, Any]:
    """Return what a notice needs to know of where it goes."""
    return {
        "channel_id": subscription.channel_id,
        "language": subscription.language,
        "style": subscription.style,
        "tag_ids": subscription.tag_ids,
    }
