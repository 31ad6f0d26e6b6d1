"""Work on the database cancelled at each place where it waits, and an event loop that ends in its middle."""

import asyncio
import gc
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.engine import Database
from bot.store.source_state import SourceStateStore
from tests.faults.cancelling import cancelled_at

MOST = 200
"""More waits than any piece of work here has."""


async def read(db: Database) -> None:
    async with db.read() as connection:
        await connection.execute(sa.text("SELECT count(*) FROM paper"))


async def write(db: Database) -> None:
    async def both(connection: AsyncConnection) -> None:
        for name in ("one", "two"):
            insert = sa.text("INSERT INTO source_state VALUES (:name, '{}', '2026-05-12 12:00:00.000000')")
            await connection.execute(insert, {"name": name})

    await db.write(both)


async def rows(db: Database) -> int:
    async with db.read() as connection:
        query = "SELECT count(*) FROM source_state WHERE name IN ('one', 'two')"
        return int(await connection.scalar(sa.text(query)) or 0)


WORK = pytest.mark.parametrize("work", [read, write], ids=["a read", "a write"])


@pytest.mark.fault("S2")
@WORK
async def test_work_cancelled_at_each_wait_leaves_no_transaction_behind(
    database_url: str, work: Callable[[Database], Coroutine[Any, Any, None]]
) -> None:
    """A new database object for each place, so that opening the connection is among them."""
    for place in range(1, MOST):
        async with Database.open(database_url, busy_timeout=5.0) as db:
            reached = await cancelled_at(place, work(db))
            assert await rows(db) in (0, 2)
            # Whoever was left in a transaction would hold this one up until it is busy.
            await SourceStateStore(db).update("next", lambda state: {"next": state.get("next", 0) + 1})
            await db.write(lambda connection: connection.execute(sa.text("DELETE FROM source_state")))
        if not reached:
            break
    assert 3 < place < MOST - 1


@pytest.mark.fault("S2")
@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
@WORK
def test_an_event_loop_that_ends_with_cancelled_work_leaves_nothing_open(
    sqlite_url: str,
    work: Callable[[Database], Coroutine[Any, Any, None]],
    twice: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Threads that speak to an event loop that is gone say so to this hook; files left open, when thrown away."""
    complaints: list[object] = []
    monkeypatch.setattr(threading, "excepthook", complaints.append)

    async def end(place: int) -> bool:
        async with Database.open(sqlite_url) as db:
            return await cancelled_at(place, work(db), twice=twice)

    async def count() -> int:
        async with Database.open(sqlite_url) as db:
            found = await rows(db)
            await db.write(lambda connection: connection.execute(sa.text("DELETE FROM source_state")))
            return found

    before = threading.active_count()
    for place in range(1, MOST):
        reached = asyncio.run(end(place))
        assert complaints == []
        assert threading.active_count() == before
        assert asyncio.run(count()) in (0, 2)
        if not reached:
            break
    gc.collect()
    assert 3 < place < MOST - 1
