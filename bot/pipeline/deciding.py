"""What to do about one announcement date for one subscription, now. Pure: time, ledger and announcements come in.

Every date ends exactly once: as a brief, a quiet line or its skipping, or inside the line about what was missed. The
answer rests on what the ledger and the store hold, never on what this process did before, so a restart changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, auto

from bot.delivery import DeliveryKind, Subscription
from bot.model import Announcement, AnnouncementState, Topic
from bot.pipeline.due import due_at, load_zone
from bot.sources.calendar import EASTERN, AnnouncementCalendar

CATCH_UP = timedelta(hours=48)
"""How late a brief is still posted for itself unless a setting says otherwise; what is older is part of one line."""

UNCERTAIN = timedelta(days=5)
"""How much longer a date is left open of which nobody knows yet whether anything was announced.

A deferral that the calendar does not know shows only in what the next announcement brings, over a weekend and a holiday
or two: nothing was missed then.
"""

LATE_LABEL = timedelta(minutes=30)
"""From how long after it was due a brief is called late."""

GRACE = timedelta(minutes=15)
"""What arXiv's cut-off gets on top, so that the poll at the cut-off is over."""

WINDOW = timedelta(days=28)
"""How far back anything is looked at; shorter than the ledger is kept."""

BOARD_MARGIN = timedelta(days=14)

SETTLED = frozenset({AnnouncementState.FRESH, AnnouncementState.QUIET})
DONE = frozenset({DeliveryKind.BRIEF, DeliveryKind.QUIET})
_OVERDUE = frozenset({AnnouncementState.STALLED, AnnouncementState.PARTIAL, AnnouncementState.FAILED})
_DAY = timedelta(days=1)


class Step(Enum):
    """What a date asks for.

    wait: nothing now, look again. close: nothing ever again. brief: everything is there. incomplete: past the cut-off
    something is missing: a brief of what is there, or the line that says so. no_announcement: a day on which arXiv
    announces nothing. look_for_late: the brief went out incomplete, and now the rest is there. look_for_missed: the
    same, and the rest is too old. missed: too old, and there was something, or nobody will ever know.
    """

    WAIT = auto()
    CLOSE = auto()
    BRIEF = auto()
    INCOMPLETE = auto()
    NO_ANNOUNCEMENT = auto()
    LOOK_FOR_LATE = auto()
    LOOK_FOR_MISSED = auto()
    MISSED = auto()


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a decision rests on.

    `due`: when the subscription wants it. `cutoff_at`: from when on a missing announcement is overdue. `expected`: the
    calendar has an announcement that day. `rows`: the stored announcements of the topic's categories. `absent`: a
    category has none and may still get one. `kinds`: the deliveries there are for this date. `covered`: a line about
    missed briefs includes it.
    """

    announced_on: date
    due: datetime
    cutoff_at: datetime
    expected: bool
    rows: tuple[Announcement, ...]
    absent: bool
    kinds: frozenset[DeliveryKind]
    covered: bool

    @property
    def settled(self) -> bool:
        """Return whether everything there will be is there."""
        return not self.absent and bool(self.rows) and all(row.state in SETTLED for row in self.rows)

    @property
    def holds_papers(self) -> bool:
        """Return whether any paper of that date is stored."""
        return any(row.stored.deliverable for row in self.rows)

    @property
    def missing(self) -> tuple[Announcement, ...]:
        """Return the announcements that are not there, or not whole."""
        return tuple(row for row in self.rows if row.state not in SETTLED)

    def is_late(self, now: datetime) -> bool:
        """Return whether a brief posted `now` is to be called late."""
        return now > max(self.due, self.cutoff_at) + LATE_LABEL


def decide(situation: Situation, now: datetime, catch_up: timedelta = CATCH_UP) -> Step:
    """Return what to do; see `Step`. The situation's `due` must have come. `catch_up`: from which age it is too old."""
    told = DeliveryKind.WAITING in situation.kinds
    too_old = now - situation.due > catch_up
    if situation.kinds & DONE:
        if not told or DeliveryKind.LATE in situation.kinds or situation.covered:
            return Step.CLOSE
        if not situation.settled:
            return Step.WAIT
        return Step.LOOK_FOR_MISSED if too_old else Step.LOOK_FOR_LATE
    if situation.covered:
        return Step.CLOSE
    if not situation.expected and not situation.holds_papers:
        return _no_announcement(situation, now, too_old=too_old)
    if too_old:
        # Quiet, or from before anybody read these categories.
        nothing = not situation.holds_papers and (situation.settled or not (situation.rows or situation.absent))
        if nothing:
            return Step.CLOSE
        certain = situation.holds_papers or now - situation.due > catch_up + UNCERTAIN
        return Step.MISSED if certain else Step.WAIT
    if situation.settled:
        return Step.BRIEF
    if now < situation.cutoff_at or not any(row.state in _OVERDUE for row in situation.rows):
        return Step.WAIT
    return Step.INCOMPLETE


def _no_announcement(situation: Situation, now: datetime, *, too_old: bool) -> Step:
    if too_old:
        return Step.CLOSE
    # The calendar may be wrong: not before the cut-off is it certain that nothing came.
    return Step.NO_ANNOUNCEMENT if now >= situation.cutoff_at else Step.WAIT


def first_date(subscription: Subscription, calendar: AnnouncementCalendar) -> date:
    """Return the first announcement date that a subscription gets: the newest one when it was made."""
    return calendar.due(subscription.created_at)


def with_newest(
    first: date,
    topic: Topic,
    dates: Mapping[date, datetime],
    board: Mapping[str, Mapping[date, Announcement]],
) -> dict[date, datetime]:
    """Return `dates`, and where nothing was announced on the `first` one the newest date before it that has papers.

    A subscription made on such a day would else begin with silence: its first brief is the newest one there is.
    """
    known = [board.get(name, {}) for name in topic.categories]
    mine = [rows[first] for rows in known if first in rows]
    if first not in dates or not mine or any(row.state is not AnnouncementState.QUIET for row in mine):
        return dict(dates)
    earlier = {day for rows in known for day, row in rows.items() if day < first and row.stored.deliverable}
    for day in sorted(earlier, reverse=True):
        if all(rows[day].state in SETTLED for rows in known if day in rows):
            return {day: dates[first], **dates}
    return dict(dates)


def dates_until(first: date, now: datetime, calendar: AnnouncementCalendar) -> list[date]:
    """Return all days from `first`, or from the beginning of the window, to the newest one whose release has come."""
    last = calendar.slot(now)
    first = max(first, last - WINDOW)
    return [first + _DAY * offset for offset in range((last - first).days + 1)]


def wanted_at(subscription: Subscription, announced_on: date, calendar: AnnouncementCalendar) -> datetime:
    """Return when a subscription wants the brief of a date; the first one not before the subscription was made.

    A zone that the machine does not know any more counts as arXiv's own.
    """
    zone = load_zone(subscription.zone) or EASTERN
    due = due_at(calendar.release(announced_on), subscription.post_time, zone)
    if announced_on == first_date(subscription, calendar):
        return max(due, subscription.created_at)
    return due


def assess(
    announced_on: date,
    topic: Topic,
    *,
    due: datetime,
    board: Mapping[str, Mapping[date, Announcement]],
    kinds: Mapping[date, frozenset[DeliveryKind]],
    now: datetime,
    calendar: AnnouncementCalendar,
    cutoff: timedelta,
) -> Situation:
    """Return the situation of a date, out of the `board` of stored announcements by category and date.

    The board reaches `BOARD_MARGIN` further back than the date, to tell a gap from a beginning.
    """
    rows = tuple(board[name][announced_on] for name in topic.categories if announced_on in board.get(name, {}))
    return Situation(
        announced_on=announced_on,
        due=due,
        cutoff_at=calendar.release(announced_on) + cutoff + GRACE,
        expected=calendar.is_announcement_day(announced_on),
        rows=rows,
        absent=_absent(announced_on, topic.categories, board, calendar.due(now)),
        kinds=kinds.get(announced_on, frozenset()),
        covered=any(DeliveryKind.MISSED in found for day, found in kinds.items() if day >= announced_on),
    )


def _absent(
    announced_on: date, categories: Iterable[str], board: Mapping[str, Mapping[date, Announcement]], due: date
) -> bool:
    """Return whether a category without a row will still get one.

    A gap in what is known of a category is filled; a date from before anybody read it is not.
    """
    for name in categories:
        known = board.get(name, {})
        if announced_on not in known and (announced_on >= due or any(day < announced_on for day in known)):
            return True
    return False
