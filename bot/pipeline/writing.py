"""What the language model adds to briefs: summaries, and where wanted an order of the papers and an overview.

Each of these may fail by itself, and the brief goes on without it: in the order of the words, without an overview, with
extracted summaries that say why. What fails is logged and counted.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

from bot.delivery import TopicKey
from bot.digest import overview as overviews
from bot.digest import rerank
from bot.digest.check import complaint
from bot.digest.pool import PoolStatistics
from bot.digest.rank import NO_EVIDENCE, Evidence, Ranked, Ranker
from bot.digest.tree import Match
from bot.errors import ModelError, StoreError, UsageError
from bot.llm.port import ChatModel, Meter
from bot.log import get_logger
from bot.model import Brief, Candidate, Topic
from bot.pipeline.patience import Patience
from bot.pipeline.summarising import Summariser, Written, bill_of
from bot.spending import Bill, Spending
from bot.texts import Overview

MOST_RANKED = rerank.MAX_PAPERS
"""Papers of a topic that are put in order; the others stay below them."""

_MOST_ORDERS = 64
_LEAST_FOR_OVERVIEW = 2

_log = get_logger(__name__)


class Overviews(Protocol):
    """Where overviews of posted briefs are kept; see `bot.store.summaries.SummaryStore`."""

    async def save_overview(
        self,
        topic: TopicKey,
        announced_on: date,
        language: str,
        arxiv_ids: Sequence[str],
        one: Overview,
        *,
        channel_id: int | None = None,
    ) -> bool:
        """Store the overview of a stored brief; `channel_id`: of that channel's own."""
        ...

    async def load_overview(
        self,
        topic: TopicKey,
        announced_on: date,
        language: str,
        arxiv_ids: Sequence[str],
        *,
        channel_id: int | None = None,
    ) -> Overview | None:
        """Return the overview that was written about exactly these papers, or None."""
        ...


class Ordered:
    """A ranker whose best papers are put in a given order; the others keep theirs, below.

    Feedback moves a paper as far as it would among the scores: the one at a place stands for the score of that place.
    """

    def __init__(self, ranker: Ranker, order: Sequence[str]) -> None:
        self._ranker = ranker
        self._place = {arxiv_id: place for place, arxiv_id in enumerate(order)}

    def rank(
        self,
        topic: Topic,
        candidates: Sequence[tuple[Candidate, Match]],
        pool: PoolStatistics,
        evidence: Evidence = NO_EVIDENCE,
    ) -> list[Ranked]:
        """Return `candidates` with their scores, those of the order first but for what feedback moves."""
        ranked = self._ranker.rank(topic, candidates, pool, evidence)
        ours = [one for one in ranked if one.candidate.paper.arxiv_id in self._place]
        slots = sorted((_without_feedback(one) for one in ours), reverse=True)
        ours.sort(key=lambda one: self._place[one.candidate.paper.arxiv_id])
        stands_for = {one.candidate.paper.arxiv_id: slot for one, slot in zip(ours, slots, strict=True)}
        lowest = min(slots, default=math.inf)
        last = len(self._place)

        def key(one: Ranked) -> tuple[float, int]:
            arxiv_id = one.candidate.paper.arxiv_id
            worth = stands_for.get(arxiv_id, min(lowest, _without_feedback(one)))
            return -round(worth + one.feedback, 4), self._place.get(arxiv_id, last)

        return sorted((replace(one, reordered=one.candidate.paper.arxiv_id in self._place) for one in ranked), key=key)


class Writer:
    """Asks the model about briefs. Without one it only finds what was written before."""

    def __init__(
        self,
        summariser: Summariser,
        model: ChatModel | None,
        store: Overviews,
        *,
        overview: bool = False,
        rerank: bool = False,
        currency: str = "$",
    ) -> None:
        self._summariser = summariser
        self._model = model
        self._store = store
        self._overview = overview
        self._rerank = rerank
        self._currency = currency
        self._orders: OrderedDict[tuple[object, ...], list[str]] = OrderedDict()

    @property
    def reranks(self) -> bool:
        """Return whether papers are to be put in order before the cut."""
        return self._rerank and self._model is not None

    async def order(self, brief: Brief, patience: Patience) -> tuple[list[str], Bill | None]:
        """Return the identifiers of a brief's papers in the model's order, and its bill; in their own where it fails.

        `brief` holds the best papers by the words of the topic, `MOST_RANKED` of them at the most. An order is kept in
        memory: the same question is not asked twice.
        """
        model, topic = self._model, brief.topic
        ids = [item.paper.arxiv_id for item in brief.items[:MOST_RANKED]]
        if model is None or len(ids) < 2:
            return ids, None
        interest = _interest_of(topic)
        key = (interest, *ids)
        if key in self._orders:
            self._orders.move_to_end(key)
            return self._orders[key], None
        papers = [
            rerank.RankedPaper(item.paper.arxiv_id, item.paper.title, item.summary.text)
            for item in brief.items[:MOST_RANKED]
        ]

        def check(form: rerank.RerankForm) -> str | None:
            return complaint(rerank.check_scores(form, ids))

        meter = Meter()
        try:
            with patience.counting():
                async with asyncio.timeout(patience.left):
                    request = rerank.build_request(papers, interest)
                    answer = await model.ask(request, rerank.RerankForm, check=check, meter=meter)
        except (ModelError, StoreError, TimeoutError) as error:
            _log.warning("rerank.failed", topic=topic.slug, error=str(error) or "not ready in time")
            return ids, self._bill(model, meter, failed=rerank.PURPOSE)
        order = rerank.reorder(ids, answer.value)
        self._orders[key] = order
        while len(self._orders) > _MOST_ORDERS:
            self._orders.popitem(last=False)
        return order, self._bill(model, meter)

    def _bill(self, model: ChatModel, meter: Meter, *, failed: str | None = None) -> Bill:
        return Bill(model.name, failed={failed: 1} if failed else {}, spending=meter.total, currency=self._currency)

    async def write(self, briefs: Sequence[Brief], patience: Patience) -> list[Brief]:
        """Return the briefs with the model's summaries in their languages, and overviews where wanted, and the bills.

        What is not there when patience ends stays extracted and says so. Of briefs that share a paper the first one
        pays. Raises `StoreError` where the cache cannot be read.
        """
        producer = self._summariser.producer
        if producer is None:
            return list(briefs)
        written: dict[tuple[str, str], Written] = {}
        for language in dict.fromkeys(brief.language for brief in briefs):
            papers = [item.paper for brief in briefs if brief.language == language for item in brief.items]
            found = await self._summariser.write(papers, language, patience=patience)
            written.update({(arxiv_id, language): one for arxiv_id, one in found.items()})
        done: list[Brief] = []
        overviews_of: dict[tuple[str, ...], Overview | None] = {}
        for brief in briefs:
            if not brief.items:
                done.append(brief)
                continue
            keys = [(item.paper.arxiv_id, brief.language) for item in brief.items]
            items = tuple(
                replace(item, summary=written[key].summary) for item, key in zip(brief.items, keys, strict=True)
            )
            bill = bill_of([written[key] for key in keys], producer, self._currency)
            written.update({key: replace(written[key], made=False, spending=Spending()) for key in keys})
            made = replace(brief, items=items, bill=bill + brief.bill if brief.bill is not None else bill)
            shown = (brief.language, *(item.paper.arxiv_id for item in brief.items))
            if shown in overviews_of:
                # A channel's own brief that came out as another one did.
                done.append(replace(made, overview=overviews_of[shown]))
                continue
            done.append(await self._with_overview(made, patience))
            overviews_of[shown] = done[-1].overview
        return done

    async def recall(self, briefs: Sequence[Brief]) -> list[Brief]:
        """Return the briefs with what was written about their papers before; asks nobody, costs nothing."""
        done: list[Brief] = []
        for brief in briefs:
            found = await self._summariser.recall((item.paper for item in brief.items), brief.language)
            items = tuple(replace(item, summary=found.get(item.paper.arxiv_id, item.summary)) for item in brief.items)
            done.append(replace(brief, items=items))
        return done

    async def keep(self, brief: Brief) -> None:
        """Store what belongs to a brief that has just been stored. Raises `StoreError`."""
        if brief.overview is not None:
            await self._store.save_overview(
                TopicKey(brief.topic.slug, brief.topic.guild_id),
                brief.announced_on,
                brief.language,
                [item.paper.arxiv_id for item in brief.items],
                brief.overview,
                channel_id=brief.edition.channel_id if brief.edition else None,
            )

    async def with_kept_overview(self, brief: Brief) -> Brief:
        """Return a stored brief with the overview that was posted above exactly these papers. Raises `StoreError`."""
        found = await self._store.load_overview(
            TopicKey(brief.topic.slug, brief.topic.guild_id),
            brief.announced_on,
            brief.language,
            [item.paper.arxiv_id for item in brief.items],
            channel_id=brief.edition.channel_id if brief.edition else None,
        )
        return brief if found is None else replace(brief, overview=found)

    async def _with_overview(self, brief: Brief, patience: Patience) -> Brief:
        model = self._model
        if model is None or not self._overview or len(brief.items) < _LEAST_FOR_OVERVIEW:
            return brief
        # Another channel may have had this brief before.
        if (kept := await self.with_kept_overview(brief)).overview is not None:
            return kept
        meter = Meter()

        def check(form: overviews.OverviewForm) -> str | None:
            return complaint(overviews.check_overview(form, brief.items, brief.language))

        found: Overview | None = None
        failed = None
        try:
            with patience.counting():
                async with asyncio.timeout(patience.left):
                    request = overviews.build_request(brief.items, brief.language)
                    answer = await model.ask(request, overviews.OverviewForm, check=check, meter=meter)
            found = overviews.as_overview(answer.value, brief.items, answer.producer)
        except (ModelError, StoreError, UsageError, TimeoutError) as error:
            _log.warning("overview.failed", topic=brief.topic.slug, error=str(error) or "not ready in time")
            failed = overviews.PURPOSE
        bill = self._bill(model, meter, failed=failed)
        return replace(brief, overview=found, bill=bill if brief.bill is None else brief.bill + bill)


def _without_feedback(one: Ranked) -> float:
    return one.score - one.feedback


def _interest_of(topic: Topic) -> str:
    """Return what a reader of the topic wants, in words."""
    return topic.interest or "; ".join(part for part in (topic.name("en"), topic.query) if part)
