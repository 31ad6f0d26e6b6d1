"""A database copied into another: every row the same, on either engine, or nothing at all."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import DatabaseCorrupt, StoreError, UsageError
from bot.store.copying import CopyReport, copy_database
from bot.store.engine import Database
from bot.store.maintenance import check
from bot.store.outbox import Outbox
from bot.store.papers import PaperStore
from bot.store.schema import delivery, metadata, tables
from bot.store.search import build_search
from tests.conftest import PostgresServer
from tests.store.files import damage_middle, is_there, names_in
from tests.store.rows import AT, fill, sample_row, texts
from tests.store.samples import make_paper
from tests.unit.deliver.samples import BOT, make_planned

ODD = (
    "naïve 数据 \U0001f600",
    "a\tb\r\nc",
    "'; DROP TABLE paper; --",
    "\\N",
    "\x1e3:abc",
    "{}",
    "",
    "\u202e right to left",
)


@pytest.fixture
async def filled(sqlite_url: str) -> str:
    """Return a database with a row in every table, papers with odd texts, and pictures."""
    async with Database.open(sqlite_url) as db:
        await fill(db)
        await PaperStore(db).save_metadata(
            [make_paper(f"2605.1{n:04d}", title=f"matter {text}", abstract=text) for n, text in enumerate(ODD)]
        )
        await PaperStore(db).save_metadata([make_paper(f"2604.{n:05d}") for n in range(2500)])
        figures = metadata.tables["figure"]

        async def insert(connection: AsyncConnection) -> None:
            rows = [sample_row(figures) | {"number": n, "data": bytes([n % 256]) * 200_000} for n in range(2, 60)]
            await connection.execute(sa.insert(figures), rows)

        await db.write(insert)
    return sqlite_url


@pytest.fixture
def empty(postgres_server: PostgresServer) -> str:
    """Return an empty database of a server, without any table."""
    return postgres_server.create("template0")


async def rows_of(url: str) -> dict[str, int]:
    async with Database.open(url) as db, db.read() as connection:
        return {
            table.name: await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in tables(db.dialect)
        }


async def test_every_row_of_every_table_arrives_as_it_was(filled: str, empty: str, tmp_path: Path) -> None:
    there = await copy_database(filled, empty)
    assert {one.name for one in there.tables} == {table.name for table in tables("sqlite")}
    assert all(one.rows for one in there.tables), "the copy of an empty table would show nothing"
    assert await check(empty) == []
    async with Database.open(filled) as one, Database.open(empty) as other:
        before, after = await texts(one), await texts(other)
        assert set(after) - set(before) == {"paper_words"}
        for name in set(before) - {"lease", "bot_value"}:
            assert sorted(before[name]) == sorted(after[name]), name
        for word in ("naïve", "matter", "DROP"):
            found = [hit.paper.arxiv_id for hit in await build_search(one).search(word, limit=20)]
            assert found == [hit.paper.arxiv_id for hit in await build_search(other).search(word, limit=20)] != []
    # And back, into a file: what is compared is the same again.
    back = await copy_database(empty, f"sqlite:///{tmp_path / 'back.sqlite3'}")
    assert digests(back) == digests(there)
    assert await check(f"sqlite:///{tmp_path / 'back.sqlite3'}") == []
    assert [name for name in names_in(tmp_path) if name.startswith("back")] == ["back.sqlite3"]


def digests(report: CopyReport) -> dict[str, tuple[int, str]]:
    # The two that say something of the copy itself.
    return {one.name: (one.rows, one.digest) for one in report.tables if one.name not in ("lease", "bot_value")}


async def test_keys_that_count_go_on_after_the_copied_ones(filled: str, empty: str) -> None:
    await copy_database(filled, empty)
    async with Database.open(empty) as db:
        assert await Outbox(db).plan(make_planned(), bot_id=BOT, now=AT)
        async with db.read() as connection:
            assert sorted(await connection.scalars(sa.select(delivery.c.delivery_id))) == [1, 2]


async def test_an_empty_database_can_be_copied_and_written_to(sqlite_url: str, empty: str) -> None:
    report = await copy_database(sqlite_url, empty)
    assert sum(one.rows for one in report.tables) == 0
    async with Database.open(empty) as db:
        assert await Outbox(db).plan(make_planned(), bot_id=BOT, now=AT)


async def test_a_target_that_holds_anything_is_refused_and_left_as_it_is(
    filled: str, postgres_url: str, empty: str, sqlite_path: Path, tmp_path: Path
) -> None:
    async with Database.open(postgres_url) as db:
        await PaperStore(db).save_metadata([make_paper()])
    before = await rows_of(postgres_url)
    with pytest.raises(UsageError, match="not empty: paper has rows"):
        await copy_database(filled, postgres_url)
    assert await rows_of(postgres_url) == before
    engine = sa.create_engine(empty.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE somebody_elses (one integer)"))
    engine.dispose()
    with pytest.raises(UsageError, match="holds other tables"):
        await copy_database(filled, empty)
    with pytest.raises(UsageError, match="exists already"):
        await copy_database(filled, filled)
    with pytest.raises(UsageError, match="no database at"):
        await copy_database(f"sqlite:///{tmp_path / 'none.sqlite3'}", f"sqlite:///{tmp_path / 'new.sqlite3'}")


async def test_a_damaged_source_is_not_copied(filled: str, sqlite_path: Path, tmp_path: Path) -> None:
    await asyncio.to_thread(damage_middle, sqlite_path)
    target = tmp_path / "new.sqlite3"
    with pytest.raises(DatabaseCorrupt, match=r"no copy was made|damaged"):
        await copy_database(filled, f"sqlite:///{target}")
    assert not is_there(target)


async def test_a_failure_half_way_leaves_nothing_and_says_so(
    filled: str, postgres_server: PostgresServer, empty: str, sqlite_path: Path
) -> None:
    # What SQLite takes and PostgreSQL does not: an integer beyond 32 bits, in a table that comes late.
    with closing(sqlite3.connect(sqlite_path)) as connection:
        connection.execute("UPDATE delivery SET attempts = 99999999999")
        connection.commit()
    with pytest.raises(StoreError, match=r"The copy was undone.*Mend the cause and run it again"):
        await copy_database(filled, empty)
    assert set((await rows_of(empty)).values()) == {0}
    with closing(sqlite3.connect(sqlite_path)) as connection:
        connection.execute("UPDATE delivery SET attempts = 1")
        connection.commit()
    assert (await copy_database(filled, empty)).tables


async def test_a_copy_that_is_broken_off_leaves_nothing(filled: str, empty: str, tmp_path: Path) -> None:
    for target in (empty, f"sqlite:///{tmp_path / 'copies' / 'new.sqlite3'}"):
        loop, reached = asyncio.get_running_loop(), asyncio.Event()

        def tell(
            step: str, _done: int, _total: int, loop: asyncio.AbstractEventLoop = loop, event: asyncio.Event = reached
        ) -> None:
            if step == "figure":
                loop.call_soon_threadsafe(event.set)

        copying = asyncio.create_task(copy_database(filled, target, progress=tell))
        await reached.wait()
        copying.cancel()
        with suppress(asyncio.CancelledError):
            await copying
        if target is empty:
            # The lock that the copy holds until it has been undone.
            assert set((await rows_of(empty)).values()) == {0}
        else:
            await loop.shutdown_default_executor()
            assert names_in(tmp_path / "copies") == []


async def test_a_bot_may_go_on_writing_while_it_is_copied(filled: str, empty: str) -> None:
    before = (await rows_of(filled))["paper"]
    loop, begun, written = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    def tell(_step: str, _done: int, _total: int) -> None:
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(written.wait(), loop).result(60)

    async def write() -> None:
        await begun.wait()
        async with Database.open(filled) as db:
            await PaperStore(db).save_metadata([make_paper("2603.00001")])
        written.set()

    report, _ = await asyncio.gather(copy_database(filled, empty, progress=tell), write())
    assert {one.name: one.rows for one in report.tables}["paper"] == before
    assert (await rows_of(empty))["paper"] == before
    assert (await rows_of(filled))["paper"] == before + 1


async def test_the_copy_of_a_running_senders_lease_is_free(filled: str, empty: str) -> None:
    report = await copy_database(filled, empty)
    async with Database.open(empty) as db, db.read() as connection:
        until = await connection.scalar(sa.select(metadata.tables["lease"].c.until))
        assert until is not None
        assert until <= report.read_at + timedelta(seconds=1)
