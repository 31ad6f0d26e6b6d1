"""Why a paper was shown or not, and how things stand: the answers to `/why` and `/status`. Reads the cache only."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from bot.clock import Clock
from bot.delivery import Delivery, DeliveryKind, DeliveryState, TopicKey
from bot.digest.brief import find_fate
from bot.digest.rank import Ranker
from bot.digest.select import SHOWN
from bot.model import Fate, Paper, Receipt, Stage, Standing, Topic
from bot.sources.calendar import AnnouncementCalendar
from bot.store.announcements import AnnouncementStore
from bot.store.briefs import BriefStore
from bot.store.papers import PaperStore

_PARTS_READ = 500
_BRIEFS = (DeliveryKind.BRIEF, DeliveryKind.LATE)


class Ledger(Protocol):
    """What is asked of the deliveries."""

    async def load_for_channel(self, channel_id: int, limit: int) -> Sequence[Delivery]:
        """Return a channel's newest parts."""
        ...


class Explainer:
    """Answers questions about the past and the present."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        papers: PaperStore,
        briefs: BriefStore,
        ledger: Ledger,
        *,
        ranker: Ranker,
        calendar: AnnouncementCalendar,
        clock: Clock,
    ) -> None:
        self._announcements = announcements
        self._papers = papers
        self._briefs = briefs
        self._ledger = ledger
        self._ranker = ranker
        self._calendar = calendar
        self._clock = clock

    async def why(self, paper: Paper, topic: Topic, *, max_papers: int, channel_id: int | None = None) -> Fate:
        """Return what became of a stored paper under `topic`; `channel_id`: and whether it reached that channel.

        Judged as the brief of the day was: over all categories that are read, with the topic as it is now.
        """
        carried = await self._papers.load_announced(paper.arxiv_id)
        own = [(day, kind) for category, day, kind in carried if category in topic.categories]
        days = sorted(day for day, kind in own if kind.deliverable)
        if not days:
            stage = Stage.REPLACEMENT if own else Stage.OTHER_CATEGORIES
            return Fate(topic, stage, min((day for day, _ in own), default=None), max_papers)
        known = await self._announcements.load_categories()
        candidates = await self._announcements.load_candidates(known, days[0])
        fate = find_fate(paper.arxiv_id, topic, candidates, ranker=self._ranker, max_papers=max_papers)
        stage_name = fate or Stage.OTHER_CATEGORIES
        if fate == SHOWN and channel_id is not None:
            stage_name = Stage.DELIVERED if await self._delivered(channel_id, topic, days[0]) else Stage.SHOWN
        return Fate(topic, str(stage_name), days[0], max_papers)

    async def _delivered(self, channel_id: int, topic: Topic, day: date) -> bool:
        key = TopicKey(topic.slug, topic.guild_id)
        parts = await self._ledger.load_for_channel(channel_id, _PARTS_READ)
        own = [one for one in parts if (one.topic, one.announced_on) == (key, day) and one.kind in _BRIEFS]
        return bool(own) and all(one.state is DeliveryState.SENT for one in own)

    async def standing(self) -> Standing:
        """Return the newest announcements, and when the next one is due."""
        known = await self._announcements.load_categories()
        latest = [await self._announcements.load_latest(category) for category in known]
        next_on, next_at = self._calendar.next_release(self._clock.now())
        return Standing(tuple(one for one in latest if one is not None), next_on, next_at)

    async def receipt(self, topic: Topic, language: str) -> tuple[date, Receipt] | None:
        """Return the date and the receipt of the newest stored brief of `topic` in `language`; None without one."""
        for day in await self._announcements.load_dates(topic.categories, limit=3):
            found = await self._briefs.load_receipt(topic.slug, day, language, guild_id=topic.guild_id)
            if found is not None:
                return day, found
        return None
