"""One paper, or a page of papers, as Discord embeds: what opens for the one who asked. Pure; knows no discord.py.

Every embed keeps Discord's limits by itself, and the 6,000 characters of a message alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from bot.i18n import Texts
from bot.model import Paper
from bot.render import labels
from bot.render.embeds import MAX_DESCRIPTION, MAX_TITLE, MAX_TOTAL, category_colour
from bot.render.items import aspects, comment_line, item_page, paragraph_text, provenance, versioned
from bot.render.text import (
    authors_line,
    clip,
    discord_length,
    escape_discord,
    inert,
    is_web_address,
    readable,
    sanitise,
)
from bot.render.translations import translated_title, translation_mark
from bot.texts import Summary, Translation

PAGE = 8
"""Papers on one page of a list: with two lines each they fit a screen and an embed."""

MAX_POINTS = 6
ABSTRACT_PAGE = 4000
"""Characters of an abstract on one page, as they are counted: with a title and a footer under an embed's 4,096."""

_MAX_SUMMARY = 1400
_MAX_POINT = 320
_MAX_PARAGRAPH = 1200
_LEAST_TEXT = 60
"""Below this a text would be cut so short that it says nothing."""

_MAX_AUTHORS = 480
_MAX_TRANSLATED = 400
_AUTHORS_SHOWN = 12
_MAX_FIELD = 400
_MAX_LINKS = 900
_LISTED_TITLE = 200
_LISTED_AUTHORS = 110
_LISTED_NOTE = 90


@dataclass(frozen=True, slots=True)
class PaperDetails:
    """A paper with what is known around it. `announced_on`: first announced; `look_ups`, `saves`: by our readers.

    `translation`: into the reader's language, where one is stored.
    """

    paper: Paper
    summary: Summary
    links: dict[str, str]
    announced_on: date | None = None
    look_ups: int = 0
    saves: int = 0
    translation: Translation | None = None


@dataclass(frozen=True, slots=True)
class ListedPaper:
    """A paper in a list; `note` is ours, such as a date or a count."""

    paper: Paper
    note: str = ""


def render_details(details: PaperDetails, texts: Texts, *, room: int = MAX_TOTAL) -> dict[str, Any]:
    """Return the embed of one paper: authors, summary, takeaways, categories, comment, dates, links, provenance.

    `room`: characters of the message that are left for it.
    """
    paper, say = details.paper, texts.say
    title, footer = fitted(paper_title(paper), MAX_TITLE), _footer(details, texts)
    fields = [
        {"name": name, "value": value, "inline": inline}
        for name, value, inline in (
            (say("Categories"), fitted(", ".join(dict.fromkeys(_categories(paper))), _MAX_FIELD), True),
            (say("Announced"), texts.date(details.announced_on) if details.announced_on else "", True),
            (say("Submitted"), texts.date(paper.submitted_at.date()) if paper.submitted_at else "", True),
            (say(labels.COMMENT), fitted(comment_line(paper), _MAX_FIELD), False),
            (say(labels.JOURNAL), fitted(readable((paper.journal_ref or "")[:1000]), _MAX_FIELD), False),
            (say(labels.LINKS), _links(details.links, texts), False),
        )
        if value
    ]
    taken = sum(
        discord_length(text) for text in (title, footer, *(str(f[k]) for f in fields for k in ("name", "value")))
    )
    return {
        "title": title,
        "url": item_page(paper.arxiv_id),
        "description": _description(details, texts, min(MAX_DESCRIPTION, room - taken)),
        "color": category_colour(paper.primary_category),
        "fields": fields,
        "footer": {"text": footer},
    }


def render_abstract(
    paper: Paper, texts: Texts, page: int = 0, *, translation: Translation | None = None
) -> tuple[dict[str, Any], int]:
    """Return the embed with one page of the abstract, and how many pages there are; pages count from 0.

    A page that does not exist gives the nearest one. `translation`: shown in place of the original, with its mark.
    """
    abstract = translation.abstract if translation is not None else paper.abstract
    pages = _pages(readable(abstract)) or [escape_discord(texts.say("There is no abstract."))]
    page = min(max(page, 0), len(pages) - 1)
    footer = " · ".join(filter(None, (versioned(paper), translation_mark(translation, texts))))
    if len(pages) > 1:
        footer += " · " + texts.say("page {page} of {pages}", page=page + 1, pages=len(pages))
    title = translated_title(translation, paper.title) or paper_title(paper)
    embed = {
        "title": fitted(title, MAX_TITLE),
        "url": item_page(paper.arxiv_id),
        "description": pages[page],
        "color": category_colour(paper.primary_category),
        "footer": {"text": _footer_text(footer)},
    }
    return embed, len(pages)


def render_list(
    heading: str, papers: Sequence[ListedPaper], texts: Texts, *, first: int = 0, footer: str = "", url: str = ""
) -> dict[str, Any]:
    """Return the embed of a page of papers, numbered from `first` + 1; says so where there are none.

    `heading`: ours or a stranger's, unescaped; `footer`: ours; `url`: a web address that the heading leads to.
    """
    lines: list[str] = []
    room = MAX_DESCRIPTION
    for place, listed in enumerate(papers):
        block = _listed(first + place + 1, listed, room // (len(papers) - place) - 1, texts)
        lines.append(block)
        room -= discord_length(block) + 1
    embed: dict[str, Any] = {
        "title": fitted(sanitise(heading), MAX_TITLE),
        "description": "\n".join(lines) or escape_discord(texts.say(labels.NO_HITS)),
        "color": category_colour(papers[0].paper.primary_category if papers else ""),
    }
    if url:
        embed["url"] = url
    if footer:
        embed["footer"] = {"text": _footer_text(footer)}
    return embed


def paper_title(paper: Paper) -> str:
    """Return the readable title, the identifier where there is none; unescaped, never empty."""
    return readable(paper.title) or sanitise(paper.arxiv_id) or "arXiv"


def plain_label(paper: Paper, limit: int) -> str:
    """Return identifier and title for where Discord shows no markup, such as a choice or a menu's option."""
    name = f"{sanitise(paper.arxiv_id)} · {paper_title(paper)}"
    return inert(clip(name, limit, measure=lambda part: discord_length(inert(part)))) or "…"


def fitted(text: str, limit: int) -> str:
    """Return sanitised `text` escaped for Discord, cut so that what is sent has at most `limit` UTF-16 units."""
    return escape_discord(clip(text, limit, measure=_escaped_length))


def _description(details: PaperDetails, texts: Texts, limit: int) -> str:
    """Return authors, gist, paragraph, takeaways, motivation, method and result in at most `limit` characters.

    What does not fit is shortened or left out: first the last three, then the paragraph.
    """
    paper, summary = details.paper, details.summary
    authors = authors_line(paper.authors, complete=paper.authors_complete, limit=_MAX_AUTHORS, shown=_AUTHORS_SHOWN)
    head = []
    if paper.withdrawn:
        head.append(f"**⚠ {escape_discord(texts.say('This paper was withdrawn by its authors or by arXiv.'))}**")
    if translated := translated_title(details.translation, paper.title):
        head.append(f"> {fitted(translated, _MAX_TRANSLATED)}")
    if authors:
        head.append(f"*{fitted(authors, _MAX_AUTHORS)}*")
    room = limit - discord_length("\n".join(head)) - 2
    gist = readable(summary.text)
    shown_gist = fitted(gist, min(_MAX_SUMMARY, room))
    room -= discord_length(shown_gist) + 2
    points = [readable(one.text) for one in summary.key_takeaways]
    points = [point for point in points if point and point not in gist][:MAX_POINTS]
    lines = [f"• {fitted(point, min(_MAX_POINT, room // len(points) - 3))}" for point in points]
    room -= sum(discord_length(line) + 1 for line in lines) + 2
    paragraph = fitted(paragraph_text(summary), min(_MAX_PARAGRAPH, room)) if room > _LEAST_TEXT else ""
    room -= discord_length(paragraph) + 2
    stated = []
    for label, one in aspects(summary):
        name = f"**{texts.say(label)}** "
        left = min(_MAX_POINT, room - discord_length(name) - 2)
        if left > _LEAST_TEXT:
            stated.append(name + fitted(readable(one.text), left))
            room -= discord_length(stated[-1]) + 2
    blocks = ["\n".join(head), shown_gist, paragraph, "\n".join(lines), "\n".join(stated)]
    return "\n\n".join(block for block in blocks if block) or "…"


def _categories(paper: Paper) -> Iterable[str]:
    yield sanitise(paper.primary_category)
    yield from map(sanitise, paper.categories)


def _links(links: dict[str, str], texts: Texts) -> str:
    """Return the links, each with the host it leads to unless its name says so; whole ones or none."""
    shown: list[str] = []
    for kind, url in links.items():
        if not is_web_address(url) or len(url) > 300:
            continue
        name = sanitise(texts.say(labels.LINK_NAMES[kind]) if kind in labels.LINK_NAMES else labels.link_name(kind))
        if kind in ("code", "project"):
            name = f"{name} ({sanitise(urlsplit(url).hostname or '')})"
        # A bracket would end the link before its address does.
        address = url.replace("(", "%28").replace(")", "%29")
        link = f"[{fitted(name, 60)}]({address})"
        if discord_length(" · ".join([*shown, link])) > _MAX_LINKS:
            break
        shown.append(link)
    return " · ".join(shown)


def _footer(details: PaperDetails, texts: Texts) -> str:
    parts = [versioned(details.paper)]
    if details.paper.withdrawn:
        parts.append(texts.say(labels.WITHDRAWN))
    parts.append(provenance(details.summary, texts))
    if details.translation is not None:
        parts.append(translation_mark(details.translation, texts))
    if details.look_ups:
        parts.append(texts.count("{n} look-up", "{n} look-ups", details.look_ups))
    if details.saves:
        parts.append(texts.count("saved by {n}", "saved by {n}", details.saves))
    return _footer_text(" · ".join(parts))


def _footer_text(text: str) -> str:
    # Footers show no markup, so nothing in them is escaped.
    return inert(clip(text, 400, measure=lambda part: discord_length(inert(part)))) or "…"


def _listed(number: int, listed: ListedPaper, room: int, texts: Texts) -> str:
    paper = listed.paper
    head, middle = f"**{number}.** [", f"]({item_page(paper.arxiv_id)})"
    authors = authors_line(paper.authors, complete=paper.authors_complete, limit=_LISTED_AUTHORS)
    facts = [fitted(authors, _LISTED_AUTHORS * 2), fitted(sanitise(paper.primary_category), 30)]
    if paper.withdrawn:
        facts.append(f"⚠ {texts.say(labels.WITHDRAWN)}")
    facts.append(fitted(listed.note, _LISTED_NOTE))
    line = " · ".join(fact for fact in facts if fact)
    tail = f"\n*{line}*" if line else ""
    left = room - sum(map(discord_length, (head, middle, tail)))
    if left < 40:
        # An endless identifier: no link then, and no second line.
        return fitted(f"{number}. {paper_title(paper)}", max(0, min(room, _LISTED_TITLE)))
    return f"{head}{fitted(paper_title(paper), min(left, _LISTED_TITLE))}{middle}{tail}"


def _pages(text: str) -> list[str]:
    """Return `text` escaped, in pieces of at most `ABSTRACT_PAGE`, cut between words where there are any."""
    pages: list[str] = []
    while text:
        part = clip(text, ABSTRACT_PAGE, measure=_escaped_length)
        if part == text:
            pages.append(escape_discord(part))
            break
        kept = part.removesuffix("…")
        if not kept or not text.startswith(kept):
            break
        pages.append(escape_discord(part))
        text = text[len(kept) :].lstrip()
    return pages


def _escaped_length(text: str) -> int:
    return discord_length(escape_discord(text))
