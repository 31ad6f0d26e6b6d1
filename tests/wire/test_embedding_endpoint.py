"""The real embeddings client against the loopback server: good answers, wrong ones, none, and what is booked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from bot.clock import Clock
from bot.embed.endpoint import LENGTHS, EndpointEmbedder
from bot.errors import BudgetExhausted, ModelAnswerInvalid, ModelError, ModelRefused, ModelUnavailable
from bot.llm.config import ModelConfig, Price
from bot.llm.port import Ceiling
from bot.spending import Spending
from tests.unit.llm.fakes import NOON, JumpClock, MemoryLedger
from tests.wire.openai_server import OpenAIServer
from tests.wire.openai_vectors import DIMENSIONS, vector_of

np = pytest.importorskip("numpy")

KEY = "sk-canary-9a1c7e33"
DAY = NOON.date()


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as server:
        yield server


@asynccontextmanager
async def opened(
    server: OpenAIServer,
    *,
    ledger: MemoryLedger | None = None,
    clock: Clock | None = None,
    dimensions: int | None = None,
    **changes: Any,
) -> AsyncIterator[EndpointEmbedder]:
    """Open an embedder at the server; `changes` are fields of `ModelConfig`."""
    config = replace(ModelConfig(server.url, "mini", SecretStr(KEY), Price(Decimal("0.02"), Decimal(0))), **changes)
    embedder = EndpointEmbedder(config, ledger or MemoryLedger(), clock or JumpClock(), dimensions=dimensions)
    async with embedder:
        yield embedder


async def test_vectors_come_in_order_of_unit_length_and_are_booked(server: OpenAIServer) -> None:
    server.always = "shuffled"
    ledger = MemoryLedger()
    async with opened(server, ledger=ledger) as embedder:
        before = embedder.dimensions
        vectors = await embedder.embed(["graph neural networks", "the price of tea", "graph theory"])
        assert (before, embedder.dimensions) == (None, DIMENSIONS)
    for text, vector in zip(["graph neural networks", "the price of tea", "graph theory"], vectors, strict=True):
        expected = np.array(vector_of(text))
        assert vector.dtype == np.float32
        assert np.allclose(vector, expected / np.linalg.norm(expected), atol=1e-6)
    (asked,) = server.vectors.log
    assert asked.body["encoding_format"] == "float"
    assert "dimensions" not in asked.body
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert ledger.purposes == [("mini", "embedding")]
    assert ledger.booked[DAY] == Spending(1, 12, 0, 1)
    assert not ledger.open


async def test_many_texts_go_in_several_requests(server: OpenAIServer) -> None:
    async with opened(server) as embedder:
        vectors = await embedder.embed([f"paper {number}" for number in range(70)])
        assert await embedder.embed([]) == []
    assert len(vectors) == 70
    assert [len(asked.texts) for asked in server.vectors.log] == [32, 32, 6]


async def test_dimensions_are_asked_for_and_belong_to_the_name(server: OpenAIServer) -> None:
    async with opened(server, dimensions=16) as embedder:
        assert embedder.model.startswith("mini@127.0.0.1:")
        assert embedder.model.endswith("/v1#16")
        (vector,) = await embedder.embed(["a text"])
    assert len(vector) == 16
    assert server.vectors.log[0].body["dimensions"] == 16


async def test_any_text_is_sent_in_a_form_that_servers_take(server: OpenAIServer) -> None:
    texts = ["", "\0\0", "a\0b", "half \ud83d of a pair", "😀" * 10, "x" * 1_000_000]
    async with opened(server) as embedder:
        assert len(await embedder.embed(texts)) == 6
    sent = server.vectors.log[0].texts
    assert sent[0] == sent[1] == "-"
    assert sent[2] == "a b"
    assert sent[3] == "half ? of a pair"
    assert len(sent[5]) == LENGTHS[0]


async def test_a_server_of_a_small_model_gets_shorter_texts_from_then_on(server: OpenAIServer) -> None:
    server.vectors.longest = LENGTHS[1]
    async with opened(server) as embedder:
        await embedder.embed(["x" * 10_000])
        await embedder.embed(["y" * 10_000])
    assert [len(asked.texts[0]) for asked in server.vectors.log] == [LENGTHS[0], LENGTHS[1], LENGTHS[1]]
    server.vectors.longest = 10
    async with opened(server) as embedder:
        with pytest.raises(ModelAnswerInvalid, match="too long"):
            await embedder.embed(["x" * 10_000])


@pytest.mark.parametrize(
    "behaviour",
    ["too-few", "wrong-dimensions", "not-a-number", "all-zero", "endless-number"],
)
async def test_numbers_that_are_no_vectors_are_refused_and_paid_for(server: OpenAIServer, behaviour: str) -> None:
    server.always = behaviour
    ledger = MemoryLedger()
    async with opened(server, ledger=ledger) as embedder:
        with pytest.raises(ModelAnswerInvalid):
            await embedder.embed(["one text", "another"])
    assert ledger.booked[DAY].requests == 1


async def test_vectors_of_another_length_than_before_are_refused(server: OpenAIServer) -> None:
    async with opened(server) as embedder:
        await embedder.embed(["a text"])
        server.always = "other-dimensions"
        with pytest.raises(ModelAnswerInvalid, match="63 numbers in place of 64"):
            await embedder.embed(["a text"])


@pytest.mark.parametrize(
    ("behaviour", "error", "told", "requests"),
    [
        ("hang", ModelUnavailable, "no answer in time", 1),
        ("drip", ModelUnavailable, "no answer in time", 1),
        ("reset", ModelUnavailable, "the connection broke", 3),
        ("failing:500", ModelUnavailable, "fails (500)", 3),
        ("limited", ModelUnavailable, "limits our requests (429)", 3),
        ("limited:3600", ModelUnavailable, "limits our requests (429)", 1),
        ("html", ModelUnavailable, "not one of an OpenAI-compatible server", 3),
        ("deep", ModelUnavailable, "not one of an OpenAI-compatible server", 3),
        ("words", ModelUnavailable, "not one of an OpenAI-compatible server", 3),
        ("twice", ModelUnavailable, "not one of an OpenAI-compatible server", 3),
        ("huge", ModelAnswerInvalid, "too large", 1),
        ("packed", ModelAnswerInvalid, "too large", 1),
        ("unauthorised", ModelRefused, "does not accept the key (401 invalid_api_key)", 1),
        ("quota", ModelRefused, "no quota left (429 insufficient_quota)", 1),
        ("no-model", ModelRefused, "check EMBEDDINGS__MODEL", 1),
        ("not-found", ModelRefused, "check EMBEDDINGS__BASE_URL", 1),
        ("redirect", ModelRefused, "check EMBEDDINGS__BASE_URL", 1),
        ("failing:400", ModelRefused, "does not accept a request for vectors", 1),
    ],
)
async def test_failures_are_told_without_what_the_server_said(
    server: OpenAIServer, behaviour: str, error: type[ModelError], told: str, requests: int
) -> None:
    server.always = behaviour
    ledger = MemoryLedger()
    real = behaviour in ("hang", "drip")
    async with opened(server, ledger=ledger, timeout=0.2 if real else 30.0) as embedder:
        with pytest.raises(error) as caught:
            await embedder.embed(["a text about secrets", "and another"])
    assert told in str(caught.value)
    assert KEY not in str(caught.value)
    assert "secrets" not in str(caught.value)
    assert len(server.vectors.log) >= requests
    if not real:
        assert len(server.vectors.log) == requests
    assert not ledger.open


async def test_what_may_pass_is_tried_again(server: OpenAIServer) -> None:
    server.script.extend(["failing:503", "limited:2", "good"])
    clock = JumpClock()
    async with opened(server, clock=clock) as embedder:
        assert len(await embedder.embed(["a text"])) == 1
    assert len(clock.slept) == 2
    assert clock.slept[1] == 2.0


async def test_a_refused_key_is_not_tried_again_for_a_while(server: OpenAIServer) -> None:
    server.always = "unauthorised"
    async with opened(server) as embedder:
        for _ in range(3):
            with pytest.raises(ModelRefused):
                await embedder.embed(["a text"])
    assert len(server.vectors.log) == 1


async def test_the_ceiling_of_the_day_holds(server: OpenAIServer) -> None:
    ledger = MemoryLedger()
    async with opened(server, ledger=ledger, ceiling=Ceiling(tokens=100)) as embedder:
        await embedder.embed(["short"])
        with pytest.raises(BudgetExhausted):
            await embedder.embed(["x" * 1_000])
    assert len(server.vectors.log) == 1


async def test_a_server_that_does_not_count_is_estimated(server: OpenAIServer) -> None:
    server.always = "no-usage"
    ledger = MemoryLedger()
    async with opened(server, ledger=ledger) as embedder:
        await embedder.embed(["x" * 300])
    assert ledger.booked[DAY] == Spending(1, 100, 0, 2, 1)
