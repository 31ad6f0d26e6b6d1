"""`paperbrief paper ID --translate LANG`: asks once, keeps it, and says why where it cannot."""

import pytest

from tests.e2e.conftest import CommandLine
from tests.e2e.test_commands import EVE
from tests.wire.openai_server import OpenAIServer

PAPER = "2611.90005"


@pytest.fixture
def model(command_line: CommandLine, model_server: OpenAIServer) -> OpenAIServer:
    command_line.ingest(EVE)
    return model_server


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
    for name in ("BASE_URL", "MODEL", "API_KEY"):
        monkeypatch.delenv(f"LLM__{name}")
    assert command_line.json("paper", PAPER, "--translate", "zh-CN", "--format", "json")["translation"] == kept
    assert command_line.json("paper", PAPER, "--format", "json")["translation"] is None


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--translate", "fr", "--no-model"], 1, "No language model is set up here, so I cannot translate. Whoever"),
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
