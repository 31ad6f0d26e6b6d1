"""From arXiv to the store: what was announced, what was missed, and the metadata that comes later.

Order: each category's listing page, a stand-in where the page does not serve, missed announcements, enrichment. Every
category's page is stored before the next is asked, so a killed run resumes where it stood. No error of one category
stops another, and nothing that was read is ever dropped because something later failed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.clock import Clock
from bot.errors import SourceError, UsageError
from bot.log import get_logger
from bot.model import Announcement, AnnouncementState, Counts, FetchedAnnouncement, IngestReport, Paper
from bot.pipeline.catch_up import CatchUp
from bot.pipeline.enrich import Enrichment
from bot.pipeline.ports import Api, Embeds, Feeds, Listing, Oai, Progress, RequestCounter, StandIn
from bot.sources.calendar import AnnouncementCalendar
from bot.sources.judge import Verdict, judge, judge_due
from bot.store.announcements import AnnouncementStore
from bot.store.papers import PaperStore

_log = get_logger(__name__)

_FEED_LAG = timedelta(days=14)
"""How old a batch may be that a feed serves under a fresh date, for it to be known."""


class Ingest:
    """One run over some categories at a time; safe to repeat at any moment."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        papers: PaperStore,
        *,
        listing: Listing,
        feed: Feeds,
        api: Api,
        oai: Oai,
        client: RequestCounter,
        calendar: AnnouncementCalendar,
        clock: Clock,
        cutoff: timedelta,
        progress: Progress | None = None,
        embedding: Embeds | None = None,
        stand_ins: Sequence[StandIn] = (),
    ) -> None:
        """`embedding`: makes vectors of what is new; None makes none. `stand_ins`: asked in order, after the feed."""
        self._embedding = embedding
        self._announcements = announcements
        self._papers = papers
        self._listing = listing
        self._feed = feed
        self._stand_ins = tuple(stand_ins)
        self._api = api
        self._client = client
        self._calendar = calendar
        self._clock = clock
        self._cutoff = cutoff
        self._progress = progress or (lambda _step, _done, _total: None)
        self._catch_up = CatchUp(announcements, papers, oai=oai, calendar=calendar, clock=clock)
        self._enrichment = Enrichment(papers, feed=feed, api=api, oai=oai)

    async def run(self, categories: Sequence[str]) -> IngestReport:
        """Read `categories` once and return what was found, category by category, older announcements first.

        Network trouble never raises: it is a state in the report. Raises `StoreError` when the database fails.
        """
        as_of = self._clock.now()
        before = self._client.requests
        steps = len(categories) + 2
        found: list[Announcement] = []
        new_papers = 0
        for number, category in enumerate(categories):
            self._progress(f"reading {category}", number, steps)
            announcements, count = await self._read_category(category, as_of)
            found += announcements
            new_papers += count
        self._progress("catching up", steps - 2, steps)
        announcements, count = await self._catch_up.run(categories, as_of)
        found = [*announcements, *found]
        new_papers += count
        self._progress("adding metadata", steps - 1, steps)
        enriched, enrichment_failed = await self._enrichment.run(categories, as_of)
        vectors = await self._embedding.run(self._progress) if self._embedding is not None else None
        self._progress("done", steps, steps)
        order = {category: place for place, category in enumerate(categories)}
        found.sort(key=lambda one: (order[one.category], one.announced_on))
        return IngestReport(
            as_of=as_of,
            announcements=tuple(found),
            requests=self._client.requests - before,
            new_papers=new_papers,
            enriched=enriched,
            enrichment_failed=enrichment_failed,
            vectors=vectors,
        )

    async def fetch_paper(self, arxiv_id: str) -> Paper:
        """Ask the API for one paper, store it, and return it as stored.

        Raises `SourceError` when arXiv cannot be asked, `UsageError` when it knows no such paper.
        """
        result = await self._api.fetch_papers([arxiv_id])
        await self._papers.save_metadata(result.papers)
        paper = await self._papers.load_paper(arxiv_id)
        if paper is None:
            raise UsageError(f"arXiv knows no paper {arxiv_id}")
        return paper

    async def _read_category(self, category: str, as_of: datetime) -> tuple[list[Announcement], int]:
        page, error = await self._fetch(category)
        verdicts = await self._judge(category, page, error, as_of)
        saved, new_papers = await self._save(category, page, verdicts, as_of)
        if verdicts[-1].state.healthy:
            return saved, new_papers
        for stand_in in (self._feed, *self._stand_ins):
            other = await self._fetch_stand_in(stand_in, category)
            better = await self._judge(category, other, None, as_of) if other is not None else []
            if better and better[-1].state in (AnnouncementState.FRESH, AnnouncementState.QUIET):
                replaced, more = await self._save(category, other, better, as_of)
                dates = {one.announced_on for one in replaced}
                return [*(one for one in saved if one.announced_on not in dates), *replaced], new_papers + more
        return saved, new_papers

    async def _fetch(self, category: str) -> tuple[FetchedAnnouncement | None, SourceError | None]:
        try:
            return await self._listing.fetch(category), None
        except SourceError as error:
            _log.warning("listing page could not be read", category=category, error=str(error))
            return None, error

    async def _fetch_stand_in(self, stand_in: StandIn, category: str) -> FetchedAnnouncement | None:
        """Return what it has, filed under the announcement its ids belong to, or None if it is of no use."""
        try:
            feed = await stand_in.fetch_category(category)
        except SourceError as error:
            _log.warning("a stand-in for the listing page could not be read", category=category, error=str(error))
            return None
        rows = await self._announcements.load_range(category, feed.announced_on - _FEED_LAG, feed.announced_on)
        held = {
            row.announced_on: set(await self._announcements.load_ids(category, row.announced_on))
            for row in rows
            if row.stored.total
        }
        complete = [row.announced_on for row in rows if row.state is AnnouncementState.FRESH]
        return file_by_ids(feed, held, max(complete, default=None), self._calendar.due(self._clock.now()))

    async def _judge(
        self, category: str, page: FetchedAnnouncement | None, error: SourceError | None, as_of: datetime
    ) -> list[Verdict]:
        """Return the verdict on what was fetched and, where that is older than what is due, one on the due one too."""
        announced_on = page.announced_on if page is not None else self._calendar.due(as_of)
        weekday_totals = await self._announcements.recent_totals(category, announced_on.weekday(), before=announced_on)
        verdict = judge(
            page,
            error=error,
            now=as_of,
            calendar=self._calendar,
            cutoff=self._cutoff,
            latest_stored=await self._announcements.load_latest(category, complete_only=True),
            weekday_totals=weekday_totals,
        )
        if page is None or verdict.announced_on != page.announced_on:
            return [verdict]
        overdue = judge_due(page, now=as_of, calendar=self._calendar, cutoff=self._cutoff)
        return [verdict, overdue] if overdue else [verdict]

    async def _save(
        self, category: str, page: FetchedAnnouncement | None, verdicts: Sequence[Verdict], as_of: datetime
    ) -> tuple[list[Announcement], int]:
        saved: list[Announcement] = []
        new_papers = 0
        for verdict in verdicts:
            if verdict.store and page is not None:
                result = await self._announcements.save_fetched(
                    page, state=verdict.state, fetched_at=as_of, late=verdict.late, reason=verdict.reason
                )
                new_papers += result.new_papers
                saved.append(result.announcement)
            else:
                saved.append(await self._note(category, page, verdict, as_of))
        return saved, new_papers

    async def _note(
        self, category: str, page: FetchedAnnouncement | None, verdict: Verdict, as_of: datetime
    ) -> Announcement:
        """Record a state that brings no papers, and return it with the counts of what is stored for that date."""
        stored = await self._announcements.load(category, verdict.announced_on)
        note = Announcement(
            category=category,
            announced_on=verdict.announced_on,
            state=verdict.state,
            source=page.source if page is not None else None,
            shown=stored.shown if stored else Counts(),
            stored=stored.stored if stored else Counts(),
            fetched_at=as_of,
            late=stored.late if stored else verdict.late,
            reason=verdict.reason,
        )
        await self._announcements.save_state(note)
        return note


def file_by_ids(
    feed: FetchedAnnouncement, held: Mapping[date, set[str]], latest: date | None, due: date
) -> FetchedAnnouncement:
    """Return `feed` under the date its papers belong to, judged by ids and not by the feed's own date.

    Feeds have been seen with a date one day behind, and with a fresh date over an old batch. `held` are the ids of
    stored announcements by date: a feed that brings mostly those of one is that announcement, whatever its date says,
    and be it days old. One dated `latest`, as the newest complete one, that brings others is the one that is `due`.
    """
    ids = {entry.paper.arxiv_id for entry in feed.papers}
    if not ids:
        return feed
    same = max((day for day, stored in held.items() if len(ids & stored) * 2 > len(ids)), default=None)
    if same is not None:
        return replace(feed, announced_on=same) if feed.announced_on > same else feed
    if feed.announced_on == latest and latest < due:
        return replace(feed, announced_on=due)
    return feed
