"""What the running bot finds out about itself, wired as the running bot has it, on both engines."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import open_services
from bot.app_health import build_finder
from bot.delivery import TopicKey
from bot.health.checks import judge, problems
from bot.health.facts import GatewayStanding
from bot.health.heart import Heart
from bot.model import Topic
from bot.services import Services
from bot.settings import BriefSettings, DatabaseSettings, Settings
from tests.store.samples import MONDAY, make_fetched, make_paper, save
from tests.unit.deliver.samples import CHANNEL, GUILD, make_subscription
from tests.unit.pipeline.fakes import FixedClock

OVERDUE = datetime(2026, 5, 12, 21, tzinfo=UTC)
"""Hours after the cut-off of Tuesday's announcement."""

BUILT_IN, OWN = TopicKey("llm"), TopicKey("ours", GUILD)
BEHIND = ["ingest: the announcement of 2026-05-12 was not asked for: cs.CL"]


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[tuple[Services, Callable[[], Awaitable[list[str]]]]]:
    """Yield the services of a bot that has read Monday's cs.CL, and what tells what is wrong with its reading."""
    async with open_services(settings, clock=FixedClock(OVERDUE)) as services:
        await save(services.announcements, make_fetched([make_paper()], announced_on=MONDAY))

        async def look() -> list[str]:
            heart = Heart(settings.data_dir, services.clock)
            finder = build_finder(settings, services, heart, lambda: GatewayStanding(1, 1, 0.1))
            return [line for line in problems(judge(await finder.find())) if line.startswith("ingest")]

        yield services, look


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    another = BriefSettings(categories=("hep-th",))
    database = DatabaseSettings(url=database_url)
    return Settings(_env_file=None, data_dir=tmp_path, brief=another, database=database)


@pytest.mark.parametrize("topic", [BUILT_IN, OWN])
async def test_a_category_is_behind_for_as_long_as_somebody_wants_it(topic: TopicKey, settings: Settings) -> None:
    async with running(settings) as (services, look):
        await services.guild_topics.save(Topic(OWN.slug, {"en": "Ours"}, ("cs.CL",), guild_id=GUILD))
        assert await look() == [], "read by hand, and wanted by nobody"
        await services.subscriptions.save(make_subscription(topic=topic))
        assert await look() == BEHIND
        await services.subscriptions.delete(CHANNEL, topic)
        assert await look() == [], "it is not read any more, and nothing is wrong with that"


async def test_what_the_settings_name_is_wanted(settings: Settings) -> None:
    async with running(settings.model_copy(update={"brief": BriefSettings(categories=("cs.CL",))})) as (_, look):
        assert await look() == BEHIND


async def test_a_category_that_was_not_read_for_weeks_is_behind_all_the_more(settings: Settings) -> None:
    async with running(settings) as (services, look):
        await services.subscriptions.save(make_subscription(topic=BUILT_IN))
        services.clock.instant += timedelta(days=21)  # type: ignore[attr-defined]  # the clock given above
        assert await look() == ["ingest: the announcement of 2026-06-02 was not asked for: cs.CL"]
