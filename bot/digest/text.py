"""Words of a paper, folded and indexed once, so that fifty topics can be matched against it cheaply.

Folding makes writing variants equal: case, accents, ligatures, full-width forms, hyphens and spaces. It may not be used
for anything that is shown to a reader.
"""

import re
import sys
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, KeysView, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.latex import strip_math
from bot.model import Paper

# Letters that Unicode does not decompose but that people type without the stroke or tie.
_UNDECOMPOSED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
# Scripts written without spaces: every character is a word of its own, and a longer term is a phrase of them.
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_WORD = re.compile(f"[{_IDEOGRAPHS}]|[^\\W_{_IDEOGRAPHS}]+")
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")
_COMMAND = re.compile(r"\\[A-Za-z]+")


class Field(StrEnum):
    """The part of a paper that a query term looks into; the values are the prefixes of the query language."""

    TITLE = "ti"
    ABSTRACT = "abs"
    AUTHORS = "au"
    CATEGORY = "cat"
    COMMENT = "co"


# Where a term without a field looks.
DEFAULT_FIELDS = (Field.TITLE, Field.ABSTRACT)


def fold(text: str) -> str:
    """Return `text` in lower case without accents and invisible characters (Unicode NFKD, then case folding)."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    kept = (c for c in decomposed if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return "".join(kept).casefold().translate(_UNDECOMPOSED)


_ONE_PLACE = tuple((position,) for position in range(512))


def words_of(text: str) -> list[str]:
    """Return the folded words of `text` in order; punctuation, hyphens and the possessive “'s” separate or vanish."""
    folded = fold(text)
    if "'" in folded or "’" in folded:
        folded = _POSSESSIVE.sub("", folded)
    # A day's papers share most of their words: each is kept once.
    return [sys.intern(word) for word in _WORD.findall(folded)]


def prose_words(text: str) -> list[str]:
    """Return the folded words of arXiv text: as `words_of`, without math and LaTeX commands."""
    if "$" in text or "\\" in text:
        text = _COMMAND.sub(" ", strip_math(text))
    return words_of(text)


@dataclass(frozen=True, slots=True)
class FieldIndex:
    """One field of a paper: its words in order, and where each word stands (positions count from 0)."""

    words: tuple[str, ...]
    positions: Mapping[str, Sequence[int]]

    @classmethod
    def of(cls, words: Iterable[str]) -> "FieldIndex":
        """Index `words`."""
        ordered = tuple(words)
        positions: dict[str, tuple[int, ...]] = {}
        for position, word in enumerate(ordered):
            earlier = positions.get(word)
            if earlier is not None:
                positions[word] = (*earlier, position)
            else:
                # Most words stand in one place only; a day has 100,000 such places.
                positions[word] = _ONE_PLACE[position] if position < len(_ONE_PLACE) else (position,)
        return cls(ordered, positions)


@dataclass(frozen=True, slots=True)
class PaperText:
    """A paper prepared for matching: an index per text field, authors by name part, categories, and all words.

    `author_parts` maps a folded part of a name to the indexes of the authors who bear it. `categories` holds lower-case
    category names and the archives they belong to. `vocabulary` holds the words of title, abstract and comment and the
    parts of names; `sorted_vocabulary` the same in order, for prefixes.
    """

    paper: Paper
    fields: Mapping[Field, FieldIndex]
    authors: tuple[tuple[str, ...], ...]
    author_parts: Mapping[str, Sequence[int]]
    categories: frozenset[str]
    vocabulary: KeysView[str]
    sorted_vocabulary: tuple[str, ...]

    @classmethod
    def of(cls, paper: Paper) -> "PaperText":
        """Prepare `paper`."""
        fields = {
            Field.TITLE: FieldIndex.of(prose_words(paper.title)),
            Field.ABSTRACT: FieldIndex.of(prose_words(paper.abstract)),
            Field.COMMENT: FieldIndex.of(prose_words(paper.comment or "")),
        }
        authors = tuple(tuple(words_of(name)) for name in paper.authors)
        parts: dict[str, tuple[int, ...]] = {}
        for index, name in enumerate(authors):
            for part in dict.fromkeys(name):
                parts[part] = (*parts.get(part, ()), index)
        exact = {category.lower() for category in (*paper.categories, paper.primary_category)}
        # The keys of a dict take a third of a set's room, and a day has 150,000 of them.
        vocabulary = dict.fromkeys(sorted(set(parts).union(*(index.positions for index in fields.values()))))
        return cls(
            paper=paper,
            fields=fields,
            authors=authors,
            author_parts=parts,
            categories=frozenset(exact | {category.partition(".")[0] for category in exact}),
            vocabulary=vocabulary.keys(),
            sorted_vocabulary=tuple(vocabulary),
        )

    def starting_with(self, prefix: str) -> list[str]:
        """Return the words of `vocabulary` that start with `prefix`, in order."""
        found = []
        for index in range(bisect_left(self.sorted_vocabulary, prefix), len(self.sorted_vocabulary)):
            if not self.sorted_vocabulary[index].startswith(prefix):
                break
            found.append(self.sorted_vocabulary[index])
        return found
