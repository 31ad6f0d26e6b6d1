"""Conditions that the owner is told of once: each is a row for as long as it holds, over any restart."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.engine import Database
from bot.store.schema import condition


@dataclass(frozen=True, slots=True, order=True)
class Condition:
    """Something that holds: what kind of thing, of what, in which server (0: none)."""

    name: str
    subject: str
    guild_id: int = 0


@dataclass(frozen=True, slots=True)
class OpenCondition:
    """A condition that holds since `began_at`; `told_at` is None until the owner was told."""

    condition: Condition
    began_at: datetime
    told_at: datetime | None


class ConditionStore:
    """Reads and writes the conditions. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> list[OpenCondition]:
        """Return all that hold, in a fixed order."""
        async with self._database.read() as connection:
            return await _load(connection)

    async def replace(self, holding: Collection[Condition], now: datetime) -> list[OpenCondition]:
        """Let exactly `holding` hold: what is new begins `now`, what is missing has ended. Return all, as `load`."""
        wanted = set(holding)
        known = await self.load()
        if {one.condition for one in known} == wanted:
            return known

        async def save(connection: AsyncConnection) -> list[OpenCondition]:
            present = {one.condition for one in await _load(connection)}
            for one in sorted(present - wanted):
                await connection.execute(sa.delete(condition).where(*_is(one)))
            for one in sorted(wanted - present):
                values = {"name": one.name, "subject": one.subject, "guild_id": one.guild_id, "began_at": now}
                await connection.execute(sa.insert(condition).values(**values))
            return await _load(connection)

        return await self._database.write(save)

    async def told(self, conditions: Sequence[Condition], now: datetime) -> None:
        """Note that the owner was told of them."""

        async def save(connection: AsyncConnection) -> None:
            for one in conditions:
                await connection.execute(sa.update(condition).where(*_is(one)).values(told_at=now))

        await self._database.write(save)


async def _load(connection: AsyncConnection) -> list[OpenCondition]:
    column = condition.c
    rows = await connection.execute(sa.select(condition).order_by(column.began_at, column.name, column.subject))
    return [OpenCondition(Condition(row.name, row.subject, row.guild_id), row.began_at, row.told_at) for row in rows]


def _is(one: Condition) -> tuple[sa.ColumnElement[bool], ...]:
    return condition.c.name == one.name, condition.c.subject == one.subject
