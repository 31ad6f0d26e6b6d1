"""What a topic query means: the tree that the parser builds, how it matches a paper, how it is written.

A query never becomes a regular expression or SQL; matching looks words up in the index of `PaperText`. The tree is as
deep as the parser allows, so walking it may recurse.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.digest.text import DEFAULT_FIELDS, Field, PaperText

KEYWORDS = frozenset({"AND", "OR", "NOT"})
# Characters that end a bare word; the typographic quotation marks come from phone keyboards.
DELIMITERS = '()"“”„«»'
# Punctuation that clings to a bare word in a typed list and is not part of it.
EDGE_PUNCTUATION = ",;.!?"


@dataclass(frozen=True, slots=True)
class MatchedTerm:
    """A term of the query as its author wrote it, the field it was found in, and how often."""

    text: str
    field: Field
    count: int


@dataclass(frozen=True, slots=True)
class Match:
    """Why a paper matches: every positive term that was found, in the order of the query; empty for an empty query."""

    terms: tuple[MatchedTerm, ...] = ()


class Node(Protocol):
    """A part of a query."""

    def matches(self, text: PaperText, found: list[MatchedTerm]) -> bool:
        """Return whether it holds for the paper; if so, what it found is appended to `found`, else nothing is."""
        ...

    def anchors(self) -> frozenset[str] | None:
        """Return words of which the paper must hold at least one, or None where nothing can be said."""
        ...

    def written(self, ambient: Field | None) -> str:
        """Return it in canonical form, inside a group that already carries the field `ambient`."""
        ...

    def atomic(self) -> bool:
        """Return whether the canonical form needs no parentheses after NOT or a field."""
        ...


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase. `words` are folded; with `prefix` the last one stands for every word that starts so.

    In the category field `words` holds one lower-case category or archive instead.
    """

    text: str = dataclasses.field(compare=False)
    words: tuple[str, ...]
    prefix: bool = False
    field: Field | None = None
    _variants: tuple[frozenset[str], ...] = dataclasses.field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "_variants", tuple(_variants(word) for word in self.words))

    def matches(self, text: PaperText, found: list[MatchedTerm]) -> bool:
        """See `Node`."""
        before = len(found)
        if self.field is Field.CATEGORY:
            wanted = self.words[0]
            if wanted in text.categories or (self.prefix and any(c.startswith(wanted) for c in text.categories)):
                found.append(MatchedTerm(self.text, Field.CATEGORY, 1))
        elif self.field is Field.AUTHORS:
            if count := self._count_authors(text):
                found.append(MatchedTerm(self.text, Field.AUTHORS, count))
        else:
            starts = self._starts(text)
            names = ((self.field,) if self.field else DEFAULT_FIELDS) if starts else ()
            counts = ((name, self._count(text, name, starts)) for name in names)
            found.extend(MatchedTerm(self.text, name, count) for name, count in counts if count)
        return len(found) > before

    def anchors(self) -> frozenset[str] | None:
        """See `Node`."""
        if self.field is Field.CATEGORY:
            return None
        whole = [i for i, word in enumerate(self.words) if not (self.prefix and i == len(self.words) - 1)]
        if self.field is Field.AUTHORS:
            whole = [i for i in whole if len(self.words[i]) > 1]
        if not whole:
            return None
        return self._variants[max(whole, key=lambda i: len(self.words[i]))]

    def written(self, ambient: Field | None) -> str:
        """See `Node`."""
        text = self.text + ("*" if self.prefix else "")
        bare = text.strip(EDGE_PUNCTUATION) == text and text not in KEYWORDS and not text.startswith("-")
        if not bare or any(c.isspace() or c in DELIMITERS or c == ":" for c in text):
            text = f'"{text}"'
        return f"{self.field}:{text}" if self.field and self.field is not ambient else text

    def atomic(self) -> bool:
        """See `Node`."""
        return True

    def _starts(self, text: PaperText) -> Iterable[str]:
        if self.prefix and len(self.words) == 1:
            return text.starting_with(self.words[0])
        return [word for word in self._variants[0] if word in text.vocabulary]

    def _count(self, text: PaperText, name: Field, starts: Iterable[str]) -> int:
        index = text.fields[name]
        count = 0
        for word in starts:
            positions = index.positions.get(word, ())
            if len(self.words) == 1:
                count += len(positions)
            else:
                count += sum(self._continues(index.words, position) for position in positions)
        return count

    def _continues(self, words: Sequence[str], position: int) -> bool:
        if position + len(self.words) > len(words):
            return False
        last = len(self.words) - 1
        for offset in range(1, last + 1):
            word = words[position + offset]
            if word in self._variants[offset]:
                continue
            if not (self.prefix and offset == last and word.startswith(self.words[last])):
                return False
        return True

    def _count_authors(self, text: PaperText) -> int:
        # A rare part narrows the authors down; every other word must then be a part of that same name, in any order.
        rare = max(range(len(self.words)), key=lambda i: len(self.words[i]))
        if self.prefix and rare == len(self.words) - 1:
            parts = [part for part in text.starting_with(self.words[rare]) if part in text.author_parts]
        else:
            parts = [self.words[rare]]
        authors = {index for part in parts for index in text.author_parts.get(part, ())}
        return sum(all(self._is_part(i, text.authors[author]) for i in range(len(self.words))) for author in authors)

    def _is_part(self, index: int, name: tuple[str, ...]) -> bool:
        word = self.words[index]
        if (self.prefix and index == len(self.words) - 1) or (len(word) == 1 and len(self.words) > 1):
            return any(part.startswith(word) for part in name)
        return word in name


@dataclass(frozen=True, slots=True)
class And:
    """All of `children`, two or more."""

    children: tuple[Node, ...]

    def matches(self, text: PaperText, found: list[MatchedTerm]) -> bool:
        """See `Node`."""
        before = len(found)
        for child in self.children:
            if not child.matches(text, found):
                del found[before:]
                return False
        return True

    def anchors(self) -> frozenset[str] | None:
        """See `Node`."""
        known = [anchors for child in self.children if (anchors := child.anchors()) is not None]
        return min(known, key=len, default=None)

    def written(self, ambient: Field | None) -> str:
        """See `Node`."""
        return " ".join(
            f"({child.written(ambient)})" if isinstance(child, Or) else child.written(ambient)
            for child in self.children
        )

    def atomic(self) -> bool:
        """See `Node`."""
        return False


@dataclass(frozen=True, slots=True)
class Or:
    """Any of `children`, two or more; all that match are reported."""

    children: tuple[Node, ...]

    def matches(self, text: PaperText, found: list[MatchedTerm]) -> bool:
        """See `Node`."""
        # Every branch is asked, so that the reasons are complete.
        outcomes = [child.matches(text, found) for child in self.children]
        return any(outcomes)

    def anchors(self) -> frozenset[str] | None:
        """See `Node`."""
        union: frozenset[str] = frozenset()
        for child in self.children:
            anchors = child.anchors()
            if anchors is None:
                return None
            union |= anchors
        return union

    def written(self, ambient: Field | None) -> str:
        """See `Node`."""
        return " OR ".join(child.written(ambient) for child in self.children)

    def atomic(self) -> bool:
        """See `Node`."""
        return False


@dataclass(frozen=True, slots=True)
class Not:
    """Not `child`; what the child finds is no reason for anything."""

    child: Node

    def matches(self, text: PaperText, found: list[MatchedTerm]) -> bool:  # noqa: ARG002  # the shape of Node
        """See `Node`."""
        return not self.child.matches(text, [])

    def anchors(self) -> frozenset[str] | None:
        """See `Node`."""
        return None

    def written(self, ambient: Field | None) -> str:
        """See `Node`."""
        inner = self.child.written(ambient)
        return f"NOT {inner}" if self.child.atomic() else f"NOT ({inner})"

    def atomic(self) -> bool:
        """See `Node`."""
        return True


@dataclass(frozen=True, slots=True)
class Scoped:
    """A group with a field in front. Its terms already carry the field: this only keeps the way it was written."""

    field: Field
    child: Node

    def matches(self, text: PaperText, found: list[MatchedTerm]) -> bool:
        """See `Node`."""
        return self.child.matches(text, found)

    def anchors(self) -> frozenset[str] | None:
        """See `Node`."""
        return self.child.anchors()

    def written(self, ambient: Field | None) -> str:  # noqa: ARG002  # the shape of Node
        """See `Node`."""
        return f"{self.field}:({self.child.written(self.field)})"

    def atomic(self) -> bool:
        """See `Node`."""
        return True


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query; `root` is None for the empty one, which matches every paper. `str()` gives the canonical form."""

    root: Node | None = None
    _anchors: frozenset[str] | None = dataclasses.field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_anchors", self.root.anchors() if self.root else None)

    def match(self, text: PaperText) -> Match | None:
        """Return what matched, or None where the paper does not match."""
        if self.root is None:
            return Match()
        if self._anchors is not None and text.vocabulary.isdisjoint(self._anchors):
            return None
        found: list[MatchedTerm] = []
        if not self.root.matches(text, found):
            return None
        unique: Mapping[tuple[str, Field], MatchedTerm] = {(term.text.casefold(), term.field): term for term in found}
        return Match(tuple(unique.values()))

    def __str__(self) -> str:
        return self.root.written(None) if self.root else ""


def _variants(word: str) -> frozenset[str]:
    # One letter has no plural worth the false hits ("a" and "as").
    return frozenset((word, word + "s")) if len(word) > 1 else frozenset((word,))
