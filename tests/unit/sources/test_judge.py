from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.errors import SourceError, SourceMalformed, SourceUnavailable
from bot.model import (
    AnnouncedPaper,
    Announcement,
    AnnouncementState,
    AnnounceType,
    Counts,
    FetchedAnnouncement,
    Paper,
    SourceName,
)
from bot.render.statements import say_to_operator
from bot.sources.calendar import AnnouncementCalendar
from bot.sources.judge import Verdict, judge, judge_due
from bot.statement import Statement, StatementCode

CALENDAR = AnnouncementCalendar([date(2026, 6, 19)])
CUTOFF = timedelta(hours=4)
FRI, SAT, MON, TUE = date(2026, 5, 8), date(2026, 5, 9), date(2026, 5, 11), date(2026, 5, 12)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def page(
    day: date, papers: int = 30, problem: str | None = None, source: SourceName = SourceName.LISTING
) -> FetchedAnnouncement:
    entries = tuple(
        AnnouncedPaper(Paper(f"2605.{n:05}", "T", "A", ("B",), "cs.AI", ("cs.AI",)), AnnounceType.NEW, n)
        for n in range(papers)
    )
    return FetchedAnnouncement("cs.AI", day, source, entries, Counts(new=papers), problem)


def stored(day: date, *, late: bool = False) -> Announcement:
    counts = Counts(new=30)
    return Announcement(
        "cs.AI", day, AnnouncementState.FRESH, SourceName.LISTING, counts, counts, at("2026-05-01T00:00"), late
    )


def verdict(
    fetched: FetchedAnnouncement | None,
    now: str,
    latest: Announcement | None = None,
    totals: Sequence[int] = (),
    error: SourceError | None = None,
) -> Verdict:
    return judge(
        fetched,
        error=error,
        now=at(now),
        calendar=CALENDAR,
        cutoff=CUTOFF,
        latest_stored=latest,
        weekday_totals=totals,
    )


def reason_of(found: Verdict) -> str:
    return say_to_operator(found.reason) if found.reason else ""


def test_the_announcement_that_is_due_is_fresh() -> None:
    assert verdict(page(TUE), "2026-05-12T00:30", stored(MON)) == Verdict(AnnouncementState.FRESH, TUE, True, False)


def test_the_same_announcement_again_on_its_day_stays_fresh() -> None:
    assert verdict(page(TUE), "2026-05-12T15:00", stored(TUE)).state is AnnouncementState.FRESH


def test_an_old_header_before_the_cut_off_is_waiting() -> None:
    found = verdict(page(MON), "2026-05-12T03:59", stored(MON))
    assert (found.state, found.announced_on, found.store, found.late) == (AnnouncementState.WAITING, TUE, False, False)
    assert reason_of(found) == (
        "the announcement of Tuesday, 12 May 2026 is not out yet, cs.AI still shows Monday, 11 May 2026; "
        "it counts as missing from 2026-05-12 04:00 UTC on"
    )


def test_an_old_header_after_the_cut_off_is_stalled() -> None:
    found = verdict(page(MON), "2026-05-12T04:00", stored(MON))
    assert (found.state, found.announced_on, found.store, found.late) == (AnnouncementState.STALLED, TUE, False, False)
    assert "was due at 2026-05-12 00:00 UTC, but cs.AI still shows Monday, 11 May 2026" in reason_of(found)


@pytest.mark.parametrize("now", ["2026-05-09T00:30", "2026-05-09T12:00", "2026-05-10T23:59"])
def test_a_weekend_with_everything_stored_is_quiet(now: str) -> None:
    found = verdict(page(FRI), now, stored(FRI))
    assert (found.state, found.announced_on, found.store) == (AnnouncementState.QUIET, FRI, False)
    assert "arXiv announces nothing for" in reason_of(found)


def test_a_deferral_is_quiet_and_says_why() -> None:
    friday = date(2026, 6, 19)
    found = verdict(page(friday), "2026-06-22T12:00", stored(friday))
    assert found.state is AnnouncementState.QUIET
    assert "holiday on Friday, 19 June 2026" in reason_of(found)


def test_a_first_run_at_the_weekend_takes_the_last_announcement() -> None:
    assert verdict(page(FRI), "2026-05-09T12:00") == Verdict(AnnouncementState.FRESH, FRI, True, late=True)


def test_an_old_batch_that_is_not_stored_is_taken_at_once_and_the_due_one_judged_besides() -> None:
    found = verdict(page(MON), "2026-05-12T05:00", stored(FRI))
    assert found == Verdict(AnnouncementState.FRESH, MON, True, late=True)
    due = judge_due(page(MON), now=at("2026-05-12T05:00"), calendar=CALENDAR, cutoff=CUTOFF)
    assert due is not None
    assert (due.state, due.announced_on, due.store) == (AnnouncementState.STALLED, TUE, False)


def test_nothing_more_is_due_when_the_due_one_was_fetched() -> None:
    assert judge_due(page(TUE), now=at("2026-05-12T05:00"), calendar=CALENDAR, cutoff=CUTOFF) is None


def test_a_newer_page_is_never_refused_because_of_the_calendar() -> None:
    monday = date(2026, 6, 22)
    assert verdict(page(monday), "2026-06-22T12:00", stored(date(2026, 6, 19))).state is AnnouncementState.FRESH
    assert verdict(page(TUE), "2026-05-11T23:50", stored(MON)).state is AnnouncementState.FRESH


@pytest.mark.parametrize(("now", "late"), [("2026-05-12T23:59", False), ("2026-05-13T00:00", True)])
def test_late_begins_a_day_after_the_release(now: str, late: bool) -> None:
    assert verdict(page(TUE), now, stored(MON)).late is late


def test_what_was_on_time_once_does_not_become_late() -> None:
    assert verdict(page(FRI), "2026-05-10T12:00", stored(FRI)).late is False
    assert verdict(page(FRI), "2026-05-10T12:00", stored(FRI, late=True)).late is True


def test_a_problem_makes_it_partial_but_keeps_what_was_read() -> None:
    found = verdict(page(TUE, problem="arXiv shows 10 of 31 new papers"), "2026-05-12T00:30", stored(MON))
    assert found == Verdict(AnnouncementState.PARTIAL, TUE, True, False, found.reason)
    assert reason_of(found) == "arXiv shows 10 of 31 new papers"


def test_a_partial_page_does_not_replace_a_complete_one() -> None:
    found = verdict(page(TUE, papers=3, problem="cut off"), "2026-05-12T02:00", stored(TUE))
    assert (found.state, found.store) == (AnnouncementState.PARTIAL, False)


def test_a_batch_far_below_its_weekday_is_possibly_incomplete() -> None:
    found = verdict(page(TUE, papers=12), "2026-05-12T00:30", stored(MON), totals=[334, 320, 400])
    assert (found.state, found.store) == (AnnouncementState.PARTIAL, True)
    assert reason_of(found) == "possibly incomplete: 12 papers where that weekday usually brings 334"


@pytest.mark.parametrize(
    ("papers", "totals"),
    [(51, [334, 320, 400]), (60, [400, 400, 400]), (12, [334, 320]), (1, [19, 19, 19]), (0, [])],
)
def test_an_ordinary_or_unknown_size_is_no_anomaly(papers: int, totals: list[int]) -> None:
    assert verdict(page(TUE, papers), "2026-05-12T00:30", stored(MON), totals).state is AnnouncementState.FRESH


def test_an_error_is_failed_about_what_is_due() -> None:
    found = verdict(None, "2026-05-12T00:30", stored(MON), error=SourceUnavailable("HTTP 500"))
    assert found == Verdict(AnnouncementState.FAILED, TUE, False, False, found.reason)
    assert reason_of(found) == "HTTP 500"


def test_nothing_at_all_is_failed_too() -> None:
    found = verdict(None, "2026-05-12T00:30")
    assert (found.state, reason_of(found)) == (AnnouncementState.FAILED, "nothing was fetched")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            SourceUnavailable("HTTP 429", retry_at=at("2026-05-12T01:15")),
            Statement.of(StatementCode.SOURCE_LIMITED, until=at("2026-05-12T01:15"), detail="HTTP 429"),
        ),
        (SourceUnavailable("HTTP 500"), Statement.of(StatementCode.SOURCE_UNAVAILABLE, detail="HTTP 500")),
        (SourceMalformed("no listing"), Statement.of(StatementCode.SOURCE_MALFORMED, detail="no listing")),
    ],
)
def test_servers_are_told_what_kind_of_failure_it_is(error: SourceError, reason: Statement) -> None:
    assert verdict(None, "2026-05-12T00:30", stored(MON), error=error).reason == reason


@pytest.mark.parametrize(
    ("day", "now", "latest", "state", "about"),
    [
        (SAT, "2026-05-09T12:00", FRI, AnnouncementState.QUIET, FRI),
        (SAT, "2026-05-09T12:00", MON - timedelta(days=4), AnnouncementState.STALLED, FRI),
        (TUE, "2026-05-12T02:00", MON, AnnouncementState.WAITING, TUE),
        (TUE, "2026-05-12T03:59", MON, AnnouncementState.WAITING, TUE),
        (TUE, "2026-05-12T04:00", MON, AnnouncementState.STALLED, TUE),
        (TUE, "2026-05-12T12:00", TUE, AnnouncementState.QUIET, TUE),
    ],
)
def test_an_empty_feed_is_never_an_announcement(
    day: date, now: str, latest: date, state: AnnouncementState, about: date
) -> None:
    found = verdict(page(day, papers=0, source=SourceName.FEED), now, stored(latest))
    assert (found.state, found.announced_on, found.store, found.late) == (state, about, False, False)
    assert reason_of(found), "why there is nothing is always said"


def test_a_stale_server_with_something_older_than_stored_changes_nothing() -> None:
    found = verdict(page(FRI), "2026-05-12T01:00", stored(MON))
    assert (found.state, found.announced_on, found.store) == (AnnouncementState.WAITING, TUE, False)
