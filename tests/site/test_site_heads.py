"""What every page says about itself to those who link to it: where it is, in which languages, and how it is shown."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lxml import html

from bot.figures import CutFigure, FigureSearch
from bot.i18n import LOCALES
from bot.store.engine import Database
from bot.store.figures import FigureStore
from bot.store.papers import PaperStore
from tests.site.site_world import PAPERS, WISH, build, files_of, fill

SITE = WISH.site_url or ""
LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def heads_of(files: Mapping[str, bytes]) -> dict[str, html.HtmlElement]:
    """Return the head of every page by its path in the site."""
    pages = {name.removesuffix("index.html"): content for name, content in files.items() if name.endswith(".html")}
    return {path: html.document_fromstring(content).find("head") for path, content in pages.items()}


def graph_of(head: html.HtmlElement) -> dict[str, str]:
    """Return the Open Graph properties of a page; each is there once."""
    found = [(one.get("property"), one.get("content")) for one in head.xpath("meta[@property]")]
    assert len(dict(found)) == len(found)
    return dict(found)


def alternates_of(head: html.HtmlElement) -> dict[str, str]:
    """Return language → address of a page's versions."""
    found = head.xpath("link[@rel='alternate'][@hreflang]")
    return {one.get("hreflang"): one.get("href") for one in found}


async def test_every_page_says_where_it_is_and_how_it_is_shown(db: Database, tmp_path: Path) -> None:
    await fill(db)
    await build(db, tmp_path / "site")
    heads = heads_of(files_of(tmp_path / "site"))
    assert len(heads) > 30
    titles = {}
    for path, head in heads.items():
        graph = graph_of(head)
        assert head.xpath("link[@rel='canonical']/@href") == [graph["og:url"]] == [f"{SITE}/{path}"]
        assert graph["og:type"] in ("website", "article")
        assert (graph["og:type"] == "article") is ("/papers/" in path or (path.count("/") > 2 and "/20" in path)), path
        assert graph["og:site_name"] == "Paper Brief"
        assert graph["og:locale"] == ("zh_CN" if path.startswith("zh-CN") else "en_GB")
        for name in ("og:title", "og:description"):
            assert graph[name].strip() == graph[name] != "", (path, name)
            assert len(graph[name]) <= 300
        assert head.xpath("meta[@name='description']/@content") == [graph["og:description"]]
        assert head.xpath("string(title)")
        titles[path] = head.xpath("string(title)")
    english = [title for path, title in titles.items() if path.startswith("en/papers/")]
    assert len(set(english)) == len(english)


async def test_languages_of_a_page_name_each_other_and_are_there(db: Database, tmp_path: Path) -> None:
    await fill(db)
    await build(db, tmp_path / "site")
    heads = heads_of(files_of(tmp_path / "site"))
    for path, head in heads.items():
        alternates = alternates_of(head)
        assert alternates.keys() == {*LOCALES, "x-default"}, path
        for language, address in alternates.items():
            other = address.removeprefix(f"{SITE}/")
            assert other in heads, (path, address)
            if language != "x-default":
                assert heads[other].getparent().get("lang") == language
                # A search engine takes them only where both name each other.
                if path:
                    assert alternates_of(heads[other]) == alternates
        if path:
            assert alternates[heads[path].getparent().get("lang")] == f"{SITE}/{path}"


async def test_a_site_that_does_not_know_where_it_is_says_no_address(db: Database, tmp_path: Path) -> None:
    await fill(db)
    await build(db, tmp_path / "site", replace(WISH, site_url=None))
    for head in heads_of(files_of(tmp_path / "site")).values():
        assert alternates_of(head) == {}
        assert head.xpath("link[@rel='canonical']") == []
        assert graph_of(head).keys() == {"og:type", "og:site_name", "og:title", "og:description", "og:locale"}


async def test_a_paper_with_a_figure_is_shown_with_it(db: Database, tmp_path: Path) -> None:
    await fill(db)
    await PaperStore(db).save_metadata([replace(PAPERS[3], licence=LICENCE)])
    cut = CutFigure(2, 3, 'Our "method"', 640, 480, "image/webp", b"RIFF")
    await FigureStore(db).save(FigureSearch("2605.00003", 1, LICENCE, (cut,)))
    await build(db, tmp_path / "site", replace(WISH, figures=1))
    files = files_of(tmp_path / "site")
    heads = heads_of(files)
    graph = graph_of(heads["en/papers/2605.00003/"])
    assert graph["og:image"].removeprefix(f"{SITE}/") in files
    assert (graph["og:image:width"], graph["og:image:height"]) == ("640", "480")
    assert graph["og:image:alt"] == 'Figure 2. Our "method"'
    assert "og:image" not in graph_of(heads["en/papers/2605.00004/"])
    # The brief shows it as well, once, beside its credit.
    for path in ("en/2026-05-12/", "zh-CN/2026-05-12/"):
        briefs = [content for name, content in files.items() if name.startswith(path) and name.count("/") > 2]
        assert briefs
        assert sum(content.count(b"<figure>") for content in briefs) == sum(
            b"2605.00003/index" in one for one in briefs
        )
