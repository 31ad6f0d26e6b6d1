"""A bot that lives through a year: the real stages on a real database file, an arXiv on loopback, a clock that jumps.

A process is one `open_online_services` with planner, runner and sender on it, as `bot.app_run` puts them together; it
ends as processes do, in the middle of anything, and another begins on the same file. What is reckoned with afterwards
is written down here: what stood in Discord when, and at which ticks nothing was in the way.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import open_online_services
from bot.deliver.sender import Sender
from bot.delivery import Subscription
from bot.demo.loopback import LoopbackArxiv
from bot.model import Topic
from bot.pipeline.due import poll_slot
from bot.pipeline.planning import Planner
from bot.pipeline.running import Runner
from bot.services import OnlineServices
from bot.settings import ArxivSettings, BriefSettings, DatabaseSettings, Settings
from bot.sources.calendar import load_calendar
from bot.store.delivery_history import DeliveryHistory
from bot.store.engine import Database
from bot.store.opinions import OpinionStore
from tests.unit.deliver.fakes import Bench, HeardNotices
from tests.year.announcing import CATEGORIES, YearWorld
from tests.year.storm import Fuse, Killed, Storm, StormyWire, YearClock

BOT = 900
_LATE = timedelta(hours=48)
_PATIENCE = 120.0
"""Seconds that the sender's turn of a tick lasts at the most; what waits longer is left to a later tick."""

_IDLE = timedelta(hours=6)


@dataclass(slots=True)
class Diary:
    """What was seen from outside. `healthy`: ticks that ran through, with nothing in the way of them."""

    healthy: list[datetime] = field(default_factory=list)
    ticks: int = 0
    starts: int = 0
    kills: list[tuple[datetime, timedelta]] = field(default_factory=list)


@dataclass(slots=True)
class _Living:
    """A process as long as it lives."""

    runner: Runner
    sender: Sender
    fuse: Fuse
    online: OnlineServices


class Life:
    """The bot's life in one world and one storm. `wishes` are instants at which a subscription wants something."""

    def __init__(
        self, world: YearWorld, storm: Storm, directory: Path, clock: YearClock, wishes: Sequence[datetime]
    ) -> None:
        self.world = world
        self.storm = storm
        self.clock = clock
        self.diary = Diary()
        self.wire = StormyWire(clock)
        self.wire.expose(storm)
        self.notices = HeardNotices()
        self.database = directory / "paperbrief.sqlite3"
        self._wishes = sorted(set(wishes))
        self._directory = directory
        self._calendar = load_calendar(None)
        self._settled: datetime | None = None
        self._locked: sqlite3.Connection | None = None

    async def begin(
        self, topics: Sequence[Topic], subscriptions: Sequence[Subscription], server: LoopbackArxiv
    ) -> None:
        """Set up a database with those subscriptions; requests go to that server from then on."""
        self._server = server
        self._settings = Settings(
            _env_file=None,
            data_dir=self._directory,
            arxiv=ArxivSettings(
                list_url=server.list_url,
                feed_url=server.feed_url,
                api_url=server.api_url,
                oai_url=server.oai_url,
                html_url=server.html_url,
                pdf_url=server.pdf_url,
                deadline=4.0,
            ),
            brief=BriefSettings(categories=CATEGORIES),
            database=DatabaseSettings(busy_timeout=0.05),
        )
        self.world.follow(self.clock.now)
        async with self._process() as process:
            for topic in topics:
                await process.online.reading.guild_topics.save(topic)
            for one in subscriptions:
                await process.online.reading.subscriptions.save(one)

    async def live(self, until: datetime, *, progress: Callable[[datetime], None] = lambda _: None) -> None:
        """Tick until that instant, dying and starting again as the storm has it."""
        while self.clock.now() < until:
            self.clock.move_to(self.storm.back_at(self.clock.now()))
            off_at = self.storm.powered_until(self.clock.now()) or until
            try:
                async with self._process() as process:
                    while self.clock.now() < min(off_at, until):
                        progress(self.clock.now())
                        await self._tick(process)
                        self.clock.move_to(await self._next(process))
            except Killed:
                downtime = self.storm.draw_downtime()
                self.diary.kills.append((self.clock.now(), downtime))
                self.clock.pass_time(seconds=downtime.total_seconds())
            self._unlock()

    @asynccontextmanager
    async def _process(self) -> AsyncIterator[_Living]:
        fuse = Fuse()
        self.wire.fuse = fuse
        self.diary.starts += 1
        async with open_online_services(self._settings, clock=self.clock, spacing_clock=self.clock) as online:
            database = online.reading.database
            database.clock = self.clock
            _fit(database, fuse)
            yield await self._build(online, fuse)

    async def _build(self, online: OnlineServices, fuse: Fuse) -> _Living:
        reading = online.reading
        planner = Planner(
            reading.announcements,
            reading.briefing,
            reading.subscriptions,
            reading.outbox,
            DeliveryHistory(reading.database),
            reading.topics.load_many,
            self._calendar,
            self.clock,
            bot_id=BOT,
            cutoff=timedelta(hours=self._settings.arxiv.cutoff_hours),
            catch_up=_LATE,
            opinions=OpinionStore(reading.database),
        )
        runner = Runner(
            online.ingest,
            planner,
            reading.announcements,
            reading.subscriptions,
            reading.topics.load_many,
            self._calendar,
            self.clock,
            wake=asyncio.Event(),
            categories=self._settings.brief.categories,
        )
        desk = Bench(reading.database, self.clock, self.wire, self.notices, reading.outbox, reading.subscriptions)
        sender = await desk.sender(keep_for=_LATE, on_recovered=planner.reconsider)
        return _Living(runner, sender, fuse, online)

    async def _tick(self, process: _Living) -> None:
        storm, now = self.storm, self.clock.now()
        self.clock.ring()
        process.fuse.left = kill = storm.draw_kill()
        calm = storm.is_calm(now) and kill is None and self._locked is None
        calm = not storm.trouble_arxiv(self._server, now) and calm
        if (held := storm.draw_lock()) is not None and self._locked is None:
            self._lock(now + held)
            calm = False
        self.diary.ticks += 1
        await self._work(process, storm.draw_order())
        self._server.clear_script()
        process.fuse.left = None
        if calm and storm.is_calm(self.clock.now()):
            self.diary.healthy.append(now)

    async def _work(self, process: _Living, order: int) -> None:
        runner = process.runner
        if order == 0:
            await runner.poll()
            await runner.plan()
        elif order == 1:
            await runner.plan()
            await runner.poll()
        else:
            tasks = {asyncio.create_task(runner.poll()), asyncio.create_task(runner.plan())}
            await asyncio.wait(tasks)
            for error in [error for task in tasks if (error := task.exception()) is not None]:
                raise error
        await process.sender.run_until_idle(patience=_PATIENCE)

    async def _next(self, process: _Living) -> datetime:
        """Return when something may be to do: ticks in between, every 30 s in real life, would find nothing."""
        now = self.clock.now()
        if self._locked is not None:
            return now + timedelta(seconds=30)
        instants = [now + _IDLE]
        instants += [one for one in self._wishes if now < one <= now + _IDLE][:1]
        process.fuse.live()
        outbox = process.online.reading.outbox
        if (due := await outbox.next_due(now, busy=())) is not None:
            instants.append(max(due, now + timedelta(seconds=30)))
        if not await self._is_settled(process):
            slots = [poll_slot(now + timedelta(minutes=minutes), self._calendar) for minutes in (15, 60)]
            instants += [slot for slot in slots if slot > now]
        release = self._calendar.next_release(now)[1]
        instants += [release] if release > now else []
        return max(now + timedelta(seconds=5), min(instants)) + self.storm.jitter()

    async def _is_settled(self, process: _Living) -> bool:
        due = self._calendar.due(self.clock.now())
        for category in CATEGORIES:
            row = await process.online.reading.announcements.load(category, due)
            if row is None or row.state.value not in ("fresh", "quiet"):
                return False
        return True

    def _lock(self, until: datetime) -> None:
        """Let another process hold the database's only write lock until then."""
        self._locked = sqlite3.connect(self.database, isolation_level=None)
        try:
            self._locked.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            self._unlock()
            return
        self.clock.at(until, self._unlock)

    def _unlock(self) -> None:
        if self._locked is not None:
            self._locked.close()
            self._locked = None


def _fit(database: Database, fuse: Fuse) -> None:
    """Make each write two check-points, and let a process that is dead reach the file no more."""
    write, read = database.write, database.read

    async def stepped(fn: Any) -> Any:
        fuse.step()
        done = await write(fn)
        fuse.step()
        return done

    @asynccontextmanager
    async def alive() -> AsyncIterator[Any]:
        fuse.live()
        async with read() as connection:
            yield connection

    database.write = stepped  # type: ignore[method-assign]  # the one seam there is, as in tests/wire/kill
    database.read = alive  # type: ignore[method-assign]  # the same
