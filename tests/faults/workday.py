"""The whole program below the gateway on some days in November 2026, between an arXiv and a Discord on loopback.

Everything is the program's own and is put together as `paperbrief run` does it: settings, database, ingest, planner,
sender. Only the clock is injected: it is moved, and no wait takes time. `Workday.process` is one process; what it knows
beside the database ends with it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import open_online_services
from bot.clock import SystemClock
from bot.deliver.discord_sender import DiscordWire
from bot.deliver.lease import hold_lease
from bot.deliver.pacing import Pacer
from bot.deliver.sender import Sender
from bot.delivery import Subscription, TopicKey
from bot.demo.loopback import LoopbackArxiv
from bot.demo.world import DayOfPapers, DaysWorld, Flavour
from bot.i18n import load_texts
from bot.model import AnnouncedPaper, AnnouncementState, AnnounceType, Paper
from bot.pipeline.planning import Planner
from bot.pipeline.running import Runner, TickReport
from bot.services import OnlineServices
from bot.settings import Settings
from bot.sources.calendar import load_calendar
from bot.store.delivery_history import DeliveryHistory
from bot.store.leases import LeaseStore
from bot.store.opinions import OpinionStore
from cogs.admin._lines import standing_embed
from tests.wire.discord_client import logged_in
from tests.wire.discord_clock import ServerClock
from tests.wire.discord_model import Channel
from tests.wire.discord_server import LoopbackDiscord

CALENDAR = load_calendar(None)
CATEGORIES = ("cs.CL", "cs.CV")
FIRST = date(2026, 9, 28)
DAYS = tuple(CALENDAR.between(FIRST, date(2027, 3, 31)))
TUESDAY = date(2026, 11, 17)
OUT = CALENDAR.release(TUESDAY) + timedelta(minutes=20)
"""When Tuesday's announcement stands on the listing pages."""


class Wall:
    """A clock whose waits are over at once; `jump` moves what it shows and leaves the monotonic seconds alone."""

    def __init__(self, start: datetime) -> None:
        self._started = time.monotonic()
        self._start = start
        self._passed = 0.0
        self._jumped = timedelta()
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Return the instant."""
        return self.truth() + self._jumped

    def truth(self) -> datetime:
        """Return what a clock shows that nobody set."""
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return the seconds since it was made."""
        return time.monotonic() - self._started + self._passed

    async def sleep(self, seconds: float) -> None:
        """Be that much later."""
        self.slept.append(seconds)
        self._passed += max(0.0, seconds)
        await asyncio.sleep(0)

    def jump(self, by: timedelta) -> None:
        """Set the clock, as an operator or a time server would."""
        self._jumped += by

    def reach(self, instant: datetime) -> None:
        """Let time pass until it is truly `instant`."""
        self._passed += max(0.0, (instant - self.truth()).total_seconds())


class PatientWall(SystemClock):
    """The same clock for those whose waits end by something else than time: what they wait takes real time."""

    def __init__(self, wall: Wall) -> None:
        self._wall = wall

    def now(self) -> datetime:
        """Return the instant."""
        return self._wall.now()

    def monotonic(self) -> float:
        """Return the seconds since it was made."""
        return self._wall.monotonic()


def make_paper(category: str, day: date, place: int, **changes: Any) -> Paper:
    """Return an invented paper; identifiers rise with the days, and differ between categories."""
    number = day.timetuple().tm_yday * 100 + CATEGORIES.index(category) * 50 + place
    arxiv_id = f"{day:%y%m}.{number:05}"
    values: dict[str, Any] = {
        "arxiv_id": arxiv_id,
        "title": f"Matters of {arxiv_id}",
        "abstract": f"We study the matter of {arxiv_id} at length. It works on all of the data.",
        "authors": ("Ada Example", "Bo Example"),
        "primary_category": category,
        "categories": (category,),
        "submitted_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(days=1),
    }
    return Paper(**{**values, **changes})


def announced(*papers: Paper, kind: AnnounceType = AnnounceType.NEW) -> tuple[AnnouncedPaper, ...]:
    """Return papers as a category's announcement, all of one type."""
    return tuple(AnnouncedPaper(paper, kind, place) for place, paper in enumerate(papers))


class NovemberWorld(DaysWorld):
    """Three papers a category on each announcement day, unless `batches` says otherwise.

    `behind`: by how much the pages and feeds of a category lag. `without`: days that arXiv defers, unforeseen.
    """

    def __init__(self) -> None:
        super().__init__(DAYS, CATEGORIES, self._make)
        self.batches: dict[tuple[date, str], Sequence[AnnouncedPaper]] = {}
        self.behind: dict[str, timedelta] = {}

    def _make(self, day: date) -> DayOfPapers:
        return {
            category: self.batches.get(
                (day, category), announced(*(make_paper(category, day, place) for place in range(3)))
            )
            for category in self.categories
        }

    def defer(self, day: date) -> None:
        """Take a day out of the calendar of this arXiv, before anything was asked."""
        place = self._days.index(day)
        del self._days[place], self._releases[place]

    def listing(self, category: str, now: datetime, *, skip: int = 0, show: int = 2000) -> bytes:
        """Return the page, stale where the category lags."""
        return super().listing(category, now - self.behind.get(category, timedelta()), skip=skip, show=show)

    def feed(self, flavour: Flavour, categories: Sequence[str], now: datetime) -> bytes:
        """Return the feed, stale where its only category lags."""
        lag = self.behind.get(categories[0], timedelta()) if len(categories) == 1 else timedelta()
        return super().feed(flavour, categories, now - lag)


@dataclass
class Bot:
    """One process: what it was put together from, and one step of its work at a time."""

    day: "Workday"
    online: OnlineServices
    runner: Runner
    sender: Sender

    async def tick(self, at: datetime | None = None) -> TickReport:
        """Let time pass until `at`; then read, plan and send what is due."""
        self.day.reach(at)
        report = await self.runner.tick()
        await self.sender.run_until_idle(patience=0.0)
        return report

    async def work_until(self, end: datetime, step: timedelta = timedelta(minutes=15)) -> None:
        """Tick in steps until `end`."""
        while self.day.clock.truth() < end:
            await self.tick(min(end, self.day.clock.truth() + step))

    async def status(self) -> str:
        """Return what `/status` shows."""
        reading = self.online.reading
        standing, counts = await reading.explainer.standing(), await reading.outbox.counts()
        model = await reading.billing.standing()
        return str(standing_embed(standing, counts, [], load_texts("en"), model).description)

    async def state(self, category: str = "cs.CL", day: date = TUESDAY) -> AnnouncementState | None:
        """Return the state that is stored of an announcement."""
        found = await self.online.reading.announcements.load(category, day)
        return found.state if found is not None else None


@dataclass
class Workday:
    """What stays when a process ends: both services, the clock, the database, the rooms."""

    path: Path
    world: NovemberWorld
    arxiv: LoopbackArxiv
    discord: LoopbackDiscord
    clock: Wall
    rooms: list[Channel]
    settings: dict[str, Any] = field(default_factory=dict)

    def reach(self, at: datetime | None) -> None:
        """Let time pass until `at`, in the services as well."""
        if at is not None:
            self.clock.reach(at)
        self.world.set_now(self.clock.truth())
        self.discord.clock.advance(max(0.0, (self.clock.truth() - self.discord.clock.now()).total_seconds()))

    @asynccontextmanager
    async def process(self, **arxiv: Any) -> AsyncIterator[Bot]:
        """Start a process; `arxiv` are settings of that group."""
        interfaces = ("list", "feed", "api", "oai", "html", "pdf")
        addresses = {f"{name}_url": getattr(self.arxiv, f"{name}_url") for name in interfaces}
        settings = Settings(
            _env_file=None,
            data_dir=self.path.parent,
            database={"url": f"sqlite:///{self.path}"},
            arxiv={**addresses, "deadline": 30.0, **arxiv},
            **self.settings,
        )
        patient = PatientWall(self.clock)
        async with (
            open_online_services(settings, clock=self.clock, spacing_clock=self.clock, with_model=True) as online,
            logged_in(self.discord) as client,
            hold_lease(LeaseStore(online.reading.database), patient, lock_dir=self.path.parent) as lease,
        ):
            reading = online.reading
            planner = Planner(
                reading.announcements,
                reading.briefing,
                reading.subscriptions,
                reading.outbox,
                DeliveryHistory(reading.database),
                reading.topics.load_many,
                CALENDAR,
                self.clock,
                bot_id=self.discord.world.bot.id,
                cutoff=timedelta(hours=settings.arxiv.cutoff_hours),
                patience=settings.llm.patience,
                translator=reading.translator,
                opinions=OpinionStore(reading.database),
            )
            pacer = Pacer(patient, rate=45.0)
            sender = Sender(
                reading.outbox,
                reading.subscriptions,
                DiscordWire(client, pacer),
                patient,
                lease=lease,
                pacer=pacer,
                on_recovered=planner.reconsider,
            )
            runner = Runner(
                online.ingest,
                planner,
                reading.announcements,
                reading.subscriptions,
                reading.topics.load_many,
                CALENDAR,
                self.clock,
                wake=asyncio.Event(),
            )
            yield Bot(self, online, runner, sender)

    async def subscribe(self, bot: Bot, room: int = 0, topic: str = "cs-cl", **wish: Any) -> None:
        """Subscribe a room now, or when `wish` says."""
        values: dict[str, Any] = {"created_by": 1, "created_at": self.clock.now(), **wish}
        channel = self.rooms[room]
        one = Subscription(guild_id=channel.guild_id or 0, channel_id=channel.id, topic=TopicKey(topic), **values)
        await bot.online.reading.subscriptions.save(one)

    def posts(self, room: int = 0) -> list[dict[str, Any]]:
        """Return the messages of a room, oldest first."""
        return self.discord.messages(self.rooms[room].id)

    def shown(self, room: int = 0) -> list[str]:
        """Return the identifiers of the papers in a room's messages, in order."""
        links = [embed.get("url", "") for message in self.posts(room) for embed in message["embeds"]]
        return [link.rpartition("/")[2] for link in links if link]

    def said(self, room: int = 0) -> str:
        """Return all that stands in a room."""
        parts = []
        for message in self.posts(room):
            parts.append(message["content"])
            for embed in message["embeds"]:
                parts += [embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", "")]
        return "\n".join(parts)

    def ids(self, category: str = "cs.CL", day: date = TUESDAY) -> set[str]:
        """Return what a brief of that day may show."""
        entries = self.world.announced(day)[category]
        return {one.paper.arxiv_id for one in entries if one.announce_type.deliverable}

    def asked(self, prefix: str = "/") -> int:
        """Return how many requests arXiv has answered, or broken off, under an address."""
        return sum(one.path.startswith(prefix) for one in self.arxiv.log)


@asynccontextmanager
async def open_workday(path: Path, start: datetime = OUT, **settings: Any) -> AsyncIterator[Workday]:
    """Serve both services from `start` on; the database is at `path`, and the server has three rooms."""
    world = NovemberWorld()
    world.set_now(start)
    async with LoopbackDiscord(clock=ServerClock(start)) as discord, LoopbackArxiv(world) as arxiv:
        guild = discord.world.add_guild("Lab")
        rooms = [discord.world.add_channel(guild.id, name) for name in ("papers", "agents", "reading")]
        yield Workday(path, world, arxiv, discord, Wall(start), rooms, settings)
        assert discord.front.unknown == []
