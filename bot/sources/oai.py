"""arXiv's OAI-PMH interface through oaipmh-scythe: licences, and the records from which missed days are rebuilt.

The library parses leniently (a cut-off document passes as a short one), so every answer is checked here first. It never
sends anything itself: its requests go through `PoliteClient`. Datestamps are dates of last modification, so a range
holds more than was announced in it; `reconcile.py` sorts that out.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import httpx2
from oaipmh_scythe import Scythe
from oaipmh_scythe.exceptions import BadResumptionToken, IdDoesNotExist, NoRecordsMatch, OAIPMHException
from oaipmh_scythe.models import OAIItem

from bot.errors import SourceMalformed, SourceUnavailable
from bot.log import get_logger
from bot.model import Paper, SourceName
from bot.sources.bridge import Get, run_blocking
from bot.sources.categories import ALIASES
from bot.sources.parsing import (
    child,
    child_text,
    clean_author,
    clean_line,
    clean_text,
    is_category,
    local_name,
    parse_xml,
    split_authors,
    split_id,
    unique_categories,
)
from bot.sources.politeness import PoliteClient

# Three weeks of the largest category are five pages of 2,000.
_MAX_PAGES = 200
_ACCEPT = "text/xml, application/xml"
_PHYSICS = {
    "astro-ph", "cond-mat", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nlin", "nucl-ex", "nucl-th",
    "physics", "quant-ph",
}  # fmt: skip
# arXivRaw, source_type: "I" is a version whose source is gone (https://info.arxiv.org/help/oa/).
_WITHDRAWN = "I"

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OaiRecord:
    """One record. `datestamp` is the day of its last modification (UTC).

    `created` is the date of the first or the current version, as the server pleases; `updated` is there only when the
    paper has more than one version, whose number the `arXiv` format does not tell (`paper.version` is then 2).
    """

    paper: Paper
    datestamp: date
    created: date | None = None
    updated: date | None = None
    deleted: bool = False


def oai_set(category: str) -> str:
    """Return the set that holds a category: cs.CL → "cs:cs:CL", hep-th → "physics:hep-th"."""
    archive, _, subject = ALIASES.get(category, category).partition(".")
    group = "physics" if archive in _PHYSICS else archive
    return ":".join(filter(None, (group, archive, subject)))


def parse_records(body: bytes) -> list[OaiRecord]:
    """Return the records of a GetRecord or ListRecords answer in the formats arXiv, arXivRaw or oai_dc.

    Unreadable records are logged and left out. Raises `SourceMalformed` when it is no OAI answer, `SourceUnavailable`
    when it is an error other than "no records match".
    """
    root = parse_xml(body, "the OAI answer")
    if local_name(root) == "record":
        found = [root]
    elif local_name(root) == "OAI-PMH":
        error = child(root, "error")
        if error is not None and error.get("code") != "noRecordsMatch":
            raise SourceUnavailable(f"arXiv's OAI interface: {error.get('code')}: {(error.text or '').strip()}"[:300])
        if error is None and child(root, "ListRecords") is None and child(root, "GetRecord") is None:
            raise SourceMalformed("the OAI answer holds no records")
        found = [node for node in root.iter() if local_name(node) == "record"]
    else:
        raise SourceMalformed(f"the OAI answer is another document: <{local_name(root)}>")
    return _readable(found)


class OaiSource:
    """Fetches records by category and date, or one by one."""

    def __init__(self, client: PoliteClient, base_url: str) -> None:
        self._client = client
        self._base_url = base_url
        self._lock = asyncio.Lock()

    async def fetch_records(self, category: str, first: date, last: date) -> list[OaiRecord]:
        """Return all records of a category, cross-lists included, last modified from `first` to `last` (inclusive).

        One request per page of the server's choice; no records give an empty list. arXiv refuses a `last` in the
        future. Raises `SourceUnavailable` (also when a half-read list expires) or `SourceMalformed`.
        """

        def work(get: Get) -> list[OaiRecord]:
            scythe = _Scythe(self._base_url, get)
            items = scythe.list_records(
                from_=first.isoformat(), until=last.isoformat(), metadata_prefix="arXiv", set_=oai_set(category)
            )
            return _readable([item.xml for item in items])

        newest: dict[str, OaiRecord] = {}
        for record in await self._run(work):
            known = newest.get(record.paper.arxiv_id)
            if known is None or record.datestamp >= known.datestamp:
                newest[record.paper.arxiv_id] = record
        return list(newest.values())

    async def fetch_record(self, arxiv_id: str) -> OaiRecord | None:
        """Return one paper's record with its version, licence and dates, and whether it is withdrawn; None if unknown.

        Raises `SourceUnavailable` or `SourceMalformed`.
        """

        def work(get: Get) -> list[OaiRecord]:
            scythe = _Scythe(self._base_url, get)
            try:
                item = scythe.get_record(f"oai:arXiv.org:{arxiv_id}", metadata_prefix="arXivRaw")
            except IdDoesNotExist:
                return []
            except StopIteration as error:
                raise SourceMalformed(f"arXiv's OAI answer about {arxiv_id} holds no record") from error
            records = _readable([item.xml])
            if not records:
                raise SourceMalformed(f"arXiv's OAI record of {arxiv_id} cannot be read")
            return records

        return next(iter(await self._run(work)), None)

    async def _run(self, work: Callable[[Get], list[OaiRecord]]) -> list[OaiRecord]:
        async with self._lock:
            try:
                return await run_blocking(self._client, SourceName.OAI, _ACCEPT, work)
            except NoRecordsMatch:
                return []
            except BadResumptionToken as error:
                raise SourceUnavailable("arXiv's OAI list expired before it was read to its end; try again") from error
            except OAIPMHException as error:
                raise SourceUnavailable(f"arXiv's OAI interface: {type(error).__name__}: {error}"[:300]) from error


class _Scythe(Scythe):
    """The library with its transport replaced, and with items left as XML: its own records lose nested fields."""

    def __init__(self, endpoint: str, get: Get) -> None:
        super().__init__(endpoint, class_mapping={"ListRecords": OAIItem, "GetRecord": OAIItem})
        self._get = get
        self._asked: set[str] = set()

    def _request_with_retry(self, query: dict[str, str]) -> httpx2.Response:
        url = f"{self.endpoint}?{urlencode(query)}"
        if url in self._asked or len(self._asked) >= _MAX_PAGES:
            raise SourceMalformed("arXiv's OAI list does not come to an end")
        self._asked.add(url)
        response = self._get(url)
        if response.status != 200:
            raise SourceUnavailable(f"arXiv's OAI interface answered HTTP {response.status}", status=response.status)
        root = parse_xml(response.body, "the OAI answer")
        if local_name(root) != "OAI-PMH":
            raise SourceMalformed(f"the OAI answer is another document: <{local_name(root)}>")
        if child(root, "error") is None and child(root, query["verb"]) is None:
            raise SourceMalformed(f"the OAI answer has no {query['verb']}")
        return httpx2.Response(200, content=response.body, request=httpx2.Request("GET", url))


def _readable(elements: list[Any]) -> list[OaiRecord]:
    records = []
    for element in elements:
        try:
            records.append(_record(element))
        except (ValueError, TypeError, OverflowError) as error:
            header = child(element, "header")
            identifier = child_text(header, "identifier") if header is not None else None
            _log.warning("oai.record_unreadable", id=identifier, why=str(error)[:200])
    return records


def _record(element: Any) -> OaiRecord:
    header = child(element, "header")
    if header is None:
        raise ValueError("no header")
    arxiv_id, _ = split_id(child_text(header, "identifier") or "")
    datestamp = date.fromisoformat((child_text(header, "datestamp") or "")[:10])
    metadata = child(element, "metadata")
    data = next((node for node in metadata if local_name(node)), None) if metadata is not None else None
    if header.get("status") == "deleted":
        gone = Paper(arxiv_id, "", "", (), "", (), withdrawn=True)
        return OaiRecord(gone, datestamp, deleted=True)
    if data is None:
        raise ValueError("no metadata")
    readers = {"arXiv": _arxiv, "arXivRaw": _arxiv_raw, "dc": _dublin_core}
    reader = readers.get(local_name(data))
    if reader is None:
        raise ValueError(f"unknown format {local_name(data)!r}")
    return reader(data, arxiv_id, datestamp, _set_categories(header))


def _arxiv(data: Any, arxiv_id: str, datestamp: date, _sets: list[str]) -> OaiRecord:
    updated = _date(child_text(data, "updated"))
    authors = child(data, "authors")
    names = [
        clean_author(" ".join(filter(None, (child_text(author, part) for part in ("forenames", "keyname", "suffix")))))
        for author in (authors if authors is not None else ())
        if local_name(author) == "author"
    ]
    paper = _paper(data, arxiv_id, tuple(filter(None, names)), version=2 if updated else 1)
    return OaiRecord(paper, datestamp, _date(child_text(data, "created")), updated)


def _arxiv_raw(data: Any, arxiv_id: str, datestamp: date, _sets: list[str]) -> OaiRecord:
    versions = [node for node in data if local_name(node) == "version"]
    if not versions:
        raise ValueError("no versions")
    numbers = [int((node.get("version") or "").removeprefix("v")) for node in versions]
    dates = [parsedate_to_datetime(child_text(node, "date") or "").astimezone(UTC) for node in versions]
    paper = _paper(
        data,
        arxiv_id,
        split_authors(child_text(data, "authors") or ""),
        version=max(numbers),
        submitted_at=dates[0],
        updated_at=dates[-1],
        withdrawn=_WITHDRAWN in (child_text(versions[-1], "source_type") or ""),
    )
    return OaiRecord(paper, datestamp, dates[0].date(), dates[-1].date() if len(versions) > 1 else None)


def _dublin_core(data: Any, arxiv_id: str, datestamp: date, sets: list[str]) -> OaiRecord:
    """Read the format that every OAI server has: no licence, and categories only as far as the sets tell."""
    texts: dict[str, list[str]] = {}
    for node in data:
        texts.setdefault(local_name(node), []).append("".join(node.itertext()).strip())
    notes = texts.get("description", [])
    comments = [note.removeprefix("Comment:").strip() for note in notes if note.startswith("Comment:")]
    title, primary = texts.get("title", [""])[0], sets[0] if sets else ""
    if not title or not notes:
        raise ValueError("no title or description")
    names = (" ".join(reversed(creator.split(", ", 1))) for creator in texts.get("creator", []))
    paper = Paper(
        arxiv_id=arxiv_id,
        title=clean_line(title),
        abstract=clean_text(notes[0]),
        authors=tuple(filter(None, map(clean_author, names))),
        primary_category=primary,
        categories=tuple(dict.fromkeys(sets)),
        comment=clean_line(comments[0]) if comments else None,
    )
    return OaiRecord(paper, datestamp, _date(texts.get("date", [None])[0]))


def _paper(
    data: Any,
    arxiv_id: str,
    authors: tuple[str, ...],
    *,
    version: int,
    submitted_at: datetime | None = None,
    updated_at: datetime | None = None,
    withdrawn: bool = False,
) -> Paper:
    title, abstract = child_text(data, "title"), child_text(data, "abstract")
    categories = [term for term in (child_text(data, "categories") or "").split() if is_category(term)]
    if not title or not abstract or not categories:
        raise ValueError("no title, abstract or category")
    return Paper(
        arxiv_id=arxiv_id,
        title=clean_line(title),
        abstract=clean_text(abstract),
        authors=authors,
        primary_category=categories[0],
        categories=unique_categories(categories, categories[0]),
        comment=_line(child_text(data, "comments")),
        journal_ref=_line(child_text(data, "journal-ref")),
        doi=_line(child_text(data, "doi")),
        licence=_line(child_text(data, "license")),
        version=version,
        submitted_at=submitted_at,
        updated_at=updated_at,
        withdrawn=withdrawn,
    )


def _set_categories(header: Any) -> list[str]:
    specs = [(node.text or "").strip().split(":") for node in header if local_name(node) == "setSpec"]
    # The old server names the group and, for physics, the archive; the new one goes down to the subject.
    return [".".join(spec[1:]) if len(spec) > 1 else spec[0] for spec in specs if spec[0]]


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text.strip()[:10]) if text else None


def _line(text: str | None) -> str | None:
    return clean_line(text) or None if text else None
