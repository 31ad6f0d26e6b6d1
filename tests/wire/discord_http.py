"""The HTTP side of the loopback Discord: records a request, lets its fault happen, limits, authorises, answers.

Knows aiohttp and the order of these steps; what an endpoint means is in the route modules.
"""

import asyncio
import json
import re
import socket
import struct
from typing import Any

from aiohttp import BodyPartReader, web

from tests.wire import discord_interaction_rest, discord_messages, discord_rest
from tests.wire.discord_faults import Fault, Faults
from tests.wire.discord_limits import VIA, RateLimits
from tests.wire.discord_record import Record, Request
from tests.wire.discord_wire import MAJOR, ApiError, Call, File, Reply, Route
from tests.wire.discord_world import World

API = "/api/v10"
_UNAUTHORISED = Reply(401, {"message": "401: Unauthorized", "code": 0})
_NOT_FOUND = Reply(404, {"message": "404: Not Found", "code": 0})


class Front:
    """Answers every request below /api/v10. `round_trip` are real seconds added before each reply."""

    def __init__(self, world: World, limits: RateLimits, faults: Faults, record: Record) -> None:
        self.round_trip = 0.0
        self._world = world
        self._limits = limits
        self._faults = faults
        self._record = record
        self._routes = [(route, route.pattern) for route in all_routes()]
        self._released = asyncio.Event()
        self._closing = False
        self.unknown: list[str] = []

    def release(self) -> None:
        """Let everything that is held go on."""
        self._released.set()
        self._released = asyncio.Event()

    def close(self) -> None:
        """Break off everything that is held."""
        self._closing = True
        self.release()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        path = request.path.removeprefix(API)
        entry = self._record.open(request.method, path, dict(request.query))
        fault = self._faults.take(request.method, path)
        entry.fault = fault.name if fault else None
        reply: Reply | None = None
        try:
            reply = await self._reply(request, entry, fault or Fault())
            if reply is None:
                return _broken(request)
            if fault and fault.truncate:
                return await _half(request, reply)
            return _response(reply)
        finally:
            self._record.close(entry, None if fault and fault.truncate else reply)

    async def _reply(self, request: web.Request, entry: Request, fault: Fault) -> Reply | None:
        """Return the answer, None for a connection to be broken."""
        if fault.reset and not fault.commit:
            return None
        call = await self._read(request, entry)
        if not fault.commit and not await self._wait(entry, fault):
            return None
        answer = fault.reply
        if answer is None or fault.commit:
            worked = self._answer(call, entry)
            answer = answer or worked
        if fault.commit and not await self._wait(entry, fault):
            return None
        if fault.reset:
            return None
        if self.round_trip:
            await asyncio.sleep(self.round_trip)
        self._limits.note(answer.status, answer.headers)
        return answer

    async def _wait(self, entry: Request, fault: Fault) -> bool:
        entry.held = fault.hold or fault.delay > 0
        self._world.bell.ring()
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.hold:
            await self._released.wait()
        entry.held = False
        return not (fault.hold and self._closing)

    async def _read(self, request: web.Request, entry: Request) -> Call:
        body, files = await _decode(request)
        entry.body, entry.files = body, files
        entry.authorised = request.headers.get("Authorization") == f"Bot {self._world.identity.token}"
        return Call(entry.method, entry.path, {}, entry.query, body, files)

    def _answer(self, call: Call, entry: Request) -> Reply:
        # No await here: a request's work is done whole or not at all.
        found = self._find(call)
        if found is None:
            self.unknown.append(f"{call.method} {call.path}")
            return _NOT_FOUND
        route, ids = found
        major = "+".join(f"{name}={ids[name]}" for name in MAJOR if name in ids)
        refused, headers = self._limits.refuse(route.bucket, major, route.limit, bot=route.bot)
        if refused is not None:
            return refused
        if route.bot and (not entry.authorised or self._world.starts.token_reset):
            return _UNAUTHORISED
        try:
            reply = route.handler(self._world, Call(call.method, call.path, ids, call.query, call.body, call.files))
        except ApiError as error:
            status, body = error.status, error.body
            more = {"Retry-After": str(int(body["retry_after"]) + 1)} if status == 429 else {}
            return Reply(status, body, headers | more | VIA)
        entry.committed = True
        return Reply(reply.status, reply.body, {**headers, **reply.headers, **VIA})

    def _find(self, call: Call) -> tuple[Route, dict[str, str]] | None:
        for route, pattern in self._routes:
            if route.method == call.method and (match := pattern.match(call.path)):
                return route, match.groupdict()
        return None


def all_routes() -> list[Route]:
    """Return every endpoint, literal paths before templates."""
    routes = [*discord_rest.ROUTES, *discord_messages.ROUTES, *discord_interaction_rest.ROUTES]
    return sorted(routes, key=lambda route: route.template.count("{"))


async def _decode(request: web.Request) -> tuple[Any, dict[str, File]]:
    if request.content_type.startswith("multipart/"):
        return await _multipart(request)
    text = await request.text()
    if not text:
        return None, {}
    try:
        return json.loads(text), {}
    except ValueError:
        return text, {}


async def _multipart(request: web.Request) -> tuple[Any, dict[str, File]]:
    body: Any = None
    files: dict[str, File] = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        content = bytes(await part.read())
        if part.name == "payload_json":
            body = json.loads(content)
        elif part.name and re.fullmatch(r"files\[\d+\]", part.name):
            kind = part.headers.get("Content-Type", "application/octet-stream")
            files[part.name] = File(part.filename or "unnamed", content, kind)
    return body, files


def _encode(reply: Reply) -> tuple[bytes, str]:
    if reply.body is None:
        # As Discord's 204: with application/json discord.py would try to parse the empty body.
        return b"", "text/html; charset=utf-8"
    if isinstance(reply.body, str):
        return reply.body.encode(), "text/html; charset=UTF-8"
    return json.dumps(reply.body, ensure_ascii=False).encode(), "application/json"


def _response(reply: Reply) -> web.Response:
    content, kind = _encode(reply)
    # discord.py compares the header with "application/json" exactly, so it is set whole and without a charset.
    return web.Response(body=content, status=reply.status, headers={**reply.headers, "Content-Type": kind})


async def _half(request: web.Request, reply: Reply) -> web.StreamResponse:
    content, kind = _encode(reply)
    headers = {**reply.headers, "Content-Type": kind, "Content-Length": str(len(content))}
    response = web.StreamResponse(status=reply.status, headers=headers)
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def _broken(request: web.Request) -> web.Response:
    break_connection(request)
    return web.Response()


def break_connection(request: web.BaseRequest) -> None:
    """Reset the TCP connection: the peer sees ECONNRESET, nothing of a reply."""
    transport = request.transport
    if transport is None:
        return
    wire = transport.get_extra_info("socket")
    if wire is not None:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
