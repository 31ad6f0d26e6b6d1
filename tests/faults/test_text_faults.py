"""Hostile, huge and broken texts of papers: what stands in a channel after a brief of them came through a Discord."""

import re
import unicodedata
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery import DeliveryAction, DeliveryKind, PlannedDelivery, PostingStyle, TopicKey
from bot.digest.extract import summarise_extractive
from bot.digest.links import find_links
from bot.i18n import load_texts
from bot.model import Brief
from bot.render.details import PaperDetails, render_details
from bot.render.parts import render_parts
from bot.render.text import discord_length, escape_discord, readable
from bot.store.engine import Database
from bot.store.papers import PaperStore
from bot.store.search import build_search
from tests.faults.desk import Desk, open_desk
from tests.store.samples import make_paper
from tests.unit.deliver.samples import TUESDAY
from tests.unit.render.samples import BAIT, hostile, hostile_briefs, make_brief, make_item, make_summary
from tests.unit.render.test_text import MARKUP
from tests.wire.discord_checks import check_message, embed_length
from tests.wire.discord_model import ChannelType

OURS = {"arxiv.org", "doi.org"}
TEXTS = load_texts("en")
ADDRESS = re.compile(r"https?://[^\s)\]>\"]+", re.IGNORECASE)
LIVE = re.compile(r"(?<!\\)\[[^\]]*(?<!\\)\]\((?P<to>[^)]*)\)")
"""A link of Discord's markup: its brackets are not escaped."""


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    """Every body is checked against Discord's own limits when it arrives, and once more at the end."""
    async with open_desk(sqlite_url) as opened:
        yield opened


_DAYS = count()


async def posted(desk: Desk, brief: Brief, style: PostingStyle) -> list[dict[str, Any]]:
    """Post a brief and return the messages as they stand in Discord, those in threads included."""
    world = desk.server.world
    kind = ChannelType.FORUM if style.value.startswith("forum") else ChannelType.TEXT
    room = world.add_channel(desk.guild_id, "room", kind).id
    parts = render_parts(brief, style, channel_id=room)
    day = TUESDAY + timedelta(days=next(_DAYS))
    now = desk.clock.now()
    planned = PlannedDelivery(desk.guild_id, room, TopicKey("llm"), day, DeliveryKind.BRIEF, now, parts)
    assert await desk.outbox.plan(planned, bot_id=world.bot.id, now=now)
    await desk.deliver()
    rooms = [room, *(thread.id for thread in world.threads(room))]
    messages = [message for each in rooms for message in world.messages(each)]
    assert len(messages) == sum(part.action in (DeliveryAction.MESSAGE, DeliveryAction.FORUM_POST) for part in parts)
    return messages


def shown(message: dict[str, Any]) -> Iterator[str]:
    """Yield every text of a message that a reader sees."""
    yield message["content"]
    for embed in message["embeds"]:
        yield from (embed.get("title", ""), embed.get("description", ""), (embed.get("footer") or {}).get("text", ""))
        for field in embed.get("fields", ()):
            yield from (field["name"], field["value"])


def addresses(value: Any, *, markup: bool = True) -> Iterator[str]:
    """Yield every address in a JSON value that Discord would make a link of; a footer is plain text to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from addresses(inner, markup=markup and key != "footer")
    elif isinstance(value, list):
        for inner in value:
            yield from addresses(inner, markup=markup)
    elif isinstance(value, str):
        yield from (found[0] for found in ADDRESS.finditer(value))
        yield from (found["to"] for found in LIVE.finditer(value) if markup)


def baited(*baits: str) -> Brief:
    """Return a brief, each paper of which has another bait in every text that strangers write."""
    items = [
        make_item(
            place,
            title=bait,
            abstract=f"{bait}. We study {bait}",
            authors=(bait, "Ada"),
            comment=bait,
            journal_ref=bait,
            summary=make_summary(bait, bait),
        )
        for place, bait in enumerate(baits)
    ]
    # As the program does: links come from the paper's own texts.
    items = [replace(item, links=find_links(item.paper)) for item in items]
    return make_brief(*items)


TENS = [BAIT[start : start + 10] for start in range(0, len(BAIT), 10)]
STYLES = pytest.mark.parametrize("style", list(PostingStyle))


@pytest.mark.fault("U1")
@STYLES
async def test_nothing_in_a_paper_mentions_anybody_or_becomes_a_command(desk: Desk, style: PostingStyle) -> None:
    for baits in TENS:
        for message in await posted(desk, baited(*baits), style):
            for text in shown(message):
                assert not MARKUP.search(text.replace("\\", "").replace("https://arxiv.org", ""))
            assert not message["mention_everyone"]
            assert message["mentions"] == message["mention_roles"] == []
    for request in desk.server.requests("POST", r"/(messages|threads)$"):
        body = request.body.get("message", request.body)
        if "content" in body:
            assert body["allowed_mentions"] == {"parse": []}


@pytest.mark.fault("U2")
@STYLES
async def test_nothing_foreign_in_a_brief_can_be_clicked(desk: Desk, style: PostingStyle) -> None:
    for baits in TENS:
        for message in await posted(desk, baited(*baits), style):
            found = list(addresses([message["content"], message["embeds"]]))
            assert {urlsplit(one).hostname for one in found} <= OURS, found
            assert all(one.get("style") != 5 for row in message["components"] for one in row["components"])


@pytest.mark.fault("U2")
@given(hostile)
def test_the_details_link_what_authors_gave_as_what_it_is_and_nothing_in_disguise(text: str) -> None:
    paper = make_paper(title=text, abstract=f"{text} [click](https://evil.example/x)", comment=text, doi="10.1000/182")
    details = PaperDetails(paper, summarise_extractive(paper), links=find_links(paper))
    embed = render_details(details, TEXTS)
    named = set(find_links(paper).values()) | {f"https://arxiv.org/abs/{paper.arxiv_id}"}
    for found in addresses(embed):
        assert found in named or urlsplit(found).hostname in OURS


SEVERE = (
    "\u202egnp.exe\u202c \u2066isolated",
    "a\u200bb\ufeffc\u2060d \u200e\u200f",
    "Z" + "\u0335\u0322\u035d" * 200 + " algo",
    "\ud83d lone \udc00 surrogates",
    "nul\x00nul \x1b[31mred\x07",
    "👩‍👩‍👧‍👦" * 120,
    "深度学习的注意力机制" * 60,
    "شبكة عصبية عميقة " * 60,
    "e\u0301" * 400,
    "𝔸" * 400,
)


@pytest.mark.fault("U3")
async def test_controls_and_broken_letters_are_gone_and_cuts_fall_between_letters(desk: Desk) -> None:
    for message in await posted(desk, baited(*SEVERE), PostingStyle.CARDS):
        for text in shown(message):
            assert unicodedata.is_normalized("NFC", text)
            assert not regex.search(r"[\p{Cs}\u202a-\u202e\u2066-\u2069\u200b\ufeff]|(?!\n)\p{Cc}|\p{Mn}{5}", text)
            assert text.encode("utf-8").decode("utf-8") == text


@pytest.mark.fault("U3")
@settings(max_examples=60)
@given(st.lists(st.one_of(hostile, st.sampled_from(SEVERE)), min_size=1, max_size=3))
def test_any_text_comes_out_clean_and_cut_between_letters_as_readers_see_them(texts: list[str]) -> None:
    for part in render_parts(baited(*texts), PostingStyle.CARDS, channel_id=1):
        for text in shown({"content": "", "embeds": [], **part.payload}):
            assert not regex.search(r"[\p{Cs}\u202a-\u202e\u2066-\u2069\u200b\ufeff]|(?!\n)\p{Cc}|\p{Mn}{5}", text)
    for text in texts:
        title = render_parts(baited(text), PostingStyle.CARDS, channel_id=1)[0].payload["embeds"][0]["title"]
        if title.endswith("…"):
            whole = escape_discord(readable(text))
            ends = {match.end() for match in regex.finditer(r"\X", whole)}
            kept = title.removesuffix("…")
            assert not whole.startswith(kept) or not kept or len(kept) in ends


AUTHORS = tuple(f"G. Aad{number} of Collaboration" for number in range(5154))
"""As many as arXiv 1503.07589 has."""


@pytest.mark.fault("U4")
@STYLES
async def test_five_thousand_authors_are_three_and_a_number(desk: Desk, style: PostingStyle) -> None:
    items = [make_item(place, authors=AUTHORS) for place in range(10)]
    messages = await posted(desk, make_brief(*items), style)
    texts = "\n".join(text for message in messages for text in shown(message))
    assert texts.count("5,151") >= 10
    assert "Aad3 " not in texts


@pytest.mark.fault("U4")
async def test_five_thousand_authors_are_stored_and_searched_like_three(db: Database) -> None:
    await PaperStore(db).save_metadata([make_paper("1503.07589", authors=AUTHORS, title="Combined measurement")])
    stored = await PaperStore(db).load_paper("1503.07589")
    assert stored is not None
    assert stored.authors == AUTHORS
    for words, author in (("combined measurement", None), ("measurement", "Aad5153"), ("measurement", "Aad0")):
        (hit,) = await build_search(db).search(words, author=author)
        assert hit.paper.arxiv_id == "1503.07589"


LATEX = {
    r"$\alpha_{i}^*$-entmax": "αᵢ\\*-entmax",
    r"A \textbf{bold} \emph{claim}": "A bold claim",
    r"G\"odel, Erd\H{o}s and \'{e}tale": "Gödel, Erdős and étale",
    r"costs $5 a day and $6 a night": "costs $5 a day and $6 a night",
    r"unbalanced $x_i is left": r"unbalanced $x\_i is left",
    r"$O(n \log n)$ time": "O(n log n) time",
    r"\unknownmacro{x} stays": r"\\unknownmacro{x} stays",
    r"$\mathbb{R}^{n}$ and $\sqrt{2}$": "ℝⁿ and √2",
    r"50\% of \$3 \& more \_ here": r"50% of $3 & more \_ here",
}


@pytest.mark.fault("U5")
async def test_latex_is_read_or_stands_as_it_was_written_and_is_escaped_whole(desk: Desk) -> None:
    messages = await posted(desk, baited(*LATEX), PostingStyle.CARDS)
    titles = [message["embeds"][0]["title"] for message in messages]
    assert titles == list(LATEX.values())


@pytest.mark.fault("U5")
@given(st.text(alphabet="$\\{}_^*~`|[]()<>ab1 ", max_size=60))
def test_broken_latex_is_never_escaped_by_half(text: str) -> None:
    (part,) = render_parts(baited(text), PostingStyle.CARDS, channel_id=1)
    title = part.payload["embeds"][0]["title"].removesuffix("…")
    # Whatever is left when every escaped sign is taken out is no markup of Discord's.
    assert not re.search(r"[*_`\[\]\\]|~~|\|\|", re.sub(r"\\.", "x", title))


@pytest.mark.fault("U6")
@settings(max_examples=40)
@given(hostile_briefs(most=10), st.sampled_from(list(PostingStyle)))
def test_whatever_is_packed_stays_inside_every_limit(brief: Brief, style: PostingStyle) -> None:
    if not brief.items:
        return
    for part in render_parts(brief, style, channel_id=1):
        body = part.payload.get("message", part.payload)
        assert discord_length(part.payload.get("name", "")) <= 100
        if "content" in body or "embeds" in body:
            check_message(dict(body))
            assert discord_length(body.get("content", "")) <= 2000
            assert sum(map(embed_length, body.get("embeds", []))) <= 6000
            assert len(body.get("embeds", [])) <= 10


@pytest.mark.fault("U6")
@STYLES
async def test_the_longest_texts_there_are_come_through(desk: Desk, style: PostingStyle) -> None:
    """Letters of two UTF-16 units, of which a count of letters sees half; every one of which is escaped, too."""
    for letter in ("𝔸", "*", "W "):
        items = [
            make_item(
                place,
                title=letter * 3000,
                abstract=letter * 9000,
                authors=(letter * 400,) * 40,
                comment=letter * 900,
                summary=make_summary(letter * 3000, *[letter * 800] * 5),
            )
            for place in range(10)
        ]
        messages = await posted(desk, make_brief(*items), style)
        assert sum(len(message["embeds"]) for message in messages) >= 10
