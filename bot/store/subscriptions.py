"""Subscriptions: which channel wants which topic's briefs, and whether it may have them now.

Ending or pausing one also ends what is still open for it in the ledger, in the same transaction; making it active
again gives those dates back.
"""

from datetime import datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery import PostingStyle, Subscription, SubscriptionState, TopicKey
from bot.statement import Statement, StatementCode
from bot.store.announcement_rows import upsert
from bot.store.delivery_rows import CALLED_OFF, end_open, take_up
from bot.store.engine import Database
from bot.store.schema import BUILT_IN, delivery, subscription

GONE = (StatementCode.CHANNEL_GONE, StatementCode.CHANNEL_DELETED)
"""Why a parked subscription will not resume: its channel or server is no longer there."""

_GONE_TEXTS = ("gone: ", *(f'{{"code":"{code}",' for code in GONE))
"""How such a reason begins as text; the first of them was written by an earlier version of the program."""


class SubscriptionStore:
    """Reads and writes subscriptions. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, sub: Subscription) -> None:
        """Store a subscription, in place of an earlier one of that channel and topic."""
        now = self._database.clock.now()
        values = _values(sub)

        async def save(connection: AsyncConnection) -> None:
            where = _where(sub.channel_id, sub.topic)
            before = await connection.scalar(sa.select(subscription.c.state).where(*where))
            if sub.state is SubscriptionState.ACTIVE and before != sub.state:
                await take_up(connection, _of_topic(sub.channel_id, sub.topic), now)
            insert = upsert(connection, subscription).values(
                **_key(sub.channel_id, sub.topic), **values, state_since=now, created_at=sub.created_at, updated_at=now
            )
            since = sa.case((subscription.c.state == sub.state, subscription.c.state_since), else_=now)
            await connection.execute(
                insert.on_conflict_do_update(
                    index_elements=[column.name for column in subscription.primary_key],
                    set_=values | {"state_since": since, "updated_at": now},
                )
            )

        await self._database.write(save)

    async def delete(self, channel_id: int, topic: TopicKey) -> bool:
        """Remove a subscription and end what is open for it; return whether there was one."""

        async def delete(connection: AsyncConnection) -> bool:
            await end_open(
                connection, _of_topic(channel_id, topic), f"{CALLED_OFF}unsubscribed", self._database.clock.now()
            )
            done = await connection.execute(sa.delete(subscription).where(*_where(channel_id, topic)))
            return bool(done.rowcount)

        return await self._database.write(delete)

    async def load(self, channel_id: int, topic: TopicKey) -> Subscription | None:
        """Return one subscription, or None."""
        found = await self._load(*_where(channel_id, topic))
        return found[0] if found else None

    async def load_guild(self, guild_id: int) -> list[Subscription]:
        """Return a server's subscriptions by channel and topic."""
        return await self._load(subscription.c.guild_id == guild_id)

    async def load_all(self) -> list[Subscription]:
        """Return the subscriptions of all servers by channel and topic."""
        return await self._load(sa.true())

    async def load_active(self) -> list[Subscription]:
        """Return every subscription that gets briefs, by channel and topic."""
        return await self._load(subscription.c.state == SubscriptionState.ACTIVE)

    async def load_left(self) -> list[Subscription]:
        """Return the subscriptions of all servers that removed the bot, by channel and topic."""
        return await self._load(subscription.c.state == SubscriptionState.LEFT)

    async def count_guild(self, guild_id: int) -> int:
        """Return how many subscriptions a server has, whatever their state."""
        query = sa.select(sa.func.count()).where(subscription.c.guild_id == guild_id)
        async with self._database.read() as connection:
            return int(await connection.scalar(query) or 0)

    async def load_topics(self) -> list[TopicKey]:
        """Return the topics that some active subscription wants, built-in ones first, by slug."""
        columns = (subscription.c.topic_guild_id, subscription.c.topic_slug)
        query = sa.select(*columns).where(subscription.c.state == SubscriptionState.ACTIVE).distinct()
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(*columns))).all()
        return [TopicKey(row.topic_slug, row.topic_guild_id or None) for row in rows]

    async def set_state(
        self, channel_id: int, topic: TopicKey | None, state: SubscriptionState, reason: Statement | None
    ) -> int:
        """Set the state of a channel's subscription to `topic`, or of all of them; return how many there were.

        Paused and left end what is open for them; active gives back what was ended so.
        """
        where = [subscription.c.channel_id == channel_id] if topic is None else _where(channel_id, topic)
        ends = [delivery.c.channel_id == channel_id] if topic is None else _of_topic(channel_id, topic)
        return await self._set_state(where, ends, state, reason)

    async def set_guild_state(self, guild_id: int, state: SubscriptionState, reason: Statement | None) -> int:
        """Do the same for all subscriptions of a server."""
        return await self._set_state(
            [subscription.c.guild_id == guild_id], [delivery.c.guild_id == guild_id], state, reason
        )

    async def park(self, channel_id: int, reason: Statement) -> int:
        """Park a channel's active subscriptions; return how many. Paused and left ones stay as they are."""
        return await self._move(channel_id, SubscriptionState.ACTIVE, SubscriptionState.PARKED, reason)

    async def resume(self, channel_id: int) -> int:
        """Make a channel's parked subscriptions active again; return how many."""
        return await self._move(channel_id, SubscriptionState.PARKED, SubscriptionState.ACTIVE, None)

    async def purge_left(self, before: datetime) -> int:
        """Remove what the bot was removed from, or what was deleted, before that instant; return how many."""
        table = subscription
        text = sa.type_coerce(table.c.reason, sa.Text)
        begins = sa.or_(*(text.startswith(beginning, autoescape=True) for beginning in _GONE_TEXTS))
        gone = sa.and_(table.c.state == SubscriptionState.PARKED, begins)
        where = sa.and_(sa.or_(table.c.state == SubscriptionState.LEFT, gone), table.c.state_since < before)

        async def purge(connection: AsyncConnection) -> int:
            return (await connection.execute(sa.delete(subscription).where(where))).rowcount

        return await self._database.write(purge)

    async def _load(self, *where: sa.ColumnElement[bool]) -> list[Subscription]:
        order = (subscription.c.channel_id, subscription.c.topic_guild_id, subscription.c.topic_slug)
        async with self._database.read() as connection:
            rows = (await connection.execute(sa.select(subscription).where(*where).order_by(*order))).all()
        return [_as_subscription(row) for row in rows]

    async def _set_state(
        self,
        where: list[sa.ColumnElement[bool]],
        ends: list[sa.ColumnElement[bool]],
        state: SubscriptionState,
        reason: Statement | None,
    ) -> int:
        async def change(connection: AsyncConnection) -> int:
            now = self._database.clock.now()
            if state in (SubscriptionState.PAUSED, SubscriptionState.LEFT):
                await end_open(connection, ends, f"{CALLED_OFF}{state.value}", now)
            elif state is SubscriptionState.ACTIVE:
                await take_up(connection, ends, now)
            return await _change(connection, where, state, reason, now)

        return await self._database.write(change)

    async def _move(
        self, channel_id: int, old: SubscriptionState, new: SubscriptionState, reason: Statement | None
    ) -> int:
        where = [subscription.c.channel_id == channel_id, subscription.c.state == old]

        async def change(connection: AsyncConnection) -> int:
            return await _change(connection, where, new, reason, self._database.clock.now())

        return await self._database.write(change)


async def _change(
    connection: AsyncConnection,
    where: list[sa.ColumnElement[bool]],
    state: SubscriptionState,
    reason: Statement | None,
    now: datetime,
) -> int:
    since = sa.case((subscription.c.state == state, subscription.c.state_since), else_=now)
    values = {"state": state, "reason": reason, "state_since": since, "updated_at": now}
    return (await connection.execute(sa.update(subscription).where(*where).values(values))).rowcount


def _key(channel_id: int, topic: TopicKey) -> dict[str, Any]:
    return {"channel_id": channel_id, "topic_guild_id": topic.guild_id or BUILT_IN, "topic_slug": topic.slug}


def _where(channel_id: int, topic: TopicKey) -> list[sa.ColumnElement[bool]]:
    return [subscription.c[name] == value for name, value in _key(channel_id, topic).items()]


def _of_topic(channel_id: int, topic: TopicKey) -> list[sa.ColumnElement[bool]]:
    return [delivery.c[name] == value for name, value in _key(channel_id, topic).items()]


def _values(sub: Subscription) -> dict[str, Any]:
    return {
        "guild_id": sub.guild_id,
        "post_time": sub.post_time.isoformat("minutes") if sub.post_time else None,
        "zone": sub.zone,
        "language": sub.language,
        "style": sub.style,
        "max_papers": sub.max_papers,
        "role_id": sub.role_id,
        "crosspost": sub.crosspost,
        "quiet_line": sub.quiet_line,
        "tag_ids": list(sub.tag_ids),
        "translate": sub.translate,
        "state": sub.state,
        "reason": sub.reason,
        "created_by": sub.created_by,
    }


def _as_subscription(row: sa.Row[Any]) -> Subscription:
    return Subscription(
        guild_id=row.guild_id,
        channel_id=row.channel_id,
        topic=TopicKey(row.topic_slug, row.topic_guild_id or None),
        created_by=row.created_by,
        created_at=row.created_at,
        post_time=time.fromisoformat(row.post_time) if row.post_time else None,
        zone=row.zone,
        language=row.language,
        style=PostingStyle(row.style),
        max_papers=row.max_papers,
        role_id=row.role_id,
        crosspost=row.crosspost,
        quiet_line=row.quiet_line,
        tag_ids=tuple(row.tag_ids),
        translate=row.translate,
        state=SubscriptionState(row.state),
        reason=row.reason,
        state_since=row.state_since,
    )
