"""Which stored papers are about the same thing: likeness of the words in titles and abstracts, and of vectors.

Needs nothing but the search index. Candidates are the newest papers that share two of the title's words; their order is
the cosine of the words' rarities among those candidates. With vectors, the nearest of the newest papers are candidates
too, and the cosine of the vectors counts most. Reads the cache only; its order is no judgement of quality.
"""

import asyncio
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from bot.digest.surveys import is_survey
from bot.digest.text import prose_words
from bot.errors import StoreError
from bot.model import Paper
from bot.store.search import SearchHit

if TYPE_CHECKING:
    from bot.embed.port import Vector

MAX_CANDIDATES = 150
"""Papers compared at the most: some 50 ms of work."""

ENOUGH = 20
"""Candidates after which single words are not asked for any more."""

LEAST_SCORE = 0.06
"""Below this the shared words are chance. Of 1,971 papers of May 2026, nine in ten candidates are below 0.05."""

LEAST_MEANING = 0.4
"""The same for papers with vectors."""

_MEANING = 0.75
"""What vectors count in the likeness of two papers that have one; words count the rest."""

_NEAREST = 60
_PER_SEARCH = 30
_TITLE_WORDS = 6
_SURVEY_WORDS = 4
_ABSTRACT_WORDS = 6
_TITLE_WEIGHT = 3.0
_MIN_LENGTH = 3

# Words that every other abstract has; the rest is left to rarity.
_STOP_WORDS_TEXT = """
    about across after against all also although among and approach are based been between both but can could does
    during each existing first for from further have here how however into its large learning many may method methods
    model models more most new not number often one only other our over paper performance present problem propose
    proposed recent results same several show shows since some state study such task tasks than that the their them
    then these they this three through two under use used using via was well were what when where whether which while
    with within without work
"""
_STOP_WORDS = frozenset(_STOP_WORDS_TEXT.split())


class Finds(Protocol):
    """What is asked of the search index."""

    async def search(self, words: str, *, newest: bool = True, limit: int = 20) -> list[SearchHit]:
        """Return the papers in which all of `words` occur, newest first."""
        ...


class Papers(Protocol):
    """What is asked of the stored papers."""

    async def load_papers(self, ids: Iterable[str]) -> dict[str, Paper]:
        """Return the stored ones of `ids`."""
        ...


class Vectors(Protocol):
    """What is asked of stored vectors; see `bot.pipeline.embedding.Embedding`."""

    async def load(self, papers: Iterable[Paper]) -> "Mapping[str, Vector]":
        """Return the vectors of those papers that have one, by arXiv id."""
        ...

    async def nearest(self, vector: "Vector", limit: int) -> list[str]:
        """Return the arXiv ids of the papers nearest to `vector`, nearest first."""
        ...


class Related:
    """Finds a paper's neighbours in the cache."""

    def __init__(self, search: Finds, papers: Papers | None = None, vectors: Vectors | None = None) -> None:
        """`papers` and `vectors`: None goes by words alone."""
        self._search = search
        self._papers = papers
        self._vectors = vectors

    async def find(self, paper: Paper, limit: int, *, surveys_first: bool = False) -> list[tuple[Paper, float]]:
        """Return up to `limit` (paper, score), nearest first; the score is 0 to 1. Withdrawn papers are left out.

        `surveys_first`: those that look back over the field, nearest first, before all others. Raises `StoreError` when
        the database cannot be used; a single search that takes too long only costs its finds.
        """
        candidates = await self._candidates(paper, surveys_first=surveys_first)
        vectors = await self._vectors.load([paper, *candidates]) if self._vectors is not None else {}
        near = await asyncio.to_thread(_near, paper, candidates, vectors)
        near.sort(key=lambda pair: (surveys_first and not is_survey(pair[0]), -pair[1], pair[0].arxiv_id))
        return near[:limit]

    async def _candidates(self, paper: Paper, *, surveys_first: bool) -> list[Paper]:
        found = await self._nearest(paper)
        by_words = await self._by_words(paper, surveys_first=surveys_first)
        return list({one.arxiv_id: one for one in [*found, *by_words]}.values())

    async def _nearest(self, paper: Paper) -> list[Paper]:
        if self._papers is None or self._vectors is None:
            return []
        vector = (await self._vectors.load([paper])).get(paper.arxiv_id)
        if vector is None:
            return []
        ids = await self._vectors.nearest(vector, _NEAREST)
        found = await self._papers.load_papers(ids)
        return [found[one] for one in ids if one in found and one != paper.arxiv_id and not found[one].withdrawn]

    async def _by_words(self, paper: Paper, *, surveys_first: bool) -> list[Paper]:
        found: dict[str, Paper] = {}
        failure: StoreError | None = None
        pairs, singles = _questions(paper)
        if surveys_first:
            pairs = [*(f"survey {word}" for word in singles[:_SURVEY_WORDS]), *pairs]
        for words in itertools.chain(pairs, singles):
            # One shared word says little: asked for only where two find next to nothing.
            if words in singles and len(found) >= ENOUGH:
                break
            try:
                hits = await self._search.search(words, newest=True, limit=_PER_SEARCH)
            except StoreError as error:
                failure = error
                continue
            for hit in hits:
                if hit.paper.arxiv_id != paper.arxiv_id and not hit.paper.withdrawn:
                    found.setdefault(hit.paper.arxiv_id, hit.paper)
            if len(found) >= MAX_CANDIDATES:
                break
        if failure is not None and not found:
            raise failure
        return list(found.values())[:MAX_CANDIDATES]


def _near(paper: Paper, others: Sequence[Paper], vectors: "Mapping[str, Vector]") -> list[tuple[Paper, float]]:
    own = vectors.get(paper.arxiv_id)
    near: list[tuple[Paper, float]] = []
    for other, by_words in zip(others, _scores(paper, others), strict=True):
        vector = vectors.get(other.arxiv_id)
        if own is None or vector is None:
            score, least = by_words, LEAST_SCORE
        else:
            meaning = max(0.0, float(own @ vector))
            score, least = round(_MEANING * meaning + (1 - _MEANING) * by_words, 4), LEAST_MEANING
        if score >= least:
            near.append((other, score))
    return near


def _questions(paper: Paper) -> tuple[list[str], list[str]]:
    """Return searches that near papers answer to: pairs of telling words, those of the title first; single words."""
    title = _telling(paper.title)[:_TITLE_WORDS]
    counted = Counter(word for word in _telling(paper.abstract, unique=False) if word not in title)
    abstract = [word for word, _ in sorted(counted.items(), key=lambda pair: (-pair[1], -len(pair[0]), pair[0]))]
    pairs = itertools.chain(itertools.combinations(title, 2), itertools.product(title[:3], abstract[:_ABSTRACT_WORDS]))
    return [f"{one} {other}" for one, other in pairs], title or abstract[:2]


def _telling(text: str, *, unique: bool = True) -> list[str]:
    words = [word for word in prose_words(text) if _tells(word)]
    return list(dict.fromkeys(words)) if unique else words


def _tells(word: str) -> bool:
    # Words of scripts without blanks are single characters here, and each of them tells something.
    return word not in _STOP_WORDS and not word.isdigit() and (len(word) >= _MIN_LENGTH or not word.isascii())


def _scores(paper: Paper, others: Sequence[Paper]) -> list[float]:
    """Return the cosine between `paper` and each of `others` over their words' rarities, rounded."""
    vectors = [_weights(one) for one in (paper, *others)]
    holders = Counter(word for vector in vectors for word in vector)
    rarities = {word: math.log((len(vectors) + 1) / count) for word, count in holders.items()}
    weighted = [{word: weight * rarities[word] for word, weight in vector.items()} for vector in vectors]
    norms = [math.sqrt(math.fsum(weight * weight for weight in vector.values())) for vector in weighted]
    own, own_norm = weighted[0], norms[0]
    return [_cosine(own, own_norm, *other) for other in zip(weighted[1:], norms[1:], strict=True)]


def _weights(paper: Paper) -> dict[str, float]:
    counts: Counter[str] = Counter(_telling(paper.abstract, unique=False))
    weights = {word: 1 + math.log(count) for word, count in counts.items()}
    for word in _telling(paper.title):
        weights[word] = weights.get(word, 0.0) + _TITLE_WEIGHT
    return weights


def _cosine(one: Mapping[str, float], one_norm: float, other: Mapping[str, float], other_norm: float) -> float:
    if not one_norm or not other_norm:
        return 0.0
    product = math.fsum(weight * other[word] for word, weight in one.items() if word in other)
    return round(product / (one_norm * other_norm), 4)
