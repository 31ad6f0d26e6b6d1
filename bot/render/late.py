"""Marks a brief as late whose payload was frozen before it was: in its first line, without making it anew. Pure."""

from collections.abc import Mapping
from typing import Any

from bot.i18n import Texts
from bot.render import labels
from bot.render.text import discord_length

_MAX_CONTENT = 2000


def mark_late(payload: Mapping[str, Any], texts: Texts) -> dict[str, Any] | None:
    """Return `payload` with "late" in its first line, after the date, as the planner would have put it there.

    None where there is nothing to change: it says so already, it has no such line, or there is no room for it.
    """
    if isinstance(payload.get("message"), Mapping):
        message = mark_late(payload["message"], texts)
        return None if message is None else {**payload, "message": message}
    head, feed, rest = str(payload.get("content") or "").partition("\n")
    label = f" · {texts.say(labels.LATE)}"
    name, end, counts = head.rpartition("** · ")
    if not end or label in f" · {counts}":
        return None
    day, dot, numbers = counts.partition(" · ")
    content = f"{name}{end}{day}{label}{dot}{numbers}{feed}{rest}"
    return {**payload, "content": content} if discord_length(content) <= _MAX_CONTENT else None
