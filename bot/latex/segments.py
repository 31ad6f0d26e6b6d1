"""Where math, code and prose begin and end in arXiv text.

Titles and abstracts mix LaTeX with plain writing, so a dollar sign may be math or money and a backtick may be code or
a quotation mark. Every decision of that kind is made here, once, in time linear in the text. Nothing is converted here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from bot.latex.symbols import names

MAX_MATH = 2000
"""Longest piece taken for math, in characters; an arXiv abstract has at most 1,920."""

_ENVIRONMENTS = "equation|align|gather|math|displaymath|eqnarray|multline"
_OPENER = re.compile(
    r"(?P<fence>```)"
    r"|(?P<ticks>`{1,2})"
    r"|(?P<bracket>\\[(\[])"
    rf"|\\begin\{{(?P<environment>(?:{_ENVIRONMENTS})\*?)\}}"
    r"|(?P<address>\\(?:url|href|path|nolinkurl)\s{0,9}\{[^{}]*\})"
    r"|(?P<escaped>\\.)"
    r"|(?P<dollars>\${1,2})",
    re.DOTALL,
)
_DOLLAR = re.compile(r"(?<!\\)\$")
_NESTED_PAIRS = 4
_QUOTE_END = re.compile(r"(?<=[^\s`])'(?![\w`'])")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")

# What a sentence about money has between two dollar signs and a formula does not.
_COMMAND_ARGUMENT = re.compile(r"\\[A-Za-z]+\*?(?:\s{0,9}\{[^{}]*\})?")
_PLAIN_WORD = re.compile(r"(?<![A-Za-z\\])[A-Za-z]{2,}")
_SMALL_WORDS = names("an and as at by for from if in is it of on or per than the to vs was with")
_FUNCTIONS = names("log ln exp max min sup inf sin cos tan det dim ker gcd arg lim mod deg Pr poly polylog")


class Kind(Enum):
    """What a piece of text is."""

    PROSE = auto()
    MATH = auto()
    CODE = auto()


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the text: `raw` as written, `body` without the delimiters. All `raw` joined give the text back."""

    kind: Kind
    raw: str
    body: str


class _Finder:
    """Finds the next place of a pattern; asked with rising positions, it reads the text once for each pattern."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next: dict[str | re.Pattern[str], int] = {}

    def find(self, needle: str | re.Pattern[str], start: int) -> int:
        known = self._next.get(needle)
        if known is not None and (known == -1 or known >= start):
            return known
        if isinstance(needle, str):
            found = self._text.find(needle, start)
        else:
            match = needle.search(self._text, start)
            found = match.start() if match else -1
        self._next[needle] = found
        return found


def segments(text: str) -> Iterator[Segment]:
    """Yield the segments of `text` in order. What is not closed, or is money, stays prose."""
    finder = _Finder(text)
    done = position = 0
    while opener := _OPENER.search(text, position):
        start, position = opener.span()
        found = _close(text, opener, finder)
        if found is None:
            continue
        kind, body_end, end = found
        if start > done:
            yield Segment(Kind.PROSE, text[done:start], text[done:start])
        yield Segment(kind, text[start:end], text[position:body_end])
        done = position = end
    if done < len(text):
        yield Segment(Kind.PROSE, text[done:], text[done:])


def strip_math(text: str) -> str:
    """Return `text` with each math segment replaced by one space; money, code and prose stay as they are."""
    if "$" not in text and "\\" not in text:
        return text
    return "".join(" " if one.kind is Kind.MATH else one.raw for one in segments(text))


def _close(text: str, opener: re.Match[str], finder: _Finder) -> tuple[Kind, int, int] | None:
    """Return (kind, end of the body, end of the segment) for an opener, or None where it opens nothing."""
    start = opener.end()
    if opener["dollars"]:
        return _close_dollars(text, opener, finder)
    if opener["bracket"]:
        return _math(text, start, finder.find("\\)" if opener["bracket"] == "\\(" else "\\]", start), 2)
    if opener["environment"]:
        closer = f"\\end{{{opener['environment']}}}"
        return _math(text, start, finder.find(closer, start), len(closer))
    if opener["fence"]:
        end = finder.find("```", start)
        return (Kind.CODE, end, end + 3) if end > start else None
    if opener["ticks"]:
        return _close_ticks(opener, finder)
    return None


def _math(text: str, start: int, end: int, closer: int) -> tuple[Kind, int, int] | None:
    if end < 0 or end - start > MAX_MATH or not text[start:end].strip() or _BLANK_LINE.search(text, start, end):
        return None
    return Kind.MATH, end, end + closer


def _close_dollars(text: str, opener: re.Match[str], finder: _Finder) -> tuple[Kind, int, int] | None:
    start = opener.end()
    if opener["dollars"] == "$$":
        return _math(text, start, finder.find("$$", start), 2)
    end = _balanced(text, start, finder.find(_DOLLAR, start))
    found = _math(text, start, end, 1)
    if found is None or _is_money(text[start:end], text[end + 1 : end + 2]):
        return None
    return found


def _balanced(text: str, start: int, end: int) -> int:
    r"""Return the closing dollar sign: a later one where the braces before the first are open, as in `\text{$x$}`."""
    later = end
    for _ in range(_NESTED_PAIRS * 2):
        if later < 0 or later - start > MAX_MATH:
            return end
        if text.count("{", start, later) <= text.count("}", start, later):
            return later
        found = _DOLLAR.search(text, later + 1, start + MAX_MATH)
        later = found.start() if found else -1
    return end


def _is_money(body: str, after: str) -> bool:
    """Return whether the dollar signs around `body` are not a pair: prices, shell variables, or one sign too many."""
    stripped = body.lstrip()
    number = stripped[:1].isdigit() or (stripped[:1] == "." and stripped[1:2].isdigit())
    loose = body[0].isspace() or body[-1].isspace()
    if not number and not loose:
        return False
    prose = _COMMAND_ARGUMENT.sub(" ", body)
    words = [word for word in _PLAIN_WORD.findall(prose) if word not in _FUNCTIONS]
    if number:
        if after.isdigit() or any(len(word) > 2 or word.lower() in _SMALL_WORDS for word in words):
            return True
        return body[-1].isspace() and "\\" not in body and "^" not in body and not body[0].isspace()
    return bool(words) or (body[-1].isspace() and after.isdigit())


def _close_ticks(opener: re.Match[str], finder: _Finder) -> tuple[Kind, int, int] | None:
    """Return the code span that backticks open, unless TeX's closing quotes come first."""
    ticks, start = opener["ticks"], opener.end()
    end = finder.find(ticks, start)
    if end <= start:
        return None
    quote = finder.find("''" if ticks == "``" else _QUOTE_END, start)
    if 0 <= quote < end:
        return None
    return Kind.CODE, end, end + len(ticks)
