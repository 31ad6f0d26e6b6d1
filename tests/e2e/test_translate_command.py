"""`paperbrief paper ID --translate LANG`: asks once, keeps it, and says why where it cannot."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import CommandLine
from tests.e2e.test_commands import EVE
from tests.wire.openai_server import OpenAIServer

PAPER = "2611.90005"


class ModelThread:
    """A loopback model server on an event loop of its own."""

    def __init__(self) -> None:
        self.server = OpenAIServer()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> OpenAIServer:
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


@pytest.fixture
def model(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    command_line.ingest(EVE)
    with ModelThread() as server:
        monkeypatch.setenv("LLM__BASE_URL", server.url)
        monkeypatch.setenv("LLM__MODEL", "small")
        yield server


def asked(model: OpenAIServer) -> int:
    return sum(one.messages[0]["content"].startswith("Translate a paper") for one in model.log)


def test_a_translation_is_printed_and_kept(
    command_line: CommandLine, model: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = command_line.run("paper", PAPER, "--translate", "zh-CN")
    assert done.exit_code == 0, done.output
    assert "translated by small" in done.stdout
    assert "研究" in done.stdout
    kept = command_line.json("paper", PAPER, "--translate", "zh-CN", "--no-model", "--format", "json")["translation"]
    assert (kept["language"], kept["producer"], kept["prompt_version"]) == ("zh-CN", "small", "1")
    with_terms = command_line.json("paper", PAPER, "--translate", "zh-CN", "--terms", "--format", "json")["translation"]
    assert with_terms["prompt_version"] == "1+terms"
    assert asked(model) == 2
    monkeypatch.delenv("LLM__BASE_URL")
    monkeypatch.delenv("LLM__MODEL")
    assert command_line.json("paper", PAPER, "--translate", "zh-CN", "--format", "json")["translation"] == kept
    assert command_line.json("paper", PAPER, "--format", "json")["translation"] is None


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--translate", "fr", "--no-model"], 1, "No language model is set up here, so I cannot translate."),
        (["--translate", "en"], 1, "There is nothing to translate"),
        (["--translate", "Klingon!"], 2, "is not a language tag"),
        (["--terms"], 2, "--terms goes with --translate LANG"),
    ],
)
def test_what_cannot_be_is_said(
    command_line: CommandLine, model: OpenAIServer, words: list[str], code: int, told: str
) -> None:
    done = command_line.run("paper", PAPER, *words)
    assert done.exit_code == code
    assert told in done.stderr
    assert asked(model) == 0
