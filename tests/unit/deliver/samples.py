"""Deliveries to plan, and subscriptions that want them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from bot.deliver.nonce import delivery_key, make_marker, shown_marker
from bot.delivery import (
    DeliveryAction,
    DeliveryKind,
    PlannedDelivery,
    PlannedPart,
    PostingStyle,
    Subscription,
    TopicKey,
)

GUILD, CHANNEL, BOT = 100, 200, 900
TOPIC = TopicKey("reasoning")
MONDAY, TUESDAY = date(2026, 5, 11), date(2026, 5, 12)
NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)


def make_subscription(channel_id: int = CHANNEL, topic: TopicKey = TOPIC, **changes: Any) -> Subscription:
    """Return an active subscription; `changes` are fields of it."""
    given: dict[str, Any] = {"guild_id": GUILD, "created_by": 1, "created_at": NOON, "style": PostingStyle.DIGEST}
    return Subscription(channel_id=channel_id, topic=topic, **(given | changes))


def make_planned(
    channel_id: int = CHANNEL,
    actions: Sequence[tuple[DeliveryAction, int | None]] | int = 1,
    *,
    topic: TopicKey = TOPIC,
    announced_on: date = TUESDAY,
    kind: DeliveryKind = DeliveryKind.BRIEF,
    due_at: datetime = NOON,
    guild_id: int = GUILD,
) -> PlannedDelivery:
    """Return a delivery of so many messages, or of these (action, into), each part with its marker in its text."""
    if isinstance(actions, int):
        actions = [(DeliveryAction.MESSAGE, None)] * actions
    key = delivery_key(topic, announced_on, kind)
    parts = []
    for part, (action, into) in enumerate(actions):
        marker = make_marker(channel_id, key, part)
        parts.append(PlannedPart(part, action, make_payload(action, part, marker), marker, into))
    return PlannedDelivery(guild_id, channel_id, topic, announced_on, kind, due_at, tuple(parts))


def make_payload(action: DeliveryAction, part: int, marker: str) -> dict[str, Any]:
    """Return what an action sends."""
    message = {
        "content": f"part {part}",
        "embeds": [
            {"title": f"Paper {part}", "url": f"https://arxiv.org/abs/{part}", "footer": {"text": shown_marker(marker)}}
        ],
        "allowed_mentions": {"parse": []},
    }
    match action:
        case DeliveryAction.MESSAGE:
            return message
        case DeliveryAction.FORUM_POST:
            return {"name": f"Brief {part}", "message": message}
        case DeliveryAction.THREAD:
            return {"name": "Papers", "auto_archive_duration": 1440}
        case DeliveryAction.CROSSPOST:
            return {}
