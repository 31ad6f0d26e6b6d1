"""What each part of general interest adds: ranks months that follow what was learned, one line for each variant.

    python -m tools.ablate_interest --papers FILE --picks FILE [--before 2026-05-18]

Learns from everything before a month and ranks that month, for each of February to May 2026; figures are means over all
days. The judge is the linear one, with the features of timing among the others; variants leave out a part or are a
simpler judge. "with trees" adds the other judge, at half the weight. Needs the packages of the group `train`.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import lightgbm
import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from benchmarks.ranking import Announced, DayFigures, figures_by_day, load_announced
from bot.digest.interest_features import GROUPS, features_of, group_of, timing_of, word_counts
from tools.train_interest import DIMENSIONS, TREE_OPTIONS, TREES, fit_linear, fit_words, matrix_of

MONTHS = (date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1))


@dataclass(frozen=True)
class Fold:
    """A month to rank and what comes before it: rows of `announced`, the meanings learned from the earlier ones."""

    announced: Sequence[Announced]
    values: np.ndarray
    groups: np.ndarray
    learn: np.ndarray
    picked: np.ndarray

    def linear(self, without: str | None = None) -> np.ndarray:
        """Return the linear judge's scores of the month, without one group of features."""
        values = np.where(self.groups == without, 0.0, self.values)
        coefficients, bias = fit_linear(values[self.learn], self.picked[self.learn])
        return values[~self.learn] @ coefficients + bias

    def trees(self) -> np.ndarray:
        """Return the scores of the trees."""
        data = lightgbm.Dataset(self.values[self.learn], self.picked[self.learn])
        return lightgbm.train(TREE_OPTIONS, data, TREES).predict(self.values[~self.learn], raw_score=True)

    def rare_words(self) -> np.ndarray:
        """Return the scores of a plain logistic regression: weighted words beside the features, without timing."""
        texts = [f"{one.paper.title} {one.paper.abstract}" for one in self.announced]
        words = TfidfVectorizer(min_df=3, sublinear_tf=True)
        words.fit([text for text, used in zip(texts, self.learn, strict=True) if used])
        features = self.values[:, ~np.isin(self.groups, ("timing", "topic"))]
        both = hstack([words.transform(texts), csr_matrix(features)]).tocsr()
        judge = LogisticRegression(C=1.0, max_iter=1000).fit(both[self.learn], self.picked[self.learn])
        return judge.decision_function(both[~self.learn])

    def authors(self) -> np.ndarray:
        """Return the number of authors."""
        return np.array([len(one.paper.authors) for one in self.month()], dtype=float)

    def month(self) -> list[Announced]:
        """Return the papers of the month."""
        return [one for one, used in zip(self.announced, self.learn, strict=True) if not used]

    def figures(self, scores: np.ndarray) -> list[DayFigures]:
        """Return the figures of the month's days."""
        return list(figures_by_day(self.month(), scores.tolist()).values())


def main() -> None:
    """Run every variant and print one JSON line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=Path, required=True)
    parser.add_argument("--picks", type=Path, required=True)
    parser.add_argument("--before", type=date.fromisoformat, default=date(2026, 5, 18), help="first day kept out")
    options = parser.parse_args()
    folds = _folds([one for one in load_announced(options.papers, options.picks) if one.announced_on < options.before])
    linear = [fold.linear() for fold in folds]
    trees = [fold.trees() for fold in folds]
    _say("number of authors", folds, [fold.authors() for fold in folds])
    _say("plain regression on words and features", folds, [fold.rare_words() for fold in folds])
    _say("linear", folds, linear)
    _say("trees", folds, trees)
    _say("linear with trees", folds, [2 * one + other for one, other in zip(linear, trees, strict=True)])
    for group in GROUPS:
        _say(f"linear without {group}", folds, [fold.linear(group) for fold in folds])


def _folds(announced: Sequence[Announced]) -> list[Fold]:
    names, found = matrix_of([features_of(one.paper) | timing_of(one.place) for one in announced])
    counts = [word_counts(one.paper) for one in announced]
    groups = np.array([group_of(name) for name in names] + ["topic"] * DIMENSIONS)
    folds = []
    for first in MONTHS:
        rows = [row for row, one in enumerate(announced) if (one.announced_on.replace(day=1)) <= first]
        learn = np.array([announced[row].announced_on < first for row in rows])
        meanings, _ = fit_words([counts[row] for row in rows], learn)
        picked = np.array([announced[row].picked for row in rows], dtype=np.int64)
        values = np.hstack([found[rows], meanings])
        folds.append(Fold([announced[row] for row in rows], values, groups, learn, picked))
    return folds


def _say(name: str, folds: Sequence[Fold], scores: Sequence[np.ndarray]) -> None:
    days = [day for fold, month in zip(folds, scores, strict=True) for day in fold.figures(month)]
    precisions = [day.precision_at_10 for day in days]
    result = {
        "variant": name,
        "precision_at_10": round(statistics.fmean(precisions), 3),
        "standard_error": round(statistics.stdev(precisions) / math.sqrt(len(days)), 3),
        "recall_at_30": round(statistics.fmean(day.recall_at_30 for day in days), 3),
        "map": round(statistics.fmean(day.average_precision for day in days), 3),
        "days": len(days),
    }
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
