"""A sender killed at every step of a delivery of 3 channels x 3 parts, and what stands in Discord after a restart."""

import asyncio
import json
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.clock import AsOfClock
from bot.delivery import DeliveryAction, DeliveryState
from bot.store.delivery_rows import holds
from bot.store.engine import Database
from bot.store.outbox import Outbox
from tests.unit.deliver.samples import make_planned
from tests.wire.discord_clock import ServerClock
from tests.wire.discord_model import ChannelType
from tests.wire.discord_server import LoopbackDiscord
from tests.wire.discord_state import save_world
from tests.wire.discord_world import World
from tests.wire.kill.summary import SUMMARY

ROOT = Path(__file__).resolve().parents[3]
START = datetime(2026, 5, 12, 12, tzinfo=UTC)
PROCESSES = 3
MESSAGE, THREAD, FORUM = DeliveryAction.MESSAGE, DeliveryAction.THREAD, DeliveryAction.FORUM_POST
SHAPES: dict[ChannelType, list[tuple[DeliveryAction, int | None]]] = {
    ChannelType.TEXT: [(MESSAGE, None), (MESSAGE, None), (MESSAGE, None)],
    ChannelType.ANNOUNCEMENT: [(MESSAGE, None), (THREAD, 0), (MESSAGE, 1)],
    ChannelType.FORUM: [(FORUM, None), (MESSAGE, 0), (MESSAGE, 0)],
}


@dataclass(frozen=True, slots=True)
class Template:
    """A Discord with three channels, and a ledger with a delivery for each: copied for every case."""

    directory: Path
    channels: tuple[int, ...]
    markers: tuple[tuple[str, ...], ...]


class Processes:
    """Senders to be killed: one line of JSON in, one out."""

    def __init__(self, idle: "asyncio.Queue[asyncio.subprocess.Process]") -> None:
        self._idle = idle

    async def deliver(self, server: LoopbackDiscord, directory: Path, at: int = 0, kind: str = "SIGKILL") -> Any:
        """Let a sender run on a ledger, hit at step `at`; return its exit code and steps."""
        process = await self._idle.get()
        order = {
            "api_url": server.api_url,
            "token": server.token,
            "now": server.clock.now().isoformat(),
            "directory": str(directory),
            "at": at,
            "signal": kind,
        }
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(order).encode() + b"\n")
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        self._idle.put_nowait(process)
        return json.loads(line)


@asynccontextmanager
async def processes() -> AsyncIterator[Processes]:
    """Start the processes and end them."""
    idle: asyncio.Queue[asyncio.subprocess.Process] = asyncio.Queue()
    started = []
    try:
        for _ in range(PROCESSES):
            command = (sys.executable, "-m", "tests.wire.kill.entry")
            pipe = asyncio.subprocess.PIPE
            started.append(await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe))
        for process in started:
            assert process.stdout is not None
            assert json.loads(await asyncio.wait_for(process.stdout.readline(), 60)) == {"ready": True}
            idle.put_nowait(process)
        yield Processes(idle)
    finally:
        for process in started:
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()


@pytest.fixture
async def template(sqlite_path: Path, tmp_path: Path) -> Template:
    world = World(ServerClock(START, speed=1e-6))
    guild = world.add_guild()
    channels = [world.add_channel(guild.id, kind.name.lower(), kind) for kind in SHAPES]
    directory = tmp_path / "template"
    directory.mkdir()
    async with Database.open(f"sqlite:///{sqlite_path}") as db:
        outbox = Outbox(db)
        planned = [
            make_planned(channel.id, shape, guild_id=guild.id, due_at=START)
            for channel, shape in zip(channels, SHAPES.values(), strict=True)
        ]
        for one in planned:
            assert await outbox.plan(one, bot_id=world.bot.id, now=START)
    await asyncio.to_thread(shutil.copyfile, sqlite_path, directory / "paperbrief.sqlite3")
    (directory / "world.json").write_text(json.dumps(save_world(world)), encoding="utf-8")
    markers = tuple(tuple(part.marker for part in one.parts) for one in planned)
    return Template(directory, tuple(channel.id for channel in channels), markers)


@asynccontextmanager
async def copied(template: Template, directory: Path) -> AsyncIterator[LoopbackDiscord]:
    """Serve a copy of the template's Discord; the ledger is in `directory`."""
    await asyncio.to_thread(shutil.copytree, template.directory, directory)
    async with LoopbackDiscord(clock=ServerClock(START), state=directory / "world.json") as server:
        yield server
    await asyncio.to_thread(shutil.rmtree, directory)


def wrong(template: Template, server: LoopbackDiscord) -> list[str]:
    """Return what is lost, there twice, or out of order, in words."""
    found = []
    for channel, markers, shape in zip(template.channels, template.markers, SHAPES.values(), strict=True):
        rooms = [channel, *(thread.id for thread in server.world.threads(channel))]
        messages = [message for room in rooms for message in server.messages(room)]
        messages.sort(key=lambda message: int(message["id"]))
        shown = [part for message in messages for part, marker in enumerate(markers) if holds(message, marker)]
        wanted = [part for part, (action, _) in enumerate(shape) if action is not THREAD]
        if shown != wanted:
            found.append(f"channel of {shape[0][0]}: parts {shown} in place of {wanted}")
        if len(rooms) != 2 and any(action is not MESSAGE for action, _ in shape):
            found.append(f"{len(rooms) - 1} threads in place of 1")
    return found


async def ledger_wrong(directory: Path) -> list[str]:
    """Return what the ledger says beside "sent"."""
    async with Database.open(f"sqlite:///{directory / 'paperbrief.sqlite3'}", clock=AsOfClock(START)) as db:
        counts = (await Outbox(db).counts()).by_state
    return [] if counts == {DeliveryState.SENT: 9} else [f"ledger: {counts}"]


async def case(
    template: Template, running: Processes, directory: Path, *, at: int, after: timedelta, kind: str
) -> list[str]:
    """Hit a sender at one step, restart it after a while, and return what is wrong then."""
    async with copied(template, directory) as server:
        began = time.monotonic()
        hit = await running.deliver(server, directory, at, kind)
        problems = []
        # How often the ledger is asked for work depends on timing: a run may have a few steps less than another.
        over = hit["exit"] == 0 and hit["steps"] < at
        wanted = -signal.SIGKILL if kind == "SIGKILL" else 0
        if hit["exit"] != wanted and not over:
            problems.append(f"exit {hit['exit']} in place of {wanted}")
        if kind == "SIGTERM" and time.monotonic() - began > 10:
            problems.append("took more than 10 s to end")
        server.clock.advance(after.total_seconds())
        again = await running.deliver(server, directory)
        if again["exit"]:
            problems.append(f"the restart ended with {again['exit']}")
        problems += wrong(template, server) + await ledger_wrong(directory)
        return [f"{kind} at step {at}, restart after {after}: {one}" for one in problems]


async def all_cases(template: Template, directory: Path, after: timedelta, kind: str) -> tuple[int, list[str]]:
    """Hit a sender at every step there is; return how many steps there are, and what went wrong."""
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(processes())
        async with copied(template, directory / "dry") as server:
            dry = await running.deliver(server, directory / "dry")
            assert dry["exit"] == 0
            assert wrong(template, server) == []
        waiting = [
            case(template, running, directory / str(at), at=at, after=after, kind=kind)
            for at in range(1, dry["steps"] + 1)
        ]
        slots = asyncio.Semaphore(PROCESSES)

        async def limited(one: Any) -> list[str]:
            async with slots:
                result: list[str] = await one
                return result

        problems = await asyncio.gather(*(limited(one) for one in waiting))
        return dry["steps"], [one for some in problems for one in some]


@pytest.mark.fault("P1")
@pytest.mark.fault("P2")
@pytest.mark.timeout(170)
@pytest.mark.parametrize("kind", ["SIGKILL", "SIGTERM"])
@pytest.mark.parametrize("after", [timedelta(seconds=5), timedelta(minutes=15), timedelta(days=2)], ids=str)
async def test_hit_at_every_step(
    template: Template,
    tmp_path: Path,
    after: timedelta,
    kind: str,
    record_property: Callable[[str, object], None],
) -> None:
    steps, problems = await all_cases(template, tmp_path / "cases", after, kind)
    record_property(SUMMARY, f"{kind} at each of {steps} steps, restarted after {after}: {len(problems)} wrong")
    assert problems == []
    # Each of the nine parts is recorded, requested and recorded: two steps each.
    assert steps >= 9 * 3 * 2
