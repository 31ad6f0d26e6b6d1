"""arXiv's listing pages (`/list/<category>/new`): the truth about what was announced, where, and on which date.

Parsing never guesses: whatever does not agree with the counts that the page itself prints is named in `problem`. Ids
come from `<dt>` alone, because abstracts and comments cite other papers.
"""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from lxml import etree, html

from bot.errors import SourceMalformed, SourceUnavailable
from bot.log import get_logger
from bot.model import AnnouncedPaper, AnnounceType, Counts, FetchedAnnouncement, Paper, SourceName
from bot.sources.parsing import clean_author, clean_line, is_category, same_category, split_authors, split_id
from bot.sources.politeness import PoliteClient

# The largest page that arXiv serves; `show` takes 25, 50, 100, 250, 500, 1000 or 2000 only.
PAGE_SIZE = 2000
# arXiv prints the first 100 authors of a longer list, without saying so.
AUTHORS_SHOWN = 100
_MAX_PAGES = 10

_HEADER = re.compile(r"Showing new listings for \w+, (\d{1,2} \w+ \d{4})")
_SECTION = re.compile(
    r"(New|Cross|Replacement)[\w -]*\((?:continued, )?showing (?:first |last )?([\d,]+) of ([\d,]+) entries?\)"
)
_TOTAL = re.compile(r"Total of ([\d,]+) entr")
_SUBJECT = re.compile(r"\(([^()\s]+)\)\s*$")
_LINK_TEXT = re.compile(r"this \w+ URL")
_KINDS = {
    "New": AnnounceType.NEW,
    "Cross": AnnounceType.CROSS,
    "Replacement": AnnounceType.REPLACE,
}  # headings; the links above say "Cross-lists" and "Replacements"

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a page: `showing` of `total` entries by arXiv's count, `items` found."""

    kind: AnnounceType
    showing: int
    total: int
    items: int


@dataclass(frozen=True, slots=True)
class ListingPage:
    """One page of a listing. `total` is the count over all pages, None where the page prints none.

    `problems` has one line for each thing that does not add up on this page; `truncated` says that the end is missing,
    in which case the last, possibly cut, entry has been left out. `paged`: arXiv offers further pages of this listing.
    `index` are the sections of the whole listing with the number (from 1) of their first entry.
    """

    category: str
    announced_on: date
    total: int | None
    sections: tuple[Section, ...]
    papers: tuple[AnnouncedPaper, ...]
    problems: tuple[str, ...]
    truncated: bool
    says_no_updates: bool
    paged: bool
    index: tuple[tuple[AnnounceType, int], ...]

    @property
    def items(self) -> int:
        """Return how many entries the page holds, readable or not."""
        return sum(section.items for section in self.sections)


def parse_listing(body: bytes, category: str) -> ListingPage:
    """Return what a listing page of `category` shows.

    Raises `SourceMalformed` when it is not such a page: empty, another document, or of another category.
    """
    ended = body.rstrip()[-7:].lower() == b"</html>"
    content = _content(body if ended else _whole_entries(body), category)
    announced_on = _header_date(content, category)
    problems = [] if ended else ["the page is cut off before its end"]
    sections: list[Section] = []
    papers: list[AnnouncedPaper] = []
    for heading, entries in _sections(content):
        match = _SECTION.search(heading)
        if match is None:
            problems.append(f"a section has an unknown heading: {heading[:80]!r}")
            continue
        kind = _KINDS[match[1]]
        for dt, dd in entries:
            entry = _entry(dt, dd, kind, category)
            if isinstance(entry, str):
                problems.append(entry)
            else:
                papers.append(replace(entry, position=len(papers)))
        showing, total = _number(match[2]), _number(match[3])
        sections.append(Section(kind, showing, total, len(entries)))
        if len(entries) != showing:
            problems.append(f"the section {match[1]!r} says it shows {showing} entries and holds {len(entries)}")
    paging = content.findall(".//div[@class='paging']")
    totals = _TOTAL.search(" ".join(map(_text, paging)))
    return ListingPage(
        category=category,
        announced_on=announced_on,
        total=_number(totals[1]) if totals else None,
        sections=tuple(sections),
        papers=tuple(papers),
        problems=tuple(problems),
        truncated=not ended,
        says_no_updates=any(_text(node) == "No updates today." for node in content.iterfind("p")),
        paged=any(node.find("span") is not None for node in paging),
        index=tuple(_index(content)),
    )


class ListingSource:
    """Fetches the newest announcement of a category from its listing page."""

    def __init__(self, client: PoliteClient, base_url: str) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")

    async def fetch(self, category: str) -> FetchedAnnouncement:
        """Return the announcement that arXiv shows now, whatever its date; one request unless it is split into pages.

        Raises `SourceUnavailable` when there is no answer, `SourceMalformed` when it is not a listing page.
        """
        pages: list[ListingPage] = []
        for _ in range(2):
            pages = await self._fetch_pages(category)
            if len({page.announced_on for page in pages}) == 1:
                return _assemble(pages, [])
            _log.warning("listing.changed_while_paging", category=category)
        newest = max(page.announced_on for page in pages)
        pages = [page for page in pages if page.announced_on == newest]
        return _assemble(pages, ["the announcement changed while its pages were read"])

    async def _fetch_pages(self, category: str) -> list[ListingPage]:
        pages = [await self._fetch_page(category, 0)]
        while len(pages) < _MAX_PAGES:
            last, read = pages[-1], sum(page.items for page in pages)
            # A lagging server shows fewer than there are without offering pages: paging would not help.
            if not last.paged or last.truncated or not last.items or read >= (last.total or 0):
                break
            pages.append(await self._fetch_page(category, read))
        return pages

    async def _fetch_page(self, category: str, skip: int) -> ListingPage:
        response = await self._client.get(
            f"{self._base_url}/{category}/new",
            params={"skip": skip, "show": PAGE_SIZE},
            accept="text/html",
            source=SourceName.LISTING,
        )
        if response.status != 200:
            raise SourceUnavailable(
                f"arXiv has no listing for {category} (HTTP {response.status}); is the category right?",
                status=response.status,
            )
        # A large page takes 0.2 s, too long for the event loop.
        return await asyncio.to_thread(parse_listing, response.body, category)


def _assemble(pages: list[ListingPage], problems: list[str]) -> FetchedAnnouncement:
    first = pages[0]
    papers: dict[str, AnnouncedPaper] = {}
    declared: dict[AnnounceType, int] = {}
    items: dict[AnnounceType, int] = {}
    for page in pages:
        problems = [*problems, *page.problems]
        for section in page.sections:
            declared[section.kind] = max(declared.get(section.kind, 0), section.total)
            items[section.kind] = items.get(section.kind, 0) + section.items
        for announced in page.papers:
            known = papers.get(announced.paper.arxiv_id)
            # One row per id: a page that shifted while paging, or one id as new and as replacement.
            if known is None or announced.paper.version > known.paper.version:
                kind = known.announce_type if known and known.announce_type.deliverable else announced.announce_type
                papers[announced.paper.arxiv_id] = replace(announced, announce_type=kind)
    shown = Counts.of(declared)
    names = {AnnounceType.NEW: "new", AnnounceType.CROSS: "cross-listed", AnnounceType.REPLACE: "replaced"}
    for kind, total in declared.items():
        if items[kind] < total:
            problems.append(f"arXiv shows {items[kind]} of {total} {names[kind]} papers")
    total = max((page.total for page in pages if page.total is not None), default=shown.total)
    if total != shown.total or len(papers) != total:
        problems.append(f"arXiv counts {total} entries, {len(papers)} could be read")
    if not total and not papers and not any(page.says_no_updates for page in pages):
        problems.append("the page shows no entries and does not say that there are none")
    if total > shown.total:
        shown = _indexed(first.index, total)
    return FetchedAnnouncement(
        category=first.category,
        announced_on=first.announced_on,
        source=SourceName.LISTING,
        papers=tuple(replace(paper, position=index) for index, paper in enumerate(papers.values())),
        shown=shown,
        problem="; ".join(dict.fromkeys(problems)) or None,
    )


def _indexed(index: tuple[tuple[AnnounceType, int], ...], total: int) -> Counts:
    """Return the counts that the links above a listing imply: an emptied page still has them."""
    counts: dict[AnnounceType, int] = {}
    end = total + 1
    for kind, start in reversed(index):
        counts[kind] = max(0, end - start)
        end = start
    return Counts.of(counts) if sum(counts.values()) == total else Counts(new=total)


def _index(content: Any) -> Iterator[tuple[AnnounceType, int]]:
    for link in content.iterfind("ul/li/a"):
        kind = _KINDS.get(re.split(r"[ -]", _text(link).rstrip("s"))[0])
        start = (link.get("href") or "").rpartition("#item")[2]
        if kind is not None and start.isdecimal():
            yield kind, max(1, int(start))


def _whole_entries(body: bytes) -> bytes:
    end = body.rfind(b"</dd>")
    if end >= 0:
        return body[: end + 5]
    start = body.find(b"<dt")
    return body[:start] if start >= 0 else body


def _content(body: bytes, category: str) -> Any:
    if not body.strip():
        raise SourceMalformed(f"the listing of {category} is empty")
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(body, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise SourceMalformed(f"the listing of {category} is not an HTML page ({error})") from error
    content = root.find(".//div[@id='dlpage']")
    if content is None:
        title = root.findtext(".//title") or ""
        raise SourceMalformed(f"arXiv answered {category} with another page: {clean_line(title)[:80] or 'no title'}")
    named = content.find(".//a[@aria-labelledby]")
    shown = (named.get("id") or "").removeprefix("recent-") if named is not None else ""
    if shown and not (same_category(shown, category) or same_category(category, shown)):
        raise SourceMalformed(f"arXiv answered {category} with the listing of {shown}")
    return content


def _header_date(content: Any, category: str) -> date:
    for heading in content.iterfind("h3"):
        match = _HEADER.search(_text(heading))
        if match:
            try:
                return datetime.strptime(match[1], "%d %B %Y").date()  # noqa: DTZ007  # a date has no zone
            except ValueError:
                break
    raise SourceMalformed(f"the listing of {category} has no header with its date")


def _sections(content: Any) -> Iterator[tuple[str, list[tuple[Any, Any]]]]:
    for block in content.iterfind(".//dl"):
        heading = ""
        entries: list[tuple[Any, Any]] = []
        for node in block:
            if node.tag == "h3":
                if heading or entries:
                    yield heading, entries
                    entries = []
                heading = _text(node)
            elif node.tag == "dt":
                entries.append((node, None))
            elif node.tag == "dd" and entries and entries[-1][1] is None:
                entries[-1] = (entries[-1][0], node)
        yield heading, entries


def _entry(dt: Any, dd: Any, kind: AnnounceType, category: str) -> AnnouncedPaper | str:
    """Return the paper, or in words why it cannot be read."""
    anchor = dt.find("a[@title='Abstract']")
    try:
        arxiv_id, _ = split_id(anchor.get("href").rpartition("/abs/")[2])
    except (AttributeError, ValueError):
        return "an entry has no readable identifier"
    fields = {node.get("class", "").split(" ")[0]: node for node in dd.iter("div", "p")} if dd is not None else {}
    title = _field(fields.get("list-title"))
    subjects = fields.get("list-subjects")
    primary = _subjects(_text(subjects.find(".//span[@class='primary-subject']"))) if subjects is not None else []
    if not title or not primary or "list-authors" not in fields or "mathjax" not in fields:
        missing = [
            name
            for name, there in (
                ("title", title),
                ("primary subject", primary),
                ("authors", "list-authors" in fields),
                ("abstract", "mathjax" in fields),
            )
            if not there
        ]
        return f"{arxiv_id} cannot be read: no {', no '.join(missing)}"
    formats = {
        _text(link): link.get("href", "") for link in dt.iterfind("a") if link is not anchor and link.get("href")
    }
    version = _html_version(formats.get("html"))
    if kind is AnnounceType.REPLACE and not same_category(primary[0], category):
        kind = AnnounceType.REPLACE_CROSS
    authors, authors_complete = _authors(fields["list-authors"])
    paper = Paper(
        arxiv_id=arxiv_id,
        title=title,
        abstract="\n".join(filter(None, (clean_line(part) for part in _linked(fields["mathjax"]).split("\0")))),
        authors=authors,
        primary_category=primary[0],
        categories=tuple(dict.fromkeys([primary[0], *_subjects(_field(subjects))])),
        comment=_field(fields.get("list-comments")),
        journal_ref=_field(fields.get("list-journal-ref")),
        doi=_field(fields.get("list-doi")),
        version=version or (1 if kind.deliverable else 2),
        has_html="html" in formats,
        # A paper with source offers [pdf, other] at least; the record of a withdrawn one leaves [pdf].
        withdrawn=set(formats) == {"pdf"},
        authors_complete=authors_complete,
    )
    return AnnouncedPaper(paper, kind, 0)


def _html_version(href: str | None) -> int | None:
    try:
        return split_id((href or "").rpartition("/html/")[2])[1]
    except ValueError:
        return None


def _field(node: Any) -> str | None:
    if node is None:
        return None
    text = _linked(node).replace("\0", " ")
    descriptor = node.find("span[@class='descriptor']")
    if descriptor is not None:
        text = text.replace(_text(descriptor), "", 1)
    return clean_line(text) or None


def _subjects(text: str | None) -> list[str]:
    found = (_SUBJECT.search(part) for part in (text or "").split(";"))
    return [match[1] for match in found if match and is_category(match[1])]


def _authors(node: Any) -> tuple[tuple[str, ...], bool]:
    """Return the names, and whether the list is whole. Names are links, but not all of them; brackets are notes."""
    links = [clean_author(_text(link)) for link in node.iterfind("a")]
    marks = {f"\ue000{index}\ue001": name for index, name in enumerate(links)}
    text = node.text or ""
    for mark, link in zip(marks, node.iterfind("a"), strict=True):
        text += mark + (link.tail or "")
    names = []
    for name in split_authors(re.sub(r"^\s*Authors:", "", text)):
        for mark in re.findall("\ue000\\d+\ue001", name):
            name = name.replace(mark, marks[mark])  # noqa: PLW2901  # a linked name may hold a comma, so it is put back late
        names.append(clean_author(name))
    complete = AUTHORS_SHOWN not in (len(names), len(links))
    return tuple(filter(None, names)), complete


def _linked(node: Any) -> str:
    """Return the text of a node with shortened links written out and NUL for line breaks."""
    parts = [node.text or ""]
    for inner in node:
        if inner.tag == "br":
            parts.append("\0")
        elif inner.tag == "a":
            text = _text(inner)
            doi = inner.get("data-doi")
            if _LINK_TEXT.fullmatch(text):
                text = inner.get("href") or text
            elif doi and parts[-1].endswith("doi:"):
                text = doi
            parts.append(text)
        else:
            parts.append(_linked(inner))
        parts.append(inner.tail or "")
    return "".join(parts)


def _text(node: Any) -> str:
    return " ".join("".join(node.itertext()).split()) if node is not None else ""


def _number(text: str) -> int:
    return int(text.replace(",", ""))
