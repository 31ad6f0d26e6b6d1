"""A model behind the wire's port, a ledger and a memory in dictionaries, and a clock on which waiting takes no time."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

from bot.llm.asking import Call
from bot.llm.config import ModelConfig
from bot.llm.endpoint import Endpoint
from bot.llm.port import Ceiling, ChatRequest, Reservation
from bot.llm.replies import Completion, Refusal, Reply, Usage
from bot.spending import Spending

NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)
GOOD = '{"gist": "We study matter.", "points": ["It matters."]}'


class Form(BaseModel):
    """What the tests ask for."""

    gist: str = Field(max_length=200)
    points: list[str] = Field(max_length=5)


REQUEST = ChatRequest("summary", "Summarise the paper.", "We study matter. It matters.", 300)


class JumpClock:
    """Every wait is over at once, and the time it took has passed."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Return the instant."""
        return NOON + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        """Return the seconds since the start."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Be that much later."""
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)


@dataclass(slots=True)
class FakeWire:
    """Answers in turn, the last answer for ever; a function is asked with the call."""

    answers: deque[Reply | Callable[[Call], Reply]]
    calls: list[Call] = field(default_factory=list)
    gate: asyncio.Event | None = None
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: int = 0
    peak: int = 0

    async def post(self, call: Call) -> Reply:
        """Return the next answer."""
        self.calls.append(call)
        self.under_way += 1
        self.entered.set()
        self.peak = max(self.peak, self.under_way)
        try:
            await asyncio.sleep(0)
            if self.gate is not None:
                await self.gate.wait()
            answer = self.answers.popleft() if len(self.answers) > 1 else self.answers[0]
            return answer(call) if callable(answer) else answer
        finally:
            self.under_way -= 1


class MemoryLedger:
    """The day's account without a database."""

    def __init__(self) -> None:
        self.booked: dict[date, Spending] = {}
        self.open: dict[int, tuple[date, Spending]] = {}
        self.purposes: list[tuple[str, str]] = []
        self._last = 0

    async def reserve(
        self, day: date, producer: str, purpose: str, expected: Spending, ceiling: Ceiling
    ) -> Reservation | None:
        """Take room or say that there is none."""
        total = await self.spent(day) + expected
        if ceiling.cost_micros is not None and total.cost_micros > ceiling.cost_micros:
            return None
        if ceiling.tokens is not None and total.input_tokens + total.output_tokens > ceiling.tokens:
            return None
        self._last += 1
        self.purposes.append((producer, purpose))
        self.open[self._last] = (day, expected)
        return Reservation(self._last, day)

    async def settle(self, reservation: Reservation, spent: Spending) -> None:
        """Book it."""
        del self.open[reservation.reservation_id]
        self.booked[reservation.day] = self.booked.get(reservation.day, Spending()) + spent

    async def spent(self, day: date) -> Spending:
        """Return what is booked and reserved."""
        reserved = [one for held_on, one in self.open.values() if held_on == day]
        return sum(reserved, self.booked.get(day, Spending()))


class MemoryStates:
    """Named dictionaries."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.reads = self.writes = 0

    async def load(self, name: str) -> dict[str, Any]:
        """Return one."""
        self.reads += 1
        await asyncio.sleep(0)
        return self.kept.get(name, {})

    async def update(self, name: str, fn: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
        """Replace one."""
        self.writes += 1
        self.kept[name] = fn(self.kept.get(name, {}))
        return self.kept[name]


@dataclass(slots=True)
class World:
    """A model with everything around it."""

    wire: FakeWire
    clock: JumpClock
    ledger: MemoryLedger
    memory: MemoryStates
    model: Endpoint

    @property
    def rungs(self) -> list[str]:
        """Return on which rung each request was sent."""
        return [call.rung.value for call in self.wire.calls]

    @property
    def spent(self) -> Spending:
        """Return what the day cost so far."""
        return self.ledger.booked.get(NOON.date(), Spending())

    async def again(self, *answers: Reply | Callable[[Call], Reply]) -> "World":
        """Return a new process on the same memory and ledger, its model open."""
        config = self.model._config
        return await open_world(*answers, config=config, memory=self.memory, ledger=self.ledger, clock=self.clock)


CONFIG = ModelConfig("http://127.0.0.1:1/v1", "small")


async def open_world(
    *answers: Reply | Callable[[Call], Reply],
    config: ModelConfig = CONFIG,
    memory: MemoryStates | None = None,
    ledger: MemoryLedger | None = None,
    clock: JumpClock | None = None,
    **changes: Any,
) -> World:
    """Return an open model that gets these answers; it holds nothing that needs closing."""
    wire, clock = FakeWire(deque(answers)), clock or JumpClock()
    ledger, memory = ledger or MemoryLedger(), memory or MemoryStates()
    model = Endpoint(replace(config, **changes), ledger, memory, clock, wire)
    await model.__aenter__()
    return World(wire, clock, ledger, memory, model)


def good(text: str = GOOD, **changes: Any) -> Completion:
    """Return an answer that cost 100 tokens to read and 20 to write."""
    return Completion(text, usage=Usage(100, 20), **changes)


def refusal(status: int, words: str = "", seconds: float | None = None) -> Refusal:
    """Return a status with the words of its body."""
    return Refusal(status, words=words, retry_after=None if seconds is None else timedelta(seconds=seconds))
