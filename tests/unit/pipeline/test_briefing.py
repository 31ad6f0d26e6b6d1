"""Composing a day keeps nobody waiting: it happens beside the event loop, and can be given up."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from bot.clock import AsOfClock
from bot.digest.pool import PoolStatistics
from bot.digest.rank import NO_EVIDENCE, CompositeRanker, Evidence, Ranked
from bot.digest.tree import Match
from bot.model import Candidate, Topic
from bot.pipeline.briefing import Briefing
from bot.sources.calendar import load_calendar
from bot.store.announcements import AnnouncementStore
from bot.store.briefs import BriefStore
from bot.store.engine import Database
from tests.store.samples import TUESDAY, make_fetched, make_paper, save

PATIENCE = 10.0
MATTER = Topic("matter", {"en": "Matter"}, ("cs.CL",), "matter")


class SlowRanker(CompositeRanker):
    """Ranks when it is told to: `begun` is set once it could, `go` lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = threading.Event(), threading.Event()

    def rank(
        self,
        topic: Topic,
        candidates: Sequence[tuple[Candidate, Match]],
        pool: PoolStatistics,
        evidence: Evidence = NO_EVIDENCE,
    ) -> list[Ranked]:
        self.begun.set()
        assert self.go.wait(PATIENCE), "the event loop had no turn"
        return super().rank(topic, candidates, pool, evidence)


@pytest.fixture
def ranker() -> SlowRanker:
    return SlowRanker()


@pytest.fixture
async def briefing(db: Database, ranker: SlowRanker) -> Briefing:
    store = AnnouncementStore(db)
    await save(store, make_fetched([make_paper("2605.00001"), make_paper("2605.00002")]))
    clock = AsOfClock(datetime(2026, 5, 12, 12, tzinfo=UTC))
    return Briefing(store, BriefStore(db), ranker=ranker, calendar=load_calendar(None), clock=clock)


async def test_the_loop_goes_on_while_a_brief_is_composed(briefing: Briefing, ranker: SlowRanker) -> None:
    composing = asyncio.create_task(briefing.brief(MATTER, TUESDAY, max_papers=10))
    # Here, on the loop: what is composed on it could never begin and be let go.
    assert await asyncio.to_thread(ranker.begun.wait, PATIENCE)
    assert not composing.done()
    ranker.go.set()
    assert [item.paper.arxiv_id for item in (await composing).items] == ["2605.00001", "2605.00002"]


async def test_composing_can_be_cancelled_and_done_again(briefing: Briefing, ranker: SlowRanker) -> None:
    composing = asyncio.create_task(briefing.brief(MATTER, TUESDAY, max_papers=10))
    assert await asyncio.to_thread(ranker.begun.wait, PATIENCE)
    composing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await composing
    ranker.go.set()
    assert len((await briefing.brief(MATTER, TUESDAY, max_papers=1)).items) == 1
