"""A real server with a real model: the wire works. What the model says is not judged.

llama.cpp's own server, from the wheel `xllamacpp` (`pip install --group model`); skipped where that is absent. The
model is made on the spot with random weights; PAPERBRIEF_GGUF names a file to use in its place.
"""

import asyncio
import importlib.util
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel

from bot.clock import SystemClock
from bot.errors import ModelAnswerInvalid
from bot.llm.config import ModelConfig
from bot.llm.endpoint import Endpoint, build_chat_model
from bot.llm.port import ChatRequest
from bot.store.engine import Database
from bot.store.source_state import SourceStateStore
from bot.store.spend import SpendStore
from tests.wire.tiny_model import write_tiny_model

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None, reason="skipped: no xllamacpp (dependency group «model»)"
)


class Opinion(BaseModel):
    """A form that even a model without a language can fill, where the server holds it to the schema."""

    kind: Literal["theory", "experiment"]
    sure: bool


class Essay(BaseModel):
    """A form that takes more room than it is given."""

    chapters: list[str]
    conclusion: str


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    path = os.environ.get("PAPERBRIEF_GGUF", "")
    if not path:
        path = str(tmp_path / "tiny.gguf")
        write_tiny_model(Path(path))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.wire.llama_entry", path,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.kill()
        await process.communicate()


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    async with Database.open(sqlite_url) as database:
        yield database


def open_model(address: str, database: Database) -> Endpoint:
    config = ModelConfig(f"{address}/v1", "local", timeout=60)
    memory = SourceStateStore(database)
    return build_chat_model(config, ledger=SpendStore(database), memory=memory, clock=SystemClock())


async def test_a_real_server_is_held_to_the_form_and_counts_its_tokens(address: str, database: Database) -> None:
    request = ChatRequest("summary", "Say what kind of paper it is.", "We measure the mass of the top quark.", 500)
    async with open_model(address, database) as model:
        answers = await asyncio.gather(*(model.ask(request, Opinion) for _ in range(3)))
    for answer in answers:
        assert answer.value.kind in ("theory", "experiment")
        assert answer.spending.estimated == 0
        assert answer.spending.input_tokens > 10
        assert answer.spending.output_tokens > 5
    (state,) = [await SourceStateStore(database).load(f"model {address.removeprefix('http://')}/v1 local")]
    assert state["rung"] == "json_schema"


async def test_an_answer_that_a_real_server_cuts_off_is_invalid_and_paid_for(address: str, database: Database) -> None:
    request = ChatRequest("summary", "Write an essay of twelve chapters.", "On matter.", 6)
    async with open_model(address, database) as model:
        with pytest.raises(ModelAnswerInvalid, match="cut off"):
            await model.ask(request, Essay)
    spent = await SpendStore(database).spent(SystemClock().now().date())
    assert (spent.requests, spent.estimated) == (2, 0)
    assert spent.output_tokens == 6 + 24
