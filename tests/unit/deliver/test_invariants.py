"""Any sequence of faults, restarts and waits leaves every part exactly once, in order, with mentions off.

Where history cannot be read: at most once, and told.
"""

import asyncio
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.deliver.replies import NoReply, Reply
from bot.delivery import DeliveryAction, DeliveryState
from bot.store.engine import Database
from tests.unit.deliver.fakes import Bench, Fault, Lost, bench, refusal
from tests.unit.deliver.samples import BOT, NOON, make_planned, make_subscription

VIA = {"via": "1.1 google"}
TRANSIENT: list[Fault] = [
    None,
    None,
    NoReply("reset"),
    NoReply("refused", never_sent=True),
    Lost(),
    Lost(Reply(503, "x", VIA)),
    Lost(Reply(200, "half", VIA)),
    Reply(520, "x"),
    Reply(429, {"retry_after": 3.0, "global": True}, VIA),
    Reply(429, {"retry_after": 0.5, "global": False}, VIA),
    refusal(429, 20016, retry_after=9),
    refusal(403, 50013),
    Reply(200, {"id": "no number"}, VIA),
    Reply(429, "<html>", {}),
]
MESSAGE, THREAD, FORUM = DeliveryAction.MESSAGE, DeliveryAction.THREAD, DeliveryAction.FORUM_POST
SHAPES = (
    [(MESSAGE, None)],
    [(MESSAGE, None)] * 3,
    [(MESSAGE, None), (THREAD, 0), (MESSAGE, 1)],
    [(FORUM, None), (MESSAGE, 0)],
)
faults = st.lists(st.sampled_from(TRANSIENT), max_size=14)
pauses = st.lists(st.sampled_from([5, 50, 70, 900, 50_000]), max_size=3)


def copy(migrated: Path, directory: str) -> str:
    path = Path(directory) / "paperbrief.sqlite3"
    shutil.copyfile(migrated, path)
    return f"sqlite:///{path}"


async def deliver(desk: Bench, shapes: list[int], cuts: list[int]) -> None:
    """Deliver with restarts in between; each restart cuts the sender off wherever it is after so many loop turns."""
    for number, shape in enumerate(shapes):
        channel = 200 + number
        await desk.subscriptions.save(make_subscription(channel))
        assert await desk.outbox.plan(make_planned(channel, SHAPES[shape]), bot_id=BOT, now=NOON)
    for pause in cuts:
        sender = await desk.sender()
        running = asyncio.create_task(sender.run_until_idle(patience=5))
        for _ in range(pause % 97 * 7):
            await asyncio.sleep(0)
        sender._grace = 0.0
        running.cancel()
        await asyncio.wait({running})
        desk.clock.pass_time(seconds=pause)
    for _ in range(5):
        # Days later at the most: a refusal is asked about again after one.
        await (await desk.sender()).run_until_idle(patience=4000)
        desk.clock.pass_time(hours=24.1)


def check_order(desk: Bench) -> None:
    markers = desk.wire.markers()
    assert len(markers) == len(set(markers)), "something stands there twice"
    for room in desk.wire.rooms.values():
        parts = [one.part for one in room if one.message_id not in desk.wire.threads]
        assert parts == sorted(parts), "out of order"
    for one in desk.wire.asked:
        shown = one.payload.get("message", one.payload)
        assert one.action is THREAD or shown["allowed_mentions"] == {"parse": []}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 3), min_size=1, max_size=3), faults, pauses)
@example([1, 2, 3], [Lost(), None, Lost(), Lost()], [900, 5])
@example(
    [2], [Reply(200, {"id": "no number"}, VIA), *[refusal(403, 50013)] * 2, Reply(429, {"retry_after": 3.0}, VIA)], []
)
def test_everything_arrives_once_and_in_order(
    migrated_file: Path, shapes: list[int], script: list[Fault], cuts: list[int]
) -> None:
    async def go() -> None:
        with tempfile.TemporaryDirectory() as directory:
            async with Database.open(copy(migrated_file, directory)) as db, bench(db, script) as desk:
                await deliver(desk, shapes, cuts)
                check_order(desk)
                counts = (await desk.outbox.counts()).by_state
                wanted = sum(len(SHAPES[shape]) for shape in shapes)
                assert set(counts) <= {DeliveryState.SENT, DeliveryState.SKIPPED}
                posted = sum(action is not THREAD for shape in shapes for action, _ in SHAPES[shape])
                if counts.get(DeliveryState.SENT) == wanted:
                    assert len(desk.wire.markers()) == posted
                else:
                    # Only what Discord refused on two days is given up, and it says so.
                    lost = [one for channel in range(200, 203) for one in await desk.outbox.load_for_channel(channel)]
                    reasons = {one.reason for one in lost if one.state is DeliveryState.SKIPPED}
                    assert all(reason and ("Discord refused" in reason) for reason in reasons)

    asyncio.run(go())


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 3), min_size=1, max_size=2), faults, pauses)
@example([1], [Lost()], [900])
def test_without_history_everything_arrives_at_most_once_and_gaps_are_told(
    migrated_file: Path, shapes: list[int], script: list[Fault], cuts: list[int]
) -> None:
    async def go() -> None:
        with tempfile.TemporaryDirectory() as directory:
            async with Database.open(copy(migrated_file, directory)) as db, bench(db, script) as desk:
                desk.wire.readable = False
                await deliver(desk, shapes, cuts)
                check_order(desk)
                rows = [
                    one for number in range(len(shapes)) for one in await desk.outbox.load_for_channel(200 + number)
                ]
                ends = (DeliveryState.SENT, DeliveryState.PARKED, DeliveryState.SKIPPED)
                assert all(one.state in ends and (one.state is DeliveryState.SENT or one.reason) for one in rows)
                if any(one.state is DeliveryState.PARKED for one in rows):
                    assert desk.notices.heard
                assert desk.clock.now() - NOON < timedelta(days=60)

    asyncio.run(go())
