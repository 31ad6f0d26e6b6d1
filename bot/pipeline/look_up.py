"""Looking one paper up: what is stored, or arXiv's answer where nothing is; counted once, without a name that stays."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.arxiv_id import PaperReference
from bot.clock import Clock
from bot.digest.extract import summarise_extractive
from bot.digest.links import find_links
from bot.errors import SourceError, StoreError, UsageError
from bot.i18n import Refusal
from bot.log import get_logger
from bot.model import AnnounceType, Paper
from bot.render.details import PaperDetails

_log = get_logger(__name__)

FETCH_SECONDS = 25.0
"""How long a reader waits for arXiv: its own spacing alone may take several seconds."""

MAX_FETCHES = 3
"""Papers asked for at once. arXiv takes one request in three seconds, and announcements come first."""

UNKNOWN_FOR = timedelta(hours=1)
"""How long an identifier that arXiv does not know is not asked for again."""

_MAX_UNKNOWN = 1000

Fetch = Callable[[str], Awaitable[Paper]]


class Papers(Protocol):
    """What is asked of the stored papers."""

    async def load_paper(self, arxiv_id: str) -> Paper | None:
        """Return the paper, or None."""
        ...

    async def load_announced(self, arxiv_id: str) -> list[tuple[str, date, AnnounceType]]:
        """Return (category, announced_on, announce type), oldest first."""
        ...


class Readers(Protocol):
    """What is asked of the readers' traces."""

    async def counts(self, arxiv_id: str) -> tuple[int, int]:
        """Return (look-ups, saves)."""
        ...

    async def record_look_up(self, user_id: int | None, guild_id: int | None, arxiv_id: str, now: datetime) -> None:
        """Count a look-up."""
        ...


class LookUp:
    """Finds papers for readers. `fetch` asks arXiv for one paper and stores it; None for a bot that only reads."""

    def __init__(self, papers: Papers, readers: Readers, *, clock: Clock, fetch: Fetch | None = None) -> None:
        self._papers = papers
        self._readers = readers
        self._clock = clock
        self._fetch = fetch
        self._fetching: dict[str, asyncio.Task[Paper]] = {}
        self._unknown: OrderedDict[str, datetime] = OrderedDict()

    async def load(self, arxiv_id: str) -> PaperDetails | None:
        """Return a stored paper with what is known around it, or None. Raises `StoreError`."""
        paper = await self._papers.load_paper(arxiv_id)
        return None if paper is None else await self._details(paper)

    async def find(self, reference: PaperReference) -> PaperDetails:
        """Return the paper, asked of arXiv where it is not stored.

        Raises `Refusal` where arXiv knows no such paper or cannot be asked now, `StoreError`.
        """
        found = await self.load(reference.arxiv_id)
        return found if found is not None else await self._details(await self._fetched(reference.arxiv_id))

    async def record(self, user_id: int, guild_id: int | None, arxiv_id: str) -> None:
        """Count that somebody looked at a paper; a database that cannot take it costs the count, not the look-up."""
        try:
            await self._readers.record_look_up(user_id, guild_id, arxiv_id, self._clock.now())
        except StoreError as error:
            _log.warning("a look-up was not counted", arxiv_id=arxiv_id, error=str(error))

    async def close(self) -> None:
        """End what is still being asked of arXiv."""
        tasks = list(self._fetching.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _details(self, paper: Paper) -> PaperDetails:
        announced = await self._papers.load_announced(paper.arxiv_id)
        days = [day for _, day, kind in announced if kind.deliverable]
        look_ups, saves = await self._readers.counts(paper.arxiv_id)
        return PaperDetails(
            paper=paper,
            summary=summarise_extractive(paper),
            links=dict(find_links(paper)),
            announced_on=min(days, default=None),
            look_ups=look_ups,
            saves=saves,
        )

    async def _fetched(self, arxiv_id: str) -> Paper:
        if self._fetch is None:
            raise Refusal("{paper} is not in my cache.", paper=arxiv_id)
        if self._known_unknown(arxiv_id):
            raise Refusal("arXiv knows no paper {paper}.", paper=arxiv_id)
        task = self._fetching.get(arxiv_id)
        if task is None:
            if len(self._fetching) >= MAX_FETCHES:
                raise Refusal("I am asking arXiv for other papers already. Please try again in a minute.")
            task = asyncio.ensure_future(self._ask(self._fetch, arxiv_id))
            self._fetching[arxiv_id] = task
            task.add_done_callback(lambda done: self._finished(arxiv_id, done))
        try:
            # One reader who gives up must not take the answer from another: the request goes on.
            done, _ = await asyncio.wait({task}, timeout=FETCH_SECONDS)
            if not done:
                raise Refusal("arXiv has not answered yet. Please try again in a minute.")
            return task.result()
        except UsageError as error:
            raise Refusal("arXiv knows no paper {paper}.", paper=arxiv_id) from error
        except SourceError as error:
            _log.warning("a paper could not be asked of arXiv", arxiv_id=arxiv_id, error=str(error))
            raise Refusal("arXiv cannot be asked right now. Please try again later.") from error

    async def _ask(self, fetch: Fetch, arxiv_id: str) -> Paper:
        return await fetch(arxiv_id)

    def _finished(self, arxiv_id: str, task: asyncio.Task[Paper]) -> None:
        del self._fetching[arxiv_id]
        if not task.cancelled() and isinstance(task.exception(), UsageError):
            self._unknown[arxiv_id] = self._clock.now()
            while len(self._unknown) > _MAX_UNKNOWN:
                self._unknown.popitem(last=False)

    def _known_unknown(self, arxiv_id: str) -> bool:
        asked_at = self._unknown.get(arxiv_id)
        if asked_at is None or self._clock.now() - asked_at >= UNKNOWN_FOR:
            self._unknown.pop(arxiv_id, None)
            return False
        return True
