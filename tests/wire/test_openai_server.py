"""The loopback model server itself: it says what it was given to say, in the form and language that was asked for."""

import asyncio
import json
import sys
from typing import Any

import aiohttp
import pytest

from tests.wire.openai_answers import (
    ChatCall,
    Makers,
    in_language,
    in_wrong_language,
    load_makers,
    make_from_schema,
    with_invented_number,
    with_wrong_ids,
)
from tests.wire.openai_server import OpenAIServer

BLOCK = "==0123456789==\nTitle: On TransNet\n[0] We train TransNet on 14 pairs.\n[1] It gains 3.5 BLEU.\n==0123456789=="
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "gist": {"type": "string"},
        "points": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "place": {"type": "integer"},
        "kind": {"enum": ["fact", "claim"]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
}


def call(language: str = "English", user: str = BLOCK) -> ChatCall:
    return ChatCall("Summarise.", f"{user}\nWrite in {language}. JSON only.", SCHEMA)


def test_an_answer_is_made_of_the_texts_sentences_with_their_numbers() -> None:
    made = make_from_schema(call())
    assert made["gist"] == "We train TransNet on 14 pairs. [0]"
    assert made["points"] == ["It gains 3.5 BLEU. [1]", "We train TransNet on 14 pairs. [0]"]
    assert (made["kind"], type(made["place"])) == ("fact", int)


@pytest.mark.parametrize(
    ("language", "letters"),
    [("Simplified Chinese", "这项工作"), ("Japanese", "本研究"), ("German", "Die Arbeit"), ("Russian", "В работе")],
)
def test_an_answer_is_in_the_asked_language_with_names_and_numbers_kept(language: str, letters: str) -> None:
    made = make_from_schema(call(language))
    assert letters in made["gist"]
    assert "TransNet" in made["gist"]
    assert "14" in made["gist"]


def test_a_paper_about_chinese_is_not_a_wish_for_chinese() -> None:
    assert call(user=BLOCK.replace("TransNet", "Chinese")).language == "english"


def test_masks_come_through_a_translation() -> None:
    said = in_language("We prove ⟦3⟧ and $x^2$ for [[M1]] in 7 steps.", "french")
    for mask in ("⟦3⟧", "$x^2$", "[[M1]]", "7"):
        assert mask in said


def test_the_planted_faults_change_what_they_should() -> None:
    made = make_from_schema(call())
    assert with_wrong_ids(made)["gist"].endswith("[97]")
    assert with_wrong_ids({"id": "2605.00001", "n": 3}) == {"id": "9999.99999", "n": 97}
    assert "untersucht" in in_wrong_language(made, "english")["gist"]
    assert "这项" in in_wrong_language(made, "german")["gist"]
    changed = json.dumps(with_invented_number(made))
    assert changed.count("8317.5 %") == 1


def test_makers_answer_what_they_recognise() -> None:
    makers = Makers()
    makers.register(lambda one: "Summarise" in one.system, lambda one: {"mine": one.language})
    assert makers.make(call("German")) == {"mine": "german"}
    assert "gist" in makers.make(ChatCall("Translate.", BLOCK, SCHEMA))


def test_the_makers_of_the_folder_pass_on_what_is_not_theirs() -> None:
    assert load_makers().make(ChatCall("Do something else.", BLOCK, SCHEMA))["gist"].endswith("[0]")


async def test_another_papers_summary_speaks_of_another_paper() -> None:
    async with OpenAIServer(always="other-paper") as server:
        answer = await post(server.url, {"model": "m", "messages": messages(), "response_format": in_wire(SCHEMA)})
    assert "herring" in answer["choices"][0]["message"]["content"]


async def test_behaviours_come_in_the_order_of_the_script_and_are_logged() -> None:
    async with OpenAIServer() as server:
        server.script.extend(["failing:503", "good"])
        body = {"model": "m", "messages": messages(), "max_tokens": 5}
        for _ in range(3):
            await post(server.url, body)
    assert [(one.behaviour, one.status) for one in server.log] == [("failing", 503), ("good", 200), ("good", 200)]
    assert server.log[1].input_tokens > server.log[1].output_tokens > 0


async def test_it_runs_as_a_program_and_prints_its_address() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.wire.openai_server", "--latency", "0.01", "--script", "quota",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().strip()
        body = {"model": "m", "messages": messages()}
        assert (await post(url, body))["error"]["code"] == "insufficient_quota"
        assert (await post(url, body))["choices"]
    finally:
        process.terminate()
        await process.wait()


def messages() -> list[dict[str, str]]:
    return [{"role": "system", "content": "Summarise."}, {"role": "user", "content": BLOCK}]


def in_wire(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}


async def post(url: str, body: dict[str, Any]) -> Any:
    async with aiohttp.ClientSession() as http, http.post(f"{url}/chat/completions", json=body) as answer:
        text = await answer.text()
    return json.loads(text) if text.startswith("{") else text
