"""The composition root's running part: gateway, ticker and sender, started together and ended in the reverse order."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.app import open_online_services
from bot.app_health import (
    beating,
    build_finder,
    build_watchman,
    health_port,
    metered_answers,
    metered_deliveries,
)
from bot.app_web import publishing
from bot.health.facts import FactFinder
from bot.health.heart import Heart
from bot.health.meters import Meters
from bot.heap import share_one_heap
from bot.services import OnlineServices, Services
from bot.settings import Settings
from bot.sources.calendar import load_calendar
from bot.store.opinions import OpinionStore

if TYPE_CHECKING:
    from bot.client import PaperBot
    from bot.deliver.lease import Lease
    from bot.pipeline.tidying import Tidying

GATEWAY_FIRST = 5.0
"""Seconds that planning waits for the gateway at a start."""

STOP_GRACE = 6.0
"""Seconds for requests under way when the process is told to end. A supervisor kills it after ten, and what comes after
(the goodbye to Discord, the lease, the database) has to fit in as well."""


async def run_discord(settings: Settings, token: str, stop: asyncio.Event) -> None:
    """Run the bot until `stop` is set: gateway, ticker, sender; then end in that order's reverse, within ten seconds.

    Raises `AlreadyRunning` for a second instance on the same data, `DiscordRefused` for what only the owner can mend,
    `GatewayDead` when a new process is the remedy, and `StoreError` kinds.
    """
    from bot.client import build_bot, run_bot
    from bot.deliver.lease import hold_lease
    from bot.store.leases import LeaseStore

    share_one_heap()
    meters = Meters()
    async with AsyncExitStack() as stack:
        online = await stack.enter_async_context(
            open_online_services(settings, with_model=True, on_wait=meters.arxiv_waited)
        )
        database = online.reading.database
        lease = await stack.enter_async_context(
            hold_lease(LeaseStore(database), online.reading.clock, lock_dir=database.directory)
        )
        reading = online.reading
        heart = await stack.enter_async_context(beating(settings, reading.clock))
        publish = await stack.enter_async_context(publishing(settings, reading))
        bot = build_bot(reading, timed=meters.answered, keep_left=timedelta(days=settings.retention.left_days))
        finder = build_finder(settings, reading, heart, lambda: bot.watch.standing)
        await stack.enter_async_context(health_port(settings, finder, meters))
        tasks = [
            asyncio.create_task(run_bot(bot, token), name="gateway"),
            asyncio.create_task(
                _deliver(settings, online, bot, lease, publish, heart, finder, meters), name="delivery"
            ),
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


async def _deliver(
    settings: Settings,
    online: OnlineServices,
    bot: "PaperBot",
    lease: "Lease",
    publish: Callable[[], None],
    heart: Heart,
    finder: FactFinder,
    meters: Meters,
) -> None:
    """Plan and send from the moment that the bot is logged in until cancelled; a gateway that is down stops neither."""
    from bot.deliver.discord_sender import DiscordWire
    from bot.deliver.pacing import Pacer
    from bot.deliver.sender import Sender
    from bot.pipeline.illustrating import Illustrator
    from bot.pipeline.planning import Planner
    from bot.pipeline.running import Runner
    from bot.pipeline.warming import WarmUp
    from bot.schedule import Job, Schedule
    from bot.store.delivery_history import DeliveryHistory
    from bot.store.shown_papers import ShownPapers

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
        reading.topics.load_many,
        calendar,
        reading.clock,
        bot_id=bot_id,
        cutoff=timedelta(hours=settings.arxiv.cutoff_hours),
        catch_up=late_after,
        patience=settings.llm.patience,
        translator=reading.translator,
        opinions=OpinionStore(reading.database),
        pages=reading.pages,
    )
    sender = Sender(
        reading.outbox,
        reading.subscriptions,
        DiscordWire(bot, pacer, on_answer=metered_answers(meters)),
        reading.clock,
        lease=lease,
        pacer=pacer,
        in_flight=settings.delivery.in_flight,
        keep_for=late_after,
        on_recovered=planner.reconsider,
        on_sent=metered_deliveries(meters),
    )
    illustrator = Illustrator(reading.figures, ShownPapers(reading.database), reading.clock, publish=publish)

    def changed() -> None:
        publish()
        illustrator.request()

    runner = Runner(
        online.ingest,
        planner,
        reading.announcements,
        reading.subscriptions,
        reading.topics.load_many,
        calendar,
        reading.clock,
        wake=wake,
        categories=settings.brief.categories,
        embedding=reading.embedding,
        warm_up=WarmUp(
            reading.announcements,
            reading.subscriptions,
            reading.topics.load_many,
            reading.briefing,
            reading.summariser,
            calendar,
            reading.clock,
            translations=reading.translator,
        ),
        publish=changed,
    )
    jobs: dict[str, Job] = {"tick": heart.tick, "warm": runner.warm}
    jobs |= {"poll": heart.watched("poll", runner.poll), "plan": heart.watched("plan", runner.plan)}
    jobs["tidy"] = _tidying(settings, reading).run
    if settings.figures.enabled:
        jobs["figures"] = illustrator.run
    watchman = build_watchman(settings, reading, finder, bot_id=bot_id, wake=wake.set, halts=pacer.halts)
    if watchman is not None:
        await watchman.begin()
        jobs["watch"] = watchman.run
    schedule = Schedule(jobs)
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


def _tidying(settings: Settings, reading: Services) -> "Tidying":
    from bot.pipeline.tidying import Tidying
    from bot.store.retention import Retention, RetentionRules

    days = settings.retention
    rules = RetentionRules(
        payload=timedelta(days=days.payload_days),
        look_up=timedelta(days=days.look_up_days),
        text_vector=timedelta(days=days.text_vector_days),
    )
    return Tidying(Retention(reading.database, rules), reading.clock)
