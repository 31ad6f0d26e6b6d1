"""How long a server asks to wait, for every client of ours that speaks HTTP."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str], now: datetime, longest: timedelta) -> timedelta | None:
    """Return how long the server asks to wait (RFC 9110, 10.2.3), None where it does not say or says nonsense.

    `headers` are named in lower case. A date is taken relative to the server's own `Date`, so that our clock may be
    wrong. Never below zero and never above `longest`.
    """
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text) if text.replace(".", "", 1).isdecimal() else _seconds_until(text, headers, now, longest)
    except (ValueError, OverflowError):
        return None
    return timedelta(seconds=min(max(seconds, 0.0), longest.total_seconds()))


def _seconds_until(text: str, headers: Mapping[str, str], now: datetime, longest: timedelta) -> float:
    moment = _http_date(text)
    by_our_clock = (moment - now).total_seconds()
    try:
        seconds = (moment - _http_date(headers.get("date", ""))).total_seconds()
    except ValueError:
        return by_our_clock
    # A proxy may have put in a `Date` of its own; of two readings that make sense the one that waits is right.
    return seconds if seconds > 0 or by_our_clock > longest.total_seconds() else by_our_clock


def _http_date(text: str) -> datetime:
    moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
