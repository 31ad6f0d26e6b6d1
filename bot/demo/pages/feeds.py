"""arXiv's RSS and Atom feeds (rss.arxiv.org) and the answers of its search API (export.arxiv.org/api/query)."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from bot.demo.pages.template import render
from bot.model import AnnouncedPaper, Paper

_EASTERN = ZoneInfo("America/New_York")
_FEED_HOST = "http://rss.arxiv.org"
MAX_FEED_ITEMS = 2000


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), _EASTERN)


def rss_feed(categories: Sequence[str], day: date, papers: Sequence[AnnouncedPaper]) -> bytes:
    """Return the RSS feed built at midnight US Eastern of `day`; no papers make the empty feed of a weekend."""
    midnight = _midnight(day)
    return render(
        "rss.xml.j2",
        codes="+".join(categories),
        title=f"{', '.join(categories)} updates on arXiv.org",
        description=f"{', '.join(categories)} updates on the arXiv.org e-print archive.",
        built=format_datetime((midnight + timedelta(seconds=20)).astimezone(UTC)),
        published=format_datetime(midnight),
        host=_FEED_HOST,
        editor="rss-help@arxiv.org",
        papers=papers[:MAX_FEED_ITEMS],
        error=False,
    )


def atom_feed(categories: Sequence[str], day: date, papers: Sequence[AnnouncedPaper]) -> bytes:
    """Return the Atom feed built at midnight US Eastern of `day`."""
    midnight = _midnight(day)
    return render(
        "atom.xml.j2",
        codes="+".join(categories),
        title=f"{', '.join(categories)} updates on arXiv.org",
        description=f"{', '.join(categories)} updates on the arXiv.org e-print archive.",
        built=(midnight + timedelta(seconds=20)).astimezone(UTC).isoformat(timespec="microseconds"),
        published=midnight.isoformat(),
        host=_FEED_HOST,
        papers=papers[:MAX_FEED_ITEMS],
    )


def feed_error(flavour: str, codes: str, problem: str, day: date) -> bytes:
    """Return the feed that arXiv sends with HTTP 400; `flavour` is "rss" or "atom", `problem` its words."""
    midnight = _midnight(day)
    rss = flavour == "rss"
    return render(
        "rss.xml.j2" if rss else "atom.xml.j2",
        codes=codes,
        title=f"Feed error for query: {_FEED_HOST}/{flavour}/{codes}",
        description=problem,
        built=format_datetime(midnight.astimezone(UTC)) if rss else midnight.astimezone(UTC).isoformat(),
        published=format_datetime(midnight),
        host=_FEED_HOST,
        editor="rss-help.arxiv.org",
        papers=(),
        error=True,
    )


def api_feed(
    papers: Sequence[Paper],
    *,
    total: int,
    start: int = 0,
    per_page: int = 10,
    search_query: str = "",
    id_list: str = "",
    at: datetime,
) -> bytes:
    """Return one page of API results: `papers` as they are, with `total` and `start` as declared.

    A paper without `submitted_at` gets the day before `at`, since arXiv always has the two dates.
    """
    title = f"search_query={search_query}&id_list={id_list}&start={start}&max_results={per_page}"
    digest = hashlib.sha1(title.encode("utf-8", "replace"), usedforsecurity=False).digest()
    fallback = at - timedelta(days=1)
    return render(
        "api.xml.j2",
        title=title,
        query_id=base64.b64encode(digest).decode().rstrip("="),
        updated=_instant(at),
        total=total,
        start=start,
        per_page=per_page,
        entries=[
            (
                paper,
                _instant(paper.submitted_at or fallback),
                _instant(paper.updated_at or paper.submitted_at or fallback),
            )
            for paper in papers
        ],
    )


def api_error(problem: str, at: datetime) -> bytes:
    """Return the feed with one entry titled "Error" that the API sends with HTTP 400, such as for a malformed id."""
    return render("api_error.xml.j2", problem=problem, anchor=problem.replace(" ", "_"), updated=_instant(at))


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
