"""Database addresses: what people write, and what SQLAlchemy needs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import SettingsError

Dialect = Literal["sqlite", "postgresql"]

_EXPECTED = "DATABASE__URL: expected sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is. `url` may hold a password; `shown` never does and is fit for messages."""

    dialect: Dialect
    url: URL
    shown: str
    path: Path | None = None

    @property
    def sync_url(self) -> URL:
        """Return the address for migrations, which run in a thread of their own."""
        return self.url.set(drivername="sqlite+pysqlite") if self.dialect == "sqlite" else self.url

    @property
    def file(self) -> Path:
        """Return the SQLite file; only for SQLite."""
        if self.path is None:
            raise AssertionError(f"{self.shown} is not a file")
        return self.path


def parse_address(text: str) -> Address:
    """Return the address that `text` names.

    Raises `SettingsError`, without repeating `text`, for other kinds of databases and for SQLite in memory.
    """
    scheme, _, rest = text.partition(":///")
    if scheme.partition("+")[0] == "sqlite":
        # A path is taken as it is written: "%" and "?" are letters of file names.
        if not rest or rest == ":memory:" or rest.startswith("file:"):
            raise SettingsError([f"{_EXPECTED}; a database in memory forgets what was announced"])
        return Address("sqlite", URL.create("sqlite+aiosqlite", database=rest), rest, Path(rest))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise SettingsError([_EXPECTED]) from None
    if url.drivername.partition("+")[0] not in ("postgresql", "postgres"):
        raise SettingsError([_EXPECTED])
    shown = URL.create("postgresql", host=url.host, port=url.port, database=url.database)
    return Address("postgresql", url.set(drivername="postgresql+psycopg"), shown.render_as_string())
