import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from bot.errors import SourceUnavailable
from bot.model import SourceName
from bot.sources import politeness
from bot.sources.politeness import Response as Answer
from tests.unit.sources.kit import NOON, FakeClock, MemoryState, Script, get, polite, raw_server


async def test_an_answer_comes_with_status_body_and_headers(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/page", query_string="skip=0&set=cs%3Acs").respond_with_data("ok", headers={"X-A": "b"})
    async with polite() as client:
        params: dict[str, str | int] = {"skip": 0, "set": "cs:cs"}
        answer = await client.get(httpserver.url_for("/page"), params=params, accept="*/*", source=SourceName.OAI)
    assert (answer.status, answer.body, answer.headers["x-a"]) == (200, b"ok", "b")


async def test_requests_are_spaced_and_carry_our_name(httpserver: HTTPServer) -> None:
    clock = FakeClock()
    script = Script(httpserver, clock, (200, {}))
    async with polite(clock=clock, min_interval=3) as client:
        await asyncio.gather(*(get(client, httpserver.url_for("/page")) for _ in range(3)))
    assert script.gaps == pytest.approx([3, 3])
    assert set(script.agents) == {"paper-brief-test (test@example.org)"}


async def test_two_clients_with_one_state_share_the_spacing(httpserver: HTTPServer) -> None:
    clock, state = FakeClock(), MemoryState()
    script = Script(httpserver, clock, (200, {}))
    async with polite(state, clock, min_interval=3) as one, polite(state, clock, min_interval=3) as other:
        for client in (one, other, one, other):
            await get(client, httpserver.url_for("/page"))
    assert script.gaps == pytest.approx([3, 3, 3])


async def test_another_process_holding_the_lease_is_waited_for(httpserver: HTTPServer) -> None:
    clock, state = FakeClock(), MemoryState()
    Script(httpserver, clock, (200, {}))
    state.kept["arxiv"] = {"lease": {"owner": "other", "until": clock.now().timestamp() + 12}}
    async with polite(state, clock) as client:
        await get(client, httpserver.url_for("/page"))
    assert clock.seconds == pytest.approx(12, abs=0.6), "a dead owner's lease runs out"
    assert "lease" not in state.kept["arxiv"]


@pytest.fixture
def dead_process() -> int:
    """Return the id of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


async def test_the_lease_of_a_process_that_died_here_is_not_waited_for(
    httpserver: HTTPServer, dead_process: int
) -> None:
    clock, state = FakeClock(), MemoryState()
    Script(httpserver, clock, (200, {}))
    owner = f"{socket.gethostname()}:{dead_process}:turn"
    state.kept["arxiv"] = {"lease": {"owner": owner, "until": clock.now().timestamp() + 12}}
    async with polite(state, clock) as client:
        await get(client, httpserver.url_for("/page"))
    assert clock.seconds == 0


async def test_429_is_obeyed_to_the_second_and_then_tried_again(httpserver: HTTPServer) -> None:
    clock = FakeClock()
    script = Script(httpserver, clock, (429, {"Retry-After": "60"}), (200, {}))
    waits: list[tuple[str, float]] = []
    async with polite(clock=clock, min_interval=3, on_wait=lambda why, s: waits.append((why, s))) as client:
        assert (await get(client, httpserver.url_for("/page"))).status == 200
    assert 60 <= script.gaps[0] < 66
    assert [(why, round(seconds)) for why, seconds in waits] == [("arXiv limits this address", 60)]


@pytest.mark.parametrize(
    ("ahead", "with_date"),
    [(timedelta(), True), (timedelta(hours=1), True), (timedelta(hours=-1), True), (timedelta(), False)],
)
async def test_a_dated_retry_after_is_read_by_the_servers_own_clock(ahead: timedelta, with_date: bool) -> None:
    server_now = NOON + ahead
    head = f"HTTP/1.1 429 Slow\r\nRetry-After: {format_datetime(server_now + timedelta(seconds=600), usegmt=True)}\r\n"
    head += f"Date: {format_datetime(server_now, usegmt=True)}\r\n" if with_date else ""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{head}Content-Length: 0\r\n\r\n".encode())

    async with raw_server(answer) as url, polite() as client:
        with pytest.raises(SourceUnavailable) as raised:
            await get(client, url)
    assert raised.value.retry_at == NOON + timedelta(seconds=600)


async def test_a_wait_beyond_patience_is_left_to_a_later_run_for_all_hosts(httpserver: HTTPServer) -> None:
    clock, state = FakeClock(), MemoryState()
    script = Script(httpserver, clock, (429, {"Retry-After": "600"}), (200, {}))
    async with polite(state, clock, patience=90) as client:
        with pytest.raises(SourceUnavailable, match="limits this address until") as raised:
            await get(client, httpserver.url_for("/page"))
    assert raised.value.status == 429
    assert raised.value.retry_at == NOON + timedelta(seconds=600)
    async with polite(state, clock, patience=90) as client:
        with pytest.raises(SourceUnavailable):
            await get(client, "http://rss.invalid/page")
        assert client.requests == 0, "a stored cool-down holds after a restart and for every host"
    clock.pass_time(601)
    async with polite(state, clock, patience=90) as client:
        assert (await get(client, httpserver.url_for("/page"))).status == 200
    assert len(script.seen) == 2


async def test_patience_is_spent_once_per_request(httpserver: HTTPServer) -> None:
    clock = FakeClock()
    script = Script(httpserver, clock, (429, {"Retry-After": "40"}))
    async with polite(clock=clock, patience=90) as client:
        with pytest.raises(SourceUnavailable):
            await get(client, httpserver.url_for("/page"))
    assert len(script.seen) == 3, "two waits of 40 s fit into 90 s, a third does not"


async def test_503_with_retry_after_cools_that_host_only(httpserver: HTTPServer) -> None:
    clock, state = FakeClock(), MemoryState()
    Script(httpserver, clock, (503, {"Retry-After": "300"}))
    other = HTTPServer(host="127.0.0.1")
    other.start()
    try:
        other.expect_request("/page").respond_with_data("fine")
        async with polite(state, clock) as client:
            with pytest.raises(SourceUnavailable, match="overloaded until") as raised:
                await get(client, httpserver.url_for("/page"))
            assert raised.value.status == 503
            assert (await get(client, other.url_for("/page"))).status == 200
    finally:
        other.stop()


async def test_unexplained_429s_slow_down_and_end_in_a_growing_cool_down(httpserver: HTTPServer) -> None:
    clock, state = FakeClock(), MemoryState()
    script = Script(httpserver, clock, (429, {}))
    cooldowns = []
    for _ in range(4):
        async with polite(state, clock, min_interval=3) as client:
            with pytest.raises(SourceUnavailable) as raised:
                await get(client, httpserver.url_for("/page"))
        assert raised.value.retry_at is not None
        cooldowns.append(round((raised.value.retry_at - clock.now()).total_seconds() / 60))
        clock.pass_time(3600)
    assert cooldowns == [15, 30, 60, 60]
    assert script.gaps[:2] == pytest.approx([6, 12]), "twice, at a growing interval, then no more in this run"
    assert len(script.seen) == 12
    assert state.kept["arxiv"]["interval"] == 15


async def test_the_interval_recovers_with_success(httpserver: HTTPServer) -> None:
    clock, state = FakeClock(), MemoryState()
    state.kept["arxiv"] = {"interval": 12.0}
    Script(httpserver, clock, (200, {}))
    async with polite(state, clock, min_interval=3) as client:
        for _ in range(20):
            await get(client, httpserver.url_for("/page"))
    assert state.kept["arxiv"]["interval"] == 3


async def test_a_host_that_is_overloaded_is_not_asked_faster_afterwards(httpserver: HTTPServer) -> None:
    clock, state = FakeClock(), MemoryState()
    state.kept["arxiv"] = {"interval": 12.0, "strikes": 2}
    Script(httpserver, clock, (503, {"Retry-After": "300"}))
    async with polite(state, clock, min_interval=3) as client:
        with pytest.raises(SourceUnavailable):
            await get(client, httpserver.url_for("/page"))
    assert (state.kept["arxiv"]["interval"], state.kept["arxiv"]["strikes"]) == (12.0, 2)


async def test_without_a_minimum_interval_nothing_is_ever_spaced(httpserver: HTTPServer) -> None:
    clock = FakeClock()
    Script(httpserver, clock, (429, {}), (200, {}), (200, {}))
    async with polite(clock=clock, min_interval=0) as client:
        await get(client, httpserver.url_for("/page"))
        await get(client, httpserver.url_for("/page"))
    assert clock.seconds < 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
async def test_a_server_error_is_tried_three_times_with_growing_pauses(httpserver: HTTPServer, status: int) -> None:
    clock = FakeClock()
    script = Script(httpserver, clock, (status, {}))
    async with polite(clock=clock, min_interval=3) as client:
        with pytest.raises(SourceUnavailable, match=f"HTTP {status}") as raised:
            await get(client, httpserver.url_for("/page"))
        assert raised.value.status == status
        assert script.gaps == pytest.approx([3, 6])
        with pytest.raises(SourceUnavailable):
            await get(client, httpserver.url_for("/page"))
        assert client.requests == 4, "a host that failed three times gets one try more"


async def test_a_passing_server_error_goes_unnoticed(httpserver: HTTPServer) -> None:
    clock = FakeClock()
    Script(httpserver, clock, (502, {}), (502, {}), (200, {}))
    async with polite(clock=clock) as client:
        assert (await get(client, httpserver.url_for("/page"))).body == b"body"
        assert client.requests == 3


@pytest.mark.parametrize("status", [400, 404])
async def test_errors_with_a_body_worth_reading_are_handed_on(httpserver: HTTPServer, status: int) -> None:
    Script(httpserver, FakeClock(), (status, {}))
    async with polite() as client:
        answer = await get(client, httpserver.url_for("/page"))
    assert (answer.status, answer.body) == (status, b"body")


async def test_other_refusals_are_final_at_once(httpserver: HTTPServer) -> None:
    Script(httpserver, FakeClock(), (403, {}))
    async with polite() as client:
        with pytest.raises(SourceUnavailable, match="403") as raised:
            await get(client, httpserver.url_for("/page"))
        assert (client.requests, raised.value.status) == (1, 403)


@pytest.mark.parametrize(
    "location", ["http://127.0.0.2:9/elsewhere", "https://evil.example/", "file:///etc/passwd", ""]
)
async def test_a_redirect_to_another_site_is_refused(httpserver: HTTPServer, location: str) -> None:
    Script(httpserver, FakeClock(), (302, {"Location": location}))
    async with polite() as client:
        with pytest.raises(SourceUnavailable, match="redirects"):
            await get(client, httpserver.url_for("/page"))
        assert client.requests == 1


async def test_a_redirect_on_the_same_site_is_followed_and_never_for_ever(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/old").respond_with_data("", 301, {"Location": "/new"})
    httpserver.expect_request("/new").respond_with_data("here")
    httpserver.expect_request("/round").respond_with_data("", 302, {"Location": "/round"})
    async with polite() as client:
        assert (await get(client, httpserver.url_for("/old"))).body == b"here"
        with pytest.raises(SourceUnavailable):
            await get(client, httpserver.url_for("/round"))
        assert client.requests < 12


@pytest.mark.parametrize("drips", [True, False])
async def test_a_slow_drip_or_a_hang_is_cut_off_as_a_whole(drips: bool) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        while drips and not reader.at_eof():
            writer.write(b"x")
            await asyncio.sleep(0)
        await reader.read()

    async with raw_server(answer) as url, polite(deadline=0.1) as client:
        with pytest.raises(SourceUnavailable, match=r"within 0\.1 s"):
            await get(client, url)
        assert client.requests == 3


async def test_refused_connections_and_unknown_hosts_are_unavailable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with polite() as client:
        with pytest.raises(SourceUnavailable, match="could not be read"):
            await get(client, f"http://127.0.0.1:{port}/page")
        with pytest.raises(SourceUnavailable, match="could not be read"):
            await get(client, "http://no-such-host.invalid/page")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"rubbish\r\n\r\n",
    ],
)
async def test_a_broken_connection_or_encoding_is_unavailable(answer: bytes) -> None:
    async def send(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    async with raw_server(send) as url, polite() as client:
        with pytest.raises(SourceUnavailable):
            await get(client, url)
        assert client.requests == 3


async def test_a_body_beyond_the_cap_is_given_up(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(politeness, "MAX_BODY", 1 << 20)
    httpserver.expect_request("/page").respond_with_data(b"x" * ((1 << 20) + 1))
    async with polite() as client:
        with pytest.raises(SourceUnavailable, match="larger than 1 MiB"):
            await get(client, httpserver.url_for("/page"))
        assert client.requests == 1


async def test_cancelling_releases_the_lease() -> None:
    state = MemoryState()
    entered = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        entered.set()
        await reader.read()

    async with raw_server(hang) as url, polite(state) as client:
        task = asyncio.create_task(get(client, url))
        await entered.wait()
        assert "lease" in state.kept["arxiv"]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert "lease" not in state.kept["arxiv"]


async def test_cancelling_while_the_turn_is_being_written_down_leaves_no_lease() -> None:
    class SlowState(MemoryState):
        committed = asyncio.Event()

        async def update(self, name: str, fn: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
            state = await super().update(name, fn)
            if not self.committed.is_set():
                self.committed.set()
                await asyncio.Event().wait()
            return state

    state = SlowState()
    async with polite(state) as client:
        task = asyncio.create_task(get(client, "http://127.0.0.1:9/page"))
        await state.committed.wait()
        assert "lease" in state.kept["arxiv"]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert client.requests == 0
    assert "lease" not in state.kept["arxiv"]


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(hours=-1), timedelta(days=-365 * 50)])
async def test_a_jump_of_the_clock_makes_neither_a_long_sleep_nor_a_burst(
    httpserver: HTTPServer, jump: timedelta
) -> None:
    clock, state = FakeClock(), MemoryState()
    script = Script(httpserver, clock, (200, {}))
    async with polite(state, clock, min_interval=3) as client:
        await get(client, httpserver.url_for("/page"))
        clock.jump(jump)
        await get(client, httpserver.url_for("/page"))
        await get(client, httpserver.url_for("/page"))
    assert script.gaps == pytest.approx([3, 3])


async def test_a_restart_after_the_clock_was_set_back_waits_no_longer_than_the_rule(httpserver: HTTPServer) -> None:
    clock, state = FakeClock(), MemoryState()
    Script(httpserver, clock, (429, {"Retry-After": "60"}), (200, {}))
    async with polite(state, clock, min_interval=3, patience=0) as client:
        with pytest.raises(SourceUnavailable):
            await get(client, httpserver.url_for("/page"))
    clock.jump(timedelta(hours=-1))
    clock.slept.clear()
    async with polite(state, clock, min_interval=3) as client:
        await get(client, httpserver.url_for("/page"))
    assert sum(clock.slept) <= 61


@pytest.mark.parametrize("value", ["soon", "-5", "1e400", "Tue, 99 Foo 2026", "9" * 400])
async def test_a_nonsensical_retry_after_is_survived(httpserver: HTTPServer, value: str) -> None:
    clock = FakeClock()
    Script(httpserver, clock, (429, {"Retry-After": value}), (200, {}))
    async with polite(clock=clock, patience=0) as client:
        outcome = await asyncio.gather(get(client, httpserver.url_for("/page")), return_exceptions=True)
    if isinstance(outcome[0], SourceUnavailable):
        assert outcome[0].retry_at is not None
        assert outcome[0].retry_at <= clock.now() + politeness.MAX_COOLDOWN
    else:
        assert isinstance(outcome[0], Answer)
