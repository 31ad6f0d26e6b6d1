"""discord.py 2.7.1, the real one, against the loopback Discord: REST."""

import io
from collections.abc import AsyncIterator
from datetime import timedelta

import discord
import pytest

from tests.wire.discord_client import QuickClient, logged_in
from tests.wire.discord_model import ChannelType, Permission
from tests.wire.discord_server import LoopbackDiscord, point_discord_at

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


async def test_login_knows_the_bot_and_its_application(server: LoopbackDiscord, client: discord.Client) -> None:
    assert client.user is not None
    assert client.user.id == server.world.bot.id
    assert client.application_id == server.world.identity.application_id


async def test_a_wrong_token_is_a_login_failure(server: LoopbackDiscord) -> None:
    with point_discord_at(server):
        async with QuickClient() as client:
            with pytest.raises(discord.LoginFailure):
                await client.login("wrong")
    assert [(each.path, each.status) for each in server.requests()] == [("/users/@me", 401)]
    assert server.limits.invalid_requests == 1


async def test_messages_stand_in_the_order_they_were_sent(
    server: LoopbackDiscord, client: discord.Client, room: int
) -> None:
    channel = client.get_partial_messageable(room)
    sent = [await channel.send(f"part {n}", embed=discord.Embed(title=f"t{n}")) for n in range(12)]
    assert contents(server, room) == [f"part {n}" for n in range(12)]
    assert [message.id for message in sent] == sorted(int(each["id"]) for each in server.messages(room))
    assert server.limits.counts == {}, "discord.py waits out the bucket by its headers"
    first = sent[0].created_at
    assert abs(first - server.world.clock.now()) < timedelta(minutes=10)


async def test_the_same_nonce_gives_the_earlier_message_until_the_window_is_over(
    server: LoopbackDiscord, client: discord.Client, room: int
) -> None:
    channel = client.get_partial_messageable(room)
    first = await channel.send("brief", nonce="n1")
    again = await channel.send("brief", nonce="n1")
    assert (first.id, contents(server, room)) == (again.id, ["brief"])
    server.clock.advance(181)
    later = await channel.send("brief", nonce="n1")
    assert later.id != first.id
    assert contents(server, room) == ["brief", "brief"]


async def test_a_nonce_whose_message_was_deleted_is_10008(
    server: LoopbackDiscord, client: discord.Client, room: int
) -> None:
    channel = client.get_partial_messageable(room)
    first = await channel.send("brief", nonce="n1")
    server.world.delete_message(room, first.id)
    with pytest.raises(discord.NotFound) as caught:
        await channel.send("brief", nonce="n1")
    assert caught.value.code == 10008


async def test_history_does_not_show_the_nonce(server: LoopbackDiscord, client: discord.Client, room: int) -> None:
    channel = client.get_partial_messageable(room)
    sent = await channel.send("brief", nonce="n1")
    assert sent.nonce == "n1"
    assert [message.nonce async for message in channel.history(limit=5)] == [None]


async def test_history_pages_both_ways(server: LoopbackDiscord, client: discord.Client, room: int) -> None:
    for n in range(250):
        server.world.post_as(server.world.owner, room, str(n))
    channel = client.get_partial_messageable(room)
    newest = [message.content async for message in channel.history(limit=120)]
    oldest = [message.content async for message in channel.history(limit=120, oldest_first=True)]
    assert newest == [str(n) for n in range(249, 129, -1)]
    assert oldest == [str(n) for n in range(120)]


async def test_of_two_channels_one_loses_permission_and_regains_it(
    server: LoopbackDiscord, client: discord.Client, room: int
) -> None:
    other = server.world.add_channel(server.world.channels[room].guild_id or 0, "maths").id
    server.world.deny(other, Permission.SEND_MESSAGES)
    await client.get_partial_messageable(room).send("brief")
    with pytest.raises(discord.Forbidden) as refused:
        await client.get_partial_messageable(other).send("brief")
    server.world.deny(other, Permission.VIEW_CHANNEL)
    with pytest.raises(discord.Forbidden) as unseen:
        await client.get_partial_messageable(other).send("brief")
    assert (refused.value.code, unseen.value.code) == (50013, 50001)
    server.world.restore(other)
    await client.get_partial_messageable(other).send("brief")
    assert (contents(server, room), contents(server, other)) == (["brief"], ["brief"])


async def test_embeds_need_embed_links(server: LoopbackDiscord, client: discord.Client, room: int) -> None:
    server.world.deny(room, Permission.EMBED_LINKS)
    with pytest.raises(discord.Forbidden) as caught:
        await client.get_partial_messageable(room).send(embed=discord.Embed(title="t"))
    assert caught.value.code == 50013


async def test_history_is_empty_without_read_message_history(
    server: LoopbackDiscord, client: discord.Client, room: int
) -> None:
    channel = client.get_partial_messageable(room)
    await channel.send("brief")
    server.world.deny(room, Permission.READ_MESSAGE_HISTORY)
    assert [message async for message in channel.history()] == []


async def test_deleted_channels_and_left_servers(server: LoopbackDiscord, client: discord.Client, room: int) -> None:
    guild_id = server.world.channels[room].guild_id or 0
    channel = client.get_partial_messageable(room)
    server.world.remove_guild(guild_id)
    with pytest.raises(discord.Forbidden) as left:
        await channel.send("brief")
    with pytest.raises(discord.NotFound) as guild:
        await client.fetch_guild(guild_id)
    server.world.channels.pop(room)
    with pytest.raises(discord.NotFound) as deleted:
        await channel.send("brief")
    assert (left.value.code, guild.value.code, deleted.value.code) == (50001, 10004, 10003)


async def test_harmful_links_and_slow_mode(server: LoopbackDiscord, client: discord.Client, room: int) -> None:
    server.world.harmful_links.add("https://bad.example")
    channel = client.get_partial_messageable(room)
    with pytest.raises(discord.HTTPException) as caught:
        await channel.send("see https://bad.example/x")
    assert caught.value.code == 240000
    server.world.channels[room].slow_mode = 4.0
    await channel.send("one")
    await channel.send("two")
    refused = [each.reply["code"] for each in server.requests("POST", CREATE) if each.status == 429]
    assert refused == [20016]
    assert contents(server, room) == ["one", "two"]


async def test_crosspost_only_in_announcement_channels_and_once(
    server: LoopbackDiscord, client: discord.Client, room: int
) -> None:
    news = server.world.add_channel(server.world.channels[room].guild_id or 0, "news", ChannelType.ANNOUNCEMENT).id
    message = await client.get_partial_messageable(news).send("brief")
    await message.publish()
    assert server.messages(news)[0]["flags"] & 1
    codes = []
    for again in (message, await client.get_partial_messageable(room).send("brief")):
        with pytest.raises(discord.HTTPException) as caught:
            await again.publish()
        codes.append(caught.value.code)
    assert codes == [40033, 50024]


async def test_pings_only_what_is_allowed(server: LoopbackDiscord, client: discord.Client, room: int) -> None:
    guild_id = server.world.channels[room].guild_id or 0
    server.world.allow(room, Permission.MENTION_EVERYONE)
    role = server.world.add_role(guild_id, "readers")
    text = f"@everyone <@&{role.id}> <@{server.world.owner.id}>"
    channel = client.get_partial_messageable(room)
    await channel.send(text)
    await channel.send(text, allowed_mentions=discord.AllowedMentions(roles=[discord.Object(role.id)]))
    silent, chosen = server.messages(room)
    assert (silent["mention_everyone"], silent["mentions"], silent["mention_roles"]) == (False, [], [])
    assert (chosen["mention_everyone"], chosen["mention_roles"]) == (False, [str(role.id)])


async def test_a_file_arrives_with_its_bytes(server: LoopbackDiscord, client: discord.Client, room: int) -> None:
    file = discord.File(io.BytesIO(b"@article{x}"), "library.bib")
    sent = await client.get_partial_messageable(room).send("export", file=file)
    request = server.requests("POST", CREATE)[0]
    assert [each.content for each in request.files.values()] == [b"@article{x}"]
    assert sent.attachments[0].filename == "library.bib"


async def test_edit_delete_and_fetch(server: LoopbackDiscord, client: discord.Client, room: int) -> None:
    channel = client.get_partial_messageable(room)
    sent = await channel.send("brief")
    edited = await sent.edit(content="brief, corrected")
    assert edited.edited_at is not None
    assert (await channel.fetch_message(sent.id)).content == "brief, corrected"
    await sent.delete()
    with pytest.raises(discord.NotFound) as caught:
        await channel.fetch_message(sent.id)
    assert caught.value.code == 10008
    foreign = server.world.post_as(server.world.owner, room, "mine")
    with pytest.raises(discord.Forbidden) as refused:
        await channel.get_partial_message(int(foreign["id"])).edit(content="x")
    assert refused.value.code == 50005


async def test_direct_messages_and_those_who_refuse_them(server: LoopbackDiscord, client: discord.Client) -> None:
    reader, shy = server.world.add_user("reader"), server.world.add_user("shy", accepts_dms=False)
    await (await client.fetch_user(reader.id)).send("parked")
    assert contents(server, server.world.open_dm(reader.id).id) == ["parked"]
    with pytest.raises(discord.Forbidden) as caught:
        await (await client.fetch_user(shy.id)).send("parked")
    assert caught.value.code == 50007


async def test_what_a_preflight_reads(server: LoopbackDiscord, client: discord.Client, room: int) -> None:
    guild = await client.fetch_guild(server.world.channels[room].guild_id or 0)
    channels = await guild.fetch_channels()
    assert [each.id for each in channels] == [room]
    assert {role.name for role in await guild.fetch_roles()} == {"@everyone", server.world.bot.name}
    mine = await guild.fetch_member(server.world.bot.id)
    assert channels[0].permissions_for(mine).embed_links
    await client.get_partial_messageable(room).typing()


async def test_a_body_over_a_limit_is_50035_and_names_the_field(
    server: LoopbackDiscord, client: discord.Client, room: int
) -> None:
    with pytest.raises(discord.HTTPException) as caught:
        await client.get_partial_messageable(room).send(embed=discord.Embed(title="x" * 257))
    assert caught.value.code == 50035
    assert "In embeds.0.title: Must be 256 or fewer in length." in str(caught.value)
    server.record.forgive()


async def test_a_message_of_components_comes_back_as_it_was_sent(
    server: LoopbackDiscord, client: discord.Client, room: int
) -> None:
    view = discord.ui.LayoutView(timeout=None)
    shown: discord.ui.Section[discord.ui.LayoutView] = discord.ui.Section(
        "## A title", accessory=discord.ui.Button(label="Abstract", custom_id="abstract")
    )
    gallery: discord.ui.MediaGallery[discord.ui.LayoutView] = discord.ui.MediaGallery(
        discord.MediaGalleryItem("https://arxiv.org/icon.png")
    )
    view.add_item(discord.ui.Container(shown, discord.ui.Separator(), gallery, accent_colour=0xB31B1B))
    sent = await client.get_partial_messageable(room).send(view=view)
    assert isinstance(sent.components[0], discord.Container)
    assert [type(part).__name__ for part in sent.components[0].children] == [
        "SectionComponent",
        "SeparatorComponent",
        "MediaGalleryComponent",
    ]
    assert sent.flags.components_v2
    with pytest.raises(discord.HTTPException) as caught:
        await sent.edit(content="legacy")
    assert caught.value.code == 50035
    server.record.forgive()


async def test_embeds_with_the_same_address_collapse_to_the_first(
    server: LoopbackDiscord, client: discord.Client, room: int
) -> None:
    embeds = [
        discord.Embed(title=title, url=f"https://arxiv.org/abs/{n}") for title, n in (("a", 1), ("b", 1), ("c", 2))
    ]
    sent = await client.get_partial_messageable(room).send(embeds=embeds)
    assert [embed.title for embed in sent.embeds] == ["a", "c"]
