"""Markdown: links only where we put them, texts of papers literal."""

import re

from hypothesis import given, settings

from bot.model import Brief
from bot.render.markdown import render_markdown
from tests.unit.render.samples import hostile_briefs, make_brief, make_item, make_summary, plain

OURS = re.compile(r"\]\(<(https?://[^<>\s]+)>\)")


@settings(max_examples=50, deadline=None)
@given(hostile_briefs(most=4))
def test_hostile_briefs_add_no_link_no_html_and_no_heading(brief: Brief) -> None:
    text = render_markdown(brief)
    text.encode("utf-8")
    assert text.count("\n## ") == len(brief.items)
    strange = OURS.sub("", text)
    assert "://" not in strange
    bare = re.sub(r"\\.", "", strange)
    assert not re.search(r"<[A-Za-z/!]|\]\(|`|(?m:^ {0,3}(?:>|```|~~~|={3}))", bare)
    assert len(re.findall(r"(?m)^# ", bare)) == 1


def test_a_brief_reads_as_designed() -> None:
    item = make_item(
        title="A [x](https://evil.example) *b*",
        comment="1 page",
        summary=make_summary("It costs $5 in $n^2$.", "- Truly."),
        links={"abs": "https://arxiv.org/abs/2608.00847"},
    )
    assert render_markdown(make_brief(item)).splitlines() == [
        "# Attention: Wed 12 Aug 2026",
        "",
        "arXiv announced 239 in cs.CV for Wed 12 Aug 2026: 239 read, 31 matched, 1 shown, 0 failed.",
        "",
        "Not shown: 208 outside the topic's query; 30 below the cut.",
        "",
        r"## 1. [A \[x\](evil.example) \*b\*](<https://arxiv.org/abs/2608.00847>)",
        "",
        "Ada Lovelace, Kurt Gödel  ",
        "2608.00847v1 · cs.CL · cs.LG",
        "",
        r"It costs \$5 in n². \[1\] *(extracted from the abstract)*",
        "",
        r"- \- Truly. \[2\]",
        "",
        "Comment: 1 page  ",
        "Why: matches “attention” in the title (+1.00); new in cs.CL (+0.50)  ",
        "Links: [arXiv](<https://arxiv.org/abs/2608.00847>)",
        "",
        "*Numbers in brackets are the sentences of the abstract that a statement rests on.*",
        "",
        "*Thank you to arXiv for use of its open access interoperability.*",
    ]


def test_silence_is_said() -> None:
    assert "**Nothing \\*matched\\*.**" in render_markdown(make_brief(silence=plain("Nothing *matched*.")))
