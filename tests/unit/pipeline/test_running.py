"""One tick: arXiv asked when it is time and not more often, failures kept apart, the sender woken."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.delivery import TopicKey
from bot.model import Announcement, AnnouncementState, Counts, IngestReport, Topic
from bot.pipeline.planning import PlanReport
from bot.pipeline.running import Runner
from bot.sources.calendar import AnnouncementCalendar
from tests.unit.pipeline.fakes import FixedClock
from tests.unit.pipeline.planning_world import CALENDAR, TOPICS, World, open_world

WEDNESDAY = date(2026, 8, 12)


@pytest.fixture
async def world(sqlite_path: Path) -> AsyncIterator[World]:
    context, world = await open_world(sqlite_path, "2026-08-11 23:00")
    try:
        yield world
    finally:
        await context.__aexit__(None, None, None)


def listings(world: World) -> list[str]:
    """Return the categories whose listing was asked for since the last look."""
    found = [str(what) for kind, what in world.arxiv.asked if kind == "listing"]
    world.arxiv.asked.clear()
    return found


async def test_arxiv_is_asked_until_all_is_there_and_then_no_more(world: World) -> None:
    await world.subscribe(1, "both")
    await world.at("2026-08-11 23:30")
    assert listings(world) == ["cs.CL", "cs.CV"]
    world.arxiv.delays["cs.CV", WEDNESDAY] = timedelta(hours=6)
    asked = []
    for minute in range(0, 8 * 60, 5):
        now = datetime(2026, 8, 12, tzinfo=UTC) + timedelta(minutes=minute)
        await world.at(now)
        asked += [f"{now:%H:%M} {name}" for name in listings(world)]
    assert [one[:5] for one in asked if "cs.CL" in one] == ["00:00", "00:15", "00:30"]
    assert [one[:5] for one in asked if "cs.CV" in one] == [
        *("00:00", "00:15", "00:30", "00:45", "01:00", "01:15", "01:30", "01:45", "02:00", "02:15"),
        *("03:15", "04:15", "05:15", "06:15"),
    ]
    await world.run_until("2026-08-12 23:55")
    assert listings(world) == []


async def test_a_new_subscription_has_its_category_read_at_once(world: World) -> None:
    await world.subscribe(1, "language")
    await world.at("2026-08-11 23:05")
    assert listings(world) == ["cs.CL"]
    await world.subscribe(2, "vision")
    await world.at("2026-08-11 23:06")
    assert listings(world) == ["cs.CV"]
    assert [line[:16] for line in await world.log(2)] == ["brief 2026-08-11"]


async def test_a_restart_between_two_polls_asks_for_nothing_anew(world: World) -> None:
    await world.subscribe(1, "language")
    await world.at("2026-08-12 00:01")
    assert listings(world) == ["cs.CL"]
    for minute in range(2, 15):
        world.restart()
        await world.at(f"2026-08-12 00:{minute:02}")
    assert listings(world) == []
    await world.at("2026-08-12 00:15")
    assert listings(world) == ["cs.CL"]


async def test_a_gap_that_could_not_be_filled_is_tried_again_before_the_next_release(world: World) -> None:
    await world.subscribe(1, "language", post_time=time(9), zone="Europe/Berlin")
    await world.run_until("2026-08-12 12:00")
    world.restart()
    world.arxiv.oai_down = True
    await world.at("2026-08-14 01:00")
    thirteenth = await world.announcements.load("cs.CL", date(2026, 8, 13))
    assert thirteenth is not None
    assert thirteenth.state is AnnouncementState.FAILED
    world.arxiv.oai_down = False
    await world.run_until("2026-08-14 03:00")
    assert "brief 2026-08-13 at 08-14 02:00" in await world.log(1)


async def test_a_weekday_that_the_calendar_defers_is_asked_for_all_the_same(world: World) -> None:
    await world.subscribe(1, "language")
    await world.at("2026-11-26 12:00")
    world.arxiv.asked.clear()
    # Nothing dated Friday, 27 November is expected; the weekend after it is left alone.
    await world.run_until("2026-11-27 03:30")
    assert len(listings(world)) == 4
    await world.at("2026-11-28 06:00")
    world.arxiv.asked.clear()
    await world.run_until("2026-11-29 20:00")
    assert listings(world) == []


async def test_a_clock_that_was_set_back_does_not_silence_the_polls(world: World) -> None:
    await world.subscribe(1, "language")
    world.arxiv.delays["cs.CL", WEDNESDAY] = timedelta(hours=3)
    await world.at("2026-08-12 02:00")
    world.arxiv.asked.clear()
    await world.at("2026-08-12 01:00")
    assert listings(world) == ["cs.CL"]


async def test_categories_of_the_settings_come_first_and_each_once(world: World) -> None:
    await world.subscribe(1, "both")
    await world.subscribe(2, "vanished")
    runner = Runner(
        _Reader(),
        _Planning(),
        world.announcements,
        world.subscriptions,
        world.load_topics,
        CALENDAR,
        world.clock,
        wake=world.wake,
        categories=["cs.AI", "cs.CV"],
    )
    assert await runner.load_categories() == ["cs.AI", "cs.CV", "cs.CL"]
    assert world.topic_loads == 1, "not once a topic: a server may have its own, and there may be thousands"


class _Reader:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.runs = 0

    async def run(self, categories: Sequence[str]) -> IngestReport:
        self.runs += 1
        if self.error:
            raise self.error
        return IngestReport(datetime(2026, 8, 12, tzinfo=UTC), (), 1, 0)


class _Planning:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.runs = 0

    async def plan_due(self) -> PlanReport:
        self.runs += 1
        if self.error:
            raise self.error
        return PlanReport()


class _Nothing:
    async def load_range(self, category: str, first: date, last: date) -> list[Announcement]:
        return []

    async def load_topics(self) -> list[TopicKey]:
        return [TopicKey("language")]


async def _load(keys: Collection[TopicKey]) -> dict[TopicKey, Topic]:
    return {key: TOPICS[key.slug] for key in keys}


def make_runner(reader: _Reader, planning: _Planning, wake: asyncio.Event) -> Runner:
    clock = FixedClock(datetime(2026, 8, 12, tzinfo=UTC))
    return Runner(reader, planning, _Nothing(), _Nothing(), _load, CALENDAR, clock, wake=wake)


async def test_a_stage_that_fails_stops_no_other_and_is_tried_again() -> None:
    reader, planning, wake = _Reader(RuntimeError("broken")), _Planning(), asyncio.Event()
    runner = make_runner(reader, planning, wake)
    for _ in range(2):
        report = await runner.tick()
        assert report.ingest is None
        assert report.plan == PlanReport()
    assert (reader.runs, planning.runs) == (2, 2)
    assert not wake.is_set()
    failing = make_runner(_Reader(), _Planning(RuntimeError("broken")), wake)
    report = await failing.tick()
    assert report.ingest is not None
    assert report.plan is None


async def test_cancelling_a_tick_cancels_it() -> None:
    class Hanging(_Reader):
        async def run(self, categories: Sequence[str]) -> IngestReport:
            await asyncio.Event().wait()
            raise AssertionError("never set")

    task = asyncio.create_task(make_runner(Hanging(), _Planning(), asyncio.Event()).tick())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_planning_goes_on_while_arxiv_is_slow() -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    class Slow(_Reader):
        async def run(self, categories: Sequence[str]) -> IngestReport:
            started.set()
            await go_on.wait()
            return await super().run(categories)

    planning = _Planning()
    runner = make_runner(Slow(), planning, asyncio.Event())
    polling = asyncio.create_task(runner.poll())
    await started.wait()
    assert await runner.plan() == PlanReport()
    go_on.set()
    assert await polling is not None


async def test_an_incomplete_announcement_is_asked_for_once_a_slot() -> None:
    class Half(_Nothing):
        async def load_range(self, category: str, first: date, last: date) -> list[Announcement]:
            fetched_at = datetime(2026, 8, 11, 23, tzinfo=UTC)
            return [
                Announcement(category, WEDNESDAY, AnnouncementState.PARTIAL, None, Counts(9), Counts(3), fetched_at)
            ]

    reader, clock = _Reader(), FixedClock(datetime(2026, 8, 12, 0, 20, tzinfo=UTC))
    calendar = AnnouncementCalendar()
    runner = Runner(reader, _Planning(), Half(), Half(), _load, calendar, clock, wake=asyncio.Event())
    for minute in (20, 21, 29, 30, 31):
        clock.instant = datetime(2026, 8, 12, 0, minute, tzinfo=UTC)
        await runner.poll()
    assert reader.runs == 2
