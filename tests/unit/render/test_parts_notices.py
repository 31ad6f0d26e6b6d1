"""What a channel reads when there are no papers: short, true, inside the limits, in its language."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery import DeliveryAction, DeliveryKind, PlannedPart, PostingStyle, TopicKey
from bot.health.wording import render_message
from bot.model import Announcement, AnnouncementState, Counts, Receipt
from bot.render.notices import (
    no_announcement_reason,
    no_papers_reason,
    render_missed,
    render_quiet,
    render_waiting,
)
from bot.statement import Statement
from tests.unit.render.samples import DAY, hostile, make_brief
from tests.unit.render.test_parts import CHANNEL, check_parts, valid_by_document

NOON = datetime(2026, 8, 12, 12, tzinfo=UTC)
TOPIC = make_brief().topic


def make_state(category: str, state: AnnouncementState) -> Announcement:
    return Announcement(category, DAY, state, None, Counts(), Counts(), NOON, reason=Statement.plain("internal words"))


def text_of(parts: tuple[PlannedPart, ...]) -> list[str]:
    (part,) = parts
    body = part.payload.get("message", part.payload)
    return list(body["content"].splitlines())


def test_each_way_of_missing_is_said_for_itself() -> None:
    missing = [
        make_state("cs.CV", AnnouncementState.STALLED),
        make_state("cs.CL", AnnouncementState.FAILED),
        make_state("cs.AI", AnnouncementState.STALLED),
        make_state("cs.LG", AnnouncementState.PARTIAL),
        make_state("cs.RO", AnnouncementState.WAITING),
    ]
    parts = render_waiting(TOPIC, DAY, missing, channel_id=CHANNEL, language="en", style=PostingStyle.CARDS)
    assert text_of(parts) == [
        "**Attention** · Wed 12 Aug 2026 · still waiting",
        "cs.RO: not announced yet.",
        "cs.CV and cs.AI: overdue, arXiv still shows an older announcement.",
        "cs.LG: arXiv shows only a part so far.",
        "cs.CL: could not be read so far.",
        "The brief follows as soon as it can be complete.",
        f"-# ⟨{parts[0].marker}⟩",
    ]


def test_missed_briefs_are_one_line_whatever_their_number() -> None:
    days = [DAY - timedelta(days=back) for back in (5, 1, 2)]
    parts = render_missed(TOPIC, days, channel_id=CHANNEL, language="en", style=PostingStyle.DIGEST)
    assert text_of(parts)[:2] == [
        "**Attention** · Fri 7 Aug 2026 – Tue 11 Aug 2026 · missed",
        "3 briefs could not be posted in time. `/brief` shows each of them.",
    ]
    one = render_missed(TOPIC, days[:1], channel_id=CHANNEL, language="en", style=PostingStyle.DIGEST)
    assert text_of(one)[:2] == [
        "**Attention** · Fri 7 Aug 2026 · missed",
        "1 brief could not be posted in time. `/brief` shows it.",
    ]


def test_a_quiet_day_has_its_reason() -> None:
    release = datetime(2026, 8, 17, tzinfo=UTC)
    weekend = no_announcement_reason(date(2026, 8, 15), date(2026, 8, 17), release, "en", deferred=False)
    assert weekend == (
        "arXiv announces nothing for Sat 15 Aug 2026. The next one, for Mon 17 Aug 2026, comes <t:1786924800:f>."
    )
    holiday = no_announcement_reason(date(2026, 11, 27), date(2026, 11, 30), release, "en", deferred=True)
    assert "because of a holiday" in holiday
    parts = render_quiet(TOPIC, DAY, weekend, channel_id=CHANNEL, language="en", style=PostingStyle.DIGEST)
    assert text_of(parts)[:2] == ["**Attention** · Wed 12 Aug 2026 · nothing today", weekend]


@pytest.mark.parametrize(
    ("receipt", "expected"),
    [
        (Receipt(9, 9, 0, 0, 0, {"no_match": 9}), "9 papers were announced in cs.CV, and none is for this topic."),
        (Receipt(1, 1, 0, 0, 0, {"no_match": 1}), "1 paper was announced in cs.CV, and none is for this topic."),
        (
            Receipt(9, 9, 0, 0, 0, {"announced_before": 2, "no_match": 7}),
            "9 papers were announced in cs.CV, and none is for this topic. 2 of them were announced before.",
        ),
        (Receipt(0, 0, 0, 0, 0), "arXiv announced no new or cross-listed papers in cs.CV."),
    ],
)
def test_a_complete_brief_without_papers_says_why(receipt: Receipt, expected: str) -> None:
    assert no_papers_reason(make_brief(receipt=receipt)) == expected


def test_a_deferral_that_the_calendar_did_not_know_is_no_missing_match() -> None:
    brief = make_brief(receipt=Receipt(0, 0, 0, 0, 0), announcements=(make_state("cs.CV", AnnouncementState.QUIET),))
    assert no_papers_reason(brief) == "arXiv announced nothing for this day."


@settings(max_examples=40, deadline=None)
@given(
    hostile,
    st.lists(st.tuples(hostile, st.sampled_from(list(AnnouncementState))), max_size=40),
    st.sampled_from(list(PostingStyle)),
    st.sampled_from(["en", "zh-CN", "de"]),
)
def test_hostile_names_stay_inside_all_limits(
    name: str, missing: list[tuple[str, AnnouncementState]], style: PostingStyle, language: str
) -> None:
    topic = replace(TOPIC, names={"en": name})
    states = [make_state(category, state) for category, state in missing]
    place = {"channel_id": CHANNEL, "language": language, "style": style}
    check_parts(render_waiting(topic, DAY, states, **place))  # type: ignore[arg-type]  # one place for both
    check_parts(render_missed(topic, [DAY], **place))  # type: ignore[arg-type]  # one place for both


@pytest.mark.parametrize("style", [PostingStyle.FORUM, PostingStyle.FORUM_PAPERS])
def test_in_a_forum_a_notice_is_a_post_with_its_tags(style: PostingStyle) -> None:
    parts = render_quiet(TOPIC, DAY, "Why.", channel_id=CHANNEL, language="en", style=style, tag_ids=(5,))
    (part,) = parts
    assert part.action is DeliveryAction.FORUM_POST
    assert part.payload["name"] == "Attention · Wed 12 Aug 2026 · nothing today"
    assert part.payload["applied_tags"] == ["5"]
    valid_by_document(parts)


def test_the_kinds_of_notices_never_share_a_marker() -> None:
    parts = [
        *render_waiting(TOPIC, DAY, [], channel_id=CHANNEL, language="en", style=PostingStyle.DIGEST),
        *render_missed(TOPIC, [DAY], channel_id=CHANNEL, language="en", style=PostingStyle.DIGEST),
        *render_quiet(TOPIC, DAY, "Why.", channel_id=CHANNEL, language="en", style=PostingStyle.DIGEST),
    ]
    parts += render_message("A week", [], channel_id=CHANNEL, key=TopicKey(TOPIC.slug), day=DAY, language="en")
    assert len({part.marker for part in parts}) == 4
    # The other two are briefs.
    assert len(DeliveryKind) == 6
