"""A brief as the requests that put it into a channel: one posting style, one list of parts, each payload final.

Pure. Payloads are JSON bodies of Discord's API; what they carry of papers mentions nobody, and the one mention there
may be is the role that an admin chose. Every message ends in its marker, by which it is found again in a channel's
history. The other parts need none: a message has one thread at the most, whose id is its own, and is crossposted once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.delivery import DeliveryAction, DeliveryKind, PlannedPart, PostingStyle, TopicKey
from bot.i18n import Texts, load_texts
from bot.model import Brief, BriefItem, Topic
from bot.render.embeds import render_card, render_embeds, render_header
from bot.render.items import item_page
from bot.render.text import authors_line, clip, discord_length, escape_discord, inert, readable, sanitise
from bot.store.delivery_keys import MARKER_LENGTH, delivery_key, make_marker

MAX_CUSTOM_ID = 100
MAX_NAME = 100
"""Characters in the name of a thread or forum post."""

MAX_TAGS = 5
MAX_OPTIONS = 25
MAX_OPTION = 100

_RESERVED = MARKER_LENGTH + len(" · ⟨⟩")
# Minutes without a message after which a thread leaves the list of active ones: three days, over a weekend.
_ARCHIVE_AFTER = 4320

_ROW, _BUTTON, _SELECT = 1, 2, 3
_PRIMARY, _SECONDARY = 1, 2


def render_parts(
    brief: Brief,
    style: PostingStyle,
    *,
    channel_id: int,
    kind: DeliveryKind = DeliveryKind.BRIEF,
    late: bool = False,
    role_id: int | None = None,
    crosspost: bool = False,
    tag_ids: Sequence[int] = (),
    web_url: str | None = None,
) -> tuple[PlannedPart, ...]:
    """Return the requests that post `brief` in one channel; see `render_draft`."""
    draft = render_draft(
        brief, style, kind=kind, late=late, role_id=role_id, crosspost=crosspost, tag_ids=tag_ids, web_url=web_url
    )
    return draft.parts(channel_id)


def render_draft(
    brief: Brief,
    style: PostingStyle,
    *,
    kind: DeliveryKind = DeliveryKind.BRIEF,
    late: bool = False,
    role_id: int | None = None,
    crosspost: bool = False,
    tag_ids: Sequence[int] = (),
    web_url: str | None = None,
) -> "Draft":
    """Return what posts `brief` in that style, the same in all channels; every limit of Discord is kept.

    `late` says in the first line that the brief is late; a `kind` of LATE that it brings late arrivals. `role_id` is
    pinged once, by the first message of the day's brief. `crosspost` publishes what stands in the channel itself.
    `tag_ids` are applied to forum posts, five at the most. Raises ValueError for a brief without papers: there is
    nothing to post, or a notice (`bot.render.notices`).
    """
    if not brief.items:
        raise ValueError("a brief without papers is a notice")
    texts = load_texts(brief.language)
    label = texts.say("late arrivals") if kind is DeliveryKind.LATE else texts.say("late") if late else None
    page = _Page(
        brief=brief,
        texts=texts,
        header=render_header(brief, web_url=web_url, label=label),
        name=thread_name(brief.topic, brief.language, brief.announced_on, label),
        role_id=role_id if kind is DeliveryKind.BRIEF else None,
        tag_ids=tuple(tag_ids),
    )
    draft = Draft(topic_key(brief.topic), brief.announced_on, kind)
    match style:
        case PostingStyle.DIGEST:
            draft.message(page.digest())
        case PostingStyle.CARDS:
            for place, item in enumerate(brief.items):
                draft.message(page.card(item, page.header if place == 0 else "", ping=place == 0))
        case PostingStyle.THREAD:
            thread = draft.thread(page.name, on=draft.message(page.digest()))
            for item in brief.items:
                draft.message(page.card(item), into=thread)
        case PostingStyle.FORUM:
            draft.post(page.name, page.digest(), page.tag_ids)
        case PostingStyle.FORUM_PAPERS:
            for place, item in enumerate(brief.items):
                content = page.header if place == 0 else f"-# {escape_discord(page.name)}"
                draft.post(page.title(item), page.card(item, content, ping=place == 0), page.tag_ids)
    if crosspost:
        draft.crosspost_all()
    return draft


def render_note(
    content: str,
    *,
    channel_id: int,
    topic: Topic,
    announced_on: date,
    kind: DeliveryKind,
    forum_name: str | None = None,
    tag_ids: Sequence[int] = (),
) -> tuple[PlannedPart, ...]:
    """Return the one request that posts `content`, escaped already; as a forum post of that name where one is given."""
    draft = Draft(topic_key(topic), announced_on, kind)
    body = _message(content, [], [], None)
    if forum_name is None:
        draft.message(body)
    else:
        draft.post(_name(forum_name), body, tag_ids)
    return draft.parts(channel_id)


def shown_papers(payload: Mapping[str, Any]) -> set[str]:
    """Return the arXiv identifiers of the papers that a message or forum post of ours shows."""
    body = payload.get("message", payload)
    found: set[str] = set()
    for embed in body.get("embeds", ()):
        addresses = [embed.get("url", ""), *embed.get("description", "").split("](")]
        for address in addresses:
            page = address.partition(")")[0].partition("#")[0]
            if page.startswith(_PAGES):
                found.add(page.removeprefix(_PAGES))
    return found


def topic_key(topic: Topic) -> TopicKey:
    """Return what names `topic` in a subscription."""
    return TopicKey(topic.slug, topic.guild_id)


def thread_name(topic: Topic, language: str, day: date, label: str | None = None) -> str:
    """Return the name of a brief's thread or forum post: topic, date and `label`, at most 100 characters."""
    end = " · ".join(["", load_texts(language).date(day), *([label] if label else [])])
    topic_text = clip(inert(sanitise(topic.name(language))), MAX_NAME - discord_length(end))
    return f"{topic_text or topic.slug[:40]}{end}"


def digest_components(brief: Brief) -> list[dict[str, Any]]:
    """Return the rows under a digest: a menu of its papers, and the days before and after."""
    texts = load_texts(brief.language)
    scope = f"{brief.topic.slug}:{brief.topic.guild_id or 0}:{brief.announced_on:%Y%m%d}"
    options = list(_options(brief.items))
    menu: dict[str, Any] | None = None
    if options:
        menu = {
            "type": _SELECT,
            "custom_id": f"pb:details:{scope}",
            "placeholder": texts.say("Details of a paper…"),
            "options": options,
        }
    days = [
        _button(texts.say("← Day before"), f"pb:day:{scope}:prev"),
        _button(texts.say("Day after →"), f"pb:day:{scope}:next"),
    ]
    return _rows([menu], days)


def paper_components(arxiv_id: str, topic: Topic, texts: Texts) -> list[dict[str, Any]]:
    """Return the rows under a paper: what to read and keep of it, and what to think of it."""
    scope = f"{topic.slug}:{topic.guild_id or 0}"
    reading = [
        _button(texts.say("Abstract"), f"pb:abs:{arxiv_id}"),
        _button(texts.say("Related"), f"pb:rel:{arxiv_id}"),
        _button(texts.say("BibTeX"), f"pb:bib:{arxiv_id}"),
        _button(texts.say("Save"), f"pb:save:{arxiv_id}", _PRIMARY),
    ]
    judging = [
        _button(texts.say("More like this"), f"pb:like:{scope}:{arxiv_id}"),
        _button(texts.say("Not relevant"), f"pb:less:{scope}:{arxiv_id}"),
    ]
    return _rows(reading, judging)


_PAGES = item_page("")


@dataclass(frozen=True, slots=True)
class _Page:
    """What the messages of one brief have in common."""

    brief: Brief
    texts: Texts
    header: str
    name: str
    role_id: int | None
    tag_ids: tuple[int, ...]

    def digest(self) -> dict[str, Any]:
        """Return the message that shows the whole brief."""
        embeds = render_embeds(self.brief.items, self.texts, reserved=_RESERVED)
        return _message(self.header, embeds, digest_components(self.brief), self.role_id)

    def card(self, item: BriefItem, content: str = "", *, ping: bool = False) -> dict[str, Any]:
        """Return the message that shows one paper."""
        rows = paper_components(item.paper.arxiv_id, self.brief.topic, self.texts)
        return _message(content, [render_card(item, self.texts)], rows, self.role_id if ping else None)

    def title(self, item: BriefItem) -> str:
        """Return the name of one paper's post."""
        return _name(readable(item.paper.title) or item.paper.arxiv_id)


class Draft:
    """The parts of a delivery without their markers, which differ from channel to channel."""

    def __init__(self, topic: TopicKey, announced_on: date, kind: DeliveryKind) -> None:
        self._key = delivery_key(topic, announced_on, kind)
        self._entries: list[tuple[DeliveryAction, dict[str, Any], int | None]] = []

    def parts(self, channel_id: int) -> tuple[PlannedPart, ...]:
        """Return the parts for one channel, numbered, each message with its marker."""
        parts: list[PlannedPart] = []
        for number, (action, payload, into) in enumerate(self._entries):
            marker = make_marker(channel_id, self._key, number)
            shown = payload
            if action is DeliveryAction.MESSAGE:
                shown = _marked(payload, marker)
            elif action is DeliveryAction.FORUM_POST:
                shown = payload | {"message": _marked(payload["message"], marker)}
            parts.append(PlannedPart(number, action, shown, marker, into))
        return tuple(parts)

    def message(self, body: dict[str, Any], into: int | None = None) -> int:
        """Add a message, in the channel or in the thread that the part `into` makes."""
        return self._add(DeliveryAction.MESSAGE, body, into)

    def post(self, name: str, body: dict[str, Any], tag_ids: Sequence[int]) -> int:
        """Add a forum post."""
        payload: dict[str, Any] = {"name": name, "auto_archive_duration": _ARCHIVE_AFTER, "message": body}
        if tag_ids:
            payload["applied_tags"] = [str(tag) for tag in dict.fromkeys(tag_ids)][:MAX_TAGS]
        return self._add(DeliveryAction.FORUM_POST, payload, None)

    def thread(self, name: str, on: int) -> int:
        """Add a thread on the message of the part `on`."""
        return self._add(DeliveryAction.THREAD, {"name": name, "auto_archive_duration": _ARCHIVE_AFTER}, on)

    def crosspost_all(self) -> None:
        """Publish every message that stands in the channel itself."""
        for number, (action, _, into) in enumerate(list(self._entries)):
            if action is DeliveryAction.MESSAGE and into is None:
                self._add(DeliveryAction.CROSSPOST, {}, number)

    def _add(self, action: DeliveryAction, payload: dict[str, Any], into: int | None) -> int:
        self._entries.append((action, payload, into))
        return len(self._entries) - 1


def _message(
    content: str, embeds: list[dict[str, Any]], rows: list[dict[str, Any]], role_id: int | None
) -> dict[str, Any]:
    body: dict[str, Any] = {"allowed_mentions": {"parse": []}}
    if role_id is not None:
        content = f"<@&{role_id}> {content}"
        body["allowed_mentions"]["roles"] = [str(role_id)]
    if content:
        body["content"] = content
    if embeds:
        body["embeds"] = embeds
    if rows:
        body["components"] = rows
    return body


def _marked(body: dict[str, Any], marker: str) -> dict[str, Any]:
    """Return `body` with the marker in its last embed's footer, or at the end of its content."""
    shown = f"⟨{marker}⟩"
    embeds = body.get("embeds")
    if not embeds:
        return body | {"content": f"{body.get('content', '')}\n-# {shown}".strip()}
    last = dict(embeds[-1])
    text = last.get("footer", {}).get("text", "")
    last["footer"] = {"text": f"{text} · {shown}" if text else shown}
    return body | {"embeds": [*embeds[:-1], last]}


def _options(items: Sequence[BriefItem]) -> Iterator[dict[str, str]]:
    seen: set[str] = set()
    for item in items:
        arxiv_id = item.paper.arxiv_id
        if arxiv_id in seen or not 0 < discord_length(arxiv_id) <= MAX_OPTION or len(seen) == MAX_OPTIONS:
            continue
        seen.add(arxiv_id)
        option = {"label": _name(readable(item.paper.title) or arxiv_id), "value": arxiv_id}
        authors = authors_line(item.paper.authors, complete=item.paper.authors_complete, limit=MAX_OPTION)
        description = _clipped_inert(authors, MAX_OPTION)
        if description:
            option["description"] = description
        yield option


def _button(label: str, custom_id: str, style: int = _SECONDARY) -> dict[str, Any]:
    return {"type": _BUTTON, "style": style, "label": label, "custom_id": custom_id}


def _rows(*rows: Sequence[dict[str, Any] | None]) -> list[dict[str, Any]]:
    """Return action rows; what Discord would refuse for the length of its id is left out, rather than everything."""
    kept = ([one for one in row if one and discord_length(one["custom_id"]) <= MAX_CUSTOM_ID] for row in rows)
    return [{"type": _ROW, "components": row} for row in kept if row]


def _name(text: str) -> str:
    """Return a stranger's text as a name or label of 1 to 100 characters; these show no markup."""
    return _clipped_inert(sanitise(text), MAX_NAME) or "…"


def _clipped_inert(text: str, limit: int) -> str:
    return inert(clip(text, limit, measure=lambda part: discord_length(inert(part))))
