"""Briefs in lists: a card with a receipt and titles, or with the reason for silence; and the receipt in words."""

from collections.abc import Iterable, Sequence
from typing import Any

from bot.model import Receipt
from bot.render import labels
from bot.render.items import item_page
from bot.render.statements import say_silence
from bot.render.text import authors_line, sanitise
from bot.statement import StatementCode
from bot.web import words
from bot.web.pages import BriefCard, DayRef, PaperRef, TopicRef
from bot.web.views.frame import View

FIRST_TITLES = 3
"""Titles of a brief in a list of many briefs."""


def card(view: View, one: BriefCard, *, titles: int = FIRST_TITLES, headed_by_day: bool = False) -> dict[str, Any]:
    """Return what the macro `card` shows of a brief in a list; its heading is the topic, or the day."""
    texts = view.texts
    topic = sanitise(one.topic.name) or sanitise(one.topic.key.slug)
    return {
        "heading": texts.date(one.announced_on) if headed_by_day else topic,
        "dated": one.announced_on.isoformat() if headed_by_day else "",
        "address": view.link_or_none(one.path),
        "language": sanitise(one.language),
        "counts": counts(view, one.receipt),
        "late": texts.count("{n} late", "{n} late", one.late) if one.late else "",
        "papers": [paper_link(view, paper) for paper in one.papers[:titles]],
        "silence": silence(view, one),
    }


def silence(view: View, one: BriefCard) -> str:
    """Return why a brief has no papers or lacks some, empty when all is well."""
    # What is never read is no news of a day that has papers; the brief itself says it.
    told = [said for said in one.silence if not one.papers or said.code is not StatementCode.CATEGORIES_UNREAD]
    said = sanitise(say_silence(told, view.texts))
    return said or ("" if one.papers or one.path else view.texts.say(labels.NOTHING))


def counts(view: View, receipt: Receipt | None) -> str:
    """Return the receipt in one short line, empty where there is none."""
    if receipt is None:
        return ""
    names = [(labels.ANNOUNCED, receipt.announced), (labels.MATCHED, receipt.matched), (labels.SHOWN, receipt.shown)]
    if receipt.failed:
        names.append((labels.FAILED, receipt.failed))
    return " · ".join(f"{view.texts.say(name)} {labels.format_count(number)}" for name, number in names)


def receipt_rows(view: View, receipt: Receipt) -> list[tuple[str, str]]:
    """Return (name, count) in the order in which papers pass: announced, read, matched, shown; and what failed."""
    rows = [
        (labels.ANNOUNCED, receipt.announced),
        (words.READ, receipt.read),
        (labels.MATCHED, receipt.matched),
        (labels.SHOWN, receipt.shown),
        (labels.FAILED, receipt.failed),
    ]
    return [(view.texts.say(name), labels.format_count(number)) for name, number in rows]


def not_shown(view: View, receipt: Receipt) -> str:
    """Return why the other papers are not shown, with counts; empty if none was dropped."""
    texts = view.texts
    reasons = [
        texts.say("{count} {reason}", count=labels.format_count(count), reason=texts.say(labels.dropped_reason(reason)))
        for reason, count in receipt.dropped.items()
        if count
    ]
    return sanitise(texts.say(words.NOT_SHOWN, reasons=texts.say("; ").join(reasons))) if reasons else ""


def paper_link(view: View, one: PaperRef) -> dict[str, Any]:
    """Return what a list shows of a paper: its title, where it leads, authors, date and look-ups."""
    texts = view.texts
    notes = [authors_line(one.authors)] if one.authors else []
    if one.announced_on is not None:
        notes.append(texts.date(one.announced_on))
    if one.look_ups:
        notes.append(texts.count("{n} look-up", "{n} look-ups", one.look_ups))
    return {
        "title": view.wording.rich(one.title) or sanitise(one.arxiv_id),
        **where(view, one.arxiv_id, one.path),
        "late": texts.say(labels.LATE) if one.late else "",
        "note": " · ".join(notes),
    }


def where(view: View, arxiv_id: str, path: str | None) -> dict[str, Any]:
    """Return the link to a paper: to its page here, else to arXiv's; `outside` says which."""
    return {"address": item_page(arxiv_id) if path is None else view.link(path), "outside": path is None}


def day_link(view: View, one: DayRef | None) -> dict[str, str] | None:
    """Return the link to a day, None for none."""
    return None if one is None else {"name": view.texts.date(one.announced_on), "address": view.link(one.path)}


def topic_links(view: View, topics: Iterable[TopicRef]) -> list[dict[str, str | None]]:
    """Return the links to topics."""
    return [
        {"name": sanitise(one.name) or sanitise(one.key.slug), "address": view.link_or_none(one.path)} for one in topics
    ]


def spoken(view: View, names: Sequence[str]) -> str:
    """Return names such as those of categories as one phrase, sanitised."""
    return view.texts.listed([sanitise(name) for name in names])
