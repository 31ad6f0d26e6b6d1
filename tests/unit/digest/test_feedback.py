"""What clicks do to a channel's order, and what they must never do."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.feedback import WINDOW, Taste
from bot.digest.likeness import traits_of
from bot.digest.pool import PoolStatistics
from bot.digest.rank import CompositeRanker, Evidence, Ranked
from bot.digest.select import select
from bot.i18n import load_texts
from bot.model import Candidate, Opinion, Paper, Topic, Weights
from bot.render.statements import say_statement
from tests.unit.digest.samples import FakeInterest, candidates, make_candidate, make_paper, make_topic

ROBOTS = "grasping objects with dexterous robot hands and tactile sensing from teleoperated demonstrations"
VERSES = "rhyme and metre of sonnets in historical corpora annotated by scholars of comparative literature"
POEMS = "sonnets whose rhyme and metre scholars annotated in corpora of historical literature"
GRASPS = "tactile sensing for dexterous robot hands grasping fragile objects"
FILLER = [make_candidate(make_paper(f"2605.9{n:04d}", f"thing {n}", f"Matter {n} of kind {n % 7}.")) for n in range(40)]
TODAY = [
    make_candidate(make_paper("2605.00001", "Hands that feel", GRASPS)),
    make_candidate(make_paper("2605.00002", "Poems in corpora", POEMS)),
]
LIKED = make_paper("2604.00001", "Dexterous robots", ROBOTS)
DISLIKED = make_paper("2604.00002", "Verses", VERSES)


def rank(day: Sequence[Candidate], opinions: Sequence[Opinion], topic: Topic | None = None) -> list[Ranked]:
    wanted = topic or make_topic()
    pool = PoolStatistics.of([*day, *FILLER])
    matched = select([*day], wanted, pool).matched
    return CompositeRanker(FakeInterest).rank(wanted, matched, pool, Evidence(opinions=tuple(opinions)))


def order(day: Sequence[Candidate], opinions: Sequence[Opinion]) -> list[str]:
    return [one.candidate.paper.arxiv_id for one in rank(day, opinions)]


def said(one: Ranked) -> list[str]:
    return [say_statement(reason.why, load_texts("en")) for reason in one.reasons]


def test_one_click_brings_papers_like_it_up_and_says_so() -> None:
    assert order(TODAY, []) == ["2605.00001", "2605.00002"]
    first, second = rank(TODAY, [Opinion(DISLIKED, 1)])
    assert first.candidate.paper.arxiv_id == "2605.00002"
    assert said(first)[0] == "close to 1 paper you liked"
    assert first.feedback > 0
    assert second.feedback == pytest.approx(0, abs=0.3)


def test_not_relevant_takes_papers_like_it_down_and_says_so() -> None:
    _, last = rank(TODAY, [Opinion(LIKED, -1)])
    assert last.candidate.paper.arxiv_id == "2605.00001"
    assert said(last)[-1] == "close to 1 paper you marked as not relevant"
    assert last.feedback < 0
    chinese = say_statement(last.reasons[-1].why, load_texts("zh-CN"))
    assert chinese == "接近你们标为不相关的 1 篇论文"


def test_ten_clicks_outweigh_what_everybody_picks() -> None:
    popular = make_candidate(replace(TODAY[0].paper, comment="0.95"))
    ours = make_candidate(replace(TODAY[1].paper, comment="0.05"))
    assert order([popular, ours], [])[0] == "2605.00001"
    clicks = [Opinion(replace(DISLIKED, arxiv_id=f"2604.1000{n}"), 1) for n in range(5)]
    clicks += [Opinion(replace(LIKED, arxiv_id=f"2604.2000{n}"), -1) for n in range(5)]
    assert order([popular, ours], clicks)[0] == "2605.00002"


def test_a_save_says_less_than_a_like() -> None:
    by_value = {
        value: next(
            one.feedback for one in rank(TODAY, [Opinion(DISLIKED, value)]) if "00002" in one.candidate.paper.arxiv_id
        )
        for value in (0.5, 1.0)
    }
    assert 0 < by_value[0.5] < by_value[1.0]


def test_the_words_are_named_where_no_judged_paper_is_close() -> None:
    far = make_paper(
        "2604.00003", "Sonnets", "An essay on everything else in the whole wide world of letters and songs " * 3
    )
    ranked = rank(TODAY, [Opinion(far, 1)])
    one = next(one for one in ranked if one.candidate.paper.arxiv_id == "2605.00002")
    assert "like what was liked here (sonnets)" in said(one)


def test_a_topic_may_give_feedback_no_weight() -> None:
    deaf = make_topic(weights=Weights(feedback=0))
    assert rank(TODAY, [Opinion(DISLIKED, 1)], deaf) == rank(TODAY, [], deaf)


_PAPERS = [LIKED, DISLIKED, TODAY[0].paper, make_paper("2604.00009", "", "")]
_OPINIONS = st.lists(st.builds(Opinion, st.sampled_from(_PAPERS), st.sampled_from((-1.0, 0.5, 1.0))), max_size=12)


@given(candidates(), _OPINIONS)
def test_turned_around_opinions_turn_every_score_around(day: list[Candidate], opinions: list[Opinion]) -> None:
    pool = PoolStatistics.of([*day, *TODAY])
    taste = Taste.replay(opinions, pool)
    turned = Taste.replay([replace(one, value=-one.value) for one in opinions], pool)
    for one in [*day, *TODAY]:
        traits, categories = traits_of(one.paper, pool), one.paper.categories
        assert turned.score(traits, categories) == pytest.approx(-taste.score(traits, categories))


@given(candidates(), _OPINIONS)
def test_no_clicks_change_nothing_and_scores_stay_the_sum_of_their_reasons(
    day: list[Candidate], opinions: list[Opinion]
) -> None:
    topic = make_topic("reward OR agent", categories=())
    pool = PoolStatistics.of(day)
    matched = select(day, topic, pool).matched
    ranker = CompositeRanker(FakeInterest)
    before = ranker.rank(topic, matched, pool)
    assert ranker.rank(topic, matched, pool, Evidence()) == before
    for one in ranker.rank(topic, matched, pool, Evidence(opinions=tuple(opinions))):
        assert one.score == pytest.approx(sum(reason.score for reason in one.reasons), abs=1e-6)
        assert one.score == pytest.approx(one.relevance + one.interest + one.feedback, abs=1e-6)
        plain = next(each for each in before if each.candidate is one.candidate)
        assert (one.relevance, one.interest) == (plain.relevance, plain.interest)


@given(_OPINIONS, st.integers(0, 11))
def test_what_is_forgotten_has_never_been(opinions: list[Opinion], place: int) -> None:
    pool = PoolStatistics.of(TODAY)
    kept = opinions[:place] + opinions[place + 1 :]
    assert Taste.replay(list(kept), pool) == Taste.replay([one for n, one in enumerate(opinions) if n != place], pool)
    assert not Taste.replay([], pool)


def test_old_clicks_beyond_the_window_do_not_count() -> None:
    pool = PoolStatistics.of(TODAY)
    recent = [Opinion(replace(LIKED, arxiv_id=f"2604.{n:05d}"), 1) for n in range(WINDOW)]
    assert Taste.replay([Opinion(DISLIKED, 1)] * 10_000 + recent, pool) == Taste.replay(recent, pool)


def test_a_later_opinion_about_a_paper_moves_it_to_the_other_side() -> None:
    taste = Taste.replay([Opinion(LIKED, 1), Opinion(LIKED, -1)], PoolStatistics.of(TODAY))
    assert (len(taste.liked), len(taste.disliked)) == (0, 1)


def test_the_category_alone_says_something_too() -> None:
    day = [
        make_candidate(make_paper("2605.00003", "Nothing", "in common", categories=("cs.CL", "cs.IR"))),
        make_candidate(make_paper("2605.00004", "Nothing", "in common", categories=("cs.CL", "cs.CY"))),
    ]
    liked: Paper = make_paper("2604.00005", "Other words", "entirely", categories=("cs.LG", "cs.CY"))
    assert order(day, [Opinion(liked, 1)]) == ["2605.00004", "2605.00003"]
