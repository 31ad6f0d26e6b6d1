"""From the store to a brief: load one announcement date, choose, condense. Stores only what is going to be posted.

Reads the cache only and asks nobody, but for what is going to be posted: there a language model may write.
"""

import asyncio
import functools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import ParamSpec, TypeVar

from bot.clock import Clock
from bot.digest.brief import add_late, compose_brief
from bot.digest.pool import PoolStatistics
from bot.digest.rank import Ranker
from bot.digest.select import BELOW_CUT
from bot.errors import UsageError
from bot.model import Announcement, AnnouncementState, Brief, Candidate, Counts, Edition, Paper, Topic
from bot.pipeline.evidence import Evidences
from bot.pipeline.patience import Patience
from bot.pipeline.writing import MOST_RANKED, Ordered, Writer
from bot.sources.calendar import AnnouncementCalendar
from bot.statement import Statement, StatementCode
from bot.store.announcements import AnnouncementStore
from bot.store.briefs import BriefStore

MOST_PAPERS = 10
"""No brief has more."""


@dataclass(frozen=True, slots=True)
class _Day:
    """An announcement date, read and prepared once for all topics; `known`: the categories that are read."""

    announced_on: date
    known: tuple[str, ...]
    announcements: list[Announcement]
    candidates: list[Candidate]
    pool: PoolStatistics


P = ParamSpec("P")
T = TypeVar("T")


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
        writer: Writer | None = None,
        evidences: Evidences | None = None,
    ) -> None:
        """`writer`: asks the language model, and finds what it wrote; None extracts every summary.

        `evidences`: what ranking knows beside the papers; None knows only what topics usually show.
        """
        self._evidences = evidences or Evidences(briefs)
        self._writer = writer
        self._announcements = announcements
        self._briefs = briefs
        self._ranker = ranker
        self._calendar = calendar
        self._clock = clock
        self._composing = asyncio.Lock()

    async def latest_date(self, topic: Topic) -> date:
        """Return the newest announcement date with papers in any of the topic's categories.

        Raises `UsageError` when nothing of them was ever stored.
        """
        dates = await self._announcements.load_dates(topic.categories, limit=1)
        if not dates:
            commands = " ".join(f"--category {category}" for category in topic.categories)
            raise UsageError(f"nothing is stored for {', '.join(topic.categories)}; run: paperbrief ingest {commands}")
        return dates[0]

    async def brief(
        self,
        topic: Topic,
        announced_on: date,
        *,
        max_papers: int,
        language: str = "en",
        edition: Edition | None = None,
    ) -> Brief:
        """Return the brief of `topic` for that announcement date; see `briefs`."""
        (brief,) = await self.briefs(
            [topic], announced_on, max_papers=max_papers, language=language, editions=[edition]
        )
        return brief

    async def briefs(
        self,
        topics: Sequence[Topic],
        announced_on: date,
        *,
        max_papers: int,
        language: str = "en",
        editions: Sequence[Edition | None] | None = None,
    ) -> list[Brief]:
        """Return the briefs of `topics` for that announcement date; nothing is stored, see `keep`.

        The day is read and prepared once for all topics, over all categories that this installation reads, so that a
        paper's score does not depend on which topics were asked for together. A topic's categories that were never read
        are named in `silence`. A date without an announcement gives briefs without items whose `silence` says why.
        `editions`: for each topic the channel whose readers' feedback counts, None for nobody's, as for all by default.
        Summaries are those that a model wrote before, else extracted. Raises `UsageError` when none of a topic's
        categories was ever read.
        """
        day = await self._load_day(topics, announced_on)
        made = [
            await self._compose(day, topic, edition, max_papers=max_papers, language=language)
            for topic, edition in _with_editions(topics, editions)
        ]
        return made if self._writer is None else await self._writer.recall(made)

    async def briefs_to_post(
        self,
        topics: Sequence[Topic],
        announced_on: date,
        *,
        max_papers: int,
        language: str,
        patience: Patience,
        editions: Sequence[Edition | None] | None = None,
    ) -> list[Brief]:
        """Return the same briefs as they are posted: the language model is asked for what it has not written yet.

        It is waited for as long as there is patience; what it does not give in time is extracted and says so. Raises as
        `briefs` does, and `StoreError`.
        """
        made = await self.drafts(
            topics, announced_on, max_papers=max_papers, language=language, patience=patience, editions=editions
        )
        return await self.write(made, patience)

    async def drafts(
        self,
        topics: Sequence[Topic],
        announced_on: date,
        *,
        max_papers: int,
        language: str,
        patience: Patience,
        editions: Sequence[Edition | None] | None = None,
    ) -> list[Brief]:
        """Return the same briefs before anything is written about their papers: the right ones, in order.

        A model that puts papers in order is asked once a topic: channels with feedback start from the same order.
        """
        day = await self._load_day(topics, announced_on)
        made: list[Brief] = []
        rankers: dict[tuple[str, int | None], Ranker] = {}
        for topic, edition in _with_editions(topics, editions):
            key, bill = (topic.slug, topic.guild_id), None
            if self._writer is not None and self._writer.reranks and key not in rankers:
                best = await self._compose(day, topic, None, max_papers=MOST_RANKED, language=language)
                order, bill = await self._writer.order(best, patience)
                rankers[key] = Ordered(self._ranker, order)
            ranker = rankers.get(key, self._ranker)
            brief = await self._compose(day, topic, edition, max_papers=max_papers, language=language, ranker=ranker)
            made.append(replace(brief, bill=bill))
        return made

    async def write(self, briefs: Sequence[Brief], patience: Patience) -> list[Brief]:
        """Return made briefs with what the language model writes for them; see `briefs_to_post`."""
        return list(briefs) if self._writer is None else await self._writer.write(briefs, patience)

    async def _load_day(self, topics: Sequence[Topic], announced_on: date) -> "_Day":
        known = await self._announcements.load_categories()
        for topic in topics:
            if not set(topic.categories) & set(known):
                await self.latest_date(topic)
        announcements = [await self._announcement(category, announced_on) for category in known]
        candidates = await self._announcements.load_candidates(known, announced_on)
        vectors = await self._evidences.vectors_of([candidate.paper for candidate in candidates])
        pool = await self._off_the_loop(PoolStatistics.of, candidates, vectors)
        return _Day(announced_on, tuple(known), announcements, candidates, pool)

    async def _compose(
        self,
        day: "_Day",
        topic: Topic,
        edition: Edition | None,
        *,
        max_papers: int,
        language: str,
        ranker: Ranker | None = None,
    ) -> Brief:
        compose = functools.partial(
            compose_brief,
            ranker=ranker or self._ranker,
            max_papers=max_papers,
            language=language,
            pool=day.pool,
            evidence=await self._evidences.gather(topic, day.announced_on, edition),
        )
        brief = await self._off_the_loop(compose, topic, day.announced_on, day.announcements, day.candidates)
        return replace(_with_unread(brief, day.known), edition=edition)

    async def keep(self, brief: Brief) -> None:
        """Store a brief that is about to be posted, with its summaries, for good: what was posted never changes."""
        await self._briefs.save_summaries([item.summary for item in brief.items])
        if await self._briefs.save_brief(brief) and self._writer is not None:
            await self._writer.keep(brief)

    async def posted(
        self, topic: Topic, announced_on: date, language: str, edition: Edition | None = None
    ) -> Brief | None:
        """Return the brief that was posted for that date, None where none was; late arrivals come after its papers.

        `edition`: the channel's own, where that was posted, else the shared one. Its announcements are as they are
        known now.
        """
        kept = await self._briefs.load_brief(topic, announced_on, language, edition=edition)
        if kept is None and edition is not None:
            kept = await self._briefs.load_brief(topic, announced_on, language)
        if kept is None:
            return None
        if self._writer is not None:
            kept = await self._writer.with_kept_overview(kept)
        if not kept.silence:
            own = [await self._announcement(category, announced_on) for category in topic.categories]
            return replace(kept, announcements=tuple(own))
        # Something was missing. Whoever asks later gets the rest as well, told apart from what was posted.
        cut = len(kept.items) if BELOW_CUT in kept.receipt.dropped else MOST_PAPERS
        now = await self.brief(topic, announced_on, max_papers=cut, language=language, edition=kept.edition)
        return add_late(kept, now)

    async def taste(self, topic: Topic, edition: Edition | None) -> tuple[tuple[str, float], ...]:
        """Return what readers of a channel made of which papers: two briefs of a topic differ only where this does."""
        return tuple((one.paper.arxiv_id, one.value) for one in await self._evidences.opinions(topic, edition))

    async def load_pool(self, topic: Topic, days: int = 14) -> list[tuple[date, Paper]]:
        """Return (announced_on, paper) for all deliverable papers of the topic's last `days` stored announcements."""
        dates = await self._announcements.load_dates(topic.categories, limit=days)
        pool: list[tuple[date, Paper]] = []
        for announced_on in dates:
            candidates: list[Candidate] = await self._announcements.load_candidates(topic.categories, announced_on)
            pool.extend((announced_on, candidate.paper) for candidate in candidates if not candidate.announced_before)
        return pool

    async def _off_the_loop(self, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """Return what pure `work` makes, in a thread: a busy day takes seconds that members would wait for an answer.

        One at a time and a topic at a time, so that somebody's `/brief` has its turn between the topics of a day.
        Cancelled, it is left to end by itself: it touches nothing, and what it makes is dropped.
        """
        async with self._composing:
            return await asyncio.to_thread(work, *given, **named)

    async def _announcement(self, category: str, announced_on: date) -> Announcement:
        """Return the stored announcement, or one that says in its state and reason why there is none."""
        stored = await self._announcements.load(category, announced_on)
        if stored is not None:
            return stored
        if not self._calendar.is_announcement_day(announced_on):
            state = AnnouncementState.QUIET
            reason = Statement.of(StatementCode.NO_ANNOUNCEMENT_DAY, day=announced_on)
        elif self._calendar.release(announced_on) > self._clock.now():
            state, reason = AnnouncementState.WAITING, Statement.of(StatementCode.NOT_ANNOUNCED, day=announced_on)
        else:
            state = AnnouncementState.FAILED
            reason = Statement.of(StatementCode.NEVER_READ, category=category, day=announced_on)
        now = self._clock.now()
        return Announcement(category, announced_on, state, None, Counts(), Counts(), now, reason=reason)


def _with_editions(
    topics: Sequence[Topic], editions: Sequence[Edition | None] | None
) -> list[tuple[Topic, Edition | None]]:
    return list(zip(topics, editions if editions is not None else [None] * len(topics), strict=True))


def _with_unread(brief: Brief, known: Collection[str]) -> Brief:
    unread = [category for category in brief.topic.categories if category not in known]
    if not unread:
        return brief
    return replace(brief, silence=(*brief.silence, Statement.of(StatementCode.CATEGORIES_UNREAD, unread=tuple(unread))))
