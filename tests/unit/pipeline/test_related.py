"""Related papers: those that share telling words come first; chance does not count."""

import pytest

from bot.errors import StoreError
from bot.model import Paper
from bot.pipeline.related import MAX_CANDIDATES, Related
from bot.store.search import SearchHit


def paper(arxiv_id: str, title: str, abstract: str = "", *, withdrawn: bool = False) -> Paper:
    return Paper(arxiv_id, title, abstract, ("A",), "cs.CL", ("cs.CL",), withdrawn=withdrawn)


class Index:
    """Finds papers whose title or abstract has all the words."""

    def __init__(self, *papers: Paper, failing: int = 0) -> None:
        self.papers = papers
        self.failing = failing
        self.asked: list[str] = []

    async def search(self, words: str, *, newest: bool = True, limit: int = 20) -> list[SearchHit]:
        self.asked.append(words)
        if len(self.asked) <= self.failing:
            raise StoreError("the search took too long")
        found = [
            one for one in self.papers if all(word in f"{one.title} {one.abstract}".lower() for word in words.split())
        ]
        return [SearchHit(one, None, 0.0) for one in found[:limit]]


OWN = paper("1", "Speculative decoding for turnip harvesters", "A harvester decodes turnips with speculative steps.")
NEAR = paper("2", "Turnip harvesters with speculative decoding", "Speculative harvester steps for turnips.")
FAR = paper("3", "Decoding a turnip", "An essay on vegetables, poems and the sea.")
NONE = paper("4", "Galaxies", "Stars and galaxies.")


async def test_the_nearest_comes_first_and_itself_never() -> None:
    found = await Related(Index(FAR, NONE, NEAR, OWN)).find(OWN, 10)
    assert [one.arxiv_id for one, _ in found] == ["2", "3"]
    scores = [score for _, score in found]
    assert 0 < scores[1] < scores[0] <= 1


async def test_withdrawn_papers_and_more_than_asked_for_are_left_out() -> None:
    gone = paper("5", NEAR.title, NEAR.abstract, withdrawn=True)
    assert await Related(Index(gone)).find(OWN, 10) == []
    many = [paper(f"6{number}", NEAR.title, NEAR.abstract) for number in range(9)]
    found = await Related(Index(*many)).find(OWN, 3)
    # Alike to the last word: then the order of identifiers, the same every time.
    assert [one.arxiv_id for one, _ in found] == ["60", "61", "62"]


async def test_one_slow_search_costs_only_its_finds() -> None:
    found = await Related(Index(NEAR, failing=2)).find(OWN, 10)
    assert [one.arxiv_id for one, _ in found] == ["2"]


async def test_a_database_that_never_answers_is_an_error() -> None:
    with pytest.raises(StoreError):
        await Related(Index(NEAR, failing=10_000)).find(OWN, 10)


@pytest.mark.parametrize("title", ["", "$x$", "the of and", "漢字", "2026", "x" * 5000, "a b c d e f g h i j k"])
async def test_odd_titles_find_nothing_or_something_but_do_not_break(title: str) -> None:
    index = Index(NEAR, paper("7", "漢字 の 研究"))
    await Related(index).find(paper("1", title, title), 5)
    assert all(question.strip() for question in index.asked)
    assert len(index.asked) < 60


async def test_common_words_do_not_gather_the_whole_cache() -> None:
    crowd = [paper(f"8{number}", f"{OWN.title} {number}", OWN.abstract) for number in range(1000)]
    index = Index(*crowd)
    found = await Related(index).find(OWN, 1000)
    assert len(found) <= MAX_CANDIDATES
