"""General interest: what speaks for a paper, that it adds up, and that a worse judge would not pass."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.ranking import average_precision
from bot.digest.general_interest import VERSION, GeneralInterest
from bot.digest.interest_features import GROUPS, Place, features_of, group_of, places_of, timing_of, word_counts
from bot.model import Paper
from tests.unit.digest.samples import make_paper

SAMPLE = Path(__file__).with_name("interest_sample.json")
WEIGHTS = Path(__file__).parents[3] / "bot" / "digest" / "weights" / f"{VERSION}.json"
PASSING = 0.95
"""Average precision on the sample that a judge must reach."""


@pytest.fixture(scope="module")
def interest() -> GeneralInterest:
    return GeneralInterest.load()


@pytest.fixture(scope="module")
def sample() -> list[tuple[Paper, bool]]:
    """Invented papers: 17 of the kind that is picked, 47 that are not, some of these with code and many authors."""
    rows = json.loads(SAMPLE.read_text(encoding="utf-8"))
    return [
        (
            Paper(
                arxiv_id=f"2606.{number:05d}",
                title=row["title"],
                abstract=row["abstract"],
                authors=tuple(f"Author {place}" for place in range(row["authors"])),
                primary_category=row["primary_category"],
                categories=tuple(row["categories"]),
                comment=row["comment"],
            ),
            row["picked"],
        )
        for number, row in enumerate(rows, start=1)
    ]


def right_by(scores: list[float], sample: list[tuple[Paper, bool]]) -> list[bool]:
    order = sorted(range(len(sample)), key=lambda place: (-scores[place], sample[place][0].arxiv_id))
    return [sample[place][1] for place in order]


def test_nearly_all_of_the_first_ten_are_of_the_kind_that_is_picked(
    interest: GeneralInterest, sample: list[tuple[Paper, bool]]
) -> None:
    right = right_by([interest.score(paper).log_odds for paper, _ in sample], sample)
    assert sum(right[:10]) >= 9
    assert average_precision(right) >= PASSING


def test_a_judge_that_lost_its_words_or_mixed_them_up_would_not_pass(
    sample: list[tuple[Paper, bool]],
) -> None:
    weights = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    wordless = GeneralInterest({**weights, "words": [f"{word}-unheard" for word in weights["words"]]})
    confused = GeneralInterest({**weights, "words": weights["words"][::-1]})
    for worse in (wordless, confused):
        right = right_by([worse.score(paper).log_odds for paper, _ in sample], sample)
        assert average_precision(right) < PASSING


def test_a_simple_count_of_authors_or_of_links_would_not_pass(sample: list[tuple[Paper, bool]]) -> None:
    by_authors = right_by([float(len(paper.authors)) for paper, _ in sample], sample)
    by_links = right_by(
        [f"{paper.abstract} {paper.comment}".count("http") + len(paper.authors) / 100 for paper, _ in sample], sample
    )
    assert average_precision(by_authors) < PASSING - 0.2
    assert average_precision(by_links) < PASSING - 0.2


def paper_of(**changes: object) -> Paper:
    plain = make_paper(
        "2605.00001",
        "Agents that remember",
        "We study language model agents with a memory. They solve more tasks than agents without one.",
    )
    return replace(replace(plain, authors=("A", "B", "C")), **changes)  # type: ignore[arg-type]  # fields of Paper


def test_parts_add_up_to_the_difference_from_the_average_paper(interest: GeneralInterest) -> None:
    one = interest.score(paper_of())
    other = interest.score(paper_of(comment="Project page: https://a.github.io", authors=("A",) * 12))
    assert one.log_odds - sum(share for _, share in one.parts) == pytest.approx(
        other.log_odds - sum(share for _, share in other.parts)
    )
    assert {name for name, _ in one.parts} == set(GROUPS)
    assert list(other.parts) == sorted(other.parts, key=lambda part: (-part[1], part[0]))


def test_a_project_page_and_a_larger_team_each_speak_for_a_paper(interest: GeneralInterest) -> None:
    plain = interest.score(paper_of())
    page = interest.score(paper_of(comment="Project page: https://agents.github.io"))
    team = interest.score(paper_of(authors=("A",) * 15))
    assert page.log_odds > plain.log_odds
    assert dict(page.parts)["links"] > dict(plain.parts)["links"]
    assert team.log_odds > plain.log_odds
    assert dict(team.parts)["authors"] > dict(plain.parts)["authors"]


def test_arriving_last_speaks_for_a_paper_and_only_where_the_order_is_known(interest: GeneralInterest) -> None:
    last = interest.score(paper_of(), place=Place(199, 0, 0))
    middle = interest.score(paper_of(), place=Place(100, 99, 600))
    assert last.log_odds > middle.log_odds
    assert dict(last.parts)["timing"] > 0 > dict(middle.parts)["timing"]
    assert dict(interest.score(paper_of()).parts)["timing"] == 0


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=5, max_size=5))
def test_who_the_authors_are_changes_nothing(names: list[str]) -> None:
    assert features_of(paper_of()) == features_of(replace(paper_of(), authors=tuple(names[:3])))
    assert len(features_of(paper_of())) > 10


def test_accounts_in_addresses_are_no_words_and_no_features() -> None:
    one = paper_of(abstract="Code: https://github.com/jane-doe/agent and https://jane-doe.github.io/x .")
    other = paper_of(abstract="Code: https://github.com/somebody/else and https://somebody.github.io/y .")
    assert word_counts(one) == word_counts(other)
    assert features_of(one).keys() == features_of(other).keys()
    assert not {"jane", "doe", "github"} & word_counts(one).keys()


@given(st.text(), st.text(), st.one_of(st.none(), st.text()))
def test_any_text_is_judged(interest: GeneralInterest, title: str, abstract: str, comment: str | None) -> None:
    appeal = interest.score(paper_of(title=title, abstract=abstract, comment=comment))
    assert -20 < appeal.log_odds < 20


def test_a_hundred_thousand_words_do_not_overflow(interest: GeneralInterest) -> None:
    once = interest.score(paper_of(abstract="language model agents. " * 5))
    often = interest.score(paper_of(abstract="language model agents. " * 33_000))
    assert abs(dict(often.parts)["topic"] - dict(once.parts)["topic"]) < 2


def test_every_feature_belongs_to_a_named_part() -> None:
    names = features_of(paper_of(comment="5 pages")).keys() | timing_of(Place(0, 0, None)).keys()
    assert {group_of(name) for name in names} <= set(GROUPS)


def test_places_follow_the_identifiers_across_the_end_of_a_month() -> None:
    places = places_of(["2605.00004", "2604.21999", "2605.00010", "math/0601001"])
    assert places == {
        "2604.21999": Place(0, 2, None),
        "2605.00004": Place(1, 1, 6),
        "2605.00010": Place(2, 0, 0),
    }
    assert places_of([]) == {}


def test_weights_of_another_version_are_refused() -> None:
    with pytest.raises(ValueError, match="interest-0"):
        GeneralInterest({"version": "interest-0"})
