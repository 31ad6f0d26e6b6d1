"""How long a day takes to rank: 700 papers under 50 topics, from papers in memory to what fifty briefs would show.

`python -m benchmarks.rank_speed [--papers FILE --day 2026-05-12] [--clicks 300]`; target: at most 3 s, embedding not
included. `cpu_s` is the time of the processor alone, for a machine that has other work. Without `--papers` the day is
made of the sample's sentences. `--clicks`: the same again for a channel with as many opinions on every topic. Summaries
are not part of it.
"""

import argparse
import gzip
import json
import os
import random
import resource
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.brief import CATEGORIES, topics
from benchmarks.sample import sample_papers
from bot.digest.diversity import cut
from bot.digest.general_interest import GeneralInterest
from bot.digest.pool import PoolStatistics
from bot.digest.rank import CompositeRanker, Evidence
from bot.digest.select import narrow, select
from bot.model import AnnounceType, Candidate, Opinion, Paper

PAPERS = 700
SHOWN = 10
_SEED = 5


def read_papers(path: Path, day: str) -> list[Paper]:
    """Return the papers that the file says were announced from that day on, as many as are measured."""
    found: list[Paper] = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            one = json.loads(line)
            if one["announced_on"] >= day and len(found) < PAPERS:
                found.append(
                    Paper(
                        one["id"],
                        one["title"],
                        one["abstract"],
                        tuple(one["authors"]),
                        one["primary_category"],
                        tuple(one["categories"]),
                        comment=one.get("comment"),
                    )
                )
    return found


def measure(papers: Sequence[Paper], clicks: int) -> dict[str, object]:
    """Return seconds per step, and how much was ranked."""
    candidates = [
        Candidate(paper, AnnounceType.NEW, dict.fromkeys((*paper.categories, *CATEGORIES), AnnounceType.NEW))
        for paper in papers
    ]
    rng = random.Random(_SEED)
    opinions = tuple(Opinion(rng.choice(papers), rng.choice((1.0, -1.0))) for _ in range(clicks))
    loading = time.perf_counter()
    interest = GeneralInterest.load()
    ranker = CompositeRanker(lambda: interest)
    started, working = time.perf_counter(), time.process_time()
    pool = PoolStatistics.of(candidates)
    prepared = time.perf_counter()
    matched = shown = 0
    for topic in topics():
        selected = select(narrow(candidates, topic.categories), topic, pool).matched
        placed = cut(ranker.rank(topic, selected, pool), pool, max_papers=SHOWN)
        matched, shown = matched + len(selected), shown + sum(one.fate == "shown" for one in placed)
    ranked, worked = time.perf_counter(), time.process_time() - working
    for topic in topics():
        selected = select(narrow(candidates, topic.categories), topic, pool).matched
        cut(ranker.rank(topic, selected, pool, Evidence(opinions=opinions)), pool, max_papers=SHOWN)
    return {
        "benchmark": "rank_speed",
        "papers": len(papers),
        "topics": len(topics()),
        "matched": matched,
        "shown": shown,
        "load_s": round(started - loading, 3),
        "prepare_s": round(prepared - started, 2),
        "rank_s": round(ranked - prepared, 2),
        "seconds": round(ranked - started, 2),
        "cpu_s": round(worked, 2),
        "clicks": clicks,
        "rank_with_clicks_s": round(time.perf_counter() - ranked, 2),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "cores": os.cpu_count(),
    }


def main() -> None:
    """Measure, once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=Path)
    parser.add_argument("--day", default="2026-05-12")
    parser.add_argument("--clicks", type=int, default=300)
    arguments = parser.parse_args()
    papers = read_papers(arguments.papers, arguments.day) if arguments.papers else sample_papers(PAPERS)
    print(json.dumps(measure(papers, arguments.clicks)))


if __name__ == "__main__":
    main()
