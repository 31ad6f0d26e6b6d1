"""The request as it is sent, and what it costs."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.llm.asking import Repair, build_call, cost_of, most
from bot.llm.capabilities import Capabilities, LimitName, Rung
from bot.llm.config import FREE, Price
from bot.llm.port import ChatRequest
from bot.llm.replies import Completion, Lost, NoAnswer, Usage
from bot.spending import Spending
from tests.unit.llm.fakes import REQUEST, Form, refusal

PRICE = Price(Decimal("0.15"), Decimal("0.60"))


def test_the_best_rung_sends_the_schema_beside_the_words() -> None:
    call = build_call("m", REQUEST, Form, Capabilities())
    assert call.messages == (("system", REQUEST.system), ("user", REQUEST.user))
    assert call.response_format is not None
    assert call.response_format["json_schema"]["name"] == "Form"
    assert call.response_format["json_schema"]["strict"] is True
    assert (call.limit, call.max_tokens, call.temperature) == (LimitName.MAX_TOKENS, 300, 0.2)


def test_lower_rungs_tell_the_schema_in_words() -> None:
    call = build_call("m", REQUEST, Form, Capabilities(rung=Rung.JSON_OBJECT))
    assert call.response_format == {"type": "json_object"}
    assert '"gist"' in call.messages[0][1]
    assert build_call("m", REQUEST, Form, Capabilities(rung=Rung.TEXT)).response_format is None


def test_without_a_system_role_everything_is_one_message_and_ours_comes_first() -> None:
    call = build_call("m", REQUEST, Form, Capabilities(system=False, temperature=False, stretch=4))
    ((role, text),) = call.messages
    assert role == "user"
    assert text.index(REQUEST.system) < text.index(REQUEST.user)
    assert call.temperature is None
    assert call.max_tokens == 1200


def test_a_repair_shows_a_bounded_part_of_the_answer_and_what_is_wrong() -> None:
    call = build_call("m", REQUEST, Form, Capabilities(), Repair("gist: too long.", "x" * 100_000))
    assert [role for role, _ in call.messages] == ["system", "user", "assistant", "user"]
    assert len(call.messages[2][1]) <= 6000
    assert "gist: too long." in call.messages[3][1]
    assert '"gist"' in call.messages[0][1]


@pytest.mark.parametrize(
    ("read", "written", "micros"),
    [(0, 0, 0), (1, 0, 1), (1_000_000, 0, 150_000), (0, 1_000_000, 600_000), (7, 7, 6), (1000, 500, 450)],
)
def test_money_is_in_millionths_and_rounded_up(read: int, written: int, micros: int) -> None:
    assert PRICE.cost_micros(read, written) == micros


@given(st.text(max_size=2000), st.text(max_size=2000))
def test_a_reservation_covers_every_byte_that_is_sent(system: str, user: str) -> None:
    call = build_call("m", ChatRequest("x", system, user, 100), Form, Capabilities())
    limit = most(call, PRICE)
    assert limit.input_tokens > len(system.encode("utf-8", "replace")) + len(user.encode("utf-8", "replace"))
    assert limit.output_tokens == 100
    assert limit.cost_micros == PRICE.cost_micros(limit.input_tokens, 100)


def test_the_servers_count_is_believed_and_its_silence_estimated() -> None:
    call = build_call("m", REQUEST, Form, Capabilities())
    told = cost_of(call, Completion("x", usage=Usage(1000, 500)), PRICE)
    assert told == Spending(1, 1000, 500, 450, 0)
    silent = cost_of(call, Completion("x" * 300), PRICE)
    assert silent.estimated == 1
    assert silent.output_tokens == 100
    assert 0 < silent.input_tokens <= most(call, PRICE).input_tokens
    assert silent.cost_micros == PRICE.cost_micros(silent.input_tokens, silent.output_tokens)
    assert cost_of(call, Completion("x", finish="length"), FREE).output_tokens == 300, "cut off at the limit"


def test_a_text_that_took_no_tokens_is_not_believed() -> None:
    call = build_call("m", REQUEST, Form, Capabilities())
    assert cost_of(call, Completion("x" * 30, usage=Usage(10, 0)), FREE).estimated == 1


def test_only_what_was_certainly_not_worked_on_is_free() -> None:
    call = build_call("m", REQUEST, Form, Capabilities())
    whole = most(call, PRICE)
    assert cost_of(call, NoAnswer(Lost.UNREACHABLE), PRICE) == Spending()
    assert cost_of(call, refusal(429), PRICE) == Spending(requests=1)
    assert cost_of(call, refusal(500), PRICE) == Spending(requests=1)
    for reply in (NoAnswer(Lost.TIMEOUT), NoAnswer(Lost.BROKEN), NoAnswer(Lost.UNREADABLE), refusal(504)):
        spent = cost_of(call, reply, PRICE)
        assert (spent.cost_micros, spent.estimated) == (whole.cost_micros, 1)
