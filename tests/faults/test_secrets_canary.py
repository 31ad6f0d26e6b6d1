"""X6: no secret is in anything that the program says, writes or answers, while all goes well and while it fails."""

from pathlib import Path
from typing import Any

import pytest

from bot.settings import load_settings, secret_values
from tests.wire import discord_faults as faults
from tests.wire.discord_interactions import admin
from tests.wire.discord_world import TOKEN
from tests.wire.run.health_probe import Monitor, free_port
from tests.wire.run.machine import Machine

KEY, OTHER_KEY, PASSWORD = "sk-canary-4c1d9e77a0b2", "sk-canary-embed-91e2f3aa", "canary-password-77"
SECRETS = (TOKEN, KEY, OTHER_KEY, PASSWORD)


def assert_silent(*said: object) -> None:
    """Fail for any secret in any of these, without showing it whole."""
    for number, one in enumerate(said):
        text = str(one)
        assert [secret[:6] for secret in SECRETS if secret in text] == [], f"output {number}"


def with_secrets(port: int) -> dict[str, Any]:
    """Return settings of a bot that has every secret there is, and a model that nobody answers for."""
    return {
        "LOG__LEVEL": "debug",
        "OPENAI_LOG": "debug",
        "LLM__MODEL": "canary-model",
        "LLM__BASE_URL": "http://127.0.0.1:1/v1",
        "LLM__API_KEY": KEY,
        "OPENAI_API_KEY": OTHER_KEY,
        "LLM__TIMEOUT": "1",
        "HEALTH__PORT": str(port),
    }


@pytest.mark.fault("X6")
async def test_no_output_of_a_running_bot_holds_a_secret(machine: Machine) -> None:
    monitor, owners = Monitor(free_port()), machine.rooms[2]
    secrets = with_secrets(monitor.port)
    running = await machine.start(DISCORD__OWNER_CHANNEL=str(owners.id), **secrets)
    await machine.until(lambda: machine.discord.gateway.connected or not running.alive)
    assert running.alive
    await monitor.until(lambda _status, document: document["checks"]["gateway"]["ok"])
    used = await machine.ask(admin(machine.rooms[0], machine.discord.world.owner), "status")
    pages = [await monitor.get(path) for path in ("/healthz", "/metrics", "/nowhere")]
    words = (["doctor", "--offline"], ["health"], ["report"], ["spend"], ["topics"])
    answers = [await machine.command(*each, **secrets) for each in words]
    bodies = [message for room in machine.rooms for message in machine.discord.messages(room.id)]
    assert await running.terminate() == 0
    assert '"level": "debug"' in running.output, "the log is as talkative as it can be"
    assert_silent(running.output, used.seen, pages, answers, bodies)
    for path in machine.database.parent.iterdir():
        assert_silent(path.read_bytes().decode("latin-1"))


@pytest.mark.fault("X6")
async def test_no_end_in_failure_tells_a_secret(machine: Machine) -> None:
    """A token that is refused, a Discord that is not there, a database that is not there: each with its one line."""
    secrets = with_secrets(free_port())
    machine.discord.faults.add("GET", "^/users/@me$", faults.refuses(401, 0, f"401: {TOKEN} is not accepted"))
    refused = await machine.start(**secrets)
    assert await refused.ended() == 2
    gone = await machine.start(api_url="http://127.0.0.1:1/api/v10", **secrets)
    assert await gone.ended() == 1
    address = f"postgresql://paperbrief:{PASSWORD}@127.0.0.1:1/x"
    nowhere = await machine.start(DATABASE__URL=address, **secrets)
    assert await nowhere.ended() == 1
    doctor = await machine.command("doctor", "--offline", DATABASE__URL=address, **secrets)
    wrong = await machine.command("run", LLM__TIMEOUT="soon", HEALTH__PORT=KEY, LLM__API_KEY=f"{KEY} {KEY}")
    for running in (refused, gone, nowhere):
        assert running.said
        assert_silent(running.output)
    assert_silent(doctor, wrong)


@pytest.mark.fault("X6")
def test_the_settings_own_text_and_their_traceback_are_silent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("OPENAI_API_KEY", OTHER_KEY)
    monkeypatch.setenv("DATABASE__URL", f"postgresql://u:{PASSWORD}@db/x")
    settings = load_settings()
    assert_silent(repr(settings), settings, settings.model_dump(), settings.model_dump_json())
    assert {TOKEN, OTHER_KEY, PASSWORD} <= set(secret_values(settings)), "and the log's redactor knows them all"
