"""`paperbrief run` as a process between a Discord and an arXiv on loopback, while all goes well, or nearly."""

import sys
from collections.abc import Callable

import pytest

from bot.delivery import DeliveryState, PostingStyle, SubscriptionState
from tests.wire import discord_faults as faults
from tests.wire.discord_gateway import IDENTIFY, RESUME
from tests.wire.discord_interactions import Interaction, Person, admin
from tests.wire.discord_model import Permission
from tests.wire.discord_server import LoopbackDiscord
from tests.wire.run.machine import CREATE, Machine

ANSWER_WITHIN = 3.0
"""Discord's own limit; the loopback refuses what comes later, as Discord does."""


def text_of(used: Interaction) -> str:
    return "\n".join(message["content"] for message in used.seen)


async def test_what_arxiv_announced_stands_in_the_channel_once_over_two_starts(machine: Machine) -> None:
    room = machine.rooms[0]
    await machine.subscribe(room)
    first = await machine.ready()
    await machine.until(lambda: machine.discord.messages(room.id))
    assert {one.path for one in machine.arxiv.log} >= {f"/list/cs.{code}/new" for code in ("CL", "CV", "AI")}
    titles = machine.shown(room)
    assert len(titles) == 3
    (registering,) = machine.syncs()
    assert {"paper", "search", "subscribe", "brief"} <= {command["name"] for command in registering.body}
    assert await first.terminate() == 0
    assert first.said == ["stopped"]
    assert "Traceback" not in first.output
    assert (await machine.ledger()).by_state == {DeliveryState.SENT: 1}

    second = await machine.ready()
    used = await machine.ask(admin(room, machine.discord.world.owner), "status")
    assert used.acknowledged
    assert await second.terminate() == 0
    assert machine.syncs() == [registering], "the commands had not changed"
    assert machine.shown(room) == titles
    assert (await machine.ledger()).by_state == {DeliveryState.SENT: 1}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows a process's memory like this")
async def test_its_threads_share_one_heap(machine: Machine) -> None:
    room = machine.rooms[0]
    await machine.subscribe(room)
    running = await machine.ready()
    await machine.until(lambda: machine.discord.messages(room.id))
    assert running.heaps_of_threads == 0
    assert await running.terminate() == 0


async def test_a_server_is_served_from_its_first_command_on(machine: Machine) -> None:
    room, world = machine.rooms[0], machine.discord.world
    running = await machine.ready()
    member = Person(room, world.add_user("max"))
    refused = await machine.ask(member, "subscribe", topic="llm")
    assert "Manage Channels" in text_of(refused)
    done = await machine.ask(admin(room, world.owner), "subscribe", topic="llm")
    assert "Briefs on **" in text_of(done)
    await machine.until(lambda: machine.discord.messages(room.id))
    found = await machine.ask(member, "paper", paper="2611.90005")
    assert found.seen[0]["embeds"][0]["url"].endswith("2611.90005")
    for used in (refused, done, found):
        assert used.answered_after is not None
        assert used.answered_after < ANSWER_WITHIN
    assert await running.terminate() == 0
    assert [one.path for one in machine.discord.requests("POST", CREATE)] == [f"/channels/{room.id}/messages"]


HICCUPS: dict[str, tuple[Callable[[LoopbackDiscord], None], bool]] = {
    "RECONNECT": (lambda server: server.gateway.reconnect(), True),
    "INVALID_SESSION, resumable": (lambda server: server.gateway.invalidate(resumable=True), True),
    "INVALID_SESSION": (lambda server: server.gateway.invalidate(), False),
    "close 4000": (lambda server: server.gateway.close_all(4000), True),
    "close 4009": (lambda server: server.gateway.close_all(4009), True),
    "reset": (lambda server: server.gateway.drop_all(), True),
}


@pytest.mark.parametrize(("happens", "resumes"), HICCUPS.values(), ids=HICCUPS)
async def test_a_gateway_that_hiccups_is_resumed_and_commands_are_answered(
    machine: Machine, happens: Callable[[LoopbackDiscord], None], resumes: bool
) -> None:
    gateway = machine.discord.gateway
    running = await machine.ready()
    # A reset may take READY with it while that is under way, and without a session there is nothing to resume.
    await machine.ask(admin(machine.rooms[0], machine.discord.world.owner), "help")
    happens(machine.discord)
    wanted = RESUME if resumes else IDENTIFY
    await machine.until(lambda: gateway.count(wanted) == (1 if resumes else 2) and gateway.connected)
    used = await machine.ask(admin(machine.rooms[0], machine.discord.world.owner), "help")
    assert text_of(used) or used.seen[0]["embeds"]
    assert gateway.count(IDENTIFY) == (1 if resumes else 2)
    assert len(machine.syncs()) == 1
    assert await running.terminate() == 0


async def test_briefs_go_out_while_the_gateway_is_down(machine: Machine) -> None:
    machine.discord.faults.add("GET", "^/gateway/ws", faults.replies(503), times=50)
    await machine.subscribe(machine.rooms[0])
    running = await machine.start()
    await machine.until(lambda: machine.discord.messages(machine.rooms[0].id) or not running.alive)
    assert machine.discord.gateway.count(IDENTIFY) == 0
    assert len(machine.shown(machine.rooms[0])) == 3
    assert await running.terminate() == 0


async def test_an_outage_is_no_removal(machine: Machine) -> None:
    guild_id = machine.rooms[0].guild_id or 0
    await machine.subscribe(machine.rooms[0])
    running = await machine.ready()
    await machine.until(lambda: machine.discord.messages(machine.rooms[0].id))
    machine.discord.world.begin_outage(guild_id)
    machine.discord.gateway.reconnect()
    await machine.until(lambda: machine.discord.gateway.count(RESUME) == 1)
    assert await running.terminate() == 0
    assert "removed from a server" not in running.output
    assert await machine.states() == {SubscriptionState.ACTIVE}
    # Nor is one that lasts over a start.
    again = await machine.ready()
    await machine.until(lambda: "connected to Discord" in again.output)
    assert await again.terminate() == 0
    assert await machine.states() == {SubscriptionState.ACTIVE}


async def test_a_removed_bot_pauses_and_a_bot_that_comes_back_goes_on(machine: Machine) -> None:
    world, guild_id = machine.discord.world, machine.rooms[0].guild_id or 0
    guild = world.guilds[guild_id]
    await machine.subscribe(machine.rooms[0])
    running = await machine.ready()
    await machine.until(lambda: machine.discord.messages(machine.rooms[0].id))
    world.remove_guild(guild_id)
    await machine.until(lambda: "removed from a server" in running.output)
    assert await machine.states() == {SubscriptionState.LEFT}
    assert await running.terminate() == 0
    world.guilds[guild_id] = guild
    world.left_guilds.discard(guild_id)
    again = await machine.ready()
    await machine.until(lambda: "connected to Discord" in again.output)
    assert await machine.states() == {SubscriptionState.ACTIVE}
    assert await again.terminate() == 0
    assert len(machine.discord.messages(machine.rooms[0].id)) == 1


async def test_of_two_channels_one_loses_permission_and_regains_it(machine: Machine) -> None:
    world = machine.discord.world
    open_room, shut_room = machine.rooms[:2]
    world.deny(shut_room.id, Permission.SEND_MESSAGES)
    for room in (open_room, shut_room):
        await machine.subscribe(room, PostingStyle.CARDS)
    running = await machine.ready()
    await machine.until(lambda: len(machine.discord.messages(open_room.id)) >= 3)
    await machine.until_recorded(DeliveryState.RETRY)
    assert machine.discord.messages(shut_room.id) == []
    world.restore(shut_room.id)
    await machine.until(lambda: len(machine.shown(shut_room)) == len(machine.shown(open_room)))
    assert machine.shown(shut_room) == machine.shown(open_room)
    assert await running.terminate() == 0
