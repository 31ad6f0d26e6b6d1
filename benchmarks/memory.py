"""The whole bot in many servers: how much memory it takes, and how long it takes to be ready.

    python -m benchmarks.memory [--guilds 2500] [--due 1] [--settle 20]

`paperbrief run` as a process of its own, its database holding a busy day and a subscription in every server, connected
to a Discord in another process, which sends every server as Discord does: channels with permissions, roles, emojis. The
bot runs twice on the same database: the first start registers the commands and hears of every server for the first
time, the second is what each later start is. Ready is when it has said so, having worked through all servers; until a
member sees an answer to `/paper` is measured at the Discord. `--due` percent of the subscriptions have a brief to be
sent at once. Memory is what the kernel says, the peak of the process and what it has `--settle` seconds after it was
ready; `cpu_s` is what a core worked until ready, which a busy machine changes less than `ready_s`. The program's
bytecode is compiled before, as every installation has it. Prints one JSON line. Targets: a peak of at most 180 MiB,
ready within 4 s.
"""

import argparse
import asyncio
import compileall
import contextlib
import json
import os
import platform
import random
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

RSS_MIB, READY_S = 180.0, 4.0
_ROOT = Path(__file__).parent.parent
_READY = "connected to Discord"
_PATIENCE = 120.0
_BETWEEN_TRIES = 0.1
_SEED = 13

# A community's server: about as many of each as servers of a few hundred members have.
_ROLES = 10
_EMOJIS = 25
_ROOMS = {"CATEGORY": 4, "TEXT": 11, "VOICE": 3, "ANNOUNCEMENT": 1, "FORUM": 1}
_THREADS = 2


def main() -> None:
    """Measure, print; or be the Discord, or the bot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guilds", type=int, default=2500)
    parser.add_argument("--due", type=float, default=1.0, help="percent of the subscriptions with a brief due at once")
    parser.add_argument("--settle", type=float, default=20.0, help="seconds from ready to the settled memory")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--bot", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bot:
        _be_the_bot(*options.bot)
    else:
        asyncio.run(_serve(options) if options.serve else _measure(options))


def _be_the_bot(api_url: str, gateway_url: str) -> None:
    """Run the program by its own door, with discord.py pointed at this machine."""
    import yarl
    from discord.gateway import DiscordWebSocket
    from discord.http import Route

    from bot.cli.main import main as paperbrief

    Route.BASE = api_url
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
    sys.argv = ["paperbrief", "run"]
    paperbrief()


# The Discord


async def _serve(options: argparse.Namespace) -> None:
    from tests.wire.discord_interactions import Interaction, Person, use_command
    from tests.wire.discord_server import LoopbackDiscord

    async with LoopbackDiscord(checked=False) as server:
        world = server.world
        rooms = [furnish(server, random.Random(_SEED + number)) for number in range(options.guilds)]
        member = world.add_user("member")
        addresses = {"api_url": server.api_url, "gateway_url": server.gateway_url, "token": server.token}
        _say(**addresses, bot_id=world.bot.id, rooms=[[each.guild_id, each.id] for each in rooms])
        while (await asyncio.to_thread(sys.stdin.readline)).strip() == "watch":
            await server.until(lambda: server.gateway.connected, _PATIENCE)
            tries: list[Interaction] = []
            while not any(used.done for used in tries):
                # Discord gives up on an interaction after three seconds; a member tries again.
                tries.append(use_command(world, Person(rooms[-1], member), "paper", {"paper": "2605.00001"}))
                await asyncio.sleep(_BETWEEN_TRIES)
            _say(answered_at=time.monotonic(), commands=len(world.commands.get(None, {})))
            await server.until(lambda: not server.gateway.connected, 10 * _PATIENCE)


def furnish(server: Any, rng: random.Random) -> Any:
    """Add a server with all that is in one; return the channel that is subscribed."""
    from tests.wire.discord_model import ChannelType, Overwrite, Permission

    world = server.world
    guild = world.add_guild(f"A server for the readers of papers, number {len(world.guilds)}")
    guild.member_count = rng.randrange(20, 4000)
    roles = [world.add_role(guild.id, f"role number {number}") for number in range(_ROLES - 2)]
    guild.emojis = {world.snowflakes.take(): f"emoji_{number}" for number in range(_EMOJIS)}
    kinds = [ChannelType[kind] for kind, count in _ROOMS.items() for _ in range(count)]
    rooms = [world.add_channel(guild.id, f"room-{number}", kind) for number, kind in enumerate(kinds)]
    for room in rooms:
        closed = rng.choice(roles)
        room.overwrites = {guild.id: Overwrite(0, deny=Permission.MANAGE_MESSAGES), closed.id: Overwrite(0, deny=2048)}
        if room.type == ChannelType.TEXT:
            room.topic = "What is talked about here, and what is not. Please read the rules before you write."
            room.last_message_id = world.snowflakes.take()
        if room.type != ChannelType.CATEGORY:
            room.parent_id = rooms[rng.randrange(_ROOMS["CATEGORY"])].id
    text = [room for room in rooms if room.type == ChannelType.TEXT]
    for number in range(_THREADS):
        world.add_thread(rng.choice(text), f"a thread about paper {number}")
    return text[0]


def _say(**facts: Any) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


# The measurement


async def _measure(options: argparse.Namespace) -> None:
    for package in ("bot", "cogs"):
        compileall.compile_dir(_ROOT / package, quiet=1)
    command = [sys.executable, "-m", "benchmarks.memory", "--serve", "--guilds", str(options.guilds)]
    async with process_of(command) as discord:
        served = SimpleNamespace(**await line_of(discord))
        with tempfile.TemporaryDirectory(prefix="paperbrief-bench-") as directory:
            await _fill(Path(directory), served, options.due)
            first = await _run(served, discord, directory, options.settle)
            second = await _run(served, discord, directory, options.settle)
    rss, ready = max(first["peak_mib"], second["peak_mib"]), max(first["ready_s"], second["ready_s"])
    result = {
        "benchmark": "memory",
        "guilds": options.guilds,
        "channels_per_guild": sum(_ROOMS.values()),
        "roles_per_guild": _ROLES,
        "subscriptions": options.guilds,
        "due_percent": options.due,
        "rss_mib": rss,
        "settled_mib": max(first["settled_mib"], second["settled_mib"]),
        "ready_s": ready,
        "first_start": first,
        "later_start": second,
        "targets": {"rss_mib": RSS_MIB, "ready_s": READY_S},
        "met": rss <= RSS_MIB and ready <= READY_S,
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
    }
    print(json.dumps(result))


async def _fill(directory: Path, served: SimpleNamespace, due: float) -> None:
    """Store a day and a subscription in each room, with the day's brief behind it for those that are not due."""
    from benchmarks.sample import sample_papers, save_day
    from bot.app import open_services
    from bot.delivery import DeliveryKind, PlannedDelivery, Subscription, TopicKey
    from bot.settings import Settings
    from bot.sources.calendar import load_calendar
    from bot.store.delivery_history import DeliveryHistory

    settings = Settings(_env_file=None, data_dir=directory)
    async with open_services(settings) as services:
        calendar, now = load_calendar(None), services.clock.now()
        announced_on = calendar.due(now)
        categories = sorted({name for topic in services.catalogue.values() for name in topic.categories})
        await save_day(services.announcements, sample_papers(), categories, announced_on)
        history, slugs = DeliveryHistory(services.database), list(services.catalogue)
        release = calendar.release(announced_on)
        for number, (guild_id, channel_id) in enumerate(served.rooms):
            topic = TopicKey(slugs[number % len(slugs)])
            await services.subscriptions.save(
                Subscription(guild_id, channel_id, topic, 1, release + timedelta(minutes=1))
            )
            if number >= len(served.rooms) * due / 100:
                ended = PlannedDelivery(guild_id, channel_id, topic, announced_on, DeliveryKind.BRIEF, release, ())
                await history.skip(ended, bot_id=served.bot_id, reason="delivered before", now=now)


async def _run(
    served: SimpleNamespace, discord: asyncio.subprocess.Process, home: str, settle: float
) -> dict[str, Any]:
    """Start the bot, wait until it is ready and settled, end it as a supervisor does; return its figures."""
    command = [sys.executable, "-m", "benchmarks.memory", "--bot", served.api_url, served.gateway_url]
    closed = "http://127.0.0.1:9"
    environment = {
        **os.environ,
        "DISCORD_TOKEN": served.token,
        "DATA_DIR": home,
        "LOG__FORMAT": "json",
        **{f"ARXIV__{name}_URL": closed for name in ("LIST", "FEED", "API", "OAI")},
    }
    assert discord.stdin is not None
    discord.stdin.write(b"watch\n")
    began = time.monotonic()
    async with process_of(command, environment) as bot:
        answered = asyncio.create_task(line_of(discord))
        await _logged(bot, _READY)
        ready, worked = time.monotonic() - began, _cpu(bot.pid)
        seen = await answered
        reading = asyncio.create_task(_drain(bot))
        await asyncio.sleep(settle)
        memory = _memory(bot.pid)
        bot.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(bot.wait(), 20)
        await reading
    if code:
        sys.exit(f"the bot ended with {code}")
    answers = seen["answered_at"] - began
    return {
        **memory,
        "ready_s": round(ready, 2),
        "cpu_s": worked,
        "first_answer_s": round(answers, 2),
        "commands": seen["commands"],
    }


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return round((int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), 2)


def _memory(pid: int) -> dict[str, float]:
    lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    wanted = {"VmHWM:": "peak_mib", "VmRSS:": "settled_mib", "RssFile:": "of_which_files_mib"}
    return {wanted[words[0]]: round(int(words[1]) / 1024, 1) for words in lines if words[0] in wanted}


@contextlib.asynccontextmanager
async def process_of(
    command: list[str], environment: dict[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process whose output is read here; the bot logs to standard error, the Discord speaks on standard output."""
    pipe = asyncio.subprocess.PIPE
    errors = pipe if environment else None
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, stderr=errors, env=environment, limit=1 << 24
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _logged(process: asyncio.subprocess.Process, text: str) -> None:
    assert process.stderr is not None
    said = []
    async with asyncio.timeout(_PATIENCE):
        async for line in process.stderr:
            said.append(line.decode())
            if text in said[-1]:
                return
    sys.exit(f"the bot ended before it was ready:\n{''.join(said[-20:])}")


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    async for _ in process.stderr:
        pass


async def line_of(process: asyncio.subprocess.Process) -> dict[str, Any]:
    """Return the next line of JSON that a process says; leaves when it has ended."""
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), _PATIENCE)
    if not line:
        sys.exit("the Discord of this benchmark ended")
    told: dict[str, Any] = json.loads(line)
    return told


if __name__ == "__main__":
    main()
