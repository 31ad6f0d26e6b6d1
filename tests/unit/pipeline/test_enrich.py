"""Metadata that comes later: where it is asked for, what a failure costs (nothing), and when it is tried again."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import SourceUnavailable
from bot.model import AnnouncedPaper, AnnouncementState, AnnounceType, Paper
from bot.pipeline.enrich import Enrichment
from bot.sources.feed import Feed
from bot.store.announcements import AnnouncementStore
from bot.store.engine import Database
from bot.store.papers import PaperStore
from tests.unit.pipeline.fakes import FakeArxiv, make_page, make_paper, make_record

TUESDAY, WEDNESDAY = date(2026, 5, 5), date(2026, 5, 6)
IDS = ["2605.00101", "2605.00102", "2605.00103"]
CC_BY = "http://creativecommons.org/licenses/by/4.0/"
EVENING, MORNING, NEXT_MORNING = (datetime(2026, 5, 5, 1, tzinfo=UTC) + timedelta(hours=hours) for hours in (0, 6, 30))


class World:
    """An enrichment over a fake arXiv, with one announcement stored."""

    def __init__(self, database: Database) -> None:
        self.arxiv = FakeArxiv()
        self.announcements = AnnouncementStore(database)
        self.papers = PaperStore(database)
        self.enrichment = Enrichment(self.papers, feed=self.arxiv, api=self.arxiv, oai=self.arxiv)  # type: ignore[arg-type]

    async def store(self, announced_on: date, ids: list[str]) -> None:
        """Store an announcement as a listing page gives it."""
        page = make_page("cs.CL", announced_on, ids)
        state = AnnouncementState.FRESH
        await self.announcements.save_fetched(page, state=state, fetched_at=EVENING, late=False, reason=None)

    async def licences(self) -> list[str | None]:
        """Return what is stored of the papers' licences."""
        papers = await self.papers.load_papers(IDS)
        return [papers[one].licence for one in IDS]


def make_feed(announced_on: date, papers: list[Paper]) -> Feed:
    entries = tuple(AnnouncedPaper(paper, AnnounceType.NEW, place) for place, paper in enumerate(papers))
    return Feed(announced_on, None, entries, ())


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with Database.open(f"sqlite:///{tmp_path / 'test.sqlite3'}") as database:
        world = World(database)
        await world.store(TUESDAY, IDS)
        yield world


async def test_before_midnight_eastern_the_feed_is_not_asked_yet(world: World) -> None:
    assert await world.enrichment.run(["cs.CL"], EVENING) == (0, 0)
    assert world.arxiv.asked == []


async def test_the_feed_of_the_day_brings_licences_in_one_request(world: World) -> None:
    world.arxiv.day_feed = make_feed(TUESDAY, [make_paper(one, licence=CC_BY) for one in IDS])
    assert await world.enrichment.run(["cs.CL", "cs.AI"], MORNING) == (3, 0)
    assert await world.licences() == [CC_BY] * 3
    assert len(world.arxiv.asked) == 1
    assert await world.enrichment.run(["cs.CL"], MORNING) == (0, 0)
    assert len(world.arxiv.asked) == 1


async def test_a_feed_that_fails_is_counted_costs_no_paper_and_is_tried_again(world: World) -> None:
    world.arxiv.day_feed = SourceUnavailable("HTTP 503", status=503)
    for _ in range(8):
        assert await world.enrichment.run(["cs.CL"], MORNING) == (0, 3)
    assert await world.papers.count() == 3
    world.arxiv.day_feed = make_feed(TUESDAY, [make_paper(one, licence=CC_BY) for one in IDS])
    assert await world.enrichment.run(["cs.CL"], MORNING) == (3, 0)


async def test_a_feed_without_some_papers_leaves_those_for_later(world: World) -> None:
    world.arxiv.day_feed = make_feed(TUESDAY, [make_paper(IDS[0], licence=CC_BY)])
    assert await world.enrichment.run(["cs.CL"], MORNING) == (1, 2)
    assert await world.licences() == [CC_BY, None, None]


async def test_what_missed_its_feed_comes_from_oai_and_the_rest_from_the_api(world: World) -> None:
    world.arxiv.records["cs.CL"] = [make_record(one, TUESDAY) for one in IDS[:2]]
    world.arxiv.api = {IDS[2]: make_paper(IDS[2], doi="10.1000/example")}
    assert await world.enrichment.run(["cs.CL"], NEXT_MORNING) == (3, 0)
    assert [what for what, _ in world.arxiv.asked] == ["oai", "api"]
    stored = await world.papers.load_paper(IDS[2])
    assert stored is not None
    assert stored.doi == "10.1000/example"


async def test_when_every_source_fails_the_papers_stay_and_the_count_says_so(world: World) -> None:
    world.arxiv.records["cs.CL"] = SourceUnavailable("HTTP 503", status=503)
    world.arxiv.api = SourceUnavailable("HTTP 503", status=503)
    assert await world.enrichment.run(["cs.CL"], NEXT_MORNING) == (0, 3)
    assert await world.licences() == [None] * 3


async def test_papers_that_keep_failing_do_not_block_the_others(world: World) -> None:
    await world.store(TUESDAY, [*IDS, *(f"2605.{number:05d}" for number in range(2000, 2098))])
    world.arxiv.records["cs.CL"] = []
    assert await world.enrichment.run(["cs.CL"], NEXT_MORNING) == (0, 101)
    _, asked = world.arxiv.asked[-1]
    assert isinstance(asked, tuple)
    (left_out,) = {one for one in IDS if one not in asked}
    world.arxiv.api = {left_out: make_paper(left_out, doi="10.1000/example")}
    assert await world.enrichment.run(["cs.CL"], NEXT_MORNING) == (1, 100)


async def test_after_two_weeks_papers_are_left_as_they_are(world: World) -> None:
    assert await world.enrichment.run(["cs.CL"], MORNING + timedelta(days=20)) == (0, 0)
    assert world.arxiv.asked == []
