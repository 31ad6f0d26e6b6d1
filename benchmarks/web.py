"""The web edition of many days: how long a build takes, one more day, a build with nothing new, and the memory.

    python -m benchmarks.web --papers ../shared/data/corpus/papers_2026-01_to_2026-05.jsonl.gz [--days 60] [--topics 12]

The papers are real ones of consecutive announcement dates; every day has a brief of each topic with ten of them, and as
many papers more as that day had. Summaries are as long as a model's: sentences of the abstract. `paperbrief web build`
runs as a process of its own. Memory is the proportional set size (PSS) of it and all its children together, looked at
every 20 ms: what they share is counted once. Linux only. Prints one JSON line.
Targets: 60 days in 60 s on two cores, one more day in 3 s, a brief's page of at most 100 KB, 300 MB.
"""

import argparse
import asyncio
import gzip
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.sample import save_day
from bot.digest.catalogue import load_catalogue
from bot.digest.links import find_links
from bot.digest.sentences import split_sentences
from bot.log import configure_logging
from bot.model import AnnounceType, Brief, BriefItem, Paper, Reason, Receipt, Topic
from bot.statement import Statement, StatementCode
from bot.store.announcements import AnnouncementStore
from bot.store.briefs import BriefStore
from bot.store.engine import Database
from bot.texts import Sentence, Summary

TARGETS = {"seconds": 60.0, "one_more_day_s": 3.0, "largest_brief_kb": 100.0, "peak_mb": 300.0}
_CATEGORIES = ("cs.CV", "cs.CL", "cs.AI")
_SHOWN = 10
_SEED = 5
_MODEL = "a-model-with-a-name"


def main() -> None:
    """Fill a database, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=Path, required=True, help="papers as JSON lines, gzipped")
    parser.add_argument("--days", type=int, default=60, help="announcement dates of the first build")
    parser.add_argument("--topics", type=int, default=12, help="topics with a brief on each of them")
    parser.add_argument("--keep", type=Path, help="leave the database and the site in this directory")
    options = parser.parse_args()
    configure_logging("warning", "auto", [])
    with tempfile.TemporaryDirectory(prefix="paperbrief-bench-") as scratch:
        print(json.dumps(_measure(options, options.keep or Path(scratch))))


def _measure(options: argparse.Namespace, directory: Path) -> dict[str, Any]:
    days = _load_days(options.papers, options.days + 1)
    topics = _topics(options.topics)
    directory.mkdir(parents=True, exist_ok=True)
    asyncio.run(_fill(directory, days[:-1], topics))
    first = _build(directory)
    again = _build(directory)
    asyncio.run(_fill(directory, days[-1:], topics))
    more = _build(directory)
    site = directory / "site"
    briefs = [path.stat().st_size for path in site.glob("*/20*/*/index.html")]
    result = {
        "seconds": first["wall_s"],
        "one_more_day_s": more["wall_s"],
        "largest_brief_kb": round(max(briefs) / 1000, 1),
        "peak_mb": max(first["peak_mb"], again["peak_mb"], more["peak_mb"]),
    }
    return {
        "benchmark": "web",
        "days": len(days) - 1,
        "topics": len(topics),
        "papers": sum(len(papers) for _, papers in days[:-1]),
        **result,
        "nothing_new_s": again["wall_s"],
        "files": first["pages"],
        "site_mb": round(sum(path.stat().st_size for path in site.rglob("*.*") if path.is_file()) / 1e6, 1),
        "one_more_day_written": more["written"],
        "nothing_new_written": again["written"],
        "cpu_s": first["cpu_s"],
        "peak_processes": first["processes"],
        "targets": TARGETS,
        "met": all(result[name] <= most for name, most in TARGETS.items()),
        "machine": {
            "cores": os.cpu_count(),
            "load_1min": round(os.getloadavg()[0], 1),
            "python": platform.python_version(),
        },
    }


def _load_days(path: Path, count: int) -> list[tuple[date, list[Paper]]]:
    """Return the last `count` announcement dates of the file, each paper once."""
    by_day: defaultdict[date, list[Paper]] = defaultdict(list)
    seen: set[str] = set()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["id"] in seen or not set(row["categories"]) & set(_CATEGORIES):
                continue
            seen.add(row["id"])
            by_day[date.fromisoformat(row["announced_on"])].append(
                Paper(
                    arxiv_id=row["id"],
                    title=row["title"],
                    abstract=row["abstract"],
                    authors=tuple(row["authors"]),
                    primary_category=row["primary_category"],
                    categories=tuple(row["categories"]),
                    comment=row["comment"],
                )
            )
    days = sorted(by_day)[-count:]
    if len(days) < count:
        sys.exit(f"{path} has {len(days)} announcement dates, {count} are needed")
    return [(day, by_day[day]) for day in days]


def _topics(count: int) -> list[Topic]:
    catalogue = load_catalogue().values()
    fitting = [one for one in catalogue if set(one.categories) & set(_CATEGORIES)]
    return (fitting or list(catalogue))[:count]


async def _fill(directory: Path, days: Sequence[tuple[date, list[Paper]]], topics: Sequence[Topic]) -> None:
    async with Database.open(f"sqlite:///{directory / 'paperbrief.sqlite3'}") as database:
        announcements, briefs = AnnouncementStore(database), BriefStore(database)
        for announced_on, papers in days:
            await save_day(announcements, papers, _CATEGORIES, announced_on)
            shuffled = random.Random(_SEED).sample(papers, len(papers))
            for number, topic in enumerate(topics):
                start = number * _SHOWN % max(1, len(papers) - _SHOWN)
                brief = _brief(topic, announced_on, shuffled[start : start + _SHOWN], len(papers))
                await briefs.save_summaries([item.summary for item in brief.items])
                await briefs.save_brief(brief)


def _brief(topic: Topic, announced_on: date, papers: Sequence[Paper], read: int) -> Brief:
    items = tuple(
        BriefItem(
            paper=paper,
            announce_type=AnnounceType.NEW,
            position=position,
            score=1.0 - position / 20,
            reasons=(Reason(Statement.of(StatementCode.NEW_IN, category=paper.primary_category), 0.2),),
            summary=_summary(paper),
            links=find_links(paper),
        )
        for position, paper in enumerate(papers)
    )
    receipt = Receipt(read, read, len(items), len(items), 0, {"no_match": read - len(items)})
    return Brief(topic, announced_on, "en", receipt, items, ())


def _summary(paper: Paper) -> Summary:
    """Return a summary of the form and length of a model's."""
    said = split_sentences(paper.abstract) or [paper.title]
    sentences = [Sentence(text, (place,)) for place, text in enumerate(said)]
    return Summary(
        arxiv_id=paper.arxiv_id,
        version=paper.version,
        language="en",
        text=said[0],
        provenance=(0,),
        key_takeaways=tuple(sentences[-6:]),
        producer=_MODEL,
        prompt_version="1",
        paragraph=tuple(sentences[:5]),
        motivation=sentences[0],
        method=sentences[len(sentences) // 2],
        result=sentences[-1],
    )


def _build(directory: Path) -> dict[str, Any]:
    """Build the site in a process of its own; return its receipt with time and memory."""
    environment = {name: value for name, value in os.environ.items() if "__" not in name or name.startswith("__")}
    # As it is where it is installed: compiled once, not at every start.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment.setdefault("PYTHONPYCACHEPREFIX", str(directory / "bytecode"))
    environment |= {"DATA_DIR": str(directory), "WEB__URL": "https://papers.example.org", "LOG__LEVEL": "warning"}
    command = [sys.executable, "-m", "bot", "web", "build", "--out", str(directory / "site"), "--format", "json"]
    began, before = time.perf_counter(), os.times()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    meter = _Meter(process.pid)
    try:
        output, _ = process.communicate()
    finally:
        meter.end()
        if process.poll() is None:
            process.kill()
            process.wait()
    wall, after = time.perf_counter() - began, os.times()
    if process.returncode:
        sys.exit(process.returncode)
    receipt: dict[str, Any] = json.loads(output)
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return receipt | {
        "wall_s": round(wall, 2),
        "cpu_s": round(spent, 1),
        "peak_mb": round(meter.peak / 1e6, 1),
        "processes": meter.processes,
    }


class _Meter:
    """Watches the memory of a process and its children. `peak`: bytes; `processes`: how many there were then."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self.processes = 0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.02):
            sizes = [_pss(pid) for pid in _family(self._pid)]
            if sum(sizes) > self.peak:
                self.peak, self.processes = sum(sizes), sum(size > 0 for size in sizes)


def _family(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0


if __name__ == "__main__":
    main()
