"""One build of the site: which pages, in which order, and what came of it.

Papers come before the briefs that lead to them, lists after those, the front page at last: a build that is killed
leaves whole pages, and no new one that leads nowhere. What did not change is neither loaded nor made.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.model import Topic
from bot.store.announcements import AnnouncementStore
from bot.store.engine import Database
from bot.store.figures import FigureStore
from bot.store.guild_topics import GuildTopicStore
from bot.store.site import SiteStore
from bot.store.subscriptions import SubscriptionStore
from bot.web import addresses
from bot.web.composing import Composer
from bot.web.listing import Lister
from bot.web.marks import mark_of, producer_mark
from bot.web.pages import Page
from bot.web.picturing import Pictures
from bot.web.reading import DayTopic, Site, SiteWish, load_site
from bot.web.relating import Near, Relations
from bot.web.rendering import Renderer
from bot.web.silence import find_silences
from bot.web.views import shared_files
from bot.web.writing import SiteDirectory, open_directory, write_file

Progress = Callable[[str, int, int], None]

_PAPERS_AT_ONCE = 50
_FEEDS_AT_ONCE = 2
_BRIEFS_AT_ONCE = 12


@dataclass(frozen=True, slots=True)
class SiteReceipt:
    """What a build did: pages = written + unchanged. `skipped`: what has no address and so no page."""

    pages: int
    written: int
    unchanged: int
    removed: int
    skipped: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON-ready mapping."""
        return asdict(self)


async def build_site(
    wish: SiteWish,
    database: Database,
    catalogue: Mapping[str, Topic],
    root: Path,
    renderer: Renderer,
    *,
    progress: Progress | None = None,
) -> SiteReceipt:
    """Bring the site below `root` up to what is stored, and return the receipt.

    `progress` is told (step, done, total). Raises `SiteError` where the directory cannot be used or written,
    `StoreError` kinds.
    """
    began = time.perf_counter()
    with open_directory(root) as directory:
        store = SiteStore(database)
        site = await load_site(wish, store, catalogue, GuildTopicStore(database), SubscriptionStore(database))
        silences = await find_silences(site, AnnouncementStore(database), directory.state.silences)
        marks = await store.load_marks(sorted(site.paper_pages | (site.shown.keys() & site.papers.keys())))
        pictures = Pictures(site, FigureStore(database), directory.state)
        await pictures.load()
        composer = Composer(site, store, marks, silences, pictures)
        relations = Relations(site, store, directory)
        build = _Build(site, composer, Lister(site, silences), relations, directory, renderer, progress)
        await build.run(pictures, store)
        return build.receipt(time.perf_counter() - began)


class _Build:
    def __init__(
        self,
        site: Site,
        composer: Composer,
        lister: Lister,
        relations: Relations,
        directory: SiteDirectory,
        renderer: Renderer,
        progress: Progress | None,
    ) -> None:
        self._site = site
        self._composer = composer
        self._lister = lister
        self._relations = relations
        self._directory = directory
        self._renderer = renderer
        self._progress = progress or (lambda _step, _done, _total: None)
        self._producer = producer_mark()
        self._paths = _paths(site, [shard.monday for shard in lister.search_shards])
        self._written = 0
        self._unchanged = 0
        self._removed = 0
        self._done = 0

    async def run(self, pictures: Pictures, store: SiteStore) -> None:
        self._renderer.begin(self._directory.root, self._directory.begin(self._paths.keys()))
        await self._write_shared()
        await self._write_pictures(pictures, store)
        await self._write_papers()
        await self._write_briefs()
        await self._write_feeds()
        await self._write_lists()
        await self._renderer.finish()
        self._settle()
        self._removed = self._directory.remove_others(self._paths.keys())
        self._relations.forget_others()
        self._directory.save()

    def receipt(self, seconds: float) -> SiteReceipt:
        return SiteReceipt(
            len(self._paths),
            self._written,
            self._unchanged,
            self._removed,
            self._site.skipped,
            round(seconds, 3),
        )

    async def _write_shared(self) -> None:
        for path, content in shared_files().items():
            changed = write_file(self._directory.root, path, content)
            self._note(path, mark_of(content), len(content), changed=changed)

    async def _write_pictures(self, pictures: Pictures, store: SiteStore) -> None:
        lost: set[str] = set()
        for arxiv_id, path, mark in list(pictures.known_files()):
            self._paths[path] = None
            if not self._is_current(path, mark):
                lost.add(arxiv_id)
        for ids in pictures.changed(lost):
            files = await pictures.load_files(ids, await store.load_papers(ids))
            self._paths.update((one.path, None) for one in files)
            self._directory.begin([one.path for one in files])
            for arxiv_id in ids:
                mark, paths = self._directory.state.figures[arxiv_id]
                for one in (one for one in files if one.path in paths):
                    changed = write_file(self._directory.root, one.path, one.data)
                    self._note(one.path, mark, len(one.data), changed=changed)

    async def _write_papers(self) -> None:
        by_day: dict[date, list[str]] = {}
        for arxiv_id in sorted(self._site.paper_pages):
            by_day.setdefault(self._relations.day_of(arxiv_id), []).append(arxiv_id)
        await self._relations.prepare(by_day)
        for day in sorted(by_day):
            near = await self._relations.find(day, by_day[day])
            wanted: list[tuple[str, str, Near, str]] = []
            for arxiv_id in by_day[day]:
                mark = self._mark(self._composer.paper_mark(arxiv_id, near[arxiv_id]))
                wanted += [
                    (ui, arxiv_id, near[arxiv_id], mark)
                    for ui in addresses.UIS
                    if not self._is_current(addresses.paper(ui, arxiv_id), mark)
                ]
            for chunk in _chunks(wanted, _PAPERS_AT_ONCE):
                pages = await self._composer.paper_pages([one[:3] for one in chunk])
                for page, (_, _, _, mark) in zip(pages, chunk, strict=True):
                    await self._add(page, mark, "papers")

    async def _write_briefs(self) -> None:
        places = sorted(self._site.briefs, key=lambda place: (place[0], place[1].slug, place[1].guild_id or 0))
        wanted: list[tuple[str, DayTopic, str, str]] = []
        for place in places:
            marks = {one: self._mark(self._composer.brief_mark(place, one)) for one in self._site.briefs[place]}
            for ui in addresses.UIS:
                for language, path in self._site.languages(ui, place):
                    mark = marks[language]
                    if not self._is_current(path, mark):
                        wanted.append((ui, place, language, mark))
        for chunk in _chunks(wanted, _BRIEFS_AT_ONCE):
            for page, one in zip(await self._composer.brief_pages([one[:3] for one in chunk]), chunk, strict=True):
                await self._add(page, one[3], "briefs")
        for day in self._site.days:
            mark = self._mark(self._composer.day_briefs_mark(day))
            if not self._is_current(addresses.briefs_json(day), mark):
                await self._renderer.add(await self._composer.day_briefs(day), mark)

    async def _write_feeds(self) -> None:
        wanted = []
        for key in (None, *self._site.topics):
            mark = self._mark(self._composer.feed_mark(key))
            paths = [addresses.feed(key, ending) for ending in addresses.FEED_TYPES]
            if not all([self._is_current(path, mark) for path in paths]):  # noqa: C419  # each is to be counted
                wanted.append((key, mark))
        for chunk in _chunks(wanted, _FEEDS_AT_ONCE):
            for feed, (_, mark) in zip(await self._composer.feeds([key for key, _ in chunk]), chunk, strict=True):
                await self._renderer.add(feed, mark)

    async def _write_lists(self) -> None:
        for ui in addresses.UIS:
            for day in self._site.days:
                await self._add_page(self._lister.day_page(ui, day))
            for key in self._site.topics:
                await self._add_page(self._lister.topic_page(ui, key))
        for shard in self._lister.search_shards:
            mark = self._mark(mark_of(shard))
            if not self._is_current(addresses.search_shard(shard.monday), mark):
                await self._renderer.add(shard, mark)
        directory = self._lister.directory({path: day for path, day in self._paths.items() if day is not None})
        mark = self._mark(mark_of(directory))
        lists = (addresses.opml(), addresses.sitemap(), addresses.robots())
        if not all([self._is_current(path, mark) for path in lists]):  # noqa: C419  # each is to be counted
            await self._renderer.add(directory, mark)
        for ui in addresses.UIS:
            for page in self._lister.fixed_pages(ui):
                await self._add_page(page)
        await self._add_page(self._lister.root_page())

    async def _add_page(self, page: Page) -> None:
        mark = self._mark(mark_of(page))
        if not self._is_current(page.frame.path, mark):
            await self._add(page, mark, "lists")

    async def _add(self, page: Page, mark: str, step: str) -> None:
        await self._renderer.add(page, mark)
        self._settle()
        self._progress(step, self._done, len(self._paths))

    def _settle(self) -> None:
        for one in self._renderer.take():
            self._note(one.path, one.mark, one.size, changed=one.changed)

    def _note(self, path: str, mark: str, size: int, *, changed: bool) -> None:
        self._directory.state.pages[path] = (mark, size)
        self._written += changed
        self._unchanged += not changed
        self._done += 1

    def _is_current(self, path: str, mark: str) -> bool:
        current = self._directory.is_current(path, mark)
        if current:
            self._unchanged += 1
            self._done += 1
        return current

    def _mark(self, content: str) -> str:
        return mark_of(self._producer, content)


def _paths(site: Site, mondays: Iterable[date]) -> dict[str, date | None]:
    """Return every file that the site consists of, pages with the day of what they show."""
    paths: dict[str, date | None] = dict.fromkeys(shared_files())
    newest = site.newest_day
    for ui in addresses.UIS:
        for make in (addresses.front, addresses.topics, addresses.search, addresses.about, addresses.privacy):
            paths[make(ui)] = newest
        paths |= {addresses.day(ui, day): day for day in site.days}
        for key in site.topics:
            paths[addresses.topic(ui, key)] = site.topic_days[key][-1] if site.topic_days[key] else newest
        for place in site.briefs:
            paths |= {path: place[0] for _, path in site.languages(ui, place)}
        for arxiv_id in site.paper_pages:
            shown = max((day for day, _ in site.shown.get(arxiv_id, ())), default=None)
            paths[addresses.paper(ui, arxiv_id)] = shown or site.papers[arxiv_id].announced_on or newest
    paths[addresses.root()] = newest
    for feed in (None, *site.topics):
        paths |= {addresses.feed(feed, ending): None for ending in addresses.FEED_TYPES}
    paths |= {addresses.briefs_json(day): None for day in site.days}
    paths |= {addresses.search_shard(monday): None for monday in mondays}
    paths |= dict.fromkeys((addresses.opml(), addresses.sitemap(), addresses.robots()))
    return paths


def _chunks(values: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    return (values[start : start + size] for start in range(0, len(values), size))
