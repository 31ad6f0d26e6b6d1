"""The command line as a user runs it, against an arXiv on this machine."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.demo.loopback import LoopbackArxiv
from bot.demo.sample import SampleWorld, load_sample_world
from bot.settings import setting_names
from tests.wire.openai_server import OpenAIServer

MODEL_KEY = "sk-canary-5a5a"

Server = TypeVar("Server")


@contextmanager
def in_thread(server: AbstractAsyncContextManager[Server]) -> Iterator[Server]:
    """Run a server on an event loop of its own, since each command runs and ends one."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(30)
    asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@dataclass
class CommandLine:
    """Runs `paperbrief` in a directory of its own."""

    run: Callable[..., Result]
    server: LoopbackArxiv
    world: SampleWorld
    data: Path

    def json(self, *words: str, code: int = 0) -> Any:
        """Run a command that prints JSON, check its exit code, and return what it printed."""
        done = self.run(*words)
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    def wait_for_request(self) -> None:
        """Return when another process has asked the server something that it has not answered yet."""
        deadline = time.monotonic() + 30
        while not self.server.open_requests:
            if time.monotonic() > deadline:
                raise TimeoutError("nothing was asked")
            threading.Event().wait(0.01)

    def ingest(self, as_of: datetime, *categories: str, code: int = 0) -> Any:
        """Ingest at an instant and return the report."""
        self.world.set_now(as_of)
        words = [word for category in categories or self.world.categories for word in ("--category", category)]
        return self.json("ingest", *words, "--as-of", as_of.isoformat(), "--format", "json", code=code)


@pytest.fixture
def command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    world = load_sample_world()
    with in_thread(LoopbackArxiv(world)) as server:
        for name in ("LIST", "FEED", "API", "OAI", "HTML", "PDF"):
            monkeypatch.setenv(f"ARXIV__{name}_URL", getattr(server, f"{name.lower()}_url"))
        monkeypatch.setenv("ARXIV__MIN_INTERVAL", "0")
        monkeypatch.setenv("ARXIV__CONTACT", "tests@example.org")
        monkeypatch.setenv("ARXIV__PATIENCE", "1")
        monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
        runner = CliRunner()

        def run(*words: str) -> Result:
            return runner.invoke(app, list(words))

        yield CommandLine(run, server, world, tmp_path / "data")


@pytest.fixture
def model_server(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    """Run a model on this machine, and set the command line up for it."""
    with in_thread(OpenAIServer()) as server:
        monkeypatch.setenv("LLM__BASE_URL", server.url)
        monkeypatch.setenv("LLM__MODEL", "small")
        monkeypatch.setenv("LLM__API_KEY", MODEL_KEY)
        yield server
