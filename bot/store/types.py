"""Column types that mean the same on SQLite and PostgreSQL.

What neither engine can hold (a NUL, half of a surrogate pair) is removed here, so that no paper can break a write.
"""

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import DateTime, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from bot.statement import Statement

W = TypeVar("W", bound=StrEnum)


def clean_text(text: str) -> str:
    """Return `text` without NUL and without lone surrogates, which PostgreSQL and UTF-8 refuse."""
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    return text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(key)): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    return value


def _json(value: Any) -> str:
    return json.dumps(_clean(value), ensure_ascii=False, separators=(",", ":"))


class CleanText(TypeDecorator[str]):
    """Text that both engines can hold."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # signature of the base
        """Return the text to store."""
        return None if value is None else clean_text(value)


class Json(TypeDecorator[Any]):
    """A list or mapping as JSON text with readable letters; for values that no query looks into.

    Tuples come back as lists. Text on both engines: FTS5 reads the authors straight from it.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002  # signature of the base
        """Return the JSON text to store."""
        return None if value is None else _json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002  # signature of the base
        """Return what was stored."""
        return None if value is None else json.loads(value)


class Said(TypeDecorator[Statement]):
    """A `Statement` as JSON text that begins with its code.

    What an earlier version of the program stored, a sentence, comes back as a plain statement; so does a code that this
    version does not know.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Statement | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # signature of the base
        """Return the JSON text to store."""
        return None if value is None else _json(value.as_json())

    def process_result_value(self, value: str | None, dialect: Dialect) -> Statement | None:  # noqa: ARG002  # signature of the base
        """Return what was stored."""
        if value is None:
            return None
        try:
            return Statement.from_json(json.loads(value))
        except (ValueError, RecursionError):
            return Statement.plain(value)


class SaidInTurn(TypeDecorator[tuple[Statement, ...]]):
    """Several statements as JSON text; nothing to say is NULL. A sentence comes back as in `Said`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[Statement, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # signature of the base
        """Return the JSON text to store."""
        return _json([one.as_json() for one in value]) if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Statement, ...]:  # noqa: ARG002  # signature of the base
        """Return what was stored."""
        if value is None:
            return ()
        try:
            data = json.loads(value)
            return tuple(Statement.from_json(one) for one in (data if isinstance(data, list) else [data]))
        except (ValueError, RecursionError):
            return (Statement.plain(value),)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, in UTC on the way back. SQLite drops offsets, so naive values are refused: `ValueError`."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant to store."""
        if value is None:
            return None
        if value.tzinfo is None or value.utcoffset() is None:
            raise ValueError(f"{value!r} has no offset: only aware instants are stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # signature of the base
        """Return the stored instant, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[W]):
    """One of the words of a `StrEnum`, stored as text; a word that the enumeration lacks raises `ValueError`."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[W]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: W | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # signature of the base
        """Return the text to store."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> W | None:  # noqa: ARG002  # signature of the base
        """Return the stored word."""
        return None if value is None else self.words(value)
