"""What a server turns out to be able to do: climbed down once, remembered, found out anew when it stops working."""

import asyncio
from collections.abc import Callable

import pytest

from bot.errors import ModelAnswerInvalid
from bot.llm.asking import Call
from bot.llm.capabilities import MAX_STRETCH, Capabilities, LimitName, Rung, first_guess, from_state
from bot.llm.replies import Reply
from tests.unit.llm.fakes import NOON, REQUEST, Form, good, open_world, refusal


def server_without(*lacks: str) -> Callable[[Call], Reply]:
    """Return a server that refuses what it does not know, in the words of known ones."""

    def answer(call: Call) -> Reply:
        if call.rung.value in lacks:
            return refusal(400, "this response_format type is unavailable now")
        if call.limit.value in lacks:
            return refusal(400, f"unsupported parameter: '{call.limit}'. use '{call.limit.other}' instead")
        if "temperature" in lacks and call.temperature is not None:
            return refusal(400, "unsupported value: 'temperature' does not support 0.2")
        if "system" in lacks and call.messages[0][0] == "system":
            return refusal(400, "system role not supported")
        return good()

    return answer


@pytest.mark.parametrize(
    ("lacks", "rungs"),
    [
        ((), ["json_schema"]),
        (("json_schema",), ["json_schema", "json_object"]),
        (("json_schema", "json_object"), ["json_schema", "json_object", "text"]),
    ],
)
async def test_the_ladder_is_climbed_down_to_what_works(lacks: tuple[str, ...], rungs: list[str]) -> None:
    world = await open_world(server_without(*lacks))
    await world.model.ask(REQUEST, Form)
    assert world.rungs == rungs
    await world.model.ask(REQUEST, Form)
    assert world.rungs == [*rungs, rungs[-1]], "the second question knows it"


async def test_what_was_found_out_outlives_the_process() -> None:
    lacks = ("json_schema", "max_tokens", "temperature", "system")
    world = await open_world(server_without(*lacks))
    await world.model.ask(REQUEST, Form)
    assert len(world.wire.calls) == 1 + len(lacks)
    later = await world.again(server_without(*lacks))
    await later.model.ask(REQUEST, Form)
    (call,) = later.wire.calls
    assert (call.rung, call.limit, call.temperature) == (Rung.JSON_OBJECT, LimitName.MAX_COMPLETION_TOKENS, None)
    assert [role for role, _ in call.messages] == ["user"]
    assert world.memory.writes == 1


async def test_many_first_questions_find_out_once() -> None:
    world = await open_world(server_without("json_schema"))
    await asyncio.gather(*(world.model.ask(REQUEST, Form) for _ in range(20)))
    assert world.rungs.count("json_schema") == 1
    assert len(world.wire.calls) == 21
    assert (world.memory.reads, world.memory.writes) == (1, 1), "and a thousand at once do not storm the database"


async def test_a_server_that_no_longer_takes_what_it_took_is_found_out_anew() -> None:
    world = await open_world(server_without())
    await world.model.ask(REQUEST, Form)
    later = await world.again(server_without("json_schema", "json_object"))
    await later.model.ask(REQUEST, Form)
    await later.model.ask(REQUEST, Form)
    assert later.rungs == ["json_schema", "json_object", "text", "text"]
    assert (await world.again(server_without())).memory.kept["model 127.0.0.1:1/v1 small"]["rung"] == "text"


async def test_after_a_month_the_top_is_tried_again() -> None:
    world = await open_world(server_without("json_schema"))
    await world.model.ask(REQUEST, Form)
    world.clock.seconds += 29 * 86_400
    await world.model.ask(REQUEST, Form)
    world.clock.seconds += 2 * 86_400
    await world.model.ask(REQUEST, Form)
    assert world.rungs == ["json_schema", "json_object", "json_object", "json_schema", "json_object"]


async def test_a_server_that_overlooks_the_schema_is_told_it_in_words_and_then_always() -> None:
    def forgetful(call: Call) -> Reply:
        told = '"gist"' in call.messages[0][1]
        return good() if told and call.rung is not Rung.JSON_SCHEMA else good("It is about matter.")

    world = await open_world(forgetful)
    for _ in range(3):
        assert (await world.model.ask(REQUEST, Form)).value.gist == "We study matter."
    assert world.rungs == ["json_schema", "json_object"] * 3
    await world.model.ask(REQUEST, Form)
    assert world.rungs[6:] == ["json_object"], "three in a row make it the rule"
    later = await world.again(forgetful)
    await later.model.ask(REQUEST, Form)
    assert later.rungs == ["json_object"]


async def test_from_the_bottom_the_ladder_begins_anew() -> None:
    world = await open_world(server_without("json_schema", "json_object"))
    await world.model.ask(REQUEST, Form)
    later = await world.again(good("only prose"))
    for _ in range(3):
        with pytest.raises(ModelAnswerInvalid):
            await later.model.ask(REQUEST, Form)
    assert set(later.rungs) == {"text"}
    later.wire.answers.append(good())
    later.wire.answers.popleft()
    await later.model.ask(REQUEST, Form)
    assert later.rungs[-1] == "json_schema"


async def test_a_model_that_thinks_first_gets_more_room_from_then_on() -> None:
    def thinker(call: Call) -> Reply:
        return good() if call.max_tokens >= 1000 else good("", finish="length")

    world = await open_world(thinker)
    await world.model.ask(REQUEST, Form)
    await world.model.ask(REQUEST, Form)
    assert [call.max_tokens for call in world.wire.calls] == [300, 1200, 1200]
    later = await world.again(thinker)
    await later.model.ask(REQUEST, Form)
    assert [call.max_tokens for call in later.wire.calls] == [1200]


async def test_a_model_that_never_ends_is_given_up_with_bounded_room() -> None:
    world = await open_world(good("x", finish="length"))
    for _ in range(3):
        with pytest.raises(ModelAnswerInvalid, match="cut off"):
            await world.model.ask(REQUEST, Form)
    assert max(call.max_tokens for call in world.wire.calls) <= 300 * MAX_STRETCH
    assert len(world.wire.calls) == 6


async def test_a_server_that_refuses_everything_is_given_up() -> None:
    world = await open_world(refusal(400, "no"))
    with pytest.raises(ModelAnswerInvalid, match="does not accept a request"):
        await world.model.ask(REQUEST, Form)
    assert len(world.wire.calls) == 3
    assert world.memory.kept == {}


def test_openai_is_asked_with_the_name_of_the_limit_that_its_newer_models_take() -> None:
    assert first_guess(openai=True).limit is LimitName.MAX_COMPLETION_TOKENS
    assert first_guess(openai=False).limit is LimitName.MAX_TOKENS


@pytest.mark.parametrize(
    "damage",
    [{"since": "yesterday"}, {"rung": "ladder"}, {"stretch": 10**9}, {"stretch": "x"}, {"since": None}, {"limit": 4}],
)
def test_a_damaged_memory_is_no_memory(damage: dict[str, object]) -> None:
    state = Capabilities().as_state(NOON)
    assert from_state(state, NOON) == (Capabilities(), NOON)
    assert from_state({**state, **damage}, NOON) is None
    assert from_state({}, NOON) is None
