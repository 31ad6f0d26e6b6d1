"""X7: who asks to be forgotten is, in every table, on both engines; who asks for a copy first gets one."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.client.bot import KEEP_LEFT
from bot.delivery import SubscriptionState
from bot.services import Limits, Services
from bot.store.engine import Database
from bot.store.privacy import DECISIONS
from tests.cogs.conftest import StillClock, World, build_services, text_of
from tests.store.rows import AT, fill, texts

MESSAGE = 777_000_000_000_000_009


@pytest.fixture
async def services(database_url: str, clock: StillClock, limits: Limits) -> AsyncIterator[Services]:
    """Return real services over an empty database, on each engine in turn."""
    async with Database.open(database_url, clock=clock) as database:
        yield build_services(database, clock, limits)


async def fill_all(world: World) -> None:
    """Put a row about this member, server and channel into every table."""
    database = world.services.database
    named = {
        "user_id": world.member.id,
        "created_by": world.member.id,
        "guild_id": world.guild.id,
        "topic_guild_id": world.guild.id,
        "channel_id": world.channel.id,
        "result_id": MESSAGE,
        "payload": {"content": f"<#{world.channel.id}>"},
        "joined_at": AT,
        "left_at": None,
        # The bot's own values are there already: it has registered its commands.
        "name": "another",
        "zone": "UTC",
        "post_time": "09:00",
    }
    await world.services.guilds.joined_all(set(), AT)
    await _without_the_server(world)
    await fill(database, named)


async def _without_the_server(world: World) -> None:
    # `fill` writes it again: the bot has noted that it is in it.
    await world.services.guilds.left(world.guild.id, AT)
    assert await world.services.guilds.purge_left(AT + timedelta(seconds=1)) == [world.guild.id]


async def naming(world: World, *ids: int) -> list[str]:
    held = await texts(world.services.database)
    return [f"{name}: {one}" for name, text in held.items() for one in ids if str(one) in text]


@pytest.mark.fault("X7")
async def test_a_person_gets_a_copy_and_is_forgotten(world: World) -> None:
    await fill_all(world)
    concerned = {name for name, one in DECISIONS.items() if one.user}
    copied = await world.member.slash(world.channel, "export", format="data")
    assert copied.response is not None
    assert copied.ephemeral
    (file,) = copied.response.attachments
    copy = json.loads(await file.read())
    assert set(copy) == concerned
    assert str(world.member.id) in json.dumps(copy)
    asked = await world.member.slash(world.channel, "forget-me")
    assert asked.response is not None
    await world.member.click(asked.response, label="Delete everything")
    assert await naming(world, world.member.id) == []
    assert "About you now: nothing" in text_of(await world.member.slash(world.channel, "privacy"))
    assert text_of(await world.member.slash(world.channel, "export", format="data")) == "Nothing is stored about you."


@pytest.mark.fault("X7")
async def test_a_server_that_removes_the_bot_is_forgotten(world: World, clock: StillClock) -> None:
    await fill_all(world)
    guild, channel = world.guild.id, world.channel.id
    assert await naming(world, guild, channel, MESSAGE) != []
    world.env.backend.remove_guild(guild)
    await world.env.settle()
    (left,) = await world.services.subscriptions.load_guild(guild)
    assert left.state is SubscriptionState.LEFT
    clock.move(KEEP_LEFT.total_seconds() - 60)
    await world.bot.purge_left()
    assert await naming(world, guild) != []
    clock.move(120)
    await world.bot.purge_left()
    assert await naming(world, guild, channel, MESSAGE) == []


@pytest.mark.fault("X7")
async def test_an_outage_of_a_server_deletes_nothing(world: World, clock: StillClock) -> None:
    await fill_all(world)
    before = await texts(world.services.database)
    world.env.backend.emit("GUILD_DELETE", {"id": str(world.guild.id), "unavailable": True})
    await world.env.settle()
    clock.move(2 * KEEP_LEFT.total_seconds())
    await world.bot.purge_left()
    assert await texts(world.services.database) == before
