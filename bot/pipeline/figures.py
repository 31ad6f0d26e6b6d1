"""First figures of papers: cut out once, kept, and shown only while the licence is an open one.

The gate is asked three times, and every time it must say yes: before a PDF is fetched, of the licence that was kept
with a figure, and of the licence that the paper has today.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from bot.errors import SourceError, SourceMalformed, StoreError
from bot.figures import CutFigure, Figure, FigureSearch, NoFigures, is_borrowed, open_licence
from bot.log import get_logger
from bot.model import Paper
from bot.render.figures import MAX_FIGURES, figures_to_show

FIND_SECONDS = 40.0
"""How long a reader waits: arXiv's own spacing and two processes that read the PDF."""

MAX_SEARCHES = 2
"""Papers searched at once for readers. arXiv takes one request in three seconds, and announcements come first."""

PREPARED = 40
"""Papers searched in one run at the most: two minutes of arXiv's time, which a poll shares."""

Cut = Callable[[Paper], Awaitable[tuple[CutFigure, ...]]]
_Key = tuple[str, int]

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What became of papers whose figures were to be prepared, as numbers of papers.

    `found`: with figures, `none`: without any, `failed`: whose PDF cannot be read; these were searched in this run.
    `closed`: whose licence lets nobody show parts of them. `left`: for a later run.
    """

    found: int = 0
    none: int = 0
    failed: int = 0
    closed: int = 0
    left: int = 0

    @property
    def searched(self) -> int:
        """Return how many were searched in this run."""
        return self.found + self.none + self.failed


class Searches(Protocol):
    """What is asked of the stored figures."""

    async def save(self, found: FigureSearch) -> None:
        """Store what was found in a version."""
        ...

    async def load(self, arxiv_id: str) -> FigureSearch | None:
        """Return what was found in the newest version that was searched."""
        ...

    async def load_searched(self, arxiv_ids: Iterable[str]) -> set[_Key]:
        """Return which versions were searched."""
        ...


class Papers(Protocol):
    """What is asked of the stored papers."""

    async def load_paper(self, arxiv_id: str) -> Paper | None:
        """Return the paper, or None."""
        ...


class Figures:
    """Figures of papers. `cut` asks arXiv; None for a bot that only reads. `enabled`: the owner turned them on.

    `most`: figures of one paper that are shown.
    """

    def __init__(
        self, store: Searches, papers: Papers, cut: Cut | None = None, *, enabled: bool = False, most: int = MAX_FIGURES
    ) -> None:
        self._store = store
        self._papers = papers
        self._cut = cut
        self._enabled = enabled
        self._most = most
        self._searching: dict[_Key, asyncio.Task[FigureSearch]] = {}

    def may_show(self, paper: Paper) -> bool:
        """Return whether figures of this paper may be shown at all."""
        return self._enabled and not paper.withdrawn and open_licence(paper.licence) is not None

    async def load(self, arxiv_id: str) -> tuple[Figure, ...]:
        """Return the stored figures of a paper that may be shown, by number; often none. Raises `StoreError`."""
        if not self._enabled:
            return ()
        paper = await self._papers.load_paper(arxiv_id)
        if paper is None or not self.may_show(paper):
            return ()
        found = await self._store.load(arxiv_id)
        return () if found is None else figures_to_show(paper, found, self._most)

    async def find(self, paper: Paper, seconds: float = FIND_SECONDS) -> tuple[Figure, ...] | NoFigures:
        """Return the figures of this version of the paper, cut out where nobody did so before, or why there are none.

        Raises `StoreError`.
        """
        if not self._enabled:
            return NoFigures.OFF
        if not self.may_show(paper):
            return NoFigures.CLOSED
        found = await self._store.load(paper.arxiv_id)
        if found is None or found.version < paper.version:
            task = self._started(paper)
            if isinstance(task, NoFigures):
                return task
            # One reader who gives up must not take the figures from another: the search goes on.
            done, _ = await asyncio.wait({task}, timeout=seconds)
            if not done or task.cancelled():
                return NoFigures.LATER
            try:
                found = task.result()
            except SourceError:
                return NoFigures.LATER
        return figures_to_show(paper, found, self._most) or NoFigures.NONE

    async def prepare(self, papers: Iterable[Paper], limit: int = PREPARED) -> Prepared:
        """Search those papers that may be shown and were not searched yet, in their order; return what became of them.

        Stops at the first refusal of arXiv: the rest is left to a later run. Raises `StoreError`.
        """
        if self._cut is None or not self._enabled:
            return Prepared()
        each = {(paper.arxiv_id, paper.version): paper for paper in papers}
        wanted = {key: paper for key, paper in each.items() if self.may_show(paper)}
        searched = await self._store.load_searched(arxiv_id for arxiv_id, _ in wanted)
        missing = [paper for key, paper in wanted.items() if key not in searched]
        became: Counter[str] = Counter()
        for paper in missing[:limit]:
            try:
                found = await self._search(paper, self._cut)
            except SourceError as error:
                _log.warning("figures.stopped", arxiv_id=paper.arxiv_id, error=str(error))
                break
            became["failed" if found.problem else "found" if found.figures else "none"] += 1
        left = len(missing) - became.total()
        return Prepared(became["found"], became["none"], became["failed"], len(each) - len(wanted), left)

    async def close(self) -> None:
        """End what is still being asked of arXiv."""
        tasks = list(self._searching.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _started(self, paper: Paper) -> "asyncio.Task[FigureSearch] | NoFigures":
        if self._cut is None:
            return NoFigures.OFFLINE
        key = (paper.arxiv_id, paper.version)
        task = self._searching.get(key)
        if task is None:
            if len(self._searching) >= MAX_SEARCHES:
                return NoFigures.LATER
            task = asyncio.ensure_future(self._search(paper, self._cut))
            self._searching[key] = task
            task.add_done_callback(lambda done: self._finished(key, done))
        return task

    async def _search(self, paper: Paper, cut: Cut) -> FigureSearch:
        """Search one version and keep what was found. Raises `SourceError` for what another try may change."""
        licence = open_licence(paper.licence)
        assert licence is not None  # noqa: S101  # `may_show` was asked
        figures: tuple[CutFigure, ...] = ()
        problem = None
        try:
            figures = tuple(one for one in await cut(paper) if not is_borrowed(one.caption))
        except SourceError as error:
            if not isinstance(error, SourceMalformed) and getattr(error, "status", None) != 404:
                raise
            problem = str(error)
            _log.info("figures.unreadable", arxiv_id=paper.arxiv_id, version=paper.version, why=problem)
        found = FigureSearch(paper.arxiv_id, paper.version, licence.url, figures, problem)
        await self._store.save(found)
        return found

    def _finished(self, key: _Key, task: asyncio.Task[FigureSearch]) -> None:
        del self._searching[key]
        error = None if task.cancelled() else task.exception()
        if isinstance(error, SourceError | StoreError):
            # Whoever waited has been told, or has gone.
            _log.warning("figures.failed", arxiv_id=key[0], version=key[1], error=str(error))
