"""The database in figures, on both engines."""

from datetime import UTC, datetime, timedelta

from bot.delivery import (
    DeliveryAction,
    DeliveryKind,
    DeliveryState,
    PlannedDelivery,
    PlannedPart,
    Subscription,
    SubscriptionState,
    TopicKey,
)
from bot.llm.port import Ceiling
from bot.model import AnnouncementState
from bot.spending import Spending
from bot.store.announcements import AnnouncementStore
from bot.store.engine import Database
from bot.store.guilds import GuildStore
from bot.store.health import HealthStore, NewestAnnouncement
from bot.store.outbox import Outbox
from bot.store.spend import SpendStore
from bot.store.subscriptions import SubscriptionStore
from tests.store.samples import MONDAY, NOON, TUESDAY, make_fetched, make_paper, make_state, save

TOPIC = TopicKey("llm")


def planned(channel_id: int, due_at: datetime) -> PlannedDelivery:
    part = PlannedPart(0, DeliveryAction.MESSAGE, {"content": "m"}, "m")
    return PlannedDelivery(1, channel_id, TOPIC, TUESDAY, DeliveryKind.BRIEF, due_at, (part,))


async def test_an_empty_database_has_figures(db: Database) -> None:
    found = await HealthStore(db).load(NOON)
    assert (found.newest, found.last_ingest, found.waiting_since) == ((), None, None)
    assert (found.papers, found.servers, found.identifies, found.spending) == (0, 0, 0, Spending())
    assert (found.announcements, found.deliveries, found.subscriptions) == ({}, {}, {})


async def test_everything_is_counted(db: Database) -> None:
    announcements = AnnouncementStore(db)
    await save(announcements, make_fetched([make_paper()], announced_on=MONDAY))
    await announcements.save_state(make_state(AnnouncementState.STALLED))
    await announcements.save_state(make_state(AnnouncementState.QUIET, category="cs.AI"))
    await announcements.save_state(
        make_state(AnnouncementState.FAILED, category="old", announced_on=MONDAY.replace(day=1))
    )
    guilds = GuildStore(db)
    await guilds.joined_all({1, 2}, NOON)
    await guilds.left(2, NOON)
    await guilds.record_identify(NOON - timedelta(hours=25))
    await guilds.record_identify(NOON)
    await SubscriptionStore(db).save(Subscription(1, 10, TOPIC, 5, NOON))
    spend = SpendStore(db)
    reservation = await spend.reserve(TUESDAY, "gpt-x", "summary", Spending(1, 9, 9, 9), Ceiling())
    assert reservation is not None
    await spend.settle(reservation, Spending(1, 5, 2, 3))

    found = await HealthStore(db).load(NOON)
    assert found.announcements == dict.fromkeys(("fresh", "stalled", "quiet", "failed"), 1)
    assert found.newest == (
        NewestAnnouncement("cs.AI", TUESDAY, AnnouncementState.QUIET),
        NewestAnnouncement("cs.CL", TUESDAY, AnnouncementState.STALLED),
        NewestAnnouncement("old", MONDAY.replace(day=1), AnnouncementState.FAILED),
    )
    assert (found.last_ingest, found.papers, found.servers, found.identifies) == (NOON, 1, 1, 1)
    assert found.subscriptions == {SubscriptionState.ACTIVE: 1}
    assert found.spending == Spending(1, 5, 2, 3)


async def test_a_message_waits_from_when_it_is_due_and_planned(db: Database) -> None:
    outbox, health = Outbox(db), HealthStore(db)
    long_ago, soon = NOON - timedelta(days=1), NOON + timedelta(hours=1)
    await outbox.plan(planned(12, soon), bot_id=9, now=NOON)
    assert (await health.load(NOON)).waiting_since == soon
    await outbox.plan(planned(10, long_ago), bot_id=9, now=NOON)
    assert (await health.load(NOON)).waiting_since == NOON, "it was planned a day late"
    (claim,) = await outbox.claim(NOON, limit=9, busy=(), holder="h", lease_until=soon)
    assert (await health.load(NOON)).waiting_since == NOON
    await outbox.refuse(claim, "no permission", until=soon, open_since=None, now=NOON)
    found = await health.load(NOON)
    assert found.waiting_since == soon, "what Discord refuses is not waited for"
    assert found.deliveries == {DeliveryState.PLANNED: 1, DeliveryState.RETRY: 1}
    assert found.waiting_since.tzinfo is UTC
