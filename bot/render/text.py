"""Texts of strangers made fit to show: cleaned, cut to a limit, and inert in whatever displays them.

Titles, abstracts, comments and names are hostile until they have passed here. Order: `readable` (or `sanitise`), then
`clip`, then the escaping of the format; nothing is cut after it was escaped.
"""

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import regex

from bot.digest.visible import MAX_MARKS, sanitise
from bot.latex import latex_to_unicode
from bot.render import labels

__all__ = [
    "MAX_MARKS",
    "authors_line",
    "clip",
    "discord_length",
    "escape_discord",
    "escape_markdown",
    "inert",
    "is_web_address",
    "readable",
    "sanitise",
    "web_links",
]

_GRAPHEME = regex.compile(r"\X")
_ELLIPSIS = "…"

# Discord's markup for people, roles, channels, commands, times, emoji, guides, and addresses in angle brackets.
_MENTION = regex.compile(r"<(?=[@#/:!?]|(?:a|t|id)?:|https?|mailto|tel|sms)", regex.IGNORECASE)
_EVERYBODY = regex.compile(r"@(?=everyone|here)", regex.IGNORECASE)
_WEB_SCHEME = regex.compile(r"(?<![\w:/])https?://(?=\w)", regex.IGNORECASE)
_OTHER_SCHEME = regex.compile(r"(?::(?=//)|(?:javascript|data|vbscript|mailto|tel|sms):(?=\S))", regex.IGNORECASE)
_INVITATION = regex.compile(r"(discord(?:app)?)\.(?=gg\b|com/invite|com/events|new\b|gift\b)", regex.IGNORECASE)

_LINE_START = regex.compile(r"^(\s*)([>#+=\-]|\d{1,9}(?=[.)](?:\s|$)))", regex.MULTILINE)
_DISCORD = regex.compile(r"[\\*_`\[\]]|(?<=~)~|~(?=~)|(?<=\|)\||\|(?=\|)")
# GitHub makes links of such host names.
_WWW = regex.compile(r"\bwww(?=\.)", regex.IGNORECASE)
_MARKDOWN = regex.compile(r"[\\*_`\[\]<>|~$#]|!(?=\[)|&(?=#?\w+;)")


def readable(text: str) -> str:
    """Return a title or abstract as a person reads it: LaTeX as Unicode, sanitised."""
    return sanitise(latex_to_unicode(text))


def discord_length(text: str) -> int:
    """Return the length in UTF-16 code units, the larger of the two ways in which Discord's limits may be counted."""
    return len(text) + sum(character > "\uffff" for character in text)


def clip(text: str, limit: int, *, measure: Callable[[str], int] = discord_length) -> str:
    """Return `text`, or its beginning and "…" with a `measure` of at most `limit`.

    Cut between graphemes, at a word boundary where one is near. The default measure keeps both the number of code
    points and that of UTF-16 units in the limit; a measure of what an escaped text takes keeps that in the limit.
    """
    if measure(text) <= limit:
        return text
    if limit < measure(_ELLIPSIS):
        return ""
    ends = [match.end() for match in _GRAPHEME.finditer(text[: limit + 1])]
    if len(text) > limit + 1:
        del ends[-1]  # that one may go on behind the slice
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[: ends[middle - 1]] + _ELLIPSIS) <= limit:
            low = middle
        else:
            high = middle - 1
    cut = text[: ends[low - 1]] if low else ""
    while cut:
        tidy = _at_word(cut, text).rstrip(" ,;:–—-(")
        if measure(tidy + _ELLIPSIS) <= limit:
            return tidy + _ELLIPSIS
        low -= 1
        cut = text[: ends[low - 1]] if low > 0 else ""
    return _ELLIPSIS


def _at_word(cut: str, text: str) -> str:
    if text[len(cut) : len(cut) + 1].isspace():
        return cut
    boundary = cut.rfind(" ")
    return cut[:boundary] if boundary > len(cut) * 2 // 3 else cut


def inert(text: str) -> str:
    """Return `text` without anything that mentions, invites, or becomes a link by itself; it stays readable.

    Addresses lose "https://"; angle brackets of mentions become ‹; the sign of @everyone becomes a wide one.
    """
    text = _WEB_SCHEME.sub("", text)
    text = _OTHER_SCHEME.sub(lambda match: match[0] + " ", text)
    text = _INVITATION.sub(r"\1[.]", text)
    return _EVERYBODY.sub("＠", _MENTION.sub("‹", text))


def escape_discord(text: str) -> str:
    """Return `text` as Discord shows it literally, inert. Longer than `text`: measure what this returns."""
    return _LINE_START.sub(_escape_line_start, _DISCORD.sub(r"\\\g<0>", inert(text)))


def escape_markdown(text: str) -> str:
    """Return `text` as CommonMark and GitHub show it literally, inert."""
    escaped = _WWW.sub(r"\g<0>\\", _MARKDOWN.sub(r"\\\g<0>", inert(text)))
    return _LINE_START.sub(_escape_line_start, escaped)


def _escape_line_start(match: "regex.Match[str]") -> str:
    # Digits cannot be escaped, the full stop after them can.
    return f"{match[1]}{match[2]}\\" if match[2].isdigit() else f"{match[1]}\\{match[2]}"


def authors_line(authors: Sequence[str], *, complete: bool = True, limit: int = 256, shown: int = 3) -> str:
    """Return the first names and how many there are beyond: "A, B, C +5,151", "A, B, C and 97+ more" if not complete.

    Takes no longer for 5,000 authors than for five. At most `limit` UTF-16 units; not escaped.
    """
    for count in range(min(shown, len(authors)), 0, -1):
        names = ", ".join(readable(name) for name in authors[:count])
        rest = len(authors) - count
        more = ""
        if not complete:
            more = f" and {labels.format_count(rest)}+ more" if rest else " and others"
        elif rest:
            more = f" +{labels.format_count(rest)}"
        if discord_length(names + more) <= limit:
            return names + more
        if count == 1:
            return clip(names, max(0, limit - len(more))) + more if limit > len(more) else ""
    return ""


def web_links(links: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (name, URL) of the links that are plain http or https addresses."""
    return [(sanitise(labels.link_name(kind)), url) for kind, url in links.items() if is_web_address(url)]


def is_web_address(url: str) -> bool:
    """Return whether `url` is an http or https address without anything that could end an attribute or a line."""
    if not url.isascii() or any(character <= " " or character in "\"'<>`\\^{}|\x7f" for character in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
