"""The citations in a model's text: the lines that a sentence rests on, and the words that it copied from them.

A sentence ends in the numbers of its lines, as in “… in half the time [2,4]”. Where words of two languages cannot be
compared, each number is followed by a word copied from that line, its anchor: “… 用时减半 [2 lagoon, 4 tagged]”.
Nothing of a citation is ever shown. `bot.digest.anchors` judges the anchors.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from bot.digest.cleaning import clean_text
from bot.digest.sentences import split_sentences
from bot.texts import Sentence

_INSIDE = r"(\d{1,3}(?![\w.%])[^\[\]【】［］\n]{0,240})"
# At the end, or where a sentence ends inside the text: "[0,1]" elsewhere may be an interval.
_CITATION = re.compile(
    rf"\s*[\[【［]\s*{_INSIDE}[\]】］](?=\s*(?:$|[.。!?！？;；\[【［]))"
    rf"|(?:(?<=[.。!?！？])|(?<=[.。!?！？][\"'”’)）」』])|(?<=[.!?]''))\s*[\[【［]\s*{_INSIDE}[\]】］]"
)
_PIECE_END = re.compile(rf"(?:{_CITATION.pattern})+\s*[.。!?！？;；]*")
_LOOSE_STOP = re.compile(r"\s+([.。!?！？])$")
_SEPARATOR = re.compile(r"[,，、;；]")
_LINES = re.compile(r"\s*(\d{1,3})(?:\s*[–-]\s*(\d{1,3}))?(?![\w.%–-])\s*[:：=]?\s*")
_QUOTES = " \t\"'“”‘’«»「」『』《》〈〉`*_().。"
_WIDEST_RANGE = 20


class Anchor(NamedTuple):
    """Words that are said to stand in a line, by its number."""

    line: int
    words: str


@lru_cache(maxsize=1024)
def cited(text: str) -> Sentence:
    """Return a text of the answer without its citations and markup, and the sentence numbers that it cited.

    Kept for a while, as the checks and the summary ask for the same ones several times.
    """
    lines = {line for inside in _insides(text) for numbers, _ in _parts(inside) for line in numbers}
    return Sentence(_LOOSE_STOP.sub(r"\1", clean_text(_CITATION.sub("", text))), tuple(sorted(lines)))


def anchors_in(text: str) -> list[Anchor]:
    """Return what the citations of a text copied from their lines, in order."""
    found: list[Anchor] = []
    for inside in _insides(text):
        numbers: list[int] = []
        for own, words in _parts(inside):
            numbers = own or numbers
            if any(map(str.isalpha, words)):
                found.extend(Anchor(number, words) for number in numbers)
    return found


def split_cited(text: str) -> list[str]:
    """Return the sentences of a paragraph with their citations; one that has none of its own stays without."""
    pieces, start = [], 0
    for match in _PIECE_END.finditer(text):
        *uncited, last = split_sentences(text[start : match.start()]) or [""]
        pieces += [*uncited, f"{last}{match[0]}".strip()]
        start = match.end()
    return [*pieces, *split_sentences(text[start:])]


def _insides(text: str) -> Iterator[str]:
    for match in _CITATION.finditer(text):
        yield match[1] or match[2]


def _parts(inside: str) -> Iterator[tuple[list[int], str]]:
    """Yield the lines of each part of a citation and the words after them; a part may lack either."""
    for part in _SEPARATOR.split(inside):
        match = _LINES.match(part)
        if match is None:
            yield [], part.strip(_QUOTES)
            continue
        first, last = int(match[1]), int(match[2] or match[1])
        fits = first <= last <= first + _WIDEST_RANGE
        yield list(range(first, last + 1)) if fits else [first, last], part[match.end() :].strip(_QUOTES)
