"""Transactions: whole or not at all, one writer, never stranded by a cancellation."""

import asyncio
import contextlib
import sqlite3
import sys
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import DatabaseBusy, DatabaseCorrupt, DatabaseUnwritable, SettingsError, StoreError
from bot.store.engine import Database
from bot.store.migrate import WRITE_LOCK
from bot.store.papers import PaperStore
from bot.store.source_state import SourceStateStore
from tests.store.samples import make_paper

_INSERT = sa.text(
    "INSERT INTO spend (day, producer, purpose, requests, input_tokens, output_tokens, cost_micros, estimated)"
    " VALUES ('2026-05-12', CAST(:user AS TEXT), '', 1, 1, 1, 1, 0)"
)


async def count_rows(db: Database) -> int:
    async with db.read() as connection:
        return await connection.scalar(sa.text("SELECT count(*) FROM spend")) or 0


def open_files() -> list[str]:
    found = []
    for handle in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(str(handle.readlink()))
    return found


async def test_an_error_inside_undoes_the_whole_write(db: Database) -> None:
    async def fail(connection: AsyncConnection) -> None:
        await connection.execute(_INSERT, {"user": 1})
        raise LookupError("in the middle")

    with pytest.raises(LookupError):
        await db.write(fail)
    assert await count_rows(db) == 0


async def test_a_write_cancelled_at_any_await_is_whole_or_not_there(db: Database) -> None:
    """Cancels after each number of turns of the event loop, so at each await of a transaction."""
    finished = 0
    for turns in range(60):
        before = await count_rows(db)

        async def insert_two(connection: AsyncConnection, turns: int = turns) -> None:
            await connection.execute(_INSERT, {"user": turns * 2})
            await asyncio.sleep(0)
            await connection.execute(_INSERT, {"user": turns * 2 + 1})

        task = asyncio.create_task(db.write(insert_two))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
            finished += 1
        added = await count_rows(db) - before
        assert added in (0, 2)
        assert added == 2 or task.cancelled()
        await SourceStateStore(db).update("after", lambda state: {"turns": state.get("turns", 0) + 1})
    assert (await SourceStateStore(db).load("after"))["turns"] == 60


async def test_a_write_cancelled_from_within_strands_nothing(db: Database) -> None:
    """What the end of the event loop does: the transaction's own task is cancelled, not only its caller."""
    for turns in range(40):

        async def insert(connection: AsyncConnection, turns: int = turns) -> None:
            await connection.execute(_INSERT, {"user": turns})
            await asyncio.sleep(0)

        task = asyncio.create_task(db.write(insert))
        for _ in range(turns):
            await asyncio.sleep(0)
        if db._writing is not None:
            db._writing.cancel()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await SourceStateStore(db).update("after", lambda state: state)
    assert await count_rows(db) <= 40


async def test_cancellation_is_raised_after_the_transaction_was_carried_through(db: Database) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def insert(connection: AsyncConnection) -> None:
        await connection.execute(_INSERT, {"user": 1})
        inside.set()
        await go_on.wait()

    task = asyncio.create_task(db.write(insert))
    await inside.wait()
    task.cancel()
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await count_rows(db) == 1


async def test_a_waiting_writer_that_is_cancelled_never_begins(db: Database) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def hold(_connection: AsyncConnection) -> None:
        inside.set()
        await go_on.wait()

    async def insert(connection: AsyncConnection) -> None:
        await connection.execute(_INSERT, {"user": 1})

    holder = asyncio.create_task(db.write(hold))
    await inside.wait()
    waiting = asyncio.create_task(db.write(insert))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    await holder
    assert await count_rows(db) == 0


async def test_a_write_inside_a_write_is_refused(db: Database) -> None:
    async def nested(_connection: AsyncConnection) -> None:
        await PaperStore(db).save_metadata([make_paper()])

    with pytest.raises(RuntimeError, match="inside a write"):
        await db.write(nested)
    assert await PaperStore(db).save_metadata([make_paper()]) == 1


async def test_no_update_is_lost_between_two_connections(database_url: str) -> None:
    async with Database.open(database_url) as one, Database.open(database_url) as other:
        stores = [SourceStateStore(one), SourceStateStore(other)]

        async def add(store: SourceStateStore) -> None:
            for _ in range(25):
                await store.update("count", lambda state: {"number": state.get("number", 0) + 1})

        await asyncio.gather(*(add(store) for store in stores for _ in range(2)))
        assert await stores[0].load("count") == {"number": 100}
        assert await stores[1].load("nothing") == {}


async def test_a_reader_sees_one_moment(database_url: str) -> None:
    async with Database.open(database_url) as one, Database.open(database_url) as other, one.read() as connection:
        query = sa.text("SELECT count(*) FROM paper")
        assert await connection.scalar(query) == 0
        await PaperStore(other).save_metadata([make_paper()])
        assert await connection.scalar(query) == 0


async def test_what_a_reader_writes_is_not_kept(db: Database) -> None:
    # PostgreSQL refuses at once, SQLite forgets it at the end.
    with contextlib.suppress(StoreError):
        async with db.read() as connection:
            await connection.execute(_INSERT, {"user": 1})
    assert await count_rows(db) == 0


async def test_a_cancelled_reader_leaves_the_database_usable(db: Database) -> None:
    async def read() -> None:
        async with db.read() as connection:
            await connection.execute(sa.text("SELECT count(*) FROM paper"))
            await connection.execute(sa.text("SELECT count(*) FROM spend"))

    for turns in range(25):
        task = asyncio.create_task(read())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert await PaperStore(db).save_metadata([make_paper()]) == 1


async def test_one_reader_after_another_takes_the_connection_that_was_used_last(sqlite_url: str) -> None:
    """Each connection has a cache of its own, which fills when it reads and goes stale while others write."""
    async with Database.open(sqlite_url) as db:

        async def read(together: asyncio.Barrier) -> object:
            async with db.read() as connection:
                await together.wait()
                return (await connection.get_raw_connection()).driver_connection

        together = asyncio.Barrier(4)
        assert len(set(await asyncio.gather(*(read(together) for _ in range(4))))) == 4
        assert len({await read(asyncio.Barrier(1)) for _ in range(8)}) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists a process's open files like this")
async def test_a_reader_under_way_at_the_end_leaves_no_file_open(sqlite_path: Path) -> None:
    """Such as a command that somebody used as the program was told to end."""
    reading, go_on = asyncio.Event(), asyncio.Event()

    async def read() -> int:
        async with db.read() as connection:
            reading.set()
            await go_on.wait()
            return await connection.scalar(sa.text("SELECT count(*) FROM spend")) or 0

    async with contextlib.AsyncExitStack() as stack:
        db = await stack.enter_async_context(Database.open(f"sqlite:///{sqlite_path}"))
        reader = asyncio.create_task(read())
        await reading.wait()
        ending = asyncio.create_task(stack.aclose())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        go_on.set()
        assert await reader == 0
        await ending
    assert [name for name in open_files() if name.startswith(str(sqlite_path))] == []
    with pytest.raises(DatabaseBusy, match="ends"):
        await count_rows(db)


async def test_a_lock_held_by_another_process_is_busy_and_then_free(sqlite_path: Path) -> None:
    holder = sqlite3.connect(sqlite_path, isolation_level=None)
    async with Database.open(f"sqlite:///{sqlite_path}", busy_timeout=0.05) as db:
        papers = PaperStore(db)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy, match="another process"):
            await papers.save_metadata([make_paper()])
        assert await papers.count() == 0
        holder.execute("ROLLBACK")
        assert await papers.save_metadata([make_paper()]) == 1
    holder.close()


async def test_the_write_lock_of_postgresql_is_busy_and_then_free(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as holder:
        async with Database.open(postgres_url, busy_timeout=0.05) as db:
            papers = PaperStore(db)
            holder.execute("SELECT pg_advisory_xact_lock(%s)", (WRITE_LOCK,))
            with pytest.raises(DatabaseBusy, match="another process"):
                await papers.save_metadata([make_paper()])
            holder.rollback()
            assert await papers.save_metadata([make_paper()]) == 1


async def test_a_full_disk_is_told_and_recovers_when_there_is_space(sqlite_url: str) -> None:
    big = [make_paper(f"2605.{number:05d}", abstract="words " * 2000) for number in range(20)]

    async def set_limit(connection: AsyncConnection, pages: int) -> int:
        return int(await connection.scalar(sa.text(f"PRAGMA max_page_count = {pages}")) or 0)

    async with Database.open(sqlite_url) as db:
        papers = PaperStore(db)
        await papers.save_metadata([make_paper("2604.00001")])
        await db.write(lambda connection: set_limit(connection, 1))
        with pytest.raises(DatabaseUnwritable, match=r"disk is full.*Free some space"):
            await papers.save_metadata(big)
        assert await papers.count() == 1
        await db.write(lambda connection: set_limit(connection, 2**30))
        assert await papers.save_metadata(big) == 20


async def test_a_read_only_database_is_told(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as db:
        async with db.read() as connection:
            await connection.execute(sa.text("PRAGMA query_only = ON"))
        with pytest.raises(DatabaseUnwritable, match="cannot be written"):
            await PaperStore(db).save_metadata([make_paper()])


async def test_a_file_deleted_or_replaced_under_us_is_not_written_to(sqlite_path: Path) -> None:
    async with Database.open(f"sqlite:///{sqlite_path}") as db:
        await PaperStore(db).save_metadata([make_paper()])
        await asyncio.to_thread(sqlite_path.rename, sqlite_path.with_suffix(".away"))
        with pytest.raises(DatabaseCorrupt, match="deleted or replaced"):
            await PaperStore(db).save_metadata([make_paper("2605.00002")])
    assert not await asyncio.to_thread(sqlite_path.exists)


async def test_a_table_lost_under_us_is_damage_not_an_empty_history(db: Database) -> None:
    async def drop(connection: AsyncConnection) -> None:
        await connection.execute(sa.text("DROP TABLE source_state"))

    await db.write(drop)
    with pytest.raises(DatabaseCorrupt, match="lacks a table"):
        await SourceStateStore(db).load("x")


async def test_durability_is_what_it_must_be(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as db, db.read() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        values = [await connection.scalar(sa.text(f"PRAGMA {name}")) for name in pragmas]
    assert values == ["wal", 2, 1]


async def test_no_password_in_any_message(postgres_url: str) -> None:
    canary = "canary-password"
    for url in (
        f"postgresql://someone:{canary}@127.0.0.1:1/nothing",
        postgres_url.replace("postgres:@/", f"nobody:{canary}@/"),
        f"postgresql://someone:{canary}@127.0.0.1:notaport/x",
        f"mysql://someone:{canary}@127.0.0.1/x",
    ):
        with pytest.raises((StoreError, SettingsError)) as caught:
            async with Database.open(url):
                pass
        error: BaseException | None = caught.value
        while error is not None:
            assert canary not in f"{error}{error!r}"
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x"])
async def test_other_addresses_are_refused_with_what_is_expected(url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE__URL: expected sqlite:///PATH or postgresql"):
        async with Database.open(url):
            pass
