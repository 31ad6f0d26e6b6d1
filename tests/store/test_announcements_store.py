"""Announcements: idempotent, never losing anything, merged over categories."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.model import AnnouncementState, AnnounceType, Counts, PaperVersion, SourceName
from bot.statement import Statement, StatementCode
from bot.store.announcements import AnnouncementStore
from bot.store.engine import Database
from bot.store.papers import PaperStore
from tests.store.samples import MONDAY, TUESDAY, WEDNESDAY, make_fetched, make_paper, make_state, save

NEW, CROSS, REPLACE = AnnounceType.NEW, AnnounceType.CROSS, AnnounceType.REPLACE
FRESH, PARTIAL, FAILED = AnnouncementState.FRESH, AnnouncementState.PARTIAL, AnnouncementState.FAILED


async def test_an_announcement_is_stored_with_its_papers(db: Database) -> None:
    store = AnnouncementStore(db)
    fetched = make_fetched([make_paper("2605.00001"), (make_paper("2604.00002"), CROSS)], shown=Counts(1, 1, 0))
    saved = await save(store, fetched, late=True, reason="found later")
    assert saved.new_papers == 2
    assert saved.announcement.stored == Counts(1, 1, 0)
    assert (saved.announcement.late, saved.announcement.reason) == (True, Statement.plain("found later"))
    assert await store.load("cs.CL", TUESDAY) == saved.announcement
    assert await store.load_ids("cs.CL", TUESDAY) == {"2605.00001": NEW, "2604.00002": CROSS}
    assert await store.load_categories() == ["cs.CL"]


async def test_storing_it_again_changes_nothing(db: Database) -> None:
    store, papers = AnnouncementStore(db), PaperStore(db)
    replaced = (make_paper("2601.00009"), REPLACE)
    fetched = make_fetched([make_paper("2605.00001"), (make_paper("2604.00002"), CROSS), replaced])
    first = await save(store, fetched)
    before = [await papers.load_versions(one) for one in ("2605.00001", "2604.00002", "2601.00009")]
    again = await save(store, fetched)
    assert (again.announcement, again.new_papers) == (first.announcement, 0)
    assert [await papers.load_versions(one) for one in ("2605.00001", "2604.00002", "2601.00009")] == before
    assert await papers.count() == 3


async def test_a_later_and_poorer_fetch_takes_nothing_away(db: Database) -> None:
    store = AnnouncementStore(db)
    full = make_fetched([make_paper("2605.00001"), make_paper("2605.00002")])
    first = await save(store, full)
    poor = make_fetched([make_paper("2605.00003")], source=SourceName.FEED, shown=Counts(3, 0, 0))
    second = await save(store, poor, PARTIAL, late=True, reason="1 of 3")
    expected = replace(first.announcement, shown=Counts(3, 0, 0), stored=Counts(3, 0, 0))
    assert second.announcement == expected
    for state in (AnnouncementState.STALLED, FAILED, AnnouncementState.WAITING, AnnouncementState.QUIET):
        await store.save_state(make_state(state, reason="later"))
    assert await store.load("cs.CL", TUESDAY) == expected


async def test_a_partial_announcement_becomes_complete_and_late_is_fixed_then(db: Database) -> None:
    store = AnnouncementStore(db)
    await save(store, make_fetched([make_paper("2605.00001")], shown=Counts(2)), PARTIAL, reason="1 of 2")
    both = make_fetched([make_paper("2605.00001"), make_paper("2605.00002")])
    complete = await save(store, both, late=True)
    assert (complete.announcement.state, complete.announcement.late) == (FRESH, True)
    assert complete.announcement.reason is None
    assert not complete.announcement.stored.new - 2
    again = await save(store, both, late=False)
    assert again.announcement.late


async def test_a_partial_announcement_keeps_its_state_when_a_later_fetch_fails(db: Database) -> None:
    store = AnnouncementStore(db)
    first = await save(store, make_fetched([make_paper()], shown=Counts(2)), PARTIAL, reason="1 of 2")
    await store.save_state(make_state(FAILED, reason="503"))
    assert await store.load("cs.CL", TUESDAY) == first.announcement


async def test_states_without_papers_follow_one_another(db: Database) -> None:
    store = AnnouncementStore(db)
    for state in (AnnouncementState.WAITING, FAILED, AnnouncementState.STALLED):
        await store.save_state(make_state(state, reason=state.value))
        found = await store.load("cs.CL", TUESDAY)
        assert found is not None
        assert (found.state, found.reason) == (state, Statement.plain(state.value))
    saved = await save(store, make_fetched([make_paper()]))
    assert saved.announcement.state is FRESH


async def test_one_row_for_each_paper_and_type_with_its_newest_version(db: Database) -> None:
    store, papers = AnnouncementStore(db), PaperStore(db)
    first, second = make_paper(version=1), make_paper(version=2, title="Second")
    saved = await save(store, make_fetched([second, first, (second, CROSS)], shown=Counts(1, 1, 0)))
    assert saved.announcement.stored == Counts(1, 1, 0)
    stored = await papers.load_paper(first.arxiv_id)
    assert stored is not None
    assert (stored.version, stored.title) == (2, "Second")
    assert await store.load_ids("cs.CL", TUESDAY) == {first.arxiv_id: NEW}
    assert len(await store.load_candidates(["cs.CL"], TUESDAY)) == 1


async def test_a_replacement_without_a_version_is_a_later_one_than_was_announced(db: Database) -> None:
    store, papers = AnnouncementStore(db), PaperStore(db)
    await save(store, make_fetched([make_paper(title="First")], announced_on=MONDAY))
    for _ in range(2):
        await save(store, make_fetched([(make_paper(title="Second"), REPLACE)], announced_on=TUESDAY))
    await save(store, make_fetched([(make_paper(title="Third"), REPLACE)], announced_on=WEDNESDAY))
    stored = await papers.load_paper("2605.00001")
    assert stored is not None
    assert (stored.version, stored.title) == (3, "Third")
    assert await papers.load_versions("2605.00001") == [
        PaperVersion("2605.00001", 1, MONDAY),
        PaperVersion("2605.00001", 2, TUESDAY),
        PaperVersion("2605.00001", 3, WEDNESDAY),
    ]


async def test_a_replacement_known_ahead_of_its_announcement_is_not_counted_twice(db: Database) -> None:
    store, papers = AnnouncementStore(db), PaperStore(db)
    await save(store, make_fetched([make_paper()], announced_on=MONDAY))
    await papers.save_metadata([make_paper(version=2)])
    await save(store, make_fetched([(make_paper(), REPLACE)], announced_on=TUESDAY))
    assert [one.version for one in await papers.load_versions("2605.00001")] == [1, 2]


async def test_a_withdrawn_version_is_in_the_history(db: Database) -> None:
    store, papers = AnnouncementStore(db), PaperStore(db)
    await save(store, make_fetched([make_paper()], announced_on=MONDAY))
    await save(store, make_fetched([(make_paper(version=2, withdrawn=True), REPLACE)]))
    assert await papers.load_versions("2605.00001") == [
        PaperVersion("2605.00001", 1, MONDAY),
        PaperVersion("2605.00001", 2, TUESDAY, withdrawn=True),
    ]


async def test_candidates_are_merged_over_categories(db: Database) -> None:
    store = AnnouncementStore(db)
    both, cross = make_paper("2605.00002"), make_paper("2605.00001")
    await save(store, make_fetched([both, (make_paper("2601.00005"), REPLACE)], category="cs.CL"), late=True)
    await save(store, make_fetched([(both, CROSS), (cross, CROSS)], category="cs.AI"))
    await save(store, make_fetched([(make_paper("2605.00009"), CROSS)], category="cs.CV"))
    found = await store.load_candidates(["cs.CL", "cs.AI"], TUESDAY)
    assert [(one.paper.arxiv_id, one.announce_type, dict(one.announced_in), one.late) for one in found] == [
        ("2605.00001", CROSS, {"cs.AI": CROSS}, False),
        ("2605.00002", NEW, {"cs.AI": CROSS, "cs.CL": NEW}, False),
    ]
    only = await store.load_candidates(["cs.CL"], TUESDAY)
    assert [(one.paper.arxiv_id, one.late) for one in only] == [("2605.00002", True)]


async def test_announced_before_looks_at_the_categories_asked_for_and_at_deliverable_entries(db: Database) -> None:
    store = AnnouncementStore(db)
    paper, replaced = make_paper("2605.00001"), make_paper("2605.00002")
    await save(store, make_fetched([paper, (replaced, REPLACE)], category="cs.CL", announced_on=MONDAY))
    later = make_fetched([(paper, CROSS), (replaced, CROSS)], category="cs.AI", announced_on=TUESDAY)
    await save(store, later)

    async def before(*categories: str) -> list[tuple[str, ...]]:
        return [one.announced_before for one in await store.load_candidates(categories, TUESDAY)]

    assert await before("cs.CL", "cs.AI") == [("cs.CL",), ()]
    assert await before("cs.AI") == [(), ()]
    assert await store.load_announced("cs.CL", ["2605.00001", "2605.00002", "2605.00003"], before=TUESDAY) == {
        "2605.00001",
        "2605.00002",
    }
    assert await store.load_announced("cs.CL", ["2605.00001"], before=MONDAY) == set()


async def test_dates_and_ranges(db: Database) -> None:
    store = AnnouncementStore(db)
    for announced_on in (MONDAY, TUESDAY):
        await save(store, make_fetched([make_paper(f"2605.000{announced_on.day}")], announced_on=announced_on))
    await save(store, make_fetched([make_paper("2605.00001")], category="cs.AI", announced_on=TUESDAY))
    await store.save_state(make_state(AnnouncementState.WAITING, announced_on=WEDNESDAY))

    assert await store.load_dates(["cs.CL", "cs.AI"], limit=5) == [TUESDAY, MONDAY]
    assert await store.load_dates(["cs.CL"], limit=1) == [TUESDAY]
    assert [one.announced_on for one in await store.load_range("cs.CL", TUESDAY, WEDNESDAY)] == [TUESDAY, WEDNESDAY]
    latest = await store.load_latest("cs.CL")
    complete = await store.load_latest("cs.CL", complete_only=True)
    earlier = await store.load_latest("cs.CL", before=TUESDAY)
    assert [one.announced_on for one in (latest, complete, earlier) if one] == [WEDNESDAY, TUESDAY, MONDAY]
    assert await store.load_latest("cs.CV") is None
    assert await store.load_new_ids(MONDAY, TUESDAY) == [
        ("2605.00011", MONDAY),
        ("2605.00001", TUESDAY),
        ("2605.00012", TUESDAY),
    ]


async def test_totals_of_a_weekday_count_complete_announcements_only(db: Database) -> None:
    store = AnnouncementStore(db)
    for week in range(4):
        announced_on = TUESDAY - timedelta(weeks=week)
        papers = [make_paper(f"26{week:02d}.{number:05d}") for number in range(week + 1)]
        replaced = (make_paper("2501.00001"), REPLACE)
        state = PARTIAL if week == 2 else FRESH
        await save(store, make_fetched([*papers, replaced], announced_on=announced_on), state)
    assert await store.recent_totals("cs.CL", TUESDAY.weekday(), before=TUESDAY) == [2, 4]
    assert await store.recent_totals("cs.CL", TUESDAY.weekday(), before=WEDNESDAY, limit=1) == [1]
    assert await store.recent_totals("cs.CL", MONDAY.weekday(), before=WEDNESDAY) == []


async def test_a_large_announcement(db: Database) -> None:
    store = AnnouncementStore(db)
    papers = [make_paper(f"2605.{number:05d}") for number in range(2000)]
    saved = await save(store, make_fetched(papers, announced_on=date(2026, 5, 12)))
    assert saved.announcement.stored == Counts(2000)
    assert len(await store.load_candidates(["cs.CL"], TUESDAY)) == 2000


async def test_a_reason_comes_back_as_it_went_in(db: Database) -> None:
    store = AnnouncementStore(db)
    at = datetime(2026, 5, 12, 4, tzinfo=UTC)
    inner = Statement.of(StatementCode.SOURCE_MALFORMED, detail="“<”\x00 is no list")
    reason = Statement.of(StatementCode.NOT_RECOVERED, reason=inner, day=TUESDAY, until=at, n=3, words=("a", "b"))
    await store.save_state(replace(make_state(FAILED), reason=reason))
    found = await store.load("cs.CL", TUESDAY)
    assert found is not None
    kept = Statement.of(StatementCode.SOURCE_MALFORMED, detail="“<” is no list")
    assert found.reason == replace(reason, values=(("reason", kept), *reason.values[1:]))


@pytest.mark.parametrize(
    "old",
    ["arXiv shows 1 of 2 new papers", "503", '"quoted"', "[1, 2]", '{"code":"of_tomorrow","values":{}}', "null", "{"],
)
async def test_a_sentence_of_an_earlier_version_is_still_there(db: Database, old: str) -> None:
    store = AnnouncementStore(db)
    await store.save_state(make_state(FAILED, reason="to be replaced"))
    async with db._engine.begin() as connection:
        await connection.execute(sa.text("UPDATE announcement SET reason = :old"), {"old": old})
    found = await store.load("cs.CL", TUESDAY)
    assert found is not None
    assert found.reason == Statement.plain(old)
