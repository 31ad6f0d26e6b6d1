"""Connecting: what ends the process and with which words, and how restarts are slowed down."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

import aiohttp
import discord
import pytest

from bot.client import PaperBot, build_bot, run_bot
from bot.client.watch import (
    BACK_OFF,
    MAX_BACK_OFF,
    MAX_IDENTIFIES,
    SHARD_SPACING,
    SILENCE_LIMIT,
    GatewayWatch,
    identify_delay,
)
from bot.delivery import Subscription, TopicKey
from bot.errors import DiscordRefused, GatewayDead
from bot.services import Services
from tests.cogs.conftest import MORNING, StillClock


class ScriptedBot(PaperBot):
    """A bot whose connection is a script: what login and connect raise, None to stay connected."""

    login_error: Exception | None = None
    connect_error: Exception | None = None

    async def login(self, token: str) -> None:
        """Refuse, or not."""
        if self.login_error is not None:
            raise self.login_error

    async def connect(self, *, reconnect: bool = True) -> None:
        """Break, or stay."""
        if self.connect_error is not None:
            raise self.connect_error
        await asyncio.Event().wait()


@pytest.fixture
def bot(services: Services) -> ScriptedBot:
    return ScriptedBot(services, extensions=())


def closed(code: int) -> discord.ConnectionClosed:
    socket = cast("aiohttp.ClientWebSocketResponse", type("Socket", (), {"close_code": code})())
    return discord.ConnectionClosed(socket, shard_id=0, code=code)


async def test_a_bad_token_is_one_clear_line(bot: ScriptedBot) -> None:
    bot.login_error = discord.LoginFailure("Improper token has been passed.")
    with pytest.raises(DiscordRefused, match="does not accept DISCORD_TOKEN") as caught:
        await run_bot(bot, "secret")
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (closed(4004), "does not accept DISCORD_TOKEN"),
        (closed(4013), "refuses the intents"),
        (closed(4011), "more shards"),
        (discord.PrivilegedIntentsRequired(0), "refuses the intents"),
    ],
)
async def test_fatal_close_codes_say_what_to_do(bot: ScriptedBot, error: Exception, said: str) -> None:
    bot.connect_error = error
    with pytest.raises(DiscordRefused, match=said):
        await run_bot(bot, "secret")


async def test_another_close_code_asks_for_a_new_process(bot: ScriptedBot) -> None:
    bot.connect_error = closed(4999)
    with pytest.raises(GatewayDead, match="4999"):
        await run_bot(bot, "secret")


async def test_a_silent_gateway_ends_the_process_after_minutes(bot: ScriptedBot, clock: StillClock) -> None:
    with pytest.raises(GatewayDead, match="no sign of life from Discord on shard 0"):
        await run_bot(bot, "secret")
    assert SILENCE_LIMIT < clock.monotonic() <= SILENCE_LIMIT + 60


async def test_restarts_wait_longer_the_more_there_were(bot: ScriptedBot, clock: StillClock) -> None:
    bot.connect_error = closed(4004)
    for _ in range(4):
        await bot.services.guilds.record_identify(clock.now())
    with pytest.raises(DiscordRefused):
        await run_bot(bot, "secret")
    assert clock.slept[0] == 2 * BACK_OFF


async def test_old_restarts_are_forgiven(bot: ScriptedBot, clock: StillClock) -> None:
    bot.connect_error = closed(4004)
    for _ in range(9):
        await bot.services.guilds.record_identify(MORNING - timedelta(hours=2))
    with pytest.raises(DiscordRefused):
        await run_bot(bot, "secret")
    assert clock.slept == []


async def test_a_day_that_is_used_up_is_waited_for(
    bot: ScriptedBot, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def count_since(_store: object, instant: datetime) -> int:
        return MAX_IDENTIFIES if instant < MORNING - timedelta(hours=23) else 0

    monkeypatch.setattr(type(bot.services.guilds), "count_since", count_since)
    bot.connect_error = closed(4004)
    with pytest.raises(DiscordRefused):
        await run_bot(bot, "secret")
    assert clock.slept == [MAX_BACK_OFF] * 4


def test_a_crash_loop_of_a_day_stays_below_discords_limit() -> None:
    at, identified = 0.0, [0.0]
    while at < 86_400:
        recent = sum(at - one <= 1800 for one in identified)
        at += 2 + identify_delay(recent)
        identified.append(at)
    assert len(identified) < 500
    assert [identify_delay(n) for n in range(3)] == [0.0] * 3
    assert identify_delay(3) == BACK_OFF
    assert identify_delay(1000) == MAX_BACK_OFF


async def test_every_identify_is_counted_and_the_last_ones_of_a_day_are_not_used(services: Services) -> None:
    bot = build_bot(services, extensions=())
    await bot.before_identify_hook(0, initial=True)
    assert await services.guilds.count_since(MORNING) == 1
    assert bot.watch.complaint() is None
    for _ in range(MAX_IDENTIFIES - 1):
        await services.guilds.record_identify(MORNING)
    await bot.before_identify_hook(0, initial=True)
    assert "resets the token at 1,000" in (bot.watch.complaint() or "")


class TestGatewayWatch:
    """Silence is counted for each shard."""

    def test_a_heartbeats_answer_is_a_sign_of_life(self) -> None:
        clock = StillClock()
        watch = GatewayWatch(clock)
        for second in range(40):
            clock.move(30)
            watch.heard([(0, 0.1 + second / 1000)])
        assert watch.complaint() is None
        for _ in range(11):
            clock.move(30)
            watch.heard([(0, 0.139)])
        assert "shard 0 for 330 seconds" in (watch.complaint() or "")

    @pytest.mark.parametrize("latencies", [[(0, float("nan"))], [(0, float("inf"))]])
    def test_no_latency_is_no_sign(self, latencies: Sequence[tuple[int, float]]) -> None:
        clock = StillClock()
        watch = GatewayWatch(clock)
        clock.move(SILENCE_LIMIT + 1)
        watch.heard(latencies)
        assert watch.complaint() is not None

    def test_one_dead_shard_among_many_is_found(self) -> None:
        clock = StillClock()
        watch = GatewayWatch(clock)
        watch.expect(range(3))
        clock.move(SILENCE_LIMIT)
        watch.seen(0)
        watch.seen(2)
        assert watch.complaint() is None
        clock.move(SHARD_SPACING + 1)
        assert "shard 1" in (watch.complaint() or "")


async def test_a_discord_that_cannot_be_reached_is_one_clear_line(bot: ScriptedBot) -> None:
    bot.login_error = ConnectionRefusedError("no route to discord.com")
    with pytest.raises(GatewayDead, match="Discord cannot be reached; is the network up"):
        await run_bot(bot, "secret")


class LivelyBot(ScriptedBot):
    """A bot whose heartbeats are answered, for as long as the script says."""

    lasts: float = 0.0
    beats: int = 0

    @property
    def latencies(self) -> list[tuple[int, float]]:
        """Return another latency each time: a heartbeat was answered."""
        self.beats += 1
        return [(0, 0.1 + self.beats / 1e6)]

    async def connect(self, *, reconnect: bool = True) -> None:
        """Stay connected for that many seconds."""
        end = self.services.clock.monotonic() + self.lasts
        while self.services.clock.monotonic() < end:  # noqa: ASYNC110  # the clock rings no bell
            await asyncio.sleep(0)
        raise closed(4999)


async def test_a_running_bot_purges_servers_it_left_thirty_days_ago(services: Services, clock: StillClock) -> None:
    bot = LivelyBot(services, extensions=())
    one = Subscription(guild_id=7, channel_id=8, topic=TopicKey("llm"), created_by=9, created_at=MORNING)
    await services.subscriptions.save(one)
    await bot.on_guild_remove(discord.Object(7, type=discord.Guild))  # type: ignore[arg-type]  # only its id is used
    clock.move(timedelta(days=28, hours=20).total_seconds())
    bot.lasts = 23 * 3600.0
    with pytest.raises(GatewayDead):
        await run_bot(bot, "secret")
    assert await services.subscriptions.load_guild(7), "too early"
    bot = LivelyBot(services, extensions=())
    bot.lasts = 25 * 3600.0
    with pytest.raises(GatewayDead):
        await run_bot(bot, "secret")
    assert await services.subscriptions.load_guild(7) == [], "looked at again a day later"
