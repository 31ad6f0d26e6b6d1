"""Papers: stored whole, merged, and asked for more."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model import AnnounceType, Paper
from bot.store.announcements import AnnouncementStore
from bot.store.engine import Database
from bot.store.papers import PaperStore
from tests.store.samples import MONDAY, NOON, TUESDAY, WEDNESDAY, make_fetched, make_paper, save

FULL = Paper(
    arxiv_id="hep-th/9901001",
    title="A title with $\\alpha$, 'quotes', emoji 🧪 and \u202eright to left",
    abstract="Zeile eins.\nZeile zwei: 大语言模型.",
    authors=("José Núñez", 'O"Brien \\ Co', "李明"),
    primary_category="hep-th",
    categories=("hep-th", "math.GT"),
    comment="8 pages",
    journal_ref="Nature 1 (2026)",
    doi="10.1/x",
    licence="http://creativecommons.org/licenses/by/4.0/",
    version=3,
    submitted_at=datetime(1999, 1, 4, 23, 59, 59, 123456, tzinfo=UTC),
    updated_at=datetime(2026, 5, 12, tzinfo=UTC),
    has_html=True,
    withdrawn=True,
    authors_complete=False,
)


async def test_a_paper_comes_back_as_it_was(db: Database) -> None:
    papers = PaperStore(db)
    assert await papers.save_metadata([FULL]) == 1
    assert await papers.load_paper(FULL.arxiv_id) == FULL
    assert await papers.load_paper("2605.99999") is None
    assert await papers.count() == 1


async def test_only_changes_are_counted(db: Database) -> None:
    papers = PaperStore(db)
    assert await papers.save_metadata([make_paper("2605.00001"), make_paper("2605.00002")]) == 2
    assert await papers.save_metadata([make_paper("2605.00001"), make_paper("2605.00002", comment="8 pages")]) == 1
    assert await papers.save_metadata([]) == 0
    stored = await papers.load_paper("2605.00002")
    assert stored is not None
    assert stored.comment == "8 pages"


async def test_several_records_of_one_paper_become_one(db: Database) -> None:
    papers = PaperStore(db)
    paper = make_paper()
    await papers.save_metadata([paper, replace(paper, version=2, title="Second"), replace(paper, licence="by")])
    assert await papers.load_paper(paper.arxiv_id) == replace(paper, version=2, title="Second", licence="by")


async def test_any_number_of_identifiers_can_be_asked_for(db: Database) -> None:
    papers = PaperStore(db)
    await papers.save_metadata([make_paper(f"2605.{number:05d}") for number in range(1200)])
    found = await papers.load_papers(f"2605.{number:05d}" for number in range(40_000))
    assert len(found) == 1200


async def test_instants_come_back_in_utc_whatever_their_offset(db: Database) -> None:
    papers = PaperStore(db)
    eastern = datetime(2026, 5, 11, 20, 0, tzinfo=timezone(timedelta(hours=-4)))
    await papers.save_metadata([make_paper(submitted_at=eastern)])
    stored = await papers.load_paper("2605.00001")
    assert stored is not None
    assert stored.submitted_at is not None
    assert (stored.submitted_at, stored.submitted_at.utcoffset()) == (eastern, timedelta(0))


async def test_a_naive_instant_is_refused_and_nothing_is_stored(db: Database) -> None:
    papers = PaperStore(db)
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(sa.exc.StatementError, match="no offset"):
        await papers.save_metadata([make_paper("2605.00001"), make_paper("2605.00002", submitted_at=naive)])
    assert await papers.count() == 0


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(title=st.text(), author=st.text(), number=st.integers(0, 99_999))
async def test_no_text_can_break_a_write(db: Database, title: str, author: str, number: int) -> None:
    arxiv_id = f"2605.{number:05d}"
    papers = PaperStore(db)
    await papers.save_metadata([make_paper(arxiv_id, title=title, authors=(author,), comment=title)])
    stored = await papers.load_paper(arxiv_id)
    assert stored is not None
    assert "\x00" not in stored.title


async def test_nul_and_lone_surrogates_are_dropped(db: Database) -> None:
    papers = PaperStore(db)
    await papers.save_metadata([make_paper(title="a\x00b\ud800c", authors=("x\x00y", "z\udfff"))])
    stored = await papers.load_paper("2605.00001")
    assert stored is not None
    assert (stored.title, stored.authors) == ("abc", ("xy", "z"))


async def test_five_thousand_authors(db: Database) -> None:
    papers = PaperStore(db)
    many = make_paper(authors=tuple(f"First{number} Last{number}" for number in range(5154)))
    await papers.save_metadata([many])
    assert await papers.load_paper(many.arxiv_id) == many


async def test_what_still_lacks_metadata(db: Database) -> None:
    papers, announcements = PaperStore(db), AnnouncementStore(db)
    await save(announcements, make_fetched([make_paper("2605.00001")], announced_on=MONDAY))
    replaced = (make_paper("2501.00009"), AnnounceType.REPLACE)
    fetched = make_fetched([make_paper("2605.00002"), make_paper("2605.00003"), replaced])
    await save(announcements, fetched)
    await papers.save_metadata([make_paper("2605.00077")])

    assert await papers.load_unenriched(10, MONDAY) == [
        ("2605.00003", TUESDAY),
        ("2605.00002", TUESDAY),
        ("2605.00001", MONDAY),
    ]
    assert await papers.load_unenriched(1, MONDAY) == [("2605.00003", TUESDAY)]
    assert await papers.load_unenriched(10, WEDNESDAY) == []

    await papers.mark_enriched(["2605.00003"], NOON)
    for _ in range(50):
        await papers.record_enrichment_failure(["2605.00002"], NOON)
    assert await papers.load_unenriched(10, MONDAY) == [("2605.00001", MONDAY), ("2605.00002", TUESDAY)]


async def test_where_a_paper_was_announced(db: Database) -> None:
    announcements = AnnouncementStore(db)
    paper = make_paper()
    await save(announcements, make_fetched([paper], category="cs.CL"))
    await save(announcements, make_fetched([(paper, AnnounceType.CROSS)], category="cs.AI", announced_on=WEDNESDAY))
    assert await PaperStore(db).load_announced(paper.arxiv_id) == [
        ("cs.CL", date(2026, 5, 12), AnnounceType.NEW),
        ("cs.AI", date(2026, 5, 13), AnnounceType.CROSS),
    ]
