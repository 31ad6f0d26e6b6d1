"""The real client against the loopback server: every way in which a server can answer, and not."""

import json
from collections.abc import AsyncIterator

import pytest

from bot.errors import ModelAnswerInvalid, ModelError, ModelRefused, ModelUnavailable
from bot.llm.wire import MOST_BYTES
from bot.store.engine import Database
from tests.wire.llm_kit import ABSTRACT, KEY, Gist, question, session
from tests.wire.openai_behaviours import BEHAVIOURS
from tests.wire.openai_server import OpenAIServer


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as server:
        yield server


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    async with Database.open(sqlite_url) as database:
        yield database


async def test_a_good_answer_says_what_the_text_says_and_its_tokens_are_booked(
    database: Database, server: OpenAIServer
) -> None:
    async with session(database, server) as model:
        answer = await model.model.ask(question(), Gist)
    assert answer.value.gist == "We train TransNet on 14 million sentence pairs."
    (request,) = server.log
    assert (request.rung, request.limit, request.max_tokens) == ("json_schema", "max_tokens", 200)
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert (answer.spending.input_tokens, answer.spending.output_tokens) == (
        request.input_tokens,
        request.output_tokens,
    )
    assert await model.spent() == answer.spending


@pytest.mark.parametrize("behaviour", ["fenced", "thinking", "reasoning", "no-usage", "lying-usage", "slow:0.01"])
async def test_unusual_but_right_answers_are_taken(database: Database, server: OpenAIServer, behaviour: str) -> None:
    server.always = behaviour
    async with session(database, server) as model:
        assert (await model.ask()).gist == "We train TransNet on 14 million sentence pairs."
        spent = await model.spent()
    assert spent.requests == 1
    assert spent.estimated == (1 if "usage" in behaviour else 0)
    assert (spent.output_tokens > 900) is (behaviour == "reasoning"), "reasoning is paid for"


@pytest.mark.parametrize(
    ("behaviour", "error", "told", "requests"),
    [
        ("hang", ModelUnavailable, "no answer in time", 1),
        ("drip", ModelUnavailable, "no answer in time", 1),
        ("reset", ModelUnavailable, "the connection broke", 3),
        ("failing:500", ModelUnavailable, "fails (500)", 3),
        ("failing:529", ModelUnavailable, "fails (529)", 3),
        ("limited", ModelUnavailable, "limits our requests (429)", 3),
        ("limited:3600", ModelUnavailable, "limits our requests (429)", 1),
        ("limited-until:3600", ModelUnavailable, "limits our requests (429)", 1),
        ("unauthorised", ModelRefused, "does not accept the key (401 invalid_api_key)", 1),
        ("quota", ModelRefused, "no quota left (429 insufficient_quota)", 1),
        ("no-model", ModelRefused, "has no model small (404 model_not_found)", 1),
        ("not-found", ModelRefused, "check LLM__BASE_URL", 1),
        ("redirect", ModelRefused, "check LLM__BASE_URL", 1),
        ("html", ModelUnavailable, "not one of an OpenAI-compatible server", 1),
        ("huge", ModelUnavailable, "the answer is too large", 1),
        ("packed", ModelUnavailable, "the answer is too large", 1),
        ("too-long", ModelAnswerInvalid, "too long for small", 1),
        ("refusal", ModelAnswerInvalid, "small declined to answer", 1),
        ("filtered", ModelAnswerInvalid, "small declined to answer", 1),
        ("truncated", ModelAnswerInvalid, "cut off at the limit", 2),
        ("prose", ModelAnswerInvalid, "holds no JSON object", 2),
        ("empty", ModelAnswerInvalid, "The answer is empty", 2),
        ("deep", ModelAnswerInvalid, "holds no JSON object", 2),
    ],
)
async def test_each_fault_is_one_of_our_errors_and_is_paid_for(
    database: Database, server: OpenAIServer, behaviour: str, error: type[ModelError], told: str, requests: int
) -> None:
    server.always = behaviour
    # The last drops of a drip and a hang need real time; nothing else here waits.
    async with session(database, server, timeout=0.3 if behaviour in ("hang", "drip") else 30.0) as model:
        with pytest.raises(error) as caught:
            await model.ask()
        spent = await model.spent()
    assert type(caught.value) is error
    assert told in str(caught.value)
    assert server.arrived == spent.requests == requests
    assert caught.value.__cause__ is None, "the library's exceptions hold the request, and with it the key"
    assert KEY not in repr(caught.value)


async def test_retry_after_is_read_as_seconds_and_as_a_date(database: Database, server: OpenAIServer) -> None:
    server.script.extend(["limited:7", "limited-until:9", "good"])
    async with session(database, server) as model:
        await model.ask()
        slept = model.clock.slept  # type: ignore[attr-defined]  # the clock that jumps
    assert slept[0] == pytest.approx(7)
    assert slept[1] == pytest.approx(9)


async def test_an_answer_of_the_permitted_size_is_read(database: Database, server: OpenAIServer) -> None:
    server.makers.register(lambda call: True, lambda call: {"gist": "x" * 10_000, "takeaways": ["y" * 90_000]})
    async with session(database, server) as model:
        assert len((await model.ask()).gist) == 10_000
    assert MOST_BYTES > 10**6


@pytest.mark.parametrize(
    "lacks",
    [
        {"json_schema"},
        {"json_schema", "json_object"},
        {"max_tokens"},
        {"temperature"},
        {"system"},
        {"json_schema", "json_object", "max_tokens", "temperature", "system"},
    ],
)
async def test_what_a_server_lacks_is_found_out_once_and_remembered(
    database: Database, server: OpenAIServer, lacks: set[str]
) -> None:
    server.lacks = frozenset(lacks)
    async with session(database, server) as model:
        await model.ask()
        await model.ask()
    async with session(database, server) as model:
        await model.ask()
    statuses = [request.status for request in server.log]
    assert statuses == [400] * len(lacks) + [200] * 3
    server.lacks = frozenset()


async def test_a_server_without_a_key_is_sent_none_even_if_the_environment_has_some(
    database: Database, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "canary-of-another-server")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/elsewhere")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: canary-of-another-server")
    async with session(database, server, api_key=None) as model:
        await model.ask()
    (request,) = server.log
    assert "authorization" not in request.headers
    assert "canary" not in json.dumps(request.headers)


async def test_no_redirect_takes_the_key_elsewhere(database: Database, server: OpenAIServer) -> None:
    async with OpenAIServer() as other:
        server.always = f"redirect:{other.url}/chat/completions"
        async with session(database, server) as model:
            with pytest.raises(ModelRefused):
                await model.ask()
    assert other.arrived == 0


async def test_nothing_is_asked_for_packed_and_no_address_is_kept_open(
    database: Database, server: OpenAIServer
) -> None:
    async with session(database, server) as model:
        await model.ask()
    assert server.log[0].headers["accept-encoding"] == "identity"


async def test_a_server_that_is_not_there_costs_nothing(database: Database) -> None:
    async with OpenAIServer() as gone:
        pass
    async with session(database, gone) as model:
        with pytest.raises(ModelUnavailable, match="cannot be reached"):
            await model.ask()
        assert (await model.spent()).requests == 0


async def test_the_fallback_answers_for_a_model_that_is_missing(database: Database, server: OpenAIServer) -> None:
    server.models = frozenset({"other"})
    async with session(database, server, fallback_model="other") as model:
        answer = await model.model.ask(question(), Gist)
    assert (answer.producer, model.model.name) == ("other", "small")
    assert [request.model for request in server.log] == ["small", "other"]


async def test_the_paper_is_sent_as_it_is_and_only_in_the_users_message(
    database: Database, server: OpenAIServer
) -> None:
    async with session(database, server) as model:
        await model.ask()
    system, user = server.log[0].messages
    assert ABSTRACT in user["content"]
    assert ABSTRACT not in system["content"]


def test_every_behaviour_of_the_issue_can_be_scripted() -> None:
    asked = {
        "good", "slow", "hang", "limited", "failing", "unauthorised", "quota", "refusal", "truncated", "fenced",
        "wrong-id", "wrong-language", "other-paper", "invented-number", "no-usage", "reset", "redirect", "html", "drip",
    }  # fmt: skip
    assert asked <= set(BEHAVIOURS)
