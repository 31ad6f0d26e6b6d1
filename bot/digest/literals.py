"""What a text must hold before a regular expression can match it, read off the expression itself.

Looking for a few strings takes a fiftieth of the time that a long list of alternatives does, and hardly a sentence of a
paper holds any of them. This may only err on the side of trying too often: what it does not understand, it leaves to
the expression.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

_MOST_EXACT = 48
_MOST_KEYS = 128
_NOTHING = frozenset(("",))
# The letters that Python's `re` takes for an “i” where case is ignored, and case folding does not.
_SAME = str.maketrans("ıİ", "ii")


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of an expression: `exact`, all that it can match, where that is little; of each of `keys` it holds one."""

    exact: frozenset[str] | None
    keys: tuple[frozenset[str], ...] = ()


_ANYTHING = _Part(None)
_EMPTY = _Part(_NOTHING)


class _NotUnderstoodError(Exception):
    """The expression has something in it that is not read here."""


def folded(text: str) -> str:
    """Return `text` so that what is the same to `re.IGNORECASE` is equal."""
    return text.lower() if text.isascii() else text.translate(_SAME).casefold()


def keys_of(expression: str) -> tuple[frozenset[str], ...]:
    """Return sets of strings, the rarest first: of each set one is in the `folded` form of every text that matches.

    Nothing where there are no such strings, or they cannot be told.
    """
    reader = _Reader(expression)
    try:
        keys = reader.read()
    except _NotUnderstoodError:
        return ()
    return tuple(sorted((frozenset(map(folded, one)) for one in keys), key=_rarity, reverse=True))


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> Sequence[frozenset[str]]:
        part = self._either()
        if self._at < len(self._text):
            raise _NotUnderstoodError
        return part.keys

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, *wanted: str) -> bool:
        for one in wanted:
            if self._text.startswith(one, self._at):
                self._at += len(one)
                return True
        return False

    def _either(self) -> _Part:
        parts = [self._sequence()]
        while self._take("|"):
            parts.append(self._sequence())
        if len(parts) == 1:
            return parts[0]
        keys = _union((max(part.keys, key=_rarity, default=None) for part in parts), _MOST_KEYS)
        return _Part(_union((part.exact for part in parts), _MOST_EXACT), (keys,) if keys else ())

    def _sequence(self) -> _Part:
        run: frozenset[str] = _NOTHING
        found: list[frozenset[str]] = []
        whole = True
        while self._next() not in ("", "|", ")"):
            part = self._repeated()
            if part.exact is not None and len(run) * len(part.exact) <= _MOST_EXACT:
                run = frozenset(map("".join, product(run, part.exact)))
                continue
            whole = False
            found += [run, *(part.keys if part.exact is None else ())]
            run = part.exact if part.exact is not None else _NOTHING
        return _Part(run if whole else None, tuple(keys for keys in [*found, run] if "" not in keys))

    def _repeated(self) -> _Part:
        part = self._atom()
        if self._take("?"):
            part = _Part(part.exact | _NOTHING if part.exact is not None else None)
        elif self._take("*"):
            part = _ANYTHING
        elif self._take("+"):
            part = _Part(None, part.keys)
        elif self._next() == "{":
            part = self._counted(part)
        self._take("?", "+")
        return part

    def _counted(self, part: _Part) -> _Part:
        end = self._text.find("}", self._at)
        least, comma, most = self._text[self._at + 1 : max(end, 0)].partition(",")
        if not least.isdecimal() or not (not comma or not most or most.isdecimal()):
            raise _NotUnderstoodError
        self._at = end + 1
        if int(least) == 0:
            return _ANYTHING
        if part.exact is not None and len(part.exact) == 1:
            return _Part(None, _exactly(one * int(least) for one in part.exact).keys)
        return _Part(None, part.keys)

    def _atom(self) -> _Part:
        if self._take("("):
            return self._group()
        if self._take("["):
            return self._one_of()
        if self._take("\\"):
            return self._escaped()
        if self._take("."):
            return _ANYTHING
        if self._take("^", "$"):
            return _EMPTY
        character = self._next()
        if character in "?*+{":
            raise _NotUnderstoodError
        self._at += 1
        return _exactly({character})

    def _group(self) -> _Part:
        ahead = self._take("?=", "?!", "?<=", "?<!")
        if not ahead and not self._take("?:", "?-i:") and self._next() == "?":
            raise _NotUnderstoodError
        part = self._either()
        if not self._take(")"):
            raise _NotUnderstoodError
        return _EMPTY if ahead else part

    def _escaped(self) -> _Part:
        character = self._next()
        self._at += 1
        if character in "bBAZ":
            return _EMPTY
        if character in "dDsSwW":
            return _ANYTHING
        if character.isalnum() or not character:
            raise _NotUnderstoodError
        return _exactly({character})

    def _one_of(self) -> _Part:
        start = self._at
        self._take("^")
        characters: set[str] = set()
        plain = self._at == start
        if self._next() == "]":
            raise _NotUnderstoodError
        while not self._take("]"):
            character = self._next()
            if not character:
                raise _NotUnderstoodError
            self._at += 1
            if character == "\\":
                character = self._next()
                self._at += 1
                plain = plain and not character.isalnum()
            elif character == "-" and characters and self._next() != "]":
                plain = False
            characters.add(character)
        return _exactly(characters) if plain and len(characters) <= _MOST_EXACT else _ANYTHING


def _exactly(strings: Iterable[str]) -> _Part:
    exact = frozenset(strings)
    return _Part(exact, () if "" in exact else (exact,))


def _rarity(keys: frozenset[str]) -> tuple[bool, int, int]:
    """Return what is greater the less often one of `keys` stands in a sentence: marks are rare, and long words."""
    return all(any(not (c.isalnum() or c.isspace()) for c in one) for one in keys), min(map(len, keys)), -len(keys)


def _union(sets: Iterable[frozenset[str] | None], most: int) -> frozenset[str] | None:
    found: frozenset[str] = frozenset()
    for one in sets:
        if one is None:
            return None
        found |= one
    return found if len(found) <= most else None
