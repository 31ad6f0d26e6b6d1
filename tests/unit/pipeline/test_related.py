"""Related papers: those that share telling words come first; chance does not count."""

from collections.abc import Iterable

import pytest

from bot.errors import StoreError
from bot.model import Paper
from bot.pipeline.embedding import Embedding
from bot.pipeline.related import MAX_CANDIDATES, Related
from bot.store.search import SearchHit
from tests.unit.embed.fakes import FakeEmbedder, MemoryVectors
from tests.unit.llm.fakes import JumpClock


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


class Papers:
    """Stored papers."""

    def __init__(self, *papers: Paper) -> None:
        self.papers = {one.arxiv_id: one for one in papers}

    async def load_papers(self, ids: Iterable[str]) -> dict[str, Paper]:
        return {one: self.papers[one] for one in ids if one in self.papers}


class TestWithVectors:
    """The same where papers have vectors; skipped where there is no numpy."""

    @pytest.fixture(autouse=True)
    def _numpy(self) -> None:
        pytest.importorskip("numpy")

    @staticmethod
    async def related(*papers: Paper, words: Index | None = None, without: frozenset[str] = frozenset()) -> Related:
        """Return it over papers whose vectors tell how often they say "robot"."""
        store = MemoryVectors([one for one in papers if one.arxiv_id not in without])
        embedding = Embedding(store, JumpClock(), model="fake@1", embedder=FakeEmbedder())
        await embedding.run()
        return Related(words or Index(), Papers(*papers), embedding)

    async def test_papers_are_found_that_share_no_word(self) -> None:
        own = paper("1", "Robot", "robot robot robot")
        near, far = paper("2", "Machine", "robot, robot, and robot: a robot"), paper("3", "Galaxies", "Stars.")
        related = await self.related(own, near, far)
        found = await related.find(own, 10)
        assert [one.arxiv_id for one, _ in found] == ["2"]
        assert 0.7 < found[0][1] <= 1

    async def test_withdrawn_papers_are_left_out_here_too(self) -> None:
        own = paper("1", "Robot", "robot robot robot")
        gone = paper("2", "Robot", "robot robot robot", withdrawn=True)
        assert await (await self.related(own, gone)).find(own, 10) == []

    async def test_a_paper_without_a_vector_goes_by_its_words(self) -> None:
        related = await self.related(OWN, NEAR, words=Index(NEAR), without=frozenset({"1"}))
        assert [one.arxiv_id for one, _ in await related.find(OWN, 10)] == ["2"]

    async def test_surveys_come_first_when_asked(self) -> None:
        own = paper("1", "Robot", "robot robot robot")
        near = paper("2", "Robot hands", "robot robot robot")
        survey = paper("3", "A survey of robots", "robot. Much has been done with hands.")
        related = await self.related(own, near, survey)
        assert [one.arxiv_id for one, _ in await related.find(own, 10)] == ["2", "3"]
        assert [one.arxiv_id for one, _ in await related.find(own, 10, surveys_first=True)] == ["3", "2"]
        assert [one.arxiv_id for one, _ in await related.find(own, 1, surveys_first=True)] == ["3"]


async def test_surveys_are_looked_for_and_come_first_without_vectors() -> None:
    survey = paper("9", "A survey of decoding", "Speculative decoding and other things, in harvesters of turnips.")
    index = Index(NEAR, survey)
    assert [one.arxiv_id for one, _ in await Related(index).find(OWN, 10)] == ["2", "9"]
    assert [one.arxiv_id for one, _ in await Related(index).find(OWN, 10, surveys_first=True)] == ["9", "2"]
    assert index.asked[0] != "survey decoding"
    assert any(question.startswith("survey ") for question in index.asked)
