"""A site built of what strangers wrote: read on every kind of page, in index and feeds, and nothing but read."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lxml import etree, html

from bot.figures import CutFigure, FigureSearch
from bot.store.announcements import AnnouncementStore
from bot.store.engine import Database
from bot.store.figures import FigureStore
from bot.store.guild_topics import GuildTopicStore
from bot.store.papers import PaperStore
from bot.store.summaries import SummaryStore
from bot.texts import Translation
from bot.web import addresses
from tests.site.feed_reader import read_feeds
from tests.site.site_links import unresolved
from tests.site.site_schema import validate
from tests.site.site_world import FIRST, OWN, TUESDAY, WISH, build, files_of, save_brief
from tests.store.samples import make_fetched, make_paper, save
from tests.unit.render.samples import BAIT
from tests.unit.web.html_checks import CONTROLS, check_page

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
NAME = '</title><script>alert("name")</script>'
HOSTILE = (
    *BAIT,
    NAME,
    "]]><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "--><svg onload=alert(1)>",
    "\u202egnp.exe\u2066 \u200fx",
    "&#106;avascript&colon;alert(1)",
    r"$\href{javascript:alert(1)}{x}$ $\text{<img src=x onerror=alert(1)>}$",
    "data:text/html,<script>alert(1)</script>",
)


async def build_hostile(db: Database, root: Path) -> Mapping[str, bytes]:
    """Build a site whose papers, topics, figures and name are hostile; return its files."""
    papers = [
        make_paper(
            f"2605.{number:05d}",
            title=text,
            abstract=f"{text}. And {text}.",
            authors=(text, "Ada"),
            comment=text,
            journal_ref=text,
            doi=text,
            licence=LICENCE,
        )
        for number, text in enumerate(HOSTILE, 1)
    ]
    await save(AnnouncementStore(db), make_fetched(papers))
    topic = replace(OWN, names={"en": NAME, "zh-CN": NAME}, query='"<b>x</b>"')
    await GuildTopicStore(db).save(topic)
    for one in (FIRST, topic):
        await save_brief(db, one, TUESDAY, papers)
    await PaperStore(db).save_metadata(papers)
    for paper in papers:
        text = paper.title
        cut = CutFigure(1, 1, text, 64, 48, "image/webp", b"RIFF")
        await FigureStore(db).save(FigureSearch(paper.arxiv_id, 1, LICENCE, (cut,)))
        await SummaryStore(db).save_translation(Translation(paper.arxiv_id, 1, "zh-CN", text, text, text, "1"))
    await build(db, root, replace(WISH, site_name=NAME, server_topics=True, figures=3))
    return files_of(root)


async def test_strangers_add_nothing_to_any_file_of_the_site(db: Database, tmp_path: Path) -> None:
    files = await build_hostile(db, tmp_path / "site")
    assert unresolved(files) == []
    kinds = set()
    for name, content in files.items():
        if name.endswith(".html"):
            kinds.add(name.count("/"))
            root = check_page(content)
            for script in root.xpath("//script"):
                assert (script.text or "").strip() == ""
            inside = root.xpath("//a[not(ancestor::ul[contains(@class, 'links')])]/@href")
            assert not any("evil" in link or "alert" in link for link in inside)
        elif name.endswith((".atom", ".xml")):
            assert {one.tag for one in etree.fromstring(content).iter()}
        elif name.startswith("feeds/"):
            json.loads(content)
    assert len(kinds) > 3
    validate(files)
    for name, content in files.items():
        if name.startswith("search/"):
            index = json.loads(content)
            titles = [paper[1] for paper in index["papers"]]
            assert len(titles) == len(HOSTILE)
            assert not any(CONTROLS.search(title) for title in titles)
            assert all(isinstance(cell, str | int) for paper in index["papers"] for cell in paper)


async def test_hostile_titles_stay_text_in_every_feed(db: Database, tmp_path: Path) -> None:
    files = await build_hostile(db, tmp_path / "site")
    feeds = read_feeds(files)
    assert len(feeds) == 6
    for feed in feeds.values():
        for entry in feed.entries:
            assert entry.link.startswith(f"{WISH.site_url}/en/")
            tree = html.fragment_fromstring(entry.content)
            assert {one.tag for one in tree.iter()} <= {"div", "p", "ol", "li", "a", "br"}
            assert {attribute for one in tree.iter() for attribute in one.attrib} <= {"href"}
            assert all(link.startswith("https://arxiv.org/abs/") for link in tree.xpath("//a/@href"))
            assert len(tree.xpath("//li")) == len(HOSTILE)
    named = [feed.title for name, feed in feeds.items() if name.endswith(".json")]
    assert all(title.startswith(NAME) for title in named), "a title is plain text, as it is written"


async def test_hostile_names_of_topics_stay_in_their_attribute(db: Database, tmp_path: Path) -> None:
    files = await build_hostile(db, tmp_path / "site")
    outlines = list(etree.fromstring(files[addresses.opml()]).iter("outline"))
    assert [one for one in outlines if str(one.get("text")).startswith(NAME)]
    assert {one.tag for one in etree.fromstring(files[addresses.opml()]).iter()} <= {
        "opml",
        "head",
        "title",
        "body",
        "outline",
    }
