"""What a brief leaves out of a ranked list: too much of one thing, and what is far below the usual."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.brief import compose_brief, find_fate
from bot.digest.diversity import LEAST_DAYS, MOST_ALIKE, bar_of, cut
from bot.digest.pool import PoolStatistics
from bot.digest.rank import CompositeRanker, Evidence, Ranked
from bot.model import Candidate
from bot.render.labels import dropped_reason
from tests.unit.digest.samples import (
    DAY,
    FakeInterest,
    candidates,
    make_announcement,
    make_candidate,
    make_paper,
    make_topic,
)

SYLLABLES = [f"{first}{second}" for first in "bdfgklmnpr" for second in ("aro", "eli", "ivo")]


def study(number: int, kind: int, *, chance: float = 0.5) -> Candidate:
    """Return a paper that shares nearly all of its words with those of its kind, and next to none with the others."""
    words = [f"{one}{'x' * kind}" for one in SYLLABLES]
    title = f"Study {words[0]} {words[1]} part {number}"
    return make_candidate(make_paper(f"2605.{number:05d}", title, " ".join(words), comment=str(chance)))


def ranked_of(day: list[Candidate], scores: list[float] | None = None) -> list[Ranked]:
    return [Ranked(one, scores[place] if scores else 1.0, ()) for place, one in enumerate(day)]


def test_no_more_than_two_papers_about_the_same_thing() -> None:
    day = [study(n, kind=1) for n in range(1, 6)] + [study(n, kind=n) for n in range(6, 9)]
    brief = compose_brief(make_topic(), DAY, [make_announcement(shown=8)], day, ranker=CompositeRanker(), max_papers=10)
    ids = [item.paper.arxiv_id for item in brief.items]
    assert ids == ["2605.00001", "2605.00002", "2605.00006", "2605.00007", "2605.00008"]
    assert brief.receipt.dropped == {"too_similar": 3}
    assert brief.receipt.balanced
    assert dropped_reason("too_similar") == "too similar to papers shown"


def test_what_was_too_similar_is_told_with_the_paper_and_a_number() -> None:
    day = [study(n, kind=1) for n in range(1, 4)]
    verdict = find_fate("2605.00003", make_topic(), day, ranker=CompositeRanker(), max_papers=10)
    assert verdict is not None
    assert verdict.fate == "too_similar"
    assert verdict.placement is not None
    assert verdict.placement.alike is not None
    paper, likeness = verdict.placement.alike
    assert paper in ("2605.00001", "2605.00002")
    assert 0.5 < likeness <= 1


def test_short_texts_are_never_taken_for_the_same() -> None:
    day = [make_candidate(make_paper(f"2605.0000{n}", "A study", "We study things.")) for n in range(1, 7)]
    assert [one.fate for one in cut(ranked_of(day), PoolStatistics.of(day), max_papers=10)] == ["shown"] * 6


def test_a_quiet_day_shows_fewer() -> None:
    day = [study(n, kind=n, chance=chance) for n, chance in ((1, 0.9), (2, 0.5), (3, 0.05), (4, 0.04))]
    evidence = Evidence(bar=bar_of([3.5] * LEAST_DAYS))
    brief = compose_brief(
        make_topic(),
        DAY,
        [make_announcement(shown=4)],
        day,
        ranker=CompositeRanker(FakeInterest),
        max_papers=10,
        evidence=evidence,
    )
    assert [item.paper.arxiv_id for item in brief.items] == ["2605.00001", "2605.00002"]
    assert brief.receipt.dropped == {"below_bar": 2}
    assert brief.receipt.balanced


def test_the_best_paper_of_a_bad_day_is_shown_all_the_same() -> None:
    day = [study(n, kind=n) for n in (1, 2)]
    placed = cut(ranked_of(day, [0.2, 0.1]), PoolStatistics.of(day), max_papers=10, bar=5.0)
    assert [one.fate for one in placed] == ["shown", "below_bar"]


def test_a_model_that_put_a_paper_in_its_place_knows_better_than_the_bar() -> None:
    day = [study(n, kind=n) for n in (1, 2)]
    ranked = [Ranked(one, 0.1, (), reordered=True) for one in day]
    assert [one.fate for one in cut(ranked, PoolStatistics.of(day), max_papers=10, bar=5.0)] == ["shown", "shown"]


@pytest.mark.parametrize(
    ("best", "bar"),
    [
        ([], None),
        ([5.0] * (LEAST_DAYS - 1), None),
        ([5.0] * LEAST_DAYS, 1.5),
        ([0.0] * LEAST_DAYS, None),
        ([-1.0] * 9, None),
    ],
)
def test_nothing_is_usual_before_enough_days_are_known(best: list[float], bar: float | None) -> None:
    assert bar_of(best) == bar


def test_a_bar_does_not_raise_itself() -> None:
    known = [6.0, 5.0, 7.0, 4.0, 6.0]
    bar = bar_of(known)
    for _ in range(50):
        # Whatever the bar cut off, the best paper of a day is the same.
        known.append(6.0)
        assert bar_of(known) == bar


@st.composite
def days(draw: st.DrawFn) -> list[Candidate]:
    """Draw a day of papers of a few kinds, and of odd ones."""
    kinds = draw(st.lists(st.integers(1, 4), max_size=14))
    return [study(place + 1, kind) for place, kind in enumerate(kinds)] + draw(candidates())


@given(days(), st.integers(0, 8), st.floats(0, 6) | st.none(), st.integers(0, 7))
def test_every_paper_has_one_fate_and_a_short_brief_is_the_beginning_of_a_long_one(
    day: list[Candidate], most: int, bar: float | None, more: int
) -> None:
    topic = make_topic(categories=())
    evidence = Evidence(bar=bar)
    pool = PoolStatistics.of(day)
    short, long = (
        compose_brief(topic, DAY, [], day, ranker=CompositeRanker(), max_papers=count, pool=pool, evidence=evidence)
        for count in (most, most + more)
    )
    for brief, count in ((short, most), (long, most + more)):
        assert brief.receipt.balanced
        assert len(brief.items) <= count
        assert sum(brief.receipt.dropped.values()) + len(brief.items) == brief.receipt.read
    assert [item.paper for item in long.items[: len(short.items)]] == [item.paper for item in short.items]
    shown = [item.paper.arxiv_id for item in long.items]
    for one in day:
        verdict = find_fate(
            one.paper.arxiv_id,
            topic,
            day,
            ranker=CompositeRanker(),
            max_papers=most + more,
            pool=pool,
            evidence=evidence,
        )
        assert verdict is not None
        assert (verdict.fate == "shown") == (one.paper.arxiv_id in shown)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=20))
def test_never_more_of_a_kind_than_allowed(kinds: list[int]) -> None:
    day = [study(place, kind) for place, kind in enumerate(kinds, 1)]
    kind_of = {one.paper.arxiv_id: kind for one, kind in zip(day, kinds, strict=True)}
    placed = cut(ranked_of(day), PoolStatistics.of(day), max_papers=10)
    shown = [kind_of[one.ranked.candidate.paper.arxiv_id] for one in placed if one.fate == "shown"]
    assert all(shown.count(kind) == min(MOST_ALIKE, kinds.count(kind)) for kind in set(kinds))
