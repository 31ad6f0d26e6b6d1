"""A whole database copied into another, of either engine, and compared row by row before it counts.

The source is read at one moment, so a bot may go on writing to it. The target is written in one transaction (a file:
under another name): it holds everything, or nothing. Synchronous but for the door; nothing is loaded whole.
"""

import asyncio
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from bot.errors import DatabaseCorrupt, DatabaseUnwritable, StoreError, UsageError
from bot.store.address import Address, parse_address
from bot.store.border import border
from bot.store.copied import mark_copy
from bot.store.migrate import check_tables, lock_postgres, read_revision, upgrade_schema
from bot.store.migrations import HEAD
from bot.store.schema import lease, paper, paper_words, tables
from bot.store.sqlite_file import beside, check_place, connect, is_there, move_new, quick_check, use_log
from bot.store.words import as_tsvector

Progress = Callable[[str, int, int], None]
"""Called with (table, rows done, rows in all), from another thread."""

_BATCH_ROWS = 1000
_BATCH_BYTES = 4 * 2**20
"""Pictures are rows as well: so much at once, whatever the rows hold."""

_MODULUS = 2**256
_DERIVED = (paper_words.name,)
"""Tables that are made from others and not copied: each engine has a search index of its own."""


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table that was copied: `digest` is the same on both sides, whatever the order of the rows."""

    name: str
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What was copied, as it was at `read_at`."""

    source: str
    target: str
    read_at: datetime
    tables: tuple[CopiedTable, ...]


async def copy_database(
    url: str, target_url: str, *, busy_timeout: float = 10.0, progress: Progress = lambda _step, _done, _total: None
) -> CopyReport:
    """Copy the database at `url` into the empty one at `target_url`, and return what was copied and compared.

    Raises `UsageError` for a target that holds anything, and the kinds of `StoreError`; the target is then as empty as
    it was. Cancelling undoes what was done so far.
    """
    source, target = parse_address(url), parse_address(target_url)
    stop = threading.Event()

    def watched(step: str, done: int, total: int) -> None:
        if stop.is_set():
            raise _Stopped
        progress(step, done, total)

    try:
        return await asyncio.to_thread(_copy, source, target, busy_timeout, watched)
    except asyncio.CancelledError:
        stop.set()
        raise


class _Stopped(Exception):  # not an error: how a thread hears that nobody waits for it
    pass


def _copy(source: Address, target: Address, busy_timeout: float, progress: Progress) -> CopyReport:
    with _open_source(source, busy_timeout) as reading:
        if target.dialect == "postgresql":
            _check_empty(target)
            upgrade_schema(target, busy_timeout=busy_timeout)
            with _undone(target):
                return _fill(reading, source, target, busy_timeout, progress)
        path = target.file
        check_place(path)
        if path.exists():
            raise UsageError(f"{path} exists already; name a file that does not")
        temporary = beside(path, "copy")
        try:
            with _undone(target):
                upgrade_schema(_at(temporary), busy_timeout=busy_timeout, new=True)
                report = _fill(reading, source, _at(temporary), busy_timeout, progress, shown=target.shown)
                use_log(temporary, busy_timeout)
                move_new(temporary, path)
        except FileExistsError:
            raise UsageError(f"{path} exists already; name a file that does not") from None
        finally:
            for leftover in (temporary, *(Path(f"{temporary}{end}") for end in ("-journal", "-wal", "-shm"))):
                leftover.unlink(missing_ok=True)
        return report


@contextmanager
def _undone(target: Address) -> Iterator[None]:
    """Say with every error that nothing of the copy is left, and what to do."""
    try:
        yield
    except FileExistsError:
        raise
    except (StoreError, OSError, sa.exc.DBAPIError) as error:
        kind = type(error) if isinstance(error, StoreError) else DatabaseUnwritable
        # The first line of a driver's own words: those after it may repeat what is stored.
        said = str(getattr(error, "orig", error)).partition("\n")[0]
        raise kind(
            f"{said}. The copy was undone: {target.shown} holds none of it, and the source is as it was. "
            "Mend the cause and run it again"
        ) from error


def _fill(
    reading: sa.Connection, source: Address, target: Address, busy_timeout: float, progress: Progress, shown: str = ""
) -> CopyReport:
    engine = _engine(target, busy_timeout)
    copied = [table for table in tables(source.dialect) if table.name not in _DERIVED]
    with border(source.shown):
        counts = {table.name: reading.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in copied}
    read_at, done, total = datetime.now(UTC), 0, 2 * sum(counts.values())
    found: list[CopiedTable] = []
    with border(target.shown):
        try:
            with engine.begin() as writing:
                if target.dialect == "postgresql":
                    lock_postgres(writing, busy_timeout)
                    _refuse_rows(writing, target)
                for table in copied:
                    tally = _Tally()
                    for batch in _batches(reading, table):
                        _insert(writing, table, batch)
                        tally.add(batch)
                        done += len(batch)
                        progress(table.name, done, total)
                    found.append(CopiedTable(table.name, tally.rows, tally.digest))
                for table, one in zip(copied, found, strict=True):
                    for batch in (tally := _Tally()).watching(_batches(writing, table)):
                        done += len(batch)
                        progress(f"comparing {table.name}", done, total)
                    if (tally.rows, tally.digest) != (one.rows, one.digest):
                        raise StoreError(f"the table {table.name} came out different from the source")
                _finish(writing, target, read_at)
        finally:
            engine.dispose()
    return CopyReport(source.shown, shown or target.shown, read_at, tuple(found))


class _Tally:
    """Counts rows and adds up their hashes: two tables agree when both do, in whatever order they were read."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    @property
    def digest(self) -> str:
        return f"{self._sum:064x}"

    def add(self, batch: Sequence[Sequence[Any]]) -> None:
        self.rows += len(batch)
        for row in batch:
            hashed = hashlib.sha256(b"\x1e".join(map(_as_bytes, row))).digest()
            self._sum = (self._sum + int.from_bytes(hashed)) % _MODULUS

    def watching(self, batches: Iterator[list[tuple[Any, ...]]]) -> Iterator[list[tuple[Any, ...]]]:
        for batch in batches:
            self.add(batch)
            yield batch


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, datetime):
        value = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    elif isinstance(value, date):
        value = value.isoformat()
    data = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
    # With its length: nothing that a text holds can be taken for the next column.
    return b"%s%d:%s" % (type(value).__name__[:1].encode(), len(data), data)


def _batches(connection: sa.Connection, table: sa.Table) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a table as they are stored, JSON as its text, a bounded number of bytes at once."""
    columns = [sa.type_coerce(column, _stored_type(column)).label(column.name) for column in table.c]
    result = connection.execute(sa.select(*columns), execution_options={"yield_per": 100})
    batch: list[tuple[Any, ...]] = []
    size = 0
    for row in result:
        values = tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
        batch.append(values)
        size += sum(len(value) for value in values if isinstance(value, str | bytes))
        if len(batch) >= _BATCH_ROWS or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _insert(connection: sa.Connection, table: sa.Table, batch: Sequence[Sequence[Any]]) -> None:
    names = [column.name for column in table.c]
    values = {column.name: sa.bindparam(column.name, type_=_stored_type(column)) for column in table.c}
    rows = [dict(zip(names, row, strict=True)) for row in batch]
    connection.execute(sa.insert(table).values(values), rows)
    if table is paper and connection.dialect.name == "postgresql":
        cast = sa.cast(sa.bindparam("vector", type_=sa.Text), paper_words.c.words.type)
        insert = sa.insert(paper_words).values(number=sa.bindparam("number"), words=cast)
        connection.execute(insert, [{"number": row["number"], "vector": _vector(row)} for row in rows])


def _vector(row: dict[str, Any]) -> str:
    return as_tsvector(row["title"], row["abstract"], json.loads(row["authors"]), row["labels"])


def _stored_type(column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
    """Return the plain type under a column's own: text stays the text it is, to the last letter."""
    kind: sa.types.TypeEngine[Any] = column.type
    plain = kind.impl_instance if isinstance(kind, sa.types.TypeDecorator) else kind
    # Instants go through their own type, which knows how each engine holds them.
    return kind if isinstance(plain, sa.DateTime) else plain


def _finish(connection: sa.Connection, target: Address, read_at: datetime) -> None:
    """Let counted keys go on after the copied ones, free the sender's lease, and mark the copy as one."""
    if target.dialect == "postgresql":
        for table in tables("postgresql"):
            key = table.autoincrement_column
            if key is not None:
                last = sa.select(sa.func.max(key)).scalar_subquery()
                sequence = sa.func.pg_get_serial_sequence(table.name, key.name)
                connection.execute(
                    sa.select(sa.func.setval(sequence, sa.func.coalesce(last, 1), sa.func.coalesce(last, 0) > 0))
                )
    connection.execute(sa.update(lease).values(until=read_at))
    mark_copy(connection, read_at)


@contextmanager
def _open_source(source: Address, busy_timeout: float) -> Iterator[sa.Connection]:
    """Yield a connection that sees one moment of a sound source."""
    if source.dialect == "sqlite":
        if not is_there(source.file):
            raise UsageError(f"there is no database at {source.shown}")
        check_place(source.file)
        with border(source.shown), closing(connect(source.file, busy_timeout)) as file:
            problem = quick_check(file)
        if problem is not None:
            raise DatabaseCorrupt(f"{source.shown} is damaged ({problem}): no copy was made of it")
    engine = _engine(source, busy_timeout)
    try:
        with border(source.shown), engine.connect() as connection:
            if source.dialect == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                revision = read_revision(connection, source, new=False)
                if revision != HEAD:
                    raise UsageError(f"{source.shown} has schema version {revision}; run paperbrief db upgrade first")
                check_tables(connection, source)
                yield connection
    finally:
        engine.dispose()


def _check_empty(target: Address) -> None:
    """Raise `UsageError` when a server's database holds anything that is not ours and empty."""
    engine = _engine(target, 10.0)
    try:
        with border(target.shown), engine.connect() as connection:
            present = set(sa.inspect(connection).get_table_names())
            foreign = sorted(present - {table.name for table in tables("postgresql")} - {"alembic_version"})
            if foreign:
                raise UsageError(f"{target.shown} holds other tables ({foreign[0]}); name a database of its own")
            if "alembic_version" in present:
                read_revision(connection, target, new=True)
                _refuse_rows(connection, target)
    finally:
        engine.dispose()


def _refuse_rows(connection: sa.Connection, target: Address) -> None:
    present = set(sa.inspect(connection).get_table_names())
    for table in tables("postgresql"):
        if table.name in present and connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            raise UsageError(f"{target.shown} is not empty: {table.name} has rows. Name an empty database")


def _engine(address: Address, busy_timeout: float) -> sa.Engine:
    if address.dialect == "postgresql":
        return sa.create_engine(
            address.sync_url, poolclass=sa.NullPool, hide_parameters=True, connect_args={"connect_timeout": 10}
        )
    engine = sa.create_engine(
        "sqlite+pysqlite://",
        creator=lambda: connect(address.file, busy_timeout),
        poolclass=sa.NullPool,
        hide_parameters=True,
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _at(path: Path) -> Address:
    return parse_address(f"sqlite:///{path}")
