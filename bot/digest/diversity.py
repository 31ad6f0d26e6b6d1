"""What of a ranked list a brief shows: not the same thing five times, and on a quiet day not ten for ten's sake.

Walks down the order once and gives every paper that it leaves out its reason. Pure; what is shown of a short brief is
always the beginning of what a longer one shows.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.digest.likeness import Traits, traits_of, vector_likeness, word_likeness
from bot.digest.pool import PoolStatistics
from bot.digest.rank import Ranked
from bot.digest.select import BELOW_BAR, BELOW_CUT, SHOWN, TOO_SIMILAR

MOST_ALIKE = 2
"""Papers of one kind in a brief."""

NEAR_WORDS = 0.25
"""From this cosine of words on, two papers are about the same thing."""

NEAR_VECTORS = 0.8
"""The same, of vectors."""

ENOUGH_WORDS = 20
"""Distinct words below which a text is too short to be told from another."""

BAR_SHARE = 0.3
"""What a paper must score to be shown, as a share of what the best paper of a usual day does."""

LEAST_DAYS = 5
"""Briefs that must be known before anything counts as usual."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A ranked paper and its fate: shown, or a key of `Receipt.dropped`.

    `alike`: the shown paper that it resembles the most, with their likeness, where it was compared with any.
    """

    ranked: Ranked
    fate: str
    alike: tuple[str, float] | None = None


def bar_of(best_scores: Iterable[float]) -> float | None:
    """Return what a paper must score, given the best scores of a topic's earlier briefs; None while they are few.

    Only the best of each counts, so that a bar which held papers back does not raise itself.
    """
    known = list(best_scores)
    if len(known) < LEAST_DAYS:
        return None
    usual = statistics.median(known)
    return round(BAR_SHARE * usual, 4) if usual > 0 else None


def cut(ranked: Sequence[Ranked], pool: PoolStatistics, *, max_papers: int, bar: float | None = None) -> list[Placed]:
    """Return all of `ranked` in their order, up to `max_papers` of them shown.

    Left out are papers that resemble `MOST_ALIKE` shown ones, and those below `bar`: but for the first of all, and
    those that a model put in their place. Which of two alike is shown is decided by their order alone.
    """
    shown: list[tuple[str, Traits]] = []
    placed: list[Placed] = []
    for entry in ranked:
        if len(shown) >= max_papers:
            placed.append(Placed(entry, BELOW_CUT))
            continue
        if bar is not None and shown and entry.score < bar and not entry.reordered:
            placed.append(Placed(entry, BELOW_BAR))
            continue
        traits = traits_of(entry.candidate.paper, pool)
        likenesses = [(arxiv_id, *compare(traits, other)) for arxiv_id, other in shown]
        nearest = max(likenesses, key=lambda one: one[1], default=None)
        alike = (nearest[0], round(nearest[1], 2)) if nearest else None
        if sum(near for _, _, near in likenesses) >= MOST_ALIKE:
            placed.append(Placed(entry, TOO_SIMILAR, alike))
            continue
        shown.append((entry.candidate.paper.arxiv_id, traits))
        placed.append(Placed(entry, SHOWN, alike))
    return placed


def compare(one: Traits, other: Traits) -> tuple[float, bool]:
    """Return how alike two papers are, 0 to 1, and whether that is about the same thing."""
    by_words, by_vectors = word_likeness(one, other), vector_likeness(one, other)
    if min(len(one.words), len(other.words)) < ENOUGH_WORDS:
        return by_words, False
    if by_vectors is None:
        return by_words, by_words >= NEAR_WORDS
    return max(0.0, by_vectors), by_words >= NEAR_WORDS or by_vectors >= NEAR_VECTORS
