"""From the store to a brief: load one announcement date, choose, condense, store what was made.

Reads the cache only; asks nobody.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from bot.clock import Clock
from bot.digest.brief import compose_brief
from bot.digest.pool import PoolStatistics
from bot.digest.rank import Ranker
from bot.errors import UsageError
from bot.model import Announcement, AnnouncementState, Brief, Candidate, Counts, Paper, Topic
from bot.sources.calendar import AnnouncementCalendar
from bot.store.announcements import AnnouncementStore
from bot.store.briefs import BriefStore


class Briefing:
    """Makes briefs out of what is stored."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        briefs: BriefStore,
        *,
        ranker: Ranker,
        calendar: AnnouncementCalendar,
        clock: Clock,
    ) -> None:
        self._announcements = announcements
        self._briefs = briefs
        self._ranker = ranker
        self._calendar = calendar
        self._clock = clock

    async def latest_date(self, topic: Topic) -> date:
        """Return the newest announcement date with papers in any of the topic's categories.

        Raises `UsageError` when nothing of them was ever stored.
        """
        dates = await self._announcements.load_dates(topic.categories, limit=1)
        if not dates:
            commands = " ".join(f"--category {category}" for category in topic.categories)
            raise UsageError(f"nothing is stored for {', '.join(topic.categories)}; run: paperbrief ingest {commands}")
        return dates[0]

    async def brief(self, topic: Topic, announced_on: date, *, max_papers: int, language: str = "en") -> Brief:
        """Return the brief of `topic` for that announcement date; see `briefs`."""
        (brief,) = await self.briefs([topic], announced_on, max_papers=max_papers, language=language)
        return brief

    async def briefs(
        self, topics: Sequence[Topic], announced_on: date, *, max_papers: int, language: str = "en"
    ) -> list[Brief]:
        """Return the briefs of `topics` for that announcement date, and store them with their summaries.

        The day is read and prepared once for all topics, over all categories that this installation reads, so that a
        paper's score does not depend on which topics were asked for together. A topic's categories that were never read
        are named in `silence`. A date without an announcement gives briefs without items whose `silence` says why.
        Raises `UsageError` when none of a topic's categories was ever read.
        """
        known = await self._announcements.load_categories()
        for topic in topics:
            if not set(topic.categories) & set(known):
                await self.latest_date(topic)
        announcements = [await self._announcement(category, announced_on) for category in known]
        candidates = await self._announcements.load_candidates(known, announced_on)
        pool = PoolStatistics.of(candidates)
        made: list[Brief] = []
        for topic in topics:
            brief = compose_brief(
                topic,
                announced_on,
                announcements,
                candidates,
                ranker=self._ranker,
                max_papers=max_papers,
                language=language,
                pool=pool,
            )
            brief = _with_unread(brief, known)
            if candidates:
                await self._briefs.save_summaries([item.summary for item in brief.items])
                await self._briefs.save_brief(brief)
            made.append(brief)
        return made

    async def load_pool(self, topic: Topic, days: int = 14) -> list[tuple[date, Paper]]:
        """Return (announced_on, paper) for all deliverable papers of the topic's last `days` stored announcements."""
        dates = await self._announcements.load_dates(topic.categories, limit=days)
        pool: list[tuple[date, Paper]] = []
        for announced_on in dates:
            candidates: list[Candidate] = await self._announcements.load_candidates(topic.categories, announced_on)
            pool.extend((announced_on, candidate.paper) for candidate in candidates if not candidate.announced_before)
        return pool

    async def _announcement(self, category: str, announced_on: date) -> Announcement:
        """Return the stored announcement, or one that says in its state and reason why there is none."""
        stored = await self._announcements.load(category, announced_on)
        if stored is not None:
            return stored
        if not self._calendar.is_announcement_day(announced_on):
            state, reason = AnnouncementState.QUIET, f"arXiv announces nothing on {announced_on:%A} {announced_on}"
        elif self._calendar.release(announced_on) > self._clock.now():
            state, reason = AnnouncementState.WAITING, f"arXiv has not announced {announced_on} yet"
        else:
            state = AnnouncementState.FAILED
            reason = f"{category} of {announced_on} was never read; run: paperbrief ingest --category {category}"
        now = self._clock.now()
        return Announcement(category, announced_on, state, None, Counts(), Counts(), now, reason=reason)


def _with_unread(brief: Brief, known: Collection[str]) -> Brief:
    unread = [category for category in brief.topic.categories if category not in known]
    if not unread:
        return brief
    sentence = f"Not read here: {', '.join(unread)} (see BRIEF__CATEGORIES)."
    return replace(brief, silence=f"{brief.silence} {sentence}" if brief.silence else sentence)
