"""`paperbrief init`: from a token to a bot that can be invited, without showing the token to anybody."""

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.common import run_async, stop
from bot.errors import UsageError

ENV_FILE = Path(".env")
DEVELOPER_PORTAL = "https://discord.com/developers/applications"


def init(
    contact: Annotated[
        str | None, typer.Option(help="An e-mail address or URL for arXiv's operators; asked for when left out.")
    ] = None,
) -> None:
    """Ask for the bot's token, check it with Discord, print the invite link, and write `.env`."""
    typer.echo(f"Make an application with a bot at {DEVELOPER_PORTAL}, then paste its token (it is not shown).")
    token = typer.prompt("Token", hide_input=True).strip()
    if contact is None:
        contact = typer.prompt("Contact for arXiv (an e-mail address or URL)", default="", show_default=False).strip()
    if not token or any(character.isspace() for character in token):
        stop("a token is one word without blanks; nothing was written", 2)

    async def check() -> tuple[str, str]:
        from bot.client import fetch_identity, invite_link

        identity = await fetch_identity(token)
        return identity.name, invite_link(identity.application_id)

    name, link = run_async(check)
    try:
        written = write_env(ENV_FILE, {"DISCORD_TOKEN": token, "ARXIV__CONTACT": contact})
    except OSError as error:
        stop(f"{ENV_FILE} cannot be written: {error.strerror or error}", 1)
    typer.echo(f"Discord knows the bot as {name}. {', '.join(written)} written to {ENV_FILE.resolve()}.")
    typer.echo(f"Invite it with exactly the permissions it needs:\n{link}")
    typer.echo("Then: paperbrief run")


def write_env(path: Path, values: dict[str, str]) -> list[str]:
    """Set `values` in the file at `path`, keep its other lines, and return the names that were set.

    Empty values are left out. The file is readable by its owner only, and replaced as a whole or not at all. Raises
    `UsageError` for a value that a line cannot hold.
    """
    wanted = {name: value for name, value in values.items() if value}
    for name, value in wanted.items():
        if any(ord(character) < 32 for character in value) or "'" in value:
            raise UsageError(f"{name}: control characters and quotation marks cannot be kept in {path}")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if not any(re.match(rf"\s*(export\s+)?{name}\s*=", line) for name in wanted)]
    text = "\n".join([*kept, *(f"{name}='{value}'" for name, value in wanted.items())]) + "\n"
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
    return list(wanted)
