"""Setting up: what is asked, what is written, and that the token is never shown."""

import asyncio
import stat
from pathlib import Path

import discord
import pytest
from typer.testing import CliRunner

from bot.cli.init import write_env
from bot.cli.main import app
from bot.client import fetch_identity, invite_link
from bot.errors import TokenRefused, UsageError
from bot.settings import load_settings, setting_names
from tests.wire.discord_server import LoopbackDiscord, point_discord_at

TOKEN = "canary-token.for-tests"


def test_the_file_keeps_its_other_lines_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# mine\nLOG__LEVEL=debug\nDISCORD_TOKEN=old\nexport ARXIV__CONTACT=old@example.org\n")
    assert write_env(path, {"DISCORD_TOKEN": TOKEN, "ARXIV__CONTACT": ""}) == ["DISCORD_TOKEN"]
    text = path.read_text()
    assert text == f"# mine\nLOG__LEVEL=debug\nexport ARXIV__CONTACT=old@example.org\nDISCORD_TOKEN='{TOKEN}'\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("value", ["a\nb", "a'b"])
def test_what_a_line_cannot_hold_is_refused_and_nothing_is_written(tmp_path: Path, value: str) -> None:
    with pytest.raises(UsageError):
        write_env(tmp_path / ".env", {"ARXIV__CONTACT": value})
    assert list(tmp_path.iterdir()) == []


def test_the_invite_asks_for_exactly_what_is_needed() -> None:
    link = invite_link(42)
    asked = discord.Permissions(int(link.partition("permissions=")[2].partition("&")[0]))
    assert asked == discord.Permissions(
        view_channel=True,
        send_messages=True,
        embed_links=True,
        read_message_history=True,
        send_messages_in_threads=True,
        create_public_threads=True,
    )
    assert "client_id=42" in link
    assert "applications.commands" in link


async def test_a_token_is_checked_with_discord() -> None:
    async with LoopbackDiscord(token=TOKEN) as server:
        with point_discord_at(server):
            identity = await fetch_identity(TOKEN)
            assert identity.application_id > 0
            with pytest.raises(TokenRefused) as refused:
                await fetch_identity("wrong")
    assert "wrong" not in str(refused.value)


def test_an_empty_token_is_not_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["init", "--contact", "x@example.org"], input="two words\n")
    assert done.exit_code == 2
    assert "nothing was written" in done.output
    assert not (tmp_path / ".env").exists()


async def test_from_a_token_to_an_invitation_without_showing_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    async with LoopbackDiscord(token=TOKEN) as server:
        with point_discord_at(server):
            done = await asyncio.to_thread(CliRunner().invoke, app, ["init"], input=f"{TOKEN}\nme@example.org\n")
            identity = await fetch_identity(TOKEN)
    assert done.exit_code == 0, done.output
    assert TOKEN not in done.output
    assert identity.name in done.output
    assert invite_link(identity.application_id) in done.output
    assert "DISCORD_TOKEN, ARXIV__CONTACT written to" in done.output
    settings = load_settings()
    assert settings.discord_token is not None
    assert settings.discord_token.get_secret_value() == TOKEN
    assert settings.arxiv.contact == "me@example.org"


async def test_a_token_that_discord_does_not_know_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with LoopbackDiscord(token=TOKEN) as server:
        with point_discord_at(server):
            done = await asyncio.to_thread(CliRunner().invoke, app, ["init"], input="other-token\n\n")
    assert done.exit_code != 0
    assert "other-token" not in done.output
    assert "Traceback" not in done.output
    assert not (tmp_path / ".env").exists()
