"""The composition root's part for the web edition: settings in, a built site out. Needs nothing but the database."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.clock import Clock, SystemClock
from bot.digest.catalogue import load_catalogue
from bot.settings import Settings
from bot.sources.calendar import load_calendar
from bot.store.engine import Database
from bot.web.links import PageLinks

if TYPE_CHECKING:
    from bot.services import Services
    from bot.web.site import Progress, SiteReceipt


async def build_web(
    settings: Settings,
    out: Path,
    *,
    since: date | None = None,
    clock: Clock | None = None,
    progress: "Progress | None" = None,
    processes: int | None = None,
) -> "SiteReceipt":
    """Build the web edition of what is stored into `out` and return what was done.

    `since`: announcement dates before it have no pages; else WEB__DAYS decides. Raises `SiteError`, `StoreError` kinds,
    and `UsageError` for a broken calendar file.
    """
    from bot.web.reading import FIRST_DAY, SiteWish
    from bot.web.rendering import open_renderer, usable_cores
    from bot.web.site import build_site

    clock = clock or SystemClock()
    now, web = clock.now(), settings.web
    if since is None and web.days is not None:
        since = now.date() - timedelta(days=web.days)
    next_on, next_at = load_calendar(settings.arxiv.calendar).next_release(now)
    wish = SiteWish(
        next_on=next_on,
        next_at=next_at,
        site_url=web.url,
        site_name=web.name,
        since=since or FIRST_DAY,
        server_topics=web.server_topics,
        figures=settings.figures.per_paper if settings.figures.enabled else 0,
    )
    timeout = settings.database.busy_timeout
    async with (
        open_renderer(usable_cores() if processes is None else processes) as renderer,
        Database.open(settings.database_url, busy_timeout=timeout) as database,
    ):
        return await build_site(wish, database, load_catalogue(), out, renderer, progress=progress)


def page_links(settings: Settings) -> PageLinks | None:
    """Return what knows the pages that messages may lead to; None unless WEB__OUT and WEB__URL are both set."""
    web = settings.web
    if web.out is None or web.url is None:
        return None
    return PageLinks(web.out, web.url, server_topics=web.server_topics)


@asynccontextmanager
async def publishing(settings: Settings, reading: "Services") -> AsyncIterator[Callable[[], None]]:
    """Yield what asks for a build of the web edition; asked once at the start. Without WEB__OUT it does nothing.

    At the end a build under way is ended with its processes.
    """
    from bot.pipeline.publishing import Publisher

    if settings.web.out is None:
        yield lambda: None
        return

    def told(fresh: bool) -> None:
        if reading.pages is not None:
            reading.pages.fresh = fresh

    command = (sys.executable, "-m", "bot", "web", "build", "--background", "--format", "json")
    publisher = Publisher(command, reading.publications, reading.clock, told=told)
    publisher.request()
    task = asyncio.create_task(publisher.run_forever(), name="publishing")
    try:
        yield publisher.request
    finally:
        task.cancel()
        await asyncio.wait({task})
