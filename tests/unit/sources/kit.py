"""A clock that never waits, a limiter state in memory, and readers of fixtures."""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from bot.model import SourceName
from bot.sources.politeness import PoliteClient
from bot.sources.politeness import Response as Answer

FIXTURES = Path(__file__).parent / "fixtures"
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


class FakeClock:
    """Sleeping moves it; `jump` moves the wall clock alone."""

    def __init__(self, start: datetime = NOON) -> None:
        self.wall = start
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds

    def jump(self, by: timedelta) -> None:
        self.wall += by


class MemoryState:
    """`LimiterState` without a database."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}

    async def load(self, name: str) -> dict[str, Any]:
        return deepcopy(self.kept.get(name, {}))

    async def update(self, name: str, fn: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
        self.kept[name] = deepcopy(fn(await self.load(name)))
        return await self.load(name)


def polite(
    state: MemoryState | None = None,
    clock: FakeClock | None = None,
    *,
    min_interval: float = 0,
    deadline: float = 5,
    patience: float = 90,
    on_wait: Callable[[str, float], None] | None = None,
) -> PoliteClient:
    clock = clock or FakeClock()
    return PoliteClient(
        state or MemoryState(),
        clock=clock,
        spacing_clock=clock,
        user_agent="paper-brief-test (test@example.org)",
        min_interval=min_interval,
        deadline=deadline,
        patience=patience,
        on_wait=on_wait,
    )


@contextlib.asynccontextmanager
async def raw_server(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """Serve each connection with `answer`, called when a request's head has been read; yields an address."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            await answer(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/page"
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def get(client: PoliteClient, url: str) -> Answer:
    return await client.get(url, accept="text/html", source=SourceName.LISTING)


class Script:
    """Answers in turn with (status, headers), the last one for ever; remembers when each request came."""

    def __init__(self, server: HTTPServer, clock: FakeClock, *answers: tuple[int, dict[str, str]]) -> None:
        self.answers = list(answers)
        self.clock = clock
        self.seen: list[float] = []
        self.agents: list[str] = []
        server.expect_request("/page").respond_with_handler(self.answer)

    def answer(self, request: Request) -> Response:
        self.seen.append(self.clock.seconds)
        self.agents.append(request.headers["User-Agent"])
        status, headers = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return Response("body", status, headers)

    @property
    def gaps(self) -> list[float]:
        return [later - earlier for earlier, later in zip(self.seen, self.seen[1:], strict=False)]
