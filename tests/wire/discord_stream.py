"""One gateway connection: frames out in order, compressed as the client asked. Knows no op code's meaning."""

import asyncio
import json
import zlib
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from tests.wire.discord_wire import JsonObject


@dataclass(frozen=True, slots=True)
class Close:
    """A close frame to send."""

    code: int
    reason: str = ""


class Packer(Protocol):
    """Turns the text of a frame into the bytes of one binary message of a running stream."""

    def pack(self, text: bytes) -> bytes:
        """Return the next bytes of the stream, flushed so that the frame can be read at once."""
        ...


class ZlibStream:
    """`compress=zlib-stream`: one zlib context, each message ended by a sync flush."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj()

    def pack(self, text: bytes) -> bytes:
        return self._stream.compress(text) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream:
    """`compress=zstd-stream`: one zstd frame over the whole connection, a block flushed per message."""

    def __init__(self) -> None:
        import zstandard

        self._stream = zstandard.ZstdCompressor().compressobj()
        self._flush = zstandard.COMPRESSOBJ_FLUSH_BLOCK

    def pack(self, text: bytes) -> bytes:
        return self._stream.compress(text) + self._stream.flush(self._flush)


_PACKERS: dict[str, type[Packer]] = {"zlib-stream": ZlibStream, "zstd-stream": ZstdStream}


class Connection:
    """A websocket with its outgoing queue. `over` is set when it has ended."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.request = request
        self.over = asyncio.Event()
        self.closed_here = False
        self._socket = socket
        self._queue: asyncio.Queue[JsonObject | Close] = asyncio.Queue()
        self._arrivals: deque[float] = deque()
        kind = _PACKERS.get(request.query.get("compress", ""))
        self._packer = kind() if kind else None

    def send(self, frame: JsonObject | Close) -> None:
        """Queue a frame or the close of the connection."""
        self._queue.put_nowait(frame)

    def too_many(self, now: float, count: int, seconds: float) -> bool:
        """Count a frame that came in; return whether more than `count` came in the last `seconds`."""
        self._arrivals.append(now)
        while self._arrivals[0] <= now - seconds:
            self._arrivals.popleft()
        return len(self._arrivals) > count

    async def write(self) -> None:
        """Send what is queued until a close or the end of the connection."""
        try:
            while not self._socket.closed:
                frame = await self._queue.get()
                if isinstance(frame, Close):
                    self.closed_here = True
                    # The frame alone: aiohttp's own `close` drops the connection while the client still answers, who
                    # would then see 1006 in place of the code.
                    assert self._socket._writer is not None
                    await self._socket._writer.close(frame.code, frame.reason.encode())
                    return
                await self._send(json.dumps(frame))
        except ConnectionError:
            return  # the client is gone; the reading side ends the connection

    async def _send(self, text: str) -> None:
        if self._packer is None:
            await self._socket.send_str(text)
        else:
            await self._socket.send_bytes(self._packer.pack(text.encode()))
