"""The loopback Discord's limits: what it counts, what it refuses, and that it does so at the exact number."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import shared
from tests.wire import discord_bodies
from tests.wire.discord_checks import (
    EMBED_SUM,
    check_choices,
    check_commands,
    check_message,
    check_modal,
    embed_length,
    length,
    message_errors,
)
from tests.wire.discord_record import Request, validate_bodies
from tests.wire.discord_server import LoopbackDiscord
from tests.wire.discord_wire import ApiError, JsonObject

V2 = 1 << 15


def embed_of(total: int) -> list[JsonObject]:
    """Two embeds with `total` characters between them, none over its own limits."""
    return [{"description": "d" * 3000}, {"title": "t", "description": "e" * (total - 3001)}]


def text(kind: int, content: str) -> JsonObject:
    return {"type": kind, "content": content}


def v2(*components: JsonObject) -> JsonObject:
    return {"flags": V2, "components": list(components)}


def author(name: str) -> JsonObject:
    return {"author": {"name": name}}


def row(*components: JsonObject) -> JsonObject:
    return {"type": 1, "components": list(components)}


def button(custom_id: str, label: str = "b") -> JsonObject:
    return {"type": 2, "style": 2, "label": label, "custom_id": custom_id}


def select(options: int) -> JsonObject:
    return {"type": 3, "custom_id": "s", "options": [{"label": str(n), "value": str(n)} for n in range(options)]}


LIMITS: list[tuple[str, JsonObject, JsonObject]] = [
    ("content", {"content": "x" * 2000}, {"content": "x" * 2001}),
    ("content", {"content": "𝛼" * 1000}, {"content": "𝛼" * 1000 + "x"}),
    ("nonce", {"content": "x", "nonce": "n" * 25}, {"content": "x", "nonce": "n" * 26}),
    ("embeds", {"embeds": [{"title": "t"}] * 10}, {"embeds": [{"title": "t"}] * 11}),
    ("embeds", {"embeds": embed_of(6000)}, {"embeds": embed_of(6001)}),
    ("embeds.0.title", {"embeds": [{"title": "x" * 256}]}, {"embeds": [{"title": "x" * 257}]}),
    ("embeds.0.description", {"embeds": [{"description": "x" * 4096}]}, {"embeds": [{"description": "x" * 4097}]}),
    (
        "embeds.0.footer.text",
        {"embeds": [{"footer": {"text": "x" * 2048}}]},
        {"embeds": [{"footer": {"text": "x" * 2049}}]},
    ),
    (
        "embeds.0.author.name",
        {"embeds": [{"author": {"name": "x" * 256}}]},
        {"embeds": [{"author": {"name": "x" * 257}}]},
    ),
    (
        "embeds.0.fields",
        {"embeds": [{"fields": [{"name": "n", "value": "v"}] * 25}]},
        {"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]},
    ),
    (
        "embeds.0.fields.0.value",
        {"embeds": [{"fields": [{"name": "n", "value": "v" * 1024}]}]},
        {"embeds": [{"fields": [{"name": "n", "value": ""}]}]},
    ),
    ("embeds.0.description", {"embeds": [{"title": "t"}]}, {"embeds": [{}]}),
    (
        "embeds.0.url",
        {"embeds": [{"title": "t", "url": "https://x.org"}]},
        {"embeds": [{"title": "t", "url": "x.org"}]},
    ),
    (
        "components",
        {"components": [row(button(str(n))) for n in range(5)]},
        {"components": [row(button(str(n))) for n in range(6)]},
    ),
    (
        "components.0.components",
        {"components": [row(*(button(str(n)) for n in range(5)))]},
        {"components": [row(*(button(str(n)) for n in range(6)))]},
    ),
    ("components.1.options", {"components": [row(select(25))]}, {"components": [row(select(26))]}),
    ("components.1.custom_id", {"components": [row(button("x" * 100))]}, {"components": [row(button("x" * 101))]}),
    (
        "components.2.custom_id",
        {"components": [row(button("a"), button("b"))]},
        {"components": [row(button("a"), button("a"))]},
    ),
    (
        "components",
        {"flags": V2, "components": [text(10, "x")] * 40},
        {"flags": V2, "components": [text(10, "x")] * 41},
    ),
    (
        "components",
        v2({"type": 17, "components": [text(10, "x" * 2000)] * 2}),
        v2({"type": 17, "components": [text(10, "x" * 2000), text(10, "x" * 2001)]}),
    ),
    (
        "content",
        {"flags": V2, "components": [text(10, "x")]},
        {"flags": V2, "components": [text(10, "x")], "content": "x"},
    ),
]


@pytest.mark.parametrize(("field", "fits", "over"), LIMITS, ids=[f"{n}-{each[0]}" for n, each in enumerate(LIMITS)])
def test_each_limit_at_its_exact_number(field: str, fits: JsonObject, over: JsonObject) -> None:
    check_message(fits)
    with pytest.raises(ApiError) as caught:
        check_message(over)
    assert (caught.value.status, caught.value.body["code"]) == (400, 50035)
    node = caught.value.body["errors"]
    for part in field.split("."):
        node = node[part]
    assert node["_errors"][0]["message"]


def test_an_empty_message_is_50006() -> None:
    with pytest.raises(ApiError) as caught:
        check_message({"content": "", "tts": False})
    assert caught.value.body["code"] == 50006
    check_message({}, file_count=1)
    check_message({"content": None}, partial=True)


@given(st.lists(st.text(max_size=3000), max_size=6))
def test_the_sum_over_embeds_is_refused_exactly_above_6000(descriptions: list[str]) -> None:
    embeds = [{"title": "t", "description": each} for each in descriptions]
    over = sum(1 + length(each) for each in descriptions) > EMBED_SUM
    found = [code for _, code, _ in message_errors({"embeds": embeds})]
    assert ("MAX_EMBED_SIZE_EXCEEDED" in found) is over
    assert sum(map(embed_length, embeds)) == sum(1 + length(each) for each in descriptions)


def test_autocomplete_and_modals() -> None:
    check_choices([{"name": "x" * 100, "value": "v"}] * 25)
    for choices in (
        [{"name": "n", "value": "v"}] * 26,
        [{"name": "x" * 101, "value": "v"}],
        [{"name": "", "value": "v"}],
    ):
        with pytest.raises(ApiError):
            check_choices(choices)
    field = {"type": 4, "custom_id": "f", "label": "x" * 45, "style": 1}
    fields = [row({**field, "custom_id": str(n)}) for n in range(5)]
    check_modal({"custom_id": "m", "title": "x" * 45, "components": fields})
    wrongs: list[JsonObject] = [
        {"title": "x" * 46},
        {"components": []},
        {"components": [row(field), row(field)]},
        {"components": [*fields, row(field)]},
        {"components": [row({**field, "label": "x" * 46})]},
    ]
    for wrong in wrongs:
        with pytest.raises(ApiError):
            check_modal({"custom_id": "m", "title": "t", "components": [row(field)], **wrong})


def command(**more: object) -> JsonObject:
    return {"name": "paper", "description": "d", **more}


@pytest.mark.parametrize(
    "wrong",
    [
        [command(name="Paper")],
        [command(name="x" * 33)],
        [command(description="x" * 101)],
        [command(description="")],
        [command(), command()],
        [command(options=[command(name=f"o{n}", type=3) for n in range(26)])],
        [command(options=[command(name="o", type=3, choices=[{"name": "n", "value": "v"}] * 26)])],
        [command(description_localizations={"zh-CN": "字" * 101})],
        [command(options=[command(name=f"o{n}", description="x" * 100) for n in range(25)] + [])] * 2,
        [command(name=f"c{n}") for n in range(101)],
    ],
)
def test_refused_commands(wrong: list[JsonObject]) -> None:
    with pytest.raises(ApiError):
        check_commands(wrong)


def test_commands_that_fit() -> None:
    check_commands([command(name=f"c{n}", description_localizations={"zh-CN": "字" * 100}) for n in range(100)])
    long = [{"name": "n" * 100, "value": "v" * 100} for _ in range(25)]
    options = [command(name=f"o{n}", type=3, choices=long) for n in range(2)]
    with pytest.raises(ApiError) as caught:
        check_commands([command(options=options)])
    assert "APPLICATION_COMMAND_TOO_LARGE" in str(caught.value.body)
    check_commands([command(options=options[:1])])


def captured(method: str, path: str) -> list[tuple[Any, bool]]:
    """Bodies that discord.py 2.7.1 was recorded to send and Discord's document allows, and whether files went along."""
    requests = json.loads(shared("data", "discord", "requests_sent_by_discordpy.json").read_text(encoding="utf-8"))
    return [
        (each["body"], bool(each.get("multipart")))
        for each in requests
        if each["method"] == method and re.search(path, each["url"])
    ]


def test_what_the_library_really_sends_is_not_refused() -> None:
    messages = captured("POST", r"/messages$")
    commands = captured("PUT", r"/commands$")
    assert messages
    assert commands
    for body, files in messages:
        check_message(body, file_count=int(files))
    for body, _ in commands:
        check_commands(body)


def test_the_openapi_check_takes_what_is_right_and_names_what_is_wrong() -> None:
    shared("tools", "validate_discord.py")
    now = datetime(2026, 5, 4, tzinfo=UTC)
    right = Request(0, "POST", "/channels/1/messages", {}, now, {"content": "x", "tts": False})
    assert validate_bodies([right, Request(1, "GET", "/users/@me", {}, now)]) == 1
    for body, named in (({"content": 5}, "content"), ({"contents": "x"}, "contents: not a property")):
        with pytest.raises(AssertionError, match=named):
            validate_bodies([replace(right, body=body)])
    with pytest.raises(AssertionError, match="not in the document"):
        validate_bodies([replace(right, path="/no/such/route")])


TWO_LONG = {"embeds": embed_of(6001), "allowed_mentions": {"parse": []}}
ANSWER, WEBHOOK = "/interactions/1/token/callback", "/webhooks/1/token"


@pytest.mark.parametrize(
    ("method", "path", "wrong"),
    [
        ("POST", "/channels/1/messages", TWO_LONG),
        ("PATCH", "/channels/1/messages/2", TWO_LONG),
        ("POST", "/channels/1/threads", {"name": "n", "message": TWO_LONG}),
        ("POST", "/channels/1/messages/2/threads", {"name": "n" * 101}),
        ("POST", ANSWER, {"type": 4, "data": TWO_LONG}),
        ("POST", ANSWER, {"type": 7, "data": {"components": [row(select(26))]}}),
        ("POST", ANSWER, {"type": 8, "data": {"choices": [{"name": "n", "value": "v"}] * 26}}),
        ("POST", ANSWER, {"type": 9, "data": {"custom_id": "m", "title": "t" * 46, "components": [row(button("b"))]}}),
        ("POST", WEBHOOK, TWO_LONG),
        ("PATCH", f"{WEBHOOK}/messages/@original", TWO_LONG),
        ("PUT", "/applications/1/commands", [command(name="Paper")]),
        ("POST", "/applications/1/commands", command(description="x" * 101)),
    ],
)
def test_every_kind_of_body_is_counted_without_the_document(
    method: str, path: str, wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discord_bodies, "_validator", lambda: None)
    assert discord_bodies.body_faults(method, path, wrong)


async def test_a_server_that_was_sent_a_refused_body_says_so_at_its_end() -> None:
    with pytest.raises(AssertionError, match="MAX_EMBED_SIZE_EXCEEDED"):
        async with LoopbackDiscord() as server, aiohttp.ClientSession() as session:
            await session.post(f"{server.api_url}/channels/1/messages", json=TWO_LONG)
