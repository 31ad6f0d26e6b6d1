"""Members who use the bot while something is slow, doubled, expired, or while a hundred thousand channels are due."""

import re
import sqlite3
from collections import Counter
from contextlib import closing

import pytest
import sqlalchemy as sa

from bot.delivery import DeliveryState, PostingStyle
from bot.store.delivery_rows import planned_rows
from bot.store.schema import delivery
from tests.unit.deliver.samples import make_planned
from tests.wire import discord_faults as faults
from tests.wire.discord_checks import walk_components
from tests.wire.discord_interactions import Interaction, Person, admin, use_command, use_component
from tests.wire.discord_record import Request
from tests.wire.run.machine import CREATE, MORNING, Machine, Running

CALLBACK = r"^/interactions/\d+/.+/callback$"
CHANNELS = 100_000
THERE = 300
"""Of the channels that are due, those that the loopback has: the others' turn does not come within the test."""


def text_of(used: Interaction) -> str:
    """Return what an answer says."""
    return "\n".join(message["content"] for message in used.seen)


def check_log(running: Running) -> None:
    """Check that nothing in the log is a fault of the program."""
    assert "Traceback" not in running.output
    assert "a command failed" not in running.output


@pytest.mark.fault("D11")
async def test_a_slow_command_is_acknowledged_first_and_answered_when_it_can_be(machine: Machine) -> None:
    """Another process holds the database: nothing can be saved for now."""
    room, world = machine.rooms[0], machine.discord.world
    running = await machine.ready()
    with closing(sqlite3.connect(machine.database, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        used = use_command(world, admin(room, world.owner), "subscribe", {"topic": "llm"})
        expired = use_command(world, admin(machine.rooms[1], world.owner), "subscribe", {"topic": "llm"})
        # The loopback, as Discord, takes no first answer after three seconds.
        await machine.until(lambda: used.acknowledged and expired.acknowledged)
        assert not used.done
        # The second one's token is over when the answer comes.
        expired.created -= 16 * 60
        holder.execute("ROLLBACK")
    await machine.until(lambda: used.done)
    assert "Briefs on **" in text_of(used)
    await machine.until(lambda: "answered too late or twice" in running.output)
    assert not expired.done
    assert await running.terminate() == 0
    check_log(running)


@pytest.mark.fault("D11")
async def test_answers_that_discord_does_not_take_end_quietly(machine: Machine) -> None:
    """10062: the three seconds are over. 40060: another process has answered."""
    owner = admin(machine.rooms[0], machine.discord.world.owner)
    running = await machine.ready()
    for number, (status, code) in enumerate([(404, 10062), (400, 40060)], start=1):
        machine.discord.faults.add("POST", CALLBACK, faults.refuses(status, code))
        lost = use_command(machine.discord.world, owner, "status")
        await machine.until(lambda number=number: running.output.count("answered too late or twice") == number)
        assert not lost.seen
    assert (await machine.ask(owner, "status")).seen
    assert await running.terminate() == 0
    check_log(running)


@pytest.mark.fault("D11")
async def test_a_button_pressed_twice_at_once_does_its_work_once(machine: Machine) -> None:
    room, world = machine.rooms[0], machine.discord.world
    member = Person(room, world.add_user("max"))
    await machine.subscribe(room, PostingStyle.CARDS, max_papers=1)
    running = await machine.ready()
    await machine.until(lambda: machine.discord.messages(room.id))
    (message,) = machine.discord.messages(room.id)
    save = next(
        part["custom_id"]
        for part in walk_components(message["components"])
        if part.get("custom_id", "").startswith("pb:save:")
    )
    first, second = (use_component(world, member, message, save) for _ in range(2))
    await machine.until(lambda: first.done and second.done)
    assert sorted("Saved. " in text_of(one) for one in (first, second)) == [False, True]
    library = await machine.ask(member, "library")
    assert len(re.findall(r"arxiv\.org/abs/", str(library.seen))) == 1
    assert await running.terminate() == 0
    check_log(running)


def due_everywhere(machine: Machine) -> list[int]:
    """Write a message to each of very many channels into the ledger, due this minute; return the channels."""
    world = machine.discord.world
    guild = world.add_guild("Everywhere")
    there = [world.add_channel(guild.id, f"papers-{number}").id for number in range(THERE)]
    channels = there + [10**17 + number for number in range(CHANNELS - THERE)]
    rows: list[dict[str, object]] = []
    for channel in channels:
        rows += planned_rows(make_planned(channel, guild_id=guild.id, due_at=MORNING), world.bot.id, MORNING)
    engine = sa.create_engine(f"sqlite:///{machine.database}")
    with engine.begin() as connection:
        connection.execute(sa.insert(delivery), rows)
    engine.dispose()
    return channels


@pytest.mark.fault("D12")
async def test_a_hundred_thousand_channels_are_served_in_order_and_members_do_not_wait(machine: Machine) -> None:
    channels = due_everywhere(machine)
    owner = admin(machine.rooms[0], machine.discord.world.owner)
    running = await machine.ready(DELIVERY__PACE="45")

    def posts() -> list[Request]:
        return machine.discord.requests("POST", CREATE)

    await machine.until(lambda: len(posts()) >= 20)
    answered = 0
    while len(posts()) < THERE // 2:
        # Refused by the loopback after three seconds, as by Discord.
        used = await machine.ask(owner, "help")
        answered += used.acknowledged
    assert answered >= 3
    assert await running.terminate() == 0
    assert machine.discord.limits.counts == {}, "not one 429"
    at = [one.at.timestamp() for one in posts()]
    assert max(sum(start <= one < start + 1 for one in at) for start in at) <= 50
    # First due, first served, as far as twenty at once allow; each channel once.
    order = {channel: place for place, channel in enumerate(channels)}
    places = [order[int(one.path.split("/")[2])] for one in posts()]
    assert max(Counter(places).values()) == 1
    assert all(abs(place - turn) <= 40 for turn, place in enumerate(places))
    counts = (await machine.ledger()).by_state
    assert counts[DeliveryState.SENT] == len([one for one in posts() if one.status == 200])
    assert sum(counts.values()) == CHANNELS, "and none is lost"
    check_log(running)
