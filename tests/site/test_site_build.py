"""The site that is built of a store, on both engines: complete, linked, the same every time, and no more than ours."""

import asyncio
import os
import pickle
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.digest.extract import summarise_extractive
from bot.errors import SiteError
from bot.figures import CutFigure, FigureSearch
from bot.store.announcements import AnnouncementStore
from bot.store.briefs import BriefStore
from bot.store.engine import Database
from bot.store.figures import FigureStore
from bot.store.papers import PaperStore
from bot.store.readers import ReaderStore
from bot.store.summaries import SummaryStore
from bot.texts import Translation
from bot.web import addresses, site
from bot.web.composing import Composer
from bot.web.writing import PRIVATE
from tests.site.site_links import unresolved
from tests.site.site_world import (
    CATALOGUE,
    FIRST,
    MONDAY,
    NOON,
    OWN,
    PAPERS,
    SECOND,
    TUESDAY,
    WEDNESDAY,
    WISH,
    build,
    files_of,
    fill,
    fill_day,
    save_brief,
    subscribe,
)
from tests.store.samples import make_fetched, make_paper, save

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return where the site goes: nothing is there yet."""
    return tmp_path / "site"


def times_of(root: Path) -> dict[Path, int]:
    """Return when each file that a web server would serve was last written, in nanoseconds."""
    return {path: path.stat().st_mtime_ns for path in root.rglob("*.*") if PRIVATE not in path.parts}


def names_in(directory: Path) -> set[str]:
    """Return what is in a directory, but for a database."""
    return {path.name for path in directory.iterdir() if not path.name.startswith("paperbrief.sqlite3")}


async def test_every_kind_of_page_is_there_and_every_link_resolves(db: Database, root: Path) -> None:
    await fill(db)
    receipt = await build(db, root)
    files = dict(files_of(root))
    for ui in ("en", "zh-CN"):
        for path in ("", "topics/", f"topics/{FIRST.slug}/", "2026-05-11/", f"2026-05-12/{FIRST.slug}/"):
            assert f"{ui}/{path}index.html" in files
        for path in ("papers/2605.00003/", "search/", "about/", "privacy/"):
            assert f"{ui}/{path}index.html" in files
    assert f"en/2026-05-12/{FIRST.slug}/zh-CN/index.html" in files
    assert f"zh-CN/2026-05-12/{FIRST.slug}/en/index.html" in files
    assert {"index.html", "robots.txt", "sitemap.xml", "opml.xml", "feeds/all.atom", "feeds/all.json"} <= files.keys()
    assert f"feeds/topics/{SECOND.slug}.atom" in files
    assert {"briefs/2026-05-11.json", "briefs/2026-05-12.json", "search/2026-05-11.json"} <= files.keys()
    assert unresolved(files) == []
    assert receipt.pages == receipt.written == len(files)
    assert (receipt.unchanged, receipt.removed, receipt.skipped) == (0, 0, 0)


async def test_a_second_build_touches_no_file(db: Database, root: Path) -> None:
    await fill(db)
    await build(db, root)
    before = times_of(root)
    receipt = await build(db, root)
    assert (receipt.written, receipt.unchanged, receipt.removed) == (0, receipt.pages, 0)
    assert times_of(root) == before


async def test_a_second_build_loads_no_text(db: Database, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(db)
    await build(db, root)
    asked: list[str] = []
    for name in ("paper_pages", "brief_pages", "day_briefs", "feeds"):
        monkeypatch.setattr(Composer, name, lambda *_: asked.append("loaded"))
    await build(db, root)
    assert asked == []


async def test_a_built_up_site_equals_one_made_at_once(db: Database, tmp_path: Path) -> None:
    grown, fresh = tmp_path / "grown", tmp_path / "fresh"
    await fill_day(db, MONDAY, PAPERS[:3])
    await build(db, grown)
    await fill(db)
    await build(db, grown)
    await ReaderStore(db).record_look_up(2, 77, "2605.00000", NOON)
    paper = replace(PAPERS[1], title="A title that a second version has", version=2)
    await PaperStore(db).save_metadata([paper])
    await BriefStore(db).save_summaries([replace(summarise_extractive(paper), producer="a-model", text="Better.")])
    await SummaryStore(db).save_translation(Translation("2605.00003", 1, "zh-CN", "题目", "摘要。", "a-model", "1"))
    await build(db, grown)
    await build(db, fresh)
    assert files_of(grown) == files_of(fresh)


async def test_what_belongs_to_a_page_makes_it_anew(db: Database, root: Path) -> None:
    await fill(db)
    await build(db, root)
    page = root / "en/papers/2605.00003/index.html"
    before = page.read_bytes()
    await SummaryStore(db).save_translation(Translation("2605.00003", 1, "ja", "題名", "概要。", "a-model", "1"))
    receipt = await build(db, root)
    assert page.read_bytes() != before
    assert "概要。" in page.read_text(encoding="utf-8")
    untouched = {"en/papers/2605.00000/index.html", "en/index.html", "en/2026-05-11/index.html"}
    assert receipt.unchanged > 0
    assert untouched <= files_of(root).keys()


async def test_one_more_day_leaves_the_papers_of_earlier_days_alone(db: Database, root: Path) -> None:
    await fill_day(db, MONDAY, PAPERS[:3])
    await build(db, root)
    papers = {path: path.stat().st_mtime_ns for path in (root / "en/papers").rglob("index.html")}
    await fill_day(db, TUESDAY, PAPERS[3:])
    await build(db, root)
    assert len(papers) == 3
    assert {path: path.stat().st_mtime_ns for path in papers} == papers
    assert "2605.00000" in (root / "en/papers/2605.00003/index.html").read_text(encoding="utf-8")


async def test_a_page_that_was_deleted_comes_back(db: Database, root: Path) -> None:
    await fill(db)
    await build(db, root)
    page = root / "en/papers/2605.00003/index.html"
    before = page.read_bytes()
    page.unlink()
    assert (await build(db, root)).written == 1
    assert page.read_bytes() == before


async def test_only_own_pages_are_removed_and_empty_directories_with_them(db: Database, root: Path) -> None:
    await fill(db)
    await build(db, root)
    (root / "CNAME").write_text("papers.example.org")
    (root / "en/2026-05-11/mine.txt").write_text("a file of the owner's")
    receipt = await build(db, root, replace(WISH, since=TUESDAY))
    assert receipt.removed > 0
    assert (root / "CNAME").exists()
    assert [path.name for path in (root / "en/2026-05-11").iterdir()] == ["mine.txt"]
    assert not (root / "zh-CN/2026-05-11").exists()
    assert not (root / "briefs/2026-05-11.json").exists()
    assert unresolved(dict(files_of(root))) == []


async def test_a_servers_own_topic_is_published_only_when_wanted(db: Database, root: Path) -> None:
    await fill(db)
    await build(db, root)
    assert not any("our-own" in name or b"Our own" in content for name, content in files_of(root).items())
    await build(db, root, replace(WISH, server_topics=True))
    mine = [name for name in files_of(root) if f"/2026-05-12/{OWN.slug}" in name]
    assert len(mine) == 2
    assert not any(f"{OWN.slug}.77" in name for name in mine)


async def test_a_topic_without_papers_says_why(db: Database, root: Path) -> None:
    await fill(db)
    fitting = [one for one in CATALOGUE.values() if "cs.CL" in one.categories and one.query]
    silent = next(one for one in fitting if one.slug not in (FIRST.slug, SECOND.slug))
    await subscribe(db, silent, NOON.replace(day=10))
    await build(db, root)
    page = (root / "en/2026-05-12/index.html").read_text(encoding="utf-8")
    assert silent.name("en").replace("&", "&amp;") in page
    assert "None of the 3 papers announced matched this topic" in page


async def test_hostile_names_get_no_page_and_leave_the_directory_alone(db: Database, tmp_path: Path) -> None:
    hostile = ["../../etc/passwd", "2605.00001/../../x", "..", "a\x00b", "C:\\x", "2605.99999v1", "%2e%2e/x", " "]
    papers = [make_paper(one, title="Hostile") for one in hostile]
    await save(AnnouncementStore(db), make_fetched(papers))
    await save_brief(db, FIRST, TUESDAY, papers)
    await save_brief(db, FIRST, TUESDAY, papers, language="../../en")
    await save_brief(db, replace(OWN, slug="../../../tmp"), TUESDAY, papers)
    root = tmp_path / "deep" / "site"
    receipt = await build(db, root, replace(WISH, server_topics=True))
    assert receipt.skipped > 0
    assert names_in(tmp_path) == {"deep"}
    assert names_in(tmp_path / "deep") == {"site"}
    assert not (root / "en/papers").exists()
    assert unresolved(dict(files_of(root))) == []


async def test_an_empty_store_makes_a_site_that_says_so(db: Database, root: Path) -> None:
    await build(db, root)
    assert unresolved(dict(files_of(root))) == []
    assert "en/index.html" in files_of(root)


async def test_a_directory_with_somebody_elses_files_is_refused(db: Database, tmp_path: Path) -> None:
    root = tmp_path / "www"
    root.mkdir()
    (root / "index.html").write_text("mine")
    with pytest.raises(SiteError, match="not from Paper Brief"):
        await build(db, root)
    assert (root / "index.html").read_text() == "mine"
    assert list(root.iterdir()) == [root / "index.html"]


async def test_a_directory_that_cannot_be_written_says_what_to_do(
    db: Database, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(db)
    await build(db, root)
    before = files_of(root)
    await fill_day(db, WEDNESDAY, [make_paper("2605.00100")])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(SiteError, match=r"No space left on device.*Make room") as caught:
        await build(db, root)
    assert "stay as they are" in str(caught.value)
    assert files_of(root) == before
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301  # our own


async def test_a_damaged_memory_costs_only_time(db: Database, root: Path) -> None:
    await fill(db)
    await build(db, root)
    before = files_of(root)
    for damage in (b"", b"{", b"[]", b'{"format": 1, "pages": 3}', b"\xff\xfe"):
        (root / PRIVATE / "state.json").write_bytes(damage)
        receipt = await build(db, root)
        assert receipt.written == 0
        assert files_of(root) == before


async def test_a_memory_that_was_tampered_with_removes_nothing_outside(db: Database, tmp_path: Path) -> None:
    root, outside = tmp_path / "site", tmp_path / "precious.html"
    outside.write_text("precious")
    await fill(db)
    await build(db, root)
    state = root / PRIVATE / "state.json"
    text = state.read_text(encoding="utf-8")
    for name in ("../precious.html", f"{tmp_path}/precious.html", f"en/../../{outside.name}"):
        state.write_text(text.replace('"pages":{', f'"pages":{{"{name}":["x",8],'), encoding="utf-8")
        await build(db, root)
        assert outside.read_text() == "precious"


async def test_several_processes_make_the_same_site(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.web import rendering

    async with Database.open(sqlite_url) as database:
        await fill(database)
        await build(database, tmp_path / "one")
        monkeypatch.setattr(rendering, "_WORTH_A_PROCESS", 1)
        async with rendering.open_renderer(2) as renderer:
            await site.build_site(WISH, database, CATALOGUE, tmp_path / "two", renderer)
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


@pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
async def test_forked_processes_make_the_same_site(sqlite_url: str, tmp_path: Path) -> None:
    async with Database.open(sqlite_url) as database:
        await fill(database)
        await build(database, tmp_path / "one")
    # In a process of its own: this one may have threads, with which nothing is forked.
    script = f"""
import asyncio, multiprocessing
from pathlib import Path
from bot.store.engine import Database
from bot.web.rendering import open_renderer
from bot.web.site import build_site
from tests.site.site_world import CATALOGUE, WISH

async def main():
    async with open_renderer(2) as renderer, Database.open({sqlite_url!r}) as database:
        print(*(one.name for one in multiprocessing.active_children()))
        await build_site(WISH, database, CATALOGUE, Path({str(tmp_path / "two")!r}), renderer)

asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    assert len(output.split()) == 2
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


def test_a_site_has_an_address_for_each_day() -> None:
    assert addresses.file_of(addresses.day("en", date(2026, 5, 12))) == "en/2026-05-12/index.html"


async def test_figures_are_published_while_they_may_be(db: Database, root: Path) -> None:
    await fill(db)
    licence = "https://creativecommons.org/licenses/by/4.0/"
    await PaperStore(db).save_metadata([replace(PAPERS[3], licence=licence)])
    cut = CutFigure(2, 3, "Our <b>method</b>", 640, 480, "image/webp", b"RIFF....WEBP")
    await FigureStore(db).save(FigureSearch("2605.00003", 1, licence, (cut,)))
    await build(db, root)
    assert not (root / "figures").exists()
    wish = replace(WISH, figures=3)
    await build(db, root, wish)
    (picture,) = (root / "figures").rglob("*.webp")
    page = (root / "en/papers/2605.00003/index.html").read_text(encoding="utf-8")
    assert picture.read_bytes() == cut.data
    assert f"../../../{picture.relative_to(root)}" in page
    assert "Our &lt;b&gt;method&lt;/b&gt;" in page
    assert "CC BY 4.0" in page
    assert unresolved(dict(files_of(root))) == []
    assert (await build(db, root, wish)).written == 0
    picture.unlink()
    assert (await build(db, root, wish)).written == 1
    closed = replace(PAPERS[3], version=2, licence="http://arxiv.org/licenses/nonexclusive-distrib/1.0/")
    await PaperStore(db).save_metadata([closed])
    await build(db, root, wish)
    assert not (root / "figures").exists()
    assert "CC BY 4.0" not in (root / "en/papers/2605.00003/index.html").read_text(encoding="utf-8")


async def test_as_many_figures_of_a_paper_as_the_owner_wants(db: Database, root: Path) -> None:
    await fill(db)
    licence = "https://creativecommons.org/licenses/by/4.0/"
    await PaperStore(db).save_metadata([replace(PAPERS[3], licence=licence)])
    cut = [CutFigure(one, 1, f"Caption {one}", 64, 48, "image/webp", b"RIFF%d" % one) for one in (1, 2, 4)]
    await FigureStore(db).save(FigureSearch("2605.00003", 1, licence, tuple(cut)))
    page, brief = root / "en/papers/2605.00003/index.html", root / f"en/2026-05-12/{FIRST.slug}/index.html"
    for most in (0, 3, 1, 2, 0):
        await build(db, root, replace(WISH, figures=most))
        pictures = [path.name for path in (root / "figures").rglob("*.webp")] if (root / "figures").exists() else []
        shown = page.read_text(encoding="utf-8")
        assert (len(pictures), shown.count("<figure>"), shown.count("</strong> Caption")) == (most, most, most)
        # A brief shows the first one.
        assert brief.read_text(encoding="utf-8").count("<figure>") == min(most, 1)
        assert unresolved(files_of(root)) == []
