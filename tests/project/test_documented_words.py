"""What the guides quote of the program, and the settings and commands that they name, are the program's own."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import setting_names
from tests.project.test_project import ROOT, tracked
from tools.catalogues import used_messages
from tools.reference import commands_in_discord, commands_on_the_line

QUOTING = ("troubleshooting.md", "admin.md", "languages.md", "upgrade.md")
"""Guides in which “…” and block quotations are the program's words."""

NOT_COMMANDS = {"data", "tmp", "embeddings", "healthz", "metrics", "topic"}
"""Directories of a machine, paths of addresses, and the group that stands for its commands."""

_HOLE = re.compile(r"\{[^{}]*\}")


@pytest.mark.parametrize("page", QUOTING)
def test_every_quoted_message_is_one_of_the_programs(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    quoted = [*_block_quotes(text), *re.findall(r"“([^”]+)”", " ".join(text.split()))]
    assert quoted or page == "languages.md"
    assert [one for one in quoted if not any(_bare(one) in said for said in _texts())] == []


def test_the_events_that_the_page_on_logs_explains_are_logged() -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8").partition("## Logs")[2].partition("\n## ")[0]
    events = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    assert len(events) > 5
    assert [event for event in events if event not in _texts()] == []


def test_every_setting_that_a_page_names_exists() -> None:
    known = set(setting_names())
    unknown = {
        (page.name, name)
        for page in tracked("*.md")
        for name in re.findall(r"\b[A-Z]+__[A-Z_]+\b", page.read_text(encoding="utf-8"))
        if name.removesuffix("_FILE") not in known
    }
    assert unknown == set()


def test_every_command_that_a_page_names_exists() -> None:
    known = set(commands_on_the_line())
    unknown = {
        (page.name, named)
        for page in _pages()
        for named in re.findall(r"\bpaperbrief ([a-z]+(?: [a-z]+)?)\b", _code(page))
        if not _is_command(named, known)
    }
    assert unknown == set()


def test_every_slash_command_that_a_page_names_exists() -> None:
    known = {one.qualified_name for one in commands_in_discord()}
    unknown = {
        (page.name, named)
        for page in _pages()
        for named in re.findall(r"`/([a-z][a-z-]+(?: (?:list|show|create|edit|delete))?)\b[^`/.]*`", page.read_text())
        if named not in known | NOT_COMMANDS
    }
    assert unknown == set()


def _is_command(named: str, known: set[str]) -> bool:
    """Tell whether `named` is a command, a command and its first word, or a group of commands alone."""
    first, _, second = named.partition(" ")
    groups = {name.partition(" ")[0] for name in known if " " in name}
    # Compose names the service before the command.
    return first == "paperbrief" or first in known - groups or named in known | (groups if not second else set())


def _pages() -> list[Path]:
    return [page for page in tracked("*.md") if "adr" not in page.parts]


def _code(page: Path) -> str:
    """Return what stands in code on a page: spans, fenced blocks and indented ones."""
    text = page.read_text(encoding="utf-8")
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return "\n".join([*fenced, *re.findall(r"`([^`\n]+)`", text), *re.findall(r"^    (\S.*)$", text, re.MULTILINE)])


def _block_quotes(text: str) -> Iterator[str]:
    for block in re.findall(r"(?:^> .*\n?)+", text, re.MULTILINE):
        yield " ".join(line.removeprefix("> ") for line in block.splitlines())


def _bare(text: str) -> str:
    return " ".join(_HOLE.sub("{}", text.replace("`", "").replace("\\", "")).split())


@functools.cache
def _texts() -> frozenset[str]:
    """Return every text of the program, with `{}` where something is filled in."""
    found = {text for one in used_messages().values() for text in (one.text, one.plural or "")}
    for package in ("bot", "cogs"):
        for path in (ROOT / package).rglob("*.py"):
            found.update(_literals(ast.parse(path.read_text(encoding="utf-8"))))
    return frozenset(map(_bare, found))


def _literals(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values)
