"""Clocks jump, zones change, the bot was away, the event loop stands still: how often a brief stands (T1 to T4)."""

import re
import time as machine_time
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.schedule import Schedule
from tests.faults.workday import CALENDAR, DAYS, OUT, TUESDAY, Bot, Workday, open_workday

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY, WEDNESDAY = (DAYS[DAYS.index(TUESDAY) + offset] for offset in (-1, 1))


@pytest.mark.fault("T1")
@pytest.mark.parametrize(
    "by", [DAY, -HOUR, datetime(1970, 1, 1, tzinfo=UTC) - OUT], ids=["day on", "hour back", "1970"]
)
async def test_a_clock_that_jumps_makes_neither_a_burst_nor_a_long_wait(workday: Workday, by: timedelta) -> None:
    async with workday.process() as bot:
        await workday.subscribe(bot)
        await bot.tick()
        assert set(workday.shown()) == workday.ids()
        workday.clock.slept.clear()
        workday.clock.jump(by)
        asked = workday.asked()
        for minutes in range(1, 11):
            await bot.tick(OUT + timedelta(minutes=minutes))
        assert workday.asked() <= asked + 5, "no burst at arXiv"
        assert sum(workday.clock.slept) <= 60, "no wait as long as the jump"
        assert len(workday.posts()) == 1, "no burst in the channel"
        workday.clock.jump(-by)
        await bot.tick(OUT + HOUR)
        await bot.work_until(OUT + DAY + HOUR, HOUR)
    assert len(workday.posts()) == 2
    assert set(workday.shown()) == workday.ids() | workday.ids(day=WEDNESDAY)


def briefed(workday: Workday, room: int) -> Counter[str]:
    """Return how many messages a room has about each date."""
    heads = [post["content"].partition("\n")[0] for post in workday.posts(room)]
    return Counter(found[0] for head in heads if (found := re.search(r"\w{3} \d+ \w{3} \d{4}", head)))


CHANGES = {
    "New York goes back": (date(2026, 10, 30), "America/New_York", time(1, 30)),
    "New York goes on": (date(2027, 3, 12), "America/New_York", time(2, 30)),
    "Lord Howe goes on by half an hour": (date(2026, 10, 2), "Australia/Lord_Howe", time(2, 15)),
    "a zone that no machine knows": (date(2026, 11, 13), "Mars/Olympus_Mons", time(9)),
}


@pytest.mark.fault("T2")
@pytest.mark.parametrize(("friday", "zone", "wanted"), CHANGES.values(), ids=CHANGES)
async def test_each_announcement_is_briefed_once_whatever_the_zone_does(
    sqlite_path: Path, friday: date, zone: str, wanted: time
) -> None:
    start = CALENDAR.release(friday) + HOUR / 2
    async with open_workday(sqlite_path, start) as workday, workday.process() as bot:
        await workday.subscribe(bot, 0, post_time=wanted, zone=zone)
        await workday.subscribe(bot, 1, post_time=time(9), zone="Europe/Berlin")
        await bot.work_until(start + 5 * DAY, 2 * HOUR)
        expected = CALENDAR.between(friday, friday + 5 * DAY)
        for room in (0, 1):
            counts = briefed(workday, room)
            assert set(counts.values()) == {1}
            for day in expected[:3]:
                assert f"{day:%a} {day.day} {day:%b %Y}" in counts


@pytest.mark.fault("T3")
@pytest.mark.parametrize(
    ("back", "late", "missed"),
    [(timedelta(hours=1), 1, 0), (timedelta(days=3), 2, 1), (timedelta(weeks=3), 2, 13)],
    ids=["an hour", "three days", "three weeks"],
)
async def test_what_was_missed_is_late_briefs_and_one_line(
    sqlite_path: Path, back: timedelta, late: int, missed: int
) -> None:
    """Wanted at nine; down from a quarter to nine on Tuesday."""
    down = datetime(2026, 11, 17, 8, 45, tzinfo=UTC)
    async with open_workday(sqlite_path, OUT - DAY) as workday:
        async with workday.process() as bot:
            await workday.subscribe(bot, post_time=time(9))
            await bot.work_until(down, HOUR)
            assert len(workday.posts()) == 1
        async with workday.process() as again:
            await again.tick(down + back + HOUR)
            await again.work_until(down + back + 3 * HOUR, HOUR)
        posts = workday.posts()[1:]
        lines = [post["content"].partition("\n")[0] for post in posts]
        labelled = [line for line in lines if "late" in line]
        digest = [post for post in posts if "· missed" in post["content"].partition("\n")[0]]
        assert len(labelled) == late
        assert len(digest) == (1 if missed else 0)
        assert len(posts) <= late + len(digest) + 1, "no burst"
        if missed > 1:
            assert f"{missed} briefs could not be posted in time." in digest[0]["content"]
        shown = workday.shown()
        assert len(shown) == len(set(shown))


@pytest.mark.fault("T4")
async def test_a_loop_that_stood_still_looks_at_everything_at_its_next_tick(workday: Workday) -> None:
    async def tick(bot: Bot) -> None:
        await bot.tick()

    async with workday.process() as bot:
        await bot.tick()
        schedule = Schedule({"tick": lambda: tick(bot)}, seconds=0.2)
        schedule.start()
        try:
            await workday.subscribe(bot)
            # Longer than the second within which APScheduler by itself would still let a late run go. The loop truly
            # stands still: this blocks the thread.
            machine_time.sleep(1.3)  # noqa: ASYNC251  # the fault
            await workday.discord.until(lambda: workday.posts(), 10.0)
        finally:
            await schedule.stop()
    assert len(workday.posts()) == 1
    assert set(workday.shown()) == workday.ids()
