"""Connecting and staying connected: what ends the process, and with which one clear line."""

import asyncio
import gc
import sys
from datetime import timedelta

import discord

from bot.client.bot import PaperBot
from bot.client.watch import MAX_BACK_OFF, MAX_IDENTIFIES, identify_delay
from bot.errors import DiscordRefused, GatewayDead, StoreError, TokenRefused
from bot.log import get_logger

_log = get_logger(__name__)

TICK = 30.0
GIVE_WAY_AFTER = 0.001
"""Seconds after which a thread that computes lets the event loop go on; an answer needs some dozens of such turns."""

PURGE_EVERY = 24 * 3600.0
_RECENT = timedelta(minutes=30)
_DAY = timedelta(days=1)

# https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
_TOKEN_CLOSE = 4004
_FATAL_CLOSE = {
    4010: "Discord refuses the shard number; let the bot choose its shards",
    4011: "Discord asks for more shards; start the bot again, which lets it choose",
    4012: "Discord no longer speaks this version of its gateway; upgrade this program",
    4013: "Discord refuses the intents of this bot; upgrade this program",
    4014: "Discord refuses the intents of this bot; it needs none that are privileged: upgrade this program",
}


async def run_bot(bot: PaperBot, token: str) -> None:
    """Connect and stay connected until cancelled or closed.

    Raises `DiscordRefused` for what only the owner can change, `GatewayDead` when a new process is the remedy.
    """
    sys.setswitchinterval(GIVE_WAY_AFTER)
    # Servers come in by the thousand, and the collector would look through all that was imported again and again.
    gc.freeze()
    bot.add_listener(_set_aside, "on_ready")
    await _hold_back(bot)
    async with bot:
        try:
            await bot.login(token)
            await _connected(bot)
        except discord.LoginFailure as error:
            raise TokenRefused from error
        except discord.PrivilegedIntentsRequired as error:
            raise DiscordRefused(_FATAL_CLOSE[4014]) from error
        except (OSError, discord.GatewayNotFound) as error:
            raise GatewayDead("Discord cannot be reached; is the network up? Start again when it is") from error
        except discord.ConnectionClosed as error:
            if error.code == _TOKEN_CLOSE:
                raise TokenRefused from error
            if error.code in _FATAL_CLOSE:
                raise DiscordRefused(_FATAL_CLOSE[error.code]) from error
            raise GatewayDead(f"Discord closed the connection with code {error.code}") from error


async def _set_aside() -> None:
    """Take what will stay, libraries and servers, out of the garbage collector's rounds: each would halt all answers.

    What an earlier connection had set aside is looked through first, since its servers are others by now.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


async def _hold_back(bot: PaperBot) -> None:
    """Wait as long as the IDENTIFYs of earlier processes demand it."""
    clock, guilds = bot.services.clock, bot.services.guilds
    recent = await guilds.count_since(clock.now() - _RECENT)
    if delay := identify_delay(recent):
        _log.warning("many restarts: waiting before connecting to Discord", seconds=delay, restarts=recent)
        await clock.sleep(delay)
    while await guilds.count_since(clock.now() - _DAY) >= MAX_IDENTIFIES:
        _log.warning("too many connections to Discord in 24 hours: waiting", seconds=MAX_BACK_OFF)
        await clock.sleep(MAX_BACK_OFF)


async def _connected(bot: PaperBot) -> None:
    connection = asyncio.create_task(bot.connect(reconnect=True))
    watching = asyncio.create_task(_watch(bot))
    try:
        done, _ = await asyncio.wait({connection, watching}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (connection, watching):
            task.cancel()
        await asyncio.gather(connection, watching, return_exceptions=True)


async def _watch(bot: PaperBot) -> None:
    clock = bot.services.clock
    bot.watch.start()
    purged_at = float("-inf")
    while True:
        if bot.shard_count is not None:
            bot.watch.expect(bot.shard_ids or range(bot.shard_count))
        bot.watch.heard(bot.latencies)
        if complaint := bot.watch.complaint():
            raise GatewayDead(complaint)
        if clock.monotonic() - purged_at >= PURGE_EVERY:
            purged_at = clock.monotonic()
            try:
                await bot.purge_left()
            except StoreError as error:
                _log.warning("the daily purge failed", error=str(error))
        await clock.sleep(TICK)
