"""A Discord in memory behind the sender's port, a clock that jumps, and what a test needs to run a sender."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.deliver.lease import Lease
from bot.deliver.notices import Notice
from bot.deliver.pacing import Pacer
from bot.deliver.replies import Answer, NoReply, Reply
from bot.deliver.sender import Sender
from bot.deliver.wire import LookupFailed
from bot.delivery import Delivery, DeliveryAction
from bot.store.delivery_rows import holds
from bot.store.engine import Database
from bot.store.leases import LeaseStore
from bot.store.outbox import Outbox
from bot.store.subscriptions import SubscriptionStore
from tests.unit.deliver.samples import NOON

NONCE_WINDOW = 180.0


class JumpClock:
    """A clock on which every wait is over at once, and the time it took has passed."""

    def __init__(self, start: datetime = NOON) -> None:
        self._start = start
        self._seconds = 0.0
        self.slept: list[float] = []
        self.busy: Callable[[], bool] = lambda: False

    def now(self) -> datetime:
        """Return the instant."""
        return self._start + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        """Return the seconds since the start."""
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        """Let the others do what they can at once, then be that much later."""
        until = self._seconds + seconds
        self.slept.append(seconds)
        await asyncio.sleep(0)
        while self.busy():  # noqa: ASYNC110  # nothing tells when they only wait
            await asyncio.sleep(0)
        self._seconds = max(self._seconds, until)

    def pass_time(self, **units: float) -> None:
        """Let time pass; units as of `timedelta`."""
        self._seconds += timedelta(**units).total_seconds()


@dataclass(frozen=True, slots=True)
class Lost:
    """A fault: the request is carried out, then this is what comes back."""

    answer: Answer = field(default_factory=lambda: NoReply("reset"))


Fault = Answer | Lost | None
"""What happens to a request; None lets it through."""


@dataclass(slots=True)
class Message:
    """What stands in a channel."""

    message_id: int
    marker: str
    text: str
    payload: Any
    part: int


@dataclass(slots=True)
class FakeWire:
    """Discord as the sender sees it: messages by channel or thread, nonces with a window, scripted faults."""

    clock: JumpClock
    faults: deque[Fault] = field(default_factory=deque)
    lookup_faults: deque[Answer | None] = field(default_factory=deque)
    rooms: dict[int, list[Message]] = field(default_factory=dict)
    threads: set[int] = field(default_factory=set)
    crossposted: set[int] = field(default_factory=set)
    readable: bool = True
    writable: bool = True
    asked: list[Delivery] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    in_flight: int = 0
    peak: int = 0
    gate: asyncio.Event | None = None
    _nonces: dict[str, tuple[float, int]] = field(default_factory=dict)
    _busy: set[int] = field(default_factory=set)
    _last: int = 0

    async def send(self, delivery: Delivery, into_id: int | None) -> Answer:
        """Let the next fault happen, or do what is asked."""
        assert delivery.channel_id not in self._busy, "two requests to one channel at once"
        self._busy.add(delivery.channel_id)
        self.asked.append(delivery)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            await asyncio.sleep(0)
            if self.gate is not None:
                await self.gate.wait()
            fault = self.faults.popleft() if self.faults else None
            if isinstance(fault, Lost):
                self._work(delivery, into_id)
                return fault.answer
            return fault or self._work(delivery, into_id)
        finally:
            self.in_flight -= 1
            self._busy.discard(delivery.channel_id)

    def _work(self, delivery: Delivery, into_id: int | None) -> Answer:
        if not self.writable:
            return refusal(403, 50013)
        match delivery.action:
            case DeliveryAction.THREAD:
                assert into_id is not None
                if into_id in self.threads:
                    return refusal(400, 160004)
                self.threads.add(into_id)
                return made(into_id)
            case DeliveryAction.CROSSPOST:
                assert into_id is not None
                if into_id in self.crossposted:
                    return refusal(400, 40033)
                self.crossposted.add(into_id)
                return made(into_id)
            case DeliveryAction.FORUM_POST:
                post = self._store(delivery, delivery.channel_id)
                self.threads.add(post)
                return made(post)
            case DeliveryAction.MESSAGE:
                at, earlier = self._nonces.get(delivery.nonce, (-1e9, 0))
                if self.clock.monotonic() - at < NONCE_WINDOW:
                    known = {one.message_id for one in self.rooms[into_id or delivery.channel_id]}
                    return made(earlier) if earlier in known else refusal(404, 10008)
                message = self._store(delivery, into_id or delivery.channel_id)
                self._nonces[delivery.nonce] = (self.clock.monotonic(), message)
                return made(message)

    def _store(self, delivery: Delivery, room: int) -> int:
        self._last += 1
        message = Message(self._last, delivery.marker, str(delivery.payload), delivery.payload, delivery.part)
        self.rooms.setdefault(room, []).append(message)
        return self._last

    async def find(self, delivery: Delivery, into_id: int | None, since: datetime) -> int | None:
        """Look for the marker."""
        self._look("find")
        if not self.readable:
            return None
        for one in self.rooms.get(into_id or delivery.channel_id, []):
            if holds(one.payload, delivery.marker):
                return one.message_id
        return None

    async def can_read_history(self, delivery: Delivery, into_id: int | None) -> bool:
        """Return the switch."""
        self._look("can_read_history")
        return self.readable

    async def can_write(self, delivery: Delivery, into_id: int | None) -> bool:
        """Return the switch."""
        self._look("can_write")
        return self.writable

    def _look(self, what: str) -> None:
        self.looked.append(what)
        fault = self.lookup_faults.popleft() if self.lookup_faults else None
        if fault is not None:
            raise LookupFailed(fault)

    def parts(self, room: int) -> list[int]:
        """Return the numbers of the parts that stand in a channel, in order."""
        return [one.part for one in self.rooms.get(room, [])]

    def messages(self) -> list[Any]:
        """Return the payload of every message that stands anywhere."""
        return [one.payload for room in self.rooms.values() for one in room]

    def markers(self) -> list[str]:
        """Return every marker that stands anywhere."""
        return [one.marker for room in self.rooms.values() for one in room]


@dataclass(slots=True)
class HeardNotices:
    """Notices kept."""

    heard: list[Notice] = field(default_factory=list)

    async def tell(self, notice: Notice) -> None:
        """Keep it."""
        self.heard.append(notice)


def made(message_id: int) -> Reply:
    """Return Discord's answer with what was made."""
    return Reply(200, {"id": str(message_id)}, {"via": "1.1 google"})


def refusal(status: int, code: int, message: str = "No", **more: Any) -> Reply:
    """Return a refusal in Discord's shape."""
    return Reply(status, {"message": message, "code": code, **more}, {"via": "1.1 google"})


@dataclass(slots=True)
class Bench:
    """A ledger, a Discord and senders on them; each `sender()` is a new process as far as the ledger can tell."""

    db: Database
    clock: JumpClock
    wire: FakeWire
    notices: HeardNotices
    outbox: Outbox
    subscriptions: SubscriptionStore
    token: int = 0

    async def sender(self, **options: Any) -> Sender:
        """Return a sender that holds the lease."""
        leases = LeaseStore(self.db)
        row = await leases.take("here:1", self.clock.now() + timedelta(minutes=1), seen=await leases.load())
        assert row is not None
        self.token = row.token
        pacer = options.pop("pacer", None) or Pacer(self.clock, rate=45.0)
        sender = Sender(
            self.outbox,
            self.subscriptions,
            self.wire,
            self.clock,
            lease=Lease(row.holder, row.token),
            pacer=pacer,
            notices=self.notices,
            **options,
        )
        running, waiting = sender._running, sender._delivering._waiting
        self.clock.busy = lambda: self.wire.gate is None and any(task not in waiting for task in running)
        return sender


@asynccontextmanager
async def bench(db: Database, faults: Iterable[Fault] = ()) -> AsyncIterator[Bench]:
    """Set everything up on a database whose clock is replaced."""
    clock = JumpClock()
    db.clock = clock
    wire = FakeWire(clock, deque(faults))
    yield Bench(db, clock, wire, HeardNotices(), Outbox(db), SubscriptionStore(db))
