"""The reference pages name everything that there is, and say what the program says."""

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot import __version__
from bot.settings import setting_names
from tools.reference import PAGES, RENDERED, ROOT, commands_in_discord, commands_on_the_line, unit_of


@pytest.mark.parametrize("page", RENDERED, ids=lambda page: page.name)
def test_the_pages_are_those_that_the_program_gives(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == RENDERED[page](), "run `python -m tools.reference`"


def test_every_command_and_option_of_the_command_line_is_named() -> None:
    sections = _sections()
    assert len(commands_on_the_line()) > 15
    for name, command in commands_on_the_line().items():
        section = sections[f"paperbrief {name}"]
        for option in command.params:
            assert any(word in section for word in (*option.opts, option.metavar or "", option.name.upper()) if word)
            assert " ".join((option.help or "").split()).replace("|", "\\|") in section


def test_the_readme_names_every_command_and_the_changelog_this_version() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in commands_on_the_line() if f"`{name}" not in readme] == []
    tops = {one.qualified_name.partition(" ")[0] for one in commands_in_discord()}
    assert [name for name in tops if f"`/{name}`" not in readme] == []
    assert f"\n## [{__version__}] - 20" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_slash_command_is_named_with_its_options_in_both_languages() -> None:
    sections, commands = _sections(), commands_in_discord()
    assert len(commands) > 15
    for command in commands:
        section = sections[f"/{command.qualified_name}"]
        assert str(command.description) in section
        assert all(f"`{option.display_name}` (" in section for option in command.parameters)
    assert "Members with Manage Channels, in servers." in sections["/subscribe"]
    assert "`channel` (`频道`)" in sections["/subscribe"]
    assert "Members with Manage Channels" in sections["/topic delete"]
    assert "Everybody, in servers and direct messages. (`/论文`)" in sections["/paper"]


def test_every_setting_is_named_with_what_it_takes() -> None:
    rows = {
        line.split("`")[1]: line
        for line in (PAGES / "settings.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    }
    assert set(rows) == set(setting_names())
    assert "| number, from 0 to 60 | `3` | s |" in rows["ARXIV__MIN_INTERVAL"]
    assert "| `debug`, `info`, `warning`, `error` | `info` |" in rows["LOG__LEVEL"]
    assert "| number, from 0 to 1,000,000,000 |  | money a day |" in rows["LLM__DAILY_BUDGET"]


def test_a_number_whose_meaning_does_not_say_what_it_counts_is_refused() -> None:
    with pytest.raises(ValueError, match="WEB__WIDTH: begin its description with what the number counts"):
        unit_of("WEB__WIDTH", SimpleNamespace(annotation=Decimal | None, description="The width of a page."))


def _sections() -> dict[str, str]:
    text = (PAGES / "commands.md").read_text(encoding="utf-8")
    parts = [part.partition("\n") for part in text.split("\n### ")[1:]]
    return {name: section for name, _, section in parts}
