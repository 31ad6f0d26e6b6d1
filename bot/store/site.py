"""What the web edition reads: all of it in few queries, and marks that tell what changed without loading it.

A mark is a hash of rows as the database holds them. Equal marks mean equal rows; a mark may change although nothing
that anybody sees did, never the other way round. Reads only.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery import TopicKey
from bot.model import Announcement, AnnounceType, Brief, BriefItem, Paper, PaperVersion, Receipt, Topic
from bot.statement import Statement
from bot.store.announcement_rows import as_announcement
from bot.store.briefs import KIND, as_bill, as_item, as_receipt, as_summary
from bot.store.engine import Database
from bot.store.paper_rows import CHUNK, chunks, load_by_id
from bot.store.schema import (
    SHARED,
    announcement,
    announcement_item,
    brief,
    brief_item,
    look_up,
    overview,
    paper,
    paper_version,
    saved_paper,
    summary,
    translation,
)
from bot.store.summaries import as_overview, as_translation
from bot.texts import Overview, Summary, Translation

_MARK_BYTES = 8
_LISTED_AUTHORS = 3
_UPKEEP = ("number", "labels", "enriched_at", "enrichment_attempts", "enrichment_failed_at")
"""Columns that say nothing about a paper."""


@dataclass(frozen=True, slots=True)
class ShownItem:
    """A paper in a stored brief, by its identifier."""

    arxiv_id: str
    late: bool
    producer: str


@dataclass(frozen=True, slots=True)
class StoredBrief:
    """A stored brief without its texts. `mark`: of its row, its items and its overview."""

    brief_id: int
    topic: TopicKey
    announced_on: date
    language: str
    receipt: Receipt
    silence: tuple[Statement, ...]
    made_at: datetime
    items: tuple[ShownItem, ...]
    mark: str


@dataclass(frozen=True, slots=True)
class ListedPaper:
    """A paper as lists show it; `authors` are the first ones.

    `mark`: of all that its row says about it, empty where nobody asked; `text_mark`: of its words alone.
    """

    arxiv_id: str
    title: str
    authors: tuple[str, ...]
    announced_on: date | None
    primary_category: str
    withdrawn: bool
    mark: str
    text_mark: str


@dataclass(frozen=True, slots=True)
class KnownOfPaper:
    """Everything stored about one paper, for its page; lists are oldest first."""

    paper: Paper
    versions: tuple[PaperVersion, ...]
    announced: tuple[tuple[str, date, AnnounceType], ...]
    summaries: tuple[Summary, ...]
    translations: tuple[Translation, ...]


class SiteStore:
    """Reads for the web edition. Every method raises the kinds of `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_briefs(self, since: date) -> list[StoredBrief]:
        """Return the stored briefs that channels share, from `since` on, by date, topic and language."""
        row = brief.c
        order = (row.announced_on, row.topic_guild_id, row.topic_slug, row.language)
        # A channel's own edition tells what its readers like: it stays in the channel.
        wanted = (row.announced_on >= since) & (row.channel_id == SHARED)
        items: defaultdict[int, list[ShownItem]] = defaultdict(list)
        marks: defaultdict[int, _Mark] = defaultdict(_Mark)
        async with self._database.read() as connection:
            rows = (await connection.execute(sa.select(brief).where(wanted).order_by(*order))).all()
            for table in (brief_item, overview):
                key = table.c.brief_id
                query = sa.select(*_raw(table)).join(brief, row.brief_id == key).where(wanted)
                query = query.order_by(key, brief_item.c.position) if table is brief_item else query.order_by(key)
                for one in await connection.execute(query):
                    marks[one.brief_id].add(one)
                    if table is brief_item:
                        items[one.brief_id].append(ShownItem(one.arxiv_id, bool(one.late), one.producer))
        found: list[StoredBrief] = []
        for one in rows:
            marks[one.brief_id].add(one)
            found.append(
                StoredBrief(
                    brief_id=one.brief_id,
                    topic=TopicKey(one.topic_slug, one.topic_guild_id or None),
                    announced_on=one.announced_on,
                    language=one.language,
                    receipt=as_receipt(one),
                    silence=one.silence or (),
                    made_at=one.made_at,
                    items=tuple(items[one.brief_id]),
                    mark=marks[one.brief_id].text(),
                )
            )
        return found

    async def load_announcements(self, since: date) -> dict[date, list[Announcement]]:
        """Return the announcements from `since` on by date, those of one date by category."""
        row = announcement.c
        query = sa.select(announcement).where(row.announced_on >= since).order_by(row.announced_on, row.category)
        found: defaultdict[date, list[Announcement]] = defaultdict(list)
        async with self._database.read() as connection:
            for one in await connection.execute(query):
                found[one.announced_on].append(as_announcement(one))
        return dict(found)

    async def list_papers(self, since: date, ids: Collection[str]) -> dict[str, ListedPaper]:
        """Return the papers first announced from `since` on, and those of `ids`, by identifier.

        Only those of `ids` have a `mark`.
        """
        found: dict[str, ListedPaper] = {}
        marked = frozenset(ids)
        async with self._database.read() as connection:
            await _list(connection, paper.c.announced_on >= since, marked, found)
            for chunk in chunks(sorted(marked - found.keys())):
                await _list(connection, paper.c.arxiv_id.in_(chunk), marked, found)
        return found

    async def load_marks(self, ids: Iterable[str]) -> dict[str, str]:
        """Return a mark for each of `ids` of what is stored about it beside its own row; all have one."""
        held: dict[str, list[Any]] = {one: [] for one in ids}
        tables = (paper_version, announcement_item, summary, translation)
        places = [list(table.c).index(table.c.arxiv_id) for table in tables]
        marks: dict[str, str] = {}
        async with self._database.read() as connection:
            for chunk in chunks(sorted(held)):
                for table, place in zip(tables, places, strict=True):
                    query = sa.select(*_raw(table)).where(table.c.arxiv_id.in_(chunk)).order_by(*table.primary_key)
                    for row in (await connection.execute(query)).all():
                        held[row[place]].append(tuple(row))
                marks |= {one: _mark(held.pop(one)) for one in chunk}
        return marks

    async def load_counts(self) -> dict[str, tuple[int, int]]:
        """Return (look-ups, saves) by arXiv identifier, over all servers, for every paper that has any."""
        looks = sa.select(look_up.c.arxiv_id, sa.func.sum(look_up.c.count).label("n")).group_by(look_up.c.arxiv_id)
        saves = sa.select(saved_paper.c.arxiv_id, sa.func.count().label("n")).group_by(saved_paper.c.arxiv_id)
        found: dict[str, tuple[int, int]] = {}
        async with self._database.read() as connection:
            for row in await connection.execute(looks):
                found[row.arxiv_id] = (int(row.n), 0)
            for row in await connection.execute(saves):
                found[row.arxiv_id] = (found.get(row.arxiv_id, (0, 0))[0], int(row.n))
        return found

    async def load_full(self, wanted: Sequence[tuple[StoredBrief, Topic]]) -> dict[int, Brief]:
        """Return these briefs whole, by `brief_id`, without their announcements.

        Papers come in the version that was shown. The newest translation into a brief's language stands with each.
        """
        items: defaultdict[int, list[sa.Row[Any]]] = defaultdict(list)
        overviews: dict[int, Overview] = {}
        bills: dict[int, Any] = {}
        async with self._database.read() as connection:
            for chunk in chunks(stored.brief_id for stored, _ in wanted):
                query = sa.select(brief_item).where(brief_item.c.brief_id.in_(chunk))
                for row in await connection.execute(query.order_by(brief_item.c.brief_id, brief_item.c.position)):
                    items[row.brief_id].append(row)
                for row in await connection.execute(sa.select(overview).where(overview.c.brief_id.in_(chunk))):
                    if list(row.arxiv_ids) == [one.arxiv_id for one in items[row.brief_id]]:
                        overviews[row.brief_id] = as_overview(row)
                for row in await connection.execute(
                    sa.select(brief.c.brief_id, brief.c.bill).where(brief.c.brief_id.in_(chunk))
                ):
                    bills[row.brief_id] = as_bill(row.bill)
        known = await self.load_known(sorted({row.arxiv_id for rows in items.values() for row in rows}))
        found: dict[int, Brief] = {}
        for stored, topic in wanted:
            rows = [row for row in items[stored.brief_id] if row.arxiv_id in known]
            found[stored.brief_id] = Brief(
                topic=topic,
                announced_on=stored.announced_on,
                language=stored.language,
                receipt=stored.receipt,
                items=tuple(one for row in rows if (one := _item(row, known[row.arxiv_id], stored.language))),
                announcements=(),
                silence=stored.silence,
                overview=overviews.get(stored.brief_id),
                bill=bills.get(stored.brief_id),
            )
        return found

    async def load_gists(self, wanted: Sequence[tuple[StoredBrief, Topic]]) -> dict[int, Brief]:
        """Return these briefs, by `brief_id`, without their announcements, overviews and bills, for lists of them.

        Their papers have an identifier, a title, a gist and the mark of late ones; all else about them is left empty.
        """
        items: defaultdict[int, list[Any]] = defaultdict(list)
        titles: dict[str, str] = {}
        gists: defaultdict[tuple[Any, ...], dict[str, str]] = defaultdict(dict)
        column = brief_item.c
        shown = (column.brief_id, column.position, column.arxiv_id, column.version, column.announce_type, column.late)
        text = summary.c
        key = (text.arxiv_id, text.version, text.producer, text.prompt_version)
        async with self._database.read() as connection:
            for chunk in chunks(stored.brief_id for stored, _ in wanted):
                query = sa.select(*shown, column.producer, column.prompt_version).where(column.brief_id.in_(chunk))
                for row in await connection.execute(query.order_by(column.brief_id, column.position)):
                    items[row.brief_id].append(row)
            for ids in chunks(sorted({row.arxiv_id for rows in items.values() for row in rows})):
                named_so = sa.select(paper.c.arxiv_id, paper.c.title).where(paper.c.arxiv_id.in_(ids))
                titles |= {row.arxiv_id: row.title for row in await connection.execute(named_so)}
                said = sa.select(*key, text.language, text.text).where(text.arxiv_id.in_(ids), text.kind == KIND)
                for *named, language, gist in await connection.execute(said):
                    gists[tuple(named)][language] = gist
        return {
            stored.brief_id: Brief(
                topic=topic,
                announced_on=stored.announced_on,
                language=stored.language,
                receipt=stored.receipt,
                items=tuple(
                    _gist_item(row, titles[row.arxiv_id], held, _nearest_language(held, stored.language))
                    for row in items[stored.brief_id]
                    if row.arxiv_id in titles
                    and (held := gists.get((row.arxiv_id, row.version, row.producer, row.prompt_version)))
                ),
                announcements=(),
                silence=stored.silence,
            )
            for stored, topic in wanted
        }

    async def load_papers(self, ids: Iterable[str]) -> dict[str, Paper]:
        """Return the stored ones of `ids`."""
        async with self._database.read() as connection:
            return await load_by_id(connection, ids)

    async def load_known(self, ids: Sequence[str]) -> dict[str, KnownOfPaper]:
        """Return all that is stored about those of `ids` that are stored."""
        versions: defaultdict[str, list[PaperVersion]] = defaultdict(list)
        announced: defaultdict[str, list[tuple[str, date, AnnounceType]]] = defaultdict(list)
        summaries: defaultdict[str, list[Summary]] = defaultdict(list)
        translations: defaultdict[str, list[Translation]] = defaultdict(list)
        async with self._database.read() as connection:
            papers = await load_by_id(connection, ids)
            for chunk in chunks(papers):
                for row in await connection.execute(_of(paper_version, chunk, "version")):
                    versions[row.arxiv_id].append(
                        PaperVersion(row.arxiv_id, row.version, row.announced_on, row.withdrawn)
                    )
                for row in await connection.execute(
                    _of(announcement_item, chunk, "announced_on", "category", "announce_type")
                ):
                    announced[row.arxiv_id].append((row.category, row.announced_on, row.announce_type))
                texts = _of(summary, chunk, "made_at", "producer", "prompt_version", "language", "version")
                for row in await connection.execute(texts.where(summary.c.kind == KIND)):
                    summaries[row.arxiv_id].append(as_summary(row))
                for row in await connection.execute(
                    _of(translation, chunk, "made_at", "producer", "prompt_version", "language", "version")
                ):
                    translations[row.arxiv_id].append(as_translation(row))
        return {
            arxiv_id: KnownOfPaper(
                one,
                tuple(versions[arxiv_id]),
                tuple(announced[arxiv_id]),
                tuple(summaries[arxiv_id]),
                tuple(translations[arxiv_id]),
            )
            for arxiv_id, one in papers.items()
        }


def _item(row: sa.Row[Any], known: KnownOfPaper, language: str) -> BriefItem | None:
    """Return an item of a brief, None where its summary is lost."""
    key = (row.version, row.producer, row.prompt_version)
    texts = [one for one in known.summaries if (one.version, one.producer, one.prompt_version) == key]
    if not texts:
        return None
    nearest = _nearest_language((one.language for one in texts), language)
    text = next(one for one in texts if one.language == nearest)
    same = [one for one in known.translations if (one.version, one.language) == (row.version, language)]
    return replace(as_item(row, known.paper, text), translation=same[-1] if same else None)


def _nearest_language(held: Iterable[str], language: str) -> str:
    """Return the brief's own language; else any, always the same."""
    return min(held, key=lambda one: (one != language, one))


def _gist_item(row: sa.Row[Any], title: str, gists: Mapping[str, str], language: str) -> BriefItem:
    return BriefItem(
        paper=Paper(row.arxiv_id, title, "", (), "", (), version=row.version),
        announce_type=AnnounceType(row.announce_type),
        position=row.position,
        score=0.0,
        reasons=(),
        summary=Summary(row.arxiv_id, row.version, language, gists[language], (), (), row.producer, row.prompt_version),
        links={},
        late=bool(row.late),
    )


class _Mark:
    """A hash over rows in their order."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=_MARK_BYTES)

    def add(self, row: Sequence[Any]) -> None:
        self._hash.update(repr(tuple(row)).encode("utf-8", "surrogatepass"))

    def text(self) -> str:
        return self._hash.hexdigest()


def _mark(rows: Sequence[Any]) -> str:
    said = repr(tuple(rows)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said, digest_size=_MARK_BYTES).hexdigest()


async def _list(
    connection: AsyncConnection, where: sa.ColumnElement[bool], marked: Collection[str], found: dict[str, ListedPaper]
) -> None:
    # As stored, as it goes into marks: what a list shows of it is parsed below, once for each value.
    shown = ("title", "abstract", "arxiv_id", "authors", "announced_on", "primary_category", "withdrawn")
    columns = {column.name: column for column in _raw(paper) if column.name not in _UPKEEP}
    ordered = [columns[name] for name in (*shown, *(name for name in columns if name not in shown))]
    days: dict[Any, date | None] = {None: None}
    # Never all of them at once: with their abstracts they are dozens of megabytes.
    async for rows in (await connection.stream(sa.select(*ordered).where(where))).partitions(CHUNK):
        for row in rows:
            values = tuple(row)
            title, _, arxiv_id, authors, announced_on, category, withdrawn = values[: len(shown)]
            if announced_on not in days:
                # Text from SQLite, a date from PostgreSQL.
                days[announced_on] = date.fromisoformat(str(announced_on))
            text_mark = _mark(values[:2])
            found[arxiv_id] = ListedPaper(
                arxiv_id=arxiv_id,
                title=title,
                authors=tuple(json.loads(authors)[:_LISTED_AUTHORS]),
                announced_on=days[announced_on],
                primary_category=category,
                withdrawn=bool(withdrawn),
                mark=_mark((text_mark, *values[2:])) if arxiv_id in marked else "",
                text_mark=text_mark,
            )


def _raw(table: sa.Table) -> list[sa.Label[Any]]:
    """Return all columns as the driver gives them: nothing is parsed that only goes into a mark."""
    return [sa.type_coerce(column, sa.types.NullType()).label(column.name) for column in table.c]


def _of(table: sa.Table, ids: Sequence[str], *order: str) -> sa.Select[Any]:
    return sa.select(table).where(table.c.arxiv_id.in_(ids)).order_by(*(table.c[name] for name in order))
