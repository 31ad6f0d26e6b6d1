"""`paperbrief demo`: the whole pipeline on the embedded sample day, offline, without a key or a configuration.

Where the environment names a language model, that is asked as it is for real; a `.env` is not looked at.
"""

import asyncio
import contextlib
import importlib.util
import signal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from bot.cli.briefs import BriefFormat, print_brief
from bot.cli.common import EXIT_INCOMPLETE, EXIT_USAGE, reported_errors, run_async, stop

if TYPE_CHECKING:
    from bot.demo.page import DemoPage
    from bot.settings import Settings


class DemoLanguage(StrEnum):
    """The languages that a simulated Discord is shown in: those of the catalogues."""

    ENGLISH = "en"
    CHINESE = "zh-CN"


def demo(
    topic: Annotated[
        list[str] | None, typer.Option("--topic", help="With --once: topics to brief. Default: a selection.")
    ] = None,
    output: Annotated[
        BriefFormat, typer.Option("--format", help="With --once: how to print the briefs.")
    ] = BriefFormat.TEXT,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The page's port on this machine.")] = None,
    language: Annotated[
        DemoLanguage, typer.Option(help="Of the first brief and of everybody's Discord; with --once: of the summaries.")
    ] = DemoLanguage.ENGLISH,
    once: Annotated[bool, typer.Option("--once", help="Print the briefs and leave, without a page.")] = False,
) -> None:
    """Show the bot at work on the sample day: a Discord-like page on this machine, or --once its briefs as text.

    With a language model: LLM__BASE_URL=http://127.0.0.1:8080/v1 LLM__MODEL=name paperbrief demo
    """
    from bot.demo.run import read_settings, run_demo
    from bot.log import configure_logging
    from bot.settings import secret_values

    with reported_errors():
        settings = read_settings()
    configure_logging("error", "auto", secret_values(settings))
    if not once:
        _serve(settings, port, language)
        return
    from bot.render.plain import render_ingest_text

    report, made = run_async(lambda: run_demo(topic or [], settings, language))
    for one in made:
        print_brief(one, output)
        if output is BriefFormat.TEXT:
            typer.echo()
    if output is BriefFormat.TEXT:
        typer.echo(render_ingest_text(report))
    if not all(one.state.healthy for one in report.announcements):
        raise typer.Exit(EXIT_INCOMPLETE)


def _serve(settings: "Settings", port: int | None, language: str) -> None:
    if importlib.util.find_spec("simcord") is None:
        stop("the page needs what requirements/demo.txt pins; `make demo` installs it, --once does without", EXIT_USAGE)
    typer.echo("Reading the sample day…")
    if settings.llm.model:
        seconds = settings.llm.patience
        typer.echo(f"{settings.llm.model} writes the first brief: {seconds:g} seconds at the most, then without it…")

    async def main() -> None:
        from bot.demo.page import serve_page

        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            # Where a loop has no signals, Ctrl-C still interrupts the program.
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, told.set)
        await serve_page(settings, port, language, lambda page: _tell(page, settings), told)

    run_async(main)
    typer.echo("The demonstration has ended; nothing of it is kept.")


def _tell(page: "DemoPage", settings: "Settings") -> None:
    typer.echo(f"The real bot in a Discord-like page, over the sample day of {page.announced_on:%A %d %B %Y}.")
    typer.echo(f"{_what_leaves(settings)} Open in your browser:\n")
    notes = {"papers": "with its first brief", "vision": "for you to subscribe"}
    for name, address in page.addresses.items():
        typer.echo(f"  #{name}, {notes[name]}: {address}")
    typer.echo("\nPick a paper in the menu under the brief, press buttons, or type:\n")
    typer.echo("  /paper      then 2611.90005, or an address, or words of a title")
    typer.echo("  /search     then words, such as hallucination")
    typer.echo("  /subscribe  in #vision, then a topic, such as diffusion: its brief arrives there")
    if settings.llm.model:
        typer.echo("  /ask        then a paper and a question: an answer with quotes; Translate is under each paper")
    else:
        typer.echo("\nWith a language model for summaries, Translate and /ask, start it as (docs/models.md):\n")
        typer.echo("  LLM__BASE_URL=http://127.0.0.1:8080/v1 LLM__MODEL=name make demo")
    typer.echo("\nCtrl-C ends it.")


def _what_leaves(settings: "Settings") -> str:
    from bot.setting_types import is_loopback
    from bot.settings import OPENAI_URL

    address = settings.llm.base_url or OPENAI_URL
    if not settings.llm.model or is_loopback(address):
        return "Nothing leaves this machine."
    return f"Only what {settings.llm.model} is asked goes to {urlsplit(address).hostname}, at its price."
