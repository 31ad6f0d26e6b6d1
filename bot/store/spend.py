"""What the model costs, by day (UTC): room is taken before each request and given back or booked after it.

The ceiling holds over all processes on one database, because looking at the account and taking room in it is one write
transaction. What a process took and never settled, because it was killed, stays taken for that day: the request may
have been made.
"""

import secrets
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.llm.port import Ceiling, Reservation
from bot.spending import Spending
from bot.store.announcement_rows import upsert
from bot.store.engine import Database
from bot.store.schema import spend, spend_reservation

_SUMMED = ("requests", "input_tokens", "output_tokens", "cost_micros", "estimated")


class SpendStore:
    """Keeps the account of every day. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(
        self, day: date, producer: str, purpose: str, expected: Spending, ceiling: Ceiling
    ) -> Reservation | None:
        """Take room for what a call costs at the most, or return None where `ceiling` has none left on that day."""
        reservation = Reservation(secrets.randbits(62), day)

        async def take(connection: AsyncConnection) -> Reservation | None:
            if ceiling != Ceiling() and not _fits(await _load_day(connection, day) + expected, ceiling):
                return None
            await connection.execute(
                sa.insert(spend_reservation).values(
                    reservation_id=reservation.reservation_id,
                    day=day,
                    producer=producer,
                    purpose=purpose,
                    requests=expected.requests,
                    input_tokens=expected.input_tokens,
                    output_tokens=expected.output_tokens,
                    cost_micros=expected.cost_micros,
                    reserved_at=self._database.clock.now(),
                )
            )
            return reservation

        return await self._database.write(take)

    async def settle(self, reservation: Reservation, spent: Spending) -> None:
        """Book what was spent in place of what was reserved; `Spending()` books nothing. A second time does nothing."""

        async def book(connection: AsyncConnection) -> None:
            taken = spend_reservation.c.reservation_id == reservation.reservation_id
            row = (await connection.execute(sa.select(spend_reservation).where(taken))).first()
            if row is None:
                return
            await connection.execute(sa.delete(spend_reservation).where(taken))
            if spent == Spending():
                return
            amounts = {name: getattr(spent, name) for name in _SUMMED}
            insert = upsert(connection, spend).values(
                day=row.day, producer=row.producer, purpose=row.purpose, **amounts
            )
            await connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["day", "producer", "purpose"],
                    set_={name: spend.c[name] + amount for name, amount in amounts.items()},
                )
            )

        await self._database.write(book)

    async def spent(self, day: date) -> Spending:
        """Return the day's account; what is reserved counts in full, and as estimated."""
        async with self._database.read() as connection:
            return await _load_day(connection, day)

    async def load_days(self, since: date) -> list[tuple[date, str, str, Spending]]:
        """Return (day, producer, purpose, what it cost) from `since` on, newest day first, with open reservations."""
        account = _account(since)
        query = account.order_by(sa.desc("day"), "purpose", "producer")
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [(row.day, row.producer, row.purpose, _as_spending(row)) for row in rows]


def _fits(total: Spending, ceiling: Ceiling) -> bool:
    tokens = total.tokens
    return (ceiling.cost_micros is None or total.cost_micros <= ceiling.cost_micros) and (
        ceiling.tokens is None or tokens <= ceiling.tokens
    )


async def _load_day(connection: AsyncConnection, day: date) -> Spending:
    rows = (await connection.execute(_account(day, day))).all()
    return sum((_as_spending(row) for row in rows), Spending())


def _as_spending(row: "sa.Row[tuple[object, ...]]") -> Spending:
    return Spending(**{name: int(row._mapping[name]) for name in _SUMMED})  # noqa: SLF001  # its public name-keyed view


def _account(since: date, until: date | None = None) -> "sa.Select[tuple[object, ...]]":
    """Return a query for the sums by day, producer and purpose over what is booked and what is reserved."""
    booked = sa.select(spend)
    reserved = sa.select(
        *(spend_reservation.c[name] for name in ("day", "producer", "purpose", *_SUMMED[:-1])),
        spend_reservation.c.requests.label("estimated"),
    )
    both = sa.union_all(booked, reserved).subquery()
    query = sa.select(
        both.c.day,
        both.c.producer,
        both.c.purpose,
        *(sa.func.sum(both.c[name]).label(name) for name in _SUMMED),
    ).where(both.c.day >= since)
    if until is not None:
        query = query.where(both.c.day <= until)
    return query.group_by(both.c.day, both.c.producer, both.c.purpose)
