"""Which of a day's papers a topic takes, and why it leaves each of the others: nothing is dropped without a reason."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.digest.pool import PoolStatistics
from bot.digest.query import Query, parse_query
from bot.digest.tree import Match
from bot.model import AnnounceType, Candidate, CrossListPolicy, Topic

# Fates of a paper. The keys are stable: they are stored in receipts.
ANNOUNCED_BEFORE = "announced_before"
WITHDRAWN = "withdrawn"
CROSS_LIST = "cross_list"
NO_MATCH = "no_match"
EXCLUDED = "excluded"
TOO_SIMILAR = "too_similar"
BELOW_BAR = "below_bar"
BELOW_CUT = "below_cut"
SHOWN = "shown"
DROP_REASONS = (ANNOUNCED_BEFORE, WITHDRAWN, CROSS_LIST, NO_MATCH, EXCLUDED, TOO_SIMILAR, BELOW_BAR, BELOW_CUT)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is left for ranking, ordered by id; `dropped` counts reasons; `fate` has each dropped paper's reason."""

    matched: tuple[tuple[Candidate, Match], ...]
    dropped: Mapping[str, int]
    fate: Mapping[str, str]


def narrow(candidates: Iterable[Candidate], categories: Sequence[str]) -> list[Candidate]:
    """Return the candidates that any of `categories` announced, one per paper, ordered by id.

    Their announce type is that within `categories`: new in cs.CV is a cross-list to a reader of cs.CL, and what only
    cs.CV announced before is news there. No categories means all of them.
    """
    by_id: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        by_id.setdefault(candidate.paper.arxiv_id, []).append(candidate)
    merged = (_merged(by_id[arxiv_id]) for arxiv_id in sorted(by_id))
    return [taken for candidate in merged if (taken := _within(candidate, categories))]


def _merged(entries: list[Candidate]) -> Candidate:
    """Return one candidate for several of the same paper, whatever their order: the newest version, all categories."""
    if len(entries) == 1:
        return entries[0]
    first, *others = sorted(entries, key=lambda c: (-c.paper.version, repr(c)))
    announced_in = dict(first.announced_in)
    for other in others:
        for name, kind in other.announced_in.items():
            announced_in.setdefault(name, kind)
    new = AnnounceType.NEW in announced_in.values()
    return replace(first, announced_in=announced_in, announce_type=AnnounceType.NEW if new else first.announce_type)


def _within(candidate: Candidate, categories: Sequence[str]) -> Candidate | None:
    everywhere = (*candidate.announced_in, *candidate.announced_before)
    if not categories or all(name in categories for name in everywhere):
        return candidate
    announced_in = {name: candidate.announced_in[name] for name in sorted(candidate.announced_in) if name in categories}
    if not announced_in:
        return None
    new = AnnounceType.NEW in announced_in.values()
    return replace(
        candidate,
        announced_in=announced_in,
        announce_type=AnnounceType.NEW if new else AnnounceType.CROSS,
        announced_before=tuple(name for name in candidate.announced_before if name in categories),
    )


def select(candidates: Sequence[Candidate], topic: Topic, pool: PoolStatistics | None = None) -> Selection:
    """Return which of `candidates` the topic takes. Raises QuerySyntaxError for a topic with a broken query.

    A paper that several reasons apply to is counted under the first, in the order of `DROP_REASONS`.
    """
    statistics = PoolStatistics.of(candidates) if pool is None else pool
    query = parse_query(topic.query)
    exclude = parse_query(topic.exclude) if topic.exclude.strip() else None
    matched: list[tuple[Candidate, Match]] = []
    fate: dict[str, str] = {}
    for candidate in sorted(candidates, key=lambda c: c.paper.arxiv_id):
        outcome = _judge(candidate, topic, query, exclude, statistics)
        if isinstance(outcome, Match):
            matched.append((candidate, outcome))
        else:
            fate[candidate.paper.arxiv_id] = outcome
    counts = Counter(fate.values())
    return Selection(tuple(matched), {reason: counts[reason] for reason in DROP_REASONS if counts[reason]}, fate)


def _judge(
    candidate: Candidate, topic: Topic, query: Query, exclude: Query | None, pool: PoolStatistics
) -> Match | str:
    if candidate.announced_before:
        return ANNOUNCED_BEFORE
    if candidate.paper.withdrawn:
        return WITHDRAWN
    if topic.cross_lists is CrossListPolicy.EXCLUDE and candidate.announce_type is not AnnounceType.NEW:
        return CROSS_LIST
    text = pool.pooled(candidate.paper).text
    match = query.match(text)
    if match is None:
        return NO_MATCH
    if exclude is not None and exclude.match(text) is not None:
        return EXCLUDED
    return match
