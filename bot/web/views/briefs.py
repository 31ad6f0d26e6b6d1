"""The page of one brief: its receipt, what is in it, and the briefs beside it. Pure."""

from typing import Any

from bot.i18n import LANGUAGES
from bot.model import BriefItem
from bot.render import labels
from bot.render.bills import bill_line
from bot.render.page_items import page_item
from bot.render.statements import say_silence
from bot.render.text import is_web_address, readable, sanitise
from bot.texts import Overview
from bot.web import words
from bot.web.pages import BriefCard, BriefPage, ContentLanguage, Figure
from bot.web.views.cards import day_link, not_shown, receipt_rows, spoken, topic_links, where
from bot.web.views.frame import View, render


def render_brief(page: BriefPage) -> bytes:
    """Return the page of a brief, papers in their order, with its contents, its receipt and its neighbours."""
    view = View.of(page.frame)
    texts, brief = view.texts, page.brief
    (topic,) = topic_links(view, [page.topic])
    day = texts.date(brief.announced_on)
    categories = [one.category for one in brief.announcements] or list(brief.topic.categories)
    items = [_item(view, page, item) for item in brief.items]
    silence = sanitise(say_silence(brief.silence, texts))
    content = {
        "kind": "article",
        "topic": topic,
        "day": day_link(view, page.day),
        "dated": brief.announced_on.isoformat(),
        "receipt_says": texts.say(words.RECEIPT_OF, categories=spoken(view, categories)),
        "receipt": receipt_rows(view, brief.receipt),
        "not_shown": not_shown(view, brief.receipt),
        "silence": silence or ("" if items else texts.say(labels.NOTHING)),
        "languages": [_language(view, one) for one in page.languages],
        "language": sanitise(brief.language),
        "overview": _overview(view, page, brief.overview),
        "overview_producer": _written_by(view, brief.overview),
        "items": items,
        "posted": view.instant(words.POSTED, page.made_at),
        "bill": bill_line(brief.bill, texts, public=True),
        "neighbours": [
            (
                texts.say(words.DAY_BEFORE),
                _step(view, page.previous_day, by_day=True),
                texts.say(words.DAY_AFTER),
                _step(view, page.next_day, by_day=True),
            ),
            (
                texts.say(words.TOPIC_BEFORE),
                _step(view, page.previous_topic),
                texts.say(words.TOPIC_AFTER),
                _step(view, page.next_topic),
            ),
        ],
    }
    title = texts.say(words.BRIEF_OF, topic=topic["name"], day=day)
    description = " · ".join(readable(item.paper.title) for item in brief.items) or str(content["silence"])
    return render(view, "brief_page.html.j2", title=title, description=description, content=content)


def figures(view: View, found: tuple[Figure, ...]) -> list[dict[str, Any]]:
    """Return what the macro `figures_of` shows: images of this site with their size, captions, credits and licences."""
    return [
        {
            "source": view.link(one.path),
            "width": one.width,
            "height": one.height,
            "label": sanitise(one.label),
            "caption": view.wording.rich(one.caption),
            "credit": sanitise(one.credit),
            "licence": sanitise(one.licence),
            "licence_url": one.licence_url if is_web_address(one.licence_url) else "",
        }
        for one in found
    ]


def _item(view: View, page: BriefPage, item: BriefItem) -> dict[str, Any]:
    shown = page_item(item, view.wording)
    arxiv_id = item.paper.arxiv_id
    return {
        **shown,
        **where(view, arxiv_id, page.papers.get(arxiv_id)),
        "figures": figures(view, page.figures.get(arxiv_id, ())),
    }


def _overview(view: View, page: BriefPage, overview: Overview | None) -> list[tuple[str, list[int]]]:
    if overview is None:
        return []
    places = {item.paper.arxiv_id: item.position + 1 for item in page.brief.items}
    return [
        (view.wording.rich(one.text), sorted(places[arxiv_id] for arxiv_id in one.arxiv_ids if arxiv_id in places))
        for one in overview.sentences
    ]


def _written_by(view: View, overview: Overview | None) -> str:
    if overview is None:
        return ""
    texts = view.texts
    return sanitise(texts.say(labels.WRITTEN_BY, model=overview.producer or texts.say(labels.AN_UNNAMED_MODEL)))


def _language(view: View, one: ContentLanguage) -> dict[str, Any]:
    language = sanitise(one.language)
    return {
        "language": language,
        "name": LANGUAGES.get(language, language),
        "address": view.link(one.path),
        "here": one.current,
    }


def _step(view: View, one: BriefCard | None, *, by_day: bool = False) -> dict[str, Any] | None:
    if one is None or one.path is None:
        return None
    (topic,) = topic_links(view, [one.topic])
    name = view.texts.date(one.announced_on) if by_day else topic["name"]
    return {"name": name, "address": view.link(one.path)}
