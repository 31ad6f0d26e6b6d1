"""The sample day in a real database, channels subscribed to it, and a real model client against the loopback server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.app import open_services
from bot.delivery import Subscription, TopicKey
from bot.demo.sample import load_sample_world
from bot.model import AnnouncementState, Brief, Counts, FetchedAnnouncement, SourceName
from bot.pipeline.planning import Planner, PlanReport
from bot.services import Services
from bot.settings import Settings
from bot.sources.calendar import load_calendar
from bot.store.announcements import AnnouncementStore
from bot.store.delivery_history import DeliveryHistory
from bot.store.engine import Database
from bot.store.opinions import OpinionStore
from bot.store.schema import delivery
from tests.unit.llm.fakes import JumpClock
from tests.wire.openai_server import OpenAIServer

DAY = load_sample_world().announced_on
MORNING = datetime(2026, 11, 17, 9, tzinfo=UTC)
TOPIC = "cs-cl"
KEY = "sk-canary-77d0a1"


class DayClock(JumpClock):
    """The morning of the sample day; waits are over at once."""

    def now(self) -> datetime:
        """Return the instant."""
        return MORNING + timedelta(seconds=self.seconds)


async def fill(path: Path, clock: DayClock) -> None:
    """Store the sample day."""
    world = load_sample_world()
    async with Database.open(f"sqlite:///{path}", clock=clock) as database:
        for category, papers in world.announced(DAY).items():
            kinds = {one.announce_type for one in papers}
            shown = Counts.of({kind: sum(one.announce_type is kind for one in papers) for kind in kinds})
            fetched = FetchedAnnouncement(category, DAY, SourceName.LISTING, tuple(papers), shown)
            await AnnouncementStore(database).save_fetched(
                fetched, state=AnnouncementState.FRESH, fetched_at=MORNING, late=False, reason=None
            )


@dataclass(frozen=True)
class ModelDay:
    """A process on that day."""

    services: Services
    server: OpenAIServer
    settings: Settings

    async def subscribe(self, channel_id: int, language: str = "en", topic: str = TOPIC, **more: Any) -> None:
        """Subscribe a channel a day ago."""
        made_at = MORNING - timedelta(days=1)
        wish: dict[str, Any] = {"created_by": 1, "created_at": made_at, "state_since": made_at, "language": language}
        await self.services.subscriptions.save(
            Subscription(guild_id=7, channel_id=channel_id, topic=TopicKey(topic), **(wish | more))
        )

    async def plan(self) -> PlanReport:
        """Plan what is due, as a process that has just started."""
        reading = self.services
        return await Planner(
            reading.announcements,
            reading.briefing,
            reading.subscriptions,
            reading.outbox,
            DeliveryHistory(reading.database),
            reading.topics.load_many,
            load_calendar(None),
            reading.clock,
            bot_id=30,
            cutoff=timedelta(hours=4),
            patience=self.settings.llm.patience,
            translator=reading.translator,
            opinions=OpinionStore(reading.database),
        ).plan_due()

    async def posted(self, channel_id: int) -> dict[str, Any]:
        """Return the message that was planned for the channel."""
        async with self.services.database.read() as connection:
            query = sa.select(delivery.c.payload).where(delivery.c.channel_id == channel_id)
            return dict((await connection.scalars(query)).one())

    async def brief(self, language: str = "en") -> Brief:
        """Return the brief that was posted."""
        found = await self.services.briefing.posted(self.services.catalogue[TOPIC], DAY, language)
        assert found is not None
        return found


@asynccontextmanager
async def open_day(
    path: Path, server: OpenAIServer, brief: dict[str, Any] | None = None, **llm: Any
) -> AsyncIterator[ModelDay]:
    """Open services whose model is at `server`; `llm` and `brief` are settings."""
    values = {
        "base_url": server.url,
        "model": "small",
        "api_key": KEY,
        "input_price": "0.4",
        "output_price": "1.6",
        "timeout": 5.0,
        **llm,
    }
    settings = Settings(
        _env_file=None, data_dir=path.parent, database={"url": f"sqlite:///{path}"}, llm=values, brief=brief or {}
    )
    async with open_services(settings, clock=DayClock(), with_model=True) as services:
        yield ModelDay(services, server, settings)
