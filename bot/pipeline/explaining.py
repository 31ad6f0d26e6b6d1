"""Why a paper was shown or not, and how things stand: the answers to `/why` and `/status`. Reads the cache only."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

from bot.clock import Clock
from bot.delivery import Delivery, DeliveryKind, DeliveryState, TopicKey
from bot.digest.brief import Verdict, find_fate
from bot.digest.pool import PoolStatistics
from bot.digest.rank import Ranker, split
from bot.digest.select import SHOWN
from bot.fates import Fate, Placement, Stage
from bot.model import Brief, Edition, Paper, Receipt, Standing, Topic
from bot.pipeline.evidence import Evidences
from bot.pipeline.writing import MOST_RANKED
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
        evidences: Evidences | None = None,
        reranks: bool = False,
    ) -> None:
        """`evidences`: what ranking knows beside the papers. `reranks`: a model puts the best papers in order."""
        self._evidences = evidences or Evidences(briefs)
        self._reranks = reranks
        self._announcements = announcements
        self._papers = papers
        self._briefs = briefs
        self._ledger = ledger
        self._ranker = ranker
        self._calendar = calendar
        self._clock = clock

    async def why(self, paper: Paper, topic: Topic, *, max_papers: int, edition: Edition | None = None) -> Fate:
        """Return what became of a stored paper under `topic`; `edition`: in that channel, and whether it arrived there.

        What was posted counts. Of a date without a brief, and for what a brief leaves out, it is judged as the brief of
        the day is: over all categories that are read, with the topic and the channel's feedback as they are now. Raises
        `StoreError`.
        """
        carried = await self._papers.load_announced(paper.arxiv_id)
        own = [(day, kind) for category, day, kind in carried if category in topic.categories]
        days = sorted(day for day, kind in own if kind.deliverable)
        if not days:
            stage = Stage.REPLACEMENT if own else Stage.OTHER_CATEGORIES
            return Fate(topic, stage, min((day for day, _ in own), default=None), max_papers)
        day = days[0]
        channel = edition if await self._evidences.opinions(topic, edition) else None
        verdict = await self._judge(paper, topic, day, max_papers, channel)
        posted = await self._posted(topic, day, channel)
        if posted is not None:
            verdict = _as_posted(verdict, posted, paper, max_papers)
        stage_name = verdict.fate if verdict else Stage.OTHER_CATEGORIES
        if stage_name == SHOWN and edition is not None and await self._delivered(edition.channel_id, topic, day):
            stage_name = Stage.DELIVERED
        return Fate(topic, str(stage_name), day, max_papers, verdict.placement if verdict else None, channel)

    async def _judge(
        self, paper: Paper, topic: Topic, day: date, max_papers: int, edition: Edition | None
    ) -> Verdict | None:
        known = await self._announcements.load_categories()
        candidates = await self._announcements.load_candidates(known, day)
        vectors = await self._evidences.vectors_of([one.paper for one in candidates])
        evidence = await self._evidences.gather(topic, day, edition)

        def judge() -> Verdict | None:
            pool = PoolStatistics.of(candidates, vectors)
            return find_fate(
                paper.arxiv_id,
                topic,
                candidates,
                ranker=self._ranker,
                max_papers=max_papers,
                pool=pool,
                evidence=evidence,
            )

        # A busy day takes a second, in which others want an answer.
        found = await asyncio.to_thread(judge)
        if found is None or found.placement is None:
            return found
        reordered = self._reranks and found.placement.position < MOST_RANKED
        return replace(found, placement=replace(found.placement, reordered=reordered))

    async def _posted(self, topic: Topic, day: date, edition: Edition | None) -> Brief | None:
        own = await self._briefs.load_brief(topic, day, "en", edition=edition) if edition else None
        return own or await self._briefs.load_brief(topic, day, "en")

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

    async def receipt(self, topic: Topic, language: str, channel_id: int | None = None) -> tuple[date, Receipt] | None:
        """Return the date and the receipt of the newest stored brief of `topic` in `language`; None without one.

        `channel_id`: of that channel's own brief, where it has one.
        """
        for day in await self._announcements.load_dates(topic.categories, limit=3):
            found = await self._briefs.load_receipt(
                topic.slug, day, language, guild_id=topic.guild_id, channel_id=channel_id
            )
            if found is not None:
                return day, found
        return None


def _as_posted(verdict: Verdict | None, posted: Brief, paper: Paper, max_papers: int) -> Verdict | None:
    """Return a verdict in which what was posted stands: the place and the score that a paper was posted with."""
    items = posted.items[:max_papers]
    item = next((one for one in items if one.paper.arxiv_id == paper.arxiv_id), None)
    if item is None:
        if verdict is not None and verdict.fate == SHOWN:
            return replace(verdict, fate=Stage.CHANGED_SINCE.value)
        return verdict
    kept = verdict.placement if verdict else None
    placement = Placement(
        item.position,
        posted.receipt.matched,
        item.score,
        *split(item.reasons),
        item.reasons,
        last_shown=items[-1].score,
        alike=kept.alike if kept else None,
        reordered=kept.reordered if kept else False,
    )
    return Verdict(SHOWN, placement)
