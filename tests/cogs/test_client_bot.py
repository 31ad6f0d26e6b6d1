"""The bot itself: errors put into words, command registration, servers that come and go."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.client import build_bot
from bot.client.bot import KEEP_LEFT
from bot.delivery import SubscriptionState, TopicKey
from bot.errors import DatabaseBusy, DatabaseCorrupt
from bot.statement import Statement, StatementCode
from bot.store.readers import ReaderStore
from cogs._shared import answers
from tests.cogs.conftest import StillClock, World, text_of
from tests.cogs.test_subscriptions_manage import load, save


def syncs(world: World) -> int:
    return sum(request.method == "PUT" and request.path.endswith("/commands") for request in world.env.http_requests)


async def test_it_asks_for_no_more_than_it_needs(world: World) -> None:
    bot = world.bot
    assert bot.intents == discord.Intents(guilds=True)
    assert bot.allowed_mentions is not None
    assert bot.allowed_mentions.to_dict()["parse"] == []
    assert not bot.cached_messages
    assert [member.id for guild in bot.guilds for member in guild.members] == [bot.user.id if bot.user else 0]


async def test_an_extension_that_fails_stops_the_start(world: World) -> None:
    broken = build_bot(world.services, extensions=("cogs.no_such",), shard_count=1)
    with pytest.raises(discord.ext.commands.ExtensionNotFound):
        await world.env.restart_bot(broken)


async def test_commands_are_sent_only_when_they_changed(world: World) -> None:
    assert syncs(world) == 1
    await world.env.restart_bot(build_bot(world.services, extensions=("cogs.admin",), shard_count=1))
    assert syncs(world) == 2
    await world.env.restart_bot(build_bot(world.services, extensions=("cogs.admin",), shard_count=1))
    assert syncs(world) == 2


async def test_a_failure_gives_the_user_a_code_and_the_log_the_cause(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(*_args: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(type(world.services.explainer), "standing", fail)
    world.forgive(ZeroDivisionError)
    logging.getLogger().setLevel(logging.INFO)
    text = text_of(await world.member.slash(world.channel, "status"))
    assert text.startswith("Something went wrong here, not with what you did.")
    assert "secret" not in text
    assert "Traceback" not in text
    error_id = text.split("`")[1]
    logged = "".join(capsys.readouterr())
    assert f"error_id={error_id}" in logged
    assert "ZeroDivisionError: secret detail" in logged


async def test_a_buttons_failure_is_told_as_well(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_args: object) -> None:
        raise ZeroDivisionError

    asked = await world.member.slash(world.channel, "forget-me")
    monkeypatch.setattr(type(world.services.readers), "forget", fail)
    world.forgive(ZeroDivisionError)
    assert asked.response is not None
    told = await world.member.click(asked.response, label="Delete everything")
    assert "Something went wrong here" in text_of(told)
    assert told.ephemeral


async def test_a_busy_database_asks_for_patience(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_args: object) -> None:
        raise DatabaseBusy("locked")

    monkeypatch.setattr(type(world.services.readers), "describe", fail)
    world.forgive(DatabaseBusy)
    world.speak("zh-CN")
    assert text_of(await world.member.slash(world.channel, "privacy")) == "数据库正忙，请稍后再试。"


@pytest.mark.parametrize(
    ("status", "code"), [(404, 10062), (400, 40060)], ids=["too late", "answered by another process"]
)
async def test_an_interaction_that_is_gone_is_no_failure(world: World, status: int, code: int, capsys: Any) -> None:
    world.env.inject_error("POST", "/interactions/*/callback", status=status, code=code)
    world.forgive(discord.HTTPException)
    result = await world.member.slash(world.channel, "help")
    assert not result.acknowledged
    logged = "".join(capsys.readouterr())
    assert "a command failed" not in logged
    assert "answered too late or twice" in logged
    assert ("another process may use this bot's token" in logged) is (code == 40060)


async def test_slow_work_is_announced_and_then_replaced(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    describe, finish = type(world.services.readers).describe, asyncio.Event()

    async def slowly(self: ReaderStore, user_id: int) -> dict[str, int]:
        await world.env.external_wait(finish.wait(), reason="work that takes as long as the test says")
        return await describe(self, user_id)

    monkeypatch.setattr(type(world.services.readers), "describe", slowly)
    assert answers.DEFER_AFTER < 1, "a sign of life within a second"
    # The patience is over at once; the work lasts until the test says so.
    monkeypatch.setattr(answers, "DEFER_AFTER", 0.0)
    result = await world.member.slash(world.channel, "privacy")
    assert result.deferred
    assert text_of(result) == ""
    finish.set()
    await world.env.settle()
    assert "**Stored about you**" in text_of(result)
    assert result.ephemeral


async def test_an_event_that_cannot_be_recorded_is_one_line(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As at the end of a process, when a database may be closed before the last event was worked through."""
    world.forgive(DatabaseCorrupt)
    await world.env.settle()
    await asyncio.to_thread((tmp_path / "paperbrief.sqlite3").unlink)
    world.bot.dispatch("guild_join", as_guild(world.guild.id))
    await asyncio.wait({task for task in asyncio.all_tasks() if task.get_name() == "discord.py: on_guild_join"})
    (line,) = [one for one in capsys.readouterr().out.splitlines() if "could not be recorded" in one]
    assert "on_guild_join" in line
    assert "was deleted or replaced" in line


async def test_a_removed_bot_stops_and_takes_up_again_what_was_paused_as_paused(world: World) -> None:
    await save(world)
    await save(world, "agents", state=SubscriptionState.PAUSED)
    guild_id = world.guild.id
    await world.bot.on_guild_remove(as_guild(guild_id))
    assert {one.state for one in await world.services.subscriptions.load_guild(guild_id)} == {SubscriptionState.LEFT}
    await world.bot.on_guild_join(as_guild(guild_id))
    states = {one.topic.slug: one.state for one in await world.services.subscriptions.load_guild(guild_id)}
    assert states == {"llm": SubscriptionState.ACTIVE, "agents": SubscriptionState.PAUSED}


def as_guild(guild_id: int) -> discord.Guild:
    return discord.Object(guild_id, type=discord.Guild)  # type: ignore[return-value]


async def test_gateway_events_of_removal_and_outage_differ(world: World) -> None:
    await save(world)
    world.env.backend.emit("GUILD_DELETE", {"id": str(world.guild.id), "unavailable": True})
    await world.env.settle()
    active = await load(world)
    assert active is not None
    assert active.state is SubscriptionState.ACTIVE, "an outage is no removal"
    world.env.backend.emit("GUILD_DELETE", {"id": str(world.guild.id)})
    await world.env.settle()
    left = await load(world)
    assert left is not None
    assert left.state is SubscriptionState.LEFT


async def test_a_server_left_while_offline_is_noticed(world: World) -> None:
    gone = world.guild.id + 4
    await world.services.guilds.joined(gone, world.services.clock.now())
    await save(world, guild_id=gone, channel_id=99)
    await save(world)
    await world.env.restart_bot(build_bot(world.services, extensions=("cogs.admin",), shard_count=1))
    assert {one.state for one in await world.services.subscriptions.load_guild(gone)} == {SubscriptionState.LEFT}
    assert {one.guild_id for one in await world.services.subscriptions.load_active()} == {world.guild.id}


async def test_an_imported_server_that_the_bot_is_not_in_rests_from_the_next_start_on(world: World) -> None:
    never = world.guild.id + 4
    await save(world, guild_id=never, channel_id=99)
    await save(world)
    await world.env.restart_bot(build_bot(world.services, extensions=("cogs.admin",), shard_count=1))
    assert {one.guild_id for one in await world.services.subscriptions.load_active()} == {world.guild.id}
    assert [one.guild_id for one in await world.services.subscriptions.load_left()] == [never]
    await world.bot.on_guild_join(as_guild(never))
    assert {one.guild_id for one in await world.services.subscriptions.load_active()} == {world.guild.id, never}


async def test_a_server_that_came_back_while_offline_has_its_subscriptions_again(world: World) -> None:
    await save(world)
    await save(world, topic=TopicKey("agents"), state=SubscriptionState.PAUSED)
    await save(world, guild_id=5, channel_id=99)
    for guild_id in (world.guild.id, 5):
        await world.bot.on_guild_remove(as_guild(guild_id))
    await world.env.restart_bot(build_bot(world.services, extensions=("cogs.admin",), shard_count=1))
    states = {one.topic.slug: one.state for one in await world.services.subscriptions.load_guild(world.guild.id)}
    assert states == {"llm": SubscriptionState.ACTIVE, "agents": SubscriptionState.PAUSED}
    assert {one.state for one in await world.services.subscriptions.load_guild(5)} == {SubscriptionState.LEFT}
    assert await world.services.guilds.load_joined() == {world.guild.id}


async def test_what_was_left_is_purged_after_thirty_days(world: World, clock: StillClock) -> None:
    await save(world)
    await world.bot.on_guild_remove(as_guild(world.guild.id))
    clock.move(KEEP_LEFT.total_seconds() - 60)
    await world.bot.purge_left()
    assert await load(world) is not None
    clock.move(120)
    await world.bot.purge_left()
    assert await load(world) is None


async def test_a_deleted_channel_parks_its_subscriptions(world: World) -> None:
    await save(world)
    world.env.backend.delete_channel(world.channel.id)
    await world.env.settle()
    parked = await load(world)
    assert parked is not None
    assert parked.state is SubscriptionState.PARKED
    assert parked.reason == Statement.of(StatementCode.CHANNEL_DELETED)
