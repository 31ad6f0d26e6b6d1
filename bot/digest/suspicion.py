"""Sentences of a paper's text that speak to a model instead of a reader.

A guard in addition to the structure of the request: such sentences are not given to a model, and nothing that only they
say passes the checks. What is found here is judged by form, in many languages and disguises; a paper about such attacks
may lose a sentence of its summary that way, never a place in a brief.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import regex

from bot.digest.pattern_files import load_pattern
from bot.digest.text import fold
from bot.digest.visible import sanitise
from bot.latex import strip_math

_DROP_STEMS = ("ignor", "disregard", "forget", "overrid", "bypass", "skip", "discard", "follow", "never mind")
"""What an order to drop something has in it: cheap to look for, before the patterns are tried."""

# Homoglyphs: letters of two scripts in one word. Greek beside Latin is a unit or a symbol.
_MIXED_WORD = regex.compile(r"\b(?=\w*\p{Latin})(?=\w*[\p{Cyrillic}\p{Cherokee}\p{Armenian}])[\p{L}\p{M}]{3,}\b")
_FOREIGN = {
    "Cyrillic": 12, "Arabic": 10, "Hebrew": 10, "Devanagari": 10, "Thai": 10, "Han": 8, "Hiragana": 4, "Hangul": 6,
    "Greek": 24, "Bengali": 10, "Tamil": 10, "Telugu": 10, "Georgian": 10, "Armenian": 10,
}  # fmt: skip
"""Letters of a script in one sentence that no English abstract needs to name a thing in that language."""
_FOREIGN_LETTER = {script: regex.compile(rf"\p{{{script}}}") for script in _FOREIGN}
_HIDDEN = regex.compile(r"[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e0fff\u200b\u200c\u2060-\u2064\ufeff]")
_STEERING = regex.compile(r"[\u202d\u202e\U000e0000-\U000e007f]")
_MOST_HIDDEN = 5
_LOOK_ALIKE = str.maketrans("аеорсухіѕјԁԛԝһкмтвнαεοριυνκτ", "aeopcyxisjdqwhkmtbhaeopiuvkt")
_LEET = str.maketrans("013457@$!", "oieastasi")
_SPACED = re.compile(r"\b(?:\w[ ._*-]){5,}\w\b")
_LETTER_GAP = re.compile(r"(?<=\w)[ ._*-](?=\w)")
_SEPARATORS = re.compile(r"(?<=\w)[._*-](?=\w)")
_JOINED = re.compile(r"\b(?:[a-z]{2,}[._*-]){3,}[a-z]{2,}")
_LEET_WORD = re.compile(r"\b(?=[a-z0-9@$!]*[a-z])(?:[a-z]*[013457@$!]){2,}[a-z]*")
_WEAK = ("structure", "bait", "address", "imperative", "praise", "encoded")


def suspicious_sentences(sentences: Sequence[str]) -> frozenset[int]:
    """Return the places of the sentences that speak to a model, try to end the data, or hide what they say.

    After an order to drop what came before, or a forged role, the rest of the text counts with it.
    """
    found: set[int] = set()
    for place, sentence in enumerate(sentences):
        strength = _strength(sentence)
        if strength > 1:
            found.update(range(place, len(sentences)))
            break
        if strength:
            found.add(place)
    # One such sentence makes the short ones around it doubtful: "It is X-17." says what to write.
    near = {place + step for place in found for step in (-1, 1)} - found
    found.update(place for place in near if 0 < place < len(sentences) and _BRIEF_ORDER.search(sentences[place]))
    return frozenset(found)


_BRIEF_ORDER = re.compile(
    r"^.{0,120}[\"“'‘«「][^\"”'’»」]{3,60}[\"”'’»」].{0,40}$|\b[A-Z0-9]{3,}[-_][A-Z0-9]{3,}(?:[-_][A-Z0-9]+)*\b"
)


def speaks_to_model(text: str) -> bool:
    """Return whether a text of ours, in any language, gives orders, plays a role or praises the paper it is about."""
    visible = sanitise(text)
    lowered = visible.lower()
    if any(
        load_pattern(name).search(visible)
        for name in ("machinery", "structure", "bait", "address", "praise", "encoded")
    ):
        return True
    return _orders_to_drop(lowered)


@lru_cache(maxsize=2048)
def _strength(sentence: str) -> int:
    """Return 0 for a sentence about the work, 1 for one that speaks to a model, 2 for one that tries to take over."""
    if not sentence.isascii() and (_STEERING.search(sentence) or len(_HIDDEN.findall(sentence)) > _MOST_HIDDEN):
        return 2
    visible = sanitise(sentence)
    forms = _forms(visible)
    if load_pattern("machinery").search(visible) or any(_drops_orders(form) for form in forms):
        return 2
    if not visible.isascii() and _is_foreign(strip_math(visible)):
        return 1
    # A look-alike letter hides a word from the patterns: so the plain form is read as well.
    plain = [visible] if visible.isascii() else [visible, forms[1]]
    return int(any(load_pattern(name).search(form) for name in _WEAK for form in plain))


def _drops_orders(form: str) -> bool:
    if _orders_to_drop(form) or load_pattern("drop_latin").search(form):
        return True
    return not form.isascii() and load_pattern("drop_other").search(form) is not None


def _orders_to_drop(lowered: str) -> bool:
    return any(stem in lowered for stem in _DROP_STEMS) and load_pattern("drop_english").search(lowered) is not None


def _is_foreign(prose: str) -> bool:
    if _MIXED_WORD.search(prose):
        return True
    return any(len(_FOREIGN_LETTER[script].findall(prose)) > most for script, most in _FOREIGN.items())


def _forms(visible: str) -> list[str]:
    """Return the sentence in lower case, and with disguises taken off where it has any.

    Disguises: look-alike letters, digits for letters, letters apart, words joined by stops, mirrored text.
    """
    lowered = visible.lower()
    forms = [lowered]
    plain = lowered
    if not visible.isascii():
        plain = unicodedata.normalize("NFKC", lowered).translate(_LOOK_ALIKE)
        forms += [fold(plain)]
    if _LEET_WORD.search(plain):
        forms.append(plain.translate(_LEET))
    if _SPACED.search(plain):
        forms.append(_SPACED.sub(lambda match: _LETTER_GAP.sub("", match[0]), plain))
    if _JOINED.search(plain):
        forms.append(_SEPARATORS.sub(" ", plain))
    mirrored = plain[::-1]
    if any(stem in mirrored for stem in _DROP_STEMS):
        forms.append(mirrored)
    return forms
