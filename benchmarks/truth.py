"""The checks of model summaries against planted faults and faithful summaries, built from real abstracts.

    python -m benchmarks.truth --corpus ../shared/data/corpus/papers_2026-01_to_2026-05.jsonl.gz [--month 2026-05]

Faithful: sentences of the abstract itself; the same reordered and reworded, with numbers in other forms; Chinese with
numbers in 万 and 亿 and names kept. Faults: one number changed, the summary of another paper of the same category, an
invented sentence with a number, the wrong language, an apology. Chinese texts without a name or a number, which say
nothing about which paper they are of, are there as well, faithful and of another paper (`planted_chinese`). The checks
were made on January to April; May is reported. Prints one JSON line: `caught` and `false_alarms` as
fractions, and each kind.
"""

import argparse
import gzip
import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.planted import FAITHFUL, FAULTS, LEAST_SENTENCES, Maker
from benchmarks.planted_chinese import FAITHFUL_CHINESE, SWAPPED_CHINESE
from bot.digest.check import check_summary
from bot.digest.sentences import split_sentences
from bot.model import Paper

SEED = 20_260_501
TARGETS = {"caught": 0.99, "false_alarms": 0.02}


def main() -> None:
    """Build, check, count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True, help="papers as JSON lines, gzipped")
    parser.add_argument("--month", default="2026-05", help="announcement month, or a prefix such as 2026 for all")
    parser.add_argument("--cases", type=int, default=200, help="cases of each kind")
    parser.add_argument("--show", type=int, default=0, help="misses and false alarms to print for each kind")
    options = parser.parse_args()
    print(json.dumps(measure(load_papers(options.corpus, options.month), options.cases, options.show)))


def load_papers(path: Path, month: str) -> list[Paper]:
    """Return the papers announced in `month` whose abstracts have enough sentences to be summarised."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [row for line in lines if (row := json.loads(line))["announced_on"].startswith(month)]
    papers = [
        Paper(
            row["id"],
            row["title"],
            row["abstract"],
            tuple(row["authors"]),
            row["primary_category"],
            tuple(row["categories"]),
        )
        for row in rows
    ]
    return [paper for paper in papers if len(split_sentences(paper.abstract)) >= LEAST_SENTENCES]


def measure(papers: Sequence[Paper], cases: int, show: int = 0) -> dict[str, Any]:
    """Return fractions over all kinds together and for each; a fault is caught if there is any problem."""
    rng = random.Random(SEED)
    faithful = {
        name: _run(rng, papers, make, cases, wanted=False, show=show)
        for name, make in (FAITHFUL | FAITHFUL_CHINESE).items()
    }
    faults = {
        name: _run(rng, papers, make, cases, wanted=True, show=show)
        for name, make in (FAULTS | SWAPPED_CHINESE).items()
    }
    figures = {"caught": _fraction(faults), "false_alarms": _fraction(faithful)}
    return {
        "benchmark": "truth",
        **{name: round(value, 4) for name, value in figures.items()},
        "kinds": {
            name: {
                "cases": total,
                ("caught" if name in faults else "false_alarms"): round(hits / total, 4),
                "codes": codes,
            }
            for name, (hits, total, codes) in (faults | faithful).items()
        },
        "papers": len(papers),
        "targets": TARGETS,
        "met": figures["caught"] >= TARGETS["caught"] and figures["false_alarms"] <= TARGETS["false_alarms"],
    }


def _fraction(kinds: dict[str, tuple[int, int, dict[str, int]]]) -> float:
    return sum(hits for hits, _, _ in kinds.values()) / sum(total for _, total, _ in kinds.values())


def _run(
    rng: random.Random, papers: Sequence[Paper], make: Maker, cases: int, *, wanted: bool, show: int
) -> tuple[int, int, dict[str, int]]:
    hits, total, codes = 0, 0, Counter[str]()
    for paper in rng.sample(papers, len(papers)):
        if total == cases:
            break
        other = _other(rng, papers, paper)
        made = make(rng, paper, other)
        if made is None:
            continue
        form, language = made
        problems = check_summary(form, paper, language)
        total += 1
        hits += bool(problems)
        codes.update(problem.code for problem in problems)
        if bool(problems) is not wanted and show:
            show -= 1
            print(
                json.dumps(
                    {"paper": paper.arxiv_id, "problems": [p.sentence for p in problems], "form": form.model_dump()},
                    ensure_ascii=False,
                )
            )
    return hits, total, dict(codes.most_common())


def _other(rng: random.Random, papers: Sequence[Paper], paper: Paper) -> Paper:
    while True:
        other = rng.choice(papers)
        if other.arxiv_id != paper.arxiv_id and other.primary_category == paper.primary_category:
            return other
        if rng.random() < 0.005:
            return next(one for one in papers if one.arxiv_id != paper.arxiv_id)


if __name__ == "__main__":
    main()
