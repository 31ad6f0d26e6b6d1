"""What the planner reads of the ledger, on both engines."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.delivery import (
    DeliveryAction,
    DeliveryKind,
    DeliveryState,
    PlannedDelivery,
    PlannedPart,
    TopicKey,
)
from bot.store.delivery_history import DeliveryHistory
from bot.store.engine import Database
from bot.store.outbox import Outbox

NOW = datetime(2026, 8, 12, 7, tzinfo=UTC)
DAY = date(2026, 8, 12)
TOPIC, OWN = TopicKey("attention"), TopicKey("attention", guild_id=9)


def make_planned(
    channel_id: int = 1,
    topic: TopicKey = TOPIC,
    kind: DeliveryKind = DeliveryKind.BRIEF,
    announced_on: date = DAY,
    parts: int = 2,
) -> PlannedDelivery:
    made = tuple(
        PlannedPart(number, DeliveryAction.MESSAGE, {"content": f"{number} ⟨marker{number}⟩"}, f"marker{number}")
        for number in range(parts)
    )
    return PlannedDelivery(9, channel_id, topic, announced_on, kind, NOW, made)


async def plan(db: Database, *planned: PlannedDelivery) -> None:
    for one in planned:
        assert await Outbox(db).plan(one, bot_id=5, now=NOW)


async def test_kinds_come_by_channel_topic_and_date(db: Database) -> None:
    history = DeliveryHistory(db)
    yesterday = DAY - timedelta(days=1)
    await plan(
        db,
        make_planned(),
        make_planned(kind=DeliveryKind.WAITING),
        make_planned(announced_on=yesterday),
        make_planned(topic=OWN),
        make_planned(channel_id=2),
        make_planned(channel_id=3),
    )
    brief = frozenset({DeliveryKind.BRIEF})
    assert await history.load_kinds({1, 2}, yesterday) == {
        (1, TOPIC): {DAY: brief | {DeliveryKind.WAITING}, yesterday: brief},
        (1, OWN): {DAY: brief},
        (2, TOPIC): {DAY: brief},
    }
    assert await history.load_kinds({1}, DAY) == {
        (1, TOPIC): {DAY: brief | {DeliveryKind.WAITING}},
        (1, OWN): {DAY: brief},
    }
    assert await history.load_kinds(set(), DAY) == {}


async def test_more_channels_than_one_query_takes(db: Database) -> None:
    await plan(db, make_planned(channel_id=1), make_planned(channel_id=1200))
    assert len(await DeliveryHistory(db).load_kinds(range(1, 1300), DAY)) == 2


@pytest.mark.parametrize("kind", list(DeliveryKind))
async def test_what_was_ended_unsent_counts_only_where_nobody_had_to_see_it(db: Database, kind: DeliveryKind) -> None:
    await plan(db, make_planned(kind=kind))
    await Outbox(db).recover(NOW, expired=NOW + timedelta(days=3))
    found = await DeliveryHistory(db).load_kinds({1}, DAY)
    counts = kind in (DeliveryKind.WAITING, DeliveryKind.NOTICE)
    assert found == ({(1, TOPIC): {DAY: frozenset({kind})}} if counts else {})


@pytest.mark.parametrize("kind", list(DeliveryKind))
async def test_what_ended_because_there_was_nothing_to_send_counts(db: Database, kind: DeliveryKind) -> None:
    history = DeliveryHistory(db)
    assert await history.skip(make_planned(kind=kind, parts=0), bot_id=5, reason="nothing today", now=NOW)
    assert await history.load_kinds({1}, DAY) == {(1, TOPIC): {DAY: frozenset({kind})}}


async def test_a_brief_is_read_back_as_it_was_planned(db: Database) -> None:
    history = DeliveryHistory(db)
    await plan(db, make_planned(parts=3), make_planned(topic=OWN, parts=1))
    found = await history.load_brief(1, TOPIC, DAY)
    assert found is not None
    assert found.created_at == NOW
    assert [payload["content"] for payload in found.payloads] == [f"{n} ⟨marker{n}⟩" for n in range(3)]
    assert await history.load_brief(1, TOPIC, DAY - timedelta(days=1)) is None
    assert await history.load_brief(2, TOPIC, DAY) is None


async def test_a_skip_is_noted_once_with_its_reason_and_never_sent(db: Database) -> None:
    history, outbox = DeliveryHistory(db), Outbox(db)
    quiet = make_planned(kind=DeliveryKind.QUIET, parts=0)
    assert await history.skip(quiet, bot_id=5, reason="nothing matched", now=NOW)
    assert not await history.skip(quiet, bot_id=5, reason="again", now=NOW)
    (row,) = await outbox.load_for_channel(1)
    assert (row.state, row.reason, row.kind) == (DeliveryState.SKIPPED, "nothing matched", DeliveryKind.QUIET)
    assert not await outbox.plan(make_planned(kind=DeliveryKind.QUIET), bot_id=5, now=NOW)
    claimed = await outbox.claim(NOW, limit=9, busy=(), holder="x", lease_until=NOW + timedelta(minutes=1))
    assert claimed == []
    assert (await outbox.counts()).oldest_open is None
    assert (await history.load_kinds({1}, DAY))[1, TOPIC] == {DAY: frozenset({DeliveryKind.QUIET})}


async def test_a_skip_leaves_what_is_planned_and_refuses_what_has_parts(db: Database) -> None:
    history = DeliveryHistory(db)
    await plan(db, make_planned())
    assert not await history.skip(replace(make_planned(), parts=()), bot_id=5, reason="no", now=NOW)
    assert {row.state for row in await Outbox(db).load_for_channel(1)} == {DeliveryState.PLANNED}
    with pytest.raises(ValueError, match="parts"):
        await history.skip(make_planned(), bot_id=5, reason="no", now=NOW)
