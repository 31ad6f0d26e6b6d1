"""Nonce and marker, simpler payloads, permissions: pure functions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deliver.fallback import MAX_CONTENT, plain_payload, stripped_payload
from bot.deliver.nonce import delivery_key, make_marker, make_nonce, shown_marker
from bot.deliver.permissions import READ_MESSAGE_HISTORY, SEND_MESSAGES, VIEW_CHANNEL, permissions
from bot.delivery import DeliveryKind, TopicKey
from tests.unit.deliver.samples import MONDAY, TUESDAY

KEY = delivery_key(TopicKey("reasoning"), TUESDAY, DeliveryKind.BRIEF)


def test_a_nonce_is_the_same_after_any_restart() -> None:
    # Written down: a change of the arithmetic would post everything twice after an upgrade.
    assert make_nonce(1, 2, KEY, 0) == "c5no4dgg52ebuu34abisvsv4a"
    assert make_marker(2, KEY, 0) == "5mw6ui2n"


def test_a_nonce_differs_with_everything_it_names() -> None:
    others = [
        make_nonce(1, 2, KEY, 0),
        make_nonce(9, 2, KEY, 0),
        make_nonce(1, 9, KEY, 0),
        make_nonce(1, 2, KEY, 1),
        make_nonce(1, 2, KEY, 0, 2),
        make_nonce(12, 2, KEY, 0),
        make_nonce(1, 22, KEY, 0),
        *(make_nonce(1, 2, delivery_key(TopicKey("reasoning"), TUESDAY, kind), 0) for kind in list(DeliveryKind)[1:]),
        make_nonce(1, 2, delivery_key(TopicKey("reasoning", 5), TUESDAY, DeliveryKind.BRIEF), 0),
        make_nonce(1, 2, delivery_key(TopicKey("reasoning"), MONDAY, DeliveryKind.BRIEF), 0),
    ]
    assert len(set(others)) == len(others)
    assert all(len(one) == 25 for one in others)


def test_a_marker_is_shown_in_brackets() -> None:
    assert shown_marker("k7m2q9xw") == "⟨k7m2q9xw⟩"


EMBED = {
    "title": "A paper",
    "url": "https://arxiv.org/abs/2605.00001",
    "description": "It [links](https://example.org/x) and https://arxiv.org/abs/1 too.",
    "thumbnail": {"url": "https://example.org/p.png"},
    "footer": {"text": "cs.CL ⟨k7m2q9xw⟩", "icon_url": "https://example.org/i.png"},
}
BUTTONS = {"type": 1, "components": [{"type": 2, "style": 5, "url": "https://arxiv.org", "label": "Open"}]}
MENU = {"type": 1, "components": [{"type": 3, "custom_id": "pb:details:r:0:20260512", "options": []}]}
MESSAGE: dict[str, Any] = {
    "content": "Reasoning · Tue 12 May",
    "embeds": [EMBED, {"description": "and ten more"}],
    "components": [BUTTONS, MENU],
    "allowed_mentions": {"parse": [], "roles": ["5"]},
}


def test_plain_text_keeps_titles_rules_and_marker() -> None:
    plain = plain_payload(MESSAGE, "k7m2q9xw")
    assert plain["content"].splitlines() == [
        "Reasoning · Tue 12 May",
        "• A paper <https://arxiv.org/abs/2605.00001>",
        "and ten more",
        "⟨k7m2q9xw⟩",
    ]
    assert plain["allowed_mentions"] == MESSAGE["allowed_mentions"]
    assert set(plain) == {"content", "allowed_mentions", "flags"}


def test_a_forum_post_keeps_its_name_and_loses_its_tags() -> None:
    plain = plain_payload({"name": "Tue 12 May", "applied_tags": ["1"], "message": MESSAGE}, "k7m2q9xw")
    assert plain["name"] == "Tue 12 May"
    assert "applied_tags" not in plain
    assert plain["message"]["content"].endswith("⟨k7m2q9xw⟩")


def test_components_with_text_become_text() -> None:
    shown = {"components": [{"type": 17, "components": [{"type": 10, "content": "Hello"}]}]}
    assert plain_payload(shown, "k7m2q9xw")["content"] == "Hello\n⟨k7m2q9xw⟩"


@given(st.lists(st.text(max_size=900), max_size=12), st.text(max_size=2500))
def test_plain_text_is_never_too_long_and_always_marked(titles: list[str], content: str) -> None:
    payload = {"content": content, "embeds": [{"title": title} for title in titles]}
    text = plain_payload(payload, "k7m2q9xw")["content"]
    assert len(text.encode("utf-16-le", "surrogatepass")) // 2 <= MAX_CONTENT
    assert text.count("⟨k7m2q9xw⟩") == 1


@pytest.mark.parametrize("letter", ["x", "😀"])
def test_plain_text_uses_all_the_room_that_discord_gives(letter: str) -> None:
    """Discord counts a letter beyond the first 65,536 as two."""
    end = "\n⟨k7m2q9xw⟩"
    room = MAX_CONTENT - len(end)
    content = letter * (2 * room // len(letter.encode("utf-16-le")))
    assert plain_payload({"content": content}, "k7m2q9xw")["content"] == content + end
    assert plain_payload({"content": content + "xx"}, "k7m2q9xw")["content"] == end.strip()
    first, second = "a" * 1000, "b" * (room - 1001)
    embeds = [{"description": first}, {"description": second}]
    assert plain_payload({"embeds": embeds}, "k7m2q9xw")["content"] == f"{first}\n{second}{end}"
    embeds = [{"description": first}, {"description": second + "b"}, {"title": "short"}]
    assert plain_payload({"embeds": embeds}, "k7m2q9xw")["content"] == f"{first}\n• short{end}"


def test_without_links_the_words_stay() -> None:
    stripped = stripped_payload(MESSAGE)
    assert "http" not in str(stripped)
    assert stripped["embeds"][0]["description"] == "It links and  too."
    assert stripped["embeds"][0]["footer"] == {"text": "cs.CL ⟨k7m2q9xw⟩"}
    assert stripped["components"] == [MENU]
    assert stripped["content"] == MESSAGE["content"]


def channel(*rules: tuple[int, int, int]) -> dict[str, Any]:
    return {
        "permission_overwrites": [
            {"id": str(one), "deny": str(deny), "allow": str(allow)} for one, deny, allow in rules
        ]
    }


GUILD = {
    "id": "1",
    "owner_id": "99",
    "roles": [
        {"id": "1", "permissions": str(VIEW_CHANNEL)},
        {"id": "2", "permissions": str(SEND_MESSAGES | READ_MESSAGE_HISTORY)},
        {"id": "3", "permissions": str(1 << 3)},
    ],
}
ME, ROLE, EVERYONE = 10, 2, 1


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        ([], VIEW_CHANNEL | SEND_MESSAGES | READ_MESSAGE_HISTORY),
        ([(EVERYONE, VIEW_CHANNEL, 0)], 0),
        ([(EVERYONE, VIEW_CHANNEL, 0), (ROLE, 0, VIEW_CHANNEL)], VIEW_CHANNEL | SEND_MESSAGES | READ_MESSAGE_HISTORY),
        ([(ROLE, READ_MESSAGE_HISTORY, 0)], VIEW_CHANNEL | SEND_MESSAGES),
        (
            [(ROLE, READ_MESSAGE_HISTORY, 0), (ME, 0, READ_MESSAGE_HISTORY)],
            VIEW_CHANNEL | SEND_MESSAGES | READ_MESSAGE_HISTORY,
        ),
        ([(ME, SEND_MESSAGES, 0), (55, 0, SEND_MESSAGES)], VIEW_CHANNEL | READ_MESSAGE_HISTORY),
    ],
)
def test_permissions_of_a_channel(rules: list[tuple[int, int, int]], wanted: int) -> None:
    member = {"user": {"id": str(ME)}, "roles": [str(ROLE)]}
    assert permissions(GUILD, member, channel(*rules)) == wanted


@pytest.mark.parametrize(("user", "roles"), [(99, []), (ME, ["3"])])
def test_owners_and_administrators_may_all(user: int, roles: list[str]) -> None:
    member = {"user": {"id": str(user)}, "roles": roles}
    granted = permissions(GUILD, member, channel((EVERYONE, VIEW_CHANNEL, 0)))
    assert (
        granted & (VIEW_CHANNEL | SEND_MESSAGES | READ_MESSAGE_HISTORY)
        == VIEW_CHANNEL | SEND_MESSAGES | READ_MESSAGE_HISTORY
    )
