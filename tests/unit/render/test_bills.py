"""The cost line, the model's standing, the overview in every format: in words, inside limits, hostile names inert."""

from dataclasses import replace

import pytest

from bot.i18n import load_texts
from bot.render.bills import bill_line, model_lines, money, short_count
from bot.render.embeds import MAX_CONTENT, render_header, render_message
from bot.render.markdown import render_markdown
from bot.render.pages import render_html
from bot.render.plain import render_text
from bot.render.text import discord_length
from bot.spending import Bill, ModelStanding, Spending
from bot.texts import Fallback, Overview, OverviewSentence
from tests.unit.render.samples import make_brief, make_item

BILL = Bill("gpt-x", made=9, cached=3, spending=Spending(13, 12_000, 2_200, 30_000))


def test_the_line_names_the_model_what_it_did_and_what_it_cost() -> None:
    assert bill_line(BILL) == "gpt-x · 12 summaries · 3 from the cache · 14.2k tokens · $0.03"
    assert bill_line(BILL, load_texts("zh-CN")) == "gpt-x · 12 篇摘要 · 3 篇来自缓存 · 14.2k 个 token · $0.03"
    assert bill_line(None) == ""


def test_what_is_estimated_is_marked_and_what_is_not_known_is_left_out() -> None:
    assert bill_line(replace(BILL, spending=replace(BILL.spending, estimated=1))).endswith("~14.2k tokens · ~$0.03")
    assert bill_line(replace(BILL, spending=replace(BILL.spending, cost_micros=0))).endswith("14.2k tokens")
    assert bill_line(Bill("gpt-x", cached=1)) == "gpt-x · 1 summary · 1 from the cache"
    assert bill_line(Bill("gpt-x", fallbacks={Fallback.BUDGET: 2})) == "gpt-x · 2 extracted instead"


@pytest.mark.parametrize(
    ("micros", "shown"),
    [(1, "$0.0001"), (900, "$0.0009"), (10_000, "$0.01"), (1_234_567, "$1.23"), (2_000_000_000, "$2,000.00")],
)
def test_money_is_never_shown_as_nothing(micros: int, shown: str) -> None:
    assert money(micros, "$") == shown


def test_tokens_are_short() -> None:
    assert [short_count(one) for one in (0, 999, 1000, 14_249, 999_949, 999_950, 3_140_000)] == [
        "0",
        "999",
        "1.0k",
        "14.2k",
        "999.9k",
        "1.0M",
        "3.1M",
    ]


def test_a_hostile_name_of_a_model_does_nothing() -> None:
    brief = replace(
        make_brief(make_item()), bill=replace(BILL, producer="@everyone <@1> [x](https://evil.example)\u202e")
    )
    content = render_header(brief)
    assert "@everyone" not in content
    assert "<@1>" not in content
    assert "](https" not in content
    assert "<script" not in render_html(replace(brief, bill=replace(BILL, producer="<script>")))


def test_standing_tells_share_ceiling_rest_and_fullness() -> None:
    standing = ModelStanding("gpt-x", Spending(3, 800, 200, 250_000), 1_000_000, 10_000, "€", resting=True, full=True)
    assert standing.share == 0.25
    assert model_lines(standing, load_texts()) == [
        "gpt-x · 3 requests · 1.0k tokens · €0.25",
        "25% of the day's ceiling is used (€1.00 · 10.0k tokens)",
        "The ceiling is reached: until midnight UTC summaries are extracted.",
        "The model failed or refused and is left alone for a while: summaries are extracted.",
    ]
    over = ModelStanding("gpt-x", Spending(1, 9_000, 1_001, 0), None, 10_000, "€", full=True)
    assert over.overrun
    assert not replace(over, spent=Spending(1, 9_000, 1_000, 0)).overrun, "used up is not too much"
    too_much = (
        "More is spent than the ceiling allows: the model's server counted more tokens than a request was allowed, or "
        "the ceiling was lowered today."
    )
    assert model_lines(over, load_texts())[1:] == [
        "100% of the day's ceiling is used (10.0k tokens)",
        too_much,
        "The ceiling is reached: until midnight UTC summaries are extracted.",
    ]
    assert ModelStanding("gpt-x", Spending(cost_micros=3), 2, 10, "€").overrun
    free = ModelStanding("gpt-x", Spending(), None, None, "$")
    assert model_lines(free, load_texts()) == ["gpt-x · 0 requests", "No ceiling is set."]
    assert ModelStanding("gpt-x", Spending(), 0, None, "$").share == 1.0


def overview(text: str = "Two papers are about speed.") -> Overview:
    ids = tuple(make_item().paper.arxiv_id for _ in range(1))
    return Overview((OverviewSentence(text, ids),), "gpt-x", "1")


def test_the_overview_stands_above_the_papers_with_its_references() -> None:
    brief = replace(make_brief(make_item()), overview=overview())
    arxiv_id = brief.items[0].paper.arxiv_id
    assert f"Two papers are about speed. ([1](<https://arxiv.org/abs/{arxiv_id}>))" in render_header(brief)
    assert "Overview (written by gpt-x): Two papers are about speed. [1]" in render_text(brief)
    assert f"Two papers are about speed. ([1](<https://arxiv.org/abs/{arxiv_id}>))" in render_markdown(brief)
    page = render_html(brief)
    assert page.index("Two papers are about speed.") < page.index('<article id="paper-1">')
    assert '<a href="#paper-1">1</a>' in page


def test_what_does_not_fit_into_a_message_is_left_out_whole() -> None:
    long = overview("Speed " * 80)
    many = replace(long, sentences=long.sentences * 6)
    body = render_message(replace(make_brief(make_item()), overview=many, bill=BILL))
    assert discord_length(body["content"]) <= MAX_CONTENT - 60
    assert body["content"].endswith("-# gpt-x · 12 summaries · 3 from the cache · 14.2k tokens · $0.03")
    assert body["content"].count("](<https") == 3
