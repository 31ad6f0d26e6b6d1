"""The buttons under a paper: what they open, that they act once, and what they say when their paper is gone."""

import asyncio
import re
from typing import Any

import discord
import pytest
import sqlalchemy as sa
from discord.http import Route
from simcord.builders import ChannelHandle

from bot.client import build_bot
from bot.delivery import Subscription, TopicKey
from bot.i18n import load_texts
from bot.render.parts import paper_components
from bot.services import Services
from bot.store.schema import paper
from cogs._views import briefs, hits, library, papers
from tests.cogs.conftest import MORNING, World, buttons_of, text_of
from tests.cogs.reading import READING, embed_of, last_message, make_paper, reply, with_reading

ID, OLD_ID = "2611.10001", "cond-mat.mes-hall/0703001"
LLM = TopicKey("llm")


@pytest.fixture
def extensions() -> tuple[str, ...]:
    return READING


@pytest.fixture
async def services(services: Services) -> Services:
    await services.papers.save_metadata(
        [
            make_paper(ID, title="Turnips", abstract="$\\alpha$ turnips & *beets*. " * 4),
            make_paper("2611.10002", title="More turnips"),
            make_paper(OLD_ID, title="An old one", abstract="word " * 3000),
        ]
    )
    return with_reading(services)


async def post_card(world: World, arxiv_id: str = ID, channel: ChannelHandle | None = None) -> discord.Message:
    """Post a paper's buttons in the channel, as the sender does."""
    place = channel or world.channel
    rows = paper_components(arxiv_id, world.services.catalogue["llm"], load_texts("en"))
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=place.id)
    await world.bot.http.request(route, json={"content": "a paper", "components": rows})
    return last_message(place)


async def remove_papers(world: World) -> None:
    async with world.services.database._engine.begin() as connection:
        await connection.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
        await connection.execute(sa.delete(paper).where(paper.c.arxiv_id.in_([ID, OLD_ID])))


async def test_the_abstract_opens_readable_and_in_private(world: World) -> None:
    result = await world.member.click(await post_card(world), label="Abstract")
    assert result.ephemeral
    embed = embed_of(result)
    assert embed.title == "Turnips"
    assert (embed.description or "").startswith("α turnips & \\*beets\\*.")
    assert embed.footer.text == f"{ID}v1"


async def test_a_long_abstract_has_pages(world: World) -> None:
    result = await world.member.click(await post_card(world, OLD_ID), label="Abstract")
    assert embed_of(result).footer.text == f"{OLD_ID}v1 · page 1 of 4"
    whole = [embed_of(result).description or ""]
    for page in (2, 3, 4):
        await world.member.click(reply(result), label="More")
        assert f"page {page} of 4" in (embed_of(result).footer.text or "")
        whole.append(embed_of(result).description or "")
    assert " ".join(whole).count("word") == 3000
    assert list(buttons_of(result)) == ["Back"]


async def test_bibtex_and_related_open_in_private(world: World) -> None:
    message = await post_card(world)
    entry = await world.member.click(message, label="BibTeX")
    assert entry.ephemeral
    assert text_of(entry).startswith("```bibtex\n@misc{lee2026turnips,\n")
    related = await world.member.click(message, label="Related")
    assert related.ephemeral
    assert "More turnips" in (embed_of(related).description or "")


async def test_saving_from_a_button_is_idempotent(world: World) -> None:
    message = await post_card(world)
    assert text_of(await world.member.click(message, label="Save")) == "Saved. `/library` shows all you saved."
    assert text_of(await world.member.click(message, label="Save")) == "It is in your library already."
    assert [one.paper.arxiv_id for one in await world.services.readers.load_saved(world.member.id)] == [ID]


async def test_opinions_are_kept_for_the_channel_and_the_last_one_counts(world: World) -> None:
    message = await post_card(world)
    liked = await world.member.click(message, label="More like this")
    assert liked.ephemeral
    assert text_of(liked) == "Noted: more like this in this channel."
    assert text_of(await world.member.click(message, label="More like this")) == "That was noted already."
    await world.admin.click(message, label="More like this")
    readers = world.services.readers
    assert await readers.load_feedback(world.channel.id, LLM) == {ID: 2}
    assert text_of(await world.member.click(message, label="Not relevant")) == "Noted: not relevant in this channel."
    assert await readers.load_feedback(world.channel.id, LLM) == {ID: 0}
    assert await readers.load_feedback(world.channel.id + 1, LLM) == {}


async def test_opinions_in_a_thread_are_those_of_its_channel_unless_it_is_subscribed(world: World) -> None:
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.create_thread(name="brief", type=discord.ChannelType.public_thread)
    (thread,) = world.channel.threads
    message = await post_card(world, channel=thread)
    await world.member.click(message, label="More like this")
    readers = world.services.readers
    assert await readers.load_feedback(world.channel.id, LLM) == {ID: 1}
    await world.services.subscriptions.save(Subscription(world.guild.id, thread.id, LLM, world.admin.id, MORNING))
    await world.member.click(message, label="Not relevant")
    assert await readers.load_feedback(thread.id, LLM) == {ID: -1}


@pytest.mark.parametrize("label", ["Abstract", "Related", "BibTeX", "Save"])
async def test_buttons_of_a_paper_that_is_gone_say_so(world: World, label: str) -> None:
    message = await post_card(world)
    await remove_papers(world)
    gone = "This paper is no longer stored here. `/paper` asks arXiv for it again."
    result = await world.member.click(message, label=label)
    assert result.ephemeral
    assert text_of(result) == gone
    world.speak("zh-CN")
    assert text_of(await world.member.click(message, label=label)) not in ("", gone)


async def test_an_opinion_about_a_paper_that_is_gone_is_refused(world: World) -> None:
    message = await post_card(world)
    await remove_papers(world)
    result = await world.member.click(message, label="Not relevant")
    assert text_of(result) == "This paper is no longer stored here. `/paper` asks arXiv for it again."
    assert await world.services.readers.load_feedback(world.channel.id, LLM) == {}


async def test_every_button_works_after_a_restart(world: World) -> None:
    message = await post_card(world, OLD_ID)
    await world.env.restart_bot(build_bot(world.services, extensions=READING, shard_count=1))
    for label in ("Abstract", "Related", "BibTeX", "Save", "More like this", "Not relevant"):
        result = await world.member.click(message, label=label)
        assert result.ephemeral, label
        assert text_of(result), label
        assert "went wrong" not in text_of(result), label


async def test_the_topic_of_another_server_cannot_be_trained(world: World) -> None:
    rows = paper_components(ID, world.services.catalogue["llm"], load_texts("en"))
    for row in rows:
        for one in row["components"]:
            one["custom_id"] = one["custom_id"].replace(":llm:0:", ":llm:4242:")
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=world.channel.id)
    await world.bot.http.request(route, json={"content": "forged", "components": rows})
    result = await world.member.click(last_message(world.channel), label="More like this")
    assert text_of(result) == "This belongs to another server."


async def test_a_slow_answer_is_announced_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    message = await post_card(world)
    monkeypatch.setattr("cogs._shared.answers.DEFER_AFTER", 0.0)
    find = world.services.related.find

    async def slow(*args: Any, **named: Any) -> Any:
        await asyncio.sleep(0.01)
        return await find(*args, **named)

    monkeypatch.setattr(world.services.related, "find", slow)
    before = len(world.env.http_requests)
    result = await world.member.click(message, label="Related")
    methods = [request.method for request in world.env.http_requests[before:]]
    assert methods == ["POST", "PATCH"]
    assert result.ephemeral
    assert "More turnips" in (embed_of(result).description or "")


def template(item: type[Any]) -> re.Pattern[str]:
    found = item.__discord_ui_compiled_template__
    assert isinstance(found, re.Pattern)
    return found


def test_every_id_of_the_scheme_has_one_component_that_answers() -> None:
    items: list[type[Any]] = [*papers.ITEMS, *briefs.ITEMS, *hits.ITEMS, *library.ITEMS]
    longest = "astro-ph.GA/9901001"
    ids = [
        f"pb:abs:{ID}",
        f"pb:abs:{longest}:3",
        f"pb:rel:{longest}",
        f"pb:bib:{longest}",
        f"pb:save:{longest}",
        f"pb:like:{'x' * 32}:{2**63}:{longest}",
        f"pb:less:llm:0:{ID}",
        "pb:details:llm:0:20261117",
        f"pb:day:{'x' * 32}:{2**63}:20261117:prev",
        "pb:day:llm:0:20261117:next",
        "pb:open",
        "pb:hits:3",
        "pb:lib:0",
        "pb:unsave:12",
    ]
    for custom_id in ids:
        assert len(custom_id) <= 100
        fits = [item for item in items if template(item).fullmatch(custom_id)]
        assert len(fits) == 1, custom_id
    for wrong in ("pb:abs:", "pb:like:llm:0", "pb:day:llm:0:2026:prev", "pb:details:LLM:0:20261117", "xpb:open"):
        assert not [item for item in items if template(item).fullmatch(wrong)], wrong
