"""The composition root: settings in, services out. Everything is built here and closed in the reverse order."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.app_arxiv import build_client
from bot.app_model import day_ceiling, model_config, open_chat_model, open_embedding
from bot.app_web import page_links
from bot.clock import Clock, SystemClock
from bot.digest.catalogue import load_catalogue
from bot.digest.general_interest import GeneralInterest
from bot.digest.rank import CompositeRanker
from bot.errors import SettingsError
from bot.figures import CutFigure
from bot.health.owner_view import OwnerView
from bot.model import Paper
from bot.pipeline.asking import Asker
from bot.pipeline.billing import Billing
from bot.pipeline.briefing import Briefing
from bot.pipeline.embedding import Embedding
from bot.pipeline.evidence import Evidences
from bot.pipeline.explaining import Explainer
from bot.pipeline.figures import Cut, Figures
from bot.pipeline.full_texts import FullTexts
from bot.pipeline.look_up import LookUp
from bot.pipeline.publishing import Publications
from bot.pipeline.reader_summaries import ReaderSummaries
from bot.pipeline.related import Related
from bot.pipeline.shelf import Shelf
from bot.pipeline.summarising import Summariser
from bot.pipeline.topics import Topics
from bot.pipeline.translating import Translator
from bot.pipeline.writing import Writer
from bot.services import Limits, OnlineServices, Services
from bot.settings import Settings
from bot.sources.calendar import load_calendar
from bot.store.announcements import AnnouncementStore
from bot.store.briefs import BriefStore
from bot.store.engine import Database
from bot.store.figures import FigureStore
from bot.store.guild_topics import GuildTopicStore
from bot.store.guilds import GuildStore
from bot.store.health import HealthStore
from bot.store.opinions import OpinionStore
from bot.store.outbox import Outbox
from bot.store.papers import PaperStore
from bot.store.questions import QuestionStore
from bot.store.readers import ReaderStore
from bot.store.report import ReportStore
from bot.store.search import build_search
from bot.store.source_state import SourceStateStore
from bot.store.spend import SpendStore
from bot.store.subscriptions import SubscriptionStore
from bot.store.summaries import SummaryStore
from bot.texts import FullText

if TYPE_CHECKING:
    from bot.llm.endpoint import Endpoint
    from bot.pipeline.backfill import Backfill
    from bot.sources.politeness import PoliteClient

Progress = Callable[[str, int, int], None]
OnWait = Callable[[str, float], None]


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    clock: Clock | None = None,
    fetch: Callable[[str], Awaitable[Paper]] | None = None,
    read: Callable[[Paper], Awaitable[FullText]] | None = None,
    cut: Cut | None = None,
    with_model: bool = False,
    with_embedder: bool = False,
) -> AsyncIterator[Services]:
    """Open the database and yield what reads it; `fetch` asks arXiv for a paper not stored, `read` for a full text.

    `cut` asks it for figures. `with_model`: the configured language model may be asked, if there is one, and a server
    for vectors; `with_embedder`: the latter alone. Without, nothing can cost money. Raises `StoreError` when the
    database cannot be used, `UsageError` for a broken calendar file.
    """
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            Database.open(settings.database_url, busy_timeout=settings.database.busy_timeout)
        )
        model = await stack.enter_async_context(open_chat_model(settings, database, clock)) if with_model else None
        embedding = await stack.enter_async_context(
            open_embedding(settings, database, clock, may_cost=with_model or with_embedder)
        )
        services = _build_services(settings, database, clock, fetch, read, cut, model, embedding)
        stack.push_async_callback(services.summariser.close)
        stack.push_async_callback(services.translator.close)
        yield services


def _build_services(
    settings: Settings,
    database: Database,
    clock: Clock,
    fetch: Callable[[str], Awaitable[Paper]] | None,
    read: Callable[[Paper], Awaitable[FullText]] | None,
    cut: Cut | None,
    model: "Endpoint | None",
    embedding: Embedding | None,
) -> Services:
    announcements, briefs, papers = AnnouncementStore(database), BriefStore(database), PaperStore(database)
    outbox, readers, guild_topics = Outbox(database), ReaderStore(database), GuildTopicStore(database)
    catalogue, calendar = load_catalogue(), load_calendar(settings.arxiv.calendar)
    ranker = CompositeRanker(GeneralInterest.load)
    search, questions = build_search(database), QuestionStore(database)
    llm, limits, shape, model_texts = settings.llm, settings.limits, settings.brief, SummaryStore(database)
    quotas = {"per_user": limits.questions_per_user, "per_guild": limits.questions_per_guild}
    also = [llm.fallback_model] if llm.fallback_model else []
    summariser = Summariser(model, briefs, model_texts, patience=llm.patience, producers=also)
    writer = Writer(summariser, model, model_texts, overview=shape.overview, rerank=shape.rerank, currency=llm.currency)
    evidences = Evidences(briefs, OpinionStore(database), embedding)
    briefing = Briefing(
        announcements, briefs, ranker=ranker, calendar=calendar, clock=clock, writer=writer, evidences=evidences
    )
    return Services(
        clock=clock,
        database=database,
        catalogue=catalogue,
        papers=papers,
        announcements=announcements,
        search=search,
        briefing=briefing,
        topics=Topics(catalogue, guild_topics, briefing),
        explainer=Explainer(
            announcements,
            papers,
            briefs,
            outbox,
            ranker=ranker,
            calendar=calendar,
            clock=clock,
            evidences=evidences,
            reranks=writer.reranks,
        ),
        subscriptions=SubscriptionStore(database),
        outbox=outbox,
        readers=readers,
        guild_topics=guild_topics,
        guilds=GuildStore(database),
        look_up=LookUp(papers, readers, clock=clock, fetch=fetch),
        shelf=Shelf(briefing, announcements, clock=clock, max_papers=shape.max_papers),
        related=Related(search, papers, embedding),
        embedding=embedding,
        summariser=summariser,
        reader_summaries=ReaderSummaries(summariser, questions, clock, **quotas),
        asker=Asker(model, FullTexts(read, clock), questions, clock, **quotas),
        billing=Billing(
            SpendStore(database),
            clock,
            producer=llm.model or None,
            model=model,
            ceiling=day_ceiling(settings),
            currency=llm.currency,
        ),
        translator=Translator(model, model_texts, questions, clock, **quotas, currency=llm.currency),
        figures=Figures(
            FigureStore(database),
            papers,
            cut,
            enabled=settings.figures.enabled,
            most=settings.figures.per_paper,
        ),
        publications=Publications(SourceStateStore(database)),
        owner_view=OwnerView(
            HealthStore(database),
            ReportStore(database),
            clock,
            channel_id=settings.discord.owner_channel,
            currency=llm.currency,
        ),
        pages=page_links(settings),
        limits=Limits(limits.subscriptions_per_guild, limits.topics_per_guild),
    )


@asynccontextmanager
async def open_online_services(
    settings: Settings,
    *,
    clock: Clock | None = None,
    progress: Progress | None = None,
    on_wait: OnWait | None = None,
    spacing_clock: Clock | None = None,
    with_model: bool = False,
    with_embedder: bool = False,
) -> AsyncIterator[OnlineServices]:
    """Yield the services with what asks arXiv; `progress` and `on_wait` are told how it goes.

    `spacing_clock` spaces the requests: the machine's own, whatever time `clock` says it is.
    """
    # The HTTP and XML libraries cost a third of a second to import: commands that only read do without them.
    from bot.pipeline.ingest import Ingest
    from bot.sources.api import ApiSource
    from bot.sources.feed import FeedSource
    from bot.sources.figures import FigureReader, FigureSource
    from bot.sources.full_text import FullTextSource
    from bot.sources.listing import ListingSource
    from bot.sources.oai import OaiSource
    from bot.sources.pdf import PdfReader
    from bot.sources.pdf_process import PdfProcess

    clock = clock or SystemClock()
    arxiv = settings.arxiv

    async def fetch(arxiv_id: str) -> Paper:
        return await ingest.fetch_paper(arxiv_id)

    async def read(paper: Paper) -> FullText:
        return await full_texts.fetch(paper)

    async def cut(paper: Paper) -> tuple[CutFigure, ...]:
        return await figures.fetch(paper)

    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(
            open_services(
                settings,
                clock=clock,
                fetch=fetch,
                read=read,
                cut=cut,
                with_model=with_model,
                with_embedder=with_embedder,
            )
        )
        stack.push_async_callback(services.look_up.close)
        state = SourceStateStore(services.database)
        client = await stack.enter_async_context(
            build_client(settings, state, clock, on_wait, spacing_clock or SystemClock())
        )
        stack.push_async_callback(services.asker.close)
        stack.push_async_callback(services.figures.close)
        process = PdfProcess()
        full_texts = FullTextSource(client, arxiv.html_url, arxiv.pdf_url, PdfReader(process))
        figures = FigureSource(full_texts, FigureReader(process), settings.figures.per_paper)
        ingest = Ingest(
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
            embedding=services.embedding,
        )
        yield OnlineServices(services, ingest)


@asynccontextmanager
async def open_backfill(settings: Settings, *, batch: bool) -> "AsyncIterator[Backfill]":
    """Yield what writes summaries for earlier briefs; `batch`: with the batches of the model's server.

    Raises `SettingsError` without a model.
    """
    from bot.pipeline.backfill import Backfill
    from bot.store.shown_papers import ShownPapers

    if not settings.llm.model:
        raise SettingsError(["LLM__MODEL: no language model is set up"])
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(open_services(settings, with_model=True))
        database, batches = services.database, None
        if batch:
            from bot.llm.batch import Batches
            from bot.llm.wire import OpenAIBatchWire

            config = model_config(settings)
            wire = await stack.enter_async_context(OpenAIBatchWire(config, services.clock))
            ledger, memory = SpendStore(database), SourceStateStore(database)
            batches = Batches(config, wire, ledger, memory, services.clock)
        yield Backfill(
            ShownPapers(database),
            services.summariser,
            services.papers,
            BriefStore(database),
            currency=settings.llm.currency,
            batches=batches,
        )


@asynccontextmanager
async def open_client(settings: Settings) -> "AsyncIterator[PoliteClient]":
    """Yield the one way to arXiv alone, for checks; it still keeps to the limit shared through the database."""
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(open_services(settings))
        state = SourceStateStore(services.database)
        yield await stack.enter_async_context(build_client(settings, state, services.clock, None, SystemClock()))
