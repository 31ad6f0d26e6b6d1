"""Vectors of what is stored: made newest first and in time, kept, resumed, and done without where there are none."""

import asyncio
from datetime import timedelta

import pytest

from bot.errors import ModelUnavailable
from bot.model import Paper
from bot.pipeline.embedding import REST, Embedding
from tests.unit.embed.fakes import FakeEmbedder, MemoryVectors
from tests.unit.llm.fakes import NOON, JumpClock

pytest.importorskip("numpy")


def paper(number: int, title: str = "On matter") -> Paper:
    return Paper(f"2605.{number:05}", title, "We study it.", ("A",), "cs.CL", ("cs.CL",))


def embedding(
    store: MemoryVectors, embedder: FakeEmbedder | None, clock: JumpClock | None = None, patience: float = 60.0
) -> Embedding:
    return Embedding(store, clock or JumpClock(), model="fake@1", embedder=embedder, patience=patience)


async def test_all_that_is_missing_is_made_in_batches_and_told() -> None:
    store, embedder = MemoryVectors([paper(number) for number in range(70)]), FakeEmbedder()
    told: list[tuple[str, int, int]] = []
    report = await embedding(store, embedder).run(lambda *step: told.append(step))
    assert (report.made, report.missing, report.problem) == (70, 0, None)
    assert [len(texts) for texts in embedder.asked] == [16, 16, 16, 16, 6]
    assert embedder.asked[0][0] == "On matter\nWe study it."
    assert told == [("making vectors", made, 70) for made in (16, 32, 48, 64, 70)]
    assert store.spans[0] == NOON.date() - timedelta(days=60)
    again = await embedding(store, embedder).run()
    assert (again.made, again.missing) == (0, 0)
    assert len(embedder.asked) == 5


async def test_what_was_made_before_a_failure_is_kept_and_the_rest_comes_later() -> None:
    store, embedder, clock = MemoryVectors([paper(number) for number in range(40)]), FakeEmbedder(), JumpClock()
    work = embedding(store, embedder, clock)
    embedder.failures = [ModelUnavailable("the server fails (500)")]
    assert (await work.run()).problem == "the server fails (500)"
    asked = len(embedder.asked)
    report = await work.run()
    assert "left alone for 5 minutes" in str(report.problem)
    assert report.missing == 40
    assert len(embedder.asked) == asked, "an embedder that fails is left alone for a while"
    clock.seconds += REST.total_seconds() + 1
    assert (await work.run()).made == 40


async def test_a_clock_that_was_set_back_does_not_silence_it() -> None:
    store, embedder, clock = MemoryVectors([paper(1)]), FakeEmbedder(), JumpClock()
    work = embedding(store, embedder, clock)
    embedder.failures = [ModelUnavailable("down")]
    await work.run()
    clock.seconds -= 3600
    assert (await work.run()).made == 1


async def test_no_run_takes_longer_than_patience() -> None:
    store, embedder = MemoryVectors([paper(number) for number in range(40)]), FakeEmbedder()
    embedder.gate = asyncio.Event()
    work = embedding(store, embedder, patience=0.01)
    report = await work.run()
    assert (report.made, report.missing) == (0, 40)
    assert "the next one goes on" in str(report.problem)
    # However slow the machine, what was begun is not begun again: the batch comes in late, and counts.
    assert (await work.run()).made == 0
    embedder.gate.set()
    while len(store.kept) < 40:
        await work.run()
    assert [len(texts) for texts in embedder.asked] == [16, 16, 8]


async def test_closing_ends_what_is_under_way() -> None:
    store, embedder = MemoryVectors([paper(1)]), FakeEmbedder()
    embedder.gate = asyncio.Event()
    work = embedding(store, embedder, patience=0.01)
    await work.run()
    assert await work.of_text("robots") is None
    await work.close()
    embedder.gate.set()
    await asyncio.sleep(0)
    assert store.kept == {}
    assert store.texts == {}
    await embedding(store, embedder).close()


async def test_two_runs_at_once_share_the_work() -> None:
    store, embedder = MemoryVectors([paper(number) for number in range(100)]), FakeEmbedder()
    work = embedding(store, embedder)
    reports = await asyncio.gather(work.run(), work.run(span=timedelta(days=7)))
    assert sum(report.made for report in reports) == 100
    assert sum(len(texts) for texts in embedder.asked) == 100


async def test_cancelling_a_run_leaves_the_next_one_free() -> None:
    store, embedder = MemoryVectors([paper(1)]), FakeEmbedder()
    embedder.gate = asyncio.Event()
    work = embedding(store, embedder)
    task = asyncio.create_task(work.run())
    await embedder.entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    embedder.gate.set()
    assert (await work.run()).missing == 0
    assert len(embedder.asked) == 1


async def test_a_text_is_asked_about_once_and_kept_for_every_process() -> None:
    store, embedder = MemoryVectors(), FakeEmbedder()
    work = embedding(store, embedder)
    first = await work.of_text("robots  that\ngrasp")
    assert first is not None
    assert first.tolist() == (await work.of_text("robots that grasp")).tolist()  # type: ignore[union-attr]
    assert embedder.asked == [["robots that grasp"]]
    assert (await embedding(store, None).of_text("robots that grasp")) is not None
    assert await embedding(store, None).of_text("something else") is None
    assert await work.of_text(" \n") is None


async def test_a_text_without_a_vector_in_time_has_none_and_costs_one_wait() -> None:
    store, embedder = MemoryVectors(), FakeEmbedder()
    embedder.gate = asyncio.Event()
    work = embedding(store, embedder, patience=0.01)
    assert await work.of_text("robots") is None
    assert await work.of_text("graphs") is None
    assert embedder.asked == [["robots"]]
    # When it comes after all, it is kept, and the next text is asked about again.
    embedder.gate.set()
    while not store.texts:  # noqa: ASYNC110  # a task of its own is at work
        await asyncio.sleep(0)
    assert await work.of_text("robots") is not None
    assert await work.of_text("graphs") is not None


async def test_the_nearest_are_found_among_what_is_kept() -> None:
    papers = [paper(1, "A robot"), paper(2, "Robot robot robot"), paper(3)]
    store, embedder = MemoryVectors(papers), FakeEmbedder()
    work = embedding(store, embedder)
    await work.run()
    wanted = await work.of_text("robot robot robot")
    assert wanted is not None
    assert await work.nearest(wanted, 2) == ["2605.00002", "2605.00001"]
    assert await work.nearest(wanted[:1], 2) == []
    assert list(await work.load([papers[2], paper(9)])) == ["2605.00003"]


async def test_without_an_embedder_nothing_is_asked_or_made() -> None:
    report = await embedding(MemoryVectors([paper(1)]), None).run()
    assert (report.made, report.missing, report.problem) == (0, 0, None)
