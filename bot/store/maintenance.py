"""What an owner does to a database by hand: look it over, upgrade it, copy it, put a copy back."""

import asyncio
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import (
    DatabaseBusy,
    DatabaseCorrupt,
    DatabaseTooNew,
    DatabaseUnwritable,
    StoreError,
    UsageError,
)
from bot.store import postgres_tools
from bot.store.address import Address, parse_address
from bot.store.border import border, busy
from bot.store.copied import mark_file
from bot.store.migrate import check_revision, missing_tables, upgrade_schema
from bot.store.migrations import HEAD
from bot.store.sqlite_file import (
    begins_like_sqlite,
    beside,
    check_not_lost,
    check_place,
    connect,
    create_file,
    is_there,
    move_new,
    prepare_file,
    quick_check,
    sync_directory,
    use_log,
    wal_of,
)

BUSY_TIMEOUT = 10.0
"""Seconds to wait for another process's lock, in commands run by hand."""


async def upgrade(url: str, *, new: bool = False, busy_timeout: float = BUSY_TIMEOUT) -> tuple[str | None, str]:
    """Create the database or bring its schema up to date; return (revision before or None, revision now).

    `new`: only create it, even where a bot had one that is gone. Raises the kinds of `StoreError`, and with `new`
    `UsageError` when there is something already.
    """
    address = parse_address(url)
    if new:
        return await asyncio.to_thread(_begin_anew, address, busy_timeout)
    if address.dialect == "postgresql":
        return await asyncio.to_thread(upgrade_schema, address, busy_timeout=busy_timeout)
    return await asyncio.to_thread(_upgrade_file, address, busy_timeout)


async def check(url: str, *, busy_timeout: float = BUSY_TIMEOUT) -> list[str]:
    """Return what is wrong with the database, a sentence each; nothing for a sound one. Changes nothing.

    Reads everything: about a minute for a million papers.
    """
    address = parse_address(url)
    look_over = _check_file if address.dialect == "sqlite" else postgres_tools.check
    try:
        return await asyncio.to_thread(look_over, address, busy_timeout)
    except StoreError as error:
        return [str(error)]


async def backup(url: str, path: Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
    """Write a consistent copy to `path`, also while others write. The copy appears whole or not at all.

    Raises `UsageError` when `path` exists or pg_dump is missing, and the kinds of `StoreError`.
    """
    address = parse_address(url)
    await asyncio.to_thread(_back_up, address, path, busy_timeout)


async def restore(url: str, path: Path, *, busy_timeout: float = BUSY_TIMEOUT) -> Path | None:
    """Put the copy at `path` in place of the database; return where the one before it is kept, or None.

    The copy is examined first. Raises `UsageError` when there is no such file or pg_restore is missing, `DatabaseBusy`
    while any process has the database open, `DatabaseCorrupt` and `DatabaseTooNew` for a copy that is of no use.
    """
    address = parse_address(url)
    return await asyncio.to_thread(_restore, address, path, busy_timeout)


def _upgrade_file(address: Address, busy_timeout: float) -> tuple[str | None, str]:
    if not is_there(address.file):
        prepare_file(address, busy_timeout=busy_timeout, now=datetime.now(UTC))
        return None, HEAD
    check_place(address.file)
    return upgrade_schema(address, busy_timeout=busy_timeout)


def _begin_anew(address: Address, busy_timeout: float) -> tuple[None, str]:
    if address.path is None:
        raise UsageError("--new is for an SQLite file; make a new database on the server and name it in DATABASE__URL")
    check_place(address.path)
    if is_there(address.path):
        raise UsageError(f"{address.path} exists already; --new is for one that is gone. Nothing was changed")
    create_file(address, busy_timeout)
    return None, HEAD


def _check_file(address: Address, busy_timeout: float) -> list[str]:
    path = address.file
    if not is_there(path):
        check_not_lost(path)
        return [f"there is no database at {path}; paperbrief db upgrade makes one"]
    check_place(path)
    with border(address.shown), closing(connect(path, busy_timeout)) as connection:
        damage = [line for (line,) in connection.execute("PRAGMA integrity_check(20)") if line != "ok"]
        if damage:
            return [f"damaged: {line}" for line in damage] + ["restore a backup: paperbrief db restore PATH"]
        findings = _check_schema(connection, address)
        for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check").fetchmany(20):
            findings.append(f"a row of {table} points at nothing in {parent}")
        return findings or _check_index(connection)


def _check_schema(connection: sqlite3.Connection, address: Address) -> list[str]:
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "alembic_version" not in names:
        return [f"{address.shown} holds no schema version: it is not a database of this program"]
    (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("none",)
    check_revision(revision, address.shown)
    if revision != HEAD:
        return [f"schema version {revision} is older than {HEAD}: run paperbrief db upgrade"]
    return [f"the table {name} is missing: restore a backup" for name in missing_tables(names, "sqlite")]


def _check_index(connection: sqlite3.Connection) -> list[str]:
    """Compare the search index with the papers, without leaving a trace."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        # https://sqlite.org/fts5.html#the_integrity_check_command: 1 compares with the indexed table as well.
        connection.execute("INSERT INTO paper_search (paper_search, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        return ["the search index does not agree with the papers: restore a backup"]
    finally:
        connection.execute("ROLLBACK")
    return []


def _back_up(address: Address, path: Path, busy_timeout: float) -> None:
    try:
        taken, placed = path.exists(), path.parent.is_dir()
    except OSError as error:
        raise DatabaseUnwritable(f"the backup {path} cannot be written: {error.strerror or error}") from error
    if taken:
        raise UsageError(f"{path} exists already; choose another name")
    if not placed:
        raise DatabaseUnwritable(f"the backup {path} cannot be written: there is no directory {path.parent}")
    make = _back_up_file if address.dialect == "sqlite" else postgres_tools.back_up
    temporary = beside(path, "part")
    try:
        make(address, temporary, busy_timeout)
        move_new(temporary, path)
    except FileExistsError:
        raise UsageError(f"{path} exists already; choose another name") from None
    except OSError as error:
        raise DatabaseUnwritable(f"the backup {path} cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _restore(address: Address, path: Path, busy_timeout: float) -> Path | None:
    try:
        found = path.is_file()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    if not found:
        raise UsageError(f"there is no file {path}")
    if address.dialect == "postgresql":
        postgres_tools.restore(address, path, busy_timeout)
        return None
    try:
        with border(address.shown):
            return _restore_file(address.file, path, busy_timeout)
    except OSError as error:
        raise DatabaseUnwritable(f"{address.shown} cannot be replaced: {error.strerror or error}") from error


def _back_up_file(address: Address, temporary: Path, busy_timeout: float) -> None:
    check_place(address.file)
    if not address.file.exists():
        raise UsageError(f"there is no database at {address.file}")
    with border(address.shown), closing(connect(address.file, busy_timeout)) as source:
        problem = quick_check(source)
        if problem is not None:
            raise DatabaseCorrupt(f"{address.shown} is damaged ({problem}): no backup was made of it")
        temporary.touch()
        with border(str(temporary)), closing(connect(temporary, busy_timeout)) as copy:
            source.backup(copy)
            # A copy that stands alone: without the log that the original keeps beside it.
            copy.execute("PRAGMA journal_mode = DELETE")


def _restore_file(path: Path, copy: Path, busy_timeout: float) -> Path | None:
    _examine_copy(copy, busy_timeout)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = beside(path, "restore")
    try:
        with border(str(temporary)), closing(connect(copy, busy_timeout, immutable=True)) as source:
            temporary.touch()
            with closing(connect(temporary, busy_timeout)) as target:
                source.backup(target)
                mark_file(target, datetime.now(UTC))
            use_log(temporary, busy_timeout)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        kept = _set_aside(path) if path.exists() or wal_of(path).exists() else None
        temporary.replace(path)
        sync_directory(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return kept


def _examine_copy(copy: Path, busy_timeout: float) -> None:
    try:
        with border(str(copy)), closing(connect(copy, busy_timeout, immutable=True)) as connection:
            problem = quick_check(connection)
            revisions = connection.execute("SELECT version_num FROM alembic_version").fetchall() if not problem else []
    except (DatabaseCorrupt, StoreError) as error:
        if isinstance(error, DatabaseBusy | DatabaseUnwritable):
            raise
        raise DatabaseCorrupt(f"{copy} is not a backup made by paperbrief db backup; nothing was changed") from error
    if problem is not None:
        raise DatabaseCorrupt(f"the backup {copy} is damaged ({problem}); nothing was changed")
    if len(revisions) != 1:
        raise DatabaseCorrupt(f"{copy} holds no schema version; nothing was changed")
    try:
        check_revision(revisions[0][0], str(copy))
    except DatabaseTooNew as error:
        raise DatabaseTooNew(f"{error}; nothing was changed") from None


def _set_aside(path: Path) -> Path:
    """Keep the present database under another name, with its log, and leave none of its log in place.

    Until the copy is moved in, the old file stays: there is never a moment without one in which an empty database could
    be made.
    """
    _claim(path)
    kept = path.with_name(f"{path.name}.before-restore-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}")
    if path.exists():
        try:
            kept.hardlink_to(path)
        except OSError:
            path.rename(kept)
    if wal_of(path).exists():
        wal_of(path).rename(wal_of(kept))
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    return kept


def _claim(path: Path) -> None:
    """Fold the log into the file and raise `DatabaseBusy` if any process has it open.

    A file that does not even begin like a database is left as it is: SQLite would throw its log away.
    """
    if not path.exists() or not begins_like_sqlite(path):
        return
    try:
        with closing(connect(path, 0)) as connection:
            # Leaving WAL mode needs the file for oneself alone, idle connections included.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
            if mode != "delete":
                raise busy(str(path))
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise DatabaseBusy(f"{path} is in use: stop the bot and every other paperbrief first") from error
        if error.sqlite_errorcode & 0xFF not in _DAMAGE:
            raise
    except sqlite3.DatabaseError as error:
        # The damaged file that a restore is made for: its owner cannot have it open to any use.
        if error.sqlite_errorcode & 0xFF not in _DAMAGE:
            raise


_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR)
