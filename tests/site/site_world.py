"""A store with two days of briefs to publish, and what a site on a disk holds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from bot.clock import AsOfClock
from bot.delivery import Subscription, TopicKey
from bot.digest.catalogue import load_catalogue
from bot.digest.extract import summarise_extractive
from bot.digest.links import find_links
from bot.model import AnnounceType, Brief, BriefItem, Paper, Receipt, Topic
from bot.store.announcements import AnnouncementStore
from bot.store.briefs import BriefStore
from bot.store.engine import Database
from bot.store.guild_topics import GuildTopicStore
from bot.store.readers import ReaderStore
from bot.store.subscriptions import SubscriptionStore
from bot.web.reading import SiteWish
from bot.web.rendering import open_renderer
from bot.web.site import SiteReceipt, build_site
from bot.web.writing import PRIVATE
from tests.store.samples import MONDAY, NOON, TUESDAY, WEDNESDAY, make_fetched, make_paper, save

WISH = SiteWish(
    next_on=date(2026, 5, 13), next_at=datetime(2026, 5, 13, tzinfo=UTC), site_url="https://papers.example.org/briefs"
)
CATALOGUE = load_catalogue()
FIRST, SECOND = [topic for topic in CATALOGUE.values() if "cs.CL" in topic.categories][:2]
OWN = replace(FIRST, slug="our-own", names={"en": "Our own"}, guild_id=77)

PAPERS = [
    make_paper(
        f"2605.0000{number}",
        title=f"Sparse attention for {subject} retrieval",
        abstract=f"We study sparse attention for {subject} retrieval. It costs $O(n)$ time. It gains {number} %.",
    )
    for number, subject in enumerate(("Klingon", "Esperanto", "Volapük", "Quenya", "Sindarin", "Dothraki"))
]


async def fill(database: Database) -> None:
    """Store Monday's and Tuesday's announcements, and briefs of three topics, one of them a server's own."""
    await fill_day(database, MONDAY, PAPERS[:3])
    await fill_day(database, TUESDAY, PAPERS[3:])
    await GuildTopicStore(database).save(OWN)
    await save_brief(database, OWN, TUESDAY, PAPERS[3:4])
    await ReaderStore(database).record_look_up(1, 77, "2605.00000", NOON)
    await ReaderStore(database).save_paper(1, "2605.00001", NOON, guild_id=77)


async def fill_day(database: Database, day: date, papers: Sequence[Paper]) -> None:
    """Store a day's announcement, a brief of the first topic in two languages, and one of the second."""
    await save(AnnouncementStore(database), make_fetched(papers, announced_on=day))
    await save_brief(database, FIRST, day, papers)
    await save_brief(database, FIRST, day, papers, language="zh-CN")
    await save_brief(database, SECOND, day, papers[:1], late=True)


async def save_brief(
    database: Database, topic: Topic, day: date, papers: Sequence[Paper], *, language: str = "en", late: bool = False
) -> None:
    """Store a brief of these papers, with extracted summaries."""
    items = tuple(
        BriefItem(
            paper, AnnounceType.NEW, position, 1.0, (), summarise_extractive(paper, language), find_links(paper), late
        )
        for position, paper in enumerate(papers)
    )
    receipt = Receipt(len(items), len(items), len(items), len(items), 0)
    await BriefStore(database).save_summaries([item.summary for item in items])
    await BriefStore(database).save_brief(Brief(topic, day, language, receipt, items, ()))


async def subscribe(database: Database, topic: Topic, at: datetime) -> None:
    """Let a channel want a topic from an instant on."""
    wish = Subscription(77, 5, TopicKey(topic.slug, topic.guild_id), 1, at)
    await SubscriptionStore(database).save(wish)


async def open_filled(url: str) -> None:
    """Fill the database at `url`, whose texts were all made at noon."""
    async with Database.open(url, clock=AsOfClock(NOON)) as database:
        await fill(database)


async def build(database: Database, root: Path, wish: SiteWish = WISH) -> SiteReceipt:
    """Build the site in this process."""
    async with open_renderer(1) as renderer:
        return await build_site(wish, database, CATALOGUE, root, renderer)


def files_of(root: Path) -> Mapping[str, bytes]:
    """Return the files that a web server would serve."""
    found = (path for path in root.rglob("*") if path.is_file())
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in found
        if PRIVATE not in path.relative_to(root).parts
    }


__all__ = ["MONDAY", "NOON", "TUESDAY", "WEDNESDAY"]
