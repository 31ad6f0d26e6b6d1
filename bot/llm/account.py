"""Room in the day's budget around every request: taken before it is sent, settled when it is over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date

from bot.clock import Clock
from bot.errors import BudgetExhausted, StoreError
from bot.llm.port import Ceiling, Reservation, SpendLedger
from bot.log import get_logger
from bot.spending import Spending

KNOWN_FULL = 1.0
"""Seconds for which a day without room is believed to have none, as other processes may give some back."""

_log = get_logger(__name__)


@dataclass(slots=True)
class Room:
    """What a request turned out to cost; nothing, until it is sent."""

    spent: Spending = field(default_factory=Spending)


class Account:
    """This process's side of the ledger. Days are those of UTC, by `clock`."""

    def __init__(self, ledger: SpendLedger, ceiling: Ceiling, clock: Clock) -> None:
        self._ledger = ledger
        self._ceiling = ceiling
        self._clock = clock
        self._open = 0
        self._settled = 0
        self._change = asyncio.Event()
        self._full: tuple[date, Spending, float] | None = None

    @asynccontextmanager
    async def room(self, producer: str, purpose: str, most: Spending) -> AsyncIterator[Room]:
        """Reserve `most` and yield where to note what was spent.

        Raises `BudgetExhausted` when there is no room even after our own requests under way are settled.
        """
        reservation = await self._reserve(producer, purpose, most)
        room = Room()
        try:
            yield room
        finally:
            try:
                await self._ledger.settle(reservation, room.spent)
            except StoreError as error:
                # It stays reserved, in full: too much is counted, never too little.
                _log.warning("model.unsettled", producer=producer, error=str(error))
            finally:
                self._open -= 1
                self._settled += 1
                self._full = None
                self._change.set()
                self._change = asyncio.Event()

    async def _reserve(self, producer: str, purpose: str, most: Spending) -> Reservation:
        while True:
            before, change = self._settled, self._change
            day = self._clock.now().date()
            if self._known_full(day, most):
                raise _exhausted(day, producer)
            task = asyncio.create_task(self._ledger.reserve(day, producer, purpose, most, self._ceiling))
            try:
                found = await asyncio.shield(task)
            except asyncio.CancelledError:
                # Nothing was sent: room taken while the caller was going away is given back.
                if (taken := await task) is not None:
                    await self._ledger.settle(taken, Spending())
                raise
            if found is not None:
                self._open += 1
                return found
            if self._settled != before:
                continue
            if not self._open:
                self._full = (day, most, self._clock.monotonic() + KNOWN_FULL)
                raise _exhausted(day, producer)
            await change.wait()

    def _known_full(self, day: date, most: Spending) -> bool:
        """Return whether as little as this found no room a moment ago, so that a thousand need not ask one by one."""
        if self._full is None:
            return False
        full_on, refused, until = self._full
        as_much = most.cost_micros >= refused.cost_micros and most.tokens >= refused.tokens
        return day == full_on and as_much and self._clock.monotonic() < until


def _exhausted(day: date, producer: str) -> BudgetExhausted:
    return BudgetExhausted(
        f"the ceiling for {day} (UTC) leaves no room for a call to {producer}; "
        "`paperbrief spend` shows what was used, LLM__DAILY_BUDGET and LLM__DAILY_TOKENS set it"
    )
