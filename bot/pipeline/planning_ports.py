"""What planning needs of the store and of the stages before it: one protocol each, so that tests bring their own."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from bot.delivery import DeliveryKind, PlannedDelivery, Subscription, TopicKey
from bot.model import Announcement, Brief, Candidate, Edition, IngestReport, Topic
from bot.pipeline.patience import Patience
from bot.spending import Bill
from bot.store.delivery_history import PlannedBrief

Key = tuple[int, TopicKey]
"""A subscription's: channel and topic."""

Kinds = Mapping[date, frozenset[DeliveryKind]]
Board = Mapping[str, Mapping[date, Announcement]]
LoadTopics = Callable[[Collection[TopicKey]], Awaitable[Mapping[TopicKey, Topic]]]
"""Gives those of the topics that there still are."""


class Announcements(Protocol):
    """What is asked of the stored announcements."""

    async def load_range(self, category: str, first: date, last: date) -> list[Announcement]:
        """Return a category's announcements from `first` to `last`."""
        ...

    async def load_candidates(self, categories: Sequence[str], announced_on: date) -> list[Candidate]:
        """Return the deliverable papers that any of `categories` announced that day."""
        ...


class Briefs(Protocol):
    """Makes briefs."""

    async def briefs(
        self,
        topics: Sequence[Topic],
        announced_on: date,
        *,
        max_papers: int,
        language: str = "en",
        editions: Sequence[Edition | None] | None = None,
    ) -> list[Brief]:
        """Return the briefs of `topics` for that date, in their order, each for all or for a channel's own edition."""
        ...

    async def briefs_to_post(
        self,
        topics: Sequence[Topic],
        announced_on: date,
        *,
        max_papers: int,
        language: str,
        patience: Patience,
        editions: Sequence[Edition | None] | None = None,
    ) -> list[Brief]:
        """Return the same, with what the language model writes while there is patience."""
        ...

    async def write(self, briefs: Sequence[Brief], patience: Patience) -> list[Brief]:
        """Return made briefs with what the language model writes for them."""
        ...

    async def keep(self, brief: Brief) -> None:
        """Store a brief that is about to be posted."""
        ...


class Translating(Protocol):
    """Translates what a brief shows; see `bot.pipeline.translating.Translator`."""

    async def add_to(self, brief: Brief, patience: Patience) -> tuple[Brief, Bill | None]:
        """Return the brief with translations into its language, and what they cost."""
        ...


class Pages(Protocol):
    """Knows the web edition; see `bot.web.links.PageLinks`."""

    async def expect_brief(self, key: TopicKey, announced_on: date, language: str) -> str | None:
        """Return the address of the page that a brief about to be posted gets, None where it gets none."""
        ...


class Subscriptions(Protocol):
    """What is asked of the subscriptions."""

    async def load_active(self) -> list[Subscription]:
        """Return every subscription that gets briefs."""
        ...


class Outbox(Protocol):
    """Takes what is to be sent."""

    async def plan(self, planned: PlannedDelivery, *, bot_id: int, now: datetime) -> bool:
        """Store all parts in one transaction; return False if that key has a delivery already."""
        ...


class History(Protocol):
    """What the ledger knows of the past; see `bot.store.delivery_history.DeliveryHistory`."""

    async def load_kinds(self, channel_ids: Collection[int], since: date) -> Mapping[Key, Kinds]:
        """Return the kinds of deliveries there are by channel and topic and by date."""
        ...

    async def load_brief(self, channel_id: int, topic: TopicKey, announced_on: date) -> PlannedBrief | None:
        """Return the brief of that date as it was planned for that channel."""
        ...

    async def skip(self, planned: PlannedDelivery, *, bot_id: int, reason: str, now: datetime) -> bool:
        """Note that a date ended without a message."""
        ...


class Judged(Protocol):
    """What is asked of the stored opinions; see `bot.store.opinions.OpinionStore`."""

    async def load_judged(self, channel_ids: Collection[int]) -> Collection[Key]:
        """Return the channels and topics, among `channel_ids`, about whose papers there is any opinion."""
        ...


class Reader(Protocol):
    """Reads arXiv."""

    async def run(self, categories: Sequence[str]) -> IngestReport:
        """Read `categories` once and store what they announced."""
        ...
