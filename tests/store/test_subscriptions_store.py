"""Subscriptions on both engines."""

from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa

from bot.delivery import DeliveryState, PostingStyle, SubscriptionState, TopicKey
from bot.statement import Statement, StatementCode
from bot.store.engine import Database
from bot.store.outbox import Outbox
from bot.store.subscriptions import GONE, SubscriptionStore
from tests.unit.deliver.samples import BOT, CHANNEL, GUILD, NOON, TOPIC, make_planned, make_subscription

OWN = TopicKey("own", GUILD)
ACTIVE, PAUSED, PARKED, LEFT = SubscriptionState


@pytest.fixture
def store(db: Database) -> SubscriptionStore:
    return SubscriptionStore(db)


async def test_everything_comes_back(store: SubscriptionStore) -> None:
    sub = make_subscription(
        topic=OWN,
        post_time=time(7, 30),
        zone="Australia/Lord_Howe",
        language="zh-CN",
        style=PostingStyle.FORUM_PAPERS,
        max_papers=3,
        role_id=2**62,
        crosspost=True,
        quiet_line=True,
        translate=True,
        tag_ids=(5, 2**61),
        reason=Statement.of(StatementCode.LACKS_ACCESS, words="Missing Access (50001)"),
        state=PARKED,
    )
    await store.save(sub)
    await store.save(make_subscription())
    assert await store.load(CHANNEL, OWN) == sub
    assert await store.load(CHANNEL, TOPIC) == make_subscription()
    assert await store.load(CHANNEL, TopicKey("own")) is None
    assert await store.load_guild(GUILD) == [make_subscription(), sub]
    assert await store.load_guild(GUILD + 1) == []
    assert await store.count_guild(GUILD) == 2
    assert await store.load_active() == [make_subscription()]


async def test_saving_again_replaces_and_keeps_when_it_was_made(store: SubscriptionStore) -> None:
    await store.save(make_subscription(max_papers=3))
    await store.save(make_subscription(max_papers=7, created_at=NOON + timedelta(days=1)))
    found = await store.load(CHANNEL, TOPIC)
    assert found is not None
    assert (found.max_papers, found.created_at) == (7, NOON)


async def test_topics_that_somebody_wants(store: SubscriptionStore) -> None:
    for channel, topic in ((1, OWN), (2, OWN), (3, TOPIC), (4, TopicKey("b"))):
        await store.save(make_subscription(channel, topic))
    await store.set_state(4, None, PAUSED, None)
    assert await store.load_topics() == [TOPIC, OWN]


@pytest.mark.parametrize(("state", "ended"), [(PAUSED, True), (LEFT, True), (PARKED, False), (ACTIVE, False)])
async def test_pausing_ends_what_is_planned(
    db: Database, store: SubscriptionStore, state: SubscriptionState, ended: bool
) -> None:
    outbox = Outbox(db)
    await store.save(make_subscription())
    await store.save(make_subscription(topic=OWN))
    await outbox.plan(make_planned(CHANNEL, 2), bot_id=BOT, now=NOON)
    await outbox.plan(make_planned(CHANNEL, 1, topic=OWN), bot_id=BOT, now=NOON)
    assert await store.set_state(CHANNEL, TOPIC, state, Statement.plain("why")) == 1
    found = {(one.topic, one.state) for one in await outbox.load_for_channel(CHANNEL)}
    wanted = DeliveryState.SKIPPED if ended else DeliveryState.PLANNED
    assert found == {(TOPIC, wanted), (OWN, DeliveryState.PLANNED)}
    assert [one.state for one in await store.load_guild(GUILD)] == [state, ACTIVE]


async def test_deleting_ends_what_is_planned(db: Database, store: SubscriptionStore) -> None:
    outbox = Outbox(db)
    await store.save(make_subscription())
    await outbox.plan(make_planned(), bot_id=BOT, now=NOON)
    assert await store.delete(CHANNEL, TOPIC)
    assert not await store.delete(CHANNEL, TOPIC)
    (one,) = await outbox.load_for_channel(CHANNEL)
    assert (one.state, one.reason) == (DeliveryState.SKIPPED, "called off: unsubscribed")


async def test_a_server_that_was_left_is_purged_after_a_while(store: SubscriptionStore) -> None:
    await store.save(make_subscription(1))
    await store.save(make_subscription(2, topic=OWN))
    await store.save(make_subscription(3, guild_id=GUILD + 1))
    assert await store.set_guild_state(GUILD, LEFT, None) == 2
    now = datetime.now(UTC)
    assert await store.purge_left(now - timedelta(days=30)) == 0
    assert await store.purge_left(now + timedelta(minutes=1)) == 2
    assert [one.channel_id for one in await store.load_active()] == [3]


@pytest.mark.parametrize("gone", [*map(Statement.of, GONE), Statement.of(GONE[0], words="x")])
async def test_parking_and_resuming_leave_others_alone(store: SubscriptionStore, gone: Statement) -> None:
    await store.save(make_subscription())
    await store.save(make_subscription(topic=OWN, state=PAUSED))
    assert await store.park(CHANNEL, Statement.of(StatementCode.CHANNEL_GONE, words="Unknown Channel (10003)")) == 1
    assert [one.state for one in await store.load_guild(GUILD)] == [PARKED, PAUSED]
    soon = datetime.now(UTC) + timedelta(minutes=1)
    assert await store.resume(CHANNEL) == 1
    assert [one.state for one in await store.load_guild(GUILD)] == [ACTIVE, PAUSED]
    assert await store.park(CHANNEL, Statement.of(StatementCode.LACKS_PERMISSION, words="x")) == 1
    assert await store.purge_left(soon) == 0, "only what is gone is purged"
    await store.set_state(CHANNEL, TOPIC, PARKED, gone)
    assert await store.purge_left(soon) == 1


async def test_what_an_earlier_version_noted_as_gone_is_purged_too(db: Database, store: SubscriptionStore) -> None:
    await store.save(make_subscription(1, state=PARKED))
    await store.save(make_subscription(2, state=PARKED))
    async with db._engine.begin() as connection:
        for channel, old in ((1, "gone: Unknown Channel (10003)"), (2, "Missing Permissions (50013)")):
            statement = sa.text("UPDATE subscription SET reason = :old WHERE channel_id = :channel")
            await connection.execute(statement, {"old": old, "channel": channel})
    found = await store.load(2, TOPIC)
    assert found is not None
    assert found.reason == Statement.plain("Missing Permissions (50013)")
    assert await store.purge_left(datetime.now(UTC) + timedelta(minutes=1)) == 1
    assert [one.channel_id for one in await store.load_guild(GUILD)] == [2]
