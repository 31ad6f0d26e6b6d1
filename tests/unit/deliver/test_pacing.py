"""The one budget: spacing, pauses, rests, the guard against a ban."""

import asyncio
import heapq
import itertools
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.deliver.pacing import Pacer, backoff
from bot.deliver.replies import NoReply, Reply
from tests.unit.deliver.fakes import JumpClock


async def turns(pacer: Pacer, clock: JumpClock, count: int) -> list[float]:
    taken = []

    async def take() -> None:
        await pacer.turn()
        taken.append(clock.monotonic())

    await asyncio.gather(*(take() for _ in range(count)))
    return taken


@pytest.mark.parametrize("rate", [1.0, 30.0, 45.0])
async def test_never_more_than_the_rate_in_any_second(rate: float) -> None:
    clock = JumpClock()
    at = await turns(Pacer(clock, rate=rate), clock, 200)
    assert max(sum(1 for one in at if start <= one < start + 1) for start in at) <= rate + 1
    assert at[-1] == pytest.approx(199 / rate, rel=0.02)


async def test_what_was_held_up_together_does_not_leave_together() -> None:
    clock = JumpClock()
    pacer = Pacer(clock, rate=20.0)
    left = []

    async def leave() -> None:
        async with pacer.request():
            left.append(clock.monotonic())

    await asyncio.gather(*(leave() for _ in range(60)))
    assert [sum(second <= one < second + 1 for one in left) for second in range(3)] == [21, 21, 18]


class EventClock(JumpClock):
    """A clock on which several wait at once, and each goes on in its order."""

    def __init__(self) -> None:
        super().__init__()
        self._sleeping: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    async def sleep(self, seconds: float) -> None:
        """Wait until the others were waited for that wake up before."""
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleeping, (self._seconds + seconds, next(self._order), woken))
        await woken

    async def run(self, work: "asyncio.Future[None]") -> None:
        """Let time pass until the work is done."""
        while not work.done():
            for _ in range(20):
                await asyncio.sleep(0)
            if self._sleeping:
                self._seconds, _, woken = heapq.heappop(self._sleeping)
                woken.set_result(None)


async def arrivals(rate: float, ways: Iterator[float]) -> list[float]:
    """Send 150 requests, 20 at once, each as long under way, there and back, as `ways` says; return when they came."""
    clock, arrived, left = EventClock(), list[float](), iter(range(150))
    pacer = Pacer(clock, rate=rate)

    async def send() -> None:
        for _ in left:
            await pacer.turn()
            async with pacer.request():
                await clock.sleep(next(ways))
                arrived.append(clock.monotonic())
                await clock.sleep(next(ways))

    work = asyncio.gather(*(send() for _ in range(20)))
    await clock.run(work)  # type: ignore[arg-type]  # what the workers return does not matter
    return arrived


@settings(max_examples=30)
@given(st.lists(st.sampled_from([0.0, 0.01, 0.05, 0.3, 0.45, 2.0]), min_size=1, max_size=40))
def test_whatever_the_network_does_no_second_of_discord_holds_fifty(ways: list[float]) -> None:
    at = asyncio.run(arrivals(45.0, itertools.cycle(ways)))
    assert max(sum(start <= one < start + 1 - 1e-5 for one in at) for start in at) <= 48


async def test_who_is_held_up_sleeps_until_there_is_room() -> None:
    clock = JumpClock()
    pacer = Pacer(clock, rate=45.0)
    async with AsyncExitStack() as under_way:
        for _ in range(46):
            await under_way.enter_async_context(pacer.request())
        clock.pass_time(seconds=1.1)
        for _ in range(2):
            await under_way.enter_async_context(pacer.request())
    clock.pass_time(seconds=0.3)
    async with pacer.request():
        assert clock.monotonic() == pytest.approx(2.1), "a second after the answers"
    assert clock.slept == [pytest.approx(0.7)], "once, and not again and again for a moment"


async def test_a_short_way_does_not_slow_the_highest_rate_down() -> None:
    at = await arrivals(45.0, itertools.repeat(0.02))
    assert len(at) / (at[-1] - at[0]) == pytest.approx(45, rel=0.05)


async def test_idle_time_is_not_saved_up() -> None:
    clock = JumpClock()
    pacer = Pacer(clock, rate=10.0)
    await turns(pacer, clock, 3)
    clock.pass_time(hours=1)
    began = clock.monotonic()
    at = await turns(pacer, clock, 10)
    assert at[-1] - began >= 0.8 - 1e-6


@pytest.mark.parametrize("rate", [0.0, -1.0, 45.1, 50.0])
def test_a_rate_above_what_is_safe_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="at most 45"):
        Pacer(JumpClock(), rate=rate)


async def test_a_pause_is_for_everybody_and_the_longest_counts() -> None:
    clock = JumpClock()
    pacer = Pacer(clock, rate=10.0)
    pacer.pause(60)
    pacer.pause(5)
    assert pacer.paused_for == 60
    at = await turns(pacer, clock, 5)
    assert at[0] == 60
    assert at[-1] >= 60.3, "one request is made up for, not all that waited"
    assert pacer.paused_for == 0


async def test_a_channel_that_rests() -> None:
    clock = JumpClock()
    pacer = Pacer(clock)
    pacer.rest(7, 5.0)
    pacer.rest(7, 2.0)
    pacer.rest(8, 0.0)
    assert pacer.resting() == {7: 5.0}
    clock.pass_time(seconds=4.9)
    assert pacer.resting() == {7: pytest.approx(0.1)}
    clock.pass_time(seconds=0.1)
    assert pacer.resting() == {}, "not a moment longer than Discord asked for"


async def test_two_thousand_invalid_requests_in_ten_minutes_are_enough() -> None:
    clock = JumpClock()
    told: list[str] = []
    pacer = Pacer(clock)
    pacer.on_guard = told.append
    for _ in range(1999):
        pacer.note(Reply(403))
        pacer.note(Reply(404))
        pacer.note(NoReply("x"))
        clock.pass_time(seconds=0.1)
    assert pacer.paused_for == 0
    pacer.note(Reply(403))
    assert pacer.paused_for == pytest.approx(500, abs=1), "until half of them are ten minutes old"
    assert len(told) == 1


async def test_invalid_requests_are_forgotten() -> None:
    clock = JumpClock()
    pacer = Pacer(clock, invalid_limit=3)
    for _ in range(20):
        pacer.note(Reply(403))
        clock.pass_time(minutes=6)
    assert pacer.paused_for == 0


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_backing_off(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    """Both ends of what chance may choose."""
    monkeypatch.setattr("random.uniform", lambda low, high: {0.5: low, 1.0: high}[share])
    for attempts, seconds in ((1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 120), (10, 480), (11, 900), (400, 900)):
        assert backoff(attempts) == share * seconds
