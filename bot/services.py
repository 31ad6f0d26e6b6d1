"""What the commands and the cogs may use: built by `bot.app`, never by them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.clock import Clock
from bot.health.owner_view import OwnerView
from bot.model import Topic
from bot.pipeline.asking import Asker
from bot.pipeline.billing import Billing
from bot.pipeline.briefing import Briefing
from bot.pipeline.embedding import Embedding
from bot.pipeline.explaining import Explainer
from bot.pipeline.figures import Figures
from bot.pipeline.look_up import LookUp
from bot.pipeline.publishing import Publications
from bot.pipeline.reader_summaries import ReaderSummaries
from bot.pipeline.related import Related
from bot.pipeline.shelf import Shelf
from bot.pipeline.summarising import Summariser
from bot.pipeline.topics import Topics
from bot.pipeline.translating import Translator
from bot.store.announcements import AnnouncementStore
from bot.store.engine import Database
from bot.store.guild_topics import GuildTopicStore
from bot.store.guilds import GuildStore
from bot.store.outbox import Outbox
from bot.store.papers import PaperStore
from bot.store.readers import ReaderStore
from bot.store.search import SearchIndex
from bot.store.subscriptions import SubscriptionStore
from bot.web.links import PageLinks

if TYPE_CHECKING:
    from bot.pipeline.ingest import Ingest


@dataclass(frozen=True, slots=True)
class Limits:
    """What one Discord server may use."""

    subscriptions_per_guild: int = 50
    topics_per_guild: int = 25


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that reads the cache, and what people leave behind. `look_up` may ask arXiv for one paper.

    `embedding` is None without an embedder.
    """

    clock: Clock
    database: Database
    catalogue: dict[str, Topic]
    papers: PaperStore
    announcements: AnnouncementStore
    search: SearchIndex
    briefing: Briefing
    topics: Topics
    explainer: Explainer
    subscriptions: SubscriptionStore
    outbox: Outbox
    readers: ReaderStore
    guild_topics: GuildTopicStore
    guilds: GuildStore
    look_up: LookUp
    shelf: Shelf
    related: Related
    summariser: Summariser
    reader_summaries: ReaderSummaries
    asker: Asker
    billing: Billing
    translator: Translator
    figures: Figures
    publications: Publications
    owner_view: OwnerView
    embedding: Embedding | None = None
    pages: PageLinks | None = None
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class OnlineServices:
    """The same, with what asks arXiv."""

    reading: Services
    ingest: "Ingest"
