"""`paperbrief demo`: the whole pipeline on the embedded sample day, offline, without a key or a configuration."""

import importlib.util
from typing import Annotated

import typer

from bot.cli.briefs import BriefFormat, print_brief
from bot.cli.common import EXIT_INCOMPLETE, EXIT_USAGE, run_async, stop


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
    from bot.demo.page import serve_page

    run_async(lambda: serve_page(port, _tell))


def _tell(address: str) -> None:
    typer.echo("A Discord-like page with the real bot in it; nothing leaves this machine.")
    typer.echo(f"Open {address}")
    typer.echo("Pick a paper in the menu, press buttons, or type /paper, /search, /subscribe. Ctrl-C ends it.")
