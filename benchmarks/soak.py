"""A day of the whole bot in many servers at a hundred times its speed: does memory stay, is anything left behind?

    python -m benchmarks.soak [--guilds 2500] [--hours 24] [--speed 100] [--warm-up 17]

The program's running part (`bot.app_run`) as a process of its own, on a clock that runs `--speed` times as fast,
against a Discord and an arXiv in another process: it polls, plans and sends an announcement that was there before and
one that comes three hours after the start, to a subscription in every server, half of them at once, half at nine in
three zones, while members use commands all the while. Pauses of less than five seconds, such as the sender's pace, stay
real ones.

Every few seconds the process says what the kernel and the event loop count: resident memory (`mib`), tasks, file
handles; and what it holds (`held`): what the allocators of Python and of the C library have given out and not got back,
less SQLite's page caches, which have a bound of their own. What leaks shows there, without the free memory that
allocators keep. Slopes are those of the least squares after `--warm-up` simulated hours, with their standard errors.
Of tasks and handles the least counts in the first and the last fifth of that time are compared, since what is left
behind stays, and the counts before the process opened and after it closed everything; the database's handles have a
bound instead. Prints one JSON line.
"""

import argparse
import asyncio
import contextlib
import ctypes
import json
import os
import random
import re
import signal
import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from pathlib import Path
from typing import Any

START = datetime(2026, 11, 17, 22, tzinfo=UTC)
"""Three hours before the announcement dated 18 November; its last briefs go out at nine in New York, 16 hours in."""

_PAPERS = 120
_SAMPLE_EVERY = 3.0
_BETWEEN_USES = 0.1
_REAL_BELOW = 5.0
_TOPICS = ("cs-cl", "cs-cv", "cs-ai")
_ZONES = ("Australia/Lord_Howe", "America/New_York", "Asia/Shanghai")
_SEED = 17
_FLAT = 0.5
"""MiB of resident memory per simulated hour, above the error, that count as growth: 12 in a day."""

_DATABASE_HANDLES = 31
"""At most: SQLAlchemy opens 15 connections, each with the file and its log, and they share an index of the log. SQLite
closes no handle of the file while any connection is open, but uses it again (https://sqlite.org/src/file/src/os_unix.c:
`setPendingFd`), so that these grow to the most connections that there ever were at once."""

_HELD_FLAT = 0.1
"""The same for memory that is held. At the default speed members use 320 commands in that hour: 0.3 KiB each."""


def main() -> None:
    """Measure, print; or be Discord and arXiv, or the bot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guilds", type=int, default=2500)
    parser.add_argument("--hours", type=float, default=24.0, help="simulated hours")
    parser.add_argument("--speed", type=float, default=100.0)
    parser.add_argument("--warm-up", type=float, default=17.0, help="simulated hours before memory is measured")
    parser.add_argument("--zero", type=float, default=0.0, help=argparse.SUPPRESS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--bot", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bot:
        asyncio.run(_be_the_bot(options))
    elif options.serve:
        asyncio.run(_serve(options))
    else:
        options.zero = time.monotonic()
        result = asyncio.run(_measure(options))
        print(json.dumps(result))
        sys.exit(0 if result["met"] else 1)


def _now(options: argparse.Namespace) -> datetime:
    return START + timedelta(seconds=(time.monotonic() - options.zero) * options.speed)


# Discord and arXiv


async def _serve(options: argparse.Namespace) -> None:
    from benchmarks.memory import furnish
    from benchmarks.sample import sample_papers
    from bot.demo.loopback import LoopbackArxiv
    from tests.wire.discord_server import LoopbackDiscord
    from tests.year.announcing import YearWorld

    papers = sample_papers(3 * _PAPERS)
    stock = {weekday: [papers[weekday % 3 * _PAPERS :][:_PAPERS]] for weekday in range(5)}
    world = YearWorld(stock, date(2026, 11, 12), 8, _SEED)
    world.follow(lambda: _now(options))
    async with LoopbackDiscord(checked=False) as server, LoopbackArxiv(world) as arxiv:
        rooms = [furnish(server, random.Random(_SEED + number)) for number in range(options.guilds)]
        member = server.world.add_user("member")
        _say(
            api_url=server.api_url,
            gateway_url=server.gateway_url,
            token=server.token,
            arxiv=arxiv.base_url,
            rooms=[[each.guild_id, each.id] for each in rooms],
        )
        using = asyncio.create_task(_use(server, rooms, member))
        await asyncio.to_thread(sys.stdin.readline)
        using.cancel()
        used, answered = await using
        messages = sum(len(server.messages(room.id)) for room in rooms)
        _say(commands_used=used, commands_answered=answered, messages=messages, arxiv_requests=len(arxiv.log))


async def _use(server: Any, rooms: list[Any], member: Any) -> tuple[int, int]:
    """Use commands until cancelled; return how many, and how many of them were answered."""
    from tests.wire.discord_interactions import Person, use_command

    rng = random.Random(_SEED)
    tries: list[Any] = []
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            await asyncio.sleep(rng.uniform(0.5, 1.5) * _BETWEEN_USES)
            if server.gateway.connected:
                # Members of the smaller servers ask as often as those of others.
                name, given = rng.choice((("topics", {}), ("status", {}), ("brief", {"topic": "cs-cl"})))
                tries.append(use_command(server.world, Person(rng.choice(rooms), member), name, given))
    return len(tries), sum(one.done for one in tries)


def _say(**facts: Any) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


# The bot


async def _be_the_bot(options: argparse.Namespace) -> None:
    import yarl
    from discord.gateway import DiscordWebSocket
    from discord.http import Route

    from bot import schedule
    from bot.app_run import run_discord
    from bot.clock import SystemClock
    from bot.log import configure_logging
    from bot.settings import load_settings

    async def sleep(_self: SystemClock, seconds: float) -> None:
        await asyncio.sleep(seconds / options.speed if seconds >= _REAL_BELOW else seconds)

    # The machine's own time, as `date --set` would make it, and how fast it goes.
    SystemClock.now = lambda _self: _now(options)  # type: ignore[method-assign,assignment]
    SystemClock.sleep = sleep  # type: ignore[method-assign,assignment]
    (schedule.Schedule.__init__.__kwdefaults__ or {})["seconds"] = schedule.TICK_SECONDS / options.speed
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = options.bot[0], yarl.URL(options.bot[1])
    settings = load_settings()
    configure_logging("error", "json", [])
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    assert settings.discord_token is not None
    _sample(options, "before")
    sampling = asyncio.create_task(_sampling(options))
    try:
        await run_discord(settings, settings.discord_token.get_secret_value(), stop)
    finally:
        sampling.cancel()
        await asyncio.wait({sampling})
    _sample(options, "after")


async def _sampling(options: argparse.Namespace) -> None:
    while True:
        await asyncio.sleep(_SAMPLE_EVERY)
        _sample(options, "running")


def _sample(options: argparse.Namespace, when: str) -> None:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    handles = [_behind(handle) for handle in Path("/proc/self/fd").iterdir()]
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    _say(
        when=when,
        hours=round((_now(options) - START).total_seconds() / 3600, 3),
        mib=round(resident / 1024, 2),
        tasks=len(asyncio.all_tasks()),
        handles=len(handles),
        database_handles=sum(".sqlite3" in name for name in handles),
        held=round(_held() / 2**20, 3),
    )


def _behind(handle: Path) -> str:
    try:
        return str(handle.readlink())
    except FileNotFoundError:
        # That of the listing itself.
        return ""


class _Mallinfo(ctypes.Structure):
    # https://man7.org/linux/man-pages/man3/mallinfo.3.html
    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


def _held() -> int:
    """Return the bytes given out by the allocators of Python and of glibc, less those of SQLite."""
    import _sqlite3

    library, database = ctypes.CDLL(None), ctypes.CDLL(_sqlite3.__file__)
    library.mallinfo2.restype, database.sqlite3_memory_used.restype = _Mallinfo, ctypes.c_int64
    # Python tells this in no other way.
    with tempfile.TemporaryFile() as file:
        errors = os.dup(2)
        try:
            os.dup2(file.fileno(), 2)
            sys._debugmallocstats()  # noqa: SLF001  # there is no public one
        finally:
            os.dup2(errors, 2)
            os.close(errors)
        file.seek(0)
        found = re.search(rb"# bytes in allocated blocks\s+=\s+([\d,]+)", file.read())
    assert found is not None
    small, info = int(found[1].replace(b",", b"")), library.mallinfo2()
    return int(small + info.uordblks + info.hblkhd - database.sqlite3_memory_used())


# The measurement


async def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from benchmarks.memory import line_of, process_of

    words = [
        *("--guilds", str(options.guilds), "--speed", str(options.speed)),
        *("--hours", str(options.hours), "--zero", repr(options.zero)),
    ]
    command = [sys.executable, "-m", "benchmarks.soak", *words]
    async with process_of([*command, "--serve"]) as world:
        served = await line_of(world)
        with tempfile.TemporaryDirectory(prefix="paperbrief-soak-") as directory:
            await _subscribe(Path(directory), served["rooms"])
            environment = {
                **os.environ,
                "DISCORD_TOKEN": served["token"],
                "DATA_DIR": directory,
                "ARXIV__MIN_INTERVAL": "0",
                "ARXIV__LIST_URL": f"{served['arxiv']}/list",
                "ARXIV__FEED_URL": served["arxiv"],
                "ARXIV__API_URL": f"{served['arxiv']}/api/query",
                "ARXIV__OAI_URL": f"{served['arxiv']}/oai",
                "ARXIV__HTML_URL": f"{served['arxiv']}/html",
                "ARXIV__PDF_URL": f"{served['arxiv']}/pdf",
            }
            async with process_of([*command, "--bot", served["api_url"], served["gateway_url"]], environment) as bot:
                samples, errors = await _watch(bot, options.hours)
        assert world.stdin is not None
        world.stdin.write(b"end\n")
        told = await line_of(world)
    return {
        "benchmark": "soak",
        "guilds": options.guilds,
        "hours": options.hours,
        "speed": options.speed,
        **_figures(samples, options.warm_up),
        **told,
        "errors_logged": errors,
    }


async def _subscribe(directory: Path, rooms: list[list[int]]) -> None:
    from bot.app import open_services
    from bot.delivery import Subscription, TopicKey
    from bot.settings import Settings

    async with open_services(Settings(_env_file=None, data_dir=directory)) as services:
        for number, (guild_id, channel_id) in enumerate(rooms):
            wish: dict[str, Any] = {"post_time": wall_time(9), "zone": _ZONES[number % 3]} if number % 2 else {}
            topic = TopicKey(_TOPICS[number // 2 % 3])
            await services.subscriptions.save(Subscription(guild_id, channel_id, topic, 1, START, **wish))


async def _watch(bot: asyncio.subprocess.Process, hours: float) -> tuple[list[dict[str, Any]], int]:
    """Return what the bot says of itself until it has lived for so long and has ended, and how many errors it logs."""
    assert bot.stdout is not None
    assert bot.stderr is not None
    reading = asyncio.create_task(_lines(bot.stderr))
    samples: list[dict[str, Any]] = []
    told = False
    async for line in bot.stdout:
        samples.append(json.loads(line))
        print(f"{samples[-1]}", file=sys.stderr)
        if samples[-1]["hours"] >= hours and not told:
            told = True
            bot.send_signal(signal.SIGTERM)
    code = await bot.wait()
    errors = await reading
    if code or not told:
        sys.exit(f"the bot ended with {code}:\n{b''.join(errors[-20:]).decode()}")
    return samples, len(errors)


async def _lines(stream: asyncio.StreamReader) -> list[bytes]:
    return [line async for line in stream]


def _figures(samples: list[dict[str, Any]], warm_up: float) -> dict[str, Any]:
    before, after = samples[0], samples[-1]
    warm = [one for one in samples[1:-1] if one["hours"] >= warm_up]
    hours = [one["hours"] for one in warm]
    (slope, error), (held, held_error) = (_slope(hours, [one[key] for one in warm]) for key in ("mib", "held"))
    part = max(1, len(warm) // 5)

    def median(key: str, some: list[dict[str, Any]]) -> float:
        return float(statistics.median(one[key] for one in some))

    def least(key: str) -> list[int]:
        return [min(one[key] for one in some) for some in (warm[:part], warm[-part:])]

    for one in samples:
        one["other_handles"] = one["handles"] - one["database_handles"]
    tasks, handles, database = least("tasks"), least("other_handles"), max(one["database_handles"] for one in samples)
    met = (
        slope - 2 * error <= _FLAT
        and held - 2 * held_error <= _HELD_FLAT
        and tasks[1] <= tasks[0] + 1
        and handles[1] <= handles[0] + 1
        and database <= _DATABASE_HANDLES
        and after["tasks"] <= before["tasks"]
        and after["handles"] <= before["handles"]
    )
    return {
        "samples": len(warm),
        "mib_after_warm_up": median("mib", warm[:part]),
        "mib_at_end": median("mib", warm[-part:]),
        "peak_mib": max(one["mib"] for one in samples),
        "slope_mib_per_hour": round(slope, 3),
        "slope_error": round(error, 3),
        "held_mib": [round(median("held", some), 2) for some in (warm[:part], warm[-part:])],
        "held_slope_mib_per_hour": round(held, 3),
        "held_slope_error": round(held_error, 3),
        "tasks": tasks,
        "handles": handles,
        "most_database_handles": database,
        "tasks_before_and_after": [before["tasks"], after["tasks"]],
        "handles_before_and_after": [before["handles"], after["handles"]],
        "met": met,
    }


def _slope(xs: list[float], ys: list[float]) -> tuple[float, float]:
    """Return the slope of the least squares and its standard error."""
    fit = statistics.linear_regression(xs, ys)
    left = sum((y - fit.intercept - fit.slope * x) ** 2 for x, y in zip(xs, ys, strict=True))
    mean = statistics.fmean(xs)
    spread = sum((x - mean) ** 2 for x in xs)
    return fit.slope, (left / (len(xs) - 2) / spread) ** 0.5


if __name__ == "__main__":
    main()
