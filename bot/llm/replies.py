"""What can come back for one request, in our words, and how the bodies of servers are read into it.

Every body is hostile: nothing of it goes into a message or the log but a short code.
"""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum, auto
from typing import Any

_MOST_TOKENS = 100_000_000
"""No request takes more; a larger figure is a mistake or a lie and counts as none."""

_READ_WORDS = 600
"""Characters of each part of an error that are looked through."""

_TOO_LONG = re.compile(r"context[ _](length|window|size)|maximum context|prompt is too long|too many tokens|n_ctx")
_NO_MODEL = re.compile(
    r"model_not_found|deploymentnotfound|model\b.{0,200}\b(not exist|not found|does not exist|unknown)"
)
_NO_QUOTA = re.compile(r"insufficient_quota|insufficient balance|billing|exceeded your current quota|credit balance")
_DECLINED = re.compile(r"content_filter|content_policy|content management policy|safety system")
_FORMAT = re.compile(r"response_format|json_schema|json_object|json schema|grammar|guided|structured")


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the server counts them; `output_tokens` include those spent on reasoning."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer. `finish`: as the server says ("stop", "length" …). `hidden`: reasoning that came beside the text."""

    text: str
    finish: str = "stop"
    declined: bool = False
    usage: Usage | None = None
    hidden: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status other than 2xx. `words`: the start of its body in lower case, only ever searched, never shown."""

    status: int
    code: str = ""
    words: str = ""
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Embedded:
    """Rows of numbers, in the order of the texts; what they are worth, nobody has looked at. `tokens`: as told."""

    rows: list[list[float]]
    tokens: int | None = None


class Lost(StrEnum):
    """Ways in which no answer came. Only after UNREACHABLE is it certain that the server did no work."""

    TIMEOUT = "no answer in time"
    UNREACHABLE = "cannot be reached"
    BROKEN = "the connection broke"
    TOO_LARGE = "the answer is too large"
    UNREADABLE = "the answer is not one of an OpenAI-compatible server"


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing that can be read came back."""

    lost: Lost


Reply = Completion | Refusal | NoAnswer


class Verdict(Enum):
    """What a refusal means for us."""

    KEY = auto()
    QUOTA = auto()
    MODEL = auto()
    ADDRESS = auto()
    LIMITED = auto()
    FAILING = auto()
    TOO_LONG = auto()
    DECLINED = auto()
    OPTION = auto()


def judge(refusal: Refusal) -> Verdict:
    """Return what the refusal means. OPTION: something in the request is not supported; which, `adapted` guesses."""
    status, words = refusal.status, refusal.words
    simple = {401: Verdict.KEY, 402: Verdict.QUOTA, 413: Verdict.TOO_LONG, 408: Verdict.FAILING, 425: Verdict.FAILING}
    if status in simple:
        return simple[status]
    if status < 400:
        return Verdict.ADDRESS
    if status == 429:
        return Verdict.QUOTA if _NO_QUOTA.search(words) else Verdict.LIMITED
    if status >= 500:
        # llama.cpp and vLLM have answered 500 to schemas that their grammar compiler cannot read.
        return Verdict.OPTION if _FORMAT.search(words) else Verdict.FAILING
    if _DECLINED.search(words):
        return Verdict.DECLINED
    if _NO_MODEL.search(words):
        return Verdict.MODEL
    if status == 403:
        return Verdict.KEY
    if status in (404, 405):
        return Verdict.ADDRESS
    return Verdict.TOO_LONG if _TOO_LONG.search(words) else Verdict.OPTION


def mentions_format(refusal: Refusal) -> bool:
    """Return whether the refusal speaks of the form of the answer."""
    return _FORMAT.search(refusal.words) is not None


def read_refusal(status: int, body: str, retry_after: timedelta | None) -> Refusal:
    """Return the refusal that a status and its body say; any body will do.

    Only the error's own words are kept: some servers repeat the request, and with it a paper's text.
    """
    data = _parse(body)
    error = data.get("error", data) if isinstance(data, dict) else body
    if not isinstance(error, dict):
        return Refusal(status, "", str(error)[:_READ_WORDS].lower(), retry_after)
    named = next((error[key] for key in ("code", "type") if isinstance(error.get(key), str)), "")
    code = named if re.fullmatch(r"[A-Za-z_]{3,40}", named) else ""
    words = [str(error.get(key, ""))[:_READ_WORDS] for key in ("code", "type", "param", "message")]
    detail = error.get("detail")
    parts = detail[:5] if isinstance(detail, list) else [detail]
    words += [f"{one.get('loc')} {one.get('msg')}"[:_READ_WORDS] for one in parts if isinstance(one, dict)]
    words += [one[:_READ_WORDS] for one in parts if isinstance(one, str)]
    return Refusal(status, code, " ".join(words).lower(), retry_after)


def read_completion(body: str) -> Completion | None:
    """Return the first choice of a chat completion, or None where the body is not one."""
    data = _parse(body)
    choices = data.get("choices") if isinstance(data, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return None
    message = choices[0].get("message")
    if not isinstance(message, dict):
        return None
    finish = choices[0].get("finish_reason")
    refused = isinstance(message.get("refusal"), str) and bool(message["refusal"].strip())
    return Completion(
        text=_text(message.get("content")),
        finish=finish if isinstance(finish, str) else "stop",
        declined=refused or finish == "content_filter",
        usage=_usage(data.get("usage")),
        hidden=_text(message.get("reasoning_content") or message.get("reasoning")),
    )


def read_embedded(body: str) -> Embedded | None:
    """Return the rows of an answer with embeddings, or None where the body is not one."""
    data = _parse(body)
    listed = data.get("data") if isinstance(data, dict) else None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        return None
    places = [one.get("index") for one in listed]
    rows = [one.get("embedding") for one in listed]
    # Without an index they are in order; with one, each place must be there once.
    if any(place is not None for place in places):
        if sorted(place for place in places if type(place) is int) != list(range(len(rows))):
            return None
        rows = [row for _, row in sorted(zip(places, rows, strict=True), key=lambda pair: pair[0])]
    if not all(isinstance(row, list) and all(type(number) in (int, float) for number in row) for row in rows):
        return None
    usage = data.get("usage")
    return Embedded(rows, _count(usage.get("prompt_tokens")) if isinstance(usage, dict) else None)


def _parse(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _text(content: object) -> str:
    """Return the text of a message whose content is a string or, on some servers, a list of parts."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _usage(found: object) -> Usage | None:
    """Return the tokens; None where they are missing or cannot be true.

    OpenAI counts reasoning inside `completion_tokens`; servers that do not, show it in `total_tokens` or beside it.
    """
    if not isinstance(found, dict):
        return None
    read, written = _count(found.get("prompt_tokens")), _count(found.get("completion_tokens"))
    if not read or written is None:
        return None
    total = _count(found.get("total_tokens")) or 0
    details = found.get("completion_tokens_details")
    reasoning = _count(details.get("reasoning_tokens")) or 0 if isinstance(details, dict) else 0
    beside = written + reasoning if reasoning > written else written
    return Usage(read, max(beside, total - read))


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= _MOST_TOKENS else None
