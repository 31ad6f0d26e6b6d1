"""From a model's text to the form that was asked for, whatever stands around it."""

import json
from contextlib import suppress
from typing import Any, Literal, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from bot.llm.forms import NotOfForm, describe, read_form, strict_schema
from tests.unit.llm.fakes import GOOD, Form

WANTED = Form(gist="We study matter.", points=["It matters."])


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"\ufeff  {GOOD}\n\n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```",
        f"Sure! Here is the summary:\n\n```JSON\n{GOOD}\n```\nAnything else?",
        f"```json\n{GOOD}",
        f"Here it is: {GOOD} I hope it helps.",
        f'First {{"draft": 1}} and then {GOOD}',
        f"{{not json}} {GOOD}",
        f'<think>Maybe {{"gist": "no", "points": []}}?</think>{GOOD}',
        f'Perhaps {{"gist": "no", "points": []}}.\n</think>\n\n{GOOD}',
        f"<Thinking>\nhm\n</Thinking>\n{GOOD}",
        f"[THINK]hm[/THINK]{GOOD}",
        f"<|channel|>analysis<|message|>hm<|end|><|channel|>final<|message|>{GOOD}",
        f"[{GOOD}]",
        f'{{"summary": {GOOD}}}',
        GOOD.replace("}", ', "confidence": 0.9}'),
    ],
)
def test_the_form_is_found_in_whatever_stands_around_it(text: str) -> None:
    assert read_form(text, Form) == WANTED


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "The answer is empty."),
        ("  \n", "The answer is empty."),
        ("I am sorry.", "The answer holds no JSON object."),
        ("[1, 2, 3]", "The answer does not have the asked form: the answer: Input should be"),
        (GOOD[:30], "The answer holds no JSON object."),
        ('{"gist": 7, "points": []}', "gist: Input should be a valid string"),
        ('{"gist": "x"}', "points: Field required"),
        ('{"gist": "x", "points": ["a", 2]}', "points.1: Input should be a valid string"),
        ('{"gist": NaN, "points": []}', "gist: Input should be a valid string"),
    ],
)
def test_what_is_wrong_is_said_in_words_the_model_can_act_on(text: str, complaint: str) -> None:
    with pytest.raises(NotOfForm) as caught:
        read_form(text, Form)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    "text", ['{"a":' * 50_000, "[" * 100_000, "{" * 300_000, '{"gist": ' + "9" * 5000 + "}", "`" * 9999]
)
def test_hostile_nesting_and_sizes_are_only_a_wrong_answer(text: str) -> None:
    with pytest.raises(NotOfForm):
        read_form(text, Form)


def test_half_characters_and_nuls_do_not_come_through() -> None:
    found = read_form('{"gist": "a\\ud800b\\u0000c", "points": []}', Form)
    assert found.gist == "abc"


def test_a_complaint_does_not_repeat_what_the_model_said() -> None:
    class Closed(BaseModel, extra="forbid"):
        gist: str

    with pytest.raises(NotOfForm) as caught:
        read_form('{"gist": "ok", "' + "canary\\u0007" * 40 + '": "canary"}', Closed)
    assert len(str(caught.value)) < 300
    assert "\x07" not in str(caught.value)


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_around_leaves_either_the_answer_or_a_complaint(before: str, after: str) -> None:
    try:
        found = read_form(before + GOOD + after, Form)
    except NotOfForm:
        return
    assert found.points == ["It matters."]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@given(json_values)
def test_no_json_value_breaks_the_reader(value: Any) -> None:
    with suppress(NotOfForm):
        assert isinstance(read_form(json.dumps(value), Form), Form)


class Point(BaseModel):
    """An inner form."""

    text: str = Field(description="One sentence.", min_length=1, max_length=300)
    kind: Literal["fact", "claim"] = "fact"


class Outer(BaseModel):
    """A form with everything that servers differ in."""

    points: list[Point] = Field(min_length=1, max_length=6)
    best: Point = Field(description="The best one.")
    note: Optional[str] = None  # noqa: UP045  # the older spelling makes the same schema
    fixed: Literal["x"] = "x"


def test_the_schema_keeps_to_what_strict_mode_takes() -> None:
    schema = strict_schema(Outer)
    told = json.dumps(schema)
    for word in ("$ref", "$defs", "title", "default", "minLength", "maxLength", "const", "oneOf"):
        assert f'"{word}"' not in told
    assert schema["required"] == ["points", "best", "note", "fixed"]
    assert schema["additionalProperties"] is False
    items = schema["properties"]["points"]["items"]
    assert items["required"] == ["text", "kind"]
    assert items["additionalProperties"] is False
    assert items["properties"]["kind"]["enum"] == ["fact", "claim"]
    assert schema["properties"]["points"]["maxItems"] == 6
    assert schema["properties"]["best"]["description"] == "The best one."


def test_a_property_may_be_called_like_a_keyword() -> None:
    class Named(BaseModel):
        title: str
        default: str
        format: str

    assert list(strict_schema(Named)["properties"]) == ["title", "default", "format"]


class Tree(BaseModel):
    """A form that contains itself."""

    children: list["Tree"]


def test_a_form_that_contains_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="contains itself"):
        strict_schema(Tree)


def test_the_words_for_the_schema_hold_all_of_it() -> None:
    told = describe(strict_schema(Form))
    assert json.loads(told.splitlines()[-1]) == strict_schema(Form)
    assert "JSON" in told
