"""Time and identifiers of the loopback Discord.

One clock serves every window of the server (rate limits, nonces, interaction tokens, snowflakes). It runs on with the
machine, `speed` times as fast, and can be moved forward: a test never waits for a window to pass. What a client is told
to wait is given in the client's own seconds.
"""

import asyncio
import math
import time
from datetime import UTC, datetime, timedelta

DISCORD_EPOCH_MS = 1_420_070_400_000


class ServerClock:
    """A `Clock` that starts at `start` (default: the machine's time) and passes `speed` seconds per real second."""

    def __init__(self, start: datetime | None = None, *, speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError("speed must be above 0: a client is told real seconds to wait")
        if start is not None and start.tzinfo is None:
            raise ValueError("start needs an offset")
        self.speed = speed
        self._start = (start or datetime.now(UTC)).astimezone(UTC)
        self._zero = time.monotonic()
        self._ahead = 0.0

    def now(self) -> datetime:
        """Return the server's instant in UTC."""
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return the server's seconds since it was made."""
        return (time.monotonic() - self._zero) * self.speed + self._ahead

    async def sleep(self, seconds: float) -> None:
        """Wait for that many of the server's seconds; `advance` does not shorten a wait under way."""
        await asyncio.sleep(seconds / self.speed)

    def advance(self, seconds: float) -> None:
        """Move the clock forward; raises `ValueError` for a negative step, since snowflakes never run backwards."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._ahead += seconds

    def client_seconds(self, seconds: float) -> float:
        """Return what a client must wait in its own seconds, rounded up to the millisecond as Discord's headers are."""
        return math.ceil(max(seconds, 0.0) / self.speed * 1000) / 1000


class Snowflakes:
    """Identifiers that carry the clock's milliseconds in bits 22 and up and are strictly increasing."""

    def __init__(self, clock: ServerClock) -> None:
        self._clock = clock
        self.last = 0

    def take(self) -> int:
        """Return the next identifier."""
        milliseconds = int(self._clock.now().timestamp() * 1000) - DISCORD_EPOCH_MS
        self.last = max(self.last + 1, milliseconds << 22)
        return self.last


def timestamp(instant: datetime) -> str:
    """Return an instant as Discord writes it: ISO 8601, microseconds, +00:00."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def snowflake_at(instant: datetime) -> int:
    """Return the smallest identifier that could have been given at `instant`."""
    return (int(instant.timestamp() * 1000) - DISCORD_EPOCH_MS) << 22
