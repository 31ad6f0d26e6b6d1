"""arXiv refuses, hangs, answers nonsense or a part: what stands in the channel and in the status then (A1 to A8)."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest

from bot.demo.loopback import Fault
from bot.errors import SourceError
from bot.model import AnnouncementState, AnnounceType
from bot.settings import ArxivSettings
from bot.sources.feed import parse_feed
from tests.faults.workday import DAYS, OUT, TUESDAY, Workday, announced, make_paper

HOUR = timedelta(hours=1)
MONDAY = DAYS[DAYS.index(TUESDAY) - 1]
TUESDAYS_FEED = OUT + 5 * HOUR
"""The feeds are rebuilt at midnight in New York, an hour before."""


@pytest.mark.fault("A1")
@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_arxiv_is_not_asked_before_the_time_it_named_and_the_rest_goes_on(workday: Workday, form: str) -> None:
    async with workday.process() as bot:
        await workday.subscribe(bot, 0)
        await bot.tick()
        assert set(workday.shown(0)) == workday.ids()
        wait = "3600" if form == "seconds" else format_datetime(workday.clock.now() + HOUR, usegmt=True)
        workday.arxiv.script("/list", [Fault(status=429, headers={"Retry-After": wait})])
        await workday.subscribe(bot, 1, "cs-cv")
        await workday.subscribe(bot, 2)
        limited_at = workday.clock.now()
        await bot.tick()
        assert workday.arxiv.log[-1].status == 429
        asked = workday.asked()
        assert set(workday.shown(2)) == workday.ids(), "what needs no arXiv goes on"
        status = await bot.status()
        assert "could not be read: arXiv limits how often it is asked; nothing is asked of it before Tue 17" in status
        await bot.tick(limited_at + timedelta(minutes=30))
        assert workday.asked() == asked
    async with workday.process() as again:
        await again.tick(limited_at + timedelta(minutes=55))
        assert workday.asked() == asked, "a restart does not make it forget"
        await again.tick(limited_at + timedelta(minutes=76))
        assert set(workday.shown(1)) == workday.ids("cs.CV")
    assert [len(workday.posts(room)) for room in range(3)] == [1, 1, 1]


@pytest.mark.fault("A2")
@pytest.mark.parametrize("list_url", ["", "http://127.0.0.1:1/list", "http://no-such-host.invalid/list"])
async def test_another_source_stands_in_for_a_listing_that_is_down(workday: Workday, list_url: str) -> None:
    """With 503, with a refused connection, and with a name that does not resolve."""
    workday.arxiv.script("/list", [Fault(status=503)] * 99)
    async with workday.process(**({"list_url": list_url} if list_url else {})) as bot:
        await workday.subscribe(bot)
        await bot.tick()
        assert workday.posts() == []
        assert "could not be read" in await bot.status()
        await bot.tick(TUESDAYS_FEED)
        assert set(workday.shown()) == workday.ids()
        await bot.tick(TUESDAYS_FEED + HOUR)
    assert len(workday.posts()) == 1


@pytest.mark.fault("A2")
async def test_an_outage_of_all_of_arxiv_is_told_once_and_made_up_for_once(workday: Workday) -> None:
    workday.arxiv.script("/", [Fault(status=503)] * 999)
    async with workday.process() as bot:
        await workday.subscribe(bot)
        await bot.work_until(OUT + 3 * HOUR)
        assert workday.posts() == []
        await bot.work_until(OUT + 7 * HOUR)
        (notice,) = workday.posts()
        assert "cs.CL: could not be read so far" in notice["content"]
        assert notice["embeds"] == []
        # Sixteen polls: each host is knocked at once a poll and source, but for the first three tries.
        assert workday.asked() <= 16 * 2 + 4
        workday.arxiv.clear_script()
        await bot.work_until(OUT + 9 * HOUR)
    assert len(workday.posts()) == 2
    assert set(workday.shown()) == workday.ids()


@pytest.mark.fault("A3")
@pytest.mark.parametrize("fault", [Fault(hang=True), Fault(drip=0.02)], ids=["hangs", "drips"])
async def test_an_answer_that_never_ends_is_given_up_and_holds_up_nobody(workday: Workday, fault: Fault) -> None:
    assert ArxivSettings().deadline <= 60
    begun = asyncio.Event()

    def heard(body: bytes) -> bytes:
        begun.set()
        return body

    workday.arxiv.script("/", [replace(fault, rewrite=heard)] * 99)
    async with workday.process(deadline=0.3) as bot:
        await workday.subscribe(bot)
        ticking = asyncio.create_task(bot.tick())
        await begun.wait()
        assert "Nothing was read from arXiv yet." in await bot.status(), "commands are answered meanwhile"
        assert not ticking.done()
        # Two sources, three tries each at the most: with a deadline of its own for each, far below this.
        await asyncio.wait_for(ticking, 15)
        assert await bot.state() is AnnouncementState.FAILED
        assert "could not be read" in await bot.status()
        workday.arxiv.clear_script()
        await bot.tick(OUT + HOUR)
    assert set(workday.shown()) == workday.ids()


NO_ANSWERS = {
    "a foreign page": Fault(body=b"<!doctype html><html><head><title>Log in to the hotel</title></head></html>"),
    "an empty body": Fault(body=b""),
    "another content type": Fault(body=b'{"papers": []}', headers={"Content-Type": "application/json"}),
    "a listing without its list": Fault(rewrite=lambda body: re.sub(rb"<dl.*</dl>", b"", body, flags=re.DOTALL)),
}


@pytest.mark.fault("A4")
@pytest.mark.parametrize("fault", NO_ANSWERS.values(), ids=NO_ANSWERS)
async def test_no_answer_is_never_taken_for_a_day_without_papers(workday: Workday, fault: Fault) -> None:
    workday.arxiv.script("/", [fault] * 99)
    async with workday.process() as bot:
        await workday.subscribe(bot, quiet_line=True)
        await bot.work_until(OUT + 3 * HOUR)
        assert workday.posts() == []
        assert await bot.state() in (AnnouncementState.FAILED, AnnouncementState.PARTIAL)
        status = await bot.status()
        assert "could not be read" in status or "incomplete" in status
        workday.arxiv.clear_script()
        await bot.work_until(OUT + 4 * HOUR)
    assert len(workday.posts()) == 1
    assert set(workday.shown()) == workday.ids()


def claims_more(body: bytes) -> bytes:
    """Let a page count five entries and hold three."""
    return re.sub(rb"of 3 entries|Total of 3 entries", lambda found: found[0].replace(b"3", b"5"), body)


@pytest.mark.fault("A5")
async def test_fewer_papers_than_arxiv_counts_are_not_briefed_as_all(workday: Workday) -> None:
    workday.arxiv.script("/list", [Fault(rewrite=claims_more)] * 99)
    async with workday.process() as bot:
        await workday.subscribe(bot)
        await bot.work_until(OUT + 3 * HOUR)
        assert workday.posts() == []
        assert await bot.state() is AnnouncementState.PARTIAL
        assert workday.asked("/list") >= 8, "it is asked again"
        await bot.work_until(OUT + 5 * HOUR)
        (notice,) = workday.posts()
        assert "announced 5 · matched 3 · shown 3 · failed 2" in notice["content"]
        assert "cs.CL is incomplete: 2 papers of it could not be read." in notice["content"]


@pytest.mark.fault("A5")
async def test_an_empty_page_in_the_middle_is_a_lack(workday: Workday) -> None:
    papers = [make_paper("cs.CL", TUESDAY, 0, arxiv_id=f"2611.{20000 + place}") for place in range(2100)]
    workday.world.batches[TUESDAY, "cs.CL"] = announced(*papers)
    empty = re.compile(rb"<dl.*</dl>", re.DOTALL)
    workday.arxiv.script("/list", [Fault(), Fault(rewrite=lambda body: empty.sub(b"", body))])
    async with workday.process() as bot:
        await workday.subscribe(bot)
        await bot.tick()
        assert workday.asked("/list") == 2
        assert await bot.state() is AnnouncementState.PARTIAL
        assert workday.posts() == []
        await bot.tick(OUT + HOUR)
        assert await bot.state() is AnnouncementState.FRESH
    assert "announced 2,100" in workday.said()


@pytest.mark.fault("A6")
async def test_a_feed_that_is_cut_or_altered_anywhere_gives_right_papers_or_an_error(workday: Workday) -> None:
    body = workday.world.feed("rss", ["cs.CL"], TUESDAYS_FEED)
    right = {entry.paper.arxiv_id: entry.paper.title for entry in parse_feed(body).entries}
    assert len(right) == 3
    altered: list[Callable[[bytes], bytes]] = []
    for place in range(0, len(body), 24):
        altered += [
            lambda whole, place=place: whole[:place],  # type: ignore[misc]  # each its own place
            lambda whole, place=place: whole[:place] + b"\x00<&]]>" + whole[place + 6 :],  # type: ignore[misc]
        ]
    async with workday.process() as bot:
        workday.reach(TUESDAYS_FEED)
        source = bot.online.ingest._feed
        workday.arxiv.script("/rss", [Fault(rewrite=one) for one in altered])
        read = 0
        for _ in altered:
            try:
                found = await source.fetch_category("cs.CL")
            except SourceError:
                continue
            read += 1
            titles = {entry.paper.arxiv_id: entry.paper.title for entry in found.papers}
            assert titles.items() <= right.items()
            assert titles == right or found.problem
        assert read < len(altered) / 20, "hardly any damage leaves XML"
        assert workday.arxiv.pending_faults == 0


BOMB = (
    b'<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + place, b"&%c;" % (97 + place) * 10) for place in range(9))
    + b"]>"
)


@pytest.mark.fault("A6")
@pytest.mark.parametrize("kind", ["file", "address", "bomb"])
async def test_no_entity_is_expanded_and_nothing_is_read_or_called(workday: Workday, kind: str) -> None:
    canary = workday.path.parent / "canary"
    canary.write_text("canary-3c5f0a")
    calls = {
        "file": b'<!DOCTYPE rss [<!ENTITY a SYSTEM "%s">]>' % canary.as_uri().encode(),
        "address": b'<!DOCTYPE rss [<!ENTITY a SYSTEM "%s/called">]>' % workday.arxiv.base_url.encode(),
        "bomb": BOMB,
    }
    name = b"&j;" if kind == "bomb" else b"&a;"

    def hostile(body: bytes) -> bytes:
        head, _, rest = body.partition(b"<rss")
        return head + calls[kind] + b"<rss" + rest.replace(b"Matters of", b"Matters " + name + b" of")

    workday.arxiv.script("/list", [Fault(status=503)] * 99)
    workday.arxiv.script("/rss", [Fault(rewrite=hostile)] * 99)
    async with workday.process() as bot:
        await workday.subscribe(bot)
        await bot.tick(TUESDAYS_FEED)
        assert workday.asked("/rss") == 1
        status = await bot.status()
        papers = await bot.online.reading.papers.load_paper(min(workday.ids()))
    assert "canary-3c5f0a" not in workday.said() + status + str(papers)
    assert workday.asked("/called") == 0
    assert len(workday.said()) + len(str(papers)) < 20_000


@pytest.mark.fault("A7")
async def test_one_paper_a_identifier_with_its_newest_version(workday: Workday) -> None:
    first, second, third = (make_paper("cs.CL", TUESDAY, place) for place in range(3))
    newer = replace(first, version=2, title="Matters revised")
    workday.world.batches[TUESDAY, "cs.CL"] = (
        *announced(first, second, second, third),
        *announced(newer, kind=AnnounceType.REPLACE),
    )
    workday.world.batches[TUESDAY, "cs.CV"] = (
        *announced(make_paper("cs.CV", TUESDAY, 0)),
        *announced(replace(second, categories=("cs.CL", "cs.CV")), kind=AnnounceType.CROSS),
    )
    async with workday.process() as bot:
        await workday.subscribe(bot, 0)
        await workday.subscribe(bot, 1, "cs-cv")
        await workday.subscribe(bot, 2, "multimodal")
        await bot.work_until(OUT + 6 * HOUR)
        stored = await bot.online.reading.papers.load_paper(first.arxiv_id)
    assert sorted(workday.shown(0)) == [first.arxiv_id, second.arxiv_id, third.arxiv_id]
    assert stored is not None
    assert (stored.version, stored.title) == (2, "Matters revised")


@pytest.mark.fault("A7")
async def test_a_page_that_shifts_while_it_is_leafed_through_loses_and_repeats_nothing(workday: Workday) -> None:
    papers = [make_paper("cs.CL", TUESDAY, 0, arxiv_id=f"2611.{20000 + place}") for place in range(2100)]
    workday.world.batches[TUESDAY, "cs.CL"] = announced(*papers)
    async with workday.process() as bot:
        await workday.subscribe(bot)
        shifted = workday.world.listing("cs.CL", OUT, skip=1990)
        workday.arxiv.script("/list", [Fault(), Fault(body=shifted)])
        await bot.tick()
        stored = await bot.online.reading.announcements.load_ids("cs.CL", TUESDAY)
    assert workday.asked("/list") == 2
    assert len(stored) == 2100
    assert len(workday.shown()) == len(set(workday.shown())) == 10


@pytest.mark.fault("A8")
async def test_a_category_that_still_shows_yesterday_is_waited_for_alone(workday: Workday) -> None:
    async with workday.process() as bot:
        workday.world.behind = {"cs.CL": timedelta(days=1), "cs.CV": timedelta(days=1)}
        await bot.online.ingest.run(["cs.CL", "cs.CV"])
        assert await bot.state("cs.CV", MONDAY) is AnnouncementState.FRESH
        del workday.world.behind["cs.CL"]
        await workday.subscribe(bot, 0)
        await workday.subscribe(bot, 1, "cs-cv", quiet_line=True)
        await bot.tick(OUT + HOUR / 4)
        assert set(workday.shown(0)) == workday.ids()
        assert workday.posts(1) == []
        assert await bot.state("cs.CV") is AnnouncementState.WAITING
        assert "the announcement of Tue 17 Nov 2026 is not out yet, cs.CV still shows" in await bot.status()
        asked = workday.asked("/list/cs.CV")
        await bot.tick(OUT + HOUR)
        assert workday.asked("/list/cs.CV") > asked
        await bot.work_until(OUT + 5 * HOUR)
        (notice,) = workday.posts(1)
        assert "overdue, arXiv still shows an older announcement" in notice["content"]
        assert "No announcement" not in workday.said(1)
        workday.world.behind.clear()
        await bot.work_until(OUT + 7 * HOUR)
    assert len(workday.posts(0)) == 1
    assert set(workday.shown(1)) == workday.ids("cs.CV")
    assert len(workday.posts(1)) == 2
