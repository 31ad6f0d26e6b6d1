"""The text of arXiv's HTML papers (made by LaTeXML) as paragraphs with their places. Pure; may not fetch.

Math becomes the LaTeX it was made from. Tables, references, authors, page furniture and what a browser would not show
are left out. Never raises anything but `SourceMalformed`, whatever the page is.
"""

import re
from typing import Any

from lxml import etree, html

from bot.errors import SourceMalformed
from bot.texts import Passage

MAX_PASSAGES = 4000
MAX_CHARACTERS = 800_000
"""Of one paper; one of 20 pages has about 80,000."""

_MAX_HEADING = 80
_MAX_MATH = 2000

_SPACE = re.compile(r"\s+")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# What lxml reads and will not write.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BEFORE_STOP = re.compile(r"\s+([.,;:)\]])")
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?![.\d]*[1-9])|font-size\s*:\s*0(?![.\d]*[1-9])"
    r"|(?<![-\w])color\s*:\s*(?:white|#f{3}(?:f{3})?\b|transparent)",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?:(?P<appendix>appendix)\s*)?(?P<number>(?:[A-Z]|[IVX]+|\d{1,3})(?:\.\d{1,3}){0,3})[.:]?", re.IGNORECASE
)
_LEFT_OUT = (
    ".//script | .//style | .//noscript | .//template | .//nav | .//header | .//footer | .//button | .//form | .//svg"
    " | .//img | .//object | .//iframe | .//select | .//*[@hidden]"
)
_LEFT_OUT_CLASSES = frozenset(
    (
        "ltx_bibliography", "ltx_biblist", "ltx_note", "ltx_tabular", "ltx_authors", "ltx_dates", "ltx_ERROR",
        "ltx_TOC", "ltx_page_footer", "ltx_page_header", "ltx_page_navbar", "ltx_keywords", "ltx_classification",
        "ltx_abstract", "ltx_title_document", "ltx_rule", "ltx_index", "ltx_listing", "ltx_missing", "ltx_pagination",
        "ltx_eqn_eqno", "ltx_tag_item",
    )
)  # fmt: skip
_SECTIONS = frozenset(
    ("ltx_section", "ltx_subsection", "ltx_subsubsection", "ltx_paragraph", "ltx_appendix", "ltx_chapter", "ltx_part")
)
_BLOCKS = frozenset(("ltx_para", "ltx_caption"))
_PLAIN_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def parse_html(body: bytes) -> tuple[Passage, ...]:
    """Return the paragraphs of an HTML paper in their order. Raises `SourceMalformed` where there are none."""
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = html.document_fromstring(body, parser=parser)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise SourceMalformed("the HTML paper cannot be read") from error
    _prepare(root)
    found = _latexml(root) or _plain(root)
    if not found:
        raise SourceMalformed("the HTML page has no text of a paper")
    return found


def _prepare(root: Any) -> None:
    """Take out what is not text, and put LaTeX in the place of math."""
    for element in root.xpath(".//*[local-name() = 'math']"):
        _replace(element, _latex(element))
    unwanted = root.xpath(_LEFT_OUT)
    for element in root.iter():
        if _is_unwanted(element):
            unwanted.append(element)
        elif element.tag in ("p", "div", "li", "td", "br", "dd", "dt"):
            element.tail = " " + _NOT_XML.sub("", element.tail or "")
    for element in unwanted:
        _replace(element, " ")


def _is_unwanted(element: Any) -> bool:
    classes = _classes(element)
    if element.tag == "table":
        # Equations are laid out in tables as well.
        return not any(name.startswith("ltx_eqn") for name in classes)
    return not classes.isdisjoint(_LEFT_OUT_CLASSES) or _HIDDEN.search(element.get("style") or "") is not None


def _replace(element: Any, text: str) -> None:
    parent = element.getparent()
    if parent is None:
        return
    tail = _NOT_XML.sub("", text + (element.tail or ""))
    before = element.getprevious()
    if before is None:
        parent.text = _NOT_XML.sub("", parent.text or "") + tail
    else:
        before.tail = _NOT_XML.sub("", before.tail or "") + tail
    parent.remove(element)


def _latex(element: Any) -> str:
    source = element.get("alttext")
    if source is None:
        notes = element.xpath(".//*[local-name() = 'annotation'][contains(@encoding, 'tex')]")
        source = "".join(notes[0].itertext()) if notes else "".join(element.itertext())
    # LaTeXML keeps line ends of the source as "%\n".
    source = _SPACE.sub(" ", re.sub(r"(?<!\\)%\s*\n", "", source[:_MAX_MATH])).strip()
    if not source:
        return " "
    return f" ${source}$ " if element.get("display") == "block" else f"${source}$"


def _latexml(root: Any) -> tuple[Passage, ...]:
    places: dict[Any, tuple[str, str]] = {}
    found: list[Passage] = []
    room = MAX_CHARACTERS
    for element in root.iter():
        classes = _classes(element)
        if classes.isdisjoint(_BLOCKS) or any(
            not _classes(above).isdisjoint(_BLOCKS) for above in element.iterancestors()
        ):
            continue
        text = _text(element)
        if not any(map(str.isalpha, text)):
            continue
        room -= len(text)
        if room < 0 or len(found) >= MAX_PASSAGES:
            break
        place, heading = _place(element, places)
        found.append(Passage(text, place, heading))
    return tuple(found)


def _place(element: Any, known: dict[Any, tuple[str, str]]) -> tuple[str, str]:
    """Return the place of an element and the heading there: of the nearest section with a number, else with a name."""
    named = ""
    for section in element.iterancestors():
        if _classes(section).isdisjoint(_SECTIONS):
            continue
        if section not in known:
            known[section] = _section(section)
        place, heading = known[section]
        named = named or heading
        if place:
            return place, named
    return (f"section “{named}”" if named else "text"), named


def _section(section: Any) -> tuple[str, str]:
    """Return what a section's number makes of its place, "" without one, and its heading."""
    title = next((child for child in section if "ltx_title" in _classes(child)), None)
    if title is None:
        return "", ""
    tag = next((child for child in title.iter() if "ltx_tag" in _classes(child)), None)
    label = _text(tag) if tag is not None else ""
    heading = _text(title).removeprefix(label).strip()[:_MAX_HEADING]
    match = _NUMBER.fullmatch(label)
    if match is None:
        return "", heading
    appendix = match["appendix"] or any("ltx_appendix" in _classes(one) for one in (section, *section.iterancestors()))
    return f"{'appendix' if appendix else 'section'} {match['number']}", heading


def _plain(root: Any) -> tuple[Passage, ...]:
    """Return the paragraphs of a page that LaTeXML did not make: under its headings, where it has any."""
    found: list[Passage] = []
    heading, room = "", MAX_CHARACTERS
    for element in root.iter("p", *_PLAIN_HEADINGS):
        text = _text(element)
        if element.tag != "p":
            heading = text[:_MAX_HEADING]
        elif any(map(str.isalpha, text)):
            room -= len(text)
            if room < 0 or len(found) >= MAX_PASSAGES:
                break
            found.append(Passage(text, f"section “{heading}”" if heading else "text", heading))
    # An error page has a sentence or two.
    return tuple(found) if sum(len(one.text) for one in found) >= _LEAST_PLAIN else ()


_LEAST_PLAIN = 1500


def _text(element: Any) -> str:
    joined = _CONTROLS.sub("", "".join(element.itertext()))
    return _BEFORE_STOP.sub(r"\1", _SPACE.sub(" ", joined)).strip()


def _classes(element: Any) -> frozenset[str]:
    return frozenset((element.get("class") or "").split())
