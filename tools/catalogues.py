"""Bring the gettext catalogues up to date with the code: `python -m tools.catalogues`.

New texts are added (in English as they are, elsewhere empty, for a translator), unused ones are removed, and the
catalogue of a new language is begun. Prints what is left to translate. A test makes sure that nothing is.
"""

import ast
import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n import LOCALES
from bot.i18n.po import Message, format_po
from bot.i18n.texts import load_messages
from cogs import EXTENSIONS

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("bot", "cogs")
LABELS = "bot/render/labels.py"
COMMAND = "command"
"""The context of names of commands: they follow Discord's rules for names."""

_SINGLE = frozenset({"say", "mark", "Refusal"})
_MAX_NAMES = 2


class _Nobody:
    """Services for cogs that are loaded to be looked at."""

    def __getattr__(self, name: str) -> Any:
        return self


def used_messages() -> dict[str, Message]:
    """Return every text that the program translates, in English, by its key in the catalogue."""
    found: dict[str, Message] = {}
    for message in itertools.chain(_in_code(), _in_labels(), asyncio.run(_in_commands())):
        # The same text may be asked for with and without a plural: the entry with one serves both.
        if message.key not in found or found[message.key].plural is None:
            found[message.key] = message
    return found


def _in_code() -> Iterator[Message]:
    for path in sorted(itertools.chain.from_iterable((ROOT / package).rglob("*.py") for package in PACKAGES)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                yield from _in_call(node, path)


def _in_call(node: ast.Call, path: Path) -> Iterator[Message]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in _SINGLE:
        yield from (Message(text, (text,)) for text in _literals(node.args[0], path))
    elif name == "count" and len(node.args) > _MAX_NAMES:
        one, many = (next(iter(_literals(arg, path)), "") for arg in node.args[:2])
        if any(map(str.isalpha, one)):
            yield Message(one, (one, many), many)


def _literals(node: ast.expr, path: Path) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _literals(node.body, path)
        yield from _literals(node.orelse, path)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        raise SystemExit(f"{path}:{node.lineno}: a text to translate is an f-string; name its placeholders instead")


def _in_labels() -> Iterator[Message]:
    tree = ast.parse((ROOT / LABELS).read_text(encoding="utf-8"))
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            values: Iterable[ast.expr] = (
                statement.value.values if isinstance(statement.value, ast.Dict) else [statement.value]
            )
            for value in values:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield Message(value.value, (value.value,))


class _Recorder(app_commands.Translator):
    """Notes what Discord would be told in every language."""

    def __init__(self) -> None:
        self.seen: list[Message] = []

    async def translate(
        self, string: app_commands.locale_str, _locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> None:
        """Note the text."""
        place = app_commands.TranslationContextLocation
        named = context.location in (place.command_name, place.group_name, place.parameter_name)
        self.seen.append(Message(string.message, (string.message,), None, COMMAND if named else None))


@asynccontextmanager
async def loaded_commands() -> AsyncIterator[app_commands.CommandTree[Any]]:
    """Yield the tree of all commands, of cogs that are connected to nothing."""
    bot = commands.Bot(command_prefix=(), intents=discord.Intents.none())
    cast("Any", bot).services = _Nobody()
    try:
        for extension in EXTENSIONS:
            await bot.load_extension(extension)
        yield bot.tree
    finally:
        await bot.close()


async def _in_commands() -> list[Message]:
    recorder = _Recorder()
    async with loaded_commands() as tree:
        for command in tree.get_commands():
            await command.get_translated_payload(tree, recorder)
    return recorder.seen


def updated(locale: str, used: dict[str, Message]) -> list[Message]:
    """Return the catalogue with what is used now and nothing else, translations kept, ordered by text."""
    old = {message.key: message for message in _load_or_begin(locale)}
    header = old.pop("")
    forms = int(header.strings[0].partition("nplurals=")[2].partition(";")[0])
    kept = [_merged(old.get(key), message, locale, forms) for key, message in used.items()]
    return [header, *sorted(kept, key=lambda message: (message.context or "", message.text))]


def _load_or_begin(locale: str) -> list[Message]:
    """Return the entries of a catalogue; of one that is not there yet, a header that counts as English does."""
    try:
        return load_messages(locale)
    except FileNotFoundError:
        header = load_messages(LOCALES[0])[0].strings[0]
        return [Message("", (header.replace(f"Language: {LOCALES[0]}", f"Language: {locale.replace('-', '_')}"),))]


def _merged(old: Message | None, new: Message, locale: str, forms: int) -> Message:
    if locale == LOCALES[0]:
        return new
    if old is not None and any(old.strings) and (old.plural is None) == (new.plural is None):
        return Message(new.text, old.strings, new.plural, new.context)
    return Message(new.text, ("",) * (forms if new.plural is not None else 1), new.plural, new.context)


def main() -> None:
    """Write the catalogues and say what is left to translate."""
    used = used_messages()
    for locale in LOCALES:
        messages = updated(locale, used)
        path = ROOT / "bot/i18n/locale" / locale.replace("-", "_") / "LC_MESSAGES/paperbrief.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(format_po(messages), encoding="utf-8")
        for message in messages:
            if not all(message.strings):
                print(f"{locale}: {message.context or ''} {message.text!r}")


if __name__ == "__main__":
    main()
