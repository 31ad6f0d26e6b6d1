"""How alike two papers are: by the words of their titles and abstracts, and by their vectors where both have one.

One measure for what must not come five times in a brief and for what readers liked. Pure; numpy comes with the vectors,
never from here.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.digest.pool import PoolStatistics
from bot.digest.text import Field, prose_words
from bot.model import Paper

if TYPE_CHECKING:
    from bot.embed.port import Vector

_TITLE_WEIGHT = 2.0
_MIN_LENGTH = 2
# Of three papers about one thing every word is in all of them, and they are alike all the same.
_LEAST_RARITY = 0.05
_STOP_WORDS_TEXT = """
    a an and are as at be by can for from how in into is it its of on or our over such that the their them they this to
    under use used using via we what which with without
"""
STOP_WORDS = frozenset(_STOP_WORDS_TEXT.split())
"""Words that carry no interest of their own; rarity takes care of the rest."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What a paper is compared by: a weight of each word, as a vector of unit length, and the vector of an embedder."""

    words: Mapping[str, float]
    vector: "Vector | None" = None


def traits_of(paper: Paper, pool: PoolStatistics) -> Traits:
    """Return a paper's traits: each word weighs its rarity that day, twice that where it stands in the title."""
    key = (paper.arxiv_id, paper.version)
    found: Traits | None = pool.traits.get(key)
    if found is None:
        found = pool.traits[key] = _find_traits(paper, pool)
    return found


def _find_traits(paper: Paper, pool: PoolStatistics) -> Traits:
    known = pool.papers.get(paper.arxiv_id)
    title: Iterable[str]
    abstract: Iterable[str]
    if known is not None and known.text.paper.version == paper.version:
        title, abstract = (known.text.fields[name].positions.keys() for name in (Field.TITLE, Field.ABSTRACT))
    else:
        # A paper of another day: only its words are needed, and each of them once.
        title, abstract = (dict.fromkeys(prose_words(text)) for text in (paper.title, paper.abstract))
    weights = {word: _TITLE_WEIGHT * _weight(word, pool) for word in _telling(title)}
    for word in _telling(abstract):
        weights.setdefault(word, _weight(word, pool))
    # fsum is exact, so the order of the words cannot change the result.
    norm = math.sqrt(math.fsum(weight * weight for weight in weights.values()))
    unit = {word: weight / norm for word, weight in weights.items()}
    return Traits(unit, pool.vectors.get(paper.arxiv_id))


def word_likeness(one: Traits, other: Traits) -> float:
    """Return 0 to 1: the cosine between the words of two papers."""
    few, many = sorted((one.words, other.words), key=len)
    return min(1.0, math.fsum(weight * many[word] for word, weight in few.items() if word in many))


def vector_likeness(one: Traits, other: Traits) -> float | None:
    """Return −1 to 1: the cosine between the vectors of two papers, None where one has none."""
    if one.vector is None or other.vector is None:
        return None
    return float(one.vector @ other.vector)


def _weight(word: str, pool: PoolStatistics) -> float:
    return max(_LEAST_RARITY, pool.rarities.get(word, 1.0))


def _telling(words: Iterable[str]) -> Iterable[str]:
    return (word for word in words if len(word) >= _MIN_LENGTH and word not in STOP_WORDS)
