"""Vectors of papers and of texts, each under the model that made it: one model's are never handed out as another's.

All vectors of a model have one length: where a server gives another under the same name, it is another model, and what
was kept under that name goes. Half precision on disk, single in memory. numpy is imported when there is a vector to
read or to write, never before.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import Paper
from bot.store.announcement_rows import upsert
from bot.store.engine import Database
from bot.store.ordering import first_number
from bot.store.paper_rows import as_paper, chunks
from bot.store.schema import paper, paper_vector, text_vector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bot.embed.port import Vector

MOST_TEXTS = 1_000
"""Texts kept; the oldest go first."""


class VectorStore:
    """Reads and writes vectors. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, model: str, vectors: "Sequence[tuple[Paper, Vector]]") -> None:
        """Store vectors of papers as they are at that version; one of a later version stays."""
        rows: list[dict[str, Any]] = [
            {"arxiv_id": one.arxiv_id, "model": model, "version": one.version, "vector": _as_bytes(vector)}
            for one, vector in vectors
        ]

        async def save(connection: AsyncConnection) -> None:
            await _drop_others(connection, model, len(rows[0]["vector"]))
            for row in rows:
                insert = upsert(connection, paper_vector).values(row)
                await connection.execute(
                    insert.on_conflict_do_update(
                        index_elements=["arxiv_id", "model"],
                        set_={"version": insert.excluded.version, "vector": insert.excluded.vector},
                        where=paper_vector.c.version <= insert.excluded.version,
                    )
                )

        if rows:
            await self._database.write(save)

    async def load(self, model: str, ids: Iterable[str]) -> "dict[str, Vector]":
        """Return the vectors of those of `ids` that have one, by arXiv id; that of an older version too."""
        found: dict[str, Vector] = {}
        async with self._database.read() as connection:
            for chunk in chunks(dict.fromkeys(ids)):
                query = sa.select(paper_vector.c.arxiv_id, paper_vector.c.vector).where(
                    paper_vector.c.model == model, paper_vector.c.arxiv_id.in_(chunk)
                )
                found |= {row.arxiv_id: _as_vector(row.vector) for row in await connection.execute(query)}
        return found

    async def load_missing(self, model: str, announced_since: date, limit: int) -> list[Paper]:
        """Return papers without a vector of their present version, newest first; withdrawn ones are left out."""
        query = (
            sa.select(paper)
            .where(_missing(model), paper.c.number >= first_number(announced_since))
            .order_by(paper.c.number.desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [as_paper(row) for row in await connection.execute(query)]

    async def count_missing(self, model: str, announced_since: date) -> int:
        """Return how many papers `load_missing` would return without a limit."""
        query = (
            sa.select(sa.func.count())
            .select_from(paper)
            .where(_missing(model), paper.c.number >= first_number(announced_since))
        )
        async with self._database.read() as connection:
            return await connection.scalar(query) or 0

    async def load_newest(self, model: str, limit: int) -> "tuple[list[str], NDArray[np.float32]]":
        """Return the arXiv ids of the newest papers that have a vector, and their vectors, one in a row."""
        import numpy as np

        query = (
            sa.select(paper_vector.c.arxiv_id, paper_vector.c.vector)
            .join(paper, paper.c.arxiv_id == paper_vector.c.arxiv_id)
            .where(paper_vector.c.model == model, sa.not_(paper.c.withdrawn))
            .order_by(paper.c.number.desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        if not rows:
            return [], np.zeros((0, 0), np.float32)
        joined = np.frombuffer(b"".join(row.vector for row in rows), "<f2").astype(np.float32)
        return [row.arxiv_id for row in rows], joined.reshape(len(rows), -1)

    async def save_text(self, model: str, text: str, vector: "Vector") -> None:
        """Store the vector of a text, and drop the oldest where there are too many."""
        values: dict[str, Any] = {"vector": _as_bytes(vector), "made_at": self._database.clock.now()}

        async def save(connection: AsyncConnection) -> None:
            await _drop_others(connection, model, len(values["vector"]))
            insert = upsert(connection, text_vector).values(digest=_digest(text), model=model, **values)
            await connection.execute(insert.on_conflict_do_update(index_elements=["digest", "model"], set_=values))
            order = text_vector.c.made_at.desc()
            last = await connection.scalar(sa.select(text_vector.c.made_at).order_by(order).offset(MOST_TEXTS).limit(1))
            if last is not None:
                await connection.execute(sa.delete(text_vector).where(text_vector.c.made_at <= last))

        await self._database.write(save)

    async def load_text(self, model: str, text: str) -> "Vector | None":
        """Return the vector of a text, or None."""
        query = sa.select(text_vector.c.vector).where(
            text_vector.c.digest == _digest(text), text_vector.c.model == model
        )
        async with self._database.read() as connection:
            found = await connection.scalar(query)
        return None if found is None else _as_vector(found)


async def _drop_others(connection: AsyncConnection, model: str, size: int) -> None:
    """Drop what is kept under `model`, of papers and of texts, where that has another size in bytes."""
    for table in (paper_vector, text_vector):
        query = sa.select(sa.func.length(table.c.vector)).where(table.c.model == model).limit(1)
        known = await connection.scalar(query)
        if known is not None and known != size:
            await connection.execute(sa.delete(table).where(table.c.model == model))


def _missing(model: str) -> sa.ColumnElement[bool]:
    known = sa.exists().where(
        paper_vector.c.arxiv_id == paper.c.arxiv_id,
        paper_vector.c.model == model,
        paper_vector.c.version >= paper.c.version,
    )
    return sa.and_(~known, sa.not_(paper.c.withdrawn))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _as_bytes(vector: "Vector") -> bytes:
    return bytes(vector.astype("<f2").tobytes())


def _as_vector(data: bytes) -> "Vector":
    import numpy as np

    return np.frombuffer(data, "<f2").astype(np.float32)
