"""The adapter of the `ChatModel` port: one OpenAI-compatible server, its model and perhaps a second one.

Nothing here imports `openai` before a model is opened: without a model the program does not pay for it.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import date
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from bot.clock import Clock
from bot.errors import BudgetExhausted
from bot.llm.account import Account
from bot.llm.capabilities import CapabilityMemory, first_guess
from bot.llm.config import ModelConfig
from bot.llm.failure import LaneFailed
from bot.llm.lane import Bill, Lane, Server, Wire
from bot.llm.port import ChatAnswer, ChatRequest, Form, Meter, SpendLedger
from bot.log import get_logger

_log = get_logger(__name__)


class Endpoint:
    """A `ChatModel`; made by `build_chat_model`, to be used as an async context manager."""

    def __init__(
        self, config: ModelConfig, ledger: SpendLedger, memory: CapabilityMemory, clock: Clock, wire: Wire | None = None
    ) -> None:
        self._config = config
        self._ledger = ledger
        self._memory = memory
        self._clock = clock
        self._wire = wire
        self._lanes: list[Lane] = []
        self._full_on: date | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        config, wire = self._config, self._wire
        if wire is None:
            from bot.llm.wire import OpenAIWire

            wire = await self._stack.enter_async_context(OpenAIWire(config, self._clock))
        parts = urlsplit(config.base_url)
        server = Server(
            host=parts.netloc + parts.path.rstrip("/"),
            wire=wire,
            account=Account(self._ledger, config.ceiling, self._clock),
            memory=self._memory,
            clock=self._clock,
            gate=asyncio.Semaphore(config.concurrency),
            ahead=asyncio.Semaphore(2 * config.concurrency),
        )
        guess = first_guess(openai=(parts.hostname or "").endswith("openai.com"))
        self._lanes = [Lane(config.model, config.price, server, guess)]
        if config.fallback_model and config.fallback_model != config.model:
            self._lanes.append(Lane(config.fallback_model, config.fallback_price, server, guess))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lanes = []
        await self._stack.aclose()

    @property
    def name(self) -> str:
        """Return the configured model's name."""
        return self._config.model

    @property
    def resting(self) -> str | None:
        """Return why no model is asked at the moment, in English; None while one of them is."""
        found = [lane.resting(self._config.timeout) for lane in self._lanes]
        return found[0] if found and all(found) else None

    @property
    def full_on(self) -> date | None:
        """Return the day (UTC) whose ceiling left no room for the newest request; None where there was room."""
        return self._full_on

    async def ask(
        self,
        request: ChatRequest,
        form: type[Form],
        *,
        check: Callable[[Form], str | None] | None = None,
        meter: Meter | None = None,
    ) -> ChatAnswer[Form]:
        """Return an answer that validates as `form` and passes `check`; see `ChatModel.ask`.

        Nothing new is begun for it once `timeout` seconds of sending and waiting are used, so that it ends within twice
        that, its time in the queue apart. Raises the kinds of `ModelError`, and of `StoreError` from the ledger.
        """
        today = self._clock.now().date()
        try:
            answer = await self._ask_in_turn(request, form, check, Bill(meter, self._config.timeout))
        except BudgetExhausted:
            self._full_on = today
            raise
        self._full_on = None
        return answer

    async def _ask_in_turn(
        self, request: ChatRequest, form: type[Form], check: Callable[[Form], str | None] | None, bill: Bill
    ) -> ChatAnswer[Form]:
        first, *others = self._lanes
        try:
            return await self._ask(first, request, form, check, bill)
        except LaneFailed as failure:
            error, elsewhere = failure.error, failure.elsewhere
        for lane in others:
            if elsewhere and bill.left > 0:
                # What the first model said is what the owner should read.
                with suppress(LaneFailed):
                    return await self._ask(lane, request, form, check, bill)
        raise error

    async def _ask(
        self, lane: Lane, request: ChatRequest, form: type[Form], check: Callable[[Form], str | None] | None, bill: Bill
    ) -> ChatAnswer[Form]:
        try:
            value = await lane.ask(request, form, check, bill)
        except LaneFailed as failure:
            _log.warning("model.failed", model=lane.name, purpose=request.purpose, error=str(failure.error))
            raise
        return ChatAnswer(value, lane.name, bill.total)


def build_chat_model(config: ModelConfig, *, ledger: SpendLedger, memory: CapabilityMemory, clock: Clock) -> Endpoint:
    """Return the model that `config` names; open it with `async with`, which closes its HTTP client at the end."""
    return Endpoint(config, ledger, memory, clock)
