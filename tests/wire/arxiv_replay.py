"""A world of real announcement days, recorded in arXiv's own markup, for replays against the loopback server.

The folder is given by the caller and is no part of this project. Recorded pages are served byte for byte; what was not
recorded is built from what the recorded pages say. The reader here is not the one under test, so that a misreading in
the program cannot hide behind the same misreading in its truth.
"""

import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from lxml import etree, html

from bot.demo.world import EASTERN, DayOfPapers, DaysWorld, Flavour
from bot.model import AnnouncedPaper, AnnounceType, Counts, Paper

_KINDS = {
    "new": AnnounceType.NEW,
    "cross": AnnounceType.CROSS,
    "replace": AnnounceType.REPLACE,
    "replace_cross": AnnounceType.REPLACE_CROSS,
}
_CODE = re.compile(r"\(([a-z-]+(?:\.[A-Za-z-]+)?)\)$")
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"


@dataclass(frozen=True, slots=True)
class Truth:
    """What was announced in one category on one date, from the manifest: identifiers in page order, by type."""

    ids: dict[AnnounceType, tuple[str, ...]]

    @property
    def counts(self) -> Counts:
        """Return the counts as arXiv's page prints them."""
        return Counts.of({kind: len(ids) for kind, ids in self.ids.items()})

    @property
    def deliverable(self) -> frozenset[str]:
        """Return the identifiers that a brief may show."""
        return frozenset(self.ids[AnnounceType.NEW] + self.ids[AnnounceType.CROSS])


class ReplayWorld(DaysWorld):
    """The recorded days in `directory` (its `manifest.json` and one folder per calendar day).

    Raises `FileNotFoundError` when there is no manifest.
    """

    def __init__(self, directory: Path) -> None:
        manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
        self._directory = directory
        self._manifest: dict[str, Any] = manifest["days"]
        announced = [date.fromisoformat(day) for day, entry in self._manifest.items() if entry["announced"]]
        super().__init__(announced, manifest["categories"], self._read_day)

    @property
    def calendar_days(self) -> Sequence[date]:
        """Return all recorded days, those without a mailing included, oldest first."""
        return sorted(map(date.fromisoformat, self._manifest))

    def truth(self, day: date, category: str) -> Truth | None:
        """Return what was announced, or None on a day without a mailing."""
        entry = self._manifest.get(day.isoformat(), {}).get("categories", {}).get(category)
        return Truth({kind: tuple(entry["ids"][name]) for name, kind in _KINDS.items()}) if entry else None

    def listing(self, category: str, now: datetime, *, skip: int = 0, show: int = 2000) -> bytes:
        """Return the recorded page where the whole of it is asked for, else one built from it."""
        day = self.current_day(now)
        path = self._directory / str(day) / f"list_{category}_new.html.gz"
        if day is not None and (skip, show) == (0, 2000) and path.exists():
            return gzip.decompress(path.read_bytes())
        return super().listing(category, now, skip=skip, show=show)

    def feed(self, flavour: Flavour, categories: Sequence[str], now: datetime) -> bytes:
        """Return the recorded feed where there is one, else one built from the recorded pages."""
        day = now.astimezone(EASTERN).date()
        path = self._directory / str(day) / f"{flavour}_{'+'.join(categories)}.xml.gz"
        return gzip.decompress(path.read_bytes()) if path.exists() else super().feed(flavour, categories, now)

    def _read_day(self, day: date) -> DayOfPapers:
        licences = _licences(self._directory / day.isoformat())
        return {category: self._read_page(day, category, licences) for category in self.categories}

    def _read_page(self, day: date, category: str, licences: dict[str, str]) -> tuple[AnnouncedPaper, ...]:
        path = self._directory / day.isoformat() / f"list_{category}_new.html.gz"
        versions = self._manifest[day.isoformat()]["categories"][category]["versions"]
        submitted = datetime.combine(day - timedelta(days=1), time(12), UTC)
        papers = [
            replace(
                paper,
                version=versions.get(paper.arxiv_id, 1),
                licence=licences.get(paper.arxiv_id),
                submitted_at=submitted,
                updated_at=submitted,
            )
            for paper in read_listing(gzip.decompress(path.read_bytes()))
        ]
        return _in_place(papers, self.truth(day, category))


def _in_place(papers: Sequence[Paper], truth: Truth | None) -> tuple[AnnouncedPaper, ...]:
    kinds = {arxiv_id: kind for kind, ids in truth.ids.items() for arxiv_id in ids} if truth else {}
    return tuple(AnnouncedPaper(paper, kinds[paper.arxiv_id], place) for place, paper in enumerate(papers))


def read_listing(page: bytes) -> list[Paper]:
    """Return the papers of a recorded listing page in page order; addresses stand again where links stood."""
    root = html.fromstring(page, parser=html.HTMLParser(encoding="utf-8"))
    entries = zip(root.iter("dt"), root.iter("dd"), strict=True)
    return [_read_entry(head, body) for head, body in entries]


def _read_entry(head: html.HtmlElement, body: html.HtmlElement) -> Paper:
    arxiv_id = head.xpath("string(.//a[@title='Abstract']/@id)")
    subjects = _text(body, "list-subjects").split("; ")
    codes = [match[1] for match in map(_CODE.search, subjects) if match]
    abstract = body.xpath(".//p[contains(@class, 'mathjax')]")[0]
    return Paper(
        arxiv_id=arxiv_id,
        title=_text(body, "list-title"),
        abstract=_plain(abstract),
        authors=tuple(body.xpath(".//div[@class='list-authors']//a/text()")),
        primary_category=codes[0],
        categories=tuple(codes),
        comment=_text(body, "list-comments") or None,
        journal_ref=_text(body, "list-journal-ref") or None,
        has_html=bool(head.xpath(".//a[@title='View HTML']")),
        withdrawn=not head.xpath(".//a[@title='Other formats']"),
    )


def _text(body: html.HtmlElement, name: str) -> str:
    found = body.xpath(f".//div[contains(concat(' ', @class, ' '), ' {name} ')]")
    return re.sub(r"^[A-Za-z-]+:\s*", "", _plain(found[0])) if found else ""


def _plain(element: html.HtmlElement) -> str:
    parts = [element.text or ""]
    for child in element:
        address = child.get("href", "")
        shown = child.text_content()
        parts.append("\n  " if child.tag == "br" else address if shown.startswith("this http") else shown)
        parts.append(child.tail or "")
    return re.sub(r"\n+  ", "\n  ", "".join(parts)).strip()


def _licences(folder: Path) -> dict[str, str]:
    licences: dict[str, str] = {}
    for path in sorted(folder.glob("rss_*.xml.gz")):
        for item in etree.fromstring(gzip.decompress(path.read_bytes())).iter("item"):
            arxiv_id = re.sub(r"v\d+$", "", (item.findtext("guid") or "").removeprefix("oai:arXiv.org:"))
            licences[arxiv_id] = item.findtext(f"{_DUBLIN_CORE}rights") or ""
    return {arxiv_id: licence for arxiv_id, licence in licences.items() if licence}
