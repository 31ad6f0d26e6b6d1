"""Vectors of what is stored and of what topics ask for: made when they are missing, kept, handed out.

Everything goes on without them. A run is bounded in time and resumes where the last one stood: what was made is stored
batch by batch, and a batch that is under way when the time is over is finished behind its back. An embedder that fails
is left alone for a while, and says so in the report and the log.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from bot.clock import Clock
from bot.errors import ModelError
from bot.log import get_logger
from bot.model import Paper, VectorReport
from bot.pipeline.ports import Progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bot.embed.port import Embedder, Vector

SPAN = timedelta(days=60)
"""Papers announced within that time get vectors; what is older was ranked long ago."""

TEXT_SECONDS = 30.0
"""For the vector of one text, the start of the embedder included; a brief is made without it when it takes longer."""

LOOKED_THROUGH = 20_000
"""Papers among which the nearest are looked for: 30 MB of vectors, for a moment."""

REST = timedelta(minutes=5)
"""After a failure, until the embedder is asked again."""

_BATCH = 16

_log = get_logger(__name__)


class KeptVectors(Protocol):
    """What is asked of the store; see `bot.store.vectors.VectorStore`."""

    async def save(self, model: str, vectors: "Sequence[tuple[Paper, Vector]]") -> None:
        """Store vectors of papers."""
        ...

    async def load(self, model: str, ids: Iterable[str]) -> "dict[str, Vector]":
        """Return the vectors of those of `ids` that have one."""
        ...

    async def load_missing(self, model: str, announced_since: date, limit: int) -> list[Paper]:
        """Return papers without a vector of their present version, newest first."""
        ...

    async def count_missing(self, model: str, announced_since: date) -> int:
        """Return how many those are."""
        ...

    async def load_newest(self, model: str, limit: int) -> "tuple[list[str], NDArray[np.float32]]":
        """Return the arXiv ids of the newest papers that have a vector, and their vectors, one in a row."""
        ...

    async def save_text(self, model: str, text: str, vector: "Vector") -> None:
        """Store the vector of a text."""
        ...

    async def load_text(self, model: str, text: str) -> "Vector | None":
        """Return the vector of a text, or None."""
        ...


class Embedding:
    """Keeps vectors of one model up to date; see `bot.pipeline.evidence.Vectors` for what ranking asks of it."""

    def __init__(
        self,
        store: KeptVectors,
        clock: Clock,
        *,
        model: str,
        embedder: "Embedder | None" = None,
        patience: float = 60.0,
    ) -> None:
        """`model`: whose vectors are read; `embedder`: of that model, None where only what is kept may be used.

        `patience`: seconds of one run at the most.
        """
        self._store = store
        self._clock = clock
        self._model = model
        self._embedder = embedder
        self._patience = patience
        self._batch: asyncio.Task[tuple[int, str | None]] | None = None
        self._texts: dict[str, asyncio.Task[Vector | None]] = {}
        self._resting_since: datetime | None = None
        self._late_since: datetime | None = None

    async def run(self, progress: Progress | None = None, *, span: timedelta = SPAN) -> VectorReport:
        """Make what is missing of the papers announced within `span`, newest first, for as long as patience lasts.

        Several runs at once share the work, batch by batch. Raises the kinds of `StoreError`; a failing embedder only
        ends the run.
        """
        if self._embedder is None:
            return VectorReport()
        since = self._clock.now().date() - span
        deadline = asyncio.get_running_loop().time() + self._patience
        total = await self._store.count_missing(self._model, since)
        if not total:
            return VectorReport()
        made, problem = 0, self._resting()
        more = True
        while problem is None and more:
            done, more, problem = await self._embed_next(since, deadline)
            made += done
            if progress is not None and done:
                progress("making vectors", min(made, total), total)
        report = VectorReport(made, await self._store.count_missing(self._model, since), problem)
        _log.info("made vectors", model=self._model, made=made, missing=report.missing, problem=problem)
        return report

    async def close(self) -> None:
        """End what is under way."""
        tasks = {*self._texts.values(), *([self._batch] if self._batch is not None else [])}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def load(self, papers: Iterable[Paper]) -> "Mapping[str, Vector]":
        """Return the stored vectors of those papers that have one, by arXiv id. Raises the kinds of `StoreError`."""
        return await self._store.load(self._model, [paper.arxiv_id for paper in papers])

    async def nearest(self, vector: "Vector", limit: int) -> list[str]:
        """Return the arXiv ids of those of the newest papers that are nearest to `vector`, nearest first.

        Raises the kinds of `StoreError`.
        """
        ids, matrix = await self._store.load_newest(self._model, LOOKED_THROUGH)
        if not ids or matrix.shape[1] != len(vector):
            return []
        return await asyncio.to_thread(_nearest, ids, matrix, vector, limit)

    async def of_text(self, text: str) -> "Vector | None":
        """Return the vector of a text, made once and kept; None where there is none in time.

        Raises the kinds of `StoreError`.
        """
        text = " ".join(text.split())
        if not text:
            return None
        kept = await self._store.load_text(self._model, text)
        if kept is not None or self._embedder is None or self._resting() is not None or self._late():
            return kept
        task = self._texts.get(text)
        if task is None:
            task = self._texts[text] = asyncio.create_task(
                self._make_text(self._embedder, text), name="vector of a text"
            )
            task.add_done_callback(_look)
        done, _ = await asyncio.wait({task}, timeout=min(TEXT_SECONDS, self._patience))
        if not done:
            # The next topic need not wait as long for the same embedder.
            self._late_since = self._clock.now()
            return None
        return task.result()

    async def _make_text(self, embedder: "Embedder", text: str) -> "Vector | None":
        try:
            (made,) = await embedder.embed([text])
            await self._store.save_text(self._model, text, made)
        except ModelError as error:
            self._note(error)
            return None
        finally:
            self._texts.pop(text, None)
        self._late_since = None
        return made

    async def _embed_next(self, since: date, deadline: float) -> tuple[int, bool, str | None]:
        """Wait for a batch; return how many vectors it made for this run, whether there may be more, and why not."""
        assert self._embedder is not None  # noqa: S101  # `run` looked
        batch, own = self._batch, False
        if batch is None or batch.done():
            batch, own = asyncio.create_task(self._make_batch(self._embedder, since), name="vectors of papers"), True
            batch.add_done_callback(_look)
            self._batch = batch
        done, _ = await asyncio.wait({batch}, timeout=max(0.0, deadline - asyncio.get_running_loop().time()))
        if not done:
            return 0, False, f"the time for one run is over ({self._patience:g} s); the next one goes on"
        made, problem = batch.result()
        return made if own else 0, made > 0 or not own, problem

    async def _make_batch(self, embedder: "Embedder", since: date) -> tuple[int, str | None]:
        """Make and store the vectors of a batch; return how many, and why none where there is more to do."""
        papers = await self._store.load_missing(self._model, since, _BATCH)
        if not papers:
            return 0, None
        try:
            vectors = await embedder.embed([_text_of(paper) for paper in papers])
        except ModelError as error:
            self._note(error)
            return 0, str(error)
        await self._store.save(self._model, list(zip(papers, vectors, strict=True)))
        return len(papers), None

    def _note(self, error: Exception) -> None:
        self._resting_since = self._clock.now()
        _log.warning("embedder.failed", model=self._model, error=str(error))

    def _resting(self) -> str | None:
        """Return why the embedder is left alone, None while it is asked."""
        if not self._is_recent(self._resting_since):
            return None
        return f"it failed a moment ago, and is left alone for {REST.seconds // 60} minutes"

    def _late(self) -> bool:
        """Return whether a text did not come in time a moment ago, and none has come since."""
        return self._is_recent(self._late_since)

    def _is_recent(self, instant: datetime | None) -> bool:
        # Not "earlier than": a clock that was set back must not silence it until it has caught up.
        return instant is not None and timedelta() <= self._clock.now() - instant < REST


def _look(task: "asyncio.Task[Any]") -> None:
    """Look at what became of a task that nobody may be waiting for any more."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.warning("vectors could not be stored", error=str(error))


def _text_of(paper: Paper) -> str:
    return f"{paper.title}\n{paper.abstract}"


def _nearest(ids: Sequence[str], matrix: "NDArray[np.float32]", vector: "Vector", limit: int) -> list[str]:
    order = (-(matrix @ vector)).argsort(kind="stable")[:limit]
    return [ids[int(place)] for place in order]
