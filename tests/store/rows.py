"""A row for every table there is, whatever columns it has, and all that a database holds as text.

So a test about every table cannot miss the one that is added tomorrow.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from bot.statement import Statement
from bot.store.engine import Database
from bot.store.schema import tables

AT = datetime(2026, 5, 12, 12, tzinfo=UTC)
_SAMPLES: Mapping[str, Any] = {
    "BigInteger": 1,
    "Integer": 1,
    "Float": 0.5,
    "Boolean": False,
    "Text": "x",
    "Date": date(2026, 5, 12),
    "DateTime": AT,
    "LargeBinary": b"\x00\xff",
    "TSVECTOR": "x",
}
_OWN_TYPES: Mapping[str, Any] = {"Json": [], "Said": Statement.plain("x"), "SaidInTurn": (Statement.plain("x"),)}


def sample_row(table: sa.Table, named: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a value for every column; `named` are values for columns of those names, where the table has them.

    Equal columns get equal values, so that foreign keys hold.
    """
    return {column.name: (named or {}).get(column.name, _sample(column)) for column in table.c}


async def fill(database: Database, named: Mapping[str, Any] | None = None) -> list[str]:
    """Put one row into every table and return the tables' names."""
    filled = tables(database.dialect)

    async def insert(connection: Any) -> None:
        for table in filled:
            await connection.execute(sa.insert(table).values(sample_row(table, named)))

    await database.write(insert)
    return [table.name for table in filled]


async def texts(database: Database) -> dict[str, str]:
    """Return all that each table holds, as text; tables without rows are left out."""
    found = {}
    async with database.read() as connection:
        for table in tables(database.dialect):
            columns = [sa.type_coerce(column, sa.Text) if _is_text(column) else column for column in table.c]
            rows = (await connection.execute(sa.select(*columns))).all()
            if rows:
                found[table.name] = json.dumps([list(row) for row in rows], default=str)
    return found


def _is_text(column: sa.Column[Any]) -> bool:
    return isinstance(getattr(column.type, "impl_instance", column.type), sa.Text)


def _sample(column: sa.Column[Any]) -> Any:
    kind = column.type
    if hasattr(kind, "words"):
        return next(iter(kind.words))
    name = type(kind).__name__
    if name in _OWN_TYPES:
        return _OWN_TYPES[name]
    while isinstance(kind, sa.types.TypeDecorator):
        kind = kind.impl_instance
    return _SAMPLES[type(kind).__name__]
