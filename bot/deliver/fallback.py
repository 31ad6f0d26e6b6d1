"""Simpler payloads for a message that Discord refuses: as plain text, or without links. Pure.

Either keeps the marker, the rules on mentions and, of a forum post, its name. Used once each, and told to the owner.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.deliver.nonce import shown_marker

MAX_CONTENT = 2000
_KEPT = ("allowed_mentions", "auto_archive_duration")
_LINK = re.compile(r"\[([^\]]*)\]\(<?https?://[^)\s]*>?\)|<?https?://[^\s>)]+>?")
_LINK_KEYS = frozenset({"url", "icon_url", "image", "thumbnail", "video"})
_LINK_BUTTON = 5
_SUPPRESS_EMBEDS = 1 << 2


def plain_payload(payload: Mapping[str, Any], marker: str) -> dict[str, Any]:
    """Return `payload` as text alone: its content, then a line per embed or text component, then the marker."""
    if isinstance(payload.get("message"), Mapping):
        post = {key: payload[key] for key in ("name", *_KEPT) if key in payload}
        return post | {"message": plain_payload(payload["message"], marker)}
    end = shown_marker(marker)
    lines = [str(payload.get("content") or "").strip(), *_lines(payload)]
    # A line ends with a line feed; what is left out is left out by whole lines.
    text, room = "", MAX_CONTENT - _length(end)
    for line in lines:
        if line and marker not in line and _length(text) + _length(line) + 1 <= room:
            text += line + "\n"
    kept = {key: payload[key] for key in _KEPT if key in payload}
    return kept | {"content": text + end, "flags": _SUPPRESS_EMBEDS}


def stripped_payload(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return `payload` without any link: words of links stay, addresses, pictures and link buttons go."""
    return {key: _strip(value) for key, value in payload.items() if key not in _LINK_KEYS}


def _lines(payload: Mapping[str, Any]) -> Iterator[str]:
    for embed in payload.get("embeds") or []:
        title, url = str(embed.get("title") or "").strip(), str(embed.get("url") or "")
        line = f"• {title} <{url}>" if url else f"• {title}"
        if title:
            yield line
        elif embed.get("description"):
            yield str(embed["description"])
    yield from _texts(payload.get("components") or [])


def _texts(components: list[Any]) -> Iterator[str]:
    for one in components:
        if isinstance(one.get("content"), str):
            yield one["content"]
        yield from _texts(one.get("components") or [])


def _strip(value: Any) -> Any:
    if isinstance(value, str):
        return _LINK.sub(lambda found: found[1] or "", value)
    if isinstance(value, dict):
        return {key: _strip(inner) for key, inner in value.items() if key not in _LINK_KEYS}
    if isinstance(value, list | tuple):
        kept = [_strip(inner) for inner in value if not _is_link_button(inner)]
        # A row that held nothing but link buttons would be refused for being empty.
        return [inner for inner in kept if not (isinstance(inner, dict) and inner.get("components") == [])]
    return value


def _is_link_button(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") == 2 and value.get("style") == _LINK_BUTTON


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
