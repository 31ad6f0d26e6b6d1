"""A channel's own brief over the days: made where there is feedback, once a date, and shared again when forgotten."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.delivery import DeliveryKind, TopicKey
from bot.model import Edition
from bot.store.briefs import BriefStore
from bot.store.readers import ReaderStore
from bot.store.schema import brief
from tests.unit.pipeline.planning_world import GUILD, TOPICS, World, at_nine, open_world

NINE = at_nine()
TUESDAY, WEDNESDAY, THURSDAY = date(2026, 8, 11), date(2026, 8, 12), date(2026, 8, 13)
READER = 77


@pytest.fixture
async def world(sqlite_path: Path) -> AsyncIterator[World]:
    context, world = await open_world(sqlite_path, "2026-08-11 23:00")
    try:
        yield world
    finally:
        await context.__aexit__(None, None, None)


async def click(world: World, arxiv_id: str, value: int = 1, channel_id: int = 1, slug: str = "language") -> None:
    readers = ReaderStore(world.database)
    assert await readers.record_feedback(
        READER, GUILD, channel_id, TopicKey(slug), arxiv_id, value, world.clock.instant
    )


async def stored(world: World, announced_on: date) -> list[tuple[str, int]]:
    """Return (topic, channel) of the stored briefs of a date; channel 0 for the shared ones."""
    query = sa.select(brief.c.topic_slug, brief.c.channel_id).where(brief.c.announced_on == announced_on)
    async with world.database.read() as connection:
        return sorted((row.topic_slug, row.channel_id) for row in await connection.execute(query))


async def test_each_channel_gets_its_brief_once_and_only_one_of_them_its_own(world: World) -> None:
    for channel_id in (1, 2, 3):
        await world.subscribe(channel_id, "language", **NINE)
    await world.subscribe(1, "vision", **NINE)
    await world.run_until("2026-08-12 03:00")
    await click(world, world.arxiv.ids("cs.CL", WEDNESDAY)[0])
    await world.run_until("2026-08-12 12:00")
    for channel_id in (1, 2, 3):
        ended = await world.endings(channel_id)
        assert all(kinds.count(DeliveryKind.BRIEF) <= (2 if channel_id == 1 else 1) for kinds in ended.values())
        assert DeliveryKind.BRIEF in ended[WEDNESDAY]
    assert await stored(world, WEDNESDAY) == [("language", 0), ("language", 1), ("vision", 0)]
    # The briefs of a date are made in one go, whosever they are.
    made = [slugs for slugs, day, _, _ in world.briefing.calls if day == WEDNESDAY]
    assert sorted(slug for slugs in made for slug in slugs) == ["language", "language", "vision"]
    assert len(made) == 1


async def test_what_is_forgotten_before_the_next_day_leaves_the_shared_brief(world: World) -> None:
    await world.subscribe(1, "language", **NINE)
    await world.run_until("2026-08-12 03:00")
    await click(world, world.arxiv.ids("cs.CL", WEDNESDAY)[0])
    await world.run_until("2026-08-12 12:00")
    assert await stored(world, WEDNESDAY) == [("language", 1)]
    await ReaderStore(world.database).forget(READER)
    await world.run_until("2026-08-13 12:00")
    assert await stored(world, THURSDAY) == [("language", 0)]
    # What was posted stays.
    kept = await BriefStore(world.database).load_brief(TOPICS["language"], WEDNESDAY, "en", edition=Edition(GUILD, 1))
    assert kept is not None


async def test_a_restart_in_between_posts_nothing_twice(world: World) -> None:
    await world.subscribe(1, "language", **NINE)
    await world.run_until("2026-08-12 08:00")
    before = await world.log(1)
    await click(world, world.arxiv.ids("cs.CL", WEDNESDAY)[0], -1)
    world.restart()
    await world.run_until("2026-08-12 12:00")
    assert await world.log(1) == before
    assert await stored(world, WEDNESDAY) == [("language", 0)]


async def test_what_comes_late_follows_in_a_channel_with_its_own_brief_too(world: World) -> None:
    world.arxiv.delays["cs.CV", WEDNESDAY] = timedelta(hours=9)
    await world.subscribe(1, "both", **NINE)
    await world.run_until("2026-08-12 03:00")
    await click(world, world.arxiv.ids("cs.CL", WEDNESDAY)[0], -1, slug="both")
    await world.run_until("2026-08-12 14:00")
    kinds = [row.kind for row in await world.rows(1) if row.announced_on == WEDNESDAY and row.part == 0]
    assert kinds.count(DeliveryKind.BRIEF) == kinds.count(DeliveryKind.LATE) == 1
    posted = " ".join(str(row.payload) for row in await world.rows(1) if row.announced_on == WEDNESDAY)
    for arxiv_id in (*world.arxiv.ids("cs.CL", WEDNESDAY), *world.arxiv.ids("cs.CV", WEDNESDAY)):
        assert arxiv_id in posted
    edition = Edition(GUILD, 1)
    read = await world.briefing.posted(TOPICS["both"], WEDNESDAY, "en", edition)
    assert read is not None
    assert read.edition == edition
    assert {item.late for item in read.items} == {True, False}


async def test_the_shared_brief_is_read_where_a_channel_had_none_of_its_own(world: World) -> None:
    await world.subscribe(2, "language", **NINE)
    await world.run_until("2026-08-12 08:00")
    assert world.clock.instant == datetime(2026, 8, 12, 8, tzinfo=UTC)
    read = await world.briefing.posted(TOPICS["language"], WEDNESDAY, "en", Edition(GUILD, 1))
    assert read is not None
    assert read.edition is None
