"""Full-text search over titles, abstracts and authors: one port, two engines.

Newest first walks the index backwards and stops at the first page, whatever the words. Relevance is worked out among
the newest `WINDOW` matches only: ranking all matches of a common word in a million papers takes over a second. Both
have a deadline.
"""

import abc
import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StoreError
from bot.model import Paper
from bot.store.engine import Database
from bot.store.ordering import first_number
from bot.store.paper_rows import as_paper
from bot.store.schema import paper
from bot.store.words import Term, match_expression, parse_words, tsquery

WINDOW = 2000
"""Newest matches among which relevance is worked out."""

RANK_SECONDS = 1.0
"""After this, a ranked search answers with the newest matches instead."""

SEARCH_SECONDS = 10.0
"""After this, a search is given up."""

_MATCH_SQLITE = "SELECT rowid AS number FROM paper_search WHERE paper_search MATCH :query AND rowid >= :oldest "
_NEWEST_SQLITE = sa.text(f"{_MATCH_SQLITE} ORDER BY rowid DESC LIMIT :limit OFFSET :offset")
# Weights of title, abstract, authors, labels.
_RANKED_SQLITE = sa.text(
    "SELECT rowid AS number, -bm25(paper_search, 8.0, 1.0, 4.0, 0.0) AS score FROM paper_search "
    "WHERE paper_search MATCH :query AND rowid >= :oldest ORDER BY score DESC, rowid DESC LIMIT :limit OFFSET :offset"
)
_MATCH_POSTGRES = (
    "FROM paper_words WHERE words @@ CAST(:query AS tsquery) AND number >= :oldest ORDER BY number DESC LIMIT :limit"
)
_NEWEST_POSTGRES = sa.text(f"SELECT number {_MATCH_POSTGRES} OFFSET :offset")
_RANKED_POSTGRES = sa.text(
    "SELECT number, ts_rank_cd('{0.0, 0.1, 0.5, 1.0}', words, CAST(:query AS tsquery), 1) AS score FROM paper_words "
    "WHERE words @@ CAST(:query AS tsquery) AND number >= :oldest ORDER BY score DESC, number DESC "
    "LIMIT :limit OFFSET :offset"
)


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A paper that was found. `announced_on`: first announced, None where unknown. `score`: larger is better; 0 where
    nothing was ranked; comparable within one answer only.
    """

    paper: Paper
    announced_on: date | None
    score: float


class SearchIndex(Protocol):
    """Finds papers by words."""

    async def search(
        self,
        words: str,
        *,
        since: date | None = None,
        category: str | None = None,
        author: str | None = None,
        newest: bool = True,
        limit: int = 20,
        offset: int = 0,
    ) -> list[SearchHit]:
        """Return the papers in which all of `words` occur.

        `words`: as typed by anybody, see `bot.store.words.parse_words`; without a letter or digit nothing is found,
        unless there is an author or a category to go by. `since`: announced on or after (the month in the identifier
        stands in for an unknown date). `category`: an arXiv category. `author`: words of one author's name. `newest`:
        newest first, else best first among the newest 2,000 matches. Raises `StoreError`, also when it takes too long.
        """
        ...


class _TooSlow(Exception):
    """The deadline of a statement has passed."""


class _Search(abc.ABC):
    """What both engines share."""

    _newest_sql: sa.TextClause
    _ranked_sql: sa.TextClause

    def __init__(self, database: Database, *, window: int = WINDOW, rank_seconds: float = RANK_SECONDS) -> None:
        self._database = database
        self._window = window
        self._rank_seconds = rank_seconds

    async def search(
        self,
        words: str,
        *,
        since: date | None = None,
        category: str | None = None,
        author: str | None = None,
        newest: bool = True,
        limit: int = 20,
        offset: int = 0,
    ) -> list[SearchHit]:
        """See `SearchIndex.search`."""
        terms, names = parse_words(words), parse_words(author or "")
        wrong_author = author is not None and author.strip() != "" and not names
        if wrong_author or not (terms or names or category) or (words.strip() and not terms):
            return []
        query = self._expression(terms, names, category)
        oldest = first_number(since) if since else 0
        found = None
        try:
            if not newest:
                found = await self._ranked(query, oldest, limit, offset)
            if found is None:
                found = await self._newest(query, oldest, limit, offset)
            return await self._load(found)
        except _TooSlow:
            raise StoreError("the search took too long; use more specific words, or fewer beginnings with *") from None

    async def _newest(self, query: str, oldest: int, limit: int, offset: int) -> list[tuple[int, float]]:
        bounds = {"query": query, "oldest": oldest, "limit": limit, "offset": offset}
        async with self._database.read() as connection:
            rows = await self._run(connection, self._newest_sql, bounds, SEARCH_SECONDS)
        return [(row.number, 0.0) for row in rows]

    async def _ranked(self, query: str, oldest: int, limit: int, offset: int) -> list[tuple[int, float]] | None:
        """Return (number, score), or None when ranking is too slow for these words."""
        edge = {"query": query, "oldest": oldest, "limit": 1, "offset": self._window - 1}
        try:
            async with self._database.read() as connection:
                last = await self._run(connection, self._newest_sql, edge, self._rank_seconds)
                bounds = {"query": query, "oldest": last[0].number if last else oldest}
                bounds |= {"limit": limit, "offset": offset}
                rows = await self._run(connection, self._ranked_sql, bounds, self._rank_seconds)
        except _TooSlow:
            return None
        return [(row.number, float(row.score)) for row in rows]

    async def _load(self, found: list[tuple[int, float]]) -> list[SearchHit]:
        if not found:
            return []
        numbers = [number for number, _ in found]
        async with self._database.read() as connection:
            rows = await connection.execute(sa.select(paper).where(paper.c.number.in_(numbers)))
            papers = {row.number: row for row in rows}
        return [
            SearchHit(as_paper(papers[number]), papers[number].announced_on, score)
            for number, score in found
            if number in papers
        ]

    @abc.abstractmethod
    def _expression(self, terms: Sequence[Term], author: Sequence[Term], category: str | None) -> str:
        """Return the search in the engine's own language."""

    @abc.abstractmethod
    async def _run(
        self, connection: AsyncConnection, statement: sa.TextClause, values: dict[str, Any], seconds: float
    ) -> Sequence[sa.Row[Any]]:
        """Return the rows of `statement`; raises `_TooSlow` after `seconds`."""


class SqliteSearch(_Search):
    """FTS5."""

    _newest_sql = _NEWEST_SQLITE
    _ranked_sql = _RANKED_SQLITE

    def _expression(self, terms: Sequence[Term], author: Sequence[Term], category: str | None) -> str:
        return match_expression(terms, author=author, category=category)

    async def _run(
        self, connection: AsyncConnection, statement: sa.TextClause, values: dict[str, Any], seconds: float
    ) -> Sequence[sa.Row[Any]]:
        """Run the statement; SQLite has no deadline of its own, so it is interrupted from outside."""
        driver = (await connection.get_raw_connection()).driver_connection
        if driver is None:
            raise AssertionError("an open connection has a driver's connection")
        task = asyncio.ensure_future(connection.execute(statement, values))
        try:
            done, _ = await asyncio.wait({task}, timeout=seconds)
            if not done:
                await driver.interrupt()
            return (await task).all()
        except asyncio.CancelledError:
            await driver.interrupt()
            await asyncio.wait({task})
            raise
        except DBAPIError as error:
            if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise _TooSlow from error
            raise


class PostgresSearch(_Search):
    """A table of tsvectors with a GIN index."""

    _newest_sql = _NEWEST_POSTGRES
    _ranked_sql = _RANKED_POSTGRES

    def _expression(self, terms: Sequence[Term], author: Sequence[Term], category: str | None) -> str:
        return tsquery(terms, author=author, category=category)

    async def _run(
        self, connection: AsyncConnection, statement: sa.TextClause, values: dict[str, Any], seconds: float
    ) -> Sequence[sa.Row[Any]]:
        wait = {"wait": str(round(seconds * 1000))}
        await connection.execute(sa.text("SELECT set_config('statement_timeout', :wait, true)"), wait)
        try:
            return (await connection.execute(statement, values)).all()
        except DBAPIError as error:
            # It is loaded already where this runs; beside SQLite it would only take memory.
            import psycopg

            causes = (error.orig, error.orig.__cause__ if error.orig else None)
            if any(isinstance(cause, psycopg.errors.QueryCanceled) for cause in causes):
                raise _TooSlow from error
            raise


def build_search(database: Database) -> SearchIndex:
    """Return the search of the engine behind `database`."""
    return SqliteSearch(database) if database.dialect == "sqlite" else PostgresSearch(database)
