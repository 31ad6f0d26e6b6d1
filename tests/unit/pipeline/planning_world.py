"""A bot at work without Discord: real stores, an arXiv that announces as time goes on, and a clock that is moved."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.delivery import DeliveryKind, DeliveryState, Subscription, TopicKey
from bot.digest.rank import CompositeRanker
from bot.model import Brief, FetchedAnnouncement, Topic
from bot.pipeline.briefing import Briefing
from bot.pipeline.evidence import Evidences
from bot.pipeline.ingest import Ingest
from bot.pipeline.patience import Patience
from bot.pipeline.planning import Planner
from bot.pipeline.running import Runner, TickReport
from bot.sources.calendar import load_calendar
from bot.sources.oai import OaiRecord
from bot.store.announcements import AnnouncementStore
from bot.store.briefs import BriefStore
from bot.store.delivery_history import DeliveryHistory
from bot.store.engine import Database
from bot.store.opinions import OpinionStore
from bot.store.outbox import Outbox
from bot.store.papers import PaperStore
from bot.store.schema import delivery
from bot.store.subscriptions import SubscriptionStore
from tests.unit.pipeline.fakes import FakeArxiv, FixedClock, make_page, make_record

GUILD, ADMIN, BOT = 10, 20, 30
CUTOFF = timedelta(hours=4)
HOUR = timedelta(hours=1)
CALENDAR = load_calendar(None)

TOPICS = {
    one.slug: one
    for one in (
        Topic("language", {"en": "Language", "zh-CN": "语言"}, ("cs.CL",)),
        Topic("vision", {"en": "Vision"}, ("cs.CV",)),
        Topic("both", {"en": "Both"}, ("cs.CL", "cs.CV")),
        Topic("nothing", {"en": "Nothing"}, ("cs.CL",), query="zebrafish"),
        Topic("broken", {"en": "Broken"}, ("cs.CL",), query="((("),
    )
}


class MovingArxiv(FakeArxiv):
    """Announces three papers a category and day, 20 minutes after the release, unless told otherwise."""

    def __init__(self, clock: FixedClock, categories: Iterable[str] = ("cs.CL", "cs.CV")) -> None:
        super().__init__()
        self._clock = clock
        self._categories = tuple(categories)
        self.delays: dict[tuple[str, date], timedelta] = {}
        self.deferred: set[date] = set()
        self.oai_down = False

    def ids(self, category: str, announced_on: date) -> list[str]:
        """Return what is announced in a category on a day: rising ids."""
        number = announced_on.timetuple().tm_yday * 100 + self._categories.index(category) * 10
        return [f"{announced_on:%y%m}.{number + place:05}" for place in range(3)]

    def newest(self, category: str) -> date:
        """Return the date of the page that is up."""
        day = self._clock.instant.date() + timedelta(days=1)
        while not self._is_out(category, day):
            day -= timedelta(days=1)
        return day

    def _is_out(self, category: str, day: date) -> bool:
        if not CALENDAR.is_announcement_day(day) or day in self.deferred:
            return False
        delay = self.delays.get((category, day), timedelta(minutes=20))
        return CALENDAR.release(day) + delay <= self._clock.instant

    async def fetch(self, categories: Any) -> Any:
        """Answer as the listing does for a name; there is no feed."""
        if isinstance(categories, str):
            self.asked.append(("listing", categories))
            day = self.newest(categories)
            return make_page(categories, day, self.ids(categories, day))
        return await super().fetch(categories)

    async def fetch_category(self, category: str) -> FetchedAnnouncement:
        """There is no feed."""
        return await super().fetch_category(category)

    async def fetch_records(self, category: str, first: date, last: date) -> list[OaiRecord]:
        """Answer as OAI-PMH, which has everything a day after its release."""
        self.asked.append(("oai", category))
        if self.oai_down:
            return await super().fetch_records("down", first, last)
        days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
        return [
            make_record(arxiv_id, day, category)
            for day in days
            if CALENDAR.is_announcement_day(day) and day not in self.deferred
            if CALENDAR.release(day) + timedelta(hours=23) <= self._clock.instant or self._is_out(category, day)
            for arxiv_id in self.ids(category, day)
        ]


class CountingBriefing(Briefing):
    """Remembers how often and for what it was asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calls: list[tuple[tuple[str, ...], date, int, str]] = []

    async def briefs(
        self, topics: Any, announced_on: date, *, max_papers: int, language: str = "en", editions: Any = None
    ) -> list[Brief]:
        """Make them."""
        self.calls.append((tuple(topic.slug for topic in topics), announced_on, max_papers, language))
        return await super().briefs(topics, announced_on, max_papers=max_papers, language=language, editions=editions)

    async def briefs_to_post(
        self,
        topics: Any,
        announced_on: date,
        *,
        max_papers: int,
        language: str,
        patience: Patience,
        editions: Any = None,
    ) -> list[Brief]:
        """Make them for posting."""
        self.calls.append((tuple(topic.slug for topic in topics), announced_on, max_papers, language))
        return await super().briefs_to_post(
            topics, announced_on, max_papers=max_papers, language=language, patience=patience, editions=editions
        )


class World:
    """Everything but Discord; `restart` is what a new process would hold."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self.database = database
        self.clock = clock
        self.arxiv = MovingArxiv(clock)
        self.announcements = AnnouncementStore(database)
        self.subscriptions = SubscriptionStore(database)
        self.outbox = Outbox(database)
        self.opinions = OpinionStore(database)
        self.wake = asyncio.Event()
        self.topic_loads = 0
        self.restart()

    def restart(self) -> None:
        """Forget everything that is not in the database."""
        self.briefing = CountingBriefing(
            self.announcements,
            BriefStore(self.database),
            ranker=CompositeRanker(),
            calendar=CALENDAR,
            clock=self.clock,
            evidences=Evidences(BriefStore(self.database), self.opinions),
        )
        self.planner = Planner(
            self.announcements,
            self.briefing,
            self.subscriptions,
            self.outbox,
            DeliveryHistory(self.database),
            self.load_topics,
            CALENDAR,
            self.clock,
            bot_id=BOT,
            cutoff=CUTOFF,
            opinions=self.opinions,
        )
        ingest = Ingest(
            self.announcements,
            PaperStore(self.database),
            listing=self.arxiv,
            feed=self.arxiv,
            api=self.arxiv,
            oai=self.arxiv,
            client=self.arxiv,
            calendar=CALENDAR,
            clock=self.clock,
            cutoff=CUTOFF,
        )
        self.runner = Runner(
            ingest,
            self.planner,
            self.announcements,
            self.subscriptions,
            self.load_topics,
            CALENDAR,
            self.clock,
            wake=self.wake,
        )

    async def load_topics(self, keys: Collection[TopicKey]) -> dict[TopicKey, Topic]:
        """Return built-in topics, however many at once; count how often it was asked."""
        self.topic_loads += 1
        return {key: TOPICS[key.slug] for key in keys if key.slug in TOPICS}

    async def subscribe(self, channel_id: int, slug: str, **changes: Any) -> Subscription:
        """Subscribe a channel now."""
        one = Subscription(
            **{
                "guild_id": GUILD,
                "channel_id": channel_id,
                "topic": TopicKey(slug),
                "created_by": ADMIN,
                "created_at": self.clock.instant,
                **changes,
            }
        )
        await self.subscriptions.save(one)
        return one

    async def at(self, instant: str | datetime) -> TickReport:
        """Set the clock and tick once. A text is an instant in UTC, "2026-08-12 07:00"."""
        moment = datetime.fromisoformat(instant).replace(tzinfo=UTC) if isinstance(instant, str) else instant
        self.clock.instant = moment
        report = await self.runner.tick()
        assert report.plan is not None
        return report

    async def run_until(self, end: str | datetime, step: timedelta = HOUR) -> None:
        """Tick in steps until `end`, inclusive; planned twice each time, to see that nothing is done twice."""
        last = datetime.fromisoformat(end).replace(tzinfo=UTC) if isinstance(end, str) else end
        while self.clock.instant < last:
            await self.at(min(last, self.clock.instant + step))
            again = await self.runner.plan()
            assert again is not None
            assert not again.planned
            assert not again.errors

    async def rows(self, channel_id: int | None = None) -> list[Any]:
        """Return the ledger's rows, in the order of planning."""
        query = sa.select(delivery).order_by(delivery.c.delivery_id)
        if channel_id is not None:
            query = query.where(delivery.c.channel_id == channel_id)
        async with self.database.read() as connection:
            return list(await connection.execute(query))

    async def log(self, channel_id: int) -> list[str]:
        """Return what a channel was given, one line a delivery: "brief 2026-08-12 at 08-12 07:00"; skipped in ()."""
        found = []
        for row in await self.rows(channel_id):
            if row.part == 0:
                line = f"{row.kind.value} {row.announced_on} at {row.created_at:%m-%d %H:%M}"
                found.append(f"({line})" if row.state is DeliveryState.SKIPPED else line)
        return found

    async def contents(self, channel_id: int) -> list[str]:
        """Return the contents of a channel's messages."""
        return [row.payload["content"] for row in await self.rows(channel_id) if "content" in row.payload]

    async def endings(self, channel_id: int) -> dict[date, list[DeliveryKind]]:
        """Return how each date ended: as a brief, quietly (said or not), or in a line about missed ones."""
        found: defaultdict[date, list[DeliveryKind]] = defaultdict(list)
        for row in await self.rows(channel_id):
            if row.part == 0 and row.kind in (DeliveryKind.BRIEF, DeliveryKind.QUIET, DeliveryKind.MISSED):
                found[row.announced_on].append(row.kind)
        return dict(found)


async def open_world(path: Path, now: str) -> tuple[Any, World]:
    """Return an opened database's context and a world at that instant."""
    clock = FixedClock(datetime.fromisoformat(now).replace(tzinfo=UTC))
    context = Database.open(f"sqlite:///{path}", clock=clock)
    return context, World(await context.__aenter__(), clock)


def at_nine() -> dict[str, Any]:
    """Return the wish for 09:00 in Berlin."""
    return {"post_time": time(9), "zone": "Europe/Berlin"}
