"""The composition root's part about models: from the settings to an open language model and embedder, or none."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

from bot.clock import Clock
from bot.llm.port import Ceiling
from bot.pipeline.embedding import Embedding
from bot.settings import OPENAI_URL, Settings
from bot.store.engine import Database
from bot.store.source_state import SourceStateStore
from bot.store.spend import SpendStore
from bot.store.vectors import VectorStore

if TYPE_CHECKING:
    from bot.embed.endpoint import EndpointEmbedder
    from bot.embed.minilm import MiniLmEmbedder
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


def build_embedder(settings: Settings, database: Database, clock: Clock) -> "MiniLmEmbedder | EndpointEmbedder | None":
    """Return the configured embedder, to be opened with `async with`, or None; nothing is started or imported yet."""
    embeddings = settings.embeddings
    if embeddings.provider == "minilm":
        from bot.embed.minilm import MiniLmEmbedder

        return MiniLmEmbedder(threads=embeddings.threads)
    if embeddings.provider == "server":
        from bot.embed.endpoint import EndpointEmbedder
        from bot.llm.config import FREE, ModelConfig, Price

        config = ModelConfig(
            base_url=embeddings.base_url or OPENAI_URL,
            model=embeddings.model,
            api_key=settings.embedding_key,
            price=FREE if embeddings.price is None else Price(embeddings.price, Decimal(0)),
            ceiling=day_ceiling(settings),
            timeout=embeddings.timeout,
            concurrency=1,
        )
        return EndpointEmbedder(config, SpendStore(database), clock, dimensions=embeddings.dimensions)
    return None


@asynccontextmanager
async def open_embedding(
    settings: Settings, database: Database, clock: Clock, *, may_cost: bool
) -> "AsyncIterator[Embedding | None]":
    """Yield what keeps vectors up to date, or None without an embedder.

    `may_cost`: a server may be asked; without, only the model on this machine, and what is kept.
    """
    embedder = build_embedder(settings, database, clock)
    if embedder is None:
        yield None
        return
    async with AsyncExitStack() as stack:
        model, patience = embedder.model, settings.embeddings.patience
        asked = may_cost or settings.embeddings.provider == "minilm"
        if asked:
            await stack.enter_async_context(embedder)
        opened = embedder if asked else None
        embedding = Embedding(VectorStore(database), clock, model=model, embedder=opened, patience=patience)
        stack.push_async_callback(embedding.close)
        yield embedding
