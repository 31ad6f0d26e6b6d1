"""The health port of the real process: it follows the gateway and arXiv, and its figures are true."""

import socket
from datetime import timedelta
from typing import Any

import pytest

from bot.demo.loopback import Fault
from tests.wire import discord_faults as faults
from tests.wire.discord_interactions import admin
from tests.wire.discord_world import TOKEN
from tests.wire.run.health_probe import Monitor, free_port
from tests.wire.run.machine import CREATE, MORNING, Machine


@pytest.fixture
def monitor() -> Monitor:
    return Monitor(free_port())


def well(status: int, _document: dict[str, Any]) -> bool:
    return status == 200


def unwell(subject: str) -> Any:
    def true(status: int, document: dict[str, Any]) -> bool:
        named = [line for line in document["problems"] if line.startswith(f"{subject}: ")]
        assert (status == 503) == bool(document["problems"])
        return bool(named)

    return true


async def test_it_follows_the_gateway(machine: Machine, monitor: Monitor) -> None:
    running = await machine.ready(HEALTH__PORT=str(monitor.port))
    document = await monitor.until(well)
    assert document["status"] == "well"
    assert document["checks"]["gateway"]["ok"]
    machine.discord.faults.add("GET", "^/gateway/ws", faults.replies(503), times=50)
    machine.discord.gateway.drop_all()
    document = await monitor.until(unwell("gateway"))
    assert document["checks"]["gateway"]["text"] == "0 of 1 shards connected to Discord"
    machine.discord.faults.clear()
    await monitor.until(well)
    assert await running.terminate() == 0


async def test_it_follows_arxiv(machine: Machine, monitor: Monitor) -> None:
    machine.arxiv.script("/", [Fault(as_of=MORNING - timedelta(days=1))] * 99)
    running = await machine.ready(HEALTH__PORT=str(monitor.port))
    document = await monitor.until(unwell("ingest"))
    assert document["checks"]["ingest"]["text"].startswith("the announcement of 2026-11-17 is overdue")
    assert await running.terminate() == 0

    machine.arxiv.clear_script()
    later = (MORNING + timedelta(hours=2)).isoformat()
    again = await machine.start(at=later, HEALTH__PORT=str(monitor.port))
    document = await monitor.until(well)
    assert document["checks"]["ingest"]["ok"]
    assert await again.terminate() == 0


async def test_its_figures_are_what_happened(machine: Machine, monitor: Monitor) -> None:
    room, owner = machine.rooms[0], machine.discord.world.owner
    await machine.subscribe(room)
    machine.discord.faults.add("POST", CREATE, faults.limits(0.1))
    running = await machine.ready(HEALTH__PORT=str(monitor.port))
    await machine.until(lambda: machine.discord.messages(room.id))
    await machine.ask(admin(room, owner), "status")
    await monitor.until(lambda status, document: status == 200 and not document["checks"]["queue"]["age_seconds"])
    figures = await monitor.metrics()

    def figure(name: str, **labels: str) -> float:
        return figures[f"paperbrief_{name}", frozenset(labels.items())]

    assert figure("deliveries", state="sent") == 1
    assert figure("announcements", state="fresh") == figure("announcements_newest", state="fresh") == 4
    assert figure("announcements_newest", state="stalled") == 0
    assert figure("papers") > 10
    assert figure("subscriptions", state="active") == 1
    assert figure("discord_rate_limited_total", scope="user") == 1
    assert figure("discord_requests_total", outcome="limited") == 1
    assert figure("discord_requests_total", outcome="ok") == 1
    assert figure("delivery_lateness_seconds_count") == 1
    # A channel's first brief is due when it was subscribed.
    assert 0 < figure("delivery_lateness_seconds_sum") < 300
    assert figure("command_seconds_count", command="status") == 1
    assert figure("gateway_shards_ready") == 1
    assert figure("servers") == 1

    told = "".join([(await monitor.get(path))[2] for path in ("/metrics", "/healthz")])
    guild = room.guild_id
    for secret in (TOKEN, str(guild), str(room.id), str(owner.id), "llm", str(machine.directory)):
        assert secret not in told
    assert await running.terminate() == 0


async def test_it_answers_nothing_else_and_to_nobody_else(machine: Machine, monitor: Monitor) -> None:
    running = await machine.ready(HEALTH__PORT=str(monitor.port))
    await monitor.until(well)
    assert (await monitor.get("/metrics"))[1].startswith("text/plain; version=")
    assert (await monitor.get("/"))[0] == 404
    assert (await monitor.get("/healthz", Host=f"127.0.0.1:{monitor.port}"))[0] == 200
    for host in (f"rebound.example:{monitor.port}", f"127.0.0.1@rebound.example:{monitor.port}", "[::1"):
        assert (await monitor.get("/healthz", Host=host))[0] == 403
    assert await running.terminate() == 0


async def test_a_port_in_use_is_one_clear_line(machine: Machine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        running = await machine.start(HEALTH__PORT=str(port))
        assert await running.ended() == 2
    (line,) = running.said
    assert line == f"HEALTH__PORT: cannot listen on 127.0.0.1 port {port}: Address already in use"
    assert "Traceback" not in running.output
    assert machine.discord.gateway.received == [], "Discord was not troubled"


async def test_without_the_setting_nobody_listens(machine: Machine, monitor: Monitor) -> None:
    running = await machine.ready()
    with socket.socket() as asking:
        assert asking.connect_ex(("127.0.0.1", monitor.port)) != 0
    assert await running.terminate() == 0


async def test_the_end_comes_in_time_while_somebody_asks(machine: Machine, monitor: Monitor) -> None:
    """A connection that is kept open, and one that sends half a request."""
    running = await machine.ready(HEALTH__PORT=str(monitor.port))
    await monitor.until(well)
    with socket.create_connection(("127.0.0.1", monitor.port)) as half:
        half.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        assert await running.terminate() == 0
    assert running.said == ["stopped"]
