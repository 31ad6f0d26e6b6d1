"""What every part of the loopback Discord speaks: calls, replies, errors, routes, and a bell for waiting tests.

No state of the world lives here.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.wire.discord_world import World

JsonObject = dict[str, Any]
FieldErrors = list[tuple[tuple[str | int, ...], str, str]]
"""Refused fields of a body: (path inside it, Discord's code, message)."""


class Bell:
    """Wakes whoever waits for something to become true; rung after every change."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def ring(self) -> None:
        """Let every waiter look again."""
        for event in self._waiting:
            event.set()

    async def until(self, true: Callable[[], object], seconds: float = 5.0) -> None:
        """Return once `true()` holds; raises `TimeoutError` after `seconds` real seconds.

        Looked at after every ring and every 10 ms besides, so that it may be about the client too.
        """
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            async with asyncio.timeout(seconds):
                while not true():
                    event.clear()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.01):
                            await event.wait()
        finally:
            self._waiting.discard(event)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, decoded: identifiers from the path, the query, the JSON body (or `payload_json`) and files."""

    method: str
    path: str
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    files: Mapping[str, "File"] = field(default_factory=dict)

    def id(self, name: str) -> int:
        """Return an identifier of the path; raises `ApiError` 50035 when it is no snowflake."""
        try:
            return int(self.ids[name])
        except ValueError:
            message = f'Value "{self.ids[name]}" is not snowflake.'
            raise invalid_form([((name,), "NUMBER_TYPE_COERCE", message)]) from None

    @property
    def object(self) -> JsonObject:
        """Return the body as an object, an absent one as empty; raises `ApiError` 50109 when it is something else."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise ApiError(400, 50109, "The request body contains invalid JSON.")
        return self.body


@dataclass(frozen=True, slots=True)
class File:
    """One uploaded file of a multipart body."""

    name: str
    content: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answers; `body` None is an empty body, a string is sent as HTML."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class ApiError(Exception):
    """A refusal in Discord's shape: HTTP status, JSON error code, message, and more keys of the body."""

    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.body: JsonObject = {"message": message, "code": code, **more}


def invalid_form(errors: FieldErrors) -> ApiError:
    """Return 400 / 50035 with the nested `errors` object that names each refused field."""
    tree: JsonObject = {}
    for path, code, message in errors:
        node = tree
        for part in path:
            node = node.setdefault(str(part), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})
    return ApiError(400, 50035, "Invalid Form Body", errors=tree)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many requests a bucket takes in how many of the server's seconds."""

    count: int
    per: float


DEFAULT_LIMIT = Limit(50, 1.0)
"""Routes whose real bucket is unknown and unimportant here; the global limit of 50/s is met first."""


Handler = Callable[["World", Call], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: method, path template, handler, bucket limit.

    `bot` is False for interaction callbacks and follow-ups, which need no bot token and are outside the global limit.
    """

    method: str
    template: str
    handler: Handler
    limit: Limit = DEFAULT_LIMIT
    bot: bool = True

    @property
    def pattern(self) -> re.Pattern[str]:
        """Return the template as a pattern with one named group per identifier."""
        parts = re.split(r"\{(\w+)\}", self.template)
        text = "".join(f"(?P<{part}>[^/]+)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts))
        return re.compile(f"^{text}/?$")

    @property
    def bucket(self) -> str:
        """Return the bucket's name, alike for every channel or guild."""
        return f"{self.method} {self.template}"


MAJOR = ("channel_id", "guild_id", "webhook_id", "token")
"""Identifiers of a path that make a bucket of their own (Discord: top-level resources)."""
