"""When arXiv announces: 20:00 US Eastern, Sunday to Thursday, dated the next day, but for deferrals.

A hint only. It says what may be expected and how to call its absence; the date in a listing's header is the truth, and
nobody may refuse a newer listing because of this file. Pure, but for reading the list of deferrals.
"""

import tomllib
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.errors import UsageError
from bot.statement import Statement, StatementCode

EASTERN = ZoneInfo("America/New_York")
# https://info.arxiv.org/help/availability.html
RELEASE_TIME = time(20, 0)
_DAY = timedelta(days=1)
# Longer than any run of weekends and deferrals.
_HORIZON = 40


class AnnouncementCalendar:
    """Announcement days, given the holidays after which a mailing is skipped (see `deferrals.toml`).

    All dates are those of listing headers, in arXiv's zone; all instants are aware and in UTC.
    """

    def __init__(self, deferrals: Collection[date] = ()) -> None:
        self._holidays: dict[date, date] = {}
        for holiday in sorted(deferrals):
            skipped = holiday + _DAY
            while skipped.weekday() >= 5:
                skipped += _DAY
            self._holidays[skipped] = holiday

    def release(self, announced_on: date) -> datetime:
        """Return when the announcement with that header date appears: 20:00 US Eastern on its eve."""
        return datetime.combine(announced_on - _DAY, RELEASE_TIME, EASTERN).astimezone(UTC)

    def is_announcement_day(self, day: date) -> bool:
        """Return whether a listing with that header date is to be expected."""
        return day.weekday() < 5 and day not in self._holidays

    def due(self, now: datetime) -> date:
        """Return the newest header date that should be out at `now`."""
        day = self.slot(now)
        for _ in range(_HORIZON):
            if self.is_announcement_day(day):
                return day
            day -= _DAY
        return day

    def next_release(self, now: datetime) -> tuple[date, datetime]:
        """Return the next header date to come after `now`, and when it appears."""
        day = self.slot(now) + _DAY
        for _ in range(_HORIZON):
            if self.is_announcement_day(day):
                break
            day += _DAY
        return day, self.release(day)

    def between(self, first: date, last: date) -> list[date]:
        """Return the announcement days from `first` to `last`, both included."""
        days = (first + _DAY * offset for offset in range((last - first).days + 1))
        return [day for day in days if self.is_announcement_day(day)]

    def slot(self, now: datetime) -> date:
        """Return the header date that an announcement released at `now` at the latest would carry.

        It changes at 20:00 US Eastern: Friday evening already belongs to Saturday, for which there is none.
        """
        local = now.astimezone(EASTERN)
        return local.date() + _DAY if local.time() >= RELEASE_TIME else local.date()

    def reason_for_silence(self, now: datetime) -> Statement | None:
        """Return why no announcement belongs to the day of `now`; None when one does."""
        day = self.slot(now)
        if self.is_announcement_day(day):
            return None
        upcoming, release = self.next_release(now)
        holiday = self._holidays.get(day)
        code = StatementCode.DEFERRED if holiday else StatementCode.NONE_FOR_DAY
        return Statement.of(code, day=day, holiday=holiday, following=upcoming, release=release)


def spell(day: date) -> str:
    """Return a date as arXiv's listing headers write it: "Tuesday, 12 May 2026"."""
    return f"{day:%A}, {day.day} {day:%B %Y}"


def load_calendar(path: Path | None = None) -> AnnouncementCalendar:
    """Return the calendar from a TOML file with the lists `confirmed` and `guessed`, or the built-in one.

    Raises `UsageError` that names the file and what is wrong with it.
    """
    name = str(path) if path is not None else "deferrals.toml"
    try:
        text = (path or files("bot.sources").joinpath("deferrals.toml")).read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"the calendar {name} cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the calendar {name} is not valid TOML: {error}") from error
    deferrals: list[date] = []
    for key, value in table.items():
        if key not in ("confirmed", "guessed"):
            raise UsageError(f"the calendar {name} has an unknown entry {key!r}; expected confirmed and guessed")
        if not isinstance(value, list) or any(type(day) is not date for day in value):
            raise UsageError(f"the calendar {name}: {key!r} must be a list of dates such as 2026-12-25")
        deferrals.extend(value)
    return AnnouncementCalendar(deferrals)
