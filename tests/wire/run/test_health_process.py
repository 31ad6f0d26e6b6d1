"""`paperbrief health` beside the real process: at work, stalled, ended, killed."""

import asyncio
import signal

from tests.wire.run.machine import START_SECONDS, Machine


async def until_said(machine: Machine, code: int, *words: str) -> str:
    """Ask until `paperbrief health` leaves with `code`; return what it says then."""
    async with asyncio.timeout(START_SECONDS):
        while (answer := await machine.command("health", *words))[0] != code:
            pass
    return answer[1]


async def test_health_follows_the_process(machine: Machine) -> None:
    assert await machine.command("health") == (
        1,
        "unhealthy: no heartbeat: `paperbrief run` is not running on this DATA_DIR\n",
    )
    running = await machine.ready()
    said = await until_said(machine, 0)
    assert said.startswith("healthy: process ")
    running.tell(signal.SIGSTOP)
    said = await until_said(machine, 1, "--max-age", "1")
    assert "has ended or is stalled" in said
    running.tell(signal.SIGCONT)
    said = await until_said(machine, 0, "--max-age", "30")
    assert "its ticker" in said
    assert await running.terminate() == 0
    code, said = await machine.command("health")
    assert (code, "no heartbeat" in said) == (1, True)


async def test_the_heartbeat_of_a_killed_process_grows_old(machine: Machine) -> None:
    running = await machine.ready()
    await until_said(machine, 0)
    running.tell(signal.SIGKILL)
    await running.ended()
    assert "has ended" in await until_said(machine, 1, "--max-age", "1")


async def test_a_bot_that_waits_for_discord_is_healthy(machine: Machine) -> None:
    machine.discord.gateway.answering = False
    running = await machine.start()
    assert (await until_said(machine, 0)).startswith("healthy: ")
    assert machine.discord.gateway.connected == 0
    assert await running.terminate() == 0


async def test_health_needs_nothing_but_the_data_directory(machine: Machine) -> None:
    """With the file system read-only, as in a container, and no .env."""
    running = await machine.ready()
    await until_said(machine, 0)
    data = machine.directory / "data"
    data.chmod(0o555)
    try:
        code, said = await machine.command(
            "health", HOME="/nonexistent", DATABASE__URL="postgresql://nobody@127.0.0.1:1/x"
        )
    finally:
        data.chmod(0o755)
    assert (code, said.startswith("healthy")) == (0, True), said
    assert await running.terminate() == 0
