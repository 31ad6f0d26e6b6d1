"""The local Discord page: the real bot in a simulated Discord, shown in a browser, over the sample day.

No token and no network but this machine's own. Everything runs as it does for real: ingest over sockets, the planner,
the sender, the commands and buttons. Only Discord itself is simulated.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import discord
import simcord
from simcord.builders import ChannelHandle
from simcord.env import Env
from simcord.preview import Preview

from bot.app import open_online_services
from bot.client import PaperBot, build_bot
from bot.clock import AsOfClock
from bot.deliver.discord_sender import DiscordWire
from bot.deliver.lease import hold_lease
from bot.deliver.pacing import Pacer
from bot.deliver.sender import Sender
from bot.delivery import Subscription, TopicKey
from bot.demo.loopback import LoopbackArxiv
from bot.demo.run import HOURS_AFTER_RELEASE, demo_settings
from bot.demo.sample import load_sample_world
from bot.pipeline.planning import Planner
from bot.pipeline.running import Runner
from bot.services import OnlineServices
from bot.sources.calendar import load_calendar
from bot.store.delivery_history import DeliveryHistory
from bot.store.leases import LeaseStore

TOPIC = "multimodal"
LOOK_EVERY = 1.0
"""Seconds between two looks at what is due: a channel that was just subscribed gets its brief while one watches."""


@dataclass(frozen=True, slots=True)
class DemoPage:
    """A running page. `address` is where a browser finds it; `deliver` sends what is due now."""

    address: str
    env: Env
    channel: ChannelHandle
    preview: Preview
    deliver: Callable[[], Awaitable[None]]


@asynccontextmanager
async def open_page(port: int | None = None) -> AsyncIterator[DemoPage]:
    """Ingest the sample day, subscribe a channel, deliver its brief, and yield the page while it is served."""
    world = load_sample_world()
    calendar = load_calendar(None)
    as_of = calendar.release(world.announced_on) + timedelta(hours=HOURS_AFTER_RELEASE)
    world.set_now(as_of)
    clock = AsOfClock(as_of)
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="paperbrief-demo-")))
        server = await stack.enter_async_context(LoopbackArxiv(world))
        settings = demo_settings(server, directory)
        online = await stack.enter_async_context(open_online_services(settings, clock=clock))
        services = online.reading
        bot = build_bot(services, shard_count=1)
        env = await stack.enter_async_context(simcord.run(bot))
        guild = env.create_guild("Reading group")
        channel = guild.create_text_channel("papers")
        guild.create_text_channel("vision")
        managers = guild.create_role("Managers", permissions=discord.Permissions(manage_channels=True))
        admin = guild.add_member(env.create_user("ada"), roles=[managers])
        member = guild.add_member(env.create_user("max"))
        await services.subscriptions.save(
            Subscription(guild.id, channel.id, TopicKey(TOPIC), created_by=admin.id, created_at=clock.now())
        )
        lease = await stack.enter_async_context(hold_lease(LeaseStore(services.database), clock, lock_dir=directory))
        pacer = Pacer(clock)
        sender = Sender(
            services.outbox, services.subscriptions, DiscordWire(bot, pacer), clock, lease=lease, pacer=pacer
        )
        runner = _runner(online, bot, world.categories)

        async def deliver() -> None:
            report = await runner.tick()
            if report.plan is not None and report.plan.planned:
                await sender.run_until_idle(patience=0)

        await deliver()
        preview = await stack.enter_async_context(
            env.preview(channel, viewers=[admin, member], layout="channel", port=port)
        )
        yield DemoPage(preview.url, env, channel, preview, deliver)


async def serve_page(port: int | None, tell: Callable[[str], None]) -> None:
    """Serve the page until cancelled; `tell` gets its address."""
    async with open_page(port) as page:
        tell(page.address)
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await page.deliver()


def _runner(online: OnlineServices, bot: PaperBot, categories: Sequence[str]) -> Runner:
    assert bot.user is not None  # noqa: S101  # a started simulation has logged the bot in
    services, calendar = online.reading, load_calendar(None)
    planner = Planner(
        services.announcements,
        services.briefing,
        services.subscriptions,
        services.outbox,
        DeliveryHistory(services.database),
        services.topics.load,
        calendar,
        services.clock,
        bot_id=bot.user.id,
        cutoff=timedelta(hours=4),
    )
    return Runner(
        online.ingest,
        planner,
        services.announcements,
        services.subscriptions,
        services.topics.load,
        calendar,
        services.clock,
        wake=asyncio.Event(),
        categories=categories,
    )
