"""Full-text search in a large database: how long a page of results takes, and what a paper costs on disk.

    python -m benchmarks.search [--papers 1000000] [--db PATH]

Papers are generated: a Zipf vocabulary of 200,000 words, abstracts of about 1,300 characters as on arXiv, and one word
that stands in nearly every paper. They are written in bulk into a database of the program's own schema; searches go
through the program's own `search`. Prints one JSON line; progress goes to standard error.
"""

import argparse
import asyncio
import itertools
import json
import os
import platform
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bot.log import configure_logging
from bot.store.engine import Database
from bot.store.maintenance import upgrade
from bot.store.ordering import first_number
from bot.store.search import SearchIndex, build_search
from bot.store.words import fold, labels

SEED = 20_260_512
VOCABULARY = 200_000
A_DAY = 1_000
LAST_DAY = date(2026, 11, 20)
LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
CATEGORIES = ("cs.CV", "cs.CL", "cs.AI", "cs.LG", "cs.RO", "stat.ML", "hep-ph", "math.AG", "quant-ph", "astro-ph.GA")
PAGE = 20
TARGETS = {"newest": 50.0, "ranked": 300.0}
"""Milliseconds that the slowest hundredth of searches may take."""

Texts = list[str]


def main() -> None:
    """Build or reuse the database, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=1_000_000, help="how many papers (default: a million)")
    parser.add_argument("--db", type=Path, help="keep the database here, and reuse it if it is there")
    parser.add_argument("--searches", type=int, default=300, help="searches of each kind")
    options = parser.parse_args()
    configure_logging("warning", "auto", [])
    with tempfile.TemporaryDirectory(prefix="paperbrief-bench-") as scratch:
        path = options.db or Path(scratch) / "search.sqlite3"
        asyncio.run(_run(path, options.papers, options.searches))


async def _run(path: Path, papers: int, searches: int) -> None:
    build = await asyncio.to_thread(build_database, path, papers)
    async with Database.open(f"sqlite:///{path}") as db:
        rare = await asyncio.to_thread(rare_words, path, searches)
        common = await asyncio.to_thread(most_common_word, path)
        index = build_search(db)
        figures: dict[str, Any] = {}
        for order in ("newest", "ranked"):
            newest = order == "newest"
            figures[f"{order}_common"] = await _measure(searches, _searcher(index, [common], newest))
            figures[f"{order}_three_rare"] = await _measure(searches, _searcher(index, rare, newest))
        matches = await asyncio.to_thread(_matches, path, common)
    worst = {order: max(v["p99_ms"] for k, v in figures.items() if k.startswith(order)) for order in TARGETS}
    result = {
        "benchmark": "search",
        "papers": build.pop("papers"),
        "common_term_in_papers": matches,
        **figures,
        **build,
        "targets_p99_ms": TARGETS,
        "met": all(worst[order] <= limit for order, limit in TARGETS.items()),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "sqlite": sqlite3.sqlite_version},
    }
    print(json.dumps(result))


def _searcher(index: SearchIndex, words: Texts, newest: bool) -> Callable[[], Awaitable[int]]:
    turn = itertools.cycle(words)

    async def search() -> int:
        return len(await index.search(next(turn), newest=newest, limit=PAGE))

    return search


async def _measure(times: int, search: Callable[[], Awaitable[int]]) -> dict[str, float]:
    taken: list[float] = []
    hits = 0
    for _ in range(times):
        began = time.perf_counter()
        hits += await search()
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return {
        "p50_ms": round(taken[len(taken) // 2], 2),
        "p99_ms": round(taken[min(len(taken) - 1, int(len(taken) * 0.99))], 2),
        "max_ms": round(taken[-1], 2),
        "hits": round(hits / times, 1),
    }


def build_database(path: Path, papers: int) -> dict[str, Any]:
    """Return what was built at `path`, or found there: figures of the database. Runs its own event loop."""
    began = time.perf_counter()
    reused = path.exists()
    if not reused:
        asyncio.run(upgrade(f"sqlite:///{path}"))
        _fill(path, papers)
    with closing(sqlite3.connect(path)) as connection:
        count = connection.execute("SELECT count(*) FROM paper").fetchone()[0]
        index = connection.execute(
            "SELECT sum(pgsize) FROM dbstat WHERE name GLOB 'paper_search*' AND aggregate = TRUE"
        ).fetchone()[0]
        text = connection.execute("SELECT avg(length(abstract)) FROM (SELECT abstract FROM paper LIMIT 20000)")
        characters = round(text.fetchone()[0])
    size = path.stat().st_size
    return {
        "papers": count,
        "bytes_per_paper": round(size / count),
        "index_bytes_per_paper": round(index / count),
        "abstract_characters": characters,
        "build_seconds": None if reused else round(time.perf_counter() - began, 1),
    }


def _fill(path: Path, papers: int) -> None:
    rng = random.Random(SEED)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -200000")
        connection.execute("PRAGMA foreign_keys = ON")
        # Indexed afterwards in one go, as the migration does it; the trigger would do the same, slower.
        trigger = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'paper_search_insert'").fetchone()[0]
        connection.execute("DROP TRIGGER paper_search_insert")
        connection.execute("BEGIN")
        names = ", ".join(_COLUMNS)
        connection.executemany(
            f"INSERT INTO paper ({names}) VALUES ({', '.join('?' * len(_COLUMNS))})",  # noqa: S608  # constants
            _papers(rng, papers),
        )
        _announce(connection)
        connection.execute("COMMIT")
        _say("indexing")
        connection.execute("INSERT INTO paper_search (paper_search, rank) VALUES ('hashsize', 67108864)")
        connection.execute("INSERT INTO paper_search (paper_search) VALUES ('rebuild')")
        connection.execute("INSERT INTO paper_search (paper_search, rank) VALUES ('hashsize', 1048576)")
        connection.execute(trigger)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


_COLUMNS = (
    "number",
    "arxiv_id",
    "title",
    "abstract",
    "authors",
    "authors_complete",
    "primary_category",
    "categories",
    "labels",
    "licence",
    "version",
    "submitted_at",
    "updated_at",
    "has_html",
    "withdrawn",
    "announced_on",
    "enriched_at",
)


def _papers(rng: random.Random, papers: int) -> Iterator[tuple[Any, ...]]:
    words = _vocabulary(rng)
    weights = list(itertools.accumulate(1 / (place + 2.7) for place in range(VOCABULARY)))

    def draw(low: int, high: int) -> str:
        return " ".join(rng.choices(words, cum_weights=weights, k=rng.randint(low, high)))

    # Sentences are drawn from a stock: drawing every word of a million abstracts would take an hour.
    sentences = [f"{draw(12, 26).capitalize()}." for _ in range(50_000)]
    titles = [draw(4, 8).capitalize() for _ in range(30_000)]
    names = [word.capitalize() for word in words[1000:60_000] if word.isalpha()]
    first_day = LAST_DAY - timedelta(days=papers // A_DAY)
    for place in range(papers):
        if place % 100_000 == 0:
            _say(f"papers {place:,} of {papers:,}")
        day, number = divmod(place, A_DAY)
        announced_on = first_day + timedelta(days=day)
        categories = rng.sample(CATEGORIES, rng.choice((1, 1, 2, 2, 3)))
        abstract = f"{' '.join(rng.choices(sentences, k=8))} {' '.join(rng.choices(words, k=8))}."
        authors = [f"{rng.choice(names)} {rng.choice(names)}" for _ in range(rng.randint(1, 8))]
        instant = f"{announced_on} 12:00:00.000000"
        yield (
            first_number(announced_on) + number,
            f"{announced_on:%y%m}.{announced_on.day * A_DAY + number:05d}",
            f"{rng.choice(titles)} {' '.join(rng.choices(words, k=3))}",
            abstract,
            json.dumps(authors, separators=(",", ":")),
            True,
            categories[0],
            json.dumps(categories, separators=(",", ":")),
            labels(categories),
            "http://creativecommons.org/licenses/by/4.0/",
            1,
            instant,
            instant,
            True,
            False,
            str(announced_on),
            instant,
        )


def _announce(connection: sqlite3.Connection) -> None:
    """Give every paper its place in an announcement, as in real use, so that its row counts in the size."""
    _say("announcements")
    connection.execute(
        "INSERT INTO announcement SELECT primary_category, announced_on, 'fresh', 'listing', count(*), 0, 0, count(*), "
        "0, 0, announced_on || ' 12:00:00.000000', 0, NULL FROM paper GROUP BY 1, 2 ORDER BY 1, 2"
    )
    connection.execute(
        "INSERT INTO announcement_item SELECT primary_category, announced_on, arxiv_id, 'new', number & 1048575 "
        "FROM paper ORDER BY 1, 2, 3"
    )
    connection.execute("INSERT INTO paper_version SELECT arxiv_id, 1, announced_on, 0 FROM paper ORDER BY 1")


def _vocabulary(rng: random.Random) -> Texts:
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        words["".join(rng.choices(LETTERS, k=rng.randint(3, 11)))] = None
    return list(words)


def most_common_word(path: Path) -> str:
    """Return the word that stands in most of the papers."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT abstract FROM paper ORDER BY number LIMIT 500").fetchall()
    counts: dict[str, int] = {}
    for (abstract,) in rows:
        for word in set(fold(abstract)):
            counts[word] = counts.get(word, 0) + 1
    return max(counts, key=lambda word: counts[word])


def rare_words(path: Path, searches: int) -> Texts:
    """Return searches of three words that each stand in few papers, all three in at least one."""
    rng = random.Random(SEED)
    frequent: dict[str, int] = {}
    with closing(sqlite3.connect(path)) as connection:
        low, high = connection.execute("SELECT min(number), max(number) FROM paper").fetchone()
        query = "SELECT abstract FROM paper WHERE number >= ? ORDER BY number LIMIT 1"
        abstracts = [connection.execute(query, (rng.randint(low, high),)).fetchone()[0] for _ in range(searches * 3)]
    for abstract in abstracts:
        for word in set(fold(abstract)):
            frequent[word] = frequent.get(word, 0) + 1
    found: Texts = []
    for abstract in abstracts:
        rare = sorted({word for word in fold(abstract) if frequent[word] <= max(3, len(abstracts) // 100)})
        if len(rare) >= 3:
            found.append(" ".join(rng.sample(rare, 3)))
    return found[:searches]


def _matches(path: Path, word: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT count(*) FROM paper_search WHERE paper_search MATCH ?"
        return int(connection.execute(query, (f'"{word}"',)).fetchone()[0])


def _say(step: str) -> None:
    print(f"benchmarks.search: {step}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
