"""A real discord.py client for tests against the loopback Discord, set so that none of its own waits is felt."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import discord

from tests.wire.discord_server import LoopbackDiscord, point_discord_at

Bot = TypeVar("Bot", bound=discord.Client)


class QuickClient(discord.Client):
    """discord.py without its 5 s before a second IDENTIFY; notes the events a test asks for."""

    def __init__(self, **options: Any) -> None:
        given: dict[str, Any] = {
            "intents": discord.Intents(guilds=True),
            "max_messages": None,
            "chunk_guilds_at_startup": False,
            "member_cache_flags": discord.MemberCacheFlags.none(),
            "allowed_mentions": discord.AllowedMentions.none(),
            "guild_ready_timeout": 0.02,
        }
        super().__init__(**{**given, **options})
        self.seen: list[str] = []
        self.tree = discord.app_commands.CommandTree(self)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait: one shard at a time is enough here."""

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Note the event's name and go on."""
        self.seen.append(event)
        super().dispatch(event, *args, **kwargs)


@contextlib.asynccontextmanager
async def logged_in(server: LoopbackDiscord, client: discord.Client | None = None) -> AsyncIterator[discord.Client]:
    """A client that can send over REST but has no gateway connection; closed afterwards."""
    client = client or QuickClient()
    with point_discord_at(server):
        async with client:
            await client.login(server.token)
            yield client


@contextlib.asynccontextmanager
async def connected(server: LoopbackDiscord, client: Bot) -> AsyncIterator[Bot]:
    """A client that is ready; closed afterwards. Its connection failing during the block is raised at the end."""
    with point_discord_at(server):
        async with client:
            await client.login(server.token)
            running = asyncio.create_task(client.connect())
            try:
                await asyncio.wait_for(client.wait_until_ready(), 5.0)
                yield client
            finally:
                await client.close()
                await running
