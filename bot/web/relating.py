"""Each paper's neighbours, day by day; looked for only where a day, or one of the weeks before it, changed.

The words of every paper are kept from one build to the next, a file for each day, so that a new day reads its own
papers only.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from bot.store.site import SiteStore
from bot.web.marks import mark_of
from bot.web.neighbours import Pool, is_survey, terms_of
from bot.web.reading import SEARCH_DAYS, Site
from bot.web.writing import SiteDirectory

Near = tuple[list[str], list[str]]
"""(identifiers of near papers, of near surveys), nearest first."""

MOST_RELATED = 6
MOST_SURVEYS = 3
_LOOKED_THROUGH = 40
_CACHE = "words-"
_TEXTS_AT_ONCE = 500
_FEW = 1000
"""Papers whose neighbours are missing, up to which an index of their own words is enough; a busy day has half."""


class Relations:
    """Finds neighbours. Ask for the days in their order."""

    def __init__(self, site: Site, store: SiteStore, directory: SiteDirectory) -> None:
        self._site = site
        self._store = store
        self._directory = directory
        self._by_day: defaultdict[date, list[str]] = defaultdict(list)
        for arxiv_id, one in site.papers.items():
            if one.announced_on is not None:
                self._by_day[one.announced_on].append(arxiv_id)
        self._days = sorted(self._by_day)
        self._day_marks = {day: self._mark(ids) for day, ids in self._by_day.items()}
        self._pool_marks: dict[date, str] = {}
        self._pool = Pool()
        self._starts: list[tuple[date, int]] = []
        self._used: set[str] = set()

    def day_of(self, arxiv_id: str) -> date:
        """Return the day as of which a paper's neighbours are looked for; the newest for one never announced to us."""
        announced_on = self._site.papers[arxiv_id].announced_on
        return announced_on or (self._days[-1] if self._days else date.min)

    async def prepare(self, by_day: Mapping[date, Collection[str]]) -> None:
        """Be told what will be asked for: where that is a day or two, only their words need an index.

        Raises `StoreError` kinds.
        """
        missing = {day: self._missing(day, ids) for day, ids in by_day.items()}
        if sum(map(len, missing.values())) > _FEW:
            return
        wanted: set[str] = set()
        for day, ids in missing.items():
            wanted.update(*(await self._own_terms(day, ids)).values())
        self._pool = Pool(wanted)

    async def find(self, day: date, ids: Collection[str]) -> dict[str, Near]:
        """Return the neighbours of these papers, all of one day as `day_of` has it. Raises `StoreError` kinds."""
        known = self._directory.state.related
        missing = self._missing(day, ids)
        self._used.update(ids)
        if missing:
            await self._fill(day)
            own = await self._own_terms(day, missing)
            first = self._first_place(day)
            for one in missing:
                near = self._split(self._pool.nearest(one, own.get(one, ()), first=first, most=_LOOKED_THROUGH))
                known[one] = (self._related_mark(day, one), *near)
        return {one: (known[one][1], known[one][2]) for one in ids}

    def forget_others(self) -> None:
        """Forget the neighbours of papers that were not asked for, and the words of days that nobody needs any more."""
        known = self._directory.state.related
        for arxiv_id in known.keys() - self._used:
            del known[arxiv_id]
        wanted = {f"{_CACHE}{day.isoformat()}" for day in self._days}
        for name in self._directory.caches(_CACHE):
            if name not in wanted:
                self._directory.drop_cache(name)

    def _missing(self, day: date, ids: Collection[str]) -> list[str]:
        """Return those papers whose neighbours are not known, or not as of this pool."""
        known = self._directory.state.related
        return [one for one in sorted(ids) if one not in known or known[one][0] != self._related_mark(day, one)]

    def _related_mark(self, day: date, arxiv_id: str) -> str:
        return f"{self._pool_mark(day)}{self._site.papers[arxiv_id].text_mark}"

    async def _own_terms(self, day: date, ids: Collection[str]) -> dict[str, tuple[str, ...]]:
        if not ids:
            return {}
        others = await self._terms([one for one in ids if self._site.papers[one].announced_on != day])
        return others | await self._terms(self._by_day.get(day, ()), day)

    def _split(self, near: Sequence[tuple[str, float]]) -> Near:
        papers = self._site.papers
        ids = [one for one, _ in near if one in papers and not papers[one].withdrawn]
        surveys = [one for one in ids if is_survey(papers[one].title)]
        others = [one for one in ids if one not in set(surveys)]
        return others[:MOST_RELATED], surveys[:MOST_SURVEYS]

    async def _fill(self, day: date) -> None:
        """Put the days up to `day` into the pool."""
        begin = day - timedelta(days=SEARCH_DAYS)
        done = self._starts[-1][0] if self._starts else date.min
        for one in self._days[bisect_left(self._days, begin) :]:
            if one > day:
                break
            if one > done:
                self._starts.append((one, len(self._pool)))
                self._pool.add(await self._terms(self._by_day[one], one))

    def _first_place(self, day: date) -> int:
        place = bisect_left(self._starts, (day - timedelta(days=SEARCH_DAYS), 0))
        return self._starts[place][1] if place < len(self._starts) else len(self._pool)

    async def _terms(self, ids: Collection[str], day: date | None = None) -> dict[str, tuple[str, ...]]:
        """Return the terms of papers; those of a `day` are kept."""
        papers, name = self._site.papers, f"{_CACHE}{day.isoformat()}" if day else ""
        kept = self._directory.load_cache(name) if day else {}
        terms = {one: tuple(kept[one][1]) for one in ids if one in kept and kept[one][0] == papers[one].text_mark}
        missing = sorted(set(ids) - terms.keys())
        for start in range(0, len(missing), _TEXTS_AT_ONCE):
            loaded = await self._store.load_papers(missing[start : start + _TEXTS_AT_ONCE])
            terms |= {arxiv_id: terms_of(one.title, one.abstract) for arxiv_id, one in loaded.items()}
        if missing and day:
            rows = {one: [papers[one].text_mark, list(terms[one])] for one in sorted(terms)}
            self._directory.save_cache(name, rows)
        return terms

    def _pool_mark(self, day: date) -> str:
        if day not in self._pool_marks:
            begin = day - timedelta(days=SEARCH_DAYS)
            marks = [self._day_marks[one] for one in self._days if begin <= one <= day]
            self._pool_marks[day] = mark_of(SEARCH_DAYS, MOST_RELATED, MOST_SURVEYS, marks)
        return self._pool_marks[day]

    def _mark(self, ids: Sequence[str]) -> str:
        papers = self._site.papers
        return mark_of([(one, papers[one].text_mark, papers[one].withdrawn) for one in sorted(ids)])
