"""A small arXiv in memory: what each interface would answer, or the error it would raise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TypeVar

from bot.errors import SourceError, SourceUnavailable
from bot.model import AnnouncedPaper, AnnounceType, Counts, FetchedAnnouncement, Paper, SourceName
from bot.sources.api import ApiResult
from bot.sources.feed import Feed
from bot.sources.oai import OaiRecord

T = TypeVar("T")


def make_paper(arxiv_id: str, category: str = "cs.CL", **changes: object) -> Paper:
    """Return an invented paper."""
    values: dict[str, object] = {
        "arxiv_id": arxiv_id,
        "title": f"On the matter of {arxiv_id}",
        "abstract": f"We study {arxiv_id}. It works.",
        "authors": ("Ada Example",),
        "primary_category": category,
        "categories": (category,),
    }
    return Paper(**{**values, **changes})  # type: ignore[arg-type]  # the names are those of the dataclass


def make_page(
    category: str,
    announced_on: date,
    new: Sequence[str],
    cross: Sequence[str] = (),
    *,
    source: SourceName = SourceName.LISTING,
    missing: int = 0,
    problem: str | None = None,
) -> FetchedAnnouncement:
    """Return an announcement of invented papers; `missing` of the new ones are claimed and not there."""
    entries = [(one, AnnounceType.NEW, category) for one in new]
    entries += [(one, AnnounceType.CROSS, "stat.ML") for one in cross]
    papers = tuple(
        AnnouncedPaper(make_paper(arxiv_id, primary), kind, position)
        for position, (arxiv_id, kind, primary) in enumerate(entries)
    )
    return FetchedAnnouncement(
        category, announced_on, source, papers, Counts(new=len(new) + missing, cross=len(cross)), problem
    )


def make_record(arxiv_id: str, datestamp: date, category: str = "cs.CL") -> OaiRecord:
    """Return an OAI record of an untouched paper."""
    licence = "http://creativecommons.org/licenses/by/4.0/"
    return OaiRecord(make_paper(arxiv_id, category, licence=licence), datestamp, datestamp, None, deleted=False)


@dataclass
class FakeArxiv:
    """All four interfaces in one object; each dictionary maps what is asked to an answer or an error."""

    pages: dict[str, FetchedAnnouncement | SourceError] = field(default_factory=dict)
    feeds: dict[str, FetchedAnnouncement | SourceError] = field(default_factory=dict)
    day_feed: Feed | SourceError | None = None
    records: dict[str, list[OaiRecord] | SourceError] = field(default_factory=dict)
    api: Mapping[str, Paper] | SourceError = field(default_factory=dict)
    asked: list[tuple[str, object]] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """Return how often anything was asked."""
        return len(self.asked)

    async def fetch(self, categories: str | Sequence[str]) -> "FetchedAnnouncement | Feed":
        """Answer as the listing does for a name, as the feeds do for several."""
        self.asked.append(("listing" if isinstance(categories, str) else "feed", categories))
        if isinstance(categories, str):
            return _answer(self.pages.get(categories))
        return _answer(self.day_feed)

    async def fetch_category(self, category: str) -> FetchedAnnouncement:
        """Answer as one category's feed."""
        self.asked.append(("feed of", category))
        return _answer(self.feeds.get(category))

    async def fetch_papers(self, ids: Sequence[str]) -> ApiResult:
        """Answer as the API."""
        self.asked.append(("api", tuple(ids)))
        known = _answer(self.api)
        found = tuple(known[one] for one in ids if one in known)
        return ApiResult(found, tuple(one for one in ids if one not in known))

    async def fetch_records(self, category: str, first: date, last: date) -> list[OaiRecord]:
        """Answer as OAI-PMH."""
        self.asked.append(("oai", category))
        return [one for one in _answer(self.records.get(category)) if first <= one.datestamp <= last]


def _answer(value: "T | SourceError | None") -> T:
    if isinstance(value, SourceError):
        raise value
    if value is None:
        raise SourceUnavailable("not served in this test", status=404)
    return value


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.instant = now

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self.instant

    def monotonic(self) -> float:
        """Return seconds since 2026."""
        return (self.instant - datetime(2026, 1, 1, tzinfo=UTC)).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Refuse: nothing in these tests may wait."""
        raise AssertionError(f"slept {seconds} s")
