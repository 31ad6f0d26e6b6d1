"""One paper and lists of papers as embeds: inside every limit, inert, in both languages."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import load_texts
from bot.model import Paper
from bot.render.details import (
    ListedPaper,
    PaperDetails,
    plain_label,
    render_abstract,
    render_details,
    render_list,
)
from bot.render.text import discord_length
from bot.texts import Sentence, Summary

ENGLISH, CHINESE = load_texts("en"), load_texts("zh-CN")
PAPER = Paper(
    arxiv_id="2605.00001",
    title="On $\\alpha_{i}$ and *stars*",
    abstract="We study $x^2$. It is good.",
    authors=("Ann Lee", "Bo Chen"),
    primary_category="cs.CL",
    categories=("cs.CL", "cs.LG"),
    comment="12 pages. Accepted at ACL 2026",
    journal_ref="J. Things 5 (2026)",
    submitted_at=datetime(2026, 5, 11, 9, tzinfo=UTC),
)
SUMMARY = Summary("2605.00001", 1, "en", "We study x.", (0,), (Sentence("It is good.", (1,)),), "extractive", "1")
DETAILS = PaperDetails(
    PAPER,
    SUMMARY,
    {"abs": "https://arxiv.org/abs/2605.00001", "code": "https://github.com/a/b_(c)", "pdf": "javascript:alert(1)"},
    announced_on=date(2026, 5, 12),
    look_ups=1234,
    saves=1,
)

hostile = st.one_of(
    st.text(max_size=400),
    st.lists(
        st.sampled_from(
            [
                "@everyone ",
                "<#1>",
                "<@&2>",
                "</x:3>",
                "[a](https://evil.example)",
                "$",
                "\\",
                "{",
                "}",
                "```",
                "**",
                "\n",
                "\u202e",
                "\u200b",
                "e\u0301\u0301\u0301\u0301\u0301",
                "\U0001f9d1\u200d\U0001f680",
                "漢字",
                "\x00",
                "a" * 90,
            ]
        ),
        max_size=400,
    ).map("".join),
)


def size(embed: dict[str, Any]) -> int:
    """Return what Discord counts of an embed, checking each part's own limit on the way."""
    parts = [(embed.get("title", ""), 256), (embed.get("description", ""), 4096)]
    parts.append((embed.get("footer", {}).get("text", ""), 2048))
    assert len(embed.get("fields", [])) <= 25
    for field in embed.get("fields", []):
        assert field["name"]
        assert field["value"]
        parts += [(field["name"], 256), (field["value"], 1024)]
    for text, limit in parts:
        assert discord_length(text) <= limit
    return sum(discord_length(text) for text, _ in parts)


def assert_inert(embed: dict[str, Any]) -> None:
    shown = [embed.get("title", ""), embed.get("description", ""), *(f["value"] for f in embed.get("fields", []))]
    for text in shown:
        assert "@everyone" not in text
        assert not re.search(r"<[@#/]", text)
        for address in re.findall(r"(?<!\\)\]\((\S+?)\)", text):
            assert address.startswith(("https://arxiv.org/", "https://github.com/"))


def test_a_paper_shows_what_is_known_of_it() -> None:
    embed = render_details(DETAILS, ENGLISH)
    assert embed["title"] == "On αᵢ and \\*stars\\*"
    assert embed["url"] == "https://arxiv.org/abs/2605.00001"
    assert embed["description"] == "*Ann Lee, Bo Chen*\n\nWe study x.\n\n• It is good."
    assert {field["name"]: field["value"] for field in embed["fields"]} == {
        "Categories": "cs.CL, cs.LG",
        "Announced": "Tue 12 May 2026",
        "Submitted": "Mon 11 May 2026",
        "Comment": "Accepted at ACL 2026; 12 pages",
        "Journal": "J. Things 5 (2026)",
        "Links": "[arXiv](https://arxiv.org/abs/2605.00001) · [Code (github.com)](https://github.com/a/b_%28c%29)",
    }
    assert embed["footer"]["text"] == "2605.00001v1 · extracted from the abstract · 1,234 look-ups · saved by 1"


def test_it_is_said_in_chinese_too() -> None:
    embed = render_details(replace(DETAILS, paper=replace(PAPER, withdrawn=True)), CHINESE)
    names = [field["name"] for field in embed["fields"]]
    assert "分类" in names
    assert not {"Categories", "Announced", "Submitted", "Comment", "Links"} & set(names)
    assert "撤" in embed["description"].splitlines()[0]


def test_what_is_unknown_is_left_out() -> None:
    bare = Paper("2605.00001", "", "", (), "cs.CL", ())
    empty = Summary("2605.00001", 1, "en", "", (), (), "", "1")
    embed = render_details(PaperDetails(bare, empty, {}), ENGLISH)
    assert [field["name"] for field in embed["fields"]] == ["Categories"]
    assert embed["title"] == "2605.00001"
    assert "written by an unnamed model" in embed["footer"]["text"]


def test_five_thousand_authors_are_counted() -> None:
    crowd = replace(PAPER, authors=tuple(f"Author Number{n}" for n in range(5154)))
    assert "Author Number11 +5,142*" in render_details(replace(DETAILS, paper=crowd), ENGLISH)["description"]


@given(title=hostile, abstract=hostile, author=hostile, comment=hostile, arxiv_id=hostile, n=st.integers(0, 40))
def test_no_text_breaks_a_limit_or_does_anything(
    title: str, abstract: str, author: str, comment: str, arxiv_id: str, n: int
) -> None:
    paper = Paper(
        arxiv_id, title, abstract, (author,) * n, comment[:40], (author, title) * n, comment=comment, journal_ref=title
    )
    points = tuple(Sentence(comment, (0,)) for _ in range(n))
    summary = Summary(arxiv_id, 1, "en", abstract, (0,), points, author, "1")
    links = {comment: "https://github.com/" + "x" * n * 10, "code": title, "pdf": f"https://arxiv.org/{abstract}"}
    for texts in (ENGLISH, CHINESE):
        embed = render_details(PaperDetails(paper, summary, links, look_ups=n, saves=n), texts)
        assert size(embed) <= 6000
        assert_inert(embed)
    page, pages = render_abstract(paper, ENGLISH, n)
    assert size(page) <= 6000
    assert_inert(page)
    assert pages >= 1
    listed = [ListedPaper(paper, "3 look-ups")] * min(n, 10)
    embed = render_list(title, listed, CHINESE, footer="page 1", first=n)
    assert size(embed) <= 6000
    assert_inert(embed)
    assert embed["description"]
    assert 0 < discord_length(plain_label(paper, 100)) <= 100


@pytest.mark.parametrize("unit", ["word ", "* ", "漢字。", "🥔 ", "x"])
def test_the_pages_of_an_abstract_lose_nothing(unit: str) -> None:
    abstract = (unit * 9000)[:12000].strip()
    paper = replace(PAPER, abstract=abstract)
    _, pages = render_abstract(paper, ENGLISH)
    assert pages >= 3
    parts = [render_abstract(paper, ENGLISH, page)[0]["description"] for page in range(pages)]
    shown = "".join(part.removesuffix("…") for part in parts).replace("\\", "").replace(" ", "")
    assert shown == abstract.replace(" ", "")
    assert render_abstract(paper, ENGLISH, 99)[0]["description"] == parts[-1]
    assert f"page 2 of {pages}" in render_abstract(paper, ENGLISH, 1)[0]["footer"]["text"]


def test_a_list_numbers_and_links_its_papers() -> None:
    embed = render_list("turnips", [ListedPaper(PAPER, "Tue 12 May 2026")] * 2, ENGLISH, first=8, url="https://x.org")
    assert embed["url"] == "https://x.org"
    first, facts, second, _ = embed["description"].splitlines()
    assert first == "**9.** [On αᵢ and \\*stars\\*](https://arxiv.org/abs/2605.00001)"
    assert facts == "*Ann Lee, Bo Chen · cs.CL · Tue 12 May 2026*"
    assert second.startswith("**10.** ")
    assert render_list("x", [], ENGLISH)["description"] == "Nothing found."
