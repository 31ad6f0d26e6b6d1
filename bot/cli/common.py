"""What every command shares: settings, errors and exit codes, dates, progress."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Never, TypeVar

import typer

from bot.errors import DiscordRefused, PaperBriefError, SettingsError, UsageError

if TYPE_CHECKING:
    from bot.settings import Settings

T = TypeVar("T")

EXIT_TROUBLE = 1
"""The database or arXiv could not be used."""
EXIT_USAGE = 2
"""A wrong word, setting or token: running it again unchanged cannot help."""
EXIT_INCOMPLETE = 3
"""It ran, and something is missing that a later run may bring."""

NO_TOKEN = "DISCORD_TOKEN is not set; `paperbrief init` asks for it and writes .env"  # noqa: S105  # a sentence

FIRST_YEAR, LAST_YEAR = 1991, 2090
"""arXiv began in 1991; an identifier's two digits of the year last until 2090."""

SHOW_PROGRESS_AFTER = 2.0
"""Seconds of silence before a progress bar appears."""


class TextOrJson(StrEnum):
    """Output formats of commands that print facts."""

    TEXT = "text"
    JSON = "json"


def stop(message: str, code: int) -> Never:
    """Print `message` to standard error, each line marked as an error, and leave with `code`."""
    for line in message.splitlines() or [""]:
        typer.echo(f"paperbrief: {line}", err=True)
    raise typer.Exit(code)


@contextmanager
def reported_errors() -> Iterator[None]:
    """Turn the errors raised on purpose into a message and an exit code; anything else is a bug and keeps its trace."""
    try:
        yield
    except (SettingsError, UsageError, DiscordRefused) as error:
        stop(str(error), EXIT_USAGE)
    except PaperBriefError as error:
        stop(str(error), EXIT_TROUBLE)


def prepare() -> "Settings":
    """Read the settings, set up logging, and return the settings; leaves with 2 when a setting is wrong."""
    from bot.log import configure_logging
    from bot.settings import load_settings, secret_values

    with reported_errors():
        settings = load_settings()
    configure_logging(settings.log.level, settings.log.format, secret_values(settings))
    return settings


def run_async(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run `main` on a new event loop, with errors reported; Ctrl-C leaves with 130, SIGTERM with 143.

    Either cancels `main`, so that what it holds for all processes (a turn at arXiv, a lock) is given back.
    """
    terminated = False

    async def run() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def terminate() -> None:
            nonlocal terminated
            terminated = True
            if task is not None:
                task.cancel()

        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(signal.SIGTERM, terminate)
        return await main()

    try:
        with reported_errors():
            return asyncio.run(run())
    except KeyboardInterrupt:
        stop("interrupted; what was stored is kept", 130)
    except asyncio.CancelledError:
        if not terminated:
            raise
        stop("terminated; what was stored is kept", 143)


def parse_instant(text: str | None) -> datetime | None:
    """Return the aware instant that `text` names, in UTC; raises `UsageError` without an offset."""
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not an instant; expected one such as 2026-05-12T01:45:00Z") from None
    if instant.tzinfo is None:
        raise UsageError(f"{text!r} has no offset; write {text}Z for UTC or {text}-04:00 for US Eastern in summer")
    _check_year(instant.year, text)
    return instant.astimezone(UTC)


def parse_date(text: str | None) -> date | None:
    """Return the date that `text` names; raises `UsageError` for anything but YYYY-MM-DD."""
    if text is None:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  # a date has no zone
    except ValueError:
        raise UsageError(f"{text!r} is not a date; expected one such as 2026-05-12") from None
    _check_year(day.year, text)
    return day


def _check_year(year: int, text: str) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise UsageError(
            f"{text!r} is outside {FIRST_YEAR} to {LAST_YEAR}, the years that arXiv's identifiers can name"
        )


def print_json(value: Any) -> None:
    """Print one JSON document with readable letters."""
    import json

    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function to call with (step, done, total); call it on a running event loop.

    On a terminal, a bar appears on standard error when the work takes longer than two seconds; elsewhere never.
    """
    if not sys.stderr.isatty():
        yield lambda _step, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    bar = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    task = bar.add_task("starting", total=None)
    # On a timer of the loop, not at a step: the first step may be the slow one.
    start = asyncio.get_running_loop().call_later(SHOW_PROGRESS_AFTER, bar.start)
    try:
        yield lambda step, done, total: bar.update(task, description=step, completed=done, total=total)
    finally:
        start.cancel()
        if bar.live.is_started:
            bar.stop()
