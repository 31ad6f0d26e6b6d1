"""The command line as a user runs it, against an arXiv on this machine."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.demo.loopback import LoopbackArxiv
from bot.demo.sample import SampleWorld, load_sample_world
from bot.settings import setting_names


class ServerThread:
    """A loopback arXiv on an event loop of its own, since each command runs and ends one."""

    def __init__(self, world: SampleWorld) -> None:
        self.server = LoopbackArxiv(world)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> LoopbackArxiv:
        self._thread.start()
        self._run(self.server.__aenter__())
        return self.server

    def __exit__(self, *_error: object) -> None:
        self._run(self.server.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


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
    with ServerThread(world) as server:
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
