"""The outbox worker: the only place from which the bot posts by itself.

This file is the clockwork: which parts are taken when, how many at once, how it stops. What happens to one part is in
`delivering.py`. At most one part of a channel is in flight, so parts stay in order.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from bot.clock import Clock
from bot.deliver.delivering import Delivering, RunTotals, WhenUndecidable
from bot.deliver.lease import Lease
from bot.deliver.notices import LoggedNotices, Notices
from bot.deliver.pacing import Pacer
from bot.deliver.wire import Wire
from bot.delivery import Delivery
from bot.errors import DatabaseBusy, DatabaseUnwritable
from bot.log import get_logger
from bot.store.delivery_rows import Claim
from bot.store.outbox import Outbox
from bot.store.subscriptions import SubscriptionStore

_log = get_logger(__name__)

T = TypeVar("T")

IN_FLIGHT = 20
"""More than rate times round trip (45/s times 0.3 s is 14) brings nothing."""

KEEP_FOR = timedelta(hours=48)
"""From how long after it was due a delivery that was never begun is old news, and the planner mentions it in a line."""

_GRACE = timedelta(hours=1)
"""What was planned in time stays good for so much longer: a crash at the due time and a restart two days later would
otherwise miss the limit by seconds."""

_LEASE = timedelta(minutes=10)
_LONGEST_SLEEP = 60.0
_HOURLY = timedelta(hours=1)


class Sender:
    """Delivers what is in the outbox. One run at a time; `stop` ends it."""

    def __init__(
        self,
        outbox: Outbox,
        subscriptions: SubscriptionStore,
        wire: Wire,
        clock: Clock,
        *,
        lease: Lease,
        pacer: Pacer,
        in_flight: int = IN_FLIGHT,
        notices: Notices | None = None,
        when_undecidable: WhenUndecidable = WhenUndecidable.PARK,
        keep_for: timedelta = KEEP_FOR,
        on_recovered: Callable[[], None] = lambda: None,
        on_sent: Callable[[Delivery, datetime], None] = lambda _delivery, _at: None,
    ) -> None:
        """`on_recovered` is called after what is too old was ended, which the planner has to hear of.

        `on_sent` is told of every part that stands in Discord, and since when.
        """
        self._outbox = outbox.fenced(lease.token)
        self._clock = clock
        self._pacer = pacer
        self._lease = lease
        self._in_flight = in_flight
        self._keep_for = keep_for + _GRACE
        self._on_recovered = on_recovered
        self._delivering = Delivering(
            self._outbox,
            subscriptions,
            wire,
            clock,
            pacer=pacer,
            notices=notices or LoggedNotices(),
            when_undecidable=when_undecidable,
            durably=self._durably,
            too_late=keep_for,
            on_sent=on_sent,
        )
        self._queue: deque[Claim] = deque()
        self._running: dict[asyncio.Task[None], int] = {}
        self._bell = asyncio.Event()
        self._stop = asyncio.Event()
        self._grace = 10.0
        self._finished = asyncio.Event()
        self._finished.set()

    @property
    def totals(self) -> RunTotals:
        """Return what was done since this object was made."""
        return self._delivering.totals

    def wake(self) -> None:
        """Let the sender look into the outbox now."""
        self._bell.set()

    async def run_until_idle(self, *, patience: float = 150.0) -> RunTotals:
        """Deliver until nothing more is due within `patience` seconds, and return the totals.

        Raises `TokenRefused`, `LeaseLost`, and `StoreError` kinds that waiting does not mend.
        """
        await self._run(patience=patience)
        return self.totals

    async def run_forever(self, wake: asyncio.Event) -> None:
        """Deliver until `stop`; `wake` being set means that something new was planned. Raises as `run_until_idle`."""
        forwarding = asyncio.create_task(self._forward(wake))
        try:
            await self._run(patience=None)
        finally:
            forwarding.cancel()
            await asyncio.wait({forwarding})

    async def stop(self, grace: float = 10.0) -> None:
        """Take no new part, let requests under way end within `grace` seconds, and return when all is at rest.

        A request that is still open then is cut off: the next start asks Discord what became of it.
        """
        self._stop.set()
        self._grace = grace
        self._bell.set()
        self._delivering.stop_waiting()
        await self._finished.wait()

    async def _forward(self, wake: asyncio.Event) -> None:
        while True:
            await wake.wait()
            wake.clear()
            self._bell.set()

    async def _run(self, *, patience: float | None) -> None:
        self._finished.clear()
        if not self._stop.is_set():
            self._delivering.start()
        errors: list[BaseException] = []
        try:
            await self._work(patience)
        finally:
            errors = await self._come_to_rest()
            self._finished.set()
        if errors:
            raise errors[0]

    async def _work(self, patience: float | None) -> None:
        recovered_at = await self._recover()
        while not self._stop.is_set():
            self._bell.clear()
            self._reap()
            if self._clock.now() - recovered_at > _HOURLY and not self._running and not self._queue:
                recovered_at = await self._recover()
            await self._fill()
            if self._stop.is_set():
                return
            wait: float | None = None
            if not self._queue:
                # From before the ledger is asked: of a rest that ends meanwhile, neither would tell any more.
                rests = self._pacer.resting()
                due = await self._durably(lambda: self._outbox.next_due(self._clock.now(), busy=self._busy()))
                wait = self._until(due, rests.values())
                idle = not self._running and (wait is None or (patience is not None and wait > patience))
                if idle and patience is not None:
                    return
                if not self._running:
                    wait = min(wait if wait is not None else _LONGEST_SLEEP, _LONGEST_SLEEP)
            await self._sleep(wait)

    async def _recover(self) -> datetime:
        now = self._clock.now()
        found = await self._durably(lambda: self._outbox.recover(now, expired=now - self._keep_for))
        self._on_recovered()
        if found:
            _log.info("deliveries were cut off while sending", parts=found)
        return now

    async def _fill(self) -> None:
        """Start as many parts as may be in flight; take some more than that, so that a free place is not empty."""
        free = self._in_flight - len(self._running)
        if free and not self._queue:
            now = self._clock.now()
            taken = await self._durably(
                lambda: self._outbox.claim(
                    now,
                    limit=2 * self._in_flight,
                    busy=self._busy(),
                    holder=self._lease.holder,
                    lease_until=now + _LEASE,
                )
            )
            self._queue.extend(taken)
        while self._queue and len(self._running) < self._in_flight and not self._stop.is_set():
            claim = self._queue.popleft()
            task = asyncio.create_task(self._delivering.deliver(claim))
            self._running[task] = claim.delivery.channel_id
            task.add_done_callback(lambda _: self._bell.set())

    def _busy(self) -> set[int]:
        queued = {claim.delivery.channel_id for claim in self._queue}
        return {*self._running.values(), *queued, *self._pacer.resting()}

    def _until(self, due: datetime | None, rests: Iterable[float]) -> float | None:
        """Return the seconds until something may be due: a part, or a channel that rests."""
        waits = list(rests)
        if due is not None:
            waits.append((due - self._clock.now()).total_seconds())
        return max(0.0, min(waits)) if waits else None

    def _reap(self) -> None:
        for task in [task for task in self._running if task.done()]:
            del self._running[task]
            task.result()

    async def _sleep(self, seconds: float | None) -> None:
        """Wait for the bell, or for that long."""
        waits: set[asyncio.Task[object]] = {asyncio.create_task(self._bell.wait())}
        if seconds is not None:
            waits.add(asyncio.create_task(self._clock.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
            await asyncio.wait(waits)

    async def _come_to_rest(self) -> list[BaseException]:
        """End everything under way, give back what was not begun, and return what failed meanwhile."""
        self._delivering.stop_waiting()
        if self._running:
            await asyncio.wait(self._running, timeout=self._grace)
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        failed = [error for task in self._running if not task.cancelled() and (error := task.exception())]
        self._running.clear()
        unbegun = [*self._queue, *self._delivering.unbegun]
        self._queue.clear()
        self._delivering.unbegun.clear()
        if unbegun:
            # A failure changes nothing: the next start takes them over.
            releasing = asyncio.create_task(self._outbox.release(unbegun, self._clock.now()))
            await asyncio.wait({releasing})
            if not releasing.cancelled() and (error := releasing.exception()):
                _log.warning("what was not begun could not be given back", error=str(error))
        await self._delivering.close()
        return failed

    async def _durably(self, write: Callable[[], Awaitable[T]]) -> T:
        """Return what `write` returns, tried again while the database cannot be written: nothing is sent meanwhile."""
        wait = 1.0
        while True:
            try:
                return await write()
            except (DatabaseBusy, DatabaseUnwritable) as error:
                if self._stop.is_set():
                    raise
                _log.error("the ledger cannot be written, nothing is sent", error=str(error), retry_s=wait)
                await self._clock.sleep(wait)
                wait = min(2 * wait, 30.0)
