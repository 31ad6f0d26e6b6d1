"""The search page, and the parts of its index: one file per week, read by the page's own script. Pure.

A part is an object: `days` (ISO dates) and `papers`, of which each is [identifier, title, authors, place in `days`,
primary category, 1 where it has a page here else 0]. Titles are readable Unicode, no markup.
"""

import json

from bot.render.text import authors_line, readable, sanitise
from bot.web import addresses, words
from bot.web.pages import SearchPage, SearchShard
from bot.web.views.frame import View, render

MAX_TITLE = 300
"""Characters of a title in the index."""

_MAX_AUTHORS = 200
_AUTHORS = 5


def render_search(page: SearchPage) -> bytes:
    """Return the search page; without a script it says so and leads to the lists."""
    view = View.of(page.frame)
    texts, ui = view.texts, page.frame.ui
    title = texts.say(words.SEARCH_TITLE)
    span = texts.count("{n} paper", "{n} papers", page.papers)
    if page.first is not None and page.last is not None:
        said = texts.say(words.SEARCH_SPAN, first=texts.date(page.first), last=texts.date(page.last))
        span = texts.say(", ").join([span, said])
    content = {
        "script": True,
        "span": span,
        "shards": [view.link(one) for one in page.shards],
        "papers_address": view.link(f"{ui}/papers/").removesuffix("index.html"),
        "days_address": view.link(addresses.front(ui)),
        "topics_address": view.link(addresses.topics(ui)),
    }
    return render(view, "search.html.j2", title=title, description=span, content=content)


def render_shard(shard: SearchShard) -> bytes:
    """Return one part of the index as JSON."""
    days = sorted({entry.announced_on for entry in shard.entries}, reverse=True)
    place = {day: number for number, day in enumerate(days)}
    papers = [
        [
            sanitise(entry.arxiv_id),
            readable(entry.title)[:MAX_TITLE],
            authors_line(entry.authors, limit=_MAX_AUTHORS, shown=_AUTHORS),
            place[entry.announced_on],
            sanitise(entry.primary_category),
            int(entry.has_page),
        ]
        for entry in shard.entries
    ]
    index = {"days": [day.isoformat() for day in days], "papers": papers}
    return json.dumps(index, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
