"""The running bot's side of the heartbeat: written from the event loop, so that one that stands still writes none."""

import asyncio
import os
from pathlib import Path

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
