"""The border between drivers and the rest: their errors become the store's own, which say what to do.

Errors that can only be a mistake in this program (a wrong statement, a broken constraint) pass unchanged. No message
holds statements' parameters or passwords.
"""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.errors import DatabaseBusy, DatabaseCorrupt, DatabaseUnwritable, StoreError

_SQLITE_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_SQLITE_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SQLITE_UNWRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN)
# What a full disk or an exceeded quota gives in places where SQLite does not ask for the reason.
_SQLITE_NO_ROOM = (sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_WRITE)

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_PG_BUSY = ("55P03", "40001", "40P01", "57014", "53300")
_PG_CORRUPT = ("XX001", "XX002", "42P01")
_PG_UNWRITABLE = ("25006", "42501", "53100", "53200")
_PG_AWAY = ("08", "28", "3D", "57P")


def corrupt(shown: str, what: str) -> DatabaseCorrupt:
    """Return the error for a damaged SQLite file: what is wrong, and how to go on."""
    return DatabaseCorrupt(
        f"the database {shown} {what}. Nothing was changed. Put a backup in its place with: paperbrief db restore PATH"
    )


def lost(shown: str) -> DatabaseCorrupt:
    """Return the error for a file on which a bot ran and that is not there: as `corrupt`, and how to begin anew."""
    error = corrupt(shown, "is gone, although a bot ran on it: subscriptions, topics and saved papers were in it")
    return DatabaseCorrupt(f"{error}. To begin anew without it: paperbrief db upgrade --new")


def busy(shown: str) -> DatabaseBusy:
    """Return the error for a lock that did not come free."""
    return DatabaseBusy(
        f"another process is writing to {shown} and did not finish in time. Try again; "
        "if it lasts, stop the other process or raise DATABASE__BUSY_TIMEOUT"
    )


@contextmanager
def border(shown: str) -> Iterator[None]:
    """Translate the drivers' errors raised inside; `shown` names the database without a password."""
    try:
        yield
    except PoolTimeout as error:
        raise busy(shown) from error
    except _errors() as error:
        translated = translate(error, shown)
        if translated is None:
            raise
        if not isinstance(_driver_error(error), sqlite3.Error):
            # A connection error's own text may repeat parts of the address.
            raise translated from None
        raise translated from error


def _errors() -> tuple[type[Exception], ...]:
    return (DBAPIError, *_driver_errors())


def _driver_errors() -> tuple[type[Exception], ...]:
    # A driver that is not loaded, which would cost 8 MiB, cannot have raised anything.
    psycopg = sys.modules.get("psycopg")
    return (sqlite3.Error,) if psycopg is None else (sqlite3.Error, psycopg.Error)


def translate(error: Exception, shown: str) -> StoreError | None:
    """Return the store's error for a driver's error, or None for one that is a mistake in this program."""
    driver = _driver_error(error)
    if isinstance(driver, sqlite3.Error):
        return _from_sqlite(driver, shown)
    return _from_postgres(driver, shown) if isinstance(driver, _driver_errors()) else None


def _driver_error(error: BaseException) -> BaseException:
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    # SQLAlchemy's adapters for asyncio put their own exception in front of psycopg's.
    if not isinstance(error, _driver_errors()) and isinstance(error.__cause__, _driver_errors()):
        return error.__cause__
    return error


def _from_sqlite(error: sqlite3.Error, shown: str) -> StoreError | None:
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code in _SQLITE_BUSY:
        return busy(shown)
    if code in _SQLITE_CORRUPT:
        return corrupt(shown, "is damaged or is not a database")
    if code == sqlite3.SQLITE_ERROR and "no such table" in str(error):
        return corrupt(shown, f"lacks a table ({error})")
    if code == sqlite3.SQLITE_FULL:
        return DatabaseUnwritable(f"the disk is full: {shown} cannot grow. Free some space; nothing was lost")
    if code in _SQLITE_UNWRITABLE:
        return DatabaseUnwritable(
            f"the database {shown} cannot be written ({error}). Make the file and its directory writable for this user"
        )
    if getattr(error, "sqlite_errorcode", None) in _SQLITE_NO_ROOM:
        return DatabaseUnwritable(
            f"{shown} cannot grow ({error}): the disk is full, over its quota, or fails. "
            "Free some space; nothing was lost"
        )
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(f"reading or writing {shown} failed ({error}). Check the disk")
    return None


def _from_postgres(error: Exception, shown: str) -> StoreError | None:
    import psycopg

    if not isinstance(error, psycopg.Error):
        return None
    state = error.sqlstate
    if state is None:
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return StoreError(f"{shown} cannot be reached or refused to log in. Check DATABASE__URL and the server")
        return None
    if state in _PG_BUSY:
        return busy(shown)
    if state in _PG_CORRUPT:
        return DatabaseCorrupt(f"{shown} is damaged or lacks a table ({state}). Restore it from a backup")
    if state in _PG_UNWRITABLE:
        return DatabaseUnwritable(f"{shown} cannot be written: read-only, no permission, or its disk is full ({state})")
    if state.startswith(_PG_AWAY):
        return StoreError(f"{shown} refused or broke the connection ({state}). Check DATABASE__URL and the server")
    return None
