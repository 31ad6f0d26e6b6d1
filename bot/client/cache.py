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
    ids alone: they lose their names. Threads are as they were. The same ids and permissions come many times: equal ones
    are one number, which discord.py keeps as it is.
    """
    numbers: dict[str, int] = {}
    rooms = [_strip_room(room, numbers) for room in data.get("channels", ()) if room["type"] != _KIND.category.value]
    roles = [_shared(role, ("id", "permissions"), numbers) | {"name": ""} for role in data.get("roles", ())]
    return data | dict.fromkeys(_UNUSED, ()) | {"features": [], "channels": rooms, "roles": roles}


def _strip_room(room: dict[str, Any], numbers: dict[str, int]) -> dict[str, Any]:
    rules = room.get("permission_overwrites", ()) if room["type"] in _POSTED_IN else ()
    return room | {
        "topic": None,
        "parent_id": None,
        "last_message_id": None,
        "permission_overwrites": [_shared(rule, ("id", "allow", "deny"), numbers) for rule in rules],
    }


def _shared(data: dict[str, Any], names: tuple[str, ...], numbers: dict[str, int]) -> dict[str, Any]:
    return data | {name: numbers.setdefault(data[name], int(data[name])) for name in names if name in data}
