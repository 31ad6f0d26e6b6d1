"""Terminal output: complete, wrapped, and without a control character of a paper."""

import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given, settings

from bot.model import AnnounceType, Brief, IngestReport, PaperVersion
from bot.render.plain import render_hits_text, render_ingest_text, render_paper_text, render_text
from bot.statement import Statement
from tests.unit.render.samples import DAY, PAPER, hostile_briefs, make_brief, make_item, make_summary, plain


def check_harmless(text: str) -> None:
    assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"]
    assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")


@settings(max_examples=50, deadline=None)
@given(hostile_briefs())
def test_hostile_briefs_are_harmless_and_complete(brief: Brief) -> None:
    text = render_text(brief)
    check_harmless(text)
    for item in brief.items:
        assert item.paper.arxiv_id in text


def test_a_brief_reads_as_designed() -> None:
    item = make_item(
        comment=None, links={"abs": "https://arxiv.org/abs/2608.00847"}, summary=make_summary("It is fast.", "Truly.")
    )
    assert render_text(make_brief(item)).splitlines() == [
        "Attention: Wed 12 Aug 2026",
        "arXiv announced 239 in cs.CV for Wed 12 Aug 2026: 239 read, 31 matched, 1 shown, 0 failed",
        "Not shown: 208 outside the topic's query; 30 below the cut",
        "",
        " 1. Sparse Attention in O(n log n) Time",
        "    Ada Lovelace, Kurt Gödel",
        "    2608.00847v1 · cs.CL (also cs.LG) · score 1.50",
        "    Summary (extracted from the abstract): It is fast. [1]",
        "    • Truly. [2]",
        "    Why: matches “attention” in the title (+1.00); new in cs.CL (+0.50)",
        "    arXiv: https://arxiv.org/abs/2608.00847",
    ]


def test_silence_is_said() -> None:
    assert render_text(make_brief(silence=plain("Nothing matched."))).splitlines()[-1] == "Nothing matched."


def test_lines_keep_the_width_in_columns() -> None:
    item = make_item(
        title="深度学习" * 40,
        authors=("Very Long Name " * 10,),
        links={},
        summary=make_summary("word " * 80 + "x" * 300),
    )
    lines = render_text(make_brief(item), width=60).splitlines()[3:]
    widths = [sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line) for line in lines]
    assert max(widths) <= 60
    assert "".join(line.strip() for line in lines).count("深度学习") >= 39


def test_a_model_is_named_as_the_author_of_its_summary() -> None:
    text = render_text(make_brief(make_item(summary=make_summary("Gist.", producer="gpt-x\x1b[0m"))))
    assert "Summary (written by gpt-x[0m): Gist. [1]" in text


def test_addresses_other_than_web_ones_are_left_out() -> None:
    text = render_text(make_brief(make_item(links={"code": "javascript:alert(1)", "pdf": "https://arxiv.org/pdf/1"})))
    assert "javascript" not in text
    assert "PDF: https://arxiv.org/pdf/1" in text


def test_a_paper_shows_everything_known() -> None:
    paper = replace(
        PAPER,
        authors=tuple(f"Author {number}" for number in range(30)),
        journal_ref="J. Sparse 1 (2026)",
        licence="http://creativecommons.org/licenses/by/4.0/",
        withdrawn=True,
    )
    text = render_paper_text(
        paper,
        make_summary("Gist.", "Point."),
        {"abs": "https://arxiv.org/abs/2608.00847"},
        [PaperVersion("2608.00847", 1, DAY), PaperVersion("2608.00847", 2, date(2026, 8, 20), withdrawn=True)],
        [("cs.CL", DAY, AnnounceType.NEW)],
    )
    for part in (
        "Author 29",
        "withdrawn",
        "Journal: J. Sparse 1 (2026)",
        "Licence: http://creativecommons.org/licenses/by/4.0/",
        "Comment: accepted at ACL 2026; 12 pages; 3 figures",
        "cs.CL: new, Wed 12 Aug 2026",
        "Versions: v1 Wed 12 Aug 2026, v2 Thu 20 Aug 2026 (withdrawn)",
        "It costs $5 a day. Results hold for xᵢ.",
        "arXiv: https://arxiv.org/abs/2608.00847",
    ):
        assert part in text
    check_harmless(text)


def test_search_results() -> None:
    assert render_hits_text([]) == "Nothing found."
    assert render_hits_text([(PAPER, DAY), (replace(PAPER, title="B\x1b[2J"), None)]).splitlines() == [
        "Sparse Attention in O(n log n) Time",
        "    Ada Lovelace, Kurt Gödel",
        "    2608.00847v1 · cs.CL (also cs.LG) · Wed 12 Aug 2026",
        "",
        "B[2J",
        "    Ada Lovelace, Kurt Gödel",
        "    2608.00847v1 · cs.CL (also cs.LG)",
    ]


def test_ingest_report() -> None:
    announcement = make_brief().announcements[0]
    stored = replace(announcement.stored, new=199)
    partial = replace(announcement, stored=stored, late=True, reason=Statement.plain("one is\x07 missing"))
    report = IngestReport(datetime(2026, 8, 12, 1, tzinfo=UTC), (announcement, partial), 7, 1234, 5, 6)
    assert render_ingest_text(report).splitlines() == [
        "cs.CV  Wed 12 Aug 2026  fresh from listing, 200 new, 39 cross-listed, 100 replaced",
        (
            "cs.CV  Wed 12 Aug 2026  fresh from listing, late, 199 new, 39 cross-listed, 100 replaced"
            " (arXiv shows 200, 39, 100): one is missing"
        ),
        "7 requests, 1,234 new papers, 5 enriched, 6 to be enriched later",
    ]
