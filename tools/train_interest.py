"""Learn what readers pick and write the weights that `bot.digest.general_interest` applies.

    python -m tools.train_interest --papers FILE --picks FILE --until 2026-05-17 [--out FILE]

Needs the packages of the group `train`. Seeds are fixed and one thread does the work: the same data, packages and
processor give the same bytes. Papers with primary category cs.CV, cs.CL or cs.AI, announced up to `--until`; picked
means within 14 days of the announcement. What picks of later days would tell is not looked at.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import base64
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import LogisticRegression

from benchmarks.ranking import Announced, load_announced
from bot.digest.general_interest import VERSION
from bot.digest.interest_features import features_of, timing_of, word_counts

SEED = 20260518
WORDS, DIMENSIONS, LEAST_PAPERS = 6000, 64, 25
TEXT_SCALE, LINEAR_C, MIX_C, FOLDS, TREES = 3.0, 0.08, 0.3, 5, 200
TREE_OPTIONS = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": 60, "feature_fraction": 0.3,
    "bagging_fraction": 0.7, "bagging_freq": 1, "lambda_l2": 10.0, "seed": SEED, "deterministic": True,
    "force_row_wise": True, "num_threads": 1, "verbose": -1,
}  # fmt: skip
OUT = Path(__file__).resolve().parent.parent / "bot" / "digest" / "weights" / f"{VERSION}.json"


def main() -> None:
    """Read, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=Path, required=True)
    parser.add_argument("--picks", type=Path, required=True)
    parser.add_argument("--until", type=date.fromisoformat, required=True, help="last announcement day to learn from")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    announced = load_announced(options.papers, options.picks, until=options.until)
    text = json.dumps(train(announced, options.until), separators=(",", ":"), ensure_ascii=False)
    options.out.write_text(text + "\n", encoding="utf-8")
    print(f"{options.out}: {options.out.stat().st_size:,} bytes from {len(announced):,} papers")


def train(announced: list[Announced], until: date) -> dict[str, object]:
    """Return the weights, ready for JSON."""
    picked = np.array([one.picked for one in announced], dtype=np.int64)
    days = sorted({one.announced_on for one in announced})
    counts = [word_counts(one.paper) for one in announced]
    meanings, words = fit_words(counts)
    names, found = matrix_of([features_of(one.paper) for one in announced])
    values = np.hstack([found, meanings])
    timing_names, timing = matrix_of([timing_of(one.place) for one in announced], least=1)
    folds = np.random.default_rng(SEED).permutation(len(days)) % FOLDS
    fold_of = dict(zip(days, folds.tolist(), strict=True))
    fold = np.array([fold_of[one.announced_on] for one in announced])
    judged = np.zeros((len(announced), 2))
    for number in range(FOLDS):
        train_on, judge = fold != number, fold == number
        coefficients, bias, trees = fit_judges(values[train_on], picked[train_on])
        judged[judge, 0] = values[judge] @ coefficients + bias
        judged[judge, 1] = trees.predict(values[judge], raw_score=True)
    coefficients, bias, trees = fit_judges(values, picked)
    structures = [tree["tree_structure"] for tree in trees.dump_model()["tree_info"]]
    averages = (
        float(values.mean(axis=0) @ coefficients + bias),
        sum(tree.get("internal_value", tree.get("leaf_value", 0.0)) for tree in structures),
    )
    return {
        "version": VERSION,
        "trained": {
            "from": str(days[0]), "until": str(until), "papers": len(announced), "picked": int(picked.sum()),
            "seed": SEED,
        },
        "features": names,
        "coefficients": _rounded(coefficients, 5),
        "means": _rounded(values.mean(axis=0), 6),
        "dimensions": DIMENSIONS,
        **words,
        "trees": [_tree(tree) for tree in structures if "split_feature" in tree],
        "mix": {
            "plain": _mix(judged, averages, timing[:, :0], picked, []),
            "timed": _mix(judged, averages, timing, picked, timing_names),
        },
        "timing_means": dict(zip(timing_names, _rounded(timing.mean(axis=0), 5), strict=True)),
    }  # fmt: skip


def fit_words(counts: list[Mapping[str, int]], learn: np.ndarray | None = None) -> tuple[np.ndarray, dict[str, object]]:
    """Return the meaning of each paper (one row, of length one) and what turns words into it, ready for JSON.

    Words and dimensions are those of the papers that `learn` marks, by default of all.
    """
    used = np.ones(len(counts), dtype=bool) if learn is None else learn
    holders = Counter(word for count, one in zip(counts, used, strict=True) if one for word in count)
    words = [word for word, _ in sorted(holders.items(), key=lambda item: (-item[1], item[0]))[:WORDS]]
    rarities = np.round([np.log((1 + used.sum()) / (1 + holders[word])) + 1 for word in words], 3)
    column = {word: place for place, word in enumerate(words)}
    entries = [
        (row, column[word], (1 + np.log(count[word])) * rarities[column[word]])
        for row, count in enumerate(counts) for word in sorted(count) if word in column
    ]  # fmt: skip
    rows, columns, weights = (np.array(part) for part in zip(*entries, strict=True))
    matrix = csr_matrix((weights, (rows, columns)), shape=(len(counts), len(words)))
    lengths = np.maximum(np.sqrt(np.bincount(rows, weights**2, len(counts))), 1e-9)
    unit = csr_matrix((weights / lengths[rows], (rows, columns)), shape=matrix.shape)[used]
    components = TruncatedSVD(DIMENSIONS, n_iter=5, random_state=SEED).fit(unit).components_.T
    scales = np.round(np.abs(components).max(axis=0) / 127, 8)
    packed = np.clip(np.rint(components / scales), -127, 127).astype(np.int8)
    meanings = (matrix @ packed) * scales
    meanings /= np.maximum(np.sqrt((meanings**2).sum(axis=1, keepdims=True)), 1e-9)
    return meanings, {
        "words": words,
        "rarities": rarities.tolist(),
        "scales": scales.tolist(),
        "rows": base64.b85encode(packed.tobytes()).decode("ascii"),
    }


def matrix_of(found: list[dict[str, float]], least: int = LEAST_PAPERS) -> tuple[list[str], np.ndarray]:
    """Return the names of features that enough papers have, and their values, one row for each paper."""
    holders = Counter(name for one in found for name, value in one.items() if value)
    names = sorted(name for name, count in holders.items() if count >= least)
    return names, np.array([[one.get(name, 0.0) for name in names] for one in found])


def fit_judges(values: np.ndarray, picked: np.ndarray) -> tuple[np.ndarray, float, lightgbm.Booster]:
    """Return the linear judge (coefficients and bias) and the trees; the last columns of `values` are the meaning."""
    coefficients, bias = fit_linear(values, picked)
    trees = lightgbm.train(TREE_OPTIONS, lightgbm.Dataset(values, picked), TREES)
    return coefficients, bias, trees


def fit_linear(values: np.ndarray, picked: np.ndarray) -> tuple[np.ndarray, float]:
    """Return coefficients and bias; the last columns of `values` are the meaning, penalised less than the others."""
    scale = np.ones(values.shape[1])
    scale[-DIMENSIONS:] = TEXT_SCALE
    linear = LogisticRegression(C=LINEAR_C, max_iter=1000).fit(values * scale, picked)
    return linear.coef_[0] * scale, float(linear.intercept_[0])


def _mix(
    judged: np.ndarray, averages: tuple[float, float], timing: np.ndarray, picked: np.ndarray, names: list[str]
) -> dict[str, object]:
    """Return the last step, its bias that of the average paper: the shares of a paper are counted from there."""
    step = LogisticRegression(C=MIX_C, max_iter=1000).fit(np.hstack([judged, timing]), picked)
    linear, trees, *weights = step.coef_[0]
    average = np.concatenate([averages, timing.mean(axis=0)])
    return {
        "bias": round(float(step.intercept_[0] + step.coef_[0] @ average), 5),
        "linear": round(float(linear), 5),
        "trees": round(float(trees), 5),
        "timing": dict(zip(names, _rounded(weights, 5), strict=True)),
    }


def _tree(root: dict[str, Any]) -> list[list[float]]:
    """Return features, thresholds, left and right children and values of the nodes, and the values of the leaves."""
    features, thresholds, left, right, values, leaves = [], [], [], [], [], []

    def add(node: dict[str, Any]) -> int:
        if "leaf_value" in node:
            leaves.append(round(node["leaf_value"], 5))
            return -len(leaves)
        number = len(features)
        features.append(node["split_feature"])
        thresholds.append(round(node["threshold"], 4))
        values.append(round(node["internal_value"], 5))
        left.append(0)
        right.append(0)
        left[number] = add(node["left_child"])
        right[number] = add(node["right_child"])
        return number

    add(root)
    return [features, thresholds, left, right, values, leaves]


def _rounded(values: Iterable[float], digits: int) -> list[float]:
    # Adding zero makes -0.0 a zero.
    return [round(float(value), digits) + 0.0 for value in values]


if __name__ == "__main__":
    main()
