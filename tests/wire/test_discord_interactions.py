"""discord.py 2.7.1, the real one, against the loopback Discord: commands, buttons, modals, threads, forum posts."""

import asyncio
from collections.abc import AsyncIterator

import discord
import pytest
from discord import app_commands

from tests.wire import discord_faults as faults
from tests.wire.discord_client import QuickClient, connected
from tests.wire.discord_interactions import Person, admin, submit_modal, use_command, use_component
from tests.wire.discord_model import Channel, ChannelType, Permission
from tests.wire.discord_server import LoopbackDiscord


class More(discord.ui.Modal, title="More"):
    words: discord.ui.TextInput["More"] = discord.ui.TextInput(label="Words", custom_id="words")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"words: {self.words.value}", ephemeral=True)


class Details(discord.ui.View):
    @discord.ui.button(label="Abstract", custom_id="abstract")
    async def abstract(self, interaction: discord.Interaction, button: discord.ui.Button["Details"]) -> None:
        await interaction.response.edit_message(content="the abstract")

    @discord.ui.button(label="More", custom_id="more")
    async def more(self, interaction: discord.Interaction, button: discord.ui.Button["Details"]) -> None:
        await interaction.response.send_modal(More())


def bot_with_commands() -> QuickClient:
    client = QuickClient()
    topic = app_commands.Group(name="topic", description="topics")

    @client.tree.command(description="Look a paper up")
    async def paper(interaction: discord.Interaction, arxiv_id: str) -> None:
        await interaction.response.send_message(f"paper {arxiv_id}", view=Details(timeout=None))

    @paper.autocomplete("arxiv_id")
    async def complete(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current}{n}", value=str(n)) for n in range(3)]

    @client.tree.command(description="Search, slowly")
    async def search(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send("found")
        await interaction.followup.send("and more", ephemeral=True)

    @client.tree.command(description="Subscribe a channel")
    async def subscribe(interaction: discord.Interaction, channel: discord.TextChannel, role: discord.Role) -> None:
        await interaction.response.send_message(f"{channel.id} {role.name} {interaction.permissions.manage_channels}")

    @topic.command(name="show", description="Show one")
    async def show(interaction: discord.Interaction, name: str) -> None:
        await interaction.response.send_message(f"{name} in {interaction.locale}")

    client.tree.add_command(topic)
    return client


@pytest.fixture
async def server() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord() as discord_server:
        yield discord_server
    assert discord_server.front.unknown == []


@pytest.fixture
def room(server: LoopbackDiscord) -> Channel:
    return server.world.add_channel(server.world.add_guild("physics").id)


@pytest.fixture
async def client(server: LoopbackDiscord, room: Channel) -> AsyncIterator[QuickClient]:
    async with connected(server, bot_with_commands()) as client:
        await client.tree.sync()
        yield client


@pytest.fixture
def someone(server: LoopbackDiscord, room: Channel) -> Person:
    return Person(room, server.world.add_user("reader"))


@pytest.mark.usefixtures("client")
async def test_a_slash_command_is_answered_in_the_channel(
    server: LoopbackDiscord, room: Channel, someone: Person
) -> None:
    used = use_command(server.world, someone, "paper", {"arxiv_id": "2605.00001"})
    await server.until(lambda: used.done)
    assert [each["content"] for each in used.seen] == ["paper 2605.00001"]
    assert [each["content"] for each in server.messages(room.id)] == ["paper 2605.00001"]
    assert used.answered_after is not None
    assert used.answered_after < 1
    callback = server.requests("POST", r"/callback$")[0]
    assert not callback.authorised, "the token of the interaction is the authority, not the bot's"


@pytest.mark.usefixtures("client")
async def test_subcommands_channels_roles_and_locale(server: LoopbackDiscord, room: Channel) -> None:
    guild_id = room.guild_id or 0
    boss = admin(room, server.world.owner, "zh-CN")
    role = server.world.add_role(guild_id, "readers")
    shown = use_command(server.world, boss, "topic show", {"name": "graphs"})
    chosen = use_command(server.world, boss, "subscribe", {"channel": room.id, "role": role.id})
    await server.until(lambda: shown.done and chosen.done)
    assert shown.seen[0]["content"] == "graphs in zh-CN"
    assert chosen.seen[0]["content"] == f"{room.id} readers True"


@pytest.mark.usefixtures("client")
async def test_autocomplete(server: LoopbackDiscord, someone: Person) -> None:
    used = use_command(server.world, someone, "paper", {"arxiv_id": "26"}, focused="arxiv_id")
    await server.until(lambda: used.done)
    assert [each["name"] for each in used.choices or []] == ["260", "261", "262"]


@pytest.mark.usefixtures("client")
async def test_a_deferred_answer_is_filled_and_stays_private(
    server: LoopbackDiscord, room: Channel, someone: Person
) -> None:
    used = use_command(server.world, someone, "search")
    await server.until(lambda: len(used.seen) == 2)
    assert used.callback == 5
    assert [each["content"] for each in used.seen] == ["found", "and more"]
    assert server.messages(room.id) == [], "an ephemeral message is in no history"


@pytest.mark.usefixtures("client")
async def test_buttons_and_modals(server: LoopbackDiscord, room: Channel, someone: Person) -> None:
    first = use_command(server.world, someone, "paper", {"arxiv_id": "1"})
    await server.until(lambda: first.done)
    message = server.messages(room.id)[0]
    pressed = use_component(server.world, someone, message, "abstract")
    opened = use_component(server.world, someone, message, "more")
    await server.until(lambda: pressed.done and opened.done)
    assert server.messages(room.id)[0]["content"] == "the abstract"
    submitted = submit_modal(server.world, someone, opened, {"words": "graph"})
    await server.until(lambda: submitted.done)
    assert submitted.seen[0]["content"] == "words: graph"
    with pytest.raises(KeyError):
        use_component(server.world, someone, message, "no such button")


async def test_late_and_double_answers_are_refused(
    server: LoopbackDiscord, someone: Person, client: QuickClient
) -> None:
    caught: list[int] = []
    answered = asyncio.Event()

    @client.tree.command(description="Answers twice")
    async def twice(interaction: discord.Interaction, wait: int) -> None:
        server.clock.advance(wait)
        for _ in range(2):
            try:
                await client.http.request(
                    discord.http.Route(
                        "POST",
                        "/interactions/{interaction_id}/{token}/callback",
                        interaction_id=interaction.id,
                        token=interaction.token,
                    ),
                    json={"type": 4, "data": {"content": "x"}},
                )
            except discord.HTTPException as error:
                caught.append(error.code)
        answered.set()

    use_command(server.world, someone, "twice", {"wait": 0})
    await asyncio.wait_for(answered.wait(), 5)
    answered.clear()
    use_command(server.world, someone, "twice", {"wait": 4})
    await asyncio.wait_for(answered.wait(), 5)
    assert caught == [40060, 10062, 10062]


async def test_a_token_ends_after_15_minutes(server: LoopbackDiscord, someone: Person, client: QuickClient) -> None:
    used = use_command(server.world, someone, "search")
    await server.until(lambda: len(used.seen) == 2)
    server.clock.advance(901)
    hook = discord.Webhook.partial(server.world.bot.id, used.token, client=client)
    with pytest.raises(discord.HTTPException) as caught:
        await hook.send("late")
    assert (caught.value.status, caught.value.code) == (401, 50027)


async def test_interactions_are_outside_the_global_limit(
    server: LoopbackDiscord, someone: Person, client: QuickClient
) -> None:
    assert client.is_ready()
    uses = [use_command(server.world, someone, "paper", {"arxiv_id": str(n)}) for n in range(70)]
    await server.until(lambda: all(each.done for each in uses))
    assert server.limits.counts == {}


async def test_a_registered_command_keeps_its_id(server: LoopbackDiscord, client: QuickClient) -> None:
    before = {command.name: command.id for command in await client.tree.fetch_commands()}
    client.tree.remove_command("search")
    after = {command.name: command.id for command in await client.tree.sync()}
    assert after == {name: each for name, each in before.items() if name != "search"}


async def test_a_thread_on_a_message(server: LoopbackDiscord, room: Channel, client: QuickClient) -> None:
    channel = client.get_channel(room.id)
    assert isinstance(channel, discord.TextChannel)
    message = await channel.send("today")
    thread = await message.create_thread(name="2026-05-04")
    await thread.send("paper 1")
    assert thread.id == message.id
    assert [each["content"] for each in server.messages(thread.id)] == ["paper 1"]
    assert [each.id for each in await channel.guild.active_threads()] == [thread.id]
    await thread.edit(archived=True)
    assert await channel.guild.active_threads() == []
    await thread.send("wakes it up")
    assert len(await channel.guild.active_threads()) == 1


async def test_a_forum_post_with_its_first_message(server: LoopbackDiscord, room: Channel, client: QuickClient) -> None:
    made = server.world.add_channel(
        room.guild_id or 0, "forum", ChannelType.FORUM, tags=["brief", "new"], require_tag=True
    )
    forum = await client.fetch_channel(made.id)
    assert isinstance(forum, discord.ForumChannel)
    with pytest.raises(discord.HTTPException) as caught:
        await forum.create_thread(name="2026-05-04", content="today")
    post = await forum.create_thread(name="2026-05-04", content="today", applied_tags=[forum.available_tags[0]])
    assert caught.value.code == 40067
    assert post.message.id == post.thread.id
    assert [each["content"] for each in server.messages(post.thread.id)] == ["today"]
    assert [tag.name for tag in post.thread.applied_tags] == ["brief"]
    with pytest.raises(discord.HTTPException) as straight:
        await client.get_partial_messageable(made.id).send("x")
    assert straight.value.code == 40058


async def test_a_forum_post_has_no_nonce_a_lost_reply_leaves_it_for_the_marker(
    server: LoopbackDiscord, room: Channel, client: QuickClient
) -> None:
    made = server.world.add_channel(room.guild_id or 0, "forum", ChannelType.FORUM)
    forum = await client.fetch_channel(made.id)
    assert isinstance(forum, discord.ForumChannel)
    server.faults.add("POST", r"/threads$", faults.after_commit(faults.replies(503)))
    with pytest.raises(discord.DiscordServerError):
        await forum.create_thread(name="brief", content="marker 1")
    threads = await forum.guild.active_threads()
    assert [(each.name, each.parent_id) for each in threads] == [("brief", forum.id)]
    await forum.create_thread(name="brief", content="marker 1")
    assert len(server.world.threads(forum.id)) == 2


async def test_a_locked_thread_takes_nothing(server: LoopbackDiscord, room: Channel, client: QuickClient) -> None:
    channel = client.get_channel(room.id)
    assert isinstance(channel, discord.TextChannel)
    thread = await (await channel.send("today")).create_thread(name="papers")
    message = await thread.send("one")
    state = server.world.channels[thread.id].thread
    assert state is not None
    state.archived = True
    with pytest.raises(discord.HTTPException) as archived:
        await message.edit(content="two")
    state.locked = True
    with pytest.raises(discord.Forbidden) as locked:
        await thread.send("two")
    assert (archived.value.code, locked.value.code) == (50083, 160005)


async def test_a_user_installed_bot_has_five_follow_ups(server: LoopbackDiscord, client: QuickClient) -> None:
    sent: list[int] = []

    @client.tree.command(description="Talks a lot")
    async def talk(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("0")
        for n in range(1, 8):
            try:
                await interaction.followup.send(str(n))
            except discord.HTTPException as error:
                sent.append(error.code)

    server.limits.enabled = False
    elsewhere = server.world.add_channel(123 << 22, "a server without the bot")
    person = Person(elsewhere, server.world.add_user("reader"), user_install=True)
    used = use_command(server.world, person, "talk")
    await server.until(lambda: len(sent) == 2)
    assert [each["content"] for each in used.seen] == ["0", "1", "2", "3", "4", "5"]
    assert sent == [40094, 40094]


async def test_the_original_answer_is_read_edited_and_deleted(
    server: LoopbackDiscord, room: Channel, someone: Person, client: QuickClient
) -> None:
    read: list[str] = []

    @client.tree.command(description="Changes its mind")
    async def change(interaction: discord.Interaction) -> None:
        answer = await interaction.response.send_message("one")
        edited = await interaction.edit_original_response(content="two")
        fetched = await interaction.followup.fetch_message(edited.id)
        read.extend([str(answer.message_id == edited.id), fetched.content])
        later = await interaction.followup.send("three", wait=True)
        await later.delete()
        await interaction.delete_original_response()
        try:
            await interaction.edit_original_response(content="four")
        except discord.NotFound as error:
            read.append(str(error.code))

    server.limits.enabled = False
    use_command(server.world, someone, "change")
    await server.until(lambda: len(read) == 3)
    assert read == ["True", "two", "10008"]
    assert server.messages(room.id) == []


async def test_threads_of_their_own_and_archived_ones(
    server: LoopbackDiscord, room: Channel, client: QuickClient
) -> None:
    channel = client.get_channel(room.id)
    assert isinstance(channel, discord.TextChannel)
    thread = await channel.create_thread(name="papers", type=discord.ChannelType.public_thread)
    await thread.edit(archived=True, name="old papers")
    assert [each.name async for each in channel.archived_threads()] == ["old papers"]
    with pytest.raises(discord.Forbidden) as caught:
        await thread.delete()
    assert caught.value.code == 50013
    server.world.allow(room.id, Permission.MANAGE_THREADS)
    await thread.delete()
    with pytest.raises(discord.NotFound):
        await client.fetch_channel(thread.id)


async def test_tags_a_forum_does_not_take(server: LoopbackDiscord, room: Channel, client: QuickClient) -> None:
    made = server.world.add_channel(room.guild_id or 0, "forum", ChannelType.FORUM, tags="abcdef")
    forum = await client.fetch_channel(made.id)
    assert isinstance(forum, discord.ForumChannel)
    stray = discord.ForumTag(name="stray")
    stray.id = 5
    codes = []
    for tags in (list(forum.available_tags), [stray]):
        with pytest.raises(discord.HTTPException) as caught:
            await forum.create_thread(name="post", content="x", applied_tags=tags)
        codes.append(caught.value.code)
    assert codes == [50035, 10087]
    assert server.world.threads(forum.id) == [], "a refused post leaves no thread"
    server.record.forgive()  # six tags are not valid by Discord's document either


async def test_one_command_is_added_and_deleted(client: QuickClient, server: LoopbackDiscord) -> None:
    application = client.application_id or 0
    before = len(await client.tree.fetch_commands())
    route = discord.http.Route("POST", "/applications/{application_id}/commands", application_id=application)
    made = await client.http.request(route, json={"name": "extra", "description": "d", "type": 1})
    await client.http.delete_global_command(application, made["id"])
    assert len(await client.tree.fetch_commands()) == before
    with pytest.raises(discord.NotFound) as caught:
        await client.http.delete_global_command(application, made["id"])
    assert caught.value.code == 10063
    assert server.world.command_creates[-1][0] is None
