"""One request as it is sent, made from a question and from what the model can do; and what it costs at the most."""

import json
import math
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from bot.llm.capabilities import Capabilities, LimitName, Rung
from bot.llm.config import Price
from bot.llm.forms import describe, strict_schema
from bot.llm.port import ChatRequest
from bot.llm.replies import Completion, Lost, NoAnswer, Refusal, Reply, Usage
from bot.spending import Spending

TEMPLATE_TOKENS = 200
"""More than any chat template adds around two to four messages (gpt-oss adds about 70, Llama 3 about 40)."""

BYTES_PER_TOKEN = 3
"""For an estimate: English takes 4 to 5 bytes of UTF-8 per token, Chinese and LaTeX about 3."""

_REPEATED = 6_000
"""Characters of a rejected answer that are shown to the model again."""


@dataclass(frozen=True, slots=True)
class Call:
    """A chat completion request. `schema_name` and `schema` are sent only on the rungs that can use them."""

    model: str
    messages: tuple[tuple[str, str], ...]
    rung: Rung
    limit: LimitName
    max_tokens: int
    temperature: float | None
    schema_name: str
    schema: dict[str, Any]

    @property
    def response_format(self) -> dict[str, Any] | None:
        """Return the `response_format` of the wire, or None where there is none to send."""
        if self.rung is Rung.TEXT:
            return None
        if self.rung is Rung.JSON_OBJECT:
            return {"type": "json_object"}
        return {
            "type": "json_schema",
            "json_schema": {"name": self.schema_name, "schema": self.schema, "strict": True},
        }

    @property
    def body(self) -> dict[str, Any]:
        """Return the request as the wire has it; what the server might not know is left out where it is not wanted."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": role, "content": text} for role, text in self.messages],
            self.limit.value: self.max_tokens,
        }
        if self.temperature is not None:
            body["temperature"] = self.temperature
        if self.response_format is not None:
            body["response_format"] = self.response_format
        return body

    @property
    def sent_bytes(self) -> int:
        """Return the size of everything that the model reads."""
        shape = json.dumps(self.response_format) if self.rung is Rung.JSON_SCHEMA else ""
        return sum(len(text.encode("utf-8", "replace")) for _, text in self.messages) + len(shape)


@dataclass(frozen=True, slots=True)
class Repair:
    """Why an answer was not taken. `answer` is empty where repeating it would not help."""

    problem: str
    answer: str = ""


def build_call(
    model: str, request: ChatRequest, form: type[BaseModel], can: Capabilities, repair: Repair | None = None
) -> Call:
    """Return the request to send; on a repair the schema is always told in words as well."""
    schema = strict_schema(form)
    system = request.system
    if can.rung is not Rung.JSON_SCHEMA or repair is not None:
        system = f"{system}\n\n{describe(schema)}"
    messages = [("system", system), ("user", request.user)]
    if not can.system:
        messages = [("user", f"{system}\n\n{request.user}")]
    if repair is not None and repair.answer:
        messages.append(("assistant", repair.answer[:_REPEATED]))
        messages.append(("user", f"That answer cannot be used. {repair.problem} Answer again, in full."))
    return Call(
        model=model,
        messages=tuple(messages),
        rung=can.rung,
        limit=can.limit,
        max_tokens=request.max_output_tokens * can.stretch,
        temperature=request.temperature if can.temperature else None,
        schema_name=form.__name__,
        schema=schema,
    )


def most(call: Call, price: Price) -> Spending:
    """Return what the request costs at the most: no tokeniser makes more than one token of a byte."""
    read = call.sent_bytes + TEMPLATE_TOKENS
    return Spending(1, read, call.max_tokens, price.cost_micros(read, call.max_tokens))


def cost_of(call: Call, reply: Reply, price: Price) -> Spending:
    """Return what a request cost, by the server's own count where it gives one, else estimated and marked so.

    A request that was cut short may have been worked on, and billed, to its end: it counts in full.
    """
    if isinstance(reply, Completion):
        usage, guessed = reply.usage, 0
        if usage is None or (not usage.output_tokens and reply.text):
            usage, guessed = _estimate(call, reply), 1
        cost = price.cost_micros(usage.input_tokens, usage.output_tokens)
        return Spending(1, usage.input_tokens, usage.output_tokens, cost, guessed)
    if isinstance(reply, NoAnswer) and reply.lost is Lost.UNREACHABLE:
        return Spending()
    # A gateway that gave up waiting says nothing about what the model behind it did.
    if isinstance(reply, Refusal) and reply.status not in (408, 504, 524):
        return Spending(requests=1)
    return replace(most(call, price), estimated=1)


def _estimate(call: Call, completion: Completion) -> Usage:
    written = math.ceil(len((completion.text + completion.hidden).encode("utf-8", "replace")) / BYTES_PER_TOKEN)
    if completion.finish == "length":
        written = call.max_tokens
    return Usage(math.ceil(call.sent_bytes / BYTES_PER_TOKEN), min(written, call.max_tokens))
