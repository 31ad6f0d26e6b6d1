"""What an owner sees after a run, on a real SQLite database and an arXiv in memory."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import SourceMalformed, SourceUnavailable
from bot.model import Announcement, AnnouncementState, Counts, SourceName
from bot.pipeline.ingest import Ingest, file_by_ids
from bot.sources.calendar import load_calendar
from bot.statement import Statement, StatementCode
from bot.store.announcements import AnnouncementStore
from bot.store.engine import Database
from bot.store.papers import PaperStore
from tests.unit.pipeline.fakes import FakeArxiv, FixedClock, make_page, make_record

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2026, 5, day) for day in range(4, 9))
MONDAY_IDS = [f"2605.000{n:02d}" for n in range(10, 15)]
TUESDAY_IDS = [f"2605.001{n:02d}" for n in range(10, 16)]
WEDNESDAY_IDS = [f"2605.002{n:02d}" for n in range(10, 14)]
THURSDAY_IDS = [f"2605.003{n:02d}" for n in range(10, 14)]
FRIDAY_IDS = [f"2605.004{n:02d}" for n in range(10, 14)]


def eve_of(announced_on: date, *, minutes: int = 45) -> datetime:
    """Return the instant so many minutes after the release of that announcement (20:00 EDT is 00:00 UTC)."""
    return datetime(announced_on.year, announced_on.month, announced_on.day, tzinfo=UTC) + timedelta(minutes=minutes)


class World:
    """An ingest over a fake arXiv and a real database."""

    def __init__(self, database: Database) -> None:
        self.arxiv = FakeArxiv()
        self.mirror = FakeArxiv()
        self.clock = FixedClock(eve_of(MONDAY))
        self.announcements = AnnouncementStore(database)
        self.papers = PaperStore(database)
        self.ingest = Ingest(
            self.announcements,
            self.papers,
            listing=self.arxiv,  # type: ignore[arg-type]  # one object plays every interface
            feed=self.arxiv,  # type: ignore[arg-type]
            api=self.arxiv,
            oai=self.arxiv,
            client=self.arxiv,
            calendar=load_calendar(None),
            clock=self.clock,
            cutoff=timedelta(hours=4),
            stand_ins=(self.mirror,),
        )

    async def at(self, instant: datetime, category: str = "cs.CL") -> list[Announcement]:
        """Run at that instant and return what was found for the category."""
        self.clock.instant = instant
        report = await self.ingest.run([category])
        return list(report.announcements)

    async def read(self, announced_on: date, ids: list[str]) -> None:
        """Run on the eve of that date with a good page."""
        self.arxiv.pages["cs.CL"] = make_page("cs.CL", announced_on, ids)
        await self.at(eve_of(announced_on))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with Database.open(f"sqlite:///{tmp_path / 'test.sqlite3'}") as database:
        yield World(database)


async def test_the_due_announcement_is_fresh_and_every_paper_is_stored(world: World) -> None:
    world.arxiv.pages["cs.CL"] = make_page("cs.CL", MONDAY, MONDAY_IDS, cross=["2604.09999"])
    world.clock.instant = eve_of(MONDAY)
    report = await world.ingest.run(["cs.CL"])
    (found,) = report.announcements
    assert (found.state, found.announced_on, found.late) == (AnnouncementState.FRESH, MONDAY, False)
    assert found.shown == found.stored == Counts(new=5, cross=1)
    assert report.new_papers == 6
    assert report.requests == 1
    assert set(await world.announcements.load_ids("cs.CL", MONDAY)) == {*MONDAY_IDS, "2604.09999"}


async def test_running_again_repeats_nothing(world: World) -> None:
    await world.read(MONDAY, MONDAY_IDS)
    report = await world.ingest.run(["cs.CL"])
    assert report.new_papers == 0
    assert report.announcements[0].state is AnnouncementState.FRESH
    assert await world.papers.count() == len(MONDAY_IDS)


async def test_a_category_that_fails_does_not_stop_the_others(world: World) -> None:
    world.arxiv.pages["cs.CV"] = SourceUnavailable("HTTP 503", status=503)
    world.arxiv.pages["cs.CL"] = make_page("cs.CL", MONDAY, MONDAY_IDS)
    report = await world.ingest.run(["cs.CV", "cs.CL"])
    states = {one.category: one.state for one in report.announcements}
    assert states == {"cs.CV": AnnouncementState.FAILED, "cs.CL": AnnouncementState.FRESH}
    reason = next(one.reason for one in report.announcements if one.category == "cs.CV")
    assert reason is not None
    assert reason == Statement.of(StatementCode.SOURCE_UNAVAILABLE, detail="HTTP 503")


async def test_a_feed_stands_in_for_a_page_that_cannot_be_read(world: World) -> None:
    world.arxiv.pages["cs.CL"] = SourceMalformed("this is not a listing page")
    world.arxiv.feeds["cs.CL"] = make_page("cs.CL", MONDAY, MONDAY_IDS, source=SourceName.FEED)
    (found,) = await world.at(eve_of(MONDAY, minutes=300))
    assert (found.state, found.source) == (AnnouncementState.FRESH, SourceName.FEED)
    assert found.stored.new == len(MONDAY_IDS)


async def test_an_old_page_is_waiting_before_the_cutoff_and_stalled_after_it(world: World) -> None:
    await world.read(MONDAY, MONDAY_IDS)
    (waiting,) = await world.at(eve_of(TUESDAY, minutes=30))
    assert (waiting.state, waiting.announced_on) == (AnnouncementState.WAITING, TUESDAY)
    (stalled,) = await world.at(eve_of(TUESDAY, minutes=10 * 60))
    assert (stalled.state, stalled.announced_on) == (AnnouncementState.STALLED, TUESDAY)
    world.arxiv.pages["cs.CL"] = make_page("cs.CL", TUESDAY, TUESDAY_IDS)
    (fresh,) = await world.at(eve_of(TUESDAY, minutes=11 * 60))
    assert (fresh.state, fresh.stored.new, fresh.late) == (AnnouncementState.FRESH, len(TUESDAY_IDS), False)


async def test_a_further_source_stands_in_where_neither_page_nor_feed_can_be_read(world: World) -> None:
    world.arxiv.pages["cs.CL"] = SourceUnavailable("refused", status=503)
    world.mirror.feeds["cs.CL"] = make_page("cs.CL", MONDAY, MONDAY_IDS, source=SourceName.FEED)
    (found,) = await world.at(eve_of(MONDAY))
    assert found.state is AnnouncementState.FRESH
    assert set(await world.announcements.load_ids("cs.CL", MONDAY)) == set(MONDAY_IDS)


async def test_a_stale_feed_with_a_fresh_date_is_not_taken_for_news(world: World) -> None:
    await world.read(MONDAY, MONDAY_IDS)
    world.arxiv.feeds["cs.CL"] = make_page("cs.CL", TUESDAY, MONDAY_IDS, source=SourceName.FEED)
    (found,) = await world.at(eve_of(TUESDAY, minutes=10 * 60))
    assert found.state is AnnouncementState.STALLED
    assert await world.announcements.load_ids("cs.CL", TUESDAY) == {}


async def test_a_first_announcement_that_could_not_be_read_is_rebuilt_later(world: World) -> None:
    world.arxiv.pages["cs.CL"] = SourceUnavailable("HTTP 500", status=500)
    (failed,) = await world.at(eve_of(MONDAY, minutes=300))
    assert (failed.announced_on, failed.state) == (MONDAY, AnnouncementState.FAILED)
    world.arxiv.pages["cs.CL"] = make_page("cs.CL", TUESDAY, TUESDAY_IDS)
    world.arxiv.records["cs.CL"] = [make_record(one, MONDAY) for one in MONDAY_IDS]
    found = await world.at(eve_of(TUESDAY, minutes=300))
    assert [(one.announced_on, one.state) for one in found] == [
        (MONDAY, AnnouncementState.FRESH),
        (TUESDAY, AnnouncementState.FRESH),
    ]
    assert set(await world.announcements.load_ids("cs.CL", MONDAY)) == set(MONDAY_IDS)


async def test_a_feed_that_is_two_batches_behind_is_not_taken_for_news_either(world: World) -> None:
    await world.read(MONDAY, MONDAY_IDS)
    await world.read(TUESDAY, TUESDAY_IDS)
    world.arxiv.feeds["cs.CL"] = make_page("cs.CL", WEDNESDAY, MONDAY_IDS, source=SourceName.FEED)
    (found,) = await world.at(eve_of(WEDNESDAY, minutes=10 * 60))
    assert found.state is AnnouncementState.STALLED
    assert await world.announcements.load_ids("cs.CL", WEDNESDAY) == {}


async def test_a_feed_whose_date_lags_is_filed_under_the_announcement_it_is(world: World) -> None:
    await world.read(MONDAY, MONDAY_IDS)
    world.arxiv.feeds["cs.CL"] = make_page("cs.CL", MONDAY, TUESDAY_IDS, source=SourceName.FEED)
    (found,) = await world.at(eve_of(TUESDAY, minutes=10 * 60))
    assert (found.state, found.announced_on) == (AnnouncementState.FRESH, TUESDAY)
    assert set(await world.announcements.load_ids("cs.CL", MONDAY)) == set(MONDAY_IDS)


async def test_a_partial_page_is_kept_and_completed_later(world: World) -> None:
    world.arxiv.pages["cs.CL"] = make_page("cs.CL", MONDAY, MONDAY_IDS[:2], missing=3, problem="shows 2 of 5 new")
    (partial,) = await world.at(eve_of(MONDAY))
    assert (partial.state, partial.shown.new, partial.stored.new) == (AnnouncementState.PARTIAL, 5, 2)
    world.arxiv.pages["cs.CL"] = make_page("cs.CL", MONDAY, MONDAY_IDS)
    (fresh,) = await world.at(eve_of(MONDAY, minutes=60))
    assert (fresh.state, fresh.stored.new) == (AnnouncementState.FRESH, 5)


async def test_a_complete_announcement_is_not_spoilt_by_a_later_failure(world: World) -> None:
    await world.read(MONDAY, MONDAY_IDS)
    world.arxiv.pages["cs.CL"] = SourceUnavailable("HTTP 500", status=500)
    (found,) = await world.at(eve_of(MONDAY, minutes=90))
    assert found.state is AnnouncementState.FAILED
    stored = await world.announcements.load("cs.CL", MONDAY)
    assert stored is not None
    assert (stored.state, stored.stored.new) == (AnnouncementState.FRESH, 5)


async def test_weekend_is_quiet(world: World) -> None:
    await world.read(FRIDAY, FRIDAY_IDS)
    (found,) = await world.at(datetime(2026, 5, 9, 16, tzinfo=UTC))
    assert found.state is AnnouncementState.QUIET
    assert found.reason


async def test_missed_announcements_are_rebuilt_under_their_own_dates_and_marked_late(world: World) -> None:
    await world.read(MONDAY, MONDAY_IDS)
    missed = {TUESDAY: TUESDAY_IDS, WEDNESDAY: WEDNESDAY_IDS, THURSDAY: THURSDAY_IDS}
    every_day = {**missed, FRIDAY: FRIDAY_IDS}
    world.arxiv.records["cs.CL"] = [make_record(one, day) for day, ids in every_day.items() for one in ids]
    world.arxiv.pages["cs.CL"] = make_page("cs.CL", FRIDAY, FRIDAY_IDS)
    found = await world.at(eve_of(FRIDAY))
    assert [one.announced_on for one in found] == [TUESDAY, WEDNESDAY, THURSDAY, FRIDAY]
    assert [one.late for one in found] == [True, True, True, False]
    assert {one.source for one in found[:3]} == {SourceName.OAI}
    for announced_on, ids in missed.items():
        assert set(await world.announcements.load_ids("cs.CL", announced_on)) == set(ids)


async def test_a_gap_that_cannot_be_filled_is_reported_and_tried_again(world: World) -> None:
    await world.read(MONDAY, MONDAY_IDS)
    world.arxiv.pages["cs.CL"] = make_page("cs.CL", WEDNESDAY, WEDNESDAY_IDS)
    world.arxiv.records["cs.CL"] = SourceUnavailable("HTTP 503", status=503)
    gap, fresh = await world.at(eve_of(WEDNESDAY))
    assert (gap.announced_on, gap.state) == (TUESDAY, AnnouncementState.FAILED)
    assert fresh.state is AnnouncementState.FRESH
    world.arxiv.records["cs.CL"] = [make_record(one, TUESDAY) for one in TUESDAY_IDS]
    filled, _ = await world.at(eve_of(WEDNESDAY, minutes=60))
    assert (filled.state, filled.stored.new) == (AnnouncementState.FRESH, len(TUESDAY_IDS))


async def test_an_unknown_deferral_is_found_out_and_asked_about_once(world: World) -> None:
    await world.read(MONDAY, MONDAY_IDS)
    world.arxiv.pages["cs.CL"] = make_page("cs.CL", WEDNESDAY, WEDNESDAY_IDS)
    world.arxiv.records["cs.CL"] = [make_record(one, WEDNESDAY) for one in WEDNESDAY_IDS]
    gap, _ = await world.at(eve_of(WEDNESDAY, minutes=180))
    assert (gap.announced_on, gap.state) == (TUESDAY, AnnouncementState.QUIET)
    assert [one.announced_on for one in await world.at(eve_of(WEDNESDAY, minutes=240))] == [WEDNESDAY]


async def test_records_that_were_only_touched_later_prove_no_deferral(world: World) -> None:
    await world.read(MONDAY, MONDAY_IDS)
    world.arxiv.pages["cs.CL"] = make_page("cs.CL", WEDNESDAY, WEDNESDAY_IDS)
    world.arxiv.records["cs.CL"] = [make_record(MONDAY_IDS[0], WEDNESDAY)]
    gap, _ = await world.at(eve_of(WEDNESDAY, minutes=180))
    assert (gap.announced_on, gap.state) == (TUESDAY, AnnouncementState.FAILED)


async def test_one_empty_answer_does_not_settle_a_missed_day(world: World) -> None:
    await world.read(MONDAY, MONDAY_IDS)
    world.arxiv.pages["cs.CL"] = make_page("cs.CL", WEDNESDAY, WEDNESDAY_IDS)
    world.arxiv.records["cs.CL"] = []
    gap, _ = await world.at(eve_of(WEDNESDAY, minutes=600))
    assert (gap.announced_on, gap.state) == (TUESDAY, AnnouncementState.FAILED)
    world.arxiv.records["cs.CL"] = [make_record(one, TUESDAY) for one in TUESDAY_IDS]
    gap, _ = await world.at(eve_of(WEDNESDAY, minutes=615))
    assert (gap.state, gap.stored.new) == (AnnouncementState.FRESH, len(TUESDAY_IDS))


async def test_a_rebuilt_day_with_less_than_arxiv_showed_is_partial_and_asked_for_again(world: World) -> None:
    await world.read(MONDAY, MONDAY_IDS)
    world.arxiv.pages["cs.CL"] = make_page("cs.CL", TUESDAY, TUESDAY_IDS[:2], missing=4, problem="shows 2 of 6 new")
    await world.at(eve_of(TUESDAY))
    world.arxiv.pages["cs.CL"] = make_page("cs.CL", WEDNESDAY, WEDNESDAY_IDS)
    records = [make_record(one, TUESDAY) for one in TUESDAY_IDS]
    world.arxiv.records["cs.CL"] = records[:3]
    gap, _ = await world.at(eve_of(WEDNESDAY))
    assert (gap.state, gap.shown.new, gap.stored.new) == (AnnouncementState.PARTIAL, 6, 3)
    world.arxiv.records["cs.CL"] = records
    assert len(await world.at(eve_of(WEDNESDAY, minutes=60))) == 1
    gap, _ = await world.at(eve_of(WEDNESDAY, minutes=60 * 8))
    assert (gap.state, gap.stored.new) == (AnnouncementState.FRESH, 6)


async def test_a_paper_that_is_held_under_a_later_date_is_not_filed_under_a_missed_one(world: World) -> None:
    await world.read(MONDAY, MONDAY_IDS)
    crossed = "2605.00199"
    world.arxiv.pages["cs.CL"] = make_page("cs.CL", WEDNESDAY, WEDNESDAY_IDS, cross=[crossed])
    late_cross = make_record(crossed, TUESDAY, "stat.ML")
    world.arxiv.records["cs.CL"] = [*(make_record(one, TUESDAY) for one in TUESDAY_IDS), late_cross]
    gap, fresh = await world.at(eve_of(WEDNESDAY))
    assert gap.shown == gap.stored == Counts(new=len(TUESDAY_IDS))
    assert fresh.stored.cross == 1
    assert crossed not in await world.announcements.load_ids("cs.CL", TUESDAY)


async def test_one_categorys_records_help_to_date_anothers_whichever_is_asked_first(world: World) -> None:
    both = ["cs.CL", "cs.CV"]
    for category, number in zip(both, ("2605.00010", "2605.00011"), strict=True):
        world.arxiv.pages[category] = make_page(category, MONDAY, [number])
    await world.ingest.run(both)
    for category, number in zip(both, ("2605.00310", "2605.00311"), strict=True):
        world.arxiv.pages[category] = make_page(category, THURSDAY, [number])
    # The last of Tuesday's papers in cs.CL was touched later; cs.CV has one after it that is Tuesday's for certain.
    moved = make_record("2605.00110", THURSDAY)
    world.arxiv.records["cs.CL"] = [moved, make_record("2605.00210", WEDNESDAY)]
    world.arxiv.records["cs.CV"] = [
        make_record("2605.00111", TUESDAY, "cs.CV"),
        make_record("2605.00211", WEDNESDAY, "cs.CV"),
    ]
    world.clock.instant = eve_of(THURSDAY)
    await world.ingest.run(both)
    assert list(await world.announcements.load_ids("cs.CL", TUESDAY)) == ["2605.00110"]
    assert list(await world.announcements.load_ids("cs.CV", TUESDAY)) == ["2605.00111"]


async def test_what_oai_has_before_the_page_is_not_taken_for_a_missed_day(world: World) -> None:
    # Nothing was announced on Tuesday, and Wednesday's page is late: OAI-PMH has its papers first.
    await world.read(MONDAY, MONDAY_IDS)
    world.arxiv.records["cs.CL"] = [make_record(one, WEDNESDAY) for one in WEDNESDAY_IDS]
    states = {one.announced_on: one.state for one in await world.at(eve_of(WEDNESDAY, minutes=180))}
    assert states[TUESDAY] is AnnouncementState.QUIET
    assert not await world.announcements.load_ids("cs.CL", TUESDAY)
    await world.read(WEDNESDAY, WEDNESDAY_IDS)
    assert set(await world.announcements.load_ids("cs.CL", WEDNESDAY)) == set(WEDNESDAY_IDS)


async def test_a_quiet_weekend_is_quiet_even_when_the_page_cannot_be_read(world: World) -> None:
    await world.read(FRIDAY, FRIDAY_IDS)
    world.arxiv.pages["cs.CL"] = SourceUnavailable("HTTP 500", status=500)
    world.arxiv.feeds["cs.CL"] = make_page("cs.CL", date(2026, 5, 9), [], source=SourceName.FEED)
    (found,) = await world.at(datetime(2026, 5, 9, 16, tzinfo=UTC))
    assert found.state is AnnouncementState.QUIET


async def test_the_first_run_ever_asks_for_no_past(world: World) -> None:
    await world.read(FRIDAY, FRIDAY_IDS)
    assert [what for what, _ in world.arxiv.asked] == ["listing"]


async def test_a_last_chance_batch_is_taken_under_its_own_date(world: World) -> None:
    world.arxiv.pages["cs.CL"] = make_page("cs.CL", MONDAY, MONDAY_IDS)
    found = await world.at(eve_of(TUESDAY, minutes=30))
    states = {one.announced_on: (one.state, one.late) for one in found}
    assert states[MONDAY] == (AnnouncementState.FRESH, True)
    assert states[TUESDAY][0] is AnnouncementState.WAITING


def test_an_old_feed_is_not_taken_for_the_one_that_is_due() -> None:
    feed = make_page("cs.CL", MONDAY, MONDAY_IDS, source=SourceName.FEED)
    assert file_by_ids(feed, {TUESDAY: set(TUESDAY_IDS)}, TUESDAY, WEDNESDAY) is feed


def test_a_feed_that_agrees_with_the_calendar_is_left_alone() -> None:
    feed = make_page("cs.CL", TUESDAY, TUESDAY_IDS, source=SourceName.FEED)
    assert file_by_ids(feed, {MONDAY: set(MONDAY_IDS)}, MONDAY, TUESDAY) is feed
