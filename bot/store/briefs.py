"""Briefs as they were posted, and the texts in them: written once, and only ever added to."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import AnnounceType, Brief, BriefItem, Edition, Paper, Reason, Receipt, Topic
from bot.spending import Bill, Spending
from bot.statement import Statement
from bot.store.announcement_rows import upsert
from bot.store.engine import Database
from bot.store.paper_rows import chunks, load_by_id
from bot.store.schema import BUILT_IN, SHARED, brief, brief_item, summary
from bot.texts import Fallback, Sentence, Summary

KIND = "brief"
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

    async def save_brief(self, one: Brief) -> bool:
        """Store a brief with its items and its receipt; return whether anything was written.

        A channel's own brief is another than the shared one. One that is stored stays as it is. Only where its papers
        are the first ones of `one` are the others added: a channel that shows more papers was posted to after one that
        shows fewer.
        """

        async def save(connection: AsyncConnection) -> bool:
            key = _key(one.topic, one.announced_on) | {"language": one.language, "channel_id": _channel(one.edition)}
            earlier = await connection.scalar(
                sa.select(brief.c.brief_id).where(*(brief.c[name] == value for name, value in key.items()))
            )
            stored: Sequence[str] = ()
            if earlier is not None:
                query = sa.select(brief_item.c.arxiv_id).where(brief_item.c.brief_id == earlier)
                stored = (await connection.scalars(query.order_by(brief_item.c.position))).all()
                mine = [item.paper.arxiv_id for item in one.items]
                if len(mine) <= len(stored) or mine[: len(stored)] != list(stored):
                    return False
            values = {
                "announced": one.receipt.announced,
                "read": one.receipt.read,
                "matched": one.receipt.matched,
                "shown": one.receipt.shown,
                "failed": one.receipt.failed,
                "dropped": dict(one.receipt.dropped),
                "silence": one.silence,
                "bill": _bill_row(one.bill),
                "made_at": self._database.clock.now(),
                "guild_id": one.edition.guild_id if one.edition else SHARED,
                "scale": one.scale,
            }
            insert = upsert(connection, brief).values(**key, **values)
            statement = insert.on_conflict_do_update(index_elements=list(key), set_=values)
            brief_id = await connection.scalar(statement.returning(brief.c.brief_id))
            if new := one.items[len(stored) :]:
                rows = [_item_row(item) | {"brief_id": brief_id} for item in new]
                await connection.execute(sa.insert(brief_item), rows)
            return True

        return await self._database.write(save)

    async def load_brief(
        self, topic: Topic, announced_on: date, language: str, *, edition: Edition | None = None
    ) -> Brief | None:
        """Return the stored brief of `topic` for that date, without its announcements; None where there is none.

        In `language`, or with the papers and texts of one in another language. `edition`: the channel's own, not the
        shared one.
        """
        key = _key(topic, announced_on) | {"channel_id": _channel(edition)}
        query = sa.select(brief).where(*(brief.c[name] == value for name, value in key.items()))
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
            if not rows:
                return None
            row = min(rows, key=lambda one: (one.language != language, one.brief_id))
            wanted = sa.select(brief_item).where(brief_item.c.brief_id == row.brief_id).order_by(brief_item.c.position)
            items = (await connection.execute(wanted)).all()
            papers = await load_by_id(connection, [item.arxiv_id for item in items])
            texts = await _load_texts(connection, [item.arxiv_id for item in items], row.language)
        return Brief(
            topic=topic,
            announced_on=announced_on,
            language=language,
            receipt=as_receipt(row),
            items=tuple(
                as_item(item, papers[item.arxiv_id], texts[_text_key(item)])
                for item in items
                if item.arxiv_id in papers and _text_key(item) in texts
            ),
            announcements=(),
            silence=row.silence or (),
            bill=as_bill(row.bill),
            edition=edition,
            scale=row.scale,
        )

    async def load_receipt(
        self,
        topic_slug: str,
        announced_on: date,
        language: str,
        *,
        guild_id: int | None = None,
        channel_id: int | None = None,
    ) -> Receipt | None:
        """Return the receipt of a stored brief, or None. `guild_id`: of a server's own topic.

        `channel_id`: of that channel's own brief, else of the shared one.
        """
        query = sa.select(brief).where(
            brief.c.topic_guild_id == (guild_id or BUILT_IN),
            brief.c.topic_slug == topic_slug,
            brief.c.announced_on == announced_on,
            brief.c.language == language,
            brief.c.channel_id.in_({SHARED, channel_id or SHARED}),
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query.order_by(brief.c.channel_id.desc()))).first()
        if row is None:
            return None
        return as_receipt(row)

    async def load_best_scores(
        self, topic: Topic, scale: str, before: date, *, edition: Edition | None = None, limit: int = 20
    ) -> list[float]:
        """Return the best score of each of the topic's last `limit` briefs before that date, on that scale.

        Of the shared ones and those of `edition`; of several of one date the best one's. A brief without papers has no
        best score.
        """
        best = sa.func.max(brief_item.c.score).label("best")
        query = (
            sa.select(best)
            .join(brief, brief.c.brief_id == brief_item.c.brief_id)
            .where(
                brief.c.topic_guild_id == (topic.guild_id or BUILT_IN),
                brief.c.topic_slug == topic.slug,
                brief.c.announced_on < before,
                brief.c.scale == scale,
                brief.c.channel_id.in_({SHARED, _channel(edition)}),
            )
            .group_by(brief.c.announced_on)
            .order_by(brief.c.announced_on.desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            return list(await connection.scalars(query))

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
                query = sa.select(summary).where(summary.c.arxiv_id.in_(chunk), summary.c.kind == KIND)
                for row in await connection.execute(query):
                    one = as_summary(row)
                    if SummaryKey.of(one) in wanted:
                        found[SummaryKey.of(one)] = one
        return found


def _channel(edition: Edition | None) -> int:
    return edition.channel_id if edition else SHARED


def _key(topic: Topic, announced_on: date) -> dict[str, Any]:
    return {
        "topic_guild_id": topic.guild_id or BUILT_IN,
        "topic_slug": topic.slug,
        "announced_on": announced_on,
    }


def as_receipt(row: sa.Row[Any]) -> Receipt:
    """Return the receipt in a row of the `brief` table."""
    return Receipt(row.announced, row.read, row.matched, row.shown, row.failed, dict(row.dropped))


def _bill_row(bill: Bill | None) -> dict[str, Any] | None:
    # Not with `asdict` as a whole: it cannot copy a Counter.
    if bill is None:
        return None
    return {
        "producer": bill.producer,
        "made": bill.made,
        "cached": bill.cached,
        "fallbacks": {why.value: count for why, count in bill.fallbacks.items()},
        "failed": dict(bill.failed),
        "spending": asdict(bill.spending),
        "currency": bill.currency,
    }


def as_bill(value: dict[str, Any] | None) -> Bill | None:
    """Return the bill that `save_brief` stored."""
    if value is None:
        return None
    fallbacks = {Fallback(why): count for why, count in value["fallbacks"].items()}
    return Bill(**{**value, "fallbacks": fallbacks, "spending": Spending(**value["spending"])})


def _text_key(row: sa.Row[Any]) -> tuple[str, int, str, str]:
    """Return which summary a row of the `brief_item` table or the `summary` table means, of whatever language."""
    return row.arxiv_id, row.version, row.producer, row.prompt_version


async def _load_texts(
    connection: AsyncConnection, ids: Sequence[str], language: str
) -> dict[tuple[str, int, str, str], Summary]:
    """Return the stored summaries of papers, of each kind the one in `language` if there is one."""
    found: dict[tuple[str, int, str, str], Summary] = {}
    query = sa.select(summary).where(summary.c.arxiv_id.in_(ids), summary.c.kind == KIND)
    for row in await connection.execute(query.order_by(summary.c.language)):
        if _text_key(row) not in found or row.language == language:
            found[_text_key(row)] = as_summary(row)
    return found


def as_item(row: sa.Row[Any], paper: Paper, text: Summary) -> BriefItem:
    """Return the item in a row of the `brief_item` table, with its paper and its summary."""
    return BriefItem(
        paper=replace(paper, version=row.version),
        announce_type=AnnounceType(row.announce_type),
        position=row.position,
        score=row.score,
        reasons=tuple(_as_reason(one) for one in row.reasons),
        summary=replace(text, fallback=row.fallback),
        links=dict(row.links),
        late=row.late,
    )


def _as_reason(data: dict[str, Any]) -> Reason:
    # An earlier version of the program stored a phrase.
    why = Statement.plain(str(data["text"])) if "text" in data else Statement.from_json(data)
    return Reason(why, data["score"])


def _item_row(item: BriefItem) -> dict[str, Any]:
    return {
        "position": item.position,
        "arxiv_id": item.paper.arxiv_id,
        "version": item.paper.version,
        "announce_type": item.announce_type,
        "score": item.score,
        "reasons": [reason.why.as_json() | {"score": reason.score} for reason in item.reasons],
        "links": dict(item.links),
        "late": item.late,
        "producer": item.summary.producer,
        "prompt_version": item.summary.prompt_version,
        "fallback": item.summary.fallback,
    }


def _summary_row(one: Summary) -> dict[str, Any]:
    return {
        "arxiv_id": one.arxiv_id,
        "version": one.version,
        "language": one.language,
        "kind": KIND,
        "producer": one.producer,
        "prompt_version": one.prompt_version,
        "text": one.text,
        "provenance": list(one.provenance),
        "key_takeaways": [_sentence_row(each) for each in one.key_takeaways],
        "paragraph": [_sentence_row(each) for each in one.paragraph],
        "motivation": _optional_row(one.motivation),
        "method": _optional_row(one.method),
        "result": _optional_row(one.result),
    }


def _sentence_row(one: Sentence) -> dict[str, Any]:
    return {"text": one.text, "provenance": list(one.provenance)}


def _optional_row(one: Sentence | None) -> dict[str, Any] | None:
    return None if one is None else _sentence_row(one)


def as_summary(row: sa.Row[Any]) -> Summary:
    """Return the summary in a row of the `summary` table; a fallback belongs to a brief's item, not to the summary."""
    return Summary(
        arxiv_id=row.arxiv_id,
        version=row.version,
        language=row.language,
        text=row.text,
        provenance=tuple(row.provenance),
        key_takeaways=tuple(_as_sentence(each) for each in row.key_takeaways),
        producer=row.producer,
        prompt_version=row.prompt_version,
        paragraph=tuple(_as_sentence(each) for each in row.paragraph),
        motivation=_as_optional(row.motivation),
        method=_as_optional(row.method),
        result=_as_optional(row.result),
    )


def _as_sentence(value: dict[str, Any]) -> Sentence:
    return Sentence(value["text"], tuple(value["provenance"]))


def _as_optional(value: dict[str, Any] | None) -> Sentence | None:
    return None if value is None else _as_sentence(value)
