"""Vectors of papers and of texts: kept by model and version, on both databases."""

from datetime import date
from typing import TYPE_CHECKING

import pytest

from bot.model import Paper
from bot.store.engine import Database
from bot.store.papers import PaperStore
from bot.store.vectors import MOST_TEXTS, VectorStore
from tests.store.samples import make_paper

if TYPE_CHECKING:
    from bot.embed.port import Vector

np = pytest.importorskip("numpy")

MODEL, OTHER = "mini@1", "mini@2"
LONG_AGO = date(2026, 1, 1)


def unit(*numbers: float) -> "Vector":
    """Return a vector of unit length."""
    vector: Vector = np.array(numbers, np.float32)
    vector /= np.float32(np.linalg.norm(vector))
    return vector


async def save_papers(db: Database, *ids: str) -> list[Paper]:
    """Store papers of those identifiers and return them."""
    papers = [make_paper(one) for one in ids]
    await PaperStore(db).save_metadata(papers)
    return papers


async def test_a_vector_comes_back_as_it_was_but_for_half_precision(db: Database) -> None:
    (paper,) = await save_papers(db, "2605.00001")
    store = VectorStore(db)
    await store.save(MODEL, [(paper, unit(3, -4, 0.001))])
    found = await store.load(MODEL, ["2605.00001", "2605.99999"])
    assert list(found) == ["2605.00001"]
    assert found["2605.00001"].dtype == np.float32
    assert np.allclose(found["2605.00001"], unit(3, -4, 0.001), atol=1e-3)


async def test_vectors_of_two_models_are_never_mixed(db: Database) -> None:
    one, other = await save_papers(db, "2605.00001", "2605.00002")
    store = VectorStore(db)
    await store.save(MODEL, [(one, unit(1, 0))])
    await store.save(OTHER, [(one, unit(0, 1, 0)), (other, unit(0, 0, 1))])
    assert {key: len(vector) for key, vector in (await store.load(MODEL, ["2605.00001", "2605.00002"])).items()} == {
        "2605.00001": 2
    }
    assert [paper.arxiv_id for paper in await store.load_missing(MODEL, LONG_AGO, 10)] == ["2605.00002"]
    ids, matrix = await store.load_newest(OTHER, 10)
    assert (ids, matrix.shape) == (["2605.00002", "2605.00001"], (2, 3))


async def test_another_length_under_the_same_name_is_another_model(db: Database) -> None:
    one, other = await save_papers(db, "2605.00001", "2605.00002")
    store = VectorStore(db)
    await store.save(MODEL, [(one, unit(1, 0))])
    await store.save_text(MODEL, "robots", unit(1, 0))
    await store.save(OTHER, [(one, unit(1, 0))])
    await store.save(MODEL, [(other, unit(1, 0, 0))])
    assert list(await store.load(MODEL, ["2605.00001", "2605.00002"])) == ["2605.00002"]
    assert await store.load_text(MODEL, "robots") is None
    assert list(await store.load(OTHER, ["2605.00001"])) == ["2605.00001"]


async def test_a_new_version_is_missing_until_it_is_read_and_an_old_one_never_returns(db: Database) -> None:
    (paper,) = await save_papers(db, "2605.00001")
    store = VectorStore(db)
    await store.save(MODEL, [(paper, unit(1, 0))])
    assert await store.count_missing(MODEL, LONG_AGO) == 0
    newer = make_paper("2605.00001", version=2, abstract="We study more matter.")
    await PaperStore(db).save_metadata([newer])
    assert await store.count_missing(MODEL, LONG_AGO) == 1
    assert [one.version for one in await store.load_missing(MODEL, LONG_AGO, 10)] == [2]
    # Until then the old one serves.
    assert (await store.load(MODEL, ["2605.00001"]))["2605.00001"][0] == 1
    await store.save(MODEL, [(newer, unit(0, 1))])
    await store.save(MODEL, [(paper, unit(1, 0))])
    assert (await store.load(MODEL, ["2605.00001"]))["2605.00001"][1] == 1
    assert await store.count_missing(MODEL, LONG_AGO) == 0


async def test_what_is_missing_comes_newest_first_and_neither_old_nor_withdrawn(db: Database) -> None:
    await save_papers(db, "2603.00001", "2605.00001", "2605.00002")
    await PaperStore(db).save_metadata([make_paper("2605.00003", withdrawn=True)])
    store = VectorStore(db)
    found = await store.load_missing(MODEL, date(2026, 4, 1), 10)
    assert [paper.arxiv_id for paper in found] == ["2605.00002", "2605.00001"]
    assert await store.count_missing(MODEL, date(2026, 4, 1)) == 2
    assert [paper.arxiv_id for paper in await store.load_missing(MODEL, LONG_AGO, 1)] == ["2605.00002"]


async def test_many_papers_are_loaded_at_once(db: Database) -> None:
    papers = await save_papers(db, *(f"2605.{number:05}" for number in range(1, 1205)))
    store = VectorStore(db)
    await store.save(MODEL, [(paper, unit(1, number)) for number, paper in enumerate(papers)])
    assert len(await store.load(MODEL, [paper.arxiv_id for paper in papers])) == 1204
    ids, matrix = await store.load_newest(MODEL, 100)
    assert (len(ids), matrix.shape) == (100, (100, 2))


async def test_without_any_vector_there_is_an_empty_matrix(db: Database) -> None:
    ids, matrix = await VectorStore(db).load_newest(MODEL, 10)
    assert (ids, matrix.shape) == ([], (0, 0))
    await VectorStore(db).save(MODEL, [])


async def test_texts_are_kept_by_model_and_replaced(db: Database) -> None:
    store = VectorStore(db)
    await store.save_text(MODEL, "robots \ud800", unit(1, 0))
    await store.save_text(MODEL, "robots \ud800", unit(0, 1))
    found = await store.load_text(MODEL, "robots \ud800")
    assert found is not None
    assert found.tolist() == [0, 1]
    assert await store.load_text(OTHER, "robots \ud800") is None
    assert await store.load_text(MODEL, "robots") is None


async def test_texts_do_not_pile_up(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_TEXTS >= 500
    monkeypatch.setattr("bot.store.vectors.MOST_TEXTS", 3)
    store = VectorStore(db)
    for number in range(6):
        await store.save_text(MODEL, f"interest {number}", unit(1, number))
    kept = [number for number in range(6) if await store.load_text(MODEL, f"interest {number}") is not None]
    assert kept[-1] == 5
    assert len(kept) <= 3
