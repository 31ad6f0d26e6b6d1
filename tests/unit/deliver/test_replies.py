"""The reply table, row by row."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deliver.replies import (
    ADDRESS_WAIT,
    Answer,
    NoReply,
    Outcome,
    Reply,
    Scope,
    Verdict,
    bucket_wait,
    is_invalid,
    judge,
    judge_lookup,
    limit_scope,
)
from bot.delivery import DeliveryAction
from tests.unit.deliver.fakes import refusal

V, A = Verdict, DeliveryAction
VIA = {"via": "1.1 google"}


def limited(retry_after: Any, scope: str = "user", **headers: str) -> Reply:
    body = {"retry_after": retry_after, "global": scope == "global", "message": "limited"}
    return Reply(429, body, {**VIA, "x-ratelimit-scope": scope, **headers})


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Reply(200, {"id": "5"}), V.SENT),
        (Reply(201, {"id": "5"}), V.SENT),
        (Reply(200, "cut o"), V.UNKNOWN),
        (Reply(200, {"id": "no number"}), V.UNKNOWN),
        (Reply(200, {"id": None}), V.UNKNOWN),
        (Reply(204, ""), V.UNKNOWN),
        (NoReply("timeout"), V.UNKNOWN),
        (NoReply("refused", never_sent=True), V.AGAIN),
        *[(Reply(status, "x"), V.UNKNOWN) for status in (302, 408, 409, 500, 502, 503, 504, 520, 524)],
        (refusal(401, 0), V.STOP),
        (refusal(400, 50035), V.PLAIN),
        (refusal(413, 40005), V.PLAIN),
        (refusal(400, 240000), V.STRIPPED),
        *[(refusal(403, code), V.REFUSED) for code in (50001, 50013, 160005, 50083, 20012)],
        *[(refusal(400, code), V.REFUSED) for code in (50083, 40058, 40067, 50008, 50024)],
        (refusal(404, 0), V.REFUSED),
        (refusal(404, 10003), V.GONE),
        (refusal(404, 10004), V.GONE),
        (refusal(404, 10008), V.SENT),
        (refusal(429, 20016, retry_after=3), V.WAIT),
        (refusal(400, 20028), V.WAIT),
        (limited(3.0), V.WAIT),
    ],
)
def test_what_an_answer_to_a_message_means(answer: Answer, verdict: Verdict) -> None:
    assert judge(answer, A.MESSAGE).verdict is verdict


@pytest.mark.parametrize(
    ("answer", "action", "outcome"),
    [
        (Reply(200, {"id": "5"}), A.MESSAGE, Outcome(V.SENT, result_id=5)),
        (Reply(200, {"id": "7"}), A.CROSSPOST, Outcome(V.SENT, result_id=7)),
        (Reply(204, None), A.CROSSPOST, Outcome(V.SENT, result_id=77)),
        (refusal(404, 10008), A.MESSAGE, Outcome(V.SENT, "delivered, then deleted")),
        (refusal(404, 10008), A.THREAD, Outcome(V.SKIP, "the message it belongs to was deleted")),
        (refusal(400, 160004, "Exists"), A.THREAD, Outcome(V.SENT, "Exists (160004)", result_id=77)),
        (refusal(400, 40033, "Done"), A.CROSSPOST, Outcome(V.SENT, "Done (40033)", result_id=77)),
        (refusal(400, 40033, "Done"), A.MESSAGE, Outcome(V.PLAIN, "Done (40033)")),
        (refusal(400, 50035, "Form"), A.THREAD, Outcome(V.BROKEN, "Form (50035)")),
        (limited(3.5), A.MESSAGE, Outcome(V.WAIT, "limited (429)", 3.5, Scope.CHANNEL)),
        (limited(3600), A.CROSSPOST, Outcome(V.WAIT, "limited (429)", 3600.0, Scope.PART)),
        (limited(2, "shared"), A.MESSAGE, Outcome(V.WAIT, "limited (429)", 2.0, Scope.CHANNEL)),
        (limited(2, "global"), A.MESSAGE, Outcome(V.WAIT, "limited (429)", 2.0, Scope.GLOBAL)),
        (limited(0.4), A.MESSAGE, Outcome(V.WAIT, "limited (429)", 0.4, Scope.CHANNEL)),
        (
            Reply(429, {"retry_after": 2, "global": True, "message": "limited"}, VIA),
            A.MESSAGE,
            Outcome(V.WAIT, "limited (429)", 2.0, Scope.GLOBAL),
        ),
        (
            Reply(429, {"retry_after": 2, "message": "limited"}, {**VIA, "x-ratelimit-scope": "Global"}),
            A.MESSAGE,
            Outcome(V.WAIT, "limited (429)", 2.0, Scope.GLOBAL),
        ),
        (limited("soon"), A.MESSAGE, Outcome(V.WAIT, "limited (429)", 5.0, Scope.CHANNEL)),
        (
            limited(float("nan"), **{"retry-after": "8"}),
            A.MESSAGE,
            Outcome(V.WAIT, "limited (429)", 8.0, Scope.CHANNEL),
        ),
        (limited(1e12), A.MESSAGE, Outcome(V.WAIT, "limited (429)", 86_400.0, Scope.CHANNEL)),
        (
            refusal(429, 20016, "Slow", retry_after=61),
            A.MESSAGE,
            Outcome(V.WAIT, "Slow (20016)", 61.0, Scope.CHANNEL),
        ),
    ],
)
def test_what_is_known_about_an_outcome(answer: Answer, action: DeliveryAction, outcome: Outcome) -> None:
    assert judge(answer, action, into_id=77) == outcome


@pytest.mark.parametrize(
    "answer",
    [
        Reply(429, "<html>Error 1015", {"retry-after": "60"}),
        Reply(429, {"retry_after": 2.0}, {}),
        Reply(429, "text", VIA),
        Reply(403, "<html>Access denied", {}),
    ],
)
def test_the_edge_in_front_of_discord_is_left_alone(answer: Answer) -> None:
    outcome = judge(answer, A.MESSAGE)
    assert (outcome.verdict, outcome.scope, outcome.wait) == (V.WAIT, Scope.ADDRESS, ADDRESS_WAIT)


def test_a_longer_ban_is_waited_out() -> None:
    assert judge(Reply(429, "<html>", {"retry-after": "3600"}), A.MESSAGE).wait == 3600


@pytest.mark.parametrize(
    ("answer", "counts"),
    [
        (Reply(401), True),
        (Reply(403), True),
        (limited(1), True),
        (limited(1, "global"), True),
        (limited(1, "shared"), False),
        (Reply(404), False),
        (Reply(200), False),
        (NoReply("x"), False),
    ],
)
def test_which_answers_count_towards_a_ban(answer: Answer, counts: bool) -> None:
    assert is_invalid(answer) is counts


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "4.5"}, 4.5),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset-after": "4.5"}, 0.0),
        ({"x-ratelimit-remaining": "0"}, 0.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "-3"}, 0.0),
        ({}, 0.0),
    ],
)
def test_how_long_a_bucket_is_empty(headers: dict[str, str], seconds: float) -> None:
    assert bucket_wait(Reply(200, {}, headers)) == seconds
    assert bucket_wait(NoReply("x")) == 0.0


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Reply(500), V.UNKNOWN),
        (Reply(200, "html"), V.UNKNOWN),
        (refusal(404, 10008), V.UNKNOWN),
        (refusal(400, 50035), V.UNKNOWN),
        (NoReply("x", never_sent=True), V.UNKNOWN),
        (refusal(403, 50001), V.REFUSED),
        (refusal(404, 10003), V.GONE),
        (refusal(401, 0), V.STOP),
        (limited(1), V.WAIT),
    ],
)
def test_what_a_failed_question_means(answer: Answer, verdict: Verdict) -> None:
    assert judge_lookup(answer).verdict is verdict


json_values = st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5), st.lists, max_leaves=3)
bodies = json_values | st.dictionaries(
    st.sampled_from(["code", "message", "retry_after", "global", "id"]), json_values | st.integers(), max_size=4
)
header_names = st.sampled_from(["via", "retry-after", "x-ratelimit-scope", "x-ratelimit-remaining"])


@given(st.integers(100, 599), bodies, st.dictionaries(header_names, st.text(max_size=6)), st.sampled_from(A))
def test_any_answer_has_a_meaning(status: int, body: Any, headers: dict[str, str], action: DeliveryAction) -> None:
    outcome = judge(Reply(status, body, headers), action, into_id=1)
    assert 0 <= outcome.wait <= 86_400
    if outcome.verdict is V.SENT and status >= 300:
        assert isinstance(body, dict)
        assert body["code"] in (10008, 160004, 40033)
    if outcome.verdict is V.WAIT:
        assert outcome.wait > 0


def refused_with(body: object, **headers: str) -> Reply:
    return Reply(429, body, headers)


@pytest.mark.parametrize(
    ("answer", "scope"),
    [
        (refused_with({"retry_after": 1}, via="1.1", **{"x-ratelimit-scope": "user"}), "user"),
        (refused_with({"retry_after": 1}, via="1.1"), "user"),
        (refused_with({"retry_after": 1}, via="1.1", **{"x-ratelimit-scope": "Shared"}), "shared"),
        (refused_with({"retry_after": 1}, via="1.1", **{"x-ratelimit-scope": "global"}), "global"),
        (refused_with({"retry_after": 1, "global": True}, via="1.1"), "global"),
        (refused_with({"retry_after": 1}), "edge"),
        (refused_with("<html>", via="1.1"), "edge"),
        (Reply(200, {}), None),
        (Reply(503, {}), None),
        (NoReply("reset"), None),
    ],
)
def test_whose_limit_a_429_names(answer: Reply | NoReply, scope: str | None) -> None:
    assert limit_scope(answer) == scope
