"""How many questions were asked today, by whom and in which server; never which ones.

Who asked is kept for that day only. A server's total has no name in it and stays when a person is forgotten, so that
forgetting oneself does not give a server more questions.
"""

from datetime import UTC, date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.announcement_rows import upsert
from bot.store.engine import Database
from bot.store.readers import NO_GUILD
from bot.store.schema import question_quota

ALL_USERS = 0
"""The `user_id` of a server's total; no account of Discord has it."""


class Quota(StrEnum):
    """What came of asking for one more question."""

    GRANTED = "granted"
    USER_SPENT = "user_spent"
    GUILD_SPENT = "guild_spent"


class QuestionStore:
    """Counts questions. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, user_id: int, guild_id: int | None, now: datetime, *, per_user: int, per_guild: int) -> Quota:
        """Count one question of today (UTC) if both quotas allow it, in one transaction; forgets earlier days.

        A person's quota holds over all servers and direct messages together; all direct messages share one server's.
        """
        day, place = now.astimezone(UTC).date(), guild_id or NO_GUILD

        async def count(connection: AsyncConnection) -> Quota:
            await connection.execute(sa.delete(question_quota).where(question_quota.c.day < day))
            if await _asked(connection, day, question_quota.c.user_id == user_id) >= per_user:
                return Quota.USER_SPENT
            total = (question_quota.c.user_id == ALL_USERS, question_quota.c.guild_id == place)
            if await _asked(connection, day, *total) >= per_guild:
                return Quota.GUILD_SPENT
            for user in (user_id, ALL_USERS):
                key = {"day": day, "user_id": user, "guild_id": place}
                insert = upsert(connection, question_quota).values(**key, count=1)
                more = {"count": question_quota.c.count + 1}
                await connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=more))
            return Quota.GRANTED

        return await self._database.write(count)

    async def give_back(self, user_id: int, guild_id: int | None, taken_at: datetime) -> None:
        """Uncount a question of that day that could not be answered."""
        day, place = taken_at.astimezone(UTC).date(), guild_id or NO_GUILD

        async def uncount(connection: AsyncConnection) -> None:
            await connection.execute(
                sa.update(question_quota)
                .where(
                    question_quota.c.day == day,
                    question_quota.c.user_id.in_((user_id, ALL_USERS)),
                    question_quota.c.guild_id == place,
                    question_quota.c.count > 0,
                )
                .values(count=question_quota.c.count - 1)
            )

        await self._database.write(uncount)

    async def asked_today(self, user_id: int, now: datetime) -> int:
        """Return how many questions a person asked today, everywhere together."""
        async with self._database.read() as connection:
            return await _asked(connection, now.astimezone(UTC).date(), question_quota.c.user_id == user_id)


async def _asked(connection: AsyncConnection, day: date, *where: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.coalesce(sa.func.sum(question_quota.c.count), 0))
    return int(await connection.scalar(query.where(question_quota.c.day == day, *where)) or 0)
