"""The composition root: settings in, services out. Everything is built here and closed in the reverse order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.app_arxiv import build_client
from bot.app_model import day_ceiling, model_config, open_chat_model, open_embedding
from bot.clock import Clock, SystemClock
from bot.digest.catalogue import load_catalogue
from bot.digest.general_interest import GeneralInterest
from bot.digest.rank import CompositeRanker
from bot.errors import SettingsError
from bot.model import Paper
from bot.pipeline.asking import Asker
from bot.pipeline.billing import Billing
from bot.pipeline.briefing import Briefing
from bot.pipeline.embedding import Embedding
from bot.pipeline.evidence import Evidences
from bot.pipeline.explaining import Explainer
from bot.pipeline.full_texts import FullTexts
from bot.pipeline.look_up import LookUp
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
from bot.store.guild_topics import GuildTopicStore
from bot.store.guilds import GuildStore
from bot.store.opinions import OpinionStore
from bot.store.outbox import Outbox
from bot.store.papers import PaperStore
from bot.store.questions import QuestionStore
from bot.store.readers import ReaderStore
from bot.store.search import build_search
from bot.store.source_state import SourceStateStore
from bot.store.spend import SpendStore
from bot.store.subscriptions import SubscriptionStore
from bot.store.summaries import SummaryStore
from bot.texts import FullText

if TYPE_CHECKING:
    from bot.client import PaperBot
    from bot.deliver.lease import Lease
    from bot.llm.endpoint import Endpoint
    from bot.pipeline.backfill import Backfill
    from bot.sources.politeness import PoliteClient

Progress = Callable[[str, int, int], None]
OnWait = Callable[[str, float], None]

GATEWAY_FIRST = 5.0
"""Seconds that planning waits for the gateway at a start."""

STOP_GRACE = 6.0
"""Seconds for requests under way when the process is told to end. A supervisor kills it after ten, and what comes after
(the goodbye to Discord, the lease, the database) has to fit in as well."""


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    clock: Clock | None = None,
    fetch: Callable[[str], Awaitable[Paper]] | None = None,
    read: Callable[[Paper], Awaitable[FullText]] | None = None,
    with_model: bool = False,
    with_embedder: bool = False,
) -> AsyncIterator[Services]:
    """Open the database and yield what reads it; `fetch` asks arXiv for a paper not stored, `read` for a full text.

    `with_model`: the configured language model may be asked, if there is one, and a server for vectors;
    `with_embedder`: the latter alone. Without, nothing can cost money. Raises `StoreError` when the database cannot be
    used, `UsageError` for a broken calendar file.
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
        services = _build_services(settings, database, clock, fetch, read, model, embedding)
        stack.push_async_callback(services.summariser.close)
        stack.push_async_callback(services.translator.close)
        yield services


def _build_services(
    settings: Settings,
    database: Database,
    clock: Clock,
    fetch: Callable[[str], Awaitable[Paper]] | None,
    read: Callable[[Paper], Awaitable[FullText]] | None,
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
    from bot.sources.full_text import FullTextSource
    from bot.sources.listing import ListingSource
    from bot.sources.oai import OaiSource

    clock = clock or SystemClock()
    arxiv = settings.arxiv

    async def fetch(arxiv_id: str) -> Paper:
        return await ingest.fetch_paper(arxiv_id)

    async def read(paper: Paper) -> FullText:
        return await full_texts.fetch(paper)

    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(
            open_services(
                settings, clock=clock, fetch=fetch, read=read, with_model=with_model, with_embedder=with_embedder
            )
        )
        stack.push_async_callback(services.look_up.close)
        state = SourceStateStore(services.database)
        client = await stack.enter_async_context(
            build_client(settings, state, clock, on_wait, spacing_clock or SystemClock())
        )
        stack.push_async_callback(services.asker.close)
        full_texts = FullTextSource(client, arxiv.html_url, arxiv.pdf_url)
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


async def run_discord(settings: Settings, token: str, stop: asyncio.Event) -> None:
    """Run the bot until `stop` is set: gateway, ticker, sender; then end in that order's reverse, within ten seconds.

    Raises `AlreadyRunning` for a second instance on the same data, `DiscordRefused` for what only the owner can mend,
    `GatewayDead` when a new process is the remedy, and `StoreError` kinds.
    """
    from bot.client import build_bot, run_bot
    from bot.deliver.lease import hold_lease
    from bot.store.leases import LeaseStore

    async with AsyncExitStack() as stack:
        online = await stack.enter_async_context(open_online_services(settings, with_model=True))
        database = online.reading.database
        lock_dir = settings.data_dir if database.dialect == "sqlite" else None
        lease = await stack.enter_async_context(
            hold_lease(LeaseStore(database), online.reading.clock, lock_dir=lock_dir)
        )
        bot = build_bot(online.reading)
        tasks = [
            asyncio.create_task(run_bot(bot, token), name="gateway"),
            asyncio.create_task(_deliver(settings, online, bot, lease), name="delivery"),
            asyncio.create_task(stop.wait(), name="stop"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            # Delivery first, while the client can still be asked: its end waits for requests under way.
            for task in (tasks[1], tasks[0], tasks[2]):
                task.cancel()
                await asyncio.wait({task})


async def _deliver(settings: Settings, online: OnlineServices, bot: "PaperBot", lease: "Lease") -> None:
    """Plan and send from the moment that the bot is logged in until cancelled; a gateway that is down stops neither."""
    from bot.deliver.discord_sender import DiscordWire
    from bot.deliver.pacing import Pacer
    from bot.deliver.sender import Sender
    from bot.pipeline.planning import Planner
    from bot.pipeline.running import Runner
    from bot.pipeline.warming import WarmUp
    from bot.schedule import Schedule
    from bot.store.delivery_history import DeliveryHistory

    bot_id = await bot.logged_in()
    # A day's briefs and the list of all servers at once would take each other's time and twice the memory. A gateway
    # that is down holds up nothing for longer than that.
    with suppress(TimeoutError):
        await asyncio.wait_for(bot.wait_until_ready(), GATEWAY_FIRST)
    reading, wake = online.reading, bot.wake
    calendar = load_calendar(settings.arxiv.calendar)
    pacer = Pacer(reading.clock, rate=settings.delivery.pace)
    late_after = timedelta(hours=settings.delivery.late_hours)
    planner = Planner(
        reading.announcements,
        reading.briefing,
        reading.subscriptions,
        reading.outbox,
        DeliveryHistory(reading.database),
        reading.topics.load,
        calendar,
        reading.clock,
        bot_id=bot_id,
        cutoff=timedelta(hours=settings.arxiv.cutoff_hours),
        catch_up=late_after,
        patience=settings.llm.patience,
        translator=reading.translator,
        opinions=OpinionStore(reading.database),
    )
    sender = Sender(
        reading.outbox,
        reading.subscriptions,
        DiscordWire(bot, pacer),
        reading.clock,
        lease=lease,
        pacer=pacer,
        in_flight=settings.delivery.in_flight,
        keep_for=late_after,
        on_recovered=planner.reconsider,
    )
    runner = Runner(
        online.ingest,
        planner,
        reading.announcements,
        reading.subscriptions,
        reading.topics.load,
        calendar,
        reading.clock,
        wake=wake,
        categories=settings.brief.categories,
        embedding=reading.embedding,
        warm_up=WarmUp(
            reading.announcements,
            reading.subscriptions,
            reading.topics.load,
            reading.briefing,
            reading.summariser,
            calendar,
            reading.clock,
            translations=reading.translator,
        ),
    )
    schedule = Schedule({"poll": runner.poll, "plan": runner.plan, "warm": runner.warm})
    schedule.start()
    # A task of its own: to cancel a run that was not told to stop would cost the longer grace of the sender.
    sending = asyncio.create_task(sender.run_forever(wake))
    try:
        await asyncio.wait({sending})
        sending.result()
    finally:
        await schedule.stop()
        await sender.stop(STOP_GRACE)
        await asyncio.wait({sending})
