"""What a model wrote about papers and days: the best summary there is, overviews of briefs, translations.

Summaries themselves are written by `bot.store.briefs`, with the briefs they stand in.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery import TopicKey
from bot.store.announcement_rows import upsert
from bot.store.briefs import KIND, as_summary
from bot.store.engine import Database
from bot.store.paper_rows import chunks
from bot.store.schema import BUILT_IN, SHARED, brief, overview, summary, translation
from bot.texts import Overview, OverviewSentence, Summary, Translation

_EXTRACTED = "extractive"
"""The producer of summaries that no model wrote; any other is better."""

PaperVersionKey = tuple[str, int]
"""(arXiv identifier, version)."""


class SummaryStore:
    """Reads and writes what models wrote. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_best_summary(self, arxiv_id: str, version: int, language: str) -> Summary | None:
        """Return the best stored summary of a paper's version in exactly that language, or None."""
        return (await self.load_best_summaries([(arxiv_id, version)], language)).get((arxiv_id, version))

    async def load_best_summaries(
        self, papers: Iterable[PaperVersionKey], language: str
    ) -> dict[PaperVersionKey, Summary]:
        """Return the best stored summaries in that language: a model's before an extracted one, then the newest."""
        wanted = set(papers)
        found: dict[PaperVersionKey, Summary] = {}
        async with self._database.read() as connection:
            for chunk in chunks(sorted({arxiv_id for arxiv_id, _ in wanted})):
                query = (
                    sa.select(summary)
                    .where(summary.c.arxiv_id.in_(chunk), summary.c.language == language, summary.c.kind == KIND)
                    # The last one in this order stays.
                    .order_by(
                        sa.case((summary.c.producer == _EXTRACTED, 0), else_=1),
                        summary.c.made_at,
                        summary.c.producer,
                        summary.c.prompt_version,
                    )
                )
                for row in await connection.execute(query):
                    if (row.arxiv_id, row.version) in wanted:
                        found[row.arxiv_id, row.version] = as_summary(row)
        return found

    async def save_overview(
        self,
        topic: TopicKey,
        announced_on: date,
        language: str,
        arxiv_ids: Sequence[str],
        one: Overview,
        *,
        channel_id: int | None = None,
    ) -> bool:
        """Store the overview of a stored brief with these papers, in place of an earlier one.

        `channel_id`: of that channel's own brief.

        Returns False, and stores nothing, where there is no such brief.
        """

        async def save(connection: AsyncConnection) -> bool:
            brief_id = await connection.scalar(_brief_id(topic, announced_on, language, channel_id))
            if brief_id is None:
                return False
            values = {
                "arxiv_ids": list(arxiv_ids),
                "sentences": [{"text": each.text, "arxiv_ids": list(each.arxiv_ids)} for each in one.sentences],
                "producer": one.producer,
                "prompt_version": one.prompt_version,
                "made_at": self._database.clock.now(),
            }
            insert = upsert(connection, overview).values(brief_id=brief_id, **values)
            await connection.execute(insert.on_conflict_do_update(index_elements=["brief_id"], set_=values))
            return True

        return await self._database.write(save)

    async def load_overview(
        self,
        topic: TopicKey,
        announced_on: date,
        language: str,
        arxiv_ids: Sequence[str],
        *,
        channel_id: int | None = None,
    ) -> Overview | None:
        """Return the overview of a brief, or None where there is none that was written about exactly these papers.

        `channel_id`: of that channel's own brief.
        """
        query = sa.select(overview).where(
            overview.c.brief_id == _brief_id(topic, announced_on, language, channel_id).scalar_subquery()
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        if row is None or list(row.arxiv_ids) != list(arxiv_ids):
            return None
        return as_overview(row)

    async def save_translation(self, one: Translation) -> None:
        """Store a translation; one whose key is taken stays as it was first written."""

        async def save(connection: AsyncConnection) -> None:
            values = {
                "arxiv_id": one.arxiv_id,
                "version": one.version,
                "language": one.language,
                "producer": one.producer,
                "prompt_version": one.prompt_version,
                "title": one.title,
                "abstract": one.abstract,
                "made_at": self._database.clock.now(),
            }
            keys = [column.name for column in translation.primary_key]
            await connection.execute(
                upsert(connection, translation).values(values).on_conflict_do_nothing(index_elements=keys)
            )

        await self._database.write(save)

    async def load_translation(self, arxiv_id: str, version: int, language: str) -> Translation | None:
        """Return the newest translation of a paper's version into exactly that language, or None."""
        found = await self.load_translations([(arxiv_id, version)], language)
        return found.get((arxiv_id, version))

    async def load_translations(
        self, papers: Iterable[PaperVersionKey], language: str, *, prompt_versions: Collection[str] | None = None
    ) -> dict[PaperVersionKey, Translation]:
        """Return the newest translations of these papers' versions into exactly that language.

        `prompt_versions`: only those made with one of them.
        """
        wanted = set(papers)
        found: dict[PaperVersionKey, Translation] = {}
        async with self._database.read() as connection:
            for chunk in chunks(sorted({arxiv_id for arxiv_id, _ in wanted})):
                query = (
                    sa.select(translation)
                    .where(translation.c.arxiv_id.in_(chunk), translation.c.language == language)
                    .order_by(translation.c.made_at, translation.c.producer, translation.c.prompt_version)
                )
                if prompt_versions is not None:
                    query = query.where(translation.c.prompt_version.in_(prompt_versions))
                for row in await connection.execute(query):
                    if (row.arxiv_id, row.version) in wanted:
                        found[row.arxiv_id, row.version] = as_translation(row)
        return found


def _brief_id(topic: TopicKey, announced_on: date, language: str, channel_id: int | None) -> sa.Select[tuple[int]]:
    return sa.select(brief.c.brief_id).where(
        brief.c.topic_guild_id == (topic.guild_id or BUILT_IN),
        brief.c.topic_slug == topic.slug,
        brief.c.announced_on == announced_on,
        brief.c.language == language,
        brief.c.channel_id == (channel_id or SHARED),
    )


def as_overview(row: sa.Row[Any]) -> Overview:
    """Return the overview in a row of its table."""
    sentences = tuple(OverviewSentence(each["text"], tuple(each["arxiv_ids"])) for each in row.sentences)
    return Overview(sentences, row.producer, row.prompt_version)


def as_translation(row: sa.Row[Any]) -> Translation:
    """Return the translation in a row of its table."""
    return Translation(
        arxiv_id=row.arxiv_id,
        version=row.version,
        language=row.language,
        title=row.title,
        abstract=row.abstract,
        producer=row.producer,
        prompt_version=row.prompt_version,
    )
