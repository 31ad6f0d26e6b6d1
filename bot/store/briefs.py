"""Briefs and the texts in them, as they were made."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Brief, BriefItem, Receipt, Sentence, Summary
from bot.store.announcement_rows import upsert
from bot.store.engine import Database
from bot.store.paper_rows import chunks
from bot.store.schema import BUILT_IN, brief, brief_item, summary

_KIND = "brief"
"""The kind of summary that a brief shows; others may follow."""


class SummaryKey(NamedTuple):
    """What makes a summary one of its kind."""

    arxiv_id: str
    version: int
    language: str
    producer: str
    prompt_version: str

    @classmethod
    def of(cls, one: Summary) -> "SummaryKey":
        """Return the key of a summary."""
        return cls(one.arxiv_id, one.version, one.language, one.producer, one.prompt_version)


class BriefStore:
    """Reads and writes briefs. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_brief(self, one: Brief) -> None:
        """Store a brief with its items and its receipt, in place of an earlier one of the same key."""

        async def save(connection: AsyncConnection) -> None:
            key = {
                "topic_guild_id": one.topic.guild_id or BUILT_IN,
                "topic_slug": one.topic.slug,
                "announced_on": one.announced_on,
                "language": one.language,
            }
            values = {
                "announced": one.receipt.announced,
                "read": one.receipt.read,
                "matched": one.receipt.matched,
                "shown": one.receipt.shown,
                "failed": one.receipt.failed,
                "dropped": dict(one.receipt.dropped),
                "silence": one.silence,
                "made_at": self._database.clock.now(),
            }
            insert = upsert(connection, brief).values(**key, **values)
            statement = insert.on_conflict_do_update(index_elements=list(key), set_=values)
            brief_id = await connection.scalar(statement.returning(brief.c.brief_id))
            await connection.execute(sa.delete(brief_item).where(brief_item.c.brief_id == brief_id))
            if one.items:
                rows = [_item_row(item) | {"brief_id": brief_id} for item in one.items]
                await connection.execute(sa.insert(brief_item), rows)

        await self._database.write(save)

    async def load_receipt(
        self, topic_slug: str, announced_on: date, language: str, *, guild_id: int | None = None
    ) -> Receipt | None:
        """Return the receipt of a stored brief, or None. `guild_id`: of a server's own topic."""
        query = sa.select(brief).where(
            brief.c.topic_guild_id == (guild_id or BUILT_IN),
            brief.c.topic_slug == topic_slug,
            brief.c.announced_on == announced_on,
            brief.c.language == language,
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        return Receipt(row.announced, row.read, row.matched, row.shown, row.failed, dict(row.dropped))

    async def save_summaries(self, summaries: Sequence[Summary]) -> None:
        """Store summaries; one whose key is taken stays as it was first written."""

        async def save(connection: AsyncConnection) -> None:
            insert = upsert(connection, summary).on_conflict_do_nothing(
                index_elements=[column.name for column in summary.primary_key]
            )
            made_at = self._database.clock.now()
            await connection.execute(insert, [_summary_row(one) | {"made_at": made_at} for one in summaries])

        if summaries:
            await self._database.write(save)

    async def load_summaries(self, keys: Iterable[SummaryKey]) -> dict[SummaryKey, Summary]:
        """Return the stored ones of `keys`."""
        wanted = set(keys)
        found: dict[SummaryKey, Summary] = {}
        async with self._database.read() as connection:
            for chunk in chunks(sorted({key.arxiv_id for key in wanted})):
                query = sa.select(summary).where(summary.c.arxiv_id.in_(chunk), summary.c.kind == _KIND)
                for row in await connection.execute(query):
                    one = _as_summary(row)
                    if SummaryKey.of(one) in wanted:
                        found[SummaryKey.of(one)] = one
        return found


def _item_row(item: BriefItem) -> dict[str, Any]:
    return {
        "position": item.position,
        "arxiv_id": item.paper.arxiv_id,
        "version": item.paper.version,
        "announce_type": item.announce_type,
        "score": item.score,
        "reasons": [{"text": reason.text, "score": reason.score} for reason in item.reasons],
        "links": dict(item.links),
        "late": item.late,
        "producer": item.summary.producer,
        "prompt_version": item.summary.prompt_version,
    }


def _summary_row(one: Summary) -> dict[str, Any]:
    return {
        "arxiv_id": one.arxiv_id,
        "version": one.version,
        "language": one.language,
        "kind": _KIND,
        "producer": one.producer,
        "prompt_version": one.prompt_version,
        "text": one.text,
        "provenance": list(one.provenance),
        "key_takeaways": [{"text": each.text, "provenance": list(each.provenance)} for each in one.key_takeaways],
    }


def _as_summary(row: sa.Row[Any]) -> Summary:
    return Summary(
        arxiv_id=row.arxiv_id,
        version=row.version,
        language=row.language,
        text=row.text,
        provenance=tuple(row.provenance),
        key_takeaways=tuple(Sentence(each["text"], tuple(each["provenance"])) for each in row.key_takeaways),
        producer=row.producer,
        prompt_version=row.prompt_version,
    )
