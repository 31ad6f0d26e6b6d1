"""Papers: what is known of them, and what is still to be asked."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import AnnounceType, Paper, PaperVersion, SourceName
from bot.store.engine import Database
from bot.store.paper_rows import as_paper, chunks, load_by_id, merge_rows
from bot.store.schema import announcement_item, paper, paper_version

DELIVERABLE = tuple(one for one in AnnounceType if one.deliverable)


class PaperStore:
    """Reads and writes papers. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_paper(self, arxiv_id: str) -> Paper | None:
        """Return the paper, or None when it is not stored."""
        async with self._database.read() as connection:
            row = (await connection.execute(sa.select(paper).where(paper.c.arxiv_id == arxiv_id))).first()
        return None if row is None else as_paper(row)

    async def load_papers(self, ids: Iterable[str]) -> dict[str, Paper]:
        """Return the stored ones of `ids`, any number of them."""
        async with self._database.read() as connection:
            return await load_by_id(connection, ids)

    async def load_versions(self, arxiv_id: str) -> list[PaperVersion]:
        """Return the versions that were announced to us, oldest first."""
        query = sa.select(paper_version).where(paper_version.c.arxiv_id == arxiv_id).order_by(paper_version.c.version)
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [PaperVersion(row.arxiv_id, row.version, row.announced_on, row.withdrawn) for row in rows]

    async def load_announced(self, arxiv_id: str) -> list[tuple[str, date, AnnounceType]]:
        """Return (category, announced_on, announce type) of every announcement that carried it, oldest first."""
        item = announcement_item.c
        query = (
            sa.select(item.category, item.announced_on, item.announce_type)
            .where(item.arxiv_id == arxiv_id)
            .order_by(item.announced_on, item.category, item.announce_type)
        )
        async with self._database.read() as connection:
            return [(row.category, row.announced_on, row.announce_type) for row in await connection.execute(query)]

    async def save_metadata(self, papers: Sequence[Paper], *, source: SourceName | None = None) -> int:
        """Merge `papers` into what is stored (`bot/store/merge.py`) and return how many rows are new or changed."""

        async def save(connection: AsyncConnection) -> int:
            merged = await merge_rows(connection, papers, source)
            return len(merged.new) + merged.changed

        return await self._database.write(save) if papers else 0

    async def load_unenriched(self, limit: int, announced_since: date) -> list[tuple[str, date]]:
        """Return (arxiv_id, newest announcement) of papers that still lack metadata: least often tried, then newest.

        Only papers first announced as new or cross-listed since `announced_since`, however often they failed: an
        outage of arXiv's metadata may last longer than any number of polls.
        """
        newest = sa.func.max(announcement_item.c.announced_on).label("newest")
        query = (
            sa.select(paper.c.arxiv_id, newest)
            .join(announcement_item, announcement_item.c.arxiv_id == paper.c.arxiv_id)
            .where(
                paper.c.enriched_at.is_(None),
                paper.c.announced_on >= announced_since,
                announcement_item.c.announce_type.in_(DELIVERABLE),
            )
            .group_by(paper.c.arxiv_id, paper.c.enrichment_attempts)
            .order_by(paper.c.enrichment_attempts, newest.desc(), paper.c.arxiv_id.desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [(row.arxiv_id, row.newest) for row in await connection.execute(query)]

    async def mark_enriched(self, ids: Iterable[str], at: datetime) -> None:
        """Note that the metadata of `ids` is complete."""
        await self._note(ids, {"enriched_at": at})

    async def record_enrichment_failure(self, ids: Iterable[str], at: datetime) -> None:
        """Count one more failed attempt for each of `ids`."""
        attempts = paper.c.enrichment_attempts + 1
        await self._note(ids, {"enrichment_attempts": attempts, "enrichment_failed_at": at})

    async def count(self) -> int:
        """Return how many papers are stored."""
        async with self._database.read() as connection:
            return await connection.scalar(sa.select(sa.func.count()).select_from(paper)) or 0

    async def _note(self, ids: Iterable[str], values: dict[str, object]) -> None:
        wanted = list(dict.fromkeys(ids))

        async def save(connection: AsyncConnection) -> None:
            for chunk in chunks(wanted):
                await connection.execute(sa.update(paper).where(paper.c.arxiv_id.in_(chunk)).values(**values))

        if wanted:
            await self._database.write(save)
