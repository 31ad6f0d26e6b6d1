"""What is refused, and why, is said in the language of whoever asked, all of it."""

import re
from collections.abc import Callable
from typing import Any

import discord
import pytest

from bot.i18n import load_texts
from bot.model import Topic
from bot.store.schema import metadata
from cogs.admin._lines import HELD, privacy_text
from tests.cogs.conftest import World, buttons_of, text_of
from tests.cogs.reading import make_paper
from tests.cogs.test_briefs import post_digest
from tests.cogs.test_subscriptions_manage import FORM, save
from tests.cogs.test_subscriptions_subscribe import require_tags
from tests.cogs.test_topics_cog import save_own
from tests.cogs.test_views import ID, post_card, remove_papers

# Three English words in a row are a leftover; what somebody typed and what stands in `code` is theirs.
LEFTOVER = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")
QUOTED = re.compile(r"“[^”]*”|`[^`]*`|<[^>]*>")


def in_chinese(text: str) -> bool:
    """Return whether a text is Chinese and nothing of it is left in English."""
    own = QUOTED.sub("", text)
    return re.search("[\u4e00-\u9fff]", own) is not None and LEFTOVER.search(own) is None


def test_a_leftover_is_seen() -> None:
    assert in_chinese("没有名为“a b c d”的主题。")
    assert not in_chinese("没有。Nothing was deleted.")
    assert not in_chinese("Nothing.")


Options = dict[str, Any]
CASES: list[tuple[str, Options, str]] = [
    ("paper", {"paper": "2611.99999"}, "2611.99999 is not in my cache"),
    ("paper", {"paper": "https://example.com/abs/2611.10001"}, "is not the address of a paper"),
    ("paper", {"paper": "https://[::1"}, "is not the address of a paper"),
    ("paper", {"paper": "2613.00001"}, "is not an arXiv identifier"),
    ("paper", {"paper": f"{ID}v9"}, "You asked for version 9"),
    ("paper", {"paper": "x" * 6000}, "200 characters at most"),
    ("search", {"query": "x" * 6000}, "200 characters at most"),
    ("search", {"query": "zzz qqq"}, "Nothing found for “zzz qqq”."),
    ("search", {"query": "turnips", "category": "math.CO"}, "Nothing found for “turnips” · math.CO."),
    ("search", {"query": "turnips", "author": "Nobody", "since": "2026-11-01"}, "· Nobody · since Sun 1 Nov 2026."),
    ("search", {"query": "x", "category": "no such thing"}, "is not a category of arXiv"),
    ("search", {"query": "x", "since": "32.13.2026"}, "is not a date to look for"),
    ("related", {"paper": "zzz qqq"}, "Nothing found for"),
    ("save", {"paper": "2611.99999"}, "is not in my cache"),
    ("export", {}, "Your library is empty"),
    ("why", {"paper": "potato"}, "is not an arXiv identifier"),
    ("why", {"paper": ID}, "Nothing is subscribed in this channel"),
    ("why", {"paper": "2611.99999"}, "I hold no paper"),
    ("brief", {}, "Which topic?"),
    ("brief", {"topic": "lmm"}, "There is no topic “lmm”"),
    ("brief", {"topic": "quant-ph"}, "Nothing of this topic's categories has been read yet"),
    ("brief", {"topic": "llm", "date": "25:00"}, "is not a date to look for"),
    ("topic show", {"topic": "x" * 6000}, "There is no topic"),
    ("topic edit", {"topic": "llm"}, "This is a built-in topic"),
    ("topic delete", {"topic": "llm"}, "This is a built-in topic"),
    ("subscribe", {"topic": "llm", "time": "25:00"}, "is not a time of day"),
    ("subscribe", {"topic": "llm", "timezone": "Mars/Olympus"}, "There is no time zone"),
    ("subscribe", {"topic": "llm", "timezone": "Europe/Berln"}, "Did you mean Europe/Berlin"),
    ("subscribe", {"topic": "llm", "timezone": "GMT+8"}, "Did you mean Asia/Shanghai"),
    ("subscribe", {"topic": "llm", "style": "forum"}, "is not a forum"),
    ("subscribe", {"topic": "llm", "tags": "news"}, "is not a forum and has no tags"),
    ("subscribe", {"topic": "llm", "crosspost": True}, "Only messages in announcement channels"),
    ("unsubscribe", {}, "Nothing is subscribed in"),
    ("settings", {}, "Nothing is subscribed in"),
    ("subscriptions", {}, "Nothing is subscribed in this server yet"),
]


async def in_both(world: World, said: str, ask: Callable[[], Any]) -> None:
    """Ask twice, and find `said` in the English answer and nothing English in the Chinese one."""
    english = await ask()
    assert said in text_of(english)
    assert english.ephemeral
    world.speak("zh-CN")
    chinese = text_of(await ask())
    assert in_chinese(chinese), chinese


async def test_bad_input(world: World) -> None:
    await world.services.papers.save_metadata(
        [make_paper(ID, title="萝卜 turnips", abstract="萝卜。", authors=("萝",))]
    )
    for command, options, said in CASES:
        result = await world.admin.slash(world.channel, command, **options)
        assert said in text_of(result), (command, options)
        assert result.ephemeral, (command, options)
    world.speak("zh-CN")
    for command, options, said in CASES:
        text = text_of(await world.admin.slash(world.channel, command, **options))
        assert in_chinese(text), (command, said, text)
    assert await world.services.subscriptions.load_guild(world.guild.id) == []
    assert await world.services.guild_topics.load_all(world.guild.id) == []


async def test_a_channel_that_the_bot_cannot_write_to(world: World) -> None:
    world.forbid(world.channel, "embed_links", "send_messages")
    english = await world.admin.slash(world.channel, "subscribe", topic="llm")
    assert "Give me there: **Embed Links**, **Send Messages**." in text_of(english)
    world.speak("zh-CN")
    chinese = await world.admin.slash(world.channel, "subscribe", topic="llm")
    assert "**嵌入链接**、**发送消息**" in text_of(chinese)
    assert in_chinese(text_of(chinese))


async def test_a_forum_that_requires_a_tag(world: World) -> None:
    forum = world.guild.create_forum_channel("reading")
    cached = world.bot.get_channel(forum.id)
    assert isinstance(cached, discord.ForumChannel)
    require_tags(cached)
    await in_both(
        world,
        "wants a tag on every post",
        lambda: world.admin.slash(world.channel, "subscribe", topic="llm", channel=forum),
    )


async def test_roles_that_may_not_be_pinged(world: World) -> None:
    world.forbid(world.channel, "mention_everyone")
    role = world.guild.create_role("readers")
    await in_both(world, "I cannot ping", lambda: world.admin.slash(world.channel, "subscribe", topic="llm", role=role))
    everyone = world.guild.default_role
    told = await world.admin.slash(world.channel, "subscribe", topic="llm", role=everyone)
    assert in_chinese(text_of(told))


async def test_quotas(world: World) -> None:
    for slug in ("agents", "rag", "video"):
        await save(world, slug)
    await in_both(world, "3 subscriptions already", lambda: world.admin.slash(world.channel, "subscribe", topic="llm"))
    for slug in ("one", "two"):
        await save_own(world, slug, names={"en": slug})
    assert in_chinese(text_of(await world.admin.slash(world.channel, "topic create")))


async def test_members_who_may_not_manage(world: World) -> None:
    world.lift_default_permissions()
    await in_both(
        world,
        "You need the permission Manage Channels",
        lambda: world.member.slash(world.channel, "subscribe", topic="llm"),
    )


@pytest.mark.parametrize("label", ["Abstract", "Related", "BibTeX", "Save", "More like this", "Not relevant"])
async def test_buttons_of_deleted_papers(world: World, label: str) -> None:
    await world.services.papers.save_metadata([make_paper(ID)])
    message = await post_card(world)
    await remove_papers(world)
    await in_both(world, "no longer stored here", lambda: world.member.click(message, label=label))


@pytest.mark.parametrize("label", ["Save", "More like this", "Not relevant"])
async def test_double_clicks(world: World, label: str) -> None:
    await world.services.papers.save_metadata([make_paper(ID)])
    message = await post_card(world)
    await world.member.click(message, label=label)
    await in_both(world, "already", lambda: world.member.click(message, label=label))


@pytest.mark.parametrize(("field", "typed"), [("time", "25:00"), ("zone", "Nowhere"), ("papers", "0")])
async def test_the_form_of_a_subscription(world: World, field: str, typed: str) -> None:
    one = await save(world)
    world.speak("zh-CN")
    form = await world.admin.slash(world.channel, "settings")
    assert in_chinese(text_of(await world.admin.submit_modal(form, FORM | {field: typed})))
    late = await world.admin.slash(world.channel, "settings")
    await world.services.subscriptions.delete(one.channel_id, one.topic)
    assert text_of(await world.admin.submit_modal(late, FORM)) == "该订阅已不存在。"


def test_what_is_held_about_a_person_has_words_for_every_table() -> None:
    named = {table.name for table in metadata.tables.values() if {"user_id", "created_by"} & set(table.c.keys())}
    assert set(HELD) == named
    said = privacy_text(dict.fromkeys(HELD, 1), load_texts("zh-CN")).splitlines()[-1]
    held = ("你创建的订阅", "你标记的论文", "你最近查阅的论文", "你收藏的论文", "你今天提出的问题")
    assert said == "目前与你有关的数据：" + "、".join(f"{one}：1" for one in held)
    english = privacy_text({"saved_paper": 2}, load_texts("en")).splitlines()[-1]
    assert english == "About you now: papers you saved: 2"


GUILD_ONLY = {"subscribe", "unsubscribe", "subscriptions", "settings"}


def test_commands_for_everybody_work_in_messages_and_for_users_and_those_for_admins_in_servers(world: World) -> None:
    for command in world.bot.tree.get_commands():
        payload = command.to_dict(world.bot.tree)
        managed = command.name in GUILD_ONLY
        assert sorted(payload["integration_types"]) == ([0] if managed else [0, 1]), command.name
        assert sorted(payload["contexts"]) == ([0] if managed else [0, 1, 2]), command.name
        manage_channels = discord.Permissions(manage_channels=True).value
        assert payload["default_member_permissions"] == (manage_channels if managed else None), command.name


async def test_a_member_reads_papers_of_a_server_that_the_bot_is_not_in(world: World) -> None:
    await world.services.papers.save_metadata([make_paper(ID, title="Turnips")])
    world.alter_interactions(lambda payload: payload.update(guild_id="42"))
    for command, options in (("paper", {"paper": ID}), ("search", {"query": "turnips"}), ("status", {}), ("help", {})):
        result = await world.member.slash(world.channel, command, **options)
        assert result.ephemeral
        assert "went wrong" not in text_of(result), command
    for command in ("subscribe", "topic delete"):
        refused = await world.admin.slash(world.channel, command, topic="llm")
        assert text_of(refused) == "I am not a member of this server. Ask one of its admins to add me first."


async def test_the_menu_of_another_servers_brief_opens_papers_and_trains_nothing(world: World) -> None:
    theirs = Topic("secret", {"en": "Secret"}, ("cs.CL",), "language", guild_id=world.guild.id + 1)
    await world.services.guild_topics.save(theirs)
    message = await post_digest(world, theirs)
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    menu = next(one for row in rows for one in row.children if isinstance(one, discord.SelectMenu))
    opened = await world.member.select(message, [menu.options[0].value], custom_id=menu.custom_id)
    assert list(buttons_of(opened)) == ["Abstract", "Related", "BibTeX", "Save", "Translate"]


async def test_papers_are_offered_to_why_as_well(world: World) -> None:
    await world.services.papers.save_metadata([make_paper(ID, title="Turnips of the north")])
    (choice,) = await world.member.autocomplete(world.channel, "why", "paper", "turnips")
    assert choice["value"] == ID
