"""What counts as unwell, and which words name it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.health.checks import MAX_JOB, MAX_QUEUE_AGE, MIN_FREE_BYTES, judge, problems
from bot.health.facts import Facts, GatewayStanding
from bot.model import AnnouncementState
from bot.store.health import NewestAnnouncement
from tests.unit.health.samples import MODEL, NOW, TODAY, facts, stored


def newest(category: str, state: AnnouncementState, *, days_ago: int = 0) -> NewestAnnouncement:
    return NewestAnnouncement(category, TODAY - timedelta(days=days_ago), state)


STALLED = newest("cs.CL", AnnouncementState.STALLED)
FAILED = [newest(place, AnnouncementState.FAILED) for place in "ABCDEFG"]
WAITING = newest("cs.CL", AnnouncementState.WAITING)
OLD_STALL = newest("cs.CL", AnnouncementState.STALLED, days_ago=1)
BEHIND = newest("cs.CL", AnnouncementState.FRESH, days_ago=1)

UNWELL: dict[str, tuple[Facts, str]] = {
    "no gateway yet": (facts(gateway=GatewayStanding()), "gateway: not connected to Discord yet"),
    "a shard is gone": (facts(gateway=GatewayStanding(3, 2, 0.1)), "gateway: 2 of 3 shards connected to Discord"),
    "the ticker is still": (facts(ticker_age=301.0), "ticker: ticked 301 s ago"),
    "a job hangs": (
        facts(under_way={"poll": 20.0, "plan": MAX_JOB + 1}),
        "ticker: its job “plan” has been under way for 3601 s",
    ),
    "no database": (facts(stored=None, model=None, problem="the disk is gone"), "database: the disk is gone"),
    "stalled": (
        stored(newest=(STALLED,)),
        "ingest: the announcement of 2026-11-17 is overdue or could not be read: cs.CL",
    ),
    "all failed": (
        stored(newest=tuple(FAILED)),
        "ingest: the announcement of 2026-11-17 is overdue or could not be read: A, B, C, D, E and 2 more",
    ),
    "not asked": (stored(newest=(BEHIND,)), "ingest: the announcement of 2026-11-17 was not asked for: cs.CL"),
    "queue": (
        stored(waiting_since=NOW - timedelta(seconds=MAX_QUEUE_AGE + 1)),
        "queue: the oldest message that waits is due for 1801 s",
    ),
    "disk": (facts(disk_free=MIN_FREE_BYTES - 1), "disk: 500 MiB free: make room, at least 500 MiB"),
    "no data directory": (facts(disk_free=None), "disk: the data directory cannot be looked at"),
}

WELL: dict[str, Facts] = {
    "usual": facts(),
    "starting": facts(ticker_age=None),
    "a job that takes its time": facts(under_way={"poll": MAX_JOB}),
    "nothing read yet": stored(newest=(), last_ingest=None),
    "before the cut-off": stored(newest=(WAITING,)),
    "new day, not asked yet": replace(stored(newest=(BEHIND,)), overdue_at=NOW),
    "an old stall": replace(stored(newest=(OLD_STALL,)), overdue_at=NOW),
    "a queue that moves": stored(waiting_since=NOW - timedelta(seconds=MAX_QUEUE_AGE)),
    "due in the future": stored(waiting_since=NOW + timedelta(hours=3)),
    "all spent": facts(model=replace(MODEL, cost_limit=1)),
    "no model": facts(model=None),
}


@pytest.mark.parametrize(("found", "said"), UNWELL.values(), ids=UNWELL)
def test_what_is_wrong_is_named(found: Facts, said: str) -> None:
    assert problems(judge(found)) == [said]


@pytest.mark.parametrize("found", WELL.values(), ids=WELL)
def test_what_is_usual_is_well(found: Facts) -> None:
    assert problems(judge(found)) == []


def test_every_thing_is_checked_whatever_is_known() -> None:
    names = [check.name for check in judge(facts())]
    assert names == ["gateway", "ticker", "database", "ingest", "queue", "disk", "budget"]
    blind = facts(stored=None, model=None, problem="gone", disk_free=None, ticker_age=None, gateway=GatewayStanding())
    assert [check.name for check in judge(blind)] == names
