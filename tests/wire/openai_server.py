"""A loopback OpenAI-compatible server on a real socket, scripted request by request.

`python -m tests.wire.openai_server [--port N] [--latency S] [--script NAMES] [--always NAME] [--lacks OPTIONS]
[--sample]` prints its address (for LLM__BASE_URL) and serves until it is ended. Behaviours are those of
`openai_behaviours.py`; one that takes a figure is written as `slow:3` or `limited:20`.
"""

import argparse
import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.wire.openai_answers import ChatCall, Makers, load_makers, schema_in
from tests.wire.openai_batches import BatchDesk
from tests.wire.openai_behaviours import BEHAVIOURS, Exchange, refused
from tests.wire.openai_vectors import VectorDesk
from tests.wire.sample_answers import load_sample_maker

_ROLES = ("system", "user")


@dataclass(frozen=True, slots=True)
class Logged:
    """One request as it came and what was done with it; tokens are those that the server told."""

    behaviour: str
    model: str
    rung: str
    limit: str
    max_tokens: int
    messages: list[dict[str, str]]
    headers: dict[str, str]
    input_tokens: int
    output_tokens: int
    status: int


@dataclass(slots=True)
class OpenAIServer:
    """Use as an async context manager. `script` goes first, one behaviour a request, then `always` for ever.

    `lacks`: what it refuses with 400, as servers do that do not know it: json_schema, json_object, temperature, system,
    max_tokens, max_completion_tokens. `ignores_schema`: takes a schema and answers as if there were none.
    """

    latency: float = 0.0
    port: int = 0
    script: deque[str] = field(default_factory=deque)
    always: str = "good"
    lacks: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    makers: Makers = field(default_factory=load_makers)
    log: list[Logged] = field(default_factory=list)
    arrived: int = 0
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    desk: BatchDesk = field(init=False)
    vectors: VectorDesk = field(init=False)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _runner: web.AppRunner | None = None

    def __post_init__(self) -> None:
        self.desk = BatchDesk(self)
        self.vectors = VectorDesk(self)

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/v1/chat/completions", self._answer)
        app.router.add_get("/v1/models", self._list_models)
        self.desk.add_routes(app)
        self.vectors.add_routes(app)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Return the address for LLM__BASE_URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def wait_for(self, requests: int) -> None:
        """Return when so many requests have arrived since the beginning."""
        async with self._news:
            await self._news.wait_for(lambda: self.arrived >= requests)

    def complete(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the body of a good answer to a request of a batch."""
        value = self.makers.make(_read_call(body))
        text = json.dumps(value, ensure_ascii=False)
        read, written = len(json.dumps(body["messages"])) // 4, len(text) // 4
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written},
        }

    async def rest(self, seconds: float) -> None:
        """Wait, unless the server is closed before."""
        try:
            await asyncio.wait_for(self.closing.wait(), seconds)
        except TimeoutError:
            return

    async def next_behaviour(self) -> tuple[str, str, str]:
        """Note that a request has come and return (name, ":", figure) of what is done with it."""
        async with self._news:
            self.arrived += 1
            self._news.notify_all()
        return (self.script.popleft() if self.script else self.always).partition(":")

    async def _list_models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name, _, figure = await self.next_behaviour()
        body = await request.json()
        exchange = Exchange(self, request, body, _read_call(body), figure)
        missing = self._missing(body)
        if self.models and body["model"] not in self.models:
            answer = await BEHAVIOURS["no-model"](exchange)
        elif missing is not None:
            answer = refused(400, missing, "unsupported_parameter")
        else:
            if self.latency:
                await self.rest(self.latency)
            answer = await BEHAVIOURS[name](exchange)
        self.log.append(_logged(exchange, name, answer.status))
        return answer

    def _missing(self, body: dict[str, Any]) -> str | None:
        """Return the complaint of a server that lacks something which the request uses, in the words of known ones."""
        format_name = body.get("response_format", {}).get("type", "")
        if format_name in self.lacks:
            return f"This response_format type '{format_name}' is unavailable now"
        for name, other in (("max_tokens", "max_completion_tokens"), ("max_completion_tokens", "max_tokens")):
            if name in self.lacks and name in body:
                return f"Unsupported parameter: '{name}' is not supported with this model. Use '{other}' instead."
        if "temperature" in self.lacks and "temperature" in body:
            return "Unsupported value: 'temperature' does not support 0.2 with this model."
        if "system" in self.lacks and body["messages"][0]["role"] == "system":
            return "System role not supported"
        return None


def _read_call(body: dict[str, Any]) -> ChatCall:
    texts = {role: "\n".join(one["content"] for one in body["messages"] if one["role"] == role) for role in _ROLES}
    wire = body.get("response_format", {}).get("json_schema", {}).get("schema")
    told = schema_in(texts["system"]) or schema_in(texts["user"])
    return ChatCall(texts["system"], texts["user"], wire or told, str(body.get("model", "")))


def _logged(exchange: Exchange, name: str, status: int) -> Logged:
    body = exchange.body
    limit = next((one for one in ("max_tokens", "max_completion_tokens") if one in body), "")
    return Logged(
        behaviour=name,
        model=exchange.call.model,
        rung=body.get("response_format", {}).get("type", "text"),
        limit=limit,
        max_tokens=body.get(limit, 0),
        messages=body["messages"],
        headers={key.lower(): value for key, value in exchange.request.headers.items()},
        input_tokens=exchange.input_tokens,
        output_tokens=exchange.output_tokens,
        status=status,
    )


async def _serve(options: argparse.Namespace) -> None:
    script = deque(one for one in options.script.split(",") if one)
    lacks = frozenset(one for one in options.lacks.split(",") if one)
    server = OpenAIServer(latency=options.latency, port=options.port, script=script, always=options.always, lacks=lacks)
    if options.sample:
        server.makers.known.insert(0, load_sample_maker())
    async with server:
        print(server.url, flush=True)  # noqa: T201  # whoever started it reads the address here
        await asyncio.Event().wait()


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description="A loopback OpenAI-compatible server for tests, benchmarks and demos.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--script", default="", help="behaviours for the first requests, comma-separated")
    parser.add_argument("--always", default="good", help=f"behaviour afterwards: {', '.join(BEHAVIOURS)}")
    parser.add_argument("--lacks", default="", help="options that it refuses, comma-separated")
    parser.add_argument("--sample", action="store_true", help="answers written by hand for papers of the sample day")
    try:
        asyncio.run(_serve(parser.parse_args()))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
