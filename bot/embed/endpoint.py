"""The adapter that asks an OpenAI-compatible server for vectors, within the day's ceiling and through its ledger.

Nothing here imports `openai` before the embedder is opened. What servers answer is never shown, and never trusted.
"""

import asyncio
import math
import random
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import urlsplit

from bot.clock import Clock
from bot.embed.checking import checked_vectors, clip
from bot.errors import ModelAnswerInvalid, ModelError, ModelRefused, ModelUnavailable
from bot.llm.account import Account
from bot.llm.asking import BYTES_PER_TOKEN
from bot.llm.breaker import Breaker
from bot.llm.config import ModelConfig
from bot.llm.failure import LaneFailed
from bot.llm.port import SpendLedger
from bot.llm.replies import Embedded, Lost, NoAnswer, Refusal, Verdict, judge
from bot.log import get_logger
from bot.spending import Spending

if TYPE_CHECKING:
    from bot.embed.port import Vector

PURPOSE = "embedding"
"""Its name in the ledger."""

TRIES = 3
FIRST_WAIT = 1.0
"""Seconds before the second try; doubled for the third, and each shortened at random by up to half."""

LENGTHS = (6_000, 1_500, 600)
"""Characters of a text that are sent: models read 8,192 tokens, many small ones 512. The next after "too long"."""

_BATCH = 32
_TOKENS_AROUND = 8
"""More than any model adds to a text."""

_log = get_logger(__name__)


class VectorWire(Protocol):
    """The way to the server."""

    async def embed(self, texts: Sequence[str], dimensions: int | None) -> Embedded | Refusal | NoAnswer:
        """Send one request and return what came of it; raises nothing but cancellation."""
        ...


class EndpointEmbedder:
    """An `Embedder`; to be used as an async context manager. One request at a time."""

    def __init__(
        self,
        config: ModelConfig,
        ledger: SpendLedger,
        clock: Clock,
        *,
        dimensions: int | None = None,
        wire: VectorWire | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`dimensions`: asked of the server, which must know how to shorten its vectors; None takes what it gives."""
        self._config = config
        self._account = Account(ledger, config.ceiling, clock)
        self._breaker = Breaker(clock, config.model)
        self._clock = clock
        self._asked = dimensions
        self._dimensions = dimensions
        self._wire = wire
        self._jitter = jitter
        self._lengths: tuple[int, ...] = LENGTHS
        self._lock = asyncio.Lock()
        self._stack = AsyncExitStack()
        parts = urlsplit(config.base_url)
        self._host = parts.netloc + parts.path.rstrip("/")

    async def __aenter__(self) -> Self:
        if self._wire is None:
            from bot.llm.wire import OpenAIVectorWire

            self._wire = await self._stack.enter_async_context(OpenAIVectorWire(self._config, self._clock))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def model(self) -> str:
        """Return `name@server`, with the number of dimensions where one is asked for."""
        return f"{self._config.model}@{self._host}" + (f"#{self._asked}" if self._asked else "")

    @property
    def dimensions(self) -> int | None:
        """Return the length of the vectors; None before the first answer."""
        return self._dimensions

    async def embed(self, texts: Sequence[str]) -> "list[Vector]":
        """Return one vector per text; see `Embedder.embed`. Nothing new is begun once `timeout` seconds are used.

        Raises the kinds of `ModelError`, and of `StoreError` from the ledger.
        """
        found: list[Vector] = []
        async with self._lock:
            for start in range(0, len(texts), _BATCH):
                found += await self._ask(texts[start : start + _BATCH])
        return found

    async def _ask(self, texts: Sequence[str]) -> "list[Vector]":
        deadline = self._clock.monotonic() + self._config.timeout
        failures = 0
        while True:
            try:
                reply = await self._send([clip(text, self._lengths[0]) for text in texts])
            except LaneFailed as failed:
                raise failed.error from None
            if isinstance(reply, Embedded):
                vectors = checked_vectors(reply.rows, len(texts), self._dimensions)
                self._dimensions = len(vectors[0])
                return vectors
            verdict = judge(reply) if isinstance(reply, Refusal) else None
            if verdict is Verdict.TOO_LONG and len(self._lengths) > 1:
                self._lengths = self._lengths[1:]
                _log.info("embedder.shortened", model=self._config.model, characters=self._lengths[0])
                continue
            failed_for_good = self._final(reply, verdict)
            if failed_for_good is not None:
                raise failed_for_good
            failures += 1
            wait = self._wait(reply, failures)
            if failures >= TRIES or self._clock.monotonic() + wait > deadline:
                raise self._unavailable(reply)
            await self._clock.sleep(wait)

    async def _send(self, texts: list[str]) -> Embedded | Refusal | NoAnswer:
        assert self._wire is not None  # noqa: S101  # it is opened first
        size = sum(len(text.encode()) for text in texts)
        # No tokeniser makes more than one token of a byte.
        most = self._cost(size + _TOKENS_AROUND * len(texts))
        with self._breaker.admitted():
            async with self._account.room(self._config.model, PURPOSE, most) as room:
                # From here on the server may work on it, whatever becomes of us.
                room.spent = replace(most, estimated=1)
                reply = await self._wire.embed(texts, self._asked)
                if isinstance(reply, Embedded):
                    told = self._cost(reply.tokens or math.ceil(size / BYTES_PER_TOKEN))
                    room.spent = replace(told, estimated=0 if reply.tokens else 1)
                elif isinstance(reply, Refusal) and reply.status not in (408, 504, 524):
                    room.spent = Spending(requests=1)
                elif isinstance(reply, NoAnswer) and reply.lost is Lost.UNREACHABLE:
                    room.spent = Spending()
            self._note(reply)
        return reply

    def _cost(self, tokens: int) -> Spending:
        return Spending(1, tokens, 0, self._config.price.cost_micros(tokens, 0))

    def _note(self, reply: Embedded | Refusal | NoAnswer) -> None:
        if isinstance(reply, Embedded):
            self._breaker.succeeded()
        elif isinstance(reply, NoAnswer) or judge(reply) is Verdict.FAILING:
            self._breaker.failed()

    def _final(self, reply: Refusal | NoAnswer, verdict: Verdict | None) -> ModelError | None:
        """Return the error that no further try can mend, or None."""
        if not isinstance(reply, Refusal):
            return None if reply.lost is not Lost.TOO_LARGE else ModelAnswerInvalid(f"{self._host}: {reply.lost.value}")
        if verdict in (Verdict.LIMITED, Verdict.FAILING):
            return None
        said = f"{reply.status} {reply.code}".strip()
        if verdict is Verdict.TOO_LONG:
            return ModelAnswerInvalid(f"even short texts are too long for {self._config.model} ({said})")
        what = {
            Verdict.KEY: "does not accept the key ({}); check EMBEDDINGS__API_KEY",
            Verdict.QUOTA: "says that the account has no quota left ({}); check its billing",
            Verdict.MODEL: f"has no model {self._config.model} ({{}}); check EMBEDDINGS__MODEL",
            Verdict.OPTION: "does not accept a request for vectors ({}); check EMBEDDINGS__MODEL and __DIMENSIONS",
        }
        other = "does not offer embeddings as an OpenAI-compatible server does ({}); check EMBEDDINGS__BASE_URL"
        error = ModelRefused(f"{self._host} {what.get(verdict or Verdict.ADDRESS, other).format(said)}")
        self._breaker.refused(LaneFailed(error, elsewhere=False))
        return error

    def _wait(self, reply: Refusal | NoAnswer, failures: int) -> float:
        if isinstance(reply, Refusal) and reply.retry_after is not None:
            return reply.retry_after.total_seconds()
        return math.ldexp(FIRST_WAIT, failures - 1) * (0.5 + self._jitter() / 2)

    def _unavailable(self, reply: Refusal | NoAnswer) -> ModelUnavailable:
        if isinstance(reply, NoAnswer):
            return ModelUnavailable(f"{self._config.model} at {self._host}: {reply.lost.value}")
        wait = reply.retry_after or timedelta(0)
        what = "limits our requests" if reply.status == 429 else "fails"
        retry_at = self._clock.now() + wait if wait else None
        return ModelUnavailable(f"{self._host} {what} ({reply.status})", status=reply.status, retry_at=retry_at)
