"""Announcements: what arXiv announced, category by category, and what is held of it.

Writing one is idempotent and only ever adds: no fetch, however poor, takes away what an earlier one brought.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import (
    Announcement,
    AnnouncementState,
    AnnounceType,
    Candidate,
    Counts,
    FetchedAnnouncement,
)
from bot.statement import Statement
from bot.store.announcement_rows import (
    as_announcement,
    count_items,
    keep_better,
    largest,
    load_row,
    resolve_papers,
    save_items,
    save_row,
    save_versions,
)
from bot.store.engine import Database
from bot.store.paper_rows import as_paper, chunks, file_under, merge_rows
from bot.store.papers import DELIVERABLE
from bot.store.schema import announcement, announcement_item, paper

_WEEKDAYS_READ = 200
"""Announcements looked through for those of one weekday: most of a year."""


@dataclass(frozen=True, slots=True)
class SavedAnnouncement:
    """The announcement as it is stored now, and how many of its papers were not known before."""

    announcement: Announcement
    new_papers: int


class AnnouncementStore:
    """Reads and writes announcements. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_fetched(
        self,
        fetched: FetchedAnnouncement,
        *,
        state: AnnouncementState,
        fetched_at: datetime,
        late: bool,
        reason: Statement | None,
    ) -> SavedAnnouncement:
        """Store what was read, in one transaction: papers, version history, items, counts, state.

        Items are added to those already there. A complete announcement keeps its state whatever comes later; `late` is
        fixed when it first is complete; `shown` is the most that arXiv ever said.
        """

        async def save(connection: AsyncConnection) -> SavedAnnouncement:
            key = (fetched.category, fetched.announced_on)
            old = await load_row(connection, *key)
            items = await resolve_papers(connection, fetched)
            announced = {arxiv_id: fetched.announced_on for (arxiv_id, kind) in items if kind.deliverable}
            papers = [item.paper for item in items.values()]
            merged = await merge_rows(connection, papers, fetched.source, announced)
            await file_under(connection, announced, fetched.announced_on)
            await save_versions(connection, items.values(), fetched.announced_on)
            latest = Announcement(
                *key, state, fetched.source, fetched.shown, Counts(), fetched_at, late=late, reason=reason
            )
            kept = keep_better(old, latest)
            await save_row(connection, kept)
            await save_items(connection, key, items, move=kept.state is state)
            kept = replace(kept, stored=await count_items(connection, *key))
            await save_row(connection, kept)
            return SavedAnnouncement(kept, len(merged.new))

        return await self._database.write(save)

    async def save_state(self, state: Announcement) -> None:
        """Note a state that brought no papers; an announcement that holds papers or is complete keeps its own."""

        async def save(connection: AsyncConnection) -> None:
            old = await load_row(connection, state.category, state.announced_on)
            if old is not None and old.stored.total > 0 and state.state is not AnnouncementState.FRESH:
                kept = replace(old, shown=largest(old.shown, state.shown))
            else:
                kept = keep_better(old, state)
            stored = await count_items(connection, state.category, state.announced_on)
            await save_row(connection, replace(kept, stored=stored))

        await self._database.write(save)

    async def load(self, category: str, announced_on: date) -> Announcement | None:
        """Return the announcement, or None when nothing is known of it."""
        async with self._database.read() as connection:
            return await load_row(connection, category, announced_on)

    async def load_latest(
        self, category: str, before: date | None = None, *, complete_only: bool = False
    ) -> Announcement | None:
        """Return the newest announcement of `category`, of those before `before`, of the complete ones."""
        query = sa.select(announcement).where(announcement.c.category == category)
        if before is not None:
            query = query.where(announcement.c.announced_on < before)
        if complete_only:
            query = query.where(announcement.c.state == AnnouncementState.FRESH)
        found = await self._rows(query.order_by(announcement.c.announced_on.desc()).limit(1))
        return found[0] if found else None

    async def load_range(self, category: str, first: date, last: date) -> list[Announcement]:
        """Return the announcements from `first` to `last`, inclusive, oldest first."""
        row = announcement.c
        query = sa.select(announcement).where(row.category == category, row.announced_on.between(first, last))
        return await self._rows(query.order_by(row.announced_on))

    async def load_dates(self, categories: Sequence[str], limit: int) -> list[date]:
        """Return the dates on which any of `categories` has papers, newest first."""
        row = announcement.c
        query = (
            sa.select(row.announced_on)
            .where(row.category.in_(categories), row.stored_new + row.stored_cross + row.stored_replace > 0)
            .distinct()
            .order_by(row.announced_on.desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            return list(await connection.scalars(query))

    async def load_categories(self) -> list[str]:
        """Return the categories of which anything is known, sorted."""
        query = sa.select(announcement.c.category).distinct().order_by(announcement.c.category)
        async with self._database.read() as connection:
            return list(await connection.scalars(query))

    async def load_ids(self, category: str, announced_on: date) -> dict[str, AnnounceType]:
        """Return the papers of an announcement with their type; of several, new before cross before replace."""
        item = announcement_item.c
        query = sa.select(item.arxiv_id, item.announce_type).where(
            item.category == category, item.announced_on == announced_on
        )
        found: dict[str, AnnounceType] = {}
        async with self._database.read() as connection:
            for row in await connection.execute(query.order_by(item.position, item.arxiv_id)):
                found[row.arxiv_id] = min(row.announce_type, found.get(row.arxiv_id, row.announce_type), key=_ORDER)
        return found

    async def load_candidates(self, categories: Sequence[str], announced_on: date) -> list[Candidate]:
        """Return the deliverable papers that any of `categories` announced that day, each once, by identifier.

        `announced_before` are those of `categories` that carried it as new or cross in an earlier announcement; `late`
        is true where every announcement that carried it that day was late.
        """
        item, parent = announcement_item.c, announcement.c
        mine = (item.category.in_(categories), item.announce_type.in_(DELIVERABLE))
        today = sa.and_(item.announced_on == announced_on, *mine)
        query = (
            sa.select(paper, item.category, item.announce_type, parent.late)
            .select_from(announcement_item)
            .join(announcement, sa.and_(parent.category == item.category, parent.announced_on == item.announced_on))
            .join(paper, paper.c.arxiv_id == item.arxiv_id)
            .where(today)
            .order_by(item.arxiv_id, item.category, item.announce_type)
        )
        earlier = (
            sa.select(item.arxiv_id, item.category)
            .distinct()
            .where(
                item.arxiv_id.in_(sa.select(item.arxiv_id).where(today)),
                item.announced_on < announced_on,
                *mine,
            )
            .order_by(item.arxiv_id, item.category)
        )
        rows: defaultdict[str, list[sa.Row[Any]]] = defaultdict(list)
        before: defaultdict[str, list[str]] = defaultdict(list)
        async with self._database.read() as connection:
            for row in await connection.execute(query):
                rows[row.arxiv_id].append(row)
            for row in await connection.execute(earlier):
                before[row.arxiv_id].append(row.category)
        return [_candidate(found, before[arxiv_id]) for arxiv_id, found in rows.items()]

    async def load_announced(self, category: str, ids: Sequence[str], before: date) -> set[str]:
        """Return those of `ids` that `category` announced before `before`, as whatever type."""
        item = announcement_item.c
        found: set[str] = set()
        async with self._database.read() as connection:
            for chunk in chunks(ids):
                query = sa.select(item.arxiv_id).where(
                    item.arxiv_id.in_(chunk),
                    item.category == category,
                    item.announced_on < before,
                )
                found.update(await connection.scalars(query))
        return found

    async def load_delivered_elsewhere(self, category: str, ids: Sequence[str], dates: Sequence[date]) -> set[str]:
        """Return those of `ids` that `category` announced as new or cross-listed on a date that is not in `dates`."""
        item = announcement_item.c
        found: set[str] = set()
        async with self._database.read() as connection:
            for chunk in chunks(ids):
                query = sa.select(item.arxiv_id).where(
                    item.arxiv_id.in_(chunk),
                    item.category == category,
                    item.announce_type.in_(DELIVERABLE),
                    item.announced_on.not_in(dates),
                )
                found.update(await connection.scalars(query))
        return found

    async def recent_totals(self, category: str, weekday: int, before: date, limit: int = 8) -> list[int]:
        """Return the new and cross counts of the last `limit` complete announcements on that weekday (Monday is 0)."""
        row = announcement.c
        query = (
            sa.select(row.announced_on, (row.stored_new + row.stored_cross).label("total"))
            .where(row.category == category, row.announced_on < before, row.state == AnnouncementState.FRESH)
            .order_by(row.announced_on.desc())
            .limit(_WEEKDAYS_READ)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [one.total for one in rows if one.announced_on.weekday() == weekday][:limit]

    async def load_new_ids(self, first: date, last: date) -> list[tuple[str, date]]:
        """Return (arxiv_id, announced_on) of papers announced as new from `first` to `last`, by date and identifier."""
        item = announcement_item.c
        query = (
            sa.select(item.arxiv_id, item.announced_on)
            .where(item.announced_on.between(first, last), item.announce_type == AnnounceType.NEW)
            .distinct()
            .order_by(item.announced_on, item.arxiv_id)
        )
        async with self._database.read() as connection:
            return [(row.arxiv_id, row.announced_on) for row in await connection.execute(query)]

    async def _rows(self, query: sa.Select[Any]) -> list[Announcement]:
        async with self._database.read() as connection:
            return [as_announcement(row) for row in await connection.execute(query)]


_ORDER = list(AnnounceType).index


def _candidate(rows: Sequence[sa.Row[Any]], before: Sequence[str]) -> Candidate:
    types: dict[str, AnnounceType] = {}
    for row in rows:
        types[row.category] = min(row.announce_type, types.get(row.category, row.announce_type), key=_ORDER)
    return Candidate(
        paper=as_paper(rows[0]),
        announce_type=min(types.values(), key=_ORDER),
        announced_in=types,
        announced_before=tuple(before),
        late=all(row.late for row in rows),
    )
