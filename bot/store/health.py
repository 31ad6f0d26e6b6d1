"""What the database says of the bot's health: counts and the ages of things, in one look. Changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery import DeliveryKind, DeliveryState, SubscriptionState
from bot.model import AnnouncementState
from bot.spending import Spending
from bot.statement import Statement
from bot.store.delivery_rows import OPEN, key_names
from bot.store.engine import Database
from bot.store.migrations import HEAD
from bot.store.schema import announcement, delivery, gateway_identify, guild, paper, spend, subscription

_DAY = timedelta(days=1)
_NEWS = timedelta(days=7)
"""A message that was given up before is no news."""


@dataclass(frozen=True, slots=True)
class NewestAnnouncement:
    """The newest announcement of a category."""

    category: str
    announced_on: date
    state: AnnouncementState


@dataclass(frozen=True, slots=True)
class StoredFigures:
    """The database in figures.

    `announcements` counts (category, date) pairs, `deliveries` parts. `waiting_since`: since when the part that waits
    longest is due and planned; those that Discord refused are not waited for. `identifies` are those of 24 hours,
    `spending` is what is booked, ever.
    """

    announcements: Mapping[AnnouncementState, int]
    newest: tuple[NewestAnnouncement, ...]
    last_ingest: datetime | None
    papers: int
    deliveries: Mapping[DeliveryState, int]
    waiting_since: datetime | None
    subscriptions: Mapping[SubscriptionState, int]
    servers: int
    identifies: int
    spending: Spending
    schema: str = HEAD


@dataclass(frozen=True, slots=True)
class ParkedChannel:
    """A channel whose subscriptions are parked, and why."""

    guild_id: int
    channel_id: int
    reason: Statement | None


@dataclass(frozen=True, slots=True)
class MissingMessage:
    """A message that is not in its channel, or may not be, and that is not the fate of the whole channel.

    `delivery_id` is that of its first part which is missing.
    """

    delivery_id: int
    guild_id: int
    channel_id: int
    reason: str | None


class HealthStore:
    """Reads the figures. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, now: datetime) -> StoredFigures:
        """Return the figures of one moment."""
        async with self._database.read() as connection:
            spent = (await connection.execute(_spent())).one()
            return StoredFigures(
                announcements=await _count(connection, announcement.c.state),
                newest=await _newest(connection),
                last_ingest=await connection.scalar(sa.select(sa.func.max(announcement.c.fetched_at))),
                papers=await _size(connection, paper),
                deliveries=await _count(connection, delivery.c.state),
                waiting_since=await connection.scalar(_waiting_since()),
                subscriptions=await _count(connection, subscription.c.state),
                servers=await _size(connection, guild, guild.c.left_at.is_(None)),
                identifies=await _size(connection, gateway_identify, gateway_identify.c.identified_at >= now - _DAY),
                spending=Spending(*(int(amount or 0) for amount in spent)),
            )

    async def load_parked(self) -> list[ParkedChannel]:
        """Return the channels with a parked subscription, each once."""
        column = subscription.c
        query = (
            sa.select(column.guild_id, column.channel_id, column.reason)
            .where(column.state == SubscriptionState.PARKED)
            .order_by(column.channel_id, column.topic_guild_id, column.topic_slug)
        )
        async with self._database.read() as connection:
            found: dict[int, ParkedChannel] = {}
            for row in await connection.execute(query):
                found.setdefault(row.channel_id, ParkedChannel(row.guild_id, row.channel_id, row.reason))
            return list(found.values())

    async def load_missing(self, now: datetime) -> list[MissingMessage]:
        """Return what was given up in the last seven days or is refused in its thread alone, each delivery once.

        Not what a parked channel waits for, nor notices: other methods tell of those.
        """
        column, other = delivery.c, delivery.alias("other")
        whole_channel = sa.exists().where(
            other.c.channel_id == column.channel_id,
            other.c.state == DeliveryState.PARKED,
            other.c.into_part.is_(None),
            other.c.next_attempt_at.is_not(None),
        )
        given_up = column.next_attempt_at.is_(None)
        query = (
            sa.select(delivery)
            .where(column.state == DeliveryState.PARKED, column.kind != DeliveryKind.NOTICE)
            .where(column.updated_at >= now - _NEWS, sa.or_(given_up, sa.not_(whole_channel)))
            .order_by(column.delivery_id)
        )
        async with self._database.read() as connection:
            found: dict[tuple[Any, ...], MissingMessage] = {}
            for row in await connection.execute(query):
                one = MissingMessage(row.delivery_id, row.guild_id, row.channel_id, row.reason)
                found.setdefault(tuple(getattr(row, name) for name in key_names()), one)
            return list(found.values())

    async def has_rewritten(self, now: datetime) -> bool:
        """Return whether Discord refused a message of the last two days as it was and was given another form of it."""
        column = delivery.c
        query = sa.select(sa.exists().where(column.due_at >= now - 2 * _DAY, column.payload_version > 1))
        async with self._database.read() as connection:
            return bool(await connection.scalar(query))

    async def load_trouble(self, channel_id: int) -> str | None:
        """Return why the newest notice to the owner's channel is not there; None where it is, or is on its way."""
        column = delivery.c
        query = (
            sa.select(column.state, column.reason)
            .where(column.channel_id == channel_id, column.kind == DeliveryKind.NOTICE)
            .order_by(column.delivery_id.desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None or row.state == DeliveryState.SENT else row.reason


async def _count(connection: AsyncConnection, state: "sa.Column[Any]") -> dict[Any, int]:
    rows = await connection.execute(sa.select(state, sa.func.count()).group_by(state))
    return {row[0]: row[1] for row in rows}


async def _size(connection: AsyncConnection, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    return await connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0


async def _newest(connection: AsyncConnection) -> tuple[NewestAnnouncement, ...]:
    column = announcement.c
    latest = (
        sa.select(column.category, sa.func.max(column.announced_on).label("announced_on"))
        .group_by(column.category)
        .subquery()
    )
    same = sa.and_(column.category == latest.c.category, column.announced_on == latest.c.announced_on)
    query = sa.select(column.category, column.announced_on, column.state).join(latest, same).order_by(column.category)
    rows = await connection.execute(query)
    return tuple(NewestAnnouncement(row.category, row.announced_on, row.state) for row in rows)


def _waiting_since() -> "sa.Select[tuple[datetime | None]]":
    column = delivery.c
    # A brief that is planned late was not waiting before it was planned.
    since = sa.case((column.created_at > column.due_at, column.created_at), else_=column.due_at)
    waiting = (*OPEN, DeliveryState.CLAIMED, DeliveryState.POSTING)
    return sa.select(sa.func.min(since)).where(column.state.in_(waiting), column.refused_on.is_(None))


def _spent() -> "sa.Select[Any]":
    names = ("requests", "input_tokens", "output_tokens", "cost_micros", "estimated")
    return sa.select(*(sa.func.sum(spend.c[name]) for name in names))
