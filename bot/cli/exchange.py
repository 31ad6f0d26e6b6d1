"""`paperbrief export` and `paperbrief import`: subscriptions and servers' own topics as a file."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.common import EXIT_INCOMPLETE, TextOrJson, prepare, print_json, reported_errors, run_async
from bot.errors import UsageError

if TYPE_CHECKING:
    from bot.pipeline.exchange import Exchange, Outcome
    from bot.services import Services


MAX_ID = 2**63 - 1
"""The largest id that Discord can give and a database can hold."""


class FileKind(StrEnum):
    """What a file is; auto goes by its name."""

    AUTO = "auto"
    JSON = "json"
    OPML = "opml"
    CSV = "csv"
    JSONL = "jsonl"


def export(
    path: Annotated[Path | None, typer.Argument(help="The file to write; must not exist. Left out: print it.")] = None,
    server: Annotated[int | None, typer.Option(min=1, max=MAX_ID, help="Only this server's, by its id.")] = None,
) -> None:
    """Write all subscriptions and servers' own topics as JSON. Holds no user's id."""
    settings = prepare()

    async def main() -> dict[str, Any]:
        from bot.app import open_services

        async with open_services(settings) as services:
            return await _exchange(services).export(services.clock.now(), server)

    document = run_async(main)
    if path is None:
        print_json(document)
        return

    with reported_errors():
        _write(path, document)
    counted = sum(len(one["subscriptions"]) for one in document["servers"])
    typer.echo(f"wrote {counted} subscriptions of {len(document['servers'])} servers to {path}")


def _write(path: Path, document: dict[str, Any]) -> None:
    """Write the file whole or not at all: half of one would be taken for a copy, and stand in the next one's way."""
    import json

    try:
        path.touch(exist_ok=False)
        try:
            with path.open("w", encoding="utf-8") as file:
                json.dump(document, file, ensure_ascii=False, indent=2)
        except BaseException:
            path.unlink()
            raise
    except FileExistsError:
        raise UsageError(f"{path} exists already; choose another name") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None


def import_(
    path: Annotated[Path, typer.Argument(help="A file of `paperbrief export`, OPML, CSV or JSON lines.")],
    kind: Annotated[FileKind, typer.Option("--kind", help="What the file is; auto: by its name.")] = FileKind.AUTO,
    server: Annotated[
        int | None, typer.Option(min=1, max=MAX_ID, help="The server of channels that the file only names.")
    ] = None,
    channel: Annotated[
        int | None, typer.Option(min=1, max=MAX_ID, help="The channel of feeds that name none (OPML).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    output: Annotated[TextOrJson, typer.Option("--format", help="How to print it.")] = TextOrJson.TEXT,
) -> None:
    """Subscribe channels as a file says; importing it twice changes nothing. Leaves with 3 when an entry was refused.

    Nothing named in the file is fetched: addresses of arXiv's feeds are read for their categories, others are refused.
    """
    settings = prepare()

    async def main() -> "tuple[list[Outcome], list[int]]":
        from bot.app import open_services

        data = _read(path)
        async with open_services(settings) as services:
            exchange = _exchange(services, dry_run=dry_run)
            outcomes = await _take(exchange, services, data, _kind(path, kind), server, channel)
            subscribed = {one.guild_id for one in await services.subscriptions.load_active()}
            return outcomes, sorted(subscribed - await services.guilds.load_joined())

    outcomes, not_joined = run_async(main)
    if output is TextOrJson.JSON:
        entries = [{"entry": one.entry, "done": one.done.value, "why": one.why} for one in outcomes]
        print_json({"dry_run": dry_run, "entries": entries, "servers_not_joined": [str(one) for one in not_joined]})
    else:
        for one in outcomes:
            typer.echo(f"{one.done.value:<9} {one.entry}" + (f": {one.why}" if one.why else ""))
        if not_joined:
            typer.echo(_not_joined_line(not_joined))
        counts = {name: sum(one.done.value == name for one in outcomes) for name in _ORDER}
        said = ", ".join(f"{count} {name}" for name, count in counts.items())
        typer.echo(f"{'nothing was stored, it would be: ' if dry_run else ''}{said}")
    if any(one.done.value == "refused" for one in outcomes):
        raise typer.Exit(EXIT_INCOMPLETE)


def _not_joined_line(servers: list[int]) -> str:
    """Return what becomes of subscriptions in servers of which the database does not know that the bot is in them."""
    named = ", ".join(str(one) for one in servers[:_MOST_NAMED])
    more = f" and {len(servers) - _MOST_NAMED} more" if len(servers) > _MOST_NAMED else ""
    return (
        f"subscribed in servers that the bot is not known to be in: {named}{more}. It looks at its next start; "
        "where it is not, nothing is sent until it is invited"
    )


_MOST_NAMED = 10
_ORDER = ("added", "changed", "unchanged", "refused")


async def _take(
    exchange: "Exchange", services: "Services", data: bytes, kind: FileKind, server: int | None, channel: int | None
) -> "list[Outcome]":
    from bot.pipeline.exchange_form import MAX_BYTES
    from bot.sources.channel_lists import load_json, parse_csv, parse_json_lines, parse_opml, read_text

    now = services.clock.now()
    match kind:
        case FileKind.OPML:
            feeds = parse_opml(data)
        case FileKind.CSV:
            feeds = parse_csv(read_text(data))
        case FileKind.JSONL:
            feeds = parse_json_lines(read_text(data))
        case _:
            return await exchange.read_file(load_json(read_text(data, MAX_BYTES)), now)
    return await exchange.read_list(feeds, now, guild_id=server, channel_id=channel)


def _read(path: Path) -> bytes:
    from bot.pipeline.exchange_form import MAX_BYTES

    try:
        if str(path) == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None


def _kind(path: Path, kind: FileKind) -> FileKind:
    if kind is not FileKind.AUTO:
        return kind
    by_name = {".json": FileKind.JSON, ".opml": FileKind.OPML, ".xml": FileKind.OPML}
    by_name |= {".csv": FileKind.CSV, ".jsonl": FileKind.JSONL, ".ndjson": FileKind.JSONL}
    found = by_name.get(path.suffix.casefold())
    if found is None:
        raise UsageError(f"what is {path}? Its name does not say; give --kind json, opml, csv or jsonl")
    return found


def _exchange(services: "Services", *, dry_run: bool = False) -> "Exchange":
    from bot.pipeline.exchange import Exchange

    return Exchange(
        services.subscriptions,
        services.guild_topics,
        services.catalogue,
        subscriptions_per_guild=services.limits.subscriptions_per_guild,
        topics_per_guild=services.limits.topics_per_guild,
        dry_run=dry_run,
    )
