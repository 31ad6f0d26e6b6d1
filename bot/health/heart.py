"""The running bot's side of the heartbeat: written from the event loop, so that one that stands still writes none."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from bot.clock import Clock
from bot.heartbeat import Beat, remove_beat, write_beat
from bot.log import get_logger

_log = get_logger(__name__)


class Heart:
    """Writes the heartbeat into `directory`. `beat` and `tick` are jobs for a ticker."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._beat = Beat(clock.now(), os.getpid())
        self._ticked: float | None = None
        self._failing = False
        self._begun: dict[str, float] = {}

    @property
    def under_way(self) -> Mapping[str, float]:
        """Return watched jobs that are running, by name, with the seconds since each began."""
        now = self._clock.monotonic()
        return {name: now - begun for name, begun in self._begun.items()}

    def watched(self, name: str, job: Callable[[], Awaitable[object]]) -> Callable[[], Coroutine[Any, Any, None]]:
        """Return `job`, seen in `under_way` while it runs: one that hangs does not keep the ticker from ticking."""

        async def run() -> None:
            self._begun[name] = self._clock.monotonic()
            try:
                await job()
            finally:
                del self._begun[name]

        return run

    @property
    def ticker_age(self) -> float | None:
        """Return the seconds since the ticker last ticked; None before its first tick."""
        return None if self._ticked is None else self._clock.monotonic() - self._ticked

    async def tick(self) -> None:
        """Note that the ticker ticked."""
        self._ticked = self._clock.monotonic()
        self._beat = Beat(self._beat.at, self._beat.pid, self._clock.now())

    async def beat(self) -> None:
        """Write the heartbeat. One that cannot be written is logged, once in a row, and grows old for all to see."""
        self._beat = beat = Beat(self._clock.now(), self._beat.pid, self._beat.ticked_at)
        try:
            await asyncio.to_thread(self._write, beat)
        except OSError as error:
            if not self._failing:
                _log.warning("the heartbeat cannot be written", directory=str(self._directory), error=str(error))
            self._failing = True
        else:
            self._failing = False

    def _write(self, beat: Beat) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        write_beat(self._directory, beat)

    def stop(self) -> None:
        """Take the heartbeat away: an orderly end is seen at once."""
        remove_beat(self._directory)
