"""Words: what a person typed, taken apart; what a paper says, prepared for PostgreSQL. Pure.

What a person types is never handed to a query language: every term is cut to letters and digits and quoted.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_TEXT = 500
"""Characters of a search that are read; the rest is ignored."""

MAX_TERMS = 16
"""Terms of a search that are read."""

MIN_PREFIX = 3
"""Letters before a `*`: a shorter beginning would gather half the vocabulary."""

_MAX_TOKEN = 200
_MAX_VECTOR_BYTES = 900_000  # PostgreSQL refuses a tsvector of 1 MB
_MAX_POSITION = 16_383  # and counts positions no further than this
_FIELD_GAP = 8  # keeps a phrase from running from the title into the abstract

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_PART = re.compile(r'"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+)')
_NO_SPACES = re.compile(
    "[\u2e80-\u2fff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"
)


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase to look for. `text` has letters, digits, marks and blanks only; `tokens` are its folded words.

    `prefix`: the last word is only the beginning of one.
    """

    text: str
    tokens: tuple[str, ...]
    prefix: bool = False


def parse_words(text: str) -> tuple[Term, ...]:
    """Return the terms of a search; all of them must match. Nothing but punctuation gives none.

    "Quoted words" are a phrase, and so are words joined by punctuation (GPT-4). A `*` after the last word makes it a
    beginning. Words of scripts without spaces are beginnings always, as the index keeps whole runs of them.
    """
    text = unicodedata.normalize("NFC", text[:MAX_TEXT]).translate(_QUOTES)
    starred = text.rstrip().endswith("*")
    terms: list[Term] = []
    for part in _PART.finditer(text):
        plain = _letters(part["phrase"] if part["phrase"] is not None else part["word"])
        tokens = tuple(fold(plain))
        if tokens:
            terms.append(Term(plain, tokens, prefix=bool(_NO_SPACES.search(tokens[-1]))))
    terms = terms[:MAX_TERMS]
    if terms and starred and len(terms[-1].tokens[-1]) >= MIN_PREFIX:
        terms[-1] = Term(terms[-1].text, terms[-1].tokens, prefix=True)
    return tuple(terms)


def fold(text: str) -> list[str]:
    """Return the words of `text` in order: lower case, without accents, letters and digits only.

    Symbols part words before they are decomposed, as FTS5's unicode61 has it: "℠" is no "sm".
    """
    decomposed = unicodedata.normalize("NFKD", _letters(text).lower()).lower()
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return [word[:_MAX_TOKEN] for word in "".join(c if c.isalnum() else " " for c in bare).split()]


def labels(categories: Iterable[str]) -> str:
    """Return the categories as one search word each ("cs.CL" → "0cscl"): no word of a paper looks like that."""
    return " ".join(label(category) for category in categories)


def label(category: str) -> str:
    """Return the search word of one category."""
    return "0" + "".join(character for character in category.lower() if character.isascii() and character.isalnum())


def match_expression(terms: Sequence[Term], *, author: Sequence[Term] = (), category: str | None = None) -> str:
    """Return an FTS5 query in which every term is a quoted string (https://sqlite.org/fts5.html#fts5_strings)."""
    parts = [_fts_string(term) for term in terms]
    parts += [f"authors : {_fts_string(term)}" for term in author]
    if category:
        parts.append(f'labels : "{label(category)}"')
    return " AND ".join(parts)


def tsquery(terms: Sequence[Term], *, author: Sequence[Term] = (), category: str | None = None) -> str:
    """Return the same search in PostgreSQL's text form of a tsquery; authors have weight B, labels weight D."""
    parts = [_ts_phrase(term, "") for term in terms]
    parts += [_ts_phrase(term, "B") for term in author]
    if category:
        parts.append(f"'{label(category)}':D")
    return " & ".join(parts)


def as_tsvector(title: str, abstract: str, authors: Sequence[str], category_labels: str) -> str:
    """Return a paper's words in PostgreSQL's text form of a tsvector: title A, authors B, abstract C, labels D.

    Built here because PostgreSQL's own parser reads "1e5" and "state-of-the-art" in its own way, and without the
    unaccent extension cannot drop accents. Words beyond PostgreSQL's limits are left out, those of authors last.
    """
    entries: list[str] = [f"'{word}':1" for word in category_labels.split()]
    size = sum(map(len, entries))
    position = 1
    for text, weight in ((title, "A"), (abstract, "C"), (" ".join(authors), "B")):
        position += _FIELD_GAP
        for word in fold(text):
            size += len(word.encode()) + 12
            if size > _MAX_VECTOR_BYTES:
                return " ".join(entries)
            entries.append(f"'{word}':{min(position, _MAX_POSITION)}{weight}")
            position += 1
    return " ".join(entries)


def _letters(text: str) -> str:
    kept = "".join(c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in text)
    return " ".join(kept.split())


def _fts_string(term: Term) -> str:
    return f'"{term.text}" *' if term.prefix else f'"{term.text}"'


def _ts_phrase(term: Term, weight: str) -> str:
    words = [f"'{word}'{':' + weight if weight else ''}" for word in term.tokens]
    if term.prefix:
        words[-1] = f"'{term.tokens[-1]}':*{weight}"
    return f"({' <-> '.join(words)})" if len(words) > 1 else words[0]
