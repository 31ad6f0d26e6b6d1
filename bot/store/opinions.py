"""What the readers of a channel made of papers, for the ranking of its briefs: without a word about who they are.

The rows are those of `bot.store.readers`, read anew for every brief: a row that is deleted has never been.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery import TopicKey
from bot.model import Opinion
from bot.store.engine import Database
from bot.store.paper_rows import chunks, load_by_id
from bot.store.schema import BUILT_IN, brief, brief_item, feedback, saved_paper, subscription

SAVE_VALUE = 0.5
"""A save says less than "more like this": it may be kept to be refuted."""

ChannelTopic = tuple[int, TopicKey]


class OpinionStore:
    """Reads opinions. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, channel_id: int, topic: TopicKey, limit: int) -> list[Opinion]:
        """Return the last `limit` opinions about a topic's papers, in the order in which they were given.

        Those that were given in the channel, and as mild likes the saves, in its server, of papers that a brief of the
        topic showed.
        """
        clicks = (
            sa.select(feedback.c.arxiv_id, feedback.c.value, feedback.c.given_at.label("at"), feedback.c.user_id)
            .where(
                feedback.c.channel_id == channel_id,
                feedback.c.topic_guild_id == (topic.guild_id or BUILT_IN),
                feedback.c.topic_slug == topic.slug,
            )
            .order_by(sa.desc("at"), feedback.c.arxiv_id, feedback.c.user_id)
            .limit(limit)
        )
        saves = (
            _saves()
            .add_columns(saved_paper.c.arxiv_id, saved_paper.c.saved_at.label("at"), saved_paper.c.user_id)
            .where(
                subscription.c.channel_id == channel_id,
                subscription.c.topic_guild_id == (topic.guild_id or BUILT_IN),
                subscription.c.topic_slug == topic.slug,
            )
            .distinct()
            .order_by(sa.desc("at"), saved_paper.c.arxiv_id, saved_paper.c.user_id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            given = [(row.at, row.arxiv_id, row.user_id, float(row.value)) for row in await connection.execute(clicks)]
            given += [(row.at, row.arxiv_id, row.user_id, SAVE_VALUE) for row in await connection.execute(saves)]
            given = sorted(given)[-limit:]
            papers = {}
            for chunk in chunks(sorted({arxiv_id for _, arxiv_id, _, _ in given})):
                papers.update(await load_by_id(connection, chunk))
        return [Opinion(papers[arxiv_id], value) for _, arxiv_id, _, value in given if arxiv_id in papers]

    async def load_judged(self, channel_ids: Collection[int]) -> set[ChannelTopic]:
        """Return the channels and topics, among `channel_ids`, about whose papers there is any opinion."""
        found: set[ChannelTopic] = set()
        keys = (feedback.c.channel_id, feedback.c.topic_guild_id, feedback.c.topic_slug)
        wishes = (subscription.c.channel_id, subscription.c.topic_guild_id, subscription.c.topic_slug)
        async with self._database.read() as connection:
            for chunk in chunks(sorted(channel_ids)):
                clicks = sa.select(*keys).where(feedback.c.channel_id.in_(chunk)).distinct()
                saves = _saves().add_columns(*wishes).where(subscription.c.channel_id.in_(chunk)).distinct()
                found |= await _keys(connection, clicks) | await _keys(connection, saves)
        return found


def _saves() -> sa.Select[Any]:
    """Return what was saved in the server of a subscription and shown in a brief of its topic, without columns."""
    of_topic = sa.and_(
        brief.c.brief_id == brief_item.c.brief_id,
        brief.c.topic_guild_id == subscription.c.topic_guild_id,
        brief.c.topic_slug == subscription.c.topic_slug,
    )
    return (
        sa.select()
        .select_from(subscription)
        .join(saved_paper, saved_paper.c.guild_id == subscription.c.guild_id)
        .join(brief_item, brief_item.c.arxiv_id == saved_paper.c.arxiv_id)
        .join(brief, of_topic)
    )


async def _keys(connection: AsyncConnection, query: sa.Select[Any]) -> set[ChannelTopic]:
    rows = await connection.execute(query)
    return {(row.channel_id, TopicKey(row.topic_slug, row.topic_guild_id or None)) for row in rows}
