"""What a fetch means: one of six states per category, from what arXiv shows, what is due, and what is stored.

Pure: time, calendar and history come in as arguments. "0 new" is never success by itself, and a calendar that is wrong
costs a wrong word, never a paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from bot.errors import SourceError, SourceMalformed, SourceUnavailable
from bot.model import Announcement, AnnouncementState, FetchedAnnouncement, SourceName
from bot.sources.calendar import AnnouncementCalendar
from bot.statement import Statement, StatementCode

LATE_AFTER = timedelta(hours=24)
# A batch of 4 % of its weekday's median has been served as complete; no real day of 2026 fell below a third.
_LEAST_SHARE = 0.15
_LEAST_SAMPLES = 3
_LEAST_MEDIAN = 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement on one category and date.

    `store`: what was fetched belongs into the store under `announced_on`. `late`: it is first held a day or more after
    its release. `reason` explains every state but a plain fresh one.
    """

    state: AnnouncementState
    announced_on: date
    store: bool
    late: bool
    reason: Statement | None = None


def judge(
    fetched: FetchedAnnouncement | None,
    *,
    error: SourceError | None,
    now: datetime,
    calendar: AnnouncementCalendar,
    cutoff: timedelta,
    latest_stored: Announcement | None,
    weekday_totals: Sequence[int],
) -> Verdict:
    """Return the verdict on one fetch of one category.

    `latest_stored` is the newest announcement of the category that the store holds complete (never a partial one);
    `weekday_totals` are new plus cross-listed papers of earlier announcements on the fetched one's weekday; `cutoff` is
    how long after its release a missing announcement is waited for. An older announcement that is not stored yet is
    judged for itself, to be taken at once: ask `judge_due` about the one that is due as well.
    """
    due = calendar.due(now)
    if fetched is None or error is not None:
        return Verdict(AnnouncementState.FAILED, due, store=False, late=False, reason=explain_failure(error))
    header = fetched.announced_on
    held = latest_stored is not None and latest_stored.announced_on >= header
    if header < due and held:
        return _overdue(fetched, due, now, calendar, cutoff)
    if not fetched.papers and fetched.source is SourceName.FEED:
        return _empty_feed(fetched, due, now, calendar, cutoff, latest_stored)
    problem = explain_problem(fetched) or find_anomaly(fetched, weekday_totals)
    late = now >= calendar.release(header) + LATE_AFTER
    if held and latest_stored is not None and latest_stored.announced_on == header:
        late = latest_stored.late
    if problem:
        # What is stored complete is not replaced by less.
        return Verdict(AnnouncementState.PARTIAL, header, store=not held, late=late, reason=problem)
    if held:
        silence = calendar.reason_for_silence(now)
        if silence is not None and header <= due:
            return Verdict(AnnouncementState.QUIET, header, store=False, late=late, reason=silence)
    return Verdict(AnnouncementState.FRESH, header, store=True, late=late)


def judge_due(
    fetched: FetchedAnnouncement, *, now: datetime, calendar: AnnouncementCalendar, cutoff: timedelta
) -> Verdict | None:
    """Return the verdict (waiting or stalled) on the announcement that is due if what was fetched is older."""
    due = calendar.due(now)
    return _overdue(fetched, due, now, calendar, cutoff) if fetched.announced_on < due else None


def _overdue(
    fetched: FetchedAnnouncement, due: date, now: datetime, calendar: AnnouncementCalendar, cutoff: timedelta
) -> Verdict:
    release = calendar.release(due)
    category, shows = fetched.category, fetched.announced_on
    if now < release + cutoff:
        reason = Statement.of(
            StatementCode.NOT_OUT_YET, due=due, category=category, shows=shows, until=release + cutoff
        )
        return Verdict(AnnouncementState.WAITING, due, store=False, late=False, reason=reason)
    reason = Statement.of(StatementCode.OVERDUE, due=due, release=release, category=category, shows=shows)
    return Verdict(AnnouncementState.STALLED, due, store=False, late=False, reason=reason)


def _empty_feed(
    fetched: FetchedAnnouncement,
    due: date,
    now: datetime,
    calendar: AnnouncementCalendar,
    cutoff: timedelta,
    latest_stored: Announcement | None,
) -> Verdict:
    """An empty feed is what arXiv serves on days without an announcement, and after midnight before it is rebuilt."""
    if latest_stored is not None and latest_stored.announced_on >= due:
        reason = calendar.reason_for_silence(now) or Statement.of(StatementCode.FEED_QUIET, category=fetched.category)
        return Verdict(
            AnnouncementState.QUIET, latest_stored.announced_on, store=False, late=latest_stored.late, reason=reason
        )
    release = calendar.release(due)
    state = AnnouncementState.WAITING if now < release + cutoff else AnnouncementState.STALLED
    reason = Statement.of(StatementCode.FEED_EMPTY, due=due, category=fetched.category)
    return Verdict(state, due, store=False, late=False, reason=reason)


def explain_failure(error: SourceError | None) -> Statement:
    """Return why nothing could be read."""
    if error is None:
        return Statement.of(StatementCode.NOTHING_FETCHED)
    if isinstance(error, SourceUnavailable) and error.retry_at is not None:
        return Statement.of(StatementCode.SOURCE_LIMITED, until=error.retry_at, detail=str(error))
    malformed = isinstance(error, SourceMalformed)
    code = StatementCode.SOURCE_MALFORMED if malformed else StatementCode.SOURCE_UNAVAILABLE
    return Statement.of(code, detail=str(error))


def explain_problem(fetched: FetchedAnnouncement) -> Statement | None:
    """Return that what was read is not all, where the source said so."""
    return Statement.of(StatementCode.PAGE_INCOMPLETE, detail=fetched.problem) if fetched.problem else None


def find_anomaly(fetched: FetchedAnnouncement, weekday_totals: Sequence[int]) -> Statement | None:
    """Return why so few papers are suspicious, given the totals of earlier announcements on that weekday; else None."""
    if len(weekday_totals) < _LEAST_SAMPLES:
        return None
    usual = median(weekday_totals)
    found = sum(paper.announce_type.deliverable for paper in fetched.papers)
    if usual < _LEAST_MEDIAN or found >= usual * _LEAST_SHARE:
        return None
    return Statement.of(StatementCode.FEWER_THAN_USUAL, found=found, usual=round(usual))
