"""One paper of a brief as a template of a page takes it: what the one-page brief and the web edition have in common.

Texts come as `rich` makes them of a stranger's LaTeX: plain and sanitised, to be escaped by the template, or as markup.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.digest.sentences import split_sentences
from bot.i18n import Texts, load_texts
from bot.model import BriefItem
from bot.render import labels
from bot.render.items import aspects, comment_line, item_page, marks, provenance, reasons_line, versioned
from bot.render.statements import say_statement
from bot.render.text import readable, sanitise, web_links
from bot.render.translations import translated_title, translation_mark
from bot.texts import Sentence, Summary, Translation

OPEN_AUTHORS = 20
"""Authors shown at once; longer lists fold the rest away."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How a page puts papers into words. `texts`: of its interface. `rich`: makes what is shown of a stranger's text.

    `operator`: reasons in English with what each added to the score, as who runs the program reads them.
    """

    texts: Texts
    rich: Callable[[str], str] = readable
    operator: bool = False


def operators_wording() -> Wording:
    """Return the wording of a page for whoever runs the program: English, every detail, formulas as Unicode."""
    return Wording(load_texts(), operator=True)


def page_item(item: BriefItem, wording: Wording) -> dict[str, Any]:
    """Return what the macro `article` of `pieces.html.j2` shows of one paper; it leads to the paper's page on arXiv."""
    paper, texts = item.paper, wording.texts
    return {
        "number": item.position + 1,
        "title": wording.rich(paper.title) or sanitise(paper.arxiv_id),
        "address": item_page(paper.arxiv_id),
        "outside": True,
        **folded_authors(paper.authors),
        "authors_complete": paper.authors_complete,
        "identifier": versioned(paper),
        "primary": sanitise(paper.primary_category),
        "categories": [sanitise(one) for one in paper.categories if one != paper.primary_category],
        "translated_title": _translated_title(item, wording),
        "translated_abstract": wording.rich(item.translation.abstract)
        if isinstance(item.translation, Translation)
        else "",
        "translated_language": sanitise(item.translation.language) if isinstance(item.translation, Translation) else "",
        "translation": translation_mark(item.translation, texts),
        "marks": [texts.say(mark) for mark in marks(item)],
        "comment": comment_line(paper),
        **page_summary(item.summary, wording),
        "sentences": [wording.rich(sentence) for sentence in split_sentences(paper.abstract)],
        "reasons": reasons_line(item) if wording.operator else _reasons(item, texts),
        "links": named_links(item.links, texts),
        "figures": (),
    }


def page_summary(summary: Summary, wording: Wording) -> dict[str, Any]:
    """Return what the macro `summary_of` shows: the gist, the paragraph, takeaways and aspects, and who wrote them."""
    return {
        "language": sanitise(summary.language),
        "gist": wording.rich(summary.text),
        "gist_marks": labels.sentence_numbers(summary.provenance),
        "paragraph": [_marked(one, wording) for one in summary.paragraph],
        "takeaways": [_marked(one, wording) for one in summary.key_takeaways],
        "aspects": [(wording.texts.say(label), *_marked(one, wording)) for label, one in aspects(summary)],
        "producer": provenance(summary, wording.texts),
    }


def folded_authors(authors: Sequence[str]) -> dict[str, Any]:
    """Return the names that are shown at once, the rest, and how many the rest are."""
    names = [readable(name) for name in authors]
    return {
        "authors": ", ".join(names[:OPEN_AUTHORS]),
        "more_authors": ", ".join(names[OPEN_AUTHORS:]),
        "more_authors_count": labels.format_count(max(0, len(names) - OPEN_AUTHORS)),
    }


def named_links(links: Mapping[str, str], texts: Texts) -> list[tuple[str, str]]:
    """Return (name, URL) of those links that are plain web addresses, names in the language of `texts` where known."""
    names = {sanitise(english): texts.say(english) for english in labels.LINK_NAMES.values()}
    return [(names.get(name, name), url) for name, url in web_links(links)]


def _translated_title(item: BriefItem, wording: Wording) -> str:
    if not isinstance(item.translation, Translation) or not translated_title(item.translation, item.paper.title):
        return ""
    return wording.rich(item.translation.title)


def _reasons(item: BriefItem, texts: Texts) -> str:
    return texts.say("; ").join(say_statement(reason.why, texts) for reason in item.reasons)


def _marked(one: Sentence, wording: Wording) -> tuple[str, str]:
    return wording.rich(one.text), labels.sentence_numbers(one.provenance)
