"""`paperbrief demo`: the whole pipeline on the embedded sample day, offline, without a key or a configuration."""

import asyncio
import contextlib
import importlib.util
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.briefs import BriefFormat, print_brief
from bot.cli.common import EXIT_INCOMPLETE, EXIT_USAGE, run_async, stop

if TYPE_CHECKING:
    from bot.demo.page import DemoPage


def demo(
    topic: Annotated[
        list[str] | None, typer.Option("--topic", help="With --once: topics to brief. Default: a selection.")
    ] = None,
    output: Annotated[
        BriefFormat, typer.Option("--format", help="With --once: how to print the briefs.")
    ] = BriefFormat.TEXT,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The page's port on this machine.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Print the briefs and leave, without a page.")] = False,
) -> None:
    """Show the bot at work on the sample day: a Discord-like page on this machine, or --once its briefs as text."""
    from bot.log import configure_logging

    configure_logging("error", "auto", [])
    if not once:
        _serve(port)
        return
    from bot.demo.run import run_demo
    from bot.render.plain import render_ingest_text

    report, made = run_async(lambda: run_demo(topic or []))
    for one in made:
        print_brief(one, output)
        if output is BriefFormat.TEXT:
            typer.echo()
    if output is BriefFormat.TEXT:
        typer.echo(render_ingest_text(report))
    if not all(one.state.healthy for one in report.announcements):
        raise typer.Exit(EXIT_INCOMPLETE)


def _serve(port: int | None) -> None:
    if importlib.util.find_spec("simcord") is None:
        stop("the page needs what requirements/demo.txt pins; `make demo` installs it, --once does without", EXIT_USAGE)
    typer.echo("Reading the sample day…")

    async def main() -> None:
        from bot.demo.page import serve_page

        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            # Where a loop has no signals, Ctrl-C still interrupts the program.
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, told.set)
        await serve_page(port, _tell, told)

    run_async(main)
    typer.echo("The demonstration has ended; nothing of it is kept.")


def _tell(page: "DemoPage") -> None:
    typer.echo(f"The real bot in a Discord-like page, over the sample day of {page.announced_on:%A %d %B %Y}.")
    typer.echo("Nothing leaves this machine. Open in your browser:\n")
    notes = {"papers": "with its first brief", "vision": "for you to subscribe"}
    for name, address in page.addresses.items():
        typer.echo(f"  #{name}, {notes[name]}: {address}")
    typer.echo("\nPick a paper in the menu under the brief, press buttons, or type:\n")
    typer.echo("  /paper      then 2611.90005, or an address, or words of a title")
    typer.echo("  /search     then words, such as hallucination")
    typer.echo("  /subscribe  in #vision, then a topic, such as diffusion: its brief arrives there")
    typer.echo("\nCtrl-C ends it.")
