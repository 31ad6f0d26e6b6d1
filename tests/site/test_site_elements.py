"""What the two pages that were the model have, looked for on built pages; the table is in docs/web.md."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html

from bot.digest.extract import summarise_extractive
from bot.digest.links import find_links
from bot.figures import CutFigure, FigureSearch
from bot.model import AnnounceType, Brief, BriefItem, Paper, Receipt
from bot.store.announcements import AnnouncementStore
from bot.store.briefs import BriefStore
from bot.store.engine import Database
from bot.store.figures import FigureStore
from bot.store.papers import PaperStore
from bot.store.readers import ReaderStore
from bot.store.summaries import SummaryStore
from bot.texts import Sentence, Translation
from tests.site.site_world import (
    FIRST,
    MONDAY,
    NOON,
    PAPERS,
    SECOND,
    TUESDAY,
    WISH,
    build,
    files_of,
    fill_day,
    save_brief,
)
from tests.store.samples import make_fetched, save

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
SHOWN = "2605.00003"
BRIEF = f"2026-05-12/{FIRST.slug}"
PAPER = f"papers/{SHOWN}"

# (what the model pages have, page, where it is here)
ELEMENTS = (
    ("a page per topic and day, with its date", BRIEF, "//header//time[@datetime='2026-05-12']"),
    ("title", BRIEF, "//article//h2[contains(., 'Quenya retrieval')]"),
    ("title", PAPER, "//h1[contains(., 'Quenya retrieval')]"),
    ("every author", BRIEF, "//article[contains(., 'Ada Lovelace') and contains(., 'Author 30')]"),
    ("every author", PAPER, "//main[contains(., 'Ada Lovelace') and contains(., 'Author 30')]"),
    ("original abstract", BRIEF, "//article//*[contains(., 'We study sparse attention for Quenya')]"),
    ("original abstract", PAPER, "//section[h2/@id='abstract']//*[contains(., 'We study sparse attention')]"),
    ("translated abstract", PAPER, "//*[@lang='zh-CN'][contains(., '我们研究稀疏注意力。')]"),
    ("link to the paper", BRIEF, f"//a[@href='https://arxiv.org/abs/{SHOWN}']"),
    ("link to its PDF", PAPER, f"//a[starts-with(@href, 'https://arxiv.org/pdf/{SHOWN}')]"),
    ("link to its code", PAPER, "//a[@href='https://github.com/example/quenya']"),
    ("Cool Papers", PAPER, f"//a[contains(@href, 'papers.cool') and contains(@href, '{SHOWN}')]"),
    ("alphaXiv", PAPER, "//a[contains(@href, 'alphaxiv.org')]"),
    ("Hugging Face", PAPER, "//a[contains(@href, 'huggingface.co')]"),
    ("comment line", BRIEF, "//article//*[contains(., '20 pages, 5 tables')]"),
    ("comment line", PAPER, "//header//*[contains(., '20 pages, 5 tables')]"),
    ("summary", BRIEF, "//article//p[contains(., 'It is sparse.')]"),
    ("summary", PAPER, "//section[h2/@id='summary']//p[contains(., 'It is sparse.')]"),
    ("numbered takeaways", BRIEF, "//article//ol/li[contains(., 'It gains.')]"),
    ("numbered takeaways", PAPER, "//section[h2/@id='summary']//ol/li[contains(., 'It gains.')]"),
    ("pictures", BRIEF, "//article//figure[img][contains(., 'Gain by year') and contains(., 'CC BY 4.0')]"),
    ("pictures", PAPER, "//figure[img[@width and @height]][contains(., 'Gain by year')]//a[@href]"),
    ("warning", BRIEF, "//article//*[contains(., 'a-model')]"),
    ("warning", PAPER, "//section[h2/@id='summary']//*[contains(., 'a-model')]"),
    ("table of contents", BRIEF, "//nav[contains(@class, 'contents')]//a[starts-with(@href, '#paper-')]"),
    ("previous day", BRIEF, "//a[@rel='prev'][contains(@href, '2026-05-11')]"),
    (
        "next topic",
        BRIEF,
        "//nav[contains(@class, 'steps')]//a[contains(@href, '../') and not(contains(@href, '05-11'))]",
    ),
    ("previous day", "2026-05-12", "//a[@rel='prev'][contains(@href, '2026-05-11')]"),
    ("related papers with date", PAPER, "//aside//li[contains(., 'May 2026') or contains(., '2026年5月')][a]"),
    ("surveys", PAPER, "//aside//li[contains(., 'A Survey of Quenya')]"),
    ("reads", PAPER, "//aside//dd[contains(., '2')]"),
    ("newest", "", "//section//time[@datetime='2026-05-12']"),
    ("receipt", BRIEF, "//dl[contains(@class, 'receipt')]//dd"),
    ("late", BRIEF, "//article//*[@class='flag']"),
    ("late", PAPER, "//header//*[@class='flag']"),
    ("BibTeX", PAPER, "//pre[contains(., '@misc{')]"),
    ("versions", PAPER, "//dd[contains(., 'v1')]"),
)


@pytest.fixture
async def pages(sqlite_url: str, tmp_path: Path) -> Mapping[str, bytes]:
    """Build a site with a paper that has everything."""
    async with Database.open(sqlite_url) as database:
        await fill_day(database, MONDAY, PAPERS[:3])
        paper = replace(
            PAPERS[3],
            licence=LICENCE,
            authors=("Ada Lovelace", *(f"Author {number}" for number in range(1, 31))),
            comment="20 pages, 5 tables. Code: https://github.com/example/quenya",
        )
        survey = replace(PAPERS[3], arxiv_id="2605.00088", title="A Survey of Quenya Retrieval by Sparse Attention")
        await _store(database, paper, survey)
        await build(database, tmp_path / "site", replace(WISH, figures=2))
    return files_of(tmp_path / "site")


async def _store(database: Database, paper: Paper, survey: Paper) -> None:
    await save(AnnouncementStore(database), make_fetched([*PAPERS[4:], paper, survey], announced_on=TUESDAY))
    await PaperStore(database).save_metadata([paper])
    for language in ("en", "zh-CN"):
        summary = replace(
            summarise_extractive(paper, language),
            producer="a-model",
            text="It is sparse.",
            key_takeaways=(Sentence("It gains.", (2,)),),
        )
        links = find_links(paper)
        item = BriefItem(paper, AnnounceType.NEW, 0, 1.0, (), summary, links, late=True)
        await BriefStore(database).save_summaries([summary])
        await BriefStore(database).save_brief(Brief(FIRST, TUESDAY, language, Receipt(1, 1, 1, 1, 0), (item,), ()))
    await save_brief(database, SECOND, TUESDAY, PAPERS[4:])
    translation = Translation(SHOWN, 1, "zh-CN", "稀疏注意力", "我们研究稀疏注意力。", "a-model", "1")
    await SummaryStore(database).save_translation(translation)
    for reader in (1, 2):
        await ReaderStore(database).record_look_up(reader, 77, SHOWN, NOON)
        await ReaderStore(database).save_paper(reader, SHOWN, NOON, guild_id=77)
    cut = CutFigure(1, 1, "Gain by year.", 64, 48, "image/webp", b"RIFF")
    await FigureStore(database).save(FigureSearch(SHOWN, 1, LICENCE, (cut,)))


async def test_each_element_of_the_model_pages_is_on_a_built_page(pages: Mapping[str, bytes]) -> None:
    missing = []
    for ui in ("en", "zh-CN"):
        trees = {
            path: html.document_fromstring(pages[f"{ui}/{path}/index.html".replace("//", "/")])
            for _, path, _ in ELEMENTS
        }
        missing += [(ui, name, path) for name, path, where in ELEMENTS if not trees[path].xpath(where)]
    assert missing == []
