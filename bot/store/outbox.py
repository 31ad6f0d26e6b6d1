"""The ledger of everything the bot posts by itself: planned in one transaction, then moved from state to state.

The planner adds and asks; the sender alone takes and settles, through `fenced`. The order of requests and waits is the
sender's business. An attempt whose outcome is open is never forgotten: `attempted_at` stays until it is resolved.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    LedgerCounts,
    PlannedDelivery,
    TopicKey,
)
from bot.store.copied import begin_on_copy, doubted, doubtful_until
from bot.store.delivery_rows import (
    ENDABLE,
    OPEN,
    Claim,
    as_delivery,
    end_open,
    heads,
    key_values,
    load_claims,
    planned_rows,
    same_delivery,
)
from bot.store.engine import Database
from bot.store.leases import check_token
from bot.store.schema import BUILT_IN, delivery

T = TypeVar("T")

LINE_LASTS = timedelta(days=1)

_COVERING = (DeliveryKind.BRIEF, DeliveryKind.LATE, DeliveryKind.QUIET)
_UNDELIVERED = (DeliveryState.PARKED, DeliveryState.SKIPPED)
_FREE = {"claimed_by": None, "lease_until": None}


class Outbox:
    """Reads and writes deliveries. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database, *, token: int | None = None) -> None:
        self._database = database
        self._token = token

    def fenced(self, token: int) -> "Outbox":
        """Return the same ledger, every write of which raises `LeaseLost` once a newer token exists."""
        return Outbox(self._database, token=token)

    # For the planner, the cogs and the commands

    async def plan(self, planned: PlannedDelivery, *, bot_id: int, now: datetime) -> bool:
        """Store a delivery with all its parts; return False, changing nothing, when its key exists.

        Raises `ValueError` for parts that could never be sent in order, or never be found again.
        """
        rows = planned_rows(planned, bot_id, now)
        key = key_values(planned.channel_id, planned.announced_on, planned.kind, planned.topic)

        async def plan(connection: AsyncConnection) -> bool:
            if await connection.scalar(_exists(key)):
                return False
            await connection.execute(sa.insert(delivery), doubted(rows, await doubtful_until(connection)))
            return True

        return await self._write(plan)

    async def exists(self, channel_id: int, announced_on: date, kind: DeliveryKind, topic: TopicKey) -> bool:
        """Return whether that delivery was ever planned."""
        async with self._database.read() as connection:
            return bool(await connection.scalar(_exists(key_values(channel_id, announced_on, kind, topic))))

    async def delivered_dates(self, channel_id: int, topic: TopicKey) -> set[date]:
        """Return the announcement dates of which the channel has, or will have, the brief or the quiet line."""
        query = sa.select(delivery.c.announced_on).where(
            *_of(channel_id, topic), delivery.c.kind.in_(_COVERING), delivery.c.state.not_in(_UNDELIVERED)
        )
        async with self._database.read() as connection:
            return set((await connection.scalars(query.distinct())).all())

    async def has_any(self, channel_id: int, topic: TopicKey) -> bool:
        """Return whether anything was ever planned for that channel and topic."""
        query = sa.select(sa.exists().where(*_of(channel_id, topic)))
        async with self._database.read() as connection:
            return bool(await connection.scalar(query))

    async def counts(self) -> LedgerCounts:
        """Return how many parts are in each state, and since when the oldest open one is due."""
        states = sa.select(delivery.c.state, sa.func.count().label("parts")).group_by(delivery.c.state)
        open_ = (*OPEN, DeliveryState.CLAIMED, DeliveryState.POSTING)
        oldest = sa.select(sa.func.min(delivery.c.due_at)).where(delivery.c.state.in_(open_))
        async with self._database.read() as connection:
            by_state = {row.state: row.parts for row in await connection.execute(states)}
            return LedgerCounts(by_state, await connection.scalar(oldest))

    async def load_for_channel(self, channel_id: int, limit: int = 50) -> list[Delivery]:
        """Return a channel's newest parts, newest first."""
        query = sa.select(delivery).where(delivery.c.channel_id == channel_id)
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(delivery.c.delivery_id.desc()).limit(limit))
            return [as_delivery(row) for row in rows]

    async def nudge(self, now: datetime, *, channel_id: int | None = None, guild_id: int | None = None) -> int:
        """Make what Discord refused in a channel or server due at once; return how many parts.

        For the moment in which permissions may have changed.
        """
        where = [delivery.c.channel_id == channel_id] if channel_id is not None else []
        where += [delivery.c.guild_id == guild_id] if guild_id is not None else []
        refused = (delivery.c.refused_on.is_not(None), delivery.c.next_attempt_at.is_not(None))
        if not where:
            raise ValueError("a channel or a server must be named")
        return await self._update((*where, *refused, delivery.c.state.in_(ENDABLE)), now, next_attempt_at=now)

    # For the sender

    async def recover(self, now: datetime, *, expired: datetime) -> int:
        """Take over what an earlier process left; return how many parts it was sending.

        Parts under way become unknown, claimed ones wait again. Of deliveries due before `expired` of which nothing was
        ever tried, all parts are skipped: they are old news, and the planner mentions what was missed. The line that
        does so has a day longer, for it is planned as old as that.
        """
        table = delivery
        tried = table.alias("tried")
        same = [tried.c[name] == table.c[name] for name in ("channel_id", "announced_on", "kind")]
        same += [tried.c[name] == table.c[name] for name in ("topic_guild_id", "topic_slug")]
        begun = sa.exists().where(*same, tried.c.attempts > 0)

        async def recover(connection: AsyncConnection) -> int:
            mine = {**_FREE, "updated_at": now}
            await connection.execute(sa.update(table).where(table.c.claimed_by.is_not(None)).values(_FREE))
            claimed = sa.update(table).where(table.c.state == DeliveryState.CLAIMED)
            await connection.execute(claimed.where(table.c.attempts > 0).values(mine | {"state": DeliveryState.RETRY}))
            await connection.execute(
                claimed.where(table.c.attempts == 0).values(mine | {"state": DeliveryState.PLANNED})
            )
            values = mine | {"state": DeliveryState.UNKNOWN, "next_attempt_at": None, "reason": "cut off while sending"}
            posting = sa.update(table).where(table.c.state == DeliveryState.POSTING).values(values)
            found = (await connection.execute(posting)).rowcount
            line = sa.and_(table.c.kind == DeliveryKind.MISSED, table.c.due_at >= expired - LINE_LASTS)
            old = [table.c.state == DeliveryState.PLANNED, table.c.due_at < expired, sa.not_(line), sa.not_(begun)]
            await end_open(connection, old, "too late: nothing was sent for days", now)
            await begin_on_copy(connection, now)
            return found

        return await self._write(recover)

    async def claim(
        self, now: datetime, *, limit: int, busy: Collection[int], holder: str, lease_until: datetime
    ) -> list[Claim]:
        """Take up to `limit` parts that are due, at most one of a channel and none of `busy` ones, oldest first."""
        found = heads(now, busy)
        oldest = (found.c.due_at, found.c.delivery_id)
        turn = sa.func.row_number().over(partition_by=found.c.channel_id, order_by=oldest)
        ready = sa.select(found, turn.label("turn")).where(found.c.ready_at <= now).subquery()
        query = sa.select(ready.c.delivery_id).where(ready.c.turn == 1).order_by(ready.c.due_at, ready.c.delivery_id)
        async with self._database.read() as connection:
            ids = (await connection.scalars(query.limit(limit))).all()
        if not ids:
            return []
        waiting = delivery.c.state.in_((DeliveryState.PLANNED, DeliveryState.RETRY))
        claimed = sa.case((waiting, DeliveryState.CLAIMED.value), else_=delivery.c.state)

        async def take(connection: AsyncConnection) -> list[Claim]:
            free = sa.and_(delivery.c.delivery_id.in_(ids), delivery.c.claimed_by.is_(None))
            free = sa.and_(free, delivery.c.state.in_((*OPEN, DeliveryState.PARKED)))
            values = {"claimed_by": holder, "lease_until": lease_until, "state": claimed, "updated_at": now}
            await connection.execute(sa.update(delivery).where(free).values(values))
            mine = sa.and_(delivery.c.delivery_id.in_(ids), delivery.c.claimed_by == holder)
            taken = set((await connection.scalars(sa.select(delivery.c.delivery_id).where(mine))).all())
            return await load_claims(connection, [one for one in ids if one in taken])

        return await self._write(take)

    async def next_due(self, now: datetime, *, busy: Collection[int]) -> datetime | None:
        """Return when the next part outside of `busy` channels is ready, which may be past; None when none waits."""
        found = heads(now, busy)
        # A look that is due already stands in line with the rest, perhaps behind a part that has to wait.
        parked = sa.select(sa.func.min(delivery.c.next_attempt_at)).where(
            delivery.c.state == DeliveryState.PARKED, delivery.c.next_attempt_at > now
        )
        async with self._database.read() as connection:
            ready = await connection.scalar(sa.select(sa.func.min(found.c.ready_at)))
            look = await connection.scalar(parked.where(delivery.c.claimed_by.is_(None)))
        return min((one for one in (ready, look) if one is not None), default=None)

    async def release(self, claims: Sequence[Claim], now: datetime) -> None:
        """Give parts back that were taken and not begun."""
        for one in claims:
            state = one.delivery.state
            if state is DeliveryState.CLAIMED:
                state = DeliveryState.RETRY if one.delivery.attempts else DeliveryState.PLANNED
            held = (*_held(one), delivery.c.state == one.delivery.state)
            await self._update(held, now, state=state, **_FREE)

    async def posting(self, claim: Claim, now: datetime) -> bool:
        """Record, durably, that a request is about to be made; False when the part was ended meanwhile."""
        where = _held(claim)
        mine = (*OPEN, DeliveryState.CLAIMED, DeliveryState.POSTING, DeliveryState.PARKED)
        done = await self._update(
            (*where, delivery.c.state.in_(mine)),
            now,
            state=DeliveryState.POSTING,
            attempts=delivery.c.attempts + 1,
            attempted_at=sa.func.coalesce(
                delivery.c.attempted_at, sa.bindparam("at", now, delivery.c.attempted_at.type)
            ),
            first_attempted_at=sa.func.coalesce(
                delivery.c.first_attempted_at, sa.bindparam("first", now, delivery.c.attempted_at.type)
            ),
        )
        return bool(done)

    async def sent(self, claim: Claim, result_id: int | None, now: datetime) -> None:
        """Record that the part stands in Discord; `result_id` is None where it stood and was deleted."""
        values = {"state": DeliveryState.SENT, "result_id": result_id, "reason": None, "refused_on": None, **_FREE}
        # Even where the part was ended meanwhile: what stands in Discord is sent.
        await self._update((_is(claim),), now, next_attempt_at=None, **values)

    async def wait(
        self, claim: Claim, reason: str, *, until: datetime, open_since: datetime | None, now: datetime
    ) -> None:
        """Record that the part is tried again at `until`.

        `open_since`: the first attempt whose outcome is open, which makes the state unknown; None when nothing of the
        part can stand in Discord.
        """
        state = DeliveryState.RETRY if open_since is None else DeliveryState.UNKNOWN
        await self._settle(
            claim,
            now,
            state=state,
            reason=reason,
            next_attempt_at=until,
            attempted_at=open_since,
            refused_on=claim.refused_on,
        )

    async def reword(self, claim: Claim, payload: Mapping[str, Any], now: datetime) -> None:
        """Put other words into a part of which it is certain that nothing was posted; its nonce and claim stay."""
        await self._update((*_held(claim), delivery.c.attempted_at.is_(None)), now, payload=dict(payload))

    async def absent(self, claim: Claim, now: datetime) -> None:
        """Record that no attempt so far posted anything; the claim stays."""
        await self._update((_is(claim),), now, attempted_at=None)

    async def refuse(
        self, claim: Claim, reason: str, *, until: datetime, open_since: datetime | None, now: datetime
    ) -> None:
        """Record a first refusal for want of permission, and when to ask again."""
        state = DeliveryState.RETRY if open_since is None else DeliveryState.UNKNOWN
        day = claim.refused_on or now.date()
        await self._settle(
            claim, now, state=state, reason=reason, next_attempt_at=until, attempted_at=open_since, refused_on=day
        )

    async def park(
        self,
        claim: Claim,
        reason: str,
        *,
        again: datetime | None,
        open_since: datetime | None,
        now: datetime,
        whole_channel: bool,
    ) -> None:
        """Park the part and the rest of its delivery; with `whole_channel` all that is open there.

        `again`: when to look whether Discord takes it after all; None leaves it to a person.
        """
        one = claim.delivery
        rest = [delivery.c.channel_id == one.channel_id] if whole_channel else same_delivery(one)
        values: dict[str, Any] = {"state": DeliveryState.PARKED, "reason": reason, "next_attempt_at": again}
        day = (claim.refused_on or now.date()) if again is not None else claim.refused_on
        values |= _FREE | {"refused_on": day, "updated_at": now}

        async def park(connection: AsyncConnection) -> None:
            mine = values | {"attempted_at": open_since}
            await connection.execute(sa.update(delivery).where(*_held(claim)).values(mine))
            hopeful = sa.and_(delivery.c.state == DeliveryState.PARKED, delivery.c.next_attempt_at.is_not(None))
            waiting = sa.or_(delivery.c.state.in_((*OPEN, DeliveryState.CLAIMED)), hopeful)
            others = sa.update(delivery).where(*rest, ~_is(claim), waiting)
            await connection.execute(others.values(values))

        await self._write(park)

    async def unpark(self, channel_id: int, now: datetime) -> int:
        """Let everything go on that waits for permission in a channel; return how many parts."""
        table = delivery
        where = (table.c.channel_id == channel_id, table.c.refused_on.is_not(None), table.c.claimed_by.is_(None))
        states = (DeliveryState.PARKED, DeliveryState.RETRY, DeliveryState.UNKNOWN)
        state = sa.case(
            (table.c.attempted_at.is_not(None), DeliveryState.UNKNOWN.value), else_=DeliveryState.RETRY.value
        )
        return await self._update(
            (*where, table.c.state.in_(states), table.c.next_attempt_at.is_not(None)),
            now,
            state=state,
            next_attempt_at=None,
            refused_on=None,
        )

    async def postpone(self, claim: Claim, *, until: datetime, now: datetime) -> None:
        """Leave what is parked in the part's channel as it is until another look."""
        hopeful = (delivery.c.state == DeliveryState.PARKED, delivery.c.next_attempt_at.is_not(None))
        where = (delivery.c.channel_id == claim.delivery.channel_id, *hopeful)
        await self._update(where, now, next_attempt_at=until, **_FREE)

    async def skip(self, claim: Claim, reason: str, now: datetime) -> int:
        """End the part and the rest of its delivery unsent; return how many parts that were."""

        async def skip(connection: AsyncConnection) -> int:
            ended = await end_open(connection, same_delivery(claim.delivery), reason, now)
            values = {"state": DeliveryState.SKIPPED, "reason": reason, "updated_at": now, **_FREE}
            under_way = sa.update(delivery).where(_is(claim), delivery.c.state == DeliveryState.POSTING)
            return ended + (await connection.execute(under_way.values(values))).rowcount

        return await self._write(skip)

    async def skip_parked(self, channel_id: int, *, due_before: datetime, reason: str, now: datetime) -> int:
        """End what was parked in a channel and is too old by now; return how many parts."""
        where = [delivery.c.channel_id == channel_id, delivery.c.state == DeliveryState.PARKED]
        where += [delivery.c.due_at < due_before, delivery.c.next_attempt_at.is_not(None)]
        return await self._write(lambda connection: end_open(connection, where, reason, now))

    async def replace_payload(
        self, claim: Claim, payload: Mapping[str, Any], version: int, reason: str, now: datetime
    ) -> None:
        """Put another payload, with a nonce of its own, in place of one that Discord refused; due at once."""
        await self._settle(
            claim,
            now,
            state=DeliveryState.RETRY,
            payload=dict(payload),
            payload_version=version,
            nonce=claim.nonce(version),
            reason=reason,
            attempted_at=None,
            next_attempt_at=None,
        )

    async def _settle(self, claim: Claim, now: datetime, **values: Any) -> None:
        await self._update(_held(claim), now, **({"refused_on": None} | values | _FREE))

    async def _update(self, where: Sequence[sa.ColumnElement[bool]], now: datetime, **values: Any) -> int:
        statement = sa.update(delivery).where(*where).values(values | {"updated_at": now})

        async def update(connection: AsyncConnection) -> int:
            return (await connection.execute(statement)).rowcount

        return await self._write(update)

    async def _write(self, fn: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async def guarded(connection: AsyncConnection) -> T:
            if self._token is not None:
                await check_token(connection, self._token)
            return await fn(connection)

        return await self._database.write(guarded)


def _is(claim: Claim) -> sa.ColumnElement[bool]:
    return delivery.c.delivery_id == claim.delivery.delivery_id


def _held(claim: Claim) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the condition for a part that nobody ended since it was taken."""
    return _is(claim), delivery.c.claimed_by == claim.delivery.claimed_by


def _exists(key: Mapping[str, Any]) -> sa.Select[tuple[bool]]:
    return sa.select(sa.exists().where(*(delivery.c[name] == value for name, value in key.items())))


def _of(channel_id: int, topic: TopicKey) -> list[sa.ColumnElement[bool]]:
    return [
        delivery.c.channel_id == channel_id,
        delivery.c.topic_guild_id == (topic.guild_id or BUILT_IN),
        delivery.c.topic_slug == topic.slug,
    ]
