"""A monitor for the real process: a free port, and what its health port answers."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.wire.run.machine import START_SECONDS


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Monitor:
    """Asks a health port."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def get(self, path: str, **headers: str) -> tuple[int, str, str]:
        """Return the status, the content type and the body of an answer."""
        address = f"http://127.0.0.1:{self.port}{path}"
        async with aiohttp.ClientSession() as session, session.get(address, headers=headers) as response:
            return response.status, response.headers["Content-Type"], await response.text()

    async def health(self) -> tuple[int, dict[str, Any]]:
        """Return the status and the document of /healthz."""
        address = f"http://127.0.0.1:{self.port}/healthz"
        async with aiohttp.ClientSession() as session, session.get(address) as response:
            return response.status, await response.json()

    async def until(self, true: Callable[[int, dict[str, Any]], object]) -> dict[str, Any]:
        """Ask until `true(status, document)` holds, also while nobody listens yet; return the document."""
        async with asyncio.timeout(START_SECONDS):
            while True:
                try:
                    status, document = await self.health()
                except aiohttp.ClientConnectionError:
                    continue
                if true(status, document):
                    return document

    async def metrics(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """Return the samples of /metrics by name and labels."""
        _, _, text = await self.get("/metrics")
        families = text_string_to_metric_families(text)
        return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}
