"""The health port: `/healthz` and `/metrics` over plain HTTP, for a monitor on this machine. Reads; changes nothing."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from bot.errors import SettingsError
from bot.health.checks import judge, problems
from bot.health.exposition import CONTENT_TYPE, render_metrics
from bot.health.facts import FactFinder
from bot.health.meters import Meters
from bot.setting_types import is_loopback

_STOP_SECONDS = 1.0
"""For answers under way at the end."""

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(finder: FactFinder, meters: Meters, *, host: str, port: int) -> AsyncIterator[None]:
    """Answer on `host` and `port` until the block ends. Raises `SettingsError` where nobody can listen there."""

    async def healthz(_request: web.Request) -> web.Response:
        checks = judge(await finder.find())
        wrong = problems(checks)
        document = {
            "status": "unwell" if wrong else "well",
            "problems": wrong,
            "checks": {one.name: {"ok": one.ok, "text": one.text, **one.figures} for one in checks},
        }
        return web.json_response(document, status=503 if wrong else 200)

    async def metrics(_request: web.Request) -> web.Response:
        body = render_metrics(await finder.find(), meters)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    guards = [_only_by_name] if is_loopback(f"http://{_bracketed(host)}") else []
    app = web.Application(middlewares=guards, client_max_size=1024)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_STOP_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else "it cannot be used"
            raise SettingsError([f"HEALTH__PORT: cannot listen on {host} port {port}: {reason}"]) from error
        yield
    finally:
        await runner.cleanup()


@web.middleware
async def _only_by_name(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Answer to a loopback name alone: a page in a browser could else ask through a name of its own (DNS rebinding)."""
    if not is_loopback(f"http://{request.host}"):
        return web.Response(status=403, text="ask for 127.0.0.1 or localhost\n")
    return await handler(request)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
