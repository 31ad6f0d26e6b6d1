"""Names of one send that come out the same after any restart: the key of a delivery, the marker, the nonce.

Pure. The nonce lets Discord itself refuse a repeat within minutes; the marker lets us find a message much later, since
a nonce cannot be read back.
"""

import base64
import hashlib
from datetime import date

from bot.delivery import DeliveryKind, TopicKey

NONCE_LENGTH = 25
"""Discord's limit for the nonce of a message."""

MARKER_LENGTH = 8
"""40 bits: no two of a channel's messages share one by accident."""


def delivery_key(topic: TopicKey, announced_on: date, kind: DeliveryKind) -> str:
    """Return what tells a delivery from all others of its channel."""
    return f"{topic.guild_id or 0}/{topic.slug}/{announced_on.isoformat()}/{kind.value}"


def make_marker(channel_id: int, key: str, part: int) -> str:
    """Return the code that stands visibly in the part's message: 8 lower-case letters and digits."""
    return _code(channel_id, key, part)[:MARKER_LENGTH]


def make_nonce(bot_id: int, channel_id: int, key: str, part: int, version: int = 1) -> str:
    """Return the nonce of the part's request; `version` counts changes of its payload from 1."""
    return _code(bot_id, channel_id, key, part, version)[:NONCE_LENGTH]


def _code(*parts: object) -> str:
    # A separator that no part can hold keeps ("1", "23") apart from ("12", "3").
    text = "\x1f".join(str(part) for part in parts)
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()
