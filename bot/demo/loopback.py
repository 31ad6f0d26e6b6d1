"""An imitation of arXiv's four interfaces on this machine's loopback address, with scriptable faults.

It serves what an `ArxivWorld` holds at the instant that world is set to. It never talks to another machine, never reads
a clock for the content, and keeps a log of what was asked.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import NamedTuple, Self

from aiohttp import web

from bot.demo.pages import SHOW_VALUES, error_page, feed_error
from bot.demo.queries import Answer, answer_api, answer_oai
from bot.demo.world import EASTERN, ArxivWorld, Flavour
from bot.sources.categories import ALIASES, CATEGORIES

_HTML = "text/html; charset=utf-8"
_TYPES: Mapping[Flavour, str] = {"rss": "application/rss+xml", "atom": "application/atom+xml"}
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class LoggedRequest(NamedTuple):
    """One request as it came in; `at` is in monotonic seconds. `status` is 0 where no answer was sent."""

    method: str
    path: str
    query: str
    status: int
    at: float
    user_agent: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one answer; anything left out stays as it would have been.

    `status`, `headers`, `body` replace those of the right answer (a status of 400 or more alone has an empty body).
    `as_of` answers as at another instant: stale pages. `rewrite` changes the body. `truncate` sends that share of the
    body as if it were all; together with `reset` the full length is promised and the connection dropped. `reset` alone
    drops it before an answer, `hang` after the headers stays silent until the server closes. `drip` is the pause in
    seconds between single bytes.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    as_of: datetime | None = None
    rewrite: Callable[[bytes], bytes] | None = None
    truncate: float | None = None
    reset: bool = False
    hang: bool = False
    drip: float | None = None


_FAULT = web.RequestKey("fault", Fault)


@dataclass(slots=True)
class _Script:
    prefix: str
    category: str | None
    faults: list[Fault]


class LoopbackArxiv:
    """The server; use it as an async context manager. Addresses are known once it is entered.

    `log` holds every request in the order of its answer. Scripted faults are used up in order, one per request that
    fits; then answers are right again.
    """

    def __init__(self, world: ArxivWorld, *, oai_page_size: int = 500) -> None:
        self.log: list[LoggedRequest] = []
        self._world = world
        self._oai_page_size = oai_page_size
        self._scripts: list[_Script] = []
        self._open = 0
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.base_url = ""
        self.pdfs: dict[str, bytes] = {}
        """Identifier with version → PDF; there is no other."""

    @property
    def list_url(self) -> str:
        """Return the value for ARXIV__LIST_URL."""
        return f"{self.base_url}/list"

    @property
    def feed_url(self) -> str:
        """Return the value for ARXIV__FEED_URL."""
        return self.base_url

    @property
    def api_url(self) -> str:
        """Return the value for ARXIV__API_URL."""
        return f"{self.base_url}/api/query"

    @property
    def oai_url(self) -> str:
        """Return the value for ARXIV__OAI_URL."""
        return f"{self.base_url}/oai"

    @property
    def html_url(self) -> str:
        """Return the value for ARXIV__HTML_URL."""
        return f"{self.base_url}/html"

    @property
    def pdf_url(self) -> str:
        """Return the value for ARXIV__PDF_URL."""
        return f"{self.base_url}/pdf"

    def script(self, path_prefix: str, faults: Iterable[Fault], *, category: str | None = None) -> None:
        """Let the next requests under `path_prefix` go wrong, one fault each.

        With `category`, only requests that name it count: in the path, or in OAI's `set`.
        """
        self._scripts.append(_Script(path_prefix, category, list(faults)))

    def clear_script(self) -> None:
        """Forget all faults that were not used."""
        self._scripts.clear()

    @property
    def open_requests(self) -> int:
        """Return how many requests came in and are not answered yet."""
        return self._open

    @property
    def pending_faults(self) -> int:
        """Return how many scripted faults were not used yet."""
        return sum(len(script.faults) for script in self._scripts)

    async def __aenter__(self) -> Self:
        """Start to listen on 127.0.0.1, on a port the system chooses."""
        application = web.Application(middlewares=[self._with_faults])
        application.router.add_get("/list/{category}/{period}", self._listing)
        application.router.add_get("/{flavour:rss|atom}/{codes}", self._feed)
        application.router.add_get("/api/query", self._api)
        application.router.add_get("/oai", self._oai)
        application.router.add_get("/pdf/{name:.+}", self._pdf)
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and let go of requests that hang."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _listing(self, request: web.Request) -> web.StreamResponse:
        category, now = request.match_info["category"], self._instant(request)
        if not self._exists(category):
            return _html(error_page(f"Invalid archive or category: {category}"), 400)
        if request.match_info["period"] != "new":
            return _html(error_page("Invalid time period"), 400)
        try:
            skip, show = int(request.query.get("skip", 0)), int(request.query.get("show", 2000))
        except ValueError:
            skip, show = 0, -1
        if show not in SHOW_VALUES or skip < 0:
            values = ", ".join(map(str, SHOW_VALUES))
            return _html(error_page(f"Invalid show value. Valid values: {values}"), 400)
        return _html(self._world.listing(category, now, skip=skip, show=show))

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        flavour: Flavour = "rss" if request.match_info["flavour"] == "rss" else "atom"
        codes, now = request.match_info["codes"], self._instant(request)
        categories = codes.split("+")
        unknown = [category for category in categories if not self._exists(category)]
        if unknown:
            problem = f"Bad archive '{unknown[0]}'."
            body, status = feed_error(flavour, codes, problem, now.astimezone(EASTERN).date()), 400
        else:
            body, status = self._world.feed(flavour, categories, now), 200
        return web.Response(body=body, status=status, content_type=_TYPES[flavour])

    async def _api(self, request: web.Request) -> web.StreamResponse:
        return _xml(answer_api(request.query, self._world, self._instant(request)), "application/atom+xml")

    async def _oai(self, request: web.Request) -> web.StreamResponse:
        parameters = list(request.query.items())
        now = self._instant(request)
        return _xml(answer_oai(parameters, self._world, now, page_size=self._oai_page_size), "text/xml")

    async def _pdf(self, request: web.Request) -> web.StreamResponse:
        pdf = self.pdfs.get(request.match_info["name"])
        if pdf is None:
            return _html(error_page("PDF unavailable"), 404)
        return web.Response(body=pdf, content_type="application/pdf")

    def _exists(self, category: str) -> bool:
        return category in CATEGORIES or category in ALIASES or category in self._world.categories

    def _instant(self, request: web.Request) -> datetime:
        fault = request.get(_FAULT)
        return fault.as_of if fault and fault.as_of else self._world.now

    @web.middleware
    async def _with_faults(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        at = time.monotonic()
        self._open += 1
        fault = self._next_fault(request)
        if fault:
            request[_FAULT] = fault
        response: web.StreamResponse | None = None
        try:
            response = await (self._faulty(request, handler, fault) if fault else handler(request))
        except web.HTTPException as error:
            response = web.Response(status=error.status, body=error_page(error.reason), headers={"Content-Type": _HTML})
        finally:
            self._open -= 1
            status = 0 if response is None or (fault and fault.reset and fault.truncate is None) else response.status
            agent = request.headers.get("User-Agent", "")
            self.log.append(LoggedRequest(request.method, request.path, request.query_string, status, at, agent))
        return response

    def _next_fault(self, request: web.Request) -> Fault | None:
        for script in self._scripts:
            if script.faults and request.path.startswith(script.prefix) and _names(request, script.category):
                return script.faults.pop(0)
        return None

    async def _faulty(self, request: web.Request, handler: _Handler, fault: Fault) -> web.StreamResponse:
        if fault.reset and fault.truncate is None:
            return _drop(request)
        right = await handler(request)
        assert isinstance(right, web.Response)  # noqa: S101  # all handlers here answer with a whole body
        whole = right.body if isinstance(right.body, bytes) else b""
        if fault.body is not None:
            whole = fault.body
        elif fault.status is not None and fault.status >= 400:
            whole = b""
        if fault.rewrite is not None:
            whole = fault.rewrite(whole)
        status = right.status if fault.status is None else fault.status
        headers = {"Content-Type": right.headers["Content-Type"], **fault.headers}
        part = whole if fault.truncate is None else whole[: int(len(whole) * fault.truncate)]
        if not (fault.hang or fault.drip is not None or fault.reset):
            return web.Response(status=status, headers=headers, body=part)
        return await self._slow(request, fault, web.StreamResponse(status=status, headers=headers), part, len(whole))

    async def _slow(
        self, request: web.Request, fault: Fault, response: web.StreamResponse, part: bytes, promised: int
    ) -> web.StreamResponse:
        response.content_length = promised
        await response.prepare(request)
        if fault.hang:
            await self._closing.wait()
            return _drop(request, response)
        # The client may give up while it is being starved: that is what such a fault is for.
        with contextlib.suppress(ConnectionError):
            if fault.drip is None:
                await response.write(part)
            else:
                for place in range(len(part)):
                    await response.write(part[place : place + 1])
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._closing.wait(), fault.drip)
                    if self._closing.is_set():
                        return _drop(request, response)
        return _drop(request, response) if len(part) < promised else response


def _names(request: web.Request, category: str | None) -> bool:
    if category is None:
        return True
    parts = request.path.rsplit("/", 1)[-1].split("+") + request.path.split("/")
    return category in parts or request.query.get("set", "").endswith(category.replace(".", ":"))


def _html(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, headers={"Content-Type": _HTML})


def _xml(answer: Answer, content_type: str) -> web.Response:
    return web.Response(body=answer.body, status=answer.status, content_type=content_type, charset="utf-8")


def _drop(request: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return response or web.Response()
