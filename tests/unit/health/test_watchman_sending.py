"""What the owner is told of the sender's troubles, as a real sender leaves them in the ledger; on both engines."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from bot.deliver.pacing import Pacer
from bot.deliver.replies import NoReply, Reply
from bot.delivery import DeliveryAction, DeliveryKind, SubscriptionState
from bot.health.wording import News, news_lines
from bot.i18n import load_texts
from bot.store.engine import Database
from bot.store.guilds import GuildStore
from bot.store.health import HealthStore, MissingMessage
from tests.unit.deliver.fakes import Bench, refusal
from tests.unit.deliver.fakes import bench as build_bench
from tests.unit.deliver.samples import CHANNEL, GUILD, make_planned, make_subscription
from tests.unit.health.office import BOT, Office
from tests.unit.health.office import CHANNEL as OWNERS

DAY = timedelta(days=1)
IN_THREAD = [(DeliveryAction.MESSAGE, None), (DeliveryAction.THREAD, 0), (DeliveryAction.MESSAGE, 1)]


@pytest.fixture
async def desk(db: Database, office: Office) -> AsyncIterator[Bench]:
    """A sender's desk on the watchman's database, which has the office's clock set by it."""
    async with build_bench(db) as desk:
        await desk.subscriptions.save(make_subscription())
        office.clock.instant = desk.clock.now()
        yield desk


async def send(
    desk: Bench,
    office: Office,
    actions: Sequence[tuple[DeliveryAction, int | None]] | int = 1,
    *,
    pacer: Pacer | None = None,
) -> None:
    """Plan today's brief, if there is none, and let a new sender do what it can until nothing is due for a while."""
    today = desk.clock.now()
    await desk.outbox.plan(make_planned(CHANNEL, actions, due_at=today), bot_id=BOT, now=today)
    await (await desk.sender(**({"pacer": pacer} if pacer else {}))).run_until_idle(patience=2000)
    office.clock.instant = desk.clock.now()


def lines(said: str) -> list[str]:
    """Return what stands between the heading and the marker."""
    return said.splitlines()[1:-1]


async def test_a_message_that_was_given_up_is_said_once(desk: Bench, office: Office) -> None:
    desk.wire.faults.extend([NoReply("reset")] * 8)
    desk.wire.readable = False
    await send(desk, office, 3)
    desk.wire.faults.clear()
    await office.tick(2)
    office.man = office.hire()
    await office.tick()
    (said,) = await office.said()
    (line,) = lines(said)
    assert line.startswith(f"- A message is missing in <#{CHANNEL}>, or may be: it is unknown whether it was posted, ")
    await send(desk, office)
    assert [one.payload["content"] for one in desk.wire.rooms[OWNERS]] == [said], "by the one sender"
    # It stays given up, for ever: there is an end to its being news, and no second beginning.
    for _ in range(2):
        office.clock.instant += 8 * DAY
        await office.tick(2)
    assert [one for one in await office.said() if "missing in" in one] == [said]


async def test_the_notice_goes_when_its_server_is_purged(desk: Bench, office: Office) -> None:
    desk.wire.faults.extend([refusal(400, 50035, "Invalid Form Body")] * 2)
    await send(desk, office)
    await office.tick()
    assert {one.guild_id for one in await office.notices()} == {0, GUILD}
    await GuildStore(desk.db).left(GUILD, office.clock.now())
    await GuildStore(desk.db).purge_left(office.clock.now() + DAY)
    assert {one.guild_id for one in await office.notices()} == {0}


async def test_a_message_refused_as_it_was_is_said_once_and_named_only_where_it_is_lost(
    desk: Bench, office: Office
) -> None:
    desk.wire.faults.append(refusal(400, 50035, "Invalid Form Body"))
    await send(desk, office)
    await office.tick(2)
    (said,) = await office.said()
    (line,) = lines(said)
    assert line.startswith("- Discord refused a message as it was; it was sent without links or as plain text. ")
    office.clock.instant += 3 * DAY
    await office.tick(2)
    assert not [one for one in (await office.said())[1:] if "as it was" in one]


async def test_a_thread_that_refuses_is_said_as_its_channel_is_not_stopped(desk: Bench, office: Office) -> None:
    for _ in range(2):
        desk.wire.faults.extend([refusal(403, 50013, "Missing Permissions")])
        if not desk.wire.rooms:
            desk.wire.faults.extendleft([None, None])
        await send(desk, office, IN_THREAD)
        desk.clock.pass_time(hours=24, minutes=1)
    await office.tick(2)
    (said,) = await office.said()
    assert lines(said) == [f"- A message is missing in <#{CHANNEL}>, or may be: Missing Permissions (50013)"]
    # It is posted after all, on the day's next look: then it is missing no more.
    await send(desk, office)
    assert await HealthStore(desk.db).load_missing(desk.clock.now()) == []


async def test_a_stopped_channel_is_said_in_one_way_only(desk: Bench, office: Office) -> None:
    desk.wire.writable = False
    for _ in range(2):
        await send(desk, office, IN_THREAD)
        desk.clock.pass_time(hours=24, minutes=1)
    parked = await desk.subscriptions.load_guild(GUILD)
    assert [one.state for one in parked] == [SubscriptionState.PARKED]
    await office.tick(2)
    (said,) = await office.said()
    assert "Nothing can be posted in" in said
    assert "missing in" not in said


async def test_a_halt_of_all_sending_is_said_once_a_day_for_each_reason(desk: Bench, office: Office) -> None:
    pacer = Pacer(desk.clock, rate=45.0, invalid_limit=3)
    office.halts = pacer.halts
    edge = Reply(403, "<html>1015</html>", {})
    for _ in range(2):
        desk.wire.faults.append(edge)
        # As it stands between the refusal and the end of the pause: nothing is sent, and the watchman looks on.
        running = await desk.sender(pacer=pacer)
        await desk.outbox.plan(make_planned(CHANNEL, due_at=desk.clock.now()), bot_id=BOT, now=desk.clock.now())
        await running.run_until_idle(patience=60)
        await office.tick(2)
        desk.clock.pass_time(minutes=20)
        office.clock.instant = desk.clock.now()
        await office.tick()
    (said,) = await office.said()
    assert lines(said) == ["- Discord's network refused this bot's address, so nothing was sent for a while."]
    for _ in range(3):
        pacer.note(refusal(403, 50001))
    await office.tick(2)
    assert "Discord refused so many requests within ten minutes" in (await office.said())[1]
    desk.clock.pass_time(days=1)
    office.clock.instant = desk.clock.now()
    await office.tick()
    assert len(await office.said()) == 2, "it is over"


async def test_a_notice_that_is_given_up_is_no_news_for_the_channel_that_refuses_it(
    desk: Bench, office: Office
) -> None:
    now = desk.clock.now()
    await desk.outbox.plan(make_planned(OWNERS, kind=DeliveryKind.NOTICE, due_at=now), bot_id=BOT, now=now)
    desk.wire.faults.extend([refusal(400, 240000)] * 2)
    await (await desk.sender()).run_until_idle()
    assert await HealthStore(desk.db).load_missing(now) == []


def test_many_missing_messages_are_counted() -> None:
    missing = [MissingMessage(number, 1, 10, None) for number in range(23)]
    lines = news_lines(News(make_planned().announced_on, missing=missing), load_texts("en"))
    assert len(lines) == 21
    assert lines[0] == "A message is missing in <#10>, or may be: no reason is known"
    assert lines[-1] == "and 3 more messages"
