"""Who gets a brief, and one send of it: frozen objects that the store, the planner, the sender and the cogs share.

Knows nothing of discord.py: a payload is the JSON body of the request. Snowflakes are `int` here, strings in JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from bot.statement import Statement


class PostingStyle(StrEnum):
    """How a brief looks in a channel.

    digest: one message of up to ten embeds. cards: one message per paper. thread: the digest and a thread with one
    message per paper. forum: a forum post per brief. forum-papers: a forum post per paper.
    """

    DIGEST = "digest"
    CARDS = "cards"
    THREAD = "thread"
    FORUM = "forum"
    FORUM_PAPERS = "forum-papers"


class SubscriptionState(StrEnum):
    """active: gets briefs. paused: by an admin. parked: Discord refuses, resumes by itself. left: removed."""

    ACTIVE = "active"
    PAUSED = "paused"
    PARKED = "parked"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class TopicKey:
    """Names a topic: `guild_id` is None for the built-in catalogue."""

    slug: str
    guild_id: int | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A channel's wish for a topic's briefs. Key: (channel_id, topic).

    `post_time` is wall-clock time in `zone` (an IANA name); None posts as soon as the batch is complete. `role_id` is
    the one role an admin wants pinged. `quiet_line` posts the reason on days with nothing to show. `tag_ids` are those
    of a forum. `translate` shows titles in `language` as well. `state_since` is the store's: when the subscription came
    into its state.
    """

    guild_id: int
    channel_id: int
    topic: TopicKey
    created_by: int
    created_at: datetime
    post_time: time | None = None
    zone: str = "UTC"
    language: str = "en"
    style: PostingStyle = PostingStyle.DIGEST
    max_papers: int = 10
    role_id: int | None = None
    crosspost: bool = False
    quiet_line: bool = False
    tag_ids: tuple[int, ...] = ()
    translate: bool = False
    state: SubscriptionState = SubscriptionState.ACTIVE
    reason: Statement | None = None
    state_since: datetime | None = field(default=None, compare=False)


class DeliveryKind(StrEnum):
    """brief: the day's. late: papers of an older date, found later. waiting: "still waiting" after the cut-off. quiet:
    "nothing today". missed: one line for all that is older than 48 hours. notice: to the owner of the program."""

    BRIEF = "brief"
    LATE = "late"
    WAITING = "waiting"
    QUIET = "quiet"
    MISSED = "missed"
    NOTICE = "notice"


class DeliveryState(StrEnum):
    """planned → claimed → posting → sent | unknown → (probe) → sent | retry | parked; skipped ends what has no use."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    POSTING = "posting"
    SENT = "sent"
    UNKNOWN = "unknown"
    RETRY = "retry"
    PARKED = "parked"
    SKIPPED = "skipped"

    @property
    def final(self) -> bool:
        """Return whether nothing more will be done about it."""
        return self in (DeliveryState.SENT, DeliveryState.SKIPPED)


class DeliveryAction(StrEnum):
    """The request that a part makes: a message, a thread on an earlier part's message, a forum post, a crosspost."""

    MESSAGE = "message"
    THREAD = "thread"
    FORUM_POST = "forum-post"
    CROSSPOST = "crosspost"


class Halt(StrEnum):
    """Why nothing is sent to anybody for minutes.

    edge: the network in front of Discord refuses this address. refusals: so many requests were refused that Discord
    might ban it.
    """

    EDGE = "edge"
    REFUSALS = "refusals"


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """One request of a delivery, with its payload frozen. Parts of one delivery are sent in the order of `part` from 0.

    `into` is the earlier part whose result this one needs: the thread to post in, the message to crosspost or to start
    a thread on. `marker` stands visibly in the payload and is how a sent message is found again.
    """

    part: int
    action: DeliveryAction
    payload: Mapping[str, Any]
    marker: str
    into: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """All parts of one send to one channel. Unique by (channel_id, announced_on, kind, topic)."""

    guild_id: int
    channel_id: int
    topic: TopicKey
    announced_on: date
    kind: DeliveryKind
    due_at: datetime
    parts: tuple[PlannedPart, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One part as the ledger knows it. `result_id` is the message or thread that it made."""

    delivery_id: int
    guild_id: int
    channel_id: int
    topic: TopicKey
    announced_on: date
    kind: DeliveryKind
    part: int
    action: DeliveryAction
    payload: Mapping[str, Any]
    nonce: str
    marker: str
    state: DeliveryState
    due_at: datetime
    into: int | None = None
    reason: str | None = None
    attempts: int = 0
    attempted_at: datetime | None = None
    next_attempt_at: datetime | None = None
    claimed_by: str | None = None
    lease_until: datetime | None = None
    result_id: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LedgerCounts:
    """Deliveries by state, for `/status` and the receipt of a run."""

    by_state: Mapping[DeliveryState, int] = field(default_factory=dict)
    oldest_open: datetime | None = None
