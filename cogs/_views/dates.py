"""Dates as people type them."""

import re
import unicodedata
from datetime import date, timedelta

from bot.i18n import Refusal
from cogs._shared.inputs import shown

_WORDS = {"today": 0, "yesterday": 1, "今天": 0, "昨天": 1}
_DAYS_AGO = re.compile(r"(\d{1,4})\s*(?:d|days?|天)")


def parse_date(text: str | None, today: date) -> date | None:
    """Return the date that was typed, None for nothing: 2026-05-12, 2026/5/12, 2026-05, 20260512, "7 days", "today".

    Raises `Refusal` for anything else, and for days before arXiv or far ahead.
    """
    typed = unicodedata.normalize("NFKC", text or "").strip().casefold()
    if not typed:
        return None
    found = _read(typed, today)
    if found is None or not date(1991, 8, 1) <= found <= today + timedelta(days=366):
        raise Refusal("“{date}” is not a date to look for. Write it as 2026-05-12.", date=shown(text or "", 30))
    return found


def _read(typed: str, today: date) -> date | None:
    if typed in _WORDS:
        return today - timedelta(days=_WORDS[typed])
    ago = _DAYS_AGO.fullmatch(typed)
    if ago:
        return today - timedelta(days=int(ago[1]))
    parts = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?", typed) or re.fullmatch(
        r"(\d{4})(\d{2})(\d{2})", typed
    )
    if parts is None:
        return None
    try:
        return date(int(parts[1]), int(parts[2]), int(parts[3] or 1))
    except ValueError:
        return None
