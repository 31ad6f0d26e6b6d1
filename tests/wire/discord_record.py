"""What was asked of the loopback Discord, kept for assertions, and a check of every body among it.

Never keeps the Authorization header.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.wire.discord_bodies import body_faults
from tests.wire.discord_clock import ServerClock
from tests.wire.discord_wire import Bell, File, Reply


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
        """Forget everything that is over; raises as `validate_bodies`, so that no body is forgotten unseen."""
        over = [each for each in self.requests if each.done]
        self.forgive()
        validate_bodies(over)

    def forgive(self) -> None:
        """Forget everything that is over, bodies that a test got wrong on purpose included."""
        self.requests = [each for each in self.requests if not each.done]


def validate_bodies(requests: Iterable[Request]) -> int:
    """Check every recorded body; return how many there were.

    Raises `AssertionError` naming each body that Discord would refuse or that has a key Discord does not know.
    """
    sent = [one for one in requests if one.body is not None]
    problems = [
        problem for one in sent for problem in body_faults(one.method, one.path, one.body, file_count=len(one.files))
    ]
    assert not problems, "\n".join(problems)
    return len(sent)
