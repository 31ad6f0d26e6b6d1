"""How `paperbrief run` ends: when it is told to, at whatever moment; and by itself, with one line that says why."""

import pytest

from bot.delivery import PostingStyle
from bot.demo.loopback import Fault as ArxivFault
from tests.wire import discord_faults as faults
from tests.wire.discord_gateway import IDENTIFY
from tests.wire.discord_stream import Close
from tests.wire.discord_world import TOKEN
from tests.wire.run.delivering import finish_delivery
from tests.wire.run.machine import CREATE, Machine


async def test_sigterm_with_a_discord_that_answers_nothing_at_all(machine: Machine) -> None:
    """Neither a request nor the goodbye on the gateway."""
    for room in machine.rooms:
        await machine.subscribe(room, PostingStyle.CARDS)
    machine.discord.faults.add("POST", CREATE, *[faults.passes()] * 2, *[faults.holds()] * 3)
    running = await machine.ready()
    await machine.until(lambda: sum(one.held for one in machine.discord.requests("POST", CREATE)) == 3)
    machine.discord.faults.add("*", ".", faults.holds(), times=100)
    machine.discord.gateway.freeze()
    assert await running.terminate() == 0
    assert "Traceback" not in running.output
    assert running.said == ["stopped"]
    machine.discord.faults.clear()
    machine.discord.gateway.sessions.clear()
    await finish_delivery(machine)


@pytest.mark.parametrize("path", ["^/users/@me$", "^/applications/", "^/gateway/bot$"])
async def test_sigterm_while_the_start_hangs(machine: Machine, path: str) -> None:
    machine.discord.faults.add("*", path, faults.holds())
    running = await machine.start()
    await machine.until(lambda: machine.discord.requests("*", path) or not running.alive)
    assert await running.terminate() == 0
    assert running.said == ["stopped"]


async def test_sigterm_while_the_gateway_says_nothing(machine: Machine) -> None:
    machine.discord.gateway.answering = False
    running = await machine.start()
    await machine.until(lambda: machine.discord.gateway.count(IDENTIFY) or not running.alive)
    assert await running.terminate() == 0
    assert running.said == ["stopped"]


async def test_sigterm_while_arxiv_hangs(machine: Machine) -> None:
    machine.arxiv.script("/", [ArxivFault(hang=True)] * 9)
    await machine.subscribe(machine.rooms[0])
    running = await machine.ready()
    await machine.until(lambda: machine.arxiv.open_requests)
    assert await running.terminate() == 0
    machine.arxiv.clear_script()
    again = await machine.ready()
    await machine.until(lambda: machine.shown(machine.rooms[0]))
    assert await again.terminate() == 0


async def refused(machine: Machine, code: int, token: str = TOKEN) -> str:
    """Start, see it end by itself with `code`, and return the one line it says."""
    running = await machine.start(LOG__LEVEL="debug", DISCORD_TOKEN=token)
    assert await running.ended() == code
    assert "Traceback" not in running.output
    (line,) = running.said
    return line


async def test_a_token_that_discord_does_not_know(machine: Machine) -> None:
    wrong = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
    line = await refused(machine, 2, wrong)
    assert line.startswith("Discord does not accept DISCORD_TOKEN")
    assert machine.discord.gateway.received == []
    assert wrong not in machine.started[0].output
    assert all(part not in machine.started[0].output for part in wrong.split(".")[1:])


@pytest.mark.parametrize(
    ("code", "exits", "words"),
    [
        (4004, 2, "does not accept DISCORD_TOKEN"),
        (4010, 2, "refuses the shard number"),
        (4011, 2, "asks for more shards"),
        (4012, 2, "no longer speaks this version"),
        (4013, 2, "refuses the intents"),
        (4014, 2, "refuses the intents"),
    ],
)
async def test_a_close_code_for_good_is_one_line_and_one_identify(
    machine: Machine, code: int, exits: int, words: str
) -> None:
    machine.discord.gateway.refuse_next(IDENTIFY, Close(code), times=9)
    assert words in await refused(machine, exits)
    assert machine.discord.gateway.count(IDENTIFY) == 1
    assert TOKEN not in machine.started[0].output


async def test_a_token_that_is_reset_while_briefs_go_out(machine: Machine) -> None:
    machine.discord.faults.add("POST", CREATE, faults.refuses(401, 0, "401: Unauthorized"))
    await machine.subscribe(machine.rooms[0])
    assert "does not accept DISCORD_TOKEN" in await refused(machine, 2)
    assert len(machine.discord.requests("POST", CREATE)) == 1
    assert TOKEN not in machine.started[0].output
    again = await machine.ready()
    await machine.until(lambda: machine.discord.messages(machine.rooms[0].id))
    assert await again.terminate() == 0


async def test_a_discord_that_is_not_there(machine: Machine) -> None:
    running = await machine.start(api_url="http://127.0.0.1:1/api/v10")
    assert await running.ended() == 1
    assert "Traceback" not in running.output
    (line,) = running.said
    assert line.startswith("Discord cannot be reached")


async def test_no_token_at_all(machine: Machine) -> None:
    running = await machine.start(DISCORD_TOKEN="")
    assert await running.ended() == 2
    assert running.said == ["DISCORD_TOKEN is not set; `paperbrief init` asks for it and writes .env"]
