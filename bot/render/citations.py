"""Papers as citations: BibTeX, RIS and Markdown. Pure.

What strangers wrote must neither end a field early nor run as a command in whoever reads the file.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.latex.segments import Kind, segments
from bot.model import Paper
from bot.render.items import item_page
from bot.render.text import authors_line, clip, escape_markdown, readable, sanitise

MAX_BYTES = 7_500_000
"""Size of an export: below the 10 MiB that Discord takes from a bot
(https://discord.com/developers/docs/reference#uploading-files)."""

MAX_NAMES = 40_000
"""Names of authors in one export, all papers together: about a second's work."""

_MAX_NAME = 200
_MAX_TITLE = 1000
_MAX_ABSTRACT = 6000
_MAX_SHORT = 500
_MAX_MARKDOWN_AUTHORS = 200

# https://www.ctan.org/pkg/latex: the ten special characters. Braces and backslashes are spelt out, because BibTeX
# counts braces whether or not a backslash stands before them.
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_SPECIAL_TABLE = str.maketrans(_SPECIAL)
# Commands that read, write, define or loop: math in a title needs none of them.
_DANGEROUS = re.compile(
    r"\\(?:input|include|openin|openout|read|write|immediate|def|edef|gdef|xdef|let|newcommand|renewcommand|csname"
    r"|catcode|loop|repeat|special|usepackage|begin|end|href|url|verb|expandafter|jobname|shipout|output|every)",
    re.IGNORECASE,
)
_SAFE_DOI = re.compile(r"10\.\d{4,9}/[A-Za-z0-9._;()/:+\-<>]{1,200}")
_AND = re.compile(r"(?:^|\s)and(?=\s|$)", re.IGNORECASE)
_GROUP = re.compile(
    r"\b(?:collaborations?|consortium|team|group|project|committee|society|network|initiative|institute|alliance)\b",
    re.IGNORECASE,
)
_PARTICLES_TEXT = "al af bin da das de del della den der di dos du el la le ter van vom von zu zur"
_PARTICLES = frozenset(_PARTICLES_TEXT.split())
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_KEY_WORD = re.compile(r"[a-z0-9]+")
_SMALL_WORDS_TEXT = "a an and are as at by can do for from how in is it of on or the to via we what with"
_SMALL_WORDS = frozenset(_SMALL_WORDS_TEXT.split())
_MONTH = re.compile(r"^(?:[a-z-]+(?:\.[A-Z]{2})?/)?(\d\d)(?:0[1-9]|1[0-2])", re.ASCII)


class CitationFormat(StrEnum):
    """Formats of a citation file; the values are the file names' endings."""

    BIBTEX = "bib"
    RIS = "ris"
    MARKDOWN = "md"


@dataclass(frozen=True, slots=True)
class _Detail:
    """How much of each paper an export holds; `authors` None for all."""

    authors: int | None
    abstract: bool


_DETAILS = (_Detail(None, abstract=True), _Detail(50, abstract=True), _Detail(3, abstract=False))


def render_citations(papers: Sequence[Paper], kind: CitationFormat, *, max_bytes: int = MAX_BYTES) -> str:
    """Return all `papers` in one file of that format, in their order, at most `max_bytes` in UTF-8 if at all possible.

    Author lists and abstracts are cut, in every entry alike, when the file would be larger or has over `MAX_NAMES`
    names. A thousand papers take seconds: not for an event loop.
    """
    render: Callable[[Sequence[Paper], _Detail], str] = {
        CitationFormat.BIBTEX: _bibtex_file,
        CitationFormat.RIS: _ris_file,
        CitationFormat.MARKDOWN: _markdown_file,
    }[kind]
    text = ""
    for detail in _DETAILS:
        if detail.authors is None and sum(len(paper.authors) for paper in papers) > MAX_NAMES:
            continue
        text = render(papers, detail)
        if len(text.encode("utf-8", "replace")) <= max_bytes:
            break
    return text


def render_bibtex(paper: Paper) -> str:
    """Return the BibTeX entry of one paper, in the form that arXiv itself gives, all authors."""
    return _bibtex(paper, citation_key(paper), None)


def citation_key(paper: Paper) -> str:
    """Return a key such as "lee2026matter": first author, year, first word of the title; a-z and 0-9 only."""
    authors = [name for name in map(_name, paper.authors[:1]) if name]
    last = _plain(_split_name(authors[0])[0]) if authors else ""
    words = _words(readable(paper.title))
    title = next((word for word in words if word not in _SMALL_WORDS and word[0].isalpha() and len(word) > 1), "")
    return f"{last[:30] or 'arxiv'}{_year(paper)}{title[:30]}"


def _bibtex_file(papers: Sequence[Paper], detail: _Detail) -> str:
    return "\n".join(_bibtex(paper, key, detail.authors) for paper, key in zip(papers, _keys(papers), strict=True))


def _keys(papers: Iterable[Paper]) -> list[str]:
    """Return a key for each paper, no two alike: later ones of the same key get the identifier's digits."""
    seen: set[str] = set()
    keys = []
    for paper in papers:
        key = base = citation_key(paper)
        if key in seen:
            key = base = f"{base}-{_plain(paper.arxiv_id)}"
        number = 2
        while key in seen:
            key = f"{base}-{number}"
            number += 1
        seen.add(key)
        keys.append(key)
    return keys


def _bibtex(paper: Paper, key: str, most: int | None) -> str:
    fields = {
        "title": f"{{{_tex(_cut(paper.title, _MAX_TITLE))}}}",
        "author": _bibtex_authors(paper, most),
        "year": _year(paper),
        "eprint": _escaped(sanitise(paper.arxiv_id)),
        "archivePrefix": "arXiv",
        "primaryClass": _escaped(sanitise(paper.primary_category)),
        "doi": _doi(paper).translate({ord("<"): None, ord(">"): None}),
        "note": _tex(_cut(paper.journal_ref or "", _MAX_SHORT)),
        "url": item_page(paper.arxiv_id).replace("%", r"\%"),
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value not in ("", "{}"))
    return f"@misc{{{key},\n{lines}\n}}\n"


def _bibtex_authors(paper: Paper, most: int | None) -> str:
    names = [_escaped(name) if _plain_name(name) else f"{{{_escaped(name)}}}" for name in _names(paper, most)]
    if names and (not paper.authors_complete or (most is not None and len(paper.authors) > most)):
        names.append("others")
    return " and ".join(names)


def _plain_name(name: str) -> bool:
    """Return whether BibTeX may take a name apart; it splits lists at "and", and names at commas."""
    return not (_AND.search(name) or "," in name or _GROUP.search(name) or name.lower() == "others")


def _ris_file(papers: Sequence[Paper], detail: _Detail) -> str:
    """Return entries of type UNPB, as reference managers export preprints; lines end in CR LF as the format asks."""
    return "".join(f"{line}\r\n" for paper in papers for line in _ris(paper, detail))


def _ris(paper: Paper, detail: _Detail) -> Iterable[str]:
    yield "TY  - UNPB"
    yield f"TI  - {_cut(readable(paper.title), _MAX_TITLE) or sanitise(paper.arxiv_id)}"
    for name in _names(paper, detail.authors):
        yield f"AU  - {_inverted(name)}"
    if paper.submitted_at is not None:
        yield f"PY  - {paper.submitted_at:%Y}"
        yield f"DA  - {paper.submitted_at:%Y/%m/%d}"
    else:
        yield f"PY  - {_year(paper)}"
    if detail.abstract and (abstract := _cut(readable(paper.abstract), _MAX_ABSTRACT)):
        yield f"AB  - {abstract}"
    for category in dict.fromkeys((paper.primary_category, *paper.categories)):
        yield f"KW  - {sanitise(category)[:100]}"
    yield "PB  - arXiv"
    yield f"AN  - arXiv:{sanitise(paper.arxiv_id)}"
    if doi := _doi(paper):
        yield f"DO  - {doi}"
    for note in (paper.journal_ref, paper.comment):
        if note and (said := _cut(readable(note[:2000]), _MAX_SHORT)):
            yield f"N1  - {said}"
    yield f"UR  - {item_page(paper.arxiv_id)}"
    yield "ER  - "
    yield ""


def _markdown_file(papers: Sequence[Paper], detail: _Detail) -> str:
    return "\n".join(_markdown(paper, detail) for paper in papers) + ("\n" if papers else "")


def _markdown(paper: Paper, detail: _Detail) -> str:
    title = escape_markdown(_cut(readable(paper.title), _MAX_TITLE) or sanitise(paper.arxiv_id))
    shown = _MAX_MARKDOWN_AUTHORS if detail.authors is None else detail.authors
    authors = authors_line(
        paper.authors, complete=paper.authors_complete, limit=20_000 if detail.authors is None else 500, shown=shown
    )
    parts = [escape_markdown(authors), _year(paper), escape_markdown(f"arXiv:{sanitise(paper.arxiv_id)}")]
    if paper.journal_ref:
        parts.append(escape_markdown(_cut(readable(paper.journal_ref[:2000]), _MAX_SHORT)))
    facts = ". ".join(part.rstrip(".") for part in parts if part)
    return f"- [{title}]({item_page(paper.arxiv_id)}). {facts}."


def _names(paper: Paper, most: int | None) -> list[str]:
    names = paper.authors if most is None else paper.authors[:most]
    return [name for name in map(_name, names) if name]


def _name(name: str) -> str:
    return _cut(readable(name[: _MAX_NAME * 4]), _MAX_NAME)


def _inverted(name: str) -> str:
    """Return a person's name as "Last, First"; a group's as it is."""
    if "," in name or _GROUP.search(name):
        return name
    last, first, suffix = _split_name(name)
    return ", ".join(part for part in (last, first, suffix) if part)


def _split_name(name: str) -> tuple[str, str, str]:
    """Return (last, first, suffix): the last word and the particles before it, as in "Ludwig van Beethoven"."""
    words = name.split()
    suffix = words.pop() if len(words) > 2 and _SUFFIX.fullmatch(words[-1]) else ""
    start = len(words) - 1
    while start > 1 and words[start - 1].lower() in _PARTICLES:
        start -= 1
    return " ".join(words[start:]), " ".join(words[:start]), suffix


def _tex(text: str) -> str:
    """Return arXiv's text as LaTeX: harmless math as it is, everything else as letters."""
    pieces = list(segments(text))
    if any(piece.kind is not Kind.MATH and re.search(r"[\\{}]", piece.raw) for piece in pieces):
        # A command may reach over the math in its argument: then all of it becomes letters.
        return _escaped(readable(text))
    parts = []
    for piece in pieces:
        body = _safe_math(piece.body) if piece.kind is Kind.MATH else None
        parts.append(_escaped(_readable_piece(piece.raw)) if body is None else f"${body}$")
    return " ".join("".join(parts).split())


def _readable_piece(text: str) -> str:
    """Return a piece of arXiv's text made readable, with the blanks at its ends, which join it to its neighbours."""
    before = " " if text[:1].isspace() else ""
    after = " " if text[-1:].isspace() else ""
    return f"{before}{readable(text)}{after}"


def _safe_math(body: str) -> str | None:
    """Return math that may stand in a .bib file as it is, on one line; None for any that may not."""
    text = sanitise(body)
    bare = re.sub(r"\\.", "", text)
    if not text or re.search(r"[$%#&~]", bare) or text.endswith("\\") or _DANGEROUS.search(text):
        return None
    # Braces count with and without a backslash.
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return None
    return text if depth == 0 and "^^" not in text else None


def _escaped(text: str) -> str:
    return text.translate(_SPECIAL_TABLE)


def _doi(paper: Paper) -> str:
    """Return the DOI if it is a plain one: others cannot be written without risk."""
    doi = (paper.doi or "").strip()
    return doi if _SAFE_DOI.fullmatch(doi) else ""


def _cut(text: str, limit: int) -> str:
    return clip(sanitise(text), limit)


def _year(paper: Paper) -> str:
    """Return the year of submission, else that in the identifier; empty where neither says it."""
    if paper.submitted_at is not None:
        return str(paper.submitted_at.year)
    found = _MONTH.match(paper.arxiv_id)
    if found is None:
        return ""
    year = int(found[1])
    return str(1900 + year if year >= 91 else 2000 + year)


def _plain(text: str) -> str:
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _KEY_WORD.findall(bare)
