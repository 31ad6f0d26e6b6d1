"""The /embeddings part of the loopback model server: vectors of words, and the ways in which servers get them wrong.

A vector counts a text's words, each in a place that its hash names, so texts that share words are near.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.wire.openai_answers import ChatCall
from tests.wire.openai_behaviours import BEHAVIOURS, Exchange

if TYPE_CHECKING:
    from tests.wire.openai_server import OpenAIServer

DIMENSIONS = 64


def vector_of(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """Return the vector that a good answer has for `text`."""
    row = [0.01] * dimensions
    for word in re.findall(r"\w+", text.lower()):
        row[hashlib.sha256(word.encode()).digest()[0] % dimensions] += 1.0
    return row


@dataclass(frozen=True, slots=True)
class AskedVectors:
    """One request for vectors as it came."""

    behaviour: str
    texts: list[str]
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass(slots=True)
class VectorDesk:
    """Answers /embeddings; takes its behaviours from the server's script.

    `longest`: characters of a text beyond which it refuses, as servers of small models do.
    """

    server: "OpenAIServer"
    longest: int | None = None
    log: list[AskedVectors] = field(default_factory=list)

    def add_routes(self, app: web.Application) -> None:
        """Add the route."""
        app.router.add_post("/v1/embeddings", self._answer)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name, _, figure = await self.server.next_behaviour()
        body = await request.json()
        texts = body["input"]
        headers = {key.lower(): value for key, value in request.headers.items()}
        self.log.append(AskedVectors(name, texts, body, headers))
        exchange = Exchange(self.server, request, {"messages": []}, ChatCall("", "", None, body["model"]), figure)
        if self.longest is not None and any(len(text) > self.longest for text in texts):
            return await BEHAVIOURS["too-long"](exchange)
        rows = [vector_of(text, body.get("dimensions", DIMENSIONS)) for text in texts]
        data: list[dict[str, Any]] = [
            {"object": "embedding", "index": place, "embedding": row} for place, row in enumerate(rows)
        ]
        if name not in ("good", "no-usage") and name not in _SPOILED:
            return await BEHAVIOURS[name](exchange)
        if name in _SPOILED:
            _SPOILED[name](data)
        usage = None if name == "no-usage" else {"prompt_tokens": sum(map(len, texts)) // 4 or 1}
        answer = {"object": "list", "data": data, "model": body["model"], "usage": usage}
        return web.Response(text=json.dumps(answer), content_type="application/json")


Rows = list[dict[str, Any]]


def _other_dimensions(data: Rows) -> None:
    for one in data:
        one["embedding"] = one["embedding"][:-1]


_SPOILED: dict[str, Callable[[Rows], object]] = {
    "shuffled": lambda data: data.reverse(),
    "too-few": lambda data: data.pop(),
    "twice": lambda data: data[-1].update(index=0),
    "wrong-dimensions": lambda data: data[-1]["embedding"].pop(),
    "other-dimensions": _other_dimensions,
    "not-a-number": lambda data: data[0].update(embedding=[float("nan")] * len(data[0]["embedding"])),
    "all-zero": lambda data: data[0].update(embedding=[0.0] * len(data[0]["embedding"])),
    "words": lambda data: data[0].update(embedding=["a lot"] * len(data[0]["embedding"])),
    "endless-number": lambda data: data[0].update(embedding=[10**400, *data[0]["embedding"][1:]]),
}
"""What servers get wrong in an answer that has the form of a good one."""
