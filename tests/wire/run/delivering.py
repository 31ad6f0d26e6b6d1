"""A delivery of three cards to each of three channels by a real process, begun under faults and finished after them."""

from bot.delivery import DeliveryState, PostingStyle
from tests.wire.discord_faults import Fault
from tests.wire.run.machine import CREATE, Machine, Running, integrity

PARTS = 3
"""A card for each paper."""


async def begin_delivery(machine: Machine, *held: Fault) -> Running:
    """Start a delivery of some parts to each of three channels, whose requests meet faults."""
    for room in machine.rooms:
        await machine.subscribe(room, PostingStyle.CARDS)
    machine.discord.faults.add("POST", CREATE, *held)
    running = await machine.ready()
    await machine.until(lambda: sum(one.held for one in machine.discord.requests("POST", CREATE)) == len(held))
    return running


async def finish_delivery(machine: Machine) -> None:
    """Start again, and see that everything stands once and in order."""
    again = await machine.ready()
    await machine.until(lambda: all(len(machine.discord.messages(room.id)) >= PARTS for room in machine.rooms))
    # What hung in the meantime comes through at last, as it may.
    machine.discord.release()
    await machine.until(lambda: not any(one.held for one in machine.discord.requests()))
    assert await again.terminate() == 0
    assert (await machine.ledger()).by_state == {DeliveryState.SENT: 3 * PARTS}
    shown = [machine.shown(room) for room in machine.rooms]
    assert len(shown[0]) == len(set(shown[0]))
    assert shown[0] == shown[1] == shown[2]
    assert [len(machine.discord.messages(room.id)) for room in machine.rooms] == [PARTS] * 3
    assert integrity(machine.database) == "ok"
