"""When the database is tidied: a bounded piece at a time, and no more than that is decided here."""

from datetime import datetime
from typing import Protocol

from bot.clock import Clock
from bot.errors import StoreError
from bot.log import get_logger

_log = get_logger(__name__)

EVERY = 3600.0
"""Seconds between two looks, once a look found little."""


class Prunes(Protocol):
    """Deletes what is too old; see `bot.store.retention.Retention`."""

    @property
    def batch(self) -> int:
        """Return how many rows of a table one call deletes at the most."""
        ...

    async def prune(self, now: datetime) -> dict[str, int]:
        """Delete at most one batch of each table; return table → rows."""
        ...


class Tidying:
    """A job of the ticker: one batch an hour, and one at every tick while there is more."""

    def __init__(self, retention: Prunes, clock: Clock) -> None:
        self._retention = retention
        self._clock = clock
        self._next = float("-inf")

    async def run(self) -> dict[str, int]:
        """Delete a batch if it is time; return table → rows. A database that cannot be written now is tried later."""
        if self._clock.monotonic() < self._next:
            return {}
        self._next = self._clock.monotonic() + EVERY
        try:
            pruned = await self._retention.prune(self._clock.now())
        except StoreError as error:
            _log.warning("old rows could not be deleted", error=str(error))
            return {}
        if max(pruned.values(), default=0) >= self._retention.batch:
            self._next = float("-inf")
        if pruned:
            _log.info("old rows deleted", **pruned)
        return pruned
