"""A brief as requests: every style, every limit, one marker a message, nobody pinged but the chosen role."""

import importlib.util
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery import DeliveryAction, DeliveryKind, PlannedPart, PostingStyle
from bot.model import AnnounceType, Brief
from bot.render.parts import MAX_CUSTOM_ID, render_parts, shown_papers, thread_name
from bot.render.text import discord_length
from tests.shared import shared
from tests.unit.render.samples import hostile, hostile_briefs, make_brief, make_item, make_summary
from tests.unit.render.test_text import MARKUP
from tests.wire.discord_checks import check_message

CHANNEL, ROLE = 700000000000000001, 800000000000000002
PATHS = {
    DeliveryAction.MESSAGE: "/channels/1/messages",
    DeliveryAction.THREAD: "/channels/1/messages/2/threads",
    DeliveryAction.FORUM_POST: "/channels/1/threads",
    DeliveryAction.CROSSPOST: "/channels/1/messages/2/crosspost",
}
STYLES = list(PostingStyle)


def body_of(part: PlannedPart) -> dict[str, Any]:
    """Return the message in a part, {} where it makes none."""
    if part.action in (DeliveryAction.THREAD, DeliveryAction.CROSSPOST):
        return {}
    return dict(part.payload.get("message", part.payload))


def bodies(parts: tuple[PlannedPart, ...]) -> list[dict[str, Any]]:
    return [body for part in parts if (body := body_of(part))]


def components(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for row in body.get("components", []):
        yield from row["components"]


def texts_of(body: dict[str, Any]) -> list[str]:
    texts = [body.get("content", "")]
    for embed in body.get("embeds", []):
        texts += [embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", "")]
    return texts


def check_parts(parts: tuple[PlannedPart, ...], role_id: int | None = None) -> None:
    assert [part.part for part in parts] == list(range(len(parts)))
    assert len({part.marker for part in parts}) == len(parts)
    for part in parts:
        assert part.into is None or 0 <= part.into < part.part
        assert len(json.dumps(part.payload)) < 30_000
        if "name" in part.payload:
            assert 0 < discord_length(part.payload["name"]) <= 100
            assert not MARKUP.search(part.payload["name"])
        body = body_of(part)
        if not body:
            continue
        assert re.fullmatch("[a-z2-7]{8}", part.marker)
        last = body["embeds"][-1]["footer"]["text"] if body.get("embeds") else body["content"]
        assert last.endswith(f"⟨{part.marker}⟩")
        check_message(body)
        sums = sum(map(discord_length, texts_of(body)[1:]))
        assert sums <= 6000
        ids = [one["custom_id"] for one in components(body)]
        assert len(set(ids)) == len(ids)
        assert all(discord_length(one) <= MAX_CUSTOM_ID for one in ids)
        roles = body["allowed_mentions"].get("roles", [])
        assert body["allowed_mentions"]["parse"] == []
        assert roles in ([], [str(role_id)])
        content = body.get("content", "")
        if roles:
            content = content.removeprefix(f"<@&{role_id}> ")
        for text in [content, *texts_of(body)[1:]]:
            assert not MARKUP.search(text.replace("\\", ""))


def valid_by_document(parts: tuple[PlannedPart, ...]) -> None:
    pytest.importorskip("jsonschema", reason="skipped: no jsonschema")
    tool, document = shared("tools", "validate_discord.py"), shared("data", "discord", "openapi.json")
    spec = importlib.util.spec_from_file_location("validate_discord", tool)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    validator = module.Validator(json.loads(document.read_text(encoding="utf-8")))
    for part in parts:
        valid, errors, warnings = validator.check("POST", PATHS[part.action], dict(part.payload) or None)
        assert valid, (part.action, errors)
        assert not warnings


def ten_papers(**changes: Any) -> Brief:
    return make_brief(*(make_item(number, **changes) for number in range(10)))


@settings(max_examples=25, deadline=None)
@given(
    hostile_briefs(most=10),
    st.sampled_from(STYLES),
    st.sampled_from(["en", "zh-CN", "xx"]),
    st.booleans(),
    st.sampled_from([DeliveryKind.BRIEF, DeliveryKind.LATE]),
)
def test_hostile_briefs_stay_inside_all_limits_in_every_style(
    brief: Brief, style: PostingStyle, language: str, late: bool, kind: DeliveryKind
) -> None:
    brief = replace(brief, language=language)
    if not brief.items:
        with pytest.raises(ValueError, match="without papers"):
            render_parts(brief, style, channel_id=CHANNEL)
        return
    parts = render_parts(brief, style, channel_id=CHANNEL, kind=kind, late=late, role_id=ROLE, crosspost=True)
    check_parts(parts, ROLE)


@given(hostile, st.sampled_from(["en", "zh-CN"]))
def test_thread_names_fit_and_are_never_empty(name: str, language: str) -> None:
    topic = replace(make_brief().topic, names={"en": name})
    found = thread_name(topic, language, date(2026, 8, 12), "late arrivals")
    assert 0 < discord_length(found) <= 100
    assert found.endswith("late arrivals")


@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_valid_by_discords_own_document(style: PostingStyle) -> None:
    parts = render_parts(
        ten_papers(), style, channel_id=CHANNEL, role_id=ROLE, crosspost=True, tag_ids=tuple(range(10**17, 10**17 + 7))
    )
    check_parts(parts, ROLE)
    valid_by_document(parts)


def test_a_digest_is_one_message_with_a_menu_and_one_row_of_buttons() -> None:
    (part,) = render_parts(ten_papers(), PostingStyle.DIGEST, channel_id=CHANNEL)
    assert part.action is DeliveryAction.MESSAGE
    assert len(part.payload["embeds"]) == 10
    assert part.payload["content"] == "**Attention** · Wed 12 Aug 2026 · announced 239 · matched 31 · shown 10"
    menu_row, button_row = part.payload["components"]
    (menu,) = menu_row["components"]
    assert menu["custom_id"] == "pb:details:attention:0:20260812"
    assert [option["value"] for option in menu["options"]] == [f"2608.{847 + n:05}" for n in range(10)]
    assert menu["options"][0]["label"] == "Sparse Attention in O(n log n) Time"
    assert menu["options"][0]["description"] == "Ada Lovelace, Kurt Gödel"
    ids = [button["custom_id"] for button in button_row["components"]]
    assert ids == ["pb:day:attention:0:20260812:prev", "pb:day:attention:0:20260812:next"]


def test_cards_are_one_message_a_paper_with_its_buttons() -> None:
    brief = replace(ten_papers(), topic=replace(make_brief().topic, guild_id=42))
    parts = render_parts(brief, PostingStyle.CARDS, channel_id=CHANNEL)
    assert [part.action for part in parts] == [DeliveryAction.MESSAGE] * 10
    assert "shown 10" in parts[0].payload["content"]
    assert all("content" not in part.payload for part in parts[1:])
    assert [one["custom_id"] for one in components(dict(parts[1].payload))] == [
        "pb:abs:2608.00848",
        "pb:rel:2608.00848",
        "pb:bib:2608.00848",
        "pb:save:2608.00848",
        "pb:like:attention:42:2608.00848",
        "pb:less:attention:42:2608.00848",
    ]


def test_a_card_shows_more_than_a_digest() -> None:
    points = [f"Takeaway number {number} says something that is new and worth one line." for number in range(6)]
    brief = make_brief(make_item(summary=make_summary("It works. " * 60, *points)))
    (digest,) = bodies(render_parts(brief, PostingStyle.DIGEST, channel_id=CHANNEL))
    (card,) = bodies(render_parts(brief, PostingStyle.CARDS, channel_id=CHANNEL))
    assert digest["embeds"][0]["description"].count("• ") < 3
    assert card["embeds"][0]["description"].count("• ") == 6


def test_a_thread_hangs_on_the_digest_and_holds_one_message_a_paper() -> None:
    brief = make_brief(make_item(0), make_item(1))
    parts = render_parts(brief, PostingStyle.THREAD, channel_id=CHANNEL, crosspost=True)
    assert [(part.action, part.into) for part in parts] == [
        (DeliveryAction.MESSAGE, None),
        (DeliveryAction.THREAD, 0),
        (DeliveryAction.MESSAGE, 1),
        (DeliveryAction.MESSAGE, 1),
        (DeliveryAction.CROSSPOST, 0),
    ]
    assert parts[1].payload["name"] == "Attention · Wed 12 Aug 2026"


def test_a_forum_gets_one_post_a_brief_or_one_a_paper_with_at_most_five_tags() -> None:
    brief = make_brief(make_item(0), make_item(1, title="T" * 300))
    tags = (5, 1, 5, 2, 3, 4, 6)
    (whole,) = render_parts(brief, PostingStyle.FORUM, channel_id=CHANNEL, tag_ids=tags, crosspost=True)
    assert whole.action is DeliveryAction.FORUM_POST
    assert whole.payload["name"] == "Attention · Wed 12 Aug 2026"
    assert whole.payload["applied_tags"] == ["5", "1", "2", "3", "4"]
    assert len(whole.payload["message"]["embeds"]) == 2
    each = render_parts(brief, PostingStyle.FORUM_PAPERS, channel_id=CHANNEL)
    assert [part.payload["name"] for part in each] == ["Sparse Attention in O(n log n) Time", "T" * 99 + "…"]
    assert "applied_tags" not in each[0].payload
    assert "shown 2" in each[0].payload["message"]["content"]
    assert each[1].payload["message"]["content"] == "-# Attention · Wed 12 Aug 2026"


@pytest.mark.parametrize("style", STYLES)
def test_the_chosen_role_is_pinged_once_and_only_by_the_brief(style: PostingStyle) -> None:
    brief = ten_papers(title=f"<@&{ROLE}> @everyone <@&123456789012345678>")
    found = bodies(render_parts(brief, style, channel_id=CHANNEL, role_id=ROLE))
    pinging = [body for body in found if f"<@&{ROLE}>" in json.dumps(body, ensure_ascii=False)]
    assert pinging == found[:1]
    assert found[0]["content"].startswith(f"<@&{ROLE}> **")
    assert found[0]["allowed_mentions"] == {"parse": [], "roles": [str(ROLE)]}
    late = bodies(render_parts(brief, style, channel_id=CHANNEL, role_id=ROLE, kind=DeliveryKind.LATE))
    assert all(body["allowed_mentions"] == {"parse": []} for body in late)


def test_a_late_brief_and_late_arrivals_say_so() -> None:
    brief = make_brief(make_item())
    (late,) = bodies(render_parts(brief, PostingStyle.DIGEST, channel_id=CHANNEL, late=True))
    assert late["content"].startswith("**Attention** · Wed 12 Aug 2026 · late · announced")
    (arrivals,) = bodies(render_parts(brief, PostingStyle.DIGEST, channel_id=CHANNEL, kind=DeliveryKind.LATE))
    assert arrivals["content"].startswith("**Attention** · Wed 12 Aug 2026 · late arrivals · announced")


def test_markers_tell_channels_kinds_dates_and_parts_apart_and_never_change() -> None:
    brief = make_brief(make_item())

    def markers(one: Brief = brief, channel: int = CHANNEL, kind: DeliveryKind = DeliveryKind.BRIEF) -> tuple[str, ...]:
        return tuple(part.marker for part in render_parts(one, PostingStyle.THREAD, channel_id=channel, kind=kind))

    other_day = replace(brief, announced_on=date(2026, 8, 13))
    found = [*markers(), *markers(channel=CHANNEL + 1), *markers(kind=DeliveryKind.LATE), *markers(other_day)]
    assert len(set(found)) == 12
    assert markers() == markers(replace(brief, language="zh-CN"))


def test_a_button_whose_id_would_be_refused_is_left_out_and_the_rest_stays() -> None:
    brief = replace(make_brief(make_item()), topic=replace(make_brief().topic, slug="s" * 80, guild_id=10**18))
    (part,) = render_parts(brief, PostingStyle.CARDS, channel_id=CHANNEL)
    check_parts((part,))
    assert [one["custom_id"][:7] for one in components(dict(part.payload))] == [
        "pb:abs:",
        "pb:rel:",
        "pb:bib:",
        "pb:save",
    ]


def test_one_paper_twice_is_one_choice_in_the_menu() -> None:
    (body,) = bodies(render_parts(make_brief(make_item(), make_item()), PostingStyle.DIGEST, channel_id=CHANNEL))
    assert len(next(components(body))["options"]) == 1
    check_message(body)


@pytest.mark.parametrize("style", STYLES)
def test_what_a_payload_shows_can_be_read_back(style: PostingStyle) -> None:
    brief = make_brief(*(make_item(number) for number in range(13)))
    parts = render_parts(brief, style, channel_id=CHANNEL)
    shown = {arxiv_id for part in parts for arxiv_id in shown_papers(part.payload)}
    assert shown == {item.paper.arxiv_id for item in brief.items}


def test_old_identifiers_are_read_back_and_make_buttons() -> None:
    item = make_item()
    old = replace(item, paper=replace(item.paper, arxiv_id="astro-ph/9901001"), announce_type=AnnounceType.CROSS)
    (part,) = render_parts(make_brief(old), PostingStyle.CARDS, channel_id=CHANNEL)
    assert shown_papers(part.payload) == {"astro-ph/9901001"}
    assert "pb:save:astro-ph/9901001" in [one["custom_id"] for one in components(dict(part.payload))]
