"""`paperbrief run --check`: what is missing is said, line by line, and nothing is connected or sent."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.wire.run.machine import Machine


async def check(machine: Machine, **settings: str) -> tuple[int, dict[str, list[str]]]:
    """Run the check; return its exit code and the lines of each subject, `ok …`, `warn …` or `fail …`."""
    # The loopback arXiv dates its answers by the real clock, which is one of the things that are compared.
    running = await machine.start("--check", tick=1, at=datetime.now(UTC).isoformat(), **settings)
    code = await running.ended()
    assert "Traceback" not in running.output, running.output
    said: dict[str, list[str]] = {}
    for line in running.output.splitlines():
        level, _, rest = line.partition("  ")
        subject, _, text = rest.strip().partition("  ")
        said.setdefault(subject, []).append(f"{level.strip()} {text.strip()}")
    said["last"] = [running.output.splitlines()[-1]]
    return code, said


async def test_all_is_there_before_the_first_start(machine: Machine) -> None:
    code, said = await check(machine)
    assert code == 0, said
    assert said["last"] == ["ready: `paperbrief run` has all that it needs"]
    assert said["discord token"] == [f"ok Discord knows the bot as {machine.discord.world.bot.name}"]
    assert said["servers"][0].startswith("ok in 1; others invite it with https://discord.com/oauth2/authorize?")
    assert said["subscriptions"] == ["warn none is active: use /subscribe in a channel"]
    assert said["contact"][0].startswith("warn set ARXIV__CONTACT")
    assert machine.discord.world.starts.at == []
    assert machine.discord.requests("POST", r".*") == machine.syncs() == []


async def test_without_a_token_the_line_says_how_to_get_one(machine: Machine) -> None:
    code, said = await check(machine, DISCORD_TOKEN="")
    assert code == 1
    assert said["discord token"] == ["fail DISCORD_TOKEN is not set; `paperbrief init` asks for it and writes .env"]
    assert said["last"] == ["not ready: mend what failed (discord token), then check again"]


async def test_everything_that_is_missing_is_said_at_once(machine: Machine, tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    code, said = await check(machine, DISCORD_TOKEN="wrong", DATA_DIR=str(blocked / "data"))
    assert code == 1
    assert said["discord token"][0].startswith("fail Discord does not accept this token")
    assert said["data directory"] == [f"fail {blocked} cannot be written: mend its owner or set DATA_DIR"]
    assert said["last"] == ["not ready: mend what failed (data directory, discord token), then check again"]


async def test_an_address_that_is_not_arxivs_is_said(machine: Machine) -> None:
    code, said = await check(machine, ARXIV__LIST_URL=machine.arxiv.feed_url)
    assert code == 1
    assert said["arXiv listing"][0].startswith(f"fail {machine.arxiv.feed_url} answers with 404, but not")
    assert said["last"] == ["not ready: mend what failed (arXiv listing), then check again"]


@pytest.mark.parametrize("subscribed", [False, True])
async def test_beside_a_bot_that_runs_it_names_that_process(machine: Machine, subscribed: bool) -> None:
    if subscribed:
        await machine.subscribe(machine.rooms[0])
    running = await machine.ready()
    code, said = await check(machine)
    assert code == 1
    assert said["other processes"][0].startswith("fail another Paper Brief (process ")
    assert said["subscriptions"] == [
        "ok 1 active" if subscribed else "warn none is active: use /subscribe in a channel"
    ]
    assert running.alive
    assert await running.terminate() == 0
