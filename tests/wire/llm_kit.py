"""A real model client against the loopback server, on a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, SecretStr

from bot.clock import Clock, SystemClock
from bot.llm.config import ModelConfig
from bot.llm.endpoint import Endpoint, build_chat_model
from bot.llm.port import ChatRequest
from bot.spending import Spending
from bot.store.engine import Database
from bot.store.source_state import SourceStateStore
from bot.store.spend import SpendStore
from tests.unit.llm.fakes import JumpClock
from tests.wire.openai_server import OpenAIServer

KEY = "sk-canary-4f1d8c2e"
ABSTRACT = (
    "We train TransNet on 14 million sentence pairs. It gains 3.5 BLEU on WMT without more parameters. "
    "The code is public."
)


class Gist(BaseModel):
    """A small form."""

    gist: str = Field(min_length=1)
    takeaways: list[str]


def question(text: str = ABSTRACT, *, purpose: str = "summary") -> ChatRequest:
    """Return a question about a text."""
    return ChatRequest(purpose, "Summarise the paper.", text, 200)


@dataclass(frozen=True, slots=True)
class Session:
    """An open model, its server, its ledger, its clock."""

    server: OpenAIServer
    model: Endpoint
    ledger: SpendStore
    clock: Clock

    async def ask(self, text: str = ABSTRACT) -> Gist:
        """Return the answer to a question about `text`."""
        return (await self.model.ask(question(text), Gist)).value

    async def spent(self) -> Spending:
        """Return what today cost."""
        return await self.ledger.spent(self.clock.now().date())


@asynccontextmanager
async def session(
    database: Database, server: OpenAIServer, *, clock: Clock | None = None, **changes: Any
) -> AsyncIterator[Session]:
    """Open a model at `server`; `changes` are fields of `ModelConfig`. Waits take no time unless `clock` says so."""
    clock = clock or JumpClock()
    config = ModelConfig(**{"base_url": server.url, "model": "small", "api_key": SecretStr(KEY), **changes})
    ledger = SpendStore(database)
    async with build_chat_model(config, ledger=ledger, memory=SourceStateStore(database), clock=clock) as model:
        yield Session(server, model, ledger, clock)


REAL_TIME = SystemClock()
