"""A brief as the body of Discord's create-message request, inside every documented limit.

Limits: https://discord.com/developers/docs/resources/message#embed-object-embed-limits, counted in UTF-16 code units,
which is never less than code points. Knows nothing of discord.py; sends nothing.
"""

import zlib
from collections.abc import Callable, Sequence
from typing import Any

from bot.i18n import Texts, load_texts
from bot.model import Brief, BriefItem, Topic
from bot.render import labels
from bot.render.bills import bill_line, overview_sentences
from bot.render.items import comment_line, item_page, marks, provenance
from bot.render.statements import say_silence, say_statement
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

MAX_CONTENT = 2000
MAX_EMBEDS = 10
MAX_TITLE = 256
MAX_DESCRIPTION = 4096
MAX_FOOTER = 2048
MAX_TOTAL = 6000
"""Characters over the titles, descriptions, footers, field names and values and authors of all embeds together."""

MAX_PAPER = 600
"""A paper's share: ten of them fill a message, and nobody reads more in a digest."""

MAX_TAKEAWAYS = 3

MAX_CARD = 1800
"""What a paper gets that has a message of its own."""

MAX_CARD_TAKEAWAYS = 6
_MAX_FOOTER_TEXT = 180
# Of a message's content: a mention of a role goes before it, a marker may come after.
_RESERVED_CONTENT = 60
_MAX_AUTHORS = 130
_MAX_TRANSLATED = 200
_MAX_REASONS = 90
_SHORTEST_GIST = 60
_SHORTEST_TAKEAWAY = 110
_MAX_LISTED_TITLE = 150
_BOLD = "****"

# By archive, so that all of cs looks related and each category still has a shade of its own.
_COLOURS = {
    "cs": 0x4C78C8,
    "stat": 0x2FA084,
    "eess": 0xD9822B,
    "math": 0x8E5BB5,
    "math-ph": 0x7A4FA3,
    "quant-ph": 0x3FA7C4,
    "astro-ph": 0x34508A,
    "cond-mat": 0xB0564B,
    "q-bio": 0x5D9E3A,
    "q-fin": 0xB59A2C,
    "econ": 0xA67C52,
    "physics": 0xC25B7C,
    "gr-qc": 0x53618F,
    "nlin": 0x6B8E8E,
}
_OTHER_COLOUR = 0x6E7681


def render_message(brief: Brief, *, web_url: str | None = None) -> dict[str, Any]:
    """Return the JSON body of `POST /channels/{id}/messages` for `brief`; mentions nobody.

    One embed per paper, up to ten; of more papers the last embed lists the rest by title. To fit, takeaways go first,
    then texts are shortened; no paper is left out. A brief without papers is content alone and says why. `web_url` is
    the brief's page, if it has one.
    """
    body: dict[str, Any] = {"content": render_header(brief, web_url=web_url), "allowed_mentions": {"parse": []}}
    if brief.items:
        body["embeds"] = render_embeds(brief.items, load_texts(brief.language))
    return body


def render_header(brief: Brief, *, web_url: str | None = None, label: str | None = None) -> str:
    """Return a brief's first lines: topic, date, `label` (such as "late"), counts, what is missing, where it is."""
    receipt, texts = brief.receipt, load_texts(brief.language)
    counts = [
        f"{texts.say(labels.ANNOUNCED)} {labels.format_count(receipt.announced)}",
        f"{texts.say(labels.MATCHED)} {labels.format_count(receipt.matched)}",
        f"{texts.say(labels.SHOWN)} {labels.format_count(receipt.shown)}",
    ]
    if receipt.failed:
        counts.append(f"{texts.say(labels.FAILED)} {labels.format_count(receipt.failed)}")
    head = [topic_name(brief.topic, brief.language), texts.date(brief.announced_on), *([label] if label else [])]
    lines = [" · ".join([*head, *counts])]
    if brief.silence or not brief.items:
        reason = say_silence(brief.silence, texts) or texts.say(labels.NOTHING)
        lines.append(escape_discord(clip(reason, 1200, measure=_escaped_length)))
    if web_url is not None and is_web_address(web_url) and len(web_url) <= 400:
        lines.append(texts.say("{what}: {why}", what=texts.say(labels.READ_ON_THE_WEB), why=f"<{web_url}>"))
    bill = f"-# {escape_discord(bill_line(brief.bill, texts))}" if brief.bill is not None else ""
    room = MAX_CONTENT - _RESERVED_CONTENT - _joined_length(lines)
    # Whole sentences or none: what does not fit stands elsewhere.
    for line in [*_overview_lines(brief, room - discord_length(bill) - 1), bill]:
        if line and _joined_length([*lines, line]) <= MAX_CONTENT - _RESERVED_CONTENT:
            lines.append(line)
    return "\n".join(lines)


def _overview_lines(brief: Brief, room: int) -> list[str]:
    """Return the overview's sentences as one line, each with links to its papers, as far as whole ones fit."""
    ids = [item.paper.arxiv_id for item in brief.items]
    parts: list[str] = []
    for text, numbers in overview_sentences(brief.overview, ids):
        # In angle brackets, so that Discord shows no preview of them.
        links = ", ".join(f"[{number}](<{item_page(ids[number - 1])}>)" for number in numbers)
        part = f"{escape_discord(text)} ({links})" if links else escape_discord(text)
        if discord_length(" ".join([*parts, part])) > room:
            break
        parts.append(part)
    return [" ".join(parts)] if parts else []


def topic_name(topic: Topic, language: str) -> str:
    """Return a topic's name in bold, escaped, at most 204 characters."""
    name = clip(sanitise(topic.name(language)), 200, measure=_escaped_length)
    return f"**{escape_discord(name or topic.slug)}**"


def render_embeds(items: Sequence[BriefItem], texts: Texts, *, reserved: int = 0) -> list[dict[str, Any]]:
    """Return the embeds of one message, at most ten; `reserved` of its 6,000 characters are left free."""
    alone = items if len(items) <= MAX_EMBEDS else items[: MAX_EMBEDS - 1]
    rest = items[len(alone) :]
    listed = _listed(rest, texts, reserved) if rest else None
    left = MAX_TOTAL - reserved - (_size(listed) if listed else 0)
    embeds: list[dict[str, Any]] = []
    for place, item in enumerate(alone):
        embed = _embed(item, min(MAX_PAPER, left // (len(alone) - place)), texts)
        left -= _size(embed)
        embeds.append(embed)
    if listed:
        embeds.append(listed)
    return _with_distinct_urls(embeds)


def render_card(item: BriefItem, texts: Texts) -> dict[str, Any]:
    """Return the embed of a paper that has a message of its own: the whole gist and up to six takeaways."""
    return _embed(item, MAX_CARD, texts, MAX_CARD_TAKEAWAYS)


def category_colour(category: str) -> int:
    """Return the colour of a category, 0xRRGGBB: its archive's, shifted a little for each of its categories."""
    archive, _, subject = category.partition(".")
    base = _COLOURS.get(archive, _OTHER_COLOUR)
    if not subject:
        return base
    shift = zlib.crc32(subject.encode("utf-8", "replace")) % 49 - 24
    channels = [min(255, max(0, (base >> place & 0xFF) + shift)) for place in (16, 8, 0)]
    return channels[0] << 16 | channels[1] << 8 | channels[2]


def _embed(item: BriefItem, budget: int, texts: Texts, points: int = MAX_TAKEAWAYS) -> dict[str, Any]:
    """Return the embed of one paper, of at most `budget` counted characters (at least 200)."""
    title = _escaped(_title(item), min(MAX_TITLE, budget * 2 // 5))
    footer = _footer(item, texts, min(_MAX_FOOTER_TEXT, MAX_FOOTER, budget // 3))
    left = min(MAX_DESCRIPTION, budget - discord_length(title) - discord_length(footer))
    description = _description(item, left, texts, points)
    return {
        "title": title,
        "url": item_page(item.paper.arxiv_id),
        "description": description,
        "color": category_colour(item.paper.primary_category),
        "footer": {"text": footer},
    }


def _description(item: BriefItem, limit: int, texts: Texts, points: int) -> str:
    """Return authors, gist, takeaways and reasons, in lines: what does not fit goes, takeaways first."""
    authors = authors_line(item.paper.authors, complete=item.paper.authors_complete, limit=_MAX_AUTHORS)
    translated = _escaped(translated_title(item.translation, item.paper.title), min(_MAX_TRANSLATED, limit // 3))
    head = [f"> {translated}"] if translated else []
    head.append(_escaped(authors, min(_MAX_AUTHORS * 2, limit // 3)))
    tail = _reasons(item, texts) if limit > 3 * _MAX_REASONS else []
    gist = readable(item.summary.text)
    room = limit - _joined_length([*head, _BOLD, *tail])
    if room < _SHORTEST_GIST:
        tail = []
        room = limit - _joined_length([*head, _BOLD])
    shown = _escaped(gist, room)
    takeaways = _takeaways(item, gist, room - discord_length(shown), points)
    return "\n".join(line for line in [*head, f"**{shown}**" if shown else "", *takeaways, *tail] if line)


def _takeaways(item: BriefItem, gist: str, room: int, most: int) -> list[str]:
    """Return up to `most` lines that fit in `room` with their line breaks, whole ones if possible."""
    texts = [readable(one.text) for one in item.summary.key_takeaways]
    # What only repeats the gist would cost the place of something new.
    texts = [text for text in texts if text and text not in gist][:most]
    while texts:
        lines = _sharing(texts, room)
        if lines:
            return lines
        texts.pop()
    return []


def _sharing(texts: Sequence[str], room: int) -> list[str]:
    """Return `texts` as points that share `room`, short ones leaving theirs to long ones; none if it is too small."""
    lines = dict.fromkeys(range(len(texts)), "")
    order = sorted(lines, key=lambda place: (_escaped_length(texts[place]), place))
    for done, place in enumerate(order):
        share = room // (len(order) - done) - len("\n• ")
        if share < min(_SHORTEST_TAKEAWAY, _escaped_length(texts[place])):
            return []
        lines[place] = f"• {_escaped(texts[place], share)}"
        room -= discord_length(lines[place]) + 1
    return list(lines.values())


def _reasons(item: BriefItem, texts: Texts) -> list[str]:
    """Return the weightiest reasons for it that fit on one line, whole; or no line."""
    reasons: list[str] = []
    for reason in (one for one in item.reasons if one.score > 0):
        text = clip(say_statement(reason.why, texts), _MAX_REASONS, measure=_escaped_length)
        if reasons and _escaped_length(texts.say("; ").join([*reasons, text])) > _MAX_REASONS:
            break
        reasons.append(text)
    # Italics, since small print ("-# ") is not small in every client's embeds.
    said = escape_discord(texts.say("; ").join(reasons))
    return [f"*{texts.say('{what}: {why}', what=texts.say(labels.WHY), why=said)}*"] if reasons else []


def _footer(item: BriefItem, texts: Texts, limit: int) -> str:
    # Footers show no markup, so nothing in them is escaped.
    parts = [item.paper.primary_category, *map(texts.say, marks(item))]
    end = " · ".join(filter(None, (provenance(item.summary, texts), translation_mark(item.translation, texts))))
    comment = comment_line(item.paper)
    if comment:
        room = limit - discord_length(" · ".join([*parts, end])) - 3
        parts.append(_clipped(inert, comment, room) if room > 12 else "")
    return _clipped(inert, " · ".join(part for part in [*parts, end] if part), limit)


def _listed(items: Sequence[BriefItem], texts: Texts, reserved: int) -> dict[str, Any]:
    """Return one embed that lists papers by linked title, for what one message cannot show in full."""
    room = min(MAX_DESCRIPTION, MAX_TOTAL - reserved - (MAX_EMBEDS - 1) * 200) - 80
    lines: list[str] = []
    for place, item in enumerate(items):
        share = room // (len(items) - place) - 1
        address = item_page(item.paper.arxiv_id)
        title_room = share - len(address) - len("[]()")
        if title_room >= 12:
            title = _escaped(_title(item), min(title_room, _MAX_LISTED_TITLE))
            line = f"[{title}]({address})"
        else:
            line = sanitise(item.paper.arxiv_id)
        lines.append(line)
        room -= discord_length(line) + 1
    return {
        "title": texts.say(labels.ALSO),
        "description": clip("\n".join(lines), MAX_DESCRIPTION),
        "color": _OTHER_COLOUR,
    }


def _with_distinct_urls(embeds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the embeds with no URL twice: Discord folds embeds of one URL into the first."""
    seen: set[str] = set()
    for place, embed in enumerate(embeds):
        if "url" in embed and embed["url"] in seen:
            embed["url"] += f"#{place + 1}"
        seen.add(embed.get("url", ""))
    return embeds


def _title(item: BriefItem) -> str:
    return readable(item.paper.title) or sanitise(item.paper.arxiv_id)


def _size(embed: dict[str, Any]) -> int:
    texts = (embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", ""))
    return sum(discord_length(text) for text in texts)


def _joined_length(lines: Sequence[str]) -> int:
    return sum(discord_length(line) for line in lines) + max(0, len(lines) - 1)


def _escaped_length(text: str) -> int:
    return discord_length(escape_discord(text))


def _escaped(text: str, limit: int) -> str:
    return _clipped(escape_discord, text, limit)


def _clipped(escape: Callable[[str], str], text: str, limit: int) -> str:
    return escape(clip(text, limit, measure=lambda part: discord_length(escape(part))))
