"""Operators of SQL and of full-text search in what people type: they are words, on both engines."""

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.store.engine import Database
from bot.store.papers import PaperStore
from bot.store.search import build_search
from tests.store.samples import make_paper

ATTACKS = (
    "' OR 1=1 --",
    "' OR ''='",
    '" OR ""="',
    "'; DROP TABLE paper; --",
    "1); DELETE FROM subscription; --",
    "' UNION SELECT * FROM lease --",
    "$1; SELECT pg_sleep(9)",
    "NEAR(zebra turnip, 5)",
    "title:zebra",
    "col : zebra",
    "{title abstract}: zebra",
    "zebra* OR ^turnip",
    "zebra NOT turnip AND (",
    "-zebra +turnip",
    "zebra | turnip & ! <-> :*",
    "zebra:*A",
    "%zebra_",
    "\\' zebra \\",
    "zebra\x00turnip",
    '"zebra',
    "***",
    "(((",
    "%",
)


async def tables(db: Database) -> dict[str, int]:
    """Return how many rows each table has."""
    async with db.read() as connection:
        names = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
        plain = [name for name in sorted(names) if not name.startswith("paper_search")]
        counted = {name: sa.select(sa.func.count()).select_from(sa.table(name)) for name in plain}
        return {name: int(await connection.scalar(query) or 0) for name, query in counted.items()}


async def fill(db: Database) -> None:
    """Store a paper about each of two plants, one with the words of attacks in its title, and one of neither."""
    papers = [
        make_paper("2605.00001", title="Zebra"),
        make_paper("2605.00002", title="Turnip"),
        make_paper("2605.00003", title="Drop table paper; delete from subscription: union select all"),
        make_paper("2605.00004", title="Something else"),
    ]
    assert await PaperStore(db).save_metadata(papers) == 4


@pytest.mark.fault("X2")
async def test_operators_are_searched_for_as_words(db: Database) -> None:
    await fill(db)
    before = await tables(db)
    search = build_search(db)
    for attack in ATTACKS:
        for newest in (True, False):
            hits = await search.search(attack, author=None, category=None, newest=newest)
            assert "2605.00004" not in {hit.paper.arxiv_id for hit in hits}, "nothing is found that does not match"
            assert await search.search("zebra", author=attack, category=attack, newest=newest) == []
    # None of these is an "or": both words have to be there, and no paper has both.
    for attack in ("zebra* OR ^turnip", "zebra | turnip & ! <-> :*", "NEAR(zebra turnip, 5)", "-zebra +turnip"):
        assert await search.search(attack) == []
    for typed in ('"zebra', "%zebra_", "\\' zebra \\", "zebra:*"):
        assert [hit.paper.title for hit in await search.search(typed)] == ["Zebra"]
    assert [hit.paper.arxiv_id for hit in await search.search("drop table paper; --")] == ["2605.00003"]
    assert await tables(db) == before


@pytest.mark.fault("X2")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(
        st.sampled_from(["zebra", "turnip", "'", '"', "*", "OR", "AND", "NOT", "NEAR(", ")", ":", "^", "--", ";", "%"]),
        max_size=8,
    ).map(" ".join)
    | st.text(max_size=40)
)
@example(words="\ud800 \x00 \U0010ffff")
async def test_no_text_breaks_a_search_or_changes_a_table(db: Database, words: str) -> None:
    if await PaperStore(db).count() == 0:
        await fill(db)
    before = await tables(db)
    for newest in (True, False):
        await build_search(db).search(words, author=words[:9], newest=newest)
        assert len(await build_search(db).search(words, newest=newest)) <= 4
    assert await tables(db) == before
