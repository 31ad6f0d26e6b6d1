"""`paperbrief db …`: the schema, and copies of the data."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.common import EXIT_TROUBLE, prepare, progress_bar, run_async

app = typer.Typer(help="Upgrade, check, back up, restore and move the database.", no_args_is_help=True)


@app.command()
def upgrade(
    new: Annotated[
        bool, typer.Option("--new", help="Begin with an empty database where the bot's own is gone.")
    ] = False,
) -> None:
    """Create the database or bring its schema up to this program's."""
    settings = prepare()
    from bot.store.maintenance import upgrade as upgrade_database

    before, after = run_async(lambda: upgrade_database(settings.database_url, new=new))
    if before == after:
        typer.echo(f"the schema is already at {after}")
    else:
        typer.echo(f"upgraded from {before or 'nothing'} to {after}")


@app.command()
def check() -> None:
    """Look for damage. Leaves with 1 when something is found."""
    settings = prepare()
    from bot.store.maintenance import check as check_database

    findings = run_async(lambda: check_database(settings.database_url))
    for finding in findings:
        typer.echo(finding)
    if findings:
        raise typer.Exit(EXIT_TROUBLE)
    typer.echo("no damage found")


@app.command()
def backup(path: Annotated[Path, typer.Argument(help="The file to write; must not exist.")]) -> None:
    """Write a consistent copy to PATH, also while the bot is running."""
    settings = prepare()
    from bot.store.maintenance import backup as back_up

    run_async(lambda: back_up(settings.database_url, path))
    typer.echo(f"backed up to {path}")


@app.command()
def restore(path: Annotated[Path, typer.Argument(help="A file made by `paperbrief db backup`.")]) -> None:
    """Put the copy at PATH in place of the database; the present one is kept beside it."""
    settings = prepare()
    from bot.store.maintenance import restore as restore_database

    kept = run_async(lambda: restore_database(settings.database_url, path))
    typer.echo(f"restored from {path}" + (f"; what was there before is kept as {kept}" if kept else ""))
    typer.echo("what was sent after that backup is looked for in the channels before anything is sent again")


@app.command()
def copy(
    to: Annotated[
        str,
        typer.Argument(
            metavar="TO",
            envvar="COPY_TO",
            show_envvar=True,
            help="postgresql://… (an empty database) or sqlite:///PATH (no file yet). With a password in it, give it "
            "in the variable: command lines are no secret.",
        ),
    ],
) -> None:
    """Copy all data into another database, of either kind, and compare every row; a running bot may go on.

    The target holds everything or, after a failure, nothing. To move, stop the bot first: what it writes after the copy
    has begun is not in it.
    """
    settings = prepare()
    from bot.store.copying import CopyReport, copy_database

    async def work() -> CopyReport:
        with progress_bar() as progress:
            return await copy_database(settings.database_url, to, progress=progress)

    report = run_async(work)
    for table in report.tables:
        typer.echo(f"{table.name:<20} {table.rows:>10,} rows  {table.digest[:16]}  equal")
    typer.echo(f"copied {sum(table.rows for table in report.tables):,} rows of {report.source} to {report.target}")
    typer.echo(
        f"as they were at {report.read_at:%Y-%m-%d %H:%M:%S} UTC. Next: stop the bot, set DATABASE__URL to the copy, "
        "start it again. Never run two on one token"
    )
