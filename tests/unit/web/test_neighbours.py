"""Neighbours: which papers are near, which are surveys, and that later ones change nothing."""

from bot.web.neighbours import MOST_TERMS, Pool, is_survey, terms_of

ATTENTION = {
    "2605.00001": terms_of("Sparse attention for retrieval", "Sparse attention helps retrieval of long documents."),
    "2605.00002": terms_of("Dense attention for retrieval", "Dense attention helps retrieval of short documents."),
    "2605.00003": terms_of("Protein folding with diffusion", "Diffusion folds proteins in molecular dynamics."),
}


def filled(*days: dict[str, tuple[str, ...]]) -> Pool:
    """Return a pool of these days."""
    pool = Pool()
    for day in days:
        pool.add(day)
    return pool


def test_the_nearest_paper_comes_first_and_never_the_paper_itself() -> None:
    found = filled(ATTENTION).nearest("2605.00001", ATTENTION["2605.00001"], first=0, most=5)
    assert [arxiv_id for arxiv_id, _ in found] == ["2605.00002"]
    assert 0 < found[0][1] <= 1


def test_papers_before_the_first_place_are_not_looked_at() -> None:
    pool = filled({"2604.00001": ATTENTION["2605.00002"]}, ATTENTION)
    assert [one for one, _ in pool.nearest("2605.00001", ATTENTION["2605.00001"], first=1, most=5)] == ["2605.00002"]
    assert len(pool.nearest("2605.00001", ATTENTION["2605.00001"], first=0, most=5)) == 2


def test_the_order_does_not_depend_on_that_of_the_papers() -> None:
    turned = dict(reversed(ATTENTION.items()))
    wanted = ATTENTION["2605.00001"]
    one = filled(ATTENTION).nearest("2605.00001", wanted, first=0, most=5)
    assert filled(turned).nearest("2605.00001", wanted, first=0, most=5) == one


def test_a_paper_without_telling_words_has_no_neighbours() -> None:
    assert terms_of("On the use of it", "We show new results.") == ()
    assert filled(ATTENTION).nearest("2605.00009", (), first=0, most=5) == []


def test_terms_are_bounded_and_hold_no_formulas() -> None:
    terms = terms_of("Learning $\\alpha$-stable flows", " ".join(f"word{number}x" for number in range(500)))
    assert len(terms) == MOST_TERMS
    assert terms[:2] == ("stable", "flows")
    assert "alpha" not in terms


def test_surveys_are_told_by_their_titles() -> None:
    assert is_survey("Large language models: a survey")
    assert is_survey("A Review of Diffusion")
    assert not is_survey("Surveying users of arXiv by preview")
