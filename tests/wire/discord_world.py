"""The state of the loopback Discord and every way it changes.

A test builds and changes the world through this class; REST handlers do too. Each change that Discord would announce is
emitted as an event for the gateway. Nothing here knows HTTP or sockets.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from tests.wire.discord_clock import ServerClock, Snowflakes, timestamp
from tests.wire.discord_model import (
    BOT_PERMISSIONS,
    REQUIRE_TAG,
    THREADS,
    Channel,
    ChannelType,
    Guild,
    Overwrite,
    Permission,
    Role,
    Thread,
    User,
    bot_permissions,
    member_payload,
)
from tests.wire.discord_wire import Bell, JsonObject

if TYPE_CHECKING:
    from tests.wire.discord_interactions import Interaction

GUILDS_INTENT, GUILD_MESSAGES_INTENT, DIRECT_MESSAGES_INTENT = 1 << 0, 1 << 9, 1 << 12
TOKEN = "loopback.token.value"
NONCE_SECONDS = 180.0
"""Discord says "the past few minutes"."""


class Event(NamedTuple):
    """A dispatch: its name, data, the guild that decides the shard, the intents that let it through (0: always)."""

    name: str
    data: JsonObject
    guild_id: int | None
    intents: int


@dataclass(slots=True)
class Identity:
    """The bot's account and application."""

    token: str = TOKEN
    application_id: int = 0
    owner_id: int = 0
    privileged_intents: int = 0
    installed_shards: int = 1


@dataclass(slots=True)
class SessionStarts:
    """IDENTIFYs of the last 24 hours; past the limit the token is reset, as Discord does."""

    total: int = 1000
    at: list[datetime] = field(default_factory=list)
    token_reset: bool = False


class World:
    """Everything this Discord knows. `bell` rings after every change."""

    def __init__(self, clock: ServerClock, *, token: str = TOKEN) -> None:
        self.clock = clock
        self.bell = Bell()
        self.snowflakes = Snowflakes(clock)
        self.identity = Identity(token)
        self.starts = SessionStarts()
        self.nonce_seconds = NONCE_SECONDS
        self.gateway_url = ""
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.left_guilds: set[int] = set()
        self.channels: dict[int, Channel] = {}
        self.commands: dict[int | None, dict[int, JsonObject]] = {}
        self.command_creates: list[tuple[int | None, datetime]] = []
        self.nonces: dict[tuple[int, str], tuple[int, int, float]] = {}
        self.last_sent: dict[int, float] = {}
        self.harmful_links: set[str] = set()
        self.interactions: dict[str, Interaction] = {}
        self.listeners: list[Callable[[Event], None]] = []
        self.owner = self.add_user("owner")
        self.bot = self.add_user("paper-brief", bot=True)
        self.identity.application_id = self.bot.id
        self.identity.owner_id = self.owner.id

    # Building

    def add_user(self, name: str, *, bot: bool = False, accepts_dms: bool = True) -> User:
        """Return a new account."""
        user = User(self.snowflakes.take(), name, bot, accepts_dms)
        self.users[user.id] = user
        return user

    def add_guild(
        self, name: str = "server", *, permissions: int = BOT_PERMISSIONS, locale: str = "en-US", guild_id: int = 0
    ) -> Guild:
        """Return a new server that the bot is in, with `permissions` on the bot's own role."""
        guild_id = guild_id or self.snowflakes.take()
        role = Role(self.snowflakes.take(), self.bot.name, int(permissions), managed_by=self.bot.id)
        roles = {guild_id: Role(guild_id, "@everyone"), role.id: role}
        guild = Guild(guild_id, name, self.owner.id, role.id, locale, roles, joined_at=timestamp(self.clock.now()))
        self.guilds[guild_id] = guild
        self.emit("GUILD_CREATE", self.guild_payload(guild, []), guild_id)
        return guild

    def add_role(self, guild_id: int, name: str, *, mentionable: bool = False) -> Role:
        """Return a new role without permissions."""
        role = Role(self.snowflakes.take(), name, mentionable=mentionable)
        self.guilds[guild_id].roles[role.id] = role
        self.emit("GUILD_ROLE_CREATE", {"guild_id": str(guild_id), "role": role.payload()}, guild_id)
        return role

    def add_channel(
        self,
        guild_id: int,
        name: str = "papers",
        kind: ChannelType = ChannelType.TEXT,
        *,
        tags: Iterable[str] = (),
        require_tag: bool = False,
    ) -> Channel:
        """Return a new channel; `tags` and `require_tag` are for a forum."""
        channel = Channel(self.snowflakes.take(), kind, name, guild_id, flags=REQUIRE_TAG if require_tag else 0)
        channel.tags = {self.snowflakes.take(): tag for tag in tags}
        self.channels[channel.id] = channel
        self.emit("CHANNEL_CREATE", self.channel_payload(channel), guild_id)
        return channel

    def open_dm(self, user_id: int) -> Channel:
        """Return the bot's direct messages with a user."""
        for channel in self.channels.values():
            if channel.recipient_id == user_id:
                return channel
        channel = Channel(self.snowflakes.take(), ChannelType.DM, "", recipient_id=user_id)
        self.channels[channel.id] = channel
        return channel

    def add_thread(self, parent: Channel, name: str, *, thread_id: int = 0, minutes: int = 1440) -> Channel:
        """Return a new thread of the bot under `parent`; from a message it has the message's id."""
        kind = ChannelType.PUBLIC_THREAD
        if parent.type == ChannelType.ANNOUNCEMENT:
            kind = ChannelType.ANNOUNCEMENT_THREAD
        created = Thread(self.bot.id, auto_archive_minutes=minutes, created_at=timestamp(self.clock.now()))
        thread = Channel(thread_id or self.snowflakes.take(), kind, name, parent.guild_id, parent.id, thread=created)
        self.channels[thread.id] = thread
        return thread

    def announce_thread(self, thread: Channel) -> None:
        """Emit THREAD_CREATE for a thread that has its tags by now."""
        self.emit("THREAD_CREATE", self.channel_payload(thread) | {"newly_created": True}, thread.guild_id)

    # What the bot may do

    def permissions(self, channel: Channel) -> Permission:
        """Return the bot's permissions in a channel or thread, none where it is not a member of the server."""
        if channel.guild_id is None:
            return Permission(BOT_PERMISSIONS)
        guild = self.guilds.get(channel.guild_id)
        if guild is None:
            return Permission(0)
        room = self.channels.get(channel.parent_id or 0, channel) if channel.type in THREADS else channel
        return Permission(bot_permissions(guild, room, self.bot.id, in_thread=room is not channel))

    def deny(self, channel_id: int, *permissions: Permission) -> None:
        """Take permissions from the bot in a channel (a member overwrite) and announce it."""
        rule = self.channels[channel_id].overwrites.setdefault(self.bot.id, Overwrite(1))
        for permission in permissions:
            rule.deny |= permission
            rule.allow &= ~permission
        self.announce_channel(channel_id)

    def allow(self, channel_id: int, *permissions: Permission) -> None:
        """Give the bot permissions in a channel (a member overwrite) and announce it."""
        rule = self.channels[channel_id].overwrites.setdefault(self.bot.id, Overwrite(1))
        for permission in permissions:
            rule.allow |= permission
            rule.deny &= ~permission
        self.announce_channel(channel_id)

    def restore(self, channel_id: int) -> None:
        """Remove the channel's own rules for the bot and announce it."""
        self.channels[channel_id].overwrites.pop(self.bot.id, None)
        self.announce_channel(channel_id)

    def set_bot_role(self, guild_id: int, permissions: int) -> None:
        """Replace what the bot's role grants in the whole server and announce it."""
        guild = self.guilds[guild_id]
        role = guild.roles[guild.bot_role_id]
        role.permissions = int(permissions)
        self.emit("GUILD_ROLE_UPDATE", {"guild_id": str(guild_id), "role": role.payload()}, guild_id)

    def announce_channel(self, channel_id: int) -> None:
        """Emit CHANNEL_UPDATE (THREAD_UPDATE) with the channel as it is now."""
        channel = self.channels[channel_id]
        name = "THREAD_UPDATE" if channel.thread else "CHANNEL_UPDATE"
        self.emit(name, self.channel_payload(channel), channel.guild_id)

    # Losing things

    def delete_channel(self, channel_id: int) -> None:
        """Delete a channel with its threads and announce it."""
        channel = self.channels.pop(channel_id)
        for thread in [each for each in self.channels.values() if each.parent_id == channel_id]:
            del self.channels[thread.id]
        name = "THREAD_DELETE" if channel.thread else "CHANNEL_DELETE"
        self.emit(name, self.channel_payload(channel), channel.guild_id)

    def remove_guild(self, guild_id: int) -> None:
        """Remove the bot from a server: GUILD_DELETE without `unavailable`."""
        del self.guilds[guild_id]
        self.left_guilds.add(guild_id)
        self.emit("GUILD_DELETE", {"id": str(guild_id)}, guild_id)

    def begin_outage(self, guild_id: int) -> None:
        """Make a server unavailable: GUILD_DELETE with `unavailable` true, which is no removal."""
        self.guilds[guild_id].unavailable = True
        self.emit("GUILD_DELETE", {"id": str(guild_id), "unavailable": True}, guild_id)

    def end_outage(self, guild_id: int) -> None:
        """Bring a server back: GUILD_CREATE."""
        guild = self.guilds[guild_id]
        guild.unavailable = False
        self.emit("GUILD_CREATE", self.guild_payload(guild, self.channels_by_guild()[guild_id]), guild_id)

    # Messages

    def store_message(self, channel: Channel, author: User, body: JsonObject, *, message_id: int = 0) -> JsonObject:
        """Append a message and return it in Discord's shape, its nonce included (which no later answer has)."""
        message_id = message_id or self.snowflakes.take()
        message: JsonObject = {
            "id": str(message_id),
            "channel_id": str(channel.id),
            "author": author.payload(),
            "content": "",
            "timestamp": timestamp(self.clock.now()),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "components": [],
            "pinned": False,
            "type": 0,
            "flags": 0,
            **{key: value for key, value in body.items() if key != "nonce"},
        }
        channel.messages[message_id] = message
        channel.last_message_id = message_id
        channel.sent_total += 1
        answer = message | ({"nonce": body["nonce"]} if body.get("nonce") is not None else {})
        self._emit_message("MESSAGE_CREATE", channel, answer)
        return answer

    def post_as(self, user: User, channel_id: int, content: str, **more: object) -> JsonObject:
        """Store a message of someone else and return it."""
        return self.store_message(self.channels[channel_id], user, {"content": content, **more})

    def delete_message(self, channel_id: int, message_id: int) -> None:
        """Delete a message as a moderator would; raises `KeyError` when there is none."""
        channel = self.channels[channel_id]
        del channel.messages[message_id]
        self._emit_message("MESSAGE_DELETE", channel, {"id": str(message_id), "channel_id": str(channel_id)})

    def edited(self, channel: Channel, message: JsonObject) -> None:
        """Emit MESSAGE_UPDATE for a message that was changed in place."""
        self._emit_message("MESSAGE_UPDATE", channel, message)

    def messages(self, channel_id: int) -> list[JsonObject]:
        """Return a channel's messages in order of creation, [] for an unknown channel."""
        channel = self.channels.get(channel_id)
        return list(channel.messages.values()) if channel else []

    def threads(self, parent_id: int) -> list[Channel]:
        """Return the threads (forum posts) of a channel in order of creation."""
        return [each for each in self.channels.values() if each.parent_id == parent_id]

    # Shapes

    def channel_payload(self, channel: Channel) -> JsonObject:
        """Return a channel as Discord writes it."""
        return channel.payload(self.users)

    def bot_member(self, guild: Guild) -> JsonObject:
        """Return the bot as a member of a server."""
        return member_payload(self.bot, [guild.bot_role_id], guild.joined_at)

    def channels_by_guild(self) -> dict[int, list[Channel]]:
        """Return the channels and threads of every server, in order of creation."""
        grouped: dict[int, list[Channel]] = {guild_id: [] for guild_id in self.guilds}
        for channel in self.channels.values():
            grouped.setdefault(channel.guild_id or 0, []).append(channel)
        return grouped

    def guild_payload(self, guild: Guild, inside: list[Channel]) -> JsonObject:
        """Return the data of GUILD_CREATE: the server with its channels, active threads and the bot as a member."""
        return guild.payload() | {
            "joined_at": guild.joined_at,
            "large": False,
            "unavailable": False,
            "member_count": guild.member_count,
            "members": [self.bot_member(guild)],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
            "channels": [self.channel_payload(each) for each in inside if each.thread is None],
            "threads": [self.channel_payload(each) for each in inside if each.thread and not each.thread.archived],
        }

    # Events

    def emit(self, name: str, data: JsonObject, guild_id: int | None, intents: int = GUILDS_INTENT) -> None:
        """Hand an event to the gateway and ring the bell."""
        for listener in self.listeners:
            listener(Event(name, data, guild_id, intents))
        self.bell.ring()

    def _emit_message(self, name: str, channel: Channel, data: JsonObject) -> None:
        intents = GUILD_MESSAGES_INTENT if channel.guild_id else DIRECT_MESSAGES_INTENT
        more = {"guild_id": str(channel.guild_id)} if channel.guild_id else {}
        self.emit(name, data | more, channel.guild_id, intents)
