"""What the readers of one channel like, learned from their clicks: one step of online learning for each.

Nothing learned is stored. The opinions are, and every brief replays them in the order in which they were given; so what
somebody has forgotten is out of the next brief, and no training job exists. Pure, and fast by its window.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.digest.likeness import Traits, traits_of, vector_likeness, word_likeness
from bot.digest.pool import PoolStatistics
from bot.model import Opinion
from bot.statement import Statement, StatementCode

if TYPE_CHECKING:
    from bot.embed.port import Vector

WINDOW = 300
"""Opinions that count, the last ones: older tastes fade, and a channel with 10,000 clicks is as fast as others."""

STRENGTH = 8.0
"""Points of score for a paper that is as good as one that was liked, once the steps agree on it."""

NEAR_WORDS = 0.15
"""From this cosine of words on, a paper is "close to" another."""

NEAR_VECTORS = 0.65
"""The same, of vectors."""

_VECTOR_SHARE = 0.5
_CATEGORY_SHARE = 0.1
_NAMED_WORDS = 3


@dataclass(frozen=True, slots=True)
class Liking:
    """What a taste thinks of one paper. `score` is 0 for nothing, and changes its sign with every opinion's."""

    score: float
    why: Statement | None = None


@dataclass(frozen=True, slots=True)
class Taste:
    """What was learned: weights of words and categories, a direction among vectors, and the papers it came from.

    `rarities`: of the categories of the day, 0 for one that all papers are in.
    """

    words: Mapping[str, float] = field(default_factory=dict)
    direction: "Vector | None" = None
    liked: tuple[Traits, ...] = ()
    disliked: tuple[Traits, ...] = ()
    rarities: Mapping[str, float] = field(default_factory=dict, repr=False)

    @classmethod
    def replay(
        cls, opinions: Sequence[Opinion], pool: PoolStatistics, vectors: "Mapping[str, Vector] | None" = None
    ) -> "Taste":
        """Learn from `opinions`, oldest first, of which the last `WINDOW` count; `vectors`: of their papers.

        Passive-aggressive steps (Crammer et al. 2006, PA-I): a paper that is judged right by a margin of 1 teaches
        nothing, any other moves the weights just as far as it takes, at the most by its opinion's `value`. Without
        opinions all weights are 0; with all values turned around all weights are too.
        """
        learner, rarities = _Learner(), _category_rarities(pool)
        liked: dict[str, Traits] = {}
        disliked: dict[str, Traits] = {}
        for opinion in opinions[-WINDOW:]:
            if not opinion.value:
                continue
            traits = _traits_of(opinion, pool, vectors or {})
            learner.step(_features(traits, opinion.paper.categories, rarities), traits.vector, opinion.value)
            ours, theirs = (liked, disliked) if opinion.value > 0 else (disliked, liked)
            theirs.pop(opinion.paper.arxiv_id, None)
            ours[opinion.paper.arxiv_id] = traits
        return cls(learner.words, learner.direction, tuple(liked.values()), tuple(disliked.values()), rarities)

    def __bool__(self) -> bool:
        return bool(self.words)

    def score(self, traits: Traits, categories: Sequence[str]) -> float:
        """Return the points that a paper gets."""
        if not self:
            return 0.0
        features = _features(traits, categories, self.rarities)
        return STRENGTH * _value(self.words, self.direction, features, traits.vector)

    def why(self, traits: Traits, score: float) -> Statement:
        """Return why a paper got that score: how many judged papers it is close to, else what they share."""
        near = sum(_is_near(traits, one) for one in (self.liked if score > 0 else self.disliked))
        if near:
            return Statement.of(StatementCode.NEAR_LIKED if score > 0 else StatementCode.NEAR_DISLIKED, n=near)
        return self.in_words(traits, score)

    def in_words(self, traits: Traits, score: float) -> Statement:
        """Return the words that weighed the most in that score."""
        sign = math.copysign(1, score)
        shares = {word: sign * weight * self.words.get(word, 0.0) for word, weight in traits.words.items()}
        heaviest = sorted((word for word, share in shares.items() if share > 0), key=lambda one: (-shares[one], one))
        code = StatementCode.LIKE_LIKED if score > 0 else StatementCode.LIKE_DISLIKED
        return Statement.of(code, words=tuple(heaviest[:_NAMED_WORDS]) or None)


class _Learner:
    def __init__(self) -> None:
        self.words: dict[str, float] = {}
        self.direction: Vector | None = None

    def step(self, features: Mapping[str, float], vector: "Vector | None", value: float) -> None:
        sign = math.copysign(1, value)
        squared = math.fsum(weight * weight for weight in features.values())
        if vector is not None:
            squared += _VECTOR_SHARE
        loss = max(0.0, 1.0 - sign * _value(self.words, self.direction, features, vector))
        if not loss or not squared:
            return
        pace = sign * min(abs(value), loss / squared)
        for name, weight in features.items():
            self.words[name] = self.words.get(name, 0.0) + pace * weight
        if vector is not None:
            moved = vector * (pace * _VECTOR_SHARE)
            self.direction = moved if self.direction is None else self.direction + moved


def _value(
    words: Mapping[str, float], direction: "Vector | None", features: Mapping[str, float], vector: "Vector | None"
) -> float:
    value = math.fsum(weight * words[name] for name, weight in features.items() if name in words)
    if direction is not None and vector is not None:
        value += float(direction @ vector)
    return value


def _features(traits: Traits, categories: Sequence[str], rarities: Mapping[str, float]) -> dict[str, float]:
    share = math.sqrt(_CATEGORY_SHARE / max(1, len(categories)))
    # A category cannot be a word: words have no blanks.
    return {**traits.words, **{f"cat {name}": share * rarities.get(name, 1.0) for name in dict.fromkeys(categories)}}


def _category_rarities(pool: PoolStatistics) -> dict[str, float]:
    papers = [pooled.text.paper for pooled in pool.papers.values()]
    counts = Counter(name for paper in papers for name in dict.fromkeys(paper.categories))
    return {
        name: math.log((len(papers) + 1) / (count + 1)) / math.log(len(papers) + 1) for name, count in counts.items()
    }


def _traits_of(opinion: Opinion, pool: PoolStatistics, vectors: "Mapping[str, Vector]") -> Traits:
    known = traits_of(opinion.paper, pool)
    return Traits(known.words, vectors.get(opinion.paper.arxiv_id, known.vector))


def _is_near(one: Traits, other: Traits) -> bool:
    by_vector = vector_likeness(one, other)
    return word_likeness(one, other) >= NEAR_WORDS or (by_vector is not None and by_vector >= NEAR_VECTORS)
