"""arXiv is late, early, quiet, short or odd: under which date papers stand, and how often (A9 to A15)."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.demo.loopback import Fault
from bot.demo.pages import listing_page
from bot.model import AnnouncementState, AnnounceType
from tests.faults.workday import CALENDAR, DAYS, OUT, TUESDAY, Workday, announced, make_paper, open_workday

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY, WEDNESDAY, THURSDAY = (DAYS[DAYS.index(TUESDAY) + offset] for offset in (-1, 1, 2))


@pytest.mark.fault("A9")
async def test_the_evening_before_belongs_to_the_date_of_the_announcement(workday: Workday) -> None:
    """It is the sixteenth in New York when the seventeenth is announced."""
    async with workday.process() as bot:
        await workday.subscribe(bot)
        await bot.tick()
        stored = await bot.online.reading.announcements.load_ids("cs.CL", TUESDAY)
    assert set(stored) == workday.ids()
    assert "Tue 17 Nov 2026" in workday.said()


@pytest.mark.fault("A9")
async def test_a_feed_that_is_dated_a_day_behind_is_filed_by_its_papers(sqlite_path: Path) -> None:
    def behind(body: bytes) -> bytes:
        dated = body.replace(b"Tue, 17 Nov 2026", b"Mon, 16 Nov 2026")
        assert dated != body
        return dated

    async with open_workday(sqlite_path, OUT - DAY) as workday, workday.process() as bot:
        await workday.subscribe(bot)
        await bot.tick()
        assert set(workday.shown()) == workday.ids(day=MONDAY)
        workday.arxiv.script("/list", [Fault(status=503)] * 99)
        workday.arxiv.script("/rss", [Fault(rewrite=behind)] * 9)
        await bot.tick(OUT + 5 * HOUR)
        stored = await bot.online.reading.announcements.load_ids("cs.CL", TUESDAY)
        monday = await bot.online.reading.announcements.load_ids("cs.CL", MONDAY)
        assert set(stored) == workday.ids()
        assert set(monday) == workday.ids(day=MONDAY)
        (_, second) = workday.posts()
        assert "Tue 17 Nov 2026" in second["content"]


@pytest.mark.fault("A10")
async def test_an_announcement_three_hours_late_is_waited_for_and_briefed_once(workday: Workday) -> None:
    workday.world.behind = {"cs.CL": 3 * HOUR}
    async with workday.process() as bot:
        await workday.subscribe(bot)
        await bot.work_until(OUT + 2 * HOUR)
        assert workday.posts() == []
        assert await bot.state() is AnnouncementState.WAITING
        await bot.work_until(OUT + 12 * HOUR)
    assert len(workday.posts()) == 1
    assert set(workday.shown()) == workday.ids()


@pytest.mark.fault("A10")
async def test_a_mailing_that_arxiv_defers_unforeseen_is_no_loss(sqlite_path: Path) -> None:
    async with open_workday(sqlite_path, OUT - DAY) as workday, workday.process() as bot:
        workday.world.defer(TUESDAY)
        await workday.subscribe(bot)
        await bot.tick()
        await bot.work_until(OUT + 6 * HOUR, HOUR)
        (_, notice) = workday.posts()
        assert "overdue, arXiv still shows an older announcement" in notice["content"]
        await bot.work_until(OUT + 2 * DAY, HOUR)
        assert await bot.state() is AnnouncementState.QUIET
        shown = workday.shown()
        assert len(shown) == len(set(shown))
        days = (MONDAY, WEDNESDAY, THURSDAY)
        assert set(shown) == set().union(*(workday.ids(day=day) for day in days))
        assert sum("overdue" in post["content"] for post in workday.posts()) == 1


@pytest.mark.fault("A11")
@pytest.mark.parametrize(
    ("last", "following", "words"),
    [
        (date(2026, 11, 20), date(2026, 11, 23), "arXiv announces nothing for Sat 21 Nov 2026"),
        (date(2026, 11, 26), date(2026, 11, 30), "announcement of Fri 27 Nov 2026 because of a holiday"),
        (date(2026, 12, 25), date(2026, 12, 29), "announcement of Mon 28 Dec 2026 because of a holiday"),
    ],
    ids=["weekend", "Thanksgiving", "Christmas"],
)
async def test_days_without_an_announcement_alarm_nobody(
    sqlite_path: Path, last: date, following: date, words: str
) -> None:
    async with open_workday(sqlite_path, CALENDAR.release(last) + HOUR) as workday, workday.process() as bot:
        workday.world.batches[following, "cs.CL"] = announced(
            *(make_paper("cs.CL", following, place) for place in range(30))
        )
        await workday.subscribe(bot, 0)
        await workday.subscribe(bot, 1, quiet_line=True)
        await bot.tick()
        await bot.work_until(CALENDAR.release(following) - HOUR, 3 * HOUR)
        assert len(workday.posts(0)) == 1
        assert words in workday.said(1)
        assert "overdue" not in workday.said(0) + workday.said(1)
        status = await bot.status()
        assert "complete" in status
        assert f"Next announcement: {following:%a} {following.day} {following:%b %Y}" in status
        await bot.work_until(CALENDAR.release(following) + HOUR, HOUR)
        assert len(workday.posts(0)) == 2
        assert "announced 30 · matched 30 · shown 10" in workday.posts(0)[1]["content"]
        assert len(workday.shown(0)) == 3 + 10


@pytest.mark.fault("A12")
async def test_a_batch_far_below_the_weekdays_usual_is_held_and_then_marked(sqlite_path: Path) -> None:
    tuesdays = [TUESDAY - timedelta(weeks=weeks) for weeks in (3, 2, 1)]
    async with open_workday(sqlite_path, CALENDAR.release(tuesdays[0]) + HOUR) as workday, workday.process() as bot:
        for day in (*tuesdays, TUESDAY):
            workday.world.batches[day, "cs.CL"] = announced(*(make_paper("cs.CL", day, place) for place in range(25)))
        whole = listing_page("cs.CL", TUESDAY, workday.world.batches[TUESDAY, "cs.CL"])
        # Four per cent, with counts that agree: what a lagging server has.
        workday.world.batches[TUESDAY, "cs.CL"] = announced(make_paper("cs.CL", TUESDAY, 0))
        for day in tuesdays:
            workday.reach(CALENDAR.release(day) + HOUR)
            await bot.online.ingest.run(["cs.CL"])
        await workday.subscribe(bot, created_at=OUT)
        await bot.tick(OUT)
        assert await bot.state() is AnnouncementState.PARTIAL
        assert workday.posts() == []
        assert "only 1 paper" in await bot.status()
        asked = workday.asked("/list")
        await bot.work_until(OUT + 3 * HOUR)
        assert workday.asked("/list") >= asked + 8
        assert workday.posts() == []
        await bot.work_until(OUT + 5 * HOUR)
        (marked,) = workday.posts()
        assert "cs.CL: arXiv shows only a part so far" in marked["content"]
        workday.arxiv.script("/list", [Fault(body=whole)] * 99)
        await bot.work_until(OUT + 7 * HOUR)
        assert len(workday.posts()) == 2
        assert len(workday.shown()) == len(set(workday.shown())) == 1 + 10


@pytest.mark.fault("A13")
async def test_a_missed_announcement_is_rebuilt_by_its_identifiers_and_marked_late(sqlite_path: Path) -> None:
    """Down on Tuesday; on Thursday one of its papers has been replaced, which gives its record a younger date."""
    async with open_workday(sqlite_path, OUT - DAY) as workday:
        touched = replace(make_paper("cs.CL", TUESDAY, 1), version=2)
        workday.world.batches[WEDNESDAY, "cs.CL"] = (
            *announced(*(make_paper("cs.CL", WEDNESDAY, place) for place in range(3))),
            *announced(touched, kind=AnnounceType.REPLACE),
        )
        async with workday.process() as bot:
            await workday.subscribe(bot)
            await bot.tick()
        async with workday.process() as again:
            await again.tick(OUT + DAY + 3 * HOUR)
            stored = await again.online.reading.announcements.load("cs.CL", TUESDAY)
            ids = await again.online.reading.announcements.load_ids("cs.CL", TUESDAY)
            await again.work_until(OUT + DAY + 9 * HOUR, HOUR)
        assert stored is not None
        assert stored.late
        assert {one for one, kind in ids.items() if kind.deliverable} == workday.ids()
        shown = workday.shown()
        assert len(shown) == len(set(shown)) == 9
        assert set(shown) == workday.ids(day=MONDAY) | workday.ids() | workday.ids(day=WEDNESDAY)
        (tuesdays,) = [post["content"] for post in workday.posts() if "Tue 17 Nov 2026" in post["content"]]
        assert "cs.CL was missed on the day; rebuilt from arXiv's OAI records" in tuesdays


@pytest.mark.fault("A14")
async def test_each_kind_of_entry_is_labelled_and_nothing_is_announced_again(sqlite_path: Path) -> None:
    november = make_paper("cs.CL", TUESDAY, 0, arxiv_id="2610.09999", title="Held back since October")
    crossed = make_paper("cs.CL", TUESDAY, 1, primary_category="stat.ML", categories=("stat.ML", "cs.CL"))
    async with open_workday(sqlite_path, OUT - DAY) as workday, workday.process() as bot:
        known = make_paper("cs.CL", MONDAY, 0)
        gone = make_paper("cs.CL", MONDAY, 1, version=2, withdrawn=True, comment="withdrawn by the authors")
        workday.world.batches[TUESDAY, "cs.CL"] = (
            *announced(november),
            *announced(crossed, kind=AnnounceType.CROSS),
            *announced(replace(known, version=2, title="Matters revised"), gone, kind=AnnounceType.REPLACE),
        )
        await workday.subscribe(bot)
        await bot.tick()
        await bot.tick(OUT)
        first, second = workday.posts()
        assert len(first["embeds"]) == 3
        links = {embed["url"].rpartition("/")[2]: embed for embed in second["embeds"]}
        assert links.keys() == {november.arxiv_id, crossed.arxiv_id}
        assert "stat.ML" in str(links[crossed.arxiv_id])
        assert "announced 2" in second["content"]
        await bot.tick(OUT + HOUR)
        assert len(workday.posts()) == 2
        withdrawn = await bot.online.reading.papers.load_paper(gone.arxiv_id)
        revised = await bot.online.reading.papers.load_paper(known.arxiv_id)
        assert withdrawn is not None
        assert withdrawn.withdrawn
        assert revised is not None
        assert (revised.version, revised.title) == (2, "Matters revised")


FIELDS = {
    "title": (b"list-title", b"other"),
    "authors": (b"list-authors", b"other"),
    "subjects": (b"list-subjects", b"other"),
    "abstract": (b"<p class='mathjax'", b"<p class='other'"),
    "identifier": (b'title="Abstract"', b'title="Other"'),
}


@pytest.mark.fault("A15")
@pytest.mark.parametrize(("field", "other"), FIELDS.values(), ids=FIELDS)
async def test_an_entry_that_lacks_a_field_is_set_aside_and_the_others_go_on(
    workday: Workday, field: bytes, other: bytes
) -> None:
    def lacking(body: bytes) -> bytes:
        assert body.count(field) >= 3
        return body.replace(field, other, 1)

    workday.arxiv.script("/list", [Fault(rewrite=lacking)] * 99)
    workday.arxiv.script("/rss", [Fault(status=503)] * 99)
    async with workday.process() as bot:
        await workday.subscribe(bot)
        await bot.tick()
        assert await bot.state() is AnnouncementState.PARTIAL
        assert workday.posts() == []
        await bot.work_until(OUT + 5 * HOUR, HOUR)
    assert len(workday.shown()) == 2
    assert set(workday.shown()) < workday.ids()
    assert "announced 3 · matched 2 · shown 2 · failed 1" in workday.posts()[0]["content"]
