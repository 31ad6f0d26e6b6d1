"""Lets a blocking library (the `arxiv` package, oaipmh-scythe) send its requests through `PoliteClient`.

The library runs in a worker thread; each of its requests is handed to the event loop and waited for there. So spacing,
cool-downs, deadlines and the User-Agent are those of everything else, and the library's own are never used.
"""

import asyncio
import concurrent.futures
from collections.abc import Callable
from typing import TypeVar

from bot.model import SourceName
from bot.sources.politeness import PoliteClient, Response

T = TypeVar("T")

Get = Callable[[str], Response]


async def run_blocking(client: PoliteClient, source: SourceName, accept: str, work: Callable[[Get], T]) -> T:
    """Run `work` in a thread and return its result; it calls the function it is given with an address to fetch.

    Errors of the client come out of that call in the thread, and from there out of here. When the caller is cancelled,
    the request under way is cancelled too and the thread has ended before the cancellation goes on.
    """
    loop = asyncio.get_running_loop()
    under_way: set[concurrent.futures.Future[Response]] = set()
    closed = False

    def get(url: str) -> Response:
        if closed:
            raise concurrent.futures.CancelledError
        future = asyncio.run_coroutine_threadsafe(client.get(url, accept=accept, source=source), loop)
        under_way.add(future)
        try:
            return future.result()
        finally:
            under_way.discard(future)

    thread = asyncio.ensure_future(asyncio.to_thread(work, get))
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        closed = True
        for future in list(under_way):
            future.cancel()
        await asyncio.wait([thread])
        if not thread.cancelled():
            # Looked at, so that asyncio does not report it as never retrieved.
            thread.exception()
        raise
