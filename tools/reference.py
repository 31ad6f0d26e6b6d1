"""Write the reference pages from the program itself: `python -m tools.reference`; a test keeps the two equal.

`docs/reference/commands.md` comes from the command line's own tree and from the commands as Discord is told them,
`docs/reference/settings.md` from the settings. What a page says of a command, an option or a setting is said where that
is defined; nothing is worded here but what frames it.
"""

import ast
import asyncio
import inspect
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import discord
import typer
from discord import app_commands
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from bot.cli import common
from bot.cli.main import app
from bot.i18n import LOCALES, Texts, load_texts
from bot.settings import setting_names
from tools.catalogues import loaded_commands

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "reference"
_MADE = "<!-- Written by `python -m tools.reference`. Change the program's own texts, then run it again. -->"

_COMMANDS_HEAD = f"""\
# Commands

{_MADE}

- [On the command line](#on-the-command-line)
- [In Discord](#in-discord)

## On the command line

`paperbrief COMMAND --help` says the same.
"""

_DISCORD_HEAD = """\
## In Discord

Type `/` and the name. Discord shows names, options and descriptions in each person's own language: English, or
Simplified Chinese, whose names stand in brackets. Answers are seen only by the one who asked. Who may use a command can
be narrowed further in Discord, under *Server Settings → Integrations*.
"""

_SETTINGS_HEAD = f"""\
# Settings

{_MADE}

Every setting is an environment variable or a line of `.env` in the directory that the program is started in; the
environment goes first. An empty value counts as none. A wrong value stops the program with a line that names the
variable and what is allowed; `paperbrief doctor` points at names that look misspelt.

Any setting can also be kept in a file: `DISCORD_TOKEN_FILE=/run/secrets/token` reads it from there, and `SECRETS_DIR`
names a directory of such files (`discord_token`, `database__url` …). [.env.example](../../.env.example) is the same
list, ready to be copied.
"""

_UNITS = {
    "messages a second": r"messages a second",
    "s": r"seconds",
    "h": r"hours",
    "days": r"days",
    "money a day": r"money per day",
    "tokens a day": r"tokens per day",
    "money per 10⁶ tokens": r"price of a million tokens|FALLBACK_MODEL",
    "%": r"per cent|%",
    "port": r"port",
    "id": r"\bid\b",
    "bytes": r"bytes",
    "a day": r"per day",
}
"""What a number counts, told by the words of its meaning; the first that is found. Else its first word is counted."""


def render_commands() -> str:
    """Return the page of all commands, as Markdown."""
    lines = [_COMMANDS_HEAD, *_exit_codes(), *_command_line(), _DISCORD_HEAD, *_in_discord()]
    return "\n".join(lines).rstrip() + "\n"


def render_settings() -> str:
    """Return the page of all settings, as Markdown."""
    lines = [_SETTINGS_HEAD]
    group = None
    for name, field in setting_names().items():
        if (begun := name.partition("__")[0] if "__" in name else "") != group:
            group = begun
            title = f"`{group}__…`" if group else "General"
            lines += ["", f"## {title}", "", "| setting | value | default | unit | meaning |", "|---|---|---|---|---|"]
        cells = (f"`{name}`", _kind(field), _default(field.default), unit_of(name, field), field.description)
        lines.append(_row(cells))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def commands_on_the_line() -> dict[str, Any]:
    """Return every command of the command line by its whole name, without the program's."""
    found: dict[str, Any] = {}

    def walk(command: Any, name: str) -> None:
        for part, below in getattr(command, "commands", {}).items():
            walk(below, f"{name} {part}".strip())
        if not hasattr(command, "commands"):
            found[name] = command

    walk(typer.main.get_command(app), "")
    return found


def unit_of(name: str, field: Any) -> str:
    """Return what a setting's number counts; empty for what is no number.

    Raises `ValueError` where the meaning does not say it.
    """
    if not _types(field) & {int, float, Decimal}:
        return ""
    said = str(field.description)
    for unit, words in _UNITS.items():
        if re.search(words, said, re.IGNORECASE):
            return unit
    counted = re.match(r"[A-Z][a-z]+s\b", said)
    if counted is None:
        raise ValueError(f"{name}: begin its description with what the number counts, such as Seconds or Papers")
    return counted[0].lower()


def _exit_codes() -> Iterator[str]:
    """Yield a table of the exit codes, from the constants that the commands use and the sentence under each."""
    tree = ast.parse(inspect.getsource(common)).body
    said = {0: "All went well."}
    for one, after in itertools.pairwise(tree):
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name) and isinstance(after, ast.Expr):
            name = one.targets[0].id
            if name.startswith("EXIT_"):
                said[getattr(common, name)] = ast.literal_eval(after.value)
    said |= {130: "Ended by Ctrl-C.", 143: "Ended by SIGTERM; `run` ends with 0 on both."}
    yield from ("| exit code | means |", "|---|---|")
    yield from (_row((str(code), text)) for code, text in sorted(said.items()))
    yield ""


def _command_line() -> Iterator[str]:
    for name, command in commands_on_the_line().items():
        context = command.context_class(command, info_name=f"paperbrief {name}")
        words = [piece for one in command.params for piece in one.get_usage_pieces(context)]
        required = [f"{one.opts[0]} TEXT" for one in command.params if one.required and one.param_type_name == "option"]
        shown = " ".join([f"paperbrief {name}", *(re.sub("[{}]", "", word).upper() for word in words), *required])
        yield from (f"### paperbrief {name}", "", f"`{shown}`", "")
        yield from (_plain(command.help), "")
        options = [_option(one, context) for one in command.params if not one.hidden]
        if options:
            yield from ("| option | default | meaning |", "|---|---|---|", *map(_row, options), "")


def _option(one: Any, context: Any) -> tuple[str, str, str]:
    """Return how an option or word is written, its default, and what it means."""
    record, _ = one.get_help_record(context)
    written = re.sub(r"<(?:list\[)?(\w+)(?: range)?\]?>", lambda kind: _PLACEHOLDERS.get(kind[1], kind[1]), record)
    if one.param_type_name == "argument":
        written = written.split(" ")[0].upper().rstrip(".")
    written = re.sub("[<>]", "", written)
    bounds = " to ".join(str(bound) for bound in (one.min, one.max) if bound is not None)
    if bounds and one.max is None:
        bounds = f"{bounds} or more"
    default = "required" if one.required else "" if getattr(one, "is_flag", False) else _default(one.default)
    meaning = _plain(one.help or "")
    return f"`{written}`", default, f"{meaning} {_sentence(bounds)}".strip()


_PLACEHOLDERS = {"str": "TEXT", "int": "N", "float": "N", "path": "PATH"}


def _sentence(bounds: str) -> str:
    return f"{bounds}." if bounds else ""


def commands_in_discord() -> list[app_commands.Command[Any, ..., Any]]:
    """Return every command that Discord is told of, by name."""

    async def load() -> list[app_commands.Command[Any, ..., Any]]:
        async with loaded_commands() as tree:
            return [one for one in tree.walk_commands() if isinstance(one, app_commands.Command)]

    return sorted(asyncio.run(load()), key=lambda one: one.qualified_name)


def _in_discord() -> Iterator[str]:
    chinese = load_texts(LOCALES[1])
    for command in commands_in_discord():
        yield from (f"### /{command.qualified_name}", "")
        yield from (f"{command.description}. {_who(command)} (`/{_in(chinese, command.qualified_name)}`)", "")
        if command.parameters:
            yield from ("| option | takes | meaning |", "|---|---|---|")
            yield from (_row(_parameter(one, chinese)) for one in command.parameters)
            yield ""


def _in(texts: Texts, name: str) -> str:
    return " ".join(texts.command_name(part) for part in name.split(" "))


def _who(command: app_commands.Command[Any, ..., Any]) -> str:
    top = command.root_parent or command
    limited = top.default_permissions or command.default_permissions
    checked = "require_manager(" in inspect.getsource(command.callback)
    who = "Members with Manage Channels" if checked or (limited and limited.manage_channels) else "Everybody"
    contexts = top.allowed_contexts
    alone = checked or top.guild_only or "works in a server" in inspect.getsource(command.callback)
    in_messages = not alone and (contexts is None or contexts.dm_channel)
    return f"{who}, in servers{' and direct messages' if in_messages else ''}."


def _parameter(one: app_commands.Parameter, chinese: Texts) -> tuple[str, str, str]:
    kinds = {
        discord.AppCommandOptionType.integer: "a number",
        discord.AppCommandOptionType.boolean: "yes or no",
        discord.AppCommandOptionType.channel: "a channel",
        discord.AppCommandOptionType.role: "a role",
    }
    takes = kinds.get(one.type, "text")
    if one.choices:
        takes = ", ".join(str(choice.name) for choice in one.choices)
    elif one.min_value is not None or one.max_value is not None:
        letters = one.type is discord.AppCommandOptionType.string
        takes = f"{one.min_value} to {one.max_value}{' characters' * letters}"
    elif one.autocomplete:
        takes = "text, with suggestions"
    needed = "; required" if one.required else ""
    return f"`{one.display_name}` (`{chinese.command_name(one.display_name)}`)", takes + needed, str(one.description)


def _kind(field: Any) -> str:
    """Return which values a setting takes."""
    kinds, chosen = _types(field), _choices(field.annotation)
    if chosen:
        return ", ".join(f"`{one}`" for one in chosen)
    if bool in kinds:
        return "`true`, `false`"
    if SecretStr in kinds:
        return "secret text"
    if Path in kinds:
        return "path"
    if tuple in kinds:
        return "names, comma-separated"
    if not kinds & {int, float, Decimal}:
        return "text"
    return f"{'whole number' if int in kinds else 'number'}{_bounds(_metadata(field))}"


def _bounds(rules: Iterable[Any]) -> str:
    said = []
    for sign, word in (("ge", "from {}"), ("gt", "above {}"), ("le", "to {}"), ("lt", "below {}")):
        value = next((getattr(rule, sign) for rule in rules if getattr(rule, sign, None) is not None), None)
        if value is not None:
            said.append(word.format(f"{value:,}"))
    return f", {' '.join(said)}" if said else ""


def _metadata(field: Any) -> list[Any]:
    found = list(field.metadata)
    for part in get_args(field.annotation):
        for rule in getattr(part, "__metadata__", ()):
            found.extend(getattr(rule, "metadata", [rule]))
    return found


def _types(field: Any) -> set[Any]:
    found: set[Any] = set()

    def walk(annotation: Any) -> None:
        origin = get_origin(annotation)
        if origin in (Union, UnionType) or hasattr(annotation, "__metadata__"):
            for part in get_args(annotation):
                walk(part)
        elif origin is not Literal:
            found.add(origin or annotation)

    walk(field.annotation)
    return found


def _choices(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _default(value: Any) -> str:
    if value in (None, "", PydanticUndefined, ()):
        return ""
    if isinstance(value, tuple | list):
        return f"`{','.join(value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{getattr(value, 'value', value)}`"


def _plain(text: str) -> str:
    """Return help as one paragraph."""
    return " ".join(text.split())


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(_plain(cell).replace("|", "\\|").replace("<", "\\<") for cell in cells) + " |"


RENDERED: dict[Path, Callable[[], str]] = {
    PAGES / "commands.md": render_commands,
    PAGES / "settings.md": render_settings,
}
"""The pages that are written, and what writes them."""


if __name__ == "__main__":
    for page, render in RENDERED.items():
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(render(), encoding="utf-8")
