"""The composition root's part about health: the heart that beats from the first moment to the last."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.clock import Clock
from bot.health.heart import Heart
from bot.settings import Settings


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
