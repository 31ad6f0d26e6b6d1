"""Texts of strangers on every page: no element, handler or address of theirs, nothing that steers or breaks a line."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from bot.model import Brief
from bot.texts import Overview, OverviewSentence, Sentence, Translation
from bot.web import addresses
from bot.web.views import render_page, render_shard
from tests.unit.render.samples import BAIT, hostile_briefs, make_brief, make_item, make_summary, plain
from tests.unit.web.html_checks import check_page, parse
from tests.unit.web.site_kit import SampleSite

MATHS = (
    r"$\href{javascript:alert(1)}{x}$",
    r"$\style{position:fixed;inset:0}{x}$",
    r"$\class{evil}{x}$",
    r"$\text{<script>alert(1)</script>}$",
    r"$&#x3c;script&#x3e;$",
    r"$\unicode{x3c}script>$",
    r"$\color{url(https://evil.example)}{x}$",
    r"$\newcommand{\a}{\a\a}\a$",
    r"$\def\x{\x\x}\x$",
    r"$\begin{array}{c\" onclick=\"alert(1)}x\end{array}$",
    r"$\hspace{1em\" onload=\"alert(1)}$",
    r"$\mathbb{\u202e}$",
    "$x\u202ey\ufeff$",
    "$" + "{" * 300 + "x" + "}" * 300 + "$",
    "$" + r"\sqrt" * 300 + "x$",
    "$" + r"\frac" * 100 + "1$",
    "$" + "x_" * 300 + "x$",
    r"$\left(\left(\left($",
    r"$\rule{100em}{100em}$",
    chr(0xF0000) + chr(0xF0001) + "$x$",
)
TEXTS = (
    *BAIT,
    *MATHS,
    "W" * 3000,
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "</title><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "\u2067rtl\u2066 \u200f",
    "عنوان بالعربية (2026)",
)


def hostile_site(text: str) -> SampleSite:
    translation = Translation("2608.00847", 1, "zh-CN", text, text, text, "1")
    summary = replace(
        make_summary(text, text, producer=text), paragraph=(Sentence(text, (0,)),), method=Sentence(text, (1,))
    )
    item = make_item(
        0,
        title=text,
        abstract=f"{text}. And {text}.",
        authors=(text, "Ada") * 15,
        comment=text,
        journal_ref=text,
        licence=text,
        doi=text,
        primary_category=text,
        categories=(text, "cs.CV"),
        summary=summary,
        translation=translation,
        links={text: text, "code": text, "abs": 'https://arxiv.org/"onclick="x'},
    )
    brief = make_brief(item, make_item(1), silence=plain(text))
    topic = replace(brief.topic, names={"en": text, "zh-CN": text}, query=text, categories=(text,))
    overview = Overview((OverviewSentence(text, (item.paper.arxiv_id,)),), text, "1")
    return SampleSite([replace(brief, topic=topic, overview=overview)], site_url="https://briefs.example.org")


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_bait_adds_nothing_to_any_page(text: str) -> None:
    for page in hostile_site(text).every_page():
        if page.frame.ui != "en":
            continue
        frame = replace(page.frame, site_name=text)
        content = render_page(replace(page, frame=frame))
        root = check_page(content)
        for script in root.xpath("//script"):
            assert (script.text or "").strip() == ""
        # Links of a paper were checked where they were found; no other text becomes one.
        assert not any("evil.example" in link for link in root.xpath("//a[not(ancestor::ul[@class='links'])]/@href"))
    render_shard(hostile_site(text).shard()).decode("utf-8")


@settings(max_examples=25, deadline=None)
@given(hostile_briefs(most=3))
def test_hostile_briefs_make_valid_pages(brief: Brief) -> None:
    site = SampleSite([brief])
    for ui in addresses.UIS:
        root = check_page(render_page(site.brief(ui, brief)))
        assert len(root.xpath("//article")) == len(brief.items)
        check_page(render_page(site.front(ui)))
        for page in site.papers(ui):
            check_page(render_page(page))


def test_a_script_in_a_title_is_read_not_run() -> None:
    site = hostile_site("<script>alert(1)</script>")
    root = parse(render_page(site.brief("en", site.briefs[0])))
    assert "<script>alert(1)</script>" in root.xpath("//article/h2")[0].text_content()


def test_language_tags_cannot_leave_their_attribute() -> None:
    brief = make_brief(make_item(0, summary=replace(make_summary("x"), language='en"><script>')))
    root = check_page(render_page(SampleSite([brief]).brief("en", brief)))
    assert root.xpath("//p[@class='gist']/@lang") == ['en"><script>']
