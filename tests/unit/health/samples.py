"""Facts about a bot that is well, to be made worse."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.delivery import DeliveryState, SubscriptionState
from bot.health.facts import Facts, GatewayStanding
from bot.model import AnnouncementState
from bot.spending import ModelStanding, Spending
from bot.store.health import NewestAnnouncement, StoredFigures

NOW = datetime(2026, 11, 17, 9, tzinfo=UTC)
TODAY = date(2026, 11, 17)
MODEL = ModelStanding("gpt-x", Spending(3, 1200, 340, 90_000), 1_000_000, None, "$")

STORED = StoredFigures(
    announcements={AnnouncementState.FRESH: 7, AnnouncementState.QUIET: 2},
    newest=(
        NewestAnnouncement("cs.AI", TODAY, AnnouncementState.FRESH),
        NewestAnnouncement("cs.CL", TODAY, AnnouncementState.FRESH),
    ),
    last_ingest=NOW - timedelta(minutes=10),
    papers=812,
    deliveries={DeliveryState.SENT: 40, DeliveryState.PARKED: 1},
    waiting_since=None,
    subscriptions={SubscriptionState.ACTIVE: 5, SubscriptionState.PARKED: 1},
    servers=2,
    identifies=3,
    spending=Spending(10, 5000, 700, 1_230_000),
)


def facts(**changes: Any) -> Facts:
    """Return the facts of a bot that is well, with `changes`."""
    well = Facts(
        NOW, GatewayStanding(2, 2, 0.05), 12.0, 4 * 2**30, TODAY, NOW - timedelta(hours=4), stored=STORED, model=MODEL
    )
    return replace(well, **changes)


def stored(**changes: Any) -> Facts:
    """Return the facts of a bot that is well, with `changes` in what is stored."""
    return facts(stored=replace(STORED, **changes))
