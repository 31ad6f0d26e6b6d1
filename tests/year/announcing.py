"""A year of announcements that never were: real papers dated anew, with all that arXiv's batches are known to do.

Everything is drawn from a seed beforehand, so that what was announced is known without asking the program under test.
Its calendar is written here by hand for the same reason.
"""

import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from bot.demo.pages import DatedPaper, atom_feed, listing_page, rss_feed
from bot.demo.world import EASTERN, OAI_LAG, Flavour, merge_categories, release_of
from bot.model import AnnouncedPaper, AnnounceType, Counts, Paper

CATEGORIES = ("cs.CL", "cs.CV", "cs.AI")
Stock = Mapping[int, Sequence[Sequence[Paper]]]
"""Days of real papers by weekday, Monday 0."""

# Seen or announced by arXiv, as the program's own list has them; what follows such a holiday has no mailing.
_HOLIDAYS = {date(2026, 6, 22), date(2026, 11, 27), date(2026, 12, 28), date(2026, 12, 30), date(2027, 1, 1)}
_DEFERRED_UNSAID = 2
"""Mailings deferred of which the program's list knows nothing. Its guess of 6 July 2026 is wrong here besides."""

_DAY = timedelta(days=1)
_WINDOW = timedelta(days=45)
_REPLACED = 0.2
_CROSSED_LATER = 0.02
_WITHDRAWN = 0.03
_LATE_DAYS, _STALE, _PARTIAL = 0.05, 0.02, 0.02


@dataclass(frozen=True, slots=True)
class Batch:
    """One category's announcement. `up_at`: when its page shows it. `whole_at`: from when on all of it."""

    entries: tuple[AnnouncedPaper, ...]
    up_at: datetime
    whole_at: datetime

    @property
    def deliverable(self) -> frozenset[str]:
        """Return what a brief may show."""
        return frozenset(one.paper.arxiv_id for one in self.entries if one.announce_type.deliverable)


@dataclass(slots=True)
class _Growing:
    """arXiv while the year is drawn."""

    rng: random.Random
    papers: dict[str, Paper] = field(default_factory=dict)
    announced: dict[date, list[str]] = field(default_factory=dict)
    numbers: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def new_papers(self, day: date, originals: Sequence[Paper]) -> list[Paper]:
        month = f"{day:%y%m}"
        made: list[Paper] = []
        for original in self.rng.sample(originals, len(originals)):
            # Other categories' papers lie between ours.
            self.numbers[month] += self.rng.choice((1, 1, 2, 4))
            arxiv_id = f"{month}.{self.numbers[month]:05}"
            submitted = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - _DAY * self.rng.choice((1, 1, 1, 2, 5))
            made.append(replace(original, arxiv_id=arxiv_id, version=1, submitted_at=submitted, updated_at=submitted))
        self.papers |= {one.arxiv_id: one for one in made}
        self.announced[day] = [one.arxiv_id for one in made]
        return made

    def recent(self, day: date, days: int) -> list[str]:
        return [one for when, ids in self.announced.items() if day - _DAY * days <= when < day for one in ids]

    def replaced(self, day: date, count: int) -> list[Paper]:
        old = self.recent(day, 60)
        updated = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - _DAY
        found: list[Paper] = []
        for arxiv_id in self.rng.sample(old, min(count, len(old))):
            paper = self.papers[arxiv_id]
            # Replacements from the sixth version on are not listed.
            if paper.version < 5 and not paper.withdrawn:
                withdrawn = self.rng.random() < _WITHDRAWN
                found.append(replace(paper, version=paper.version + 1, updated_at=updated, withdrawn=withdrawn))
        self.papers |= {one.arxiv_id: one for one in found}
        return found

    def crossed(self, day: date, count: int, taken: set[str]) -> list[tuple[Paper, str]]:
        old = [one for one in self.recent(day, 7) if one not in taken]
        found: list[tuple[Paper, str]] = []
        for arxiv_id in self.rng.sample(old, min(count, len(old))):
            paper = self.papers[arxiv_id]
            if free := [name for name in CATEGORIES if name not in paper.categories]:
                category = self.rng.choice(free)
                found.append((replace(paper, categories=(*paper.categories, category)), category))
        self.papers |= {one.arxiv_id: one for one, _ in found}
        return found


class YearWorld:
    """An `ArxivWorld` of the batches of a year; `batches` is the truth. `born`: when arXiv gave out each identifier."""

    def __init__(self, stock: Stock, start: date, days: int, seed: int) -> None:
        """Draw `days` announcement days from `start` on."""
        self._rng = random.Random(f"announcing {seed}")
        self.days = self._draw_days(start, days)
        self.batches: dict[date, dict[str, Batch]] = {}
        growing = _Growing(self._rng)
        held_back: list[Paper] = []
        for day in _weekdays(self.days[0], self.days[-1]):
            originals = list(self._rng.choice(stock[day.weekday()]))
            if day in self.days:
                self.batches[day] = self._draw_batches(day, growing, [*held_back, *originals])
                held_back = []
            elif day not in _HOLIDAYS:
                held_back = originals
        self.born = {arxiv_id: day for day, ids in growing.announced.items() for arxiv_id in ids}
        self._releases = [release_of(day) for day in self.days]
        self._harvested = _Standing(self.batches)
        self._indexed = _Standing(self.batches)
        self._pages: dict[str, tuple[object, bytes]] = {}
        self._now: Callable[[], datetime] = lambda: self._releases[0]

    @property
    def categories(self) -> tuple[str, ...]:
        """Return the categories that have announcements."""
        return CATEGORIES

    @property
    def now(self) -> datetime:
        """Return the instant at which requests are answered."""
        return self._now()

    def set_now(self, now: datetime) -> None:
        """Make it that instant."""
        self._now = lambda: now

    def follow(self, now: Callable[[], datetime]) -> None:
        """Take the instant from there whenever a request comes in."""
        self._now = now

    def shown(self, category: str, now: datetime) -> date | None:
        """Return the date on a category's page: the newest batch that is up."""
        last = bisect_right(self._releases, now)
        for day in reversed(self.days[max(0, last - 8) : last]):
            if self.batches[day][category].up_at <= now:
                return day
        return None

    def replaced_at(self, category: str, day: date) -> datetime:
        """Return when the page of a batch goes away; the end of time for the last one."""
        later = [self.batches[other][category].up_at for other in self.days if other > day]
        return min(later, default=datetime.max.replace(tzinfo=UTC))

    def listing(self, category: str, now: datetime, *, skip: int = 0, show: int = 2000) -> bytes:
        """Return the page; of a batch that is not whole a tenth, with all of it claimed, as a lagging replica does."""
        day = self.shown(category, now)
        if day is None:
            return listing_page(category, self.days[0] - _DAY, (), skip=skip, show=show)
        whole = now >= self.batches[day][category].whole_at
        key = (category, day, whole, skip, show)
        if self._pages.get(category, (None, b""))[0] != key:
            self._pages[category] = key, self._page(category, day, whole=whole, skip=skip, show=show)
        return self._pages[category][1]

    def _page(self, category: str, day: date, *, whole: bool, skip: int, show: int) -> bytes:
        batch = self.batches[day][category]
        if whole:
            return listing_page(category, day, batch.entries, skip=skip, show=show)
        counts: defaultdict[AnnounceType, int] = defaultdict(int)
        for entry in batch.entries:
            counts[entry.announce_type] += 1
        part = batch.entries[: max(1, len(batch.entries) // 10)]
        return listing_page(category, day, part, skip=skip, show=show, declared=Counts.of(counts))

    def feed(self, flavour: Flavour, categories: Sequence[str], now: datetime) -> bytes:
        """Return the feed of the last midnight; a category whose page is behind is behind there, too."""
        today = now.astimezone(EASTERN).date()
        midnight = datetime(today.year, today.month, today.day, tzinfo=EASTERN)
        holds: dict[str, tuple[AnnouncedPaper, ...]] = {}
        if today in self.batches:
            for name in categories:
                day = self.shown(name, midnight) if name in CATEGORIES else None
                holds[name] = self.batches[day][name].entries if day is not None else ()
        papers = merge_categories(holds, categories)
        return (rss_feed if flavour == "rss" else atom_feed)(categories, today, papers)

    def indexed(self, now: datetime) -> Sequence[Paper]:
        """Return the papers that the API finds: those of the last weeks."""
        today = now.astimezone(EASTERN).date()
        return [one.paper for one in self._indexed.until(self.days[: bisect_right(self.days, today)])]

    def harvestable(self, now: datetime) -> Sequence[DatedPaper]:
        """Return what OAI-PMH gives out, as far as anybody asks."""
        return self._harvested.until(self.days[: bisect_right(self._releases, now - OAI_LAG)])

    def records_at(self, now: datetime) -> Sequence[DatedPaper]:
        """Return what OAI-PMH gave out at any instant."""
        return _Standing(self.batches).until(self.days[: bisect_right(self._releases, now - OAI_LAG)])

    def _draw_days(self, start: date, count: int) -> list[date]:
        found = [day for day in _weekdays(start, start + timedelta(days=2 * count + 14)) if day not in _HOLIDAYS]
        chosen = found[: count + _DEFERRED_UNSAID]
        for day in self._rng.sample(chosen[5:-3], _DEFERRED_UNSAID) if count > 20 else ():
            chosen.remove(day)
        return chosen[:count]

    def _draw_batches(self, day: date, growing: _Growing, originals: Sequence[Paper]) -> dict[str, Batch]:
        rng = self._rng
        new = growing.new_papers(day, originals)
        replacements = growing.replaced(day, round(len(new) * _REPLACED))
        taken = {one.arxiv_id for one in replacements}
        crossed = growing.crossed(day, round(len(new) * _CROSSED_LATER), taken)
        release = release_of(day)
        mailed = release + timedelta(minutes=rng.uniform(2, 40))
        if rng.random() < _LATE_DAYS:
            mailed = release + timedelta(hours=rng.uniform(1, 9))
        batches: dict[str, Batch] = {}
        for category in CATEGORIES:
            found = [(one, _kind(one, category, new=True)) for one in new if category in one.categories]
            found += [(one, AnnounceType.CROSS) for one, name in crossed if name == category]
            found += [(one, _kind(one, category, new=False)) for one in replacements if category in one.categories]
            found.sort(key=lambda entry: list(AnnounceType).index(entry[1]))
            entries = tuple(AnnouncedPaper(paper, kind, place) for place, (paper, kind) in enumerate(found))
            up_at = mailed
            if rng.random() < _STALE:
                up_at = release + timedelta(hours=rng.choice((rng.uniform(2, 20), 30)))
            whole_at = up_at
            if rng.random() < _PARTIAL:
                whole_at = up_at + timedelta(hours=rng.choice((rng.uniform(0.5, 6), 100)))
            batches[category] = Batch(entries, up_at, whole_at)
        return batches


class _Standing:
    """The papers as they stand after some days, those of the last weeks; only ever asked to go on."""

    def __init__(self, batches: Mapping[date, Mapping[str, Batch]]) -> None:
        self._batches = batches
        self._days = 0
        self._state: dict[str, DatedPaper] = {}
        self._sorted: list[DatedPaper] = []

    def until(self, days: Sequence[date]) -> list[DatedPaper]:
        if len(days) > self._days:
            for day in days[self._days :]:
                for batch in self._batches[day].values():
                    self._state.update({one.paper.arxiv_id: DatedPaper(one.paper, day) for one in batch.entries})
            self._days = len(days)
            oldest = days[-1] - _WINDOW
            self._state = {key: one for key, one in self._state.items() if one.datestamp >= oldest}
            self._sorted = sorted(self._state.values(), key=lambda one: (one.datestamp, one.paper.arxiv_id))
        return self._sorted


def _weekdays(first: date, last: date) -> list[date]:
    days = (first + _DAY * offset for offset in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


def _kind(paper: Paper, category: str, *, new: bool) -> AnnounceType:
    primary = paper.primary_category == category
    if new:
        return AnnounceType.NEW if primary else AnnounceType.CROSS
    return AnnounceType.REPLACE if primary else AnnounceType.REPLACE_CROSS
