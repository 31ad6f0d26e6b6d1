"""What the planner asks of the ledger: which dates have ended in which channel, and what a brief there showed.

Also notes that a date ended without a message, with the reason. Sends nothing and changes no delivery that is planned.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery import DeliveryAction, DeliveryKind, DeliveryState, PlannedDelivery, TopicKey
from bot.store.announcement_rows import upsert
from bot.store.engine import Database
from bot.store.schema import BUILT_IN, delivery

_CHUNK = 500
_MUST_BE_SEEN = (DeliveryKind.BRIEF, DeliveryKind.LATE, DeliveryKind.QUIET, DeliveryKind.MISSED)
_UNSENDABLE = ""
"""The nonce of what ended without a message because there was nothing to send."""

ChannelTopic = tuple[int, TopicKey]


@dataclass(frozen=True, slots=True)
class PlannedBrief:
    """A brief as it was planned: when, and the payloads of its parts in their order."""

    created_at: datetime
    payloads: tuple[Mapping[str, Any], ...]


class DeliveryHistory:
    """Reads the ledger for the planner. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_kinds(
        self, channel_ids: Collection[int], since: date
    ) -> dict[ChannelTopic, dict[date, frozenset[DeliveryKind]]]:
        """Return the kinds of deliveries there are by channel and topic and by date.

        What was planned and ended before any of it was sent does not count, for nobody saw it; what `skip` noted does.
        A line that says "still waiting" counts in any case: it stands for the rest that is to be looked for.
        """
        column = delivery.c
        unseen = sa.and_(
            column.state == DeliveryState.SKIPPED, column.kind.in_(_MUST_BE_SEEN), column.nonce != _UNSENDABLE
        )
        found: defaultdict[ChannelTopic, defaultdict[date, set[DeliveryKind]]] = defaultdict(lambda: defaultdict(set))
        wanted = sorted(channel_ids)
        async with self._database.read() as connection:
            for start in range(0, len(wanted), _CHUNK):
                query = sa.select(
                    column.channel_id, column.topic_guild_id, column.topic_slug, column.announced_on, column.kind
                ).where(
                    column.channel_id.in_(wanted[start : start + _CHUNK]),
                    column.announced_on >= since,
                    column.part == 0,
                    sa.not_(unseen),
                )
                for row in await connection.execute(query):
                    topic = TopicKey(row.topic_slug, row.topic_guild_id or None)
                    found[row.channel_id, topic][row.announced_on].add(DeliveryKind(row.kind))
        return {
            key: {announced_on: frozenset(kinds) for announced_on, kinds in dates.items()}
            for key, dates in found.items()
        }

    async def load_brief(self, channel_id: int, topic: TopicKey, announced_on: date) -> PlannedBrief | None:
        """Return the brief of that date as it was planned for that channel, or None."""
        column = delivery.c
        query = (
            sa.select(column.created_at, column.payload)
            .where(
                column.channel_id == channel_id,
                column.announced_on == announced_on,
                column.kind == DeliveryKind.BRIEF,
                column.topic_guild_id == (topic.guild_id or BUILT_IN),
                column.topic_slug == topic.slug,
            )
            .order_by(column.part)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        if not rows:
            return None
        return PlannedBrief(rows[0].created_at, tuple(row.payload for row in rows))

    async def skip(self, planned: PlannedDelivery, *, bot_id: int, reason: str, now: datetime) -> bool:
        """Note that `planned`, which has no parts, ended without a message, and why.

        Returns False, and changes nothing, where that key has a delivery already. Raises ValueError for one with parts.
        """
        if planned.parts:
            raise ValueError("what has parts is sent, not skipped")

        async def save(connection: AsyncConnection) -> bool:
            values = {
                "guild_id": planned.guild_id,
                "channel_id": planned.channel_id,
                "announced_on": planned.announced_on,
                "kind": planned.kind,
                "topic_guild_id": planned.topic.guild_id or BUILT_IN,
                "topic_slug": planned.topic.slug,
                "part": 0,
                "action": DeliveryAction.MESSAGE,
                "due_at": planned.due_at,
                "payload": {},
                "payload_version": 1,
                "bot_id": bot_id,
                "nonce": _UNSENDABLE,
                "marker": "",
                "state": DeliveryState.SKIPPED,
                "reason": reason,
                "attempts": 0,
                "created_at": now,
                "updated_at": now,
            }
            insert = upsert(connection, delivery).values(**values).on_conflict_do_nothing()
            added = await connection.scalar(insert.returning(delivery.c.delivery_id))
            return added is not None

        return await self._database.write(save)
