"""Announcements as rows, inside a transaction that somebody else opened; and which of two reports of one is kept."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import (
    AnnouncedPaper,
    Announcement,
    AnnouncementState,
    AnnounceType,
    Counts,
    FetchedAnnouncement,
    Paper,
)
from bot.store.paper_rows import at_least_version, chunks, load_by_id, newest_version
from bot.store.schema import announcement, announcement_item, paper_version

Key = tuple[str, date]


def keep_better(old: Announcement | None, new: Announcement) -> Announcement:
    """Return what to store after `new` was found where `old` was known; counts of stored papers are not looked at.

    A complete announcement stays complete and a partial one gives way to a complete one only. `late` is that of the
    moment it was first complete.
    """
    if old is None:
        return new
    shown = largest(old.shown, new.shown)
    if _rank(new.state) < _rank(old.state):
        return replace(old, shown=shown)
    late = old.late if old.state is AnnouncementState.FRESH else new.late
    return replace(new, shown=shown, late=late)


def largest(one: Counts, other: Counts) -> Counts:
    """Return the larger number for each type."""
    return Counts(max(one.new, other.new), max(one.cross, other.cross), max(one.replace, other.replace))


def _rank(state: AnnouncementState) -> int:
    return {AnnouncementState.FRESH: 2, AnnouncementState.PARTIAL: 1}.get(state, 0)


def as_announcement(row: sa.Row[Any]) -> Announcement:
    """Return the announcement in a row of its table."""
    return Announcement(
        category=row.category,
        announced_on=row.announced_on,
        state=row.state,
        source=row.source,
        shown=Counts(row.shown_new, row.shown_cross, row.shown_replace),
        stored=Counts(row.stored_new, row.stored_cross, row.stored_replace),
        fetched_at=row.fetched_at,
        late=row.late,
        reason=row.reason,
    )


async def load_row(connection: AsyncConnection, category: str, announced_on: date) -> Announcement | None:
    """Return one announcement, or None."""
    query = sa.select(announcement).where(
        announcement.c.category == category, announcement.c.announced_on == announced_on
    )
    row = (await connection.execute(query)).first()
    return None if row is None else as_announcement(row)


async def save_row(connection: AsyncConnection, one: Announcement) -> None:
    """Write one announcement, whatever was there."""
    values = {
        "state": one.state,
        "source": one.source,
        "shown_new": one.shown.new,
        "shown_cross": one.shown.cross,
        "shown_replace": one.shown.replace,
        "stored_new": one.stored.new,
        "stored_cross": one.stored.cross,
        "stored_replace": one.stored.replace,
        "fetched_at": one.fetched_at,
        "late": one.late,
        "reason": one.reason,
    }
    key = {"category": one.category, "announced_on": one.announced_on}
    insert = upsert(connection, announcement).values(**key, **values)
    await connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=values))


def upsert(connection: AsyncConnection, table: sa.Table) -> "sqlite.Insert | postgresql.Insert":
    """Return an INSERT with the ON CONFLICT clause, which both engines write in the same way."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


async def resolve_papers(
    connection: AsyncConnection, fetched: FetchedAnnouncement
) -> dict[tuple[str, AnnounceType], AnnouncedPaper]:
    """Return the entries of `fetched`, one per paper and type, all entries of a paper with its newest record.

    Listing pages do not say which version a replacement is. It is a later one than any announced on an earlier day, and
    the same as what this day already brought.
    """
    records: dict[str, list[Paper]] = {}
    first: dict[tuple[str, AnnounceType], AnnouncedPaper] = {}
    for entry in fetched.papers:
        records.setdefault(entry.paper.arxiv_id, []).append(entry.paper)
        first.setdefault((entry.paper.arxiv_id, entry.announce_type), entry)
    merged = {arxiv_id: newest_version(found) for arxiv_id, found in records.items()}
    unnamed = [arxiv_id for (arxiv_id, kind) in first if not kind.deliverable and merged[arxiv_id].version == 1]
    for arxiv_id, version in (await _replacement_versions(connection, unnamed, fetched.announced_on)).items():
        merged[arxiv_id] = at_least_version(merged[arxiv_id], version)
    return {key: replace(entry, paper=merged[key[0]]) for key, entry in first.items()}


async def _replacement_versions(connection: AsyncConnection, ids: list[str], announced_on: date) -> dict[str, int]:
    known = await load_by_id(connection, ids)
    history: dict[str, dict[int, date]] = {}
    for chunk in chunks(ids):
        query = sa.select(paper_version).where(paper_version.c.arxiv_id.in_(chunk))
        for row in await connection.execute(query):
            history.setdefault(row.arxiv_id, {})[row.version] = row.announced_on
    versions: dict[str, int] = {}
    for arxiv_id in ids:
        filed = history.get(arxiv_id, {})
        today = [version for version, day in filed.items() if day == announced_on]
        current = known[arxiv_id].version if arxiv_id in known else 1
        already_announced = current in filed and filed[current] < announced_on
        versions[arxiv_id] = max(today) if today else max(2, current + 1 if already_announced else current)
    return versions


async def save_versions(connection: AsyncConnection, entries: Iterable[AnnouncedPaper], announced_on: date) -> None:
    """File the version of each entry under its announcement; the earliest one known stays."""
    rows = {
        (entry.paper.arxiv_id, entry.paper.version): {
            "arxiv_id": entry.paper.arxiv_id,
            "version": entry.paper.version,
            "announced_on": announced_on,
            "withdrawn": entry.paper.withdrawn,
        }
        for entry in entries
    }
    if not rows:
        return
    insert = upsert(connection, paper_version)
    new, old = insert.excluded, paper_version.c
    earliest = sa.case((new.announced_on < old.announced_on, new.announced_on), else_=old.announced_on)
    await connection.execute(
        insert.on_conflict_do_update(
            index_elements=["arxiv_id", "version"],
            set_={"announced_on": earliest, "withdrawn": sa.or_(old.withdrawn, new.withdrawn)},
        ),
        list(rows.values()),
    )


async def save_items(
    connection: AsyncConnection,
    key: Key,
    items: Mapping[tuple[str, AnnounceType], AnnouncedPaper],
    *,
    move: bool,
) -> None:
    """Add items to an announcement; with `move`, those already there take the new positions."""
    rows = [
        {
            "category": key[0],
            "announced_on": key[1],
            "arxiv_id": arxiv_id,
            "announce_type": kind,
            "position": entry.position,
        }
        for (arxiv_id, kind), entry in items.items()
    ]
    if not rows:
        return
    insert = upsert(connection, announcement_item)
    columns = ["category", "announced_on", "arxiv_id", "announce_type"]
    if move:
        statement = insert.on_conflict_do_update(index_elements=columns, set_={"position": insert.excluded.position})
    else:
        statement = insert.on_conflict_do_nothing(index_elements=columns)
    await connection.execute(statement, rows)


async def count_items(connection: AsyncConnection, category: str, announced_on: date) -> Counts:
    """Return how many items of each type are stored."""
    item = announcement_item.c
    query = (
        sa.select(item.announce_type, sa.func.count().label("number"))
        .where(item.category == category, item.announced_on == announced_on)
        .group_by(item.announce_type)
    )
    return Counts.of({row.announce_type: row.number for row in await connection.execute(query)})
