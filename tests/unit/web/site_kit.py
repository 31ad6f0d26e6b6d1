"""A small site made of briefs by hand, without a store: every kind of page, in every language of the interface."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot.delivery import TopicKey
from bot.model import Brief, PaperVersion
from bot.statement import Statement, StatementCode
from bot.texts import Translation
from bot.web import addresses, pages
from bot.web.views import render_page, render_shard, shared_files

MADE_AT = datetime(2026, 11, 17, 1, 30, tzinfo=UTC)
SILENT = TopicKey("quiet-topic")


class SampleSite:
    """All pages for `briefs`, which may be of several topics, days and languages.

    The first brief of a topic and day in the language of the interface is shown there first, else any.
    """

    def __init__(self, briefs: Sequence[Brief], *, site_url: str | None = None, figures: bool = False) -> None:
        self.briefs = list(briefs)
        self.site_url = site_url
        self.days = sorted({one.announced_on for one in briefs}, reverse=True)
        self.topics = list({_key(one): one.topic for one in briefs}.items())
        self.figures = figures

    def every_page(self) -> Iterator[pages.Page]:
        """Yield every page."""
        yield pages.RootPage(self.frame("en", ""), tuple((ui, addresses.front(ui)) for ui in addresses.UIS))
        for ui in addresses.UIS:
            yield self.front(ui)
            yield pages.TopicList(
                self.frame(ui, addresses.topics(ui)),
                tuple((self.topic(ui, key), topic, self.cards(ui, key=key)[0]) for key, topic in self.topics),
            )
            yield from (self.day(ui, day) for day in self.days)
            yield from (self.topic_page(ui, key) for key, _ in self.topics)
            yield from (self.brief(ui, one) for one in self.briefs)
            yield from self.papers(ui)
            yield self.search(ui)
            yield pages.AboutPage(
                self.frame(ui, addresses.about(ui)),
                "1.0",
                ("cs.CL", "cs.CV"),
                ("a-model",),
                self.days[-1],
                self.days[0],
            )
            yield pages.PrivacyPage(self.frame(ui, addresses.privacy(ui)))

    def frame(
        self, ui: str, path: str, feed: TopicKey | None = None, twins: Mapping[str, str] | None = None
    ) -> pages.Frame:
        """Return a page's frame; a page of one language has its twin in the other."""
        inner = path.partition("/")[2]
        if twins is None:
            twins = {one: f"{one}/{inner}" for one in addresses.UIS} if path else {}
        alternates = tuple(pages.Alternate(one, twin) for one, twin in twins.items())
        return pages.Frame(
            ui,
            path,
            (*alternates, pages.Alternate("x-default", twins.get("en", path))),
            site_url=self.site_url,
            feed=feed,
        )

    def topic(self, ui: str, key: TopicKey) -> pages.TopicRef:
        """Return a topic as a link."""
        topic = dict(self.topics)[key]
        return pages.TopicRef(key, topic.name(ui), addresses.topic(ui, key))

    def card(self, ui: str, one: Brief) -> pages.BriefCard:
        """Return a brief as a card."""
        return pages.BriefCard(
            self.topic(ui, _key(one)),
            one.announced_on,
            self.path(ui, one),
            one.language,
            one.receipt,
            tuple(
                pages.PaperRef(
                    item.paper.arxiv_id, item.paper.title, addresses.paper(ui, item.paper.arxiv_id), late=item.late
                )
                for item in one.items
            ),
            one.silence,
            sum(item.late for item in one.items),
        )

    def cards(self, ui: str, *, key: TopicKey | None = None, day: date | None = None) -> tuple[pages.BriefCard, ...]:
        """Return the cards of a topic, newest first, or of a day; one per topic and day."""
        found = [
            self.shown_first(ui, one)
            for one in self.briefs
            if (key is None or _key(one) == key) and (day is None or one.announced_on == day)
        ]
        unique = {(_key(one), one.announced_on): one for one in found}.values()
        return tuple(self.card(ui, one) for one in sorted(unique, key=lambda one: one.announced_on, reverse=True))

    def shown_first(self, ui: str, one: Brief) -> Brief:
        """Return the brief of the same topic and day that this interface shows first."""
        same = [other for other in self.briefs if (_key(other), other.announced_on) == (_key(one), one.announced_on)]
        return next((other for other in same if other.language == ui), same[0])

    def path(self, ui: str, one: Brief) -> str:
        """Return a brief's page."""
        beside = None if self.shown_first(ui, one) is one else one.language
        return addresses.brief(ui, one.announced_on, _key(one), beside)

    def silent_card(self, ui: str, day: date) -> pages.BriefCard:
        """Return a topic without a brief, and why."""
        silence = (Statement.of(StatementCode.NONE_MATCHED, n=239),)
        name = {"zh-CN": "表格学习"}.get(ui, "Tabular learning")
        return pages.BriefCard(pages.TopicRef(SILENT, name, None), day, None, ui, None, silence=silence)

    def front(self, ui: str) -> pages.FrontPage:
        """Return the front page."""
        sections = tuple(
            pages.DaySection(
                pages.DayRef(day, addresses.day(ui, day)), (*self.cards(ui, day=day), self.silent_card(ui, day))
            )
            for day in self.days
        )
        next_on = self.days[0] + timedelta(days=1)
        return pages.FrontPage(
            self.frame(ui, addresses.front(ui)),
            sections,
            tuple(self.topic(ui, key) for key, _ in self.topics),
            next_on,
            datetime(next_on.year, next_on.month, next_on.day, 1, tzinfo=UTC),
        )

    def day(self, ui: str, day: date) -> pages.DayPage:
        """Return a day's page."""
        place = self.days.index(day)
        announcements = {one.category: one for brief in self.briefs for one in brief.announcements}
        return pages.DayPage(
            self.frame(ui, addresses.day(ui, day)),
            day,
            tuple(announcements.values()),
            (*self.cards(ui, day=day), self.silent_card(ui, day)),
            *(
                pages.DayRef(self.days[near], addresses.day(ui, self.days[near]))
                if 0 <= near < len(self.days)
                else None
                for near in (place + 1, place - 1)
            ),
        )

    def topic_page(self, ui: str, key: TopicKey) -> pages.TopicPage:
        """Return a topic's page."""
        keys = [one for one, _ in self.topics]
        place = keys.index(key)
        before, after = (
            self.topic(ui, keys[near]) if 0 <= near < len(keys) else None for near in (place - 1, place + 1)
        )
        frame = self.frame(ui, addresses.topic(ui, key), key)
        return pages.TopicPage(
            frame, dict(self.topics)[key], self.topic(ui, key), self.cards(ui, key=key), before, after
        )

    def brief(self, ui: str, one: Brief) -> pages.BriefPage:
        """Return the page of a brief."""
        key, day = _key(one), one.announced_on
        days = sorted({other.announced_on for other in self.briefs if _key(other) == key})
        keys = list(dict.fromkeys(_key(other) for other in self.briefs if other.announced_on == day))
        beside = [other for other in self.briefs if (_key(other), other.announced_on) == (key, day)]
        return pages.BriefPage(
            frame=self.frame(ui, self.path(ui, one), key, {other: self.path(other, one) for other in addresses.UIS}),
            brief=one,
            topic=self.topic(ui, key),
            day=pages.DayRef(day, addresses.day(ui, day)),
            papers={item.paper.arxiv_id: addresses.paper(ui, item.paper.arxiv_id) for item in one.items},
            languages=tuple(
                pages.ContentLanguage(other.language, self.path(ui, other), other is one) for other in beside
            ),
            made_at=MADE_AT,
            previous_day=self._near(ui, [(key, other) for other in days], (key, day), -1),
            next_day=self._near(ui, [(key, other) for other in days], (key, day), 1),
            previous_topic=self._near(ui, [(other, day) for other in keys], (key, day), -1),
            next_topic=self._near(ui, [(other, day) for other in keys], (key, day), 1),
            figures={one.items[0].paper.arxiv_id: (_figure(),)} if self.figures and one.items else {},
        )

    def _near(
        self, ui: str, places: list[tuple[TopicKey, date]], here: tuple[TopicKey, date], step: int
    ) -> pages.BriefCard | None:
        near = places.index(here) + step
        if not 0 <= near < len(places):
            return None
        key, day = places[near]
        return next((one for one in self.cards(ui, key=key, day=day)), None)

    def papers(self, ui: str) -> Iterator[pages.PaperPage]:
        """Yield the page of every paper, each with its translations and with its neighbours in the brief."""
        seen: set[str] = set()
        for one in sorted(self.briefs, key=lambda brief: brief.language != ui):
            for item in one.items:
                paper = item.paper
                if paper.arxiv_id in seen:
                    continue
                seen.add(paper.arxiv_id)
                near = [
                    pages.PaperRef(
                        other.paper.arxiv_id,
                        other.paper.title,
                        addresses.paper(ui, other.paper.arxiv_id),
                        other.paper.authors,
                        one.announced_on,
                        other.position,
                    )
                    for other in one.items
                    if other is not item
                ]
                outside = pages.PaperRef("2401.00001", "A Survey of Everything", None, ("Ada Lovelace",))
                yield pages.PaperPage(
                    frame=self.frame(ui, addresses.paper(ui, paper.arxiv_id)),
                    paper=paper,
                    summary=item.summary,
                    links=item.links,
                    translations=tuple(self._translations(paper.arxiv_id)),
                    versions=(PaperVersion(paper.arxiv_id, 1, one.announced_on),),
                    announced=tuple((category, one.announced_on, item.announce_type) for category in paper.categories),
                    related=tuple(near),
                    surveys=(outside,),
                    shown_in=(
                        pages.ShownIn(
                            self.topic(ui, _key(one)),
                            pages.DayRef(one.announced_on, addresses.day(ui, one.announced_on)),
                            self.path(ui, one),
                            item.position,
                        ),
                    ),
                    look_ups=12,
                    saves=3,
                    late=item.late,
                    figures=(_figure(),) if self.figures else (),
                )

    def _translations(self, arxiv_id: str) -> Iterable[Translation]:
        items = [item for one in self.briefs for item in one.items if item.paper.arxiv_id == arxiv_id]
        found = [one.translation for one in items if isinstance(one.translation, Translation)]
        return {one.language: one for one in found}.values()

    def shard(self) -> pages.SearchShard:
        """Return the search index."""
        items = {item.paper.arxiv_id: (one.announced_on, item) for one in self.briefs for item in one.items}
        entries = tuple(
            pages.SearchEntry(
                arxiv_id, item.paper.title, item.paper.authors[:3], day, item.paper.primary_category, has_page=True
            )
            for arxiv_id, (day, item) in items.items()
        )
        return pages.SearchShard(self.days[0], entries)

    def search(self, ui: str) -> pages.SearchPage:
        """Return the search page."""
        shard = self.shard()
        shards = (addresses.search_shard(shard.monday),)
        frame = self.frame(ui, addresses.search(ui))
        return pages.SearchPage(frame, shards, len(shard.entries), self.days[-1], self.days[0])

    def files(self) -> dict[str, bytes]:
        """Return every file by its path in the directory."""
        made = {addresses.file_of(page.frame.path): render_page(page) for page in self.every_page()}
        made[addresses.search_shard(self.days[0])] = render_shard(self.shard())
        return made | dict(shared_files())

    def write(self, directory: Path) -> None:
        """Write every file."""
        for name, content in self.files().items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def on_another_day(briefs: Iterable[Brief], days: int) -> list[Brief]:
    """Return the same briefs, that many days earlier."""
    return [replace(one, announced_on=one.announced_on - timedelta(days=days)) for one in briefs]


def _key(one: Brief) -> TopicKey:
    return TopicKey(one.topic.slug, one.topic.guild_id)


def _figure() -> pages.Figure:
    return pages.Figure(
        path="figures/sample.png",
        width=640,
        height=240,
        label="Figure 1",
        caption="Accuracy over compute, in $O(n)$ steps.",
        credit="The authors",
        licence="CC BY 4.0",
        licence_url="https://creativecommons.org/licenses/by/4.0/",
    )
