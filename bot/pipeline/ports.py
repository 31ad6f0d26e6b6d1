"""What the ingest stage needs of the outside: one protocol per arXiv interface, so that tests bring their own."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Protocol

from bot.model import FetchedAnnouncement, VectorReport

if TYPE_CHECKING:
    from bot.sources.api import ApiResult
    from bot.sources.feed import Feed
    from bot.sources.oai import OaiRecord

Progress = Callable[[str, int, int], None]
"""Told as (step in words, done, total) while a run goes on."""


class RequestCounter(Protocol):
    """Knows how many requests were sent to arXiv in this run."""

    @property
    def requests(self) -> int:
        """Return the number so far."""
        ...


class Listing(Protocol):
    """Listing pages: the truth about what was announced and when."""

    async def fetch(self, category: str) -> FetchedAnnouncement:
        """Return what the category's page of new submissions shows now; raises `SourceError`."""
        ...


class StandIn(Protocol):
    """What is asked for a category whose listing page does not serve."""

    async def fetch_category(self, category: str) -> FetchedAnnouncement:
        """Return the category's newest announcement; raises `SourceError`."""
        ...


class Feeds(StandIn, Protocol):
    """RSS and Atom: a stand-in for listing pages, and the source of licences."""

    async def fetch(self, categories: Sequence[str]) -> "Feed":
        """Return one feed over several categories; raises `SourceError`."""
        ...


class Api(Protocol):
    """The search API."""

    async def fetch_papers(self, ids: Sequence[str]) -> "ApiResult":
        """Return the metadata of up to 100 papers and the ids arXiv did not answer for; raises `SourceError`."""
        ...


class Oai(Protocol):
    """OAI-PMH: what changed between two days."""

    async def fetch_records(self, category: str, first: date, last: date) -> "list[OaiRecord]":
        """Return the category's records modified from `first` to `last`, inclusive; raises `SourceError`."""
        ...


class Embeds(Protocol):
    """Makes vectors of what is stored; see `bot.pipeline.embedding.Embedding`."""

    async def run(self, progress: Progress | None = None) -> VectorReport:
        """Make what is missing, for as long as its patience lasts; a failing embedder never raises."""
        ...
