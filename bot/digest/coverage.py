"""How much a topic would take: a dry run over the last announcement days, with a warning where it is not a filter."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.digest.query import parse_query
from bot.digest.text import PaperText
from bot.model import Paper, Topic

COVERAGE_DAYS = 14
# A topic that takes more of the pool than this is the pool with another name: ranking decides, not the query.
MAX_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Coverage:
    """Matches per announcement date, oldest first, days without a match included.

    `total` and `pool` count papers of those days; `share` is total / pool, 0 to 1. `warning` is a sentence or None.
    """

    per_day: Mapping[date, int]
    total: int
    pool: int
    share: float
    warning: str | None


def check_coverage(topic: Topic, pool: Sequence[tuple[date, Paper | PaperText]]) -> Coverage:
    """Return how many papers of the pool's last 14 announcement days the topic matches.

    `pool` pairs papers with the date they were announced; a paper outside the topic's categories counts in the pool and
    never matches. `PaperText` saves the work of preparing a paper again for every topic. A topic without a query is
    meant to take everything and is warned about only when that is nothing. Raises QuerySyntaxError.
    """
    query, exclude = parse_query(topic.query), parse_query(topic.exclude)
    filters = bool(topic.query.strip() or topic.exclude.strip())
    days = sorted({day for day, _ in pool})[-COVERAGE_DAYS:]
    counts: Counter[date] = Counter()
    size = 0
    for day, entry in pool:
        if day not in days:
            continue
        size += 1
        paper = entry.paper if isinstance(entry, PaperText) else entry
        if topic.categories and not set(topic.categories).intersection((paper.primary_category, *paper.categories)):
            continue
        text = entry if isinstance(entry, PaperText) else PaperText.of(entry)
        if query.match(text) is not None and (exclude.root is None or exclude.match(text) is None):
            counts[day] += 1
    total = counts.total()
    share = total / size if size else 0.0
    return Coverage(
        {day: counts[day] for day in days}, total, size, share, _warning(total, size, share, len(days), filters)
    )


def _warning(total: int, size: int, share: float, days: int, filters: bool) -> str | None:
    if not size:
        return "no papers are stored for these categories, so nothing can be said yet"
    if not total:
        return f"matches none of {size:,} papers of the last {days} announcement days: widen the query"
    if filters and share > MAX_SHARE:
        return (
            f"matches {share:.0%} of {size:,} papers of the last {days} announcement days, more than {MAX_SHARE:.0%}: "
            "narrow the query, or ranking alone decides what is shown"
        )
    return None
