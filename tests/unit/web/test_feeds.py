"""Feeds, lists of feeds and of pages: well-formed, complete, and the same entry under the same identifier for ever."""

import json
from datetime import UTC, date, datetime

from hypothesis import given
from lxml import etree
from lxml.html import fragment_fromstring

from bot.delivery import TopicKey
from bot.model import Brief
from bot.web.feeds import render_feed, render_opml, render_robots, render_sitemap
from bot.web.pages import Directory, Feed, FeedEntry, TopicRef
from tests.unit.render.samples import hostile_briefs, make_brief, make_item

ATOM = {"a": "http://www.w3.org/2005/Atom"}
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
SITE = "https://papers.example.org/daily"
TOPIC = TopicRef(TopicKey("llm"), "Large <language> models & more", "en/topics/llm/")
PATHS = {"atom": "feeds/topics/llm.atom", "json": "feeds/topics/llm.json"}
MADE_AT = datetime(2026, 5, 28, 1, 30, tzinfo=UTC)


def make_feed(*briefs: Brief, site_url: str | None = SITE) -> Feed:
    entries = tuple(FeedEntry(one, TOPIC, f"en/{one.announced_on}/llm/", MADE_AT) for one in briefs)
    return Feed(TOPIC, "en", "en/topics/llm/", PATHS, entries, site_url, "Lab papers")


def test_an_atom_feed_has_the_brief_with_its_papers() -> None:
    brief = make_brief(make_item(0), make_item(1))
    root = etree.fromstring(render_feed(make_feed(brief), "atom"))
    assert root.findtext("a:title", namespaces=ATOM) == "Lab papers: Large <language> models & more"
    assert [one.get("href") for one in root.findall("a:link", ATOM)] == [
        f"{SITE}/en/topics/llm/",
        f"{SITE}/feeds/topics/llm.atom",
    ]
    (entry,) = root.findall("a:entry", ATOM)
    day = brief.announced_on.isoformat()
    assert entry.findtext("a:id", namespaces=ATOM) == f"urn:paperbrief:brief:{day}:llm:en"
    assert entry.findtext("a:updated", namespaces=ATOM) == "2026-05-28T01:30:00+00:00"
    links = fragment_fromstring(entry.findtext("a:content", namespaces=ATOM) or "").xpath("//a/@href")
    assert links == [f"https://arxiv.org/abs/{item.paper.arxiv_id}" for item in brief.items]


def test_a_json_feed_says_the_same() -> None:
    brief = make_brief(make_item(0))
    feed = json.loads(render_feed(make_feed(brief), "json"))
    assert (feed["version"], feed["feed_url"]) == (
        "https://jsonfeed.org/version/1.1",
        f"{SITE}/feeds/topics/llm.json",
    )
    (item,) = feed["items"]
    atom = etree.fromstring(render_feed(make_feed(brief), "atom"))
    assert item["id"] == atom.findtext("a:entry/a:id", namespaces=ATOM)
    assert item["content_html"] == atom.findtext("a:entry/a:content", namespaces=ATOM)
    assert item["date_published"] == f"{brief.announced_on}T00:00:00+00:00"
    assert item["date_modified"] == MADE_AT.isoformat()


def test_identifiers_stay_when_the_site_moves() -> None:
    brief = make_brief(make_item(0))
    here, there = (
        {one["id"] for one in json.loads(render_feed(make_feed(brief, site_url=url), "json"))["items"]}
        for url in (SITE, "https://elsewhere.example.net")
    )
    assert here == there


def test_a_feed_without_entries_is_still_a_feed() -> None:
    root = etree.fromstring(render_feed(make_feed(), "atom"))
    assert root.findtext("a:updated", namespaces=ATOM)
    assert json.loads(render_feed(make_feed(), "json"))["items"] == []


@given(hostile_briefs(most=3))
def test_no_paper_breaks_a_feed_or_brings_its_own_elements(brief: Brief) -> None:
    root = etree.fromstring(render_feed(make_feed(brief), "atom"))
    content = fragment_fromstring(root.findtext("a:entry/a:content", namespaces=ATOM) or "")
    assert {element.tag for element in content.iter()} <= {"div", "p", "ol", "li", "a", "br"}
    assert {name for element in content.iter() for name in element.attrib} <= {"href"}
    assert all(link.startswith("https://arxiv.org/abs/") for link in content.xpath("//a/@href"))
    assert len(content.findall("ol/li")) == len(brief.items)
    assert json.loads(render_feed(make_feed(brief), "json"))["items"][0]["content_html"]


def make_directory(site_url: str | None = SITE) -> Directory:
    feeds = ((None, "feeds/all.atom", "en/"), (TOPIC, PATHS["atom"], "en/topics/llm/"))
    return Directory(feeds, (("en/", date(2026, 5, 28)), ("en/topics/llm/", date(2026, 5, 27))), site_url, "Lab papers")


def test_the_list_of_feeds_names_each_with_its_page() -> None:
    root = etree.fromstring(render_opml(make_directory()))
    assert [(one.get("text"), one.get("xmlUrl"), one.get("htmlUrl")) for one in root.iter("outline")] == [
        ("Lab papers", f"{SITE}/feeds/all.atom", f"{SITE}/en/"),
        ("Large <language> models & more", f"{SITE}/feeds/topics/llm.atom", f"{SITE}/en/topics/llm/"),
    ]


def test_the_sitemap_has_whole_addresses_or_none() -> None:
    root = etree.fromstring(render_sitemap(make_directory()))
    assert root.xpath("//s:loc/text()", namespaces=SITEMAP) == [f"{SITE}/en/", f"{SITE}/en/topics/llm/"]
    assert root.xpath("//s:lastmod/text()", namespaces=SITEMAP) == ["2026-05-28", "2026-05-27"]
    assert len(etree.fromstring(render_sitemap(make_directory(None)))) == 0


def test_search_engines_are_led_to_the_sitemap() -> None:
    assert f"Sitemap: {SITE}/sitemap.xml" in render_robots(SITE).decode().splitlines()
    assert "Sitemap" not in render_robots(None).decode()
