"""The objects that stages hand to each other: frozen, no library, no behaviour beyond derived values.

Names are arXiv's own wherever arXiv has one. Dates called `announced_on` are dates in arXiv's zone (US Eastern), as in
the header of a listing page. Every `datetime` is aware and in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from bot.spending import Bill
from bot.statement import Statement
from bot.texts import Fallback, Overview, Summary, Translation


class AnnounceType(StrEnum):
    """How a paper appears in a category's announcement; the values are those of arXiv's feeds."""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"

    @property
    def deliverable(self) -> bool:
        """Return whether a brief may show it: new and cross-listed papers, never replacements."""
        return self in (AnnounceType.NEW, AnnounceType.CROSS)


class AnnouncementState(StrEnum):
    """What one fetch of one category found; exactly one of these.

    fresh: the announcement that is due, complete. waiting: due, not there yet, before the cut-off. quiet: none is due
    (weekend, deferral). stalled: due, past the cut-off, still the old one. partial: fewer papers than arXiv itself says
    there are, or far below what that weekday usually brings. failed: no usable answer.
    """

    FRESH = "fresh"
    WAITING = "waiting"
    QUIET = "quiet"
    STALLED = "stalled"
    PARTIAL = "partial"
    FAILED = "failed"

    @property
    def healthy(self) -> bool:
        """Return whether this state needs nobody's attention."""
        return self in (AnnouncementState.FRESH, AnnouncementState.WAITING, AnnouncementState.QUIET)


class SourceName(StrEnum):
    """The arXiv interface a fact came from."""

    LISTING = "listing"
    FEED = "feed"
    API = "api"
    OAI = "oai"


@dataclass(frozen=True, slots=True)
class Paper:
    """One work, all versions: `arxiv_id` never carries a version.

    `abstract` and `title` are plain text in which math stays LaTeX (`$…$`) and accents are Unicode. `authors_complete`
    is false where the source cuts long lists (listing pages stop at 100). `licence` is a URL. `has_html` is None where
    the source does not say. `withdrawn` comes from arXiv's record, never from words in a comment.
    """

    arxiv_id: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    primary_category: str
    categories: tuple[str, ...]
    comment: str | None = None
    journal_ref: str | None = None
    doi: str | None = None
    licence: str | None = None
    version: int = 1
    submitted_at: datetime | None = None
    updated_at: datetime | None = None
    has_html: bool | None = None
    withdrawn: bool = False
    authors_complete: bool = True


@dataclass(frozen=True, slots=True)
class PaperVersion:
    """One entry of a paper's version history, filed when it was announced to us."""

    arxiv_id: str
    version: int
    announced_on: date
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """Entries of an announcement by type; `replace` counts replacements and replaced cross-lists together."""

    new: int = 0
    cross: int = 0
    replace: int = 0

    @property
    def total(self) -> int:
        """Return all entries."""
        return self.new + self.cross + self.replace

    @property
    def deliverable(self) -> int:
        """Return the entries that a brief may show."""
        return self.new + self.cross

    @classmethod
    def of(cls, types: Mapping[AnnounceType, int]) -> "Counts":
        """Fold counts per announce type into the three that arXiv's pages print."""
        return cls(
            new=types.get(AnnounceType.NEW, 0),
            cross=types.get(AnnounceType.CROSS, 0),
            replace=types.get(AnnounceType.REPLACE, 0) + types.get(AnnounceType.REPLACE_CROSS, 0),
        )


@dataclass(frozen=True, slots=True)
class AnnouncedPaper:
    """A paper in its place in one category's announcement; `position` counts from 0 over all its sections."""

    paper: Paper
    announce_type: AnnounceType
    position: int


@dataclass(frozen=True, slots=True)
class FetchedAnnouncement:
    """What a source showed for one category and date, before anybody judged it.

    `shown` is what arXiv says there is ("showing X of Y": Y); `papers` is what could be read. `problem` says in words
    why it is incomplete, or is None.
    """

    category: str
    announced_on: date
    source: SourceName
    papers: tuple[AnnouncedPaper, ...]
    shown: Counts
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """One category's announcement as the store knows it. Key: (category, announced_on).

    `shown` is what arXiv claimed, `stored` what we hold. `late`: first held a day or more after its release. `reason`
    explains any state but a plain fresh one.
    """

    category: str
    announced_on: date
    state: AnnouncementState
    source: SourceName | None
    shown: Counts
    stored: Counts
    fetched_at: datetime
    late: bool = False
    reason: Statement | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A deliverable paper of one announcement date, merged over the categories that announced it.

    `announce_type` is NEW if any category announced it as new. `announced_in` maps those categories to its type there.
    `announced_before` names those that carried it in an earlier announcement as well. `late` as in `Announcement`.
    """

    paper: Paper
    announce_type: AnnounceType
    announced_in: Mapping[str, AnnounceType]
    announced_before: tuple[str, ...] = ()
    late: bool = False


class CrossListPolicy(StrEnum):
    """Which cross-listed papers a topic takes."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of a score counts under a topic: 1 as usual, 0 not at all."""

    relevance: float = 1.0
    interest: float = 1.0
    feedback: float = 1.0


@dataclass(frozen=True, slots=True)
class Topic:
    """A ranking profile: what to read (`categories`), what to keep (`query`), what to prefer (`interest`).

    `names` maps languages (BCP 47) to display names and always has "en". An empty `query` keeps everything in the
    categories; `exclude` is a query whose matches are dropped. `guild_id` is None for the built-in catalogue.
    """

    slug: str
    names: Mapping[str, str]
    categories: tuple[str, ...]
    query: str = ""
    interest: str = ""
    exclude: str = ""
    cross_lists: CrossListPolicy = CrossListPolicy.INCLUDE
    guild_id: int | None = None
    weights: Weights = Weights()

    def name(self, language: str) -> str:
        """Return the display name in `language`, else in English."""
        return self.names.get(language) or self.names["en"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a paper has its score: what was found and what that added (same unit as the score)."""

    why: Statement
    score: float


@dataclass(frozen=True, slots=True)
class Opinion:
    """What somebody in a channel thinks of a paper: `value` is above 0 for more like it, below for not relevant.

    It does not say who.
    """

    paper: Paper
    value: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """Counts that must add up: announced = read + failed, and read = shown + the sum of `dropped`.

    `announced`: distinct deliverable papers that arXiv announced in the topic's categories that day. `read`: those we
    hold. `matched`: those that pass the topic's query and policy and were not briefed before. `shown`: those in the
    brief. `dropped`: a count per reason, for every paper that was read and is not shown.
    """

    announced: int
    read: int
    matched: int
    shown: int
    failed: int
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def balanced(self) -> bool:
        """Return whether counts in equal counts out plus counted reasons."""
        return self.announced == self.read + self.failed and self.read == self.shown + sum(self.dropped.values())


@dataclass(frozen=True, slots=True)
class BriefItem:
    """One chosen paper in a brief; `position` counts from 0. `links` maps a kind (abs, pdf, html, code …) to a URL.

    `translation`: into the brief's language where that is wanted, or why there is none.
    """

    paper: Paper
    announce_type: AnnounceType
    position: int
    score: float
    reasons: tuple[Reason, ...]
    summary: Summary
    links: Mapping[str, str]
    late: bool = False
    translation: Translation | Fallback | None = None


@dataclass(frozen=True, slots=True)
class Edition:
    """The channel whose readers' feedback a brief follows, and its server."""

    guild_id: int
    channel_id: int


@dataclass(frozen=True, slots=True)
class Brief:
    """The product: one topic, one announcement date, one language.

    `announcements` are those of the topic's categories for that date. `silence` says why there are no items, or
    that some category is missing; empty when all is well. `overview`: a model's sentences over the items, where that is
    wanted. `bill`: what a model did for it; None where none is configured, or none was asked. `edition`: whose own it
    is; None for the brief that all channels without feedback share. `scale`: what the scores were measured by; those of
    two briefs compare only where it is the same.
    """

    topic: Topic
    announced_on: date
    language: str
    receipt: Receipt
    items: tuple[BriefItem, ...]
    announcements: tuple[Announcement, ...]
    silence: tuple[Statement, ...] = ()
    overview: Overview | None = None
    bill: Bill | None = None
    edition: Edition | None = None
    scale: str = ""


@dataclass(frozen=True, slots=True)
class VectorReport:
    """Vectors made in one run, papers that still lack one, and in English why the run ended early; None: it did not."""

    made: int = 0
    missing: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class IngestReport:
    """One run of the ingest stage. `enrichment_failed` counts papers whose extra metadata will be tried again.

    `vectors` is None without an embedder.
    """

    as_of: datetime
    announcements: tuple[Announcement, ...]
    requests: int
    new_papers: int
    enriched: int = 0
    enrichment_failed: int = 0
    vectors: VectorReport | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand. `latest`: the newest announcement of every category that is read, by name."""

    latest: tuple[Announcement, ...]
    next_on: date
    next_at: datetime


@dataclass(frozen=True, slots=True)
class Publication:
    """The last build of the web edition. `problem`: why it failed, for the operator; None where it did not.

    `pages`: files of the whole site, of which `written` were new or changed.
    """

    at: datetime
    pages: int = 0
    written: int = 0
    seconds: float = 0.0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a topic would have taken: matches per announcement date, oldest first, out of `pool` papers of those days.

    `share` is 0 to 1. `too_wide`: the topic has a query, and more passes it than a filter should let through.
    """

    per_day: Mapping[date, int]
    total: int
    pool: int
    share: float
    too_wide: bool

    @property
    def mean(self) -> float:
        """Return the mean number of papers on an announcement day."""
        return self.total / len(self.per_day) if self.per_day else 0.0

    @property
    def empty(self) -> bool:
        """Return whether there were papers and none of them matched."""
        return self.pool > 0 and self.total == 0
