"""`paperbrief demo`: the whole pipeline on the embedded sample day, offline, without a key or a configuration."""

from typing import Annotated

import typer

from bot.cli.briefs import BriefFormat, print_brief
from bot.cli.common import EXIT_INCOMPLETE, run_async


def demo(
    topic: Annotated[list[str] | None, typer.Option("--topic", help="Topics to brief. Default: a selection.")] = None,
    output: Annotated[BriefFormat, typer.Option("--format", help="How to print the briefs.")] = BriefFormat.TEXT,
    once: Annotated[bool, typer.Option("--once", help="Brief once and leave, which is all it does for now.")] = True,
) -> None:
    """Read the sample announcement day from an arXiv on this machine, and print its briefs and the receipt."""
    del once
    from bot.demo.run import run_demo
    from bot.log import configure_logging
    from bot.render.plain import render_ingest_text

    configure_logging("warning", "auto", [])
    report, made = run_async(lambda: run_demo(topic or []))
    for one in made:
        print_brief(one, output)
        if output is BriefFormat.TEXT:
            typer.echo()
    if output is BriefFormat.TEXT:
        typer.echo(render_ingest_text(report))
    if not all(one.state.healthy for one in report.announcements):
        raise typer.Exit(EXIT_INCOMPLETE)
