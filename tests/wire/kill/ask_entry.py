"""A process that asks a model many questions at once, to be killed: DATABASE SERVER QUESTIONS CONCURRENCY TOKENS.

Prints one JSON line with how many were answered and how many found no room, if it lives so long.
"""

import asyncio
import json
import sys

from bot.clock import SystemClock
from bot.errors import BudgetExhausted
from bot.llm.config import ModelConfig
from bot.llm.endpoint import build_chat_model
from bot.llm.port import Ceiling
from bot.log import configure_logging
from bot.store.engine import Database
from bot.store.source_state import SourceStateStore
from bot.store.spend import SpendStore
from tests.wire.llm_kit import Gist, question


async def main(url: str, server: str, questions: int, concurrency: int, tokens: int) -> None:
    """Ask, and print what came of it."""
    config = ModelConfig(server, "small", ceiling=Ceiling(tokens=tokens), concurrency=concurrency, timeout=60)
    async with Database.open(url) as database:
        memory = SourceStateStore(database)
        async with build_chat_model(config, ledger=SpendStore(database), memory=memory, clock=SystemClock()) as model:
            asked = (model.ask(question(), Gist) for _ in range(questions))
            results = await asyncio.gather(*asked, return_exceptions=True)
    exhausted = sum(isinstance(one, BudgetExhausted) for one in results)
    answered = sum(not isinstance(one, BaseException) for one in results)
    print(json.dumps({"answered": answered, "exhausted": exhausted}))  # noqa: T201  # read by the test


if __name__ == "__main__":
    configure_logging("error", "json", ())
    asyncio.run(main(sys.argv[1], sys.argv[2], *(int(one) for one in sys.argv[3:6])))
