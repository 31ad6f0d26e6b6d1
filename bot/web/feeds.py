"""The site for programs: Atom and JSON feeds, the list of feeds, a day's briefs, what search engines read. Pure.

Atom is RFC 4287, JSON Feed version 1.1 (jsonfeed.org), OPML 2.0, the sitemap protocol 0.9. An entry is a brief; its
identifier names date, topic and language, so that it stays the same wherever the site moves. It was published on its
announcement date, however late it came; when it really came is its last change.
"""

import json
from pathlib import PurePosixPath

from lxml import etree
from lxml.html import builder as html
from lxml.html import tostring

from bot.i18n import load_texts
from bot.model import BriefItem
from bot.render import labels
from bot.render.items import item_page, receipt_line
from bot.render.jsonview import brief_as_json
from bot.render.statements import say_silence
from bot.render.text import readable, sanitise
from bot.web import addresses
from bot.web.pages import DayBriefs, Directory, Feed, FeedEntry

BRIEFS_VERSION = 1
"""Of the form of a day's briefs; a change that an old reader cannot read has another."""

_ATOM = "http://www.w3.org/2005/Atom"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def render_feed(feed: Feed, ending: str) -> bytes:
    """Return a feed as Atom (RFC 4287) or JSON Feed 1.1, by its `ending`; an entry is a brief with its papers."""
    return _json_feed(feed) if ending == "json" else _atom(feed)


def _json_feed(feed: Feed) -> bytes:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _feed_title(feed),
        "home_page_url": _address(feed.site_url, feed.home),
        "items": [
            {
                "id": _identifier(one),
                "url": _address(feed.site_url, one.path),
                "title": _title(one),
                "content_html": _content(one),
                "date_published": _announced_at(one),
                "date_modified": one.made_at.isoformat(),
                "language": one.brief.language,
            }
            for one in feed.entries
        ],
    }
    if feed.site_url and "json" in feed.paths:
        document["feed_url"] = _address(feed.site_url, feed.paths["json"])
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


def _atom(feed: Feed) -> bytes:
    root = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})  # type: ignore[dict-item]  # the stubs know no default name space
    home = _address(feed.site_url, feed.home)
    # An empty feed was never updated; the protocol wants a date all the same.
    updated = max((one.made_at.isoformat() for one in feed.entries), default="1970-01-01T00:00:00+00:00")
    _add(root, "id", f"urn:paperbrief:feed:{addresses.topic_name(feed.topic.key) if feed.topic else 'all'}:{feed.ui}")
    _add(root, "title", _feed_title(feed))
    _add(root, "updated", updated)
    _add(_add(root, "author"), "name", sanitise(feed.site_name))
    _add(root, "link", href=home, rel="alternate", type="text/html")
    if feed.site_url and "atom" in feed.paths:
        _add(root, "link", href=_address(feed.site_url, feed.paths["atom"]), rel="self", type="application/atom+xml")
    for one in feed.entries:
        entry = _add(root, "entry")
        entry.set(_LANGUAGE, one.brief.language)
        _add(entry, "id", _identifier(one))
        _add(entry, "title", _title(one))
        _add(entry, "link", href=_address(feed.site_url, one.path), rel="alternate", type="text/html")
        _add(entry, "published", _announced_at(one))
        _add(entry, "updated", one.made_at.isoformat())
        _add(entry, "content", _content(one), type="html")
    return _document(root)


def render_day_briefs(day: DayBriefs) -> bytes:
    """Return a day's briefs as JSON, as `assets/briefs.schema.json` describes it."""
    briefs = [
        brief_as_json(one.brief, public=True)
        | {"topic_name": sanitise(one.topic.name), "url": _address(day.site_url, one.path)}
        for one in day.entries
    ]
    texts = load_texts(addresses.UIS[0])
    silent = [
        {
            "topic": sanitise(one.topic.key.slug),
            "topic_name": sanitise(one.topic.name),
            "silence": sanitise(say_silence(one.silence, texts)) or texts.say(labels.NOTHING),
        }
        for one in day.silent
    ]
    document = {
        # As seen from the file: the schema is beside it.
        "$schema": PurePosixPath(addresses.briefs_schema()).name,
        "version": BRIEFS_VERSION,
        "announced_on": day.announced_on.isoformat(),
        "briefs": briefs,
        "silent": silent,
    }
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


def render_opml(directory: Directory) -> bytes:
    """Return all feeds as OPML 2.0."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = sanitise(directory.site_name)
    body = etree.SubElement(root, "body")
    for ref, feed, page in directory.feeds:
        name = sanitise(ref.name if ref else directory.site_name)
        where = {"xmlUrl": _address(directory.site_url, feed), "htmlUrl": _address(directory.site_url, page)}
        etree.SubElement(body, "outline", {"type": "rss", "text": name, "title": name, **where})
    return _document(root)


def render_sitemap(directory: Directory) -> bytes:
    """Return all pages for search engines; the protocol wants whole addresses, without any there is no list."""
    root = etree.Element(f"{{{_SITEMAP}}}urlset", nsmap={None: _SITEMAP})  # type: ignore[dict-item]  # as above
    for path, day in directory.pages if directory.site_url else ():
        url = etree.SubElement(root, f"{{{_SITEMAP}}}url")
        etree.SubElement(url, f"{{{_SITEMAP}}}loc").text = _address(directory.site_url, path)
        etree.SubElement(url, f"{{{_SITEMAP}}}lastmod").text = day.isoformat()
    return _document(root)


def render_robots(site_url: str | None) -> bytes:
    """Return what search engines may read: everything."""
    line = f"Sitemap: {addresses.absolute(site_url, addresses.sitemap())}\n" if site_url else ""
    return f"User-agent: *\nAllow: /\n{line}".encode()


def _feed_title(feed: Feed) -> str:
    return sanitise(f"{feed.site_name}: {feed.topic.name}" if feed.topic else feed.site_name)


def _title(entry: FeedEntry) -> str:
    return sanitise(f"{entry.topic.name}: {labels.format_date(entry.brief.announced_on)}")


def _identifier(entry: FeedEntry) -> str:
    brief, topic = entry.brief, addresses.topic_name(entry.topic.key)
    return f"urn:paperbrief:brief:{brief.announced_on.isoformat()}:{topic}:{brief.language}"


def _announced_at(entry: FeedEntry) -> str:
    """Return the start of the announcement date: arXiv announces at 20:00 US Eastern, which is midnight UTC or 1:00."""
    return f"{entry.brief.announced_on.isoformat()}T00:00:00+00:00"


def _content(entry: FeedEntry) -> str:
    """Return the receipt and the shown papers with their gists as HTML."""
    parts = [html.P(receipt_line(entry.brief))]
    if entry.brief.items:
        parts.append(html.OL(*map(_paper, entry.brief.items)))
    return str(tostring(html.DIV(*parts), encoding="unicode"))


def _paper(item: BriefItem) -> etree._Element:
    title = readable(item.paper.title) or sanitise(item.paper.arxiv_id)
    paper: etree._Element = html.LI(html.A(title, href=item_page(item.paper.arxiv_id)), html.BR())
    if item.late:
        paper[0].tail = f" ({load_texts(addresses.UIS[0]).say(labels.LATE)})"
    paper[-1].tail = readable(item.summary.text)
    return paper


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    element.text = text
    return element


def _document(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _address(site_url: str | None, path: str) -> str:
    return addresses.absolute(site_url, path) if site_url else addresses.relative("", path)
