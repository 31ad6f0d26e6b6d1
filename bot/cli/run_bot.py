"""`paperbrief run`: the bot itself, until it is told to stop."""

import asyncio
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import EXIT_TROUBLE, EXIT_USAGE, NO_TOKEN, prepare, run_async, stop

if TYPE_CHECKING:
    from bot.settings import Settings


def run(
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Only look whether all that it needs is there; does not connect to the gateway, and sends nothing.",
        ),
    ] = False,
) -> None:
    """Connect to Discord, read arXiv when it announces, and deliver. Ends with 0 on SIGTERM or Ctrl-C."""
    settings = prepare()
    if check:
        _check(settings)
        return
    if settings.discord_token is None:
        stop(NO_TOKEN, EXIT_USAGE)
    token = settings.discord_token.get_secret_value()

    async def main() -> None:
        from bot.app_run import run_discord

        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told.set)
        await run_discord(settings, token, told)

    run_async(main)
    typer.echo("paperbrief: stopped", err=True)


def _check(settings: "Settings") -> None:
    from bot.cli.check_up import Level
    from bot.cli.doctor import print_findings
    from bot.cli.readiness import check_ready

    findings = run_async(lambda: check_ready(settings))
    print_findings(findings)
    missing = [finding.subject for finding in findings if finding.level is Level.FAIL]
    if missing:
        typer.echo(f"not ready: mend what failed ({', '.join(dict.fromkeys(missing))}), then check again")
        raise typer.Exit(EXIT_TROUBLE)
    typer.echo("ready: `paperbrief run` has all that it needs")
