"""What readers leave behind: saved papers, feedback, look-ups. Deletable in one call, and as little as possible.

A look-up counts once per person, paper, server and day. Who looked is kept for that day only; the counts stay.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery import TopicKey
from bot.errors import UsageError
from bot.model import Paper
from bot.store.announcement_rows import upsert
from bot.store.engine import Database
from bot.store.paper_rows import as_paper
from bot.store.privacy import DECISIONS, erase_user
from bot.store.schema import BUILT_IN, feedback, look_up, look_up_today, metadata, paper, saved_paper

NO_GUILD = 0
"""The `guild_id` of what happened in a direct message."""

MAX_SAVED = 1000
"""Papers in one person's library: more than anybody reads, few enough to list, export and delete at once."""

SAVE_WEIGHT = 3
"""How many look-ups a save is worth in `trending`."""


@dataclass(frozen=True, slots=True)
class SavedPaper:
    """A paper in somebody's library."""

    paper: Paper
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Trend:
    """A paper with how often it was looked up and saved in one server since some day."""

    paper: Paper
    look_ups: int
    saves: int


class ReaderStore:
    """Reads and writes what readers did. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database, *, max_saved: int = MAX_SAVED) -> None:
        self._database = database
        self.max_saved = max_saved

    async def save_paper(self, user_id: int, arxiv_id: str, now: datetime, *, guild_id: int | None = None) -> bool:
        """Put a paper into somebody's library and return whether it is new there.

        `guild_id`: the server it was saved in. Raises `UsageError` for a paper that is not stored and when the library
        is full (`max_saved`).
        """

        async def save(connection: AsyncConnection) -> bool:
            mine = saved_paper.c.user_id == user_id
            if await connection.scalar(
                sa.select(saved_paper.c.user_id).where(mine, saved_paper.c.arxiv_id == arxiv_id)
            ):
                return False
            if not await connection.scalar(sa.select(paper.c.arxiv_id).where(paper.c.arxiv_id == arxiv_id)):
                raise UsageError(f"{arxiv_id} is not stored")
            held = await connection.scalar(sa.select(sa.func.count()).select_from(saved_paper).where(mine)) or 0
            if held >= self.max_saved:
                raise UsageError(f"the library holds {self.max_saved} papers; remove some first")
            row = {"user_id": user_id, "arxiv_id": arxiv_id, "saved_at": now, "guild_id": guild_id or NO_GUILD}
            await connection.execute(sa.insert(saved_paper).values(row))
            return True

        return await self._database.write(save)

    async def unsave(self, user_id: int, arxiv_id: str) -> bool:
        """Take a paper out of somebody's library and return whether it was there."""
        mine = (saved_paper.c.user_id == user_id, saved_paper.c.arxiv_id == arxiv_id)

        async def remove(connection: AsyncConnection) -> bool:
            return (await connection.execute(sa.delete(saved_paper).where(*mine))).rowcount > 0

        return await self._database.write(remove)

    async def load_saved(self, user_id: int) -> list[SavedPaper]:
        """Return somebody's library, the latest saved first."""
        query = (
            sa.select(paper, saved_paper.c.saved_at)
            .join(saved_paper, saved_paper.c.arxiv_id == paper.c.arxiv_id)
            .where(saved_paper.c.user_id == user_id)
            .order_by(saved_paper.c.saved_at.desc(), paper.c.arxiv_id.desc())
        )
        async with self._database.read() as connection:
            return [SavedPaper(as_paper(row), row.saved_at) for row in await connection.execute(query)]

    async def count_saved(self, user_id: int) -> int:
        """Return how many papers are in somebody's library."""
        query = sa.select(sa.func.count()).select_from(saved_paper).where(saved_paper.c.user_id == user_id)
        async with self._database.read() as connection:
            return await connection.scalar(query) or 0

    async def record_look_up(self, user_id: int | None, guild_id: int | None, arxiv_id: str, now: datetime) -> None:
        """Count a look-up: once a day for each person and server; without a person every time.

        Forgets at once who looked on earlier days. A paper that is not stored is not counted.
        """
        day, place = now.astimezone(UTC).date(), guild_id or NO_GUILD

        async def record(connection: AsyncConnection) -> None:
            await connection.execute(sa.delete(look_up_today).where(look_up_today.c.day < day))
            if not await connection.scalar(sa.select(paper.c.arxiv_id).where(paper.c.arxiv_id == arxiv_id)):
                return
            if user_id is not None:
                seen = {"day": day, "user_id": user_id, "guild_id": place, "arxiv_id": arxiv_id}
                first = upsert(connection, look_up_today).values(seen).on_conflict_do_nothing()
                if await connection.scalar(first.returning(look_up_today.c.user_id)) is None:
                    return
            key = {"guild_id": place, "day": day, "arxiv_id": arxiv_id}
            insert = upsert(connection, look_up).values(**key, count=1)
            more = {"count": look_up.c.count + 1}
            await connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=more))

        await self._database.write(record)

    async def record_feedback(
        self,
        user_id: int,
        guild_id: int | None,
        channel_id: int,
        topic: TopicKey,
        arxiv_id: str,
        value: int,
        now: datetime,
    ) -> bool:
        """Note what somebody thinks of a paper in a channel's topic: 1 for more like it, -1 for not relevant.

        A later opinion replaces an earlier one; returns whether anything changed. Raises `UsageError` for a paper that
        is not stored, `ValueError` for another value.
        """
        if value not in (1, -1):
            raise ValueError(f"feedback is 1 or -1, not {value}")
        key = {
            "channel_id": channel_id,
            "topic_guild_id": topic.guild_id or BUILT_IN,
            "topic_slug": topic.slug,
            "arxiv_id": arxiv_id,
            "user_id": user_id,
        }
        same = [feedback.c[name] == one for name, one in key.items()]

        async def record(connection: AsyncConnection) -> bool:
            if await connection.scalar(sa.select(feedback.c.value).where(*same)) == value:
                return False
            if not await connection.scalar(sa.select(paper.c.arxiv_id).where(paper.c.arxiv_id == arxiv_id)):
                raise UsageError(f"{arxiv_id} is not stored")
            values = {"guild_id": guild_id or NO_GUILD, "value": value, "given_at": now}
            insert = upsert(connection, feedback).values(**key, **values)
            await connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=values))
            return True

        return await self._database.write(record)

    async def load_feedback(self, channel_id: int, topic: TopicKey) -> dict[str, int]:
        """Return arXiv id → sum of the opinions that were given in that channel about that topic's papers."""
        query = (
            sa.select(feedback.c.arxiv_id, sa.func.sum(feedback.c.value).label("sum"))
            .where(
                feedback.c.channel_id == channel_id,
                feedback.c.topic_guild_id == (topic.guild_id or BUILT_IN),
                feedback.c.topic_slug == topic.slug,
            )
            .group_by(feedback.c.arxiv_id)
        )
        async with self._database.read() as connection:
            return {row.arxiv_id: int(row.sum) for row in await connection.execute(query)}

    async def trending(self, guild_id: int, since: datetime, limit: int) -> list[Trend]:
        """Return the papers most looked up and saved in a server since then; one save weighs as `SAVE_WEIGHT` look-ups.

        Look-ups are known by the day (UTC), so the whole of the first day counts.
        """
        looks = (
            sa.select(look_up.c.arxiv_id, sa.func.sum(look_up.c.count).label("look_ups"))
            .where(look_up.c.guild_id == guild_id, look_up.c.day >= since.astimezone(UTC).date())
            .group_by(look_up.c.arxiv_id)
            .subquery()
        )
        saves = (
            sa.select(saved_paper.c.arxiv_id, sa.func.count().label("saves"))
            .where(saved_paper.c.guild_id == guild_id, saved_paper.c.saved_at >= since)
            .group_by(saved_paper.c.arxiv_id)
            .subquery()
        )
        look_ups = sa.func.coalesce(looks.c.look_ups, 0).label("look_ups")
        saved = sa.func.coalesce(saves.c.saves, 0).label("saves")
        query = (
            sa.select(paper, look_ups, saved)
            .outerjoin(looks, looks.c.arxiv_id == paper.c.arxiv_id)
            .outerjoin(saves, saves.c.arxiv_id == paper.c.arxiv_id)
            # Named, so that neither engine starts from all papers there are.
            .where(
                paper.c.arxiv_id.in_(
                    sa.union(sa.select(looks.c.arxiv_id), sa.select(saves.c.arxiv_id)).scalar_subquery()
                )
            )
            .order_by((look_ups + SAVE_WEIGHT * saved).desc(), paper.c.number.desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [Trend(as_paper(row), int(row.look_ups), int(row.saves)) for row in rows]

    async def counts(self, arxiv_id: str) -> tuple[int, int]:
        """Return (look-ups, saves) of a paper, over all servers and direct messages."""
        looks = sa.select(sa.func.coalesce(sa.func.sum(look_up.c.count), 0)).where(look_up.c.arxiv_id == arxiv_id)
        saves = sa.select(sa.func.count()).select_from(saved_paper).where(saved_paper.c.arxiv_id == arxiv_id)
        async with self._database.read() as connection:
            return int(await connection.scalar(looks) or 0), int(await connection.scalar(saves) or 0)

    async def forget(self, user_id: int) -> int:
        """Delete all that is stored of a person, in every table there is, and return how many rows that changed.

        Rows of a server that only name who made them stay, without the name.
        """

        async def forget_all(connection: AsyncConnection) -> int:
            return await erase_user(connection, user_id)

        return await self._database.write(forget_all)

    async def describe(self, user_id: int) -> dict[str, int]:
        """Return table → number of rows that name this person; tables without any are left out."""
        found: dict[str, int] = {}
        async with self._database.read() as connection:
            for table, mine in _naming(user_id):
                rows = await connection.scalar(sa.select(sa.func.count()).select_from(table).where(mine)) or 0
                if rows:
                    found[table.name] = rows
        return found

    async def export(self, user_id: int) -> dict[str, list[dict[str, Any]]]:
        """Return table → the rows that name this person, with plain values, for a copy of one's own data.

        Snowflakes are strings: JSON's readers elsewhere round numbers of that size.
        """
        found: dict[str, list[dict[str, Any]]] = {}
        async with self._database.read() as connection:
            for table, mine in _naming(user_id):
                rows = (await connection.execute(sa.select(table).where(mine))).mappings()
                plain = [{key: _plain(value) for key, value in row.items()} for row in rows]
                if plain:
                    found[table.name] = plain
        return found


def _naming(user_id: int) -> Iterator[tuple[sa.Table, sa.ColumnElement[bool]]]:
    for table in metadata.sorted_tables:
        columns = DECISIONS[table.name].user
        if columns:
            yield table, sa.or_(*(table.c[name] == user_id for name in columns))


_EXACT = 2**53
"""The largest integers that every reader of JSON keeps."""


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -_EXACT < value < _EXACT else str(value)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value)
