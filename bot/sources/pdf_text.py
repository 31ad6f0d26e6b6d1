"""Pages of a PDF's text as paragraphs with their places. Pure; what PDFium found is all that it knows.

PDFium gives lines in the order of the file and marks a word that a line break parts with U+FFFE. Where paragraphs end
is guessed from short lines; guessing wrong moves a border and never changes a word.
"""

import re
import statistics
from collections.abc import Iterator, Sequence

from bot.texts import Passage

_BREAK = "\ufffe"
_LINE = re.compile(r"\r\n|\r|\n")
_PARTED = re.compile(rf"([^\W\d_]+)(?:{_BREAK}|[-\u2010\u00ad](?:\r\n|\r|\n))\s*([^\W\d_]+)")
_HYPHENATED = re.compile(r"[^\W\d_]+[-\u2010][^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]{3,}")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\u00ad]")
_HEADING = re.compile(r"(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[A-Z](?:\.\d{1,2}){0,2}\.?|[IVX]{1,5}\.)\s+[A-Z][^.!?]{2,70}")
_ENDS = re.compile(r"[.!?:;][\"”’)\]]*$")
_REFERENCES = re.compile(
    r"\s*(?:\d{1,2}\.?\s+)?(?:references|bibliography|literature cited|参考文献)\s*", re.IGNORECASE
)
_AFTER_REFERENCES = re.compile(
    r"\s*(?:(?:appendix|appendices|supplementary|supplemental|supporting information)\b.{0,80}"
    r"|[A-H]\.?\s+[A-Z][A-Za-z-]{3,}[^.,:;()]{0,60})\s*",
    re.IGNORECASE,
)
_SHORT_LINE = 0.8
_LEAST_PARAGRAPH = 15
_LEAST_PART = 4
_EARLIEST_REFERENCES = 0.3
"""Share of the text before which a line “References” is a heading in a table of contents."""


def join_pages(pages: Sequence[str]) -> tuple[Passage, ...]:
    """Return the paragraphs of all pages in their order, the list of references left out; pages count from 1."""
    words = _vocabulary(pages)
    whole = sum(map(len, pages)) or 1
    found: list[Passage] = []
    heading, seen, skipping = "", 0, False
    for number, page in enumerate(pages, 1):
        lines = [line for raw in _LINE.split(_whole_words(page, words)) if (line := _clean(raw))]
        lengths = [len(line) for line in lines if len(line) > _LEAST_PARAGRAPH]
        usual = statistics.median(lengths) if lengths else 0.0
        for paragraph in _paragraphs(lines, usual):
            first = paragraph[0]
            seen += sum(map(len, paragraph))
            if len(paragraph) == 1 and _REFERENCES.fullmatch(first) and seen > whole * _EARLIEST_REFERENCES:
                skipping = True
            elif skipping and len(paragraph) == 1 and _AFTER_REFERENCES.fullmatch(first):
                skipping = False
            if len(paragraph) == 1 and _HEADING.fullmatch(first):
                heading = re.sub(r"^\S+\s+", "", first)
            text = " ".join(paragraph)
            if not skipping and len(text) >= _LEAST_PARAGRAPH and any(map(str.isalpha, text)):
                found.append(Passage(text, f"page {number}", heading))
    return tuple(found)


def join_lines(lines: Sequence[str], others: Sequence[str]) -> str:
    """Return lines as one text, parted words joined; `others` are lines that say how such words are written whole."""
    return _clean(_whole_words("\n".join(lines), _vocabulary(others)))


def _vocabulary(pages: Sequence[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the words that the text has with a hyphen inside, and those without, in lower case; no parted ones."""
    lines = _LINE.sub(" ", _PARTED.sub(" ", "\n".join(pages))).lower()
    return frozenset(_HYPHENATED.findall(lines)), frozenset(_WORD.findall(lines))


def _whole_words(page: str, known: tuple[frozenset[str], frozenset[str]]) -> str:
    hyphenated, words = known

    def join(match: re.Match[str]) -> str:
        """Return a parted word in one: "long-form" looks like "sum-mary", unless it stands elsewhere."""
        whole, compound = match[1] + match[2], f"{match[1]}-{match[2]}"
        if whole.lower() in words:
            return whole
        two_words = all(len(part) >= _LEAST_PART and part.lower() in words for part in match.groups())
        return compound if two_words or compound.lower() in hyphenated else whole

    return _PARTED.sub(join, page)


def _clean(line: str) -> str:
    return " ".join(_CONTROLS.sub(" ", line).split())


def _paragraphs(lines: Sequence[str], usual: float) -> Iterator[list[str]]:
    """Yield the lines of each paragraph: it ends with a short line that ends a sentence, and before a heading."""
    current: list[str] = []
    for line in lines:
        alone = _HEADING.fullmatch(line) or _REFERENCES.fullmatch(line) or _AFTER_REFERENCES.fullmatch(line)
        if alone and (not current or _ENDS.search(current[-1]) or _REFERENCES.fullmatch(line)) and len(line) < usual:
            if current:
                yield current
            yield [line]
            current = []
            continue
        current.append(line)
        if len(line) < usual * _SHORT_LINE and _ENDS.search(line):
            yield current
            current = []
    if current:
        yield current
