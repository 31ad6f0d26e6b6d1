"""Scripted faults of the loopback Discord: what goes wrong with which request, in which order.

Only says what shall happen; `discord_http.py` does it.
"""

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.wire.discord_limits import VIA, cloudflare_ban, rate_limited
from tests.wire.discord_wire import Reply


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request. With `commit` the server does its work first, so the world has changed.

    `delay` are real seconds before the reply (without `commit`: before the work), `hold` waits until `Faults.release`
    and then goes on as usual; `reply` replaces the answer; `reset` breaks the connection (without `commit`: before the
    body is read); `truncate` sends half of the reply and breaks off. A fault with nothing set lets the request pass.
    """

    reply: Reply | None = None
    delay: float = 0.0
    hold: bool = False
    reset: bool = False
    truncate: bool = False
    commit: bool = False

    @property
    def name(self) -> str:
        """Return a short name for the record."""
        kinds = [kind for kind in ("hold", "reset", "truncate", "commit") if getattr(self, kind)]
        kinds += [str(self.reply.status)] if self.reply else []
        kinds += [f"delay {self.delay}"] if self.delay else []
        return " ".join(kinds) or "pass"


@dataclass(slots=True)
class _Script:
    method: str
    pattern: re.Pattern[str]
    faults: deque[Fault] = field(default_factory=deque)


class Faults:
    """The scripts, looked at in the order they were given; each matching request uses up one fault."""

    def __init__(self) -> None:
        self._scripts: list[_Script] = []

    def add(self, method: str, path: str, *faults: Fault, times: int = 1) -> None:
        """Let the next requests of `method` ("*" for any) whose path matches the regex meet `faults`, `times` over."""
        self._scripts.append(_Script(method.upper(), re.compile(path), deque(faults * times)))

    def take(self, method: str, path: str) -> Fault | None:
        """Use up and return the fault of this request, or None."""
        for script in self._scripts:
            if script.faults and script.method in {method, "*"} and script.pattern.search(path):
                return script.faults.popleft()
        return None

    @property
    def left(self) -> int:
        """Return how many faults have not happened: a test that expects all of them asserts 0."""
        return sum(len(script.faults) for script in self._scripts)

    def clear(self) -> None:
        """Forget every script."""
        self._scripts.clear()


def passes() -> Fault:
    """Let one request pass."""
    return Fault()


def replies(status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> Fault:
    """Answer with a status (503, 520 and the like come with an HTML page of the edge when no body is given)."""
    page = f"<html><title>{status}</title></html>" if body is None else body
    return Fault(reply=Reply(status, page, headers or VIA))


def refuses(status: int, code: int, message: str = "Refused by script", **more: Any) -> Fault:
    """Answer with an error in Discord's JSON shape."""
    return replies(status, {"message": message, "code": code, **more})


def limits(retry_after: float, scope: str = "user", *, via: bool = True) -> Fault:
    """Answer 429 asking for `retry_after` of the client's seconds; scope user, global or shared."""
    return Fault(reply=rate_limited(retry_after, scope=scope, via=via))


def cloudflare(retry_after: float = 3600.0) -> Fault:
    """Answer with the edge's HTML 429 without Via."""
    return Fault(reply=cloudflare_ban(retry_after))


def delays(seconds: float) -> Fault:
    """Work only after so many real seconds."""
    return Fault(delay=seconds)


def holds() -> Fault:
    """Work only once `release` is called (a hang when it never is)."""
    return Fault(hold=True)


def resets() -> Fault:
    """Break the connection before the body is read: nothing was done."""
    return Fault(reset=True)


def resets_after_commit() -> Fault:
    """Do the work, then break the connection: the client cannot know."""
    return Fault(reset=True, commit=True)


def truncates() -> Fault:
    """Do the work, send half of the reply, break off."""
    return Fault(truncate=True, commit=True)


def after_commit(fault: Fault) -> Fault:
    """Return the same fault, met only after the work was done (a 503 or a hang that hides a success)."""
    return replace(fault, commit=True)
