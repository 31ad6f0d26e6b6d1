"""What became of everything that was due in a span of time: the raw figures of the owner's report. Changes nothing."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from bot.delivery import DeliveryKind, DeliveryState, TopicKey
from bot.model import AnnouncementState
from bot.spending import Spending
from bot.store.delivery_rows import OPEN
from bot.store.engine import Database
from bot.store.schema import announcement, delivery, spend

_PAGE = 200
_UNDER_WAY = (*OPEN, DeliveryState.CLAIMED, DeliveryState.POSTING)
_SHOWING = (DeliveryKind.BRIEF, DeliveryKind.LATE)


@dataclass(frozen=True, slots=True)
class DueBriefs:
    """So many briefs that were due: whether some part of each is sent, parked or under way, and when the last was sent.

    `sent_at` is a whole second, at most one too early.
    """

    due_at: datetime
    sent: bool
    parked: bool
    waiting: bool
    sent_at: datetime | None
    briefs: int


@dataclass(frozen=True, slots=True)
class AnnouncedDays:
    """Announcements of some days: how many were in which state, how many papers they had and how many are missing."""

    states: Mapping[AnnouncementState, int]
    papers: int
    missing: int


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message of a brief that stands in Discord: of which channel and topic, of which delivery, and what it shows."""

    channel_id: int
    topic: TopicKey
    announced_on: date
    kind: DeliveryKind
    payload: Mapping[str, Any]


class ReportStore:
    """Reads the figures. Every method raises the kinds of `StoreError`. Spans include their first instant only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_due(self, first: datetime, until: datetime) -> list[DueBriefs]:
        """Return the briefs that were due in that span, those of one fate and the same two seconds together."""
        column = delivery.c

        def some(*states: DeliveryState) -> sa.ColumnElement[int]:
            return sa.func.max(sa.case((column.state.in_(states), 1), else_=0))

        sent_at = sa.func.max(sa.case((column.state == DeliveryState.SENT, column.updated_at)))
        brief = (
            sa.select(
                sa.func.min(column.due_at).label("due_at"),
                some(DeliveryState.SENT).label("sent"),
                some(DeliveryState.PARKED).label("parked"),
                some(*_UNDER_WAY).label("waiting"),
                sa.type_coerce(self._second(sent_at), column.updated_at.type).label("sent_at"),
            )
            .where(column.due_at >= first, column.due_at < until, column.kind == DeliveryKind.BRIEF)
            .group_by(column.channel_id, column.announced_on, column.topic_guild_id, column.topic_slug)
            .subquery()
        )
        query = sa.select(*brief.c, sa.func.count().label("briefs")).group_by(*brief.c)
        async with self._database.read() as connection:
            return [
                DueBriefs(row.due_at, bool(row.sent), bool(row.parked), bool(row.waiting), row.sent_at, row.briefs)
                for row in await connection.execute(query)
            ]

    def _second(self, instant: sa.ColumnElement[datetime]) -> sa.ColumnElement[datetime]:
        """Return the instant without fractions of a second, which hardly two messages have in common."""
        if self._database.dialect == "postgresql":
            return sa.func.date_trunc("second", instant)
        return sa.func.substr(instant, 1, len("2026-11-20 12:00:00"))

    async def load_announced(self, first: date, until: date) -> AnnouncedDays:
        """Return what was announced on those dates, `until` excluded."""
        column = announcement.c
        shown = column.shown_new + column.shown_cross
        stored = column.stored_new + column.stored_cross
        missing = sa.func.sum(sa.case((shown > stored, shown - stored), else_=0))
        query = (
            sa.select(
                column.state, sa.func.count().label("days"), sa.func.sum(stored).label("papers"), missing.label("m")
            )
            .where(column.announced_on >= first, column.announced_on < until)
            .group_by(column.state)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        states = {row.state: row.days for row in rows}
        return AnnouncedDays(states, sum(int(row.papers) for row in rows), sum(int(row.m) for row in rows))

    async def load_spent(self, first: date, until: date) -> Spending:
        """Return what models cost on those days, `until` excluded."""
        names = ("requests", "input_tokens", "output_tokens", "cost_micros", "estimated")
        query = sa.select(*(sa.func.sum(spend.c[name]) for name in names))
        async with self._database.read() as connection:
            row = (await connection.execute(query.where(spend.c.day >= first, spend.c.day < until))).one()
        return Spending(*(int(amount or 0) for amount in row))

    async def load_missed(self, first: datetime, until: datetime) -> int:
        """Return how many lines about missed briefs were due in that span."""
        column = delivery.c
        where = (column.due_at >= first, column.due_at < until, column.kind == DeliveryKind.MISSED)
        async with self._database.read() as connection:
            return await connection.scalar(sa.select(sa.func.count()).select_from(delivery).where(*where)) or 0

    async def has_history(self, before: datetime) -> bool:
        """Return whether any brief was due before that instant."""
        query = sa.select(sa.exists().where(delivery.c.due_at < before, delivery.c.kind == DeliveryKind.BRIEF))
        async with self._database.read() as connection:
            return bool(await connection.scalar(query))

    async def sent_messages(self, first: datetime, until: datetime) -> AsyncIterator[SentMessage]:
        """Yield the messages of briefs due in that span that were sent, some at a time."""
        column, last = delivery.c, 0
        while True:
            query = (
                sa.select(delivery)
                .where(column.due_at >= first, column.due_at < until, column.kind.in_(_SHOWING))
                .where(column.state == DeliveryState.SENT, column.delivery_id > last)
                .order_by(column.delivery_id)
                .limit(_PAGE)
            )
            async with self._database.read() as connection:
                rows = (await connection.execute(query)).all()
            for row in rows:
                topic = TopicKey(row.topic_slug, row.topic_guild_id or None)
                yield SentMessage(row.channel_id, topic, row.announced_on, row.kind, row.payload)
            if len(rows) < _PAGE:
                return
            last = rows[-1].delivery_id
