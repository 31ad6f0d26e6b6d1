import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.pool import PoolStatistics
from bot.digest.rank import LexicalRanker, Ranked, names_venue
from bot.digest.select import select
from bot.model import AnnounceType, Candidate, Topic
from bot.render.statements import say_to_operator
from tests.unit.digest.samples import candidates, make_candidate, make_paper, make_topic

FILLER = [make_candidate(make_paper(f"2605.9{n:04d}", "other things", "of no interest")) for n in range(20)]


def rank(topic: Topic, day: list[Candidate]) -> list[Ranked]:
    pool = PoolStatistics.of([*day, *FILLER])
    return LexicalRanker().rank(topic, select(day, topic, pool).matched, pool)


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


def test_new_comes_before_cross_listed_and_code_before_none() -> None:
    day = [
        make_candidate(make_paper("2605.00001", "reward"), {"cs.CL": AnnounceType.CROSS}),
        make_candidate(make_paper("2605.00002", "reward")),
        make_candidate(make_paper("2605.00003", "reward", comment="https://github.com/a/b")),
    ]
    assert order(make_topic("reward"), day) == ["2605.00003", "2605.00002", "2605.00001"]


def test_reasons_are_in_words() -> None:
    paper = make_paper(
        title="A Reward Model",
        authors=("Yann LeCun",),
        comment="Accepted to ACL 2026. Code: https://github.com/a/b Page: https://a.github.io/b",
    )
    texts = [
        say_to_operator(reason.why)
        for reason in rank(make_topic('"reward model" OR au:lecun'), [make_candidate(paper)])[0].reasons
    ]
    assert {
        "matches “reward model” in the title",
        "matches “lecun” in the authors",
        "new in cs.CL",
        "links to code or data",
        "has a project page",
        "its comment names a venue",
    } <= set(texts)


def test_ties_are_ordered_by_id() -> None:
    day = [make_candidate(make_paper(f"2605.0000{n}", "reward")) for n in (3, 1, 2)]
    assert order(make_topic("reward"), day) == ["2605.00001", "2605.00002", "2605.00003"]


@given(candidates(), st.sampled_from(["", "reward OR agent", "few-shot", "ti:(vision language) OR graph"]))
def test_a_score_is_the_sum_of_its_reasons_whatever_the_order(day: list[Candidate], query: str) -> None:
    topic = make_topic(query, categories=(), interest="graph agents and rewards for reward models")
    pool = PoolStatistics.of(day)
    ranked = LexicalRanker().rank(topic, select(day, topic, pool).matched, pool)
    for entry in ranked:
        assert entry.score == pytest.approx(math.fsum(reason.score for reason in entry.reasons))
        assert all(reason.score > 0 for reason in entry.reasons)
        assert [reason.score for reason in entry.reasons] == sorted((r.score for r in entry.reasons), reverse=True)
    assert [entry.score for entry in ranked] == sorted((entry.score for entry in ranked), reverse=True)
    backwards = PoolStatistics.of(day[::-1])
    assert LexicalRanker().rank(topic, select(day[::-1], topic, backwards).matched[::-1], backwards) == ranked


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("Accepted to CVPR 2026", True),
        ("CVPR'26", True),
        ("NeurIPS 2026 (spotlight)", True),
        ("Findings of ACL 2025", True),
        ("Published in TMLR", True),
        ("Submitted to ICML 2026", False),
        ("Under review at ACL 2026", False),
        ("9 pages, 3 figures", False),
        (None, False),
    ],
)
def test_a_venue_counts_only_when_the_paper_is_there(comment: str | None, expected: bool) -> None:
    assert names_venue(make_paper(comment=comment)) == expected


def test_a_paper_outside_the_pool_is_still_ranked() -> None:
    topic = make_topic("reward", interest="reward models")
    day = [make_candidate(make_paper(title="reward"))]
    empty = PoolStatistics.of([])
    assert len(LexicalRanker().rank(topic, select(day, topic, empty).matched, empty)) == 1
