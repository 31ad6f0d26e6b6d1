"""How well the first ten of a day are those that readers pick: general interest, without any topic.

    python -m benchmarks.ranking --papers FILE --picks FILE --from D --to D [--no-embeddings] [--no-order]

Per announcement day: the papers with primary category cs.CV, cs.CL or cs.AI, ranked by `bot.digest.general_interest`;
right is a paper that was picked within 14 days of its announcement; days with fewer than three such papers are left
out. Files: JSON lines, plain or gzipped. `--no-order` ranks as if nobody knew when a paper came in. The general
interest does not use vectors, so `--no-embeddings` changes nothing. Prints one JSON line.
"""

import argparse
import gzip
import json
import math
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.digest.general_interest import GeneralInterest
from bot.digest.interest_features import Place, places_of
from bot.model import Paper

CATEGORIES = ("cs.CV", "cs.CL", "cs.AI")
PICKED_WITHIN_DAYS = 14
LEAST_PICKED = 3
TARGET = 0.70
"""Precision among the first ten, on days that nothing was learned from."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A paper of the benchmark on the day it was announced, with what became of it."""

    paper: Paper
    announced_on: date
    place: Place
    picked: bool


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One day's figures, each from 0 to 1."""

    precision_at_10: float
    recall_at_30: float
    average_precision: float


def main() -> None:
    """Rank every day, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=Path, required=True)
    parser.add_argument("--picks", type=Path, required=True)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, help="first announcement day")
    parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True, help="last announcement day")
    parser.add_argument("--no-embeddings", action="store_true", help="accepted; nothing here uses them")
    parser.add_argument("--no-order", action="store_true", help="leave out the place in the order of arrival")
    parser.add_argument("--weights", type=Path, help="weights of `tools.train_interest` instead of the built-in ones")
    options = parser.parse_args()
    announced = load_announced(options.papers, options.picks, since=options.first, until=options.last)
    if options.weights:
        interest = GeneralInterest(json.loads(options.weights.read_text(encoding="utf-8")))
    else:
        interest = GeneralInterest.load()
    began = time.perf_counter()
    scores = [interest.score(one.paper, place=None if options.no_order else one.place).log_odds for one in announced]
    taken = time.perf_counter() - began
    days = figures_by_day(announced, scores)
    if not days:
        parser.error(f"no day from {options.first} to {options.last} has {LEAST_PICKED} picked papers")
    precision = statistics.fmean(day.precision_at_10 for day in days.values())
    spread = statistics.stdev(day.precision_at_10 for day in days.values()) if len(days) > 1 else math.nan
    result = {
        "benchmark": "ranking",
        "from": str(options.first),
        "to": str(options.last),
        "days": len(days),
        "papers": len(announced),
        "picked": sum(one.picked for one in announced),
        "precision_at_10": round(precision, 4),
        "recall_at_30": round(statistics.fmean(day.recall_at_30 for day in days.values()), 4),
        "map": round(statistics.fmean(day.average_precision for day in days.values()), 4),
        "standard_error": None if math.isnan(spread) else round(spread / math.sqrt(len(days)), 4),
        "embeddings": False,
        "order": not options.no_order,
        "ms_per_paper": round(taken * 1000 / len(announced), 3),
        "learned_until": interest.trained_until,
        "unseen": str(options.first) > interest.trained_until,
        "target": TARGET,
        "met": precision >= TARGET,
    }
    print(json.dumps(result))


def load_announced(papers: Path, picks: Path, *, since: date = date.min, until: date = date.max) -> list[Announced]:
    """Return the benchmark's papers of the days between `since` and `until`, both included, in the file's order.

    Places count all papers of a day in the file, whatever their category.
    """
    picked_on: dict[str, list[date]] = defaultdict(list)
    for row in _rows(picks):
        picked_on[row["id"]].append(date.fromisoformat(row["picked_on"]))
    by_day: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(papers):
        day = date.fromisoformat(row["announced_on"])
        if since <= day <= until:
            by_day[day].append(row)
    announced = []
    for day, rows in by_day.items():
        places = places_of(row["id"] for row in rows)
        for row in rows:
            if row["primary_category"] in CATEGORIES:
                waits = ((on - day).days for on in picked_on[row["id"]])
                picked = any(0 <= wait <= PICKED_WITHIN_DAYS for wait in waits)
                announced.append(Announced(_paper(row), day, places[row["id"]], picked))
    return announced


def figures_by_day(announced: Sequence[Announced], scores: Sequence[float]) -> dict[date, DayFigures]:
    """Return the figures of every day with enough picked papers; equal scores in the order of the identifiers."""
    by_day: dict[date, list[tuple[float, str, bool]]] = defaultdict(list)
    for one, score in zip(announced, scores, strict=True):
        by_day[one.announced_on].append((-score, one.paper.arxiv_id, one.picked))
    figures = {}
    for day in sorted(by_day):
        right = [picked for _, _, picked in sorted(by_day[day])]
        if sum(right) >= LEAST_PICKED:
            figures[day] = DayFigures(sum(right[:10]) / 10, sum(right[:30]) / sum(right), average_precision(right))
    return figures


def average_precision(right: Sequence[bool]) -> float:
    """Return the mean, over the right papers, of the precision at their positions; 0 where none is right."""
    found, total = 0, 0.0
    for position, one in enumerate(right, start=1):
        if one:
            found += 1
            total += found / position
    return total / found if found else 0.0


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _paper(row: dict[str, Any]) -> Paper:
    return Paper(
        arxiv_id=row["id"],
        title=row["title"],
        abstract=row["abstract"],
        authors=tuple(row["authors"]),
        primary_category=row["primary_category"],
        categories=tuple(row["categories"]),
        comment=row["comment"],
    )


if __name__ == "__main__":
    main()
