"""X3: addresses that users type are never called, wherever they are typed; X1: nor are their patterns run."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from bot.digest.query import PaperText, parse_query
from bot.errors import QuerySyntaxError
from tests.cogs.conftest import World
from tests.store.samples import make_paper

HOSTS = (
    "127.0.0.1:9",
    "169.254.169.254",
    "[::1]:9",
    "2130706433",
    "0177.0.0.1",
    "localhost",
    "rebind.example",
    "arxiv.org@127.0.0.1",
    "arxiv.org.evil.example",
)
PATHS = ("rss/cs.CL", "abs/2611.90001", "latest/meta-data/")

_CALLS: list[str] = []
_LISTENING: list[bool] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _LISTENING and event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        _CALLS.append(f"{event}: {arguments[-1] if event == 'socket.connect' else arguments[0]}")


sys.addaudithook(_note)


@pytest.fixture
def calls() -> Iterator[list[str]]:
    """Return every connection and every look-up of a name that the process begins in this test."""
    _CALLS.clear()
    _LISTENING.append(True)
    yield _CALLS
    _LISTENING.clear()


@pytest.mark.fault("X3")
def test_no_address_of_an_imported_list_is_called(
    tmp_path: Path, sqlite_path: Path, monkeypatch: pytest.MonkeyPatch, calls: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE__URL", f"sqlite:///{sqlite_path}")
    addresses = [f"http://{host}/{path}" for host in HOSTS for path in PATHS]
    outlines = "".join(f'<outline xmlUrl="{one}"/>' for one in [*addresses, "https://rss.arxiv.org/rss/cs.CL"])
    (tmp_path / "feeds.opml").write_text(f"<opml><body>{outlines}</body></opml>")
    done = CliRunner().invoke(app, ["import", "feeds.opml", "--server", "9", "--channel", "8"])
    assert done.exit_code == 3
    assert done.stdout.splitlines()[-1] == f"1 added, 0 changed, 0 unchanged, {len(addresses)} refused"
    assert calls == []


@pytest.mark.fault("X3")
async def test_no_address_that_is_typed_in_a_command_is_called(world: World, calls: list[str]) -> None:
    for host in HOSTS:
        for command, option in (("paper", "paper"), ("save", "paper"), ("related", "paper"), ("search", "query")):
            await world.member.slash(world.channel, command, **{option: f"http://{host}/{PATHS[1]}"})
    assert calls == []


@pytest.mark.fault("X1")
@pytest.mark.parametrize(
    "pattern",
    ["^(a+)+$", "(a|a)*b", "(.*a){25}", "a{1,65000}", "([a-zA-Z]+)*!", "ti:(a+)+", '"(a+)+$"', "((((a*)*)*)*)*b"],
)
def test_a_pattern_that_never_ends_is_words_or_refused(pattern: str) -> None:
    # Of these a regular expression would take longer than the test may.
    paper = PaperText.of(make_paper(title="a" * 5_000 + "!", abstract=" ".join(["aaaaaaaaaaaaaaaa!"] * 2_000)))
    with suppress(QuerySyntaxError):
        parse_query(pattern).match(paper)
