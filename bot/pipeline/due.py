"""When a brief is due, and when arXiv is asked: arithmetic over dates, zones and the calendar.

The scheduler only ticks. What is due follows from here at every tick anew, so that nothing is lost by a restart, a
stalled loop or a clock that was set. Pure, but for the machine's zone database.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.sources.calendar import AnnouncementCalendar

POLL_INTERVAL = timedelta(minutes=15)
FREQUENT_POLLS = 10
SLOW_POLL_INTERVAL = timedelta(hours=1)

_DAY = timedelta(days=1)


def due_instant(local_date: date, post_time: time, zone: tzinfo) -> datetime:
    """Return the instant in UTC at which the clocks of `zone` show `post_time` on `local_date`.

    A time that a spring change skips is taken with the offset from before it, so it comes as much later as the clocks
    jump; of a time that an autumn change repeats, the first is meant. This is the standard library's own rule (PEP 495,
    fold 0).
    """
    return datetime.combine(local_date, post_time.replace(tzinfo=None, fold=0), zone).astimezone(UTC)


def due_at(release: datetime, post_time: time | None, zone: tzinfo) -> datetime:
    """Return when the brief of an announcement released at `release` is wanted: an instant in UTC, never earlier.

    It is the first time that the clocks of `zone` show `post_time` at or after the release; without a `post_time` it is
    the release itself. So each announcement has one due instant, in every zone: 09:00 in Berlin is the morning after
    20:00 in New York. Two announcements can share an instant where a change of clocks makes a day longer than the time
    between their releases.
    """
    release = release.astimezone(UTC)
    if post_time is None:
        return release
    near = release.astimezone(zone).date()
    # A day before and two after: zones have skipped whole days (Apia, 2011-12-30), never more than one.
    instants = (due_instant(near + _DAY * offset, post_time, zone) for offset in range(-1, 3))
    return min(instant for instant in instants if instant >= release)


def poll_slot(now: datetime, calendar: AnnouncementCalendar) -> datetime:
    """Return the newest instant, at or before `now`, at which arXiv is to be asked for what is still missing.

    From the release on: ten times every 15 minutes, then every hour until the next release.
    """
    release = calendar.release(calendar.due(now))
    tries = (now - release) // POLL_INTERVAL
    if tries < FREQUENT_POLLS:
        return release + max(0, tries) * POLL_INTERVAL
    last = release + (FREQUENT_POLLS - 1) * POLL_INTERVAL
    return last + (now - last) // SLOW_POLL_INTERVAL * SLOW_POLL_INTERVAL


def is_doubtful(now: datetime, calendar: AnnouncementCalendar) -> bool:
    """Return whether it is the time of a weekday's announcement that the calendar takes for deferred.

    The calendar is a hint, so arXiv is asked all the same.
    """
    day = calendar.slot(now)
    return day.weekday() < 5 and not calendar.is_announcement_day(day)


def load_zone(name: str) -> ZoneInfo | None:
    """Return the zone of that name; None when the machine's zone database has it no more."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
