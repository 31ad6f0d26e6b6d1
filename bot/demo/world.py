"""What an imitation arXiv holds at a given instant; the server that answers requests is in `bot.demo.loopback`.

A world knows announcement days. From them it works out what each interface shows and when, as measured on the real
one: listing pages from 20:00 US Eastern on the eve, OAI-PMH from about 22:30, feeds and the API from midnight. It may
not read a clock: it is told what time it is, and every question comes with its instant.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from bot.demo.pages import DatedPaper, atom_feed, listing_page, rss_feed
from bot.model import AnnouncedPaper, AnnounceType, Paper

EASTERN = ZoneInfo("America/New_York")
OAI_LAG = timedelta(hours=2, minutes=30)

Flavour = Literal["rss", "atom"]
DayOfPapers = Mapping[str, Sequence[AnnouncedPaper]]


class ArxivWorld(Protocol):
    """What arXiv would show at `now`, by interface."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Return the categories that have announcements here; others that arXiv has are empty."""
        ...

    @property
    def now(self) -> datetime:
        """Return the instant at which requests are answered."""
        ...

    def set_now(self, now: datetime) -> None:
        """Make it that instant."""
        ...

    def listing(self, category: str, now: datetime, *, skip: int = 0, show: int = 2000) -> bytes:
        """Return the page `/list/<category>/new`."""
        ...

    def feed(self, flavour: Flavour, categories: Sequence[str], now: datetime) -> bytes:
        """Return the feed of all `categories` together."""
        ...

    def indexed(self, now: datetime) -> Sequence[Paper]:
        """Return the papers that the API finds, each as it then stands."""
        ...

    def harvestable(self, now: datetime) -> Sequence[DatedPaper]:
        """Return the papers that OAI-PMH gives out, in the order of datestamp and identifier."""
        ...


def release_of(announced_on: date) -> datetime:
    """Return the instant an announcement comes out: 20:00 US Eastern on the day before its date, in UTC."""
    return datetime.combine(announced_on - timedelta(days=1), time(20), EASTERN).astimezone(UTC)


class DaysWorld:
    """A world made of announcement days; `load(day)` gives that day's papers by category and is asked once per day.

    Until it is told otherwise, it is the instant of the first release.
    """

    def __init__(self, days: Sequence[date], categories: Sequence[str], load: Callable[[date], DayOfPapers]) -> None:
        if not days:
            raise ValueError("a world needs at least one announcement day")
        self._days = sorted(days)
        self._releases = [release_of(day) for day in self._days]
        self._now = self._releases[0]
        self._categories = tuple(categories)
        self._load = load
        self._loaded: dict[date, DayOfPapers] = {}
        self._states: list[dict[str, DatedPaper]] = [{}]

    @property
    def categories(self) -> tuple[str, ...]:
        """Return the categories that have announcements."""
        return self._categories

    @property
    def now(self) -> datetime:
        """Return the instant at which requests are answered."""
        return self._now

    def set_now(self, now: datetime) -> None:
        """Make it that instant; it needs an offset."""
        if now.tzinfo is None:
            raise ValueError("an instant needs an offset")
        self._now = now

    @property
    def days(self) -> Sequence[date]:
        """Return the announcement dates, oldest first."""
        return tuple(self._days)

    def announced(self, day: date) -> DayOfPapers:
        """Return what was announced on `day`, by category; empty for a day without a mailing."""
        if day not in self._days:
            return {}
        if day not in self._loaded:
            self._loaded[day] = self._load(day)
        return self._loaded[day]

    def current_day(self, now: datetime) -> date | None:
        """Return the date in the header of a listing page at `now`, None before the first release."""
        count = bisect_right(self._releases, now)
        return self._days[count - 1] if count else None

    def listing(self, category: str, now: datetime, *, skip: int = 0, show: int = 2000) -> bytes:
        """Return the listing page; on days without a mailing the last one stays."""
        day = self.current_day(now)
        if day is None:
            return listing_page(category, self._days[0] - timedelta(days=1), (), skip=skip, show=show)
        return listing_page(category, day, self.announced(day).get(category, ()), skip=skip, show=show)

    def feed(self, flavour: Flavour, categories: Sequence[str], now: datetime) -> bytes:
        """Return the feed built at the last midnight US Eastern; empty on days without a mailing."""
        day = now.astimezone(EASTERN).date()
        papers = merge_categories(self.announced(day), categories)
        return (rss_feed if flavour == "rss" else atom_feed)(categories, day, papers)

    def indexed(self, now: datetime) -> Sequence[Paper]:
        """Return the papers announced on or before the US Eastern date of `now`."""
        today = now.astimezone(EASTERN).date()
        return [dated.paper for dated in self._state(bisect_right(self._days, today)).values()]

    def harvestable(self, now: datetime) -> Sequence[DatedPaper]:
        """Return all papers whose announcement came out at least two and a half hours ago, with their last change."""
        state = self._state(bisect_right(self._releases, now - OAI_LAG))
        return sorted(state.values(), key=lambda dated: (dated.datestamp, dated.paper.arxiv_id))

    def _state(self, count: int) -> dict[str, DatedPaper]:
        while len(self._states) <= count:
            day = self._days[len(self._states) - 1]
            state = dict(self._states[-1])
            for papers in self.announced(day).values():
                state.update({entry.paper.arxiv_id: DatedPaper(entry.paper, day) for entry in papers})
            self._states.append(state)
        return self._states[count]


def merge_categories(announced: DayOfPapers, categories: Sequence[str]) -> tuple[AnnouncedPaper, ...]:
    """Return one entry per paper over `categories`, typed as arXiv's feeds do it for the requested set as a whole.

    "cross" then means that the paper is new to the whole set without being new in any of its categories.
    """
    order = list(AnnounceType)
    best: dict[str, AnnouncedPaper] = {}
    for category in categories:
        for entry in announced.get(category, ()):
            known = best.get(entry.paper.arxiv_id)
            if known is None or _strength(entry.announce_type) < _strength(known.announce_type):
                best[entry.paper.arxiv_id] = entry
    merged = sorted(best.values(), key=lambda entry: (order.index(entry.announce_type), entry.paper.arxiv_id))
    return tuple(replace(entry, position=position) for position, entry in enumerate(merged))


def _strength(announce_type: AnnounceType) -> int:
    return (AnnounceType.NEW, AnnounceType.REPLACE, AnnounceType.CROSS, AnnounceType.REPLACE_CROSS).index(announce_type)
