"""Pages to files, by as many processes as pay: what to write comes in, what became of it goes out.

They are forked where that is safe, before there is a thread or a database to copy: then they are ready at once, and
what was imported is in memory once for all of them. Elsewhere each is started anew, and only when there is a lot to do.
They end with the one that started them, however that ends.
"""

import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from pathlib import Path

from bot.web import addresses
from bot.web.feeds import render_day_briefs, render_feed, render_opml, render_robots, render_sitemap
from bot.web.pages import DayBriefs, Directory, Feed, Page, SearchShard
from bot.web.views import prepare_views, render_page, render_shard
from bot.web.writing import write_file

Content = Page | SearchShard | Feed | DayBriefs | Directory

_BATCH = 24
"""Pages handed over at once: a few dozen kilobytes each."""

_WHOLE_BRIEFS = 10
"""What a day's or a topic's briefs together count as: they hold as many texts."""

_WORTH_A_PROCESS = 600
"""Pages from which on processes are started anew: each takes as long to start as some 300 pages take to make."""


@dataclass(frozen=True, slots=True)
class Written:
    """One file. `changed`: whether its bytes are new; `mark`: of what it was made of."""

    path: str
    mark: str
    size: int
    changed: bool


def render(content: Content) -> dict[str, bytes]:
    """Return site path → bytes of what a page, an index or a feed becomes. Pure."""
    match content:
        case SearchShard():
            return {addresses.search_shard(content.monday): render_shard(content)}
        case Feed():
            return {path: render_feed(content, ending) for ending, path in content.paths.items()}
        case DayBriefs():
            return {addresses.briefs_json(content.announced_on): render_day_briefs(content)}
        case Directory():
            return {
                addresses.opml(): render_opml(content),
                addresses.sitemap(): render_sitemap(content),
                addresses.robots(): render_robots(content.site_url),
            }
        case _:
            return {content.frame.path: render_page(content)}


def render_and_write(root: str, jobs: Sequence[tuple[Content, str]]) -> list[Written]:
    """Make and write the files of each (content, mark). Raises `SiteError`."""
    return [
        Written(path, mark, len(data), write_file(Path(root), path, data))
        for content, mark in jobs
        for path, data in render(content).items()
    ]


class Renderer:
    """Makes and writes what it is given, here or in other processes; made by `open_renderer`."""

    def __init__(self, processes: int) -> None:
        self._root = ""
        self._processes = processes
        self._executor: ProcessPoolExecutor | None = None
        self._waiting: list[tuple[Content, str]] = []
        self._weight = 0
        self._under_way: set[asyncio.Future[list[Written]]] = set()
        self.written: list[Written] = []
        """What is done and was not taken yet."""
        if processes > 1 and _can_fork():
            self._start("fork")

    def begin(self, root: Path, pages: int) -> None:
        """Be told where to write, and how many pages to prepare for: starting a process takes a while."""
        self._root = str(root)
        if pages >= _WORTH_A_PROCESS:
            self._start("spawn")

    async def add(self, content: Content, mark: str) -> None:
        """Take one more; waits while much is under way. Raises `SiteError` for what could not be written."""
        self._waiting.append((content, mark))
        self._weight += _WHOLE_BRIEFS if isinstance(content, Feed | DayBriefs) else 1
        if self._weight >= _WORTH_A_PROCESS:
            self._start("spawn")
        if self._executor is not None and self._weight >= _BATCH:
            await self._hand_over()
        elif self._processes <= 1 and self._weight >= _BATCH:
            self._do_here()

    async def finish(self) -> None:
        """Wait until everything that was added is written. Raises `SiteError`."""
        if self._executor is None:
            self._do_here()
        else:
            await self._hand_over()
        while self._under_way:
            await self._collect()

    def take(self) -> list[Written]:
        """Return what was done since this was last asked."""
        done, self.written = self.written, []
        return done

    def close(self) -> None:
        """End the processes; what they have in hand is finished, the rest is dropped."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)

    def _start(self, method: str) -> None:
        if self._executor is None and self._processes > 1:
            self._executor = ProcessPoolExecutor(
                self._processes, mp_context=get_context(method), initializer=_begin_worker
            )
            for _ in range(self._processes):
                # Nothing to do, but a process is started for it.
                self._executor.submit(render_and_write, self._root, ())

    def _do_here(self) -> None:
        batch, self._waiting, self._weight = self._waiting, [], 0
        self.written += render_and_write(self._root, batch)

    async def _hand_over(self) -> None:
        assert self._executor is not None  # noqa: S101  # only called then
        waiting, self._waiting, self._weight = self._waiting, [], 0
        loop = asyncio.get_running_loop()
        for start in range(0, len(waiting), _BATCH):
            batch = waiting[start : start + _BATCH]
            self._under_way.add(loop.run_in_executor(self._executor, render_and_write, self._root, batch))
            while len(self._under_way) > self._processes + 1:
                await self._collect()

    async def _collect(self) -> None:
        done, self._under_way = await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            self.written += one.result()


@asynccontextmanager
async def open_renderer(processes: int) -> AsyncIterator[Renderer]:
    """Yield what makes and writes pages, with up to that many other processes; one or none does it in this one.

    To be opened before anything that has threads, such as a database: then the processes can be forked.
    """
    renderer = Renderer(processes)
    try:
        yield renderer
    finally:
        renderer.close()


def usable_cores() -> int:
    """Return how many processes can work at the same time here."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _can_fork() -> bool:
    """Return whether a copy of this process is whole: with other threads, it could wait for their locks for ever."""
    try:
        return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208  # names are enough
    except OSError:
        return False


def _begin_worker() -> None:
    # What is there stays there: looking through it for rubbish would only copy the memory that is shared.
    gc.freeze()
    # Ctrl-C reaches the whole group; the one who waits for this process ends it.
    with contextlib.suppress(ValueError):
        # Inherited from the loop of the parent, which would be told of this process's signals.
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    prepare_views()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
