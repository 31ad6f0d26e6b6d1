"""A model's summary in every format: whole, marked with who wrote it, inert; and why it was extracted instead."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.i18n import load_texts
from bot.render.details import PaperDetails, render_details
from bot.render.embeds import MAX_DESCRIPTION, MAX_TOTAL, render_card, render_message
from bot.render.items import aspects, paragraph_text, provenance
from bot.render.markdown import render_markdown
from bot.render.pages import render_html
from bot.render.plain import render_paper_text, render_text
from bot.render.text import discord_length
from bot.texts import Fallback, Sentence, Summary
from tests.unit.render.samples import PAPER, hostile, make_brief, make_item, make_summary

ENGLISH, CHINESE = load_texts("en"), load_texts("zh-CN")
WRITTEN = replace(
    make_summary("The gist.", "Point one.", "Point two.", producer="qwen-3"),
    paragraph=(Sentence("First sentence.", (0,)), Sentence("Second sentence.", (1, 2))),
    motivation=Sentence("The motive.", (0,)),
    method=Sentence("The method.", (1,)),
    result=Sentence("The outcome.", (2,)),
)
PARTS = ("The gist.", "First sentence.", "Second sentence.", "Point one.", "The motive.", "The method.", "The outcome.")


def _details(summary: Summary, **changes: Any) -> PaperDetails:
    return PaperDetails(replace(PAPER, **changes), summary, {"abs": "https://arxiv.org/abs/2608.00847"})


def test_the_details_show_all_parts_in_reading_order() -> None:
    shown = render_details(_details(WRITTEN), ENGLISH)["description"]
    places = [shown.index(part) for part in PARTS]
    assert places == sorted(places)
    assert "**Motivation** The motive." in shown
    assert "**动机** The motive." in render_details(_details(WRITTEN), CHINESE)["description"]
    assert "First sentence. Second sentence." in shown


def test_plain_text_and_markdown_and_html_show_all_parts_with_their_sentences() -> None:
    brief = make_brief(make_item(summary=WRITTEN))
    for text in (render_text(brief), render_markdown(brief), render_paper_text(PAPER, WRITTEN, {}, [], [])):
        for part in PARTS:
            assert part in text
        assert "written by qwen" in text
    assert "Second sentence. [2, 3]" in render_text(brief)
    assert "Method: The method. [2]" in render_text(brief)
    page = render_html(brief)
    for part in PARTS:
        assert part in page
    assert "<strong>Result</strong>: The outcome." in page
    assert "Summary: written by qwen-3" in page


def test_a_digest_and_a_card_show_gist_takeaways_and_who_wrote_them() -> None:
    item = make_item(summary=WRITTEN)
    (embed,) = render_message(make_brief(item))["embeds"]
    assert "The gist." in embed["description"]
    assert "• Point two." in embed["description"]
    assert embed["footer"]["text"].endswith("written by qwen-3")
    card = render_card(item, CHINESE)
    assert card["footer"]["text"].endswith("由 qwen-3 撰写")


MARKS = {
    Fallback.BUDGET: ("extracted: the model's budget for today is used up", "摘录：今日的模型预算已用完"),
    Fallback.UNAVAILABLE: ("extracted: the model could not be reached", "摘录：无法连接模型"),
    Fallback.INVALID: ("extracted: the model gave no usable answer", "摘录：模型没有给出可用的回答"),
    Fallback.REJECTED: ("extracted: the model's answer did not pass the checks", "摘录：模型的回答未通过核查"),
    Fallback.DEADLINE: ("extracted: the model's answer was not ready in time", "摘录：模型未能按时完成"),
}


@pytest.mark.parametrize("fallback", Fallback)
def test_an_extracted_text_says_why_it_stands_there(fallback: Fallback) -> None:
    english, chinese = MARKS[fallback]
    summary = replace(make_summary("Gist."), fallback=fallback)
    item = make_item(summary=summary)
    assert provenance(summary, CHINESE) == chinese
    for brief, mark in ((make_brief(item), english), (make_brief(item, language="zh-CN"), chinese)):
        (embed,) = render_message(brief)["embeds"]
        assert embed["footer"]["text"].endswith(mark)
    assert render_card(item, ENGLISH)["footer"]["text"].endswith(english)
    assert english in render_details(_details(summary), ENGLISH)["footer"]["text"]
    assert english in render_text(make_brief(item)).replace("\n    ", " ")
    assert english in render_markdown(make_brief(item))
    assert english.replace("'", "&#39;") in render_html(make_brief(item))


def test_without_a_model_the_mark_is_the_plain_one() -> None:
    assert provenance(make_summary("Gist.")) == "extracted from the abstract"
    assert provenance(make_summary("Gist."), CHINESE) == "摘自论文摘要"
    assert provenance(make_summary("Gist.", producer="{x}\u202e"), ENGLISH) == "written by {x}"
    assert aspects(make_summary("Gist.")) == []


def test_a_chinese_paragraph_has_no_blanks_between_its_sentences() -> None:
    chinese = replace(WRITTEN, language="zh-CN", paragraph=(Sentence("一。", ()), Sentence("二。", ())))
    assert paragraph_text(chinese) == "一。二。"


sentences = st.builds(Sentence, hostile, st.tuples(st.integers(0, 9)))


@settings(max_examples=60)
@given(
    gist=hostile,
    points=st.lists(sentences, max_size=6),
    paragraph=st.lists(sentences, max_size=8),
    stated=st.none() | sentences,
    title=hostile,
    comment=hostile,
)
def test_hostile_texts_of_a_model_stay_inside_the_limits(
    gist: str, points: list[Sentence], paragraph: list[Sentence], stated: Sentence | None, title: str, comment: str
) -> None:
    summary = replace(
        WRITTEN,
        text=gist,
        key_takeaways=tuple(points),
        paragraph=tuple(paragraph),
        motivation=stated,
        method=stated,
        result=stated,
    )
    details = _details(summary, title=title, comment=comment, journal_ref=comment, authors=(title,) * 50)
    embed = render_details(details, CHINESE)
    fields = [text for field in embed["fields"] for text in (field["name"], field["value"])]
    whole = [embed["title"], embed["description"], embed["footer"]["text"], *fields]
    assert 0 < discord_length(embed["description"]) <= MAX_DESCRIPTION
    assert sum(map(discord_length, whole)) <= MAX_TOTAL
    assert "@everyone" not in embed["description"]
    assert "https://evil" not in embed["description"]
    page = render_html(make_brief(make_item(summary=summary)))
    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in render_text(make_brief(make_item(summary=summary)))


def test_a_long_answer_gives_up_the_last_parts_first() -> None:
    long = "word " * 300
    summary = replace(
        WRITTEN,
        text=long,
        key_takeaways=tuple(Sentence(f"{n} {long}", (0,)) for n in range(6)),
        paragraph=tuple(Sentence(long, (0,)) for _ in range(8)),
        motivation=Sentence(long, (0,)),
        method=Sentence(long, (0,)),
        result=Sentence(long, (0,)),
    )
    shown = render_details(_details(summary), ENGLISH)["description"]
    assert discord_length(shown) <= MAX_DESCRIPTION
    assert shown.count("• ") == 6
