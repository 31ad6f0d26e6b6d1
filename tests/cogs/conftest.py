"""A simulated Discord with the real bot in it, over the sample day in a real database."""

import asyncio
import copy
import json
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import discord
import pytest
from simcord.actors import MemberActor
from simcord.backend.models import Overwrite
from simcord.builders import ChannelHandle, GuildHandle
from simcord.enums import OverwriteType
from simcord.env import Env
from simcord.results import InteractionResult

from bot.client import PaperBot, build_bot
from bot.clock import Clock
from bot.demo.sample import load_sample_world
from bot.digest.catalogue import load_catalogue
from bot.digest.rank import CompositeRanker
from bot.health.owner_view import OwnerView
from bot.i18n import Refusal
from bot.model import AnnouncementState, Counts, FetchedAnnouncement, SourceName
from bot.pipeline.asking import Asker
from bot.pipeline.billing import Billing
from bot.pipeline.briefing import Briefing
from bot.pipeline.evidence import Evidences
from bot.pipeline.explaining import Explainer
from bot.pipeline.figures import Figures
from bot.pipeline.full_texts import FullTexts
from bot.pipeline.look_up import LookUp
from bot.pipeline.publishing import Publications
from bot.pipeline.reader_summaries import ReaderSummaries
from bot.pipeline.related import Related
from bot.pipeline.shelf import Shelf
from bot.pipeline.summarising import Summariser
from bot.pipeline.topics import Topics
from bot.pipeline.translating import Translator
from bot.services import Limits, Services
from bot.sources.calendar import AnnouncementCalendar
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
from cogs import EXTENSIONS
from tests.cogs.bodies import faults_of

MORNING = datetime(2026, 11, 17, 9, tzinfo=UTC)
"""Some hours after the sample day's release."""

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    embed_links=True,
    read_message_history=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    use_application_commands=True,
)


class StillClock:
    """A clock that moves only when told to, or when somebody waits."""

    def __init__(self, now: datetime = MORNING) -> None:
        self._now = now
        self._monotonic = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Return the instant it stands at."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds it moved."""
        return self._monotonic

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    async def sleep(self, seconds: float) -> None:
        """Let that much time pass at once."""
        self.slept.append(seconds)
        self.move(seconds)
        await asyncio.sleep(0)


@dataclass(frozen=True)
class World:
    """A server with an admin, a member and a channel."""

    env: Env
    bot: PaperBot
    services: Services
    guild: GuildHandle
    channel: ChannelHandle
    admin: MemberActor
    member: MemberActor
    forgiven: list[type[BaseException]] = field(default_factory=list)

    def speak(self, locale: str) -> None:
        """Have everybody's Discord be in that language from now on."""

        def alter(payload: dict[str, Any]) -> None:
            payload["locale"] = locale

        self.alter_interactions(alter)

    def alter_interactions(self, alter: Callable[[dict[str, Any]], None]) -> None:
        """Have `alter` change every interaction on its way to the bot, as nothing that SimCord offers does."""
        emit = type(self.env.backend).emit

        def altered(name: str, payload: dict[str, Any], *args: Any, **kwargs: Any) -> None:
            if name == "INTERACTION_CREATE":
                payload = copy.deepcopy(payload)
                alter(payload)
            emit(self.env.backend, name, payload, *args, **kwargs)

        cast("Any", self.env.backend).emit = altered

    def lift_default_permissions(self) -> None:
        """Let everybody call every command, as an admin of a server can."""
        for command in self.env.backend.commands[None].values():
            command["default_member_permissions"] = None

    def forbid(self, channel: ChannelHandle, *permissions: str) -> None:
        """Take permissions in a channel from everybody, the bot included."""
        deny = discord.Permissions(**dict.fromkeys(permissions, True)).value
        overwrite = Overwrite(self.guild.id, OverwriteType.ROLE, deny=deny)
        self.env.backend.edit_channel(channel.id, {}, overwrites=[overwrite])

    def rewrite(self, old: str, new: str) -> None:
        """Have `new` stand for `old` everywhere in the interactions to come: a stale or a forged message."""

        def alter(payload: dict[str, Any]) -> None:
            changed = json.loads(json.dumps(payload).replace(json.dumps(old), json.dumps(new)))
            payload.clear()
            payload.update(changed)

        self.alter_interactions(alter)

    def forgive(self, *kinds: type[BaseException]) -> None:
        """Expect errors of these kinds in this test."""
        self.forgiven.extend(kinds)

    def unexpected_errors(self) -> list[BaseException]:
        """Return what the bot raised that was not meant for the user's eyes; SimCord then forgets all of it."""
        causes = [_cause(error) for error in self.env.errors]
        return [cause for cause in causes if not isinstance(cause, (Refusal, *self.forgiven))]


def _cause(error: BaseException) -> BaseException:
    while True:
        inner = getattr(error, "original", None) or error.__cause__
        if not isinstance(inner, BaseException) or isinstance(error, Refusal):
            return error
        error = inner


def text_of(result: InteractionResult) -> str:
    """Return all that an answer shows: content, embeds, and the labels of its components."""
    shown = result.followups[-1] if result.followups else result.response
    assert shown is not None, result
    parts = [shown.content]
    for embed in shown.embeds:
        parts += [embed.title or "", embed.description or "", embed.footer.text or ""]
    return "\n".join(part for part in parts if part)


def buttons_of(result: InteractionResult) -> dict[str, str]:
    """Return the custom ids of an answer's buttons by label."""
    assert result.response is not None
    rows = result.response.components
    return {one["label"]: one["custom_id"] for row in rows for one in row["components"] if one["type"] == 2}


@pytest.fixture(scope="session")
def sample_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one database that holds the sample day, to be copied."""
    path = tmp_path_factory.mktemp("sample") / "sample.sqlite3"
    shutil.copyfile(migrated_file, path)
    asyncio.run(_fill(path))
    return path


async def _fill(path: Path) -> None:
    world = load_sample_world()
    async with Database.open(f"sqlite:///{path}", clock=StillClock()) as database:
        for category, papers in world.announced(world.announced_on).items():
            shown = Counts.of(
                {kind: sum(one.announce_type is kind for one in papers) for kind in {p.announce_type for p in papers}}
            )
            fetched = FetchedAnnouncement(category, world.announced_on, SourceName.LISTING, tuple(papers), shown)
            await AnnouncementStore(database).save_fetched(
                fetched, state=AnnouncementState.FRESH, fetched_at=MORNING, late=False, reason=None
            )


@pytest.fixture
def clock() -> StillClock:
    """Return a clock on the morning of the sample day."""
    return StillClock()


@pytest.fixture
def limits() -> Limits:
    """Return small quotas."""
    return Limits(subscriptions_per_guild=3, topics_per_guild=2)


@pytest.fixture
async def services(sample_file: Path, tmp_path: Path, clock: StillClock, limits: Limits) -> AsyncIterator[Services]:
    """Return real services over a database of this test's own that holds the sample day."""
    path = tmp_path / "paperbrief.sqlite3"
    shutil.copyfile(sample_file, path)
    async with Database.open(f"sqlite:///{path}", clock=clock) as database:
        yield build_services(database, clock, limits)


def build_services(database: Database, clock: Clock, limits: Limits) -> Services:
    """Return what cogs may use, over `database`."""
    calendar, ranker = AnnouncementCalendar(), CompositeRanker()
    announcements, briefs, papers = AnnouncementStore(database), BriefStore(database), PaperStore(database)
    catalogue = load_catalogue()
    outbox, guild_topics = Outbox(database), GuildTopicStore(database)
    evidences = Evidences(briefs, OpinionStore(database))
    briefing = Briefing(announcements, briefs, ranker=ranker, calendar=calendar, clock=clock, evidences=evidences)
    readers, search = ReaderStore(database), build_search(database)
    summariser = Summariser(None, briefs, SummaryStore(database))
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
        ),
        subscriptions=SubscriptionStore(database),
        outbox=outbox,
        readers=readers,
        guild_topics=guild_topics,
        guilds=GuildStore(database),
        look_up=LookUp(papers, readers, clock=clock, fetch=None),
        shelf=Shelf(briefing, announcements, clock=clock, max_papers=10),
        related=Related(search),
        summariser=summariser,
        reader_summaries=ReaderSummaries(summariser, QuestionStore(database), clock, per_user=3, per_guild=5),
        asker=Asker(None, FullTexts(None, clock), QuestionStore(database), clock, per_user=3, per_guild=5),
        billing=Billing(SpendStore(database), clock),
        translator=Translator(None, SummaryStore(database), QuestionStore(database), clock, per_user=3, per_guild=5),
        figures=Figures(FigureStore(database), papers),
        publications=Publications(SourceStateStore(database)),
        owner_view=OwnerView(HealthStore(database), ReportStore(database), clock, channel_id=None, currency="$"),
        limits=limits,
    )


@pytest.fixture
def extensions() -> tuple[str, ...]:
    """Return the cogs to load."""
    return EXTENSIONS


@pytest.fixture
def simcord_bot(services: Services, extensions: tuple[str, ...]) -> PaperBot:
    """Return the bot that the simulation runs."""
    return build_bot(services, extensions=extensions, shard_count=1)


@pytest.fixture
def world(simcord_env: Env, simcord_bot: PaperBot, services: Services) -> Iterator[World]:
    """Return a server in which the bot has what it needs. Any error that is no refusal fails the test."""
    guild = simcord_env.create_guild("Lab")
    guild._guild.roles[guild.id].permissions = PERMISSIONS.value
    channel = guild.create_text_channel("papers")
    managers = guild.create_role("Managers", permissions=PERMISSIONS | discord.Permissions(manage_channels=True))
    admin = guild.add_member(simcord_env.create_user("ada"), roles=[managers])
    member = guild.add_member(simcord_env.create_user("max"))
    built = World(simcord_env, simcord_bot, services, guild, channel, admin, member)
    yield built
    assert built.unexpected_errors() == []
    assert faults_of(simcord_env) == []
