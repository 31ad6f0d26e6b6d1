"""What each page shows: frozen, made by `bot.web.reading`, put into words and HTML by `bot.web.views`.

Everything that a view needs is in here, paths of other pages included: a path that is given is that of a page that
exists. A view never asks the store, the clock or the settings. Paths are those of `bot.web.addresses`; a view turns
them into links with `addresses.relative(page.frame.path, path)`. Texts of papers are hostile, statements have no
language yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.delivery import TopicKey
from bot.model import Announcement, AnnounceType, Brief, Paper, PaperVersion, Receipt, Topic
from bot.statement import Statement
from bot.texts import Summary, Translation


@dataclass(frozen=True, slots=True)
class Alternate:
    """The same page in another language. `language`: BCP 47, or "x-default"."""

    language: str
    path: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page has around its content.

    `ui`: language of the interface, one of `addresses.UIS`. `path`: the page's own. `alternates`: the page in each
    language of the interface, itself included, and "x-default". `site_url`: where the site is published, without a
    slash at the end; None where that is not known (no canonical link, no Open Graph address then). `site_name`: as the
    owner calls it. `feed`: the topic whose feeds the page offers, None for those of all topics. Nothing in here changes
    from day to day, or every page would.
    """

    ui: str
    path: str
    alternates: tuple[Alternate, ...]
    site_url: str | None = None
    site_name: str = "Paper Brief"
    feed: TopicKey | None = None


@dataclass(frozen=True, slots=True)
class TopicRef:
    """A topic as a link. `name`: in the language of the interface. `path`: its page, None where it has none."""

    key: TopicKey
    name: str
    path: str | None


@dataclass(frozen=True, slots=True)
class DayRef:
    """An announcement date as a link."""

    announced_on: date
    path: str


@dataclass(frozen=True, slots=True)
class PaperRef:
    """A paper as a link. `path`: its page here, None where it has none (then its page on arXiv is linked).

    `announced_on`: first announced to us. `look_ups`: by our readers. `late` as in `BriefItem`.
    """

    arxiv_id: str
    title: str
    path: str | None
    authors: tuple[str, ...] = ()
    announced_on: date | None = None
    look_ups: int = 0
    late: bool = False


@dataclass(frozen=True, slots=True)
class BriefCard:
    """A brief in a list: its counts, its papers by title, or the reason for its silence.

    `path` is None where nothing was posted: then `receipt` may be None, `papers` is empty and `silence` says why.
    `language`: of its texts. `late`: how many of its papers are marked late.
    """

    topic: TopicRef
    announced_on: date
    path: str | None
    language: str
    receipt: Receipt | None
    papers: tuple[PaperRef, ...] = ()
    silence: tuple[Statement, ...] = ()
    late: int = 0


@dataclass(frozen=True, slots=True)
class DaySection:
    """One announcement date with the cards of its briefs: those with papers first, in the catalogue's order."""

    day: DayRef
    cards: tuple[BriefCard, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a paper, as a file of this site.

    `path`: the image, `width` and `height` in pixels. `label`: as in the paper ("Figure 2"). `credit`: whose it is.
    `licence`: its short name ("CC BY 4.0"), `licence_url`: its text.
    """

    path: str
    width: int
    height: int
    label: str
    caption: str
    credit: str
    licence: str
    licence_url: str


@dataclass(frozen=True, slots=True)
class RootPage:
    """The entrance: one link per language of the interface, (language, path of the front page)."""

    frame: Frame
    fronts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FrontPage:
    """The newest days with their briefs and receipts, and when the next announcement is due (`next_at` in UTC)."""

    frame: Frame
    days: tuple[DaySection, ...]
    topics: tuple[TopicRef, ...]
    next_on: date
    next_at: datetime


@dataclass(frozen=True, slots=True)
class DayPage:
    """All topics of one announcement date. `announcements`: of every category that is read, with state and counts."""

    frame: Frame
    announced_on: date
    announcements: tuple[Announcement, ...]
    cards: tuple[BriefCard, ...]
    previous: DayRef | None
    next: DayRef | None


@dataclass(frozen=True, slots=True)
class TopicList:
    """All topics, each with its newest brief, None where it has none yet."""

    frame: Frame
    topics: tuple[tuple[TopicRef, Topic, BriefCard | None], ...]


@dataclass(frozen=True, slots=True)
class TopicPage:
    """A topic and its days, newest first. `previous` and `next`: in the order of the list of topics."""

    frame: Frame
    topic: Topic
    ref: TopicRef
    cards: tuple[BriefCard, ...]
    previous: TopicRef | None
    next: TopicRef | None


@dataclass(frozen=True, slots=True)
class ContentLanguage:
    """A language in which the same brief exists, and its page. `current`: the one that the page shows."""

    language: str
    path: str
    current: bool


@dataclass(frozen=True, slots=True)
class BriefPage:
    """One brief. Its language is `brief.language`; texts may be in another one where nobody wrote any (see `Summary`).

    `papers`: arXiv identifier → path of the paper's page. `figures`: identifier → what is shown of it, often nothing.
    `languages`: of the content, itself included; one entry where there is no other. `previous_day`, `next_day`: this
    topic's briefs; `previous_topic`, `next_topic`: this day's. `made_at`: when it was posted.
    """

    frame: Frame
    brief: Brief
    topic: TopicRef
    day: DayRef
    papers: Mapping[str, str]
    languages: tuple[ContentLanguage, ...]
    made_at: datetime
    previous_day: BriefCard | None = None
    next_day: BriefCard | None = None
    previous_topic: BriefCard | None = None
    next_topic: BriefCard | None = None
    figures: Mapping[str, tuple[Figure, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShownIn:
    """A brief that showed the paper: where, why and with which score."""

    topic: TopicRef
    day: DayRef
    path: str
    position: int


@dataclass(frozen=True, slots=True)
class PaperPage:
    """One paper with all that is known of it.

    `summary`: the best there is in the language of the interface, else in another one (its `language` says). `links`:
    kind → address, as in `BriefItem`. `translations`: the newest of each language, that of the interface first.
    `versions`: oldest first. `announced`: (category, date, type), oldest first. `related`: near papers that are no
    surveys, announced on the same day or before; `surveys`: near surveys. `shown_in`: newest first. `late`: marked so
    in a brief.
    """

    frame: Frame
    paper: Paper
    summary: Summary
    links: Mapping[str, str]
    translations: tuple[Translation, ...]
    versions: tuple[PaperVersion, ...]
    announced: tuple[tuple[str, date, AnnounceType], ...]
    related: tuple[PaperRef, ...]
    surveys: tuple[PaperRef, ...]
    shown_in: tuple[ShownIn, ...]
    look_ups: int
    saves: int
    late: bool = False
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchShard:
    """The papers announced in one week, newest first and then by identifier. Not a page: no frame, the same for all.

    `entries`: (paper, its first announcement, whether it has a page here); `authors` of the paper may be cut.
    """

    monday: date
    entries: tuple["SearchEntry", ...]


@dataclass(frozen=True, slots=True)
class SearchEntry:
    """A paper in the search index; `authors` are the first ones. `has_page`: at `addresses.paper(ui, arxiv_id)`."""

    arxiv_id: str
    title: str
    authors: tuple[str, ...]
    announced_on: date
    primary_category: str
    has_page: bool


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The search over the papers announced from `first` to `last`. `shards`: paths of the index, newest week first."""

    frame: Frame
    shards: tuple[str, ...]
    papers: int
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class AboutPage:
    """What this is, where the papers come from, who wrote the summaries, thanks to arXiv. `producers`: models' names.

    `categories`: that are read. `first`, `last`: announcement dates of the oldest and newest brief.
    """

    frame: Frame
    version: str
    categories: tuple[str, ...]
    producers: tuple[str, ...]
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class PrivacyPage:
    """What is known about readers: of the site, nothing; of the bot's users, what `/privacy` says."""

    frame: Frame


Page = (
    RootPage
    | FrontPage
    | DayPage
    | TopicList
    | TopicPage
    | BriefPage
    | PaperPage
    | SearchPage
    | AboutPage
    | PrivacyPage
)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A brief in a feed. `path`: its page in `ui`. `made_at`: when it was posted, and so published.

    In a `Feed`, the papers of the brief have no more than an identifier, a title and a gist.
    """

    brief: Brief
    topic: TopicRef
    path: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: the newest briefs, newest first. `topic` None: of all topics. `home`: the page it belongs to.

    `paths`: ending (`addresses.FEED_TYPES`) → where the feed itself is. `languages` of its entries may differ.
    """

    topic: TopicRef | None
    ui: str
    home: str
    paths: Mapping[str, str]
    entries: tuple[FeedEntry, ...]
    site_url: str | None
    site_name: str


@dataclass(frozen=True, slots=True)
class DayBriefs:
    """All briefs of one announcement date for `briefs/<date>.json`, in the order of topics and languages.

    `entries` as in a feed; `cards`: of the topics that were silent.
    """

    announced_on: date
    entries: tuple[FeedEntry, ...]
    silent: tuple[BriefCard, ...]
    site_url: str | None


@dataclass(frozen=True, slots=True)
class Directory:
    """What the lists of the site hold. `feeds`: (topic, path of its Atom feed, of its page), all topics first (None).

    `pages`: (path, day of its last change) in the order of their paths.
    """

    feeds: tuple[tuple[TopicRef | None, str, str], ...]
    pages: tuple[tuple[str, date], ...]
    site_url: str | None
    site_name: str
