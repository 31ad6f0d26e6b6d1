"""How much each paper of a pool is about what a person says they are interested in: by words, and by meaning.

Pure, and nothing is learnt: all that is known comes from the pool's own texts and vectors. Categories are not looked
at. Works without vectors; numpy is imported only where there are some.
"""

import math
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bot.digest.text import Field, PaperText, words_of

if TYPE_CHECKING:
    from bot.embed.port import Vector

# BM25 (Robertson and Zaragoza 2009) with the values of its inventors; a word of the title counts twice.
_SATURATION, _LENGTH = 1.2, 0.75
_TITLE_WEIGHT = 2

_MEANING = 0.75
"""What vectors count where there are some; words count the rest."""

# Pseudo-relevance feedback (Rocchio 1971): what the best papers have in common is asked for as well.
_MOST_MODELS, _POOL_SHARE = 20, 40
"""Papers that an interest is widened by: one in forty, and no more than twenty."""
_WIDENED_BY = 50
"""Words that it is widened by; together they count as much as those that were asked for."""
_WIDENED_MEANING = 0.5
"""What the mean of the papers' vectors counts beside the vector that was asked for."""

_NAMED_WORDS = 3


@dataclass(frozen=True, slots=True)
class Relevance:
    """A pool of papers, prepared so that many interests can be scored against it; made by `Relevance.of`.

    Scores are standard deviations above the mean of the pool, so they compare between papers and between interests: 0
    is a paper like any other, from 2 or 3 on it is about the interest.
    """

    texts: Sequence[PaperText]
    _postings: "Mapping[str, tuple[array[int], array[float]]]" = field(repr=False)
    _rarities: Mapping[str, float] = field(repr=False)
    _meanings: "_Meanings | None" = field(default=None, repr=False)

    @classmethod
    def of(cls, pool: Sequence[PaperText], vectors: "Mapping[str, Vector] | None" = None) -> "Relevance":
        """Prepare `pool`; `vectors`: by arXiv id, all of one model, of as many of its papers as there are."""
        # Not kept: of few papers they are asked for again.
        counts = [_counted(text) for text in pool]
        lengths = [sum(each.values()) for each in counts]
        usual = sum(lengths) / len(lengths) if any(lengths) else 1.0
        # Two arrays a word take a tenth of the room of a hundred thousand pairs.
        postings: dict[str, tuple[array[int], array[float]]] = {}
        for place, (each, length) in enumerate(zip(counts, lengths, strict=True)):
            room = _SATURATION * (1 - _LENGTH + _LENGTH * length / usual)
            for word, count in each.items():
                if (held := postings.get(word)) is None:
                    held = postings[word] = (array("L"), array("d"))
                held[0].append(place)
                held[1].append(count * (_SATURATION + 1) / (count + room))
        rarities = {word: math.log((len(counts) + 1) / (len(places) + 0.5)) for word, (places, _) in postings.items()}
        return cls(pool, postings, rarities, _Meanings.of(pool, vectors or {}))

    def score(self, interest: str, vector: "Vector | None" = None) -> list[float]:
        """Return one score per paper, in the pool's order; all 0 where neither words nor vector say anything.

        `vector`: of the interest, by the model that made the pool's. A paper without a vector is scored by its words.
        """
        asked = _unit({word: self._rarities[word] for word in _stems(interest) if word in self._rarities})
        # A vector of another length is of another model.
        meanings = self._meanings if vector is not None and self._meanings and self._meanings.fits(vector) else None
        wanted = meanings.centred(vector) if meanings is not None else None
        first = self._blend(asked, meanings, wanted)
        best = sorted((place for place, one in enumerate(first) if one > 0), key=lambda place: (-first[place], place))
        models = best[: min(_MOST_MODELS, max(1, len(first) // _POOL_SHARE))]
        if not models:
            return first
        if meanings is not None:
            wanted = meanings.widened(wanted, models)
        return self._blend(self._widened(asked, {place: first[place] for place in models}), meanings, wanted)

    def best_words(self, interest: str, place: int, limit: int = _NAMED_WORDS) -> tuple[str, ...]:
        """Return words of `interest`, folded, that the paper at `place` of the pool has in some form, rarest first."""
        own = _counted(self.texts[place])
        shared: dict[str, str] = {}
        for word in words_of(interest):
            if _tells(word) and _stem(word) in own:
                shared.setdefault(_stem(word), word)
        return tuple(shared[stem] for stem in sorted(shared, key=lambda stem: (-self._rarities[stem], stem))[:limit])

    def _blend(self, asked: Mapping[str, float], meanings: "_Meanings | None", wanted: Any) -> list[float]:
        by_words = _standardised(self._sums(asked))
        if meanings is None:
            return by_words
        found = list(by_words)
        for place, score in meanings.score(wanted):
            found[place] = (1 - _MEANING) * by_words[place] + _MEANING * score
        return found

    def _widened(self, asked: Mapping[str, float], models: Mapping[int, float]) -> Mapping[str, float]:
        shared: dict[str, float] = {}
        for place, trust in models.items():
            counts = _counted(self.texts[place])
            weights = {word: (1 + math.log(count)) * self._rarities[word] for word, count in counts.items()}
            for word, weight in _unit(weights).items():
                shared[word] = shared.get(word, 0.0) + trust * weight
        ordered = sorted(shared.items(), key=lambda pair: (-pair[1], pair[0]))
        widened = dict(asked)
        for word, weight in _unit(dict(ordered[:_WIDENED_BY])).items():
            widened[word] = widened.get(word, 0.0) + weight
        return widened

    def _sums(self, query: Mapping[str, float]) -> list[float]:
        found = [0.0] * len(self.texts)
        for word, weight in query.items():
            for place, value in zip(*self._postings[word], strict=True):
                found[place] += weight * value
        return found


@dataclass(frozen=True, slots=True)
class _Meanings:
    """The vectors of a pool, less their mean: what all its papers have in common tells nothing about any."""

    places: Sequence[int]
    mean: Any
    matrix: Any

    @classmethod
    def of(cls, pool: Sequence[PaperText], vectors: "Mapping[str, Vector]") -> "_Meanings | None":
        places = [place for place, text in enumerate(pool) if text.paper.arxiv_id in vectors]
        if len(places) < _LEAST_VECTORS:
            return None
        import numpy as np

        matrix = np.stack([vectors[pool[place].paper.arxiv_id] for place in places])
        mean = matrix.mean(axis=0)
        return cls(places, mean, _directions(matrix - mean))

    def fits(self, vector: Any) -> bool:
        return bool(self.mean.shape == vector.shape)

    def centred(self, vector: Any) -> Any:
        return _directions(vector - self.mean)

    def widened(self, wanted: Any, models: Sequence[int]) -> Any:
        wanted_places = set(models)
        rows = [row for row, place in enumerate(self.places) if place in wanted_places]
        return wanted + _WIDENED_MEANING * _directions(self.matrix[rows].mean(axis=0)) if rows else wanted

    def score(self, wanted: Any) -> Iterable[tuple[int, float]]:
        return zip(self.places, _standardised((self.matrix @ wanted).tolist()), strict=True)


_LEAST_VECTORS = 3
"""Of fewer the mean is no background."""


def _directions(rows: Any) -> Any:
    import numpy as np

    # A vector that is the mean itself has no direction left: it stays 0.
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)


def _counted(text: PaperText) -> Counter[str]:
    counts: Counter[str] = Counter()
    for name, weight in ((Field.TITLE, _TITLE_WEIGHT), (Field.ABSTRACT, 1)):
        for word, places in text.fields[name].positions.items():
            if _tells(word):
                counts[sys.intern(_stem(word))] += weight * len(places)
    return counts


def _stems(text: str) -> list[str]:
    return list(dict.fromkeys(_stem(word) for word in words_of(text) if _tells(word)))


def _standardised(scores: Sequence[float]) -> list[float]:
    if not scores:
        return []
    mean = math.fsum(scores) / len(scores)
    spread = math.sqrt(math.fsum((score - mean) ** 2 for score in scores) / len(scores))
    return [(score - mean) / spread if spread > 1e-9 else 0.0 for score in scores]


def _unit(weights: Mapping[str, float]) -> dict[str, float]:
    norm = math.sqrt(math.fsum(weight * weight for weight in weights.values()))
    return {word: weight / norm for word, weight in weights.items()} if norm else {}


def _tells(word: str) -> bool:
    return len(word) > 1 and word not in _STOP_WORDS and not word.isdigit()


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    """Return the singular of an English plural, near enough: both forms come out the same."""
    if not word.endswith("s") or len(word) <= 3 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1]


_STOP_WORDS_TEXT = """
    a about above across after against all along also although am among an and any are as at be because been before
    being below between both but by can cannot could did do does doing down during each few for from further had has
    have having he her here hers him his how i if in into is it its itself just let like more most my no nor not now of
    off on once only or other our ours out over own per same she should so some such than that the their theirs them
    then there these they this those through to together too under until up upon us use used uses using very via was we
    were what when where which while who whom whose why will with within without would you your yours
"""
_STOP_WORDS = frozenset(_STOP_WORDS_TEXT.split())
