"""How well papers are ordered by stated interests, and what the vectors for it cost.

    python -m benchmarks.topics --papers FILE --interests FILE [--vectors FILE.npz] [--no-embeddings] [--until DATE]

Interests are lines {"name", "text", "category"}; the truth is that a paper carries that category, which the order never
looks at. All papers of the file are one pool. With the embedding model installed (make embeddings) papers get vectors,
which takes 25 ms of a processor each: `--vectors` keeps them for the next time. Prints one JSON line.
"""

import argparse
import asyncio
import gzip
import json
import resource
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.digest.relevance import Relevance
from bot.digest.text import PaperText
from bot.embed.minilm import MODEL, MiniLmEmbedder, missing_parts
from bot.log import configure_logging
from bot.model import Paper

if TYPE_CHECKING:
    from bot.embed.port import Vector

TARGET_MAP = 0.17
_AT_ONCE = 512


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the JSON documents of a file, packed or not."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def read_paper(line: dict[str, Any]) -> Paper:
    """Return the paper of a line without its categories, so that nothing can look at them."""
    return Paper(line["id"], line["title"], line["abstract"], (), "", (), comment=line.get("comment"))


def load_vectors(path: Path | None) -> "dict[str, Vector]":
    """Return the vectors of an archive with the arrays `ids` and `vectors`; none where there is no such file."""
    if path is None or not path.exists():
        return {}
    import numpy as np

    with np.load(path) as archive:
        return dict(zip(map(str, archive["ids"]), archive["vectors"].astype(np.float32), strict=True))


async def make_vectors(
    papers: Sequence[Paper], path: Path | None, threads: int
) -> "tuple[dict[str, Vector], dict[str, Any]]":
    """Return vectors of all papers, kept in `path` and made where that has none, and what making them cost."""
    import numpy as np

    found = load_vectors(path)
    missing = [paper for paper in papers if paper.arxiv_id not in found]
    started = time.perf_counter()
    async with MiniLmEmbedder(threads=threads) as embedder:
        for start in range(0, len(missing), _AT_ONCE):
            batch = missing[start : start + _AT_ONCE]
            vectors = await embedder.embed([f"{paper.title}\n{paper.abstract}" for paper in batch])
            found |= {paper.arxiv_id: vector for paper, vector in zip(batch, vectors, strict=True)}
            print(f"benchmarks.topics: vectors {start + len(batch):,} of {len(missing):,}", file=sys.stderr)
    taken = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if path is not None and missing:
        np.savez(path, ids=np.array(list(found)), vectors=np.array(list(found.values()), np.float16))
    cost: dict[str, Any] = {"embedded": len(missing)}
    if missing:
        cost["ms_per_abstract"] = round(taken * 1000 / len(missing), 1)
        cost["cpu_ms_per_abstract"] = round((used.ru_utime + used.ru_stime) * 1000 / len(missing), 1)
        cost["worker_peak_mb"] = round(used.ru_maxrss / 1024, 1)
    return found, cost


def average_precision(order: Iterable[bool]) -> float:
    """Return the mean over the positives of the precision at their places."""
    found, total = 0, 0.0
    for place, positive in enumerate(order, 1):
        if positive:
            found += 1
            total += found / place
    return total / found if found else 0.0


async def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    lines = [one for one in read_lines(arguments.papers) if one.get("announced_on", "") < arguments.until]
    interests = read_lines(arguments.interests)
    papers = [read_paper(line) for line in lines]
    vectors: dict[str, Vector] = {}
    wanted: dict[str, Vector] = {}
    cost: dict[str, Any] = {}
    lacking = missing_parts()
    embeddings = None if arguments.no_embeddings or lacking else MODEL
    if embeddings:
        vectors, cost = await make_vectors(papers, arguments.vectors, arguments.threads)
        texts = [one["text"] for one in interests]
        async with MiniLmEmbedder() as embedder:
            wanted = dict(zip(texts, await embedder.embed(texts), strict=True))
    elif lacking and not arguments.no_embeddings:
        print(f"benchmarks.topics: words alone, as {', '.join(lacking)} is not installed", file=sys.stderr)
    texts_of_papers = [PaperText.of(paper) for paper in papers]
    started = time.perf_counter()
    relevance = Relevance.of(texts_of_papers, vectors)
    prepared = time.perf_counter()
    by_name: dict[str, list[float]] = {}
    scored = 0.0
    for one in interests:
        truth = [one["category"] in line["categories"] for line in lines]
        if not any(truth):
            continue
        before = time.perf_counter()
        scores = relevance.score(one["text"], wanted.get(one["text"]))
        scored += time.perf_counter() - before
        order = sorted(range(len(scores)), key=lambda place: (-scores[place], papers[place].arxiv_id))
        ranked = [truth[place] for place in order]
        by_name[one["name"]] = [average_precision(ranked), sum(ranked[:20]) / 20]
    mean_ap = sum(ap for ap, _ in by_name.values()) / len(by_name)
    return {
        "benchmark": "topics",
        "papers": len(papers),
        "interests": len(by_name),
        "map": round(mean_ap, 4),
        "precision_at_20": round(sum(at_20 for _, at_20 in by_name.values()) / len(by_name), 4),
        "target_map": TARGET_MAP,
        "met": mean_ap >= TARGET_MAP,
        "embeddings": embeddings,
        **cost,
        "prepare_s": round(prepared - started, 2),
        "score_ms_per_interest": round(scored * 1000 / len(by_name), 1),
        "by_name": {name: [round(value, 3) for value in values] for name, values in by_name.items()},
    }


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=Path, required=True, help="papers as JSON lines, packed or not")
    parser.add_argument("--interests", type=Path, required=True, help="interests as JSON lines")
    parser.add_argument("--vectors", type=Path, help="keep the vectors of the papers here, and use those there are")
    parser.add_argument("--threads", type=int, default=1, help="processors for the embedding model")
    parser.add_argument("--no-embeddings", action="store_true", help="order by words alone")
    parser.add_argument("--until", default="9999", help="leave out papers announced on this date or later")
    arguments = parser.parse_args()
    configure_logging("warning", "auto", [])
    print(json.dumps(asyncio.run(measure(arguments))))


if __name__ == "__main__":
    main()
