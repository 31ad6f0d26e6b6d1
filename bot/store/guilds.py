"""Servers joined and left, how often the bot identified, and the few values it must remember about itself."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.announcement_rows import upsert
from bot.store.engine import Database
from bot.store.privacy import erase_guild
from bot.store.schema import bot_value, gateway_identify, guild

KEEP_IDENTIFIES = timedelta(days=2)
"""Discord counts IDENTIFYs over 24 hours; older ones say nothing."""


class GuildStore:
    """Reads and writes the bot's own state. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def joined(self, guild_id: int, now: datetime) -> bool:
        """Note that the bot is in a server; returns whether it was not known to be. The first date stays."""
        return bool(await self.joined_all({guild_id}, now))

    async def joined_all(self, guild_ids: Collection[int], now: datetime) -> set[int]:
        """Note all the servers that the bot is in, at once; returns those it was not known to be in."""

        async def note(connection: AsyncConnection) -> set[int]:
            rows = (await connection.execute(sa.select(guild.c.guild_id, guild.c.left_at))).all()
            left = {row.guild_id: row.left_at is not None for row in rows}
            new = [each for each in guild_ids if each not in left]
            back = [each for each in guild_ids if left.get(each)]
            if new:
                await connection.execute(sa.insert(guild), [{"guild_id": each, "joined_at": now} for each in new])
            if back:
                again = sa.update(guild).where(guild.c.guild_id == sa.bindparam("back"))
                again = again.values(joined_at=now, left_at=None)
                await connection.execute(again, [{"back": each} for each in back])
            return {*new, *back}

        return await self._database.write(note)

    async def left(self, guild_id: int, now: datetime) -> bool:
        """Note that the bot was removed from a server; returns whether it was in it. The first date stays."""

        async def note(connection: AsyncConnection) -> bool:
            row = (await connection.execute(sa.select(guild).where(guild.c.guild_id == guild_id))).first()
            if row is None:
                await connection.execute(sa.insert(guild).values(guild_id=guild_id, joined_at=now, left_at=now))
            elif row.left_at is None:
                await connection.execute(sa.update(guild).where(guild.c.guild_id == guild_id).values(left_at=now))
            return row is None or row.left_at is None

        return await self._database.write(note)

    async def load_joined(self) -> set[int]:
        """Return the servers the bot is in, as far as it was told."""
        async with self._database.read() as connection:
            return set(await connection.scalars(sa.select(guild.c.guild_id).where(guild.c.left_at.is_(None))))

    async def purge_left(self, before: datetime) -> list[int]:
        """Delete everything of the servers that the bot left before that instant; returns their ids.

        Papers that people saved there stay theirs, without the server's id.
        """

        query = sa.select(guild.c.guild_id).where(guild.c.left_at < before).order_by(guild.c.guild_id)

        def purge(guild_id: int) -> Callable[[AsyncConnection], Awaitable[bool]]:
            async def purge_one(connection: AsyncConnection) -> bool:
                # It may have come back since it was read.
                if await connection.scalar(query.where(guild.c.guild_id == guild_id)) is None:
                    return False
                await erase_guild(connection, guild_id)
                return True

            return purge_one

        async with self._database.read() as connection:
            left = list(await connection.scalars(query))
        # A transaction for each: a large server must not hold up what is being sent.
        return [guild_id for guild_id in left if await self._database.write(purge(guild_id))]

    async def record_identify(self, now: datetime) -> None:
        """Count one IDENTIFY."""

        async def record(connection: AsyncConnection) -> None:
            old = gateway_identify.c.identified_at < now - KEEP_IDENTIFIES
            await connection.execute(sa.delete(gateway_identify).where(old))
            await connection.execute(sa.insert(gateway_identify).values(identified_at=now))

        await self._database.write(record)

    async def count_since(self, instant: datetime) -> int:
        """Return how many IDENTIFYs there were at or after `instant`; known for `KEEP_IDENTIFIES` back."""
        since = gateway_identify.c.identified_at >= instant
        async with self._database.read() as connection:
            return await connection.scalar(sa.select(sa.func.count()).select_from(gateway_identify).where(since)) or 0

    async def last_identify(self) -> datetime | None:
        """Return when the bot last identified, or None."""
        query = sa.select(gateway_identify.c.identified_at).order_by(gateway_identify.c.identified_at.desc()).limit(1)
        async with self._database.read() as connection:
            return await connection.scalar(query)

    async def load_value(self, name: str) -> Any:
        """Return the JSON value stored under `name`, or None."""
        async with self._database.read() as connection:
            return await connection.scalar(sa.select(bot_value.c.value).where(bot_value.c.name == name))

    async def save_value(self, name: str, value: Any) -> None:
        """Store a JSON value under `name`, in place of what was there."""

        async def save(connection: AsyncConnection) -> None:
            values = {"value": value, "updated_at": self._database.clock.now()}
            insert = upsert(connection, bot_value).values(name=name, **values)
            await connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=values))

        await self._database.write(save)
