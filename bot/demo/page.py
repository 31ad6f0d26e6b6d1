"""The local Discord page: the real bot in a simulated Discord, shown in a browser, over the sample day.

No token and no network but this machine's own. Everything runs as it does for real: ingest over sockets, the planner,
the sender, the commands and buttons. Only Discord itself is simulated.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import discord
import simcord
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.env import Env
from simcord.preview import Preview

from bot.app import open_online_services
from bot.client import PaperBot, build_bot, explains
from bot.clock import SystemClock
from bot.deliver.discord_sender import DiscordWire
from bot.deliver.lease import hold_lease
from bot.deliver.pacing import Pacer
from bot.deliver.sender import Sender
from bot.delivery import Subscription, TopicKey
from bot.demo.loopback import LoopbackArxiv
from bot.demo.run import HOURS_AFTER_RELEASE, demo_settings
from bot.demo.sample import load_sample_world
from bot.errors import UsageError
from bot.pipeline.planning import Planner
from bot.pipeline.running import Runner
from bot.services import OnlineServices
from bot.sources.calendar import load_calendar
from bot.store.delivery_history import DeliveryHistory
from bot.store.leases import LeaseStore

TOPIC = "multimodal"
BOT_NAME = "Paper Brief"
LOOK_EVERY = 1.0
"""Seconds between two looks at what is due: a channel that was just subscribed gets its brief while one watches."""

_HINTS = {
    "papers": "The sample day, briefed. Pick a paper in the menu under the brief, or type / for the commands.",
    "vision": "Type /subscribe and a topic, such as diffusion: its brief arrives here in seconds.",
}


class _SampleClock(SystemClock):
    """Reads `as_of` at first and runs on from there, by a counter that SimCord does not put its own in place of."""

    def __init__(self, as_of: datetime) -> None:
        self._as_of = as_of
        self._started = time.perf_counter()

    def now(self) -> datetime:
        """Return the shifted instant in UTC."""
        return self._as_of + timedelta(seconds=self.monotonic() - self._started)

    def monotonic(self) -> float:
        """Return seconds that never run backwards, inside the simulation as outside."""
        return time.perf_counter()


@dataclass(frozen=True, slots=True)
class DemoPage:
    """A running page. `addresses`: where a browser finds each channel, by name; `papers` is the subscribed one.

    `deliver` sends what is due now and shows it; `closed` returns once someone ends the session in the browser.
    """

    addresses: Mapping[str, str]
    announced_on: date
    env: Env
    deliver: Callable[[], Awaitable[None]]
    closed: Callable[[], Awaitable[None]]


@asynccontextmanager
async def open_page(port: int | None = None) -> AsyncIterator[DemoPage]:
    """Ingest the sample day, subscribe a channel, deliver its brief, and yield the page while it is served.

    `port` is that of the subscribed channel's page, None for a free one. Raises `UsageError` where it cannot be had.
    """
    world = load_sample_world()
    calendar = load_calendar(None)
    as_of = calendar.release(world.announced_on) + timedelta(hours=HOURS_AFTER_RELEASE)
    world.set_now(as_of)
    clock = _SampleClock(as_of)
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="paperbrief-demo-")))
        server = await stack.enter_async_context(LoopbackArxiv(world))
        settings = demo_settings(server, directory)
        online = await stack.enter_async_context(open_online_services(settings, clock=clock, spacing_clock=clock))
        services = online.reading
        bot = build_bot(services, shard_count=1)
        env = await stack.enter_async_context(_simulated_discord(bot, as_of))
        guild = env.create_guild("Reading group")
        channels = {name: guild.create_text_channel(name, topic=hint) for name, hint in _HINTS.items()}
        managers = guild.create_role("Managers", permissions=discord.Permissions(manage_channels=True))
        admin = guild.add_member(env.create_user("ada"), roles=[managers])
        member = guild.add_member(env.create_user("max"))
        channel = channels["papers"]
        previews: dict[str, Preview] = {}
        # The subscribed channel comes last: what members write is then attributed to its page.
        for name in reversed(_HINTS):
            place = port if name == "papers" else None
            previews[name] = await stack.enter_async_context(_preview(env, channels[name], [admin, member], place))
        await services.subscriptions.save(
            Subscription(guild.id, channel.id, TopicKey(TOPIC), created_by=admin.id, created_at=clock.now())
        )
        lease = await stack.enter_async_context(hold_lease(LeaseStore(services.database), clock, lock_dir=directory))
        pacer = Pacer(clock)
        sender = Sender(
            services.outbox, services.subscriptions, DiscordWire(bot, pacer), clock, lease=lease, pacer=pacer
        )
        runner = _runner(online, bot, world.categories)
        behind: set[str] = set()

        async def deliver() -> None:
            report = await runner.tick()
            if report.plan is not None and report.plan.planned:
                await sender.run_until_idle(patience=0)
                behind.update(previews)
            for name in sorted(behind):
                # Refused while a command is being answered: then the next look shows it.
                with suppress(simcord.SetupError):
                    await previews[name].refresh()
                    behind.discard(name)

        await deliver()
        yield DemoPage(
            addresses={name: previews[name].url for name in _HINTS},
            announced_on=world.announced_on,
            env=env,
            deliver=deliver,
            closed=previews["papers"].wait_closed,
        )


async def serve_page(port: int | None, tell: Callable[[DemoPage], None], told: asyncio.Event) -> None:
    """Serve the page until `told` to stop or closed from the browser; `tell` gets it once it can be opened."""
    async with open_page(port) as page:
        tell(page)
        ends = [asyncio.create_task(told.wait()), asyncio.create_task(_closed(page))]
        try:
            while not (await asyncio.wait(ends, timeout=LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED))[0]:
                await page.deliver()
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)


async def _closed(page: DemoPage) -> None:
    await page.closed()


@asynccontextmanager
async def _simulated_discord(bot: PaperBot, now: datetime) -> AsyncIterator[Env]:
    """Log the bot in to a simulated Discord where it has its own name and it is `now`."""
    env = Env(bot)
    env.backend.bot_user.name = BOT_NAME
    env.backend.clock.advance((now - env.now()).total_seconds())
    await env.start()
    _take_refusals_for_answers(bot)
    try:
        with env.time_context():
            yield env
    finally:
        await env.shutdown()


def _take_refusals_for_answers(bot: PaperBot) -> None:
    """Undo for refusals what SimCord does with every error of a command: it calls the command's outcome uncertain."""
    recorded, tree = bot.tree.on_error, bot.tree

    async def on_error(interaction: discord.Interaction[PaperBot], error: discord.app_commands.AppCommandError) -> None:
        if explains(error):
            await type(tree).on_error(tree, interaction, error)
        else:
            await recorded(interaction, error)

    tree.on_error = on_error  # type: ignore[method-assign]


@asynccontextmanager
async def _preview(
    env: Env, channel: ChannelHandle, viewers: Sequence[MemberActor], port: int | None
) -> AsyncIterator[Preview]:
    # SimCord keeps one page for a simulation and one channel for a page. Its pages work side by side, and a newcomer
    # who subscribes another channel wants to see what arrives there.
    env._preview = None  # noqa: SLF001  # there is no other way to a second channel
    try:
        preview = env.preview(channel, viewers=viewers, layout="channel", port=port)
        await preview.__aenter__()
    except simcord.SetupError as error:
        if port is None:
            raise
        raise UsageError(f"port {port} is taken; give another with --port, or none for a free one") from error
    try:
        yield preview
    finally:
        await preview.close()


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
