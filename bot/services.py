"""What the commands, and later the cogs, may use: built by `bot.app`, never by them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.clock import Clock
from bot.model import Topic
from bot.pipeline.briefing import Briefing
from bot.store.announcements import AnnouncementStore
from bot.store.engine import Database
from bot.store.papers import PaperStore
from bot.store.search import SearchIndex

if TYPE_CHECKING:
    from bot.pipeline.ingest import Ingest


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that reads the cache."""

    clock: Clock
    database: Database
    catalogue: dict[str, Topic]
    papers: PaperStore
    announcements: AnnouncementStore
    search: SearchIndex
    briefing: Briefing


@dataclass(frozen=True, slots=True)
class OnlineServices(Services):
    """The same, with what asks arXiv."""

    ingest: "Ingest"
