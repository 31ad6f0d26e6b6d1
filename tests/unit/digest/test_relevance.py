"""Relevance to an interest: by words, by vectors, widened by what the best papers share; any text, any pool."""

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.relevance import Relevance
from bot.digest.text import PaperText
from bot.model import Paper

if TYPE_CHECKING:
    from bot.embed.port import Vector


def text_of(number: int, title: str, abstract: str = "", categories: tuple[str, ...] = ("cs.CL",)) -> PaperText:
    """Return a prepared paper."""
    return PaperText.of(Paper(f"2605.{number:05}", title, abstract, ("A",), categories[0], categories))


ROBOT = text_of(1, "Grasping with a robotic hand", "A robot lifts objects. Robots need grippers and tactile sensing.")
GRIPPER = text_of(2, "Tactile grippers", "Grippers with tactile sensing hold objects firmly.")
BONDS = text_of(3, "Pricing government bonds", "Markets price bonds by their yields.")
TREES = text_of(4, "Counting trees from above", "Aerial images of forests show trees.")
POOL = [BONDS, ROBOT, TREES, GRIPPER]
CROWD = [*POOL, *(text_of(100 + one, f"Galaxy number {one}", "We look at stars of that galaxy.") for one in range(60))]


def best(scores: list[float], pool: list[PaperText]) -> list[str]:
    """Return the ids of the pool's papers above its mean, best first."""
    order = sorted(range(len(pool)), key=lambda place: -scores[place])
    return [pool[place].paper.arxiv_id for place in order if scores[place] > 0]


def test_papers_with_the_words_come_first_and_plurals_count() -> None:
    scores = Relevance.of(POOL).score("robots that grasp things")
    assert len(scores) == 4
    assert best(scores, POOL) == ["2605.00001"]
    assert Relevance.of(POOL).score("a robot") == Relevance.of(POOL).score("the ROBOTS")


def test_what_the_best_papers_share_is_asked_for_as_well() -> None:
    scores = Relevance.of(CROWD).score("robots")
    assert best(scores, CROWD)[:2] == ["2605.00001", "2605.00002"], "the gripper paper never says robot"


def test_a_word_of_the_title_counts_more_and_rare_words_count_most() -> None:
    pool = [
        text_of(1, "Sparse attention", "A model of language."),
        text_of(2, "A model of language", "Sparse attention."),
        text_of(3, "A model of vision", "Pixels."),
        text_of(4, "A model of sound", "Waves."),
    ]
    sparse = Relevance.of(pool).score("attention")
    assert sparse[0] > sparse[1] > sparse[2]
    mixed = Relevance.of(pool).score("model pixels")
    assert mixed[2] == max(mixed)


def test_scores_compare_between_interests() -> None:
    for interest in ("robots", "galaxy", "bonds and their yields"):
        scores = Relevance.of(CROWD).score(interest)
        assert sum(scores) == pytest.approx(0, abs=1e-6)
        assert sum(score * score for score in scores) / len(scores) == pytest.approx(1)


@pytest.mark.parametrize("interest", ["", "the of and", "漢字", "zyzzyva", "\0", "$x$ \\frac", "2026"])
def test_an_interest_that_says_nothing_scores_nothing(interest: str) -> None:
    assert Relevance.of(POOL).score(interest) == [0.0] * 4


def test_pools_of_no_or_one_paper_have_no_background() -> None:
    assert Relevance.of([]).score("robots") == []
    assert Relevance.of([ROBOT]).score("robots") == [0.0]
    assert Relevance.of([text_of(1, "", "")]).score("robots") == [0.0]


def test_best_words_are_those_of_the_interest_that_the_paper_has() -> None:
    relevance = Relevance.of(CROWD)
    assert relevance.best_words("tactile robot, gripper, galaxies and bonds", 3) == ("gripper", "tactile")
    assert relevance.best_words("Objects, robots and a robot with grippers", 1, limit=2) == ("robots", "grippers")
    assert relevance.best_words("bonds", 1) == ()


def test_categories_are_not_looked_at() -> None:
    moved = [text_of(1, "Grasping", "A robot.", ("cs.RO",)), text_of(2, "Bonds", "Yields.", ("cs.RO",)), TREES]
    home = [text_of(1, "Grasping", "A robot.", ("q-fin.PR",)), text_of(2, "Bonds", "Yields.", ("q-fin.PR",)), TREES]
    for interest in ("cs.RO robots", "q-fin.PR"):
        assert Relevance.of(moved).score(interest) == Relevance.of(home).score(interest)


@given(st.lists(st.text(max_size=60), max_size=6), st.text(max_size=60))
def test_any_texts_have_finite_scores(texts: list[str], interest: str) -> None:
    pool = [text_of(place, text, text) for place, text in enumerate(texts)]
    relevance = Relevance.of(pool)
    scores = relevance.score(interest)
    assert len(scores) == len(pool)
    assert all(abs(score) < 1e6 for score in scores)
    assert all(len(relevance.best_words(interest, place)) <= 3 for place in range(len(pool)))


class TestWithVectors:
    """The same with vectors; skipped where there is no numpy."""

    @pytest.fixture(autouse=True)
    def _numpy(self) -> None:
        pytest.importorskip("numpy")

    @staticmethod
    def vector(*numbers: float) -> "Vector":
        """Return a vector of unit length."""
        import numpy as np

        found: Vector = np.array(numbers, np.float32)
        found /= np.float32(np.linalg.norm(found))
        return found

    def vectors(self) -> "dict[str, Vector]":
        """Return vectors in which the trees are near the galaxies, and robots near grippers."""
        near = {"2605.00001": (1, 0, 0.1), "2605.00002": (0.9, 0, 0.2), "2605.00003": (0, 1, 0)}
        return {text.paper.arxiv_id: self.vector(*near.get(text.paper.arxiv_id, (0, 0.2, 1))) for text in CROWD}

    def test_papers_are_found_that_share_no_word(self) -> None:
        relevance = Relevance.of(CROWD, self.vectors())
        assert best(relevance.score("machines that touch"), CROWD) == []
        found = best(relevance.score("machines that touch", self.vector(1, 0, 0)), CROWD)
        assert found[:2] == ["2605.00001", "2605.00002"]

    def test_words_still_count(self) -> None:
        relevance = Relevance.of(CROWD, self.vectors())
        scores = relevance.score("tactile grippers", self.vector(1, 0, 0))
        assert best(scores, CROWD)[0] == "2605.00002"

    def test_a_paper_without_a_vector_goes_by_its_words(self) -> None:
        vectors = self.vectors()
        del vectors["2605.00002"]
        relevance = Relevance.of(CROWD, vectors)
        scores = relevance.score("tactile grippers", self.vector(1, 0, 0))
        assert scores[3] > 3

    def test_a_vector_of_another_length_is_of_another_model(self) -> None:
        relevance = Relevance.of(CROWD, self.vectors())
        assert relevance.score("robots", self.vector(1, 0)) == relevance.score("robots")

    def test_all_alike_tells_nothing(self) -> None:
        same = {text.paper.arxiv_id: self.vector(1, 2) for text in CROWD}
        relevance = Relevance.of(CROWD, same)
        assert relevance.score("zyzzyva", self.vector(1, 2)) == [0.0] * len(CROWD)
