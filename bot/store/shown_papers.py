"""Which papers were shown in briefs, for what is to be written about them afterwards."""

from datetime import date

import sqlalchemy as sa

from bot.model import Paper
from bot.store.engine import Database
from bot.store.paper_rows import chunks, load_by_id
from bot.store.schema import brief, brief_item


class ShownPapers:
    """Reads briefs. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, since: date) -> list[tuple[Paper, str]]:
        """Return (paper, language of the brief) of all stored briefs from `since` on, each once, the newest first.

        Papers come as they are now: of one that has a newer version that one is meant.
        """
        query = (
            sa.select(brief_item.c.arxiv_id, brief.c.language, sa.func.max(brief.c.announced_on).label("day"))
            .join(brief, brief.c.brief_id == brief_item.c.brief_id)
            .where(brief.c.announced_on >= since)
            .group_by(brief_item.c.arxiv_id, brief.c.language)
            .order_by(sa.desc("day"), brief_item.c.arxiv_id, brief.c.language)
        )
        papers: dict[str, Paper] = {}
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
            for chunk in chunks(sorted({row.arxiv_id for row in rows})):
                papers.update(await load_by_id(connection, chunk))
        return [(papers[row.arxiv_id], row.language) for row in rows if row.arxiv_id in papers]
