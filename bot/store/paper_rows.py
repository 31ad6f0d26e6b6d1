"""Papers as rows: loading, merging and numbering them inside a transaction that somebody else opened."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Paper, SourceName
from bot.store.merge import merge_paper
from bot.store.ordering import DAY, day_of, first_number
from bot.store.schema import paper, paper_words
from bot.store.words import as_tsvector, labels

CHUNK = 500
"""Parameters in one statement; SQLite as built by some systems takes 999."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Merged:
    """What merging papers did: identifiers that are new here, and how many known ones changed."""

    new: frozenset[str]
    changed: int


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Return `values` in lists of `size` at the most."""
    held = list(values)
    for start in range(0, len(held), size):
        yield held[start : start + size]


def as_paper(row: sa.Row[Any]) -> Paper:
    """Return the paper in a row of the `paper` table."""
    return Paper(
        arxiv_id=row.arxiv_id,
        title=row.title,
        abstract=row.abstract,
        authors=tuple(row.authors),
        primary_category=row.primary_category,
        categories=tuple(row.categories),
        comment=row.comment,
        journal_ref=row.journal_ref,
        doi=row.doi,
        licence=row.licence,
        version=row.version,
        submitted_at=row.submitted_at,
        updated_at=row.updated_at,
        has_html=row.has_html,
        withdrawn=row.withdrawn,
        authors_complete=row.authors_complete,
    )


async def load_by_id(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Paper]:
    """Return the stored ones of `ids`, any number of them."""
    found: dict[str, Paper] = {}
    for chunk in chunks(dict.fromkeys(ids)):
        rows = await connection.execute(sa.select(paper).where(paper.c.arxiv_id.in_(chunk)))
        found.update((row.arxiv_id, as_paper(row)) for row in rows)
    return found


async def merge_rows(
    connection: AsyncConnection,
    papers: Sequence[Paper],
    source: SourceName | None,
    announced: Mapping[str, date] | None = None,
) -> Merged:
    """Insert unknown papers and merge known ones; several records of one paper are merged in their order.

    `announced`: the day to file unknown papers under; known ones are moved by `file_under`.
    """
    stored = await load_by_id(connection, (one.arxiv_id for one in papers))
    wanted = dict(stored)
    for one in papers:
        known = wanted.get(one.arxiv_id)
        wanted[one.arxiv_id] = one if known is None else merge_paper(known, one, source)
    new = {arxiv_id: one for arxiv_id, one in wanted.items() if arxiv_id not in stored}
    changed = [one for arxiv_id, one in wanted.items() if arxiv_id in stored and stored[arxiv_id] != one]
    await _insert(connection, list(new.values()), announced or {})
    await _update(connection, changed)
    return Merged(frozenset(new), len(changed))


async def file_under(connection: AsyncConnection, ids: Iterable[str], announced_on: date) -> None:
    """Note `announced_on` as the first announcement of those of `ids` that have none or a later one."""
    later = sa.or_(paper.c.announced_on.is_(None), paper.c.announced_on > announced_on)
    move: list[str] = []
    for chunk in chunks(ids):
        move += await connection.scalars(sa.select(paper.c.arxiv_id).where(paper.c.arxiv_id.in_(chunk), later))
    if not move:
        return
    numbers = await _numbers(connection, [(arxiv_id, announced_on) for arxiv_id in move])
    await connection.execute(
        sa.update(paper)
        .where(paper.c.arxiv_id == sa.bindparam("key"))
        .values(number=sa.bindparam("new_number"), announced_on=announced_on),
        [{"key": arxiv_id, "new_number": number} for arxiv_id, number in numbers.items()],
    )


async def _insert(connection: AsyncConnection, papers: list[Paper], announced: Mapping[str, date]) -> None:
    if not papers:
        return
    days = {one.arxiv_id: announced.get(one.arxiv_id) for one in papers}
    numbers = await _numbers(connection, [(arxiv_id, day_of(arxiv_id, day)) for arxiv_id, day in days.items()])
    rows = [_as_row(one) | {"number": numbers[one.arxiv_id], "announced_on": days[one.arxiv_id]} for one in papers]
    await connection.execute(sa.insert(paper), rows)
    if connection.dialect.name == "postgresql":
        words = [{"number": row["number"], "vector": _vector(row)} for row in rows]
        await connection.execute(
            sa.insert(paper_words).values(number=sa.bindparam("number"), words=_as_words("vector")), words
        )


async def _update(connection: AsyncConnection, papers: list[Paper]) -> None:
    if not papers:
        return
    rows = [_as_row(one) for one in papers]
    columns: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in rows[0] if name != "arxiv_id"}
    values = [{f"new_{name}": value for name, value in row.items()} for row in rows]
    statement = sa.update(paper).where(paper.c.arxiv_id == sa.bindparam("new_arxiv_id")).values(**columns)
    await connection.execute(statement, values)
    if connection.dialect.name == "postgresql":
        number = sa.select(paper.c.number).where(paper.c.arxiv_id == sa.bindparam("key")).scalar_subquery()
        await connection.execute(
            sa.update(paper_words).where(paper_words.c.number == number).values(words=_as_words("vector")),
            [{"key": row["arxiv_id"], "vector": _vector(row)} for row in rows],
        )


async def _numbers(connection: AsyncConnection, places: Sequence[tuple[str, date]]) -> dict[str, int]:
    """Return a free number of its day for each paper, larger for larger identifiers."""
    by_day: defaultdict[date, list[str]] = defaultdict(list)
    for arxiv_id, day in places:
        by_day[day].append(arxiv_id)
    numbers: dict[str, int] = {}
    for day, ids in by_day.items():
        first = first_number(day)
        last = await connection.scalar(
            sa.select(sa.func.max(paper.c.number)).where(paper.c.number >= first, paper.c.number < first + DAY)
        )
        following = first if last is None else last + 1
        numbers |= {arxiv_id: following + place for place, arxiv_id in enumerate(sorted(ids))}
    return numbers


def _as_row(one: Paper) -> dict[str, Any]:
    return {
        "arxiv_id": one.arxiv_id,
        "title": one.title,
        "abstract": one.abstract,
        "authors": list(one.authors),
        "authors_complete": one.authors_complete,
        "primary_category": one.primary_category,
        "categories": list(one.categories),
        "labels": labels(one.categories),
        "comment": one.comment,
        "journal_ref": one.journal_ref,
        "doi": one.doi,
        "licence": one.licence,
        "version": one.version,
        "submitted_at": one.submitted_at,
        "updated_at": one.updated_at,
        "has_html": one.has_html,
        "withdrawn": one.withdrawn,
    }


def _vector(row: dict[str, Any]) -> str:
    return as_tsvector(row["title"], row["abstract"], row["authors"], row["labels"])


def _as_words(name: str) -> sa.Cast[Any]:
    return sa.cast(sa.bindparam(name, type_=sa.Text), paper_words.c.words.type)


def newest_version(papers: Iterable[Paper]) -> Paper:
    """Return one record for several of the same paper: the highest version, gaps filled from the others."""
    first, *others = sorted(papers, key=lambda one: one.version)
    for one in others:
        first = merge_paper(first, one)
    return first


def at_least_version(one: Paper, version: int) -> Paper:
    """Return `one` with `version`, unless it says a higher one itself."""
    return one if one.version >= version else replace(one, version=version)
