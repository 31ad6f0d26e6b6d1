"""An own Discord on 127.0.0.1 for what an in-memory one leaves out: sockets, rate limits, nonces, faults, the gateway.

Use in a test:

    async with LoopbackDiscord() as discord_server, point_discord_at(discord_server): ...

or as a process that stays while a bot is killed: `python -m tests.wire.discord_server --port 0 --state FILE` prints its
addresses and token as one JSON line, keeps the world in FILE over restarts, and is steered below /__control/
(`discord_control.py`). It serves this machine only and holds no secret.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import yarl
from aiohttp import web

from tests.wire.discord_clock import ServerClock
from tests.wire.discord_control import add_control
from tests.wire.discord_faults import Faults
from tests.wire.discord_gateway import Gateway
from tests.wire.discord_http import API, Front
from tests.wire.discord_limits import GLOBAL, RateLimits
from tests.wire.discord_record import Record, Request, validate_bodies
from tests.wire.discord_state import load_world, save_world
from tests.wire.discord_wire import JsonObject, Limit
from tests.wire.discord_world import TOKEN, World

GATEWAY, RESUME = "/gateway/ws", "/gateway/ws/resume"


class LoopbackDiscord:
    """The whole server. `world`, `faults`, `limits`, `gateway`, `record` and `clock` are what a test works with.

    `speed` makes the server's seconds pass faster than real ones: with 100, a bucket of 5 s asks a client to wait
    50 ms. `overall` is the global limit, `overrides` other limits by "METHOD /template". `round_trip` are real seconds
    added to each reply. `state` is a file the world is read from, if it exists, and written to at the end. Then every
    body that was sent is checked, unless `checked` is false.
    """

    def __init__(
        self,
        *,
        clock: ServerClock | None = None,
        speed: float = 1.0,
        token: str = TOKEN,
        overall: Limit = GLOBAL,
        overrides: Mapping[str, Limit] | None = None,
        round_trip: float = 0.0,
        port: int = 0,
        state: Path | None = None,
        checked: bool = True,
    ) -> None:
        self.clock = clock or ServerClock(speed=speed)
        stored = json.loads(state.read_text(encoding="utf-8")) if state and state.exists() else None
        self.world = load_world(stored, self.clock) if stored else World(self.clock, token=token)
        self.faults = Faults()
        self.limits = RateLimits(self.clock, overall, overrides=dict(overrides or {}))
        self.record = Record(self.clock, self.world.bell)
        self.front = Front(self.world, self.limits, self.faults, self.record)
        self.front.round_trip = round_trip
        self.gateway = Gateway(self.world)
        self.url = ""
        self._port = port
        self._state = state
        self._checked = checked
        self._runner: web.AppRunner | None = None

    @property
    def token(self) -> str:
        """Return the bot's token."""
        return self.world.identity.token

    @property
    def api_url(self) -> str:
        """Return what discord.py calls `Route.BASE`."""
        return self.url + API

    @property
    def gateway_url(self) -> str:
        """Return what discord.py calls `DEFAULT_GATEWAY`."""
        return self.url.replace("http", "ws", 1) + GATEWAY

    async def __aenter__(self) -> Self:
        """Listen on 127.0.0.1."""
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_get(GATEWAY, self._gateway)
        app.router.add_get(RESUME, self._gateway)
        add_control(app, self)
        app.router.add_route("*", "/{path:.*}", self.front.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        self.world.gateway_url = self.gateway_url
        self.gateway.resume_url = self.url.replace("http", "ws", 1) + RESUME
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Break off what is held, close the gateway, stop listening, keep the state; check what was sent.

        Raises `AssertionError` for a body that Discord would refuse, unless something else went wrong before.
        """
        self.front.close()
        await self.gateway.close()
        assert self._runner is not None
        await self._runner.cleanup()
        self.save()
        if self._checked and error is None:
            validate_bodies(self.record.requests)

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        # A script may refuse the handshake itself, as a gateway that is down does.
        fault = self.faults.take("GET", request.path)
        if fault is not None and fault.reply is not None:
            return web.Response(status=fault.reply.status, text=str(fault.reply.body))
        return await self.gateway.serve(request)

    def save(self) -> None:
        """Write the world to the state file, if there is one."""
        if self._state is not None:
            part = self._state.with_suffix(".part")
            part.write_text(json.dumps(save_world(self.world)), encoding="utf-8")
            part.replace(self._state)

    def messages(self, channel_id: int) -> list[JsonObject]:
        """Return a channel's messages in order of creation."""
        return self.world.messages(channel_id)

    def requests(self, method: str = "*", path: str = "") -> list[Request]:
        """Return the recorded requests of a method whose path matches the regex."""
        return self.record.matching(method, path)

    async def until(self, true: Callable[[], object], seconds: float = 5.0) -> None:
        """Return once `true()` holds; looked at often, `TimeoutError` after `seconds` real seconds."""
        await self.world.bell.until(true, seconds)

    def release(self) -> None:
        """Let requests that a script holds go on."""
        self.front.release()


class _Addressed(Protocol):
    @property
    def api_url(self) -> str: ...
    @property
    def gateway_url(self) -> str: ...


@contextlib.contextmanager
def point_discord_at(server: _Addressed) -> Iterator[None]:
    """Make discord.py talk to `server` inside the block; what it talked to before is restored afterwards."""
    from discord.gateway import DiscordWebSocket
    from discord.http import Route

    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE = server.api_url
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(server.gateway_url)
    try:
        yield
    finally:
        Route.BASE = base
        DiscordWebSocket.DEFAULT_GATEWAY = gateway


async def _serve(options: argparse.Namespace) -> None:
    start = datetime.fromisoformat(options.start) if options.start else None
    clock = ServerClock(start, speed=options.speed)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    async with LoopbackDiscord(clock=clock, token=options.token, port=options.port, state=options.state) as server:
        addresses: dict[str, Any] = {
            "url": server.url,
            "api_url": server.api_url,
            "gateway_url": server.gateway_url,
            "token": server.token,
            "pid": os.getpid(),
        }
        sys.stdout.write(json.dumps(addresses) + "\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m tests.wire.discord_server", description="A Discord on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--start", help="the server's first instant, ISO 8601 with an offset")
    parser.add_argument("--speed", type=float, default=1.0, help="server seconds per real second")
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
