"""`paperbrief ingest`: read arXiv once and store what was announced."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import (
    EXIT_INCOMPLETE,
    TextOrJson,
    parse_instant,
    prepare,
    print_json,
    progress_bar,
    reported_errors,
    run_async,
)

if TYPE_CHECKING:
    from bot.model import IngestReport


def ingest(
    category: Annotated[
        list[str] | None, typer.Option("--category", "-c", help="An arXiv category; repeat it for several.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Act as if it were this instant, such as 2026-05-12T01:45:00Z.")
    ] = None,
    output: Annotated[TextOrJson, typer.Option("--format", help="How to print the report.")] = TextOrJson.TEXT,
) -> None:
    """Read what arXiv announced and store it. Leaves with 3 when a category is stalled, partial or failed."""
    settings = prepare()
    with reported_errors():
        from bot.clock import AsOfClock, SystemClock
        from bot.sources.categories import check_categories

        instant = parse_instant(as_of)
        clock = AsOfClock(instant) if instant else SystemClock()
        categories = check_categories(category or settings.brief.categories)

    async def main() -> "IngestReport":
        from bot.app import open_online_services

        with progress_bar() as progress:
            async with open_online_services(
                settings, clock=clock, progress=progress, on_wait=_tell_wait, with_embedder=True
            ) as services:
                return await services.ingest.run(categories)

    report = run_async(main)
    if output is TextOrJson.JSON:
        from bot.render.jsonview import ingest_as_json

        print_json(ingest_as_json(report))
    else:
        from bot.render.plain import render_ingest_text

        typer.echo(render_ingest_text(report))
    if not all(one.state.healthy for one in report.announcements):
        raise typer.Exit(EXIT_INCOMPLETE)


def _tell_wait(reason: str, seconds: float) -> None:
    if seconds >= 5:
        typer.echo(f"paperbrief: waiting {seconds:.0f} s: {reason}", err=True)
