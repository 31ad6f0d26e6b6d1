"""Learn the weights of the no-key summaries: `bot/digest/weights/extract.json`.

    python -m tools.train_extract --tldr ../shared/data/tldr/SciTLDR-A_train.jsonl.gz \
        --corpus ../shared/data/corpus/papers_2026-01_to_2026-05.jsonl.gz --until 2026-05-01 \
        [--out bot/digest/weights/extract.json] [--folds 5]

Rarity and topicality of stems come from titles and abstracts of the corpus announced before `--until`; everything else
from the training split of SciTLDR (Apache-2.0). First the chances of words (logistic regression), then the expected
ROUGE-1 of runs (ridge regression within each abstract) on chances that come from folds without that abstract. All is
rounded to four digits, and orders and seeds are fixed: the same data gives the same bytes. With `--folds` the figures
of cross-validation are printed as a JSON line; nothing is written without `--out`. Needs scikit-learn and rouge-score.
"""

import argparse
import gzip
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rouge_score import rouge_scorer
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression, Ridge

from bot.digest.gist import (
    IN_KEY,
    SOON,
    GistWeights,
    Run,
    run_features,
    runs_of,
    score_runs,
    word_chances,
    word_features,
)
from bot.digest.outline import Outline, stems_of
from bot.digest.sentences import split_sentences

SEED = 20_260_501
VERSION = 1
_DIGITS = 4
_LEAST_ABSTRACTS = 40
_PRIOR = 20
_COMMON_STEMS = 400
_INVERSE_PENALTY = 0.2
_RIDGE = 1.0
_RARITY_SCALE = 7
_METRICS = ("rouge1", "rouge2", "rougeL")


@dataclass(frozen=True)
class Example:
    """An abstract with its runs; `rouge` has a row of ROUGE-1, -2, -L F (0 to 1) for each run."""

    outline: Outline
    runs: list[Run]
    rouge: Any
    wanted: frozenset[str]


def main() -> None:
    """Read, learn, check, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tldr", type=Path, required=True, help="SciTLDR-A train as JSON lines, gzipped")
    parser.add_argument("--corpus", type=Path, required=True, help="papers as JSON lines, gzipped")
    parser.add_argument("--until", default="2026-05-01", help="only papers announced before this day")
    parser.add_argument("--out", type=Path, help="where the weights go")
    parser.add_argument("--folds", type=int, default=0, help="folds of a cross-validation, printed")
    options = parser.parse_args()
    stems = stem_weights(options.corpus, options.until)
    examples = list(read_examples(options.tldr))
    folds = np.random.RandomState(SEED).randint(0, max(2, options.folds or 5), len(examples))
    if options.folds:
        print(json.dumps(cross_validate(examples, stems, folds)))
    if options.out:
        weights = learn(examples, stems, folds)
        options.out.write_text(as_json(weights), encoding="utf-8")


def stem_weights(path: Path, until: str) -> GistWeights:
    """Return weights that know rarity and topicality only."""
    abstracts, both, papers = Counter[str](), Counter[str](), 0
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["announced_on"] < until:
                stems = set(stems_of(row["abstract"]))
                abstracts.update(stems)
                both.update(stems.intersection(stems_of(row["title"])))
                papers += 1
    usual = both.total() / abstracts.total()
    kept = sorted(stem for stem, count in abstracts.items() if count >= _LEAST_ABSTRACTS)
    shares = {stem: (both[stem] + _PRIOR * usual) / (abstracts[stem] + _PRIOR) for stem in kept}
    return GistWeights(
        rarity={stem: _rounded(math.log((papers + 1) / (abstracts[stem] + 1)) / _RARITY_SCALE) for stem in kept},
        topicality={stem: _rounded(_log_odds(shares[stem]) - _log_odds(usual)) for stem in kept},
        rarest=_rounded(math.log((papers + 1) / (_LEAST_ABSTRACTS / 4)) / _RARITY_SCALE),
        lexical={},
        word=(),
        word_bias=0.0,
        run=(),
    )


def read_examples(path: Path) -> Iterator[Example]:
    """Yield the abstracts, joined and split as the program does it, with the ROUGE of every run."""
    scorer = rouge_scorer.RougeScorer(list(_METRICS), use_stemmer=True)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            outline = Outline.of(split_sentences(" ".join(row["source"])), row["title"])
            runs = runs_of(outline, range(len(outline.sentences)))
            if not runs:
                continue
            scores = [scorer.score_multi(row["target"], run.form.text) for run in runs]
            rouge = np.array([[score[name].fmeasure for name in _METRICS] for score in scores])
            yield Example(outline, runs, rouge, frozenset(s for text in row["target"] for s in stems_of(text)))


def cross_validate(examples: Sequence[Example], stems: GistWeights, folds: Any) -> dict[str, Any]:
    """Return the mean ROUGE (percent) of the best run on unseen abstracts, and its mean length."""
    found = []
    for fold in sorted(set(folds)):
        known = [example for example, one in zip(examples, folds, strict=True) if one != fold]
        weights = learn(known, stems, np.array([one for one in folds if one != fold]))
        for example, one in zip(examples, folds, strict=True):
            if one == fold:
                chances = word_chances(example.outline, weights)
                scores = score_runs(example.outline, example.runs, chances, weights)
                best = max(range(len(scores)), key=scores.__getitem__)
                found.append((*example.rouge[best], len(example.runs[best].words)))
    means = np.mean(found, axis=0)
    oracle = float(np.mean([example.rouge[:, 0].max() for example in examples]))
    figures = {name: round(100 * float(mean), 2) for name, mean in zip(_METRICS, means, strict=False)}
    return {"papers": len(examples), **figures, "words": round(float(means[-1]), 1), "oracle": round(100 * oracle, 2)}


def learn(examples: Sequence[Example], stems: GistWeights, folds: Any) -> GistWeights:
    """Return all weights, rounded."""
    chances: dict[int, Mapping[str, float]] = {}
    for fold in sorted(set(folds)):
        partial = learn_words([e for e, one in zip(examples, folds, strict=True) if one != fold], stems)
        for place, one in enumerate(folds):
            if one == fold:
                chances[place] = word_chances(examples[place].outline, partial)
    weights = learn_words(examples, stems)
    rows, targets, importance = [], [], []
    for place, example in enumerate(examples):
        rows += run_features(example.outline, example.runs, chances[place])
        own = example.rouge[:, 0]
        targets.append(own - own.mean())
        importance.append(np.full(len(own), 1 / len(own)))
    features = np.array(rows)
    spread = features.std(axis=0) + 1e-6
    ridge = Ridge(alpha=_RIDGE, solver="cholesky")
    ridge.fit((features - features.mean(axis=0)) / spread, np.concatenate(targets), np.concatenate(importance))
    return replace(weights, run=[_rounded(value) for value in ridge.coef_ / spread])


def learn_words(examples: Sequence[Example], stems: GistWeights) -> GistWeights:
    """Return weights with the model of words, rounded."""
    seen = Counter(stem for example in examples for stem in set(example.outline.spread))
    common = [stem for stem, _ in sorted(seen.items(), key=lambda item: (-item[1], item[0]))[:_COMMON_STEMS]]
    column = {stem: index for index, stem in enumerate(common)}
    rows, labels, places, columns = [], [], [], []
    for example in examples:
        for stem, features in word_features(example.outline, stems):
            if stem in column:
                places.append(len(rows))
                columns.append(column[stem])
            rows.append(features)
            labels.append(stem in example.wanted)
    features = np.array(rows)
    shape = (len(rows), len(common))
    lexical = [
        csr_matrix((values, (places, columns)), shape=shape)
        for values in (np.ones(len(places)), features[places, IN_KEY], features[places, SOON])
    ]
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=1000)
    model.fit(hstack([csr_matrix(features), *lexical]).tocsr(), np.array(labels))
    values = [_rounded(value) for value in model.coef_[0]]
    dense = features.shape[1]
    tables = [values[dense + n * len(common) : dense + (n + 1) * len(common)] for n in range(3)]
    return replace(
        stems,
        word=values[:dense],
        word_bias=_rounded(model.intercept_[0]),
        lexical=dict(zip(common, zip(*tables, strict=True), strict=True)),
    )


def as_json(weights: GistWeights) -> str:
    """Return the file, one stem a line."""
    head = {
        "version": VERSION,
        "data": "SciTLDR-A train (allenai/scitldr, Apache-2.0); arXiv metadata (CC0)",
        "word_bias": weights.word_bias,
        "rarest": weights.rarest,
        "word": list(weights.word),
        "run": list(weights.run),
    }
    stems = {stem: [weights.rarity[stem], weights.topicality[stem]] for stem in sorted(weights.rarity)}
    lexical = {stem: list(weights.lexical[stem]) for stem in sorted(weights.lexical)}
    lines = [f'"{name}": {json.dumps(value)}' for name, value in head.items()]
    for name, table in (("lexical", lexical), ("stems", stems)):
        entries = ",\n".join(f"{json.dumps(key)}:{json.dumps(v, separators=(',', ':'))}" for key, v in table.items())
        lines.append(f'"{name}": {{\n{entries}\n}}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _log_odds(share: float) -> float:
    return math.log(share / (1 - share))


if __name__ == "__main__":
    main()
