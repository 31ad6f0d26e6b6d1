"""The ways in which the loopback model server answers: well, badly, late, never, and with every status that matters."""

import gzip
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.wire.openai_answers import (
    OTHER_PAPER,
    ChatCall,
    in_wrong_language,
    with_invented_number,
    with_wrong_ids,
)

if TYPE_CHECKING:
    from tests.wire.openai_server import OpenAIServer

DRIP_SECONDS = 0.01


@dataclass(slots=True)
class Exchange:
    """One request under way."""

    server: "OpenAIServer"
    request: web.Request
    body: dict[str, Any]
    call: ChatCall
    figure: str
    output_tokens: int = 0

    @property
    def input_tokens(self) -> int:
        """Return the tokens read: characters of all messages and of the schema, by four."""
        told = json.dumps([self.body["messages"], self.body.get("response_format")], ensure_ascii=False)
        return len(told) // 4

    def value(self) -> Any:
        """Return the answer that the makers give."""
        return self.server.makers.make(self.call)

    def completion(self, text: str, *, finish: str = "stop", **extra: Any) -> web.Response:
        """Return a chat completion with that text; `extra` are further keys of the message, or `usage`."""
        self.output_tokens = max(1, len(text) // 4)
        usage = extra.pop("usage", self.usage(self.output_tokens))
        message = {"role": "assistant", "content": text, **extra}
        data = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_780_000_000,
            "model": self.call.model,
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        }
        return web.json_response(data if usage is None else {**data, "usage": usage})

    def usage(self, written: int) -> dict[str, int]:
        """Return what OpenAI says of tokens."""
        read = self.input_tokens
        return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}

    def said(self, value: Any, **extra: Any) -> web.Response:
        """Return a completion whose text is `value` as JSON."""
        return self.completion(json.dumps(value, ensure_ascii=False), **extra)


def refused(status: int, message: str, code: str | None = None, **headers: str) -> web.Response:
    """Return an error in OpenAI's form."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return web.json_response({"error": error}, status=status, headers=named)


Behaviour = Callable[[Exchange], Awaitable[web.StreamResponse]]


async def _good(exchange: Exchange) -> web.StreamResponse:
    return exchange.said(exchange.value())


async def _slow(exchange: Exchange) -> web.StreamResponse:
    await exchange.server.rest(float(exchange.figure or 5))
    return exchange.said(exchange.value())


async def _hang(exchange: Exchange) -> web.StreamResponse:
    await exchange.server.closing.wait()
    return refused(503, "closing")


async def _drip(exchange: Exchange) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(exchange.request)
    while not exchange.server.closing.is_set():
        await answer.write(b" ")
        await exchange.server.rest(DRIP_SECONDS)
    return answer


async def _limited(exchange: Exchange) -> web.StreamResponse:
    headers = {"Retry_After": exchange.figure} if exchange.figure else {}
    return refused(429, "Rate limit reached for requests", "rate_limit_exceeded", **headers)


async def _limited_until(exchange: Exchange) -> web.StreamResponse:
    now = datetime.now(UTC).replace(microsecond=0)
    until = now + timedelta(seconds=float(exchange.figure or 10))
    dates = {"Retry_After": format_datetime(until, usegmt=True), "Date": format_datetime(now, usegmt=True)}
    return refused(429, "Rate limit reached", "rate_limit_exceeded", **dates)


async def _failing(exchange: Exchange) -> web.StreamResponse:
    return web.Response(status=int(exchange.figure or 500), text="upstream connect error")


async def _unauthorised(exchange: Exchange) -> web.StreamResponse:
    key = exchange.request.headers.get("Authorization", "")
    return refused(401, f"Incorrect API key provided: {key}", "invalid_api_key")


async def _quota(exchange: Exchange) -> web.StreamResponse:
    return refused(429, "You exceeded your current quota, please check your plan", "insufficient_quota")


async def _no_model(exchange: Exchange) -> web.StreamResponse:
    return refused(404, f"The model `{exchange.call.model}` does not exist", "model_not_found")


async def _not_found(exchange: Exchange) -> web.StreamResponse:
    return web.Response(status=404, text="<html>404 page not found</html>", content_type="text/html")


async def _too_long(exchange: Exchange) -> web.StreamResponse:
    return refused(400, "This model's maximum context length is 512 tokens.", "context_length_exceeded")


async def _refusal(exchange: Exchange) -> web.StreamResponse:
    return exchange.completion("", refusal="I'm sorry, I can't help with that.")


async def _filtered(exchange: Exchange) -> web.StreamResponse:
    return exchange.completion("", finish="content_filter")


async def _truncated(exchange: Exchange) -> web.StreamResponse:
    text = json.dumps(exchange.value(), ensure_ascii=False)
    return exchange.completion(text[: len(text) // 2], finish="length")


async def _fenced(exchange: Exchange) -> web.StreamResponse:
    text = json.dumps(exchange.value(), ensure_ascii=False, indent=1)
    return exchange.completion(f"Sure! Here it is:\n```json\n{text}\n```\nAnything else?")


async def _thinking(exchange: Exchange) -> web.StreamResponse:
    text = json.dumps(exchange.value(), ensure_ascii=False)
    return exchange.completion(f'Let me see. {{"gist": "draft"}}?\n</think>\n\n{text}')


async def _prose(exchange: Exchange) -> web.StreamResponse:
    return exchange.completion("This is a fine paper, and I would rather talk about it.")


async def _empty(exchange: Exchange) -> web.StreamResponse:
    return exchange.completion("")


async def _reasoning(exchange: Exchange) -> web.StreamResponse:
    text = json.dumps(exchange.value(), ensure_ascii=False)
    usage = exchange.usage(len(text) // 4)
    usage["total_tokens"] += 900
    details = {"completion_tokens_details": {"reasoning_tokens": 900}}
    return exchange.completion(text, reasoning_content="First, …", usage={**usage, **details})


async def _wrong_id(exchange: Exchange) -> web.StreamResponse:
    return exchange.said(with_wrong_ids(exchange.value()))


async def _wrong_language(exchange: Exchange) -> web.StreamResponse:
    return exchange.said(in_wrong_language(exchange.value(), exchange.call.language))


async def _other_paper(exchange: Exchange) -> web.StreamResponse:
    return exchange.said(exchange.server.makers.make(exchange.call.about(OTHER_PAPER)))


async def _invented_number(exchange: Exchange) -> web.StreamResponse:
    return exchange.said(with_invented_number(exchange.value()))


async def _no_usage(exchange: Exchange) -> web.StreamResponse:
    return exchange.said(exchange.value(), usage=None)


async def _lying_usage(exchange: Exchange) -> web.StreamResponse:
    return exchange.said(exchange.value(), usage={"prompt_tokens": -5, "completion_tokens": "many"})


async def _costly(exchange: Exchange) -> web.StreamResponse:
    many = int(exchange.figure or 1_000_000)
    usage = {"prompt_tokens": many, "completion_tokens": many, "total_tokens": 2 * many}
    return exchange.said(exchange.value(), usage=usage)


async def _reset(exchange: Exchange) -> web.StreamResponse:
    if exchange.request.transport is not None:
        exchange.request.transport.abort()
    return web.Response()


async def _html(exchange: Exchange) -> web.StreamResponse:
    return web.Response(text="<html><title>Sign in</title></html>", content_type="text/html")


async def _redirect(exchange: Exchange) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": exchange.figure or "http://127.0.0.1:9/v1/chat/completions"})


async def _huge(exchange: Exchange) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(exchange.request)
    for _ in range(64):
        await answer.write(b" " * 2**20)
    return answer


async def _packed(exchange: Exchange) -> web.StreamResponse:
    bomb = gzip.compress(b" " * 2**24)
    return web.Response(body=bomb, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})


async def _deep(exchange: Exchange) -> web.StreamResponse:
    return exchange.completion('{"a":' * 100_000)


BEHAVIOURS: dict[str, Behaviour] = {
    function.__name__.removeprefix("_").replace("_", "-"): function
    for function in (
        _good,
        _slow,
        _hang,
        _drip,
        _limited,
        _limited_until,
        _failing,
        _unauthorised,
        _quota,
        _no_model,
        _not_found,
        _too_long,
        _refusal,
        _filtered,
        _truncated,
        _fenced,
        _thinking,
        _prose,
        _empty,
        _reasoning,
        _wrong_id,
        _wrong_language,
        _other_paper,
        _invented_number,
        _no_usage,
        _lying_usage,
        _costly,
        _reset,
        _html,
        _redirect,
        _huge,
        _packed,
        _deep,
    )
}
