import asyncio
import io
import sys
from datetime import UTC, date, datetime

import pytest
import typer

from bot.cli import common
from bot.errors import DatabaseBusy, QuerySyntaxError, SettingsError, UsageError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


async def work(steps: int) -> None:
    with common.progress_bar() as advance:
        for step in range(steps):
            advance(f"step {step}", step, steps)
            # Lets the loop's timers run; nothing waits for a clock.
            for _ in range(20):
                await asyncio.sleep(0)


def test_a_terminal_sees_progress_when_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(common, "SHOW_PROGRESS_AFTER", 0.0)
    asyncio.run(work(3))
    assert "0/3" in terminal.getvalue() or "step" in terminal.getvalue()


def test_a_terminal_sees_nothing_when_it_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(common, "SHOW_PROGRESS_AFTER", 3600.0)
    asyncio.run(work(3))
    assert terminal.getvalue() == ""


def test_a_pipe_sees_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    monkeypatch.setattr(common, "SHOW_PROGRESS_AFTER", 0.0)
    asyncio.run(work(3))
    assert pipe.getvalue() == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingsError(["A: wrong", "B: wrong"]), 2),
        (UsageError("no such topic"), 2),
        (QuerySyntaxError("ti:", 3, "a word"), 2),
        (DatabaseBusy("locked"), 1),
    ],
)
def test_errors_become_lines_and_codes(error: Exception, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught, common.reported_errors():
        raise error
    assert caught.value.exit_code == code
    said = capsys.readouterr().err
    assert all(line.startswith("paperbrief: ") for line in said.splitlines())
    assert len(said.splitlines()) == len(str(error).splitlines())


def test_a_bug_keeps_its_trace() -> None:
    with pytest.raises(ZeroDivisionError), common.reported_errors():
        _ = 1 // 0


def test_interrupting_leaves_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    async def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(typer.Exit) as caught:
        common.run_async(interrupted)
    assert caught.value.exit_code == 130
    assert "what was stored is kept" in capsys.readouterr().err


def test_instants_and_dates() -> None:
    assert common.parse_instant("2026-05-12T01:45:00Z") == datetime(2026, 5, 12, 1, 45, tzinfo=UTC)
    assert common.parse_instant("2026-05-11T21:45:00-04:00") == datetime(2026, 5, 12, 1, 45, tzinfo=UTC)
    assert common.parse_instant(None) is None
    assert common.parse_date("2026-05-12") == date(2026, 5, 12)
    assert common.parse_date(None) is None
