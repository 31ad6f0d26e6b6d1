"""A data directory that cannot even be looked at: one clear line from every command, never a stack trace."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app


@pytest.fixture(autouse=True)
def unreachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the data where the system refuses to look: as in another user's directory, but for root as well."""
    directory = tmp_path / ("x" * 300) / "data"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(directory))
    return directory


@pytest.mark.parametrize("words", ["doctor --offline", "run --check"])
def test_a_check_up_says_so_and_looks_at_the_rest(words: str) -> None:
    done = CliRunner().invoke(app, words.split())
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    (said,) = [line for line in lines if line.startswith("fail  database")]
    assert "File name too long" in said
    assert any(line.startswith("ok    zone data") for line in lines)


@pytest.mark.parametrize(
    "words",
    ["db check", "db upgrade", "db backup copy", "db copy sqlite:///new.sqlite3", "export", "report", "health"],
)
def test_every_other_command_says_so_in_one_line(words: str) -> None:
    done = CliRunner().invoke(app, words.split())
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == 1
    (line,) = done.output.splitlines()
    assert "File name too long" in line


@pytest.mark.parametrize("words", ["db backup", "db restore"])
def test_so_does_a_backup_in_such_a_place(words: str, unreachable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATA_DIR")
    assert CliRunner().invoke(app, ["db", "upgrade"]).exit_code == 0
    done = CliRunner().invoke(app, [*words.split(), str(unreachable)])
    assert isinstance(done.exception, SystemExit), done.exception
    (line,) = done.output.splitlines()
    assert "File name too long" in line
