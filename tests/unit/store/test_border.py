"""Drivers' errors become the store's, and say what to do."""

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.errors import DatabaseBusy, DatabaseCorrupt, DatabaseUnwritable, StoreError
from bot.store.border import border


def sqlite_error(code: int, text: str = "words of the driver") -> sqlite3.Error:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


def postgres_error(state: str) -> psycopg.Error:
    return psycopg.errors.lookup(state)("words of the driver")


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (sqlite_error(sqlite3.SQLITE_BUSY), DatabaseBusy, "Try again"),
        (sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT), DatabaseBusy, "Try again"),
        (sqlite_error(sqlite3.SQLITE_LOCKED), DatabaseBusy, "Try again"),
        (sqlite_error(sqlite3.SQLITE_CORRUPT), DatabaseCorrupt, "paperbrief db restore PATH"),
        (sqlite_error(sqlite3.SQLITE_CORRUPT_VTAB), DatabaseCorrupt, "paperbrief db restore PATH"),
        (sqlite_error(sqlite3.SQLITE_NOTADB), DatabaseCorrupt, "paperbrief db restore PATH"),
        (sqlite_error(sqlite3.SQLITE_ERROR, "no such table: paper"), DatabaseCorrupt, "no such table"),
        (sqlite_error(sqlite3.SQLITE_FULL), DatabaseUnwritable, "Free some space"),
        (sqlite_error(sqlite3.SQLITE_READONLY), DatabaseUnwritable, "writable for this user"),
        (sqlite_error(sqlite3.SQLITE_CANTOPEN), DatabaseUnwritable, "writable for this user"),
        (sqlite_error(sqlite3.SQLITE_IOERR_WRITE), DatabaseUnwritable, "Free some space"),
        (sqlite_error(sqlite3.SQLITE_IOERR_READ), StoreError, "Check the disk"),
        (postgres_error("55P03"), DatabaseBusy, "Try again"),
        (postgres_error("40001"), DatabaseBusy, "Try again"),
        (postgres_error("XX001"), DatabaseCorrupt, "Restore it"),
        (postgres_error("42P01"), DatabaseCorrupt, "Restore it"),
        (postgres_error("53100"), DatabaseUnwritable, "disk is full"),
        (postgres_error("25006"), DatabaseUnwritable, "read-only"),
        (postgres_error("28P01"), StoreError, "Check DATABASE__URL"),
        (postgres_error("57P01"), StoreError, "Check DATABASE__URL"),
        (psycopg.OperationalError("connection refused"), StoreError, "cannot be reached"),
        (PoolTimeout("all connections taken"), DatabaseBusy, "Try again"),
    ],
)
def test_what_an_owner_can_do_something_about(error: Exception, kind: type[StoreError], says: str) -> None:
    with pytest.raises(kind, match=says) as caught, border("the place"):
        raise error
    assert type(caught.value) is kind
    assert "the place" in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        sqlite_error(sqlite3.SQLITE_ERROR, "syntax error"),
        sqlite_error(sqlite3.SQLITE_CONSTRAINT),
        postgres_error("42601"),
    ],
)
def test_mistakes_of_ours_stay_what_they_are(error: Exception) -> None:
    with pytest.raises(type(error), match=r"words of the driver|syntax error"), border("the place"):
        raise error
