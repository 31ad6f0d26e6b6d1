"""The sample day, briefed with a model: in two languages, with a server that hangs, fails, lies or costs too much."""

import html
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.delivery import DeliveryKind
from bot.i18n import load_texts
from bot.model import Brief
from bot.pipeline.patience import Patience
from bot.render.bills import model_lines
from bot.render.markdown import render_markdown
from bot.render.pages import render_html
from bot.render.plain import render_text
from bot.store.spend import SpendStore
from bot.texts import Fallback
from tests.wire.model_day import DAY, KEY, MORNING, TOPIC, DayClock, ModelDay, fill, open_day
from tests.wire.openai_server import OpenAIServer

HAN = re.compile(r"[\u4e00-\u9fff]")


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


def shown(payload: dict[str, Any]) -> str:
    """Return all words of a message."""
    parts = [payload["content"]]
    for embed in payload["embeds"]:
        parts += [embed["title"], embed["description"], embed["footer"]["text"]]
    return "\n".join(parts)


def fallbacks(brief: Brief) -> set[Fallback | None]:
    return {item.summary.fallback for item in brief.items}


async def test_the_sample_day_is_briefed_in_english_and_in_chinese(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server) as day:
        await day.subscribe(1, "en")
        await day.subscribe(2, "zh-CN")
        await day.subscribe(3, "en")
        report = await day.plan()
        assert report.planned == {DeliveryKind.BRIEF: 3}
        english, chinese = await day.brief("en"), await day.brief("zh-CN")
        for brief, language in ((english, "en"), (chinese, "zh-CN")):
            assert len(brief.items) == 10
            for item in brief.items:
                assert (item.summary.producer, item.summary.language, item.summary.fallback) == (
                    "small",
                    language,
                    None,
                )
                assert 3 <= len(item.summary.key_takeaways) <= 6
                assert item.summary.paragraph
        assert all(HAN.search(item.summary.text) for item in chinese.items)
        # One paper of the sample day has a Chinese word in its abstract.
        assert sum(HAN.search(item.summary.text) is not None for item in english.items) <= 1
        # Shared by the channels, and only what is shown: one call for each paper and language.
        assert len(server.log) == 20
        message, chinese_message = await day.posted(1), await day.posted(2)
        assert [one["description"] for one in (await day.posted(3))["embeds"]] == [
            one["description"] for one in message["embeds"]
        ]
        first = english.items[0].summary
        assert first.text[:40] in shown(message).replace("\\", "")
        assert "written by small" in shown(message)
        assert "-# small · 10 summaries" in message["content"]
        assert HAN.search(chinese_message["embeds"][0]["description"])
        assert "small" in chinese_message["embeds"][0]["footer"]["text"]
        assert report.bill is not None
        assert (report.bill.made, report.bill.cached, dict(report.bill.fallbacks)) == (20, 0, {})
        spent = await SpendStore(day.services.database).spent(MORNING.date())
        assert report.bill.spending == spent
        assert english.bill is not None
        assert chinese.bill is not None
        assert english.bill.spending + chinese.bill.spending == spent
        for text in (render_text(english), render_markdown(english), render_html(english)):
            assert "small · 10 summaries" in text.replace("\\", "")
            assert KEY not in text


async def test_the_cache_outlives_a_restart_and_leafing_costs_nothing(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server) as day:
        await day.subscribe(1)
        await day.plan()
    async with open_day(path, server) as day:
        await day.subscribe(2)
        report = await day.plan()
        assert report.planned == {DeliveryKind.BRIEF: 1}
        assert report.bill is not None
        assert (report.bill.made, report.bill.cached) == (0, 10)
        assert "-# small · 10 summaries · 10 from the cache" in (await day.posted(2))["content"]
        topic = day.services.catalogue[TOPIC]
        leaf = await day.services.shelf.open(topic, DAY, "en")
        assert {item.summary.producer for item in leaf.brief.items} == {"small"}
        other = await day.services.shelf.open(day.services.catalogue["cs-cv"], DAY, "zh-CN")
        assert {item.summary.producer for item in other.brief.items} == {"extractive"}
        assert fallbacks(other.brief) == {None}
        assert len(server.log) == 10


@pytest.mark.parametrize(
    ("always", "settings", "marks"),
    [
        ("hang", {"patience": 0.3}, {Fallback.DEADLINE}),
        ("hang", {"timeout": 0.2}, {Fallback.UNAVAILABLE}),
        ("failing:500", {}, {Fallback.UNAVAILABLE}),
        ("limited:3600", {}, {Fallback.UNAVAILABLE}),
        ("unauthorised", {}, {Fallback.UNAVAILABLE}),
        ("quota", {}, {Fallback.UNAVAILABLE}),
        ("reset", {}, {Fallback.UNAVAILABLE}),
        ("refusal", {}, {Fallback.INVALID}),
        ("truncated", {}, {Fallback.INVALID}),
        ("prose", {}, {Fallback.INVALID}),
        ("other-paper", {}, {Fallback.REJECTED}),
        ("invented-number", {}, {Fallback.REJECTED}),
        ("wrong-language", {}, {Fallback.REJECTED}),
        ("wrong-id", {}, {Fallback.REJECTED}),
        ("good", {"daily_tokens": 0}, {Fallback.BUDGET}),
        ("good", {"daily_budget": "0.000001"}, {Fallback.BUDGET}),
    ],
)
async def test_whatever_the_server_does_every_brief_arrives_and_says_so(
    path: Path, server: OpenAIServer, always: str, settings: dict[str, Any], marks: set[Fallback]
) -> None:
    server.always = always
    async with open_day(path, server, **settings) as day:
        await day.subscribe(1)
        await day.subscribe(2, "zh-CN")
        report = await day.plan()
        assert report.planned == {DeliveryKind.BRIEF: 2}
        assert report.errors == ()
        brief = await day.brief()
        assert len(brief.items) == 10
        assert fallbacks(brief) == marks
        assert {item.summary.producer for item in brief.items} == {"extractive"}
        assert report.bill is not None
        assert set(report.bill.fallbacks) == marks
        # What the loopback model says of another paper in Chinese names hardly anything that could give it away.
        assert always == "other-paper" or sum(report.bill.fallbacks.values()) == 20
        message = await day.posted(1)
        assert all("extracted: " in embed["footer"]["text"] for embed in message["embeds"])
        assert "10 extracted instead" in message["content"]
        assert "条" in (await day.posted(2))["content"] or HAN.search((await day.posted(2))["content"])


@pytest.mark.parametrize(
    ("always", "settings", "english", "chinese"),
    [
        (
            "hang",
            {"patience": 0.3},
            "extracted: the model's answer was not ready in time",
            "摘录：模型未能按时完成",
        ),
        ("failing:500", {}, "extracted: the model could not be reached", "摘录：无法连接模型"),
        (
            "good",
            {"daily_tokens": 0},
            "extracted: the model's budget for today is used up",
            "摘录：今日的模型预算已用完",
        ),
    ],
)
async def test_every_paper_of_both_languages_says_in_its_words_why_it_is_extracted(
    path: Path, server: OpenAIServer, always: str, settings: dict[str, Any], english: str, chinese: str
) -> None:
    server.always = always
    async with open_day(path, server, **settings) as day:
        await day.subscribe(1)
        await day.subscribe(2, "zh-CN")
        await day.plan()
        for channel, language, mark, foot in (
            (1, "en", english, "-# small · 10 extracted instead"),
            (2, "zh-CN", chinese, "-# small · 10 篇改为摘录"),
        ):
            message = await day.posted(channel)
            assert len(message["embeds"]) == 10
            assert all(mark in embed["footer"]["text"] for embed in message["embeds"])
            assert all(embed["description"] for embed in message["embeds"])
            assert foot in message["content"].splitlines()
            # The terminal and the page of a brief are in English, whatever language its summaries are in.
            brief = await day.brief(language)
            for text in (render_text(brief), render_markdown(brief), render_html(brief)):
                plain = " ".join(html.unescape(text).replace("\\", "").split())
                assert plain.count(english) == 10


@pytest.mark.parametrize(
    ("script", "always", "lacks", "estimated"),
    [
        ([], "slow:0.05", set(), False),
        ([], "fenced", set(), False),
        ([], "no-usage", set(), True),
        ([], "good", {"json_schema"}, False),
        ([], "good", {"json_schema", "json_object"}, False),
        (["limited:3"], "good", set(), False),
        (["failing:503", "reset"], "good", set(), None),
        (["invented-number", "other-paper", "wrong-language", "wrong-id"], "good", set(), False),
    ],
)
async def test_what_is_odd_but_right_or_mended_is_a_models_brief(
    path: Path, server: OpenAIServer, script: list[str], always: str, lacks: set[str], estimated: bool | None
) -> None:
    server.script.extend(script)
    server.always, server.lacks = always, frozenset(lacks)
    async with open_day(path, server) as day:
        await day.subscribe(1, max_papers=4)
        report = await day.plan()
        assert report.bill is not None
        assert (report.bill.made, dict(report.bill.fallbacks)) == (4, {})
        # Of a request whose connection broke nobody knows what it cost.
        assert estimated is None or bool(report.bill.spending.estimated) is estimated
        assert report.bill.spending.requests == server.arrived
        message = await day.posted(1)
        assert all("written by small" in embed["footer"]["text"] for embed in message["embeds"])
        assert ("~" in message["content"].split("-# small")[1]) is (estimated is not False)


async def test_the_ceiling_is_kept_and_the_rest_is_marked(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server, daily_tokens=8_000, concurrency=1) as day:
        await day.subscribe(1)
        report = await day.plan()
        spent = await SpendStore(day.services.database).spent(MORNING.date())
        assert spent.input_tokens + spent.output_tokens <= 8_000
        assert report.bill is not None
        assert 0 < report.bill.made < 10
        assert report.bill.fallbacks == {Fallback.BUDGET: 10 - report.bill.made}
        standing = await day.services.billing.standing()
        assert standing is not None
        assert standing.full
        assert standing.spent == spent


async def test_a_server_that_counts_more_than_was_allowed_is_asked_no_more_and_the_overrun_is_said(
    path: Path, server: OpenAIServer
) -> None:
    server.always = "costly:50000"
    async with open_day(path, server, daily_tokens=60_000, concurrency=1) as day:
        await day.subscribe(1)
        report = await day.plan()
        assert report.bill is not None
        assert (report.bill.made, report.bill.fallbacks) == (1, {Fallback.BUDGET: 9})
        assert server.arrived == 1
        standing = await day.services.billing.standing()
        assert standing is not None
        assert (standing.spent.tokens, standing.full, standing.overrun) == (100_000, True, True)
        lines = model_lines(standing, load_texts())
        assert "167% of the day's ceiling is used (60.0k tokens)" in lines
        assert any("More is spent than the ceiling allows" in line for line in lines)
        assert "100.0k tokens" in (await day.posted(1))["content"]


async def test_one_overview_serves_all_channels_that_get_the_same_brief(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server, {"overview": True}) as day:
        await day.subscribe(1, "zh-CN")
        await day.plan()
        asked = len(server.log)
        await day.subscribe(2, "zh-CN")
        report = await day.plan()
        assert report.planned == {DeliveryKind.BRIEF: 1}
        assert len(server.log) == asked
        first, second = await day.posted(1), await day.posted(2)
        overview = first["content"].split("\n-# small")[0]
        assert second["content"].startswith(overview)


async def test_a_hanging_server_holds_up_many_topics_no_longer_than_one(path: Path, server: OpenAIServer) -> None:
    server.always = "hang"
    async with open_day(path, server, patience=0.3) as day:
        for number, topic in enumerate(("cs-cl", "cs-cv", "cs-ai")):
            for language in ("en", "zh-CN"):
                await day.subscribe(10 + 2 * number + (language == "en"), language, topic)
        report = await day.plan()
        assert report.planned == {DeliveryKind.BRIEF: 6}
        # The first brief's papers used all the patience there is: no further calls were begun.
        assert server.arrived <= 8


async def test_late_answers_are_there_for_the_next_reader(path: Path, server: OpenAIServer) -> None:
    server.always = "slow:0.5"
    async with open_day(path, server, patience=0.05, concurrency=16) as day:
        await day.subscribe(1)
        await day.plan()
        assert fallbacks(await day.brief()) == {Fallback.DEADLINE}
        topic = day.services.catalogue[TOPIC]
        (found,) = await day.services.briefing.briefs_to_post(
            [topic], DAY, max_papers=10, language="en", patience=Patience(20)
        )
        assert fallbacks(found) == {None}
        assert found.bill is not None
        assert found.bill.made == 0
        assert len(server.log) == 10
        # What was posted stays what was posted.
        assert fallbacks(await day.brief()) == {Fallback.DEADLINE}


async def test_overview_and_order_come_from_the_model_where_they_are_wanted(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server, {"overview": True, "rerank": True}) as day:
        await day.subscribe(1)
        report = await day.plan()
        assert report.bill is not None
        assert not report.bill.failed
        purposes = [one[2] for one in await SpendStore(day.services.database).load_days(DAY)]
        assert purposes == ["overview", "rerank", "summary"]
        brief = await day.brief()
        assert brief.overview is not None
        ids = [item.paper.arxiv_id for item in brief.items]
        assert len(brief.overview.sentences) == 3
        assert {arxiv_id for one in brief.overview.sentences for arxiv_id in one.arxiv_ids} <= set(ids)
        content = (await day.posted(1))["content"]
        assert brief.overview.sentences[0].text[:30] in content.replace("\\", "")
        assert f"([1](<https://arxiv.org/abs/{ids[0]}>))" in content
        assert "Overview (written by small):" in render_text(brief)
        assert "**Overview**" in render_markdown(brief)
        assert '<a href="#paper-1">1</a>' in render_html(brief)


async def test_an_order_changes_what_is_shown_and_a_failed_one_changes_nothing(
    path: Path, server: OpenAIServer
) -> None:
    async with open_day(path, server) as plain:
        topic = plain.services.catalogue[TOPIC]
        by_words = await plain.services.briefing.brief(topic, DAY, max_papers=40)
    last = by_words.items[-1].paper.arxiv_id
    assert len(by_words.items) > 5

    def scores(call: Any) -> dict[str, Any]:
        ids = [item.paper.arxiv_id for item in by_words.items]
        return {"scores": [{"id": one, "score": 5 if one == last else 1} for one in ids]}

    server.makers.known.insert(
        0, lambda call: scores(call) if call.user.rstrip().endswith("papers. JSON only.") else None
    )
    async with open_day(path, server, {"rerank": True}) as day:
        (ordered,) = await day.services.briefing.briefs_to_post(
            [topic], DAY, max_papers=5, language="en", patience=Patience(20)
        )
        assert ordered.items[0].paper.arxiv_id == last
        assert ordered.receipt.balanced
        assert [item.paper.arxiv_id for item in ordered.items[1:]] == [
            item.paper.arxiv_id for item in by_words.items[:4]
        ]
    server.always = "wrong-id"
    async with open_day(path, server, {"rerank": True, "overview": True}) as day:
        (kept,) = await day.services.briefing.briefs_to_post(
            [topic], DAY, max_papers=5, language="en", patience=Patience(20)
        )
        assert [item.paper.arxiv_id for item in kept.items] == [item.paper.arxiv_id for item in by_words.items[:5]]
        assert kept.overview is None
        assert kept.bill is not None
        assert kept.bill.failed == {"rerank": 1, "overview": 1}


async def test_closing_leaves_nothing_behind(path: Path, server: OpenAIServer) -> None:
    server.always = "hang"
    async with AsyncExitStack() as stack:
        day = await stack.enter_async_context(open_day(path, server, patience=0.1))
        await day.subscribe(1)
        await day.plan()
        assert isinstance(day, ModelDay)
