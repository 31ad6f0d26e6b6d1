"""Lists that other programs wrote of which channel gets which feed: OPML, CSV and JSON lines, parsed and no more.

Nothing in them is ever fetched: an address is only read for the arXiv categories that it names. Hostile files are
refused with `UsageError`, in one line.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from bot.errors import UsageError
from bot.sources.categories import check_categories

MAX_BYTES = 4 * 2**20
"""More than any such list has: ten thousand lines are half a megabyte."""

MAX_ENTRIES = 10_000

_HOSTS = frozenset({"arxiv.org", "www.arxiv.org", "rss.arxiv.org", "export.arxiv.org"})
_SERVER = ("server_id", "guild_id", "server", "guild")
_CHANNEL = ("channel_id", "channel")
_FEED = ("feed", "url", "feed_url", "category", "categories", "link")
_SNOWFLAKE = re.compile(r"[0-9]{1,19}")
_TERM = re.compile(r"cat:([A-Za-z.\-]+)")
_NAMES = re.compile(r"[A-Za-z][A-Za-z.\-]*(?:[+ ,;]+[A-Za-z][A-Za-z.\-]*)*")
_MOST_SHOWN = 120


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """One line of a list: `feed` is what it says there, `place` where that stands. No id: the list names none."""

    place: str
    feed: str
    channel_id: int | None = None
    guild_id: int | None = None


def read_text(data: bytes, max_bytes: int = MAX_BYTES) -> str:
    """Return the text of a file. Raises `UsageError` for one that is too large or is not UTF-8."""
    if len(data) > max_bytes:
        raise UsageError(f"the file is larger than {max_bytes // 2**20} MiB: it is no list of subscriptions")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"the file is not UTF-8 (byte {error.start:,}); save it as UTF-8") from None


def load_json(text: str) -> Any:
    """Return what a JSON text holds. Raises `UsageError` for anything else, nested beyond reason included."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise UsageError(f"the file is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except (ValueError, RecursionError):
        raise UsageError("the file is not JSON that can be read: nested too deep, or a number is none") from None


def parse_opml(data: bytes) -> list[ListedFeed]:
    """Return the feeds of an OPML file. Raises `UsageError` for one that is not XML or declares a document type."""
    from lxml import etree

    read_text(data)
    if re.search(rb"<!\s*(DOCTYPE|ENTITY)", data, re.IGNORECASE):
        raise UsageError("the file declares a document type or entities, which no OPML list needs: it was not read")
    # Whatever encoding it claims: in UTF-7 a document type would have looked different.
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(data.removeprefix(b"\xef\xbb\xbf"), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise UsageError(f"the file is not XML that can be read: line {line}, column {column}") from None
    except (ValueError, LookupError):
        raise UsageError("the file is not XML that can be read: its encoding is not UTF-8") from None
    if root.tag != "opml":
        raise UsageError("the file is not OPML: its root element is not <opml>")
    return _limited(
        ListedFeed(f"line {outline.sourceline}", address)
        for outline in root.iter("outline")
        if (address := outline.get("xmlUrl") or outline.get("url"))
    )


def parse_csv(text: str) -> list[ListedFeed]:
    """Return the feeds of a CSV file with the columns channel_id, feed (or url, category), and perhaps server_id."""
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = {(name or "").strip().casefold() for name in reader.fieldnames or ()}
        if not columns & set(_CHANNEL) or not columns & set(_FEED):
            raise UsageError("the first line must name the columns: channel_id,feed (and server_id where it is known)")
        return _limited(
            _listed(f"line {reader.line_num}", {(key or "").strip().casefold(): value for key, value in row.items()})
            for row in reader
        )
    except csv.Error as error:
        raise UsageError(f"the file is not CSV: line {reader.line_num}: {error}") from None


def parse_json_lines(text: str) -> list[ListedFeed]:
    """Return the feeds of JSON lines (or one JSON list) of objects with the same names as the columns of a CSV."""
    if text.lstrip().startswith("["):
        rows = [(f"entry {number}", one) for number, one in enumerate(load_json(text), 1)]
    else:
        lines = ((number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip())
        rows = [(f"line {number}", _load_line(number, line)) for number, line in lines]
    for place, row in rows:
        if not isinstance(row, dict):
            raise UsageError(f'{place} is not an object such as {{"channel_id": "123", "feed": "cs.CL"}}')
    return _limited(_listed(place, {str(key).casefold(): value for key, value in row.items()}) for place, row in rows)


def categories_of(feed: str) -> tuple[str, ...]:
    """Return the arXiv categories that a feed's address, or a list of names, stands for.

    Raises `UsageError` that says why it stands for none.
    """
    feed = feed.strip()
    if _NAMES.fullmatch(feed):
        return _checked(re.split(r"[+ ,;]+", feed))
    try:
        address = urlsplit(feed if "//" in feed else f"//{feed}")
        host = (address.hostname or "").casefold()
    except ValueError:
        raise UsageError("neither a category of arXiv nor an address") from None
    if host not in _HOSTS or address.scheme not in ("http", "https", "feed", ""):
        raise UsageError("not an address of arXiv's feeds; other feeds cannot be read by this program")
    first, _, rest = address.path.strip("/").partition("/")
    if first in ("rss", "atom", "list") or host == "rss.arxiv.org":
        names = unquote(rest if first in ("rss", "atom", "list") else address.path.strip("/"))
        return _checked(re.split(r"[+ ,;]+", names.partition("/")[0]))
    if address.path.rstrip("/") == "/api/query":
        return _of_search(" ".join(parse_qs(address.query, max_num_fields=20).get("search_query", [])))
    raise UsageError("an address of arXiv that names no category")


def on_one_line(words: str) -> str:
    """Return what stands in a file as it can be shown on one line of a terminal."""
    text = "".join(letter if letter.isprintable() else "?" for letter in words[: _MOST_SHOWN + 1])
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _of_search(query: str) -> tuple[str, ...]:
    # Only what a topic's categories can say: cat:A OR cat:B. Anything else would come out as another search.
    terms = [term for term in re.split(r"\s+OR\s+", query.strip().strip("()")) if term]
    found = [_TERM.fullmatch(term.strip()) for term in terms]
    if not terms or any(one is None for one in found):
        raise UsageError("a search of arXiv's API that is not a list of categories; make a topic with a query instead")
    return _checked([one[1] for one in found if one is not None])


def _checked(names: list[str]) -> tuple[str, ...]:
    wanted = [name for name in names if name]
    if not wanted or len(wanted) > 12:
        raise UsageError("it names no category, or more than 12")
    return check_categories(wanted)


def _listed(place: str, row: Mapping[str, Any]) -> ListedFeed:
    feed = next((value for name in _FEED if isinstance(value := row.get(name), str) and value.strip()), "")
    return ListedFeed(place, feed.strip(), _number(row, _CHANNEL), _number(row, _SERVER))


def _number(row: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    for name in names:
        value = row.get(name)
        text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
        if _SNOWFLAKE.fullmatch(text) and 0 < int(text) < 2**63:
            return int(text)
    return None


def _limited(feeds: Iterator[ListedFeed]) -> list[ListedFeed]:
    found = []
    for one in feeds:
        found.append(one)
        if len(found) > MAX_ENTRIES:
            raise UsageError(f"the file has more than {MAX_ENTRIES:,} entries: it is no list of subscriptions")
    return found


def _load_line(number: int, line: str) -> Any:
    try:
        return load_json(line)
    except UsageError:
        raise UsageError(f"line {number} is not JSON") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
