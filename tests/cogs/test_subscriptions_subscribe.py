"""/subscribe as an admin meets it: what is stored, what is shown, what is refused and in which words."""

from typing import Any

import discord
import pytest
from simcord.builders import ChannelHandle

from bot.delivery import PostingStyle, Subscription, SubscriptionState, TopicKey
from tests.cogs.conftest import World, text_of


async def subscribe(world: World, channel: ChannelHandle | None = None, **options: Any) -> str:
    """Run /subscribe as the admin and return what it answers."""
    result = await world.admin.slash(channel or world.channel, "subscribe", **({"topic": "llm"} | options))
    assert result.ephemeral
    return text_of(result)


async def stored(world: World) -> list[Subscription]:
    return await world.services.subscriptions.load_guild(world.guild.id)


async def test_a_channel_is_subscribed_and_a_sample_is_shown(world: World) -> None:
    result = await world.admin.slash(
        world.channel, "subscribe", topic="llm", time="08:30", timezone="Europe/Berlin", max_papers=3
    )

    text = text_of(result)
    assert (
        f"Briefs on **Large language models** will be posted in <#{world.channel.id}>, at 08:30 (Europe/Berlin)" in text
    )
    assert "Tue 17 Nov 2026" in text
    assert result.response is not None
    assert 1 <= len(result.response.embeds) <= 3
    (one,) = await stored(world)
    assert (one.channel_id, one.topic) == (world.channel.id, TopicKey("llm"))
    assert (f"{one.post_time:%H:%M}", one.zone, one.max_papers) == ("08:30", "Europe/Berlin", 3)
    assert (one.style, one.state, one.language) == (PostingStyle.DIGEST, SubscriptionState.ACTIVE, "en")
    assert one.created_by == world.admin.id
    assert not world.channel.history(viewer=world.member), "only the admin may see it"


async def test_without_a_time_it_posts_as_soon_as_the_batch_is_complete(world: World) -> None:
    assert "as soon as the announcement is complete" in await subscribe(world)
    (one,) = await stored(world)
    assert one.post_time is None


async def test_a_topic_is_found_by_its_name_in_any_language(world: World) -> None:
    await subscribe(world, topic="大语言模型")
    assert [one.topic for one in await stored(world)] == [TopicKey("llm")]


async def test_subscribing_again_changes_only_what_is_given(world: World) -> None:
    await subscribe(world, time="08:30", timezone="Asia/Tokyo", max_papers=4)
    text = await subscribe(world, quiet_line=True)
    assert "are changed: at 08:30 (Asia/Tokyo)" in text
    (one,) = await stored(world)
    assert (one.max_papers, one.zone, one.quiet_line) == (4, "Asia/Tokyo", True)


async def test_the_next_channel_takes_the_zone_of_the_server(world: World) -> None:
    await subscribe(world, time="08:30", timezone="Asia/Tokyo")
    await subscribe(world, world.guild.create_text_channel("more"), time="9")
    assert {one.zone for one in await stored(world)} == {"Asia/Tokyo"}


async def test_a_double_click_subscribes_once(world: World) -> None:
    await subscribe(world)
    await subscribe(world)
    assert len(await stored(world)) == 1


async def test_the_quota_counts_subscriptions_and_not_changes(world: World) -> None:
    for topic in ("llm", "agents", "rag"):
        await subscribe(world, topic=topic)
    assert "This server has 3 subscriptions already" in await subscribe(world, topic="diffusion")
    assert "are changed" in await subscribe(world, topic="rag", max_papers=2)
    assert len(await stored(world)) == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"time": "25:00"}, "“25:00” is not a time of day"),
        ({"time": "midday"}, "“midday” is not a time of day"),
        ({"timezone": "Europe/Berln"}, "There is no time zone “Europe/Berln”. Did you mean Europe/Berlin"),
        ({"timezone": "Mars/Olympus"}, "There is no time zone “Mars/Olympus”. Use a name such as"),
        ({"topic": "llms and such"}, "There is no topic “llms and such”"),
        ({"topic": "x" * 6000}, "There is no topic “xxx"),
        ({"topic": "@everyone"}, "There is no topic “＠everyone”"),
        ({"style": "forum"}, "is not a forum"),
        ({"crosspost": True}, "Only messages in announcement channels can be published"),
        ({"tags": "news"}, "is not a forum and has no tags"),
    ],
)
async def test_bad_input_is_refused_with_what_would_be_right(world: World, options: dict[str, Any], said: str) -> None:
    assert said in await subscribe(world, **options)
    assert await stored(world) == []


@pytest.mark.parametrize(
    ("permission", "name"),
    [
        ("send_messages", "Send Messages"),
        ("embed_links", "Embed Links"),
        ("read_message_history", "Read Message History"),
    ],
)
async def test_the_missing_permission_is_named(world: World, permission: str, name: str) -> None:
    target = world.guild.create_text_channel("closed")
    world.forbid(target, permission)
    result = await world.admin.slash(world.channel, "subscribe", topic="llm", channel=target)
    text = text_of(result)
    assert f"I cannot post in <#{target.id}>" in text
    assert f"**{name}**" in text
    assert await stored(world) == []


async def test_threads_need_more_permissions_than_digests(world: World) -> None:
    world.forbid(world.channel, "create_public_threads", "send_messages_in_threads")
    text = await subscribe(world, style="thread")
    assert "**Create Public Threads**, **Send Messages in Threads**" in text
    assert "will be posted" in await subscribe(world, style="digest")


async def test_all_missing_permissions_are_named_at_once(world: World) -> None:
    world.forbid(world.channel, "embed_links", "read_message_history")
    assert "**Embed Links**, **Read Message History**" in await subscribe(world)


async def test_a_forum_gets_a_post_per_brief(world: World) -> None:
    forum = world.guild.create_forum_channel("reading")
    result = await world.admin.slash(world.channel, "subscribe", topic="llm", channel=forum)
    assert "will be posted" in text_of(result)
    (one,) = await stored(world)
    assert one.style is PostingStyle.FORUM


async def test_a_forum_that_requires_a_tag_wants_one_named(world: World) -> None:
    forum = world.guild.create_forum_channel("reading")
    world.forbid(forum, "manage_threads")
    cached = world.bot.get_channel(forum.id)
    assert isinstance(cached, discord.ForumChannel)
    require_tags(cached)

    refused = await world.admin.slash(world.channel, "subscribe", topic="llm", channel=forum)
    assert "wants a tag on every post" in text_of(refused)
    assert "`news`, `staff`" in text_of(refused)
    unknown = await world.admin.slash(world.channel, "subscribe", topic="llm", channel=forum, tags="sport")
    assert "has no tag “sport”" in text_of(unknown)
    moderated = await world.admin.slash(world.channel, "subscribe", topic="llm", channel=forum, tags="staff")
    assert "may be set by moderators only" in text_of(moderated)
    assert await stored(world) == []

    done = await world.admin.slash(world.channel, "subscribe", topic="llm", channel=forum, tags="News")
    assert "will be posted" in text_of(done)
    (one,) = await stored(world)
    assert one.tag_ids == (11,)


def require_tags(forum: discord.ForumChannel) -> None:
    """Give the bot's picture of a forum tags and the rule that posts need one: SimCord has no such forums."""
    news, staff = discord.ForumTag(name="news"), discord.ForumTag(name="staff", moderated=True)
    news.id, staff.id = 11, 12
    forum._available_tags = {11: news, 12: staff}
    forum._flags = discord.ChannelFlags(require_tag=True).value


async def test_a_role_is_pinged_only_where_that_is_allowed(world: World) -> None:
    role = world.guild.create_role("readers")
    world.forbid(world.channel, "mention_everyone")
    assert f"I cannot ping <@&{role.id}>" in await subscribe(world, role=role)
    assert "**Mention @everyone, @here and All Roles**" in await subscribe(world, role=role)
    assert "Briefs never ping @everyone" in await subscribe(world, role=world.guild.default_role)
    assert await stored(world) == []
    open_role = world.guild.create_role("open", mentionable=True)
    await subscribe(world, role=open_role)
    (one,) = await stored(world)
    assert one.role_id == open_role.id


async def test_a_role_is_pinged_until_nobody_shall_be(world: World) -> None:
    role = world.guild.create_role("readers", mentionable=True)
    await subscribe(world, role=role)
    await subscribe(world, max_papers=3)
    (one,) = await stored(world)
    assert one.role_id == role.id, "what is left out stays"
    assert "not both" in await subscribe(world, role=role, no_role=True)
    assert "are changed" in await subscribe(world, no_role=True)
    (one,) = await stored(world)
    assert one.role_id is None


async def test_an_announcement_channel_can_publish(world: World) -> None:
    news = world.guild.create_news_channel("news")
    await world.admin.slash(world.channel, "subscribe", topic="llm", channel=news, crosspost=True)
    (one,) = await stored(world)
    assert one.crosspost


async def test_a_member_cannot_see_the_command_and_is_refused_where_it_was_opened(world: World) -> None:
    assert "subscribe" not in world.member.available_commands(world.channel)
    world.lift_default_permissions()
    result = await world.member.slash(world.channel, "subscribe", topic="llm")
    assert text_of(result) == "You need the permission Manage Channels for this."
    assert await stored(world) == []


async def test_managing_one_channel_is_not_managing_another(world: World) -> None:
    target = world.guild.create_text_channel("private")
    world.forbid(target, "manage_channels")
    result = await world.admin.slash(world.channel, "subscribe", topic="llm", channel=target)
    assert f"Manage Channels in <#{target.id}>" in text_of(result)
    assert await stored(world) == []


async def test_the_channel_of_another_server_is_refused(world: World) -> None:
    other = world.env.create_guild("Elsewhere")
    foreign = other.create_text_channel("theirs")

    def smuggle(payload: dict[str, Any]) -> None:
        for option in payload["data"].get("options", []):
            if option["name"] == "channel":
                entry = payload["data"]["resolved"]["channels"].pop(option["value"])
                option["value"] = entry["id"] = str(foreign.id)
                payload["data"]["resolved"]["channels"][str(foreign.id)] = entry

    world.alter_interactions(smuggle)
    result = await world.admin.slash(world.channel, "subscribe", topic="llm", channel=world.channel)
    assert "I cannot see that channel" in text_of(result)
    assert await world.services.subscriptions.load_active() == []


async def test_a_server_that_only_a_user_brought_the_bot_to_is_told_to_add_it(world: World) -> None:
    world.alter_interactions(lambda payload: payload.update(guild_id="42"))
    assert await subscribe(world) == "I am not a member of this server. Ask one of its admins to add me first."


async def test_nothing_stored_for_the_topic_is_said_and_does_not_prevent_it(world: World) -> None:
    text = await subscribe(world, topic="quant-ph")
    assert "No papers of its categories are stored yet" in text
    assert len(await stored(world)) == 1


async def test_everything_is_said_in_chinese_to_those_who_read_it(world: World) -> None:
    world.speak("zh-CN")
    text = await subscribe(world, time="08:30", timezone="Asia/Shanghai", language="zh-CN")
    assert f"**大语言模型** 的简报将发布在 <#{world.channel.id}>，时间：08:30（Asia/Shanghai）" in text
    assert "2026年11月17日 周二" in text
    assert "不是有效的时间" in await subscribe(world, time="25:00")
    world.lift_default_permissions()
    refused = await world.member.slash(world.channel, "subscribe", topic="llm")
    assert text_of(refused) == "此操作需要“管理频道”权限。"


async def test_topics_and_zones_are_offered_while_typing(world: World) -> None:
    topics = await world.admin.autocomplete(world.channel, "subscribe", "topic", "agent")
    assert topics[0] == {"name": "LLM agents · agents", "value": "agents"} | topics[0]
    everything = await world.admin.autocomplete(world.channel, "subscribe", "topic", "")
    assert len(everything) == 25
    assert all(len(one["name"]) <= 100 and len(one["value"]) <= 100 for one in everything)
    zones = await world.admin.autocomplete(world.channel, "subscribe", "timezone", "ber")
    assert zones[0]["value"] == "Europe/Berlin"
    assert await world.admin.autocomplete(world.channel, "subscribe", "timezone", "x" * 200) == []
    world.speak("zh-CN")
    chinese = await world.admin.autocomplete(world.channel, "subscribe", "topic", "智能体")
    assert chinese[0]["name"].startswith("大模型智能体")
