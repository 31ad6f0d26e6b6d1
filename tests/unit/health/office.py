"""A watchman at work on a real database, with facts that a test changes."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.delivery import Delivery, DeliveryKind, Halt
from bot.health.facts import Facts
from bot.health.report import Report, load_report
from bot.health.watchman import Watchman
from bot.store.conditions import ConditionStore
from bot.store.engine import Database
from bot.store.health import HealthStore
from bot.store.outbox import Outbox
from bot.store.report import ReportStore
from tests.unit.health.samples import STORED, facts
from tests.unit.pipeline.fakes import FixedClock

CHANNEL, BOT = 4242, 900
MINUTE = timedelta(minutes=1)


@dataclass
class Office:
    """A watchman, and what it sees and says."""

    db: Database
    clock: FixedClock
    language: str = "en"
    woken: int = 0
    halts: Callable[[], Collection[Halt]] = set

    def __post_init__(self) -> None:
        self.facts: Facts = facts()
        self.man = self.hire()

    def hire(self) -> Watchman:
        """Return a new one, as after a restart."""
        reports = ReportStore(self.db)

        async def report(first: datetime, until: datetime) -> Report | None:
            if not await reports.has_history(until):
                return None
            return await load_report(reports, first, until, self.clock.now())

        return Watchman(
            self.look,
            ConditionStore(self.db),
            HealthStore(self.db),
            Outbox(self.db),
            report,
            self.clock,
            wake=self.wake,
            halts=lambda: self.halts(),
            bot_id=BOT,
            channel_id=CHANNEL,
            language=self.language,
            currency="$",
        )

    def wake(self) -> None:
        """Count that the sender was woken."""
        self.woken += 1

    async def look(self) -> Facts:
        """Return the facts of this moment."""
        return replace(self.facts, now=self.clock.now())

    def see(self, **stored: Any) -> None:
        """Change what is stored."""
        self.facts = facts(stored=replace(STORED, **stored))

    async def tick(self, times: int = 1) -> None:
        """Let the watchman look around, a minute apart."""
        for _ in range(times):
            await self.man.run()
            self.clock.instant += MINUTE

    async def notices(self) -> list[Delivery]:
        """Return the notices in the outbox, oldest first."""
        parts = await Outbox(self.db).load_for_channel(CHANNEL)
        assert all(one.kind is DeliveryKind.NOTICE for one in parts)
        return parts[::-1]

    async def said(self) -> list[str]:
        """Return what the notices say, oldest first."""
        return [one.payload["content"] for one in await self.notices()]
