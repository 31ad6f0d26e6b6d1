"""What the database forgets with time: a bounded number of rows in each transaction, so that nothing waits for it.

Never the keys of deliveries, without which something would be posted twice, and nothing that arXiv announced. Servers
that were left are forgotten by `bot.store.guilds`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery import DeliveryState
from bot.store.engine import Database
from bot.store.schema import delivery, look_up, look_up_today, question_quota, text_vector

BATCH = 500
"""Rows of one table in one transaction: milliseconds."""

_FINAL = tuple(state for state in DeliveryState if state.final)


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """How long what is kept; see the settings of the same names."""

    payload: timedelta = timedelta(days=90)
    look_up: timedelta = timedelta(days=365)
    text_vector: timedelta = timedelta(days=30)


class Retention:
    """Deletes what is older than its rule allows. Raises the kinds of `StoreError`."""

    def __init__(self, database: Database, rules: RetentionRules | None = None, *, batch: int = BATCH) -> None:
        self._database = database
        self._rules = rules or RetentionRules()
        self._batch = batch

    async def prune(self, now: datetime) -> dict[str, int]:
        """Delete at most one batch of each table; return table → rows, of those with any."""
        rules, today = self._rules, now.astimezone(UTC).date()
        old = {
            look_up_today: look_up_today.c.day < today,
            question_quota: question_quota.c.day < today,
            look_up: look_up.c.day < today - rules.look_up,
            text_vector: text_vector.c.made_at < now - rules.text_vector,
        }
        pruned = {table.name: await self._delete(table, where) for table, where in old.items()}
        pruned[delivery.name] = await self._empty_payloads(now - rules.payload)
        return {name: rows for name, rows in pruned.items() if rows}

    @property
    def batch(self) -> int:
        """Return how many rows of a table one call deletes at the most."""
        return self._batch

    async def _delete(self, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
        keys = list(table.primary_key)
        old = await self._find(sa.select(*keys).where(where))
        return await self._change(sa.delete(table).where(sa.tuple_(*keys).in_(old), where)) if old else 0

    async def _empty_payloads(self, before: datetime) -> int:
        """Empty the frozen texts of what is over; the rows stay, with key, nonce and marker."""
        full = sa.type_coerce(delivery.c.payload, sa.Text) != "{}"
        over = sa.and_(delivery.c.state.in_(_FINAL), delivery.c.updated_at < before, full)
        old = await self._find(sa.select(delivery.c.delivery_id).where(over))
        these = delivery.c.delivery_id.in_([key for (key,) in old])
        return await self._change(sa.update(delivery).where(these, over).values(payload={})) if old else 0

    async def _find(self, query: "sa.Select[Any]") -> "list[sa.Row[Any]]":
        """Return the keys of a batch. In a read: to look over a year's deliveries takes a second, and writers wait."""
        async with self._database.read() as connection:
            return list((await connection.execute(query.limit(self._batch))).all())

    async def _change(self, statement: "sa.Delete | sa.Update") -> int:
        async def change(connection: AsyncConnection) -> int:
            return (await connection.execute(statement)).rowcount

        return await self._database.write(change)
