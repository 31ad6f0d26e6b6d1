"""Each page as its reader sees it: what is on it, in which language, and where its links lead."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml.html import HtmlElement

from bot.delivery import TopicKey
from bot.digest.links import find_links
from bot.model import Announcement, AnnouncementState, AnnounceType, Counts, PaperVersion, Topic
from bot.render.page_items import OPEN_AUTHORS
from bot.statement import Statement, StatementCode
from bot.texts import Overview, OverviewSentence, Translation
from bot.web import addresses, pages
from bot.web.views import render_page, render_shard, shared_files
from tests.unit.render.samples import DAY, make_brief, make_item, make_summary
from tests.unit.web.html_checks import check_page
from tests.unit.web.site_kit import SampleSite, on_another_day

CHINESE = Translation("2608.00847", 1, "zh-CN", "稀疏注意力", "我们研究注意力。", "a-model", "1")
KEY = TopicKey("attention")


def sample() -> SampleSite:
    summary = make_summary("It is fast for $x_i$.", "Truly.", "Really.", producer="a-model")
    first = make_item(0, summary=summary, late=True, announce_type=AnnounceType.CROSS, translation=CHINESE)
    brief = make_brief(first, make_item(1, title="A & B"), make_item(2))
    other = make_brief(make_item(3), topic=Topic("vision", {"en": "Vision", "zh-CN": "视觉"}, ("cs.CV",)))
    chinese = replace(brief, language="zh-CN")
    return SampleSite([brief, chinese, other, *on_another_day([brief], 1)], site_url="https://briefs.example.org")


@pytest.fixture(scope="module")
def site() -> SampleSite:
    return sample()


def shown(page: pages.Page) -> HtmlElement:
    return check_page(render_page(page))


def text_of(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())


def section(root: HtmlElement, heading: str) -> HtmlElement:
    found: HtmlElement = root.xpath("//section[normalize-space(h2)=$heading]", heading=heading)[0]
    return found


def test_every_page_is_valid_and_its_links_lead_to_files(site: SampleSite) -> None:
    files = site.files()
    assert len(files) > 30
    feeds = {addresses.feed(key, ending) for key in (None, KEY, TopicKey("vision")) for ending in addresses.FEED_TYPES}
    made_elsewhere = {*feeds, addresses.opml()}
    for name, content in files.items():
        if not name.endswith(".html"):
            continue
        root = check_page(content)
        links = root.xpath("//a/@href | //link[@rel='stylesheet' or @rel='icon']/@href | //script/@src")
        for link in links:
            if not link.startswith(("#", "https://")):
                target = _target(name, link)
                assert target in files or target in made_elsewhere, (name, link)


def _target(source: str, link: str) -> str:
    parts = source.split("/")[:-1]
    for part in link.partition("#")[0].partition("?")[0].split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def test_the_same_page_gives_the_same_bytes(site: SampleSite) -> None:
    assert site.files() == sample().files()


@pytest.mark.parametrize("ui", addresses.UIS)
def test_every_page_says_its_language_and_leads_to_itself_in_the_other(site: SampleSite, ui: str) -> None:
    root = shown(site.front(ui))
    assert (root.get("lang"), root.get("dir")) == (ui, "ltr")
    tongues = root.xpath("//nav[contains(@class, 'tongues')]")[0]
    assert tongues.xpath(".//*[@aria-current]/@lang") == [ui]
    (other,) = tongues.xpath(".//a")
    assert other.get("href") == f"../{other.get('lang')}/index.html"
    assert dict(zip(root.xpath("//link[@hreflang]/@hreflang"), root.xpath("//link[@hreflang]/@href"), strict=True)) == {
        "en": "https://briefs.example.org/en/",
        "zh-CN": "https://briefs.example.org/zh-CN/",
        "x-default": "https://briefs.example.org/en/",
    }
    assert root.xpath("//link[@rel='canonical']/@href") == [f"https://briefs.example.org/{ui}/"]
    assert root.xpath("//meta[@property='og:url']/@content") == [f"https://briefs.example.org/{ui}/"]


def test_without_an_address_of_the_site_nothing_pretends_to_know_it() -> None:
    root = shown(SampleSite([make_brief(make_item(0))]).front("en"))
    assert root.xpath("//link[@rel='canonical'] | //link[@hreflang] | //meta[@property='og:url']") == []


def test_the_menu_marks_where_one_is(site: SampleSite) -> None:
    root = shown(site.search("en"))
    assert [text_of(one) for one in root.xpath("//nav[@aria-label='Site']//a[@aria-current='page']")] == ["Search"]
    assert root.xpath("//nav[@aria-label='Site']//a/@href") == [
        "../index.html", "../topics/index.html", "index.html", "../about/index.html",
    ]  # fmt: skip


def test_the_entrance_offers_the_languages(site: SampleSite) -> None:
    root = shown(next(iter(site.every_page())))
    links = root.xpath("//main//a")
    assert [(one.get("href"), text_of(one)) for one in links] == [
        ("en/index.html", "English"),
        ("zh-CN/index.html", "简体中文"),
    ]


def test_the_front_page_has_the_newest_briefs_receipts_and_what_comes_next(site: SampleSite) -> None:
    root = shown(site.front("en"))
    text = text_of(root)
    assert "The next announcement is due on Thu 13 Aug 2026 at 01:00 UTC." in text
    assert [text_of(one) for one in root.xpath("//section[@class='day']/h2")] == ["Wed 12 Aug 2026", "Tue 11 Aug 2026"]
    cards = root.xpath("(//section[@class='day'])[1]/section[@class='card']")
    assert [text_of(one.xpath("./h3")[0]) for one in cards] == ["Attention", "Vision"]
    assert "announced 239 · matched 31 · shown 3 · 1 late" in text_of(cards[0])
    titles = cards[0].xpath(".//ol/li/a")
    assert titles[0].get("href") == "papers/2608.00847/index.html"
    assert text_of(titles[1]) == "A & B"
    silent = root.xpath("(//section[@class='day'])[1]/details")[0]
    assert "Without a brief (1)" in text_of(silent)
    assert "None of the 239 papers announced matched this topic." in text_of(silent)
    chinese = text_of(shown(site.front("zh-CN")))
    assert "最新简报" in chinese
    assert "注意力" in chinese
    assert "公布 239 · 匹配 31 · 展示 3 · 1 篇迟到" in chinese


def test_a_due_date_of_another_day_is_said(site: SampleSite) -> None:
    page = replace(site.front("en"), next_at=datetime(2026, 8, 14, 0, 5, tzinfo=UTC))
    assert "dated Thu 13 Aug 2026, is due on Fri 14 Aug 2026 at 00:05 UTC." in text_of(shown(page))


def test_an_empty_site_says_so(site: SampleSite) -> None:
    root = shown(replace(site.front("en"), days=(), topics=()))
    assert "No brief was posted yet." in text_of(root)
    search = shown(replace(site.search("en"), shards=(), papers=0, first=None, last=None))
    assert "There are no papers to search yet." in text_of(search)
    assert search.xpath("//form") == []


def test_a_day_shows_all_topics_the_categories_and_its_neighbours(site: SampleSite) -> None:
    late = Announcement(
        "cs.LG",
        DAY,
        AnnouncementState.PARTIAL,
        None,
        Counts(),
        Counts(),
        datetime(2026, 8, 13, tzinfo=UTC),
        late=True,
        reason=Statement.of(StatementCode.FEWER_THAN_USUAL, found=3, usual=200),
    )
    page = site.day("en", DAY)
    root = shown(replace(page, announcements=(*page.announcements, late)))
    assert text_of(root.xpath("//h1")[0]) == "Briefs of Wed 12 Aug 2026"
    assert [text_of(one) for one in root.xpath("//section[@class='card']/h2")] == ["Attention", "Vision"]
    rows = [[text_of(cell) for cell in row.xpath("./*")] for row in root.xpath("//tbody/tr")]
    assert rows[0] == ["cs.CV", "200", "39", "complete"]
    assert rows[1][0] == "cs.LG"
    assert rows[1][3].startswith("incomplete · read late only 3 papers, where that weekday usually brings 200.")
    before = root.xpath("//nav[@class='steps']//a[@rel='prev']")
    assert [(one.get("href"), text_of(one)) for one in before] == [
        ("../2026-08-11/index.html", "← Day before Tue 11 Aug 2026")
    ]
    assert root.xpath("//nav[@class='steps']//a[@rel='next']") == []


def test_the_list_of_topics_leads_to_the_newest_brief(site: SampleSite) -> None:
    lists = [page for page in site.every_page() if isinstance(page, pages.TopicList)]
    root = shown(lists[0])
    cards = root.xpath("//main/section")
    assert [text_of(one.xpath("./h2")[0]) for one in cards] == ["Attention", "Vision"]
    assert cards[0].xpath(".//p/a/@href") == ["../2026-08-12/attention/index.html"]
    never = replace(lists[0], topics=((*lists[0].topics[0][:2], None),))
    assert "No brief yet" in text_of(shown(never))


def test_a_topic_has_its_days_and_its_neighbours(site: SampleSite) -> None:
    topic = Topic("attention", {"en": "Attention"}, ("cs.CV", "cs.CL"), query='"sparse <attention>" OR kernel')
    root = shown(replace(site.topic_page("en", KEY), topic=topic))
    assert text_of(root.xpath("//h1")[0]) == "Attention"
    assert [text_of(one) for one in root.xpath("//main/section/h2")] == ["Wed 12 Aug 2026", "Tue 11 Aug 2026"]
    assert root.xpath("//main/section/h2/a/@href")[0] == "../../2026-08-12/attention/index.html"
    assert root.xpath("//pre/text()") == ['"sparse <attention>" OR kernel']
    assert root.xpath("//a[@rel='next']/@href") == ["../vision/index.html"]
    feeds = root.xpath("//link[@rel='alternate' and @type]/@href")
    assert feeds == ["../../../feeds/topics/attention.atom", "../../../feeds/topics/attention.json"]


def test_a_brief_shows_its_papers_its_receipt_and_what_is_beside_it(site: SampleSite) -> None:
    root = shown(site.brief("en", site.briefs[0]))
    text = text_of(root)
    assert root.xpath("//title/text()") == ["Attention, Wed 12 Aug 2026 · Paper Brief"]
    assert [text_of(one) for one in root.xpath("//dl[@class='receipt']/div")] == [
        "announced 239", "read 239", "matched 31", "shown 3", "failed 0",
    ]  # fmt: skip
    for part in (
        "What arXiv announced in cs.CV, and what became of it:",
        "Not shown: 208 outside the topic's query; 28 below the cut.",
        "2608.00847v1 · cs.CL, cs.LG · cross-listed · late",
        "Comment: accepted at ACL 2026; 12 pages; 3 figures",
        "Summary: written by a-model",
        "Summary: extracted from the abstract",
        "Why: matches “attention” in the title; new in cs.CL",
        "Posted on Tue 17 Nov 2026 at 01:30 UTC",
        "稀疏注意力",
        "Abstract (translated by a-model)",
    ):
        assert part in text, part
    assert root.xpath("//article/h2/a/@href")[0] == "../../papers/2608.00847/index.html"
    assert [text_of(one) for one in root.xpath("(//article)[1]//ol/li")] == ["Truly. [2]", "Really. [3]"]
    assert root.xpath("//nav[@aria-label='Contents']//a/@href") == ["#paper-1", "#paper-2", "#paper-3"]
    assert len(root.xpath("(//article)[1]//p[@class='gist']//math")) == 1
    steps = {text_of(one): one.get("href") for one in root.xpath("//nav[@class='steps']//a")}
    assert steps == {
        "← Day before Tue 11 Aug 2026": "../../2026-08-11/attention/index.html",
        "Next topic → Vision": "../vision/index.html",
    }
    languages = root.xpath("//main//header//a[@hreflang]")
    assert [(one.get("hreflang"), one.get("href")) for one in languages] == [("zh-CN", "zh-CN/index.html")]


def test_a_paper_without_a_page_leads_to_arxiv(site: SampleSite) -> None:
    root = shown(replace(site.brief("en", site.briefs[0]), papers={}))
    links = root.xpath("//article/h2/a")
    assert links[0].get("href") == "https://arxiv.org/abs/2608.00847"
    assert links[0].get("rel") == "noopener noreferrer"


def test_an_overview_links_to_the_papers_it_speaks_of(site: SampleSite) -> None:
    overview = Overview((OverviewSentence("All is $n^2$.", ("2608.00848", "9999.99999")),), "a-model", "1")
    root = shown(replace(site.brief("en", site.briefs[0]), brief=replace(site.briefs[0], overview=overview)))
    found = section(root, "Overview")
    assert found.xpath(".//a/@href") == ["#paper-2"]
    assert "written by a-model" in text_of(found)
    assert len(found.xpath(".//math")) == 1


def test_a_silent_brief_says_why(site: SampleSite) -> None:
    silence = (Statement.of(StatementCode.NONE_MATCHED, n=239),)
    page = site.brief("en", site.briefs[0])
    root = shown(replace(page, brief=make_brief(silence=silence), papers={}))
    assert [text_of(one) for one in root.xpath("//p[@class='silence']")] == [
        "None of the 239 papers announced matched this topic."
    ]
    assert root.xpath("//article | //nav[@aria-label='Contents']") == []


def paper_page(site: SampleSite, ui: str = "en", **changes: object) -> pages.PaperPage:
    page = next(one for one in site.papers(ui) if one.paper.arxiv_id == "2608.00847")
    paper = {name: changes.pop(name) for name in list(changes) if name in type(page.paper).__slots__}
    return replace(page, paper=replace(page.paper, **paper), **changes)  # type: ignore[arg-type]


def test_a_paper_shows_everything_that_is_known_of_it(site: SampleSite) -> None:
    page = paper_page(
        site,
        journal_ref="J. Attn. 3 (2026)",
        licence="http://creativecommons.org/licenses/by-sa/4.0/",
        submitted_at=datetime(2026, 8, 10, tzinfo=UTC),
        authors=tuple(f"G. Author{number}" for number in range(30)),
        versions=(PaperVersion("2608.00847", 1, DAY), PaperVersion("2608.00847", 2, DAY, withdrawn=True)),
    )
    page = replace(page, links=find_links(replace(page.paper, comment="Code: https://github.com/a/b")))
    root = shown(page)
    text = text_of(root)
    assert root.xpath("//title/text()") == ["Sparse Attention in O(n log n) Time · Paper Brief"]
    assert len(root.xpath("//h1/math")) == 1
    assert root.xpath("//p[@class='authors']")[0].text_content().count("G. Author") == OPEN_AUTHORS
    assert "G. Author29" in text
    for part in (
        "Comment: accepted at ACL 2026; 12 pages; 3 figures",
        "Journal J. Attn. 3 (2026)",
        "Categories cs.CL, cs.LG",
        "Announced Wed 12 Aug 2026: cs.CL (cross-listed), cs.LG (cross-listed)",
        "Submitted Mon 10 Aug 2026",
        "v1 · Wed 12 Aug 2026",
        "v2 · Wed 12 Aug 2026 · withdrawn",
        "Licence CC BY-SA 4.0",
        "Readers 12 look-ups · saved by 3",
        "Summary: written by a-model",
        "A Survey of Everything",
        "Attention Wed 12 Aug 2026 · number 1",
        "@misc{",
    ):
        assert part in text, part
    assert [text_of(one) for one in root.xpath("//ul[@class='links']//a")] == [
        "arXiv", "PDF", "Code", "Cool Papers", "alphaXiv", "Hugging Face",
    ]  # fmt: skip
    near = {text_of(one): one.get("href") for one in root.xpath("//aside//li/a")}
    assert near["A & B"] == "../2608.00848/index.html"
    assert near["A Survey of Everything"] == "https://arxiv.org/abs/2401.00001"


def test_the_abstract_is_open_in_the_readers_language(site: SampleSite) -> None:
    english, chinese = shown(paper_page(site)), shown(paper_page(site, "zh-CN"))
    for root, open_one in ((english, "Original abstract"), (chinese, "摘要（简体中文）")):
        opened = root.xpath("//details[contains(@class, 'toggle')][@open]/summary")
        assert [text_of(one) for one in opened] == [open_one]
        assert len(root.xpath("//details[contains(@class, 'toggle')]")) == 2
    assert text_of(chinese.xpath("//p[contains(@class, 'translated')]")[0]) == "稀疏注意力"
    assert chinese.xpath("//p[@class='original']/@lang") == ["zh-CN"]
    assert "由 a-model 翻译" in text_of(chinese)
    alone = shown(replace(paper_page(site), translations=()))
    assert alone.xpath("//details[contains(@class, 'toggle')]") == []
    assert "1 We study attention. 2 It costs $5 a day." in text_of(alone)


def test_a_withdrawn_paper_says_so(site: SampleSite) -> None:
    text = text_of(shown(paper_page(site, withdrawn=True)))
    assert "This paper was withdrawn by its authors or by arXiv." in text


def test_figures_have_their_size_caption_credit_and_licence() -> None:
    site = SampleSite([make_brief(make_item(0))], figures=True)
    for page in (site.brief("en", site.briefs[0]), next(site.papers("en"))):
        root = shown(page)
        (image,) = root.xpath("//figure/img")
        assert image.get("src").endswith("../figures/sample.png")
        assert (image.get("width"), image.get("height"), image.get("alt")) == ("640", "240", "Figure 1")
        assert text_of(root.xpath("//figcaption")[0]).startswith("Figure 1. Accuracy over compute, in")
        assert "The authors · CC BY 4.0" in text_of(root.xpath("//figcaption")[0])


def test_the_search_page_works_for_its_script_and_says_when_there_is_none(site: SampleSite) -> None:
    root = shown(site.search("en"))
    form = root.xpath("//form[@role='search']")[0]
    assert form.get("data-shards") == "../../search/2026-08-12.json"
    assert form.get("data-papers") == "../papers/"
    assert "needs JavaScript" in text_of(root.xpath("//*[@id='without']")[0])
    assert "4 papers, announced from Tue 11 Aug 2026 to Wed 12 Aug 2026" in text_of(root)
    scripts = [path for path in shared_files() if path.endswith(".js")]
    assert root.xpath("//script/@src") == [f"../../{scripts[0]}"]


def test_an_index_is_small_and_readable(site: SampleSite) -> None:
    index = json.loads(render_shard(site.shard()))
    assert index["days"] == ["2026-08-12", "2026-08-11"]
    assert index["papers"][1] == ["2608.00848", "A & B", "Ada Lovelace, Kurt Gödel", 1, "cs.CL", 1]


def test_about_and_privacy_name_arxiv_the_models_and_what_is_stored(site: SampleSite) -> None:
    about = next(page for page in site.every_page() if isinstance(page, pages.AboutPage))
    privacy = next(page for page in site.every_page() if isinstance(page, pages.PrivacyPage))
    text = text_of(shown(about))
    for part in ("cs.CL and cs.CV", "a-model", "Thank you to arXiv", "Paper Brief 1.0", "Tue 11 Aug 2026"):
        assert part in text
    assert "extracted from abstracts" in text_of(shown(replace(about, producers=())))
    assert "/forget-me" in text_of(shown(privacy))


def test_right_to_left_texts_keep_their_direction(site: SampleSite) -> None:
    root = shown(paper_page(site, title="شبكة عصبية عميقة", authors=("أحمد",)))
    assert root.xpath("//h1/@dir") == ["auto"]
    assert root.xpath("//p[@class='authors']/@dir") == ["auto"]
