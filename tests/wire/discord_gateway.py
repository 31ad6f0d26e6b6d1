"""The gateway of the loopback Discord: sessions, heartbeats, resume, and everything that can go wrong with them.

Serves the compression a client asks for (zstd-stream, zlib-stream or none). Sessions outlive their connection, so that
a resume replays what was missed. Which events exist is the world's business.
"""

import asyncio
import contextlib
import json
import secrets
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import WSMsgType, web

from tests.wire.discord_http import break_connection
from tests.wire.discord_stream import Close, Connection
from tests.wire.discord_wire import JsonObject
from tests.wire.discord_world import Event, World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE = range(5)
RESUME, RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, ACK = range(6, 12)
PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15
KNOWN_INTENTS = (1 << 26) - 1
FRAMES, FRAMES_SECONDS = 120, 60.0


@dataclass(slots=True)
class Session:
    """One identified shard: what was sent with which number, and the connection it has now, if any."""

    id: str
    shard: tuple[int, int]
    intents: int
    sequence: int = 0
    sent: deque[JsonObject] = field(default_factory=lambda: deque(maxlen=20_000))
    connection: Connection | None = None

    def dispatch(self, name: str, data: JsonObject) -> None:
        """Send an event, now or at the next resume."""
        self.sequence += 1
        frame = {"op": DISPATCH, "t": name, "s": self.sequence, "d": data}
        self.sent.append(frame)
        if self.connection is not None:
            self.connection.send(frame)


@dataclass(frozen=True, slots=True)
class Received:
    """A frame of a client: `path` tells an ordinary connection (/gateway) from one by `resume_gateway_url`."""

    op: int
    data: Any
    path: str


class Gateway:
    """All sessions. Scripted refusals are used up in order by the next IDENTIFY or RESUME.

    `heartbeat_seconds` goes into HELLO; `acknowledging` False makes a zombie (heartbeats stay unanswered); `answering`
    False keeps quiet altogether after HELLO.
    """

    def __init__(self, world: World) -> None:
        self.heartbeat_seconds = 41.25
        self.acknowledging = True
        self.answering = True
        self.received: list[Received] = []
        self.sessions: dict[str, Session] = {}
        self.resume_url = ""
        self.compressions: list[str] = []
        self.closed_with: list[int | None] = []
        self._connections: set[Connection] = set()
        self._refusals: dict[int, deque[Close | bool]] = {IDENTIFY: deque(), RESUME: deque()}
        self._world = world
        world.listeners.append(self._spread)

    # What a test does

    def count(self, op: int) -> int:
        """Return how many frames of an op code clients have sent."""
        return sum(frame.op == op for frame in self.received)

    @property
    def connected(self) -> int:
        """Return how many sessions have a connection."""
        return sum(session.connection is not None for session in self.sessions.values())

    def reconnect(self) -> None:
        """Ask every client to reconnect and resume (op 7)."""
        self._all({"op": RECONNECT, "d": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """Send INVALID_SESSION (op 9); unless resumable the sessions are gone."""
        self._all({"op": INVALID_SESSION, "d": resumable})
        if not resumable:
            for session in self.sessions.values():
                session.connection = None
            self.sessions.clear()

    def close_all(self, code: int, reason: str = "") -> None:
        """Close every connection with a code."""
        for connection in self._connections:
            connection.send(Close(code, reason))

    def drop_all(self) -> None:
        """Reset every connection without a close frame."""
        for connection in self._connections:
            # aiohttp calls an end without a close frame 1000, which would pass for the client's goodbye.
            connection.closed_here = True
            break_connection(connection.request)

    def freeze(self) -> None:
        """Read nothing more from anybody, not even a close frame, as a host that hangs."""
        for connection in self._connections:
            if connection.request.transport is not None:
                connection.request.transport.pause_reading()

    def refuse_next(self, op: int, refusal: Close | bool, times: int = 1) -> None:
        """Refuse the next IDENTIFY (2) or RESUME (6): close with a code, or INVALID_SESSION with True or False."""
        self._refusals[op].extend([refusal] * times)

    # Serving

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Run one connection until it ends."""
        socket = web.WebSocketResponse(max_msg_size=0, compress=False)
        await socket.prepare(request)
        connection = Connection(socket, request)
        self.compressions.append(request.query.get("compress", ""))
        self._connections.add(connection)
        try:
            async with _writing(connection):
                connection.send({"op": HELLO, "d": {"heartbeat_interval": int(self.heartbeat_seconds * 1000)}})
                async for message in socket:
                    if message.type is WSMsgType.TEXT:
                        self._take(connection, message.data)
        finally:
            self._connections.discard(connection)
            self._detach(connection, socket.close_code)
        return socket

    def _detach(self, connection: Connection, code: int | None) -> None:
        self.closed_with.append(code)
        for session in list(self.sessions.values()):
            if session.connection is connection:
                session.connection = None
                if code in {1000, 1001} and not connection.closed_here:
                    # Discord ends a session that its client closes so; other codes keep it for a resume.
                    del self.sessions[session.id]
        self._world.bell.ring()

    def _take(self, connection: Connection, text: str) -> None:
        try:
            frame = json.loads(text)
            op, data = int(frame["op"]), frame.get("d")
        except (ValueError, KeyError, TypeError):
            connection.send(Close(4002, "Decode error"))
            return
        self.received.append(Received(op, data, connection.request.path))
        if connection.too_many(self._world.clock.monotonic(), FRAMES, FRAMES_SECONDS):
            connection.send(Close(4008, "Rate limited"))
        elif self.answering:
            self._react(connection, op, data)
        self._world.bell.ring()

    def _react(self, connection: Connection, op: int, data: Any) -> None:
        if op == HEARTBEAT:
            if self.acknowledging:
                connection.send({"op": ACK})
        elif op in self._refusals:
            self._start(connection, op, data)
        elif op not in {PRESENCE, REQUEST_MEMBERS, VOICE_STATE}:
            connection.send(Close(4001, "Unknown opcode"))
        elif self._session(connection) is None:
            connection.send(Close(4003, "Not authenticated"))

    def _session(self, connection: Connection) -> Session | None:
        return next((each for each in self.sessions.values() if each.connection is connection), None)

    def _start(self, connection: Connection, op: int, data: JsonObject) -> None:
        if self._session(connection) is not None:
            connection.send(Close(4005, "Already authenticated"))
            return
        if op == IDENTIFY:
            self._count_start()
        refusal = self._refusals[op].popleft() if self._refusals[op] else None
        if isinstance(refusal, bool):
            connection.send({"op": INVALID_SESSION, "d": refusal})
            return
        wrong = data.get("token") != self._world.identity.token or self._world.starts.token_reset
        refusal = refusal or (Close(4004, "Authentication failed") if wrong else None)
        refusal = refusal or (_unfit(data, self._world.identity.privileged_intents) if op == IDENTIFY else None)
        if refusal is not None:
            connection.send(refusal)
        elif op == IDENTIFY:
            self._identify(connection, data)
        else:
            self._resume(connection, data)

    def _count_start(self) -> None:
        starts, now = self._world.starts, self._world.clock.now()
        starts.at = [at for at in starts.at if at > now - timedelta(days=1)] + [now]
        starts.token_reset = starts.token_reset or len(starts.at) > starts.total

    def _identify(self, connection: Connection, data: JsonObject) -> None:
        world = self._world
        shard = tuple(data.get("shard") or (0, 1))
        session = Session(secrets.token_hex(16), (shard[0], shard[1]), int(data["intents"]), connection=connection)
        self.sessions[session.id] = session
        guilds = [each for each in world.guilds.values() if _shard_of(each.id, session.shard[1]) == session.shard[0]]
        ready = {
            "v": 10,
            "user": world.bot.payload() | {"verified": True, "mfa_enabled": True, "email": None},
            "guilds": [{"id": str(each.id), "unavailable": True} for each in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.resume_url,
            "shard": list(session.shard),
            "application": {"id": str(world.identity.application_id), "flags": 0},
            "private_channels": [],
            "_trace": [],
        }
        session.dispatch("READY", ready)
        inside = world.channels_by_guild()
        for guild in guilds:
            if not guild.unavailable:
                session.dispatch("GUILD_CREATE", world.guild_payload(guild, inside[guild.id]))

    def _resume(self, connection: Connection, data: JsonObject) -> None:
        session = self.sessions.get(str(data.get("session_id")))
        seen = data.get("seq")
        if session is None or not isinstance(seen, int):
            connection.send({"op": INVALID_SESSION, "d": False})
            return
        if seen > session.sequence:
            connection.send(Close(4007, "Invalid seq"))
            return
        if session.connection is not None:
            session.connection.send(Close(4000, "Session resumed elsewhere"))
        session.connection = connection
        for frame in session.sent:
            if frame["s"] > seen:
                connection.send(frame)
        session.dispatch("RESUMED", {"_trace": []})

    def _spread(self, event: Event) -> None:
        for session in self.sessions.values():
            wanted = event.intents == 0 or session.intents & event.intents
            if wanted and _shard_of(event.guild_id or 0, session.shard[1]) == session.shard[0]:
                session.dispatch(event.name, event.data)

    def _all(self, frame: JsonObject) -> None:
        for connection in self._connections:
            connection.send(frame)

    async def close(self) -> None:
        """Close what is still open, as a server that goes away."""
        self.close_all(1001, "Going away")
        for connection in list(self._connections):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(connection.over.wait(), 1.0)


def _unfit(data: JsonObject, granted: int) -> Close | None:
    intents, shard = data.get("intents"), data.get("shard") or [0, 1]
    if not 0 <= shard[0] < shard[1]:
        return Close(4010, "Invalid shard")
    if not isinstance(intents, int) or intents & ~KNOWN_INTENTS:
        return Close(4013, "Invalid intent(s)")
    if intents & PRIVILEGED & ~granted:
        return Close(4014, "Disallowed intent(s)")
    return None


def _shard_of(guild_id: int, shards: int) -> int:
    return (guild_id >> 22) % shards


@contextlib.asynccontextmanager
async def _writing(connection: Connection) -> AsyncIterator[None]:
    writer = asyncio.create_task(connection.write())
    try:
        yield
    finally:
        writer.cancel()
        await asyncio.wait([writer])
        connection.over.set()
        if not writer.cancelled():
            writer.result()
