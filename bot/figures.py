"""Figures of papers and the licences under which they may be shown at all. Pure; knows no PDF and no page.

`open_licence` is the one gate: what it does not return a licence for is never cut out, stored, sent or published.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

CONTENT_TYPE = "image/webp"
MAX_BYTES = 200_000
"""Of one picture."""

_BORROWED = re.compile(
    r"©|\(c\)\s*(?:19|20)\d\d|copyright|with permission|permission (?:of|from)|courtesy of"
    r"|(?:image|photo|figure|picture)s? credit"
    r"|(?:reprinted|reproduced|adapted|adopted|borrowed|taken|modified|redrawn|copied) (?:from|with|after)"
    r"|(?:image|photo|figure|picture|screenshot)s? (?:is |are )?(?:from|by|source)|source:",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/"
    r"(?:licenses/(?P<kind>by|by-sa)/(?P<version>1\.0|2\.0|2\.5|3\.0|4\.0)|publicdomain/zero/1\.0)/?"
)


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence that lets anybody show a work's parts. `name`: as it is usually written; `url`: its text."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class CutFigure:
    """A figure as found in a PDF. `caption`: without its label; `width`, `height`: pixels; `data`: the picture's file.

    `page` counts from 1.
    """

    number: int
    page: int
    caption: str
    width: int
    height: int
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class FigureSearch:
    """What was found in one version of a paper, by number. `licence`: of that version, a URL.

    `problem`: why there is nothing of it, where its PDF could not be read.
    """

    arxiv_id: str
    version: int
    licence: str
    figures: tuple[CutFigure, ...]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a paper that may be shown, with what has to stand beside it.

    `number`: as in the paper. `caption`: its text without that label, hostile like all text of papers. `width`,
    `height`: pixels. `data`: the picture's file. `credit`: the authors, shortened, and the paper's id with its version.
    """

    arxiv_id: str
    version: int
    number: int
    caption: str
    width: int
    height: int
    content_type: str
    data: bytes
    licence: Licence
    credit: str

    @property
    def label(self) -> str:
        """Return what the paper calls it."""
        return f"Figure {self.number}"


class NoFigures(StrEnum):
    """Why no figure is shown.

    off: the owner has not turned them on. closed: the paper's licence lets nobody show parts of it, or is not known.
    none: none was found in it. later: arXiv was not or could not be asked in time. offline: nothing may be asked of it.
    """

    OFF = "off"
    CLOSED = "closed"
    NONE = "none"
    LATER = "later"
    OFFLINE = "offline"


def open_licence(url: str | None) -> Licence | None:
    """Return the licence that a URL names if it is CC BY, CC BY-SA or CC0, else None: unknown means no.

    The addresses are those that arXiv uses (https://info.arxiv.org/help/license/), whose text says which terms hold.
    """
    found = _OPEN.fullmatch(url or "")
    if found is None:
        return None
    if found["kind"] is None:
        return Licence("CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/")
    kind, version = found["kind"], found["version"]
    return Licence(f"CC {kind.upper()} {version}", f"https://creativecommons.org/licenses/{kind}/{version}/")


def is_borrowed(caption: str) -> bool:
    """Return whether a caption names somebody else as the source: then the paper's licence may not cover the figure."""
    return _BORROWED.search(caption) is not None


def webp_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels that a WebP file says it has, None for what is no such file.

    https://developers.google.com/speed/webp/docs/riff_container
    """
    if len(data) < 30 or data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    if int.from_bytes(data[4:8], "little") + 8 not in (len(data), len(data) + 1):
        return None
    kind = data[12:16]
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return (int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF)
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None
