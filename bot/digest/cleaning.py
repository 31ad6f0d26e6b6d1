"""What a model wrote, made plain: no markup, no links, no mentions, nothing invisible. Math stays as it is."""

import re

import regex

from bot.digest.visible import sanitise
from bot.latex.segments import Kind, segments

_FENCE = re.compile(r"(?:```|~~~)(?:[\w-]*\s*\n)?")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"</?[A-Za-z!|｜][^<>]{0,300}>")
_MENTION = re.compile(r"<(?:@[&!]?|#|/[^<>:]{1,40}:|a?:\w{1,40}:|t:|id:|sound:)[^<>\s]{0,60}>")
_IMAGE = re.compile(r"!\[([^\]]{0,300})\]\([^()\s]{0,500}(?:\([^()\s]{0,200}\))?[^()]{0,300}\)")
_LINK = re.compile(r"\[([^\]]{0,300})\]\(\s?[^()\s]{0,500}(?:\([^()\s]{0,200}\))?[^()]{0,300}\)")
_REFERENCE = re.compile(r"\[([^\]]{1,300})\]\[[^\]]{0,60}\]")
_SCHEME = r"(?:https?|ftp|mailto|tel|sms|file|javascript|vbscript|discord|tg|ws|wss)\s?:"
ADDRESS = regex.compile(
    rf"<?(?:\b{_SCHEME}"
    r"(?:\s?//)?|\bdata:\w+/|\bwww\.)[^\s<>\"”’»」』）】，。；、]*[^\s<>\"”’»」』）】，。；、.,;:!?)\]]>?"
    r"|\b(?:discord(?:app)?\.(?:gg|com|new|gift)|t\.me|bit\.ly|tinyurl\.com|goo\.gl|youtu\.be)(?:/[^\s<>\"”’]*)?"
    r"|(?<![\w@.])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:com|org|net|io|ai|dev|app|co|me|gg|xyz|info|ru|cn|example|link|site|online|top|ly|edu|gov|page|cloud)(?:/[^\s<>\"”’，。；、]*)?(?![\w.-]*\w)",
    regex.IGNORECASE,
)
"""An address, with or without its scheme; names such as “Node.js” are none."""

_MAYBE_ADDRESS = re.compile(rf"{_SCHEME}|data:|www\.|\.[^\W\d_]{{2}}", re.IGNORECASE)
"""What every address has; it takes a hundredth of the time to look for."""

# "Code is at https://…" must not end in "at".
_ADDRESS_AND_LEAD = regex.compile(
    rf"(?:\s*\b(?:at|via|from|on|under|in|see|visit|here)\b)?\s*:?\s*(?:{ADDRESS.pattern})", regex.IGNORECASE
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")
_AT = re.compile(r"(?<![\w.)])[@＠](?=\w)")
_LINE_START = re.compile(r"^\s*(?:#{1,6}\s+|>+\s?|[-*+•·‣▪–—]\s+|-#\s+|\d{1,2}[.)]\s+|[|]\s?)")
_TABLE = re.compile(r"\s*\|\s*(?=(?:[^|]*\|)|$)|\|?\s*:?-{3,}:?\s*\|")
_EMPHASIS = (
    ("*", re.compile(r"(?<![\w*\\])\*{1,3}(?=[^\s*])(.{1,600}?)(?<=[^\s*])\*{1,3}(?![\w*])")),
    ("_", re.compile(r"(?<![\w\\])_{1,3}(?=[^\s_])(.{1,600}?)(?<=[^\s_])_{1,3}(?!\w)")),
    ("~~", re.compile(r"~~(?=\S)(.{1,600}?)~~")),
    ("||", re.compile(r"\|\|(?=\S)(.{1,600}?)\|\|")),
    ("`", re.compile(r"`{1,2}([^`]{1,400})`{1,2}")),
)
_EMPTY = re.compile(r"\(\s*\)|\[\s*\]|（\s*）")
_BEFORE_STOP = re.compile(r"\s+([,.;:!?，。；：！？])")
_OPENING = ("$", "\\", "`")
"""Without one of these a text is one segment of prose."""

_ROUNDS = 3


def clean_text(text: str) -> str:
    """Return `text` as one line of plain prose: markdown, HTML, links, mentions and invisible characters removed.

    What a link was called stays, its address goes. Bare text comes back as it is; applied twice it changes no more.
    """
    for _ in range(_ROUNDS):
        cleaned = _cleaned(text)
        if cleaned == text:
            break
        text = cleaned
    return text


def find_links(text: str) -> list[str]:
    """Return the addresses in a text, markup included."""
    visible = sanitise(text)
    found = [match[0] for match in ADDRESS.finditer(visible)] if _MAYBE_ADDRESS.search(visible) else []
    return found + [match[0] for match in _EMAIL.finditer(text)] if "@" in text else found


def _cleaned(text: str) -> str:
    text = _FENCE.sub("", text)
    text = _LINE_START.sub("", "\n".join(_LINE_START.sub("", line) for line in text.splitlines()))
    text = sanitise(text)
    if any(mark in text for mark in _OPENING):
        text = "".join(one.raw if one.kind is Kind.MATH else _plain(one.raw) for one in segments(text))
    else:
        text = _plain(text)
    joined = _BEFORE_STOP.sub(r"\1", _EMPTY.sub("", text))
    return sanitise(_LINE_START.sub("", joined))


def _plain(text: str) -> str:
    if "<" in text:
        text = _COMMENT.sub("", text)
    if "](" in text:
        text = _LINK.sub(r"\1", _IMAGE.sub(r"\1", text))
    if "][" in text:
        text = _REFERENCE.sub(r"\1", text)
    if _MAYBE_ADDRESS.search(text):
        text = _ADDRESS_AND_LEAD.sub("", text)
    if "@" in text:
        text = _EMAIL.sub("", text)
    if "<" in text:
        text = _TAG.sub("", _MENTION.sub("", text))
    for mark, pattern in _EMPHASIS:
        if mark in text:
            text = pattern.sub(r"\1", text)
    return _AT.sub("", text) if "@" in text or "＠" in text else text
