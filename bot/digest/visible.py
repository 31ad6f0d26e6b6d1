"""What of a stranger's text can be seen: controls, hidden characters and floods of marks taken out.

The one place that knows which characters carry no ink. Used before a text is given to a model, checked or shown; it
escapes nothing.
"""

import unicodedata

import regex

MAX_MARKS = 4
"""Combining marks kept on one character; no living script needs more."""

_BLANK = regex.compile(r"[\s\p{Z}\u2800]+")
# Controls, formats (bidi, zero width, tags), surrogates, noncharacters, fillers without ink, and the variation
# selectors in which text can be hidden. U+FE0E/F stay for emoji, U+200C/D are looked at in context.
_INVISIBLE = regex.compile(
    r"[\p{Cc}\p{Cf}\p{Cs}--[\t\n\v\f\r\x85\u200c\u200d]]"
    r"|[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0d\U000e0000-\U000e0fff\U0001d173-\U0001d17a]"
    r"|[\ufdd0-\ufdef\ufffe\uffff]",
    flags=regex.VERSION1,
)
_NONCHARACTERS = regex.compile(
    "[" + "".join(chr(plane + 0xFFFE) + chr(plane + 0xFFFF) for plane in range(0x10000, 0x110000, 0x10000)) + "]"
)
_EMOJI = r"[\p{Extended_Pictographic}\p{Emoji_Modifier}]"
_JOINING_SCRIPTS = (
    r"[\p{Arabic}\p{Syriac}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}\p{Tamil}\p{Telugu}\p{Kannada}"
    r"\p{Malayalam}\p{Sinhala}\p{Khmer}]"
)
_JOINER = regex.compile(
    rf"(?<!{_EMOJI}\ufe0f?)\u200d|\u200d(?!{_EMOJI})"
    rf"|(?<!{_JOINING_SCRIPTS})\u200c|\u200c(?!{_JOINING_SCRIPTS})"
)
_EMOJI_STYLE = regex.compile(r"(?<!\p{Emoji})[\ufe0e\ufe0f]")
_MARKS = regex.compile(rf"([\p{{Mn}}\p{{Me}}]{{{MAX_MARKS}}})[\p{{Mn}}\p{{Me}}]+")
_LEADING_MARKS = regex.compile(r"^[\s\p{Mn}\p{Me}]+")


def sanitise(text: str) -> str:
    """Return `text` on one line, in NFC, without anything that is invisible, steers direction or floods a character."""
    if text.isascii() and text.isprintable():
        # Most texts; the rest finds nothing in them.
        return " ".join(text.split())
    text = _NONCHARACTERS.sub("", _INVISIBLE.sub("", text))
    text = _EMOJI_STYLE.sub("", _JOINER.sub("", text))
    # Twice: normalising may expand one mark into two. Before it as well, for sorting long runs takes quadratic time.
    text = _MARKS.sub(r"\1", unicodedata.normalize("NFC", _MARKS.sub(r"\1", text)))
    return _LEADING_MARKS.sub("", _BLANK.sub(" ", text).strip())
