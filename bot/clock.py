"""Time as a parameter.

Every instant the program reasons about comes from a `Clock`, so that `--as-of`, tests and replays need no patching.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What time it is, and how to wait."""

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for that many seconds of this clock."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the machine's current instant in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the machine's monotonic seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the event loop."""
        await asyncio.sleep(seconds)


class AsOfClock(SystemClock):
    """A clock that reads `as_of` when it is first looked at and runs on from there at the usual speed."""

    def __init__(self, as_of: datetime) -> None:
        if as_of.tzinfo is None:
            raise ValueError("as_of needs an offset")
        self._as_of = as_of.astimezone(UTC)
        self._started: float | None = None

    def now(self) -> datetime:
        """Return the shifted instant in UTC."""
        if self._started is None:
            self._started = time.monotonic()
            return self._as_of
        return self._as_of + timedelta(seconds=time.monotonic() - self._started)
