"""Small states that outlive a process: cursors, cool-downs, the moment of the last request to arXiv."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.announcement_rows import upsert
from bot.store.engine import Database
from bot.store.schema import source_state

State = dict[str, Any]
"""What JSON can hold."""


class SourceStateStore:
    """Named states, each a JSON object. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, name: str) -> State:
        """Return the state, or an empty one."""
        async with self._database.read() as connection:
            return await _load(connection, name)

    async def update(self, name: str, fn: Callable[[State], State]) -> State:
        """Replace the state by what `fn` makes of it, and return that.

        Read and written in one write transaction: of several processes doing this at once, none loses another's change.
        """

        async def save(connection: AsyncConnection) -> State:
            state = fn(await _load(connection, name))
            values = {"state": state, "updated_at": self._database.clock.now()}
            insert = upsert(connection, source_state).values(name=name, **values)
            await connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=values))
            return state

        return await self._database.write(save)


async def _load(connection: AsyncConnection, name: str) -> State:
    found = await connection.scalar(sa.select(source_state.c.state).where(source_state.c.name == name))
    return dict(found) if found else {}
