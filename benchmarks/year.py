"""A year of announcements, with everything that goes wrong in one, through the real program; then reckoned up.

    python -m benchmarks.year --papers FILE [--days 250] [--seed N]

Announcement days are drawn from real ones (their papers dated anew, their numbers, their weekdays), with cross-lists,
replacements, withdrawn papers, and batches that come late, in part, for one category only, or not when the calendar
says so. Sources, ingest, planner and sender are the program's own, on a database file; arXiv is on loopback, Discord
behind the sender's port, the clock jumps. Faults, kills at any check-point, outages and a locked database are drawn
from the seed. What came of it is counted against what was announced (`tests/year/reckoning.py`). Prints one JSON line;
leaves with 1 when anything was lost, repeated, early, out of order or counted wrong.
"""

import argparse
import asyncio
import dataclasses
import gzip
import json
import resource
import sys
import tempfile
import time
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.log import configure_logging
from bot.model import Paper
from tests.year.announcing import Stock
from tests.year.lives import live_a_year
from tests.year.storm import spans_of

_START = date(2026, 1, 12)
_LEAST_PAPERS = 100
"""A day of the corpus with fewer is one of which its collector had only a part."""

_SHOWN = 40
_GZIP = b"\x1f\x8b"


def load_stock(path: Path, share: float) -> Stock:
    """Return the corpus's days by weekday, of each day's papers so large a share."""
    days: defaultdict[str, list[Paper]] = defaultdict(list)
    with path.open("rb") as raw:
        packed = raw.read(2) == _GZIP
    with gzip.open(path, "rt", encoding="utf-8") if packed else path.open(encoding="utf-8") as lines:
        for line in lines:
            one = json.loads(line)
            paper = Paper(
                arxiv_id=one["id"],
                title=one["title"],
                abstract=one["abstract"],
                authors=tuple(one["authors"]),
                primary_category=one["primary_category"],
                categories=tuple(one["categories"]),
                comment=one["comment"],
            )
            days[one["announced_on"]].append(paper)
    stock: defaultdict[int, list[list[Paper]]] = defaultdict(list)
    for day, papers in days.items():
        if len(papers) >= _LEAST_PAPERS:
            stock[date.fromisoformat(day).weekday()].append(papers[: max(1, round(len(papers) * share))])
    return stock


def _lost_papers_last(complaint: str) -> bool:
    return complaint.startswith(("lost", "2"))


def main() -> None:
    """Live the year, print what it came to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=Path, required=True, help="the corpus: JSON lines, packed or not")
    parser.add_argument("--days", type=int, default=250, help="announcement days that are counted")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.3, help="share of each day's papers; ranking all takes long")
    options = parser.parse_args()
    configure_logging("critical", "json", [])
    sys.setswitchinterval(0.0005)
    began = time.perf_counter()
    month = ""

    def progress(now: datetime) -> None:
        nonlocal month
        if f"{now:%Y-%m}" != month:
            month = f"{now:%Y-%m}"
            print(f"{month}, after {time.perf_counter() - began:.0f} s", file=sys.stderr)

    stock = load_stock(options.papers, options.share)
    with tempfile.TemporaryDirectory(prefix="paperbrief-year-") as directory:
        living = live_a_year(
            stock, Path(directory), start=_START, days=options.days, seed=options.seed, progress=progress
        )
        outcome = asyncio.run(living)
        found, diary = outcome.reckon(), outcome.diary
    for line in [*spans_of(outcome.storm), *sorted(found.wrong, key=_lost_papers_last)[:_SHOWN]]:
        print(line, file=sys.stderr)
    figures: dict[str, Any] = {one.name: getattr(found, one.name) for one in dataclasses.fields(found)}
    figures["wrong"] = len(found.wrong)
    result = {
        "benchmark": "year",
        "seed": options.seed,
        "share": options.share,
        **figures,
        "ticks": diary.ticks,
        "starts": diary.starts,
        "kills": len(diary.kills),
        "faults": dict(sorted(outcome.storm.counted.faults.items())),
        "seconds": round(time.perf_counter() - began, 1),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    print(json.dumps(result))
    sys.exit(1 if found.wrong else 0)


if __name__ == "__main__":
    main()
