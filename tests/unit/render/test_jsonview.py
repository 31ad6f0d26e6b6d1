"""The JSON forms: exact keys, raw texts, always valid UTF-8."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings

from bot.model import AnnounceType, Brief, IngestReport, PaperVersion
from bot.render.jsonview import brief_as_json, hits_as_json, ingest_as_json, paper_as_json
from bot.statement import Statement
from bot.texts import Fallback, Sentence
from tests.unit.render.samples import DAY, PAPER, hostile_briefs, make_brief, make_item, make_summary


@settings(max_examples=50, deadline=None)
@given(hostile_briefs())
def test_hostile_briefs_are_valid_utf_8_and_keep_every_paper(brief: Brief) -> None:
    made = brief_as_json(brief)
    assert json.loads(json.dumps(made, ensure_ascii=False).encode("utf-8")) == made
    assert [item["arxiv_id"] for item in made["items"]] == [item.paper.arxiv_id for item in brief.items]


def test_a_brief_has_exactly_these_keys() -> None:
    assert brief_as_json(make_brief(make_item(summary=make_summary("It is fast.", "Truly."), late=True))) == {
        "topic": "attention",
        "announced_on": "2026-08-12",
        "language": "en",
        "receipt": {
            "announced": 239,
            "read": 239,
            "matched": 31,
            "shown": 1,
            "failed": 0,
            "dropped": {"no_match": 208, "below_cut": 30},
        },
        "silence": None,
        "items": [
            {
                "arxiv_id": "2608.00847",
                "version": 1,
                "title": r"Sparse Attention in $O(n \log n)$ Time",
                "authors": ["Ada Lovelace", "Kurt Gödel"],
                "primary_category": "cs.CL",
                "categories": ["cs.CL", "cs.LG"],
                "announce_type": "new",
                "late": True,
                "score": 1.5,
                "reasons": [
                    {"text": "matches “attention” in the title", "score": 1.0},
                    {"text": "new in cs.CL", "score": 0.5},
                ],
                "summary": {
                    "text": "It is fast.",
                    "provenance": [0],
                    "producer": "extractive",
                    "language": "en",
                    "prompt_version": "1",
                    "paragraph": [],
                    "motivation": None,
                    "method": None,
                    "result": None,
                    "fallback": None,
                },
                "key_takeaways": [{"text": "Truly.", "provenance": [1]}],
                "comment": "12 pages, 3 figures, accepted at ACL 2026",
                "links": {"abs": "https://arxiv.org/abs/2608.00847", "code": "https://github.com/a/b"},
            }
        ],
        "overview": None,
        "bill": None,
    }


def test_an_ingest_report_has_exactly_these_keys() -> None:
    as_of = datetime(2026, 8, 12, 3, 30, tzinfo=timezone(timedelta(hours=2)))
    announcement = make_brief().announcements[0]
    report = IngestReport(
        as_of, (announcement, replace(announcement, source=None, reason=Statement.plain("late"))), 7, 12, 5, 1
    )
    made = ingest_as_json(report)
    assert made["announcements"][1]["source"] is None
    assert made["announcements"][1]["reason"] == "late"
    del made["announcements"][1]
    assert made == {
        "as_of": "2026-08-12T01:30:00Z",
        "announcements": [
            {
                "category": "cs.CV",
                "announced_on": "2026-08-12",
                "state": "fresh",
                "source": "listing",
                "shown": {"new": 200, "cross": 39, "replace": 100},
                "stored": {"new": 200, "cross": 39, "replace": 100},
                "late": False,
                "reason": None,
            }
        ],
        "requests": 7,
        "new_papers": 12,
        "enriched": 5,
        "enrichment_failed": 1,
        "vectors": None,
    }


def test_a_paper_has_its_history() -> None:
    paper = replace(PAPER, submitted_at=datetime(2026, 8, 11, 9, tzinfo=UTC), title="lone \ud800 one")
    made = paper_as_json(
        paper,
        make_summary("Gist."),
        {"abs": "https://arxiv.org/abs/2608.00847"},
        [PaperVersion("2608.00847", 1, DAY)],
        [("cs.CL", DAY, AnnounceType.NEW)],
    )
    assert made["title"] == "lone \ufffd one"
    assert made["abstract"] == PAPER.abstract
    assert made["submitted_at"] == "2026-08-11T09:00:00Z"
    assert made["updated_at"] is None
    assert made["versions"] == [{"version": 1, "announced_on": "2026-08-12", "withdrawn": False}]
    assert made["announced"] == [{"category": "cs.CL", "announced_on": "2026-08-12", "announce_type": "new"}]
    assert made["summary"] == {
        "text": "Gist.",
        "provenance": [0],
        "producer": "extractive",
        "language": "en",
        "prompt_version": "1",
        "paragraph": [],
        "motivation": None,
        "method": None,
        "result": None,
        "fallback": None,
    }


def test_what_a_model_wrote_comes_whole_with_its_provenance() -> None:
    summary = replace(
        make_summary("Gist.", producer="a-model"),
        paragraph=(Sentence("One.", (0, 1)),),
        motivation=Sentence("Why \ud800.", (1,)),
        fallback=Fallback.DEADLINE,
    )
    made = paper_as_json(PAPER, summary, {}, [], [])["summary"]
    assert made["paragraph"] == [{"text": "One.", "provenance": [0, 1]}]
    assert made["motivation"] == {"text": "Why \ufffd.", "provenance": [1]}
    assert made["method"] is None
    assert made["fallback"] == "deadline"


def test_search_results() -> None:
    made = hits_as_json([(PAPER, DAY, 0.5), (PAPER, None, 0.0)])
    assert [(hit["arxiv_id"], hit["announced_on"], hit["score"]) for hit in made] == [
        ("2608.00847", "2026-08-12", 0.5),
        ("2608.00847", None, 0.0),
    ]
