"""The day's account: reserved before, settled after, on both engines."""

import asyncio
from datetime import date, timedelta

import pytest

from bot.llm.port import Ceiling, Reservation
from bot.spending import Spending
from bot.store.engine import Database
from bot.store.spend import SpendStore

DAY = date(2026, 5, 12)
CALL = Spending(requests=1, input_tokens=1000, output_tokens=300, cost_micros=450)


async def reserve(
    store: SpendStore,
    ceiling: Ceiling = Ceiling(),  # noqa: B008  # frozen
    *,
    day: date = DAY,
    producer: str = "small",
    purpose: str = "summary",
) -> Reservation | None:
    return await store.reserve(day, producer, purpose, CALL, ceiling)


async def spend(store: SpendStore, spent: Spending, *, day: date = DAY, producer: str = "small", purpose: str) -> None:
    reservation = await reserve(store, day=day, producer=producer, purpose=purpose)
    assert reservation is not None
    await store.settle(reservation, spent)


async def test_a_reservation_counts_in_full_until_it_is_settled(db: Database) -> None:
    store = SpendStore(db)
    assert await store.spent(DAY) == Spending()
    reservation = await reserve(store)
    assert reservation is not None
    assert await store.spent(DAY) == Spending(1, 1000, 300, 450, estimated=1)
    await store.settle(reservation, Spending(1, 600, 100, 200, 0))
    assert await store.spent(DAY) == Spending(1, 600, 100, 200, 0)


async def test_room_that_was_not_used_is_given_back_and_leaves_no_trace(db: Database) -> None:
    store = SpendStore(db)
    reservation = await reserve(store)
    assert reservation is not None
    await store.settle(reservation, Spending())
    assert await store.load_days(DAY) == []


async def test_settling_twice_books_once(db: Database) -> None:
    store = SpendStore(db)
    reservation = await reserve(store)
    assert reservation is not None
    await store.settle(reservation, CALL)
    await store.settle(reservation, CALL)
    assert await store.spent(DAY) == CALL


@pytest.mark.parametrize(
    "ceiling", [Ceiling(cost_micros=4500), Ceiling(tokens=13_000), Ceiling(cost_micros=4949, tokens=10**9)]
)
async def test_of_a_thousand_reservations_at_once_exactly_ten_are_granted(db: Database, ceiling: Ceiling) -> None:
    store = SpendStore(db)
    found = await asyncio.gather(*(reserve(store, ceiling) for _ in range(1000)))
    assert sum(one is not None for one in found) == 10
    assert (await store.spent(DAY)).cost_micros == 4500


async def test_two_connections_share_the_ceiling(database_url: str) -> None:
    async with Database.open(database_url) as one, Database.open(database_url) as other:
        stores = (SpendStore(one), SpendStore(other))
        found = await asyncio.gather(*(reserve(store, Ceiling(cost_micros=4500)) for store in stores * 50))
    assert sum(reservation is not None for reservation in found) == 10


async def test_what_nobody_settled_is_still_taken_after_a_restart_but_not_the_next_day(database_url: str) -> None:
    ceiling = Ceiling(cost_micros=900)
    async with Database.open(database_url) as database:
        assert await reserve(SpendStore(database), ceiling)
        assert await reserve(SpendStore(database), ceiling)
    async with Database.open(database_url) as database:
        store = SpendStore(database)
        assert await reserve(store, ceiling) is None
        assert await reserve(store, ceiling, day=DAY + timedelta(days=1)) is not None


async def test_a_reservation_is_booked_on_the_day_it_was_made_for(db: Database) -> None:
    store = SpendStore(db)
    reservation = await reserve(store, day=DAY)
    assert reservation is not None
    await reserve(store, day=DAY + timedelta(days=1))
    await store.settle(reservation, CALL)
    assert await store.spent(DAY) == CALL
    assert (await store.spent(DAY + timedelta(days=1))).estimated == 1


async def test_days_are_listed_newest_first_by_purpose_and_model_with_what_is_open(db: Database) -> None:
    store, before = SpendStore(db), DAY - timedelta(days=1)
    await spend(store, CALL, day=before - timedelta(days=1), purpose="summary")
    await spend(store, CALL, day=before, purpose="summary")
    await spend(store, CALL, purpose="translation")
    await spend(store, Spending(1, 10, 5, 3, 1), purpose="summary")
    await spend(store, CALL, purpose="summary", producer="other")
    await spend(store, CALL, purpose="summary")
    await reserve(store)
    assert await store.load_days(before) == [
        (DAY, "other", "summary", CALL),
        (DAY, "small", "summary", Spending(3, 2010, 605, 903, 2)),
        (DAY, "small", "translation", CALL),
        (before, "small", "summary", CALL),
    ]


async def test_amounts_beyond_32_bits_are_kept(db: Database) -> None:
    store = SpendStore(db)
    huge = Spending(1, 10**11, 10**11, 10**15, 0)
    await spend(store, huge, purpose="summary")
    await spend(store, huge, purpose="summary")
    assert (await store.spent(DAY)).cost_micros == 2 * 10**15
