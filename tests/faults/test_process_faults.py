"""The process is told to end, killed, or started twice: what stands in the channels after the next start (P1 to P4)."""

import signal
from pathlib import Path

import pytest

from bot.delivery import DeliveryState
from bot.store.maintenance import upgrade
from tests.wire import discord_faults as faults
from tests.wire.discord_interactions import admin
from tests.wire.run.delivering import begin_delivery, finish_delivery
from tests.wire.run.machine import CREATE, Machine


@pytest.mark.fault("P1")
async def test_sigterm_lets_requests_under_way_end_and_begins_no_other(machine: Machine) -> None:
    running = await begin_delivery(machine, *[faults.holds()] * 3)
    begun = len(machine.discord.requests("POST", CREATE))
    running.tell(signal.SIGTERM)
    await machine.until(lambda: not machine.discord.gateway.connected or running.alive)
    machine.discord.release()
    assert await running.ended(10) == 0
    assert running.said == ["stopped"]
    assert len(machine.discord.requests("POST", CREATE)) == begun
    await finish_delivery(machine)


@pytest.mark.fault("P1")
@pytest.mark.parametrize("committed", [False, True], ids=["not yet posted", "posted, without an answer"])
async def test_sigterm_while_discord_leaves_requests_hanging(machine: Machine, committed: bool) -> None:
    held = faults.after_commit(faults.holds()) if committed else faults.holds()
    running = await begin_delivery(machine, *[held] * 3)
    assert await running.terminate() == 0
    assert "Traceback" not in running.output
    await finish_delivery(machine)


@pytest.mark.fault("P2")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_changes_nothing(machine: Machine, number: signal.Signals) -> None:
    running = await begin_delivery(machine, *[faults.holds()] * 3)
    running.tell(number)
    running.tell(number)
    machine.discord.release()
    assert await running.ended(10) == 0
    assert running.said == ["stopped"]
    await finish_delivery(machine)


@pytest.mark.fault("P2")
@pytest.mark.parametrize("committed", [False, True], ids=["not yet posted", "posted, without an answer"])
async def test_a_process_that_is_killed_leaves_every_message_once(machine: Machine, committed: bool) -> None:
    """SIGKILL, as the kernel's memory killer sends it: nothing of the process has a say."""
    held = faults.after_commit(faults.holds()) if committed else faults.holds()
    running = await begin_delivery(machine, *[held] * 3)
    running.tell(signal.SIGKILL)
    assert await running.ended(10) == -signal.SIGKILL
    assert running.said == []
    await finish_delivery(machine)


@pytest.mark.fault("P3")
async def test_a_second_instance_on_the_same_data_is_refused(machine: Machine) -> None:
    first = await machine.ready()
    asked = len(machine.discord.requests())
    second = await machine.start()
    assert await second.ended() == 1
    (line,) = second.said
    assert line.startswith("another Paper Brief (process ")
    assert "already runs on the data in" in line
    assert "DATA_DIR" in line
    assert len(machine.discord.requests()) == asked, "it asked Discord nothing"
    assert first.alive
    assert await first.terminate() == 0
    third = await machine.ready()
    assert await third.terminate() == 0


@pytest.mark.fault("P3")
async def test_a_second_instance_on_the_same_file_is_refused_whatever_its_data_directory(
    machine: Machine, tmp_path: Path
) -> None:
    first = await machine.ready()
    elsewhere = str(tmp_path / "elsewhere")
    second = await machine.start(DATA_DIR=elsewhere, DATABASE__URL=f"sqlite:///{machine.database}")
    assert await second.ended() == 1
    (line,) = second.said
    assert "already runs on the data in" in line
    assert await first.terminate() == 0


@pytest.mark.fault("P4")
async def test_two_instances_on_two_machines_with_one_token_post_once_and_say_so(
    machine: Machine, tmp_path: Path
) -> None:
    """Each has a database of its own, so nothing but Discord knows of both."""
    (tmp_path / "elsewhere" / "data").mkdir(parents=True)
    other = Machine(machine.discord, machine.arxiv, tmp_path / "elsewhere", machine.rooms)
    await upgrade(f"sqlite:///{other.database}")
    room = machine.rooms[0]
    for one in (machine, other):
        await one.subscribe(room)
    # Both requests are under way at once: the first is held until the second has come.
    machine.discord.faults.add("POST", CREATE, faults.holds(), faults.holds())
    try:
        first, second = await machine.ready(), await other.start()
        await machine.until(lambda: sum(one.held for one in machine.discord.requests("POST", CREATE)) == 2)
        machine.discord.release()
        for one in (machine, other):
            await one.until_recorded(DeliveryState.SENT)
        assert len(machine.discord.messages(room.id)) == 1
        posted = machine.discord.requests("POST", CREATE)
        assert len({one.body["nonce"] for one in posted}) == 1
        await machine.until(lambda: len(machine.discord.gateway.sessions) == 2)
        used = await machine.ask(admin(room, machine.discord.world.owner), "help")
        assert len(used.seen) == 1
        await machine.until(lambda: "another process may use this bot's token" in first.output + second.output)
        for running in (first, second):
            assert await running.terminate() == 0
            assert "Traceback" not in running.output
    finally:
        for running in other.started:
            await running.clear()
