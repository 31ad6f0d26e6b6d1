"""How long one piece of work waits for the language model, over all that it asks of it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 60.0
"""Seconds that due briefs wait for the model unless a setting says otherwise."""


class Patience:
    """Seconds of waiting, used up by waiting alone: what else a piece of work does is not the model's doing.

    Counted on the event loop's own time, as a clock that is set changes no wait.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: float | None = None

    @property
    def left(self) -> float:
        """Return the seconds that are left, 0 when there are none."""
        waited = asyncio.get_running_loop().time() - self._since if self._since is not None else 0.0
        return max(0.0, self._seconds - waited)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count the time inside as waiting; one wait at a time."""
        self._since = asyncio.get_running_loop().time()
        try:
            yield
        finally:
            self._seconds, self._since = self.left, None
