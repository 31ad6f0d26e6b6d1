"""When a brief is due: every change of clocks, every zone; and when arXiv is asked."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.pipeline.due import due_at, due_instant, is_doubtful, load_zone, poll_slot
from bot.sources.calendar import EASTERN, AnnouncementCalendar

CALENDAR = AnnouncementCalendar([date(2026, 11, 26)])
ZONES = sorted(name for name in available_timezones() if "/" in name and load_zone(name))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        # New York, 2026-11-01 02:00 → 01:00: the first of the two 01:30 counts, and later times are winter's.
        ("America/New_York", "2026-11-01", "00:30", "2026-11-01 04:30"),
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01 05:30"),
        ("America/New_York", "2026-11-01", "02:30", "2026-11-01 07:30"),
        ("America/New_York", "2026-11-02", "01:30", "2026-11-02 06:30"),
        # New York, 2027-03-14 02:00 → 03:00: 02:30 does not exist and comes at 03:30.
        ("America/New_York", "2027-03-14", "01:59", "2027-03-14 06:59"),
        ("America/New_York", "2027-03-14", "02:30", "2027-03-14 07:30"),
        ("America/New_York", "2027-03-14", "03:30", "2027-03-14 07:30"),
        # Lord Howe moves by 30 minutes: 2026-10-04 02:00 → 02:30, 2027-04-04 02:00 → 01:30.
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03 15:45"),
        ("Australia/Lord_Howe", "2026-10-04", "02:45", "2026-10-03 15:45"),
        ("Australia/Lord_Howe", "2027-04-04", "01:45", "2027-04-03 14:45"),
        ("Australia/Lord_Howe", "2027-04-04", "02:15", "2027-04-03 15:45"),
        # Santiago has no midnight on 2026-09-06, and two 23:30 on 2027-04-03.
        ("America/Santiago", "2026-09-06", "00:00", "2026-09-06 04:00"),
        ("America/Santiago", "2026-09-06", "00:30", "2026-09-06 04:30"),
        ("America/Santiago", "2026-09-06", "09:00", "2026-09-06 12:00"),
        ("America/Santiago", "2027-04-03", "23:30", "2027-04-04 02:30"),
        # Apia had no 2011-12-30 at all.
        ("Pacific/Apia", "2011-12-30", "09:00", "2011-12-30 19:00"),
        ("Pacific/Apia", "2011-12-31", "09:00", "2011-12-30 19:00"),
        ("Asia/Kolkata", "2026-11-01", "09:00", "2026-11-01 03:30"),
        ("UTC", "2026-11-01", "09:00", "2026-11-01 09:00"),
    ],
)
def test_a_wall_clock_time_is_one_instant(zone: str, day: str, at: str, expected: str) -> None:
    found = due_instant(date.fromisoformat(day), time.fromisoformat(at), ZoneInfo(zone))
    assert found == utc(expected)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("announced_on", "zone", "at", "expected"),
    [
        ("2026-08-12", "Europe/Berlin", "09:00", "2026-08-12 07:00"),
        ("2026-08-12", "Asia/Tokyo", "08:00", "2026-08-12 23:00"),
        ("2026-08-12", "Asia/Tokyo", "09:00", "2026-08-12 00:00"),
        ("2026-08-12", "America/New_York", "20:00", "2026-08-12 00:00"),
        ("2026-08-12", "America/New_York", "19:59", "2026-08-12 23:59"),
        ("2026-08-12", "America/Los_Angeles", "17:30", "2026-08-12 00:30"),
        # The Monday after New York's change: released an hour later in UTC.
        ("2026-11-02", "Europe/Berlin", "01:30", "2026-11-03 00:30"),
        ("2026-10-30", "Europe/Berlin", "01:30", "2026-10-30 00:30"),
    ],
)
def test_the_chosen_time_is_the_first_after_the_release(announced_on: str, zone: str, at: str, expected: str) -> None:
    release = CALENDAR.release(date.fromisoformat(announced_on))
    assert due_at(release, time.fromisoformat(at), ZoneInfo(zone)) == utc(expected)


def test_without_a_time_it_is_due_with_the_release() -> None:
    release = CALENDAR.release(date(2026, 8, 12))
    assert due_at(release, None, ZoneInfo("Asia/Tokyo")) == release == utc("2026-08-12 00:00")


@settings(max_examples=400, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(date(2011, 1, 1), date(2036, 12, 31)),
    at=st.times().map(lambda one: one.replace(second=0, microsecond=0)) | st.none(),
)
def test_every_announcement_has_one_due_instant_in_every_zone(zone: str, day: date, at: time | None) -> None:
    where = ZoneInfo(zone)
    release, following = CALENDAR.release(day), CALENDAR.release(day + timedelta(days=1))
    due = due_at(release, at, where)
    assert due.tzinfo is UTC
    # No zone ever skipped more than a day, and none repeats one.
    assert release <= due < release + timedelta(hours=49)
    assert due_at(following, at, where) >= due
    if at is None:
        return
    shown = due.astimezone(where)
    if shown.time() != at:
        # Only a time that the clocks skipped is shown as another one, on its own day or, with all of it, on the next.
        days = (shown.date() - timedelta(days=back) for back in (0, 1))
        assert any(datetime.combine(one, at, where).astimezone(UTC).astimezone(where) == shown for one in days)
    # Nothing in between: no day's wall-clock time lies after the release and before the due instant.
    for offset in range(-2, 3):
        instant = due_instant(release.astimezone(where).date() + timedelta(days=offset), at, where)
        assert not release <= instant < due


def slots(start: datetime, hours: float) -> list[str]:
    """Return the distinct poll slots met by a clock that ticks every minute."""
    seen: list[str] = []
    for minute in range(int(hours * 60)):
        slot = f"{poll_slot(start + timedelta(minutes=minute), CALENDAR).astimezone(EASTERN):%a %H:%M}"
        if not seen or seen[-1] != slot:
            seen.append(slot)
    return seen


def test_arxiv_is_asked_ten_times_in_quarter_hours_and_then_hourly() -> None:
    release = CALENDAR.release(date(2026, 8, 12))
    assert slots(release, 5) == [
        *("Tue 20:00", "Tue 20:15", "Tue 20:30", "Tue 20:45", "Tue 21:00"),
        *("Tue 21:15", "Tue 21:30", "Tue 21:45", "Tue 22:00", "Tue 22:15"),
        *("Tue 23:15", "Wed 00:15"),
    ]
    assert slots(release + timedelta(hours=23), 1.5) == ["Wed 18:15", "Wed 19:15", "Wed 20:00", "Wed 20:15"]


def test_a_slot_never_lies_ahead_and_goes_on_over_a_weekend() -> None:
    friday = CALENDAR.release(date(2026, 8, 14))
    for minutes in range(0, 80 * 60, 7):
        now = friday + timedelta(minutes=minutes)
        assert timedelta(0) <= now - poll_slot(now, CALENDAR) <= timedelta(hours=1)


def test_a_deferred_weekday_is_doubtful_and_a_weekend_is_not() -> None:
    # Thanksgiving 2026: the announcement that would carry Friday's date is deferred.
    assert is_doubtful(utc("2026-11-27 02:00"), CALENDAR)
    assert not is_doubtful(utc("2026-11-26 02:00"), CALENDAR)
    assert not is_doubtful(utc("2026-11-28 12:00"), CALENDAR)


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "Europe", "a\0b", "x" * 300]
)
def test_a_zone_that_is_not_there_is_none(name: str) -> None:
    assert load_zone(name) is None
