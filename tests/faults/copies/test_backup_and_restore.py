"""S8: copies made while the bot works are whole, and a bot that goes on from one posts nothing twice."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bot.delivery import DeliveryState, PostingStyle
from bot.store.copying import copy_database
from bot.store.engine import Database
from bot.store.maintenance import check
from bot.store.outbox import Outbox
from tests.conftest import PostgresServer
from tests.wire.discord_model import Channel
from tests.wire.run.machine import ROOT, Machine

NONCES_FORGOTTEN = 1200.0
"""Seconds after which Discord itself no longer refuses a message that it has already."""

STYLES = (PostingStyle.DIGEST, PostingStyle.THREAD)


async def paperbrief(machine: Machine, *words: str) -> str:
    """Run a command on the machine's data, as its owner does in another terminal."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATA_DIR": str(machine.directory / "data")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *words),
        cwd=machine.directory,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


def posted(machine: Machine) -> list[str]:
    """Return every message that stands anywhere, threads included, as what tells it from others."""
    world = machine.discord.world
    return sorted(
        str(embed.get("url", embed.get("title")))
        for channel in world.channels
        for message in machine.discord.messages(channel)
        for embed in message["embeds"]
    )


async def deliver_with_backups(machine: Machine, rooms: list[Channel]) -> list[Path]:
    """Let the bot deliver to the rooms, make backups all the while, and return them in order."""
    copies = [machine.directory / "before"]
    await paperbrief(machine, "db", "backup", str(copies[0]))
    running = await machine.ready()
    while not all(machine.discord.messages(room.id) for room in rooms):
        copies.append(machine.directory / f"copy-{len(copies)}")
        await paperbrief(machine, "db", "backup", str(copies[-1]))
    await machine.until_recorded(DeliveryState.SENT)
    assert await running.terminate() == 0
    return copies


async def settle(machine: Machine) -> None:
    """Start the bot some time later and end it once all that it has to send is settled."""
    machine.discord.clock.advance(NONCES_FORGOTTEN)
    running = await machine.ready()
    open_states = {one for one in DeliveryState if not one.final}
    while True:
        states = (await machine.ledger()).by_state
        if states.get(DeliveryState.SENT) and not any(states.get(one) for one in open_states):
            break
        assert running.alive, running.output
    assert await running.terminate() == 0


@pytest.mark.fault("S8")
async def test_a_backup_of_a_working_bot_is_whole_and_sends_nothing_twice(machine: Machine) -> None:
    rooms = machine.rooms[:2]
    for room, style in zip(rooms, STYLES, strict=True):
        await machine.subscribe(room, style)
    copies = await deliver_with_backups(machine, rooms)
    await settle(machine)
    stood = posted(machine)
    assert len(stood) > len(rooms)
    for copy in {copies[0], copies[len(copies) // 2], copies[-1]}:
        assert await check(f"sqlite:///{copy}") == []
        said = await paperbrief(machine, "db", "restore", str(copy))
        assert "is looked for in the channels" in said
        await settle(machine)
        assert posted(machine) == stood, copy.name
        assert await check(f"sqlite:///{machine.database}") == []


@pytest.mark.fault("S8")
async def test_a_bot_that_moves_to_postgresql_goes_on_where_it_was(
    machine: Machine, postgres_server: PostgresServer
) -> None:
    room = machine.rooms[0]
    await machine.subscribe(room)
    target = postgres_server.create("template0")
    # Before anything is sent, which is the worst moment: the copy knows of nothing that the old bot sends afterwards.
    report = await copy_database(f"sqlite:///{machine.database}", target)
    assert {one.name: one.rows for one in report.tables}["subscription"] == 1
    first = await machine.ready()
    await machine.until(lambda: machine.discord.messages(room.id))
    assert await first.terminate() == 0
    stood = posted(machine)
    machine.discord.clock.advance(NONCES_FORGOTTEN)
    moved = await machine.ready(DATABASE__URL=target)
    async with Database.open(target) as db:
        while not (await Outbox(db).counts()).by_state.get(DeliveryState.SENT):
            assert moved.alive, moved.output
    assert machine.discord.requests("GET", rf"^/channels/{room.id}/messages"), "it looked before it posted"
    assert await moved.terminate() == 0
    assert posted(machine) == stood
