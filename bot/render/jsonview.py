"""Briefs, papers and reports as JSON-ready dictionaries: the stable form for other programs.

Texts of papers stay raw, LaTeX and all; only what is not valid UTF-8 is replaced. The keys are a contract.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from bot.i18n import LOCALES, load_texts
from bot.model import Announcement, AnnounceType, Brief, BriefItem, Counts, IngestReport, Paper, PaperVersion
from bot.render.statements import say_silence, say_statement, say_to_operator, silence_to_operator
from bot.spending import Bill
from bot.statement import Statement
from bot.texts import Fallback, Overview, Sentence, Summary, Translation


def brief_as_json(brief: Brief, *, public: bool = False) -> dict[str, Any]:
    """Return a brief; `announced_on` is an ISO date, provenance counts the abstract's sentences from 0.

    `public`: for anybody who reads it, without money and with statements as readers are told them; else for the owner.
    """
    receipt, texts = brief.receipt, load_texts(LOCALES[0])
    silence = say_silence(brief.silence, texts) or None if public else silence_to_operator(brief.silence)
    say = functools.partial(say_statement, texts=texts) if public else say_to_operator
    return {
        "topic": _text(brief.topic.slug),
        "announced_on": brief.announced_on.isoformat(),
        "language": brief.language,
        "receipt": {
            "announced": receipt.announced,
            "read": receipt.read,
            "matched": receipt.matched,
            "shown": receipt.shown,
            "failed": receipt.failed,
            "dropped": {_text(reason): count for reason, count in receipt.dropped.items()},
        },
        "silence": _optional(silence),
        "items": [_item(item, say) for item in brief.items],
        "overview": _overview(brief.overview),
        "bill": _bill(brief.bill, public=public),
    }


def paper_as_json(
    paper: Paper,
    summary: Summary,
    links: Mapping[str, str],
    versions: Sequence[PaperVersion],
    announced: Sequence[tuple[str, date, AnnounceType]],
    translation: Translation | None = None,
) -> dict[str, Any]:
    """Return one paper with our summary, its links, versions and announcements, and its translation if there is one."""
    return {
        **_paper(paper),
        "abstract": _text(paper.abstract),
        "authors_complete": paper.authors_complete,
        "journal_ref": _optional(paper.journal_ref),
        "doi": _optional(paper.doi),
        "licence": _optional(paper.licence),
        "submitted_at": _instant(paper.submitted_at),
        "updated_at": _instant(paper.updated_at),
        "withdrawn": paper.withdrawn,
        "summary": _summary(summary),
        "key_takeaways": [_sentence(one) for one in summary.key_takeaways],
        "translation": _translation(translation),
        "links": _links(links),
        "versions": [
            {"version": one.version, "announced_on": one.announced_on.isoformat(), "withdrawn": one.withdrawn}
            for one in versions
        ],
        "announced": [
            {"category": _text(category), "announced_on": announced_on.isoformat(), "announce_type": kind.value}
            for category, announced_on, kind in announced
        ],
    }


def hits_as_json(hits: Sequence[tuple[Paper, date | None, float]]) -> list[dict[str, Any]]:
    """Return search results in their order; `announced_on` is None for papers that were never announced to us."""
    return [
        {**_paper(paper), "announced_on": announced_on.isoformat() if announced_on else None, "score": score}
        for paper, announced_on, score in hits
    ]


def ingest_as_json(report: IngestReport) -> dict[str, Any]:
    """Return an ingest report; `as_of` is UTC, ending in Z."""
    return {
        "as_of": _instant(report.as_of),
        "announcements": [_announcement(one) for one in report.announcements],
        "requests": report.requests,
        "new_papers": report.new_papers,
        "enriched": report.enriched,
        "enrichment_failed": report.enrichment_failed,
        "vectors": None
        if report.vectors is None
        else {
            "made": report.vectors.made,
            "missing": report.vectors.missing,
            "problem": _text(report.vectors.problem) if report.vectors.problem else None,
        },
    }


def _overview(overview: Overview | None) -> dict[str, Any] | None:
    if overview is None:
        return None
    return {
        "sentences": [
            {"text": _text(one.text), "arxiv_ids": [_text(each) for each in one.arxiv_ids]}
            for one in overview.sentences
        ],
        "producer": _text(overview.producer),
        "prompt_version": _text(overview.prompt_version),
    }


def _bill(bill: Bill | None, *, public: bool) -> dict[str, Any] | None:
    """Return what a model did for the brief; `cost_micros` are millionths of the currency of the prices."""
    if bill is None:
        return None
    money = {"cost_micros": bill.spending.cost_micros, "currency": _text(bill.currency)}
    return {
        "producer": _text(bill.producer),
        "made": bill.made,
        "cached": bill.cached,
        "fallbacks": {why.value: count for why, count in bill.fallbacks.items()},
        "failed": dict(bill.failed),
        "requests": bill.spending.requests,
        "input_tokens": bill.spending.input_tokens,
        "output_tokens": bill.spending.output_tokens,
        "estimated": bill.spending.estimated,
        **({} if public else money),
    }


def _item(item: BriefItem, say: Callable[[Statement], str]) -> dict[str, Any]:
    paper = _paper(item.paper)
    comment = paper.pop("comment")
    return {
        **paper,
        "announce_type": item.announce_type.value,
        "late": item.late,
        "score": item.score,
        "reasons": [{"text": _text(say(reason.why)), "score": reason.score} for reason in item.reasons],
        "summary": _summary(item.summary),
        "key_takeaways": [_sentence(one) for one in item.summary.key_takeaways],
        "comment": comment,
        "links": _links(item.links),
    }


def _paper(paper: Paper) -> dict[str, Any]:
    return {
        "arxiv_id": _text(paper.arxiv_id),
        "version": paper.version,
        "title": _text(paper.title),
        "authors": [_text(name) for name in paper.authors],
        "primary_category": _text(paper.primary_category),
        "categories": [_text(category) for category in paper.categories],
        "comment": _optional(paper.comment),
    }


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        "text": _text(summary.text),
        "provenance": list(summary.provenance),
        "producer": _text(summary.producer),
        "language": _text(summary.language),
        "prompt_version": _text(summary.prompt_version),
        "paragraph": [_sentence(one) for one in summary.paragraph],
        "motivation": _optional_sentence(summary.motivation),
        "method": _optional_sentence(summary.method),
        "result": _optional_sentence(summary.result),
        "fallback": summary.fallback.value if summary.fallback else None,
    }


def _translation(one: Translation | Fallback | None) -> dict[str, Any] | None:
    if not isinstance(one, Translation):
        return None if one is None else {"missing": one.value}
    return {
        "language": _text(one.language),
        "title": _text(one.title),
        "abstract": _text(one.abstract),
        "producer": _text(one.producer),
        "prompt_version": _text(one.prompt_version),
    }


def _optional_sentence(sentence: Sentence | None) -> dict[str, Any] | None:
    return None if sentence is None else _sentence(sentence)


def _sentence(sentence: Sentence) -> dict[str, Any]:
    return {"text": _text(sentence.text), "provenance": list(sentence.provenance)}


def _announcement(announcement: Announcement) -> dict[str, Any]:
    return {
        "category": _text(announcement.category),
        "announced_on": announcement.announced_on.isoformat(),
        "state": announcement.state.value,
        "source": announcement.source.value if announcement.source else None,
        "shown": _counts(announcement.shown),
        "stored": _counts(announcement.stored),
        "late": announcement.late,
        "reason": _text(say_to_operator(announcement.reason)) if announcement.reason else None,
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {"new": counts.new, "cross": counts.cross, "replace": counts.replace}


def _links(links: Mapping[str, str]) -> dict[str, str]:
    return {_text(kind): _text(url) for kind, url in links.items()}


def _optional(text: str | None) -> str | None:
    return None if text is None else _text(text)


def _text(text: str) -> str:
    """Return `text` with unpaired surrogates replaced by U+FFFD: they have no UTF-8 form."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
