"""From what an admin types to the instant of the post, on the days on which clocks are changed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cogs._shared.inputs import parse_time, parse_zone
from tests.unit.pipeline.planning_world import open_world

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("typed", "zone", "announced_on", "posted"),
    [
        # Half past one comes twice in New York; the first is meant. Nothing is announced on Sundays.
        pytest.param("01:30", "new york", "quiet 2026-11-01", "2026-11-01 05:30", id="new-york-back-repeated"),
        pytest.param("9", "America/New_York", "brief 2026-10-30", "2026-10-30 13:00", id="new-york-before"),
        pytest.param("9", "America/New_York", "brief 2026-11-02", "2026-11-02 14:00", id="new-york-back-after"),
        # Half past two does not come; it is as much later as the clocks jump.
        pytest.param("2:30", "new york", "quiet 2027-03-14", "2027-03-14 07:30", id="new-york-on-skipped"),
        pytest.param("9:00", "New_York", "brief 2027-03-15", "2027-03-15 13:00", id="new-york-on-after"),
        # Half an hour of summer time: 02:15 is skipped on 4 October 2026, 01:45 comes twice on 4 April 2027.
        pytest.param("0215", "lord_howe", "quiet 2026-10-03", "2026-10-03 15:45", id="lord-howe-on-skipped"),
        pytest.param("01:45", "lord_howe", "quiet 2027-04-03", "2027-04-03 14:45", id="lord-howe-back-repeated"),
        # Santiago changes at midnight: half past twelve at night is skipped on 6 September 2026.
        pytest.param("00:30", "santiago", "quiet 2026-09-06", "2026-09-06 04:30", id="santiago-on-skipped"),
        pytest.param("08:00", "America/Santiago", "brief 2026-09-07", "2026-09-07 11:00", id="santiago-on-after"),
        # Europe changes a week before New York: the announcement comes an hour earlier by its clocks.
        pytest.param("09:00", "berlin", "brief 2026-10-26", "2026-10-26 08:00", id="berlin-back"),
    ],
)
async def test_the_post_comes_at_the_time_that_was_typed(
    sqlite_path: Path, typed: str, zone: str, announced_on: str, posted: str
) -> None:
    at = datetime.fromisoformat(posted).replace(tzinfo=UTC)
    context, world = await open_world(sqlite_path, f"{at - timedelta(days=2):%Y-%m-%d %H:%M}")
    try:
        await world.subscribe(1, "language", post_time=parse_time(typed), zone=parse_zone(zone), quiet_line=True)
        await world.run_until(at - timedelta(hours=2), timedelta(hours=4))
        await world.at(at - MINUTE)
        assert not any(line.startswith(announced_on) for line in await world.log(1))
        await world.at(at)
        assert f"{announced_on} at {at:%m-%d %H:%M}" in await world.log(1)
        world.restart()
        await world.run_until(at + timedelta(hours=3))
        assert sum(line.startswith(announced_on) for line in await world.log(1)) == 1, "a repeated hour repeats nothing"
    finally:
        await context.__aexit__(None, None, None)
