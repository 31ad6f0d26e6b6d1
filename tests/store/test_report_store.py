"""The report's figures, from a ledger with every fate in it, on both engines."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bot.delivery import DeliveryAction, DeliveryKind, PlannedDelivery, PlannedPart, TopicKey
from bot.health.report import LOST_AFTER, Lateness, Report, load_report, measure
from bot.llm.port import Ceiling
from bot.model import AnnouncementState, Counts
from bot.spending import Spending
from bot.store.announcements import AnnouncementStore
from bot.store.delivery_rows import Claim
from bot.store.engine import Database
from bot.store.outbox import Outbox
from bot.store.report import ReportStore
from bot.store.spend import SpendStore
from tests.store.samples import MONDAY, NOON, TUESDAY, WEDNESDAY, make_fetched, make_paper, make_state, save

HOUR = timedelta(hours=1)
FIRST, UNTIL = NOON - timedelta(days=1), NOON + timedelta(days=1)


def planned(
    channel_id: int,
    *arxiv_ids: str,
    day: date = TUESDAY,
    parts: int = 1,
    kind: DeliveryKind = DeliveryKind.BRIEF,
    due_at: datetime = NOON,
) -> PlannedDelivery:
    embeds = [{"url": f"https://arxiv.org/abs/{one}", "title": one} for one in arxiv_ids]
    body: dict[str, Any] = {"content": "marker", "embeds": embeds}
    made = tuple(PlannedPart(number, DeliveryAction.MESSAGE, body, "marker") for number in range(parts))
    return PlannedDelivery(1, channel_id, TopicKey("llm"), day, kind, due_at, made)


class Ledger:
    """Plans and settles without Discord."""

    def __init__(self, db: Database) -> None:
        self.outbox = Outbox(db)

    async def plan(self, *deliveries: PlannedDelivery) -> None:
        for one in deliveries:
            assert await self.outbox.plan(one, bot_id=9, now=NOON)

    async def claim(self) -> Sequence[Claim]:
        return await self.outbox.claim(NOON, limit=50, busy=(), holder="h", lease_until=NOON + HOUR)

    async def send(self, *deliveries: PlannedDelivery, after: timedelta = timedelta(seconds=10)) -> None:
        await self.plan(*deliveries)
        for _ in range(max(len(one.parts) for one in deliveries)):
            for claim in await self.claim():
                await self.outbox.sent(claim, 5, NOON + after)


async def report(db: Database, now: datetime = NOON) -> Report:
    return await load_report(ReportStore(db), FIRST, UNTIL, now)


async def test_nothing_is_reported_of_an_empty_database(db: Database) -> None:
    assert await report(db) == Report(FIRST, UNTIL)
    assert not await ReportStore(db).has_history(UNTIL)


async def test_every_brief_has_one_fate(db: Database) -> None:
    ledger = Ledger(db)
    await ledger.send(planned(1, parts=2), planned(2), after=timedelta(seconds=30))
    await ledger.plan(planned(3, parts=2))
    (claim,) = await ledger.claim()
    await ledger.outbox.park(claim, "refused", again=None, open_since=None, now=NOON, whole_channel=True)
    await ledger.plan(planned(4))
    (claim,) = await ledger.claim()
    await ledger.outbox.skip(claim, "called off: unsubscribed", NOON)
    await ledger.plan(planned(5), planned(6, due_at=UNTIL), planned(7, due_at=FIRST - HOUR))
    await ledger.plan(planned(8, kind=DeliveryKind.MISSED), planned(9, kind=DeliveryKind.QUIET))
    found = await report(db)
    assert (found.planned, found.sent, found.parked, found.called_off) == (5, 2, 1, 1)
    assert (found.waiting, found.lost, found.missed) == (1, 0, 1)
    assert found.lateness == Lateness(30, 30, 30)
    later = await report(db, NOON + LOST_AFTER + HOUR)
    assert (later.waiting, later.lost) == (0, 1)
    assert await ReportStore(db).has_history(UNTIL)


async def test_a_brief_is_as_late_as_its_last_message(db: Database) -> None:
    ledger = Ledger(db)
    await ledger.plan(planned(1, parts=2))
    for after in (timedelta(seconds=5), timedelta(hours=2)):
        (claim,) = await ledger.claim()
        await ledger.outbox.sent(claim, 5, NOON + after)
    assert (await report(db)).lateness.worst == 7200


async def test_papers_shown_twice_are_counted(db: Database) -> None:
    ledger = Ledger(db)
    await ledger.send(planned(1, "2605.00001", "2605.00002", parts=2), planned(2, "2605.00001"))
    assert (await report(db)).repeats == 0, "two channels, and two messages of one brief"
    await ledger.send(planned(1, "2605.00002", "2605.00003", day=WEDNESDAY))
    await ledger.send(planned(1, "2605.00002", kind=DeliveryKind.LATE))
    assert (await report(db)).repeats == 2


async def test_what_was_announced_and_what_is_missing(db: Database) -> None:
    announcements = AnnouncementStore(db)
    await save(announcements, make_fetched([make_paper()], announced_on=MONDAY))
    short = make_fetched([make_paper("2605.00002")], category="cs.AI", shown=Counts(new=3, cross=1, replace=5))
    await save(announcements, short, AnnouncementState.PARTIAL)
    await announcements.save_state(make_state(AnnouncementState.QUIET, announced_on=WEDNESDAY, category="cs.AI"))
    found = await report(db)
    assert found.days == {AnnouncementState.PARTIAL: 1, AnnouncementState.QUIET: 1}
    assert (found.papers, found.papers_missing) == (1, 3)


async def test_money_is_that_of_the_days(db: Database) -> None:
    spend = SpendStore(db)
    for day, cost in ((MONDAY, 5), (TUESDAY, 7), (WEDNESDAY, 11)):
        reservation = await spend.reserve(day, "m", "summary", Spending(1, 1, 1, cost), Ceiling())
        assert reservation is not None
        await spend.settle(reservation, Spending(1, 1, 1, cost))
    assert (await report(db)).spending == Spending(2, 2, 2, 18), "two days end in the span"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([], Lateness()),
        ([-5.0], Lateness()),
        ([3.0], Lateness(3, 3, 3)),
        ([4.0, 1.0, 3.0, 2.0], Lateness(2, 4, 4)),
        ([float(one) for one in range(1, 101)], Lateness(50, 95, 100)),
    ],
)
def test_lateness_is_by_nearest_rank(seconds: list[float], expected: Lateness) -> None:
    assert measure(seconds) == expected
