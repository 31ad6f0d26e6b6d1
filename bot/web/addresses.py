"""Where everything of the web edition is: the only place that makes an address, or the name of a file for one.

A site path has no leading slash; that of a page ends with one, and the page is the `index.html` in that directory. What
a stranger wrote (identifiers, short names, language tags) becomes part of a path only if it is of the expected form, so
that no path can leave the directory. Pure: touches no file.
"""

import hashlib
import re
from datetime import date
from urllib.parse import quote

from bot.delivery import TopicKey
from bot.i18n import LOCALES

UIS = LOCALES
"""The languages of the interface: the first directory of every page."""

ALL = "all"
"""The feed that holds every topic; no topic's directory can have this name twice, as feeds of topics are apart."""

FEED_TYPES = {"atom": "application/atom+xml", "json": "application/feed+json"}
"""Media types of the feeds by the ending of their file."""

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?", re.ASCII)
_ARXIV_ID = re.compile(r"\d{4}\.\d{4,5}|[a-z][a-z-]{1,19}(?:\.[A-Z]{2})?/\d{7}", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}", re.ASCII)
_ENDING = re.compile(r"[a-z0-9]{1,5}", re.ASCII)


class NoAddress(ValueError):
    """There is no address for this: a part of it is not of the form that it must have."""


def root() -> str:
    """Return the page that offers the languages."""
    return ""


def front(ui: str) -> str:
    """Return the front page in one language of the interface. Raises `NoAddress`, as all functions here do."""
    return f"{_ui(ui)}/"


def day(ui: str, announced_on: date) -> str:
    """Return the page of all topics of an announcement date."""
    return f"{_ui(ui)}/{announced_on.isoformat()}/"


def topics(ui: str) -> str:
    """Return the list of topics."""
    return f"{_ui(ui)}/topics/"


def topic(ui: str, key: TopicKey) -> str:
    """Return the page of a topic's days."""
    return f"{_ui(ui)}/topics/{topic_name(key)}/"


def brief(ui: str, announced_on: date, key: TopicKey, language: str | None = None) -> str:
    """Return the page of a brief. `language`: of one that stands beside the one that `ui` shows first."""
    beside = "" if language is None else f"{_matched(_LANGUAGE, language, 'a language')}/"
    return f"{day(ui, announced_on)}{topic_name(key)}/{beside}"


def paper(ui: str, arxiv_id: str) -> str:
    """Return the page of a paper; an identifier of before April 2007 keeps its slash."""
    return f"{_ui(ui)}/papers/{_matched(_ARXIV_ID, arxiv_id, 'an arXiv identifier')}/"


def search(ui: str) -> str:
    """Return the search page."""
    return f"{_ui(ui)}/search/"


def about(ui: str) -> str:
    """Return what the site is, and whom it thanks."""
    return f"{_ui(ui)}/about/"


def privacy(ui: str) -> str:
    """Return what is stored about readers."""
    return f"{_ui(ui)}/privacy/"


def search_shard(monday: date) -> str:
    """Return the part of the search index with the papers announced in the week of that Monday, the same for all."""
    return f"search/{monday.isoformat()}.json"


def feed(key: TopicKey | None, ending: str) -> str:
    """Return a feed; `key` None is that of all topics, `ending` one of `FEED_TYPES`."""
    if ending not in FEED_TYPES:
        raise NoAddress(f"{ending!r} is no kind of feed")
    return f"feeds/{ALL if key is None else 'topics/' + topic_name(key)}.{ending}"


def opml() -> str:
    """Return the list of all feeds."""
    return "opml.xml"


def sitemap() -> str:
    """Return the list of all pages for search engines."""
    return "sitemap.xml"


def robots() -> str:
    """Return what search engines may read."""
    return "robots.txt"


def briefs_json(announced_on: date) -> str:
    """Return a day's briefs for other programs."""
    return f"briefs/{announced_on.isoformat()}.json"


def briefs_schema() -> str:
    """Return the JSON Schema of a day's briefs; no date has that name."""
    return "briefs/schema.json"


def asset(name: str, content: bytes, ending: str) -> str:
    """Return a style or script; its name changes with its content, so that no cache can hold an old one."""
    digest = hashlib.blake2b(content, digest_size=6).hexdigest()
    return f"assets/{_matched(_NAME, name, 'a name')}.{digest}.{_matched(_ENDING, ending, 'an ending')}"


def figure(arxiv_id: str, number: int, digest: str, ending: str) -> str:
    """Return a figure of a paper; `digest` is that of its bytes."""
    name = _matched(_ARXIV_ID, arxiv_id, "an arXiv identifier").replace("/", "-")
    digest = _matched(_NAME, digest, "a digest")
    return f"figures/{name}/{number}.{digest}.{_matched(_ENDING, ending, 'an ending')}"


def topic_name(key: TopicKey) -> str:
    """Return the directory of a topic. Two servers may have topics of the same short name; a code tells them apart."""
    slug = _matched(_SLUG, key.slug, "a topic's short name")
    if not key.guild_id:
        return slug
    return f"{slug}.{hashlib.blake2b(str(key.guild_id).encode('ascii'), digest_size=4).hexdigest()}"


def file_of(path: str) -> str:
    """Return the file that a site path is served from, with slashes, relative to the site's directory."""
    return f"{path}index.html" if path == "" or path.endswith("/") else path


def relative(source: str, target: str, fragment: str = "") -> str:
    """Return the link from one page to another, escaped for an address (not for HTML).

    It names the file, so that the site can also be read from a disk, where nobody looks for an `index.html`.
    """
    here, there = file_of(source).split("/")[:-1], file_of(target).split("/")
    # Some dozens of times on every page: `posixpath.relpath` takes ten times as long over paths that are clean.
    same = 0
    for ours, theirs in zip(here, there[:-1], strict=False):
        if ours != theirs:
            break
        same += 1
    link = quote("/".join([".."] * (len(here) - same) + there[same:]))
    return f"{link}#{quote(fragment)}" if fragment else link


def absolute(site_url: str, path: str) -> str:
    """Return the whole address of a site path under `site_url`, for feeds and for links in messages."""
    return f"{site_url.rstrip('/')}/{quote(path)}"


def _ui(ui: str) -> str:
    if ui not in UIS:
        raise NoAddress(f"{ui!r} is no language of the interface")
    return ui


def _matched(form: re.Pattern[str], text: str, what: str) -> str:
    if not form.fullmatch(text):
        raise NoAddress(f"{text[:60]!r} is not {what}")
    return text
