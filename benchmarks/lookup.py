"""Looking papers up in a large cache, from the interaction to the body of the answer, in one process.

    python -m benchmarks.lookup [--papers 1000000] [--db PATH] [--times 300]

The real bot gets the gateway's own payloads, one after the other; what is timed ends when the answer would go out on
the wire, which is all that is left out. Counting the look-up comes after that, and is done before the next call. The
database is that of `benchmarks.search`. Prints one JSON line; progress goes to standard error.
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
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import discord
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from benchmarks.search import SEED, build_database, most_common_word, rare_words
from bot.app import open_services
from bot.client import build_bot
from bot.log import configure_logging
from bot.settings import Settings

TARGETS = {"paper_p99_ms": 150.0, "search_p99_ms": 150.0, "autocomplete_p99_ms": 100.0}
EXTENSIONS = ("cogs.briefs", "cogs.papers", "cogs.library")
COMMAND, AUTOCOMPLETE = 2, 4
_TEXT = 3
_TYPED = (3, 4, 6)
_DEFERRED = 5
_PATIENCE = 30.0

Body = dict[str, Any]


class Wire(AsyncWebhookAdapter):
    """Stands where requests would leave: takes the first answer that says something."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # discord.py's own
        self.answered: asyncio.Future[Body] = asyncio.get_running_loop().create_future()

    async def request(self, *_where: Any, payload: Body | None = None, **rest: Any) -> Body:
        """Take a request and answer it as Discord would."""
        body = payload or {}
        if rest.get("multipart"):
            body = json.loads(rest["multipart"][0]["value"])
        if body.get("type") != _DEFERRED and not self.answered.done():
            self.answered.set_result(body.get("data", body))
        return {"id": "1", "interaction": {"id": "1", "type": COMMAND}}


def main() -> None:
    """Build or reuse the database, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=1_000_000, help="how many papers (default: a million)")
    parser.add_argument("--db", type=Path, help="keep the database here, and reuse it if it is there")
    parser.add_argument("--times", type=int, default=300, help="calls of each kind")
    options = parser.parse_args()
    configure_logging("warning", "auto", [])
    with tempfile.TemporaryDirectory(prefix="paperbrief-bench-") as scratch:
        path = options.db or Path(scratch) / "search.sqlite3"
        build = build_database(path, options.papers)
        asyncio.run(_run(path, build["papers"], options.times))


async def _run(path: Path, papers: int, times: int) -> None:
    ids, words = await asyncio.to_thread(_samples, path, times)
    settings = Settings(_env_file=None, database={"url": f"sqlite:///{path}"})
    figures: dict[str, float] = {}
    async with open_services(settings) as services:
        bot = build_bot(services, extensions=(), shard_count=1)
        async with bot:
            for extension in EXTENSIONS:
                await bot.load_extension(extension)
            rng = random.Random(SEED)
            kinds: dict[str, Callable[[int], Body]] = {
                "paper": lambda turn: _command(COMMAND, "paper", paper=ids[turn]),
                "search": lambda turn: _command(
                    COMMAND, "search", query=words[turn % len(words)], sort="newest" if turn % 2 else "relevance"
                ),
                "autocomplete": lambda turn: _command(
                    AUTOCOMPLETE, "paper", paper=words[turn % len(words)].split()[0][: rng.choice(_TYPED)]
                ),
            }
            for name, payload in kinds.items():
                print(f"benchmarks.lookup: {name}", file=sys.stderr, flush=True)
                await _timed(bot, payload(0))  # the first call of a kind opens connections and imports
                taken = sorted([await _timed(bot, payload(turn)) for turn in range(times)])
                figures[f"{name}_p50_ms"] = round(taken[len(taken) // 2], 1)
                figures[f"{name}_p99_ms"] = round(taken[min(len(taken) - 1, int(len(taken) * 0.99))], 1)
                figures[f"{name}_max_ms"] = round(taken[-1], 1)
    result = {
        "benchmark": "lookup",
        "papers": papers,
        "times": times,
        **figures,
        "targets_ms": TARGETS,
        "met": all(figures[name] <= limit for name, limit in TARGETS.items()),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "sqlite": sqlite3.sqlite_version},
    }
    print(json.dumps(result))


async def _timed(bot: discord.Client, payload: Body) -> float:
    """Return the milliseconds from the gateway's payload to an answer that shows something."""
    wire = Wire()
    token = async_context.set(wire)
    before = asyncio.all_tasks()
    try:
        began = time.perf_counter()
        bot._connection.parse_interaction_create(payload)  # type: ignore[arg-type]  # noqa: SLF001  # the gateway's door
        answer = await asyncio.wait_for(wire.answered, _PATIENCE)
        took = (time.perf_counter() - began) * 1000
    finally:
        async_context.reset(token)
    if not (answer.get("embeds") or "choices" in answer):
        raise AssertionError(f"not what was asked for: {answer}")
    # What is done after the answer must not run on into the next call's time.
    rest = asyncio.all_tasks() - before
    if rest:
        await asyncio.wait(rest, timeout=_PATIENCE)
    return took


_NUMBERS = itertools.count(1_000_000_000_000_000_000)


def _command(kind: int, name: str, **options: str) -> Body:
    """Return an interaction as the gateway sends it, from a direct message."""
    given: list[Body] = [{"name": key, "type": _TEXT, "value": value} for key, value in options.items()]
    if kind == AUTOCOMPLETE:
        given[0]["focused"] = True
    number = next(_NUMBERS)
    return {
        "id": str(number),
        "application_id": "42",
        "token": f"token{number}",
        "type": kind,
        "version": 1,
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": {},
        "context": 1,
        "attachment_size_limit": 10_485_760,
        "app_permissions": "0",
        "channel_id": "7",
        "channel": {"id": "7", "type": 1, "last_message_id": None, "recipients": []},
        # Somebody else each time, so that every look-up is one to count.
        "user": {"id": str(number), "username": "max", "discriminator": "0", "avatar": None, "global_name": "Max"},
        "data": {"id": "5", "name": name, "type": 1, "options": given},
    }


def _samples(path: Path, times: int) -> tuple[list[str], list[str]]:
    """Return identifiers from all over the cache, and searches: of three rare words, every third of a common one."""
    rng = random.Random(SEED)
    with closing(sqlite3.connect(path)) as connection:
        low, high = connection.execute("SELECT min(number), max(number) FROM paper").fetchone()
        query = "SELECT arxiv_id FROM paper WHERE number >= ? ORDER BY number LIMIT 1"
        ids = [connection.execute(query, (rng.randint(low, high),)).fetchone()[0] for _ in range(times)]
    common = most_common_word(path)
    return ids, [common if place % 3 == 2 else words for place, words in enumerate(rare_words(path, times))]


if __name__ == "__main__":
    main()
