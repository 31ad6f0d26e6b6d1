"""The port through which the sender tells at once what it cannot settle by itself: the log.

The owner's channel learns of the same by the watchman (`bot.health.watchman`), from what the ledger and the pacer say,
and admins from the state of their subscriptions: nothing here may post.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.log import get_logger

_log = get_logger(__name__)


class Audience(StrEnum):
    """owner: who runs this program. admins: of the server named in the notice."""

    OWNER = "owner"
    ADMINS = "admins"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell, in English; equal ones are told once an hour."""

    audience: Audience
    text: str
    guild_id: int | None = None
    channel_id: int | None = None


class Notices(Protocol):
    """Who passes notices on."""

    async def tell(self, notice: Notice) -> None:
        """Pass a notice on. Keeps its own failures to itself: the sender does not wait for it and asks for nothing."""
        ...


class LoggedNotices:
    """Notices as log lines."""

    async def tell(self, notice: Notice) -> None:
        """Log it."""
        _log.warning(notice.text, audience=notice.audience, guild=notice.guild_id, channel=notice.channel_id)
