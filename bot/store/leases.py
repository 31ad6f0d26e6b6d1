"""The sender's lease: a row that says who may send, and a token by which the writes of an earlier one are refused."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import LeaseLost
from bot.store.announcement_rows import upsert
from bot.store.engine import Database
from bot.store.schema import lease

SENDER = "sender"
"""The name of the one lease there is."""


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """Who holds the lease, until when; `token` is greater than that of every earlier holder."""

    holder: str
    token: int
    until: datetime


class LeaseStore:
    """Reads and writes the lease. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> LeaseRow | None:
        """Return the lease as it is written, held or not."""
        async with self._database.read() as connection:
            return await _load(connection)

    async def take(self, holder: str, until: datetime, *, seen: LeaseRow | None) -> LeaseRow | None:
        """Take the lease if it is still as `seen`, and return it; None when somebody else was faster."""

        async def take(connection: AsyncConnection) -> LeaseRow | None:
            if await _load(connection) != seen:
                return None
            row = LeaseRow(holder, (seen.token if seen else 0) + 1, until)
            values = {"holder": row.holder, "token": row.token, "until": row.until}
            insert = upsert(connection, lease).values(name=SENDER, **values)
            await connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=values))
            return row

        return await self._database.write(take)

    async def renew(self, token: int, until: datetime) -> None:
        """Hold the lease for longer; raises `LeaseLost` when another took it. An `until` in the past gives it up."""

        async def renew(connection: AsyncConnection) -> None:
            await check_token(connection, token)
            await connection.execute(sa.update(lease).where(lease.c.name == SENDER).values(until=until))

        await self._database.write(renew)


async def check_token(connection: AsyncConnection, token: int) -> None:
    """Raise `LeaseLost` unless `token` is that of the present holder; part of every write of the sender."""
    found = await connection.scalar(sa.select(lease.c.token).where(lease.c.name == SENDER))
    if found != token:
        raise LeaseLost(
            "another Paper Brief has taken over sending from this database; this one stops. "
            "Only one may run at a time: see which processes use the same DATABASE__URL"
        )


async def _load(connection: AsyncConnection) -> LeaseRow | None:
    row = (await connection.execute(sa.select(lease).where(lease.c.name == SENDER))).first()
    return LeaseRow(row.holder, row.token, row.until) if row else None
