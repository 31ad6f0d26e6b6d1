"""The door to the database: opening it, one write transaction at a time, consistent reads.

Knows transactions and nothing of papers. Every driver error leaves here as one of `bot.errors`.
"""

import asyncio
import sqlite3
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import aiosqlite
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.clock import Clock, SystemClock
from bot.errors import DatabaseBusy
from bot.log import get_logger
from bot.store.address import Address, Dialect, parse_address
from bot.store.border import border, corrupt
from bot.store.migrate import WRITE_LOCK, lock_wait, upgrade_schema
from bot.store.sqlite_file import prepare_file

_log = get_logger(__name__)

T = TypeVar("T")

_BEGIN = "paperbrief_begin"
"""Execution option: how SQLite begins the transaction."""

_PAGE_CACHE_KIB = 8192
_ROWS_AT_ONCE = 64
"""The driver's own default."""

_THREAD_ENDS = 1.0
"""Seconds; it takes some microseconds."""

_LAST_ENDS = 1.0
"""Seconds that the end waits for transactions under way, such as that of a command."""


class Database:
    """An open database; made by `Database.open`."""

    def __init__(self, engine: AsyncEngine, address: Address, clock: Clock, busy_timeout: float) -> None:
        self._engine = engine
        self._address = address
        self._busy_timeout = busy_timeout
        self._writer = asyncio.Lock()
        self._writing: asyncio.Task[Any] | None = None
        self._under_way = 0
        self._at_rest = asyncio.Event()
        self._ending = False
        self._identity = self._identify()
        self.clock = clock

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, *, busy_timeout: float = 10.0, clock: Clock | None = None
    ) -> AsyncIterator["Database"]:
        """Open the database at `url`, made or upgraded first where needed, and close it at the end.

        `url`: sqlite:///PATH or postgresql://…; `busy_timeout`: seconds to wait for another process's lock. Raises
        `SettingsError` for another kind of address and the kinds of `StoreError`; a damaged or missing history is
        refused, never replaced by an empty one.
        """
        address = parse_address(url)
        clock = clock or SystemClock()
        if address.dialect == "sqlite":
            await asyncio.to_thread(prepare_file, address, busy_timeout=busy_timeout, now=clock.now())
        else:
            await asyncio.to_thread(upgrade_schema, address, busy_timeout=busy_timeout)
        threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        engine = _build_engine(address, busy_timeout, threads)
        database = cls(engine, address, clock, busy_timeout)
        try:
            yield database
        finally:
            try:
                await _carry_through(asyncio.create_task(database._close()))
            finally:
                await _ended(threads)

    @property
    def dialect(self) -> Dialect:
        """Return which engine this is."""
        return self._address.dialect

    @property
    def directory(self) -> Path | None:
        """Return where the file lies; None for a database server."""
        return None if self._address.path is None else self._address.path.parent

    @property
    def shown(self) -> str:
        """Return where the database is, without a password."""
        return self._address.shown

    async def write(self, fn: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `fn` in one write transaction and return its result; an error in it undoes everything.

        One writer at a time, here and over all processes. Once begun, it is carried through even when the caller is
        cancelled; the cancellation is raised afterwards. Raises `StoreError` kinds.
        """
        if self._writing is not None and asyncio.current_task() is self._writing:
            raise RuntimeError("a write inside a write would wait for itself")
        async with self._writer:
            task = asyncio.create_task(self._transaction(fn))
            self._writing = task
            try:
                return await _carry_through(task)
            finally:
                self._writing = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection that sees one moment of the database and writes nothing. Raises `StoreError` kinds.

        The end of the block that opened the database waits a moment for it; none begins after that.
        """
        with border(self.shown):
            async with self._connect() as connection:
                if self.dialect == "postgresql":
                    await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                async with connection.begin() as transaction:
                    yield connection
                    await transaction.rollback()

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection; at the end none may be begun, and one that came back later would stay open."""
        if self._ending:
            raise DatabaseBusy(f"the database {self.shown} is being closed, as this program ends")
        self._under_way += 1
        try:
            async with self._engine.connect() as connection:
                yield connection
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._at_rest.set()

    async def _close(self) -> None:
        self._ending = True
        if self._under_way:
            self._at_rest.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._at_rest.wait(), _LAST_ENDS)
        await self._engine.dispose()

    async def _transaction(self, fn: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        if self._identity != self._identify():
            raise corrupt(self.shown, "was deleted or replaced while this program had it open")
        with border(self.shown):
            async with self._connect() as connection:
                await connection.execution_options(**{_BEGIN: "IMMEDIATE"})
                async with connection.begin():
                    if self.dialect == "postgresql":
                        await self._lock_postgres(connection)
                    return await fn(connection)

    async def _lock_postgres(self, connection: AsyncConnection) -> None:
        wait = {"wait": lock_wait(self._busy_timeout)}
        await connection.execute(sa.text("SELECT set_config('lock_timeout', :wait, true)"), wait)
        await connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITE_LOCK})

    def _identify(self) -> tuple[int, int] | None:
        """Return what tells this file from another of the same name; None when it is gone, or for a server."""
        if self._address.path is None:
            return None
        try:
            found = self._address.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


async def _carry_through(task: asyncio.Future[T]) -> T:
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            # Unlike `await task`, this leaves the task running when the caller is cancelled.
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not task.cancelled() and task.exception() is not None:
            _log.warning("a write failed while its caller was being cancelled", error=str(task.exception()))
        raise cancelled
    return task.result()


def _build_engine(address: Address, busy_timeout: float, threads: "weakref.WeakSet[threading.Thread]") -> AsyncEngine:
    if address.dialect == "postgresql":
        return create_async_engine(
            address.url, pool_pre_ping=True, hide_parameters=True, connect_args={"connect_timeout": 10}
        )
    engine = create_async_engine(
        # A deleted file must be missed, not made again: SQLite creates what it cannot find unless told otherwise.
        sa.URL.create("sqlite+aiosqlite", database=f"file:{_escaped(address)}", query={"mode": "rw", "uri": "true"}),
        hide_parameters=True,
        # Whoever reads next finds the pages that were just read, and no more caches fill than are needed at once.
        pool_use_lifo=True,
        # The driver begins nothing by itself: its own mode starts writes late and loses updates.
        connect_args={
            "isolation_level": None,
            "timeout": busy_timeout,
            "async_creator_fn": partial(_connect_sqlite, threads),
        },
    )
    event.listen(engine.sync_engine, "connect", _set_up_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


async def _connect_sqlite(
    threads: "weakref.WeakSet[threading.Thread]", database: str, **options: Any
) -> aiosqlite.Connection:
    """Return an open connection, and add its thread to `threads`.

    aiosqlite's thread opens the file even when this is cancelled, and tells its event loop, which may be closed by
    then: the cancellation waits for the thread to end.
    """
    opened: list[sqlite3.Connection] = []

    def connect() -> sqlite3.Connection:
        # The thread that closes it in the end may be another.
        opened.append(sqlite3.connect(database, **{**options, "check_same_thread": False}))
        return opened[0]

    connection = aiosqlite.Connection(connect, _ROWS_AT_ONCE)
    thread = connection._thread  # noqa: SLF001  # there is no other way to know when it has ended
    # A reader that hangs does not keep the process from ending: what SQLAlchemy sets where it connects by itself.
    thread.daemon = True
    threads.add(thread)
    try:
        return await connection
    except BaseException:
        try:
            await _ended([thread])
        finally:
            for one in opened:
                one.close()
        raise


async def _ended(threads: Iterable[threading.Thread]) -> None:
    """Wait for threads that were told to end; not long, since one may serve a reader that nobody ended."""
    waited_for = list(threads)

    def join() -> None:
        for thread in waited_for:
            thread.join(_THREAD_ENDS)

    # Not a task: the end of the event loop cancels those.
    await _carry_through(asyncio.get_running_loop().run_in_executor(None, join))


def _escaped(address: Address) -> str:
    return quote(str(address.file.absolute()))


def _set_up_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        # What somebody had deleted is overwritten, not just marked as free space of the file.
        "secure_delete = ON",
        f"cache_size = -{_PAGE_CACHE_KIB}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get(_BEGIN, 'DEFERRED')}")
