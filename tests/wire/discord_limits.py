"""Rate limits of the loopback Discord: buckets, the global 50/s, the count of invalid requests and what follows it.

Knows time and names of buckets, nothing of the world. Windows are fixed and begin with their first request; every wait
that is told is in the client's seconds.
"""

import hashlib
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.wire.discord_clock import ServerClock
from tests.wire.discord_wire import JsonObject, Limit, Reply

GLOBAL = Limit(50, 1.0)
INVALID = Limit(10_000, 600.0)
BAN_SECONDS = 3600.0
VIA = {"Via": "1.1 google"}


@dataclass(slots=True)
class _Window:
    limit: Limit
    began: float
    used: int = 0

    def left(self, now: float) -> float:
        return self.began + self.limit.per - now


@dataclass(slots=True)
class RateLimits:
    """The limits and what was spent. `overrides` maps "POST /channels/{channel_id}/messages" to another `Limit`.

    `counts` holds what was answered: "user", "global", "shared" for 429 of each scope, "cloudflare" for refusals of the
    edge.
    """

    clock: ServerClock
    overall: Limit = GLOBAL
    invalid: Limit = INVALID
    overrides: dict[str, Limit] = field(default_factory=dict)
    enabled: bool = True
    counts: dict[str, int] = field(default_factory=dict)
    banned_until: float = 0.0
    _windows: dict[tuple[str, str], _Window] = field(default_factory=dict)
    _invalid: deque[float] = field(default_factory=deque)

    def refuse(self, bucket: str, major: str, limit: Limit, *, bot: bool) -> tuple[Reply | None, dict[str, str]]:
        """Count one request in; return the 429 that refuses it or None, and the headers of its bucket."""
        if not self.enabled:
            return None, {}
        now = self.clock.monotonic()
        if now < self.banned_until:
            return self._count("cloudflare", cloudflare_ban(self.clock.client_seconds(self.banned_until - now))), {}
        if bot:
            window = self._window(("", ""), self.overall, now)
            window.used += 1
            if window.used > window.limit.count:
                wait = self.clock.client_seconds(window.left(now))
                return self._count("global", rate_limited(wait, scope="global")), {}
        window = self._window((bucket, major), self.overrides.get(bucket, limit), now)
        window.used += 1
        headers = self._headers(bucket, window, now)
        if window.used <= window.limit.count:
            return None, headers
        wait = self.clock.client_seconds(window.left(now))
        return self._count("user", rate_limited(wait, scope="user", headers=headers)), headers

    def note(self, status: int, headers: Mapping[str, str]) -> None:
        """Count a reply into the invalid requests (401, 403, 429 but for scope shared); too many ban the address."""
        if status not in {401, 403, 429} or headers.get("X-RateLimit-Scope") == "shared":
            return
        now = self.clock.monotonic()
        if now < self.banned_until:
            return
        self._invalid.append(now)
        if self.invalid_requests > self.invalid.count:
            self.banned_until = max(self.banned_until, now + BAN_SECONDS)

    @property
    def invalid_requests(self) -> int:
        """Return how many invalid requests the last ten minutes hold."""
        oldest = self.clock.monotonic() - self.invalid.per
        while self._invalid and self._invalid[0] <= oldest:
            self._invalid.popleft()
        return len(self._invalid)

    def _window(self, key: tuple[str, str], limit: Limit, now: float) -> _Window:
        window = self._windows.get(key)
        if window is None or window.left(now) <= 0 or window.limit != limit:
            window = self._windows[key] = _Window(limit, now)
        return window

    def _headers(self, bucket: str, window: _Window, now: float) -> dict[str, str]:
        left = window.left(now)
        return {
            "X-RateLimit-Limit": str(window.limit.count),
            "X-RateLimit-Remaining": str(max(0, window.limit.count - window.used)),
            "X-RateLimit-Reset": f"{self.clock.now().timestamp() + left:.3f}",
            "X-RateLimit-Reset-After": f"{self.clock.client_seconds(left):.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(bucket.encode()).hexdigest()[:32],
        }

    def _count(self, scope: str, reply: Reply) -> Reply:
        self.counts[scope] = self.counts.get(scope, 0) + 1
        return reply


def rate_limited(
    retry_after: float, *, scope: str = "user", headers: Mapping[str, str] | None = None, via: bool = True
) -> Reply:
    """Return Discord's own 429 that asks the client to wait `retry_after` of its seconds."""
    more: JsonObject = {"Retry-After": str(max(1, math.ceil(retry_after))), "X-RateLimit-Scope": scope}
    if scope == "global":
        more["X-RateLimit-Global"] = "true"
    body = {"message": "You are being rate limited.", "retry_after": retry_after, "global": scope == "global"}
    return Reply(429, body, {**(headers or {}), **more, **(VIA if via else {})})


def cloudflare_ban(retry_after: float = 3600.0) -> Reply:
    """Return the edge's 429: HTML, no Via, no rate limit headers."""
    page = "<!doctype html><html><title>Access denied</title><h1>Error 1015</h1><p>You are being rate limited.</html>"
    headers = {"Server": "cloudflare", "CF-RAY": "8f0000000000dead-FRA", "Retry-After": str(math.ceil(retry_after))}
    return Reply(429, page, headers)
