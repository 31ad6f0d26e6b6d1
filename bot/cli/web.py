"""`paperbrief web …`: the web edition, built from what is stored, and a look at it on this machine."""

import contextlib
import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import (
    EXIT_USAGE,
    TextOrJson,
    parse_date,
    prepare,
    print_json,
    progress_bar,
    reported_errors,
    run_async,
    stop,
)

if TYPE_CHECKING:
    from bot.settings import Settings
    from bot.web.site import SiteReceipt

app = typer.Typer(help="Build the web edition, and look at it on this machine.", no_args_is_help=True)

_NICENESS = 10
_COLLECT_AFTER = 20_000
_Out = Annotated[Path | None, typer.Option("--out", help="The site's directory. Default: WEB__OUT.")]


@app.command()
def build(
    out: _Out = None,
    since: Annotated[
        str | None, typer.Option(help="Leave out announcement dates before this one, YYYY-MM-DD. Default: WEB__DAYS.")
    ] = None,
    output: Annotated[TextOrJson, typer.Option("--format", help="How to print the receipt.")] = TextOrJson.TEXT,
    background: Annotated[bool, typer.Option("--background", help="Let other programs go first.")] = False,
) -> None:
    """Bring the site's directory up to what is stored. Asks nobody; pages that did not change are left alone."""
    settings = prepare()
    directory = _directory(settings, out)
    with reported_errors():
        first = parse_date(since)
    if background and hasattr(os, "nice"):
        os.nice(_NICENESS)

    # A short run that keeps nearly all it makes: looking for rubbish every few hundred objects is a tenth of the work.
    gc.set_threshold(_COLLECT_AFTER, 20, 100)

    async def main() -> "SiteReceipt":
        from bot.app_web import build_web

        with progress_bar() as progress:
            return await build_web(settings, directory, since=first, progress=progress)

    receipt = run_async(main)
    if output is TextOrJson.JSON:
        print_json(receipt.as_json())
        return
    typer.echo(
        f"{directory}: {receipt.pages:,} files, {receipt.written:,} written, {receipt.unchanged:,} unchanged, "
        f"{receipt.removed:,} removed, in {receipt.seconds:.1f} s"
    )
    if receipt.skipped:
        typer.echo(
            f"{receipt.skipped:,} left out, as their identifier or language is not one that can be in an address"
        )


@app.command()
def serve(
    out: _Out = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on this machine; 0 takes a free one.")] = 8080,
) -> None:
    """Show the built site on this machine only, until Ctrl-C or SIGTERM. To publish it, any web server will do."""
    settings = prepare()
    directory = _directory(settings, out)
    with reported_errors():
        from bot.web.serving import serve_until

        serve_until(directory, port, lambda address: typer.echo(f"{directory} is at {address} until Ctrl-C"))
    with contextlib.suppress(OSError):
        typer.echo("paperbrief: stopped", err=True)


def _directory(settings: "Settings", out: Path | None) -> Path:
    directory = out or settings.web.out
    if directory is None:
        stop("name the site's directory with --out DIR, or set WEB__OUT", EXIT_USAGE)
    return directory
