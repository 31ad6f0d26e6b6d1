"""What the bot keeps of a server, and that its permissions come out of that as Discord means them."""

import discord

from bot.client import build_bot
from bot.client.cache import strip_guild
from tests.cogs.conftest import World
from tests.wire.discord_clock import ServerClock
from tests.wire.discord_model import ChannelType, Overwrite, Permission
from tests.wire.discord_wire import JsonObject
from tests.wire.discord_world import World as Discord


def furnished() -> tuple[JsonObject, dict[str, int]]:
    discord_world = Discord(ServerClock())
    guild = discord_world.add_guild("physics")
    guild.emojis = {1: "atom"}
    kinds = (ChannelType.CATEGORY, ChannelType.TEXT, ChannelType.FORUM, ChannelType.ANNOUNCEMENT, ChannelType.VOICE)
    rooms = {kind.name: discord_world.add_channel(guild.id, kind.name.lower(), kind) for kind in kinds}
    rooms["TEXT"].topic = "Read the rules."
    rooms["TEXT"].parent_id, rooms["TEXT"].last_message_id = rooms["CATEGORY"].id, 7
    rooms["FORUM"].overwrites[guild.id] = Overwrite(0, deny=Permission.MANAGE_MESSAGES)
    discord_world.deny(rooms["TEXT"].id, Permission.SEND_MESSAGES)
    data = discord_world.guild_payload(guild, list(rooms.values()))
    return data, {name: room.id for name, room in rooms.items()}


def test_what_is_never_looked_at_goes_and_what_decides_stays() -> None:
    data, rooms = furnished()
    before = repr(data)
    kept = strip_guild(data)
    assert repr(data) == before, "what came in is not changed"
    assert {room["id"] for room in kept["channels"]} == {str(rooms[name]) for name in rooms if name != "CATEGORY"}
    by_id = {int(room["id"]): room for room in kept["channels"]}
    assert by_id[rooms["TEXT"]]["permission_overwrites"]
    for unused in ("topic", "parent_id", "last_message_id"):
        assert by_id[rooms["TEXT"]][unused] is None
    assert not kept["emojis"]
    for role, before_it in zip(kept["roles"], data["roles"], strict=True):
        numbers = {name: int(before_it[name]) for name in ("id", "permissions")}
        assert role == before_it | numbers | {"name": ""}
    assert (kept["threads"], kept["members"]) == (data["threads"], data["members"])


def test_equal_numbers_of_a_server_are_kept_once() -> None:
    kept = strip_guild(furnished()[0])
    ids = {role["id"]: role["id"] for role in kept["roles"]}
    rules = [rule for room in kept["channels"] for rule in room["permission_overwrites"] if rule["id"] in ids]
    assert rules
    assert all(rule["id"] is ids[rule["id"]] for rule in rules)


async def test_the_bot_knows_its_permissions_in_what_it_kept(world: World) -> None:
    bot = build_bot(world.services, extensions=(), shard_count=1)
    data, rooms = furnished()
    bot._connection.shard_count = 1
    bot._connection.user = discord.ClientUser(state=bot._connection, data=data["members"][0]["user"])
    bot._connection.parsers["GUILD_CREATE"](data)
    guild = bot.get_guild(int(data["id"]))
    assert guild is not None
    text, forum = guild.get_channel(rooms["TEXT"]), guild.get_channel(rooms["FORUM"])
    assert text is not None
    assert forum is not None
    assert not text.permissions_for(guild.me).send_messages
    assert forum.permissions_for(guild.me).send_messages
    assert isinstance(guild.get_channel(rooms["VOICE"]), discord.VoiceChannel), "people use commands there"
