"""/topic: the list for all, a server's own topics for its admins, and queries that do not parse."""

from typing import Any

import pytest
from simcord.results import InteractionResult

from bot.client import build_bot
from bot.delivery import TopicKey
from bot.model import Topic
from tests.cogs.conftest import World, buttons_of, text_of
from tests.cogs.test_subscriptions_manage import save as save_subscription

FORM = {
    "name": "Reading machines",
    "categories": "cs.cl, cs.AI",
    "query": "ti:(retrieval OR reading)",
    "exclude": "survey",
    "interest": "How machines read",
}


async def create(world: World, **changes: str) -> InteractionResult:
    """Fill in the form of a new topic."""
    form = await world.admin.slash(world.channel, "topic create")
    return await world.admin.submit_modal(form, FORM | changes)


async def own(world: World) -> list[Topic]:
    return await world.services.guild_topics.load_all(world.guild.id)


async def save_own(world: World, slug: str = "reading", **changes: Any) -> Topic:
    fields: dict[str, Any] = {"names": {"en": "Reading"}, "categories": ("cs.CL",), "query": "reading"}
    topic = Topic(slug=slug, guild_id=world.guild.id, **(fields | changes))
    await world.services.guild_topics.save(topic)
    return topic


async def test_everybody_may_read_the_list_page_by_page(world: World) -> None:
    await save_own(world)
    shown = await world.member.slash(world.channel, "topic list")
    assert shown.ephemeral
    text = text_of(shown)
    count = len(world.services.catalogue) + 1
    assert f"{count} topics" in text
    assert "`reading` Reading · cs.CL · of this server" in text
    assert "`llm` Large language models · cs.CL, cs.LG, cs.AI" in text
    assert set(buttons_of(shown)) == {"More"}
    assert shown.response is not None
    await world.member.click(shown.response, label="More")
    assert "Page 2 of" in text_of(shown)
    assert "`llm`" not in text_of(shown)


async def test_a_topic_is_shown_with_a_dry_run(world: World) -> None:
    text = text_of(await world.member.slash(world.channel, "topic show", topic="llm"))
    assert "Large language models" in text
    assert "Categories: cs.CL, cs.LG, cs.AI" in text
    assert "Dry run over the last 1 announcement day:" in text
    assert "Query:\n```" in text


async def test_a_topic_without_papers_says_that_nothing_can_be_said(world: World) -> None:
    text = text_of(await world.member.slash(world.channel, "topic show", topic="quant-ph"))
    assert "No papers of these categories are stored yet" in text


async def test_an_unknown_topic_is_answered(world: World) -> None:
    text = text_of(await world.member.slash(world.channel, "topic show", topic="tea"))
    assert text.startswith("There is no topic “tea”.")


async def test_lists_work_in_direct_messages_and_making_topics_does_not(world: World) -> None:
    user = world.env.create_user("solo")
    assert "Large language models" in text_of(await user.slash("topic list"))
    refused = await user.slash("topic create")
    assert text_of(refused) == "This works in a server, not in direct messages."


async def test_a_topic_is_made_and_can_be_subscribed(world: World) -> None:
    done = await create(world)
    assert "The topic **Reading machines** is saved." in text_of(done)
    assert "papers a day" in text_of(done)
    (topic,) = await own(world)
    assert topic == Topic(
        slug="reading-machines",
        names={"en": "Reading machines"},
        categories=("cs.CL", "cs.AI"),
        query="ti:(retrieval OR reading)",
        interest="How machines read",
        exclude="survey",
        guild_id=world.guild.id,
    )
    await world.admin.slash(world.channel, "subscribe", topic="Reading machines")
    key = TopicKey("reading-machines", world.guild.id)
    assert await world.services.subscriptions.load(world.channel.id, key) is not None


async def test_a_chinese_name_gets_a_slug_of_its_own(world: World) -> None:
    await create(world, name="机器阅读")
    (topic,) = await own(world)
    assert topic.slug.startswith("t-")
    assert "机器阅读" in text_of(await world.member.slash(world.channel, "topic show", topic="机器阅读"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"query": "agents AND (tool"}, "At character 12: expected a closing “)” for this “(”"),
        ({"query": 'ti:"open'}, "expected a closing quotation mark"),
        ({"query": "x" * 3000}, "at most 2,000 characters"),
        ({"query": "au:"}, "expected a word, a “phrase” or “(”"),
        ({"exclude": "-survey"}, "expected NOT in place of “-”"),
        ({"categories": "cs.XX"}, "“cs.XX” is not a category of arXiv"),
        ({"categories": ",,"}, "Name 1 to 12 categories"),
        ({"name": "\u200b"}, "A topic needs a name"),
        ({"name": "LLM"}, "There is a topic of that name already: `llm`"),
        ({"name": "大语言模型"}, "There is a topic of that name already: `llm`"),
    ],
)
async def test_what_cannot_be_saved_says_why_and_keeps_what_was_typed(
    world: World, changes: dict[str, str], said: str
) -> None:
    refused = await create(world, **changes)
    assert said in text_of(refused)
    assert await own(world) == []
    assert set(buttons_of(refused)) == {"Edit again", "Discard"}
    assert refused.response is not None
    form = await world.admin.click(refused.response, label="Edit again")
    assert form.modal is not None
    typed = {one["component"]["custom_id"]: one["component"].get("value", "") for one in form.modal["components"]}
    assert typed == FORM | changes
    await world.admin.submit_modal(form, FORM)
    assert [topic.slug for topic in await own(world)] == ["reading-machines"]
    assert "is saved" in text_of(refused), "the answer takes the place of the fault"


async def test_a_fault_in_a_query_is_pointed_at(world: World) -> None:
    text = text_of(await create(world, query="agents AND (tool"))
    _, line, caret, *_ = text.split("```")[1].split("\n")
    assert line == "agents AND (tool"
    assert line[caret.index("^")] == "("


@pytest.mark.parametrize(
    ("query", "said"),
    [("zyzzyva", "Not one of"), ("NOT zyzzyva", "100.0% of all papers fit, more than 15 %")],
)
async def test_a_query_that_takes_nothing_or_nearly_all_is_warned_about_first(
    world: World, query: str, said: str
) -> None:
    warned = await create(world, query=query, exclude="")
    assert said in text_of(warned)
    assert await own(world) == []
    assert warned.response is not None
    await world.admin.click(warned.response, label="Save anyway")
    assert "is saved" in text_of(warned)
    assert len(await own(world)) == 1


async def test_a_draft_can_be_discarded(world: World) -> None:
    warned = await create(world, query="zyzzyva")
    assert warned.response is not None
    await world.admin.click(warned.response, label="Discard")
    assert text_of(warned) == "Nothing was saved."
    assert await own(world) == []


async def test_editing_keeps_the_slug(world: World) -> None:
    await save_own(world, exclude="survey")
    form = await world.admin.slash(world.channel, "topic edit", topic="reading")
    assert form.modal is not None
    done = await world.admin.submit_modal(form, FORM | {"name": "Reading well"})
    assert "The topic **Reading well** is saved" in text_of(done)
    (topic,) = await own(world)
    assert (topic.slug, topic.name("en"), topic.categories) == ("reading", "Reading well", ("cs.CL", "cs.AI"))


async def test_built_in_topics_stay_as_they_are(world: World) -> None:
    for command in ("topic edit", "topic delete"):
        refused = await world.admin.slash(world.channel, command, topic="llm")
        assert "This is a built-in topic" in text_of(refused)


async def test_the_quota_is_checked_before_and_after_the_form(world: World) -> None:
    await save_own(world, "one")
    form = await world.admin.slash(world.channel, "topic create")
    await save_own(world, "two", names={"en": "Two"})
    assert "has 2 topics of its own already" in text_of(await world.admin.submit_modal(form, FORM))
    assert "has 2 topics of its own already" in text_of(await world.admin.slash(world.channel, "topic create"))


async def test_deleting_asks_and_ends_the_subscriptions_too(world: World) -> None:
    topic = await save_own(world)
    await save_subscription(world, topic=TopicKey(topic.slug, topic.guild_id))
    await save_subscription(world)
    asked = await world.admin.slash(world.channel, "topic delete", topic="reading")
    assert text_of(asked) == "Delete the topic **Reading**? 1 subscription ends with it."
    await world.env.restart_bot(build_bot(world.services, extensions=("cogs.topics",), shard_count=1))
    assert asked.response is not None
    await world.admin.click(asked.response, label="Delete")
    assert text_of(asked) == "The topic `reading` is deleted."
    assert await own(world) == []
    assert [one.topic.slug for one in await world.services.subscriptions.load_guild(world.guild.id)] == ["llm"]


async def test_a_topic_can_be_kept(world: World) -> None:
    await save_own(world)
    asked = await world.admin.slash(world.channel, "topic delete", topic="reading")
    assert asked.response is not None
    await world.admin.click(asked.response, label="Keep it")
    assert text_of(asked) == "Nothing was deleted."
    assert len(await own(world)) == 1


@pytest.mark.parametrize(
    ("command", "options"), [("create", {}), ("edit", {"topic": "reading"}), ("delete", {"topic": "reading"})]
)
async def test_members_are_refused(world: World, command: str, options: dict[str, str]) -> None:
    await save_own(world)
    result = await world.member.slash(world.channel, f"topic {command}", **options)
    assert text_of(result) == "You need the permission Manage Channels for this."


async def test_another_servers_topics_are_not_there(world: World) -> None:
    foreign = Topic("secret", {"en": "Secret"}, ("cs.CL",), "secret", guild_id=world.guild.id + 1)
    await world.services.guild_topics.save(foreign)
    assert "There is no topic “secret”" in text_of(await world.admin.slash(world.channel, "topic show", topic="secret"))
    await save_own(world)
    asked = await world.admin.slash(world.channel, "topic delete", topic="reading")
    world.rewrite("pb:topic:drop:reading", "pb:topic:drop:secret")
    assert asked.response is not None
    await world.admin.click(asked.response, label="Delete")
    assert await world.services.guild_topics.load(world.guild.id + 1, "secret") == foreign


async def test_own_topics_are_offered_where_they_can_be_changed(world: World) -> None:
    await save_own(world)
    choices = await world.admin.autocomplete(world.channel, "topic edit", "topic", "")
    assert [one["value"] for one in choices] == ["reading"]
    shown = await world.member.autocomplete(world.channel, "topic show", "topic", "")
    assert shown[0]["value"] == "reading"
    assert len(shown) == 25


async def test_it_is_in_chinese_for_those_who_read_it(world: World) -> None:
    world.speak("zh-CN")
    text = text_of(await world.member.slash(world.channel, "topic show", topic="llm"))
    assert "大语言模型" in text
    assert "按最近 1 个公告日试算" in text
    refused = await create(world, query="agents AND (tool")
    assert "第 12 个字符处应为：与此“(”配对的“)”" in text_of(refused)
    assert set(buttons_of(refused)) == {"继续编辑", "放弃"}
