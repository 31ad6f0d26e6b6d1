"""discord.py 2.7.1, the real one, against the loopback Discord: the gateway."""

import zlib
from collections.abc import AsyncIterator, Callable

import aiohttp
import discord
import pytest
import yarl
import zstandard
from discord.gateway import DiscordWebSocket
from discord.http import Route
from discord.utils import _ActiveDecompressionContext

from tests.wire.discord_client import QuickClient, connected
from tests.wire.discord_gateway import HEARTBEAT, IDENTIFY, RESUME
from tests.wire.discord_model import Permission
from tests.wire.discord_server import LoopbackDiscord, point_discord_at
from tests.wire.discord_stream import Close, ZlibStream


@pytest.fixture
async def server() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord(speed=200) as discord_server:
        guild = discord_server.world.add_guild("physics")
        discord_server.world.add_channel(guild.id, "papers")
        yield discord_server
    assert discord_server.front.unknown == []


def guild_and_channel(server: LoopbackDiscord) -> tuple[int, int]:
    return next(iter(server.world.guilds)), next(iter(server.world.channels))


async def test_ready_with_the_servers_and_channels(server: LoopbackDiscord) -> None:
    guild_id, channel_id = guild_and_channel(server)
    async with connected(server, QuickClient()) as client:
        guild = client.get_guild(guild_id)
        assert guild is not None
        assert guild.name == "physics"
        channel = guild.get_channel(channel_id)
        assert isinstance(channel, discord.TextChannel)
        assert channel.permissions_for(guild.me).send_messages
        assert server.gateway.count(IDENTIFY) == 1
        assert len(server.world.starts.at) == 1
    assert server.gateway.connected == 0


async def test_the_library_asked_for_a_compressed_stream(server: LoopbackDiscord) -> None:
    async with connected(server, QuickClient()):
        kind = _ActiveDecompressionContext.COMPRESSION_TYPE
    assert kind in {"zstd-stream", "zlib-stream"}
    assert server.gateway.compressions == [kind]


async def test_both_compressed_streams_can_be_read(server: LoopbackDiscord) -> None:
    readers: dict[str, Callable[[bytes], bytes]] = {
        "zlib-stream": zlib.decompressobj().decompress,
        "zstd-stream": zstandard.ZstdDecompressor().decompressobj().decompress,
    }
    for kind, read in readers.items():
        url = f"{server.gateway_url}?v=10&encoding=json&compress={kind}"
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
            assert b'"heartbeat_interval": 41250' in read(await socket.receive_bytes())
            await socket.send_json({"op": HEARTBEAT, "d": None})
            assert read(await socket.receive_bytes()) == b'{"op": 11}'
    assert ZlibStream().pack(b"x").endswith(b"\x00\x00\xff\xff")


async def test_reconnect_resumes_at_the_resume_address_and_nothing_is_missed(server: LoopbackDiscord) -> None:
    _, channel_id = guild_and_channel(server)
    async with connected(server, QuickClient()) as client:
        server.gateway.reconnect()
        await server.until(lambda: server.gateway.connected == 0)
        server.world.deny(channel_id, Permission.SEND_MESSAGES)
        await server.until(lambda: server.gateway.count(RESUME) == 1)
        await client.wait_for("resumed", timeout=5)
        channel = client.get_channel(channel_id)
        assert isinstance(channel, discord.TextChannel)
        assert not channel.permissions_for(channel.guild.me).send_messages
    resumed = [frame.path for frame in server.gateway.received if frame.op == RESUME]
    assert resumed == [yarl.URL(server.gateway.resume_url).path]
    assert server.gateway.count(IDENTIFY) == 1


@pytest.mark.parametrize("reset", [False, True])
async def test_a_lost_connection_is_resumed(server: LoopbackDiscord, reset: bool) -> None:
    async with connected(server, QuickClient()) as client:
        if reset:
            server.gateway.drop_all()
        else:
            server.gateway.close_all(4000)
        await client.wait_for("resumed", timeout=5)
    assert (server.gateway.count(RESUME), server.gateway.count(IDENTIFY)) == (1, 1)


async def test_an_invalid_session_is_identified_again(server: LoopbackDiscord) -> None:
    async with connected(server, QuickClient()) as client:
        server.gateway.invalidate()
        await client.wait_for("ready", timeout=5)
        assert server.gateway.connected == 1
    assert (server.gateway.count(RESUME), server.gateway.count(IDENTIFY)) == (0, 2)
    assert server.world.starts.total - len(server.world.starts.at) == 998


async def test_a_resumable_invalid_session_is_resumed(server: LoopbackDiscord) -> None:
    async with connected(server, QuickClient()) as client:
        server.gateway.invalidate(resumable=True)
        await client.wait_for("resumed", timeout=5)
    assert server.gateway.count(IDENTIFY) == 1


async def test_a_refused_resume_is_identified_again(server: LoopbackDiscord) -> None:
    async with connected(server, QuickClient()) as client:
        server.gateway.refuse_next(RESUME, False)
        server.gateway.reconnect()
        await client.wait_for("ready", timeout=5)
    assert (server.gateway.count(RESUME), server.gateway.count(IDENTIFY)) == (1, 2)


@pytest.mark.parametrize(("code", "error"), [(4004, discord.ConnectionClosed), (4013, discord.ConnectionClosed)])
async def test_a_fatal_close_code_at_identify_ends_the_client(
    server: LoopbackDiscord, code: int, error: type[Exception]
) -> None:
    server.gateway.refuse_next(IDENTIFY, Close(code))
    with point_discord_at(server):
        async with QuickClient() as client:
            await client.login(server.token)
            with pytest.raises(error) as caught:
                await client.connect()
    assert isinstance(caught.value, discord.ConnectionClosed)
    assert caught.value.code == code
    assert server.gateway.count(IDENTIFY) == 1


async def test_privileged_intents_are_refused(server: LoopbackDiscord) -> None:
    with point_discord_at(server):
        async with QuickClient(intents=discord.Intents(guilds=True, members=True)) as client:
            await client.login(server.token)
            with pytest.raises(discord.PrivilegedIntentsRequired):
                await client.connect()


async def test_a_token_is_reset_after_too_many_identifies(server: LoopbackDiscord) -> None:
    server.world.starts.total = 1
    async with connected(server, QuickClient()):
        pass
    with point_discord_at(server):
        async with QuickClient() as client:
            await client.login(server.token)
            with pytest.raises(discord.ConnectionClosed) as caught:
                await client.connect()
        assert caught.value.code == 4004
        async with QuickClient() as client:
            with pytest.raises(discord.LoginFailure):
                await client.login(server.token)


async def test_a_zombie_connection_is_resumed(server: LoopbackDiscord) -> None:
    server.gateway.heartbeat_seconds = 0.01
    async with connected(server, QuickClient(heartbeat_timeout=0.1)) as client:
        server.gateway.acknowledging = False
        await server.until(lambda: server.gateway.count(RESUME) >= 1)
        server.gateway.acknowledging = True
        await client.wait_for("resumed", timeout=5)
    assert server.gateway.count(HEARTBEAT) > 2
    assert server.gateway.count(IDENTIFY) == 1


async def test_losing_and_regaining_things_is_announced(server: LoopbackDiscord) -> None:
    guild_id, channel_id = guild_and_channel(server)
    async with connected(server, QuickClient()) as client:
        server.world.begin_outage(guild_id)
        server.world.end_outage(guild_id)
        server.world.set_bot_role(guild_id, Permission.VIEW_CHANNEL)
        server.world.delete_channel(channel_id)
        server.world.remove_guild(guild_id)
        await client.wait_for("guild_remove", timeout=5)
        assert client.get_guild(guild_id) is None
        seen = [each for each in client.seen if each.startswith("guild_") and each != "guild_available"]
    assert seen[-4:] == ["guild_unavailable", "guild_role_update", "guild_channel_delete", "guild_remove"]


async def test_message_events_need_their_intent(server: LoopbackDiscord) -> None:
    guild_id, channel_id = guild_and_channel(server)
    async with connected(server, QuickClient()) as client:
        server.world.post_as(server.world.owner, channel_id, "hello")
        server.world.add_channel(guild_id, "after")
        await client.wait_for("guild_channel_create", timeout=5)
        assert "message" not in client.seen


async def test_a_bad_frame_and_too_many_frames_close(server: LoopbackDiscord) -> None:
    codes = []
    for frames in (["{"], ['{"op": 77}'], ['{"op": 3, "d": {}}'], ['{"op": 1, "d": null}'] * 121):
        async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway_url) as socket:
            for frame in frames:
                await socket.send_str(frame)
            async for _ in socket:
                pass
            codes.append(socket.close_code)
    assert codes == [4002, 4001, 4003, 4008]


async def test_pointing_is_restored() -> None:
    before = (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY)
    async with LoopbackDiscord() as discord_server:
        with point_discord_at(discord_server):
            assert discord_server.api_url == Route.BASE
            assert yarl.URL(discord_server.gateway_url) == DiscordWebSocket.DEFAULT_GATEWAY
    assert before == (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY)


async def test_shards_get_their_own_servers(server: LoopbackDiscord) -> None:
    server.world.identity.installed_shards = 2
    for n in range(4):
        server.world.add_guild(f"g{n}", guild_id=(1000 + n) << 22)

    class Sharded(discord.AutoShardedClient):
        async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
            """Do not wait 5 s between the shards."""

    client = Sharded(intents=discord.Intents(guilds=True), guild_ready_timeout=0.02)
    async with connected(server, client):
        assert {guild.id for guild in client.guilds} == set(server.world.guilds)
        assert all(guild.shard_id == (guild.id >> 22) % 2 for guild in client.guilds)
    assert server.gateway.count(IDENTIFY) == 2


async def test_what_the_gateway_refuses_by_itself(server: LoopbackDiscord) -> None:
    token = server.token
    identify = {"token": token, "intents": 1, "properties": {}}
    frames = [
        {"op": 2, "d": {**identify, "token": "wrong"}},
        {"op": 2, "d": {**identify, "intents": "all"}},
        {"op": 2, "d": {**identify, "shard": [2, 2]}},
        {"op": 6, "d": {"token": token, "session_id": "none", "seq": 1}},
    ]
    answers: list[object] = []
    for frame in frames:
        async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway_url) as socket:
            await socket.receive_json()
            await socket.send_json(frame)
            message = await socket.receive()
            answers.append(message.json() if message.type is aiohttp.WSMsgType.TEXT else message.data)
    assert answers == [4004, 4013, 4010, {"op": 9, "d": False}]


async def test_a_sequence_from_the_future_and_a_second_identify_are_refused(server: LoopbackDiscord) -> None:
    identify = {"op": 2, "d": {"token": server.token, "intents": 1, "properties": {}}}
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(server.gateway_url) as socket:
            await socket.receive_json()
            await socket.send_json(identify)
            ready = await socket.receive_json()
            await socket.close(code=4000)
        resume = {"token": server.token, "session_id": ready["d"]["session_id"], "seq": 99}
        async with session.ws_connect(server.gateway_url) as socket:
            await socket.send_json({"op": 6, "d": resume})
            await socket.receive()
            assert (await socket.receive()).data == 4007
        async with session.ws_connect(server.gateway_url) as socket:
            await socket.send_json(identify)
            await socket.send_json(identify)
            async for _ in socket:
                pass
            assert socket.close_code == 4005
