"""A brief as Markdown (CommonMark, GitHub's tables and autolinks in mind); every text of a stranger is escaped."""

from collections.abc import Iterator

from bot.model import Brief, BriefItem
from bot.render import labels
from bot.render.bills import bill_line, overview_sentences
from bot.render.items import (
    aspects,
    comment_line,
    dropped_line,
    item_page,
    marks,
    provenance,
    reasons_line,
    receipt_line,
    versioned,
    written_by,
)
from bot.render.statements import silence_to_operator
from bot.render.text import authors_line, clip, escape_markdown, readable, sanitise, web_links
from bot.texts import Overview, Summary

_LISTED_AUTHORS = 8


def render_markdown(brief: Brief) -> str:
    """Return `brief` as one Markdown document, receipt first; ends without a line break."""
    name = escape_markdown(sanitise(brief.topic.name(brief.language)))
    blocks = [f"# {name}: {labels.format_date(brief.announced_on)}", f"{escape_markdown(receipt_line(brief))}."]
    dropped = dropped_line(brief.receipt)
    if dropped:
        blocks.append(f"{escape_markdown(dropped)}.")
    if brief.silence or not brief.items:
        blocks.append(f"**{escape_markdown(sanitise(silence_to_operator(brief.silence) or labels.NOTHING))}**")
    if brief.overview is not None:
        blocks.append(_overview(brief, brief.overview))
    for item in brief.items:
        blocks.extend(_item_blocks(item))
    if brief.items:
        blocks.append(f"*{labels.SENTENCE_NUMBERS}*")
    if bill := bill_line(brief.bill):
        blocks.append(f"*{escape_markdown(bill)}*")
    blocks.append(f"*{labels.THANKS}*")
    return "\n\n".join(blocks)


def _overview(brief: Brief, overview: Overview) -> str:
    ids = [item.paper.arxiv_id for item in brief.items]
    sentences = []
    for text, numbers in overview_sentences(overview, ids):
        links = ", ".join(f"[{number}]({_target(item_page(ids[number - 1]))})" for number in numbers)
        sentences.append(f"{escape_markdown(text)} ({links})" if links else escape_markdown(text))
    return f"**{labels.OVERVIEW}** *({escape_markdown(written_by(overview.producer))})*: {' '.join(sentences)}"


def _item_blocks(item: BriefItem) -> Iterator[str]:
    paper = item.paper
    title = escape_markdown(readable(paper.title) or sanitise(paper.arxiv_id))
    yield f"## {item.position + 1}. [{title}]({_target(item_page(paper.arxiv_id))})"
    authors = authors_line(paper.authors, complete=paper.authors_complete, limit=600, shown=_LISTED_AUTHORS)
    facts = " · ".join([versioned(paper), *(sanitise(category) for category in paper.categories), *marks(item)])
    yield f"{escape_markdown(authors)}  \n{escape_markdown(facts)}"
    yield from _summary_blocks(item.summary)
    details = [
        (labels.COMMENT, escape_markdown(clip(comment_line(paper), 1000))),
        (labels.WHY, escape_markdown(reasons_line(item))),
        (labels.LINKS, " · ".join(f"[{escape_markdown(name)}]({_target(url)})" for name, url in web_links(item.links))),
    ]
    yield "  \n".join(f"{name}: {text}" for name, text in details if text)


def _summary_blocks(summary: Summary) -> Iterator[str]:
    text = _marked(summary.text, summary.provenance)
    producer = escape_markdown(provenance(summary))
    yield f"{text} *({producer})*" if text else f"*({producer})*"
    if summary.paragraph:
        yield " ".join(_marked(one.text, one.provenance) for one in summary.paragraph)
    if summary.key_takeaways:
        yield "\n".join(f"- {_marked(one.text, one.provenance)}" for one in summary.key_takeaways)
    stated = [f"**{label}**: {_marked(one.text, one.provenance)}" for label, one in aspects(summary)]
    if stated:
        yield "  \n".join(stated)


def _marked(text: str, provenance: tuple[int, ...]) -> str:
    return escape_markdown(f"{readable(text)} {labels.sentence_numbers(provenance)}".strip())


def _target(url: str) -> str:
    """Return a web address as a link destination in angle brackets, which no address of ours contains."""
    return f"<{url}>"
