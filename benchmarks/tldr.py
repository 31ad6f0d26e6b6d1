"""The gists of summaries without a model against summaries that people wrote.

    python -m benchmarks.tldr --data ../shared/data/tldr/SciTLDR-A_dev.jsonl.gz

One JSON object a line, gzipped or not: `source` (sentences of an abstract), `title`, `target` (one or several
summaries). The sentences are joined, so that the program splits and trims them as it does with arXiv's text. ROUGE-1,
-2, -L F in percent by the rouge-score package, with stemming, the best reference for each metric, the mean over papers.
The gist alone is scored. `ms_per_paper` is processor time of the whole summary, each paper seen for the first time.
`baselines`: the title, the first sentence and the best whole sentence there is (by ROUGE-1). Prints one JSON line.
"""

import argparse
import gzip
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rouge_score import rouge_scorer

from bot.digest.extract import summarise_extractive
from bot.digest.gist import load_weights
from bot.digest.sentences import split_sentences
from bot.model import Paper

METRICS = ("rouge1", "rouge2", "rougeL")
TARGETS = {"rouge1": 44.0, "ms_per_paper": 5.0}

Score = dict[str, float]
Scorer = Callable[[str], Score]


def main() -> None:
    """Read, summarise, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="SciTLDR as JSON lines, gzipped or not")
    parser.add_argument("--misses", type=int, default=0, help="papers to print where the best sentence was much better")
    options = parser.parse_args()
    print(json.dumps(measure(load_rows(options.data), options.misses)))


def load_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of the file."""
    data = path.read_bytes()
    text = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    return [json.loads(line) for line in text.decode("utf-8").splitlines() if line.strip()]


def measure(rows: Sequence[dict[str, Any]], misses: int = 0) -> dict[str, Any]:
    """Return the figures over `rows`; prints the worst `misses` as JSON lines first."""
    papers = [
        Paper(str(place), row["title"], " ".join(row["source"]), (), "cs.LG", ("cs.LG",))
        for place, row in enumerate(rows)
    ]
    load_weights()
    started = time.process_time()
    summaries = [summarise_extractive(paper) for paper in papers]
    milliseconds = 1000 * (time.process_time() - started) / max(1, len(papers))
    scorer = rouge_scorer.RougeScorer(list(METRICS), use_stemmer=True)
    ours, titles, firsts, best = [], [], [], []
    lost = []
    for row, paper, summary in zip(rows, papers, summaries, strict=True):
        score = _scorer(scorer, row["target"])
        ours.append(score(summary.text))
        titles.append(score(row["title"]))
        sentences = split_sentences(paper.abstract) or [paper.title]
        firsts.append(score(sentences[0]))
        best.append(max((score(sentence) for sentence in sentences), key=lambda one: one["rouge1"]))
        lost.append((best[-1]["rouge1"] - ours[-1]["rouge1"], row, summary))
    for gap, row, summary in sorted(lost, key=lambda one: -one[0])[:misses]:
        print(json.dumps({"lost": round(100 * gap, 1), "gist": summary.text, **row}, ensure_ascii=False))
    figures = {**_means(ours), "ms_per_paper": round(milliseconds, 2)}
    return {
        "benchmark": "tldr",
        **figures,
        "papers": len(rows),
        "words": round(statistics.mean(len(summary.text.split()) for summary in summaries), 1),
        "baselines": {"title": _means(titles), "first": _means(firsts), "best_sentence": _means(best)},
        "targets": TARGETS,
        "met": figures["rouge1"] >= TARGETS["rouge1"] and figures["ms_per_paper"] <= TARGETS["ms_per_paper"],
    }


def _scorer(scorer: rouge_scorer.RougeScorer, references: Sequence[str]) -> Scorer:
    def score(text: str) -> Score:
        scores = [scorer.score(reference, text) for reference in references]
        return {metric: max(one[metric].fmeasure for one in scores) for metric in METRICS}

    return score


def _means(scores: Sequence[Score]) -> Score:
    return {metric: round(100 * statistics.mean(score[metric] for score in scores), 2) for metric in METRICS}


if __name__ == "__main__":
    main()
