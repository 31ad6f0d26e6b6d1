"""The ledger on both engines: planned once, taken in order, nothing open forgotten."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.delivery import DeliveryAction, DeliveryKind, DeliveryState, PlannedDelivery, PlannedPart, TopicKey
from bot.errors import LeaseLost
from bot.store.delivery_rows import Claim
from bot.store.engine import Database
from bot.store.leases import LeaseStore
from bot.store.outbox import Outbox
from tests.unit.deliver.samples import BOT, CHANNEL, GUILD, MONDAY, NOON, TOPIC, TUESDAY, make_planned

S = DeliveryState
ME = "here:1"
SOON, LATER = NOON + timedelta(minutes=1), NOON + timedelta(hours=1)


@pytest.fixture
def outbox(db: Database) -> Outbox:
    return Outbox(db)


async def plan(outbox: Outbox, *given: Any, **more: Any) -> bool:
    return await outbox.plan(make_planned(*given, **more), bot_id=BOT, now=NOON)


async def claim(outbox: Outbox, now: Any = NOON, *, limit: int = 10, busy: Any = ()) -> list[Claim]:
    return await outbox.claim(now, limit=limit, busy=busy, holder=ME, lease_until=now + timedelta(minutes=10))


async def states(outbox: Outbox, channel: int = CHANNEL) -> list[DeliveryState]:
    return [one.state for one in reversed(await outbox.load_for_channel(channel))]


async def test_a_delivery_is_planned_once_with_all_its_parts(outbox: Outbox) -> None:
    planned = make_planned(CHANNEL, [(DeliveryAction.MESSAGE, None), (DeliveryAction.THREAD, 0)])
    assert await outbox.plan(planned, bot_id=BOT, now=NOON)
    assert not await outbox.plan(make_planned(CHANNEL, 1), bot_id=BOT, now=NOON)
    second, first = await outbox.load_for_channel(CHANNEL)
    assert (first.part, first.action, first.state, first.due_at) == (0, DeliveryAction.MESSAGE, S.PLANNED, NOON)
    assert (second.part, second.action, second.into) == (1, DeliveryAction.THREAD, 0)
    assert first.payload == planned.parts[0].payload
    assert (len(first.nonce), first.marker) == (25, planned.parts[0].marker)
    assert first.nonce != second.nonce
    assert await outbox.load_for_channel(CHANNEL, limit=1) == [second]
    assert await outbox.exists(CHANNEL, TUESDAY, DeliveryKind.BRIEF, TOPIC)
    assert not await outbox.exists(CHANNEL, TUESDAY, DeliveryKind.LATE, TOPIC)
    assert not await outbox.exists(CHANNEL, MONDAY, DeliveryKind.BRIEF, TOPIC)


async def test_a_servers_own_topic_is_another(outbox: Outbox) -> None:
    own = TopicKey(TOPIC.slug, GUILD)
    assert await plan(outbox)
    assert await plan(outbox, topic=own)
    assert {one.topic for one in await outbox.load_for_channel(CHANNEL)} == {TOPIC, own}
    assert await outbox.has_any(CHANNEL, own)
    assert not await outbox.has_any(CHANNEL, TopicKey(TOPIC.slug, GUILD + 1))


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ((), "numbered from 0"),
        ((PlannedPart(1, DeliveryAction.MESSAGE, {"content": "m"}, "m"),), "numbered from 0"),
        ((PlannedPart(0, DeliveryAction.MESSAGE, {"content": "no code"}, "k7m2q9xw"),), "does not show its marker"),
        ((PlannedPart(0, DeliveryAction.THREAD, {"name": "t"}, "m"),), "names no message"),
        ((PlannedPart(0, DeliveryAction.MESSAGE, {"content": "m"}, "m", into=0),), "does not come before"),
    ],
)
async def test_parts_that_could_not_be_delivered_are_refused(
    outbox: Outbox, parts: tuple[PlannedPart, ...], says: str
) -> None:
    planned = PlannedDelivery(GUILD, CHANNEL, TOPIC, TUESDAY, DeliveryKind.BRIEF, NOON, parts)
    with pytest.raises(ValueError, match=says):
        await outbox.plan(planned, bot_id=BOT, now=NOON)
    assert not await outbox.has_any(CHANNEL, TOPIC)


async def test_one_part_of_a_channel_at_a_time_oldest_first(outbox: Outbox) -> None:
    await plan(outbox, CHANNEL, 2, due_at=NOON - timedelta(hours=1))
    await plan(outbox, CHANNEL, 1, topic=TopicKey("other"), due_at=NOON - timedelta(hours=2))
    await plan(outbox, 201, 1)
    await plan(outbox, 202, 1, due_at=SOON)
    first = await claim(outbox)
    assert [(one.delivery.channel_id, one.delivery.topic.slug) for one in first] == [
        (CHANNEL, "other"),
        (201, TOPIC.slug),
    ]
    assert {one.delivery.state for one in first} == {S.CLAIMED}
    assert await claim(outbox, busy={CHANNEL, 201}) == []
    assert await outbox.next_due(NOON, busy={CHANNEL, 201}) == SOON
    assert [one.delivery.channel_id for one in await claim(outbox, SOON, busy={CHANNEL, 201})] == [202]
    await outbox.sent(first[0], 1, NOON)
    again = await claim(outbox, busy={201})
    assert [(one.delivery.topic, one.delivery.part) for one in again] == [(TOPIC, 0)]


async def test_a_channel_with_many_topics_does_not_crowd_out_the_others(outbox: Outbox) -> None:
    for number in range(30):
        await plan(outbox, CHANNEL, 1, topic=TopicKey(f"topic{number}"))
    await plan(outbox, 201, 1)
    assert [one.delivery.channel_id for one in await claim(outbox, limit=2)] == [CHANNEL, 201]


async def test_a_part_waits_for_the_one_before_it(outbox: Outbox) -> None:
    await plan(outbox, CHANNEL, [(DeliveryAction.MESSAGE, None), (DeliveryAction.THREAD, 0)])
    (first,) = await claim(outbox)
    assert await outbox.posting(first, NOON)
    await outbox.wait(first, "HTTP 503", until=SOON, open_since=NOON, now=NOON)
    assert await claim(outbox) == []
    (again,) = await claim(outbox, SOON)
    assert (again.delivery.part, again.delivery.state, again.delivery.attempted_at) == (0, S.UNKNOWN, NOON)
    assert again.delivery.attempts == 1
    await outbox.sent(again, 77, SOON)
    (second,) = await claim(outbox, SOON)
    assert (second.delivery.part, second.into_id) == (1, 77)


async def test_an_open_attempt_is_remembered_until_it_is_settled(outbox: Outbox) -> None:
    await plan(outbox)
    (one,) = await claim(outbox)
    await outbox.posting(one, NOON)
    await outbox.wait(one, "reset", until=SOON, open_since=NOON, now=NOON)
    (one,) = await claim(outbox, SOON)
    await outbox.posting(one, SOON)
    await outbox.wait(one, "429", until=LATER, open_since=one.delivery.attempted_at, now=SOON)
    (one,) = await claim(outbox, LATER)
    assert (one.delivery.attempted_at, one.first_attempted_at, one.delivery.attempts) == (NOON, NOON, 2)
    await outbox.absent(one, LATER)
    await outbox.posting(one, LATER)
    await outbox.wait(one, "429", until=LATER, open_since=None, now=LATER)
    (one,) = await claim(outbox, LATER)
    assert (one.delivery.attempted_at, one.first_attempted_at) == (None, NOON)


async def test_a_restart_takes_over_what_was_under_way(outbox: Outbox) -> None:
    for channel in (CHANNEL, 201, 202):
        await plan(outbox, channel, 1)
    posting, claimed, _ = await claim(outbox)
    await outbox.posting(posting, NOON)
    assert await claim(outbox) == []
    assert await outbox.recover(SOON, expired=NOON - timedelta(days=3)) == 1
    assert await states(outbox, posting.delivery.channel_id) == [S.UNKNOWN]
    assert await states(outbox, claimed.delivery.channel_id) == [S.PLANNED]
    assert len(await claim(outbox, SOON)) == 3
    stranger = replace(claimed, delivery=replace(claimed.delivery, claimed_by="earlier:1"))
    assert not await outbox.posting(stranger, SOON)


async def test_what_nobody_began_expires_and_what_was_begun_does_not(outbox: Outbox) -> None:
    await plan(outbox, CHANNEL, 2)
    await plan(outbox, 201, 2)
    begun, _ = await claim(outbox)
    await outbox.posting(begun, NOON)
    await outbox.recover(LATER, expired=SOON)
    assert await states(outbox, begun.delivery.channel_id) == [S.UNKNOWN, S.PLANNED]
    assert await states(outbox, 201) == [S.SKIPPED, S.SKIPPED]


async def test_parking_a_channel_and_letting_it_go_on(outbox: Outbox) -> None:
    await plan(outbox, CHANNEL, 2)
    await plan(outbox, CHANNEL, 1, topic=TopicKey("other"), due_at=SOON)
    (one,) = await claim(outbox)
    await outbox.park(one, "no", again=LATER, open_since=None, now=NOON, whole_channel=True)
    assert await states(outbox) == [S.PARKED] * 3
    assert await claim(outbox, SOON) == []
    assert await outbox.next_due(SOON, busy=()) == LATER
    assert await outbox.nudge(SOON, channel_id=CHANNEL) == 3
    assert await outbox.nudge(SOON, guild_id=GUILD + 1) == 0
    (look,) = await claim(outbox, SOON)
    assert (look.delivery.state, look.delivery.part) == (S.PARKED, 0)
    await outbox.sent(look, 5, SOON)
    assert await outbox.unpark(CHANNEL, SOON) == 2
    assert await states(outbox) == [S.SENT, S.RETRY, S.RETRY]
    with pytest.raises(ValueError, match="must be named"):
        await outbox.nudge(SOON)


async def test_what_only_a_person_can_settle_stays_parked(outbox: Outbox) -> None:
    await plan(outbox, CHANNEL, 2)
    await plan(outbox, CHANNEL, 1, announced_on=MONDAY, due_at=SOON)
    (one,) = await claim(outbox)
    await outbox.park(one, "unreadable", again=None, open_since=NOON, now=NOON, whole_channel=False)
    assert await states(outbox) == [S.PARKED, S.PARKED, S.PLANNED]
    assert await outbox.nudge(LATER, channel_id=CHANNEL) == 0
    assert await outbox.unpark(CHANNEL, LATER) == 0
    assert [found.delivery.announced_on for found in await claim(outbox, LATER)] == [MONDAY]


async def test_dates_that_a_channel_has(outbox: Outbox) -> None:
    await plan(outbox)
    await plan(outbox, announced_on=MONDAY, kind=DeliveryKind.QUIET)
    await plan(outbox, announced_on=MONDAY - timedelta(days=3), kind=DeliveryKind.WAITING)
    await plan(outbox, announced_on=MONDAY - timedelta(days=4), kind=DeliveryKind.MISSED)
    assert await outbox.delivered_dates(CHANNEL, TOPIC) == {MONDAY, TUESDAY}
    assert await outbox.delivered_dates(201, TOPIC) == set()
    (one,) = await claim(outbox)
    await outbox.skip(one, "too late", NOON)
    assert len(await outbox.delivered_dates(CHANNEL, TOPIC)) == 1


async def test_another_payload_has_another_nonce(outbox: Outbox) -> None:
    await plan(outbox)
    (one,) = await claim(outbox)
    await outbox.replace_payload(one, {"content": "plain"}, 3, "400", NOON)
    (again,) = await claim(outbox)
    assert (again.delivery.payload, again.payload_version) == ({"content": "plain"}, 3)
    assert again.delivery.nonce == one.nonce(3) != one.delivery.nonce
    assert again.delivery.marker == one.delivery.marker


async def test_counts(outbox: Outbox) -> None:
    assert (await outbox.counts()).oldest_open is None
    await plan(outbox, CHANNEL, 2)
    await plan(outbox, 201, 1, due_at=SOON)
    (one,) = await claim(outbox, limit=1)
    await outbox.sent(one, 1, NOON)
    counts = await outbox.counts()
    assert (counts.by_state, counts.oldest_open) == ({S.SENT: 1, S.PLANNED: 2}, NOON)


async def test_giving_back_what_was_not_begun(outbox: Outbox) -> None:
    await plan(outbox)
    taken = await claim(outbox)
    await outbox.release(taken, NOON)
    assert await states(outbox) == [S.PLANNED]
    assert len(await claim(outbox)) == 1


async def test_a_write_of_an_earlier_holder_is_refused(db: Database, outbox: Outbox) -> None:
    leases = LeaseStore(db)
    first = await leases.take("a:1", SOON, seen=None)
    assert first is not None
    old = outbox.fenced(first.token)
    await plan(outbox)
    (one,) = await claim(old)
    second = await leases.take("b:1", LATER, seen=first)
    assert second is not None
    assert second.token == first.token + 1
    with pytest.raises(LeaseLost, match="another Paper Brief"):
        await old.posting(one, NOON)
    with pytest.raises(LeaseLost):
        await leases.renew(first.token, LATER)
    assert await leases.take("c:1", LATER, seen=first) is None
    await leases.renew(second.token, SOON)
    assert (await leases.load()) == type(second)("b:1", second.token, SOON)
    assert await states(outbox) == [S.CLAIMED]
