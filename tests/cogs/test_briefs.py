"""/brief as a member meets it, and the menu and the buttons under a brief, in a channel and in private."""

from datetime import UTC, datetime

import discord
import pytest
from discord.http import Route

from bot.client import build_bot
from bot.delivery import Subscription, TopicKey
from bot.model import AnnouncedPaper, AnnouncementState, AnnounceType, Counts, FetchedAnnouncement, SourceName, Topic
from bot.render.parts import digest_components
from bot.services import Services
from tests.cogs.conftest import MORNING, World, buttons_of, text_of
from tests.cogs.reading import READING, embed_of, ids_of, last_message, make_paper, menu_of, reply, with_reading

SAMPLE_DAY = "2026-11-17"
DAY_BEFORE = datetime(2026, 11, 16, tzinfo=UTC).date()


@pytest.fixture
def extensions() -> tuple[str, ...]:
    return READING


@pytest.fixture
async def services(services: Services) -> Services:
    earlier = make_paper(
        "2611.80001", title="Pretraining large language models of yesterday", abstract="We pretrain one."
    )
    await services.announcements.save_fetched(
        FetchedAnnouncement(
            "cs.CL",
            DAY_BEFORE,
            SourceName.LISTING,
            (AnnouncedPaper(earlier, AnnounceType.NEW, 0),),
            Counts(new=1),
        ),
        state=AnnouncementState.FRESH,
        fetched_at=MORNING,
        late=False,
        reason=None,
    )
    return with_reading(services)


async def subscribe(world: World, slug: str, channel_id: int | None = None) -> None:
    one = Subscription(world.guild.id, channel_id or world.channel.id, TopicKey(slug), world.admin.id, MORNING)
    await world.services.subscriptions.save(one)


async def post_digest(world: World, topic: Topic) -> discord.Message:
    """Post a brief's components as the sender does, and return the message."""
    brief = await world.services.briefing.brief(topic, MORNING.date(), max_papers=5)
    payload = {"content": "the brief", "components": digest_components(brief)}
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=world.channel.id)
    await world.bot.http.request(route, json=payload)
    return last_message(world.channel)


async def test_the_newest_brief_is_shown_to_the_one_who_asks(world: World) -> None:
    result = await world.member.slash(world.channel, "brief", topic="llm")
    assert result.ephemeral
    assert "**Large language models** · Tue 17 Nov 2026" in text_of(result)
    assert result.response is not None
    assert 1 <= len(result.response.embeds) <= 10
    assert len(menu_of(result, "pb:details:llm:0:20261117")["options"]) == len(result.response.embeds)
    assert ids_of(result)[1:] == ["pb:day:llm:0:20261117:prev", "pb:day:llm:0:20261117:next"]
    later = result.response.components[1]["components"][1]
    assert later["disabled"]


async def test_a_paper_of_the_brief_opens_in_private_with_buttons_to_judge_it(world: World) -> None:
    result = await world.member.slash(world.channel, "brief", topic="llm")
    value = menu_of(result)["options"][0]["value"]
    opened = await world.member.select(reply(result), [value], custom_id=menu_of(result)["custom_id"])
    assert opened.ephemeral
    assert embed_of(opened).url == f"https://arxiv.org/abs/{value}"
    buttons = ["Abstract", "Related", "BibTeX", "Save", "Translate", "More like this", "Not relevant"]
    assert list(buttons_of(opened)) == buttons
    assert await world.services.readers.counts(value) == (1, 0)


async def test_the_days_are_leafed_through_in_place(world: World) -> None:
    result = await world.member.slash(world.channel, "brief", topic="llm")
    await world.member.click(reply(result), custom_id="pb:day:llm:0:20261117:prev")
    text = text_of(result)
    assert "Mon 16 Nov 2026" in text
    assert "Pretraining large language models of yesterday" in text
    earlier = result.response.components[1]["components"][0] if result.response else {}
    assert earlier["disabled"]
    await world.member.click(reply(result), custom_id="pb:day:llm:0:20261116:next")
    assert "Tue 17 Nov 2026" in text_of(result)


async def test_under_a_posted_brief_everything_opens_in_private_and_survives_a_restart(world: World) -> None:
    message = await post_digest(world, world.services.catalogue["llm"])
    await world.env.restart_bot(build_bot(world.services, extensions=READING, shard_count=1))
    turned = await world.member.click(message, custom_id="pb:day:llm:0:20261117:prev")
    assert turned.ephemeral
    assert "Mon 16 Nov 2026" in text_of(turned)
    assert last_message(world.channel).content == "the brief"
    end = await world.member.click(message, custom_id="pb:day:llm:0:20261117:next")
    assert text_of(end) == "This is the newest brief of this topic."
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    menu = next(one for row in rows for one in row.children if isinstance(one, discord.SelectMenu))
    opened = await world.member.select(message, [menu.options[0].value], custom_id=menu.custom_id)
    assert opened.ephemeral
    assert embed_of(opened).title


async def test_a_date_can_be_named(world: World) -> None:
    for typed in ("2026-11-16", "2026/11/16", "yesterday", "1 day", "20261116"):
        result = await world.member.slash(world.channel, "brief", topic="llm", date=typed)
        assert "Mon 16 Nov 2026" in text_of(result), typed
    weekend = await world.member.slash(world.channel, "brief", topic="llm", date="2026-11-15")
    assert "announces nothing on Sunday" in text_of(weekend) or "nothing" in text_of(weekend).lower()


@pytest.mark.parametrize("typed", ["someday", "2026-02-30", "99999999", "25:00", "1066-10-14", "x" * 6000])
async def test_what_is_no_date_is_answered_in_both_languages(world: World, typed: str) -> None:
    result = await world.member.slash(world.channel, "brief", topic="llm", date=typed)
    assert "is not a date to look for. Write it as 2026-05-12." in text_of(result)
    world.speak("zh-CN")
    result = await world.member.slash(world.channel, "brief", topic="llm", date=typed)
    assert "2026-05-12" in text_of(result)
    assert "is not a date" not in text_of(result)


async def test_without_a_topic_it_is_that_of_the_channel(world: World) -> None:
    result = await world.member.slash(world.channel, "brief")
    assert text_of(result).startswith("Which topic?")
    await subscribe(world, "diffusion", channel_id=5)
    other = await world.member.slash(world.channel, "brief")
    assert "Diffusion" in text_of(other).splitlines()[0]
    await subscribe(world, "llm")
    own = await world.member.slash(world.channel, "brief")
    assert "Large language models" in text_of(own).splitlines()[0]


async def test_an_unknown_topic_and_another_servers_are_refused(world: World) -> None:
    result = await world.member.slash(world.channel, "brief", topic="lmm")
    assert "There is no topic “lmm”" in text_of(result)
    theirs = Topic("secret", {"en": "Secret"}, ("cs.CL",), query="llm", guild_id=4242)
    await world.services.guild_topics.save(theirs)
    result = await world.member.slash(world.channel, "brief", topic="secret")
    assert "There is no topic" in text_of(result)
    message = await post_digest(world, theirs)
    for button in ("prev", "next"):
        result = await world.member.click(message, custom_id=f"pb:day:secret:4242:20261117:{button}")
        assert text_of(result) == "This belongs to another server."


async def test_a_topic_that_was_deleted_since_is_said(world: World) -> None:
    own = Topic("ours", {"en": "Ours"}, ("cs.CL",), query="language", guild_id=world.guild.id)
    await world.services.guild_topics.save(own)
    result = await world.member.slash(world.channel, "brief", topic="ours")
    assert "**Ours**" in text_of(result)
    await world.services.guild_topics.delete(world.guild.id, "ours")
    gone = await world.member.click(reply(result), custom_id=f"pb:day:ours:{world.guild.id}:20261117:prev")
    assert text_of(gone) == "This topic no longer exists."
    # The papers are still there, but there is nothing left to train.
    value = menu_of(result)["options"][0]["value"]
    opened = await world.member.select(reply(result), [value], custom_id=menu_of(result)["custom_id"])
    assert list(buttons_of(opened)) == ["Abstract", "Related", "BibTeX", "Save", "Translate"]


async def test_nothing_read_yet_is_no_error(world: World) -> None:
    own = Topic("maths", {"en": "Maths"}, ("math.GT",), query="knot", guild_id=world.guild.id)
    await world.services.guild_topics.save(own)
    result = await world.member.slash(world.channel, "brief", topic="maths")
    assert text_of(result) == "Nothing of this topic's categories has been read yet: math.GT."


async def test_dates_and_topics_are_offered_while_typing(world: World) -> None:
    topics = await world.member.autocomplete(world.channel, "brief", "topic", "language")
    assert "llm" in [one["value"] for one in topics]
    days = await world.member.autocomplete(world.channel, "brief", "date", "", topic="llm")
    assert [one["value"] for one in days] == [SAMPLE_DAY, "2026-11-16"]
    assert days[0]["name"] == "Tue 17 Nov 2026 · 2026-11-17"
    assert await world.member.autocomplete(world.channel, "brief", "date", "x", topic="nonsense") == []


async def test_a_brief_in_chinese_and_in_a_direct_message(world: World) -> None:
    world.speak("zh-CN")
    result = await world.env.create_user("solo").slash("brief", topic="llm")
    assert "大语言模型" in text_of(result)
    assert "2026" in text_of(result)
    value = menu_of(result)["options"][0]["value"]
    assert menu_of(result)["placeholder"] != "Details of a paper…"
    opened = await world.env.create_user("other").slash("paper", paper=value)
    assert "摘要" in buttons_of(opened)
