"""Facts about a paper put in words, the same in every format. Returns sanitised text, escaped for none of them."""

from collections.abc import Sequence
from urllib.parse import quote

import regex

from bot.i18n import Texts
from bot.model import AnnounceType, Brief, BriefItem, Paper, Receipt
from bot.render import labels
from bot.render.statements import say_to_operator
from bot.render.text import readable, sanitise
from bot.texts import Sentence, Summary

_PARTS = regex.compile(r"\s*[;,]\s+|(?<=[^.\s]{3})\.\s+(?=\p{Lu})")
_VENUE = regex.compile(
    r"accept|to appear|publish|proceedings|conference|journal|workshop|transactions|camera[- ]ready|findings"
    r"|\b(?:[A-Z]{3,}[A-Za-z]*|Interspeech|NeurIPS)[ '’]*(?:20)?\d\d\b",
)
_LONGEST_COMMENT = 2000


def item_page(arxiv_id: str) -> str:
    """Return the address of a paper's page on arXiv."""
    return f"https://arxiv.org/abs/{quote(arxiv_id.encode('utf-8', 'replace'), safe='/')}"


def marks(item: BriefItem) -> list[str]:
    """Return what is special about how a paper came: cross-listed, late, withdrawn."""
    found = []
    if item.announce_type is not AnnounceType.NEW:
        found.append(labels.ANNOUNCE_TYPES[item.announce_type])
    if item.late:
        found.append(labels.LATE)
    if item.paper.withdrawn:
        found.append(labels.WITHDRAWN)
    return found


def comment_line(paper: Paper) -> str:
    """Return the authors' comment with the part that names a venue first; empty if there is none."""
    comment = readable((paper.comment or "")[:_LONGEST_COMMENT])
    parts = [part for part in _PARTS.split(comment) if part]
    venues = [part for part in parts if _VENUE.search(part)]
    if not venues or parts[: len(venues)] == venues:
        return comment
    return "; ".join(part.rstrip(".") for part in [*venues, *(part for part in parts if part not in venues)])


def receipt_line(brief: Brief) -> str:
    """Return the receipt in one sentence, as in "arXiv announced 239 in cs.CV for Wed 12 Aug 2026: 239 read, …"."""
    receipt = brief.receipt
    categories = [one.category for one in brief.announcements] or list(brief.topic.categories)
    return (
        f"arXiv announced {labels.format_count(receipt.announced)} in {listed(categories)}"
        f" for {labels.format_date(brief.announced_on)}: {labels.format_count(receipt.read)} read,"
        f" {labels.format_count(receipt.matched)} matched, {labels.format_count(receipt.shown)} shown,"
        f" {labels.format_count(receipt.failed)} failed"
    )


def dropped_line(receipt: Receipt) -> str:
    """Return why the other papers are not shown, with counts; empty if none was dropped."""
    reasons = [
        f"{labels.format_count(count)} {sanitise(labels.dropped_reason(reason))}"
        for reason, count in receipt.dropped.items()
        if count
    ]
    return f"{labels.NOT_SHOWN}: {'; '.join(reasons)}" if reasons else ""


def reasons_line(item: BriefItem) -> str:
    """Return why this paper was chosen, with what each reason added to the score; empty if nothing is known."""
    return "; ".join(f"{sanitise(say_to_operator(reason.why))} ({reason.score:+.2f})" for reason in item.reasons)


def provenance(summary: Summary, texts: Texts | None = None) -> str:
    """Return who wrote a summary or why it was extracted, in the language of `texts` (else English); never empty."""
    return sanitise(labels.produced_by(summary, texts.say) if texts else labels.produced_by(summary))


def written_by(producer: str) -> str:
    """Return "written by" with the model's name, sanitised, in English."""
    return sanitise(labels.WRITTEN_BY.format(model=producer or labels.AN_UNNAMED_MODEL))


def aspects(summary: Summary) -> list[tuple[str, Sentence]]:
    """Return (label, sentence) of the motivation, method and result that a summary states."""
    named = [(labels.MOTIVATION, summary.motivation), (labels.METHOD, summary.method), (labels.RESULT, summary.result)]
    return [(label, sentence) for label, sentence in named if sentence is not None and sentence.text]


def paragraph_text(summary: Summary) -> str:
    """Return a summary's paragraph as one readable text; empty if it has none."""
    blank = "" if summary.language.partition("-")[0].lower() in ("zh", "ja") else " "
    return blank.join(text for one in summary.paragraph if (text := readable(one.text)))


def listed(names: Sequence[str]) -> str:
    """Return names as "a", "a and b", "a, b and c"."""
    clean = [sanitise(name) for name in names]
    if len(clean) < 2:
        return "".join(clean)
    return f"{', '.join(clean[:-1])} and {clean[-1]}"


def versioned(paper: Paper) -> str:
    """Return the identifier with its version, such as "2605.00847v2"."""
    return f"{sanitise(paper.arxiv_id)}v{paper.version}"
