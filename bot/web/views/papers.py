"""The page of one paper: all that is known of it, with the abstract in every language there is. Pure."""

from typing import Any

from bot.digest.sentences import split_sentences
from bot.i18n import LANGUAGES
from bot.model import AnnounceType, PaperVersion
from bot.render import labels
from bot.render.citations import render_bibtex
from bot.render.items import comment_line, versioned
from bot.render.page_items import folded_authors, named_links, page_summary
from bot.render.text import is_web_address, readable, sanitise
from bot.render.translations import translated_title, translation_mark
from bot.texts import Translation
from bot.web import words
from bot.web.pages import PaperPage, ShownIn
from bot.web.views.briefs import figures
from bot.web.views.cards import paper_link
from bot.web.views.frame import View, render

_LICENCES = {
    "creativecommons.org/licenses/by/": "CC BY",
    "creativecommons.org/licenses/by-sa/": "CC BY-SA",
    "creativecommons.org/licenses/by-nc-sa/": "CC BY-NC-SA",
    "creativecommons.org/licenses/by-nc-nd/": "CC BY-NC-ND",
    "creativecommons.org/publicdomain/zero/": "CC0",
    "arxiv.org/licenses/nonexclusive-distrib/": "arXiv.org",
}


def render_paper(page: PaperPage) -> bytes:
    """Return the page of a paper. The abstract is open in the language of the interface where it was translated."""
    view = View.of(page.frame)
    paper, texts, wording = page.paper, view.texts, view.wording
    title = readable(paper.title) or sanitise(paper.arxiv_id)
    first = next((one for one in page.translations if _same(one.language, page.frame.ui)), None)
    content = {
        "kind": "article",
        "picture": next(iter(page.figures), None),
        "heading": wording.rich(paper.title) or sanitise(paper.arxiv_id),
        "withdrawn": paper.withdrawn,
        "comment": comment_line(paper),
        "paper": {
            **folded_authors(paper.authors),
            **page_summary(page.summary, wording),
            "authors_complete": paper.authors_complete,
            "identifier": versioned(paper),
            "primary": sanitise(paper.primary_category),
            "marks": _marks(view, page),
            "translated_title": wording.rich(first.title) if first and translated_title(first, paper.title) else "",
            "translated_language": sanitise(first.language) if first else "",
            "sentences": [wording.rich(sentence) for sentence in split_sentences(paper.abstract)],
            "links": named_links(page.links, texts),
        },
        "translations": [_translation(view, one, is_open=one is first) for one in page.translations],
        "figures": figures(view, page.figures),
        "bibtex": render_bibtex(paper),
        "facts": [(texts.say(name), values) for name, values in _facts(view, page) if any(values)],
        "shown_in": [_shown_in(view, one) for one in page.shown_in],
        "near": [
            (texts.say(name), [paper_link(view, one) for one in near])
            for name, near in ((words.SURVEYS, page.surveys), (words.RELATED, page.related))
        ],
    }
    description = readable(page.summary.text) or readable(paper.abstract)
    return render(view, "paper.html.j2", title=title, description=description, content=content)


def _marks(view: View, page: PaperPage) -> list[str]:
    marks = [labels.LATE] if page.late else []
    return [view.texts.say(mark) for mark in [*marks, *([labels.WITHDRAWN] if page.paper.withdrawn else [])]]


def _same(language: str, ui: str) -> bool:
    return language == ui or language.partition("-")[0].lower() == ui.partition("-")[0].lower()


def _translation(view: View, one: Translation, *, is_open: bool) -> dict[str, Any]:
    language = sanitise(one.language)
    name = LANGUAGES.get(language, language)
    return {
        "language": language,
        "name": view.texts.say(words.ABSTRACT_IN, language=name),
        "abstract": view.wording.rich(one.abstract),
        "producer": translation_mark(one, view.texts),
        "open": is_open,
    }


def _facts(view: View, page: PaperPage) -> list[tuple[str, list[str]]]:
    """Return (name, values) of what is known about the paper; those without a value are left out by the caller."""
    paper, texts = page.paper, view.texts
    readers = [texts.count("{n} look-up", "{n} look-ups", page.look_ups)] if page.look_ups else []
    if page.saves:
        readers.append(texts.count("saved by {n}", "saved by {n}", page.saves))
    first = [(category, day, kind) for category, day, kind in page.announced if kind.deliverable]
    categories = dict.fromkeys([paper.primary_category, *paper.categories])
    return [
        (labels.JOURNAL, [readable((paper.journal_ref or "")[:1000])]),
        (words.CATEGORIES, [texts.say(", ").join(sanitise(one) for one in categories)]),
        (words.ANNOUNCED_ON, _announced(view, tuple(first))),
        (words.SUBMITTED, [texts.date(paper.submitted_at.date())] if paper.submitted_at else []),
        (labels.VERSIONS, [_version(view, one) for one in page.versions]),
        (labels.LICENCE, [_licence(paper.licence)]),
        (words.READERS, [" · ".join(readers)]),
    ]


def _announced(view: View, announced: tuple[tuple[str, Any, AnnounceType], ...]) -> list[str]:
    """Return a line per day: the date and the categories, cross-lists marked as such."""
    texts = view.texts
    days: dict[Any, list[str]] = {}
    for category, day, kind in announced:
        name = sanitise(category)
        if kind is not AnnounceType.NEW:
            name = texts.say("{what} ({more})", what=name, more=texts.say(labels.ANNOUNCE_TYPES[kind]))
        days.setdefault(day, []).append(name)
    joint = texts.say(", ")
    return [texts.say("{what}: {why}", what=texts.date(day), why=joint.join(names)) for day, names in days.items()]


def _version(view: View, one: PaperVersion) -> str:
    texts = view.texts
    said = f"v{one.version} · {texts.date(one.announced_on)}"
    return f"{said} · {texts.say(labels.WITHDRAWN)}" if one.withdrawn else said


def _licence(licence: str | None) -> str:
    """Return a licence by its short name with its version, else its address, empty where none is known."""
    if not licence or not is_web_address(licence):
        return ""
    bare = licence.partition("://")[2].removeprefix("www.")
    for known, name in _LICENCES.items():
        if bare.startswith(known):
            return f"{name} {bare.removeprefix(known).partition('/')[0]}".strip()
    return bare


def _shown_in(view: View, one: ShownIn) -> dict[str, str]:
    return {
        "address": view.link(one.path),
        "name": sanitise(one.topic.name) or sanitise(one.topic.key.slug),
        "note": f"{view.texts.date(one.day.announced_on)} · {view.texts.say(words.PLACE, place=one.position + 1)}",
    }
