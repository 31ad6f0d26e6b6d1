"""The composition root's part about the language model: from the settings to an open model, or none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

from bot.clock import Clock
from bot.llm.port import Ceiling
from bot.settings import OPENAI_URL, Settings
from bot.store.engine import Database
from bot.store.source_state import SourceStateStore
from bot.store.spend import SpendStore

if TYPE_CHECKING:
    from bot.llm.config import ModelConfig
    from bot.llm.endpoint import Endpoint


def day_ceiling(settings: Settings) -> Ceiling:
    """Return what a day (UTC) of the model may cost."""
    budget = settings.llm.daily_budget
    return Ceiling(None if budget is None else int(budget * 1_000_000), settings.llm.daily_tokens)


@asynccontextmanager
async def open_chat_model(settings: Settings, database: Database, clock: Clock) -> "AsyncIterator[Endpoint | None]":
    """Yield the configured language model, or None where there is none; then the model client is not even imported."""
    if not settings.llm.model:
        yield None
        return
    from bot.llm.endpoint import build_chat_model

    memory = SourceStateStore(database)
    config = model_config(settings)
    async with build_chat_model(config, ledger=SpendStore(database), memory=memory, clock=clock) as model:
        yield model


def model_config(settings: Settings) -> "ModelConfig":
    """Return what the model's client must know, the key included: never print it."""
    from bot.llm.config import FREE, ModelConfig, Price

    llm = settings.llm

    def price(read: Decimal | None, written: Decimal | None) -> Price:
        return FREE if read is None or written is None else Price(read, written)

    return ModelConfig(
        base_url=llm.base_url or OPENAI_URL,
        model=llm.model,
        api_key=settings.model_key,
        price=price(llm.input_price, llm.output_price),
        fallback_model=llm.fallback_model,
        fallback_price=price(llm.fallback_input_price, llm.fallback_output_price),
        ceiling=day_ceiling(settings),
        timeout=llm.timeout,
        concurrency=llm.concurrency,
    )
