"""Summaries for earlier briefs, one by one and by a batch that is interrupted, lost, cut short or too dear."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.errors import ModelRefused, ModelUnavailable
from bot.llm.batch import Batches
from bot.llm.config import ModelConfig
from bot.llm.port import Ceiling
from bot.llm.wire import OpenAIBatchWire
from bot.pipeline.backfill import Backfill
from bot.pipeline.patience import Patience
from bot.spending import Spending
from bot.store.briefs import BriefStore
from bot.store.shown_papers import ShownPapers
from bot.store.source_state import SourceStateStore
from bot.store.spend import SpendStore
from bot.texts import Fallback
from tests.wire.model_day import DAY, KEY, MORNING, TOPIC, DayClock, ModelDay, fill, open_day
from tests.wire.openai_server import OpenAIServer


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer() as running:
        yield running


@pytest.fixture
async def path(migrated_file: Path, tmp_path: Path, server: OpenAIServer) -> Path:
    """Return a database in which a brief of ten papers was posted without a model."""
    made = tmp_path / "paperbrief.sqlite3"
    shutil.copyfile(migrated_file, made)
    await fill(made, DayClock())
    async with open_day(made, server, patience=0) as day:
        topic = day.services.catalogue[TOPIC]
        await day.services.briefing.keep(await day.services.briefing.brief(topic, DAY, max_papers=10))
    return made


@asynccontextmanager
async def backfill(day: ModelDay, ceiling: Ceiling | None = None) -> AsyncIterator[Backfill]:
    database, clock = day.services.database, day.services.clock
    config = ModelConfig(day.server.url, "small", SecretStr(KEY), ceiling=ceiling or Ceiling())
    async with OpenAIBatchWire(config, clock) as wire:
        batches = Batches(config, wire, SpendStore(database), SourceStateStore(database), clock)
        texts = BriefStore(database)
        yield Backfill(ShownPapers(database), day.services.summariser, day.services.papers, texts, batches=batches)


def silent(_step: str, _done: int, _total: int) -> None:
    return


async def by_model(day: ModelDay, language: str = "en") -> int:
    topic = day.services.catalogue[TOPIC]
    brief = await day.services.briefing.brief(topic, DAY, max_papers=10, language=language)
    return sum(item.summary.producer == "small" for item in brief.items)


async def spent(day: ModelDay) -> Spending:
    return await SpendStore(day.services.database).spent(MORNING.date())


async def test_earlier_papers_are_summarised_once_and_the_progress_is_told(path: Path, server: OpenAIServer) -> None:
    steps: list[tuple[int, int]] = []
    async with open_day(path, server) as day, backfill(day) as work:
        bill = await work.run(DAY, None, lambda _step, done, total: steps.append((done, total)))
        assert (bill.made, bill.cached, dict(bill.fallbacks)) == (10, 0, {})
        assert steps[-1] == (10, 10)
        again = await work.run(DAY, None, silent)
        assert (again.made, again.cached) == (0, 10)
        assert len(server.log) == 10
        chinese = await work.run(DAY, "zh-CN", silent)
        assert chinese.made == 10
        assert await by_model(day, "zh-CN") == 10
        assert (await work.run(DAY.replace(year=2027), None, silent)).made == 0
        # The posted brief keeps what was posted.
        assert {item.summary.producer for item in (await day.brief()).items} == {"extractive"}


async def test_a_batch_gives_the_same_checked_summaries(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server) as day, backfill(day) as work:
        bill = await work.run_batch(DAY, None, silent)
        assert (bill.made, bill.cached, dict(bill.fallbacks)) == (10, 0, {})
        assert not server.log, "nothing was asked one by one"
        assert await by_model(day) == 10
        assert bill.spending == await spent(day)
        assert bill.spending.requests == 10
        again = await work.run_batch(DAY, None, silent)
        assert (again.made, again.cached) == (0, 10)
        assert len(server.desk.batches) == 1
        assert all(KEY.encode() not in data for data in server.desk.files.values())


async def test_a_batch_that_was_left_is_finished_by_the_next_call(path: Path, server: OpenAIServer) -> None:
    server.desk.looks = 10_000
    async with open_day(path, server) as day, backfill(day) as work:
        task = asyncio.create_task(work.run_batch(DAY, None, silent))
        await server.desk.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        reserved = await spent(day)
        assert reserved.requests == 10, "what is under way counts in full"
    server.desk.looks = 1
    async with open_day(path, server) as day, backfill(day) as work:
        bill = await work.run_batch(DAY, None, silent)
        assert (bill.made, bill.cached) == (10, 0), "each paper counts once, although it is looked at again"
        assert len(server.desk.batches) == 1
        assert await spent(day) == bill.spending


async def test_a_batch_whose_id_was_never_told_is_found_again(path: Path, server: OpenAIServer) -> None:
    server.desk.forgets = True
    async with open_day(path, server) as day, backfill(day) as work:
        with pytest.raises(ModelUnavailable):
            await work.run_batch(DAY, None, silent)
        bill = await work.run_batch(DAY, None, silent)
        assert bill.made == 10
        assert len(server.desk.batches) == 1


async def test_a_batch_that_was_never_begun_gives_its_room_back(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server) as day, backfill(day) as work:
        server.desk.offered = False
        with pytest.raises(ModelRefused):
            await work.run_batch(DAY, None, silent)
        assert (await spent(day)).requests == 10
        server.desk.offered = True
        bill = await work.run_batch(DAY, None, silent)
        assert bill.made == 10
        assert await spent(day) == bill.spending


@pytest.mark.parametrize(("state", "made"), [("expired", 7), ("cancelled", 7), ("failed", 0)])
async def test_what_a_batch_did_not_answer_is_counted(path: Path, server: OpenAIServer, state: str, made: int) -> None:
    server.desk.ends_as, server.desk.lost = state, frozenset({0, 4, 9})
    async with open_day(path, server) as day, backfill(day) as work:
        bill = await work.run_batch(DAY, None, silent)
        assert (bill.made, bill.fallbacks) == (made, {Fallback.UNAVAILABLE: 10 - made})
        assert (await spent(day)).requests == made
        assert await by_model(day) == made


async def test_a_batch_that_speaks_of_other_papers_is_not_stored(path: Path, server: OpenAIServer) -> None:
    answer: dict[str, Any] = {
        "gist": "Herring hide in 14 lagoons all autumn [0].",
        "paragraph": ["Herring hide in lagoons [0]."],
        "key_takeaways": ["Survival of the herring doubled [0].", "Dredging ended that [1].", "Fish were tagged [1]."],
    }
    server.makers.known.insert(0, lambda _call: answer)
    async with open_day(path, server) as day, backfill(day) as work:
        bill = await work.run_batch(DAY, None, silent)
        assert (bill.made, bill.fallbacks) == (0, {Fallback.REJECTED: 10})
        assert bill.spending.requests == 10
        assert await by_model(day) == 0


async def test_only_so_much_is_sent_as_the_ceiling_leaves_room_for(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server) as day, backfill(day, Ceiling(tokens=22_000)) as work:
        bill = await work.run_batch(DAY, None, silent)
        total = await spent(day)
        assert total.input_tokens + total.output_tokens <= 22_000
        assert bill.made >= 4
        assert bill.made + bill.fallbacks.get(Fallback.BUDGET, 0) == 10
        first = server.desk.files["file-0"].decode().splitlines()
        assert len(first) == 5
    async with open_day(path, server, patience=0) as day, backfill(day, Ceiling(tokens=0)) as work:
        nothing = await work.run_batch(DAY, "zh-CN", silent)
        assert (nothing.made, nothing.fallbacks) == (0, {Fallback.BUDGET: 10})


async def test_what_other_readers_had_written_is_not_asked_for(path: Path, server: OpenAIServer) -> None:
    async with open_day(path, server) as day, backfill(day) as work:
        brief = await day.brief()
        await day.services.summariser.write([item.paper for item in brief.items[:4]], "en", patience=Patience(20))
        bill = await work.run_batch(DAY, None, silent)
        assert (bill.made, bill.cached) == (6, 4)
