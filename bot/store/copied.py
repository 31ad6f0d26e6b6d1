"""What the ledger of a copy must doubt: what was sent after the copy was made is not in it.

A restored backup, or a database copied while the bot ran, says of messages that stand in Discord that they are still
to be sent. So a copy carries a mark, and what is due up to the first start on it counts as "perhaps sent": the sender
looks for it in the channel before it posts. Sends nothing itself.
"""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery import DeliveryState
from bot.store.schema import bot_value, delivery

COPIED = "copied"
"""The row of `bot_value` that marks a copy: when it was made, and when a sender first began on it (or null)."""

_DOUBT = "may have been sent after this copy of the database was made"


def mark_copy(connection: sa.Connection, now: datetime) -> None:
    """Mark the database as a copy made at `now`."""
    connection.execute(sa.delete(bot_value).where(bot_value.c.name == COPIED))
    connection.execute(sa.insert(bot_value).values(name=COPIED, value=_made(now), updated_at=now))


def mark_file(connection: sqlite3.Connection, now: datetime) -> None:
    """Do the same for a file that is not in use yet, whatever revision its schema has."""
    # As `UtcDateTime` writes it.
    stamp = f"{now.astimezone(UTC).replace(tzinfo=None):%Y-%m-%d %H:%M:%S.%f}"
    # There is no such table in the oldest schemas, which had nothing to send either.
    with suppress(sqlite3.OperationalError):
        connection.execute(
            "INSERT OR REPLACE INTO bot_value (name, value, updated_at) VALUES (?, ?, ?)",
            (COPIED, json.dumps(_made(now)), stamp),
        )


def _made(now: datetime) -> dict[str, str | None]:
    return {"made_at": now.isoformat(), "begun_at": None}


async def doubtful_until(connection: AsyncConnection) -> datetime | None:
    """Return up to which due time a delivery may stand in Discord unknown to this ledger; None where it is no copy."""
    mark = await connection.scalar(sa.select(bot_value.c.value).where(bot_value.c.name == COPIED))
    return datetime.fromisoformat(mark["begun_at"]) if mark and mark["begun_at"] else None


async def begin_on_copy(connection: AsyncConnection, now: datetime) -> bool:
    """At the first start on a copy, put what is due and not known to be sent in doubt; return whether this was it."""
    mark = await connection.scalar(sa.select(bot_value.c.value).where(bot_value.c.name == COPIED))
    if not mark or mark["begun_at"]:
        return False
    begun = {"value": mark | {"begun_at": now.isoformat()}, "updated_at": now}
    await connection.execute(sa.update(bot_value).where(bot_value.c.name == COPIED).values(begun))
    waiting = delivery.c.state.in_((DeliveryState.PLANNED, DeliveryState.RETRY))
    # What is parked or called off is in doubt as well, when it is taken up again.
    other = sa.and_(delivery.c.state.not_in((DeliveryState.SENT, DeliveryState.POSTING)), delivery.c.due_at <= now)
    doubted = sa.update(delivery).where(other, delivery.c.attempted_at.is_(None)).values(attempted_at=delivery.c.due_at)
    await connection.execute(doubted)
    unknown = {"state": DeliveryState.UNKNOWN, "reason": _DOUBT, "next_attempt_at": None, "updated_at": now}
    await connection.execute(sa.update(delivery).where(waiting, delivery.c.attempted_at.is_not(None)).values(unknown))
    return True


def doubted(rows: Sequence[dict[str, Any]], until: datetime | None) -> list[dict[str, Any]]:
    """Return the new rows of one delivery, as perhaps sent where it was due up to `until`."""
    if until is None or not rows or rows[0]["due_at"] > until:
        return list(rows)
    unknown = {"state": DeliveryState.UNKNOWN, "reason": _DOUBT, "attempted_at": rows[0]["due_at"]}
    return [row | unknown for row in rows]
