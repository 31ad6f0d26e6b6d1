"""Search: the same answers on both engines, whatever is typed."""

from datetime import date

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.errors import StoreError
from bot.model import AnnounceType
from bot.store import search as search_module
from bot.store.announcements import AnnouncementStore
from bot.store.engine import Database
from bot.store.papers import PaperStore
from bot.store.search import PostgresSearch, SearchIndex, SqliteSearch, build_search
from tests.store.samples import MONDAY, TUESDAY, WEDNESDAY, make_fetched, make_paper, save

GODEL = make_paper(
    "2605.00001",
    title="Gödel machines and GPT-4",
    abstract="A state-of-the-art study of 1e5 machines. 大语言模型很好",
    authors=("José Núñez", "Ann Lee"),
    categories=("cs.CL", "cs.AI"),
)
DIFFUSION = make_paper("2605.00002", title="Diffusion", abstract="Machines dream of images.", authors=("Bo Machines",))
VIDEO = make_paper("2605.00003", title="Video", abstract="Diffusion of video, without names.", categories=("cs.CV",))


async def fill(db: Database) -> SearchIndex:
    store = AnnouncementStore(db)
    await save(store, make_fetched([GODEL], announced_on=MONDAY))
    await save(store, make_fetched([DIFFUSION], announced_on=WEDNESDAY))
    await save(store, make_fetched([VIDEO], announced_on=TUESDAY, category="cs.CV"))
    await PaperStore(db).save_metadata([make_paper("2604.00004", title="Unannounced machines")])
    return build_search(db)


async def ids(index: SearchIndex, words: str, **options: object) -> list[str]:
    return [hit.paper.arxiv_id[-1] for hit in await index.search(words, **options)]  # type: ignore[arg-type]  # options are keywords of search


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("machines", ["2", "1", "4"]),
        ("MACHINES", ["2", "1", "4"]),
        ("machine", []),
        ("machine*", ["2", "1", "4"]),
        ("godel", ["1"]),
        ("Gödel", ["1"]),
        ("Go\u0308del", ["1"]),
        ("gpt-4", ["1"]),
        ('"gpt 4"', ["1"]),
        ('"4 gpt"', []),
        ("state-of-the-art machines", ["1"]),
        ("1e5", ["1"]),
        ("nunez", ["1"]),
        ("大语言", ["1"]),
        ("diffusion machines", ["2"]),
        ("diffusion", ["2", "3"]),
        ("' OR 1=1; --", []),
        ("title:machines", []),
        ("machines*diffusion", []),
        ("NOT", []),
        ("machines AND", ["1"]),
        ('" "', []),
        ("?!", []),
        ("", []),
    ],
)
async def test_words(db: Database, words: str, expected: list[str]) -> None:
    index = await fill(db)
    assert await ids(index, words) == expected
    assert sorted(await ids(index, words, newest=False)) == sorted(expected)


async def test_filters(db: Database) -> None:
    index = await fill(db)
    assert await ids(index, "machines", since=TUESDAY) == ["2"]
    assert await ids(index, "machines", category="cs.AI") == ["1"]
    assert await ids(index, "machines", category="CS.ai") == ["1"]
    assert await ids(index, "machines", category="cs") == []
    assert await ids(index, "machines", category='x" OR "y') == []
    assert await ids(index, "machines", author="JOSE nunez") == ["1"]
    assert await ids(index, "machines", author="machines") == ["2"]
    assert await ids(index, "machines", author="?!") == []
    assert await ids(index, "machines", author="") == ["2", "1", "4"]
    assert await ids(index, "", author="nunez") == ["1"]
    assert await ids(index, "machines", limit=1) == ["2"]
    assert await ids(index, "machines", limit=1, offset=1) == ["1"]
    assert await ids(index, "machines", newest=False, limit=2, since=MONDAY, author="nunez") == ["1"]


async def test_a_hit_says_when_the_paper_was_announced(db: Database) -> None:
    index = await fill(db)
    hits = await index.search("machines")
    assert [hit.announced_on for hit in hits] == [WEDNESDAY, MONDAY, None]
    assert hits[1].paper == GODEL


async def test_relevance_prefers_titles_to_authors_to_abstracts(db: Database) -> None:
    papers = PaperStore(db)
    filler = "Nothing of it is said in this text of the same length."
    await papers.save_metadata(
        [
            make_paper("2605.00001", title="Other", abstract=f"Zebra. {filler}", authors=("Ann Lee",)),
            make_paper("2605.00002", title="Zebra", abstract=f"Other. {filler}", authors=("Ann Lee",)),
            make_paper("2605.00003", title="Other", abstract=f"Other. {filler}", authors=("Ann Zebra",)),
            *(make_paper(f"2604.0000{number}", abstract=filler) for number in range(9)),
        ]
    )
    index = build_search(db)
    assert await ids(index, "zebra", newest=False) == ["2", "3", "1"]
    scores = [hit.score for hit in await index.search("zebra", newest=False)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0


async def test_relevance_looks_at_the_newest_matches_only(db: Database) -> None:
    papers = [make_paper(f"2605.0000{number}", title=f"{'zebra ' * (9 - number)}x") for number in range(9)]
    await PaperStore(db).save_metadata(papers)
    kind = SqliteSearch if db.dialect == "sqlite" else PostgresSearch
    assert sorted(await ids(kind(db, window=3), "zebra", newest=False)) == ["6", "7", "8"]


async def test_a_changed_paper_is_found_by_its_new_words_only(db: Database) -> None:
    index = await fill(db)
    await PaperStore(db).save_metadata([make_paper("2605.00002", version=2, title="Zebra", abstract="Stripes.")])
    assert await ids(index, "zebra") == ["2"]
    assert await ids(index, "dream") == []


async def test_a_paper_announced_later_moves_to_its_day(db: Database) -> None:
    index = await fill(db)
    unannounced = make_paper("2604.00004")
    await save(AnnouncementStore(db), make_fetched([(unannounced, AnnounceType.CROSS)], announced_on=date(2026, 5, 14)))
    assert await ids(index, "machines") == ["4", "2", "1"]
    await save(AnnouncementStore(db), make_fetched([unannounced], announced_on=date(2026, 4, 2), category="cs.AI"))
    assert await ids(index, "machines") == ["2", "1", "4"]


async def test_a_replacement_does_not_make_an_old_paper_new(db: Database) -> None:
    index = await fill(db)
    replaced = make_paper("2604.00004", version=2, title="Unannounced machines")
    await save(AnnouncementStore(db), make_fetched([(replaced, AnnounceType.REPLACE)], announced_on=date(2026, 5, 20)))
    assert await ids(index, "machines") == ["2", "1", "4"]


async def test_ranking_that_takes_too_long_gives_the_newest(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(db)
    kind = _endless(db, monkeypatch, "_ranked_sql")
    assert await ids(kind(db, rank_seconds=0.05), "machines", newest=False) == ["2", "1", "4"]


async def test_a_search_that_takes_too_long_says_so_and_the_next_one_works(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = await fill(db)
    with monkeypatch.context() as patch:
        kind = _endless(db, patch, "_newest_sql")
        patch.setattr(search_module, "SEARCH_SECONDS", 0.05)
        with pytest.raises(StoreError, match="took too long"):
            await kind(db).search("machines")
    assert await ids(index, "machines") == ["2", "1", "4"]


def _endless(db: Database, monkeypatch: pytest.MonkeyPatch, statement: str) -> type[SqliteSearch | PostgresSearch]:
    kind = SqliteSearch if db.dialect == "sqlite" else PostgresSearch
    endless = sa.text(
        "WITH RECURSIVE n(number) AS (SELECT 1 UNION ALL SELECT number + 0 FROM n) "
        "SELECT max(number) AS number, 0 AS score FROM n WHERE :query <> '' AND :oldest + :limit + :offset >= 0"
    )
    typed = endless.bindparams(*(sa.bindparam(name, type_=sa.BigInteger) for name in ("oldest", "limit", "offset")))
    monkeypatch.setattr(kind, statement, typed)
    return kind


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(words=st.text(), author=st.none() | st.text(), category=st.none() | st.text(), newest=st.booleans())
@example(words='" OR "', author='"', category='"', newest=True)
@example(words="NEAR(a b) {title}:x ^y -z +w", author="*", category="*", newest=False)
@example(words="a\x00b \ud800 \U0010ffff", author="\x00", category="\x00", newest=True)
@example(words="' & | ! <-> :* \\", author="\\'", category="'", newest=False)
async def test_nothing_typed_breaks_the_query_language(
    db: Database, words: str, author: str | None, category: str | None, newest: bool
) -> None:
    if await PaperStore(db).count() == 0:
        await fill(db)
    hits = await build_search(db).search(words, author=author, category=category, newest=newest)
    assert len(hits) == len({hit.paper.arxiv_id for hit in hits}) <= 4
    if not any(character.isalnum() for character in words + (author or "") + (category or "")):
        assert hits == []


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(title=st.text(st.characters(categories=["Ll", "Lu", "Nd"], max_codepoint=0x24F), min_size=1, max_size=40))
async def test_a_paper_is_found_by_its_title(db: Database, title: str) -> None:
    arxiv_id = "2605.00001"
    papers = PaperStore(db)
    known = await papers.load_paper(arxiv_id)
    version = known.version + 1 if known else 1
    await papers.save_metadata([make_paper(arxiv_id, title=title, version=version)])
    assert [hit.paper.title for hit in await build_search(db).search(title)] == [title]
