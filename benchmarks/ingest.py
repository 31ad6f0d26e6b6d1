"""A month of real announcements through `paperbrief ingest`, day by day, against loopback; then with faults.

`python -m benchmarks.ingest --replay DIR [--only clean|faults]`; target: nothing lost, nothing repeated, receipts equal
to the manifest, at most 8 requests a day for three categories. The program runs as a user would run it, one process a
time, and the truth is read from its database file, not from what it says of itself.
"""

import argparse
import asyncio
import json
import os
import re
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.demo.loopback import Fault, LoopbackArxiv
from bot.demo.world import EASTERN, release_of
from bot.settings import setting_names
from tests.wire.arxiv_replay import ReplayWorld

CATEGORIES = ("cs.CL", "cs.CV", "cs.AI")
AFTER_RELEASE = timedelta(hours=1, minutes=45)
_ROOT = Path(__file__).resolve().parents[1]
_WHOLE_RUN = 40
_AT_ONCE = 2


@dataclass(slots=True)
class Tally:
    """What the database holds compared with the truth; counts of (category, paper) pairs that a brief may show.

    `lost`: in the truth, not stored as deliverable. `repeated`: deliverable more often than announced. `misdated`:
    stored under another date. `unexpected`: stored as new or cross-listed, but never announced so.
    """

    papers_lost: int = 0
    papers_repeated: int = 0
    papers_misdated: int = 0
    papers_unexpected: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    """One call of the command: its exit code, its JSON report, and how many requests the server saw."""

    as_of: datetime
    exit_code: int
    report: dict[str, Any]
    requests: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """What goes wrong in the run on the eve of `day`, and on which header dates runs are left out altogether."""

    name: str
    faults: tuple[tuple[str, Fault, int], ...] = ()
    missed: tuple[date, ...] = ()


class Bench:
    """A server, a database directory, and the command between them."""

    def __init__(self, world: ReplayWorld, server: LoopbackArxiv, directory: Path) -> None:
        self._world = world
        self.server = server
        self._directory = directory
        own = setting_names()
        self._environment = {name: value for name, value in os.environ.items() if name.upper() not in own} | {
            "PYTHONPATH": str(_ROOT),
            "DATA_DIR": str(directory),
            "ARXIV__LIST_URL": server.list_url,
            "ARXIV__FEED_URL": server.feed_url,
            "ARXIV__API_URL": server.api_url,
            "ARXIV__OAI_URL": server.oai_url,
            "ARXIV__HTML_URL": server.html_url,
            "ARXIV__PDF_URL": server.pdf_url,
            "ARXIV__MIN_INTERVAL": "0",
            "ARXIV__DEADLINE": "10",
            "ARXIV__PATIENCE": "3",
            "LOG__LEVEL": "error",
        }

    async def ingest(self, as_of: datetime) -> Run:
        """Run `paperbrief ingest` at `as_of`. Raises `RuntimeError` when it does not print its report."""
        self._world.set_now(as_of)
        before = len(self.server.log)
        arguments = [part for category in CATEGORIES for part in ("--category", category)]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "ingest", *arguments, "--as-of", as_of.isoformat(), "--format", "json"),
            cwd=self._directory,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, problems = await process.communicate()
        code = process.returncode or 0
        if code not in (0, 3):
            raise RuntimeError(f"ingest left with {code} at {as_of}:\n{problems.decode()[-2000:]}")
        return Run(as_of, code, json.loads(output), len(self.server.log) - before)

    def tally(self, days: Sequence[date]) -> Tally:
        """Compare the database with the manifest over the header dates `days`."""
        files = sorted(self._directory.glob("*.sqlite3"))
        query = "SELECT category, announced_on, arxiv_id FROM announcement_item WHERE announce_type IN ('new', 'cross')"
        with closing(sqlite3.connect(f"file:{files[0]}?mode=ro", uri=True)) as connection:
            stored = {
                (category, arxiv_id, date.fromisoformat(day)) for category, day, arxiv_id in connection.execute(query)
            }
            papers = {arxiv_id for (arxiv_id,) in connection.execute("SELECT arxiv_id FROM paper")}
        stored = {entry for entry in stored if entry[1] in papers}
        announced = {
            (category, arxiv_id, day)
            for day in days
            for category in CATEGORIES
            if (truth := self._world.truth(day, category))
            for arxiv_id in truth.deliverable
        }
        return compare(announced, stored)


def compare(announced: set[tuple[str, str, date]], stored: set[tuple[str, str, date]]) -> Tally:
    """Return the differences of two sets of (category, arxiv_id, announced_on)."""
    truth = Counter((category, arxiv_id) for category, arxiv_id, _ in announced)
    held = Counter((category, arxiv_id) for category, arxiv_id, _ in stored)
    lost = truth - held
    more = held - truth
    unexpected = {pair for pair in held if pair not in truth}
    misdated = {entry[:2] for entry in stored - announced} - unexpected
    examples = [f"lost {category} {arxiv_id}" for category, arxiv_id in sorted(lost)[:5]]
    examples += [f"unexpected {category} {arxiv_id}" for category, arxiv_id in sorted(unexpected)[:3]]
    return Tally(
        papers_lost=lost.total(),
        papers_repeated=sum(count for pair, count in more.items() if pair not in unexpected),
        papers_misdated=len(misdated),
        papers_unexpected=len(unexpected),
        examples=examples,
    )


async def run_clean(replay: Path) -> dict[str, Any]:
    """Return the figures of the undisturbed month: a run 1:45 h after every 20:00 US Eastern, weekends included."""
    world = ReplayWorld(replay)
    started = time.perf_counter()
    runs: list[Run] = []
    equal = True
    with tempfile.TemporaryDirectory(prefix="paperbrief-bench-") as directory:
        async with LoopbackArxiv(world) as server:
            bench = Bench(world, server, Path(directory))
            for day in world.calendar_days:
                run = await bench.ingest(release_of(day) + AFTER_RELEASE)
                runs.append(run)
                equal = receipts_equal(world, run, day) and equal
                states = " ".join(f"{one['category']} {one['state']}" for one in run.report["announcements"])
                print(f"{day:%a %d %b}  {run.requests} requests  {states}", file=sys.stderr)
        tally = bench.tally(world.days)
    return {
        "days": len(world.days),
        "runs": len(runs),
        **asdict(tally),
        "receipts_equal": equal,
        "requests_per_day_max": max(run.requests for run in runs),
        "requests_total": sum(run.requests for run in runs),
        "new_papers": sum(run.report["new_papers"] for run in runs),
        "seconds": round(time.perf_counter() - started, 1),
    }


def receipts_equal(world: ReplayWorld, run: Run, day: date) -> bool:
    """Return whether the run's own counts for `day` are the manifest's, shown and stored; True without a mailing."""
    told = {one["category"]: one for one in run.report["announcements"] if one["announced_on"] == day.isoformat()}
    for category in CATEGORIES:
        truth = world.truth(day, category)
        if truth is None:
            continue
        counts = {"new": truth.counts.new, "cross": truth.counts.cross, "replace": truth.counts.replace}
        if category not in told or not told[category]["shown"] == told[category]["stored"] == counts:
            print(f"{day} {category}: receipt {told.get(category)} is not {counts}", file=sys.stderr)
            return False
    return True


def scenarios(faulty: date, following: Sequence[date]) -> tuple[Scenario, ...]:
    """Return the faults of the design's matrix; those of a run hit the one on the eve of `faulty`."""
    yesterday = release_of(faulty) - timedelta(minutes=5)
    html = b"<html><head><title>Sign in</title></head><body><h1>Welcome to the guest network</h1></body></html>"
    return (
        Scenario("429", (("/list", Fault(status=429, headers={"Retry-After": "1"}), 3),)),
        Scenario("503", (("/", Fault(status=503, headers={"Retry-After": "300"}), _WHOLE_RUN),)),
        Scenario("stale_category", (("/list/cs.AI", Fault(as_of=yesterday), _WHOLE_RUN),)),
        Scenario("html_200", (("/list/cs.CV", Fault(body=html), _WHOLE_RUN),)),
        Scenario("truncated", (("/list/cs.CL", Fault(truncate=0.5), _WHOLE_RUN),)),
        Scenario("shown_less_than_total", (("/list/cs.AI", Fault(rewrite=hide_entries), _WHOLE_RUN),)),
        Scenario("connection_reset", (("/list", Fault(truncate=0.5, reset=True), _WHOLE_RUN),)),
        Scenario("hang", (("/list/cs.CV", Fault(hang=True), 1),)),
        Scenario(
            "metadata_down",
            tuple((prefix, Fault(status=500), _WHOLE_RUN) for prefix in ("/rss", "/atom", "/api", "/oai")),
        ),
        Scenario("missed_three_days", missed=(faulty, *following[:2])),
    )


def hide_entries(page: bytes) -> bytes:
    """Return a listing page as a lagging replica shows it: ten entries of the first section, the total unchanged."""
    head, title, rest = re.split(rb"(<h3>New submissions \(showing )", page, maxsplit=1)
    section, end, tail = rest.partition(b"</dl>")
    entries = section.split(b"    <dt>")
    kept = b"    <dt>".join(entries[:11])
    return head + title + re.sub(rb"^\d+", b"10", kept) + end + tail


async def run_scenario(replay: Path, scenario: Scenario, days: Sequence[date]) -> dict[str, Any]:
    """Return the states seen and what is lost after catch-up over `days`: a clean run, the fault, then retries."""
    world = ReplayWorld(replay)
    seen: list[list[str]] = []
    met = 0
    with tempfile.TemporaryDirectory(prefix="paperbrief-bench-") as directory:
        async with LoopbackArxiv(world) as server:
            bench = Bench(world, server, Path(directory))
            for number, day in enumerate(days):
                if day in scenario.missed:
                    continue
                if number == 1:
                    for prefix, fault, times in scenario.faults:
                        server.script(prefix, [fault] * times)
                first = release_of(day) + AFTER_RELEASE
                noon = datetime(day.year, day.month, day.day, 12, tzinfo=EASTERN)
                later = (first + timedelta(hours=1), noon) if number == 1 or scenario.missed else ()
                for as_of in (first, *later):
                    scripted = server.pending_faults
                    run = await bench.ingest(as_of)
                    met += scripted - server.pending_faults
                    server.clear_script()
                    if number:
                        seen.append(sorted({one["state"] for one in run.report["announcements"]}))
        tally = bench.tally(days)
    print(f"{scenario.name}: lost {tally.papers_lost}, repeated {tally.papers_repeated}, {seen}", file=sys.stderr)
    if scenario.faults and not met:
        raise RuntimeError(f"{scenario.name}: the program never met the fault, so nothing was shown")
    return {**asdict(tally), "faults_met": met, "states": seen}


async def run_faults(replay: Path) -> dict[str, Any]:
    """Return the figures of every fault scenario, two at a time: one process of the program per core."""
    days = ReplayWorld(replay).days
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(scenario: Scenario) -> tuple[str, dict[str, Any]]:
        async with turn:
            length = 3 + len(scenario.missed)
            return scenario.name, await run_scenario(replay, scenario, days[5 : 5 + length])

    return dict(await asyncio.gather(*(one(scenario) for scenario in scenarios(days[6], days[7:]))))


def _failed(figures: Iterable[dict[str, Any]]) -> bool:
    """Return whether anything was lost, repeated, on a wrong day, or counted wrong.

    Unexpected papers are a figure and no failure: docs/adr/0003 says why a rebuilt day may have a few.
    """
    wrong = ("papers_lost", "papers_repeated", "papers_misdated")
    return any(any(one[key] for key in wrong) or not one.get("receipts_equal", True) for one in figures)


def main() -> None:
    """Print one JSON line; leave with 1 when papers were lost or repeated, or receipts differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replay", type=Path, required=True, help="the recorded days, with their manifest.json")
    parser.add_argument("--only", choices=("clean", "faults"))
    options = parser.parse_args()
    replay = options.replay.resolve()
    result: dict[str, Any] = {"benchmark": "ingest", "cpus": os.cpu_count()}
    figures: list[dict[str, Any]] = []
    if options.only != "faults":
        result["clean"] = asyncio.run(run_clean(replay))
        figures.append(result["clean"])
    if options.only != "clean":
        started = time.perf_counter()
        result["faults"] = asyncio.run(run_faults(replay))
        figures += result["faults"].values()
        result["faults_seconds"] = round(time.perf_counter() - started, 1)
    print(json.dumps(result))
    sys.exit(1 if _failed(figures) else 0)


if __name__ == "__main__":
    main()
