"""Two weeks in three zones with everything that goes wrong: every date of every channel ends exactly once, in order."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.delivery import DeliveryKind
from tests.unit.pipeline.planning_world import CALENDAR, World, open_world

# Over New York's change of clocks (1 November) and Thanksgiving (26 November 2026, so nothing dated the 27th).
START, END = "2026-11-15 12:00", "2026-11-30 23:00"
FIRST, LAST = date(2026, 11, 13), date(2026, 11, 30)
STALLED = ("cs.CV", date(2026, 11, 18))
DEFERRED = date(2026, 11, 24)
"""A deferral that the calendar does not know."""

WISHES: dict[int, dict[str, Any]] = {
    1: {"post_time": time(9), "zone": "Europe/Berlin"},
    2: {"post_time": time(20, 5), "zone": "America/New_York", "quiet_line": True},
    3: {"post_time": time(7, 30), "zone": "Asia/Kolkata"},
    4: {"post_time": None},
    5: {"post_time": time(2, 15), "zone": "Australia/Lord_Howe"},
}
SLUGS = ("language", "vision", "both", "nothing")


@pytest.fixture
async def world(sqlite_path: Path) -> AsyncIterator[World]:
    context, world = await open_world(sqlite_path, START)
    try:
        yield world
    finally:
        await context.__aexit__(None, None, None)


async def check(world: World, channel_id: int, end: datetime) -> None:
    """Every announcement date whose time had come by `end` has one ending, and no other date has any."""
    endings: dict[tuple[str, date], list[DeliveryKind]] = {}
    missed: dict[str, list[date]] = {}
    for row in await world.rows(channel_id):
        if row.part:
            continue
        if row.kind is DeliveryKind.MISSED:
            missed.setdefault(row.topic_slug, []).append(row.announced_on)
        elif row.kind in (DeliveryKind.BRIEF, DeliveryKind.QUIET):
            endings.setdefault((row.topic_slug, row.announced_on), []).append(row.kind)
    for slug in SLUGS:
        for day in CALENDAR.between(FIRST, LAST):
            found = endings.pop((slug, day), [])
            in_line = [last for last in missed.get(slug, []) if day <= last]
            if CALENDAR.release(day) + timedelta(hours=25) > end:
                assert len(found) <= 1, (slug, day, found)
            else:
                assert len(found) == 1 or (not found and in_line), (channel_id, slug, day, found, missed)
    # What is left are the quiet lines of days without an announcement.
    assert all(kinds == [DeliveryKind.QUIET] for kinds in endings.values())
    assert all(day.weekday() >= 5 or day == date(2026, 11, 27) for _, day in endings)
    assert not endings or WISHES[channel_id].get("quiet_line")


@pytest.mark.parametrize("down", [None, timedelta(hours=1), timedelta(days=3), timedelta(weeks=3)])
async def test_every_date_of_every_channel_ends_exactly_once(world: World, down: timedelta | None) -> None:
    world.arxiv.delays[STALLED] = timedelta(days=30)
    world.arxiv.deferred.add(DEFERRED)
    for channel_id, wish in WISHES.items():
        for slug in SLUGS:
            await world.subscribe(channel_id, slug, **wish)
    end = datetime.fromisoformat(END).replace(tzinfo=UTC)
    if down is None:
        await world.run_until(end)
    else:
        # Down over the time at which most of a day's briefs are due.
        await world.run_until("2026-11-19 00:30")
        world.restart()
        up = world.clock.instant + down
        await world.at(up)
        end = max(end, up + timedelta(days=1))
        await world.run_until(end)
    lines = [row for row in await world.rows() if row.kind is DeliveryKind.MISSED]
    for channel_id in WISHES:
        if down is None or down < timedelta(weeks=1):
            await check(world, channel_id, end)
        for slug in SLUGS:
            mine = [row for row in lines if (row.channel_id, row.topic_slug) == (channel_id, slug)]
            assert len(mine) <= 1
    assert bool(lines) == (down is not None and down > timedelta(hours=48))
    await in_order(world)


async def in_order(world: World) -> None:
    """What was planned at one time for a channel and topic is due in the order of its dates."""
    groups: dict[tuple[int, str, datetime], list[tuple[datetime, date]]] = {}
    for row in await world.rows():
        if row.part == 0 and row.kind is not DeliveryKind.LATE:
            groups.setdefault((row.channel_id, row.topic_slug, row.created_at), []).append(
                (row.due_at, row.announced_on)
            )
    for found in groups.values():
        assert [day for _, day in sorted(found)] == sorted(day for _, day in found)


async def test_a_friday_that_was_deferred_unsaid_is_never_called_missed(world: World) -> None:
    friday = date(2026, 11, 20)
    world.arxiv.deferred.add(friday)
    await world.subscribe(1, "both", **WISHES[1])
    await world.subscribe(2, "language")
    # What came instead is seen on Sunday evening, more than 48 hours after the brief was wanted.
    await world.run_until("2026-11-24 12:00")
    for channel_id in (1, 2):
        found = await world.endings(channel_id)
        assert DeliveryKind.MISSED not in [kind for kinds in found.values() for kind in kinds]
        assert friday not in found
        assert found[date(2026, 11, 23)] == [DeliveryKind.BRIEF]
        assert f"waiting {friday} at 11-20 " in " ".join(await world.log(channel_id))


async def test_a_friday_of_which_nobody_ever_hears_is_called_missed_in_the_end(world: World) -> None:
    friday = date(2026, 11, 20)
    world.arxiv.deferred.add(friday)
    world.arxiv.oai_down = True
    await world.subscribe(1, "language")
    await world.run_until("2026-11-28 12:00")
    assert (await world.endings(1))[friday] == [DeliveryKind.MISSED]
