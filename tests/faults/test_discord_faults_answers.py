"""What Discord answers, or does not, to a brief on its way: what stands in the channel in the end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.deliver.notices import Audience
from bot.delivery import DeliveryState, SubscriptionState
from tests.faults.desk import CREATE, Desk, open_desk
from tests.unit.deliver.samples import TUESDAY
from tests.wire import discord_faults as faults
from tests.wire.discord_faults import Fault
from tests.wire.discord_model import Permission


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    async with open_desk(sqlite_url) as opened:
        yield opened


LOST = {
    "reset": faults.resets_after_commit(),
    "half an answer": faults.truncates(),
    "a 504 of the edge": faults.after_commit(faults.replies(504)),
}
"""Discord has the message, and the bot cannot know."""


@pytest.mark.fault("D4")
@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
async def test_a_message_whose_answer_was_lost_is_not_posted_twice(desk: Desk, fault: Fault) -> None:
    room = desk.rooms[0]
    await desk.plan(room, 2)
    desk.server.faults.add("POST", CREATE, fault)
    await desk.deliver()
    assert desk.shown(room) == ["part 0", "part 1"]
    first, again, _ = desk.posts(room)
    assert first.body["nonce"] == again.body["nonce"]
    assert await desk.states() == {DeliveryState.SENT: 2}


@pytest.mark.fault("D4")
@pytest.mark.parametrize("hours", [0.25, 20])
async def test_a_message_whose_answer_was_lost_with_the_process_is_found_by_its_marker(
    desk: Desk, hours: float
) -> None:
    """After so long Discord has forgotten the nonce: a second request would post again."""
    room, world = desk.rooms[0], desk.server.world
    await desk.plan(room, 2)
    desk.server.faults.add("POST", CREATE, faults.after_commit(faults.holds()))
    sender = await desk.sender()
    running = asyncio.create_task(sender.run_until_idle())
    await desk.server.until(lambda: desk.shown(room) == ["part 0"])
    await sender.stop(grace=0.01)
    await running
    desk.server.release()
    world.post_as(world.owner, room, "good morning")
    desk.clock.advance(hours * 3600)
    await desk.deliver()
    assert desk.shown(room) == ["part 0", "good morning", "part 1"]
    assert [one.body["content"] for one in desk.posts(room)] == ["part 0", "part 1"]
    assert desk.server.requests("GET", CREATE)


NOT_NOW = {
    "503": faults.replies(503),
    "520": faults.replies(520),
    "a reset": faults.resets(),
    "503, although it is there": faults.after_commit(faults.replies(503)),
    "520, although it is there": faults.after_commit(faults.replies(520)),
}


@pytest.mark.fault("D5")
@pytest.mark.parametrize("fault", NOT_NOW.values(), ids=NOT_NOW)
async def test_a_discord_that_stumbles_is_asked_again_for_the_same_message(desk: Desk, fault: Fault) -> None:
    room, other = desk.rooms
    for each in desk.rooms:
        await desk.plan(each, 2)
    desk.server.faults.add("POST", f"/{room}/messages$", *[fault] * 3)
    await desk.deliver()
    assert desk.shown(room) == desk.shown(other) == ["part 0", "part 1"]
    # What was reset was not even read by the server.
    assert len({one.body["nonce"] for one in desk.posts(room)[:4] if one.body}) == 1
    # The other channel did not wait for this one.
    assert desk.posts(other)[-1].number < desk.posts(room)[3].number
    assert await desk.states() == {DeliveryState.SENT: 4}


@pytest.mark.fault("D6")
async def test_a_global_limit_halts_every_channel_for_as_long_as_it_says(desk: Desk) -> None:
    for room in desk.rooms:
        await desk.plan(room, 2)
    desk.server.faults.add("POST", CREATE, faults.limits(40.0, "global"))
    await desk.deliver()
    tries = desk.server.requests("POST", CREATE)
    refused = next(one for one in tries if one.status == 429)
    # The other channel's first request may have been under way.
    later = [one for one in tries if one.number > refused.number + 1]
    assert later
    assert all(one.at - refused.at >= timedelta(seconds=40) for one in later)
    assert all(desk.shown(room) == ["part 0", "part 1"] for room in desk.rooms)


@pytest.mark.fault("D6")
@pytest.mark.parametrize("scope", ["user", "shared"])
async def test_a_channels_own_limit_halts_that_channel_alone(desk: Desk, scope: str) -> None:
    room, other = desk.rooms
    for each in desk.rooms:
        await desk.plan(each, 2)
    desk.server.faults.add("POST", f"/{room}/messages$", faults.limits(40.0, scope))
    await desk.deliver()
    refused, again, _ = desk.posts(room)
    assert again.at - refused.at >= timedelta(seconds=40)
    assert desk.posts(other)[-1].at < again.at
    assert desk.shown(room) == desk.shown(other) == ["part 0", "part 1"]


@pytest.mark.fault("D6")
async def test_the_edge_in_front_of_discord_is_left_alone_for_a_quarter_of_an_hour(desk: Desk) -> None:
    room, other = desk.rooms
    await desk.plan(room)
    desk.server.faults.add("POST", CREATE, faults.cloudflare(60.0))
    sender = await desk.sender()
    await sender.run_until_idle()
    asked = len(desk.server.requests())
    desk.clock.advance(800)
    await desk.plan(other)
    # No turn is given before: everything waits, what is planned meanwhile too.
    await sender.run_until_idle()
    refused, *later = desk.server.requests("POST", CREATE)
    assert len(desk.server.requests()) == asked + 2
    assert all(one.at - refused.at >= timedelta(seconds=900) for one in later)
    assert desk.shown(room) == desk.shown(other) == ["part 0"]
    (told,) = desk.notices.all
    assert told.audience is Audience.OWNER
    assert "rests for 15 minutes" in told.text


@pytest.mark.fault("D7")
async def test_a_channel_that_is_deleted_in_mid_brief_gets_nothing_more(desk: Desk) -> None:
    room, other = desk.rooms
    for each in desk.rooms:
        await desk.subscribe(each)
        await desk.plan(each, 4)
    desk.server.faults.add("POST", f"/{room}/messages$", faults.passes(), faults.holds())
    sender = await desk.sender()
    running = asyncio.create_task(sender.run_until_idle())
    await desk.server.until(lambda: any(one.held for one in desk.posts(room)))
    desk.server.world.delete_channel(room)
    desk.server.release()
    await running
    assert [one.status for one in desk.posts(room)] == [200, 404]
    assert desk.shown(other) == [f"part {number}" for number in range(4)]
    assert await desk.subscription(room) is SubscriptionState.PARKED
    assert await desk.subscription(other) is SubscriptionState.ACTIVE
    assert await desk.states() == {DeliveryState.SENT: 5, DeliveryState.PARKED: 3}
    asked = len(desk.server.requests())
    await desk.deliver()
    assert len(desk.server.requests()) == asked, "nor after a restart"


async def _refused_on_two_days(desk: Desk, room: int) -> None:
    """Let Discord refuse a brief of two messages on one day and on the next."""
    desk.server.world.deny(room, Permission.SEND_MESSAGES)
    await desk.subscribe(room)
    await desk.plan(room, 2)
    await desk.deliver()
    assert desk.notices.all == [], "one refusal may be a slip"
    assert await desk.subscription(room) is SubscriptionState.ACTIVE
    desk.clock.advance(24.1 * 3600)
    await desk.deliver()
    assert await desk.subscription(room) is SubscriptionState.PARKED
    assert await desk.states() == {DeliveryState.PARKED: 2}
    (told,) = desk.notices.all
    assert (told.audience, told.channel_id) == (Audience.ADMINS, room)
    assert "resume by themselves" in told.text


@pytest.mark.fault("D9")
async def test_a_permission_given_back_in_time_brings_the_brief_that_waited(desk: Desk) -> None:
    room = desk.rooms[0]
    await _refused_on_two_days(desk, room)
    desk.server.world.restore(room)
    # What the gateway's event of a changed permission does.
    assert await desk.outbox.nudge(desk.clock.now(), channel_id=room)
    await desk.deliver()
    assert [one.removeprefix("late · ") for one in desk.shown(room)] == ["part 0", "part 1"]
    assert await desk.subscription(room) is SubscriptionState.ACTIVE
    assert len(desk.notices.all) == 1, "said once"


@pytest.mark.fault("D9")
async def test_a_permission_given_back_after_days_brings_the_next_brief_and_no_old_ones(desk: Desk) -> None:
    room = desk.rooms[0]
    await _refused_on_two_days(desk, room)
    for _ in range(3):
        desk.clock.advance(24.1 * 3600)
        await desk.deliver()
    posted = len(desk.posts(room))
    desk.server.world.restore(room)
    desk.clock.advance(24.1 * 3600)
    # Without any event of the gateway: the daily look finds it.
    await desk.deliver()
    assert len(desk.posts(room)) == posted
    assert await desk.subscription(room) is SubscriptionState.ACTIVE
    assert await desk.states() == {DeliveryState.SKIPPED: 2}
    await desk.plan(room, 1, TUESDAY + timedelta(days=7))
    await desk.deliver()
    assert desk.shown(room) == ["part 0"]


@pytest.mark.fault("D10")
async def test_a_message_deleted_while_it_is_retried_is_not_posted_again(desk: Desk) -> None:
    room, world = desk.rooms[0], desk.server.world
    await desk.plan(room, 2)
    desk.server.faults.add("POST", CREATE, faults.resets_after_commit(), faults.holds())
    running = asyncio.create_task(desk.deliver())
    await desk.server.until(lambda: any(one.held for one in desk.posts(room)))
    assert desk.shown(room) == ["part 0"]
    world.delete_message(room, int(desk.server.messages(room)[0]["id"]))
    desk.server.release()
    await running
    assert desk.shown(room) == ["part 1"]
    assert [(one.status, (one.reply or {}).get("code")) for one in desk.posts(room)] == [
        (None, None),
        (404, 10008),
        (200, None),
    ]
    assert await desk.states() == {DeliveryState.SENT: 2}
