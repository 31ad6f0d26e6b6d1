"""The owner's channel of the real process: told once over restarts, never in the way of a brief, and a report."""

import asyncio
import json
from datetime import timedelta

from bot.delivery import DeliveryState
from bot.demo.loopback import Fault
from tests.wire import discord_faults as faults
from tests.wire.discord_interactions import Person, admin
from tests.wire.discord_model import Channel
from tests.wire.run.machine import MORNING, START_SECONDS, Machine

DAY = timedelta(days=1)


def told(machine: Machine, room: Channel) -> list[str]:
    return [str(message["content"]) for message in machine.discord.messages(room.id)]


async def test_a_stall_is_told_once_over_two_starts(machine: Machine) -> None:
    room = machine.rooms[2]
    machine.arxiv.script("/", [Fault(as_of=MORNING - DAY)] * 99)
    for _ in range(2):
        running = await machine.ready(DISCORD__OWNER_CHANNEL=str(room.id))
        await machine.until(lambda: told(machine, room))
        used = await machine.ask(admin(room, machine.discord.world.owner), "status")
        assert used.acknowledged
        assert await running.terminate() == 0
    (said,) = told(machine, room)
    assert "arXiv's announcement of Tue 17 Nov 2026 is overdue: " in said


async def test_an_owner_channel_that_refuses_holds_up_no_brief_and_shows(machine: Machine) -> None:
    papers, owners = machine.rooms[0], machine.rooms[2]
    owner = machine.discord.world.owner
    machine.discord.faults.add(
        "POST", f"^/channels/{owners.id}/messages$", faults.refuses(403, 50001, "Missing Access"), times=9
    )
    await machine.subscribe(papers)
    # The data is there already, its schema is news: that is what cannot be told.
    first = await machine.ready()
    await machine.until(lambda: machine.discord.messages(papers.id))
    await machine.until_recorded(DeliveryState.SENT)
    assert await first.terminate() == 0
    running = await machine.ready(DISCORD__OWNER_CHANNEL=str(owners.id))
    await machine.until(lambda: machine.discord.requests("POST", f"^/channels/{owners.id}/messages$"))
    await machine.until_recorded(DeliveryState.RETRY)
    used = await machine.ask(admin(papers, owner), "status")
    (_, shown) = used.seen[0]["embeds"]
    assert shown["title"] == "For the owner"
    assert f"Notices cannot be sent to <#{owners.id}>: Missing Access (50001)" in shown["description"]
    assert "1 planned, 1 sent, 0 stopped" in shown["description"]
    member = Person(papers, machine.discord.world.add_user("max"))
    used = await machine.ask(member, "status")
    assert len(used.seen[0]["embeds"]) == 1, "nobody else is told"
    async with asyncio.timeout(START_SECONDS):
        while "notices cannot be sent to DISCORD__OWNER_CHANNEL" not in running.output:
            await machine.ledger()
    assert await running.terminate() == 0
    _, said = await machine.command("doctor", "--offline", DISCORD__OWNER_CHANNEL=str(owners.id))
    assert "notices cannot be sent to DISCORD__OWNER_CHANNEL: Missing Access (50001)" in said
    assert told(machine, owners) == []


async def test_the_weekly_report_and_the_same_on_the_command_line(machine: Machine) -> None:
    papers, owners = machine.rooms[0], machine.rooms[2]
    await machine.subscribe(papers)
    first = await machine.ready()
    await machine.until(lambda: machine.discord.messages(papers.id))
    await machine.until_recorded(DeliveryState.SENT)
    assert await first.terminate() == 0
    code, said = await machine.command("report", "--days", "7", "--format", "json")
    assert code == 0
    document = json.loads(said[said.index("{") :])
    assert document["briefs"] == {
        "planned": 1,
        "sent": 1,
        "parked": 0,
        "called_off": 0,
        "waiting": 0,
        "lost": 0,
    }
    assert document["papers"]["lost"] == document["papers"]["repeated"] == 0
    assert document["papers"]["stored"] > 0
    assert 0 < document["lateness_seconds"]["worst"] < 300
    _, text = await machine.command("report")
    assert "Briefs: 1 planned, 1 sent, 0 stopped, 0 called off, 0 waiting, 0 lost" in text

    monday = (MORNING + 6 * DAY).isoformat()
    for _ in range(2):
        running = await machine.start(at=monday, DISCORD__OWNER_CHANNEL=str(owners.id))
        await machine.until(lambda: machine.discord.gateway.connected)
        await machine.ask(admin(papers, machine.discord.world.owner), "status")
        await machine.until(lambda: any("Report on" in one for one in told(machine, owners)))
        assert await running.terminate() == 0
    (report,) = [one for one in told(machine, owners) if "Report on" in one]
    assert "**Report on Mon 16 Nov 2026 to Mon 23 Nov 2026**" in report
    assert "1 planned, 1 sent" in report


async def test_a_message_that_discord_refuses_for_good_is_told_once_over_two_starts(machine: Machine) -> None:
    papers, owners = machine.rooms[0], machine.rooms[2]
    machine.discord.faults.add(
        "POST", f"^/channels/{papers.id}/messages$", faults.refuses(400, 50035, "Invalid Form Body"), times=2
    )
    await machine.subscribe(papers)
    for _ in range(2):
        running = await machine.ready(DISCORD__OWNER_CHANNEL=str(owners.id))
        await machine.until(lambda: sum("refused a message as it was" in one for one in told(machine, owners)))
        await machine.until(lambda: sum("A message is missing in" in one for one in told(machine, owners)))
        await machine.ask(admin(owners, machine.discord.world.owner), "status")
        assert await running.terminate() == 0
    (missing,) = [one for one in told(machine, owners) if "missing" in one]
    assert f"- A message is missing in <#{papers.id}>, or may be: Invalid Form Body (50035)" in missing
    assert machine.discord.messages(papers.id) == []
