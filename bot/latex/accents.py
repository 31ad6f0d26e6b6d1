r"""TeX accents (`G\"odel`, `Erd\H{o}s`, `{\ss}`) as Unicode letters; TeXbook chapter 9, The LaTeX Companion table 7.33.

Only what names a letter for certain is touched: `it\'s` and `C:\users` stay.
"""

import re
import unicodedata

from bot.latex.segments import Kind, segments

_COMBINING = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "r": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "d": "\u0323",
    "c": "\u0327",
    "k": "\u0328",
    "b": "\u0331",
}
_LETTERS = {
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "ss": "ß",
    "SS": "ẞ",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "aa": "å",
    "AA": "Å",
    "dh": "ð",
    "DH": "Ð",
    "dj": "đ",
    "DJ": "Đ",
    "th": "þ",
    "TH": "Þ",
    "ng": "ŋ",
    "NG": "Ŋ",
    "i": "ı",
    "j": "ȷ",
}
_BASE = r"(?:\\[ij](?![A-Za-z])|[^\W\d_])"
_ACCENT = (
    # \"o  \"{o}  \"{\i}  \"\i
    rf"\\(?P<mark>[`'^~=.\"])\s?(?:\{{\s?(?P<braced>{_BASE})\s?\}}|(?P<bare>{_BASE})(?:\{{\}})?)"
    # \v{c}  \v c
    rf"|\\(?P<letter_mark>[uvHdckbr])(?:\s?\{{\s?(?P<letter_braced>{_BASE})\s?\}}|\s(?P<letter_bare>{_BASE}))"
    rf"|\\(?P<letter>{'|'.join(sorted(_LETTERS, key=len, reverse=True))})(?![A-Za-z])(?P<gap>\{{\}}|\s(?=[a-z]))?"
)
# No name group may occur twice, so the form in braces is found around the plain one.
_PATTERN = re.compile(rf"(?P<open>(?<!\\)\{{\s?)?(?<!\\)(?:{_ACCENT})(?P<close>\s?\}})?")
_APOSTROPHE = re.compile(r"(?<=[A-Za-z])\\'(?=(?:s|t|re|ve|ll|d|m)\b)")


def replace_accents(text: str) -> str:
    """Return `text`, all of it prose, with its accents as letters; the second pass sees to two on one letter."""
    if "\\" not in text:
        return text
    return _PATTERN.sub(_replace, _PATTERN.sub(_replace, text))


def accents_to_unicode(text: str) -> str:
    r"""Return `text` with TeX accents outside math and code as precomposed letters; nothing else is touched."""
    if "\\" not in text:
        return text
    return "".join(replace_accents(one.raw) if one.kind is Kind.PROSE else one.raw for one in segments(text))


def _replace(match: re.Match[str]) -> str:
    if match["mark"] == "'" and match["bare"] and _APOSTROPHE.match(match.string, match.start()):
        return match[0]
    if match["letter"]:
        before = match.string[match.start() - 1 : match.start()]
        letters: str | None = None if before in ("\\", ":") else _LETTERS[match["letter"]]
    else:
        letters = _compose(
            match["mark"] or match["letter_mark"],
            match["braced"] or match["bare"] or match["letter_braced"] or match["letter_bare"],
        )
    if letters is None:
        return match[0]
    if match["open"] and match["close"]:
        return letters
    return (match["open"] or "") + letters + (match["close"] or "")


def _compose(mark: str, base: str) -> str | None:
    """Return the one letter that Unicode has for `base` with the accent, or None."""
    letter = {"\\i": "i", "\\j": "j"}.get(base, base)
    composed = unicodedata.normalize("NFC", letter + _COMBINING[mark])
    return composed if len(composed) == 1 else None
