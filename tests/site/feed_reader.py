"""Feeds as feed readers understand them: Atom by feedparser, JSON Feed by its own definition."""

import calendar
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import feedparser  # type: ignore[import-untyped]  # it ships no types
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types
from lxml import etree

_TEXT = {"type": "string", "minLength": 1}
_ADDRESS = {"type": "string", "pattern": "^https?://"}
_INSTANT = {"type": "string", "format": "date-time", "pattern": r"T.*(Z|[+-]\d\d:\d\d)$"}
# What https://www.jsonfeed.org/version/1.1/ asks for, and what it knows of this.
_JSON_FEED = {
    "type": "object",
    "required": ["version", "title", "items"],
    "additionalProperties": False,
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": _TEXT,
        "home_page_url": _ADDRESS,
        "feed_url": _ADDRESS,
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "content_html"],
                "additionalProperties": False,
                "properties": {
                    "id": _TEXT,
                    "url": _ADDRESS,
                    "title": _TEXT,
                    "content_html": _TEXT,
                    "date_published": _INSTANT,
                    "date_modified": _INSTANT,
                    "language": _TEXT,
                },
            },
        },
    },
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry. `content`: its HTML as it is in the file, before a reader takes anything out."""

    id: str
    title: str
    link: str
    published: datetime
    updated: datetime
    content: str


@dataclass(frozen=True, slots=True)
class ReadFeed:
    """A feed, newest entries first."""

    title: str
    entries: tuple[Entry, ...]


def read_feeds(files: Mapping[str, bytes]) -> dict[str, ReadFeed]:
    """Return every feed of a site by its path; fails for one that is not as its format says."""
    feeds = {name: content for name, content in files.items() if name.startswith("feeds/")}
    return {name: _json(content) if name.endswith(".json") else _atom(content) for name, content in feeds.items()}


def _atom(content: bytes) -> ReadFeed:
    feed = feedparser.parse(content)
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.version == "atom10"
    assert feed.feed.id
    assert feed.feed.updated_parsed
    assert feed.feed.author
    raw = etree.fromstring(content).findall(".//{http://www.w3.org/2005/Atom}content")
    assert {one.get("type") for one in raw} <= {"html"}
    entries = zip(feed.entries, raw, strict=True)
    return ReadFeed(
        feed.feed.title,
        tuple(
            Entry(one.id, one.title, one.link, _at(one.published_parsed), _at(one.updated_parsed), held.text or "")
            for one, held in entries
        ),
    )


def _json(content: bytes) -> ReadFeed:
    feed = json.loads(content)
    Draft202012Validator(_JSON_FEED, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(feed)
    return ReadFeed(
        feed["title"],
        tuple(
            Entry(
                one["id"],
                one["title"],
                one["url"],
                datetime.fromisoformat(one["date_published"]),
                datetime.fromisoformat(one["date_modified"]).replace(microsecond=0),
                one["content_html"],
            )
            for one in feed["items"]
        ),
    )


def _at(parsed: Any) -> datetime:
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
