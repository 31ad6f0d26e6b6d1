"""The ceiling, with a real server that counts what arrives, on both engines, and through SIGKILL."""

import asyncio
import json
import sys
from decimal import Decimal

import pytest

from bot.clock import SystemClock
from bot.errors import BudgetExhausted
from bot.llm.asking import build_call, most
from bot.llm.capabilities import Capabilities
from bot.llm.config import Price
from bot.llm.port import Ceiling
from bot.store.engine import Database
from tests.wire.llm_kit import Gist, question, session
from tests.wire.openai_server import OpenAIServer

PRICE = Price(Decimal("2.5"), Decimal(10))
MOST = most(build_call("small", question(), Gist, Capabilities()), PRICE)
TOKENS = MOST.input_tokens + MOST.output_tokens


async def test_of_a_thousand_questions_at_once_exactly_ten_reach_the_server(db: Database) -> None:
    async with OpenAIServer() as server:
        async with session(db, server, price=PRICE) as model:
            await model.ask()
            cost = (await model.spent()).cost_micros
        # Room for ten: nine answered, the one more that was asked above, and the last with its whole reservation.
        ceiling = Ceiling(cost_micros=10 * cost + MOST.cost_micros)
        async with session(db, server, price=PRICE, ceiling=ceiling) as model:
            asked = (model.ask() for _ in range(1000))
            results = await asyncio.gather(*asked, return_exceptions=True)
            spent = await model.spent()
    assert server.arrived == 11
    assert sum(isinstance(one, BudgetExhausted) for one in results) == 990
    assert spent.cost_micros == 11 * cost <= 10 * cost + MOST.cost_micros


async def test_two_processes_share_one_ceiling(database_url: str) -> None:
    ceiling = Ceiling(tokens=10 * TOKENS)
    async with (
        OpenAIServer(always=f"costly:{TOKENS // 2}") as server,
        Database.open(database_url) as one,
        Database.open(database_url) as other,
        session(one, server, ceiling=ceiling) as first,
        session(other, server, ceiling=ceiling) as second,
    ):
        asked = [model.ask() for model in (first, second) * 50]
        results = await asyncio.gather(*asked, return_exceptions=True)
        spent = await first.spent()
    assert spent.input_tokens + spent.output_tokens <= 10 * TOKENS
    assert server.arrived == 10 == sum(not isinstance(one, BaseException) for one in results)


async def start(database_url: str, server: OpenAIServer, concurrency: int, tokens: int) -> asyncio.subprocess.Process:
    arguments = (database_url, server.url, "1000", str(concurrency), str(tokens))
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.wire.kill.ask_entry", *arguments, stdout=asyncio.subprocess.PIPE
    )


async def test_what_a_killed_process_took_stays_taken(database_url: str) -> None:
    async with OpenAIServer() as server:
        async with Database.open(database_url) as database, session(database, server, clock=SystemClock()) as model:
            await model.ask()
            before = await model.spent()
        ceiling = before.input_tokens + before.output_tokens + 10 * TOKENS
        server.always = "hang"
        # However many are let go at once, and however often the process dies, ten requests are made in all.
        for concurrency, arrived in ((6, 6), (64, 10)):
            process = await start(database_url, server, concurrency, ceiling)
            counted = asyncio.create_task(server.wait_for(1 + arrived))
            ended = asyncio.create_task(process.wait())
            done, _ = await asyncio.wait({counted, ended}, return_when=asyncio.FIRST_COMPLETED)
            assert counted in done, "it ended before it had made its requests"
            process.kill()
            await ended
        server.always = "good"
        last = await start(database_url, server, 8, ceiling)
        told, _ = await last.communicate()
        assert json.loads(told) == {"answered": 0, "exhausted": 1000}
        assert server.arrived == 11, "never one more, over three processes"
        async with Database.open(database_url) as database, session(database, server, clock=SystemClock()) as model:
            spent = await model.spent()
    assert (spent.requests, spent.estimated) == (11, 10)
    assert spent.input_tokens + spent.output_tokens == ceiling


@pytest.mark.parametrize("behaviour", ["costly:1000000", "lying-usage"])
async def test_a_server_that_names_absurd_figures_is_asked_no_more_or_estimated(db: Database, behaviour: str) -> None:
    ceiling = Ceiling(tokens=20 * TOKENS)
    async with (
        OpenAIServer(always=behaviour) as server,
        session(db, server, ceiling=ceiling, concurrency=1) as model,
    ):
        results = await asyncio.gather(*(model.ask() for _ in range(100)), return_exceptions=True)
        with pytest.raises(BudgetExhausted):
            await model.ask()
        spent = await model.spent()
    assert any(isinstance(one, BudgetExhausted) for one in results)
    if behaviour == "lying-usage":
        assert spent.estimated == spent.requests
        assert spent.input_tokens + spent.output_tokens <= 20 * TOKENS
    else:
        assert server.arrived == 1, "what it says it took is booked, and nothing more is asked that day"
        assert (spent.requests, spent.tokens, spent.estimated) == (1, 2_000_000, 0)
