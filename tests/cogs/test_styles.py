"""Every posting style as a channel of Discord shows it: planned, sent and pressed by the real parts, together."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
import pytest
from simcord.builders import ChannelHandle

from bot.client import build_bot
from bot.deliver.discord_sender import DiscordWire
from bot.deliver.lease import Lease
from bot.deliver.pacing import Pacer
from bot.deliver.sender import Sender
from bot.delivery import PostingStyle, Subscription, TopicKey
from bot.model import Topic
from bot.pipeline.planning import Planner
from bot.render.text import discord_length
from bot.sources.calendar import load_calendar
from bot.store.delivery_history import DeliveryHistory
from bot.store.leases import LeaseStore
from tests.cogs.conftest import World, text_of

MACHINES = Topic("machines", {"en": "Language machines", "zh-CN": "语言机器"}, ("cs.CL",), "language")
NOTHING = Topic("nothing", {"en": "Nothing", "zh-CN": "无"}, ("cs.CL",), "zyzzyva")
BELOW_A_PAPER = ["Abstract", "Related", "BibTeX", "Save", "More like this", "Not relevant"]


async def deliver(world: World, channel: ChannelHandle, topic: Topic = MACHINES, **changes: Any) -> None:
    """Subscribe a channel to a topic of its server, then plan and send what is due."""
    services = world.services
    await services.guild_topics.save(replace(topic, guild_id=world.guild.id))
    key, yesterday = TopicKey(topic.slug, world.guild.id), services.clock.now() - timedelta(days=1)
    subscription = Subscription(world.guild.id, channel.id, key, world.admin.id, yesterday)
    await services.subscriptions.save(replace(subscription, **changes))
    await send_due(world)


async def send_due(world: World) -> None:
    services = world.services
    assert world.bot.user is not None
    planner = Planner(
        services.announcements,
        services.briefing,
        services.subscriptions,
        services.outbox,
        DeliveryHistory(services.database),
        services.topics.load_many,
        load_calendar(None),
        services.clock,
        bot_id=world.bot.user.id,
        cutoff=timedelta(hours=4),
    )
    await planner.plan_due()
    leases = LeaseStore(services.database)
    row = await leases.take("here:1", services.clock.now() + timedelta(hours=1), seen=await leases.load())
    assert row is not None
    pacer = Pacer(services.clock)
    sender = Sender(
        services.outbox,
        services.subscriptions,
        DiscordWire(world.bot, pacer),
        services.clock,
        lease=Lease(row.holder, row.token),
        pacer=pacer,
    )
    await sender.run_until_idle(patience=0)


def labels(message: discord.Message) -> list[str]:
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    return [one.label or "" for row in rows for one in row.children if isinstance(one, discord.Button)]


def menu(message: discord.Message) -> discord.SelectMenu:
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    return next(one for row in rows for one in row.children if isinstance(one, discord.SelectMenu))


def check_digest(message: discord.Message) -> None:
    assert 1 <= len(message.embeds) <= 10
    assert sum(discord_length(part) for embed in message.embeds for part in texts_in(embed)) <= 6000
    assert [option.value for option in menu(message).options] == [
        (embed.url or "").rpartition("/")[2] for embed in message.embeds
    ]
    assert [label.strip("◀▶←→ ") for label in labels(message)] == ["Day before", "Day after"]


def texts_in(embed: discord.Embed) -> list[str]:
    fields = [part or "" for one in embed.fields for part in (one.name, one.value)]
    return [embed.title or "", embed.description or "", embed.footer.text or "", embed.author.name or "", *fields]


def mentioned(world: World) -> list[tuple[list[str], list[str]]]:
    """Return what the messages that were posted may mention: kinds, and roles."""
    posted = [one.json for one in world.env.http_requests if one.method == "POST" and "/channels/" in one.path]
    bodies: list[Any] = [body.get("message", body) for body in posted if isinstance(body, dict)]
    return [
        (body["allowed_mentions"].get("parse", ["all"]), body["allowed_mentions"].get("roles", []))
        for body in bodies
        if "embeds" in body or "content" in body
    ]


async def test_a_digest_is_one_message_with_a_menu_and_days(world: World) -> None:
    await deliver(world, world.channel)
    (message,) = world.channel.history()
    check_digest(message)
    assert message.content.startswith("**Language machines** · Tue 17 Nov 2026")
    assert mentioned(world) == [([], [])]
    await world.env.restart_bot(build_bot(world.services, shard_count=1))
    value = menu(message).options[0].value
    opened = await world.member.select(message, [value], custom_id=menu(message).custom_id)
    assert opened.ephemeral
    assert value in text_of(opened)
    await send_due(world)
    assert len(world.channel.history()) == 1, "once is enough"


async def test_cards_are_a_message_for_each_paper_in_order(world: World) -> None:
    await deliver(world, world.channel, style=PostingStyle.CARDS, max_papers=3)
    messages = world.channel.history()
    assert [len(message.embeds) for message in messages] == [1, 1, 1]
    assert [labels(message) for message in messages] == [BELOW_A_PAPER] * 3
    assert messages[0].content.startswith("**Language machines**")
    saved = await world.member.click(messages[2], label="Save")
    assert text_of(saved).startswith("Saved.")
    assert len({message.embeds[0].url for message in messages}) == 3


async def test_a_thread_hangs_under_its_digest(world: World) -> None:
    await deliver(world, world.channel, style=PostingStyle.THREAD, max_papers=2)
    messages = [one for one in world.channel.history() if one.embeds]
    check_digest(messages[0])
    (thread,) = world.channel.threads
    cards = [one for one in thread.history() if one.embeds]
    assert [labels(card) for card in cards] == [BELOW_A_PAPER] * 2
    noted = await world.member.click(cards[0], label="More like this")
    assert text_of(noted) == "Noted: more like this in this channel."


@pytest.mark.parametrize("style", [PostingStyle.FORUM, PostingStyle.FORUM_PAPERS])
async def test_a_forum_gets_posts(world: World, style: PostingStyle) -> None:
    forum = world.guild.create_forum_channel("reading")
    await deliver(world, forum, style=style, max_papers=2)
    posts = forum.threads
    starters = [next(one for one in post.history() if one.embeds) for post in posts]
    if style is PostingStyle.FORUM:
        (only,) = starters
        check_digest(only)
    else:
        assert [labels(one) for one in starters] == [BELOW_A_PAPER] * 2
    for one in starters:
        button = labels(one)[0]
        answered = await world.member.click(one, label=button)
        assert answered.ephemeral
        assert text_of(answered)


async def test_tags_are_put_on_forum_posts_and_one_that_is_gone_costs_no_brief(world: World) -> None:
    forum = world.guild.create_forum_channel("reading")
    await deliver(world, forum, style=PostingStyle.FORUM, tag_ids=(11,))
    sent: list[Any] = [one.json for one in world.env.http_requests if one.path == f"/channels/{forum.id}/threads"]
    # SimCord's forums have no tags: it refuses the first.
    assert [body.get("applied_tags", []) for body in sent] == [["11"], []]
    assert len(forum.threads) == 1


@pytest.mark.parametrize("style", [PostingStyle.DIGEST, PostingStyle.CARDS])
async def test_the_role_is_pinged_once_and_nobody_else(world: World, style: PostingStyle) -> None:
    role = world.guild.create_role("readers", mentionable=True)
    await deliver(world, world.channel, style=style, max_papers=2, role_id=role.id)
    first, *rest = world.channel.history()
    assert first.content.startswith(f"<@&{role.id}> ")
    assert mentioned(world) == [([], [str(role.id)])] + [([], [])] * len(rest)


async def test_an_announcement_channel_publishes_its_brief(world: World) -> None:
    news = world.guild.create_news_channel("news")
    await deliver(world, news, crosspost=True)
    (message,) = news.history()
    published = [one.path for one in world.env.http_requests if one.path.endswith("/crosspost")]
    assert published == [f"/channels/{news.id}/messages/{message.id}/crosspost"]


async def test_a_brief_is_in_the_language_of_its_subscription_whoever_reads_it(world: World) -> None:
    await deliver(world, world.channel, language="zh-CN")
    (message,) = world.channel.history()
    assert message.content.startswith("**语言机器** · 2026年11月17日 周二")
    assert [label.strip("◀▶←→ ") for label in labels(message)] == ["前一天", "后一天"]
    value = menu(message).options[0].value
    opened = await world.member.select(message, [value], custom_id=menu(message).custom_id)
    assert "extracted from the abstract" in text_of(opened), "what a member asks for is in the member's own language"


@pytest.mark.parametrize("style", list(PostingStyle))
async def test_a_day_without_papers_is_silent_or_one_line_and_never_an_empty_thread(
    world: World, style: PostingStyle
) -> None:
    forums = (PostingStyle.FORUM, PostingStyle.FORUM_PAPERS)
    make = world.guild.create_forum_channel if style in forums else world.guild.create_text_channel
    silent, told = make("silent"), make("told")
    await deliver(world, silent, style=style, topic=NOTHING)
    await deliver(world, told, style=style, topic=NOTHING, quiet_line=True)
    assert silent.history() == []
    assert silent.threads == []
    messages = told.threads[0].history() if style in forums else told.history()
    (line,) = [one for one in messages if one.content]
    assert "32 papers were announced in cs.CL" in line.content
    assert not line.embeds
    assert len(told.threads) == (style in forums)
