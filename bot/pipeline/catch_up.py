"""Announcements that nobody was there to read: found by the calendar, rebuilt from OAI-PMH, marked late.

The listing page holds only the newest announcement. What was announced between the last complete one and the present
one is reconstructed from records by their ids and datestamps (`bot.sources.reconcile`).
"""

from datetime import date, datetime, timedelta

from bot.clock import Clock
from bot.errors import SourceError
from bot.log import get_logger
from bot.model import Announcement, AnnouncementState, Counts, SourceName
from bot.pipeline.ports import Oai
from bot.sources.calendar import AnnouncementCalendar
from bot.sources.reconcile import assign_dates
from bot.store.announcements import AnnouncementStore
from bot.store.papers import PaperStore

_log = get_logger(__name__)

HORIZON = timedelta(days=31)
"""How far back a gap is looked for; what is older is not news any more."""


class CatchUp:
    """Fills gaps in one category's announcements."""

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

    async def run(self, category: str, as_of: datetime) -> tuple[list[Announcement], int]:
        """Back-fill every expected announcement before the one that is due, and return them with the new papers' count.

        A date for which arXiv has no records was a deferral that the calendar did not know: stored as quiet.
        """
        missing = await self._missing(category, as_of)
        if not missing:
            return [], 0
        # OAI refuses a day that has not begun in UTC, which the due date can be on a winter's evening.
        first, last = missing[0], min(self._calendar.due(as_of), as_of.date())
        _log.info("catching up", category=category, missing=[str(one) for one in missing])
        try:
            records = await self._oai.fetch_records(category, first, last)
        except SourceError as error:
            return [await self._failed(category, one, as_of, str(error)) for one in missing], 0
        known = await self._announcements.load_new_ids(first - HORIZON, last)
        ids = [record.paper.arxiv_id for record in records]
        announced = await self._announcements.load_announced(category, ids, before=first)
        rebuilt = assign_dates(records, category, missing, known, announced=announced)
        saved: list[Announcement] = []
        new_papers = 0
        for announced_on in missing:
            fetched = rebuilt.get(announced_on)
            if fetched is None or not fetched.papers:
                saved.append(await self._nothing(category, announced_on, as_of))
                continue
            result = await self._announcements.save_fetched(
                fetched,
                state=AnnouncementState.PARTIAL if fetched.problem else AnnouncementState.FRESH,
                fetched_at=as_of,
                late=True,
                reason=fetched.problem or "missed on the day; rebuilt from arXiv's OAI records",
            )
            # These records carry the licence, which is what enrichment would look for.
            await self._papers.mark_enriched([entry.paper.arxiv_id for entry in fetched.papers], as_of)
            saved.append(result.announcement)
            new_papers += result.new_papers
        return saved, new_papers

    async def _missing(self, category: str, as_of: datetime) -> list[date]:
        """Return the expected dates before the due one without a complete row, after the first one ever stored."""
        due = self._calendar.due(as_of)
        earliest = max(due - HORIZON, await self._first_known(category, due))
        rows = {row.announced_on: row for row in await self._announcements.load_range(category, earliest, due)}
        settled = (AnnouncementState.FRESH, AnnouncementState.QUIET)
        return [
            one
            for one in self._calendar.between(earliest, due - timedelta(days=1))
            if one not in rows or rows[one].state not in settled
        ]

    async def _first_known(self, category: str, due: date) -> date:
        rows = await self._announcements.load_range(category, due - HORIZON, due)
        complete = [row.announced_on for row in rows if row.state is AnnouncementState.FRESH]
        return min(complete, default=due)

    async def _failed(self, category: str, announced_on: date, as_of: datetime, why: str) -> Announcement:
        reason = f"missed on the day and not yet recovered: {why}"
        return await self._note(category, announced_on, AnnouncementState.FAILED, as_of, reason)

    async def _nothing(self, category: str, announced_on: date, as_of: datetime) -> Announcement:
        reason = "arXiv has no papers of that date: a deferred mailing"
        return await self._note(category, announced_on, AnnouncementState.QUIET, as_of, reason)

    async def _note(
        self, category: str, announced_on: date, state: AnnouncementState, as_of: datetime, reason: str
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
