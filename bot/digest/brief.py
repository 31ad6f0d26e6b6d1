"""One topic's brief out of one day's papers: select, rank, cut, summarise, link, and count.

Pure: the same input gives the same brief, whatever order the candidates come in. Every paper that is read ends in the
brief or in a counted reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.digest.extract import summarise_extractive
from bot.digest.pool import PoolStatistics
from bot.digest.rank import Ranked, Ranker
from bot.digest.select import (
    ANNOUNCED_BEFORE,
    BELOW_CUT,
    CROSS_LIST,
    EXCLUDED,
    NO_MATCH,
    SHOWN,
    WITHDRAWN,
    narrow,
    select,
)
from bot.model import Announcement, AnnouncementState, Brief, BriefItem, Candidate, Receipt, SourceName, Topic

# How a reason for dropping is said in a sentence that begins with a number of papers.
_DROPPED_IN_WORDS = {
    ANNOUNCED_BEFORE: "announced before",
    WITHDRAWN: "withdrawn",
    CROSS_LIST: "cross-listed, which this topic leaves out",
    NO_MATCH: "outside the topic's query",
    EXCLUDED: "excluded by the topic",
    BELOW_CUT: "below the cut",
}


@dataclass(frozen=True, slots=True)
class _Choice:
    shown: tuple[Ranked, ...]
    matched: int
    dropped: Mapping[str, int]
    fate: Mapping[str, str]


def compose_brief(
    topic: Topic,
    announced_on: date,
    announcements: Sequence[Announcement],
    candidates: Sequence[Candidate],
    *,
    ranker: Ranker,
    max_papers: int,
    language: str = "en",
    pool: PoolStatistics | None = None,
) -> Brief:
    """Return the brief of `topic` for `announced_on`, of at most `max_papers` papers.

    `announcements` are those of that date; they and `candidates` may cover more categories than the topic reads: what
    is not the topic's is left aside uncounted. `pool` holds the day's papers prepared once for all topics; the default
    is made of `candidates`. The receipt counts as failed what arXiv says it announced and we do not hold. `language` is
    that of the brief; extractive summaries stay in the language of their abstracts. Raises QuerySyntaxError for a topic
    whose query does not parse.
    """
    own = _own_announcements(topic, announcements)
    read = narrow(candidates, topic.categories)
    statistics = PoolStatistics.of(candidates) if pool is None else pool
    choice = _choose(topic, read, ranker, max_papers, statistics)
    missing = sum(_missing(announcement) for announcement in own)
    receipt = Receipt(
        announced=len(read) + missing,
        read=len(read),
        matched=choice.matched,
        shown=len(choice.shown),
        failed=missing,
        dropped=choice.dropped,
    )
    items = tuple(_item(ranked, position, statistics) for position, ranked in enumerate(choice.shown))
    return Brief(
        topic=topic,
        announced_on=announced_on,
        language=language,
        receipt=receipt,
        items=items,
        announcements=own,
        silence=describe_silence(own, receipt),
    )


def find_fate(
    arxiv_id: str, topic: Topic, candidates: Sequence[Candidate], *, ranker: Ranker, max_papers: int
) -> str | None:
    """Return "shown" or the reason (a key of `Receipt.dropped`) why the brief leaves that paper out.

    None where the paper is not among what the topic's categories announced.
    """
    read = narrow(candidates, topic.categories)
    return _choose(topic, read, ranker, max_papers, PoolStatistics.of(candidates)).fate.get(arxiv_id)


def describe_silence(announcements: Sequence[Announcement], receipt: Receipt) -> str | None:
    """Return in plain sentences why a brief is empty, or what is missing from it; None when all is well."""
    sentences = [sentence for announcement in announcements if (sentence := _trouble(announcement))]
    if receipt.shown == 0:
        quiet = [a for a in announcements if a.state is AnnouncementState.QUIET]
        if receipt.read:
            sentences.insert(0, _nothing_shown(receipt))
        elif quiet and len(quiet) == len(announcements):
            sentences = [_quiet(quiet)]
        elif not announcements:
            sentences = ["Nothing is stored for this date."]
        elif not sentences:
            names = _listed([a.category for a in announcements])
            sentences = [f"arXiv announced no new or cross-listed papers in {names}."]
    return " ".join(sentences) or None


def _choose(topic: Topic, read: Sequence[Candidate], ranker: Ranker, max_papers: int, pool: PoolStatistics) -> _Choice:
    selection = select(read, topic, pool)
    ranked = ranker.rank(topic, selection.matched, pool)
    cut = max(0, max_papers)
    dropped = dict(selection.dropped)
    if below := len(ranked[cut:]):
        dropped[BELOW_CUT] = below
    fate = dict(selection.fate)
    for position, entry in enumerate(ranked):
        fate[entry.candidate.paper.arxiv_id] = SHOWN if position < cut else BELOW_CUT
    return _Choice(tuple(ranked[:cut]), len(selection.matched), dropped, fate)


def _item(ranked: Ranked, position: int, pool: PoolStatistics) -> BriefItem:
    paper = ranked.candidate.paper
    return BriefItem(
        paper=paper,
        announce_type=ranked.candidate.announce_type,
        position=position,
        score=ranked.score,
        reasons=ranked.reasons,
        summary=summarise_extractive(paper),
        links=pool.pooled(paper).links,
        late=ranked.candidate.late,
    )


def _own_announcements(topic: Topic, announcements: Sequence[Announcement]) -> tuple[Announcement, ...]:
    """Return the topic's announcements in the order of its categories, else by name."""
    order = {category: place for place, category in enumerate(topic.categories)}
    own = [a for a in announcements if not order or a.category in order]
    return tuple(sorted(own, key=lambda a: (order.get(a.category, 0), a.category, a.announced_on)))


def _missing(announcement: Announcement) -> int:
    return max(0, announcement.shown.deliverable - announcement.stored.deliverable)


def _trouble(announcement: Announcement) -> str | None:
    """Return one sentence about a category that is missing or incomplete, None where it is neither."""
    category, missing = announcement.category, _missing(announcement)
    reason = _as_clause(announcement.reason)
    match announcement.state:
        case AnnouncementState.WAITING:
            return f"{category} is not in yet{reason}."
        case AnnouncementState.STALLED:
            return f"{category} is overdue{reason or ': arXiv still shows its previous announcement'}."
        case AnnouncementState.PARTIAL:
            return f"{category} may be incomplete{reason or _unread(missing)}."
        case AnnouncementState.FAILED:
            return f"{category} could not be read{reason}."
        case AnnouncementState.FRESH | AnnouncementState.QUIET:
            if missing:
                return f"{category} is incomplete{_unread(missing)}."
            rebuilt = announcement.source is SourceName.OAI and announcement.state is AnnouncementState.FRESH
            return f"{category} was {_lowered(announcement.reason)}." if rebuilt and announcement.reason else None


def _as_clause(reason: str | None) -> str:
    text = " ".join((reason or "").split()).rstrip(".")
    return f": {text}" if text else ""


def _unread(missing: int) -> str:
    return f": {_papers(missing)} of it could not be read" if missing else ""


def _nothing_shown(receipt: Receipt) -> str:
    """Return why papers were read and none is shown."""
    if receipt.matched:
        return f"{_papers(receipt.matched)} matched, and this brief shows none."
    others = [reason for reason in receipt.dropped if reason != NO_MATCH]
    if not others:
        return f"None of the {_papers(receipt.read)} announced matched this topic."
    counted = "; ".join(f"{count} {_DROPPED_IN_WORDS[reason]}" for reason, count in receipt.dropped.items())
    return f"Nothing new for this topic: of {_papers(receipt.read)}, {counted}."


def _quiet(quiet: Sequence[Announcement]) -> str:
    reasons = list(dict.fromkeys(text for a in quiet if (text := _as_clause(a.reason))))
    return f"No announcement{reasons[0] if reasons else ' of arXiv is due on this day'}."


def _papers(count: int) -> str:
    return f"{count:,} paper" if count == 1 else f"{count:,} papers"


def _listed(names: Iterable[str]) -> str:
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")
