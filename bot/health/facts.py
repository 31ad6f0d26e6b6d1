"""All that is known about the running bot at one moment: what the database says, and what only the process knows."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from bot.clock import Clock
from bot.errors import StoreError
from bot.health.heart import Heart
from bot.sources.calendar import AnnouncementCalendar
from bot.spending import ModelStanding
from bot.store.health import HealthStore, StoredFigures

ANSWER_SECONDS = 5.0
"""After which the database counts as not answering: whoever asks has a deadline too."""

_FRESH_FOR = 1.0
"""Seconds for which facts are given again: however many ask, the database is asked once."""


@dataclass(frozen=True, slots=True)
class GatewayStanding:
    """The connection to Discord: shards there should be and those that are ready; the worst latency in seconds."""

    shards: int = 0
    ready: int = 0
    latency: float | None = None

    @property
    def connected(self) -> bool:
        """Return whether every shard is ready."""
        return 0 < self.shards <= self.ready


@dataclass(frozen=True, slots=True)
class Facts:
    """One moment. `stored` and `model` are None where the database cannot be asked, for `problem`; `model` also
    without one. `due_on` is the newest announcement that should be out, overdue from `overdue_at` on. `under_way`:
    jobs that run, and for how many seconds."""

    now: datetime
    gateway: GatewayStanding
    ticker_age: float | None
    disk_free: int | None
    due_on: date
    overdue_at: datetime
    stored: StoredFigures | None = None
    model: ModelStanding | None = None
    problem: str | None = None
    under_way: Mapping[str, float] = field(default_factory=dict)


class FactFinder:
    """Finds the facts anew, at most once a second."""

    def __init__(
        self,
        store: HealthStore,
        heart: Heart,
        clock: Clock,
        *,
        gateway: Callable[[], GatewayStanding],
        model: Callable[[], Awaitable[ModelStanding | None]],
        categories: Callable[[], Awaitable[Collection[str]]],
        calendar: AnnouncementCalendar,
        cutoff: timedelta,
        directory: Path,
    ) -> None:
        """`categories`: those that are to be read at present. `cutoff`: from a release to when it is overdue.

        `directory`: on the disk that may be full.
        """
        self._store = store
        self._heart = heart
        self._clock = clock
        self._gateway = gateway
        self._model = model
        self._categories = categories
        self._calendar = calendar
        self._cutoff = cutoff
        self._directory = directory
        self._lock = asyncio.Lock()
        self._found: tuple[float, Facts] | None = None

    async def find(self) -> Facts:
        """Return the facts. Raises nothing that the database is the reason for."""
        async with self._lock:
            if self._found is None or self._clock.monotonic() - self._found[0] >= _FRESH_FOR:
                facts = await self._find()
                self._found = self._clock.monotonic(), facts
            return self._found[1]

    async def _find(self) -> Facts:
        now = self._clock.now()
        due_on = self._calendar.due(now)
        stored, model, problem = None, None, None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                stored = await self._load(now)
                model = await self._model()
        except TimeoutError:
            problem = f"no answer within {ANSWER_SECONDS:g} s"
        except StoreError as error:
            problem = " ".join(str(error).split())
        return Facts(
            now,
            self._gateway(),
            self._heart.ticker_age,
            await asyncio.to_thread(_free, self._directory),
            due_on,
            self._calendar.release(due_on) + self._cutoff,
            stored,
            model,
            problem,
            self._heart.under_way,
        )

    async def _load(self, now: datetime) -> StoredFigures:
        # What nobody subscribes to any more is not read: that nothing newer is known of it is no fault.
        stored, wanted = await self._store.load(now), await self._categories()
        return replace(stored, newest=tuple(one for one in stored.newest if one.category in wanted))


def _free(directory: Path) -> int | None:
    try:
        return shutil.disk_usage(directory).free
    except OSError:
        return None
