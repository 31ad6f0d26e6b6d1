"""The pages that hold texts: briefs, papers, feeds. The lists that lead to them are in `bot.web.listing`.

They are made in two steps: first the mark of all that one is made of, which costs next to nothing, then, only for those
that changed, the page. Reads the store; writes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from bot.delivery import TopicKey
from bot.digest.extract import summarise_extractive
from bot.digest.links import find_links
from bot.model import Announcement, Brief
from bot.store.site import KnownOfPaper, SiteStore, StoredBrief
from bot.texts import Summary, Translation
from bot.web import addresses
from bot.web.listing import silent_cards
from bot.web.marks import mark_of
from bot.web.pages import (
    BriefPage,
    ContentLanguage,
    DayBriefs,
    Feed,
    FeedEntry,
    Figure,
    Frame,
    PaperPage,
    PaperRef,
    ShownIn,
)
from bot.web.picturing import Pictures
from bot.web.reading import DayTopic, Silence, Site
from bot.web.relating import Near

_FRONT_DAYS = 3
_LISTED_PAPERS = 3
_FEED_ENTRIES = {True: 30, False: 15}
"""Briefs in the feed of all topics, and in that of one."""

_EXTRACTED = "extractive"


class Composer:
    """Makes pages. `silences`: why each topic without a brief has none, for every pair of date and topic."""

    def __init__(
        self,
        site: Site,
        store: SiteStore,
        marks: Mapping[str, str],
        silences: Mapping[DayTopic, Silence],
        pictures: Pictures,
    ) -> None:
        """`marks`: of what is stored about each paper that has a page, beside its row and its figures."""
        self._site = site
        self._store = store
        self._marks = marks
        self._silences = silences
        self._pictures = pictures
        # What is on every page. Marks are made for thousands of pages that did not change: out of what is known
        # without making the page, and each part of them once.
        self._common = mark_of(site.wish.site_url, site.wish.site_name, list(site.topics.items()))
        self._ref_marks: dict[str, str] = {}
        self._text_marks: dict[int, str] = {}
        self._announcement_marks = {day: mark_of(rows) for day, rows in site.announcements.items()}

    # Briefs.

    def brief_mark(self, place: DayTopic, language: str) -> str:
        """Return the mark of a brief's pages, the same for each language of the interface."""
        site, (announced_on, key) = self._site, place
        days = [(day, key) for day in site.topic_days_beside(key, announced_on) if day is not None]
        topics = [(announced_on, topic) for topic in site.beside(key, announced_on) if topic is not None]
        one = site.briefs[place][language]
        return mark_of(
            self._common,
            self._brief_parts(one),
            [(item.arxiv_id in site.paper_pages, self._pictures.marks.get(item.arxiv_id)) for item in one.items],
            sorted(site.briefs[place]),
            [(each, [held.mark for held in site.briefs[each].values()]) for each in (*days, *topics)],
        )

    async def brief_pages(self, wanted: Sequence[tuple[str, DayTopic, str]]) -> list[BriefPage]:
        """Return the pages of briefs, given as (ui, (date, topic), language). Raises `StoreError` kinds."""
        briefs = await self._load_briefs([self._site.briefs[place][language] for _, place, language in wanted])
        papers = {item.paper.arxiv_id: item.paper for one in briefs.values() for item in one.items}
        figures = await self._pictures.load_shown(papers)
        return [
            self._brief_page(ui, place, language, briefs[self._site.briefs[place][language].brief_id], figures)
            for ui, place, language in wanted
        ]

    def day_briefs_mark(self, announced_on: date) -> str:
        """Return the mark of a date's briefs for other programs."""
        page = self._day_briefs(announced_on, {})
        parts = [(place, self._brief_parts(one)) for place, one in self._stored(announced_on)]
        return mark_of(self._common, page, parts)

    async def day_briefs(self, announced_on: date) -> DayBriefs:
        """Return a date's briefs for other programs. Raises `StoreError` kinds."""
        return self._day_briefs(announced_on, await self._load_briefs([one for _, one in self._stored(announced_on)]))

    def feed_mark(self, key: TopicKey | None) -> str:
        """Return the mark of a feed."""
        parts = [(one.announced_on, one.topic, self._brief_parts(one)) for one in self._feed_briefs(key)]
        return mark_of(self._common, self._feed(key, [], {}), parts)

    async def feeds(self, keys: Sequence[TopicKey | None]) -> list[Feed]:
        """Return feeds. Raises `StoreError` kinds."""
        held = {key: self._feed_briefs(key) for key in keys}
        each = {one.brief_id: one for briefs in held.values() for one in briefs}
        loaded = await self._store.load_gists([(one, self._site.topics[one.topic]) for one in each.values()])
        briefs = {brief_id: self._announced(each[brief_id], brief) for brief_id, brief in loaded.items()}
        return [self._feed(key, held[key], briefs) for key in keys]

    # Papers.

    def paper_mark(self, arxiv_id: str, near: Near) -> str:
        """Return the mark of a paper's pages, the same for each language of the interface."""
        site = self._site
        shown = [(day.toordinal(), key.slug, key.guild_id, at) for (day, key), at in site.shown[arxiv_id].items()]
        return mark_of(
            self._common,
            site.papers[arxiv_id].mark,
            self._marks[arxiv_id],
            self._pictures.marks.get(arxiv_id),
            [self._ref_mark(one) for one in near[0]],
            [self._ref_mark(one) for one in near[1]],
            shown,
            site.counts.get(arxiv_id),
            arxiv_id in site.late,
        )

    async def paper_pages(self, wanted: Sequence[tuple[str, str, Near]]) -> list[PaperPage]:
        """Return the pages of papers, given as (ui, arXiv identifier, neighbours). Raises `StoreError` kinds."""
        known = await self._store.load_known(sorted({arxiv_id for _, arxiv_id, _ in wanted}))
        shown = await self._pictures.load_shown({arxiv_id: one.paper for arxiv_id, one in known.items()})
        return [self._paper_page(ui, known[arxiv_id], near, shown.get(arxiv_id, ())) for ui, arxiv_id, near in wanted]

    # What they are put together from.

    def _brief_page(
        self, ui: str, place: DayTopic, language: str, brief: Brief, figures: Mapping[str, tuple[Figure, ...]]
    ) -> BriefPage:
        site = self._site
        announced_on, key = place
        stored = site.briefs[place][language]
        paths = {one: dict(site.languages(one, place))[language] for one in addresses.UIS}
        day_before, day_after = site.topic_days_beside(key, announced_on)
        topic_before, topic_after = site.beside(key, announced_on)
        return BriefPage(
            frame=site.frame(ui, paths[ui], paths, key),
            brief=brief,
            topic=site.topic_ref(ui, key),
            day=site.day_ref(ui, announced_on),
            papers={
                item.arxiv_id: addresses.paper(ui, item.arxiv_id)
                for item in stored.items
                if item.arxiv_id in site.paper_pages
            },
            languages=tuple(ContentLanguage(one, path, one == language) for one, path in site.languages(ui, place)),
            made_at=stored.made_at,
            previous_day=site.card(ui, (day_before, key), 0) if day_before else None,
            next_day=site.card(ui, (day_after, key), 0) if day_after else None,
            previous_topic=site.card(ui, (announced_on, topic_before), 0) if topic_before else None,
            next_topic=site.card(ui, (announced_on, topic_after), 0) if topic_after else None,
            figures={item.arxiv_id: figures.get(item.arxiv_id, ())[:1] for item in stored.items},
        )

    def _stored(self, announced_on: date) -> list[tuple[DayTopic, StoredBrief]]:
        places = [(announced_on, key) for key in self._site.posted_topics(announced_on)]
        return [(place, one) for place in places for _, one in sorted(self._site.briefs[place].items())]

    def _day_briefs(self, announced_on: date, briefs: Mapping[int, Brief]) -> DayBriefs:
        ui = addresses.UIS[0]
        entries = [self._entry(ui, one, briefs[one.brief_id]) for _, one in self._stored(announced_on) if briefs]
        silent = silent_cards(self._site, self._silences, ui, announced_on)
        return DayBriefs(announced_on, tuple(entries), silent, self._site.wish.site_url)

    def _feed_briefs(self, key: TopicKey | None) -> list[StoredBrief]:
        site, ui = self._site, addresses.UIS[0]
        if key is not None:
            places = [(day, key) for day in site.topic_days[key]]
        else:
            places = [(day, each) for day in site.days[-_FEED_ENTRIES[True] :] for each in site.posted_topics(day)]
        newest = sorted(places, key=lambda place: place[0], reverse=True)[: _FEED_ENTRIES[key is None]]
        return [site.briefs[place][site.first_language(ui, place)] for place in newest]

    def _feed(self, key: TopicKey | None, held: Sequence[StoredBrief], briefs: Mapping[int, Brief]) -> Feed:
        site, ui = self._site, addresses.UIS[0]
        return Feed(
            topic=site.topic_ref(ui, key) if key is not None else None,
            ui=ui,
            home=addresses.topic(ui, key) if key is not None else addresses.front(ui),
            paths={ending: addresses.feed(key, ending) for ending in addresses.FEED_TYPES},
            entries=tuple(self._entry(ui, one, briefs[one.brief_id]) for one in held),
            site_url=site.wish.site_url,
            site_name=site.wish.site_name,
        )

    def _entry(self, ui: str, one: StoredBrief, brief: Brief) -> FeedEntry:
        place = (one.announced_on, one.topic)
        path = dict(self._site.languages(ui, place))[one.language]
        return FeedEntry(brief, self._site.topic_ref(ui, one.topic), path, one.made_at)

    async def _load_briefs(self, held: Sequence[StoredBrief]) -> dict[int, Brief]:
        loaded = await self._store.load_full([(one, self._site.topics[one.topic]) for one in held])
        return {one.brief_id: self._announced(one, loaded[one.brief_id]) for one in held}

    def _announced(self, one: StoredBrief, brief: Brief) -> Brief:
        return replace(brief, announcements=self._own_announcements((one.announced_on, one.topic)))

    def _own_announcements(self, place: DayTopic) -> tuple[Announcement, ...]:
        announced_on, key = place
        order = {category: number for number, category in enumerate(self._site.topics[key].categories)}
        rows = self._site.announcements.get(announced_on, ())
        return tuple(sorted((one for one in rows if one.category in order), key=lambda one: order[one.category]))

    def _brief_parts(self, one: StoredBrief) -> tuple[str, str, str]:
        """Return the marks of a brief's row, of the texts in it, and of its day's announcements."""
        if one.brief_id not in self._text_marks:
            ids, papers = [item.arxiv_id for item in one.items], self._site.papers
            rows = [papers[arxiv_id].mark if arxiv_id in papers else "" for arxiv_id in ids]
            self._text_marks[one.brief_id] = mark_of(rows, [self._marks.get(arxiv_id) for arxiv_id in ids])
        return one.mark, self._text_marks[one.brief_id], self._announcement_marks.get(one.announced_on, "")

    def _ref_mark(self, arxiv_id: str) -> str:
        """Return the mark of a paper as a link."""
        if arxiv_id not in self._ref_marks:
            ref = self._site.paper_ref(addresses.UIS[0], arxiv_id, late=arxiv_id in self._site.late)
            self._ref_marks[arxiv_id] = mark_of(ref)
        return self._ref_marks[arxiv_id]

    def _paper_frame(self, ui: str, arxiv_id: str) -> Frame:
        paths = {one: addresses.paper(one, arxiv_id) for one in addresses.UIS}
        return self._site.frame(ui, paths[ui], paths)

    def _paper_page(self, ui: str, known: KnownOfPaper, near: Near, figures: tuple[Figure, ...]) -> PaperPage:
        site, paper = self._site, known.paper
        looks, saves = site.counts.get(paper.arxiv_id, (0, 0))
        return PaperPage(
            frame=self._paper_frame(ui, paper.arxiv_id),
            paper=paper,
            summary=_best_summary(ui, known),
            links=find_links(paper),
            translations=_newest_translations(ui, known),
            versions=tuple(sorted(known.versions, key=lambda one: one.version)),
            announced=known.announced,
            related=self._refs(ui, near[0]),
            surveys=self._refs(ui, near[1]),
            shown_in=self._shown_in(ui, paper.arxiv_id),
            look_ups=looks,
            saves=saves,
            late=paper.arxiv_id in site.late,
            figures=figures,
        )

    def _refs(self, ui: str, ids: Sequence[str]) -> tuple[PaperRef, ...]:
        refs = (self._site.paper_ref(ui, one, late=one in self._site.late) for one in ids)
        return tuple(ref for ref in refs if ref is not None)

    def _shown_in(self, ui: str, arxiv_id: str) -> tuple[ShownIn, ...]:
        places = sorted(self._site.shown.get(arxiv_id, {}).items(), key=lambda one: one[0][0], reverse=True)
        return tuple(
            ShownIn(
                self._site.topic_ref(ui, place[1]),
                self._site.day_ref(ui, place[0]),
                addresses.brief(ui, *place),
                position,
            )
            for place, position in places
        )


def _best_summary(ui: str, known: KnownOfPaper) -> Summary:
    """Return the summary that says most to a reader: in their language, of this version, by a model, the newest."""
    near = ui.partition("-")[0]
    ranked = sorted(
        enumerate(known.summaries),
        key=lambda pair: (
            pair[1].language != ui,
            pair[1].language.partition("-")[0] != near,
            pair[1].producer == _EXTRACTED,
            pair[1].version != known.paper.version,
            -pair[1].version,
            -pair[0],
        ),
    )
    return ranked[0][1] if ranked else summarise_extractive(known.paper)


def _newest_translations(ui: str, known: KnownOfPaper) -> tuple[Translation, ...]:
    """Return one translation of each language: of the newest version, the newest of it."""
    newest: dict[str, Translation] = {}
    for one in known.translations:
        if one.language not in newest or one.version >= newest[one.language].version:
            newest[one.language] = one
    return tuple(sorted(newest.values(), key=lambda one: (one.language != ui, one.language)))
