"""One topic's brief out of one day's papers: select, rank, cut, summarise, link, and count.

Pure: the same input gives the same brief, whatever order the candidates come in. Every paper that is read ends in the
brief or in a counted reason.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.digest.diversity import Placed, cut
from bot.digest.extract import summarise_extractive
from bot.digest.pool import PoolStatistics
from bot.digest.rank import NO_EVIDENCE, Evidence, Ranked, Ranker, scale_of
from bot.digest.select import BELOW_CUT, DROP_REASONS, NO_MATCH, SHOWN, narrow, select
from bot.fates import Placement
from bot.model import Announcement, AnnouncementState, Brief, BriefItem, Candidate, Receipt, SourceName, Topic
from bot.statement import Statement, StatementCode

# States in which a category is missing or not whole; the others may lack something all the same.
_TROUBLE = {
    AnnouncementState.WAITING: StatementCode.CATEGORY_WAITING,
    AnnouncementState.STALLED: StatementCode.CATEGORY_OVERDUE,
    AnnouncementState.PARTIAL: StatementCode.CATEGORY_PARTIAL,
    AnnouncementState.FAILED: StatementCode.CATEGORY_FAILED,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one paper: "shown" or a key of `Receipt.dropped`; where it came, if it was ranked at all."""

    fate: str
    placement: Placement | None = None


@dataclass(frozen=True, slots=True)
class _Choice:
    placed: tuple[Placed, ...]
    dropped: Mapping[str, int]
    fate: Mapping[str, str]

    @property
    def shown(self) -> list[Ranked]:
        return [one.ranked for one in self.placed if one.fate == SHOWN]


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
    evidence: Evidence = NO_EVIDENCE,
) -> Brief:
    """Return the brief of `topic` for `announced_on`, of at most `max_papers` papers.

    `announcements` are those of that date; they and `candidates` may cover more categories than the topic reads: what
    is not the topic's is left aside uncounted. `pool` holds the day's papers prepared once for all topics; the default
    is made of `candidates`. `evidence`: what else is known of the topic and its channel. The receipt counts as failed
    what arXiv says it announced and we do not hold. `language` is that of the brief; extractive summaries stay in the
    language of their abstracts. Raises QuerySyntaxError for a topic whose query does not parse.
    """
    own = _own_announcements(topic, announcements)
    read = narrow(candidates, topic.categories)
    statistics = PoolStatistics.of(candidates) if pool is None else pool
    choice = _choose(topic, read, ranker, max_papers, statistics, evidence)
    shown = choice.shown
    missing = sum(_missing(announcement) for announcement in own)
    receipt = Receipt(
        announced=len(read) + missing,
        read=len(read),
        matched=len(choice.placed),
        shown=len(shown),
        failed=missing,
        dropped=choice.dropped,
    )
    items = tuple(_item(ranked, position, statistics) for position, ranked in enumerate(shown))
    return Brief(
        topic=topic,
        announced_on=announced_on,
        language=language,
        receipt=receipt,
        items=items,
        announcements=own,
        silence=describe_silence(own, receipt),
        scale=scale_of(topic),
    )


def add_late(posted: Brief, now: Brief) -> Brief:
    """Return `posted` with the papers that only `now`, the same date's brief as it would be today, has: marked late.

    Counts, announcements and what is said to be missing are those of today.
    """
    shown = {item.paper.arxiv_id for item in posted.items}
    new = [item for item in now.items if item.paper.arxiv_id not in shown]
    items = (*posted.items, *(replace(item, late=True) for item in new))
    # Papers that were posted and would not be chosen any more are shown all the same.
    kept = len(items) - now.receipt.shown
    dropped = dict(now.receipt.dropped)
    for why in sorted(dropped, key=lambda one: (one != BELOW_CUT, -dropped[one])):
        taken = min(kept, dropped[why])
        kept, dropped[why] = kept - taken, dropped[why] - taken
    counted = {why: count for why, count in dropped.items() if count}
    receipt = replace(now.receipt, shown=len(items), dropped=counted)
    return replace(
        now,
        items=tuple(replace(item, position=place) for place, item in enumerate(items)),
        receipt=receipt,
        overview=posted.overview,
        bill=posted.bill,
        edition=posted.edition,
    )


def find_fate(
    arxiv_id: str,
    topic: Topic,
    candidates: Sequence[Candidate],
    *,
    ranker: Ranker,
    max_papers: int,
    pool: PoolStatistics | None = None,
    evidence: Evidence = NO_EVIDENCE,
) -> Verdict | None:
    """Return whether the brief shows that paper or why not, and where it came among those that matched.

    None where the paper is not among what the topic's categories announced. The rest as in `compose_brief`.
    """
    read = narrow(candidates, topic.categories)
    statistics = PoolStatistics.of(candidates) if pool is None else pool
    choice = _choose(topic, read, ranker, max_papers, statistics, evidence)
    fate = choice.fate.get(arxiv_id)
    if fate is None:
        return None
    ids = [one.ranked.candidate.paper.arxiv_id for one in choice.placed]
    if arxiv_id not in ids:
        return Verdict(fate)
    position, shown = ids.index(arxiv_id), choice.shown
    placed = choice.placed[position]
    ranked = placed.ranked
    return Verdict(
        fate,
        Placement(
            position,
            len(ids),
            ranked.score,
            ranked.relevance,
            ranked.interest,
            ranked.feedback,
            ranked.reasons,
            last_shown=shown[-1].score if shown else None,
            bar=evidence.bar,
            alike=placed.alike,
            reordered=any(one.ranked.reordered for one in choice.placed),
        ),
    )


def describe_silence(announcements: Sequence[Announcement], receipt: Receipt) -> tuple[Statement, ...]:
    """Return why a brief is empty, or what is missing from it; nothing when all is well."""
    found = [statement for announcement in announcements if (statement := _trouble(announcement))]
    if receipt.shown == 0:
        quiet = [a for a in announcements if a.state is AnnouncementState.QUIET]
        if receipt.read:
            found.insert(0, _nothing_shown(receipt))
        elif quiet and len(quiet) == len(announcements):
            found = _quiet(quiet)
        elif not announcements:
            found = [Statement.of(StatementCode.NOTHING_STORED)]
        elif not found:
            found = [Statement.of(StatementCode.NO_NEW_PAPERS, categories=tuple(a.category for a in announcements))]
    return tuple(found)


def _choose(
    topic: Topic,
    read: Sequence[Candidate],
    ranker: Ranker,
    max_papers: int,
    pool: PoolStatistics,
    evidence: Evidence,
) -> _Choice:
    selection = select(read, topic, pool)
    ranked = ranker.rank(topic, selection.matched, pool, evidence)
    placed = cut(ranked, pool, max_papers=max_papers, bar=evidence.bar)
    fate = {**selection.fate, **{one.ranked.candidate.paper.arxiv_id: one.fate for one in placed}}
    counts = Counter(fate.values())
    return _Choice(tuple(placed), {reason: counts[reason] for reason in DROP_REASONS if counts[reason]}, fate)


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


def _trouble(announcement: Announcement) -> Statement | None:
    """Return what is to be said of a category that is missing or incomplete, None where it is neither."""
    missing, reason, code = _missing(announcement), announcement.reason, _TROUBLE.get(announcement.state)
    if code is StatementCode.CATEGORY_OVERDUE:
        reason = reason or Statement.of(StatementCode.SHOWS_PREVIOUS)
    elif code is StatementCode.CATEGORY_PARTIAL:
        reason = reason or _unread(missing)
    elif code is None and missing:
        code, reason = StatementCode.CATEGORY_SHORT, _unread(missing)
    elif code is None:
        rebuilt = announcement.source is SourceName.OAI and announcement.state is AnnouncementState.FRESH
        if not rebuilt or reason is None:
            return None
        code, reason = StatementCode.CATEGORY_REBUILT, None
    return Statement.of(code, category=announcement.category, reason=reason)


def _unread(missing: int) -> Statement | None:
    return Statement.of(StatementCode.UNREAD, n=missing) if missing else None


def _nothing_shown(receipt: Receipt) -> Statement:
    """Return why papers were read and none is shown."""
    if receipt.matched:
        return Statement.of(StatementCode.MATCHED_NONE_SHOWN, n=receipt.matched)
    if all(reason == NO_MATCH for reason in receipt.dropped):
        return Statement.of(StatementCode.NONE_MATCHED, n=receipt.read)
    return Statement.of(StatementCode.NOTHING_NEW, n=receipt.read, **receipt.dropped)


def _quiet(quiet: Sequence[Announcement]) -> list[Statement]:
    reason = next((a.reason for a in quiet if a.reason is not None), None)
    if reason is None:
        return [Statement.of(StatementCode.NONE_DUE)]
    return [Statement.of(StatementCode.NO_ANNOUNCEMENT, reason=reason)]
