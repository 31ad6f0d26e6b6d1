"""The composition root: settings in, services out. Everything is built here and closed in the reverse order."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from bot import __version__
from bot.clock import Clock, SystemClock
from bot.digest.catalogue import load_catalogue
from bot.digest.rank import LexicalRanker
from bot.pipeline.briefing import Briefing
from bot.services import OnlineServices, Services
from bot.settings import Settings
from bot.sources.calendar import load_calendar
from bot.store.announcements import AnnouncementStore
from bot.store.briefs import BriefStore
from bot.store.engine import Database
from bot.store.papers import PaperStore
from bot.store.search import build_search
from bot.store.source_state import SourceStateStore

if TYPE_CHECKING:
    from bot.sources.politeness import PoliteClient

Progress = Callable[[str, int, int], None]
OnWait = Callable[[str, float], None]


def user_agent(contact: str) -> str:
    """Return how this program names itself to arXiv, with the owner's contact where one is set."""
    return f"paper-brief-bot/{__version__} ({contact})" if contact else f"paper-brief-bot/{__version__}"


@asynccontextmanager
async def open_services(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[Services]:
    """Open the database and yield what reads it.

    Raises `StoreError` when the database cannot be used, `UsageError` for a broken calendar file.
    """
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            Database.open(settings.database_url, busy_timeout=settings.database.busy_timeout)
        )
        announcements = AnnouncementStore(database)
        yield Services(
            clock=clock,
            database=database,
            catalogue=load_catalogue(),
            papers=PaperStore(database),
            announcements=announcements,
            search=build_search(database),
            briefing=Briefing(
                announcements,
                BriefStore(database),
                ranker=LexicalRanker(),
                calendar=load_calendar(settings.arxiv.calendar),
                clock=clock,
            ),
        )


@asynccontextmanager
async def open_online_services(
    settings: Settings,
    *,
    clock: Clock | None = None,
    progress: Progress | None = None,
    on_wait: OnWait | None = None,
) -> AsyncIterator[OnlineServices]:
    """Yield the services with those that ask arXiv; `progress` and `on_wait` are told how it goes."""
    # The HTTP and XML libraries cost a third of a second to import: commands that only read do without them.
    from bot.pipeline.ingest import Ingest
    from bot.sources.api import ApiSource
    from bot.sources.feed import FeedSource
    from bot.sources.listing import ListingSource
    from bot.sources.oai import OaiSource

    clock = clock or SystemClock()
    arxiv = settings.arxiv
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(open_services(settings, clock=clock))
        state = SourceStateStore(services.database)
        client = await stack.enter_async_context(_build_client(settings, state, clock, on_wait))
        yield OnlineServices(
            clock=clock,
            database=services.database,
            catalogue=services.catalogue,
            papers=services.papers,
            announcements=services.announcements,
            search=services.search,
            briefing=services.briefing,
            ingest=Ingest(
                services.announcements,
                services.papers,
                listing=ListingSource(client, arxiv.list_url),
                feed=FeedSource(client, arxiv.feed_url),
                api=ApiSource(client, arxiv.api_url),
                oai=OaiSource(client, arxiv.oai_url),
                client=client,
                calendar=load_calendar(arxiv.calendar),
                clock=clock,
                cutoff=timedelta(hours=arxiv.cutoff_hours),
                progress=progress,
            ),
        )


@asynccontextmanager
async def open_client(settings: Settings) -> "AsyncIterator[PoliteClient]":
    """Yield the one way to arXiv alone, for checks; it still keeps to the limit shared through the database."""
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(open_services(settings))
        state = SourceStateStore(services.database)
        yield await stack.enter_async_context(_build_client(settings, state, services.clock, None))


def _build_client(settings: Settings, state: SourceStateStore, clock: Clock, on_wait: OnWait | None) -> "PoliteClient":
    from bot.sources.politeness import PoliteClient

    return PoliteClient(
        state,
        clock=clock,
        spacing_clock=SystemClock(),
        user_agent=user_agent(settings.arxiv.contact),
        min_interval=settings.arxiv.min_interval,
        deadline=settings.arxiv.deadline,
        patience=settings.arxiv.patience,
        on_wait=on_wait,
    )
