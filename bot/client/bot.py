"""`PaperBot`: loads the cogs, registers the commands, and keeps up with the servers that add and remove it.

Starts no job in `on_ready`, which comes again after every reconnect.
"""

import asyncio
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.client.cache import LeanState
from bot.client.tree import BEGAN, CatalogueTranslator, PaperTree
from bot.client.watch import MAX_IDENTIFIES, GatewayWatch
from bot.delivery import Subscription, SubscriptionState
from bot.errors import StoreError
from bot.log import get_logger
from bot.services import Services
from bot.statement import Statement, StatementCode
from cogs import EXTENSIONS
from cogs._shared.answers import answer_expired

_log = get_logger(__name__)

AnyCommand = app_commands.Command[Any, Any, Any] | app_commands.ContextMenu
Timed = Callable[[str, float], None]
"""Takes a command's name and the seconds that it took."""

PAYLOAD_KEY = "command_payload"
READY_SILENCE = 0.5
"""Seconds without a further server after which all are taken to be here. What is done then needs only their ids, and
the first message names all of those, so the library's two seconds would be waited for nothing."""

KEEP_LEFT = timedelta(days=30)
"""How long what belongs to a server is kept after the bot was removed from it, unless a setting says otherwise."""


class PaperBot(commands.AutoShardedBot):
    """The bot. `services` is what its cogs may use."""

    def __init__(
        self,
        services: Services,
        *,
        extensions: Sequence[str] = EXTENSIONS,
        shard_count: int | None = None,
        timed: Timed | None = None,
        keep_left: timedelta = KEEP_LEFT,
    ) -> None:
        # The guilds intent alone: no messages are read and no members are listed, so none is asked for or kept.
        super().__init__(
            command_prefix=(),
            help_command=None,
            tree_cls=PaperTree,
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            guild_ready_timeout=READY_SILENCE,
            shard_count=shard_count,
        )
        self.services = services
        self._keep_left = keep_left
        self.watch = GatewayWatch(services.clock)
        self._timed = timed or (lambda _command, _seconds: None)
        self._extensions_to_load = tuple(extensions)
        self._set_up = asyncio.Event()
        self.wake = asyncio.Event()
        """Set when the sender has something to look at: it would else notice within a minute."""

    def _get_state(self, **options: Any) -> Any:
        return LeanState(dispatch=self.dispatch, handlers=self._handlers, hooks=self._hooks, http=self.http, **options)

    async def setup_hook(self) -> None:
        """Load every extension and register the commands where they changed; any failure stops the start."""
        await self.tree.set_translator(CatalogueTranslator())
        for extension in self._extensions_to_load:
            await self.load_extension(extension)
        # The last listener, so that every cog had its turn.
        self.add_listener(answer_expired, "on_interaction")
        await self.sync_commands()
        self._set_up.set()

    async def logged_in(self) -> int:
        """Wait until Discord accepted the token and the cogs are loaded; return the bot's own id."""
        await self._set_up.wait()
        if self.user is None:
            raise RuntimeError("set up without having logged in")
        return self.user.id

    async def sync_commands(self) -> bool:
        """Send the commands to Discord if they are not those sent last; return whether they were sent."""
        translator = cast("app_commands.Translator", self.tree.translator)
        payload = [await command.get_translated_payload(self.tree, translator) for command in self.tree.get_commands()]
        text = json.dumps(payload, sort_keys=True, ensure_ascii=True)
        digest = hashlib.sha256(f"{self.application_id}:{text}".encode()).hexdigest()
        if await self.services.guilds.load_value(PAYLOAD_KEY) == digest:
            return False
        await self.tree.sync()
        await self.services.guilds.save_value(PAYLOAD_KEY, digest)
        _log.info("commands registered with Discord", commands=len(payload))
        return True

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Count the IDENTIFY, and stop for good before Discord would reset the token."""
        now = self.services.clock.now()
        if await self.services.guilds.count_since(now - timedelta(days=1)) >= MAX_IDENTIFIES:
            self.watch.give_up(
                f"{MAX_IDENTIFIES} connections to Discord in 24 hours; Discord resets the token at 1,000"
            )
        await self.services.guilds.record_identify(now)
        await super().before_identify_hook(shard_id, initial=initial)

    async def on_shard_connect(self, shard_id: int) -> None:
        """Note that a shard is there."""
        self.watch.seen(shard_id)

    async def on_shard_ready(self, shard_id: int) -> None:
        """Note that a shard is ready."""
        self.watch.ready(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        """Note that a shard is ready again."""
        self.watch.ready(shard_id)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """Note that a shard is not connected."""
        self.watch.lost(shard_id)

    async def on_app_command_completion(self, interaction: discord.Interaction, command: AnyCommand) -> None:
        """Note how long a command took."""
        began = interaction.extras.get(BEGAN)
        if began is not None:
            self._timed(command.qualified_name, self.services.clock.monotonic() - began)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Log what came of an event that could not be worked through: a database that is closed, or worse, in a line.

        Which servers are here is found out again at the next connection.
        """
        error = sys.exc_info()[1]
        if isinstance(error, StoreError):
            said = " ".join(str(error).split())
            _log.warning("an event of Discord could not be recorded", occasion=event_method, error=said)
        else:
            await super().on_error(event_method, *args, **kwargs)

    async def on_ready(self) -> None:
        """Find out which servers were joined and left while nobody listened. Comes again after reconnects."""
        here = {guild.id for guild in self.guilds}
        await self.services.guilds.joined_all(here, self.services.clock.now())
        for one in await self.services.subscriptions.load_left():
            if one.guild_id in here:
                await self._set_state(one, _state_before(one), None)
        # A file may have been imported that names servers the bot never was in.
        subscribed = {one.guild_id for one in await self.services.subscriptions.load_active()}
        for guild_id in (await self.services.guilds.load_joined() | subscribed) - here:
            if (guild_id >> 22) % (self.shard_count or 1) in (self.shard_ids or range(self.shard_count or 1)):
                await self._left(guild_id)
        _log.info("connected to Discord", servers=len(here))

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Welcome a server, or welcome it back: what its subscriptions were, they are again."""
        await self._joined(guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Stop the subscriptions of a server that removed the bot. An outage (`unavailable`) does not come here."""
        await self._left(guild.id)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Stop the subscriptions of a channel that is no more."""
        if await self.services.subscriptions.park(channel.id, Statement.of(StatementCode.CHANNEL_DELETED)):
            _log.info("a subscribed channel was deleted", channel_id=channel.id)

    async def on_guild_channel_update(self, _old: discord.abc.GuildChannel, new: discord.abc.GuildChannel) -> None:
        """Try at once what the channel refused: its permissions may have changed."""
        await self._nudge(channel_id=new.id)

    async def on_guild_role_update(self, _old: discord.Role, new: discord.Role) -> None:
        """Try at once what the server's channels refused."""
        await self._nudge(guild_id=new.guild.id)

    async def on_member_update(self, _old: discord.Member, new: discord.Member) -> None:
        """Do the same when the bot's own roles changed; of nobody else does Discord tell."""
        if self.user is not None and new.id == self.user.id:
            await self._nudge(guild_id=new.guild.id)

    async def _nudge(self, *, channel_id: int | None = None, guild_id: int | None = None) -> None:
        await self.services.outbox.nudge(self.services.clock.now(), channel_id=channel_id, guild_id=guild_id)
        self.wake.set()

    async def _joined(self, guild_id: int) -> None:
        await self.services.guilds.joined(guild_id, self.services.clock.now())
        for one in await self.services.subscriptions.load_guild(guild_id):
            if one.state is SubscriptionState.LEFT:
                await self._set_state(one, _state_before(one), None)

    async def _left(self, guild_id: int) -> None:
        await self.services.guilds.left(guild_id, self.services.clock.now())
        for one in await self.services.subscriptions.load_guild(guild_id):
            if one.state is not SubscriptionState.LEFT:
                paused = one.state is SubscriptionState.PAUSED
                reason = Statement.of(StatementCode.WAS_PAUSED) if paused else None
                await self._set_state(one, SubscriptionState.LEFT, reason)
        _log.info("removed from a server", guild_id=guild_id)

    async def _set_state(self, one: Subscription, state: SubscriptionState, reason: Statement | None) -> None:
        await self.services.subscriptions.set_state(one.channel_id, one.topic, state, reason)

    async def purge_left(self) -> None:
        """Delete what belongs to servers that the bot left long enough ago."""
        before = self.services.clock.now() - self._keep_left
        purged = await self.services.subscriptions.purge_left(before)
        gone = await self.services.guilds.purge_left(before)
        if purged or gone:
            _log.info("purged what belonged to servers left long ago", subscriptions=purged, servers=len(gone))


def _state_before(one: Subscription) -> SubscriptionState:
    """Return the state a subscription had when the bot was removed."""
    paused = (Statement.of(StatementCode.WAS_PAUSED), Statement.plain("paused"))
    return SubscriptionState.PAUSED if one.reason in paused else SubscriptionState.ACTIVE


def build_bot(
    services: Services,
    *,
    extensions: Sequence[str] = EXTENSIONS,
    shard_count: int | None = None,
    timed: Timed | None = None,
    keep_left: timedelta = KEEP_LEFT,
) -> PaperBot:
    """Return the bot, not yet connected. `shard_count`: None asks Discord. `timed` is told how long commands took.

    `keep_left`: how long what belongs to a server is kept after the bot was removed from it.
    """
    return PaperBot(services, extensions=extensions, shard_count=shard_count, timed=timed, keep_left=keep_left)
