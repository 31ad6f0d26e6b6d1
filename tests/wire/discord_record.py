"""What was asked of the loopback Discord, kept for assertions, and a check of it against Discord's OpenAPI document.

Never keeps the Authorization header.
"""

import importlib.util
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.wire.discord_clock import ServerClock
from tests.wire.discord_wire import Bell, File, Reply

_SHARED = Path(__file__).resolve().parents[3] / "shared"
_LIBRARYS_OWN = re.compile(r"integer where|(embeds\[\d+\]\.flags|\.tts|\.nsfw): not a property")
"""What discord.py 2.7.1 adds to every such body and Discord takes."""
_UNDESCRIBED = re.compile(r"^/__control/|^/gateway/ws")


@dataclass(slots=True)
class Request:
    """One request as it arrived (path without /api/v10) and what became of it.

    `status` is None while it is under way and after a broken connection; `done` tells which. `held` is True while a
    scripted fault keeps it waiting; `committed` says whether the handler did its work. `at` and `ended` are instants
    of the server's clock.
    """

    number: int
    method: str
    path: str
    query: dict[str, str]
    at: datetime
    body: Any = None
    files: dict[str, File] = field(default_factory=dict)
    authorised: bool = False
    status: int | None = None
    reply: Any = None
    fault: str | None = None
    committed: bool = False
    held: bool = False
    done: bool = False
    ended: datetime | None = None


class Record:
    """All requests in order of arrival, and how many were under way at once."""

    def __init__(self, clock: ServerClock, bell: Bell) -> None:
        self._clock = clock
        self._bell = bell
        self.requests: list[Request] = []
        self.in_flight = 0
        self.in_flight_peak = 0

    def open(self, method: str, path: str, query: dict[str, str]) -> Request:
        """Begin a request."""
        request = Request(len(self.requests), method, path, query, self._clock.now())
        self.requests.append(request)
        self.in_flight += 1
        self.in_flight_peak = max(self.in_flight_peak, self.in_flight)
        self._bell.ring()
        return request

    def close(self, request: Request, reply: Reply | None) -> None:
        """End a request; without a reply the connection was broken."""
        self.in_flight -= 1
        request.done = True
        request.ended = self._clock.now()
        if reply is not None:
            request.status, request.reply = reply.status, reply.body
        self._bell.ring()

    def matching(self, method: str = "*", path: str = "") -> list[Request]:
        """Return the requests of a method whose path matches the regex `path`, in order of arrival."""
        wanted = re.compile(path)
        return [each for each in self.requests if method in {"*", each.method} and wanted.search(each.path)]

    def clear(self) -> None:
        """Forget everything that is over."""
        self.requests = [each for each in self.requests if not each.done]


def validate_against_openapi(requests: Iterable[Request]) -> int:
    """Check every recorded body against Discord's document in ../shared; return how many were checked, 0 without it.

    Raises `AssertionError` naming each body that Discord would refuse or that has a key Discord does not know.
    """
    validator = _validator()
    if validator is None:
        return 0
    problems: list[str] = []
    checked = 0
    for request in requests:
        if request.body is None or _UNDESCRIBED.search(request.path):
            continue
        checked += 1
        try:
            _, errors, warnings = validator.check(request.method, request.path, request.body, bool(request.files))
        except LookupError as error:
            errors, warnings = [str(error)], []
        unknown = [each for each in warnings if not _LIBRARYS_OWN.search(each)]
        problems += [f"{request.method} {request.path}: {each}" for each in [*errors, *unknown]]
    assert not problems, "\n".join(problems)
    return checked


@cache
def _validator() -> Any:
    tool, document = _SHARED / "tools" / "validate_discord.py", _SHARED / "data" / "discord" / "openapi.json"
    if not (tool.exists() and document.exists()):
        return None
    spec = importlib.util.spec_from_file_location("validate_discord", tool)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Validator(json.loads(document.read_text(encoding="utf-8")))
