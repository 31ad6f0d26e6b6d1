"""A brief as one HTML page that needs nothing else: no script, no request, its style allowed by its own hash.

Jinja escapes everything; texts of papers come in sanitised, addresses only if they are http or https.
"""

import base64
import hashlib
from importlib import resources
from typing import Any

import jinja2

from bot import __version__
from bot.digest.sentences import split_sentences
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
from bot.render.text import readable, sanitise, web_links
from bot.render.translations import translated_title, translation_mark
from bot.texts import Sentence, Translation

OPEN_AUTHORS = 20
"""Authors shown at once; longer lists fold the rest away."""


def render_html(brief: Brief) -> str:
    """Return a complete HTML document, readable from 320 pixels up, light or dark as the reader's system is."""
    files = resources.files("bot.render").joinpath("templates")
    style = files.joinpath("brief.css").read_text(encoding="utf-8").strip()
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(files.joinpath("brief.html.j2").read_text(encoding="utf-8"))
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    return template.render(
        labels=labels,
        style=style,
        style_hash=f"sha256-{digest}",
        language=sanitise(brief.language),
        topic=sanitise(brief.topic.name(brief.language)),
        day=labels.format_date(brief.announced_on),
        announced_on=brief.announced_on.isoformat(),
        receipt=receipt_line(brief),
        dropped=dropped_line(brief.receipt),
        silence=sanitise(silence_to_operator(brief.silence) or ("" if brief.items else labels.NOTHING)),
        overview=overview_sentences(brief.overview, [item.paper.arxiv_id for item in brief.items]),
        overview_producer=written_by(brief.overview.producer) if brief.overview is not None else "",
        bill=bill_line(brief.bill),
        items=[_item(item) for item in brief.items],
        version=__version__,
    )


def _item(item: BriefItem) -> dict[str, Any]:
    paper, summary = item.paper, item.summary
    authors = [readable(name) for name in paper.authors]
    return {
        "number": item.position + 1,
        "title": readable(paper.title) or sanitise(paper.arxiv_id),
        "address": item_page(paper.arxiv_id),
        "authors": ", ".join(authors[:OPEN_AUTHORS]),
        "more_authors": ", ".join(authors[OPEN_AUTHORS:]),
        "more_authors_count": labels.format_count(max(0, len(authors) - OPEN_AUTHORS)),
        "authors_complete": paper.authors_complete,
        "identifier": versioned(paper),
        "primary": sanitise(paper.primary_category),
        "categories": [sanitise(one) for one in paper.categories if one != paper.primary_category],
        "translated_title": translated_title(item.translation, paper.title),
        "translated_abstract": readable(item.translation.abstract) if isinstance(item.translation, Translation) else "",
        "translated_language": sanitise(item.translation.language) if isinstance(item.translation, Translation) else "",
        "translation": translation_mark(item.translation),
        "marks": marks(item),
        "comment": comment_line(paper),
        "gist": readable(summary.text),
        "gist_marks": labels.sentence_numbers(summary.provenance),
        "paragraph": [_marked(one) for one in summary.paragraph],
        "takeaways": [_marked(one) for one in summary.key_takeaways],
        "aspects": [(label, *_marked(one)) for label, one in aspects(summary)],
        "producer": provenance(summary),
        "sentences": [readable(sentence) for sentence in split_sentences(paper.abstract)],
        "reasons": reasons_line(item),
        "links": [(name, url) for name, url in web_links(item.links)],
    }


def _marked(one: Sentence) -> tuple[str, str]:
    return readable(one.text), labels.sentence_numbers(one.provenance)
