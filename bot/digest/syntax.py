"""The grammar of topic queries: text to tree, or an error that points at the place.

    query   = [ any ]
    any     = all { "OR" all }
    all     = not { [ "AND" ] not }
    not     = "NOT" not | [ field ] primary
    primary = word | phrase | "(" any ")"
    field   = "ti:" | "abs:" | "au:" | "cat:" | "co:"

Written by hand: what users type is hostile input, and an error must say what was expected in plain words. Length and
depth are limited before anything is built.
"""

import re
import unicodedata
from enum import Enum, auto
from typing import NamedTuple, NoReturn

from bot.digest.text import Field, words_of
from bot.digest.tree import DELIMITERS, EDGE_PUNCTUATION, KEYWORDS, And, Node, Not, Or, Scoped, Term
from bot.errors import QuerySyntaxError

MAX_LENGTH = 2_000
MAX_DEPTH = 50
# A shorter prefix would match a good part of the dictionary.
MIN_PREFIX = 2

_BARE = re.compile(f"[^\\s{re.escape(DELIMITERS)}]+")
_QUOTES = frozenset('"“”„«»')
_FIELD = re.compile("(ti|abs|au|cat|co):", re.IGNORECASE)
_CATEGORY = re.compile(r"[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)?", re.IGNORECASE | re.ASCII)
_OPERAND = "a word, a “phrase” or “(”"


class _Kind(Enum):
    WORD = auto()
    PHRASE = auto()
    FIELD = auto()
    OPEN = auto()
    CLOSE = auto()
    AND = auto()
    OR = auto()
    NOT = auto()
    END = auto()


class _Token(NamedTuple):
    kind: _Kind
    text: str
    position: int


_STARTS_OPERAND = (_Kind.WORD, _Kind.PHRASE, _Kind.FIELD, _Kind.OPEN, _Kind.NOT)


def parse(text: str) -> Node | None:
    """Return the tree that `text` writes, None for blank text. Raises QuerySyntaxError."""
    if len(text) > MAX_LENGTH:
        raise QuerySyntaxError(_cleaned(text[:MAX_LENGTH]), MAX_LENGTH, f"at most {MAX_LENGTH:,} characters")
    return _Parser(_cleaned(text)).parse()


def _cleaned(text: str) -> str:
    # Invisible and bidirectional characters would make a query read differently from what it does.
    kept = ((c, unicodedata.category(c)) for c in text)
    return "".join(" " if kind in ("Cc", "Zl", "Zp") else c for c, kind in kept if kind not in ("Cf", "Cs"))


def _tokens(query: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while position < len(query):
        character = query[position]
        if character.isspace():
            position += 1
        elif character in "()":
            tokens.append(_Token(_Kind.OPEN if character == "(" else _Kind.CLOSE, character, position))
            position += 1
        elif character in _QUOTES:
            end = next((i for i in range(position + 1, len(query)) if query[i] in _QUOTES), None)
            if end is None:
                raise QuerySyntaxError(query, position, "a closing quotation mark for this one")
            tokens.append(_Token(_Kind.PHRASE, " ".join(query[position + 1 : end].split()), position))
            position = end + 1
        elif match := _FIELD.match(query, position):
            tokens.append(_Token(_Kind.FIELD, match[1].lower(), position))
            position = match.end()
        else:
            match = _BARE.match(query, position)
            word = match[0] if match else character
            tokens.append(_Token(_Kind[word] if word in KEYWORDS else _Kind.WORD, word, position))
            position += len(word)
    tokens.append(_Token(_Kind.END, "", len(query)))
    return tokens


class _Parser:
    def __init__(self, query: str) -> None:
        self._query = query
        self._tokens = _tokens(query)
        self._next = 0

    def parse(self) -> Node | None:
        if self._peek().kind is _Kind.END:
            return None
        root = self._any(None, 0)
        if self._peek().kind is not _Kind.END:
            # Everything else continues or ends an operand, so what stands here closes a group that was never opened.
            self._fail(self._peek(), "“(” before this “)”")
        return root

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _fail(self, token: _Token, expected: str) -> NoReturn:
        raise QuerySyntaxError(self._query, token.position, expected)

    def _any(self, field: Field | None, depth: int) -> Node:
        children = [self._all(field, depth)]
        while self._peek().kind is _Kind.OR:
            self._take()
            children.append(self._all(field, depth))
        if len(children) == 1:
            return children[0]
        return Or(tuple(node for child in children for node in (child.children if isinstance(child, Or) else (child,))))

    def _all(self, field: Field | None, depth: int) -> Node:
        children = [self._not(field, depth)]
        while self._peek().kind in (_Kind.AND, *_STARTS_OPERAND):
            if self._peek().kind is _Kind.AND:
                self._take()
            children.append(self._not(field, depth))
        if len(children) == 1:
            return children[0]
        return And(
            tuple(node for child in children for node in (child.children if isinstance(child, And) else (child,)))
        )

    def _not(self, field: Field | None, depth: int) -> Node:
        token = self._peek()
        if token.kind is _Kind.NOT:
            self._take()
            return Not(self._not(field, self._deeper(token, depth)))
        if token.kind is not _Kind.FIELD:
            return self._primary(field, depth)
        self._take()
        inner = Field(token.text)
        node = self._primary(inner, depth)
        return node if inner is field or isinstance(node, Term | Scoped) else Scoped(inner, node)

    def _primary(self, field: Field | None, depth: int) -> Node:
        token = self._take()
        if token.kind is _Kind.OPEN:
            node = self._any(field, self._deeper(token, depth))
            if self._peek().kind is not _Kind.CLOSE:
                self._fail(token, "a closing “)” for this “(”")
            self._take()
            return node
        if token.kind not in (_Kind.WORD, _Kind.PHRASE):
            self._fail(token, _OPERAND)
        return self._term(token, field)

    def _deeper(self, token: _Token, depth: int) -> int:
        if depth >= MAX_DEPTH:
            self._fail(token, f"at most {MAX_DEPTH} levels of “(” and NOT")
        return depth + 1

    def _term(self, token: _Token, field: Field | None) -> Term:
        text = token.text
        if token.kind is _Kind.WORD:
            text = text.strip(EDGE_PUNCTUATION)
            if text.startswith("-"):
                self._fail(token, "NOT in place of “-”")
            if ":" in text:
                self._fail(token, "one of the fields ti: abs: au: cat: co:, or quotation marks around this")
        prefix = text.endswith("*")
        text = text.removesuffix("*")
        if "*" in text:
            self._fail(token, "“*” only at the end of a word")
        if field is Field.CATEGORY:
            if not _CATEGORY.fullmatch(text.removesuffix(".") if prefix else text):
                self._fail(token, "an arXiv category such as cs.CV, or an archive such as cs")
            return Term(text, (text.lower(),), prefix, field)
        words = tuple(words_of(text))
        if not words:
            self._fail(token, "a word with letters or digits")
        if prefix and (len(text) < MIN_PREFIX or not text[-1].isalnum()):
            self._fail(token, f"at least {MIN_PREFIX} letters before “*”")
        return Term(text, words, prefix, field)
