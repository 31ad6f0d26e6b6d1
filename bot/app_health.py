"""The composition root's part about health: a heart that beats from first to last, and the health port."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.clock import Clock
from bot.delivery import Delivery, DeliveryAction, DeliveryKind, Halt
from bot.health.facts import FactFinder, GatewayStanding
from bot.health.heart import Heart
from bot.health.meters import Meters
from bot.health.report import Report, load_report
from bot.health.watchman import Watchman
from bot.services import Services
from bot.settings import Settings
from bot.sources.calendar import load_calendar
from bot.store.conditions import ConditionStore
from bot.store.health import HealthStore
from bot.store.report import ReportStore

if TYPE_CHECKING:
    from bot.deliver.replies import Answer

_POSTING = frozenset({DeliveryAction.MESSAGE, DeliveryAction.FORUM_POST})


@asynccontextmanager
async def beating(settings: Settings, clock: Clock) -> AsyncIterator[Heart]:
    """Yield a heart that beats into DATA_DIR until the block ends, also while Discord does not let the bot in yet."""
    from bot.schedule import Schedule

    heart = Heart(settings.data_dir, clock)
    schedule = Schedule({"beat": heart.beat})
    schedule.start()
    try:
        yield heart
    finally:
        await schedule.stop()
        heart.stop()


def build_finder(
    settings: Settings, reading: Services, heart: Heart, gateway: Callable[[], GatewayStanding]
) -> FactFinder:
    """Return what finds the facts about the running bot."""

    async def categories() -> set[str]:
        topics = await reading.topics.load_many(await reading.subscriptions.load_topics())
        return {*settings.brief.categories, *(category for topic in topics.values() for category in topic.categories)}

    return FactFinder(
        HealthStore(reading.database),
        heart,
        reading.clock,
        gateway=gateway,
        model=reading.billing.standing,
        categories=categories,
        calendar=load_calendar(settings.arxiv.calendar),
        cutoff=timedelta(hours=settings.arxiv.cutoff_hours),
        directory=settings.data_dir,
    )


def build_watchman(
    settings: Settings,
    reading: Services,
    finder: FactFinder,
    *,
    bot_id: int,
    wake: Callable[[], None],
    halts: Callable[[], Collection[Halt]],
) -> Watchman | None:
    """Return who tells the owner; None where no channel is set for it."""
    channel_id = settings.discord.owner_channel
    if channel_id is None:
        return None
    reports, clock = ReportStore(reading.database), reading.clock

    async def report(first: datetime, until: datetime) -> Report | None:
        if not await reports.has_history(until):
            return None
        return await load_report(reports, first, until, clock.now())

    return Watchman(
        finder.find,
        ConditionStore(reading.database),
        HealthStore(reading.database),
        reading.outbox,
        report,
        clock,
        wake=wake,
        halts=halts,
        bot_id=bot_id,
        channel_id=channel_id,
        language=settings.discord.owner_language,
        currency=settings.llm.currency,
    )


@asynccontextmanager
async def health_port(settings: Settings, finder: FactFinder, meters: Meters) -> AsyncIterator[None]:
    """Answer on HEALTH__PORT until the block ends; without one, do nothing. Raises `SettingsError` if it is taken."""
    health = settings.health
    if health.port is None:
        yield
        return
    from bot.health.server import serving

    async with serving(finder, meters, host=health.host, port=health.port):
        yield


def metered_answers(meters: Meters) -> "Callable[[Answer, float], None]":
    """Return what counts each answer of Discord to the sender."""
    from bot.deliver.replies import Reply, limit_scope

    def count(answer: "Answer", seconds: float) -> None:
        status = answer.status if isinstance(answer, Reply) else None
        meters.discord_answered(status, limit_scope(answer), seconds)

    return count


def metered_deliveries(meters: Meters) -> Callable[[Delivery, datetime], None]:
    """Return what counts each message of a brief that was sent, and how late it was."""

    def count(one: Delivery, at: datetime) -> None:
        if one.kind is DeliveryKind.BRIEF and one.action in _POSTING:
            meters.delivered((at - one.due_at).total_seconds())

    return count
