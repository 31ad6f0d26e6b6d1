"""The sender against a Discord in memory: each reply, each restart, and what stands in the channel afterwards."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.deliver.delivering import WhenUndecidable
from bot.deliver.notices import Audience
from bot.deliver.replies import NoReply, Reply
from bot.delivery import Delivery, DeliveryAction, DeliveryKind, DeliveryState, SubscriptionState
from bot.errors import DatabaseUnwritable, LeaseLost, TokenRefused
from bot.statement import Statement, StatementCode
from bot.store.engine import Database
from tests.unit.deliver.fakes import Bench, Lost, bench, refusal
from tests.unit.deliver.samples import BOT, CHANNEL, MONDAY, NOON, TOPIC, TUESDAY, make_planned, make_subscription

S = DeliveryState
VIA = {"via": "1.1 google"}
MESSAGE, THREAD, FORUM, CROSSPOST = (
    DeliveryAction.MESSAGE,
    DeliveryAction.THREAD,
    DeliveryAction.FORUM_POST,
    DeliveryAction.CROSSPOST,
)


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Bench]:
    async with Database.open(sqlite_url) as db, bench(db) as one:
        await one.subscriptions.save(make_subscription())
        yield one


async def until(true: Callable[[], object]) -> None:
    """Let the sender go on until something holds; however many steps a busy machine takes to get there."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110  # nothing tells when it does
            await asyncio.sleep(0)


async def plan(desk: Bench, *given: Any, **more: Any) -> None:
    assert await desk.outbox.plan(make_planned(*given, **more), bot_id=BOT, now=desk.clock.now())


async def rows(desk: Bench, channel_id: int = CHANNEL) -> list[Delivery]:
    return list(reversed(await desk.outbox.load_for_channel(channel_id)))


async def states(desk: Bench, channel_id: int = CHANNEL) -> list[DeliveryState]:
    return [one.state for one in await rows(desk, channel_id)]


async def run(desk: Bench, **options: Any) -> None:
    await (await desk.sender(**options)).run_until_idle()


async def test_parts_arrive_once_and_in_order(desk: Bench) -> None:
    await plan(desk, CHANNEL, 3)
    await plan(desk, 201, 2)
    sender = await desk.sender()
    totals = await sender.run_until_idle()
    assert (desk.wire.parts(CHANNEL), desk.wire.parts(201)) == ([0, 1, 2], [0, 1])
    assert (totals.requests, totals.sent, totals.retried) == (5, 5, 0)
    assert await states(desk) == [S.SENT] * 3
    assert [one.result_id for one in await rows(desk)] == [one.message_id for one in desk.wire.rooms[CHANNEL]]
    await run(desk)
    assert len(desk.wire.asked) == 5


async def test_a_sender_can_run_again_until_it_is_stopped(desk: Bench) -> None:
    sender = await desk.sender()
    await sender.run_until_idle()
    await plan(desk)
    await sender.run_until_idle()
    assert await states(desk) == [S.SENT]
    await plan(desk, 201)
    await sender.stop()
    await sender.run_until_idle()
    assert await states(desk, 201) == [S.PLANNED]


async def test_a_thread_takes_what_belongs_into_it(desk: Bench) -> None:
    await plan(desk, CHANNEL, [(MESSAGE, None), (THREAD, 0), (MESSAGE, 1), (MESSAGE, 1), (CROSSPOST, 0)])
    await run(desk)
    digest = desk.wire.rooms[CHANNEL][0].message_id
    assert desk.wire.parts(CHANNEL)[:1] == [0]
    assert [one.part for one in desk.wire.rooms[digest]][-2:] == [2, 3]
    assert desk.wire.crossposted == {digest}
    assert await states(desk) == [S.SENT] * 5


async def test_what_is_not_due_waits(desk: Bench) -> None:
    await plan(desk, due_at=NOON + timedelta(hours=2))
    await run(desk)
    assert await states(desk) == [S.PLANNED]
    desk.clock.pass_time(hours=2)
    await run(desk)
    assert await states(desk) == [S.SENT]


@pytest.mark.parametrize(
    "lost", [NoReply("timeout"), Reply(503, "x", VIA), Reply(520, "x"), Reply(200, "half a"), Reply(500, {}, VIA)]
)
async def test_an_answer_that_is_lost_is_asked_again_with_the_same_nonce(desk: Bench, lost: Any) -> None:
    desk.wire.faults.extend([Lost(lost), Lost(lost)])
    await plan(desk, CHANNEL, 2)
    await run(desk)
    assert desk.wire.parts(CHANNEL) == [0, 1]
    assert len({one.nonce for one in desk.wire.asked[:3]}) == 1
    assert desk.wire.looked == []
    assert 0.5 + 1.0 <= sum(one for one in desk.clock.slept if one > 0.3) <= 1.0 + 2.0


async def test_after_two_minutes_the_history_is_looked_at_first(desk: Bench) -> None:
    desk.wire.faults.extend([Lost()] + [NoReply("reset")] * 7)
    await plan(desk)
    await run(desk)
    assert desk.wire.parts(CHANNEL) == [0]
    assert desk.wire.looked == ["can_read_history", "find"]
    assert (await states(desk), (await rows(desk))[0].result_id) == ([S.SENT], 1)


async def test_an_absent_message_is_posted_after_the_look(desk: Bench) -> None:
    desk.wire.faults.extend([NoReply("reset")] * 8)
    await plan(desk)
    await run(desk)
    assert desk.wire.parts(CHANNEL) == [0]
    assert set(desk.wire.looked) == {"can_read_history", "find"}


async def test_a_connection_that_was_never_made_needs_no_look(desk: Bench) -> None:
    desk.wire.faults.extend([NoReply("refused", never_sent=True)] * 12)
    await plan(desk)
    sender = await desk.sender()
    await sender.run_until_idle(patience=2000)
    assert (desk.wire.parts(CHANNEL), desk.wire.looked) == ([0], [])


async def test_trying_ends_after_a_day_and_people_are_told(desk: Bench) -> None:
    desk.wire.faults.extend([Reply(503, "x", VIA)] * 400)
    await plan(desk, CHANNEL, 2)
    await (await desk.sender()).run_until_idle(patience=2000)
    assert await states(desk) == [S.PARKED, S.PARKED]
    assert timedelta(hours=24) < desk.clock.now() - NOON < timedelta(hours=25)
    assert [one.audience for one in desk.notices.heard] == [Audience.ADMINS, Audience.OWNER]
    assert "given up after 24 hours" in desk.notices.heard[0].text


@pytest.mark.parametrize(("after", "looked"), [(5, []), (900, ["can_read_history", "find"])])
@pytest.mark.parametrize("posted", [True, False])
async def test_a_restart_in_the_middle_of_a_request(desk: Bench, after: int, looked: list[str], posted: bool) -> None:
    await plan(desk, CHANNEL, 3)
    await cut_off(desk, posted=posted)
    assert await states(desk) == [S.POSTING, S.PLANNED, S.PLANNED]
    desk.clock.pass_time(seconds=after)
    await run(desk)
    assert desk.wire.parts(CHANNEL) == [0, 1, 2]
    assert desk.wire.looked == looked


async def cut_off(desk: Bench, *, posted: bool) -> None:
    """Leave the ledger as a process leaves it that is killed in the middle of its first request."""
    sender = await desk.sender()
    desk.wire.gate = asyncio.Event()
    if posted:
        desk.wire.faults.append(Lost())
    running = asyncio.create_task(sender.run_until_idle())
    await until(lambda: desk.wire.in_flight)
    if posted:
        delivery = desk.wire.asked[0]
        desk.wire.faults.clear()
        desk.wire._work(delivery, None)
    sender._grace = 0.0
    running.cancel()
    await asyncio.wait({running})
    desk.wire.gate = None


async def test_without_the_right_to_read_an_open_outcome_is_parked_and_told_once(desk: Bench) -> None:
    await plan(desk, CHANNEL, 2)
    await plan(desk, CHANNEL, 1, announced_on=MONDAY, due_at=NOON + timedelta(minutes=1))
    await cut_off(desk, posted=True)
    desk.wire.readable = False
    desk.clock.pass_time(minutes=15)
    await run(desk)
    assert await states(desk) == [S.PARKED, S.PARKED, S.SENT], "the next day's brief is not held up"
    assert "history cannot be read" in str((await rows(desk))[0].reason)
    assert {one.audience for one in desk.notices.heard} == {Audience.ADMINS, Audience.OWNER}
    desk.wire.readable = True
    desk.clock.pass_time(days=3)
    await run(desk)
    assert await states(desk) == [S.PARKED, S.PARKED, S.SENT]
    assert (await desk.subscriptions.load(CHANNEL, TOPIC)).state is SubscriptionState.ACTIVE  # type: ignore[union-attr]


async def test_an_owner_may_prefer_a_repeat_to_a_gap(desk: Bench) -> None:
    await plan(desk)
    await cut_off(desk, posted=True)
    desk.wire.readable = False
    desk.clock.pass_time(minutes=15)
    await run(desk, when_undecidable=WhenUndecidable.SEND)
    assert desk.wire.parts(CHANNEL) == [0, 0]
    assert await states(desk) == [S.SENT]


async def test_a_forum_post_is_always_looked_for_before_a_repeat(desk: Bench) -> None:
    desk.wire.faults.append(Lost())
    await plan(desk, CHANNEL, [(FORUM, None), (MESSAGE, 0)])
    await run(desk)
    assert desk.wire.looked == ["can_read_history", "find"]
    assert desk.wire.parts(CHANNEL) == [0]
    assert desk.wire.parts(1)[-1:] == [1]


async def test_a_thread_and_a_crosspost_that_were_made_before_are_fine(desk: Bench) -> None:
    desk.wire.faults.extend([None, Lost(), Lost()])
    await plan(desk, CHANNEL, [(MESSAGE, None), (THREAD, 0), (CROSSPOST, 0)])
    await run(desk)
    assert await states(desk) == [S.SENT] * 3
    assert [one.result_id for one in await rows(desk)] == [1, 1, 1]


async def test_a_message_deleted_during_a_retry_is_sent(desk: Bench) -> None:
    desk.wire.faults.append(Lost())
    await plan(desk, CHANNEL, [(MESSAGE, None), (THREAD, 0), (MESSAGE, 1)])
    sender = await desk.sender()
    sending = asyncio.create_task(sender.run_until_idle())
    await until(lambda: desk.wire.rooms.get(CHANNEL))
    desk.wire.rooms[CHANNEL].clear()
    await sending
    assert await states(desk) == [S.SENT, S.SKIPPED, S.SKIPPED]
    assert desk.wire.parts(CHANNEL) == []


async def test_a_refused_token_stops_everything(desk: Bench) -> None:
    desk.wire.faults.append(Reply(401, {"message": "401: Unauthorized", "code": 0}, VIA))
    await plan(desk, CHANNEL, 2)
    with pytest.raises(TokenRefused, match="DISCORD_TOKEN"):
        await run(desk)
    assert len(desk.wire.asked) == 1
    assert await states(desk) == [S.RETRY, S.PLANNED]


async def test_a_limit_of_the_channel_makes_only_it_wait(desk: Bench) -> None:
    desk.wire.faults.append(limit(30.0, "user"))
    await plan(desk, CHANNEL, 1)
    await plan(desk, 201, 1)
    pacer_clock = desk.clock
    await run(desk)
    assert [one.channel_id for one in desk.wire.asked] == [CHANNEL, 201, CHANNEL]
    assert 30 <= pacer_clock.monotonic() < 32
    assert desk.wire.looked == []


def limit(seconds: float, scope: str, **headers: str) -> Reply:
    body = {"message": "You are being rate limited.", "retry_after": seconds, "global": scope == "global"}
    return Reply(429, body, {**VIA, "x-ratelimit-scope": scope, **headers})


async def test_a_global_limit_makes_all_wait(desk: Bench) -> None:
    desk.wire.faults.append(limit(7.0, "global"))
    for channel in range(200, 230):
        await plan(desk, channel)
    await run(desk, in_flight=1)
    assert desk.clock.monotonic() >= 7.0
    assert len(desk.wire.markers()) == 30


async def test_the_network_edge_is_left_alone_for_a_quarter_of_an_hour(desk: Bench) -> None:
    desk.wire.faults.append(Reply(429, "<html>Error 1015</html>", {"retry-after": "10"}))
    await plan(desk)
    await (await desk.sender()).run_until_idle(patience=3600)
    assert 900 <= desk.clock.monotonic() < 1000
    assert (desk.wire.parts(CHANNEL), len(desk.wire.asked)) == ([0], 2)
    assert "network edge" in desk.notices.heard[0].text


async def test_slow_mode_is_waited_for(desk: Bench) -> None:
    desk.wire.faults.append(refusal(429, 20016, retry_after=42.0))
    await plan(desk, CHANNEL, 2)
    await run(desk)
    assert desk.wire.parts(CHANNEL) == [0, 1]
    assert desk.clock.monotonic() >= 42


async def test_an_empty_bucket_is_not_asked_again_before_it_fills(desk: Bench) -> None:
    full = Reply(200, {"id": "77"}, {**VIA, "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "4.5"})
    desk.wire.faults.append(full)
    await plan(desk, CHANNEL, 2)
    await run(desk)
    assert desk.clock.monotonic() >= 4.5
    assert await states(desk) == [S.SENT, S.SENT]


async def test_a_rest_that_ends_while_the_ledger_is_asked_is_not_slept_over(desk: Bench) -> None:
    full = Reply(200, {"id": "77"}, {**VIA, "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "4.5"})
    desk.wire.faults.append(full)
    await plan(desk, CHANNEL, 2)
    sender = await desk.sender()
    asked = sender._outbox.next_due

    async def slow(now: datetime, *, busy: Collection[int]) -> datetime | None:
        found = await asked(now, busy=busy)
        desk.clock.pass_time(seconds=5)
        return found

    sender._outbox.next_due = slow  # type: ignore[method-assign]  # a disk that is slow just then
    await sender.run_until_idle()
    assert await states(desk) == [S.SENT, S.SENT]


async def test_a_refusal_is_parked_only_on_the_second_day_and_resumes_by_itself(desk: Bench) -> None:
    desk.wire.writable = False
    await plan(desk, CHANNEL, 2)
    await run(desk)
    assert await states(desk) == [S.RETRY, S.PLANNED]
    assert (await desk.subscriptions.load_active()) != []
    assert desk.notices.heard == []
    desk.clock.pass_time(hours=24, minutes=1)
    await run(desk)
    assert await states(desk) == [S.PARKED, S.PARKED]
    parked = await desk.subscriptions.load(CHANNEL, TOPIC)
    assert parked is not None
    assert parked.state is SubscriptionState.PARKED
    assert parked.reason == Statement.of(StatementCode.LACKS_PERMISSION, words="No (50013)")
    assert [one.audience for one in desk.notices.heard] == [Audience.ADMINS]
    assert len(desk.wire.asked) == 2
    desk.wire.writable = True
    desk.clock.pass_time(hours=23)
    await desk.outbox.nudge(desk.clock.now(), channel_id=CHANNEL)
    await run(desk)
    assert desk.wire.parts(CHANNEL) == [0, 1]
    assert [one.state for one in await desk.subscriptions.load_active()] == [SubscriptionState.ACTIVE]


async def test_what_was_parked_for_days_is_not_posted_any_more(desk: Bench) -> None:
    desk.wire.writable = False
    await plan(desk, CHANNEL, 2)
    for _ in range(4):
        await run(desk)
        desk.clock.pass_time(hours=24, minutes=1)
    assert [(one.state, one.reason) for one in await rows(desk)] == [(S.PARKED, "No (50013)")] * 2
    assert desk.wire.looked == ["can_write"] * 2
    desk.wire.writable = True
    await run(desk)
    assert await states(desk) == [S.SKIPPED, S.SKIPPED]
    assert desk.wire.markers() == []
    assert len(await desk.subscriptions.load_active()) == 1


@pytest.mark.parametrize("code", [10003, 10004])
async def test_a_deleted_channel_is_parked_at_once_and_purged_in_the_end(desk: Bench, code: int) -> None:
    desk.wire.faults.extend([None, *[refusal(404, code)] * 3])
    await plan(desk, CHANNEL, 3)
    await run(desk)
    assert await states(desk) == [S.SENT, S.PARKED, S.PARKED]
    assert len(desk.wire.asked) == 2
    desk.wire.lookup_faults.extend([refusal(404, code)] * 40)
    for _ in range(34):
        desk.clock.pass_time(hours=24, minutes=1)
        await run(desk)
    assert await states(desk) == [S.SENT, S.SKIPPED, S.SKIPPED]
    assert await desk.subscriptions.purge_left(desk.clock.now() - timedelta(days=30)) == 1


async def test_a_deleted_thread_ends_its_delivery_and_nothing_else(desk: Bench) -> None:
    desk.wire.faults.extend([None, None, refusal(404, 10003)])
    await plan(desk, CHANNEL, [(MESSAGE, None), (THREAD, 0), (MESSAGE, 1), (MESSAGE, 1)])
    await plan(desk, CHANNEL, 1, announced_on=MONDAY, due_at=NOON + timedelta(seconds=1))
    await run(desk)
    assert await states(desk) == [S.SENT, S.SENT, S.SKIPPED, S.SKIPPED, S.SENT]
    assert len(await desk.subscriptions.load_active()) == 1


async def test_a_refused_form_is_sent_once_as_plain_text(desk: Bench) -> None:
    desk.wire.faults.append(refusal(400, 50035, "Invalid Form Body"))
    await plan(desk)
    await run(desk)
    first, second = desk.wire.asked
    assert first.nonce != second.nonce
    assert "embeds" not in second.payload
    assert "Paper 0 <https://arxiv.org/abs/0>" in second.payload["content"]
    assert second.marker in second.payload["content"]
    assert second.payload["allowed_mentions"] == {"parse": []}
    assert [one.audience for one in desk.notices.heard] == [Audience.OWNER]
    assert await states(desk) == [S.SENT]


async def test_a_form_refused_even_as_plain_text_is_left_to_a_person(desk: Bench) -> None:
    desk.wire.faults.extend([refusal(400, 50035)] * 3)
    await plan(desk, CHANNEL, 2)
    await plan(desk, CHANNEL, 1, announced_on=MONDAY, due_at=NOON + timedelta(seconds=1))
    await run(desk)
    assert await states(desk) == [S.PARKED, S.PARKED, S.RETRY] or await states(desk) == [S.PARKED, S.PARKED, S.SENT]
    assert len(desk.wire.asked) == 4
    assert "for good" in desk.notices.heard[1].text


async def test_a_blocked_link_is_left_out_once(desk: Bench) -> None:
    desk.wire.faults.extend([refusal(400, 240000), refusal(400, 240000)])
    await plan(desk)
    await run(desk)
    assert "https://" not in str(desk.wire.asked[1].payload)
    assert desk.wire.asked[1].marker in str(desk.wire.asked[1].payload)
    assert len(desk.wire.asked) == 2
    assert await states(desk) == [S.PARKED]


async def test_a_new_payload_is_not_sent_before_it_is_clear_that_the_old_one_is_not_there(desk: Bench) -> None:
    desk.wire.faults.extend([Lost(), refusal(400, 50035)])
    await plan(desk)
    await run(desk)
    assert desk.wire.parts(CHANNEL) == [0]
    assert desk.wire.looked == ["can_read_history", "find"]
    assert len(desk.wire.asked) == 2


async def test_too_many_refusals_pause_everything(desk: Bench) -> None:
    from bot.deliver.pacing import Pacer

    desk.wire.writable = False
    for channel in range(300, 330):
        await plan(desk, channel)
    await run(desk, pacer=Pacer(desk.clock, invalid_limit=20), in_flight=1)
    assert len(desk.wire.asked) == 30
    assert desk.clock.monotonic() >= 600
    assert "so that Discord does not ban this address" in desk.notices.heard[0].text


async def test_no_more_in_flight_than_allowed(desk: Bench) -> None:
    for channel in range(300, 340):
        await plan(desk, channel, 2)
    desk.wire.gate = asyncio.Event()
    running = asyncio.create_task(run(desk, in_flight=7))
    await until(lambda: desk.wire.in_flight == 7)
    for _ in range(1000):
        await asyncio.sleep(0)
    desk.wire.gate.set()
    await running
    assert desk.wire.peak == 7
    assert len(set(desk.wire.markers())) == 80


async def test_stopping_lets_requests_under_way_end_and_begins_no_other(desk: Bench) -> None:
    for channel in range(300, 340):
        await plan(desk, channel, 2)
    sender = await desk.sender(in_flight=3)
    desk.wire.gate = asyncio.Event()
    running = asyncio.create_task(sender.run_forever(asyncio.Event()))
    await until(lambda: desk.wire.in_flight >= 3)
    stopping = asyncio.create_task(sender.stop())
    await asyncio.sleep(0)
    desk.wire.gate.set()
    await stopping
    await running
    assert len(desk.wire.markers()) == len(desk.wire.asked) == 3
    counts = (await desk.outbox.counts()).by_state
    assert counts == {S.SENT: 3, S.PLANNED: 77}
    desk.wire.gate = None
    await run(desk)
    assert len(set(desk.wire.markers())) == len(desk.wire.markers()) == 80


async def test_a_request_that_does_not_end_is_cut_off_and_asked_about_later(desk: Bench) -> None:
    await plan(desk)
    sender = await desk.sender()
    desk.wire.gate = asyncio.Event()
    running = asyncio.create_task(sender.run_forever(asyncio.Event()))
    await until(lambda: desk.wire.in_flight)
    await sender.stop(grace=0.01)
    await running
    assert await states(desk) == [S.POSTING]


async def test_waking_brings_what_was_planned_meanwhile(desk: Bench) -> None:
    sender, wake = await desk.sender(), asyncio.Event()
    running = asyncio.create_task(sender.run_forever(wake))
    await plan(desk)
    wake.set()
    await until(lambda: desk.wire.markers())
    await sender.stop()
    await running
    assert await states(desk) == [S.SENT]


async def test_a_second_sender_ends_the_first_at_its_next_write(desk: Bench) -> None:
    await plan(desk)
    old = await desk.sender()
    await desk.sender()
    with pytest.raises(LeaseLost, match="another Paper Brief"):
        await old.run_until_idle()
    assert desk.wire.asked == []


async def test_unsubscribing_in_the_middle_ends_the_rest(desk: Bench) -> None:
    await plan(desk, CHANNEL, 3)
    sender = await desk.sender()
    desk.wire.gate = asyncio.Event()
    running = asyncio.create_task(sender.run_until_idle())
    await until(lambda: desk.wire.in_flight)
    assert await desk.subscriptions.delete(CHANNEL, TOPIC)
    desk.wire.gate.set()
    await running
    assert await states(desk) == [S.SENT, S.SKIPPED, S.SKIPPED]


async def test_what_was_never_begun_is_old_news_after_two_days(desk: Bench) -> None:
    heard: list[str] = []
    await plan(desk, CHANNEL, 2)
    await plan(desk, 201, 1, due_at=NOON + timedelta(minutes=2))
    await plan(desk, 202, 1, kind=DeliveryKind.MISSED)
    desk.clock.pass_time(days=2, hours=1, minutes=1)
    await run(desk, on_recovered=lambda: heard.append("look again"))
    assert (await states(desk), await states(desk, 201)) == ([S.SKIPPED, S.SKIPPED], [S.SENT])
    assert await states(desk, 202) == [S.SENT], "the line that stands for what is old is as old itself"
    assert heard == ["look again"]


async def test_a_clock_set_back_makes_nothing_wait_for_it(desk: Bench) -> None:
    await plan(desk, announced_on=TUESDAY)
    desk.wire.faults.append(Lost())
    desk.clock.pass_time(hours=40)
    await (await desk.sender()).run_until_idle(patience=0.1)
    desk.clock.pass_time(hours=-30)
    await run(desk)
    assert (desk.wire.parts(CHANNEL), await states(desk)) == ([0], [S.SENT])


@pytest.mark.parametrize(("passes", "sent"), [(0, 0), (2, 0), (3, 1)], ids=["recovery", "posting", "sent"])
async def test_while_the_ledger_cannot_be_written_nothing_is_begun(desk: Bench, passes: int, sent: int) -> None:
    await plan(desk, CHANNEL, 2)
    sender = await desk.sender()
    desk.clock.busy = lambda: False
    write, writes = desk.db.write, 0

    async def full(fn: Any) -> Any:
        nonlocal writes
        writes += 1
        if passes < writes <= passes + 6:
            assert len(desk.wire.asked) == sent
            raise DatabaseUnwritable("the disk is full")
        return await write(fn)

    desk.db.write = full  # type: ignore[method-assign]
    await sender.run_until_idle()
    assert desk.wire.parts(CHANNEL) == [0, 1]
    assert len(desk.wire.asked) == 2
    assert await states(desk) == [S.SENT, S.SENT]
    assert desk.clock.monotonic() >= 1 + 2 + 4 + 8 + 16 + 30
