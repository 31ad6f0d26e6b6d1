"""The command line's table of contents: one line of help each, everything else in the command's own module."""

import io
import sys

import typer

from bot.cli import (
    ask,
    briefs,
    database,
    demo,
    doctor,
    exchange,
    health,
    ingest,
    init,
    look_up,
    related,
    report,
    run_bot,
    spend,
    summarise,
    topics,
    web,
    why,
)

app = typer.Typer(
    name="paperbrief",
    help="What arXiv announced today, complete, ranked and explained.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
app.command("init")(init.init)
app.command("run")(run_bot.run)
app.command("health")(health.health)
app.command("ingest")(ingest.ingest)
app.command("brief")(briefs.brief)
app.command("topics")(topics.topics)
app.command("why")(why.why)
app.command("paper")(look_up.paper)
app.command("search")(look_up.search)
app.command("related")(related.related)
app.command("ask")(ask.ask)
app.command("spend")(spend.spend)
app.command("summarise")(summarise.summarise)
app.command("export")(exchange.export)
app.command("import")(exchange.import_)
app.command("report")(report.report)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)
app.add_typer(database.app, name="db")
app.add_typer(web.app, name="web")


def _version(wanted: bool) -> None:
    if wanted:
        from bot import __version__

        typer.echo(f"paperbrief {__version__}")
        raise typer.Exit


@app.callback()
def main_options(
    _version_wanted: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and leave."
    ),
) -> None:
    """What arXiv announced today, complete, ranked and explained."""


def main() -> None:
    """Run the command line; leaves the process."""
    for stream in (sys.stdout, sys.stderr):
        # Papers have letters that not every terminal can show; better a question mark than no answer.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()
