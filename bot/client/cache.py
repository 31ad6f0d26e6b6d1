"""What the bot keeps of each server: nothing that it never looks at. In many servers this is most of its memory.

It reaches into discord.py, which has no setting for it, at one place: the door that a server's data comes in by.
"""

from typing import Any

import discord
from discord.state import AutoShardedConnectionState

_KIND = discord.ChannelType
_POSTED_IN = frozenset(kind.value for kind in (_KIND.text, _KIND.news, _KIND.forum, _KIND.media))
_UNUSED = (
    "emojis",
    "features",
    "guild_scheduled_events",
    "presences",
    "soundboard_sounds",
    "stage_instances",
    "stickers",
    "voice_states",
)


class LeanState(AutoShardedConnectionState[Any]):
    """discord.py's cache, which is told less."""

    def parse_guild_create(self, data: Any) -> None:
        """Take in a server that has become available."""
        super().parse_guild_create(strip_guild(data))


def strip_guild(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data of GUILD_CREATE without what the bot never looks at.

    Categories go: their channels' permissions are the channels' own. Where nothing is posted, in voice channels, people
    use commands all the same, so those stay, without the permissions. Roles decide permissions, and are shown by their
    ids alone: they lose their names. Threads are as they were.
    """
    rooms = [_strip_room(room) for room in data.get("channels", ()) if room["type"] != _KIND.category.value]
    roles = [role | {"name": ""} for role in data.get("roles", ())]
    return data | dict.fromkeys(_UNUSED, ()) | {"features": [], "channels": rooms, "roles": roles}


def _strip_room(room: dict[str, Any]) -> dict[str, Any]:
    unused: dict[str, Any] = {"topic": None, "parent_id": None, "last_message_id": None}
    if room["type"] not in _POSTED_IN:
        unused["permission_overwrites"] = []
    return room | unused
