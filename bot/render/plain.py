"""Briefs, papers, search results and ingest reports for a terminal, as plain text.

Every text of a stranger is sanitised on the way, so that no escape sequence of a paper reaches the terminal.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import regex

from bot.model import Announcement, AnnounceType, Brief, BriefItem, IngestReport, Paper, PaperVersion
from bot.render import labels
from bot.render.bills import bill_line, overview_sentences
from bot.render.items import (
    aspects,
    comment_line,
    dropped_line,
    listed,
    marks,
    provenance,
    reasons_line,
    receipt_line,
    versioned,
    written_by,
)
from bot.render.statements import say_to_operator, silence_to_operator
from bot.render.text import authors_line, readable, sanitise, web_links
from bot.render.translations import translation_mark
from bot.texts import Overview, Sentence, Summary, Translation

DEFAULT_WIDTH = 100
_INDENT = "    "
_GRAPHEME = regex.compile(r"\X")
_LISTED_AUTHORS = 8
# After these a line of ideographs may break; such text has no blanks.
_WIDE = ("W", "F")


def render_text(brief: Brief, *, width: int = DEFAULT_WIDTH) -> str:
    """Return `brief` in lines of at most `width` columns (receipt and addresses may be longer), receipt first."""
    lines = [f"{sanitise(brief.topic.name(brief.language))}: {labels.format_date(brief.announced_on)}"]
    # Whole lines: people search for them.
    lines += [line for line in (receipt_line(brief), dropped_line(brief.receipt)) if line]
    if brief.silence or not brief.items:
        lines += _wrapped(sanitise(silence_to_operator(brief.silence) or labels.NOTHING), width)
    if bill := bill_line(brief.bill):
        lines.append(bill)
    if brief.overview is not None:
        lines += ["", *_wrapped(_overview(brief, brief.overview), width)]
    for item in brief.items:
        lines.append("")
        lines += _item_lines(item, width)
    return "\n".join(lines)


def render_paper_text(
    paper: Paper,
    summary: Summary,
    links: Mapping[str, str],
    versions: Sequence[PaperVersion],
    announced: Sequence[tuple[str, date, AnnounceType]],
    translation: Translation | None = None,
    *,
    width: int = DEFAULT_WIDTH,
) -> str:
    """Return everything known about one paper, with all its authors; `translation` before the original abstract."""
    lines = [*_wrapped(readable(paper.title), width), _facts(paper, [labels.WITHDRAWN] if paper.withdrawn else [])]
    everyone = ", ".join(readable(name) for name in paper.authors)
    lines += _wrapped(everyone + ("" if paper.authors_complete else " …"), width)
    for name, text in (
        (labels.COMMENT, comment_line(paper)),
        (labels.JOURNAL, readable(paper.journal_ref or "")),
        (labels.LICENCE, sanitise(paper.licence or "")),
    ):
        if text:
            lines += _wrapped(f"{name}: {text}", width, later="  ")
    for category, announced_on, kind in announced:
        lines.append(f"{sanitise(category)}: {labels.ANNOUNCE_TYPES[kind]}, {labels.format_date(announced_on)}")
    if versions:
        known = (f"v{one.version} {labels.format_date(one.announced_on)}{_withdrawn(one)}" for one in versions)
        lines += _wrapped(f"{labels.VERSIONS}: {', '.join(known)}", width, later="  ")
    lines += ["", *_summary_lines(summary, width, "")]
    if translation is not None:
        lines += ["", f"{labels.ABSTRACT} ({translation_mark(translation)}):"]
        lines += [*_wrapped(readable(translation.title), width), *_wrapped(readable(translation.abstract), width)]
    lines += ["", f"{labels.ABSTRACT}:", *_wrapped(readable(paper.abstract), width)]
    lines += ["", *_link_lines(links, "")]
    return "\n".join(lines).rstrip()


def render_hits_text(hits: Sequence[tuple[Paper, date | None]], *, width: int = DEFAULT_WIDTH) -> str:
    """Return search results, three lines each; `None` stands for a paper that no announcement we hold brought."""
    if not hits:
        return labels.NO_HITS
    lines: list[str] = []
    for paper, announced_on in hits:
        when = [labels.format_date(announced_on)] if announced_on else []
        lines += _wrapped(readable(paper.title), width, later="  ")
        lines += _wrapped(_authors(paper), width, first=_INDENT, later=_INDENT)
        lines += [_INDENT + _facts(paper, when), ""]
    return "\n".join(lines).rstrip()


def render_ingest_text(report: IngestReport) -> str:
    """Return an ingest report: one line per announcement, then what it cost."""
    lines = [_announcement_line(one) for one in report.announcements]
    lines.append(
        f"{labels.format_count(report.requests)} requests, {labels.format_count(report.new_papers)} new papers,"
        f" {labels.format_count(report.enriched)} enriched,"
        f" {labels.format_count(report.enrichment_failed)} to be enriched later"
    )
    if (vectors := report.vectors) is not None:
        why = f": {sanitise(vectors.problem)}" if vectors.problem else ""
        made, missing = labels.format_count(vectors.made), labels.format_count(vectors.missing)
        lines.append(f"{made} vectors made, {missing} to be made later{why}")
    return "\n".join(lines)


def _announcement_line(one: Announcement) -> str:
    stored, shown = one.stored, one.shown
    counts = f"{stored.new} new, {stored.cross} cross-listed, {stored.replace} replaced"
    if stored != shown:
        counts += f" (arXiv shows {shown.new}, {shown.cross}, {shown.replace})"
    source = f" from {one.source.value}" if one.source else ""
    late = f", {labels.LATE}" if one.late else ""
    reason = f": {sanitise(say_to_operator(one.reason))}" if one.reason else ""
    return (
        f"{sanitise(one.category)}  {labels.format_date(one.announced_on)}  {one.state.value}{source}{late},"
        f" {counts}{reason}"
    )


def _overview(brief: Brief, overview: Overview) -> str:
    sentences = [
        f"{text} [{', '.join(map(str, numbers))}]" if numbers else text
        for text, numbers in overview_sentences(overview, [item.paper.arxiv_id for item in brief.items])
    ]
    return f"{labels.OVERVIEW} ({written_by(overview.producer)}): {' '.join(sentences)}"


def _item_lines(item: BriefItem, width: int) -> Iterator[str]:
    number = f"{item.position + 1:>2}. "
    yield from _wrapped(readable(item.paper.title), width, first=number, later=_INDENT)
    yield from _wrapped(_authors(item.paper), width, first=_INDENT, later=_INDENT)
    yield _INDENT + _facts(item.paper, [*marks(item), f"{labels.SCORE} {item.score:.2f}"])
    comment = comment_line(item.paper)
    if comment:
        yield from _wrapped(f"{labels.COMMENT}: {comment}", width, first=_INDENT, later=_INDENT + "  ")
    yield from _summary_lines(item.summary, width, _INDENT)
    reasons = reasons_line(item)
    if reasons:
        yield from _wrapped(f"{labels.WHY}: {reasons}", width, first=_INDENT, later=_INDENT + "  ")
    yield from _link_lines(item.links, _INDENT)


def _summary_lines(summary: Summary, width: int, indent: str) -> Iterator[str]:
    gist = _marked(Sentence(summary.text, summary.provenance))
    yield from _wrapped(f"{labels.SUMMARY} ({provenance(summary)}): {gist}", width, first=indent, later=indent)
    yield from _wrapped(" ".join(map(_marked, summary.paragraph)), width, first=indent, later=indent)
    for one in summary.key_takeaways:
        yield from _wrapped(_marked(one), width, first=f"{indent}• ", later=f"{indent}  ")
    for label, one in aspects(summary):
        yield from _wrapped(f"{label}: {_marked(one)}", width, first=indent, later=f"{indent}  ")


def _marked(one: Sentence) -> str:
    return f"{readable(one.text)} {labels.sentence_numbers(one.provenance)}".strip()


def _link_lines(links: Mapping[str, str], indent: str) -> list[str]:
    return [f"{indent}{name}: {url}" for name, url in web_links(links)]


def _facts(paper: Paper, more: Sequence[str]) -> str:
    others = [category for category in paper.categories if category != paper.primary_category]
    crossed = f" (also {listed(others)})" if others else ""
    return " · ".join([versioned(paper), f"{sanitise(paper.primary_category)}{crossed}", *more])


def _authors(paper: Paper) -> str:
    return authors_line(paper.authors, complete=paper.authors_complete, limit=400, shown=_LISTED_AUTHORS)


def _withdrawn(version: PaperVersion) -> str:
    return f" ({labels.WITHDRAWN})" if version.withdrawn else ""


def _wrapped(text: str, width: int, *, first: str = "", later: str = "") -> list[str]:
    """Return `text` in lines of at most `width` columns; wide characters count two, a long word is cut."""
    if not text:
        return []
    lines: list[str] = []
    line, used, empty = first, _columns(first), True
    for word in text.split(" "):
        size = _columns(word)
        if not empty and used + 1 + size > width:
            lines.append(line)
            line, used, empty = later, _columns(later), True
        if not empty:
            line, used = line + " ", used + 1
        for piece in _pieces(word, max(8, width - used), max(8, width - _columns(later))) if size else ():
            if used + _columns(piece) > width and not empty:
                lines.append(line)
                line, used = later, _columns(later)
            line, used, empty = line + piece, used + _columns(piece), False
    return [*lines, line]


def _pieces(word: str, first: int, later: int) -> Iterator[str]:
    """Yield `word` whole if it fits or is an address, else in pieces of at most `first`, then `later` columns."""
    if _columns(word) <= first or "://" in word:
        yield word
        return
    piece, used, room = "", 0, first
    for grapheme in _GRAPHEME.findall(word):
        size = _columns(grapheme)
        if piece and used + size > room:
            yield piece
            piece, used, room = "", 0, later
        piece, used = piece + grapheme, used + size
    yield piece


def _columns(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in _WIDE else 1
        for character in text
    )
