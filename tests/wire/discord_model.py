"""The things a loopback Discord holds: users, roles, guilds, channels, and what the bot may do in them.

Plain data and pure functions; every `payload` has the keys of Discord's API v10. Nothing here sends or refuses.
"""

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag

from tests.wire.discord_wire import JsonObject


class Permission(IntFlag):
    """The permissions this server looks at (Discord: Permissions, bitwise flags)."""

    MANAGE_CHANNELS = 1 << 4
    ADMINISTRATOR = 1 << 3
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38


ALL = (1 << 53) - 1
BOT_PERMISSIONS = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)


class ChannelType(IntEnum):
    """Discord's numbers of the channel types served here."""

    TEXT = 0
    DM = 1
    VOICE = 2
    CATEGORY = 4
    ANNOUNCEMENT = 5
    ANNOUNCEMENT_THREAD = 10
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12
    FORUM = 15


THREADS = frozenset({ChannelType.ANNOUNCEMENT_THREAD, ChannelType.PUBLIC_THREAD, ChannelType.PRIVATE_THREAD})
REQUIRE_TAG = 1 << 4
CROSSPOSTED = 1 << 0
EPHEMERAL = 1 << 6
LOADING = 1 << 7
COMPONENTS_V2 = 1 << 15


@dataclass(slots=True)
class User:
    id: int
    name: str
    bot: bool = False
    accepts_dms: bool = True

    def payload(self) -> JsonObject:
        return {
            "id": str(self.id),
            "username": self.name,
            "global_name": None if self.bot else self.name.title(),
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
        }


@dataclass(slots=True)
class Role:
    id: int
    name: str
    permissions: int = 0
    mentionable: bool = False
    managed_by: int | None = None

    def payload(self) -> JsonObject:
        tags = {"tags": {"bot_id": str(self.managed_by)}} if self.managed_by else {}
        return {
            "id": str(self.id),
            "name": self.name,
            "permissions": str(int(self.permissions)),
            "position": 1 if self.managed_by else 0,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "icon": None,
            "unicode_emoji": None,
            "managed": self.managed_by is not None,
            "mentionable": self.mentionable,
            "flags": 0,
            **tags,
        }


@dataclass(slots=True)
class Overwrite:
    """A channel's own rule for a role (`type` 0) or a member (1)."""

    type: int
    allow: int = 0
    deny: int = 0


@dataclass(slots=True)
class Thread:
    owner_id: int
    archived: bool = False
    locked: bool = False
    auto_archive_minutes: int = 1440
    applied_tags: list[int] = field(default_factory=list)
    created_at: str = ""


@dataclass(slots=True)
class Channel:
    """A channel or thread. `messages` is in order of creation, each in Discord's own shape.

    `slow_mode` are the server's seconds after which this bot may write again: a real bot is mostly exempt from
    `rate_limit_per_user`, so the refusal 20016 has a switch of its own.
    """

    id: int
    type: int
    name: str
    guild_id: int | None = None
    parent_id: int | None = None
    topic: str | None = None
    flags: int = 0
    slow_mode: float = 0.0
    recipient_id: int | None = None
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    tags: dict[int, str] = field(default_factory=dict)
    thread: Thread | None = None
    messages: dict[int, JsonObject] = field(default_factory=dict)
    last_message_id: int | None = None
    sent_total: int = 0

    def payload(self, users: dict[int, User]) -> JsonObject:
        common: JsonObject = {
            "id": str(self.id),
            "type": int(self.type),
            "flags": self.flags,
            "last_message_id": str(self.last_message_id) if self.last_message_id else None,
        }
        if self.type == ChannelType.DM:
            assert self.recipient_id is not None
            return common | {"recipients": [users[self.recipient_id].payload()]}
        common |= {
            "guild_id": str(self.guild_id),
            "name": self.name,
            "parent_id": str(self.parent_id) if self.parent_id else None,
            "rate_limit_per_user": 0,
        }
        return common | (self._thread_payload(self.thread) if self.thread else self._room_payload())

    def _room_payload(self) -> JsonObject:
        more: JsonObject = {
            "topic": self.topic,
            "position": 0,
            "nsfw": False,
            "permission_overwrites": [
                {"id": str(target), "type": rule.type, "allow": str(int(rule.allow)), "deny": str(int(rule.deny))}
                for target, rule in self.overwrites.items()
            ],
        }
        if self.type == ChannelType.VOICE:
            more |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None, "video_quality_mode": 1}
        if self.type == ChannelType.FORUM:
            more |= {
                "available_tags": [
                    {"id": str(tag), "name": name, "moderated": False, "emoji_id": None, "emoji_name": None}
                    for tag, name in self.tags.items()
                ],
                "default_reaction_emoji": None,
                "default_sort_order": None,
                "default_forum_layout": 0,
                "template": "",
            }
        return more

    def _thread_payload(self, thread: Thread) -> JsonObject:
        return {
            "owner_id": str(thread.owner_id),
            "message_count": len(self.messages),
            "total_message_sent": self.sent_total,
            "member_count": 1,
            "applied_tags": [str(tag) for tag in thread.applied_tags],
            "thread_metadata": {
                "archived": thread.archived,
                "locked": thread.locked,
                "auto_archive_duration": thread.auto_archive_minutes,
                "archive_timestamp": thread.created_at,
                "create_timestamp": thread.created_at,
            },
        }


@dataclass(slots=True)
class Guild:
    """A server. The role with the guild's own id is @everyone; it grants nothing, so the bot's role decides."""

    id: int
    name: str
    owner_id: int
    bot_role_id: int
    locale: str = "en-US"
    roles: dict[int, Role] = field(default_factory=dict)
    unavailable: bool = False
    joined_at: str = ""
    member_count: int = 2
    emojis: dict[int, str] = field(default_factory=dict)

    def payload(self) -> JsonObject:
        return {
            "id": str(self.id),
            "name": self.name,
            "icon": None,
            "splash": None,
            "discovery_splash": None,
            "banner": None,
            "description": None,
            "owner_id": str(self.owner_id),
            "afk_channel_id": None,
            "afk_timeout": 300,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "roles": [role.payload() for role in self.roles.values()],
            "emojis": [_emoji_payload(key, name) for key, name in self.emojis.items()],
            "stickers": [],
            "features": ["COMMUNITY", "NEWS"],
            "mfa_level": 0,
            "application_id": None,
            "system_channel_id": None,
            "system_channel_flags": 0,
            "rules_channel_id": None,
            "public_updates_channel_id": None,
            "safety_alerts_channel_id": None,
            "vanity_url_code": None,
            "premium_tier": 0,
            "premium_subscription_count": 0,
            "premium_progress_bar_enabled": False,
            "preferred_locale": self.locale,
            "nsfw_level": 0,
            "max_members": 500000,
            "incidents_data": None,
        }


def _emoji_payload(emoji_id: int, name: str) -> JsonObject:
    more = {"roles": [], "require_colons": True, "managed": False, "animated": False, "available": True}
    return {"id": str(emoji_id), "name": name} | more


def member_payload(user: User, roles: list[int], joined_at: str, permissions: int | None = None) -> JsonObject:
    """Return a guild member; with `permissions` as an interaction carries them."""
    member: JsonObject = {
        "user": user.payload(),
        "roles": [str(role) for role in roles],
        "nick": None,
        "avatar": None,
        "joined_at": joined_at,
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
        "communication_disabled_until": None,
    }
    return member if permissions is None else member | {"permissions": str(int(permissions))}


def bot_permissions(guild: Guild, room: Channel, bot_id: int, *, in_thread: bool = False) -> int:
    """Return what the bot may do in `room` (for a thread: its parent), by Discord's documented order of rules."""
    granted = guild.roles[guild.id].permissions | guild.roles[guild.bot_role_id].permissions
    if granted & Permission.ADMINISTRATOR:
        return ALL
    for target in (guild.id, guild.bot_role_id, bot_id):
        rule = room.overwrites.get(target, Overwrite(0))
        granted = (granted & ~rule.deny) | rule.allow
    if not granted & Permission.VIEW_CHANNEL:
        return 0
    if not in_thread and not granted & Permission.SEND_MESSAGES:
        granted &= ~(Permission.MENTION_EVERYONE | Permission.ATTACH_FILES | Permission.EMBED_LINKS)
    return granted
