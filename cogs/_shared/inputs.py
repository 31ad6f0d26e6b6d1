"""What users type, turned into values, or refused with what would be right. Knows nothing of Discord."""

import difflib
import functools
import re
import unicodedata
import zoneinfo
from collections.abc import Iterable
from datetime import datetime, time, timedelta

from bot.arxiv_id import PaperReference, parse_reference
from bot.errors import UsageError
from bot.i18n import Refusal
from bot.render.text import clip, escape_discord, sanitise

MAX_CHOICES = 25
"""Choices that Discord shows for an option."""

MAX_CHOICE = 100
"""Characters of a choice's name and of its value."""

_TIME = re.compile(r"(\d{1,2})(?:[:h.点點时])?([0-5]\d)?")
_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+\-−])\s*(\d{1,2})(?::?00)?")
_AT_ONCE = frozenset({"", "asap", "now", "-", "at once", "立即", "尽快", "马上"})
_COMMON_ZONES = (
    "UTC",
    "America/New_York",
    "America/Los_Angeles",
    "America/Chicago",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/Warsaw",
    "Africa/Cairo",
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Taipei",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Asia/Kolkata",
    "Asia/Dubai",
    "Australia/Sydney",
    "Pacific/Auckland",
)
# Cities that people name and the zone database files under another.
_CITIES = {"beijing": "Asia/Shanghai", "北京": "Asia/Shanghai", "上海": "Asia/Shanghai", "香港": "Asia/Hong_Kong"}
_NEAR = 3
_NO_ZONES = frozenset({"Factory", "localtime", "posixrules"})
_COPIES = frozenset({"posix", "right", "SystemV"})


def shown(text: str, limit: int = 60) -> str:
    """Return what a user typed as it can be repeated to them: short, on one line, without effect."""
    return escape_discord(clip(sanitise(text), limit))


def parse_time(text: str | None) -> time | None:
    """Return the time of day, or None for "as soon as the announcement is complete". Raises `Refusal`."""
    typed = unicodedata.normalize("NFKC", text or "").strip().casefold()
    if typed in _AT_ONCE:
        return None
    match = _TIME.fullmatch(typed)
    if match is None or int(match[1]) > 23:
        raise Refusal(
            "“{time}” is not a time of day. Write it as 08:30 or 17:00, from 00:00 to 23:59, or leave it out to post "
            "as soon as the announcement is complete.",
            time=shown(text or "", 20),
        )
    return time(int(match[1]), int(match[2] or 0))


@functools.cache
def _zones() -> dict[str, str]:
    return {_zone_key(name): name for name in real_zones(zoneinfo.available_timezones())}


def real_zones(names: Iterable[str]) -> list[str]:
    """Return those of a machine's zone names that mean the same on every machine, sorted.

    Systems keep more beside them: a link to their own zone, a placeholder, copies of the whole list.
    """
    return sorted(name for name in names if name not in _NO_ZONES and name.partition("/")[0] not in _COPIES)


def _zone_key(name: str) -> str:
    return name.strip().casefold().replace(" ", "_")


def parse_zone(text: str) -> str:
    """Return the IANA name of a time zone, however its letters are cased. Raises `Refusal` that names near ones."""
    zones = _zones()
    key = _zone_key(text)[:MAX_CHOICE]
    if (hours := _offset(text)) is not None:
        # No city is called so, but Etc/GMT+8 ends in it and is eight hours behind Greenwich.
        near = _common_at(hours)
    elif key in zones or key in _CITIES:
        return zones.get(key) or _CITIES[key]
    else:
        cities = [name for other, name in zones.items() if other.rpartition("/")[2] == key]
        if len(cities) == 1:
            return cities[0]
        near = cities or [zones[one] for one in difflib.get_close_matches(key, zones, n=_NEAR, cutoff=0.6)]
        near = near or [name for other, name in zones.items() if key and key in other]
    if near:
        raise Refusal(
            "There is no time zone “{zone}”. Did you mean {near}?", zone=shown(text, 40), near=", ".join(near[:_NEAR])
        )
    raise Refusal(
        "There is no time zone “{zone}”. Use a name such as Europe/Berlin, Asia/Shanghai or UTC.", zone=shown(text, 40)
    )


def _offset(text: str) -> int | None:
    """Return the hours of "UTC+8" or "GMT-05:00", None for anything else and for no hours at all."""
    match = _OFFSET.fullmatch(unicodedata.normalize("NFKC", text[:MAX_CHOICE]).strip().casefold())
    if match is None:
        return None
    return (int(match[2]) if match[1] == "+" else -int(match[2])) or None


def _common_at(hours: int) -> list[str]:
    """Return the common zones whose usual time, that of their winter, is so far ahead of UTC."""
    found = []
    for name in _COMMON_ZONES:
        if _zone_key(name) in _zones():
            moment = datetime(2026, 1, 15, tzinfo=zoneinfo.ZoneInfo(name))
            offset, summer = moment.utcoffset(), moment.dst()
            if offset is not None and offset - (summer or timedelta()) == timedelta(hours=hours):
                found.append(name)
    return found


def zone_choices(typed: str) -> list[str]:
    """Return up to 25 names of time zones for what was typed so far, those that begin with it first."""
    key = _zone_key(typed)[:MAX_CHOICE]
    if (hours := _offset(typed)) is not None:
        return _common_at(hours)
    if not key:
        return [name for name in _COMMON_ZONES if _zone_key(name) in _zones()][:MAX_CHOICES]
    # Old names of one word are understood, but a place in its continent is what is offered.
    found = [(other, name) for other, name in _zones().items() if key in other and ("/" in name or name == "UTC")]
    found.sort(key=lambda pair: (not _begins(pair[0], key), pair[1] not in _COMMON_ZONES, pair[1]))
    return [name for _, name in found[:MAX_CHOICES]]


def _begins(zone: str, key: str) -> bool:
    return zone.startswith(key) or any(part.startswith(key) for part in zone.split("/"))


def parse_paper(text: str) -> PaperReference:
    """Return the paper that an identifier or an address names. Raises `Refusal`."""
    try:
        return parse_reference(text)
    except UsageError as error:
        if re.match(r"https?://", text.strip(), re.IGNORECASE):
            raise Refusal(
                "“{text}” is not the address of a paper on arxiv.org. Expected one such as arxiv.org/abs/2605.00847.",
                text=shown(text),
            ) from error
        raise Refusal(
            "“{text}” is not an arXiv identifier. Expected one such as 2605.00847 or hep-th/9901001, or the paper's "
            "address.",
            text=shown(text),
        ) from error


def parse_number(text: str, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`, written in any digits. Raises `Refusal`."""
    typed = unicodedata.normalize("NFKC", text).strip()
    if not re.fullmatch(r"\d{1,4}", typed, re.ASCII) or not low <= int(typed) <= high:
        raise Refusal("“{text}” is not a whole number from {low} to {high}.", text=shown(text, 20), low=low, high=high)
    return int(typed)


def parse_names(text: str | None) -> list[str]:
    """Return names that commas, semicolons or line breaks part, without repeats."""
    parts = re.split(r"[,;\n，；、]+", text or "")
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))
