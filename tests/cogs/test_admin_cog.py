"""/status, /why, /privacy, /forget-me and /help."""

from datetime import timedelta

import pytest

from bot.client import build_bot
from bot.delivery import DeliveryAction, DeliveryKind, PlannedDelivery, PlannedPart, TopicKey
from bot.model import Paper
from tests.cogs.conftest import MORNING, World, buttons_of, text_of
from tests.cogs.test_subscriptions_manage import save as save_subscription


async def papers_of(world: World, slug: str, most: int = 10) -> list[Paper]:
    """Return the papers of the sample day's brief."""
    topic = world.services.catalogue[slug]
    day = await world.services.briefing.latest_date(topic)
    brief = await world.services.briefing.brief(topic, day, max_papers=most)
    await world.services.briefing.keep(brief)
    return [item.paper for item in brief.items]


async def test_status_says_what_was_last_and_what_is_next(world: World) -> None:
    text = text_of(await world.member.slash(world.channel, "status"))
    assert "cs.CL · Tue 17 Nov 2026 · " in text
    assert "papers · complete" in text
    assert "Next announcement: Wed 18 Nov 2026, <t:1794963600:R>" in text
    assert "0 waiting to be sent, 0 stopped, 0 sent" in text
    assert "Newest brief" not in text


async def test_status_has_the_receipt_of_what_this_channel_gets(world: World) -> None:
    await save_subscription(world)
    await papers_of(world, "llm")
    text = text_of(await world.member.slash(world.channel, "status"))
    assert "**Newest brief**\nLarge language models · Tue 17 Nov 2026: announced " in text
    assert ", failed 0" in text


async def test_status_of_an_empty_database_is_no_error(world: World) -> None:
    world.services.announcements.load_categories = no_categories  # type: ignore[method-assign]
    text = text_of(await world.member.slash(world.channel, "status"))
    assert "Nothing was read from arXiv yet." in text


async def no_categories() -> list[str]:
    return []


async def test_why_tells_the_stages_apart(world: World) -> None:
    shown, *rest = await papers_of(world, "llm")
    await save_subscription(world, max_papers=1)
    text = text_of(await world.member.slash(world.channel, "why", paper=shown.arxiv_id))
    assert "**Large language models** (Tue 17 Nov 2026): In the brief." in text
    below = text_of(await world.member.slash(world.channel, "why", paper=rest[0].arxiv_id))
    assert "Matched, but ranked below the 1 papers that are shown." in below
    other = text_of(await world.member.slash(world.channel, "why", paper=shown.arxiv_id, topic="quant-ph"))
    assert "None of the topic's categories announced it." in other


async def test_why_knows_what_was_posted(world: World) -> None:
    paper, *_ = await papers_of(world, "llm")
    await save_subscription(world)
    day = await world.services.briefing.latest_date(world.services.catalogue["llm"])
    part = PlannedPart(0, DeliveryAction.MESSAGE, {"content": "the brief ⟨abcdefgh⟩"}, "abcdefgh")
    planned = PlannedDelivery(
        world.guild.id, world.channel.id, TopicKey("llm"), day, DeliveryKind.BRIEF, MORNING, (part,)
    )
    outbox = world.services.outbox
    await outbox.plan(planned, bot_id=1, now=MORNING)
    assert "In the brief." in text_of(await world.member.slash(world.channel, "why", paper=paper.arxiv_id))
    (claim,) = await outbox.claim(MORNING, limit=5, busy=(), holder="me", lease_until=MORNING + timedelta(minutes=1))
    await outbox.posting(claim, MORNING)
    await outbox.sent(claim, 77, MORNING)
    assert "Posted in this channel." in text_of(await world.member.slash(world.channel, "why", paper=paper.arxiv_id))


@pytest.mark.parametrize(
    ("paper", "said"),
    [
        ("potato", "“potato” is not an arXiv identifier"),
        ("https://example.org/abs/2611.00001", "is not the address of a paper on arxiv.org"),
        ("https://arxiv.org/list/cs.CL/new", "is not the address of a paper on arxiv.org"),
        ("9999.99999", "is not an arXiv identifier"),
        ("2401.00001", "I hold no paper `2401.00001`"),
        ("x" * 6000, "is not an arXiv identifier"),
        ("<@&1> @everyone", "＠everyone"),
    ],
)
async def test_what_is_no_paper_is_answered(world: World, paper: str, said: str) -> None:
    text = text_of(await world.member.slash(world.channel, "why", paper=paper))
    assert said in text
    assert len(text) < 300


async def test_an_id_with_a_version_means_the_work(world: World) -> None:
    paper, *_ = await papers_of(world, "llm")
    text = text_of(await world.member.slash(world.channel, "why", paper=f"{paper.arxiv_id}v3", topic="llm"))
    assert "In the brief." in text


async def test_why_wants_a_topic_where_nothing_is_subscribed(world: World) -> None:
    paper, *_ = await papers_of(world, "llm")
    text = text_of(await world.member.slash(world.channel, "why", paper=paper.arxiv_id))
    assert "Nothing is subscribed in this channel. Name a topic" in text


async def test_privacy_says_what_is_stored_about_whom(world: World) -> None:
    text = text_of(await world.member.slash(world.channel, "privacy"))
    assert "**Not read and not stored**: messages" in text
    assert "About you now: nothing" in text
    paper, *_ = await papers_of(world, "llm")
    await world.services.readers.save_paper(world.member.id, paper.arxiv_id, MORNING)
    assert "About you now: nothing" not in text_of(await world.member.slash(world.channel, "privacy"))


async def test_forgetting_asks_and_then_forgets_only_the_one_who_asked(world: World) -> None:
    paper, *_ = await papers_of(world, "llm")
    for user in (world.member, world.admin):
        await world.services.readers.save_paper(user.id, paper.arxiv_id, MORNING)
    asked = await world.member.slash(world.channel, "forget-me")
    assert "This cannot be undone." in text_of(asked)
    await world.env.restart_bot(build_bot(world.services, extensions=("cogs.admin",), shard_count=1))
    assert asked.response is not None
    await world.member.click(asked.response, label="Delete everything")
    assert "All that was stored about you is deleted." in text_of(asked)
    assert buttons_of(asked) == {}
    assert not await world.services.readers.load_saved(world.member.id)
    assert await world.services.readers.load_saved(world.admin.id)


async def test_forgetting_can_be_called_off(world: World) -> None:
    asked = await world.member.slash(world.channel, "forget-me")
    assert asked.response is not None
    await world.member.click(asked.response, label="Keep it")
    assert text_of(asked) == "Nothing was deleted."


async def test_help_lists_every_command(world: World) -> None:
    text = text_of(await world.member.slash(world.channel, "help"))
    for command in world.bot.tree.walk_commands():
        if not hasattr(command, "commands"):
            assert f"`/{command.qualified_name}` {command.description}" in text
    world.speak("zh-CN")
    chinese = text_of(await world.member.slash(world.channel, "help"))
    assert "`/主题 新建` 为本服务器新建一个主题" in chinese


@pytest.mark.parametrize("command", ["status", "privacy", "forget-me", "help"])
async def test_they_work_in_direct_messages_in_both_languages(world: World, command: str) -> None:
    user = world.env.create_user("solo")
    english = text_of(await user.slash(command))
    world.speak("zh-CN")
    chinese = text_of(await user.slash(command))
    assert english != chinese
    assert any("一" <= letter <= "鿿" for letter in chinese)
