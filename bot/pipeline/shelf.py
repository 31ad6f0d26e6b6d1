"""Briefs that were just made, kept at hand: several readers leafing through the same days cost one making of each."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from bot.clock import Clock
from bot.errors import UsageError
from bot.i18n import Refusal
from bot.model import Brief, Edition, Topic

FRESH_FOR = 600.0
"""Seconds after which a brief is made anew: late arrivals may have come."""

MAX_BRIEFS = 64
LOOK_BACK = 400
"""Announcement days that can be leafed through: more than a year of them."""


class Makes(Protocol):
    """What is asked of the briefing."""

    async def brief(
        self,
        topic: Topic,
        announced_on: date,
        *,
        max_papers: int,
        language: str = "en",
        edition: Edition | None = None,
    ) -> Brief:
        """Return the brief of `topic` for that announcement date; `edition`: the channel's own."""
        ...

    async def posted(
        self, topic: Topic, announced_on: date, language: str, edition: Edition | None = None
    ) -> Brief | None:
        """Return the brief that was posted for that date, or None."""
        ...

    async def taste(self, topic: Topic, edition: Edition | None) -> tuple[tuple[str, float], ...]:
        """Return what readers of a channel made of which papers."""
        ...


class Dates(Protocol):
    """What is asked of the stored announcements."""

    async def load_dates(self, categories: tuple[str, ...], limit: int) -> list[date]:
        """Return the dates on which any of `categories` has papers, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Leaf:
    """A brief among its neighbours: `before` and `after` are the nearest announcement dates, None at the ends."""

    brief: Brief
    before: date | None
    after: date | None


class Shelf:
    """Briefs for readers who ask: of a date that was posted what was posted, of another what would be."""

    def __init__(self, briefing: Makes, announcements: Dates, *, clock: Clock, max_papers: int = 10) -> None:
        self._briefing = briefing
        self._announcements = announcements
        self._clock = clock
        self._max_papers = max_papers
        self._briefs: OrderedDict[tuple[object, ...], tuple[float, Brief]] = OrderedDict()
        self._lock = asyncio.Lock()

    async def dates(self, topic: Topic) -> list[date]:
        """Return the announcement dates that can be leafed through, newest first. Raises `StoreError`."""
        return await self._announcements.load_dates(topic.categories, LOOK_BACK)

    async def open(
        self, topic: Topic, announced_on: date | None, language: str, edition: Edition | None = None
    ) -> Leaf:
        """Return the topic's brief for that announcement date, or its newest. A date without papers has its reason.

        `edition`: the channel that it is read in, which may have a brief of its own.

        Raises `Refusal` when nothing of the topic's categories was ever read, `StoreError`.
        """
        dates = await self.dates(topic)
        if not dates:
            raise Refusal("Nothing of this topic's categories has been read yet: {categories}.", categories=_of(topic))
        day = announced_on or dates[0]
        before = next((one for one in dates if one < day), None)
        after = next((one for one in reversed(dates) if one > day), None)
        return Leaf(await self._brief(topic, day, language, edition), before, after)

    async def turn(
        self, topic: Topic, announced_on: date, direction: int, language: str, edition: Edition | None = None
    ) -> Leaf:
        """Return the brief of the next announcement date after (1) or before (-1) that one.

        Raises `Refusal` where there is none, `StoreError`.
        """
        dates = await self.dates(topic)
        if direction < 0:
            day = next((one for one in dates if one < announced_on), None)
        else:
            day = next((one for one in reversed(dates) if one > announced_on), None)
        if day is None and direction < 0:
            raise Refusal("There is no earlier brief of this topic.")
        if day is None:
            raise Refusal("This is the newest brief of this topic.")
        return await self.open(topic, day, language, edition)

    async def _brief(self, topic: Topic, day: date, language: str, edition: Edition | None) -> Brief:
        # The topic's own words belong to the key, as it may have been edited since; and a channel's own brief is not
        # for others, nor for itself after the next opinion.
        words = (topic.query, topic.exclude, topic.interest, topic.categories, topic.weights)
        taste = await self._briefing.taste(topic, edition)
        own = edition if taste else None
        key = (topic.guild_id, topic.slug, words, day, language, own, taste)
        # One at a time: a brief takes the whole of a processor for half a second.
        async with self._lock:
            now = self._clock.monotonic()
            held = self._briefs.get(key)
            if held is not None and now - held[0] < FRESH_FOR:
                self._briefs.move_to_end(key)
                return held[1]
            try:
                made = await self._briefing.posted(topic, day, language, own)
                if made is None:
                    made = await self._briefing.brief(
                        topic, day, max_papers=self._max_papers, language=language, edition=own
                    )
            except UsageError as error:
                raise Refusal(
                    "Nothing of this topic's categories has been read yet: {categories}.", categories=_of(topic)
                ) from error
            self._briefs[key] = (now, made)
            while len(self._briefs) > MAX_BRIEFS:
                self._briefs.popitem(last=False)
            return made


def _of(topic: Topic) -> str:
    return ", ".join(topic.categories)
