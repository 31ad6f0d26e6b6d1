"""Topics that a server made for itself; the built-in ones are in the catalogue, never here."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Topic, Weights
from bot.store.announcement_rows import upsert
from bot.store.engine import Database
from bot.store.schema import BUILT_IN, topic


class GuildTopicStore:
    """Reads and writes servers' own topics. Every method raises the kinds of `StoreError`.

    A server's topics are found by its own `guild_id` only: there is no way to another server's through a slug.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, one: Topic) -> None:
        """Store a topic, in place of one with the same slug. Raises `ValueError` for a topic of no server."""
        if not one.guild_id:
            raise ValueError(f"the topic {one.slug} belongs to no server")
        key = {"guild_id": one.guild_id, "slug": one.slug}
        values: Mapping[str, Any] = {
            "names": dict(one.names),
            "categories": list(one.categories),
            "query": one.query,
            "interest": one.interest,
            "exclude": one.exclude,
            "cross_lists": one.cross_lists,
            "settings": {"weights": asdict(one.weights)} if one.weights != Weights() else {},
            "updated_at": self._database.clock.now(),
        }

        async def save(connection: AsyncConnection) -> None:
            made = {"authors": [], "created_at": values["updated_at"]}
            insert = upsert(connection, topic).values(**key, **values, **made)
            await connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=dict(values)))

        await self._database.write(save)

    async def load(self, guild_id: int, slug: str) -> Topic | None:
        """Return a server's topic, or None."""
        found = await self._rows(sa.select(topic).where(topic.c.guild_id == guild_id, topic.c.slug == slug))
        return found[0] if found else None

    async def load_all(self, guild_id: int) -> list[Topic]:
        """Return a server's topics by slug."""
        return await self._rows(sa.select(topic).where(topic.c.guild_id == guild_id).order_by(topic.c.slug))

    async def load_every(self) -> list[Topic]:
        """Return the topics of all servers, by server and slug."""
        own = topic.c.guild_id != BUILT_IN
        return await self._rows(sa.select(topic).where(own).order_by(topic.c.guild_id, topic.c.slug))

    async def delete(self, guild_id: int, slug: str) -> bool:
        """Delete a server's topic and return whether it was there."""

        async def remove(connection: AsyncConnection) -> bool:
            mine = (topic.c.guild_id == guild_id, topic.c.slug == slug)
            return (await connection.execute(sa.delete(topic).where(*mine))).rowcount > 0

        return await self._database.write(remove)

    async def count(self, guild_id: int) -> int:
        """Return how many topics a server has."""
        async with self._database.read() as connection:
            query = sa.select(sa.func.count()).select_from(topic).where(topic.c.guild_id == guild_id)
            return await connection.scalar(query) or 0

    async def _rows(self, query: sa.Select[Any]) -> list[Topic]:
        async with self._database.read() as connection:
            return [_as_topic(row) for row in await connection.execute(query)]


def _as_topic(row: sa.Row[Any]) -> Topic:
    return Topic(
        slug=row.slug,
        names=dict(row.names),
        categories=tuple(row.categories),
        query=row.query,
        interest=row.interest,
        exclude=row.exclude,
        cross_lists=row.cross_lists,
        guild_id=row.guild_id,
        weights=Weights(**row.settings.get("weights", {})),
    )
