from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UsageError
from bot.render.statements import say_to_operator
from bot.sources.calendar import AnnouncementCalendar, load_calendar, spell

PLAIN = AnnouncementCalendar()
BUILT_IN = load_calendar()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("announced_on", "release"),
    [
        (date(2026, 5, 12), "2026-05-12T00:00"),  # summer: 20:00 EDT is 00:00 UTC
        (date(2026, 5, 11), "2026-05-11T00:00"),  # Monday's is released on Sunday
        (date(2026, 1, 13), "2026-01-13T01:00"),  # winter: 20:00 EST is 01:00 UTC
        (date(2026, 3, 9), "2026-03-09T00:00"),  # clocks went forward that Sunday morning
        (date(2026, 11, 2), "2026-11-02T01:00"),  # clocks went back that Sunday morning
    ],
)
def test_a_listing_is_released_at_eight_in_the_evening_before(announced_on: date, release: str) -> None:
    assert PLAIN.release(announced_on) == at(release)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-05-11T23:59:59", date(2026, 5, 11)),
        ("2026-05-12T00:00:00", date(2026, 5, 12)),
        ("2026-05-09T00:30:00", date(2026, 5, 8)),  # Friday evening brings nothing
        ("2026-05-10T23:59:00", date(2026, 5, 8)),
        ("2026-05-11T00:00:00", date(2026, 5, 11)),
        ("2026-06-22T12:00:00", date(2026, 6, 19)),  # deferred because of Juneteenth
        ("2026-06-23T00:00:00", date(2026, 6, 23)),
        ("2026-11-27T12:00:00", date(2026, 11, 26)),
        ("2027-01-01T12:00:00", date(2026, 12, 31)),
    ],
)
def test_what_is_due(now: str, due: date) -> None:
    assert BUILT_IN.due(at(now)) == due


@pytest.mark.parametrize(
    ("holiday", "skipped"),
    [
        (date(2026, 6, 19), date(2026, 6, 22)),
        (date(2026, 11, 26), date(2026, 11, 27)),
        (date(2026, 12, 25), date(2026, 12, 28)),
        (date(2026, 12, 31), date(2027, 1, 1)),
    ],
)
def test_the_weekday_after_a_holiday_has_no_listing(holiday: date, skipped: date) -> None:
    assert not BUILT_IN.is_announcement_day(skipped)
    assert BUILT_IN.is_announcement_day(holiday), "the listing of the holiday itself was released on its eve"


def test_may_2026_had_a_listing_on_every_weekday() -> None:
    days = BUILT_IN.between(date(2026, 5, 1), date(2026, 5, 31))
    assert len(days) == 21
    assert date(2026, 5, 25) in days, "Memorial Day"


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)))  # noqa: DTZ001  # hypothesis draws naive ones
def test_due_and_next_release_meet(naive: datetime) -> None:
    now = naive.replace(tzinfo=UTC)
    due, (upcoming, release) = BUILT_IN.due(now), BUILT_IN.next_release(now)
    assert BUILT_IN.release(due) <= now < release == BUILT_IN.release(upcoming)
    assert BUILT_IN.between(due, upcoming) == [due, upcoming]
    assert release - now <= timedelta(days=6)


def test_silence_is_explained_where_there_is_a_reason() -> None:
    weekend = BUILT_IN.reason_for_silence(at("2026-05-09T12:00"))
    assert weekend is not None
    assert say_to_operator(weekend).startswith(
        "arXiv announces nothing for Saturday, 9 May 2026; the next one, dated Monday, 11 May 2026"
    )
    deferred = BUILT_IN.reason_for_silence(at("2026-06-22T12:00"))
    assert deferred is not None
    assert "deferred the announcement of Monday, 22 June 2026 because of its holiday on Friday, 19 June" in (
        say_to_operator(deferred)
    )
    assert BUILT_IN.reason_for_silence(at("2026-05-12T12:00")) is None


def test_dates_are_spelt_as_arxiv_does() -> None:
    assert spell(date(2026, 5, 4)) == "Monday, 4 May 2026"


def test_an_edited_calendar_replaces_the_built_in_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("confirmed = [2026-05-12]\n", encoding="utf-8")
    calendar = load_calendar(path)
    assert not calendar.is_announcement_day(date(2026, 5, 13))
    assert calendar.is_announcement_day(date(2026, 6, 22))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("confirmed = [2026-13-01]", "not valid TOML"),
        ("confirmed = ['2026-12-25']", "list of dates"),
        ("confirmed = [2026-12-25T10:00:00]", "list of dates"),
        ("confirmed = 2026-12-25", "list of dates"),
        ("holidays = []", "unknown entry 'holidays'"),
        (None, "cannot be read"),
    ],
)
def test_a_broken_calendar_is_named_with_its_fault(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=message) as raised:
        load_calendar(path)
    assert "mine.toml" in str(raised.value)
