"""When a brief is called late: by the clock at its posting, and never where it may stand already."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.delivery import DeliveryState
from bot.store.engine import Database
from tests.unit.deliver.fakes import Bench, Lost, bench, refusal
from tests.unit.deliver.samples import BOT, CHANNEL, make_planned, make_subscription


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Bench]:
    async with Database.open(sqlite_url) as db, bench(db) as one:
        await one.subscriptions.save(make_subscription())
        yield one


@pytest.mark.parametrize(("hours", "late"), [(0.25, False), (0.75, True), (47, True)])
async def test_a_brief_that_waited_for_the_bot_says_that_it_is_late(desk: Bench, hours: float, *, late: bool) -> None:
    await plan_brief(desk)
    desk.clock.pass_time(hours=hours)
    await (await desk.sender()).run_until_idle()
    (message,) = desk.wire.messages()
    assert (" · Tue 12 May 2026 · late · announced 3" in message["content"]) == late
    (row,) = await desk.outbox.load_for_channel(CHANNEL)
    assert row.payload == message, "the ledger knows what was posted"


@pytest.mark.parametrize(("minutes", "late"), [(0, False), (30, False), (31, True)])
async def test_a_brief_that_was_planned_after_its_time_waits_from_then_on(
    desk: Bench, minutes: float, *, late: bool
) -> None:
    """As of a batch that arXiv brought late, which the brief says by itself."""
    desk.clock.pass_time(hours=2)
    await plan_brief(desk)
    desk.clock.pass_time(minutes=minutes)
    await (await desk.sender()).run_until_idle()
    (message,) = desk.wire.messages()
    assert (" · late · " in message["content"]) == late


async def test_what_may_stand_in_the_channel_keeps_its_words(desk: Bench) -> None:
    await plan_brief(desk)
    desk.clock.pass_time(minutes=29, seconds=40)
    desk.wire.faults.append(Lost())
    await (await desk.sender()).run_until_idle(patience=0.1)
    # So soon that Discord itself keeps the repeat from standing there twice.
    desk.clock.pass_time(seconds=40)
    await (await desk.sender()).run_until_idle()
    first, again = desk.wire.asked
    assert first.payload == again.payload
    assert "late" not in str(again.payload)
    assert [one.state for one in await desk.outbox.load_for_channel(CHANNEL)] == [DeliveryState.SENT]


async def test_a_refused_brief_is_labelled_once_the_channel_takes_it(desk: Bench) -> None:
    desk.wire.faults.append(refusal(403, 50013))
    await plan_brief(desk)
    await (await desk.sender()).run_until_idle(patience=0.1)
    desk.clock.pass_time(hours=25)
    await (await desk.sender()).run_until_idle()
    (message,) = desk.wire.messages()
    assert message["content"].startswith("**Reasoning** · Tue 12 May 2026 · late · announced 3")


async def plan_brief(desk: Bench) -> None:
    """Plan a brief with the first line that briefs have."""
    planned = make_planned()
    (part,) = planned.parts
    content = "**Reasoning** · Tue 12 May 2026 · announced 3 · matched 2 · shown 1\nall is well"
    part = replace(part, payload={**part.payload, "content": content})
    assert await desk.outbox.plan(replace(planned, parts=(part,)), bot_id=BOT, now=desk.clock.now())
