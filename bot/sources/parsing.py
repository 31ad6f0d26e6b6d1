"""What every parser of arXiv's answers shares: safe XML, identifiers, categories, plain text, author strings.

Pure; may not fetch, and may not know which interface a text came from.
"""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from bot.errors import SourceMalformed
from bot.latex import accents_to_unicode
from bot.sources.categories import ALIASES

_ID = re.compile(
    r"(?P<id>\d{4}\.\d{4,5}|[a-z][a-z-]*(?:\.[A-Z]{2})?/\d{7})(?:v(?P<version>[1-9]\d{0,3}))?",
    re.ASCII,
)
_CATEGORY = re.compile(r"[a-z][a-z-]*(?:\.[A-Za-z][A-Za-z-]*)?", re.ASCII)
_DOCTYPE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<!DOCTYPE\s*(\w*)", re.DOTALL | re.IGNORECASE
)
# C0 and C1 controls but tab and line feed: XML forbids them, HTML pages have been seen with them.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_TEX_IN_NAMES = str.maketrans("", "", "{}\\")
_SUFFIXES = {"jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "phd", "ph.d.", "md", "m.d."}
_COLLABORATION = re.compile(r"^(?:(?:for|on behalf of)\s+the\s+|the\s+)(?=.*\bcollaborations?\b)", re.IGNORECASE)


def split_id(text: str) -> tuple[str, int | None]:
    """Return the identifier without its version, and the version if it has one.

    Takes "2605.00847v2", "hep-th/9901001", with or without "arXiv:" or "oai:arXiv.org:" in front. Raises `ValueError`
    for anything else.
    """
    bare = text.strip().removeprefix("oai:arXiv.org:").removeprefix("arXiv:")
    match = _ID.fullmatch(bare)
    if match is None:
        raise ValueError(f"not an arXiv identifier: {text.strip()[:60]!r}")
    return match["id"], int(match["version"]) if match["version"] else None


def id_order(arxiv_id: str) -> tuple[int, str, str]:
    """Return a key that sorts identifiers as arXiv handed them out; old-style ones come before all new ones."""
    if "/" in arxiv_id:
        archive, _, number = arxiv_id.partition("/")
        year = int(number[:2])
        return (0, f"{year + (1900 if year > 90 else 2000):04}{number[2:]}", archive)
    month, _, number = arxiv_id.partition(".")
    return (1, month, number.rjust(5, "0"))


def is_category(text: str) -> bool:
    """Return whether `text` looks like a category or archive; ACM and MSC classes ("I.2.7", "68T50") do not."""
    return _CATEGORY.fullmatch(text) is not None


def same_category(category: str, asked: str) -> bool:
    """Return whether a paper in `category` belongs to `asked`: equal, an alias, or within the archive `asked`."""
    category, asked = (ALIASES.get(name, name) for name in (category, asked))
    return category == asked or category.startswith(f"{asked}.")


def parse_xml(body: bytes, what: str) -> Any:
    """Return the root element of well-formed XML without a document type declaration.

    Entities are never expanded and nothing is fetched. Raises `SourceMalformed` for HTML, empty, cut-off or otherwise
    broken documents; `what` names the answer in the message.
    """
    if not body.strip():
        raise SourceMalformed(f"{what} is empty")
    doctype = _DOCTYPE.match(body)
    if doctype is not None:
        kind = (
            "is an HTML page" if doctype[1].lower() == b"html" else "declares a document type, which arXiv never does"
        )
        raise SourceMalformed(f"{what} {kind}")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        kind = "is an HTML page" if b"<html" in body[:2000].lower() else f"is not well-formed XML ({error})"
        raise SourceMalformed(f"{what} {kind}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise SourceMalformed(f"{what} declares a document type, which arXiv never does")
    if local_name(root) == "html":
        raise SourceMalformed(f"{what} is an HTML page")
    return root


def local_name(element: Any) -> str:
    """Return an element's name without its namespace; "" for comments and processing instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def child(element: Any, name: str) -> Any:
    """Return the first child with that local name, or None: some recorded answers carry no or other namespaces."""
    return next((inner for inner in element if local_name(inner) == name), None)


def child_text(element: Any, name: str) -> str | None:
    """Return the stripped text of the first child with that local name; None where missing or blank."""
    found = child(element, name)
    if found is None:
        return None
    return "".join(found.itertext()).strip() or None


def clean_line(text: str) -> str:
    """Return `text` as one line: accents as Unicode, white space collapsed, control characters gone."""
    return " ".join(_CONTROLS.sub("", _accents(text)).split())


def clean_text(text: str) -> str:
    """Return an abstract: line breaks within a paragraph become blanks, an indented line starts a new paragraph.

    The API, feeds and OAI send the abstract as typed; arXiv's own pages break lines at the same places.
    """
    lines = _CONTROLS.sub("", _accents(text)).expandtabs(1).strip().split("\n")
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if line[:1] == " " and line.strip() and paragraphs[-1]:
            paragraphs.append([])
        paragraphs[-1].extend(line.split())
    return "\n".join(" ".join(words) for words in paragraphs if words)


def clean_author(text: str) -> str:
    """Return an author's name on one line, accents as Unicode, without TeX's braces; "" when it holds no letter."""
    name = clean_line(text).translate(_TEX_IN_NAMES).strip(" ,;:")
    return _COLLABORATION.sub("", name) if any(map(str.isalnum, name)) else ""


def split_authors(text: str) -> tuple[str, ...]:
    """Return the names in one comma-joined author string, affiliations in brackets left out.

    Handles "A (MIT), B and C", "King, Jr.", "for the Foo Collaboration"; commas inside brackets do not split.
    """
    pieces: list[str] = []
    for piece in re.split(r",|;|\band\b", _without_brackets(_accents(text))):
        name = clean_author(piece)
        if pieces and name.lower() in _SUFFIXES:
            pieces[-1] = f"{pieces[-1]} {name}"
        elif name:
            pieces.append(name)
    return tuple(pieces)


def unique_categories(terms: list[str], primary: str) -> tuple[str, ...]:
    """Return the categories among `terms`, `primary` first, each once."""
    return tuple(dict.fromkeys([primary, *(term for term in terms if is_category(term))]))


def parse_instant(text: str | None) -> datetime | None:
    """Return an RFC 3339 instant in UTC; None where missing. Raises `ValueError` when it is not one."""
    if text is None:
        return None
    instant = datetime.fromisoformat(text.strip())
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)


def _without_brackets(text: str) -> str:
    kept: list[str] = []
    depth = 0
    for character in text:
        if character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif depth == 0:
            kept.append(character)
    # An opening bracket without its closing one would swallow every name after it.
    return "".join(kept) if depth == 0 else text.replace("(", " ").replace(")", " ")


def _accents(text: str) -> str:
    if "\\" in text:
        text = accents_to_unicode(text)
    return text if text.isascii() else unicodedata.normalize("NFC", text)
