"""The local Discord page: the real bot in a simulated Discord, shown in a browser, over the sample day.

No token and no network but this machine's own, unless a language model elsewhere is set up. Everything runs as it does
for real: ingest over sockets, the model, the planner, the sender, the commands and buttons. Only Discord itself is
simulated.
"""

import asyncio
import contextvars
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

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
from bot.demo.run import HOURS_AFTER_RELEASE, at_loopback
from bot.demo.sample import load_sample_world
from bot.errors import UsageError
from bot.i18n import load_texts, mark
from bot.pipeline.planning import Planner
from bot.pipeline.running import Runner
from bot.services import OnlineServices, Services
from bot.settings import Settings
from bot.sources.calendar import load_calendar
from bot.store.delivery_history import DeliveryHistory
from bot.store.leases import LeaseStore

P = ParamSpec("P")
T = TypeVar("T")

TOPIC = "multimodal"
BOT_NAME = "Paper Brief"
BESIDE_MODEL = 70.0
"""Seconds that an answer may take beside what the model's requests may: a reader waits 60 for a translation in turn."""
LOOK_EVERY = 1.0
"""Seconds between two looks at what is due: a channel that was just subscribed gets its brief while one watches."""

_HINTS = {
    "papers": mark("The sample day, briefed. Pick a paper in the menu under the brief, or type / for the commands."),
    "vision": mark("Type /subscribe and a topic, such as diffusion: its brief arrives here in seconds."),
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
async def open_page(settings: Settings, port: int | None = None, language: str = "en") -> AsyncIterator[DemoPage]:
    """Ingest the sample day, subscribe a channel, deliver its brief, and yield the page while it is served.

    `settings`: those of `read_settings`, whose model is asked where they name one. `port` is that of the subscribed
    channel's page, None for a free one. `language`: of the first brief, and of everybody's Discord. Raises `UsageError`
    where the port cannot be had.
    """
    world = load_sample_world()
    calendar = load_calendar(None)
    as_of = calendar.release(world.announced_on) + timedelta(hours=HOURS_AFTER_RELEASE)
    world.set_now(as_of)
    clock = _SampleClock(as_of)
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="paperbrief-demo-")))
        server = await stack.enter_async_context(LoopbackArxiv(world))
        settings = at_loopback(settings, server, directory)
        online = await stack.enter_async_context(
            open_online_services(settings, clock=clock, spacing_clock=clock, with_model=True)
        )
        services = online.reading
        _ask_in_real_time(services)
        bot = build_bot(services, shard_count=1)
        env = await stack.enter_async_context(_simulated_discord(bot, as_of, settings.llm.timeout, language))
        guild = env.create_guild("Reading group")
        say = load_texts(language).say
        channels = {name: guild.create_text_channel(name, topic=say(hint)) for name, hint in _HINTS.items()}
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
            Subscription(
                guild.id,
                channel.id,
                TopicKey(TOPIC),
                language=language,
                created_by=admin.id,
                created_at=clock.now(),
            )
        )
        lease = await stack.enter_async_context(hold_lease(LeaseStore(services.database), clock, lock_dir=directory))
        pacer = Pacer(clock)
        sender = Sender(
            services.outbox, services.subscriptions, DiscordWire(bot, pacer), clock, lease=lease, pacer=pacer
        )
        runner = _runner(online, bot, world.categories, settings.llm.patience)
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


async def serve_page(
    settings: Settings, port: int | None, language: str, tell: Callable[[DemoPage], None], told: asyncio.Event
) -> None:
    """Serve the page of `open_page` until `told` to stop or closed from the browser; `tell` gets it once it is there.

    Told to stop, it does not wait for a model that is being asked.
    """
    tasks = [asyncio.create_task(_serve(settings, port, language, tell)), asyncio.create_task(told.wait())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
            await asyncio.wait({task})


async def _serve(settings: Settings, port: int | None, language: str, tell: Callable[[DemoPage], None]) -> None:
    async with open_page(settings, port, language) as page:
        tell(page)
        closed = asyncio.create_task(_closed(page))
        try:
            while not (await asyncio.wait({closed}, timeout=LOOK_EVERY))[0]:
                await page.deliver()
        finally:
            closed.cancel()
            await asyncio.wait({closed})


async def _closed(page: DemoPage) -> None:
    await page.closed()


@asynccontextmanager
async def _simulated_discord(bot: PaperBot, now: datetime, model_seconds: float, language: str) -> AsyncIterator[Env]:
    """Log the bot in to a simulated Discord in `language`, where it has its own name and it is `now`.

    `model_seconds`: those of one request to the model; an answer takes up to twice that of it.
    """
    # SimCord's own limit is for the commands of a test, not for a model.
    env = Env(bot, settle_timeout=2 * model_seconds + BESIDE_MODEL)
    _speak(env, language)
    env.backend.bot_user.name = BOT_NAME
    env.backend.clock.advance((now - env.now()).total_seconds())
    await env.start()
    _take_refusals_for_answers(bot)
    try:
        with env.time_context():
            yield env
    finally:
        await env.shutdown()


def _speak(env: Env, language: str) -> None:
    """Have everybody's Discord be in `language`: by itself SimCord says of each interaction that it is in English."""
    emit = env.backend.emit

    def emit_in_language(name: str, payload: Mapping[str, Any], *args: Any, **kwargs: Any) -> None:
        if name == "INTERACTION_CREATE" and language != "en":
            payload = {**payload, "locale": language}
        emit(name, payload, *args, **kwargs)

    env.backend.emit = emit_in_language  # type: ignore[assignment, method-assign]


def _ask_in_real_time(services: Services) -> None:
    """Have what may ask the model run beside the simulation: in there, no time passes while an answer is awaited.

    A model that hangs would never be given up.
    """

    def beside(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        async def call(*given: P.args, **named: P.kwargs) -> T:
            # What is begun in the simulation's context belongs to it.
            return await contextvars.Context().run(asyncio.create_task, method(*given, **named))

        return call

    services.asker.ask = beside(services.asker.ask)  # type: ignore[method-assign]
    services.translator.translate = beside(services.translator.translate)  # type: ignore[method-assign]
    services.reader_summaries.find = beside(services.reader_summaries.find)  # type: ignore[method-assign]


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


def _runner(online: OnlineServices, bot: PaperBot, categories: Sequence[str], patience: float) -> Runner:
    assert bot.user is not None  # noqa: S101  # a started simulation has logged the bot in
    services, calendar = online.reading, load_calendar(None)
    planner = Planner(
        services.announcements,
        services.briefing,
        services.subscriptions,
        services.outbox,
        DeliveryHistory(services.database),
        services.topics.load_many,
        calendar,
        services.clock,
        bot_id=bot.user.id,
        cutoff=timedelta(hours=4),
        patience=patience,
        translator=services.translator,
    )
    return Runner(
        online.ingest,
        planner,
        services.announcements,
        services.subscriptions,
        services.topics.load_many,
        calendar,
        services.clock,
        wake=asyncio.Event(),
        categories=categories,
    )
