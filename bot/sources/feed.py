"""arXiv's feeds (rss.arxiv.org, RSS 2.0 and Atom): licences for a whole day in one request, and a stand-in listing.

A feed of several categories calls "cross" what is primary outside the asked set, so an announcement may only be taken
from a feed of one category. Feeds are rebuilt at midnight US Eastern and empty on days without an announcement; an
empty feed is valid and proves nothing.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.errors import SourceMalformed, SourceUnavailable
from bot.model import AnnouncedPaper, AnnounceType, Counts, FetchedAnnouncement, Paper, SourceName
from bot.sources.parsing import (
    child_text,
    clean_line,
    clean_text,
    is_category,
    local_name,
    parse_instant,
    parse_xml,
    split_authors,
    split_id,
    unique_categories,
)
from bot.sources.politeness import PoliteClient

# arXiv leaves out what goes beyond, without saying so.
MAX_ENTRIES = 2000

_EASTERN = ZoneInfo("America/New_York")
_PREAMBLE = re.compile(r"^\s*arXiv:\S+\s+Announce Type:\s*\S+\s*(?:Abstract:)?", re.IGNORECASE)
_ACCEPT = "application/rss+xml, application/atom+xml, application/xml;q=0.9"


@dataclass(frozen=True, slots=True)
class Feed:
    """A parsed feed. `feed_date` is the date it was built for, in arXiv's zone; `updated` when it was built.

    `entries` carry the announce types of the feed's own point of view. `problems` names entries that could not be read.
    """

    feed_date: date
    updated: datetime | None
    entries: tuple[AnnouncedPaper, ...]
    problems: tuple[str, ...] = ()


def parse_feed(body: bytes) -> Feed:
    """Return what an RSS or Atom feed of arXiv holds; zero entries are valid.

    Raises `SourceMalformed` when it is not such a feed, `SourceUnavailable` (status 400) when it is an error feed.
    """
    root = parse_xml(body, "the feed")
    if local_name(root) == "rss":
        channel = next((node for node in root if local_name(node) == "channel"), None)
        if channel is None:
            raise SourceMalformed("the feed has no channel")
        head, items, note = channel, [node for node in channel if local_name(node) == "item"], "description"
        built, dated = _mail_date(child_text(head, "lastBuildDate")), _mail_date(child_text(head, "pubDate"))
    elif local_name(root) == "feed":
        head, items, note = root, [node for node in root if local_name(node) == "entry"], "subtitle"
        built = dated = _instant(child_text(head, "updated"))
    else:
        raise SourceMalformed(f"the feed is another document: <{local_name(root)}>")
    title = child_text(head, "title") or ""
    if title.startswith("Feed error"):
        raise SourceUnavailable(f"arXiv refuses the feed: {child_text(head, note) or title}"[:300], status=400)
    if "arXiv.org" not in title:
        raise SourceMalformed(f"the feed is not one of arXiv's: {title[:80]!r}")
    entries: list[AnnouncedPaper] = []
    problems: list[str] = []
    seen: dict[str, int] = {}
    for item in items:
        entry = _entry(item, len(entries))
        if isinstance(entry, str):
            problems.append(entry)
        elif entry.paper.arxiv_id not in seen:
            seen[entry.paper.arxiv_id] = len(entries)
            entries.append(entry)
        elif entry.paper.version > entries[seen[entry.paper.arxiv_id]].paper.version:
            entries[seen[entry.paper.arxiv_id]] = entry
    dates = [moment for moment in (_published(item) for item in items) if moment is not None]
    moment = max(dates) if dates else dated or built
    if moment is None or moment.year < 1991:
        raise SourceMalformed("the feed has no date")
    return Feed(moment.astimezone(_EASTERN).date(), built, tuple(entries), tuple(problems))


class FeedSource:
    """Fetches feeds: one of many categories for licences, or one category's as an announcement."""

    def __init__(self, client: PoliteClient, base_url: str) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")

    async def fetch(self, categories: Sequence[str]) -> Feed:
        """Return the feed of all `categories` together, in one request. Its announce types fit none of them alone.

        Raises `SourceUnavailable` or `SourceMalformed`.
        """
        return await self._fetch(f"{self._base_url}/atom/{'+'.join(categories)}")

    async def fetch_category(self, category: str) -> FetchedAnnouncement:
        """Return the newest announcement of one category as its RSS feed tells it; one request.

        A feed without entries gives an announcement without papers, dated like the feed. Feeds print no totals, so a
        lack shows only as unreadable or cut entries. Raises `SourceUnavailable` or `SourceMalformed`.
        """
        feed = await self._fetch(f"{self._base_url}/rss/{category}")
        return announcement_of(feed, category)

    async def _fetch(self, url: str) -> Feed:
        response = await self._client.get(url, accept=_ACCEPT, source=SourceName.FEED)
        if response.status == 404:
            raise SourceUnavailable("arXiv has no such feed (HTTP 404)", status=404)
        feed = await asyncio.to_thread(parse_feed, response.body)
        if response.status != 200:
            raise SourceUnavailable(f"arXiv refuses the feed (HTTP {response.status})", status=response.status)
        return feed


def announcement_of(feed: Feed, category: str) -> FetchedAnnouncement:
    """Return the feed of one category as its announcement."""
    counts: dict[AnnounceType, int] = {}
    for entry in feed.entries:
        counts[entry.announce_type] = counts.get(entry.announce_type, 0) + 1
    problems = list(feed.problems)
    if len(feed.entries) + len(problems) >= MAX_ENTRIES:
        problems.append(f"the feed is cut at {MAX_ENTRIES} entries")
    return FetchedAnnouncement(
        category=category,
        announced_on=feed.feed_date,
        source=SourceName.FEED,
        papers=feed.entries,
        # What could not be read was announced all the same; most are new.
        shown=Counts.of({**counts, AnnounceType.NEW: counts.get(AnnounceType.NEW, 0) + len(feed.problems)}),
        problem="; ".join(problems) or None,
    )


def _entry(item: Any, position: int) -> AnnouncedPaper | str:
    """Return the paper, or in words why it cannot be read."""
    identifier = child_text(item, "guid") or child_text(item, "id") or ""
    try:
        arxiv_id, version = split_id(identifier)
    except ValueError:
        return f"an entry has no readable identifier ({identifier[:40]!r})"
    title = clean_line(child_text(item, "title") or "")
    text = child_text(item, "description") or child_text(item, "summary") or ""
    terms = [node.get("term") or (node.text or "").strip() for node in item if local_name(node) == "category"]
    categories = [term for term in terms if is_category(term)]
    try:
        announce_type = AnnounceType(child_text(item, "announce_type") or "")
    except ValueError:
        return f"{arxiv_id} cannot be read: no known announce type"
    if not title or not text or not categories:
        return f"{arxiv_id} cannot be read: no title, abstract or category"
    paper = Paper(
        arxiv_id=arxiv_id,
        title=title,
        abstract=clean_text(_PREAMBLE.sub("", text)),
        authors=split_authors(
            " , ".join(filter(None, (_inner(node) for node in item if local_name(node) == "creator")))
        ),
        primary_category=categories[0],
        categories=unique_categories(categories, categories[0]),
        journal_ref=_line(child_text(item, "journal_reference") or child_text(item, "journal_ref")),
        doi=_line(child_text(item, "DOI") or child_text(item, "doi")),
        licence=_line(child_text(item, "rights")),
        version=version or (1 if announce_type.deliverable else 2),
    )
    return AnnouncedPaper(paper, announce_type, position)


def _published(item: Any) -> datetime | None:
    return _mail_date(child_text(item, "pubDate")) or _instant(child_text(item, "published"))


def _mail_date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text) if text else None
        # "-0000" gives a naive one, and year 1 has no instant in zones west of Greenwich.
        return None if moment is None else (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _instant(text: str | None) -> datetime | None:
    try:
        return parse_instant(text)
    except (ValueError, OverflowError):
        return None


def _inner(node: Any) -> str:
    return "".join(node.itertext()).strip()


def _line(text: str | None) -> str | None:
    return clean_line(text) or None if text else None
