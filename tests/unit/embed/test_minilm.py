"""The process that runs MiniLM, from the side of who asks it: crashes, hangs, cancellation, hostile texts, its end."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.embed.minilm import MODEL, MiniLmEmbedder, missing_parts
from bot.errors import ModelAnswerInvalid, ModelRefused, ModelUnavailable

np = pytest.importorskip("numpy")

WORKER = Path(__file__).with_name("fake_worker.py")
Opening = Callable[..., AsyncIterator[MiniLmEmbedder]]


class Desk:
    """Opens embedders whose process is the fake one, and reads what that wrote down."""

    def __init__(self, log: Path) -> None:
        self.log = log

    @asynccontextmanager
    async def open(self, behaviour: str = "good", **seconds: float) -> AsyncIterator[MiniLmEmbedder]:
        """Open one."""
        command = (sys.executable, "-I", str(WORKER), behaviour, str(self.log))
        async with MiniLmEmbedder(command=command, **seconds) as embedder:  # type: ignore[arg-type]
            yield embedder
        for pid in self.started:
            assert not _alive(pid), "a process was left behind"

    @property
    def lines(self) -> list[str]:
        """Return what the processes wrote down."""
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []

    @property
    def started(self) -> list[int]:
        """Return the ids of the processes."""
        return [int(line.split()[1]) for line in self.lines if line.startswith("started")]

    @property
    def frames(self) -> list[str]:
        """Return the frames that were read."""
        return [line for line in self.lines if line.startswith("frame")]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk with an empty log."""
    return Desk(tmp_path / "log")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_nothing_is_started_before_there_is_a_text(desk: Desk) -> None:
    async with desk.open() as embedder:
        assert embedder.model == MODEL
        assert embedder.dimensions == 384
        assert await embedder.embed([]) == []
    assert desk.lines == []


async def test_texts_become_unit_vectors_in_order_by_one_process(desk: Desk) -> None:
    async with desk.open() as embedder:
        first = await embedder.embed(["a" * 100, "b"])
        many = await embedder.embed(["c"] * 40)
    assert [round(float(vector[1] / vector[0]), 3) for vector in first] == [1.0, 0.01]
    assert all(abs(float(np.linalg.norm(vector)) - 1) < 1e-6 for vector in [*first, *many])
    assert len(many) == 40
    assert len(desk.started) == 1
    assert desk.frames == ["frame 2", "frame 16", "frame 16", "frame 8"]


async def test_the_process_knows_no_secret_of_ours(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "a-secret")
    async with desk.open() as embedder:
        await embedder.embed(["a"])
    assert "DISCORD_TOKEN" not in desk.lines[0]
    assert "PATH" in desk.lines[0]


@pytest.mark.parametrize("behaviour", ["crash", "hang"])
async def test_a_process_that_dies_or_hangs_is_replaced(desk: Desk, behaviour: str) -> None:
    async with desk.open(behaviour, frame_seconds=5.0 if behaviour == "crash" else 1.0) as embedder:
        assert len(await embedder.embed(["a", "b"])) == 2
    assert len(desk.started) == 2


@pytest.mark.parametrize(("behaviour", "told"), [("crash-always", "died"), ("hang-always", "hung")])
async def test_after_the_second_time_it_is_given_up_until_the_next_call(desk: Desk, behaviour: str, told: str) -> None:
    async with desk.open(behaviour, frame_seconds=0.5) as embedder:
        with pytest.raises(ModelUnavailable, match=f"{told} twice"):
            await embedder.embed(["a"])
        assert len(desk.started) == 2
        with pytest.raises(ModelUnavailable):
            await embedder.embed(["a"])
    assert len(desk.started) == 4


async def test_a_process_that_never_gets_ready_is_given_up(desk: Desk) -> None:
    async with desk.open("silent-always", start_seconds=0.5) as embedder:
        with pytest.raises(ModelUnavailable, match="hung twice"):
            await embedder.embed(["a"])


async def test_what_is_not_installed_is_said_and_not_tried_twice(desk: Desk) -> None:
    async with desk.open("refuse-always") as embedder:
        with pytest.raises(ModelRefused, match="onnxruntime is not installed; try make embeddings"):
            await embedder.embed(["a"])
    assert len(desk.started) == 1


@pytest.mark.parametrize("behaviour", ["short-always", "long-always"])
async def test_an_answer_of_the_wrong_size_is_no_answer(desk: Desk, behaviour: str) -> None:
    async with desk.open(behaviour) as embedder:
        with pytest.raises(ModelAnswerInvalid):
            await embedder.embed(["a"])


async def test_a_greeting_that_is_none_is_refused(desk: Desk) -> None:
    async with desk.open("noise-always") as embedder:
        with pytest.raises(ModelRefused, match="cannot be run here"):
            await embedder.embed(["a"])


async def test_no_program_to_run_is_said(tmp_path: Path) -> None:
    async with MiniLmEmbedder(command=(str(tmp_path / "nothing"),)) as embedder:
        with pytest.raises(ModelUnavailable):
            await embedder.embed(["a"])


async def test_a_caller_that_goes_away_never_leaves_its_answer_to_the_next(desk: Desk) -> None:
    async with desk.open("hang") as embedder:
        task = asyncio.create_task(embedder.embed(["a" * 100]))
        while not desk.frames:  # noqa: ASYNC110  # the other side is a process
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not _alive(desk.started[0])
        (vector,) = await embedder.embed(["b"])
    assert round(float(vector[1] / vector[0]), 3) == 0.01
    assert len(desk.started) == 2


async def test_a_killed_process_is_replaced(desk: Desk) -> None:
    async with desk.open() as embedder:
        await embedder.embed(["a"])
        os.kill(desk.started[0], 9)
        assert len(await embedder.embed(["b"])) == 1
    assert len(desk.started) == 2


async def test_callers_at_once_get_their_own_answers(desk: Desk) -> None:
    async with desk.open() as embedder:
        found = await asyncio.gather(*(embedder.embed(["x" * length]) for length in range(1, 30)))
    assert [round(float(one[0][1] / one[0][0]) * 100) for one in map(list, found)] == list(range(1, 30))
    assert len(desk.started) == 1


async def test_an_idle_process_is_let_go(desk: Desk) -> None:
    async with desk.open(idle_seconds=0.0) as embedder:
        await embedder.embed(["a"])
        while _alive(desk.started[0]):  # noqa: ASYNC110  # the other side is a process
            await asyncio.sleep(0)
        assert len(await embedder.embed(["b"])) == 1
    assert len(desk.started) == 2


async def test_any_text_goes_through(desk: Desk) -> None:
    texts = ["", "\0", "half \ud83d of a pair", "😀" * 50, "x" * 1_000_000, "\n".join("ab")]
    async with desk.open() as embedder:
        vectors = await embedder.embed(texts)
    assert len(vectors) == 6
    assert round(float(vectors[4][1] / vectors[4][0])) == 200, "a megabyte is cut before it is sent"


@pytest.mark.skipif(bool(missing_parts()), reason="the embedding model is not installed (make embeddings)")
async def test_the_real_model_knows_what_is_near() -> None:
    texts = ["robots that grasp objects", "a robotic hand picks things up", "the price of government bonds", ""]
    async with MiniLmEmbedder() as embedder:
        robots, hand, bonds, nothing = await embedder.embed([*texts])
        (again,) = await embedder.embed(["robots that grasp objects"])
    assert float(robots @ hand) > 0.5 > 0.2 > float(robots @ bonds)
    assert float(nothing @ nothing) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(robots, again), "a vector does not depend on what else was asked for"
