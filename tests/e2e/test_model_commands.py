"""`paperbrief brief`, `paper` and `summarise` with a language model on this machine."""

from datetime import date, timedelta

import pytest

from bot.demo.world import release_of
from tests.e2e.conftest import CommandLine
from tests.wire.openai_server import OpenAIServer

MORNING = release_of(date(2026, 11, 17)) + timedelta(hours=6)
PAPER = "2611.90005"


@pytest.fixture
def model(command_line: CommandLine, model_server: OpenAIServer) -> OpenAIServer:
    """Return a model, with the sample day stored."""
    command_line.ingest(MORNING)
    return model_server


def test_a_brief_is_written_once_and_then_costs_nothing(command_line: CommandLine, model: OpenAIServer) -> None:
    done = command_line.run("brief", "cs-cl", "--max", "3")
    assert done.exit_code == 0
    assert "small · 3 summaries · " in done.stdout
    assert done.stdout.count("Summary (written by small)") == 3
    assert "sk-canary" not in done.output
    again = command_line.json("brief", "cs-cl", "--max", "3", "--format", "json")
    assert (again["bill"]["made"], again["bill"]["cached"], again["bill"]["requests"]) == (0, 3, 0)
    assert len(model.log) == 3
    spent = command_line.json("spend", "--format", "json")
    assert spent["total"]["requests"] == 3


def test_without_the_model_nothing_is_asked_and_what_is_there_is_shown(
    command_line: CommandLine, model: OpenAIServer
) -> None:
    done = command_line.run("brief", "cs-cl", "--max", "2", "--no-model")
    assert "extracted from the abstract" in done.stdout
    assert "by small" not in done.stdout
    assert "small · " not in done.stdout
    assert not model.log
    command_line.run("brief", "cs-cl", "--max", "2")
    assert "written by small" in command_line.run("brief", "cs-cl", "--max", "2", "--no-model").stdout


def test_a_brief_in_chinese_and_one_in_no_language(command_line: CommandLine, model: OpenAIServer) -> None:
    brief = command_line.json("brief", "cs-cl", "--max", "1", "--language", "zh-CN", "--format", "json")
    assert brief["items"][0]["summary"]["language"] == "zh-CN"
    assert any("\u4e00" <= character <= "\u9fff" for character in brief["items"][0]["summary"]["text"])
    refused = command_line.run("brief", "cs-cl", "--language", "!!")
    assert refused.exit_code == 2
    assert len(model.log) == 1


def test_a_paper_gets_its_summary(command_line: CommandLine, model: OpenAIServer) -> None:
    assert "extracted from the abstract" in command_line.run("paper", PAPER, "--no-model").stdout
    found = command_line.json("paper", PAPER, "--format", "json")
    assert found["summary"]["producer"] == "small"
    assert "written by small" in command_line.run("paper", PAPER, "--no-model").stdout
    model.always = "failing:500"
    chinese = command_line.json("paper", PAPER, "--language", "zh-CN", "--format", "json")
    assert (chinese["summary"]["producer"], chinese["summary"]["fallback"]) == ("extractive", "unavailable")


def test_earlier_briefs_are_filled_in(command_line: CommandLine, model: OpenAIServer) -> None:
    done = command_line.run("summarise", "--since", "2026-11-01")
    assert done.exit_code == 0
    assert "0 papers: 0 written, 0 there already, 0 without" in done.stdout
    assert command_line.run("summarise", "--since", "soon").exit_code == 2
    assert not model.log


def test_without_a_model_there_is_nothing_to_fill_in_with(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LLM__MODEL", raising=False)
    done = command_line.run("summarise", "--since", "2026-11-01")
    assert done.exit_code == 2
    assert "LLM__MODEL: no language model is set up" in done.output
