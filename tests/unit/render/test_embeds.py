"""The Discord message: every limit, nobody mentioned, nothing lost."""

import importlib.util
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from bot.model import AnnounceType, Brief, Reason
from bot.render.embeds import MAX_PAPER, category_colour, render_message
from bot.render.text import discord_length
from bot.statement import Statement
from tests.shared import shared
from tests.unit.render.samples import hostile_briefs, make_brief, make_item, make_summary, plain
from tests.unit.render.test_text import MARKUP

GIST = "We show that attention needs no more than a sparse sample of its keys, and prove the bound. "
POINTS = tuple(f"Takeaway number {number} says something that is new and worth one line." for number in range(4))


def texts_of(embed: dict[str, Any]) -> list[str]:
    return [embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", "")]


def size_of(embed: dict[str, Any]) -> int:
    return sum(discord_length(text) for text in texts_of(embed))


def check_limits(body: dict[str, Any]) -> None:
    embeds = body.get("embeds", [])
    assert 0 < discord_length(body["content"]) <= 2000
    assert body["allowed_mentions"] == {"parse": []}
    assert len(embeds) <= 10
    assert sum(map(size_of, embeds)) <= 6000
    for embed in embeds:
        title, description, footer = (discord_length(text) for text in texts_of(embed))
        assert 0 < title <= 256
        assert description <= 4096
        assert footer <= 2048
        assert 0 <= embed["color"] <= 0xFFFFFF
    urls = [embed["url"] for embed in embeds if "url" in embed]
    assert len(set(urls)) == len(urls)
    assert all(url.startswith("https://") for url in urls)
    json.dumps(body, ensure_ascii=False).encode("utf-8")


@settings(max_examples=30, deadline=None)
@given(hostile_briefs())
def test_hostile_briefs_stay_inside_all_limits_and_mention_nobody(brief: Brief) -> None:
    body = render_message(brief)
    check_limits(body)
    assert len(body.get("embeds", [])) == len(brief.items)
    for embed in body.get("embeds", []):
        assert size_of(embed) <= MAX_PAPER
        for text in texts_of(embed):
            assert not MARKUP.search(text.replace("\\", ""))
    assert not MARKUP.search(body["content"].replace("\\", ""))


@pytest.mark.parametrize("count", [11, 15, 40, 90])
def test_more_papers_than_embeds_are_listed(count: int) -> None:
    items = tuple(make_item(number, title=f"{number} {'𝔸' * 300}") for number in range(count))
    body = render_message(make_brief(*items))
    check_limits(body)
    everything = json.dumps(body)
    assert all(item.paper.arxiv_id in everything for item in items)


def test_a_message_reads_as_designed() -> None:
    item = make_item(
        title=r"Sparse \emph{Attention} in $O(n \log n)$ *fast*",
        authors=("A", "B", "C", "D"),
        announce_type=AnnounceType.CROSS,
        late=True,
        summary=make_summary("It is fast.", "First point.", "Second point.", "Third point.", "Fourth point."),
    )
    body = render_message(make_brief(item), web_url="https://papers.example/attention/2026-08-12")
    assert body == {
        "content": (
            "**Attention** · Wed 12 Aug 2026 · announced 239 · matched 31 · shown 1\n"
            "Web page: <https://papers.example/attention/2026-08-12>"
        ),
        "allowed_mentions": {"parse": []},
        "embeds": [
            {
                "title": r"Sparse Attention in O(n log n) \*fast\*",
                "url": "https://arxiv.org/abs/2608.00847",
                "description": (
                    "A, B, C +1\n**It is fast.**\n• First point.\n• Second point.\n• Third point.\n"
                    "*Why: matches “attention” in the title; new in cs.CL*"
                ),
                "color": category_colour("cs.CL"),
                "footer": {
                    "text": "cs.CL · cross-listed · late · accepted at ACL 2026; 12 pages; 3 figures"
                    " · extracted from the abstract"
                },
            }
        ],
    }


def test_takeaways_go_before_the_gist_is_cut() -> None:
    roomy = render_message(make_brief(make_item(summary=make_summary(GIST, *POINTS))))["embeds"][0]["description"]
    tight = render_message(make_brief(make_item(summary=make_summary(GIST * 4, *POINTS))))["embeds"][0]["description"]
    over = render_message(make_brief(make_item(summary=make_summary(GIST * 9, *POINTS))))["embeds"][0]["description"]
    assert roomy.count("• ") == 3
    assert GIST.strip() in roomy
    assert tight.count("• ") < 3
    assert (GIST * 4).strip() in tight
    assert "• " not in over
    assert "…" in over


def test_an_empty_brief_says_why_in_content_alone() -> None:
    body = render_message(make_brief(silence=plain("arXiv announces nothing on Sunday 2026-08-16.")))
    assert "embeds" not in body
    assert body["content"].splitlines()[1] == "arXiv announces nothing on Sunday 2026-08-16."
    assert render_message(make_brief())["content"].splitlines()[1] == "There is nothing to show."


def test_a_brief_with_a_gap_says_so_beside_its_papers() -> None:
    brief = make_brief(make_item(), silence=plain("cs.LG is not there yet."))
    body = render_message(replace(brief, receipt=replace(brief.receipt, failed=3)))
    assert body["content"].endswith("shown 1 · failed 3\ncs.LG is not there yet.")
    assert len(body["embeds"]) == 1


def test_five_thousand_authors_cost_one_line() -> None:
    authors = tuple(f"G. Author{number}" for number in range(5154))
    description = render_message(make_brief(make_item(authors=authors)))["embeds"][0]["description"]
    assert description.splitlines()[0] == "G. Author0, G. Author1, G. Author2 +5,151"


def test_ten_full_papers_fit() -> None:
    items = [
        make_item(
            number,
            title="Ω𝔸 " * 200,
            authors=("Νάνος" * 30,) * 90,
            comment="accepted at " * 90,
            summary=make_summary("深度 " * 900, "注意 " * 300, "力 " * 300),
            reasons=(Reason(Statement.plain("matches " * 40), 1.0),) * 5,
        )
        for number in range(10)
    ]
    body = render_message(make_brief(*items))
    check_limits(body)
    assert len(body["embeds"]) == 10


def test_one_paper_twice_stays_two_embeds() -> None:
    check_limits(render_message(make_brief(make_item(), make_item())))


def test_a_foreign_abs_link_is_not_taken() -> None:
    embed = render_message(make_brief(make_item(links={"abs": "https://evil.example/abs/1"})))["embeds"][0]
    assert embed["url"] == "https://arxiv.org/abs/2608.00847"


def test_colour_says_the_category() -> None:
    assert category_colour("cs.CV") == category_colour("cs.CV") != category_colour("cs.CL")
    assert all(0 <= category_colour(name) <= 0xFFFFFF for name in ("math-ph", "new.XX", "", "cs.\ud800"))


@pytest.mark.parametrize("count", [0, 1, 10, 25])
def test_the_body_is_valid_by_discords_own_document(count: int) -> None:
    pytest.importorskip("jsonschema", reason="skipped: no jsonschema")
    tool, document = shared("tools", "validate_discord.py"), shared("data", "discord", "openapi.json")
    spec = importlib.util.spec_from_file_location("validate_discord", tool)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    validator = module.Validator(json.loads(document.read_text(encoding="utf-8")))
    body = render_message(make_brief(*(make_item(number) for number in range(count))))
    valid, errors, warnings = validator.check("POST", "/channels/1/messages", body)
    assert valid, errors
    assert not warnings
