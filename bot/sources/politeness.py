"""The one way to arXiv: every request of all interfaces goes through `PoliteClient`.

It keeps arXiv's rule (one request in three seconds, one connection, over all interfaces, processes and restarts),
honours cool-downs that arXiv asks for, gives up slow answers as a whole, and translates what went wrong into
`SourceUnavailable`. What it remembers lives in the state "arxiv" of a `LimiterState`:

    next_at    epoch seconds (spacing clock) before which nobody sends
    interval   seconds between two requests, as adapted
    lease      {owner, until}: who is talking to arXiv now, and when a dead owner's claim ends
    cooldowns  host or "*" → {set_at, until}, ISO instants of `clock`
    strikes    how often in a row arXiv refused without saying for how long

It knows no interface and reads no body.
"""

import asyncio
import os
import socket
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urlencode

import httpx2

from bot.clock import Clock
from bot.errors import SourceUnavailable
from bot.log import get_logger
from bot.retry_after import retry_after

STATE = "arxiv"
# arXiv asks for one request in three seconds; peers saw no refusal at fifteen in four months of bulk reading.
MAX_INTERVAL = 15.0
MAX_BODY = 64 * 1024 * 1024
# Nobody answers "come back in a year"; a longer Retry-After is a mistake on some side.
MAX_COOLDOWN = timedelta(hours=24)
_TRIES = 3
_UNEXPLAINED_RETRIES = 2
_MAX_SENT_PER_REQUEST = 8
_FIRST_STRIKE = timedelta(minutes=15)
_LAST_STRIKE = timedelta(minutes=60)
_LEASE_GRACE = 10.0
_POLL = 0.5
_PASSED_THROUGH = (200, 400, 404)
_REDIRECTS = (301, 302, 303, 307, 308)

_log = get_logger(__name__)


class LimiterState(Protocol):
    """Small named dictionaries that all processes share; the store keeps them."""

    async def load(self, name: str) -> dict[str, Any]:
        """Return the dictionary, empty if there is none yet."""
        ...

    async def update(self, name: str, fn: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
        """Replace the dictionary by `fn` of it, with no other writer in between; return the new one."""
        ...


@dataclass(frozen=True, slots=True)
class Response:
    """An answer worth reading: status 200, 400 or 404. Header names are lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    url: str


class _Refused(Exception):
    """One try went wrong in a way that another try may mend."""

    def __init__(self, what: str, status: int | None = None) -> None:
        super().__init__(what)
        self.status = status


class PoliteClient:
    """Sends one request at a time, spaced, with cool-downs. Use as an async context manager.

    `min_interval` and `deadline` are seconds; `patience` is how long one `get` waits in all when arXiv asks to, beyond
    spacing. `clock` tells cool-downs and sleeps, `spacing_clock` is real time even in a replay. `on_wait` is told the
    reason and the seconds before each wait that arXiv asked for.
    """

    def __init__(
        self,
        state: LimiterState,
        *,
        clock: Clock,
        spacing_clock: Clock,
        user_agent: str,
        min_interval: float,
        deadline: float,
        patience: float,
        on_wait: Callable[[str, float], None] | None = None,
    ) -> None:
        self._state = state
        self._clock = clock
        self._spacing = spacing_clock
        self._user_agent = user_agent
        self._min_interval = min_interval
        self._max_interval = max(MAX_INTERVAL, min_interval)
        self._deadline = deadline
        self._patience = patience
        self._on_wait = on_wait
        self._lock = asyncio.Lock()
        self._http: httpx2.AsyncClient | None = None
        self._requests = 0
        self._last_sent: float | None = None
        self._unexplained = 0
        self._failing: set[str] = set()

    async def __aenter__(self) -> Self:
        self._http = httpx2.AsyncClient(
            headers={"User-Agent": self._user_agent},
            limits=httpx2.Limits(max_connections=1, max_keepalive_connections=1),
            timeout=httpx2.Timeout(self._deadline, connect=min(15.0, self._deadline)),
            follow_redirects=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    @property
    def requests(self) -> int:
        """Return how many HTTP requests this client has sent, retries included."""
        return self._requests

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        accept: str,
        source: str,
        max_body: int | None = None,
    ) -> Response:
        """Return arXiv's answer with status 200, 400 or 404 (errors of API and feeds come with a body worth reading).

        Waits for its turn and, within `patience`, for cool-downs; tries again after refusals that may pass. Raises
        `SourceUnavailable`, with the status and the instant worth another try where known, for everything else; an
        answer of more than `max_body` bytes (else `MAX_BODY`) is broken off. `source` names in messages what is asked.
        """
        full = f"{url}?{urlencode(params)}" if params else url
        headers = {"Accept": accept}
        async with self._lock:
            return await self._get(full, headers, source, MAX_BODY if max_body is None else max_body)

    async def _get(self, url: str, headers: dict[str, str], source: str, max_body: int) -> Response:
        waited = 0.0
        failures = sent = 0
        host = _host(url)
        last = ""
        while True:
            waited += await self._sit_out(host, source, self._patience - waited)
            if sent >= _MAX_SENT_PER_REQUEST:
                raise SourceUnavailable(f"arXiv ({source}, {host}) keeps refusing: {last}")
            sent += 1
            try:
                answer = await self._send_spaced(url, headers, max_body)
            except _Refused as refusal:
                failures += 1
                last = str(refusal)
                _log.warning("arxiv.failed", source=str(source), host=host, what=last, failures=failures)
                if failures >= (1 if host in self._failing else _TRIES):
                    self._failing.add(host)
                    message = f"arXiv ({source}, {host}) could not be read: {refusal}"
                    raise SourceUnavailable(message, status=refusal.status) from refusal
                await self._clock.sleep(max(self._min_interval, 0.2) * 2 ** (failures - 1))
                continue
            if answer.status in _REDIRECTS:
                url = self._redirected(answer, host, source)
            elif answer.status in (429, 503):
                last = f"HTTP {answer.status}"
                await self._remember_refusal(answer, host)
            else:
                self._failing.discard(host)
                if answer.status in _PASSED_THROUGH:
                    return answer
                message = f"arXiv ({source}, {host}) refused with HTTP {answer.status}"
                raise SourceUnavailable(message, status=answer.status)

    async def _sit_out(self, host: str, source: str, patience: float) -> float:
        """Wait until no cool-down is in force; return the seconds waited. Raises when that takes too long."""
        waited = 0.0
        while True:
            state = await self._state.load(STATE)
            if self._settled(state) != state:
                state = await self._state.update(STATE, self._settled)
            now = self._clock.now()
            over = [
                (_instant(cooldown["until"]), key)
                for key, cooldown in state.get("cooldowns", {}).items()
                if key in ("*", host) and _instant(cooldown["until"]) > now
            ]
            if not over:
                return waited
            until, key = max(over)
            seconds = (until - now).total_seconds()
            reason = "arXiv limits this address" if key == "*" else f"{host} is overloaded"
            if seconds > patience - waited:
                raise SourceUnavailable(
                    f"{reason} until {until:%Y-%m-%d %H:%M:%S} UTC ({source}); nothing is asked before",
                    status=429 if key == "*" else 503,
                    retry_at=until,
                )
            _log.info("arxiv.wait", reason=reason, seconds=seconds)
            if self._on_wait is not None:
                self._on_wait(reason, seconds)
            await self._clock.sleep(seconds)
            waited += seconds

    async def _send_spaced(self, url: str, headers: dict[str, str], max_body: int) -> Response:
        owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex}"
        answered = False
        try:
            await self._take_turn(owner)
            answer = await self._send(url, headers, max_body)
            answered = answer.status not in (429, 503)
            return answer
        finally:
            await self._state.update(STATE, lambda state: self._released(state, owner, answered))

    async def _take_turn(self, owner: str) -> None:
        told = False
        while True:
            state = await self._state.load(STATE)
            wait = self._turn_in(state)
            if wait > 0 and "lease" in state and self._on_wait is not None and not told:
                self._on_wait(
                    "another process is asking arXiv", state["lease"]["until"] - self._spacing.now().timestamp()
                )
                told = True
            if wait <= 0:
                state = await self._state.update(STATE, lambda state: self._claimed(state, owner))
                if state.get("lease", {}).get("owner") == owner:
                    return
                wait = max(self._turn_in(state), 0.01)
            await self._clock.sleep(wait)

    def _turn_in(self, state: dict[str, Any]) -> float:
        """Return seconds until a request may be sent. A stored time beyond its possible maximum means a clock jump."""
        now = self._spacing.now().timestamp()
        interval = self._interval(state)
        wait = 0.0
        lease = state.get("lease")
        alive = lease and not _is_dead(str(lease["owner"]))
        if lease and alive and now < lease["until"] <= now + self._deadline + _LEASE_GRACE:
            wait = _POLL
        if now < state.get("next_at", 0.0) <= now + self._max_interval:
            wait = max(wait, state["next_at"] - now)
        if self._last_sent is not None:
            wait = max(wait, interval - (self._spacing.monotonic() - self._last_sent))
        # Below a millisecond a clock may not move at all.
        return wait if wait >= 0.001 else 0.0

    def _claimed(self, state: dict[str, Any], owner: str) -> dict[str, Any]:
        if self._turn_in(state) > 0:
            return state
        now = self._spacing.now().timestamp()
        lease = {"owner": owner, "until": now + self._deadline + _LEASE_GRACE}
        return {**state, "lease": lease, "next_at": now + self._interval(state)}

    async def _send(self, url: str, headers: dict[str, str], max_body: int) -> Response:
        if self._http is None:
            raise RuntimeError("PoliteClient is used outside its context")
        self._requests += 1
        self._last_sent = self._spacing.monotonic()
        try:
            async with asyncio.timeout(self._deadline), self._http.stream("GET", url, headers=headers) as answer:
                body = bytearray()
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > max_body:
                        raise SourceUnavailable(f"the answer of {_host(url)} is larger than {max_body >> 20} MiB")
            received = {name.lower(): value for name, value in answer.headers.items()}
        except TimeoutError as error:
            raise _Refused(f"no whole answer within {self._deadline:g} s") from error
        except httpx2.TimeoutException as error:
            raise _Refused(f"no answer within {self._deadline:g} s") from error
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise _Refused(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__) from error
        explained = answer.status_code == 503 and retry_after(received, self._clock.now(), MAX_COOLDOWN) is not None
        if answer.status_code >= 500 and not explained:
            raise _Refused(f"HTTP {answer.status_code}", answer.status_code)
        return Response(answer.status_code, bytes(body), received, url)

    def _redirected(self, answer: Response, host: str, source: str) -> str:
        location = answer.headers.get("location", "")
        try:
            target = str(httpx2.URL(answer.url).join(location))
        except httpx2.InvalidURL:
            target = ""
        if not location or _host(target) != host or not target.startswith(("http://", "https://")):
            raise SourceUnavailable(f"arXiv ({source}, {host}) redirects to another site", status=answer.status)
        return target

    async def _remember_refusal(self, answer: Response, host: str) -> None:
        asked = retry_after(answer.headers, self._clock.now(), MAX_COOLDOWN)
        key = "*" if answer.status == 429 else host
        if asked is None:
            self._unexplained += 1
            patient = self._unexplained <= _UNEXPLAINED_RETRIES
            _log.warning("arxiv.limited", host=host, retry_after=None)
            await self._state.update(STATE, lambda state: self._slowed(state, strike=not patient))
            return
        _log.warning("arxiv.limited", host=host, status=answer.status, retry_after=asked.total_seconds())

        def remember(state: dict[str, Any]) -> dict[str, Any]:
            state = self._slowed(state, strike=False) if answer.status == 429 else state
            return self._cooled(state, key, asked)

        await self._state.update(STATE, remember)

    def _slowed(self, state: dict[str, Any], *, strike: bool) -> dict[str, Any]:
        interval = min(self._max_interval, self._interval(state) * 2)
        slowed = {
            **state,
            "interval": interval,
            "next_at": max(state.get("next_at", 0.0), self._spacing.now().timestamp() + interval),
        }
        if not strike:
            return slowed
        strikes = int(state.get("strikes", 0))
        slowed["strikes"] = strikes + 1
        return self._cooled(slowed, "*", min(_LAST_STRIKE, _FIRST_STRIKE * 2 ** min(strikes, 4)))

    def _cooled(self, state: dict[str, Any], key: str, length: timedelta) -> dict[str, Any]:
        now = self._clock.now()
        cooldown = {"set_at": now.isoformat(), "until": (now + length).isoformat()}
        return {**state, "cooldowns": {**state.get("cooldowns", {}), key: cooldown}}

    def _settled(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return the state without cool-downs that are over; one from the future begins now, with its own length."""
        now = self._clock.now()
        kept: dict[str, Any] = {}
        for key, cooldown in state.get("cooldowns", {}).items():
            set_at, until = _instant(cooldown["set_at"]), _instant(cooldown["until"])
            if now < set_at - timedelta(seconds=5):
                length = min(until - set_at, MAX_COOLDOWN)
                kept[key] = {"set_at": now.isoformat(), "until": (now + length).isoformat()}
            elif until > now:
                kept[key] = cooldown
        return {**state, "cooldowns": kept} if kept or state.get("cooldowns") else state

    def _released(self, state: dict[str, Any], owner: str, answered: bool) -> dict[str, Any]:
        if state.get("lease", {}).get("owner") == owner:
            state = {key: value for key, value in state.items() if key != "lease"}
        if not answered:
            return state
        return {**state, "interval": max(self._min_interval, self._interval(state) * 0.9), "strikes": 0}

    def _interval(self, state: dict[str, Any]) -> float:
        if self._min_interval == 0:
            return 0.0
        return min(max(float(state.get("interval", 0.0)), self._min_interval), self._max_interval)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _host(url: str) -> str:
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        return ""
    return parsed.host if parsed.port is None else f"{parsed.host}:{parsed.port}"


def _is_dead(owner: str) -> bool:
    """Return whether a lease's owner was a process of this machine that is no more."""
    host, _, rest = owner.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
