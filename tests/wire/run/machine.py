"""A machine of a test's own: a Discord and an arXiv on loopback, a data directory, and `paperbrief run` on it."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.clock import AsOfClock
from bot.delivery import DeliveryState, LedgerCounts, PostingStyle, Subscription, SubscriptionState, TopicKey
from bot.demo.loopback import LoopbackArxiv
from bot.demo.sample import load_sample_world
from bot.store.engine import Database
from bot.store.outbox import Outbox
from bot.store.subscriptions import SubscriptionStore
from tests.wire.discord_clock import ServerClock
from tests.wire.discord_interactions import Interaction, Person, use_command
from tests.wire.discord_model import Channel
from tests.wire.discord_record import Request
from tests.wire.discord_server import LoopbackDiscord
from tests.wire.discord_world import TOKEN

ROOT = Path(__file__).resolve().parents[3]
MORNING = datetime(2026, 11, 17, 9, tzinfo=UTC)
"""Some hours after the sample day's release."""

TOPIC = TopicKey("llm")
CREATE = r"^/channels/\d+/messages$"
START_SECONDS = 45.0
"""A start takes about two; a machine that is busy with other tests needs more."""

LOOK_SECONDS = 0.1
"""Between two looks at what tells nobody of a change."""

STOP_SECONDS = 10.0
"""What a supervisor gives a process before it kills it."""

_HEAP_SIZE = 64 * 2**20


class Running:
    """One `paperbrief run`; what it prints goes to a file, so that it never waits for a reader."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self.log = log

    @property
    def alive(self) -> bool:
        """Return whether it runs."""
        return self._process.returncode is None

    @property
    def output(self) -> str:
        """Return all that it has printed, on either stream."""
        return self.log.read_text(encoding="utf-8")

    @property
    def said(self) -> list[str]:
        """Return what it said to whoever started it, beside the log: each line without the program's name."""
        start = "paperbrief: "
        return [line.removeprefix(start) for line in self.output.splitlines() if line.startswith(start)]

    @property
    def heaps_of_threads(self) -> int:
        """Return how many heaps glibc has made beside the main one: 64 MiB at a multiple of that, in use from below."""
        spans: list[tuple[int, int, str]] = []
        for line in Path(f"/proc/{self._process.pid}/maps").read_text(encoding="utf-8").splitlines():
            place, kind = line.split()[:2]
            start, end = place.split("-")
            spans.append((int(start, 16), int(end, 16), kind))
        return sum(
            one[2] == "rw-p"
            and rest[2] == "---p"
            and one[0] % _HEAP_SIZE == 0
            and rest[:2] == (one[1], one[0] + _HEAP_SIZE)
            for one, rest in itertools.pairwise(spans)
        )

    def tell(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    async def ended(self, seconds: float = START_SECONDS) -> int:
        """Return the exit code; `TimeoutError` when it does not end by itself."""
        return await asyncio.wait_for(self._process.wait(), seconds)

    async def terminate(self) -> int:
        """Send SIGTERM and return the exit code; `TimeoutError` after the ten seconds that a supervisor waits."""
        self.tell(signal.SIGTERM)
        return await self.ended(STOP_SECONDS)

    async def clear(self) -> None:
        """End it at any price."""
        if self.alive:
            self._process.kill()
            await self._process.wait()


@dataclass
class Machine:
    """The addresses and files that `paperbrief run` is given, and the two services behind them."""

    discord: LoopbackDiscord
    arxiv: LoopbackArxiv
    directory: Path
    rooms: list[Channel] = field(default_factory=list)
    started: list[Running] = field(default_factory=list)

    @property
    def database(self) -> Path:
        """Return the file of the database."""
        return self.directory / "data" / "paperbrief.sqlite3"

    async def start(
        self, *options: str, tick: float = 0.2, api_url: str = "", at: str = "", **settings: str
    ) -> Running:
        """Start `paperbrief run` with `options`; `settings` are environment variables. Does not wait for anything.

        `at`: the instant that its clock shows at first, in place of Discord's.
        """
        order, environment = self._order(["run", *options], tick, api_url, at), self._environment(settings)
        log = self.directory / f"run-{len(self.started)}.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.wire.run.entry", json.dumps(order)),
                cwd=self.directory,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        running = Running(process, log)
        self.started.append(running)
        return running

    async def command(self, *words: str, **settings: str) -> tuple[int, str]:
        """Run another `paperbrief` command beside the bot, on the same clock; return its exit code and what it says."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.wire.run.entry", json.dumps(self._order(words))),
            cwd=self.directory,
            env=self._environment(settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), START_SECONDS)
        return process.returncode or 0, said.decode()

    def _order(self, words: Sequence[str], tick: float = 30.0, api_url: str = "", at: str = "") -> dict[str, Any]:
        return {
            "api_url": api_url or self.discord.api_url,
            "gateway_url": self.discord.gateway_url,
            "now": at or self.discord.clock.now().isoformat(),
            "tick": tick,
            "words": list(words),
        }

    def _environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        return {
            # What a run that measures coverage tells its processes.
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error::ResourceWarning",
            "DISCORD_TOKEN": TOKEN,
            "DATA_DIR": str(self.directory / "data"),
            "ARXIV__LIST_URL": self.arxiv.list_url,
            "ARXIV__FEED_URL": self.arxiv.feed_url,
            "ARXIV__API_URL": self.arxiv.api_url,
            "ARXIV__OAI_URL": self.arxiv.oai_url,
            "ARXIV__HTML_URL": self.arxiv.html_url,
            "ARXIV__PDF_URL": self.arxiv.pdf_url,
            "ARXIV__MIN_INTERVAL": "0",
            "LOG__LEVEL": "info",
            **settings,
        }

    async def ready(self, *, tick: float = 0.2, **settings: str) -> Running:
        """Start `paperbrief run` and return when its gateway session stands."""
        running = await self.start(tick=tick, **settings)
        await self.until(lambda: self.discord.gateway.connected or not running.alive)
        assert running.alive, running.output
        return running

    async def until(self, true: Any) -> None:
        """Return once `true()` holds, looked at whenever something happens in Discord."""
        await self.discord.until(true, START_SECONDS)

    async def subscribe(
        self, room: Channel, style: PostingStyle = PostingStyle.DIGEST, *, max_papers: int = 3, topic: TopicKey = TOPIC
    ) -> None:
        """Subscribe a channel, without the bot's help."""
        one = Subscription(
            guild_id=room.guild_id or 0,
            channel_id=room.id,
            topic=topic,
            created_by=self.discord.world.owner.id,
            created_at=MORNING,
            style=style,
            max_papers=max_papers,
        )
        async with self.opened() as db:
            await SubscriptionStore(db).save(one)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Database]:
        """Open the machine's database beside whoever else uses it."""
        async with Database.open(f"sqlite:///{self.database}", clock=AsOfClock(MORNING)) as db:
            yield db

    async def states(self) -> set[SubscriptionState]:
        """Return the states of all subscriptions of the server."""
        async with self.opened() as db:
            return {one.state for one in await SubscriptionStore(db).load_guild(self.rooms[0].guild_id or 0)}

    async def ledger(self) -> LedgerCounts:
        """Return the deliveries' states."""
        async with self.opened() as db:
            return await Outbox(db).counts()

    async def until_recorded(self, state: DeliveryState) -> None:
        """Return once some part is in this state; each look reads the file anew, as it tells nobody of a change."""
        async with asyncio.timeout(START_SECONDS):
            while not (await self.ledger()).by_state.get(state):
                pass

    async def until_file(self, path: Path, words: str = "") -> str:
        """Return what a file says once it is there, with these words in it; a file tells nobody of a change."""
        async with asyncio.timeout(START_SECONDS):
            while True:
                with contextlib.suppress(FileNotFoundError):
                    said = await asyncio.to_thread(path.read_text, "utf-8")
                    if words in said:
                        return said
                # Each look leaves the processor to whoever writes it.
                await asyncio.sleep(LOOK_SECONDS)

    async def until_ledger(self, states: dict[DeliveryState, int]) -> None:
        """Return once the ledger holds these states and no others."""
        async with asyncio.timeout(START_SECONDS):
            while (await self.ledger()).by_state != states:
                pass

    def shown(self, room: Channel) -> list[str]:
        """Return the titles of the papers that stand in a channel, in the order of its messages and embeds."""
        embeds = [embed for message in self.discord.messages(room.id) for embed in message["embeds"]]
        return [embed.get("title", "") for embed in embeds]

    async def ask(self, who: Person, command: str, **options: Any) -> Interaction:
        """Use a command and return when it was answered; Discord itself refuses answers after three seconds."""
        used = use_command(self.discord.world, who, command, options)
        await self.until(lambda: used.done)
        return used

    def syncs(self) -> list[Request]:
        """Return the requests that registered the commands."""
        return self.discord.requests("PUT", r"^/applications/\d+/commands$")


def lay_out(database: Path, parent: Path) -> Path:
    """Make a machine's directory in `parent`, move `database` to where the program looks for it; return it."""
    directory = parent / "machine"
    (directory / "data").mkdir(parents=True)
    database.rename(directory / "data" / "paperbrief.sqlite3")
    return directory


@asynccontextmanager
async def machine_in(directory: Path) -> AsyncIterator[Machine]:
    """Serve both services and yield the machine; its files are in `directory`, and its server has three channels."""
    world = load_sample_world()
    world.set_now(MORNING)
    async with LoopbackDiscord(clock=ServerClock(MORNING)) as discord, LoopbackArxiv(world) as arxiv:
        guild = discord.world.add_guild("Lab")
        rooms = [discord.world.add_channel(guild.id, name) for name in ("papers", "agents", "reading")]
        machine = Machine(discord, arxiv, directory, rooms)
        try:
            yield machine
        finally:
            for running in machine.started:
                await running.clear()
        assert discord.front.unknown == []


def integrity(database: Path) -> str:
    """Return what SQLite says of the file."""
    connection = sqlite3.connect(database)
    try:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()
