"""How likely readers are to pick a paper, whatever their subject: learned from what curators picked.

The weights are made by `tools/train_interest.py` and described in `docs/model-card.md`. This file may only apply them:
it knows no topic and no channel, learns nothing, and never sees who wrote a paper.

Two judges look at the same features: a linear one and a row of small decision trees. A third, linear step weighs the
two, with the paper's place in its announcement where that is known. Words count through few dimensions (latent semantic
analysis), so that a rare word stands for its subject.
"""

import base64
import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from bot.digest.interest_features import GROUPS, Place, features_of, group_of, timing_of, word_counts
from bot.model import Paper

if TYPE_CHECKING:
    from bot.embed.port import Vector

VERSION = "interest-1"
"""The name of the weights in use; scores of two versions do not compare."""

# Weights of words are counted in steps of 1/64.
_STEPS = 64
# Takes an 8-bit number with a sign to one without.
_ABOVE_ZERO = bytes(number ^ 128 for number in range(256))


@dataclass(frozen=True, slots=True)
class Appeal:
    """`log_odds` that readers pick the paper, and where they come from.

    `parts`: names of `interest_features.GROUPS` with their share in the log-odds, against the average paper; the
    largest share first. `log_odds` is the average paper's plus the sum of all shares.
    """

    log_odds: float
    parts: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class _Tree:
    """Nodes by number; a negative child is leaf `-child - 1`. `means`: what is expected before a node decides."""

    features: Sequence[int]
    thresholds: Sequence[float]
    left: Sequence[int]
    right: Sequence[int]
    means: Sequence[float]
    leaves: Sequence[float]


@dataclass(frozen=True, slots=True)
class _Mix:
    """How the last step weighs its inputs; `timing` is empty where no place is known."""

    bias: float
    linear: float
    trees: float
    timing: Mapping[str, float]


class GeneralInterest:
    """Judges papers without a topic. Immutable, so one may serve all; about half a millisecond for a paper."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        """`weights`: as `tools/train_interest.py` writes them. Raises `ValueError` for those of another version."""
        if weights["version"] != VERSION:
            raise ValueError(f"weights are {weights['version']!r}, this program reads {VERSION!r}")
        self.trained_until: str = weights["trained"]["until"]
        names = weights["features"]
        groups = [group_of(name) for name in names] + ["topic"] * weights["dimensions"]
        self._places = {name: place for place, name in enumerate(names)}
        self._groups = [GROUPS.index(group) for group in groups]
        self._coefficients: list[float] = weights["coefficients"]
        self._average = [0.0] * len(GROUPS)
        for group, coefficient, mean in zip(self._groups, self._coefficients, weights["means"], strict=True):
            self._average[group] += coefficient * mean
        self._meanings = _Meanings(weights)
        self._trees = [_Tree(*tree) for tree in weights["trees"]]
        self._plain = _Mix(**weights["mix"]["plain"])
        self._timed = _Mix(**weights["mix"]["timed"])
        self._timing_means: dict[str, float] = weights["timing_means"]

    @classmethod
    def load(cls) -> "GeneralInterest":
        """Return the judge with the weights that come with the program; reads about half a megabyte."""
        packed = resources.files("bot.digest").joinpath("weights", f"{VERSION}.json").read_text(encoding="utf-8")
        return cls(json.loads(packed))

    def score(self, paper: Paper, vector: "Vector | None" = None, place: Place | None = None) -> Appeal:
        """Return the appeal of a paper. `place`: from `places_of` its announcement, None where that is not known.

        `vector` changes nothing: measured, vectors of meaning told no more than the words (`docs/ranking.md`).
        """
        del vector
        mix = self._plain if place is None else self._timed
        values = [0.0] * len(self._places)
        for name, value in features_of(paper).items():
            if (position := self._places.get(name)) is not None:
                values[position] = value
        values += self._meanings.of(word_counts(paper))
        linear, trees = self._judge_linearly(values), self._judge_by_trees(values)
        shares = [mix.linear * one + mix.trees * other for one, other in zip(linear, trees, strict=True)]
        if place is not None:
            found = timing_of(place)
            shares[GROUPS.index("timing")] = math.fsum(
                weight * (found.get(name, 0.0) - self._timing_means[name]) for name, weight in mix.timing.items()
            )
        parts = sorted(zip(GROUPS, shares, strict=True), key=lambda part: (-part[1], part[0]))
        return Appeal(mix.bias + math.fsum(shares), tuple(parts))

    def _judge_linearly(self, values: Sequence[float]) -> list[float]:
        shares = [-average for average in self._average]
        for group, coefficient, value in zip(self._groups, self._coefficients, values, strict=True):
            if value:
                shares[group] += coefficient * value
        return shares

    def _judge_by_trees(self, values: Sequence[float]) -> list[float]:
        """Return, by group, what each decision changes in the expected value (Saabas 2014, "Interpreting forests")."""
        shares, groups = [0.0] * len(GROUPS), self._groups
        for tree in self._trees:
            features, thresholds, left, right, means = tree.features, tree.thresholds, tree.left, tree.right, tree.means
            node, expected = 0, means[0]
            while node >= 0:
                feature = features[node]
                node = left[node] if values[feature] <= thresholds[node] else right[node]
                below = means[node] if node >= 0 else tree.leaves[-node - 1]
                shares[groups[feature]] += below - expected
                expected = below
        return shares


class _Meanings:
    """Turns words into a few numbers that stand for subjects, of length one together.

    All dimensions of a word are added at once: its row is one large integer with a field of 64 bits for each, which
    Python adds and multiplies ten times faster than a list. A field holds an 8-bit number above zero, 128 too large; a
    paper of any length stays far below 2 ** 64. Kept are the numbers alone: as integers they take eight times the room.
    """

    def __init__(self, weights: Mapping[str, Any]) -> None:
        self._size: int = weights["dimensions"]
        self._scales: list[float] = weights["scales"]
        # Row by row (their size is a multiple of four): all at once takes 9 MB more for a moment.
        rows, width = weights["rows"], self._size * 5 // 4
        self._rows: dict[str, tuple[float, bytes]] = {}
        for place, (word, rarity) in enumerate(zip(weights["words"], weights["rarities"], strict=True)):
            row = base64.b85decode(rows[place * width : (place + 1) * width])
            self._rows[word] = (rarity, row.translate(_ABOVE_ZERO))

    def of(self, counts: Mapping[str, int]) -> list[float]:
        total = weights = 0
        fields = bytearray(self._size * 8)
        for word, count in counts.items():
            if (row := self._rows.get(word)) is not None:
                weight = round(row[0] * (1 + math.log(count)) * _STEPS)
                fields[::8] = row[1]
                total += weight * int.from_bytes(fields, "little")
                weights += weight
        sums = struct.unpack(f"<{self._size}Q", total.to_bytes(self._size * 8, "little"))
        scaled = [(number - 128 * weights) * scale for number, scale in zip(sums, self._scales, strict=True)]
        length = math.sqrt(math.fsum(number * number for number in scaled)) or 1.0
        return [number / length for number in scaled]
