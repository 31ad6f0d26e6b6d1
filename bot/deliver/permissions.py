"""What the bot may do in a channel, from Discord's own JSON: for moments in which no cache can be believed. Pure.

Order of rules: https://discord.com/developers/docs/topics/permissions#permission-overwrites.
"""

from collections.abc import Iterable, Mapping
from typing import Any

VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
EMBED_LINKS = 1 << 14
READ_MESSAGE_HISTORY = 1 << 16
CREATE_PUBLIC_THREADS = 1 << 35
SEND_MESSAGES_IN_THREADS = 1 << 38
_ADMINISTRATOR = 1 << 3
_EVERYTHING = (1 << 64) - 1

Json = Mapping[str, Any]


def permissions(guild: Json, member: Json, channel: Json) -> int:
    """Return the permission bits of `member` in `channel`, which for a thread is the parent; 0 where it is not seen.

    `guild` as from `GET /guilds/{id}`, `member` as from its members, `channel` as from `GET /channels/{id}`.
    """
    guild_id, user_id = str(guild["id"]), str(member["user"]["id"])
    if str(guild.get("owner_id")) == user_id:
        return _EVERYTHING
    roles = {guild_id, *(str(role) for role in member.get("roles", ()))}
    granted = 0
    for role in guild.get("roles", ()):
        if str(role["id"]) in roles:
            granted |= int(role["permissions"])
    if granted & _ADMINISTRATOR:
        return _EVERYTHING
    rules = {str(rule["id"]): rule for rule in channel.get("permission_overwrites") or ()}
    granted = _apply(granted, [rules[guild_id]] if guild_id in rules else [])
    granted = _apply(granted, [rules[role] for role in roles - {guild_id} if role in rules])
    granted = _apply(granted, [rules[user_id]] if user_id in rules else [])
    return granted if granted & VIEW_CHANNEL else 0


def _apply(granted: int, rules: Iterable[Json]) -> int:
    # All denials of one level first, then all that is allowed.
    rules = list(rules)
    for rule in rules:
        granted &= ~int(rule["deny"])
    for rule in rules:
        granted |= int(rule["allow"])
    return granted
