"""Rows of the ledger: what they mean as objects, and the queries that more than one method of `Outbox` needs.

Knows SQL and nothing of when anything is sent.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery import Delivery, DeliveryAction, DeliveryKind, DeliveryState, PlannedDelivery, TopicKey
from bot.store.delivery_keys import delivery_key, make_nonce
from bot.store.schema import BUILT_IN, delivery

OPEN = (DeliveryState.PLANNED, DeliveryState.RETRY, DeliveryState.UNKNOWN)
"""States that wait for the sender."""

ENDABLE = (*OPEN, DeliveryState.CLAIMED, DeliveryState.PARKED)
"""States that may be ended from outside: all but a request under way and what is over."""

FURTHEST = timedelta(hours=25)
"""No wait is longer; a later `next_attempt_at` was written under a clock that has been set back, and counts as now."""


_RESUMED_FOR = timedelta(hours=48)

CALLED_OFF = "called off: "
"""How the reason begins of what was ended because its subscription was: taken up again with it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A part that the sender took, with what only the sender needs.

    `delivery.attempted_at` is the first of the attempts whose outcome is open, None when none is. `into_id` is the
    result of the part this one belongs to; None with `delivery.into` set means that it was never posted.
    """

    delivery: Delivery
    into_id: int | None
    first_attempted_at: datetime | None
    refused_on: date | None
    payload_version: int
    bot_id: int

    def nonce(self, version: int) -> str:
        """Return the nonce for another version of the payload."""
        one = self.delivery
        key = delivery_key(one.topic, one.announced_on, one.kind)
        return make_nonce(self.bot_id, one.channel_id, key, one.part, version)


def planned_rows(planned: PlannedDelivery, bot_id: int, now: datetime) -> list[dict[str, Any]]:
    """Return the rows of a delivery that is new. Raises `ValueError` for parts that could never be sent or found."""
    _check_parts(planned)
    key = delivery_key(planned.topic, planned.announced_on, planned.kind)
    return [
        {
            "guild_id": planned.guild_id,
            **key_values(planned.channel_id, planned.announced_on, planned.kind, planned.topic),
            "part": one.part,
            "action": one.action,
            "into_part": one.into,
            "due_at": planned.due_at,
            "payload": dict(one.payload),
            "payload_version": 1,
            "bot_id": bot_id,
            "nonce": make_nonce(bot_id, planned.channel_id, key, one.part),
            "marker": one.marker,
            "state": DeliveryState.PLANNED,
            "attempts": 0,
            "created_at": now,
            "updated_at": now,
        }
        for one in planned.parts
    ]


def _check_parts(planned: PlannedDelivery) -> None:
    if not planned.parts or [one.part for one in planned.parts] != list(range(len(planned.parts))):
        raise ValueError("the parts of a delivery are numbered from 0 without gaps")
    for one in planned.parts:
        if one.into is not None and not 0 <= one.into < one.part:
            raise ValueError(f"part {one.part} belongs to part {one.into}, which does not come before it")
        if one.action in (DeliveryAction.THREAD, DeliveryAction.CROSSPOST):
            if one.into is None:
                raise ValueError(f"part {one.part} ({one.action}) names no message to work on")
        elif not one.marker or not holds(one.payload, one.marker):
            raise ValueError(f"part {one.part} does not show its marker: it could not be found again")


def holds(value: Any, marker: str) -> bool:
    """Return whether any text inside a JSON value contains `marker`."""
    if isinstance(value, str):
        return marker in value
    if isinstance(value, dict):
        return any(holds(inner, marker) for inner in value.values())
    return isinstance(value, list | tuple) and any(holds(inner, marker) for inner in value)


def key_values(channel_id: int, announced_on: date, kind: DeliveryKind, topic: TopicKey) -> dict[str, Any]:
    """Return the columns that name a delivery."""
    return {
        "channel_id": channel_id,
        "announced_on": announced_on,
        "kind": kind,
        "topic_guild_id": topic.guild_id or BUILT_IN,
        "topic_slug": topic.slug,
    }


def same_delivery(one: Delivery) -> list[sa.ColumnElement[bool]]:
    """Return the condition for all parts of a delivery."""
    values = key_values(one.channel_id, one.announced_on, one.kind, one.topic)
    return [delivery.c[name] == value for name, value in values.items()]


def as_delivery(row: sa.Row[Any]) -> Delivery:
    """Return a row of `delivery` as an object."""
    return Delivery(
        delivery_id=row.delivery_id,
        guild_id=row.guild_id,
        channel_id=row.channel_id,
        topic=TopicKey(row.topic_slug, row.topic_guild_id or None),
        announced_on=row.announced_on,
        kind=row.kind,
        part=row.part,
        action=row.action,
        payload=row.payload,
        nonce=row.nonce,
        marker=row.marker,
        state=row.state,
        due_at=row.due_at,
        into=row.into_part,
        reason=row.reason,
        attempts=row.attempts,
        attempted_at=row.attempted_at,
        next_attempt_at=row.next_attempt_at,
        claimed_by=row.claimed_by,
        lease_until=row.lease_until,
        result_id=row.result_id,
        created_at=row.created_at,
    )


def heads(now: datetime, busy: Collection[int]) -> sa.Subquery:
    """Return what stands first in each channel and topic outside of `busy` channels: id, channel, due_at, ready_at.

    A parked part stands in line only when its daily look is due; until then it holds up nothing.
    """
    table = delivery
    waiting = sa.or_(
        table.c.state.in_(OPEN),
        sa.and_(table.c.state == DeliveryState.PARKED, table.c.next_attempt_at <= now),
    )
    late_clock = now + FURTHEST
    next_at = sa.case((table.c.next_attempt_at > late_clock, table.c.due_at), else_=table.c.next_attempt_at)
    ready_at = sa.case((next_at > table.c.due_at, next_at), else_=table.c.due_at)
    place = sa.func.row_number().over(
        partition_by=(table.c.channel_id, table.c.topic_guild_id, table.c.topic_slug),
        order_by=(table.c.due_at, table.c.delivery_id),
    )
    columns = (table.c.delivery_id, table.c.channel_id, table.c.due_at, ready_at.label("ready_at"))
    ranked = sa.select(*columns, place.label("place")).where(waiting, table.c.claimed_by.is_(None))
    if busy:
        ranked = ranked.where(table.c.channel_id.not_in(list(busy)))
    inner = ranked.subquery()
    return sa.select(inner).where(inner.c.place == 1).subquery()


async def load_claims(connection: AsyncConnection, ids: Sequence[int]) -> list[Claim]:
    """Return the parts with those ids, in the order given."""
    earlier = delivery.alias("earlier")
    same = [earlier.c[name] == delivery.c[name] for name in key_names()]
    joined = delivery.outerjoin(earlier, sa.and_(*same, earlier.c.part == delivery.c.into_part))
    query = sa.select(delivery, earlier.c.result_id.label("into_id")).select_from(joined)
    rows = (await connection.execute(query.where(delivery.c.delivery_id.in_(ids)))).all()
    place = {one: index for index, one in enumerate(ids)}
    return [_as_claim(row) for row in sorted(rows, key=lambda row: place[row.delivery_id])]


def key_names() -> tuple[str, ...]:
    """Return the names of the columns that name a delivery."""
    return ("channel_id", "announced_on", "kind", "topic_guild_id", "topic_slug")


def _as_claim(row: sa.Row[Any]) -> Claim:
    return Claim(
        delivery=as_delivery(row),
        into_id=row.into_id,
        first_attempted_at=row.first_attempted_at,
        refused_on=row.refused_on,
        payload_version=row.payload_version,
        bot_id=row.bot_id,
    )


async def end_open(
    connection: AsyncConnection, where: Sequence[sa.ColumnElement[bool]], reason: str, now: datetime
) -> int:
    """Skip every part that meets `where` and is neither over nor being sent this moment; return how many."""
    values = {
        "state": DeliveryState.SKIPPED,
        "reason": reason,
        "claimed_by": None,
        "lease_until": None,
        "next_attempt_at": None,
        "updated_at": now,
    }
    statement = sa.update(delivery).where(*where, delivery.c.state.in_(ENDABLE)).values(values)
    return (await connection.execute(statement)).rowcount


async def take_up(connection: AsyncConnection, where: Sequence[sa.ColumnElement[bool]], now: datetime) -> None:
    """Give back the dates in `where` that were called off with a subscription that is now active again.

    A delivery of which nothing was ever tried leaves the ledger, so that it is planned anew as things are now. One that
    was begun goes on with its frozen payloads, if it is not too old: what stands in the channel stays the only one.
    """
    other = delivery.alias("other")
    same = [other.c[name] == delivery.c[name] for name in key_names()]
    called_off = sa.and_(
        delivery.c.state == DeliveryState.SKIPPED, delivery.c.reason.startswith(CALLED_OFF, autoescape=True)
    )
    begun = sa.exists().where(*same, sa.or_(other.c.attempts > 0, other.c.state == DeliveryState.SENT))
    await connection.execute(sa.delete(delivery).where(*where, called_off, sa.not_(begun)))
    unclear = delivery.c.attempted_at.is_not(None)
    state = sa.case((unclear, DeliveryState.UNKNOWN.value), else_=DeliveryState.RETRY.value)
    rest = sa.update(delivery).where(*where, called_off, delivery.c.due_at >= now - _RESUMED_FOR)
    await connection.execute(rest.values(state=state, reason=None, refused_on=None, updated_at=now))
