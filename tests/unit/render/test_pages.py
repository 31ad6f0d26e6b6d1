"""The HTML page, parsed: what a browser would see, not what the text looks like."""

import base64
import hashlib
from dataclasses import replace

from hypothesis import given, settings
from lxml import html

from bot.model import Brief
from bot.render.pages import render_html
from tests.unit.render.samples import BAIT, hostile_briefs, make_brief, make_item, make_summary, plain

ELEMENTS = frozenset(
    {"html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "p", "time", "nav", "ol", "ul"}
    | {"li", "a", "main", "article", "span", "details", "summary", "footer"}
)
ATTRIBUTES = frozenset(
    {"lang", "charset", "http-equiv", "content", "name", "datetime", "aria-label", "href", "rel", "dir", "id", "class"}
)


def parse(page: str) -> html.HtmlElement:
    return html.document_fromstring(page.encode("utf-8"))


def check_harmless(root: html.HtmlElement) -> None:
    for element in root.iter():
        assert element.tag in ELEMENTS
        assert set(element.attrib) <= ATTRIBUTES
        if "href" in element.attrib:
            assert element.attrib["href"].startswith(("https://", "http://", "#paper-"))
    styles = root.xpath("//style")
    assert len(styles) == 1
    digest = base64.b64encode(hashlib.sha256((styles[0].text or "").encode("utf-8")).digest()).decode("ascii")
    policies = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policies == [f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"]


@settings(max_examples=40, deadline=None)
@given(hostile_briefs(most=4))
def test_hostile_briefs_add_no_element_and_no_handler(brief: Brief) -> None:
    root = parse(render_html(brief))
    check_harmless(root)
    assert len(root.xpath("//article")) == len(brief.items)


def test_every_bait_in_every_place() -> None:
    text = " ".join(BAIT)
    item = make_item(
        title=text,
        abstract=text,
        authors=(text,) * 30,
        comment=text,
        primary_category=text,
        categories=(text,),
        summary=make_summary(text, text, producer=text),
        links={bait: bait for bait in BAIT} | {"abs": 'https://arxiv.org/"onclick="x'},
    )
    root = parse(render_html(make_brief(item, silence=plain(text), language='en"><script>')))
    check_harmless(root)
    assert root.xpath("//h2/a/@href") == ["https://arxiv.org/abs/2608.00847"]
    assert "<script>alert(1)</script>" in root.text_content()


def test_the_page_shows_a_brief() -> None:
    items = (make_item(0, summary=make_summary("It is fast.", "Truly.")), make_item(1, title="A & B", late=True))
    root = parse(render_html(make_brief(*items)))
    text = " ".join(root.text_content().split())
    assert root.get("lang") == "en"
    assert root.xpath("//meta[@name='viewport']/@content") == ["width=device-width, initial-scale=1"]
    assert root.xpath("//nav//a/@href") == ["#paper-1", "#paper-2"]
    assert [anchor.text for anchor in root.xpath("//nav//a")] == ["Sparse Attention in O(n log n) Time", "A & B"]
    assert [article.get("id") for article in root.xpath("//article")] == ["paper-1", "paper-2"]
    assert root.xpath("(//article)[1]//ul[@class='links']//a/@href") == [
        "https://arxiv.org/abs/2608.00847",
        "https://github.com/a/b",
    ]
    for part in (
        "arXiv announced 239 in cs.CV for Wed 12 Aug 2026: 239 read, 31 matched, 2 shown, 0 failed.",
        "Not shown: 208 outside the topic's query; 29 below the cut.",
        "It is fast. [1]",
        "Truly. [2]",
        "Summary: extracted from the abstract",
        "1 We study attention. 2 It costs $5 a day. 3 Results hold for xᵢ.",
        "Why: matches “attention” in the title (+1.00)",
        "2608.00848v1 · cs.CL, cs.LG · late",
        "Thank you to arXiv for use of its open access interoperability.",
    ):
        assert part in text


def test_long_author_lists_fold() -> None:
    authors = tuple(f"G. Author{number}" for number in range(5154))
    root = parse(render_html(make_brief(make_item(authors=authors))))
    assert root.xpath("//article/details[1]/summary/text()") == ["+5,134 authors"]
    assert root.xpath("//p[@class='authors']")[0].text_content().count("G. Author") == 20
    assert "G. Author5153" in root.xpath("//article/details[1]")[0].text_content()


def test_cut_author_lists_say_so() -> None:
    few = parse(render_html(make_brief(make_item(authors=("A",), authors_complete=False))))
    assert few.xpath("//p[@class='authors']")[0].text_content() == "A …"
    many = parse(render_html(make_brief(make_item(authors=("A",) * 100, authors_complete=False))))
    assert many.xpath("//article/details[1]/summary/text()") == ["+80+ authors"]


def test_an_empty_brief_says_why() -> None:
    root = parse(render_html(make_brief(silence=plain("Nothing matched."))))
    assert root.xpath("//p[@class='silence']/text()") == ["Nothing matched."]
    assert not root.xpath("//nav | //article")
    assert "There is nothing to show." in parse(render_html(make_brief())).text_content()


def test_the_topic_has_its_name_in_the_briefs_language() -> None:
    root = parse(render_html(replace(make_brief(), language="zh-CN")))
    assert root.findtext(".//h1") == "注意力"
