"""The pages that lead to others: front, dates, topics, search, and what there is once. Pure; no text of a paper.

They cost next to nothing, so all of them are put together each time; which of them changed tells their mark.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from bot import __version__
from bot.delivery import TopicKey
from bot.web import addresses
from bot.web.pages import (
    AboutPage,
    BriefCard,
    DayPage,
    DaySection,
    Directory,
    Frame,
    FrontPage,
    Page,
    PrivacyPage,
    RootPage,
    SearchEntry,
    SearchPage,
    SearchShard,
    TopicList,
    TopicPage,
)
from bot.web.reading import SEARCH_DAYS, DayTopic, Silence, Site

_FRONT_DAYS = 3
_LISTED_PAPERS = 3
_EXTRACTED = "extractive"


class Lister:
    """Makes lists. `silences`: why a topic has no brief of a date."""

    def __init__(self, site: Site, silences: Mapping[DayTopic, Silence]) -> None:
        self._site = site
        self._silences = silences
        self.search_shards = self._search_shards()
        """The search index, the newest week first."""

    def fixed_pages(self, ui: str) -> Iterator[Page]:
        """Return the pages that there are once: topics, search, about, privacy; the front page is the last."""
        site = self._site
        keys = list(site.topics)
        newest = [site.topic_days[key][-1] if site.topic_days[key] else None for key in keys]
        yield TopicList(
            self._frame(ui, addresses.topics),
            tuple(
                (
                    site.topic_ref(ui, key),
                    site.topics[key],
                    site.card(ui, (day, key), _LISTED_PAPERS) if day is not None else None,
                )
                for key, day in zip(keys, newest, strict=True)
            ),
        )
        shards = self.search_shards
        days = [entry.announced_on for shard in shards for entry in shard.entries]
        yield SearchPage(
            self._frame(ui, addresses.search),
            tuple(addresses.search_shard(shard.monday) for shard in shards),
            len(days),
            min(days, default=None),
            max(days, default=None),
        )
        producers = {item.producer for held in site.briefs.values() for one in held.values() for item in one.items} - {
            _EXTRACTED
        }
        categories = {one.category for rows in site.announcements.values() for one in rows}
        brief_days = [day for day, _ in site.briefs]
        yield AboutPage(
            self._frame(ui, addresses.about),
            __version__,
            tuple(sorted(categories)),
            tuple(sorted(producers)),
            min(brief_days, default=None),
            max(brief_days, default=None),
        )
        yield PrivacyPage(self._frame(ui, addresses.privacy))
        yield FrontPage(
            self._frame(ui, addresses.front),
            tuple(
                DaySection(site.day_ref(ui, day), self._cards(ui, day, _LISTED_PAPERS))
                for day in reversed(site.days[-_FRONT_DAYS:])
            ),
            tuple(site.topic_ref(ui, key) for key in keys),
            site.wish.next_on,
            site.wish.next_at,
        )

    def root_page(self) -> RootPage:
        """Return the entrance."""
        fronts = {ui: addresses.front(ui) for ui in addresses.UIS}
        frame = replace(self._site.frame(addresses.UIS[0], addresses.root(), fronts), path=addresses.root())
        return RootPage(frame, tuple(fronts.items()))

    def day_page(self, ui: str, announced_on: date) -> DayPage:
        """Return the page of a date."""
        site = self._site
        before, after = site.days_beside(announced_on)
        paths = {one: addresses.day(one, announced_on) for one in addresses.UIS}
        return DayPage(
            site.frame(ui, paths[ui], paths),
            announced_on,
            tuple(site.announcements.get(announced_on, ())),
            self._cards(ui, announced_on, None),
            site.day_ref(ui, before) if before else None,
            site.day_ref(ui, after) if after else None,
        )

    def topic_page(self, ui: str, key: TopicKey) -> TopicPage:
        """Return the page of a topic."""
        site = self._site
        keys = list(site.topics)
        place = keys.index(key)
        paths = {one: addresses.topic(one, key) for one in addresses.UIS}
        cards = [site.card(ui, (day, key), _LISTED_PAPERS) for day in site.topic_days[key]]
        cards += [site.silent_card(ui, (day, one), why) for (day, one), why in self._silences.items() if one == key]
        return TopicPage(
            site.frame(ui, paths[ui], paths, key),
            site.topics[key],
            site.topic_ref(ui, key),
            tuple(sorted(cards, key=lambda card: card.announced_on, reverse=True)),
            site.topic_ref(ui, keys[place - 1]) if place else None,
            site.topic_ref(ui, keys[place + 1]) if place + 1 < len(keys) else None,
        )

    def _search_shards(self) -> list[SearchShard]:
        site = self._site
        newest = max((one.announced_on for one in site.papers.values() if one.announced_on), default=None)
        if newest is None:
            return []
        weeks: defaultdict[date, list[SearchEntry]] = defaultdict(list)
        for one in site.papers.values():
            day = one.announced_on
            if day is not None and day > newest - timedelta(days=SEARCH_DAYS):
                entry = SearchEntry(
                    one.arxiv_id, one.title, one.authors, day, one.primary_category, one.arxiv_id in site.paper_pages
                )
                weeks[day - timedelta(days=day.weekday())].append(entry)
        return [
            SearchShard(monday, tuple(sorted(found, key=lambda e: (-e.announced_on.toordinal(), e.arxiv_id))))
            for monday, found in sorted(weeks.items(), reverse=True)
        ]

    def directory(self, pages: Mapping[str, date]) -> Directory:
        """Return the lists of the site. `pages`: path → day of its last change."""
        site, ui = self._site, addresses.UIS[0]
        feeds = [(None, addresses.feed(None, "atom"), addresses.front(ui))]
        topics = [
            (site.topic_ref(ui, key), addresses.feed(key, "atom"), addresses.topic(ui, key)) for key in site.topics
        ]
        listed = tuple(sorted(pages.items()))
        return Directory((*feeds, *topics), listed, site.wish.site_url, site.wish.site_name)

    def _frame(self, ui: str, path_of: Callable[[str], str]) -> Frame:
        paths = {one: path_of(one) for one in addresses.UIS}
        return self._site.frame(ui, paths[ui], paths)

    def _cards(self, ui: str, announced_on: date, most: int | None) -> tuple[BriefCard, ...]:
        """Return a date's cards: what was posted first, then what was silent."""
        site = self._site
        posted = [site.card(ui, (announced_on, key), most) for key in site.posted_topics(announced_on)]
        return (*posted, *silent_cards(site, self._silences, ui, announced_on))


def silent_cards(
    site: Site, silences: Mapping[DayTopic, Silence], ui: str, announced_on: date
) -> tuple[BriefCard, ...]:
    """Return a date's topics that have no brief, with the reason."""
    places = [(announced_on, key) for key in site.silent_topics(announced_on)]
    return tuple(site.silent_card(ui, place, silences[place]) for place in places if place in silences)
