"""discord.py 2.7.1, the real one, against the loopback Discord: rate limits and faults."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest

from tests.wire import discord_faults as faults
from tests.wire.discord_client import logged_in
from tests.wire.discord_model import Permission
from tests.wire.discord_server import LoopbackDiscord
from tests.wire.discord_wire import Limit

CREATE = r"^/channels/\d+/messages$"


@pytest.fixture
async def server() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord(speed=200) as discord_server:
        yield discord_server
    assert discord_server.front.unknown == []


@pytest.fixture
async def client(server: LoopbackDiscord) -> AsyncIterator[discord.Client]:
    async with logged_in(server) as client:
        yield client


@pytest.fixture
def room(server: LoopbackDiscord) -> int:
    return server.world.add_channel(server.world.add_guild("physics").id).id


def contents(server: LoopbackDiscord, channel_id: int) -> list[str]:
    return [message["content"] for message in server.messages(channel_id)]


@pytest.mark.parametrize("scope", ["user", "global", "shared"])
async def test_a_429_is_waited_out(server: LoopbackDiscord, client: discord.Client, room: int, scope: str) -> None:
    server.faults.add("POST", CREATE, faults.limits(0.01, scope))
    await client.get_partial_messageable(room).send("brief")
    assert contents(server, room) == ["brief"]
    assert [each.status for each in server.requests("POST", CREATE)] == [429, 200]
    assert server.limits.invalid_requests == (0 if scope == "shared" else 1)


async def test_a_429_of_the_edge_is_raised_at_once(server: LoopbackDiscord, client: discord.Client, room: int) -> None:
    server.faults.add("POST", CREATE, faults.cloudflare())
    with pytest.raises(discord.HTTPException) as caught:
        await client.get_partial_messageable(room).send("brief")
    assert caught.value.status == 429
    assert "Error 1015" in caught.value.text
    assert "Via" not in caught.value.response.headers
    assert contents(server, room) == []


async def test_a_reset_after_commit_leaves_the_message_and_the_nonce_finds_it(
    server: LoopbackDiscord, client: discord.Client, room: int
) -> None:
    server.faults.add("POST", CREATE, faults.resets_after_commit())
    channel = client.get_partial_messageable(room)
    with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
        await channel.send("brief", nonce="n1")
    assert contents(server, room) == ["brief"]
    assert (await channel.send("brief", nonce="n1")).content == "brief"
    assert contents(server, room) == ["brief"]


async def test_a_reset_before_the_body_is_read_leaves_nothing(
    server: LoopbackDiscord, client: discord.Client, room: int
) -> None:
    server.faults.add("POST", CREATE, faults.resets())
    with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
        await client.get_partial_messageable(room).send("brief")
    assert contents(server, room) == []


async def test_a_truncated_reply_leaves_the_message(server: LoopbackDiscord, client: discord.Client, room: int) -> None:
    server.faults.add("POST", CREATE, faults.truncates())
    with pytest.raises(aiohttp.ClientPayloadError):
        await client.get_partial_messageable(room).send("brief")
    assert contents(server, room) == ["brief"]


@pytest.mark.parametrize("status", [503, 520])
@pytest.mark.parametrize("committed", [False, True])
async def test_an_edge_error_says_nothing_about_the_outcome(
    server: LoopbackDiscord, client: discord.Client, room: int, status: int, committed: bool
) -> None:
    fault = faults.replies(status)
    server.faults.add("POST", CREATE, faults.after_commit(fault) if committed else fault)
    with pytest.raises(discord.DiscordServerError) as caught:
        await client.get_partial_messageable(room).send("brief")
    assert caught.value.status == status
    assert contents(server, room) == (["brief"] if committed else [])


async def test_a_held_request_goes_on_when_released(server: LoopbackDiscord, client: discord.Client, room: int) -> None:
    server.faults.add("POST", CREATE, faults.after_commit(faults.holds()))
    sending = asyncio.create_task(client.get_partial_messageable(room).send("brief"))
    await server.until(lambda: any(each.held for each in server.requests("POST", CREATE)))
    assert contents(server, room) == ["brief"]
    assert not sending.done()
    server.release()
    assert (await sending).content == "brief"


async def test_unpaced_sends_meet_the_global_limit(server: LoopbackDiscord, client: discord.Client) -> None:
    server.limits.overall = Limit(5, 8.0)
    server.front.round_trip = 0.002
    guild = server.world.add_guild()
    rooms = [server.world.add_channel(guild.id, f"c{n}").id for n in range(20)]
    await asyncio.gather(*(client.get_partial_messageable(each).send("x") for each in rooms), return_exceptions=True)
    assert server.limits.counts["global"] > 0
    refused = [each for each in server.requests("POST", CREATE) if each.status == 429]
    assert all(each.reply["global"] is True for each in refused)
    assert server.record.in_flight_peak > 1


async def test_too_many_invalid_requests_ban_the_address(
    server: LoopbackDiscord, client: discord.Client, room: int
) -> None:
    server.limits.invalid = Limit(2, 600.0)
    server.world.deny(room, Permission.SEND_MESSAGES)
    for _ in range(3):
        with pytest.raises(discord.Forbidden):
            await client.get_partial_messageable(room).send("x")
    with pytest.raises(discord.HTTPException) as caught:
        await client.get_partial_messageable(room).send("x")
    assert caught.value.status == 429
    assert "Via" not in caught.value.response.headers
    assert server.limits.counts == {"cloudflare": 1}


async def test_faults_happen_in_order_and_only_where_they_match(
    server: LoopbackDiscord, client: discord.Client, room: int
) -> None:
    server.faults.add("POST", CREATE, faults.passes(), faults.refuses(403, 50013), faults.delays(0.001))
    server.faults.add("DELETE", CREATE, faults.replies(500))
    channel = client.get_partial_messageable(room)
    outcomes = []
    for n in range(4):
        try:
            outcomes.append((await channel.send(str(n))).content)
        except discord.Forbidden as error:
            outcomes.append(str(error.code))
    assert outcomes == ["0", "50013", "2", "3"]
    assert server.faults.left == 1
    assert [each.fault for each in server.requests("POST", CREATE)] == ["pass", "403", "delay 0.001", None]
    assert [each.committed for each in server.requests("POST", CREATE)] == [True, False, True, True]
