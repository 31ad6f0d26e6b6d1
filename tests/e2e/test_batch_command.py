"""`paperbrief summarise --since D --batch`: what an owner sees of a batch that ends well, badly, or after a restart."""

import asyncio
import os
import pty
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from bot.app import open_services
from bot.cli.common import EXIT_INCOMPLETE
from bot.demo.world import release_of
from bot.settings import load_settings
from tests.e2e.conftest import MODEL_KEY, CommandLine
from tests.wire.openai_server import OpenAIServer

DAY = date(2026, 11, 17)
PAPERS = 6
RECEIPT = "6 papers: {} written, {} there already, {} without"


@pytest.fixture
def model(command_line: CommandLine, model_server: OpenAIServer) -> OpenAIServer:
    """Return a model whose batches end at the first look, after a brief of six papers was posted without it."""
    command_line.ingest(release_of(DAY) + timedelta(hours=6))

    async def post() -> None:
        async with open_services(load_settings()) as services:
            topic = services.catalogue["cs-cl"]
            await services.briefing.keep(await services.briefing.brief(topic, DAY, max_papers=PAPERS))

    asyncio.run(post())
    model_server.desk.looks = 1
    return model_server


def summarise(command_line: CommandLine, *words: str) -> Result:
    return command_line.run("summarise", "--since", DAY.isoformat(), "--batch", *words)


def account(command_line: CommandLine) -> Any:
    return command_line.json("spend", "--format", "json")["total"]


def test_a_batch_is_written_shown_and_paid_for_once(
    command_line: CommandLine, model: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM__INPUT_PRICE", "0.4")
    monkeypatch.setenv("LLM__OUTPUT_PRICE", "1.6")
    done = summarise(command_line)
    assert done.exit_code == 0, done.output
    counts, bill, *rest = done.stdout.splitlines()
    assert counts == RECEIPT.format(6, 0, 0)
    assert bill.startswith("small · 6 summaries · ")
    assert "$0.0" in bill
    assert rest == ["counted at the full price; OpenAI bills batches at half"]
    assert MODEL_KEY not in done.output
    total = account(command_line)
    assert (total["requests"], total["estimated"]) == (6, 0)
    brief = command_line.run("brief", "cs-cl", "--date", DAY.isoformat(), "--max", str(PAPERS), "--no-model")
    assert brief.stdout.count("Summary (written by small)") == 6
    again = summarise(command_line)
    assert (again.exit_code, again.stdout.splitlines()[0]) == (0, RECEIPT.format(0, 6, 0))
    assert len(model.desk.batches) == 1
    assert model.log == []
    assert account(command_line) == total


@pytest.mark.parametrize(("state", "written"), [("expired", 4), ("cancelled", 4), ("failed", 0)])
def test_what_a_batch_did_not_answer_is_said_and_asked_for_by_the_next_one(
    command_line: CommandLine, model: OpenAIServer, state: str, written: int
) -> None:
    model.desk.ends_as, model.desk.lost = state, frozenset({1, 4})
    done = summarise(command_line)
    assert done.exit_code == EXIT_INCOMPLETE
    missing = PAPERS - written
    assert done.stdout.splitlines()[0] == f"{RECEIPT.format(written, 0, missing)} (unavailable {missing})"
    assert account(command_line)["requests"] == written, "what was not answered is not charged"
    model.desk.ends_as, model.desk.lost = "completed", frozenset()
    again = summarise(command_line)
    assert (again.exit_code, again.stdout.splitlines()[0]) == (0, RECEIPT.format(missing, written, 0))
    assert account(command_line)["requests"] == PAPERS


def run_until_it_waits(number: signal.Signals) -> tuple[int, str]:
    """Run the command on a terminal, end it with a signal while its batch is under way, and return code and screen."""
    root = Path(__file__).resolve().parents[2]
    terminal, inside = pty.openpty()
    words = [sys.executable, "-m", "bot", "summarise", "--since", DAY.isoformat(), "--batch"]
    environment = {**os.environ, "PYTHONPATH": str(root), "TERM": "xterm-256color", "COLUMNS": "100"}
    # A shell starts what it runs in the background with SIGINT ignored, which a child would inherit.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=inside, env=environment)
    signal.signal(signal.SIGINT, before)
    os.close(inside)
    screen = b""
    try:
        # The bar appears when the work takes longer than two seconds.
        while b"batch at the server" not in screen:
            screen += os.read(terminal, 4096)
        running.send_signal(number)
        while True:
            try:
                screen += os.read(terminal, 4096)
            except OSError:
                break
        running.communicate(timeout=30)
    finally:
        running.kill()
        running.wait()
        os.close(terminal)
    return running.returncode, screen.decode()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_batch_that_was_left_is_finished_by_the_next_call_and_paid_for_once(
    command_line: CommandLine, model: OpenAIServer, number: signal.Signals, code: int
) -> None:
    model.desk.looks = 10_000
    ended, screen = run_until_it_waits(number)
    assert ended == code, screen
    assert "0/6" in screen
    assert MODEL_KEY not in screen
    open_account = account(command_line)
    assert (open_account["requests"], open_account["estimated"]) == (6, 6), "what is under way counts in full"
    model.desk.looks = 1
    done = summarise(command_line)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == RECEIPT.format(6, 0, 0)
    assert len(model.desk.batches) == 1
    total = account(command_line)
    assert (total["requests"], total["estimated"]) == (6, 0)
    assert total["output_tokens"] < open_account["output_tokens"]


def test_at_the_ceiling_nothing_is_sent_and_part_of_it_where_there_is_some_room(
    command_line: CommandLine, model: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM__DAILY_TOKENS", "0")
    done = summarise(command_line)
    assert done.exit_code == EXIT_INCOMPLETE
    assert done.stdout.splitlines() == [f"{RECEIPT.format(0, 0, 6)} (budget 6)", "small · 6 extracted instead"]
    assert not model.desk.files
    assert account(command_line)["requests"] == 0
    monkeypatch.setenv("LLM__DAILY_TOKENS", "7000")
    part = summarise(command_line)
    assert part.exit_code == EXIT_INCOMPLETE
    total = account(command_line)
    assert 0 < total["requests"] < 6
    assert part.stdout.startswith(RECEIPT.format(total["requests"], 0, 6 - total["requests"]))
    assert total["input_tokens"] + total["output_tokens"] <= 7_000


def test_a_server_without_batches_is_named_and_costs_nothing_in_the_end(
    command_line: CommandLine, model: OpenAIServer
) -> None:
    model.desk.offered = False
    done = summarise(command_line)
    assert done.exit_code == 1
    assert "does not offer batches to this key (404)" in done.stderr
    model.desk.offered = True
    assert summarise(command_line).exit_code == 0
    assert account(command_line)["requests"] == 6
