"""An answer to a question about a paper, with its quotes and what was read: as an embed, as text, as JSON. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.i18n import Texts, load_texts, mark
from bot.model import Paper
from bot.render.details import fitted, paper_title
from bot.render.embeds import MAX_DESCRIPTION, MAX_TITLE, category_colour
from bot.render.items import item_page, versioned
from bot.render.text import clip, discord_length, inert, readable, sanitise
from bot.texts import Answer, Quote


class Shortfall(StrEnum):
    """Why only the abstract was read."""

    WITHDRAWN = "withdrawn"
    OFFLINE = "offline"
    UNREADABLE = "unreadable"
    UNAVAILABLE = "unavailable"
    SLOW = "slow"
    BUSY = "busy"
    UNWANTED = "unwanted"


@dataclass(frozen=True, slots=True)
class AnswerDetails:
    """An answer with what is around it. `left`: questions that this person may still ask today, of `limit`.

    `shortfall`: why only the abstract was read, else None. `left` and `limit` are None where no quota counts.
    """

    paper: Paper
    answer: Answer
    shortfall: Shortfall | None = None
    left: int | None = None
    limit: int | None = None


_SHORTFALLS = {
    Shortfall.WITHDRAWN: mark("Only the abstract was read: the paper was withdrawn."),
    Shortfall.OFFLINE: mark("Only the abstract was read: I may not ask arXiv for more."),
    Shortfall.UNREADABLE: mark("Only the abstract was read: arXiv has no full text of it that I can read."),
    Shortfall.UNAVAILABLE: mark("Only the abstract was read: arXiv cannot be asked for the full text right now."),
    Shortfall.SLOW: mark("Only the abstract was read: the full text is still on its way. Ask again in a minute."),
    Shortfall.BUSY: mark("Only the abstract was read: I am fetching other papers. Ask again in a minute."),
}
_READ = {
    "abstract": mark("read: the abstract"),
    "html": mark("read: the full text (HTML)"),
    "pdf": mark("read: the full text (PDF)"),
}
_PLACES = (
    (re.compile(r"abstract()"), mark("abstract")),
    (re.compile(r"page (\d{1,5})"), mark("page {number}")),
    (re.compile(r"section ([\w.]{1,20})"), mark("section {number}")),
    (re.compile(r"appendix ([\w.]{1,20})"), mark("appendix {number}")),
    (re.compile(r"section “(.{1,100})”"), mark("section “{number}”")),
)
_NOT_IN_ABSTRACT = mark("The abstract does not say.")
_NOT_IN_TEXT = mark("I find no answer in the parts of the text that fit the question best.")
_MAX_QUESTION = 800
_MAX_ANSWER = 1700
_MAX_QUOTE = 480
_LEAST_QUOTE = 80
_MAX_FOOTER = 300


def render_answer(details: AnswerDetails, texts: Texts) -> dict[str, Any]:
    """Return the embed of an answer: the question, the answer, its quotes as block quotes, what was read."""
    answer, paper = details.answer, details.paper
    blocks = [f"**{fitted(answer.question, _MAX_QUESTION)}**"]
    if paper.withdrawn:
        blocks.append(f"**⚠ {texts.say('This paper was withdrawn by its authors or by arXiv.')}**")
    blocks.append(fitted(readable(answer.text), _MAX_ANSWER) if answer.found else texts.say(_missing(answer)))
    note = f"*{texts.say(_SHORTFALLS[details.shortfall])}*" if details.shortfall in _SHORTFALLS else ""
    room = MAX_DESCRIPTION - sum(discord_length(block) + 2 for block in (*blocks, note))
    quotes: list[str] = []
    for quote in answer.quotes:
        end = f"\n> — {fitted(say_place(quote.place, texts), 120)}"
        left = min(_MAX_QUOTE, room - discord_length(end) - 6)
        if left < _LEAST_QUOTE:
            break
        quotes.append(f"> “{fitted(readable(quote.text), left)}”{end}")
        room -= discord_length(quotes[-1]) + 2
    return {
        "title": fitted(paper_title(paper), MAX_TITLE),
        "url": item_page(paper.arxiv_id),
        "description": "\n\n".join(block for block in (*blocks, *quotes, note) if block),
        "color": category_colour(paper.primary_category),
        "footer": {"text": _footer(details, texts)},
    }


def render_answer_text(details: AnswerDetails) -> str:
    """Return an answer as plain text in English, for a terminal."""
    texts, answer = load_texts(), details.answer
    lines = [f"{paper_title(details.paper)} ({versioned(details.paper)})", "", f"Q: {answer.question}", ""]
    lines.append(readable(answer.text) if answer.found else _missing(answer))
    for quote in answer.quotes:
        lines += ["", f"  “{readable(quote.text)}”", f"  — {say_place(quote.place, texts)}"]
    if details.shortfall in _SHORTFALLS:
        lines += ["", _SHORTFALLS[details.shortfall]]
    return "\n".join([*lines, "", f"{_read(answer, texts)} · {_answered_by(answer, texts)}"])


def answer_as_json(details: AnswerDetails) -> dict[str, Any]:
    """Return an answer as JSON can hold it; texts stay raw."""
    answer = details.answer
    return {
        "arxiv_id": answer.arxiv_id,
        "version": answer.version,
        "language": answer.language,
        "question": answer.question,
        "found": answer.found,
        "answer": answer.text,
        "quotes": [_quote(one) for one in answer.quotes],
        "read": answer.read,
        "only_abstract_because": details.shortfall.value if details.shortfall else None,
        "producer": answer.producer,
    }


def say_place(place: str, texts: Texts) -> str:
    """Return a place in a paper in the language of `texts`; unescaped, as headings are the authors'."""
    for pattern, text in _PLACES:
        if match := pattern.fullmatch(place):
            return sanitise(texts.say(text, number=match[1]))
    return sanitise(place)


def _missing(answer: Answer) -> str:
    return _NOT_IN_ABSTRACT if answer.read == "abstract" else _NOT_IN_TEXT


def _read(answer: Answer, texts: Texts) -> str:
    return texts.say(_READ.get(answer.read, _READ["abstract"]))


def _answered_by(answer: Answer, texts: Texts) -> str:
    return texts.say("answered by {model}", model=sanitise(answer.producer) or "?")


def _footer(details: AnswerDetails, texts: Texts) -> str:
    parts = [versioned(details.paper), _read(details.answer, texts), _answered_by(details.answer, texts)]
    if details.left is not None:
        parts.append(texts.count("{n} question left today", "{n} questions left today", details.left))
    # Footers show no markup, so nothing in them is escaped.
    return inert(clip(" · ".join(parts), _MAX_FOOTER, measure=lambda part: discord_length(inert(part))))


def _quote(quote: Quote) -> dict[str, str]:
    return {"text": quote.text.encode("utf-8", "replace").decode(), "place": quote.place}
