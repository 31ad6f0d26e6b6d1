"""Patterns that are long lists in many languages, read from `bot/digest/patterns/`: one alternative on each line.

Lines that begin with "# " are comments. A new language or disguise is a new line there, and no change of code.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources

from bot.digest.literals import folded, keys_of

_READER = (
    r"(?:AI|LLMs?|language models?|assistants?|summari[sz]ers?|reviewers?|raters?|rankers?|bots?|chatbots?|chatgpt"
    r"|gpt[\w.-]*|claude|gemini|copilot|llama|deepseek|qwen|(?:AI |automated )?agents?|models?|machines?|crawlers?"
    r"|scrapers?|systems?)"
)


class Alternatives:
    """The lines of a file as one pattern that ignores case, of which only those are tried that a text may match."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._whole = re.compile("|".join(lines), re.IGNORECASE)
        self._lines = [re.compile(line, re.IGNORECASE) for line in lines]
        keys = [keys_of(line) for line in lines]
        self._always = [place for place, sets in enumerate(keys) if not sets]
        self._also = [sets[1:] for sets in keys]
        self._keys = [(key, place) for place, sets in enumerate(keys) if sets for key in sorted(sets[0])]
        # Most sentences are in English: no key of another script needs to be looked for in them.
        self._ascii_keys = [(key, place) for key, place in self._keys if key.isascii()]

    def search(self, text: str) -> re.Match[str] | None:
        """Return what `re.search` would for the whole pattern: the first match, of the first line among equals."""
        plain = folded(text)
        keys = self._ascii_keys if text.isascii() else self._keys
        first: tuple[int, int, re.Match[str]] | None = None
        for place in {place for key, place in keys if key in plain}.union(self._always):
            if all(any(key in plain for key in one) for one in self._also[place]):
                match = self._lines[place].search(text)
                if match is not None and (first is None or (match.start(), place) < first[:2]):
                    first = match.start(), place, match
        return first[2] if first is not None else None

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Return what `re.fullmatch` would for the whole pattern."""
        return self._whole.fullmatch(text)


@cache
def load_pattern(name: str) -> Alternatives:
    """Return the alternatives of `<name>.txt` as one pattern that ignores case; ‹READER› is any kind of machine."""
    text = resources.files("bot.digest").joinpath("patterns", f"{name}.txt").read_text(encoding="utf-8")
    return Alternatives([line.replace("‹READER›", _READER) for line in text.splitlines() if line and line[:2] != "# "])
