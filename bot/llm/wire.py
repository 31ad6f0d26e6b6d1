"""The only module that knows the `openai` package; imported when the first model is opened, as it costs 52 MB.

Sends one request and says what came back. It does not retry, judge or log, and no exception of the package leaves it:
those hold the request, and with it the key and a paper's text.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar
from urllib.parse import urlsplit

import httpx2
import openai
from openai import Omit
from openai.types import Batch

from bot.clock import Clock
from bot.errors import ModelRefused, ModelUnavailable
from bot.llm.asking import Call
from bot.llm.batch import BatchStatus
from bot.llm.config import ModelConfig
from bot.llm.replies import (
    Embedded,
    Lost,
    NoAnswer,
    Refusal,
    Reply,
    read_completion,
    read_embedded,
    read_refusal,
)
from bot.retry_after import retry_after

MOST_BYTES = 2 * 1024 * 1024
"""Of one answer; the longest that is asked for takes some tens of kilobytes."""
MOST_VECTOR_BYTES = 32 * 1024 * 1024
"""Of the answer to one request for vectors: 32 of them, 4,096 numbers each, take 3 MB."""
MOST_BATCH_BYTES = 256 * 1024 * 1024
"""Of the answers of a batch, which come in one file."""
CONNECT_TIMEOUT = 10.0
LONGEST_WAIT = timedelta(hours=1)
"""A longer Retry-After is a mistake on some side."""

T = TypeVar("T")

_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


class _Raw(Protocol):
    """An answer of the package's that is not parsed yet."""

    @property
    def http_response(self) -> httpx2.Response:
        """Return the answer as it came."""
        ...


class _TooLarge(httpx2.RequestError):
    """The answer goes on beyond `MOST_BYTES`, or might after unpacking."""


class _Bounded(httpx2.AsyncByteStream):
    """A body that ends with an error once it is larger than anything we asked for."""

    def __init__(self, stream: httpx2.AsyncByteStream, most: int) -> None:
        self._stream = stream
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > self._most:
                raise _TooLarge("too large")
            yield chunk

    async def aclose(self) -> None:
        """Close what it reads from."""
        await self._stream.aclose()


async def _bound(response: httpx2.Response, most: int) -> None:
    # We ask for no compression; a packed body could be a thousand times larger than what passes the bound.
    if response.headers.get("content-encoding", "identity") not in ("", "identity"):
        raise _TooLarge("packed")
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream, most)


class OpenAIWire:
    """`AsyncOpenAI` with our own limits: no retries, no redirects, a deadline for the whole request, a bounded body."""

    def __init__(self, config: ModelConfig, clock: Clock, most_bytes: int = MOST_BYTES) -> None:
        async def bound(response: httpx2.Response) -> None:
            await _bound(response, most_bytes)

        self._clock = clock
        self._timeout = config.timeout
        timeout = httpx2.Timeout(config.timeout, connect=min(CONNECT_TIMEOUT, config.timeout))
        self._http = httpx2.AsyncClient(
            timeout=timeout,
            limits=httpx2.Limits(max_connections=config.concurrency, max_keepalive_connections=config.concurrency),
            follow_redirects=False,
            event_hooks={"response": [bound]},
        )
        key = config.api_key.get_secret_value() if config.api_key else ""
        self._client = openai.AsyncOpenAI(
            # Empty strings, as None would take OPENAI_API_KEY and OPENAI_ADMIN_KEY from the environment.
            api_key=key,
            admin_api_key="",
            base_url=config.base_url,
            timeout=timeout,
            max_retries=0,
            http_client=self._http,
            _enforce_credentials=False,
        )
        self._headers: dict[str, str | Omit] = {"Accept-Encoding": "identity"}
        self._headers["Authorization"] = f"Bearer {key}" if key else Omit()
        if not (urlsplit(config.base_url).hostname or "").endswith("openai.com"):
            # Taken from the environment by the package; they are nobody else's business.
            self._headers |= {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def post(self, call: Call) -> Reply:
        """Send one request and return what came of it within the deadline; raises nothing but cancellation."""
        asked = self._client.chat.completions.with_raw_response.create(extra_headers=self._headers, **call.body)
        return await self._answer(asked, read_completion)

    async def _answer(self, asked: Awaitable[_Raw], read: Callable[[str], T | None]) -> T | Refusal | NoAnswer:
        try:
            async with asyncio.timeout(self._timeout):
                body = (await asked).http_response.text
        except TimeoutError:
            return NoAnswer(Lost.TIMEOUT)
        except openai.APIStatusError as error:
            return self._refusal(error)
        except openai.APIConnectionError as error:
            return NoAnswer(_lost(error))
        except openai.OpenAIError:
            return NoAnswer(Lost.UNREADABLE)
        found = read(body)
        return found if found is not None else NoAnswer(Lost.UNREADABLE)

    def _refusal(self, error: openai.APIStatusError) -> Refusal:
        response = error.response
        headers = {name.lower(): value for name, value in response.headers.items()}
        return read_refusal(response.status_code, response.text, self._wait(headers))

    def _wait(self, headers: Mapping[str, str]) -> timedelta | None:
        precise = headers.get("retry-after-ms", "")
        if precise.isdecimal() and len(precise) < 10:
            return min(timedelta(milliseconds=int(precise)), LONGEST_WAIT)
        return retry_after(headers, self._clock.now(), LONGEST_WAIT)


class OpenAIVectorWire(OpenAIWire):
    """The embeddings of a server: https://platform.openai.com/docs/api-reference/embeddings."""

    def __init__(self, config: ModelConfig, clock: Clock) -> None:
        super().__init__(config, clock, MOST_VECTOR_BYTES)
        self._model = config.model

    async def embed(self, texts: Sequence[str], dimensions: int | None) -> Embedded | Refusal | NoAnswer:
        """Send one request and return what came of it within the deadline; raises nothing but cancellation.

        `dimensions`: asked for where it is given; most servers know only those of the model.
        """
        arguments: dict[str, Any] = {} if dimensions is None else {"dimensions": dimensions}
        asked = self._client.embeddings.with_raw_response.create(
            model=self._model,
            input=list(texts),
            # The package would ask for base64, which not every server knows.
            encoding_format="float",
            extra_headers=self._headers,
            **arguments,
        )
        return await self._answer(asked, read_embedded)


class OpenAIBatchWire(OpenAIWire):
    """The files and batches of the same server: https://platform.openai.com/docs/api-reference/batch."""

    def __init__(self, config: ModelConfig, clock: Clock) -> None:
        super().__init__(config, clock, MOST_BATCH_BYTES)

    async def upload(self, lines: bytes) -> str:
        """Store the requests of a batch, one JSON document a line, and return the file's id. Raises `ModelError`."""
        file = ("paperbrief.jsonl", lines, "application/jsonl")
        with _said(self._timeout):
            found = await self._client.files.create(file=file, purpose="batch", extra_headers=self._headers)
        return found.id

    async def create(self, file_id: str, token: str) -> BatchStatus:
        """Begin a batch that can be found again by `token`. Raises `ModelError`."""
        with _said(self._timeout):
            found = await self._client.batches.create(
                input_file_id=file_id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={"paperbrief": token},
                extra_headers=self._headers,
            )
        return _status(found)

    async def status(self, batch_id: str) -> BatchStatus:
        """Return how a batch stands. Raises `ModelError`."""
        with _said(self._timeout):
            return _status(await self._client.batches.retrieve(batch_id, extra_headers=self._headers))

    async def find(self, token: str) -> BatchStatus | None:
        """Return the batch that was begun with `token`, among the newest hundred. Raises `ModelError`."""
        with _said(self._timeout):
            page = await self._client.batches.list(limit=100, extra_headers=self._headers)
        return next((_status(one) for one in page.data if (one.metadata or {}).get("paperbrief") == token), None)

    async def content(self, file_id: str) -> str:
        """Return the text of a file. Raises `ModelError`."""
        with _said(self._timeout):
            return (await self._client.files.content(file_id, extra_headers=self._headers)).text


@contextmanager
def _said(seconds: float) -> Iterator[None]:
    """Turn the errors of the package into ours; none of theirs leaves this module."""
    try:
        yield
    except openai.APIStatusError as error:
        status = error.status_code
        if status in (401, 403, 404, 405):
            raise ModelRefused(f"the server does not offer batches to this key ({status})") from None
        raise ModelUnavailable(f"the server did not take a request about batches ({status})", status=status) from None
    except (openai.OpenAIError, ValueError):
        raise ModelUnavailable(f"the server of batches could not be reached within {seconds:g} s") from None


def _status(found: Batch) -> BatchStatus:
    counts = found.request_counts
    return BatchStatus(
        batch_id=found.id,
        state=found.status,
        output_file_id=found.output_file_id,
        error_file_id=found.error_file_id,
        done=counts.completed + counts.failed if counts else 0,
        total=counts.total if counts else 0,
    )


def _lost(error: openai.APIConnectionError) -> Lost:
    cause = error.__cause__
    if isinstance(cause, _TooLarge):
        return Lost.TOO_LARGE
    if isinstance(cause, _NEVER_SENT):
        return Lost.UNREACHABLE
    return Lost.TIMEOUT if isinstance(error, openai.APITimeoutError) else Lost.BROKEN
