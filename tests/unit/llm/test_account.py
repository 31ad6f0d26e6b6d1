"""The ceiling, as questions meet it: room is taken before a request, and nothing that was sent is forgotten."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from bot.errors import BudgetExhausted, StoreError
from bot.llm.asking import build_call, most
from bot.llm.capabilities import Capabilities
from bot.llm.config import FREE, Price
from bot.llm.port import Ceiling, Meter, Reservation
from bot.llm.replies import Completion, Lost, NoAnswer
from bot.spending import Spending
from tests.unit.llm.fakes import NOON, REQUEST, Form, MemoryLedger, good, open_world, refusal

PRICE = Price(Decimal(1), Decimal(4))
MOST = most(build_call("small", REQUEST, Form, Capabilities()), PRICE)
COST = PRICE.cost_micros(100, 20)


def room_for(calls: int) -> Ceiling:
    """Return the ceiling under which exactly so many good answers fit: the last needs its whole reservation."""
    return Ceiling(cost_micros=(calls - 1) * COST + MOST.cost_micros)


@pytest.mark.parametrize("concurrency", [1, 8, 64])
async def test_of_a_thousand_questions_exactly_those_are_asked_that_fit(concurrency: int) -> None:
    world = await open_world(good(), price=PRICE, ceiling=room_for(10), concurrency=concurrency)
    results = await asyncio.gather(*(world.model.ask(REQUEST, Form) for _ in range(1000)), return_exceptions=True)
    assert len(world.wire.calls) == 10
    assert sum(isinstance(one, BudgetExhausted) for one in results) == 990
    assert world.spent.cost_micros == 10 * COST <= room_for(10).cost_micros  # type: ignore[operator]  # it is set


async def test_tokens_have_a_ceiling_of_their_own() -> None:
    tokens = MOST.input_tokens + MOST.output_tokens
    world = await open_world(good(), ceiling=Ceiling(tokens=tokens + 2 * 120))
    for _ in range(3):
        await world.model.ask(REQUEST, Form)
    with pytest.raises(BudgetExhausted, match="paperbrief spend"):
        await world.model.ask(REQUEST, Form)


async def test_a_ceiling_of_nothing_lets_nothing_through() -> None:
    world = await open_world(good(), price=PRICE, ceiling=Ceiling(cost_micros=0), fallback_model="other")
    with pytest.raises(BudgetExhausted):
        await world.model.ask(REQUEST, Form)
    assert world.wire.calls == []


async def test_the_next_day_in_utc_has_room_again() -> None:
    world = await open_world(good(), price=PRICE, ceiling=room_for(1))
    await world.model.ask(REQUEST, Form)
    with pytest.raises(BudgetExhausted, match="2026-05-12"):
        await world.model.ask(REQUEST, Form)
    world.clock.seconds += 12 * 3600
    await world.model.ask(REQUEST, Form)
    assert len(world.ledger.booked) == 2


async def test_a_request_without_an_answer_counts_in_full() -> None:
    world, meter = await open_world(NoAnswer(Lost.TIMEOUT), price=PRICE), Meter()
    await asyncio.gather(world.model.ask(REQUEST, Form, meter=meter), return_exceptions=True)
    assert world.spent == meter.total == Spending(1, MOST.input_tokens, 300, MOST.cost_micros, 1)


async def test_a_cancelled_question_counts_in_full_and_is_settled() -> None:
    world = await open_world(good(), price=PRICE)
    world.wire.gate = asyncio.Event()
    task = asyncio.create_task(world.model.ask(REQUEST, Form))
    await world.wire.entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert world.ledger.open == {}
    assert world.spent.cost_micros == MOST.cost_micros


async def test_a_question_cancelled_before_it_was_sent_costs_nothing() -> None:
    class Slow(MemoryLedger):
        def __init__(self) -> None:
            super().__init__()
            self.entered, self.go = asyncio.Event(), asyncio.Event()

        async def reserve(self, *about: Any) -> Reservation | None:
            found = await super().reserve(*about)
            self.entered.set()
            await self.go.wait()
            return found

    ledger = Slow()
    world = await open_world(good(), price=PRICE, ledger=ledger)
    task = asyncio.create_task(world.model.ask(REQUEST, Form))
    await ledger.entered.wait()
    task.cancel()
    await asyncio.sleep(0)
    ledger.go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ledger.open == {}
    assert world.spent == Spending()
    assert world.wire.calls == []


async def test_refusals_cost_a_request_and_no_money() -> None:
    world = await open_world(refusal(500), refusal(429), good(), price=PRICE)
    answer = await world.model.ask(REQUEST, Form)
    assert answer.spending == Spending(3, 100, 20, COST, 0)


async def test_a_server_that_does_not_count_is_estimated_and_marked() -> None:
    world = await open_world(Completion(good().text), price=PRICE)
    answer = await world.model.ask(REQUEST, Form)
    assert answer.spending.estimated == 1
    assert 0 < answer.spending.cost_micros <= MOST.cost_micros


async def test_each_model_is_paid_at_its_own_price() -> None:
    world = await open_world(
        lambda call: refusal(404, "model not found") if call.model == "small" else good(),
        price=FREE,
        fallback_model="other",
        fallback_price=PRICE,
    )
    assert (await world.model.ask(REQUEST, Form)).spending.cost_micros == COST
    assert world.ledger.purposes == [("small", "summary"), ("other", "summary")]


async def test_an_answer_is_not_lost_because_it_could_not_be_booked() -> None:
    class Broken(MemoryLedger):
        async def settle(self, reservation: Reservation, spent: Spending) -> None:
            raise StoreError("disk full")

    world = await open_world(good(), ledger=Broken())
    await world.model.ask(REQUEST, Form)
    assert (await world.ledger.spent(NOON.date())).requests == 1, "it stays reserved"


async def test_a_day_known_to_be_full_is_not_asked_for_by_a_thousand_but_again_a_moment_later() -> None:
    class Counting(MemoryLedger):
        asked = 0

        async def reserve(self, *about: Any) -> Reservation | None:
            self.asked += 1
            return await super().reserve(*about)

    ledger = Counting()
    world = await open_world(good(), price=PRICE, ceiling=room_for(1), ledger=ledger)
    other = await ledger.reserve(NOON.date(), "other", "summary", MOST, Ceiling())
    assert other is not None
    results = await asyncio.gather(*(world.model.ask(REQUEST, Form) for _ in range(1000)), return_exceptions=True)
    assert all(isinstance(one, BudgetExhausted) for one in results)
    assert ledger.asked < 20
    await ledger.settle(other, Spending())
    world.clock.seconds += 1
    await world.model.ask(REQUEST, Form)
