"""What the site consists of: the dates, briefs and papers that have pages, and how they lead to each other.

Holds no text of a paper but titles: the rest is loaded page by page (`bot.web.composing`). What has no address (see
`bot.web.addresses`) has no page, and nothing leads to it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from bot.delivery import TopicKey
from bot.i18n import load_texts
from bot.model import Announcement, Receipt, Topic
from bot.statement import Statement
from bot.store.guild_topics import GuildTopicStore
from bot.store.site import ListedPaper, SiteStore, StoredBrief
from bot.store.subscriptions import SubscriptionStore
from bot.web import addresses
from bot.web.pages import Alternate, BriefCard, DayRef, Frame, PaperRef, TopicRef

SEARCH_DAYS = 90
"""Days back from the newest announcement that the search covers, and in which a paper's neighbours are looked for."""

FIRST_DAY = date(1991, 1, 1)
"""Before the first announcement that there ever was."""

DayTopic = tuple[date, TopicKey]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SiteWish:
    """What the owner wants published, and what only the caller knows.

    `since`: announcement dates before it have no pages. `server_topics`: whether topics that a server made for itself
    are published as well; `figures`: how many of a paper are shown at the most. `next_on`, `next_at`: the next
    announcement.
    """

    next_on: date
    next_at: datetime
    site_url: str | None = None
    site_name: str = "Paper Brief"
    since: date = FIRST_DAY
    server_topics: bool = False
    figures: int = 0


@dataclass(frozen=True, slots=True)
class Silence:
    """Why a topic has no brief of a date. `receipt`: what was read and not shown; None where nothing was."""

    receipt: Receipt | None
    why: tuple[Statement, ...]


class Site:
    """Everything that has a page, in memory: some 5 KB for each brief."""

    def __init__(
        self,
        wish: SiteWish,
        topics: Mapping[TopicKey, Topic],
        briefs: Iterable[StoredBrief],
        announcements: Mapping[date, Sequence[Announcement]],
        papers: Mapping[str, ListedPaper],
        counts: Mapping[str, tuple[int, int]],
        subscribed: Mapping[TopicKey, date],
    ) -> None:
        """`topics` in the order of lists. `subscribed`: topics that some channel wants → since when."""
        self.wish = wish
        self.papers = papers
        self.counts = counts
        self.announcements = announcements
        self.subscribed = {key: first for key, first in subscribed.items() if key in topics}
        self.skipped = 0
        self.briefs: dict[DayTopic, dict[str, StoredBrief]] = {}
        for one in briefs:
            if self._publishable(one, topics):
                self.briefs.setdefault((one.announced_on, one.topic), {})[one.language] = one
        seen = {key for _, key in self.briefs}
        self.topics = {key: topic for key, topic in topics.items() if key in seen or key in self.subscribed}
        first = min((announced_on for announced_on, _ in self.briefs), default=None)
        dates = {announced_on for announced_on, _ in self.briefs}
        if first is not None:
            dates |= {one for one in announcements if one >= first}
        self.days = sorted(dates)
        self.topic_days: dict[TopicKey, list[date]] = defaultdict(list)
        for announced_on, key in sorted(self.briefs, key=lambda pair: pair[0]):
            self.topic_days[key].append(announced_on)
        self.shown: dict[str, dict[DayTopic, int]] = defaultdict(dict)
        self.late: set[str] = set()
        for place, by_language in self.briefs.items():
            for one in by_language.values():
                for position, item in enumerate(one.items):
                    self.shown[item.arxiv_id].setdefault(place, position)
                    if item.late:
                        self.late.add(item.arxiv_id)
        wanted = {*self.shown, *counts}
        self.paper_pages = {one for one in wanted if one in papers and self._has_paper_address(one)}
        self._order = {key: number for number, key in enumerate(self.topics)}

    @property
    def newest_day(self) -> date | None:
        """Return the newest announcement date with a page."""
        return self.days[-1] if self.days else None

    def frame(self, ui: str, path: str, others: Mapping[str, str], feed: TopicKey | None = None) -> Frame:
        """Return what stands around a page. `others`: language of the interface → path of the same page."""
        alternates = [Alternate(one, others[one]) for one in addresses.UIS if one in others]
        alternates += [Alternate("x-default", others[addresses.UIS[0]])]
        return Frame(ui, path, tuple(alternates), self.wish.site_url, self.wish.site_name, feed)

    def topic_ref(self, ui: str, key: TopicKey) -> TopicRef:
        """Return a topic as a link."""
        return TopicRef(key, self.topics[key].name(load_texts(ui).locale), addresses.topic(ui, key))

    def day_ref(self, ui: str, announced_on: date) -> DayRef:
        """Return a date as a link."""
        return DayRef(announced_on, addresses.day(ui, announced_on))

    def paper_ref(self, ui: str, arxiv_id: str, *, late: bool = False) -> PaperRef | None:
        """Return a paper as a link, None where it is not stored."""
        one = self.papers.get(arxiv_id)
        if one is None:
            return None
        path = addresses.paper(ui, arxiv_id) if arxiv_id in self.paper_pages else None
        return PaperRef(arxiv_id, one.title, path, one.authors, one.announced_on, self.looks(arxiv_id), late)

    def looks(self, arxiv_id: str) -> int:
        """Return how often a paper was looked up."""
        return self.counts.get(arxiv_id, (0, 0))[0]

    def languages(self, ui: str, place: DayTopic) -> list[tuple[str, str]]:
        """Return (language, path) of a brief's pages under `ui`: the one that is shown first, then the others."""
        held = self.briefs[place]
        first = self.first_language(ui, place)
        others = sorted(language for language in held if language != first)
        return [(first, addresses.brief(ui, *place)), *((one, addresses.brief(ui, *place, one)) for one in others)]

    def first_language(self, ui: str, place: DayTopic) -> str:
        """Return the language of a brief that a reader of `ui` sees first: their own, one near it, English, any."""
        near = ui.partition("-")[0]
        return min(
            self.briefs[place],
            key=lambda one: (one != ui, one.partition("-")[0] != near, one != addresses.UIS[0], one),
        )

    def card(self, ui: str, place: DayTopic, most: int | None = None) -> BriefCard:
        """Return a stored brief as it stands in lists, with the first `most` of its papers."""
        one = self.briefs[place][self.first_language(ui, place)]
        refs = (self.paper_ref(ui, item.arxiv_id, late=item.late) for item in one.items[:most])
        return BriefCard(
            topic=self.topic_ref(ui, one.topic),
            announced_on=one.announced_on,
            path=addresses.brief(ui, *place),
            language=one.language,
            receipt=one.receipt,
            papers=tuple(ref for ref in refs if ref is not None),
            silence=one.silence,
            late=sum(item.late for item in one.items),
        )

    def silent_card(self, ui: str, place: DayTopic, silence: Silence) -> BriefCard:
        """Return what stands in lists where there is no brief."""
        announced_on, key = place
        ref = self.topic_ref(ui, key)
        return BriefCard(ref, announced_on, None, ui, silence.receipt, (), silence.why)

    def posted_topics(self, announced_on: date) -> list[TopicKey]:
        """Return the topics with a brief of that date, in the order of lists."""
        return [key for key in self.topics if (announced_on, key) in self.briefs]

    def silent_topics(self, announced_on: date) -> list[TopicKey]:
        """Return the topics that were wanted on that date and have no brief of it, in the order of lists."""
        return [
            key
            for key in self.topics
            if (announced_on, key) not in self.briefs and self.subscribed.get(key, date.max) <= announced_on
        ]

    def beside(self, key: TopicKey, announced_on: date) -> tuple[TopicKey | None, TopicKey | None]:
        """Return the topics before and after one among those with a brief of that date."""
        return _beside(self.posted_topics(announced_on), key)

    def days_beside(self, announced_on: date) -> tuple[date | None, date | None]:
        """Return the dates before and after one that have a page."""
        return _beside(self.days, announced_on)

    def topic_days_beside(self, key: TopicKey, announced_on: date) -> tuple[date | None, date | None]:
        """Return the dates before and after one that have a brief of a topic."""
        return _beside(self.topic_days[key], announced_on)

    def _publishable(self, one: StoredBrief, topics: Mapping[TopicKey, Topic]) -> bool:
        if one.topic not in topics:
            return False
        try:
            addresses.brief(addresses.UIS[0], one.announced_on, one.topic, one.language)
        except addresses.NoAddress:
            self.skipped += 1
            return False
        return True

    def _has_paper_address(self, arxiv_id: str) -> bool:
        try:
            addresses.paper(addresses.UIS[0], arxiv_id)
        except addresses.NoAddress:
            self.skipped += 1
            return False
        return True


async def load_site(
    wish: SiteWish,
    store: SiteStore,
    catalogue: Mapping[str, Topic],
    guild_topics: GuildTopicStore,
    subscriptions: SubscriptionStore,
) -> Site:
    """Return what there is to publish. Raises `StoreError` kinds."""
    topics = {TopicKey(slug): topic for slug, topic in catalogue.items()}
    if wish.server_topics:
        topics |= {TopicKey(one.slug, one.guild_id): one for one in await guild_topics.load_every()}
    topics = {key: topic for key, topic in topics.items() if _has_topic_address(key)}
    briefs = await store.load_briefs(wish.since)
    counts = await store.load_counts()
    shown = {item.arxiv_id for one in briefs for item in one.items}
    oldest = briefs[0].announced_on if briefs else wish.next_on
    listed = await store.list_papers(oldest - timedelta(days=SEARCH_DAYS), {*shown, *counts})
    subscribed: dict[TopicKey, date] = {}
    for one in await subscriptions.load_active():
        day = one.created_at.astimezone(UTC).date()
        subscribed[one.topic] = min(day, subscribed.get(one.topic, day))
    return Site(wish, topics, briefs, await store.load_announcements(oldest), listed, counts, subscribed)


def _has_topic_address(key: TopicKey) -> bool:
    try:
        addresses.topic_name(key)
    except addresses.NoAddress:
        return False
    return True


def _beside(values: Sequence[T], value: T) -> tuple[T | None, T | None]:
    place = values.index(value)
    return values[place - 1] if place else None, values[place + 1] if place + 1 < len(values) else None
