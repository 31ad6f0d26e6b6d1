"""When a request may be made: the sender's own rate, pauses for everybody, rests of single channels, the ban guard.

Interaction replies do not pass here: Discord does not count them into the bot's 50 a second, and nobody waits for a
delivery run to get an answer. Knows monotonic seconds only.
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.clock import Clock
from bot.deliver.replies import Answer, is_invalid
from bot.delivery import Halt
from bot.log import get_logger

_log = get_logger(__name__)

DEFAULT_RATE = 30.0
HIGHEST_RATE = 45.0
"""Discord allows 50 requests a second to a bot; the rest is for what does not pass here."""

_MAY_COUNT = 48
"""Requests that Discord may count into one second, whatever the network does; two more are left for the others."""

_LOOK_AGAIN = 0.05

# A little less, for what rounding does to a difference of instants.
_A_SECOND = 1.0 - 1e-6

INVALID_LIMIT = 2_000
INVALID_WINDOW = 600.0
"""Discord bans an address at 10,000 invalid requests in ten minutes; several bots may share it."""


class Pacer:
    """The one budget of everything that is not an answer to an interaction. `rate` is in requests a second."""

    def __init__(self, clock: Clock, *, rate: float = DEFAULT_RATE, invalid_limit: int = INVALID_LIMIT) -> None:
        if not 0 < rate <= HIGHEST_RATE:
            raise ValueError(f"rate must be above 0 and at most {HIGHEST_RATE:g} requests a second")
        self._clock = clock
        self._interval = 1.0 / rate
        self._invalid_limit = invalid_limit
        self._line = asyncio.Lock()
        self._next = clock.monotonic()
        self._in_a_second = int(rate) + 1
        self._departed: deque[float] = deque()
        self._answered: deque[float] = deque()
        self._under_way = 0
        self._paused_until = 0.0
        self._halts: dict[Halt, float] = {}
        self._rests: dict[int, float] = {}
        self._invalid: deque[float] = deque()
        self.on_guard: Callable[[str], None] | None = None

    async def turn(self) -> None:
        """Return when a request may be made: first come, first served."""
        async with self._line:
            while (wait := max(self._next, self._paused_until) - self._clock.monotonic()) > 0:
                await self._clock.sleep(wait)
            # A late wake-up is made up for, but never by more than one request at once.
            self._next = max(self._next, self._clock.monotonic() - self._interval) + self._interval

    @asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        """Hold the block, one request that had its turn, back for as long as Discord may count it with too many others.

        Between turn and request lies a write of the ledger; after a slow one all that waited for it would leave in the
        same moment. And Discord counts what arrives: at some instant between departure and answer, so that after a
        hiccup of the network those of more than a second arrive together. A request therefore counts from its departure
        until a second after its answer; then no second of Discord's own holds more than that, as each request in it
        was still counted here when the last of them left. A round trip of more than 0.6 s slows the default rate down.
        """
        while (wait := self._held_up()) > 0:
            await self._clock.sleep(wait)
        self._departed.append(self._clock.monotonic())
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            self._answered.append(self._clock.monotonic())

    def _held_up(self) -> float:
        now = self._clock.monotonic()
        for past in (self._departed, self._answered):
            while past and now - past[0] >= _A_SECOND:
                past.popleft()
        wait = 0.0
        if len(self._departed) >= self._in_a_second:
            wait = max(self._departed[0] + 1.0 - now, 0.001)
        if self._under_way + len(self._answered) >= _MAY_COUNT:
            # Answers that did not come yet give no instant to wait for.
            wait = max(wait, self._answered[0] + 1.0 - now if self._answered else _LOOK_AGAIN, 0.001)
        return wait

    def pause(self, seconds: float, why: Halt | None = None) -> None:
        """Let nobody have a turn for that long; a longer pause under way stays. `why` is for the owner to know."""
        until = self._clock.monotonic() + seconds
        self._paused_until = max(self._paused_until, until)
        if why is not None:
            self._halts[why] = max(self._halts.get(why, 0.0), until)

    def halts(self) -> set[Halt]:
        """Return why everything is paused, as far as the owner has to know."""
        now = self._clock.monotonic()
        return {why for why, until in self._halts.items() if until > now}

    @property
    def paused_for(self) -> float:
        """Return the seconds until turns are given again, 0 when they are."""
        return max(0.0, self._paused_until - self._clock.monotonic())

    def rest(self, channel_id: int, seconds: float) -> None:
        """Let nothing be sent to a channel for that long."""
        if seconds > 0:
            self._rests[channel_id] = max(self._rests.get(channel_id, 0.0), self._clock.monotonic() + seconds)

    def resting(self) -> dict[int, float]:
        """Return the channels that rest, and for how many seconds more."""
        now = self._clock.monotonic()
        self._rests = {channel: until for channel, until in self._rests.items() if until > now}
        return {channel: until - now for channel, until in self._rests.items()}

    def note(self, answer: Answer) -> None:
        """Count an answer; too many invalid ones pause everything until the oldest half is forgotten."""
        if not is_invalid(answer):
            return
        now = self._clock.monotonic()
        self._invalid.append(now)
        while self._invalid[0] <= now - INVALID_WINDOW:
            self._invalid.popleft()
        if len(self._invalid) >= self._invalid_limit and self.paused_for <= 0:
            middle = self._invalid[len(self._invalid) // 2]
            self.pause(middle + INVALID_WINDOW - now, Halt.REFUSALS)
            text = (
                f"{len(self._invalid)} requests were refused within ten minutes; sending is paused for "
                f"{self.paused_for:.0f} s so that Discord does not ban this address"
            )
            _log.error("too many invalid requests", count=len(self._invalid), seconds=round(self.paused_for))
            if self.on_guard is not None:
                self.on_guard(text)


def backoff(attempts: int) -> float:
    """Return the seconds before another try after so many: 1, 2, 4 … 60, later up to 900, each less up to its half."""
    steady = 60.0 * 2.0 ** (min(attempts, 20) - 7)
    seconds = min(2.0 ** (attempts - 1), 60.0) if attempts <= 7 else min(steady, 900.0)
    return seconds * random.uniform(0.5, 1.0)
