"""A model's order and a channel's feedback: the first decides, the second moves papers within it."""

from dataclasses import replace

from bot.digest.pool import PoolStatistics
from bot.digest.rank import CompositeRanker, Evidence, Ranked
from bot.digest.select import select
from bot.model import Candidate, Opinion
from bot.pipeline.writing import Ordered
from tests.unit.digest.samples import FakeInterest, make_candidate, make_paper, make_topic

KINDS = ("sonnets rhyme metre verses", "grasping robots tactile hands", "proteins folding cells genes")
DAY = [
    make_candidate(make_paper(f"2605.0000{n}", f"Part {n}", f"{KINDS[n % 3]} number{n}", comment=f"0.{9 - n}"))
    for n in range(1, 8)
]
IDS = [one.paper.arxiv_id for one in DAY]
TOPIC = make_topic()


def rank(order: list[str], *opinions: Opinion, day: list[Candidate] = DAY) -> list[Ranked]:
    pool = PoolStatistics.of(day)
    ranker = Ordered(CompositeRanker(FakeInterest), order)
    return ranker.rank(TOPIC, select(day, TOPIC, pool).matched, pool, Evidence(opinions=opinions))


def ids(ranked: list[Ranked]) -> list[str]:
    return [one.candidate.paper.arxiv_id for one in ranked]


def test_without_feedback_the_order_is_the_models_and_the_rest_follows() -> None:
    ranked = rank([IDS[4], IDS[0], IDS[2]])
    assert ids(ranked) == [IDS[4], IDS[0], IDS[2], IDS[1], IDS[3], IDS[5], IDS[6]]
    assert [one.reordered for one in ranked] == [True] * 3 + [False] * 4
    plain = CompositeRanker(FakeInterest).rank(TOPIC, select(DAY, TOPIC).matched, PoolStatistics.of(DAY))
    assert {one.candidate.paper.arxiv_id: one.score for one in ranked} == {
        one.candidate.paper.arxiv_id: one.score for one in plain
    }


def test_feedback_moves_papers_within_the_order_and_into_it() -> None:
    disliked = Opinion(replace(DAY[4].paper, arxiv_id="2604.00001"), -1)
    ranked = rank([IDS[4], IDS[0], IDS[2]], disliked)
    assert ids(ranked)[0] == IDS[0]
    assert ids(ranked).index(IDS[4]) > 2
    liked = Opinion(replace(DAY[6].paper, arxiv_id="2604.00002"), 1)
    assert ids(rank([IDS[4], IDS[1], IDS[2]], liked))[0] == IDS[6]
