"""`paperbrief run` as a process, and what it makes of a gateway, a Discord or a kill that comes at a bad moment."""

import signal
from collections.abc import Callable

import pytest

from bot.delivery import DeliveryState, PostingStyle, SubscriptionState
from tests.wire import discord_faults as faults
from tests.wire.discord_gateway import IDENTIFY, RESUME
from tests.wire.discord_interactions import Interaction, admin
from tests.wire.discord_record import Request
from tests.wire.discord_server import LoopbackDiscord
from tests.wire.discord_stream import Close
from tests.wire.discord_world import TOKEN
from tests.wire.run.machine import CREATE, Machine, integrity

GOES_ON = (4000, 4001, 4002, 4003, 4005, 4007, 4008, 4009)
"""Close codes after which Discord lets a client come back."""

FOR_GOOD = {
    4004: "Discord does not accept DISCORD_TOKEN",
    4013: "Discord refuses the intents",
    4014: "Discord refuses the intents",
}


async def answered(machine: Machine) -> Interaction:
    """Use a command, and see that it is answered."""
    used = await machine.ask(admin(machine.rooms[0], machine.discord.world.owner), "help")
    assert used.acknowledged
    assert used.seen
    return used


async def hiccup(machine: Machine, happens: Callable[[LoopbackDiscord], None], resumes: int) -> None:
    """Let something happen to the connection, and wait until a session stands again."""
    gateway = machine.discord.gateway
    before = gateway.count(RESUME)
    happens(machine.discord)
    await machine.until(lambda: gateway.count(RESUME) == before + resumes and gateway.connected)


@pytest.mark.fault("D1")
async def test_every_close_code_that_allows_it_is_followed_by_a_resume(machine: Machine) -> None:
    running = await machine.ready()
    await answered(machine)
    for code in GOES_ON:
        await hiccup(machine, lambda server, code=code: server.gateway.close_all(code), 1)  # type: ignore[misc]
        await answered(machine)
    for happens in (
        lambda server: server.gateway.reconnect(),
        lambda server: server.gateway.invalidate(resumable=True),
        lambda server: server.gateway.drop_all(),
    ):
        await hiccup(machine, happens, 1)
        await answered(machine)
    assert machine.discord.gateway.count(IDENTIFY) == 1, "no session was begun anew, of which there are 1,000 a day"
    assert await running.terminate() == 0
    assert "Traceback" not in running.output


@pytest.mark.fault("D1")
async def test_briefs_go_out_while_sessions_are_lost_and_begun_anew(machine: Machine) -> None:
    room, gateway = machine.rooms[0], machine.discord.gateway
    gateway.heartbeat_seconds = 0.5
    running = await machine.ready()
    # From here on it is a zombie, then one whose session is gone, then one that is refused at the door.
    gateway.acknowledging = False
    gateway.refuse_next(RESUME, False)
    machine.discord.faults.add("GET", "^/gateway/ws", faults.replies(503), times=2)
    gateway.close_all(4000)
    await machine.subscribe(room)
    await machine.until(lambda: len(machine.shown(room)) == 3 or not running.alive)
    gateway.acknowledging = True
    await machine.until(lambda: gateway.connected or not running.alive)
    await answered(machine)
    assert gateway.count(IDENTIFY) == 2
    assert await running.terminate() == 0
    assert (await machine.ledger()).by_state == {DeliveryState.SENT: 1}


@pytest.mark.fault("D2")
async def test_a_refusal_for_good_is_one_line_and_a_supervisor_burns_no_identifies(machine: Machine) -> None:
    """Three starts in a row by a supervisor that does not look at exit codes; the fourth keeps still."""
    gateway = machine.discord.gateway
    for number, (code, words) in enumerate(FOR_GOOD.items(), start=1):
        gateway.refuse_next(IDENTIFY, Close(code))
        running = await machine.start()
        assert await running.ended() == 2
        (line,) = running.said
        assert line.startswith(words)
        assert "Traceback" not in running.output
        assert TOKEN not in running.output
        assert gateway.count(IDENTIFY) == number
    fourth = await machine.start()
    await machine.until(lambda: "waiting before connecting" in fourth.output or not fourth.alive)
    assert '"seconds": 90.0' in fourth.output
    assert await fourth.terminate() == 0
    assert gateway.count(IDENTIFY) == len(FOR_GOOD)


@pytest.mark.fault("D3")
@pytest.mark.parametrize("minutes", [0.1, 15.0])
async def test_a_process_killed_between_a_request_and_its_record(machine: Machine, minutes: float) -> None:
    """In one channel before Discord has the message, in the others after it; each in another part of the brief."""
    for room in machine.rooms:
        await machine.subscribe(room, PostingStyle.CARDS)
    before, early, late = machine.rooms
    add = machine.discord.faults.add
    add("POST", f"/{before.id}/messages$", faults.passes(), faults.holds())
    add("POST", f"/{early.id}/messages$", faults.after_commit(faults.holds()))
    add("POST", f"/{late.id}/messages$", faults.passes(), faults.passes(), faults.after_commit(faults.holds()))
    killed = await machine.ready()
    await machine.until(lambda: sum(one.held for one in machine.discord.requests("POST", CREATE)) == 3)
    killed.tell(signal.SIGKILL)
    assert await killed.ended() == -signal.SIGKILL
    machine.discord.front.close()
    await machine.until(lambda: not any(one.held for one in machine.discord.requests()))
    machine.discord.front._closing = False
    assert [len(machine.discord.messages(room.id)) for room in machine.rooms] == [1, 1, 3]
    machine.discord.clock.advance(minutes * 60)
    again = await machine.ready()
    await machine.until(lambda: all(len(machine.discord.messages(room.id)) >= 3 for room in machine.rooms))
    await machine.until_ledger({DeliveryState.SENT: 9})
    assert await again.terminate() == 0
    shown = [machine.shown(room) for room in machine.rooms]
    assert len(set(shown[0])) == 3
    assert shown[0] == shown[1] == shown[2]
    assert integrity(machine.database) == "ok"


@pytest.mark.fault("D7")
async def test_a_bot_that_is_thrown_out_in_mid_brief_falls_silent(machine: Machine) -> None:
    world = machine.discord.world
    guild = world.add_guild("Elsewhere")
    elsewhere, room = world.add_channel(guild.id, "papers"), machine.rooms[0]
    for each in (room, elsewhere):
        await machine.subscribe(each, PostingStyle.CARDS)
    machine.discord.faults.add("POST", f"/{room.id}/messages$", faults.passes(), faults.holds())
    running = await machine.ready()

    def posts() -> list[Request]:
        return machine.discord.requests("POST", f"/{room.id}/messages$")

    await machine.until(lambda: any(one.held for one in posts()) and len(machine.shown(elsewhere)) == 3)
    world.remove_guild(room.guild_id or 0)
    await machine.until(lambda: "removed from a server" in running.output)
    machine.discord.release()
    await machine.until(lambda: all(one.done for one in posts()))
    await machine.until_ledger({DeliveryState.SENT: 4, DeliveryState.SKIPPED: 2})
    assert await machine.states() == {SubscriptionState.LEFT}
    assert len(posts()) == 2
    asked = [one for one in machine.discord.requests() if str(room.id) in one.path]
    assert await running.terminate() == 0
    # Nor on the next day, when a refused channel would be asked again.
    machine.discord.clock.advance(25 * 3600)
    again = await machine.ready()
    await machine.until(lambda: "connected to Discord" in again.output)
    assert await again.terminate() == 0
    assert [one for one in machine.discord.requests() if str(room.id) in one.path] == asked, "nothing more is asked"
    assert await machine.states() == {SubscriptionState.LEFT}


@pytest.mark.fault("D8")
async def test_an_outage_of_a_server_is_not_taken_for_a_removal(machine: Machine) -> None:
    room, world, gateway = machine.rooms[0], machine.discord.world, machine.discord.gateway
    guild_id = room.guild_id or 0
    running = await machine.ready()
    await answered(machine)
    world.begin_outage(guild_id)
    # Resumed in the middle of it, and a brief falls due in the middle of it.
    await hiccup(machine, lambda server: server.gateway.reconnect(), 1)
    machine.discord.faults.add("POST", CREATE, faults.replies(503))
    await machine.subscribe(room)
    await machine.until(lambda: len(machine.discord.requests("POST", CREATE)) >= 2)
    assert await running.terminate() == 0
    # Nor is an outage that lasts over a start.
    again = await machine.ready()
    await machine.until(lambda: "connected to Discord" in again.output)
    world.end_outage(guild_id)
    await answered(machine)
    await machine.until(lambda: len(machine.shown(room)) == 3)
    await machine.until_ledger({DeliveryState.SENT: 1})
    assert await again.terminate() == 0
    assert await machine.states() == {SubscriptionState.ACTIVE}
    assert not any("removed from a server" in one.output for one in machine.started)
    assert gateway.count(IDENTIFY) == 2
    assert len(machine.shown(room)) == 3
