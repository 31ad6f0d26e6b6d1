"""Which paragraphs of a paper a question is about, and where in them a quote stands. Pure; asks nobody.

Paragraphs are compared with the question by their words (Okapi BM25, k1 = 1.2, b = 0.75: Robertson and Zaragoza, The
Probabilistic Relevance Framework, 2009). Questions in Chinese get the English of the words that questions are made of
(`question_terms.txt`); of other languages, names and numbers still match.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from bot.digest.languages import FUNCTION_WORDS
from bot.digest.sentences import split_sentences
from bot.digest.stems import stem
from bot.digest.text import prose_words
from bot.texts import Passage

LONGEST_PIECE = 900
"""Characters of a paragraph that are judged and shown as one: a dozen such fill what a model is given."""

_LONGEST_SENTENCE = 2000
_K1, _B = 1.2, 0.75
_HEADING_WEIGHT = 2
_ROOT = 5
_ASKING_TEXT = """
    what which who whom whose when where why how many much long does do did is are was were can could would should paper
    papers authors author work tell me please explain describe about there any they their it
"""
_ASKING = frozenset(_ASKING_TEXT.split())
_END = re.compile(r"conclu|limitation|discussion|future|结论|局限", re.IGNORECASE)
_DROPPED = frozenset("-‐‑‒–—―−\"'“”‘’‚‛„‟«»‹›`´′″*_")
"""What people and models write differently when they copy: hyphens, dashes, quotation marks, emphasis."""

_STOPS = (".", "!", "?", "。", "！", "？")
_NUMBER_INSIDE = re.compile(r"\d[.,]\d")
_LEAST_QUOTE = 8
_LEAST_WORDS = 2


def cut_passages(passages: Sequence[Passage]) -> list[Passage]:
    """Return the passages with long ones cut between sentences into pieces of about `LONGEST_PIECE` characters."""
    return [piece for one in passages for piece in _pieces(one)]


def choose_passages(passages: Sequence[Passage], question: str, room: int) -> list[Passage]:
    """Return the passages that fit the question best, in the order of the text, `room` characters at the most.

    Where the question shares no word with the text, or few passages share one, the beginning and the conclusion of the
    paper fill half of the room.
    """
    scores = _scores(passages, question)
    best = sorted((place for place, score in enumerate(scores) if score > 0), key=lambda place: -scores[place])
    chosen = _fill(passages, best, room, frozenset())
    if _size(passages, chosen) < room // 2:
        told = [place for place, one in enumerate(passages) if _END.search(one.heading)]
        rest = [*told[:4], *range(len(passages))]
        chosen |= _fill(passages, rest, room // 2 - _size(passages, chosen), chosen)
    return [passages[place] for place in sorted(chosen)]


@dataclass(frozen=True, slots=True)
class Searchable:
    """A text prepared for finding quotes: `bare` is what counts of it, `places` where each of that stands in `text`."""

    text: str
    bare: str
    places: Sequence[int]

    @classmethod
    def of(cls, text: str) -> "Searchable":
        """Prepare `text`."""
        return cls(text, *_bare(text))

    def find(self, quote: str) -> str | None:
        """Return the words of the text that `quote` copies, as they stand there; None where it does not have them.

        White space, hyphens, quotation marks, emphasis, case and compatibility forms do not count. A quote has two
        words and eight characters at least, and neither begins nor ends inside a word or a number.
        """
        wanted, _ = _bare(quote.strip().strip(".,;:…"))
        long_enough = len(wanted) >= _LEAST_QUOTE and len(quote.split()) >= _LEAST_WORDS
        if not long_enough and not _is_dense(wanted):
            return None
        start = self.bare.find(wanted)
        while start >= 0:
            first, end = self.places[start], self.places[start + len(wanted) - 1] + 1
            if not _cuts_word(self.text, first) and not _cuts_word(self.text, end):
                # A sentence keeps its full stop.
                return self.text[first : end + (self.text[end : end + 1] in _STOPS)]
            start = self.bare.find(wanted, start + 1)
        return None


def without_repeats(passages: Sequence[Passage], text: str) -> list[Passage]:
    """Return the passages whose words do not stand in `text` already."""
    bare, _ = _bare(text)
    return [one for one in passages if _bare(one.text)[0] not in bare]


def _pieces(passage: Passage) -> Iterator[Passage]:
    if len(passage.text) <= LONGEST_PIECE:
        yield passage
        return
    kept: list[str] = []
    size = 0
    for sentence in split_sentences(passage.text):
        if kept and size + len(sentence) > LONGEST_PIECE:
            yield replace(passage, text=" ".join(kept))
            kept, size = [], 0
        kept.append(sentence[:_LONGEST_SENTENCE])
        size += len(kept[-1]) + 1
    if kept:
        yield replace(passage, text=" ".join(kept))


def _scores(passages: Sequence[Passage], question: str) -> list[float]:
    wanted = frozenset(_terms(question))
    counts = [Counter(_terms(one.text) + _terms(one.heading) * _HEADING_WEIGHT) for one in passages]
    lengths = [sum(count.values()) for count in counts]
    mean = sum(lengths) / max(1, len(lengths)) or 1.0
    known = Counter(word for count in counts for word in count)
    scores = []
    for count, length in zip(counts, lengths, strict=True):
        score = 0.0
        for word in wanted & count.keys():
            rarity = math.log(1 + (len(passages) - known[word] + 0.5) / (known[word] + 0.5))
            score += rarity * count[word] * (_K1 + 1) / (count[word] + _K1 * (1 - _B + _B * length / mean))
        scores.append(score)
    return scores


def _terms(text: str) -> list[str]:
    english = FUNCTION_WORDS["en"]
    words = [word for word in prose_words(text) if word not in english and word not in _ASKING]
    found = [word if word.isdigit() else _root(word) for word in words if len(word) > 1 or word.isdigit()]
    if not text.isascii():
        found += [
            _root(word) for chinese, english_words in _chinese_terms() if chinese in text for word in english_words
        ]
    return found


def _root(word: str) -> str:
    # "train" and "training" must meet; two wrong neighbours in a dozen passages do no harm.
    return stem(word)[:_ROOT]


@cache
def _chinese_terms() -> tuple[tuple[str, tuple[str, ...]], ...]:
    lines = resources.files("bot.digest").joinpath("question_terms.txt").read_text(encoding="utf-8").splitlines()
    parts = [line.partition(" ") for line in lines]
    return tuple((chinese, tuple(prose_words(words))) for chinese, _, words in parts)


def _fill(passages: Sequence[Passage], order: Sequence[int], room: int, taken: frozenset[int]) -> frozenset[int]:
    chosen = set[int]()
    for place in order:
        size = len(passages[place].text) + 1
        if size <= room and place not in taken and place not in chosen:
            chosen.add(place)
            room -= size
    return frozenset(chosen)


def _size(passages: Sequence[Passage], chosen: frozenset[int]) -> int:
    return sum(len(passages[place].text) + 1 for place in chosen)


def _bare(text: str) -> tuple[str, list[int]]:
    """Return what counts of a text when words are compared, and the place of each of its characters in `text`."""
    bare: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character.isspace() or character in _DROPPED:
            continue
        plain = character.casefold() if character.isascii() else unicodedata.normalize("NFKC", character).casefold()
        for one in plain:
            if not one.isspace() and one not in _DROPPED and unicodedata.category(one) != "Cf":
                bare.append(one)
                places.append(place)
    return "".join(bare), places


def _is_dense(bare: str) -> bool:
    """Return whether a text is of a script without blanks, and long enough to say something."""
    return sum("\u3040" <= one <= "\u9fff" or "\uac00" <= one <= "\ud7af" for one in bare) >= _LEAST_QUOTE // 2


def _cuts_word(text: str, place: int) -> bool:
    """Return whether a cut before `place` parts a word of a script with blanks, or a number."""
    before, after = text[max(0, place - 1) : place], text[place : place + 1]
    if before.isalnum() and after.isalnum():
        return max(before, after) < "\u3040"
    return (
        _NUMBER_INSIDE.match(text, max(0, place - 2)) is not None or _NUMBER_INSIDE.match(text, place - 1) is not None
    )
