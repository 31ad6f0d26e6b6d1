"""Figures of what was just posted, fetched ahead: a page has them before a reader asks.

A job of its own: neither planning nor sending waits for it, and between two of its PDFs a poll of arXiv has its turn.
What arXiv refuses, and what is over the bound of one run, is left to a later one. Chooses nothing: `bot.figures` knows
which licences are open.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.clock import Clock
from bot.errors import StoreError
from bot.log import get_logger
from bot.model import Paper
from bot.pipeline.figures import Prepared

SPAN = timedelta(days=3)
"""How old an announcement may be whose papers are still prepared: a weekend."""

REST = timedelta(minutes=15)
"""Until the next run where one left something."""

_log = get_logger(__name__)


class Prepares(Protocol):
    """Searches papers for figures; see `bot.pipeline.figures.Figures`."""

    async def prepare(self, papers: Iterable[Paper]) -> Prepared:
        """Search those that may be shown, and return what became of them."""
        ...


class Shown(Protocol):
    """Knows what stands in briefs; see `bot.store.shown_papers.ShownPapers`."""

    async def load(self, since: date) -> list[tuple[Paper, str]]:
        """Return (paper, language of the brief) of the briefs from `since` on, the newest first."""
        ...


class Illustrator:
    """Prepares the figures of new briefs. One run at a time."""

    def __init__(self, figures: Prepares, shown: Shown, clock: Clock, *, publish: Callable[[], None]) -> None:
        """`publish` asks for the web edition, whose pages lack the figures that were found."""
        self._figures = figures
        self._shown = shown
        self._clock = clock
        self._publish = publish
        self._wanted = True
        self._rested_at: datetime | None = None

    def request(self) -> None:
        """Ask for a run at the next tick: there are new briefs. It does not end a rest, for arXiv asked for that."""
        self._wanted = True

    async def run(self) -> Prepared | None:
        """Prepare what is missing; None where nobody asked for it, or where it rests. The receipt is logged."""
        now = self._clock.now()
        # Not "later than": a clock that was set back must not make a rest of hours.
        resting = self._rested_at is not None and self._rested_at <= now < self._rested_at + REST
        if resting or not self._wanted:
            return None
        self._wanted, self._rested_at = False, None
        try:
            shown = await self._shown.load(now.date() - SPAN)
            report = await self._figures.prepare(paper for paper, _ in shown)
        except StoreError as error:
            self._wanted, self._rested_at = True, now
            _log.warning("figures could not be prepared", error=str(error))
            return None
        if report.left:
            self._wanted, self._rested_at = True, now
        if report.searched or report.left:
            _log.info(
                "figures were prepared",
                found=report.found,
                none=report.none,
                licence=report.closed,
                failed=report.failed,
                left=report.left,
            )
        if report.found:
            self._publish()
        return report
