"""One message to each of many channels at once, by the real bot against a Discord of its own on this machine.

    python -m benchmarks.delivery [--channels 1000] [--pace 45] [--dead 1] [--errors 2] [--round-trip 0.1]

The Discord is another process: sockets, 50 requests a second, a bucket per channel, nonces. Members use `/paper` all
the while, and what they wait for the visible answer is measured there. `--dead` percent of the channels are deleted
beforehand, `--errors` percent answer a first request with 503, every other one after posting. Before that, the briefs
of a busy day are composed for every topic there is, with members at it just the same. Prints one JSON line.
Targets: 1,000 channels at 45/s in at most 24 s, none lost, none twice, no 429, interactions p99 at most 150 ms.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.sample import sample_papers, save_day
from bot.app import open_services
from bot.client import build_bot, run_bot
from bot.clock import SystemClock
from bot.deliver.discord_sender import DiscordWire
from bot.deliver.lease import hold_lease
from bot.deliver.pacing import Pacer
from bot.deliver.sender import Sender
from bot.log import configure_logging
from bot.services import Services
from bot.settings import Settings
from bot.store.delivery_rows import holds
from bot.store.leases import LeaseStore
from tests.unit.deliver.samples import make_planned
from tests.wire.discord_faults import after_commit, replies
from tests.wire.discord_interactions import Interaction, Person, use_command
from tests.wire.discord_model import Channel
from tests.wire.discord_server import LoopbackDiscord, point_discord_at

SECONDS_PER_CHANNEL = 24 / 1000
P99_MS = 150.0
_PAPERS = 200
_CATEGORIES = ("cs.CL", "cs.CV", "cs.AI")
_DAY = date(2026, 5, 12)
_COMPOSED = 5
_BETWEEN_USES = 0.1
_NO_ANSWER = 15.0
_SEED = 7


def main() -> None:
    """Measure, print; or be the Discord."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channels", type=int, default=1000)
    parser.add_argument("--pace", type=float, default=45.0, help="requests a second, at most 45")
    parser.add_argument("--dead", type=float, default=0.0, help="percent of the channels that are gone")
    parser.add_argument("--errors", type=float, default=0.0, help="percent of the channels whose first answer is a 503")
    parser.add_argument("--round-trip", type=float, default=0.1, help="seconds that the network takes")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    configure_logging("critical", "auto", [])
    asyncio.run(_serve(options) if options.serve else _measure(options))


# The Discord


async def _serve(options: argparse.Namespace) -> None:
    async with LoopbackDiscord(round_trip=options.round_trip, checked=False) as server:
        guild = server.world.add_guild()
        channels = [server.world.add_channel(guild.id, f"papers-{number}") for number in range(options.channels)]
        lobby = server.world.add_channel(guild.id, "lobby")
        dead = _spoil(server, channels, options)
        _say(
            api_url=server.api_url,
            gateway_url=server.gateway_url,
            token=server.token,
            bot_id=server.world.bot.id,
            guild_id=guild.id,
            channels=[channel.id for channel in channels],
        )
        # Its pauses would be measured as the bot's haste: what arrives meanwhile counts into one moment.
        gc.collect()
        gc.freeze()
        composing = await _waits(server, lobby)
        _say(
            interactions_while_composing=len(composing),
            interaction_p50_while_composing_ms=_percentile(composing, 0.5),
            interaction_p99_while_composing_ms=_percentile(composing, 0.99),
        )
        waits = await _waits(server, lobby)
        shown = [
            sum(holds(message, "part 0") for message in server.messages(channel.id))
            for channel in channels
            if channel.id not in dead
        ]
        _say(
            sent=sum(one > 0 for one in shown),
            lost=sum(one == 0 for one in shown),
            twice=sum(one > 1 for one in shown),
            responses_429=sum(server.limits.counts.values()),
            in_flight_peak=server.record.in_flight_peak,
            faults_left=server.faults.left,
            limited=server.limits.counts,
            interactions=len(waits),
            unanswered=sum(one >= _NO_ANSWER * 1000 for one in waits),
            interaction_p50_ms=_percentile(waits, 0.5),
            interaction_p99_ms=_percentile(waits, 0.99),
        )


async def _waits(server: LoopbackDiscord, lobby: Channel) -> list[float]:
    """Return how long members waited between "begin" and "end", in milliseconds and in order of size."""
    await _heard("begin")
    using = asyncio.create_task(_use(server, lobby))
    await _heard("end")
    using.cancel()
    return sorted(await using)


def _spoil(server: LoopbackDiscord, channels: list[Channel], options: argparse.Namespace) -> set[int]:
    """Delete some channels and let others fail once; return the deleted ones."""
    some = random.Random(_SEED).sample(channels, len(channels))
    dead, failing = round(len(channels) * options.dead / 100), round(len(channels) * options.errors / 100)
    for number, channel in enumerate(some[dead : dead + failing]):
        fault = replies(503)
        server.faults.add("POST", rf"/{channel.id}/messages$", after_commit(fault) if number % 2 else fault)
    for channel in some[:dead]:
        server.world.delete_channel(channel.id)
    return {channel.id for channel in some[:dead]}


async def _use(server: LoopbackDiscord, lobby: Channel) -> list[float]:
    """Let members use the bot until cancelled; return how long each waited for something to read, in milliseconds."""
    rng, member = random.Random(_SEED), server.world.add_user("member")
    waits: list[float] = []
    waiting: set[asyncio.Task[None]] = set()

    async def one(used: Interaction, began: float) -> None:
        # Whoever gets no answer at all counts as one that took for ever.
        with contextlib.suppress(TimeoutError):
            await server.until(lambda: used.done, _NO_ANSWER)
        waits.append((time.perf_counter() - began) * 1000)

    with contextlib.suppress(asyncio.CancelledError):
        while True:
            # Spread as people's uses are, not in step with the sender.
            await asyncio.sleep(rng.uniform(0.5, 1.5) * _BETWEEN_USES)
            options = {"paper": f"2605.{rng.randrange(_PAPERS):05d}"}
            began = time.perf_counter()
            used = use_command(server.world, Person(lobby, member), "paper", options)
            task = asyncio.create_task(one(used, began))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
    await asyncio.gather(*waiting)
    return waits


def _percentile(values: list[float], part: float) -> float:
    return round(values[min(len(values) - 1, int(len(values) * part))], 1) if values else 0.0


def _say(**facts: Any) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


async def _heard(word: str) -> None:
    line = await asyncio.to_thread(sys.stdin.readline)
    if line.strip() != word:
        sys.exit(f"expected {word!r}")


# The bot


async def _measure(options: argparse.Namespace) -> None:
    command = [sys.executable, "-m", "benchmarks.delivery", "--serve", *sys.argv[1:]]
    pipe = asyncio.subprocess.PIPE
    # One line names every channel.
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 24)
    with tempfile.TemporaryDirectory(prefix="paperbrief-bench-") as directory:
        try:
            served = await _line(process)
            figures = await _deliver(options, SimpleNamespace(**served), process, Path(directory))
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
    met = (
        figures["seconds"] <= max(SECONDS_PER_CHANNEL * options.channels, 1.0)
        and figures["lost"] == figures["twice"] == figures["responses_429"] == 0
        and max(figures["interaction_p99_ms"], figures["interaction_p99_while_composing_ms"]) <= P99_MS
    )
    result = {
        "benchmark": "delivery",
        "channels": options.channels,
        "pace": options.pace,
        "dead_percent": options.dead,
        "errors_percent": options.errors,
        "round_trip_s": options.round_trip,
        **figures,
        "targets": {
            "seconds": round(SECONDS_PER_CHANNEL * options.channels, 1),
            "lost": 0,
            "twice": 0,
            "responses_429": 0,
            "interaction_p99_ms": P99_MS,
            "interaction_p99_while_composing_ms": P99_MS,
        },
        "met": met,
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
    }
    print(json.dumps(result))


async def _deliver(
    options: argparse.Namespace, served: SimpleNamespace, process: asyncio.subprocess.Process, directory: Path
) -> dict[str, Any]:
    clock = SystemClock()
    settings = Settings(_env_file=None, data_dir=directory)
    async with contextlib.AsyncExitStack() as stack:
        services = await stack.enter_async_context(open_services(settings))
        await save_day(services.announcements, sample_papers(), _CATEGORIES, _DAY)
        now = datetime.now(UTC)
        for channel in served.channels:
            planned = make_planned(channel, 1, guild_id=served.guild_id, due_at=now)
            await services.outbox.plan(planned, bot_id=served.bot_id, now=now)
        leases = LeaseStore(services.database)
        lease = await stack.enter_async_context(hold_lease(leases, clock, lock_dir=directory))
        stack.enter_context(point_discord_at(served))
        bot = build_bot(services, shard_count=1)
        await stack.enter_async_context(_running(run_bot(bot, served.token)))
        await bot.logged_in()
        await bot.wait_until_ready()
        pacer = Pacer(clock, rate=options.pace)
        wire = DiscordWire(bot, pacer)
        sender = Sender(services.outbox, services.subscriptions, wire, clock, lease=lease, pacer=pacer)
        composed = await _compose(services, process)
        await _tell(process, "begin")
        began = time.perf_counter()
        totals = await sender.run_until_idle()
        seconds = time.perf_counter() - began
        await _tell(process, "end")
        return {
            "seconds": round(seconds, 2),
            **(await _line(process)),
            **composed,
            "requests": totals.requests,
            "parked": totals.parked,
        }


async def _compose(services: Services, process: asyncio.subprocess.Process) -> dict[str, Any]:
    """Compose the day for all topics that read its categories, some times over, as members use the bot."""
    topics = [topic for topic in services.catalogue.values() if set(topic.categories) & set(_CATEGORIES)]
    await _tell(process, "begin")
    began = time.perf_counter()
    for _ in range(_COMPOSED):
        await services.briefing.briefs(topics, _DAY, max_papers=10)
    seconds = time.perf_counter() - began
    await _tell(process, "end")
    return {"day_composed_s": round(seconds / _COMPOSED, 2), "topics": len(topics), **(await _line(process))}


@contextlib.asynccontextmanager
async def _running(work: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=10)


async def _tell(process: asyncio.subprocess.Process, word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{word}\n".encode())
    await process.stdin.drain()


async def _line(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 120)
    if not line:
        sys.exit("the Discord of this benchmark ended")
    told: dict[str, Any] = json.loads(line)
    return told


if __name__ == "__main__":
    main()
