"""Run every benchmark with its usual data, one JSON line each. `SHARED` names the folder with the real data."""

import os
import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run the modules one after the other; a benchmark whose data is missing says so and is left out."""
    shared = Path(os.environ.get("SHARED", "../shared"))
    replay = shared / "data/arxiv/replay/dev"
    corpus = shared / "data/corpus/papers_2026-01_to_2026-05.jsonl.gz"
    runs: list[list[str]] = [
        ["benchmarks.search"],
        ["benchmarks.start"],
        ["benchmarks.lookup"],
        ["benchmarks.status"],
        ["benchmarks.delivery"],
        ["benchmarks.memory"],
        ["benchmarks.soak"],
    ]
    if replay.is_dir():
        runs += [["benchmarks.brief", "--replay", str(replay)], ["benchmarks.ingest", "--replay", str(replay)]]
    else:
        print(f"benchmarks.brief, benchmarks.ingest: left out, no {replay}", file=sys.stderr)
    if corpus.is_file():
        interests = shared / "data/corpus/interests_dev.jsonl"
        runs += [
            ["benchmarks.truth", "--corpus", str(corpus)],
            ["benchmarks.feedback", "--papers", str(corpus)],
            ["benchmarks.rank_speed", "--papers", str(corpus)],
            ["benchmarks.year", "--papers", str(corpus)],
        ]
        picks = shared / "data/corpus/curator_picks_2026-01_to_2026-05.jsonl.gz"
        days = ["--from", "2026-05-18", "--to", "2026-05-29"]
        runs += [["benchmarks.ranking", "--papers", str(corpus), "--picks", str(picks), *days]]
        runs += [["benchmarks.topics", "--papers", str(corpus), "--interests", str(interests)]]
    else:
        print(f"benchmarks.truth, benchmarks.ranking, benchmarks.topics: left out, no {corpus}", file=sys.stderr)
    tldr = shared / "data/tldr/SciTLDR-A_dev.jsonl.gz"
    if tldr.is_file():
        runs += [["benchmarks.tldr", "--data", str(tldr)]]
    else:
        print(f"benchmarks.tldr: left out, no {tldr}", file=sys.stderr)
    papers = shared / "data/pdf"
    if papers.is_dir():
        runs += [["benchmarks.figures", "--pdf", str(papers)]]
    else:
        print(f"benchmarks.figures: left out, no {papers}", file=sys.stderr)
    failed = [run[0] for run in runs if subprocess.run([sys.executable, "-m", *run], check=False).returncode]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
