"""Model summaries as a channel and its members see them, with a real model client against the loopback server."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from simcord.builders import ChannelHandle

from bot.app import open_services
from bot.delivery import Subscription, TopicKey
from bot.model import Brief
from bot.services import Services
from bot.settings import Settings
from tests.cogs.conftest import StillClock, World, text_of
from tests.cogs.test_styles import deliver, menu, send_due
from tests.wire.openai_server import OpenAIServer

KEY = "sk-canary-91bd"


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as running:
        yield running


@pytest.fixture
def ceiling() -> int | None:
    return None


@pytest.fixture
async def services(
    sample_file: Path, tmp_path: Path, clock: StillClock, server: OpenAIServer, ceiling: int | None
) -> AsyncIterator[Services]:
    path = tmp_path / "paperbrief.sqlite3"
    shutil.copyfile(sample_file, path)
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path,
        database={"url": f"sqlite:///{path}"},
        llm={
            "base_url": server.url,
            "model": "tiny-1",
            "api_key": KEY,
            "input_price": "0.4",
            "output_price": "1.6",
            "daily_tokens": ceiling,
            "timeout": 2.0,
        },
        limits={"questions_per_user": 2, "questions_per_guild": 3},
    )
    async with open_services(settings, clock=clock, with_model=True) as opened:
        yield opened


async def subscribe(world: World, channel: ChannelHandle, language: str = "en") -> None:
    """Subscribe a channel to all of cs.CL, then plan and send."""
    clock = world.services.clock
    one = Subscription(world.guild.id, channel.id, TopicKey("cs-cl"), world.admin.id, clock.now(), language=language)
    await world.services.subscriptions.save(one)
    await send_due(world)


async def test_a_posted_brief_names_the_model_and_shows_takeaways_and_the_bill(world: World) -> None:
    await deliver(world, world.channel)
    (message,) = world.channel.history()
    assert "-# tiny-1 · " in message.content
    assert " tokens · $0.0" in message.content
    for embed in message.embeds:
        assert "written by tiny-1" in (embed.footer.text or "")
    # A long gist leaves no room for them in a digest.
    assert sum("\n• " in (embed.description or "") for embed in message.embeds) >= 5


async def test_a_brief_in_chinese_is_chinese_and_so_is_its_bill(world: World) -> None:
    await subscribe(world, world.channel, "zh-CN")
    (message,) = world.channel.history()
    assert "10 篇摘要" in message.content
    assert "个 token" in message.content
    assert "tiny-1" in (message.embeds[0].footer.text or "")


async def test_with_a_failing_server_the_brief_arrives_and_every_paper_says_so(
    world: World, server: OpenAIServer
) -> None:
    server.always = "failing:500"
    await subscribe(world, world.channel)
    (message,) = world.channel.history()
    assert "10 extracted instead" in message.content
    assert len(message.embeds) == 10
    assert all("extracted: the model could not be reached" in (one.footer.text or "") for one in message.embeds)
    text = text_of(await world.member.slash(world.channel, "status"))
    assert "The model failed or refused and is left alone for a while" in text


@pytest.mark.parametrize("ceiling", [6000])
async def test_status_tells_of_the_ceiling_to_everybody(world: World) -> None:
    await subscribe(world, world.channel)
    (message,) = world.channel.history()
    assert any("the model's budget for today is used up" in (one.footer.text or "") for one in message.embeds)
    text = text_of(await world.member.slash(world.channel, "status"))
    assert "**Language model today**" in text
    assert "of the day's ceiling is used (6.0k tokens)" in text
    assert "The ceiling is reached: until midnight UTC summaries are extracted." in text
    assert KEY not in text


async def test_leafing_through_briefs_that_were_not_posted_costs_nothing(world: World, server: OpenAIServer) -> None:
    text = text_of(await world.member.slash(world.channel, "brief", topic="cs-cl"))
    assert "extracted from the abstract" in text
    assert not server.log
    await subscribe(world, world.channel)
    made = len(server.log)
    world.services.clock.move(3600)  # type: ignore[attr-defined]  # a clock of the tests
    text = text_of(await world.member.slash(world.channel, "brief", topic="cs-cl"))
    assert "written by tiny-1" in text
    assert "-# tiny-1 · 10 summaries" in text
    assert len(server.log) == made


async def test_the_menu_opens_the_whole_summary_that_was_posted(world: World, server: OpenAIServer) -> None:
    await subscribe(world, world.channel)
    (message,) = world.channel.history()
    made = len(server.log)
    details = text_of(
        await world.member.select(message, [menu(message).options[0].value], custom_id=menu(message).custom_id)
    )
    assert "written by tiny-1" in details
    assert len(server.log) == made


async def test_a_paper_that_nobody_summarised_is_while_the_readers_quota_lasts(
    world: World, server: OpenAIServer
) -> None:
    papers = [item.paper for item in (await _brief(world)).items]
    for number, paper in enumerate(papers[:3]):
        text = text_of(await world.member.slash(world.channel, "paper", paper=paper.arxiv_id))
        assert ("written by tiny-1" if number < 2 else "extracted from the abstract") in text
    assert len(server.log) == 2
    # What is there is free, for everybody.
    text = text_of(await world.admin.slash(world.channel, "paper", paper=papers[0].arxiv_id))
    assert "written by tiny-1" in text
    assert len(server.log) == 2


async def test_a_summary_that_could_not_be_made_costs_no_quota(world: World, server: OpenAIServer) -> None:
    first, second, third = [item.paper.arxiv_id for item in (await _brief(world)).items[:3]]
    server.always = "failing:500"
    text = text_of(await world.member.slash(world.channel, "paper", paper=first))
    assert "extracted: the model could not be reached" in text
    server.always = "good"
    for one in (second, third):
        assert "written by tiny-1" in text_of(await world.member.slash(world.channel, "paper", paper=one))


async def _brief(world: World) -> Brief:
    topic = world.services.catalogue["cs-cl"]
    return await world.services.briefing.brief(topic, await world.services.briefing.latest_date(topic), max_papers=10)
