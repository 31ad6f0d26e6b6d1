"""The pages that lead to briefs: the entrance, the front page, a day, the list of topics, one topic. Pure."""

from typing import Any

from bot.i18n import LANGUAGES, load_texts
from bot.model import Announcement
from bot.render import labels
from bot.render.statements import say_sentence
from bot.render.text import sanitise
from bot.web import addresses, words
from bot.web.pages import BriefCard, DayPage, DaySection, FrontPage, RootPage, TopicList, TopicPage, TopicRef
from bot.web.views.cards import FIRST_TITLES, card, counts, day_link, spoken, topic_links
from bot.web.views.frame import View, render

DAY_TITLES = 5
"""Titles of each brief on a day's page."""


def render_root(page: RootPage) -> bytes:
    """Return the entrance, where the reader chooses a language."""
    view = View.of(page.frame)
    fronts = [
        {
            "language": ui,
            "name": LANGUAGES.get(ui, ui),
            "address": view.link(path),
            "line": load_texts(ui).say(words.STRAPLINE),
        }
        for ui, path in page.fronts
    ]
    name = sanitise(page.frame.site_name) or "Paper Brief"
    description = view.texts.say(words.STRAPLINE)
    return render(view, "root.html.j2", title=name, description=description, content={"fronts": fronts})


def render_front(page: FrontPage) -> bytes:
    """Return the front page: the newest days, each with its briefs, and when the next announcement is due."""
    view = View.of(page.frame)
    texts = view.texts
    then, time = page.next_at.date(), f"{page.next_at:%H:%M}"
    if then == page.next_on:
        next_due = texts.say(words.NEXT_DUE_THEN, date=texts.date(then), time=time)
    else:
        next_due = texts.say(words.NEXT_DUE, day=texts.date(page.next_on), date=texts.date(then), time=time)
    content = {
        "days": [_section(view, one) for one in page.days],
        "topics": topic_links(view, page.topics),
        "next_due": next_due,
    }
    name = sanitise(page.frame.site_name) or "Paper Brief"
    return render(view, "front.html.j2", title=name, description=texts.say(words.STRAPLINE), content=content)


def render_day(page: DayPage) -> bytes:
    """Return all topics of a day, the categories that were read with their state, and the days beside it."""
    view = View.of(page.frame)
    texts = view.texts
    title = texts.say(words.DAY_TITLE, day=texts.date(page.announced_on))
    told, silent = _parted(view, page.cards, titles=DAY_TITLES)
    before, after = day_link(view, page.previous), day_link(view, page.next)
    content = {
        "cards": told,
        "silent": silent,
        "announcements": [_announcement(view, one) for one in page.announcements],
        "neighbours": [(texts.say(words.DAY_BEFORE), before, texts.say(words.DAY_AFTER), after)],
    }
    names = ", ".join(one["heading"] for one in told)
    return render(view, "day.html.j2", title=title, description=names or title, content=content)


def render_topics(page: TopicList) -> bytes:
    """Return the list of topics, each with its newest brief."""
    view = View.of(page.frame)
    topics = []
    for ref, topic, newest in page.topics:
        (named,) = topic_links(view, [ref])
        topics.append({**named, "categories": spoken(view, topic.categories), "newest": _newest(view, newest)})
    title = view.texts.say(words.TOPICS)
    description = ", ".join(str(one["name"]) for one in topics) or title
    return render(view, "topics.html.j2", title=title, description=description, content={"topics": topics})


def render_topic(page: TopicPage) -> bytes:
    """Return a topic with all its days, newest first, and the topics beside it."""
    view = View.of(page.frame)
    texts = view.texts
    title = sanitise(page.ref.name) or sanitise(page.ref.key.slug)
    before, after = (_step(view, one) for one in (page.previous, page.next))
    categories = spoken(view, page.topic.categories)
    content = {
        "list_address": view.link(addresses.topics(page.frame.ui)),
        "categories": categories,
        "query": sanitise(page.topic.query),
        "cards": [card(view, one, headed_by_day=True) for one in page.cards],
        "neighbours": [(texts.say(words.TOPIC_BEFORE), before, texts.say(words.TOPIC_AFTER), after)],
    }
    description = texts.say("{what}: {why}", what=title, why=categories)
    return render(view, "topic.html.j2", title=title, description=description, content=content)


def _section(view: View, one: DaySection) -> dict[str, Any]:
    told, silent = _parted(view, one.cards)
    return {
        "name": view.texts.date(one.day.announced_on),
        "dated": one.day.announced_on.isoformat(),
        "address": view.link(one.day.path),
        "cards": told,
        "silent": silent,
    }


def _parted(
    view: View, cards: tuple[BriefCard, ...], titles: int = FIRST_TITLES
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the briefs that have a page or papers, and those that only have a reason for silence."""
    told = [card(view, one, titles=titles) for one in cards if one.path is not None or one.papers]
    return told, [card(view, one, titles=titles) for one in cards if one.path is None and not one.papers]


def _announcement(view: View, one: Announcement) -> dict[str, Any]:
    return {
        "category": sanitise(one.category),
        "new": labels.format_count(one.stored.new),
        "cross": labels.format_count(one.stored.cross),
        "state": view.texts.say(words.STATES[one.state.value]),
        "late": one.late,
        "reason": sanitise(say_sentence(one.reason, view.texts)) if one.reason is not None else "",
    }


def _newest(view: View, one: BriefCard | None) -> dict[str, str] | None:
    if one is None or one.path is None:
        return None
    return {
        "name": view.texts.date(one.announced_on),
        "dated": one.announced_on.isoformat(),
        "address": view.link(one.path),
        "counts": counts(view, one.receipt),
    }


def _step(view: View, one: TopicRef | None) -> dict[str, str | None] | None:
    return None if one is None or one.path is None else topic_links(view, [one])[0]
