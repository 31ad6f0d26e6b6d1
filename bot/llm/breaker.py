"""When to leave a model alone: it failed again and again, it asked for a pause, or it will not take the key."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from bot.clock import Clock
from bot.errors import ModelUnavailable
from bot.llm.failure import LaneFailed

FAILURES = 5
"""Failures in a row after which the model is left alone."""
FIRST_REST, LAST_REST = 30.0, 600.0
"""Seconds; doubled with each probe that fails."""
REFUSED_REST = 300.0
"""Seconds before a key, model or quota that was refused is tried again."""


class Breaker:
    """Admits requests, or says why not. After a rest one single request probes; the others wait for what it finds."""

    def __init__(self, clock: Clock, name: str) -> None:
        self._clock = clock
        self._name = name
        self._failures = 0
        self._rest = FIRST_REST
        self._closed_until: float | None = None
        self._why: LaneFailed | None = None
        self._probing = False

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Hold a place for one request; raises `LaneFailed` at rest, with the refusal that still stands."""
        probe = self._closed_until is not None
        self.check()
        self._probing = self._probing or probe
        try:
            yield
        finally:
            if probe:
                self._probing = False

    @property
    def resting(self) -> str | None:
        """Return why no request would be admitted now, None where one would be."""
        left = (self._closed_until or 0.0) - self._clock.monotonic()
        if self._closed_until is None or left <= 0:
            return None
        return str(self._why.error) if self._why is not None else f"{self._name} failed {self._failures} times in a row"

    def succeeded(self) -> None:
        """Note that the server answered as it should, whatever the answer is worth."""
        self._failures, self._rest, self._closed_until, self._why = 0, FIRST_REST, None, None

    def failed(self) -> None:
        """Note a failure of the server or of the way to it."""
        self._failures += 1
        if self._failures < FAILURES:
            return
        # Requests that were under way together fail together: that is one reason to rest, not several.
        if self._closed_until is None or self._clock.monotonic() >= self._closed_until:
            self._closed_until = self._clock.monotonic() + self._rest
            self._rest = min(self._rest * 2, LAST_REST)

    def refused(self, failure: LaneFailed) -> None:
        """Note that only the owner can mend it: no further request for a while, and the same answer to all."""
        self._why = failure
        self._closed_until = self._clock.monotonic() + REFUSED_REST

    def check(self) -> None:
        """Raise `LaneFailed` where `admitted` would, and hold no place."""
        if self._closed_until is None:
            return
        left = self._closed_until - self._clock.monotonic()
        if left <= 0 and not self._probing:
            return
        if self._why is not None:
            raise LaneFailed(self._why.error, elsewhere=self._why.elsewhere)
        left = max(left, 1.0)
        retry_at = self._clock.now() + timedelta(seconds=left)
        message = f"{self._name} failed {self._failures} times in a row and rests for {left:.0f} s"
        raise LaneFailed(ModelUnavailable(message, retry_at=retry_at), elsewhere=True)
