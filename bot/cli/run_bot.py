"""`paperbrief run`: the bot itself, until it is told to stop."""

import asyncio
import signal

import typer

from bot.cli.common import EXIT_USAGE, prepare, run_async, stop


def run() -> None:
    """Connect to Discord, read arXiv when it announces, and deliver. Ends with 0 on SIGTERM or Ctrl-C."""
    settings = prepare()
    if settings.discord_token is None:
        stop("DISCORD_TOKEN is not set; `paperbrief init` asks for it and writes .env", EXIT_USAGE)
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
