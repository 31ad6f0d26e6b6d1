"""`/status` for the owner of a large bot: how long all that it reads takes, without Discord's part of it.

    python -m benchmarks.status [--channels 5000] [--days 20] [--database URL]

Two channels a server, each with a digest of ten papers on every working day; so 100,000 deliveries, those of the last
week with their texts like all others. `--database` names an empty database, also of PostgreSQL; without it the file is
made and removed. Prints one JSON line; progress goes to standard error.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app import open_services
from bot.clock import AsOfClock
from bot.delivery import DeliveryAction, DeliveryKind, DeliveryState, SubscriptionState
from bot.i18n import load_texts
from bot.log import configure_logging
from bot.services import Services
from bot.settings import Settings
from bot.store.engine import Database
from bot.store.schema import delivery, guild, subscription

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TARGET_MS = 300.0
TIMES = 20
_PAPERS = 10


def main() -> None:
    """Fill the database, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channels", type=int, default=5_000, help="channels, two of each server")
    parser.add_argument("--days", type=int, default=20, help="announcements that each channel got a brief of")
    parser.add_argument("--database", help="an empty database; default: an SQLite file that is removed afterwards")
    options = parser.parse_args()
    configure_logging("warning", "auto", [])
    with tempfile.TemporaryDirectory(prefix="paperbrief-bench-") as scratch:
        url = options.database or f"sqlite:///{Path(scratch) / 'status.sqlite3'}"
        asyncio.run(_run(url, Path(scratch), options.channels, options.days))


async def _run(url: str, scratch: Path, channels: int, days: int) -> None:
    async with Database.open(url) as db:
        deliveries = await _fill(db, channels, days)
        dialect = db.dialect
    settings = Settings(_env_file=None, data_dir=scratch, database={"url": url})
    async with open_services(settings, clock=AsOfClock(NOW)) as services:
        taken = sorted([await _timed(services) for _ in range(TIMES + 1)][1:])
    worst = taken[-1]
    result = {
        "benchmark": "status",
        "engine": dialect,
        "servers": channels // 2,
        "channels": channels,
        "deliveries": deliveries,
        "p50_ms": round(taken[len(taken) // 2], 1),
        "max_ms": round(worst, 1),
        "target_ms": TARGET_MS,
        "met": worst <= TARGET_MS,
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
    }
    print(json.dumps(result))


async def _timed(services: Services) -> float:
    """Return the milliseconds of what `/status` reads for an owner in a channel without a subscription."""
    began = time.perf_counter()
    await services.explainer.standing()
    await services.outbox.counts()
    await services.billing.standing()
    await services.publications.load()
    lines = await services.owner_view.lines(load_texts("en"))
    if len(lines) < 5:
        raise AssertionError(f"not what the owner is told: {lines}")
    return (time.perf_counter() - began) * 1000


async def _fill(db: Database, channels: int, days: int) -> int:
    """Write servers, subscriptions and deliveries, and return how many of the latter."""
    await _insert(db, guild, ({"guild_id": one, "joined_at": NOW} for one in range(channels // 2)))
    await _insert(db, subscription, (_subscription(channel) for channel in range(channels)))
    announced = [one for one in (NOW.date() - timedelta(days=n) for n in range(2 * days)) if one.weekday() < 5][:days]
    for number, day in enumerate(reversed(announced)):
        await _insert(db, delivery, (_delivery(channel, day) for channel in range(channels)))
        print(f"\r{number + 1} of {days} days", end="", file=sys.stderr)
    print(file=sys.stderr)
    return channels * len(announced)


async def _insert(db: Database, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    async def insert(connection: AsyncConnection) -> None:
        await connection.execute(sa.insert(table), list(rows))

    await db.write(insert)


def _subscription(channel: int) -> dict[str, Any]:
    return {
        "guild_id": channel // 2,
        "channel_id": channel,
        "topic_guild_id": 0,
        "topic_slug": "llm",
        "created_by": 1,
        "zone": "UTC",
        "language": "en",
        "style": "digest",
        "max_papers": _PAPERS,
        "crosspost": False,
        "quiet_line": False,
        "tag_ids": [],
        "translate": False,
        # One channel in a hundred refuses.
        "state": SubscriptionState.PARKED if channel % 100 == 0 else SubscriptionState.ACTIVE,
        "state_since": NOW,
        "created_at": NOW,
        "updated_at": NOW,
    }


def _delivery(channel: int, day: date) -> dict[str, Any]:
    due = datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
    marker = f"{day}-{channel}"
    parked = channel % 100 == 0
    return {
        "guild_id": channel // 2,
        "channel_id": channel,
        "announced_on": day,
        "kind": DeliveryKind.BRIEF,
        "topic_guild_id": 0,
        "topic_slug": "llm",
        "part": 0,
        "action": DeliveryAction.MESSAGE,
        "due_at": due,
        "payload": {"content": marker, "embeds": [_embed(day, number) for number in range(_PAPERS)]},
        "payload_version": 1,
        "bot_id": 1,
        "nonce": marker,
        "marker": marker,
        "state": DeliveryState.PARKED if parked else DeliveryState.SENT,
        "next_attempt_at": NOW + timedelta(days=1) if parked else None,
        "attempts": 1,
        "created_at": due,
        "updated_at": due + timedelta(seconds=channel % 60),
    }


def _embed(day: date, number: int) -> dict[str, Any]:
    """Return an embed of the size that one of a digest has."""
    return {
        "title": f"{number}. A paper about a matter of some interest to whoever reads here",
        "url": f"https://arxiv.org/abs/{day:%y%m}.{day.day:02}{number:03}",
        "description": "What was found, in two sentences of some length. " * 7,
        "footer": {"text": "cs.CL · new · score 0.71"},
    }


if __name__ == "__main__":
    main()
