"""Announcements that nobody was there to read: found by the calendar, rebuilt from OAI-PMH, marked late.

The listing page holds only the newest announcement. What was announced between the last complete one and the present
one is reconstructed from records by their ids and datestamps (`bot.sources.reconcile`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.clock import Clock
from bot.errors import SourceError
from bot.log import get_logger
from bot.model import Announcement, AnnouncementState, Counts, FetchedAnnouncement, SourceName
from bot.pipeline.ports import Oai
from bot.sources.calendar import AnnouncementCalendar
from bot.sources.judge import explain_failure, explain_problem, find_anomaly
from bot.sources.reconcile import assign_dates, find_ceilings
from bot.statement import Statement, StatementCode
from bot.store.announcements import AnnouncementStore
from bot.store.papers import PaperStore

if TYPE_CHECKING:
    from bot.sources.oai import OaiRecord

_log = get_logger(__name__)

HORIZON = timedelta(days=31)
"""How far back a gap is looked for; what is older is not news any more."""

ASK_AGAIN_AFTER = timedelta(hours=6)
"""A rebuilt announcement that may be incomplete is asked for again this much later, not at every poll."""

REBUILT = Statement.of(StatementCode.REBUILT)


@dataclass(frozen=True, slots=True)
class _Gap:
    """The dates that a category lacks, and the records from which they are rebuilt.

    `unread`: the date that is due, where it was not read yet: OAI may have its papers before the listing page.
    """

    category: str
    missing: list[date]
    unread: list[date]
    records: "Sequence[OaiRecord]"


class CatchUp:
    """Fills gaps in the announcements of some categories."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        papers: PaperStore,
        *,
        oai: Oai,
        calendar: AnnouncementCalendar,
        clock: Clock,
    ) -> None:
        self._announcements = announcements
        self._papers = papers
        self._oai = oai
        self._calendar = calendar
        self._clock = clock

    async def run(self, categories: Sequence[str], as_of: datetime) -> tuple[list[Announcement], int]:
        """Back-fill every expected announcement before the one that is due, and return them with the new papers' count.

        A date is settled as complete, or as quiet where OAI has papers of a later announcement and none of that one (a
        deferral that the calendar did not know). That OAI has records which were touched later proves nothing: it may
        still lack the announcement. Anything less certain stays failed or partial: a later run asks again.
        """
        # OAI refuses a day that has not begun in UTC, which the due date can be on a winter's evening.
        last = min(self._calendar.due(as_of), as_of.date())
        saved: list[Announcement] = []
        new_papers = 0
        gaps: list[_Gap] = []
        for category in categories:
            missing = await self._missing(category, as_of)
            if not missing:
                continue
            _log.info("catching up", category=category, missing=[str(one) for one in missing])
            try:
                records = await self._oai.fetch_records(category, missing[0], last)
            except SourceError as error:
                saved += [await self._failed(category, one, as_of, explain_failure(error)) for one in missing]
            else:
                gaps.append(_Gap(category, missing, await self._unread(category, as_of), records))
        # Identifiers rise over all categories, so what one's records tell helps to date the others' papers.
        ceilings = {mark for gap in gaps for mark in find_ceilings(gap.records)}
        for gap in gaps:
            filled, count = await self._fill(gap, ceilings, last, as_of)
            saved += filled
            new_papers += count
        return saved, new_papers

    async def _fill(
        self, gap: "_Gap", ceilings: set[tuple[str, date]], last: date, as_of: datetime
    ) -> tuple[list[Announcement], int]:
        category, missing = gap.category, gap.missing
        rebuilt = await self._rebuild(gap, ceilings, last)
        reached = max((day for day, one in rebuilt.items() if one.papers), default=date.min)
        reached = max(reached, await self._reached(category, gap.records, missing[0]))
        saved: list[Announcement] = []
        new_papers = 0
        for announced_on in missing:
            fetched = rebuilt.get(announced_on)
            if fetched is not None and fetched.papers:
                announcement, count = await self._save(fetched, as_of)
                saved.append(announcement)
                new_papers += count
            elif reached > announced_on:
                saved.append(await self._deferred(category, announced_on, as_of))
            else:
                why = Statement.of(StatementCode.OAI_BEHIND)
                saved.append(await self._failed(category, announced_on, as_of, why))
        return saved, new_papers

    async def _reached(self, category: str, records: "Sequence[OaiRecord]", first: date) -> date:
        """Return the newest date whose stored announcement OAI knows a paper of; `date.min` without one."""
        ids = {record.paper.arxiv_id for record in records}
        for row in reversed(await self._announcements.load_range(category, first, date.max)):
            held = await self._announcements.load_ids(category, row.announced_on)
            if any(kind.deliverable and arxiv_id in ids for arxiv_id, kind in held.items()):
                return row.announced_on
        return date.min

    async def _rebuild(
        self, gap: "_Gap", ceilings: set[tuple[str, date]], last: date
    ) -> dict[date, FetchedAnnouncement]:
        category, missing = gap.category, gap.missing
        ids = [record.paper.arxiv_id for record in gap.records]
        known = await self._announcements.load_new_ids(missing[0] - HORIZON, last)
        announced = await self._announcements.load_announced(category, ids, before=missing[0])
        rebuilt = assign_dates(
            gap.records, category, missing, known, announced=announced, ceilings=ceilings, unread=gap.unread
        )
        # What this category is known to have announced on another day was not announced on a missed one.
        elsewhere = await self._announcements.load_delivered_elsewhere(category, ids, missing)
        return {day: _without(elsewhere, one) for day, one in rebuilt.items()}

    async def _save(self, fetched: FetchedAnnouncement, as_of: datetime) -> tuple[Announcement, int]:
        problem = explain_problem(fetched) or await self._shortfall(fetched)
        result = await self._announcements.save_fetched(
            fetched,
            state=AnnouncementState.PARTIAL if problem else AnnouncementState.FRESH,
            fetched_at=as_of,
            late=True,
            reason=problem or REBUILT,
        )
        # These records carry the licence, which is what enrichment would look for.
        await self._papers.mark_enriched([entry.paper.arxiv_id for entry in fetched.papers], as_of)
        return result.announcement, result.new_papers

    async def _shortfall(self, fetched: FetchedAnnouncement) -> Statement | None:
        """Return why the rebuilt announcement cannot be all: fewer than arXiv showed, or than the weekday brings."""
        day = fetched.announced_on
        held = await self._announcements.load_ids(fetched.category, day)
        deliverable = {one for one, kind in held.items() if kind.deliverable}
        deliverable |= {entry.paper.arxiv_id for entry in fetched.papers if entry.announce_type.deliverable}
        row = await self._announcements.load(fetched.category, day)
        if row is not None and len(deliverable) < row.shown.deliverable:
            return Statement.of(StatementCode.REBUILT_SHORT, held=len(deliverable), announced=row.shown.deliverable)
        totals = await self._announcements.recent_totals(fetched.category, day.weekday(), before=day)
        return find_anomaly(fetched, totals)

    async def _missing(self, category: str, as_of: datetime) -> list[date]:
        """Return the expected dates before the due one without a complete row, from the first one ever noted."""
        due = self._calendar.due(as_of)
        earliest = max(due - HORIZON, await self._first_known(category, due))
        rows = {row.announced_on: row for row in await self._announcements.load_range(category, earliest, due)}
        return [
            one
            for one in self._calendar.between(earliest, due - timedelta(days=1))
            if one not in rows or _open(rows[one], as_of)
        ]

    async def _unread(self, category: str, as_of: datetime) -> list[date]:
        due = self._calendar.due(as_of)
        row = await self._announcements.load(category, due)
        settled = row is not None and row.state in (AnnouncementState.FRESH, AnnouncementState.QUIET)
        return [] if settled else [due]

    async def _first_known(self, category: str, due: date) -> date:
        """Return the first date of which anything is noted, and be it that it could not be read: we were there then."""
        rows = await self._announcements.load_range(category, due - HORIZON, due)
        return min((row.announced_on for row in rows), default=due)

    async def _failed(self, category: str, announced_on: date, as_of: datetime, why: Statement) -> Announcement:
        reason = Statement.of(StatementCode.NOT_RECOVERED, reason=why)
        return await self._note(category, announced_on, AnnouncementState.FAILED, as_of, reason)

    async def _deferred(self, category: str, announced_on: date, as_of: datetime) -> Announcement:
        reason = Statement.of(StatementCode.NO_MAILING)
        return await self._note(category, announced_on, AnnouncementState.QUIET, as_of, reason)

    async def _note(
        self, category: str, announced_on: date, state: AnnouncementState, as_of: datetime, reason: Statement
    ) -> Announcement:
        stored = await self._announcements.load(category, announced_on)
        note = Announcement(
            category,
            announced_on,
            state,
            SourceName.OAI,
            stored.shown if stored else Counts(),
            stored.stored if stored else Counts(),
            as_of,
            late=True,
            reason=reason,
        )
        await self._announcements.save_state(note)
        return note


def _open(row: Announcement, as_of: datetime) -> bool:
    if row.state is AnnouncementState.PARTIAL and row.source is SourceName.OAI:
        return as_of - row.fetched_at >= ASK_AGAIN_AFTER
    return row.state not in (AnnouncementState.FRESH, AnnouncementState.QUIET)


def _without(ids: set[str], fetched: FetchedAnnouncement) -> FetchedAnnouncement:
    papers = tuple(entry for entry in fetched.papers if entry.paper.arxiv_id not in ids)
    return replace(fetched, papers=papers, shown=Counts.of(Counter(entry.announce_type for entry in papers)))
