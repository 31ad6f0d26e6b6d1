import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.pool import PoolStatistics
from bot.digest.rank import NO_EVIDENCE, CompositeRanker, Evidence, Ranked
from bot.digest.select import select
from bot.model import AnnounceType, Candidate, Topic, Weights
from bot.render.statements import say_to_operator
from tests.unit.digest.samples import FakeInterest, candidates, make_candidate, make_paper, make_topic

FILLER = [make_candidate(make_paper(f"2605.9{n:04d}", "other things", "of no interest")) for n in range(20)]


def rank(
    topic: Topic, day: list[Candidate], interest: FakeInterest | None = None, evidence: Evidence = NO_EVIDENCE
) -> list[Ranked]:
    pool = PoolStatistics.of([*day, *FILLER])
    ranker = CompositeRanker(None if interest is None else lambda: interest)
    return ranker.rank(topic, select(day, topic, pool).matched, pool, evidence)


def order(topic: Topic, day: list[Candidate]) -> list[str]:
    return [ranked.candidate.paper.arxiv_id for ranked in rank(topic, day)]


def test_a_title_weighs_more_than_an_abstract() -> None:
    day = [
        make_candidate(make_paper("2605.00001", "x", "reward")),
        make_candidate(make_paper("2605.00002", "reward", "x")),
    ]
    assert order(make_topic("reward"), day) == ["2605.00002", "2605.00001"]


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    day = [
        make_candidate(make_paper("2605.00001", "other", "x")),
        make_candidate(make_paper("2605.00002", "reward", "x")),
    ]
    assert order(make_topic("other OR reward"), day) == ["2605.00002", "2605.00001"]


def test_two_spellings_of_one_find_are_one_reason() -> None:
    day = [make_candidate(make_paper("2605.00001", "few-shot learners", "x"))]
    (ranked,) = rank(make_topic('"few-shot" OR "few shot"'), day)
    assert [said for one in ranked.reasons if "matches" in (said := say_to_operator(one.why))] == [
        "matches “few-shot” in the title"
    ]


def test_the_interest_text_orders_what_a_query_does_not() -> None:
    day = [
        make_candidate(make_paper("2605.00001", "parsing trees", "syntax")),
        make_candidate(make_paper("2605.00002", "reward models", "for reasoning")),
    ]
    topic = make_topic(interest="How reward models help reasoning.")
    first, *_ = rank(topic, day)
    assert first.candidate.paper.arxiv_id == "2605.00002"
    assert any(say_to_operator(reason.why).startswith("close to what the topic asks for (") for reason in first.reasons)


def test_new_comes_before_cross_listed() -> None:
    day = [
        make_candidate(make_paper("2605.00001", "reward"), {"cs.CL": AnnounceType.CROSS}),
        make_candidate(make_paper("2605.00002", "reward")),
    ]
    assert order(make_topic("reward"), day) == ["2605.00002", "2605.00001"]


def test_general_interest_decides_where_a_topic_asks_for_nothing() -> None:
    day = [make_candidate(make_paper(f"2605.0000{n}", comment=chance)) for n, chance in ((1, "0.1"), (2, "0.9"))]
    ranked = rank(make_topic(), day, FakeInterest())
    assert [one.candidate.paper.arxiv_id for one in ranked] == ["2605.00002", "2605.00001"]
    assert ranked[0].interest == pytest.approx(3.6)


def test_what_matches_by_chance_does_not_come_first_for_being_popular() -> None:
    popular = make_paper("2605.00001", "A new benchmark", "We mention a reward once.", comment="0.999")
    about = make_paper("2605.00002", "Reward models", "A reward.", comment="0.001")
    ranked = rank(make_topic("reward"), [make_candidate(popular), make_candidate(about)], FakeInterest())
    assert [one.candidate.paper.arxiv_id for one in ranked] == ["2605.00002", "2605.00001"]


def test_a_topic_weighs_the_parts() -> None:
    day = [
        make_candidate(make_paper("2605.00001", "reward", comment="0.1")),
        make_candidate(make_paper("2605.00002", "x", "reward", comment="0.9")),
    ]
    plain = rank(make_topic("reward"), day, FakeInterest())
    assert [one.candidate.paper.arxiv_id for one in plain] == ["2605.00001", "2605.00002"]
    tilted = rank(make_topic("reward", weights=Weights(relevance=0.5, interest=2)), day, FakeInterest())
    assert [one.candidate.paper.arxiv_id for one in tilted] == ["2605.00002", "2605.00001"]
    assert [one.relevance for one in tilted] == pytest.approx([0.5 * one.relevance for one in plain[::-1]], abs=0.001)
    assert [one.interest for one in tilted] == pytest.approx([2 * one.interest for one in plain[::-1]], abs=0.001)
    (without, _) = rank(make_topic("reward", weights=Weights(relevance=0)), day, FakeInterest())
    assert not any("matches" in say_to_operator(reason.why) for reason in without.reasons)


def test_general_interest_is_asked_for_once_for_all_topics() -> None:
    interest = FakeInterest()
    day = [make_candidate(make_paper("2605.00001", "reward"))]
    pool = PoolStatistics.of(day)
    for query in ("reward", "", "rewards OR reward"):
        topic = make_topic(query)
        CompositeRanker(lambda: interest).rank(topic, select(day, topic, pool).matched, pool)
    assert interest.asked == ["2605.00001"]


def test_reasons_are_in_words() -> None:
    paper = make_paper(
        title="A Reward Model",
        authors=("Yann LeCun",),
    )
    texts = [
        say_to_operator(reason.why)
        for reason in rank(make_topic('"reward model" OR au:lecun'), [make_candidate(paper)], FakeInterest())[0].reasons
    ]
    assert {
        "matches “reward model” in the title",
        "matches “lecun” in the authors",
        "new in cs.CL",
        "general interest",
    } == set(texts)


def test_ties_are_ordered_by_id() -> None:
    day = [make_candidate(make_paper(f"2605.0000{n}", "reward")) for n in (3, 1, 2)]
    assert order(make_topic("reward"), day) == ["2605.00001", "2605.00002", "2605.00003"]


@given(candidates(), st.sampled_from(["", "reward OR agent", "few-shot", "ti:(vision language) OR graph"]))
def test_a_score_is_the_sum_of_its_reasons_whatever_the_order(day: list[Candidate], query: str) -> None:
    topic = make_topic(query, categories=(), interest="graph agents and rewards for reward models")
    pool = PoolStatistics.of(day)
    ranked = CompositeRanker().rank(topic, select(day, topic, pool).matched, pool)
    for entry in ranked:
        assert entry.score == pytest.approx(math.fsum(reason.score for reason in entry.reasons))
        assert entry.score == pytest.approx(entry.relevance + entry.interest + entry.feedback)
        assert all(reason.score > 0 for reason in entry.reasons)
        assert [reason.score for reason in entry.reasons] == sorted((r.score for r in entry.reasons), reverse=True)
    assert [entry.score for entry in ranked] == sorted((entry.score for entry in ranked), reverse=True)
    backwards = PoolStatistics.of(day[::-1])
    assert CompositeRanker().rank(topic, select(day[::-1], topic, backwards).matched[::-1], backwards) == ranked


def test_a_paper_outside_the_pool_is_still_ranked() -> None:
    topic = make_topic("reward", interest="reward models")
    day = [make_candidate(make_paper(title="reward"))]
    empty = PoolStatistics.of([])
    assert len(CompositeRanker().rank(topic, select(day, topic, empty).matched, empty)) == 1
