"""Figures that were cut out of papers, and which versions were searched for them.

Keeps what it is given: whether a licence lets a figure be shown is asked by those who save and by those who show.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.figures import CutFigure, FigureSearch
from bot.store.announcement_rows import upsert
from bot.store.engine import Database
from bot.store.paper_rows import chunks
from bot.store.schema import figure, figure_search


class FigureStore:
    """Reads and writes figures. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, found: FigureSearch) -> None:
        """Store what was found in a version of a stored paper, in place of what was there, in one transaction."""

        async def save(connection: AsyncConnection) -> None:
            values = {
                "licence": found.licence,
                "problem": found.problem,
                "searched_at": self._database.clock.now(),
            }
            key = {"arxiv_id": found.arxiv_id, "version": found.version}
            insert = upsert(connection, figure_search).values(**key, **values)
            await connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=values))
            await connection.execute(
                sa.delete(figure).where(figure.c.arxiv_id == found.arxiv_id, figure.c.version == found.version)
            )
            if found.figures:
                await connection.execute(sa.insert(figure), [key | _as_row(one) for one in found.figures])

        await self._database.write(save)

    async def load(self, arxiv_id: str) -> FigureSearch | None:
        """Return what was found in the newest version that was searched, pictures included, or None."""
        return (await self.load_many([arxiv_id])).get(arxiv_id)

    async def load_many(self, arxiv_ids: Iterable[str]) -> dict[str, FigureSearch]:
        """Return the same for several papers, those without left out; a paper's pictures have up to 800 KB."""
        found: dict[str, FigureSearch] = {}
        async with self._database.read() as connection:
            for chunk in chunks(sorted(set(arxiv_ids))):
                pictures: dict[tuple[str, int], list[CutFigure]] = {}
                rows = await connection.execute(
                    sa.select(figure).where(figure.c.arxiv_id.in_(chunk)).order_by(figure.c.number)
                )
                for row in rows:
                    pictures.setdefault((row.arxiv_id, row.version), []).append(_as_figure(row))
                for row in await connection.execute(_newest_last(chunk)):
                    figures = tuple(pictures.get((row.arxiv_id, row.version), ()))
                    found[row.arxiv_id] = FigureSearch(row.arxiv_id, row.version, row.licence, figures, row.problem)
        return found

    async def load_marks(self, arxiv_ids: Iterable[str]) -> dict[str, str]:
        """Return for each paper that was searched what changes whenever `load` of it does, without its pictures."""
        found: dict[str, str] = {}
        async with self._database.read() as connection:
            for chunk in chunks(sorted(set(arxiv_ids))):
                for row in await connection.execute(_newest_last(chunk)):
                    found[row.arxiv_id] = f"{row.version} {row.searched_at.isoformat()} {row.licence}"
        return found

    async def load_searched(self, arxiv_ids: Iterable[str]) -> set[tuple[str, int]]:
        """Return (arXiv identifier, version) of those papers that were searched already."""
        found: set[tuple[str, int]] = set()
        async with self._database.read() as connection:
            for chunk in chunks(sorted(set(arxiv_ids))):
                query = sa.select(figure_search.c.arxiv_id, figure_search.c.version)
                for row in await connection.execute(query.where(figure_search.c.arxiv_id.in_(chunk))):
                    found.add((row.arxiv_id, row.version))
        return found


def _newest_last(arxiv_ids: Sequence[str]) -> sa.Select[Any]:
    query = sa.select(figure_search).where(figure_search.c.arxiv_id.in_(arxiv_ids))
    return query.order_by(figure_search.c.arxiv_id, figure_search.c.version)


def _as_row(one: CutFigure) -> dict[str, Any]:
    return {
        "number": one.number,
        "page": one.page,
        "caption": one.caption,
        "width": one.width,
        "height": one.height,
        "content_type": one.content_type,
        "data": one.data,
    }


def _as_figure(row: sa.Row[Any]) -> CutFigure:
    return CutFigure(
        number=row.number,
        page=row.page,
        caption=row.caption,
        width=row.width,
        height=row.height,
        content_type=row.content_type,
        data=bytes(row.data),
    )
