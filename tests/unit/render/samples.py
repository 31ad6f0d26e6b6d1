"""Briefs for the renderers' tests: small, with every text replaceable by a hostile one."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from bot.model import (
    Announcement,
    AnnouncementState,
    AnnounceType,
    Brief,
    BriefItem,
    Counts,
    Paper,
    Reason,
    Receipt,
    SourceName,
    Topic,
)
from bot.statement import Statement, StatementCode
from bot.texts import Fallback, Sentence, Summary, Translation

DAY = date(2026, 8, 12)

PAPER = Paper(
    arxiv_id="2608.00847",
    title=r"Sparse Attention in $O(n \log n)$ Time",
    abstract="We study attention. It costs $5 a day. Results hold for $x_i$.",
    authors=("Ada Lovelace", "Kurt Gödel"),
    primary_category="cs.CL",
    categories=("cs.CL", "cs.LG"),
    comment="12 pages, 3 figures, accepted at ACL 2026",
)

BAIT = (
    "@everyone",
    "@here",
    "<@123456789012345678>",
    "<@!123456789012345678>",
    "<@&123456789012345678>",
    "<#123456789012345678>",
    "</brief:123456789012345678>",
    "<t:1700000000:R>",
    "<id:customize>",
    "<:pepe:123456789012345678>",
    "<a:wave:123456789012345678>",
    "https://evil.example/x",
    "http:https:////evil.example",
    "hhttps://ttps://evil.example",
    "<https://evil.example>",
    "[click](https://evil.example)",
    "discord.gg/evil",
    "https://discord.com/invite/evil",
    "javascript:alert(1)",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onload='alert(1)",
    "{{ 7 * 7 }}",
    "# Heading",
    "-# small",
    "> quote",
    "||spoiler||",
    "```code```",
    "**bold** __under__ ~~gone~~ _it_",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202egnp.exe\u202c",
    "a\u200bb\ufeffc\u2060d",
    "e" + "\u0301" * 500,
    "\ud800 lone",
    "nul\x00nul",
    "👩‍👩‍👧‍👦 family 🇫🇷",
    "深度学习的注意力机制" * 30,
    "شبكة عصبية عميقة" * 10,
    r"$\alpha_{i}^* \textbf{x$ unbalanced \'{e} 100% $",
    "\U000e0041\U000e0042 tags",
    "line\nbreak\r\n# again",
    "&lt;b&gt; & &#64;everyone",
)

hostile = st.lists(
    st.one_of(
        st.sampled_from(BAIT),
        st.text(max_size=60),
        st.text(alphabet="$\\{}_^~`'*|<>@#[]()!&:/-", max_size=30),
        st.text(alphabet="a\u0301\u0344\u200d\ufe0f👩🏽", max_size=30),
    ),
    max_size=12,
).map(" ".join) | st.sampled_from(BAIT).map(lambda bait: bait * 40)


def make_item(position: int = 0, **changes: Any) -> BriefItem:
    """Return an item; keyword arguments replace fields of its paper, or of the item if it has them."""
    item_fields = {name: changes.pop(name) for name in list(changes) if name in BriefItem.__slots__}
    paper = replace(PAPER, arxiv_id=f"2608.{position + 847:05}", **changes)
    item = BriefItem(
        paper=paper,
        announce_type=AnnounceType.NEW,
        position=position,
        score=1.5,
        reasons=(
            Reason(Statement.of(StatementCode.MATCHES, term="attention", field="ti"), 1.0),
            Reason(Statement.of(StatementCode.NEW_IN, homes=("cs.CL",)), 0.5),
        ),
        summary=make_summary("We study attention."),
        links={"abs": f"https://arxiv.org/abs/{paper.arxiv_id}", "code": "https://github.com/a/b"},
    )
    return replace(item, **item_fields)


def make_summary(text: str, *takeaways: str, producer: str = "extractive") -> Summary:
    """Return a summary with provenance 0 and takeaways with provenance 1, 2, …"""
    points = tuple(Sentence(one, (place + 1,)) for place, one in enumerate(takeaways))
    return Summary("2608.00847", 1, "en", text, (0,), points, producer, "1")


def make_brief(*items: BriefItem, **changes: Any) -> Brief:
    """Return a brief of `items` in cs.CV whose receipt adds up."""
    shown = len(items)
    receipt = Receipt(239, 239, 31, shown, 0, {"no_match": 208, "below_cut": 31 - shown})
    announcement = Announcement(
        category="cs.CV",
        announced_on=DAY,
        state=AnnouncementState.FRESH,
        source=SourceName.LISTING,
        shown=Counts(200, 39, 100),
        stored=Counts(200, 39, 100),
        fetched_at=datetime(2026, 8, 12, 1, tzinfo=UTC),
    )
    brief = Brief(
        topic=Topic("attention", {"en": "Attention", "zh-CN": "注意力"}, ("cs.CV",)),
        announced_on=DAY,
        language="en",
        receipt=receipt,
        items=items,
        announcements=(announcement,),
    )
    return replace(brief, **changes)


def plain(text: str) -> tuple[Statement, ...]:
    """Return a silence that is this one sentence."""
    return (Statement.plain(text),)


@st.composite
def hostile_briefs(draw: st.DrawFn, *, most: int = 10) -> Brief:
    """Draw briefs of up to `most` papers in which every text may be hostile."""
    items = []
    for position in range(draw(st.integers(0, most))):
        summary = make_summary(draw(hostile), *draw(st.lists(hostile, max_size=4)), producer=draw(hostile))
        items.append(
            make_item(
                position,
                title=draw(hostile),
                abstract=draw(hostile),
                authors=tuple(draw(st.lists(hostile, max_size=3))) * draw(st.sampled_from([1, 15])),
                comment=draw(st.none() | hostile),
                primary_category=draw(st.sampled_from(["cs.CV", "math-ph", "x" * 50]) | st.text(max_size=20)),
                authors_complete=draw(st.booleans()),
                announce_type=draw(st.sampled_from([AnnounceType.NEW, AnnounceType.CROSS])),
                late=draw(st.booleans()),
                reasons=tuple(
                    Reason(Statement.of(StatementCode.MATCHES, term=text, field="ti"), 1.0)
                    for text in draw(st.lists(hostile, max_size=3))
                ),
                summary=summary,
                links={draw(hostile): draw(hostile), "abs": draw(hostile)},
                translation=draw(
                    st.none()
                    | st.sampled_from(Fallback)
                    | st.builds(Translation, hostile, st.just(1), hostile, hostile, hostile, hostile, st.just("1"))
                ),
            )
        )
    name = draw(hostile)
    topic = Topic("slug", {"en": name}, ("cs.CV",))
    return make_brief(*items, topic=topic, silence=draw(st.just(()) | hostile.map(plain)))
