"""The loopback Discord as a process of its own, and its clock, limits and state by themselves."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest

from tests.wire.discord_client import QuickClient
from tests.wire.discord_clock import ServerClock, Snowflakes, snowflake_at
from tests.wire.discord_faults import holds, replies
from tests.wire.discord_limits import RateLimits
from tests.wire.discord_model import ChannelType, Permission
from tests.wire.discord_server import LoopbackDiscord, point_discord_at
from tests.wire.discord_state import load_world, save_world
from tests.wire.discord_wire import Limit
from tests.wire.discord_world import World

ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def process(*arguments: str) -> AsyncIterator[SimpleNamespace]:
    """A server process, ended by SIGTERM."""
    command = (sys.executable, "-m", "tests.wire.discord_server", *arguments)
    running = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert running.stdout is not None
    try:
        yield SimpleNamespace(**json.loads(await asyncio.wait_for(running.stdout.readline(), 20)))
    finally:
        running.terminate()
        assert await asyncio.wait_for(running.wait(), 10) == 0


class Control:
    """Calls below /__control/ that must succeed."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, url + "/__control"

    async def __call__(self, method: str, path: str, /, **body: Any) -> Any:
        async with self._session.request(method, self._url + path, json=body or None) as response:
            answer = await response.json()
            assert response.status == 200, answer
            return answer


async def test_a_process_that_outlives_its_bot_and_keeps_its_world(tmp_path: Path) -> None:
    state = tmp_path / "world.json"
    arguments = ("--port", "0", "--state", str(state), "--start", "2026-05-04T00:05:00+00:00")
    async with process(*arguments) as server, aiohttp.ClientSession() as session:
        control = Control(session, server.url)
        guild = await control("POST", "/guilds", name="physics")
        room = (await control("POST", "/channels", guild_id=guild["id"]))["id"]
        create = r"/messages$"
        await control("POST", "/faults", method="POST", path=create, faults=[{"reset": True, "commit": True}])
        with point_discord_at(server):
            async with QuickClient() as client:
                await client.login(server.token)
                with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
                    await client.get_partial_messageable(int(room)).send("brief", nonce="n1")
            messages = await control("GET", f"/messages/{room}")
            assert [each["content"] for each in messages] == ["brief"]
            assert messages[0]["timestamp"].startswith("2026-05-04T00:05")
            async with QuickClient() as client:
                await client.login(server.token)
                await client.get_partial_messageable(int(room)).send("brief", nonce="n1")
                await control("POST", "/clock", seconds=900)
                await client.get_partial_messageable(int(room)).send("brief", nonce="n1")
        assert len(await control("GET", f"/messages/{room}")) == 2
        record = await control("GET", "/record?method=POST")
        assert [(each["status"], each["committed"]) for each in record] == [(None, True), (200, True), (200, True)]
        assert "authorization" not in json.dumps(record).lower()
        assert server.token not in json.dumps(record)
        seen = await control("GET", "/state")
        assert (seen["faults_left"], seen["channels"]) == (0, {room: 2})
    async with process("--state", str(state)) as server, aiohttp.ClientSession() as session:
        control = Control(session, server.url)
        assert [each["content"] for each in await control("GET", f"/messages/{room}")] == ["brief", "brief"]


async def test_control_steers_permissions_gateway_faults_and_interactions() -> None:
    async with LoopbackDiscord() as server, aiohttp.ClientSession() as session:
        control = Control(session, server.url)
        guild = await control("POST", "/guilds")
        forum = await control("POST", "/channels", guild_id=guild["id"], kind="FORUM", tags=["brief"])
        room = (await control("POST", "/channels", guild_id=guild["id"]))["id"]
        denied = await control("POST", f"/permissions/{room}", deny=["VIEW_CHANNEL"])
        assert denied == {"permissions": "0"}
        restored = await control("POST", f"/permissions/{room}", restore=True)
        assert int(restored["permissions"]) & Permission.VIEW_CHANNEL
        assert list(forum["tags"].values()) == ["brief"]
        faults = [{"status": 503}, {"retry_after": 0.1, "scope": "global"}, {"code": 50013, "status": 403}]
        await control("POST", "/faults", method="*", path=".", faults=[*faults, {"cloudflare": 60}])
        statuses = []
        for _ in range(4):
            async with session.get(f"{server.api_url}/gateway") as response:
                statuses.append((response.status, "Via" in response.headers))
        assert statuses == [(503, False), (429, True), (403, True), (429, False)]
        used = await control("POST", "/interactions", channel_id=room, command="paper", options={"id": "1"})
        assert (await control("GET", f"/interactions/{used['id']}"))["callback"] is None
        await control("POST", "/gateway", action="refuse", op=2, code=4004)
        await control("POST", "/gateway", acknowledging=False)
        assert server.gateway.acknowledging is False
        await control("POST", f"/guilds/{guild['id']}", action="begin_outage")
        assert server.world.guilds[int(guild["id"])].unavailable
        async with session.post(f"{server.url}/__control/guilds/1", json={"action": "remove"}) as wrong:
            assert wrong.status == 400
            assert "KeyError" in (await wrong.json())["error"]
        await control("DELETE", f"/channels/{room}")
        assert int(room) not in server.world.channels


async def test_a_hang_ends_with_the_server() -> None:
    async with aiohttp.ClientSession() as session:
        async with LoopbackDiscord() as server:
            server.faults.add("GET", "/gateway", holds())
            asking = asyncio.create_task(session.get(f"{server.api_url}/gateway").__aenter__())
            await server.until(lambda: server.requests("GET", "/gateway"))
            assert not asking.done()
        with pytest.raises(aiohttp.ClientError):
            await asking


async def test_a_refused_handshake_and_a_missing_route() -> None:
    async with LoopbackDiscord() as server, aiohttp.ClientSession() as session:
        server.faults.add("GET", "/gateway/ws", replies(503))
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(server.gateway_url)
        async with session.get(f"{server.api_url}/no/such/route") as response:
            assert (response.status, (await response.json())["code"]) == (404, 0)
        assert server.front.unknown == ["GET /no/such/route"]


async def test_waiting_for_what_never_happens_times_out() -> None:
    async with LoopbackDiscord() as server:
        with pytest.raises(TimeoutError):
            await server.until(lambda: False, 0.01)


def test_snowflakes_increase_and_carry_the_clock() -> None:
    start = datetime(2026, 5, 4, tzinfo=UTC)
    clock = ServerClock(start)
    flakes = Snowflakes(clock)
    taken = [flakes.take() for _ in range(1000)]
    assert taken == sorted(set(taken))
    clock.advance(86_400)
    assert abs((discord.utils.snowflake_time(flakes.take()) - start).total_seconds() - 86_400) < 5
    assert discord.utils.snowflake_time(snowflake_at(start)) == start
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)


def test_a_bucket_tells_the_clients_seconds_and_opens_again() -> None:
    clock = ServerClock(speed=1e-6)  # as good as standing still
    limits = RateLimits(clock)
    answers = [limits.refuse("POST /x", "channel_id=1", Limit(5, 5.0), bot=True) for _ in range(6)]
    assert [reply is None for reply, _ in answers] == [True] * 5 + [False]
    assert [headers["X-RateLimit-Remaining"] for _, headers in answers] == ["4", "3", "2", "1", "0", "0"]
    refused = answers[-1][0]
    assert refused is not None
    assert refused.headers["Via"] == "1.1 google"
    assert refused.headers["X-RateLimit-Scope"] == "user"
    assert refused.body["retry_after"] == pytest.approx(5e6, rel=0.01)
    assert limits.refuse("POST /x", "channel_id=2", Limit(5, 5.0), bot=True)[0] is None, "another channel"
    clock.advance(5.1)
    assert limits.refuse("POST /x", "channel_id=1", Limit(5, 5.0), bot=True)[0] is None


def test_fifty_a_second_for_the_bot_and_none_of_it_for_interactions() -> None:
    limits = RateLimits(ServerClock(speed=1e-6))
    wide = Limit(10_000, 1.0)
    assert all(limits.refuse("r", str(n), wide, bot=True)[0] is None for n in range(50))
    assert limits.refuse("i", "", wide, bot=False)[0] is None
    refused = limits.refuse("r", "51", wide, bot=True)[0]
    assert refused is not None
    assert (refused.body["global"], refused.headers["X-RateLimit-Global"]) == (True, "true")
    assert limits.counts == {"global": 1}


def test_invalid_requests_are_forgotten_after_ten_minutes() -> None:
    clock = ServerClock()
    limits = RateLimits(clock)
    for status, scope in ((401, ""), (403, ""), (429, "user"), (429, "shared"), (404, "")):
        limits.note(status, {"X-RateLimit-Scope": scope})
    assert limits.invalid_requests == 3
    clock.advance(601)
    assert limits.invalid_requests == 0


def test_a_world_survives_json() -> None:
    world = World(ServerClock())
    guild = world.add_guild("physics")
    forum = world.add_channel(guild.id, "forum", ChannelType.FORUM, tags=["brief"], require_tag=True)
    room = world.add_channel(guild.id)
    world.deny(room.id, Permission.SEND_MESSAGES)
    world.add_thread(forum, "post")
    message = world.post_as(world.bot, room.id, "brief")
    world.nonces[(world.bot.id, "n1")] = (room.id, int(message["id"]), world.clock.monotonic())
    world.commands[None] = {7: {"id": "7", "name": "paper"}}
    saved = json.loads(json.dumps(save_world(world)))
    again = load_world(saved, ServerClock())
    assert (again.users, again.guilds, again.channels) == (world.users, world.guilds, world.channels)
    assert (again.identity, again.commands) == (world.identity, world.commands)
    assert again.nonces.keys() == world.nonces.keys()
    assert again.snowflakes.take() > world.snowflakes.last
    assert again.permissions(again.channels[room.id]) == world.permissions(room)
