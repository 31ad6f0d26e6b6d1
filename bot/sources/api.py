"""arXiv's search API through the `arxiv` package: dates, comments, DOIs and versions for known ids, and look-ups.

The package turns HTML, empty bodies and error feeds into "no results" or into papers called "Error", and one broken
date into the loss of a page. So every answer is checked here before the package sees it. The package is synchronous and
not safe in two threads: one client, one lock, a worker thread, and no transport of its own.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import arxiv  # type: ignore[import-untyped]  # it ships no types
from lxml import etree

from bot.errors import SourceMalformed, SourceUnavailable
from bot.log import get_logger
from bot.model import Paper, SourceName
from bot.sources.bridge import Get, run_blocking
from bot.sources.parsing import (
    child_text,
    clean_author,
    clean_line,
    clean_text,
    is_category,
    local_name,
    parse_instant,
    parse_xml,
    split_id,
    unique_categories,
)
from bot.sources.politeness import PoliteClient

# The API takes more, but answers late or not at all.
MAX_IDS = 100
_PAGE_SIZE = 100
_ACCEPT = "application/atom+xml, application/xml;q=0.9"

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ApiResult:
    """Papers that the API knows, and ids asked for that it did not return (unknown, not indexed yet, unreadable)."""

    papers: tuple[Paper, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    """As much of `requests.Response` as the package looks at."""

    status_code: int
    content: bytes


class _Session:
    """As much of `requests.Session` as the package uses; its headers (the package's own User-Agent) are dropped."""

    def __init__(self, get: Get) -> None:
        self._get = get

    def get(self, url: str, headers: object = None) -> _Answer:  # noqa: ARG002  # the package passes it by name
        response = self._get(url)
        if response.status == 404:
            raise SourceUnavailable("arXiv's API was not found at this address (HTTP 404)", status=404)
        return _Answer(200, checked_feed(response.body, response.status))


class _EmptyAnswer(SourceMalformed):
    """The API claims results and sends none; usually gone with the next try."""


class ApiSource:
    """Fetches papers by id or by query."""

    def __init__(self, client: PoliteClient, base_url: str) -> None:
        self._client = client
        self._base_url = base_url
        self._lock = asyncio.Lock()

    async def fetch_papers(self, ids: Sequence[str]) -> ApiResult:
        """Return the newest versions of at most 100 papers and which ids are missing; one request.

        Ids without version. Raises `ValueError` for more than 100 ids, `SourceUnavailable` or `SourceMalformed`.
        """
        if len(ids) > MAX_IDS:
            raise ValueError(f"at most {MAX_IDS} ids in one call, not {len(ids)}")
        asked = list(dict.fromkeys(arxiv_id for arxiv_id in ids if _well_formed(arxiv_id)))
        found: dict[str, Paper] = {}
        if asked:
            search = arxiv.Search(id_list=asked, max_results=len(asked))
            for paper in await self._results(search, len(asked)):
                found.setdefault(paper.arxiv_id, paper)
        missing = tuple(arxiv_id for arxiv_id in dict.fromkeys(ids) if arxiv_id not in found)
        return ApiResult(tuple(found[arxiv_id] for arxiv_id in asked if arxiv_id in found), missing)

    async def search(self, query: str, limit: int) -> list[Paper]:
        """Return up to `limit` papers for a query in the API's own language, newest submissions first.

        Raises `SourceUnavailable` (also for a query that the API refuses) or `SourceMalformed`.
        """
        search = arxiv.Search(query=query, max_results=limit, sort_by=arxiv.SortCriterion.SubmittedDate)
        return await self._results(search, min(limit, _PAGE_SIZE))

    async def _results(self, search: arxiv.Search, page_size: int) -> list[Paper]:
        def work(get: Get) -> list[Paper]:
            client = arxiv.Client(page_size=page_size, delay_seconds=0, num_retries=0)
            client.query_url_format = f"{self._base_url}?{{}}"
            client._session = _Session(get)  # noqa: SLF001  # the package has no other way in
            results = (_paper(result) for result in client.results(search))
            return [paper for paper in results if paper is not None]

        async with self._lock:
            try:
                try:
                    return await run_blocking(self._client, SourceName.API, _ACCEPT, work)
                except _EmptyAnswer:
                    return await run_blocking(self._client, SourceName.API, _ACCEPT, work)
            except arxiv.ArxivError as error:
                raise SourceMalformed(f"arXiv's API broke off in the middle of its results: {error.message}") from error


def checked_feed(body: bytes, status: int = 200) -> bytes:
    """Return the API's answer without unreadable entries, which are logged.

    Raises `SourceUnavailable` for an error feed, `SourceMalformed` for anything else that is no result feed, or one
    that claims results and holds none.
    """
    root = parse_xml(body, "the API's answer")
    if local_name(root) != "feed":
        raise SourceMalformed(f"the API's answer is another document: <{local_name(root)}>")
    entries = [node for node in root if local_name(node) == "entry"]
    for entry in entries:
        if "api/errors" in (child_text(entry, "id") or ""):
            reason = child_text(entry, "summary") or "no reason given"
            raise SourceUnavailable(f"arXiv's API refuses the request: {reason}"[:300], status=400)
    if status != 200:
        raise SourceUnavailable(f"arXiv's API refuses the request (HTTP {status})", status=status)
    totals = next((node for node in root if local_name(node) == "totalResults"), None)
    total = (totals.text or "").strip() if totals is not None else ""
    if totals is None or not total.isdecimal():
        raise SourceMalformed("the API's answer has no total")
    start = child_text(root, "startIndex") or "0"
    if int(total) > (int(start) if start.isdecimal() else 0) and not entries:
        raise _EmptyAnswer(f"arXiv's API claims {total} results and sent none")
    bad = [entry for entry in entries if not _readable(entry)]
    if not bad:
        return body
    for entry in bad:
        _log.warning("api.entry_unreadable", id=child_text(entry, "id"))
        root.remove(entry)
    # The package pages on until it has read the total.
    totals.text = str(int(total) - len(bad))
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def _readable(entry: Any) -> bool:
    try:
        dates = [parse_instant(child_text(entry, name)) for name in ("published", "updated")]
        split_id((child_text(entry, "id") or "").rpartition("/abs/")[2])
    except (ValueError, OverflowError):
        return False
    categories = [node.get("term") or "" for node in entry if local_name(node) in ("category", "primary_category")]
    return (
        None not in dates
        and all(child_text(entry, name) for name in ("title", "summary"))
        and any(map(is_category, categories))
    )


def _paper(result: arxiv.Result) -> Paper | None:
    try:
        arxiv_id, version = split_id(result.entry_id.rpartition("/abs/")[2])
    except ValueError:
        return None
    primary = result.primary_category or next(filter(is_category, result.categories))
    return Paper(
        arxiv_id=arxiv_id,
        title=clean_line(result.title),
        abstract=clean_text(result.summary),
        authors=tuple(filter(None, (clean_author(author.name) for author in result.authors))),
        primary_category=primary,
        categories=unique_categories(result.categories, primary),
        comment=_line(result.comment),
        journal_ref=_line(result.journal_ref),
        doi=_line(result.doi),
        version=version or 1,
        submitted_at=result.published,
        updated_at=result.updated,
    )


def _line(text: str | None) -> str | None:
    return clean_line(text) or None if text else None


def _well_formed(arxiv_id: str) -> bool:
    try:
        return split_id(arxiv_id)[1] is None
    except ValueError:
        return False
