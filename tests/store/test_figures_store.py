"""Figures in the database: kept whole, by version, replaced as one."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot.figures import CutFigure, FigureSearch
from bot.store.engine import Database
from bot.store.figures import FigureStore
from bot.store.papers import PaperStore
from tests.store.samples import make_paper

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
DATA = bytes(range(256)) * 10


def cut(number: int, data: bytes = DATA) -> CutFigure:
    return CutFigure(number, number + 2, f"Turnips\x00 \ud800 {number} <b>", 640, 480, "image/webp", data)


def search(version: int = 1, *figures: CutFigure, problem: str | None = None) -> FigureSearch:
    return FigureSearch("2605.00001", version, LICENCE, figures, problem)


@pytest.fixture
async def store(db: Database) -> FigureStore:
    await PaperStore(db).save_metadata([make_paper(), make_paper("2605.00002")])
    return FigureStore(db)


async def test_figures_come_back_as_they_were(store: FigureStore) -> None:
    assert await store.load("2605.00001") is None
    await store.save(search(1, cut(2), cut(1)))
    found = await store.load("2605.00001")
    clean = [replace(cut(number), caption=f"Turnips  {number} <b>") for number in (1, 2)]
    assert found == search(1, *clean)
    assert await store.load("2605.00002") is None


async def test_the_newest_version_counts(store: FigureStore) -> None:
    await store.save(search(2, cut(1, b"two")))
    await store.save(search(1, cut(1, b"one"), cut(2)))
    found = await store.load("2605.00001")
    assert found is not None
    assert (found.version, [one.data for one in found.figures]) == (2, [b"two"])


async def test_a_search_replaces_the_one_before(store: FigureStore) -> None:
    await store.save(search(1, cut(1), cut(2)))
    await store.save(search(1, cut(3)))
    found = await store.load("2605.00001")
    assert found is not None
    assert [one.number for one in found.figures] == [3]


async def test_what_could_not_be_read_is_remembered_as_searched(store: FigureStore) -> None:
    await store.save(search(1, problem="the PDF is encrypted"))
    assert await store.load("2605.00001") == search(1, problem="the PDF is encrypted")
    assert await store.load_searched(["2605.00001", "2605.00002", "2605.09999"]) == {("2605.00001", 1)}


async def test_many_papers_are_asked_about_at_once(store: FigureStore) -> None:
    await store.save(search(3))
    assert await store.load_searched(f"2605.{number:05d}" for number in range(5000)) == {("2605.00001", 3)}


async def test_many_are_loaded_at_once_and_marks_follow_changes(db: Database, store: FigureStore) -> None:
    await store.save(search(1, cut(1)))
    await store.save(replace(search(2, cut(2)), arxiv_id="2605.00002"))
    names = ["2605.00001", "2605.00002", "2605.09999"]
    found = await store.load_many(names)
    assert {name: one.version for name, one in found.items()} == {"2605.00001": 1, "2605.00002": 2}
    before = await store.load_marks(names)
    assert set(before) == set(found)
    assert await store.load_marks(names) == before
    await store.save(search(3))
    after = await store.load_marks(names)
    assert after["2605.00001"] != before["2605.00001"]
    assert after["2605.00002"] == before["2605.00002"]


async def test_a_figure_of_no_stored_paper_is_refused(store: FigureStore) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        await store.save(replace(search(1, cut(1)), arxiv_id="2605.99999"))
    assert await store.load("2605.99999") is None
