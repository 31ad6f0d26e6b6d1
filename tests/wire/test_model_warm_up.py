"""What is announced and not yet due is written ahead, once, and not at all where the model has nothing to give."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.model import Announcement, AnnouncementState, Counts
from bot.pipeline.running import Runner
from bot.pipeline.warming import REST, WarmUp, WarmUpReport
from bot.sources.calendar import load_calendar
from bot.spending import Spending
from bot.texts import Fallback
from tests.wire.model_day import DAY, TOPIC, DayClock, ModelDay, fill, open_day
from tests.wire.openai_server import OpenAIServer

HAN = re.compile("[\u4e00-\u9fff]")
LATER: dict[str, Any] = {"post_time": time(18), "zone": "Europe/Berlin"}


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as running:
        yield running


@pytest.fixture
async def path(migrated_file: Path, tmp_path: Path) -> Path:
    made = tmp_path / "paperbrief.sqlite3"
    shutil.copyfile(migrated_file, made)
    await fill(made, DayClock())
    return made


def warm_up(day: ModelDay) -> WarmUp:
    reading = day.services
    return WarmUp(
        reading.announcements,
        reading.subscriptions,
        reading.topics.load_many,
        reading.briefing,
        reading.summariser,
        load_calendar(None),
        reading.clock,
        translations=reading.translator,
    )


def clock_of(day: ModelDay) -> DayClock:
    clock = day.services.clock
    assert isinstance(clock, DayClock)
    return clock


async def test_what_is_wanted_later_is_written_before_and_found_when_its_time_comes(
    path: Path, server: OpenAIServer
) -> None:
    async with open_day(path, server) as day:
        await day.subscribe(1, **LATER)
        await day.subscribe(2, "zh-CN", max_papers=3, **LATER)
        ahead = warm_up(day)
        report = await ahead.run()
        assert (report.papers, report.made, report.stopped) == (13, 13, None)
        assert len(server.log) == 13
        assert await ahead.run() == WarmUpReport(), "done, and not looked at again"
        assert (await day.plan()).planned == {}, "nothing is due yet"
        clock_of(day).seconds += 10 * 3600
        server.always = "failing:500"
        planned = await day.plan()
        assert sum(planned.planned.values()) == 2
        assert planned.bill is not None
        assert (planned.bill.made, planned.bill.cached) == (0, 13)
        assert len(server.log) == 13


async def test_a_chinese_channel_that_wants_translations_has_them_ahead_and_pays_once(
    path: Path, server: OpenAIServer
) -> None:
    async with open_day(path, server) as day:
        await day.subscribe(1, "zh-CN", max_papers=3, translate=True, **LATER)
        await day.subscribe(2, "zh-CN", max_papers=3, translate=True, **LATER)
        await day.subscribe(3, max_papers=3, translate=True, **LATER)
        ahead = warm_up(day)
        assert await ahead.run() == WarmUpReport(papers=6, made=6, translated=3)
        assert len(server.log) == 9, "English papers are not translated into English"
        assert await ahead.run() == WarmUpReport()
        clock_of(day).seconds += 10 * 3600
        server.always = "failing:500"
        planned = await day.plan()
        assert planned.bill is not None
        assert (planned.bill.made, dict(planned.bill.fallbacks), dict(planned.bill.failed)) == (0, {}, {})
        assert planned.bill.spending == Spending()
        assert len(server.log) == 9
        shown = (await day.posted(1))["embeds"][0]
        assert HAN.search(shown["description"].splitlines()[0])
        assert shown["footer"]["text"].endswith("由 small 撰写 · 由 small 翻译")
        await day.subscribe(4, "zh-CN", max_papers=3, translate=True)
        assert (await day.plan()).planned
        first, later = await day.posted(1), await day.posted(4)
        assert [one["description"] for one in later["embeds"]] == [one["description"] for one in first["embeds"]]
        assert len(server.log) == 9


async def test_a_wish_for_translations_that_comes_later_is_seen(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server) as day:
        await day.subscribe(1, "zh-CN", max_papers=3, **LATER)
        ahead = warm_up(day)
        assert await ahead.run() == WarmUpReport(papers=3, made=3)
        await day.subscribe(2, "zh-CN", max_papers=3, translate=True, **LATER)
        assert await ahead.run() == WarmUpReport(papers=3, made=0, translated=3)
        assert len(server.log) == 6


async def test_translations_stop_at_the_ceiling_and_go_on_later(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server) as day:
        await day.subscribe(1, "zh-CN", max_papers=3, **LATER)
        await warm_up(day).run()
        await day.subscribe(2, "zh-CN", max_papers=3, translate=True, **LATER)
    async with open_day(path, server, daily_tokens=0) as day:
        assert await warm_up(day).run() == WarmUpReport(3, 0, 0, Fallback.BUDGET)
    async with open_day(path, server) as day:
        assert await warm_up(day).run() == WarmUpReport(3, 0, 3)


async def test_what_is_due_already_is_left_to_planning(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server) as day:
        await day.subscribe(1)
        assert await warm_up(day).run() == WarmUpReport()
        assert not server.log


async def test_an_announcement_that_is_not_whole_is_waited_for(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server) as day:
        await day.subscribe(1, **LATER)
        ahead = warm_up(day)
        clock_of(day).seconds += 24 * 3600
        await day.services.announcements.save_state(await _waiting(day))
        assert await ahead.run() == WarmUpReport()
        assert not server.log


async def _waiting(day: ModelDay) -> Announcement:
    """Return the next day's announcement, of which nothing is there yet."""
    found = await day.services.announcements.load("cs.CL", DAY)
    assert found is not None
    next_day = DAY + timedelta(days=1)
    return replace(found, announced_on=next_day, state=AnnouncementState.WAITING, shown=Counts(), stored=Counts())


@pytest.mark.parametrize(
    ("always", "settings", "why"),
    [("failing:500", {}, Fallback.UNAVAILABLE), ("good", {"daily_tokens": 0}, Fallback.BUDGET)],
)
async def test_it_stops_where_nothing_is_to_be_had_and_tries_again_later(
    path: Path, server: OpenAIServer, always: str, settings: dict[str, Any], why: Fallback
) -> None:
    server.always = always
    async with open_day(path, server, **settings) as day:
        await day.subscribe(1, **LATER)
        ahead = warm_up(day)
        report = await ahead.run()
        assert (report.made, report.stopped) == (0, why)
        arrived = server.arrived
        assert arrived <= 12, "the first few papers are enough to see it"
        assert await ahead.run() == WarmUpReport()
        assert server.arrived == arrived
        clock_of(day).seconds += REST.total_seconds()
        assert (await ahead.run()).papers == 10


async def test_without_a_model_nothing_happens(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server, model="", base_url=None, api_key=None) as day:
        await day.subscribe(1, **LATER)
        assert await warm_up(day).run() == WarmUpReport()
        assert await day.services.billing.standing() is None
        brief = await day.services.briefing.brief(day.services.catalogue[TOPIC], DAY, max_papers=3)
        assert brief.bill is None


async def test_the_runner_survives_a_fault_in_it(path: Path, server: OpenAIServer) -> None:
    class Broken:
        async def run(self) -> object:
            raise RuntimeError("a fault")

    async with open_day(path, server) as day:
        reading = day.services
        unused = object()
        runner = Runner(
            unused,  # type: ignore[arg-type]  # is not asked
            unused,  # type: ignore[arg-type]  # is not asked
            reading.announcements,
            reading.subscriptions,
            reading.topics.load_many,
            load_calendar(None),
            reading.clock,
            wake=asyncio.Event(),
            warm_up=Broken(),
        )
        await runner.warm()
