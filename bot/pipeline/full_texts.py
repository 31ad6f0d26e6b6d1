"""Full texts of papers for those who ask about them: fetched once for all who wait, kept in memory for a while only.

Papers are not ours to keep: nothing here is written to a disk or a database.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import SourceError, SourceMalformed, StoreError
from bot.log import get_logger
from bot.model import Paper
from bot.render.answers import Shortfall
from bot.texts import FullText

FETCH_SECONDS = 25.0
"""How long a reader waits: arXiv's own spacing alone may take six seconds for two documents."""

MAX_FETCHES = 2
"""Documents asked for at once. arXiv takes one request in three seconds, and announcements come first."""

MAX_KEPT = 4_000_000
"""Characters of all papers together; a paper has about 60,000."""

UNREADABLE_FOR = timedelta(hours=1)
"""How long a paper without a text that can be read is not asked for again."""

_MAX_UNREADABLE = 1000

Fetch = Callable[[Paper], Awaitable[FullText]]
_Key = tuple[str, int]

_log = get_logger(__name__)


class FullTexts:
    """Gets full texts. `fetch` asks arXiv; None for a bot that only reads its database."""

    def __init__(self, fetch: Fetch | None, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._kept: OrderedDict[_Key, FullText] = OrderedDict()
        self._unreadable: OrderedDict[_Key, datetime] = OrderedDict()
        self._fetching: dict[_Key, asyncio.Task[FullText]] = {}

    async def load(self, paper: Paper, seconds: float = FETCH_SECONDS) -> FullText | Shortfall:
        """Return the paper's text, or why there is none within `seconds`; raises nothing but cancellation."""
        key = (paper.arxiv_id, paper.version)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if paper.withdrawn:
            return Shortfall.WITHDRAWN
        if self._fetch is None:
            return Shortfall.OFFLINE
        if self._known_unreadable(key):
            return Shortfall.UNREADABLE
        task = self._fetching.get(key)
        if task is None:
            if len(self._fetching) >= MAX_FETCHES:
                return Shortfall.BUSY
            task = asyncio.ensure_future(self._fetch(paper))
            self._fetching[key] = task
            task.add_done_callback(lambda done: self._finished(key, done))
        # One reader who gives up must not take the text from another: the request goes on.
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            return Shortfall.SLOW
        if task.cancelled():
            return Shortfall.UNAVAILABLE
        try:
            return task.result()
        except (SourceError, StoreError) as error:
            return Shortfall.UNREADABLE if _is_lasting(error) else Shortfall.UNAVAILABLE

    async def close(self) -> None:
        """End what is still being asked of arXiv."""
        tasks = list(self._fetching.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _finished(self, key: _Key, task: asyncio.Task[FullText]) -> None:
        del self._fetching[key]
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._keep(key, task.result())
            return
        _log.warning("full_text.failed", arxiv_id=key[0], version=key[1], error=str(error))
        if _is_lasting(error):
            self._unreadable[key] = self._clock.now()
            while len(self._unreadable) > _MAX_UNREADABLE:
                self._unreadable.popitem(last=False)

    def _keep(self, key: _Key, text: FullText) -> None:
        self._kept[key] = text
        while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > MAX_KEPT:
            self._kept.popitem(last=False)

    def _known_unreadable(self, key: _Key) -> bool:
        found_at = self._unreadable.get(key)
        if found_at is None or self._clock.now() - found_at >= UNREADABLE_FOR:
            self._unreadable.pop(key, None)
            return False
        return True


def _is_lasting(error: BaseException) -> bool:
    """Return whether the text is missing or cannot be read, which another try would not change."""
    return isinstance(error, SourceMalformed) or getattr(error, "status", None) == 404


def _size(text: FullText) -> int:
    return sum(len(one.text) for one in text.passages)
