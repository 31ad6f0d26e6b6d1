"""Briefs with translated titles, by a real model client: shared, repaired once, marked where it fails."""

import json
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_services
from bot.errors import UsageError
from bot.i18n import Refusal
from bot.pipeline.patience import Patience
from bot.render.pages import render_html
from bot.texts import Fallback, Translation
from tests.wire.model_day import DAY, TOPIC, DayClock, fill, open_day
from tests.wire.openai_answers import ChatCall
from tests.wire.openai_makers.translation import FAULTS, make
from tests.wire.openai_server import OpenAIServer


@pytest.fixture
async def path(migrated_file: Path, tmp_path: Path) -> Path:
    made = tmp_path / "paperbrief.sqlite3"
    shutil.copyfile(migrated_file, made)
    await fill(made, DayClock())
    return made


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as running:
        yield running


def spoil(server: OpenAIServer, change: Callable[[dict[str, str]], dict[str, str]], times: int) -> None:
    """Have the server's first answers of this kind go wrong."""
    left = [times]

    def maker(call: ChatCall) -> Any:
        good = make(call.system, call.user, call.schema)
        if good is None or not left[0]:
            return None
        left[0] -= 1
        return change(json.loads(good))

    server.makers.known.insert(0, maker)


def translations_asked(server: OpenAIServer) -> int:
    return sum(one.messages[0]["content"].startswith("Translate a paper") for one in server.log)


async def test_titles_stand_translated_where_that_is_wanted(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server) as day:
        await day.subscribe(1, "zh-CN", translate=True)
        await day.subscribe(2, "zh-CN", translate=True)
        await day.subscribe(3, "zh-CN")
        await day.subscribe(4, "en", translate=True)
        report = await day.plan()
        assert not report.errors
        assert translations_asked(server) == 10
        with_titles, same, without, english = [await day.posted(channel) for channel in (1, 2, 3, 4)]
        for embed in with_titles["embeds"]:
            assert embed["description"].splitlines()[0].startswith("> ")
            assert "由 small 翻译" in embed["footer"]["text"]
        assert [one["description"] for one in same["embeds"]] == [one["description"] for one in with_titles["embeds"]]
        assert [one["title"] for one in without["embeds"]] == [one["title"] for one in with_titles["embeds"]]
        assert not any(line.startswith("> ") for one in without["embeds"] for line in one["description"].splitlines())
        assert not any("translated" in one["footer"]["text"] for one in english["embeds"])
        assert report.bill is not None
        assert report.bill.spending.requests == len(server.log)
    async with open_day(path, server) as day:
        brief = await day.services.translator.add_stored(await day.brief("zh-CN"))
        page = render_html(brief)
        first = brief.items[0].translation
        assert isinstance(first, Translation)
        assert f'<p class="translated" lang="zh-CN" dir="auto">{first.title}</p>' in page
        assert page.count("translated by small") == 10
        assert translations_asked(server) == 10


async def test_a_brief_is_posted_without_what_the_model_does_not_give(path: Path, server: OpenAIServer) -> None:
    spoil(server, lambda answer: {**answer, "title": "⟦97⟧"}, 1000)
    async with open_day(path, server) as day:
        await day.subscribe(1, "zh-CN", translate=True, max_papers=2)
        report = await day.plan()
        assert not report.errors
        embeds = (await day.posted(1))["embeds"]
        assert all("未翻译：模型的回答未通过检查" in one["footer"]["text"] for one in embeds)
        assert not any(line.startswith("> ") for one in embeds for line in one["description"].splitlines())
        assert translations_asked(server) == 4


async def test_the_budget_goes_to_summaries_first_and_the_rest_says_so(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server) as day:
        await day.subscribe(1, "zh-CN", max_papers=1)
        await day.plan()
        used = day.server.log[0].input_tokens + day.server.log[0].output_tokens
    async with open_day(path, server, daily_tokens=used + 10) as day:
        await day.subscribe(2, "zh-CN", max_papers=1, translate=True)
        await day.plan()
        (embed,) = (await day.posted(2))["embeds"]
        assert "未翻译：模型今天的预算已用完" in embed["footer"]["text"]
        paper = (await day.brief("zh-CN")).items[0].paper
        with pytest.raises(Refusal, match="budget for the language model is used up"):
            await day.services.translator.translate(paper, "de", user_id=1)


@pytest.mark.parametrize("fault", FAULTS)
async def test_one_fault_is_repaired_and_a_second_is_not_shown(path: Path, server: OpenAIServer, fault: str) -> None:
    async with open_day(path, server) as day:
        brief = await day.services.briefing.brief(day.services.catalogue[TOPIC], DAY, max_papers=10, language="de")
        papers = [item.paper for item in brief.items]
        paper = next(one for one in papers if "http" in one.abstract or "$" in one.abstract)
        spoil(server, FAULTS[fault], 2)
        with pytest.raises(Refusal, match="did not keep to the original"):
            await day.services.translator.translate(paper, "de")
        assert len(server.log) == 2
        spoil(server, FAULTS[fault], 1)
        made = await day.services.translator.translate(paper, "de")
        assert len(server.log) == 4
        assert made.producer == "small"
        assert "That answer cannot be used." in server.log[-1].messages[-1]["content"]


async def test_a_hanging_server_delays_nobody_for_ever(path: Path, server: OpenAIServer) -> None:
    server.always = "hang"
    async with open_day(path, server, patience=0.2) as day:
        await day.subscribe(1, "zh-CN", translate=True, max_papers=2)
        await day.plan()
        assert "未翻译：模型的回答未能及时完成" in (await day.posted(1))["embeds"][0]["footer"]["text"]
        brief = await day.brief("zh-CN")
        found, _ = await day.services.translator.add_to(brief, Patience(0))
        assert {item.translation for item in found.items} <= {Fallback.DEADLINE}


async def test_services_without_a_model_refuse(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server) as day:
        settings = day.settings
    async with open_services(settings, clock=DayClock()) as services:
        brief = await services.briefing.brief(services.catalogue[TOPIC], DAY, max_papers=1)
        with pytest.raises(Refusal, match="No language model is set up here"):
            await services.translator.translate(brief.items[0].paper, "de")
        with pytest.raises(UsageError):
            await services.translator.translate(brief.items[0].paper, "de de de")
