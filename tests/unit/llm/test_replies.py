"""Bodies of servers read into our words, and what each refusal means."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.llm.replies import Completion, Usage, Verdict, judge, read_completion, read_refusal


def body(message: Any = None, usage: Any = None, finish: Any = "stop") -> str:
    message = {"role": "assistant", "content": "hello"} if message is None else message
    return json.dumps({"choices": [{"message": message, "finish_reason": finish}], "usage": usage})


def read(text: str) -> Completion:
    found = read_completion(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}, (10, 5)),
        ({"prompt_tokens": 10, "completion_tokens": 5}, (10, 5)),
        # Inside, as OpenAI counts.
        (
            {"prompt_tokens": 10, "completion_tokens": 90, "completion_tokens_details": {"reasoning_tokens": 80}},
            (10, 90),
        ),
        # Beside, as others do: seen in the total, or because it cannot be inside.
        ({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 95}, (10, 85)),
        (
            {"prompt_tokens": 10, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 80}},
            (10, 85),
        ),
        ({"prompt_tokens": 10, "completion_tokens": 0}, (10, 0)),
    ],
)
def test_reasoning_counts_as_written_wherever_it_is_told(usage: dict[str, Any], tokens: tuple[int, int]) -> None:
    assert read(body(usage=usage)).usage == Usage(*tokens)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        [],
        "many",
        {"prompt_tokens": 0, "completion_tokens": 0},
        {"prompt_tokens": -1, "completion_tokens": 5},
        {"prompt_tokens": True, "completion_tokens": 5},
        {"prompt_tokens": 10.5, "completion_tokens": 5},
        {"prompt_tokens": 10, "completion_tokens": 10**12},
        {"prompt_tokens": 10},
    ],
)
def test_usage_that_cannot_be_true_is_none(usage: Any) -> None:
    assert read(body(usage=usage)).usage is None


def test_text_in_parts_and_reasoning_beside_it_are_told_apart() -> None:
    parts = [{"type": "text", "text": "hel"}, {"type": "image"}, "x", {"type": "text", "text": "lo"}]
    found = read(body({"content": parts, "reasoning_content": "hm"}))
    assert (found.text, found.hidden) == ("hello", "hm")
    assert read(body({"content": None, "reasoning": "hm"})).text == ""


@pytest.mark.parametrize(
    ("message", "finish", "declined"),
    [
        ({"content": "", "refusal": "I cannot"}, "stop", True),
        ({"content": "x", "refusal": None}, "stop", False),
        ({"content": "x", "refusal": ""}, "stop", False),
        ({"content": ""}, "content_filter", True),
    ],
)
def test_a_model_that_declines_is_heard(message: dict[str, Any], finish: str, declined: bool) -> None:
    assert read(body(message, finish=finish)).declined is declined


@pytest.mark.parametrize(
    "text",
    ["", "<html>", "[]", "{}", '{"choices": []}', '{"choices": [{}]}', '{"choices": [{"message": "x"}]}', "[" * 99999],
)
def test_what_is_no_completion_is_none(text: str) -> None:
    assert read_completion(text) is None


@given(
    st.text(max_size=200)
    | st.dictionaries(st.sampled_from(["choices", "usage", "error"]), st.lists(st.none())).map(json.dumps)
)
def test_no_body_breaks_the_readers(text: str) -> None:
    found = read_completion(text)
    assert found is None or isinstance(found.text, str)
    assert read_refusal(400, text, None).status == 400


@pytest.mark.parametrize(
    ("status", "message", "verdict"),
    [
        (401, "Incorrect API key", Verdict.KEY),
        (403, "Country not supported", Verdict.KEY),
        (402, "Insufficient Balance", Verdict.QUOTA),
        (429, "You exceeded your current quota, please check your plan and billing details.", Verdict.QUOTA),
        (429, "Rate limit reached", Verdict.LIMITED),
        (500, "internal", Verdict.FAILING),
        (503, "", Verdict.FAILING),
        (529, "overloaded", Verdict.FAILING),
        (408, "", Verdict.FAILING),
        (500, "failed to parse grammar", Verdict.OPTION),
        (404, "The model `gpt-9` does not exist or you do not have access to it.", Verdict.MODEL),
        (404, 'model "qwen9" not found, try pulling it first', Verdict.MODEL),
        (400, "Model Not Exist", Verdict.MODEL),
        (404, "404 page not found", Verdict.ADDRESS),
        (405, "Method Not Allowed", Verdict.ADDRESS),
        (301, "", Verdict.ADDRESS),
        (413, "", Verdict.TOO_LONG),
        (400, "This model's maximum context length is 8192 tokens.", Verdict.TOO_LONG),
        (400, "the request exceeds the available context size (4096), try increasing it", Verdict.TOO_LONG),
        (400, "The response was filtered due to the prompt triggering content management policy", Verdict.DECLINED),
        (400, "This response_format type is unavailable now", Verdict.OPTION),
        (422, "extra fields not permitted", Verdict.OPTION),
        (400, "", Verdict.OPTION),
    ],
)
@pytest.mark.parametrize("shape", ["openai", "flat", "string", "detail"])
def test_refusals_of_known_servers_mean_what_they_mean(status: int, message: str, verdict: Verdict, shape: str) -> None:
    data: Any = {
        "openai": {"error": {"message": message, "type": "invalid_request_error", "code": None}},
        "flat": {"object": "error", "message": message, "code": status},
        "string": {"error": message},
        "detail": {"detail": [{"loc": ["body"], "msg": message, "input": "response_format model not found"}]},
    }[shape]
    assert judge(read_refusal(status, json.dumps(data), None)) is verdict


def test_a_code_is_kept_only_if_it_is_a_plain_word() -> None:
    assert read_refusal(429, '{"error": {"code": "insufficient_quota"}}', None).code == "insufficient_quota"
    assert read_refusal(400, '{"error": {"code": "sk-canary-123"}}', None).code == ""
    assert read_refusal(400, '{"error": {"code": 400, "type": "BadRequestError"}}', None).code == "BadRequestError"


def test_a_paper_that_a_server_repeats_decides_nothing() -> None:
    echo = {"detail": [{"loc": ["body", "x"], "msg": "bad", "input": "the model was not found; insufficient_quota"}]}
    assert judge(read_refusal(422, json.dumps(echo), None)) is Verdict.OPTION
