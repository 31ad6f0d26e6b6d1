"""Killed before or after any write of the planner, a restart plans what is left, and nothing twice."""

import shutil
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.delivery import DeliveryKind, PlannedDelivery, TopicKey
from bot.errors import DatabaseBusy
from bot.pipeline.planning import Planner
from bot.store.delivery_history import DeliveryHistory, PlannedBrief
from tests.unit.pipeline.planning_world import BOT, CALENDAR, CUTOFF, World, at_nine, open_world


class Killed(DatabaseBusy):
    """Stands for the end of the process: nothing may catch it."""


class Writes:
    """The planner's writes, which end with `Killed` before or after the one of that number."""

    def __init__(self, world: World, *, at: int | None, after: bool) -> None:
        self._world = world
        self._history = DeliveryHistory(world.database)
        self._at = at
        self._after = after
        self.count = 0

    async def plan(self, planned: PlannedDelivery, *, bot_id: int, now: datetime) -> bool:
        """Plan, or be killed."""
        self._step(after=False)
        done = await self._world.outbox.plan(planned, bot_id=bot_id, now=now)
        self._step(after=True)
        return done

    async def skip(self, planned: PlannedDelivery, *, bot_id: int, reason: str, now: datetime) -> bool:
        """Note a skip, or be killed."""
        self._step(after=False)
        done = await self._history.skip(planned, bot_id=bot_id, reason=reason, now=now)
        self._step(after=True)
        return done

    async def load_kinds(
        self, channel_ids: Collection[int], since: date
    ) -> Mapping[tuple[int, TopicKey], Mapping[date, frozenset[DeliveryKind]]]:
        """Read."""
        return await self._history.load_kinds(channel_ids, since)

    async def load_brief(self, channel_id: int, topic: TopicKey, announced_on: date) -> PlannedBrief | None:
        """Read."""
        return await self._history.load_brief(channel_id, topic, announced_on)

    def _step(self, *, after: bool) -> None:
        if after == self._after:
            self.count += 1
            if self.count == self._at:
                raise Killed("killed")


def make_planner(world: World, writes: Writes) -> Planner:
    return Planner(
        world.announcements,
        world.briefing,
        world.subscriptions,
        writes,
        writes,
        world.load_topics,
        CALENDAR,
        world.clock,
        bot_id=BOT,
        cutoff=CUTOFF,
    )


async def prepare(world: World) -> None:
    """Bring a world to a morning with a missed day, late ones, an incomplete one and a quiet one to plan."""
    nine = at_nine()
    await world.subscribe(1, "both", **nine)
    await world.subscribe(2, "nothing", **nine, quiet_line=True)
    await world.subscribe(3, "nothing", **nine)
    await world.subscribe(4, "vision", **nine)
    await world.run_until("2026-08-12 12:00")
    world.arxiv.delays["cs.CV", date(2026, 8, 19)] = timedelta(days=30)
    world.clock.instant = datetime(2026, 8, 19, 6, tzinfo=UTC)
    await world.runner.poll()


async def ledger(world: World) -> list[tuple[object, ...]]:
    """Return what was planned, without its order."""
    return sorted(
        (row.channel_id, str(row.announced_on), row.kind.value, row.part, row.state.value, str(row.payload))
        for row in await world.rows()
    )


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_every_write_the_ledger_ends_the_same(sqlite_path: Path, after: bool) -> None:
    context, world = await open_world(sqlite_path, "2026-08-11 23:00")
    await prepare(world)
    await context.__aexit__(None, None, None)

    async def run(number: int, writes_at: int | None) -> tuple[int, list[tuple[object, ...]]]:
        path = sqlite_path.with_name(f"killed-{number}.sqlite3")
        shutil.copyfile(sqlite_path, path)
        context, world = await open_world(path, "2026-08-19 07:10")
        writes = Writes(world, at=writes_at, after=after)
        try:
            if writes_at is None:
                await make_planner(world, writes).plan_due()
            else:
                with pytest.raises(Killed):
                    await make_planner(world, writes).plan_due()
                for _ in range(2):
                    world.restart()
                    await world.planner.plan_due()
            return writes.count, await ledger(world)
        finally:
            await context.__aexit__(None, None, None)

    steps, expected = await run(0, None)
    assert steps >= 8
    for step in range(1, steps + 1):
        assert (await run(step, step))[1] == expected, step
