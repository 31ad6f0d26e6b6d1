"""What goes wrong in a year, drawn from a seed: of arXiv, of Discord, of the machine. Decides nothing about the bot."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.deliver.replies import Answer, NoReply, Reply
from bot.delivery import Delivery
from bot.demo.loopback import Fault as ArxivFault
from bot.demo.loopback import LoopbackArxiv
from tests.unit.deliver.fakes import FakeWire, JumpClock, Lost
from tests.unit.deliver.fakes import Fault as DiscordFault

_VIA = {"via": "1.1 google"}
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)

_SIGN_IN = b"<html><head><title>Sign in</title></head><body><h1>Welcome to the guest network</h1></body></html>"
_ARXIV: dict[str, ArxivFault] = {
    "429": ArxivFault(status=429),
    "429 told": ArxivFault(status=429, headers={"Retry-After": "600"}),
    "503 told": ArxivFault(status=503, headers={"Retry-After": "300"}),
    "500": ArxivFault(status=500),
    "HTML": ArxivFault(body=_SIGN_IN),
    "empty": ArxivFault(body=b""),
    "truncated": ArxivFault(truncate=0.5),
    "reset": ArxivFault(reset=True),
    "cut off": ArxivFault(truncate=0.4, reset=True),
}
_HANG = ArxivFault(hang=True)
_DISCORD: dict[str, DiscordFault] = {
    "reset": NoReply("reset"),
    "refused": NoReply("refused", never_sent=True),
    "lost": Lost(),
    "503 after commit": Lost(Reply(503, "x", _VIA)),
    "half an answer": Lost(Reply(200, "half", _VIA)),
    "no number": Lost(Reply(200, {"id": "no number"}, _VIA)),
    "520": Reply(520, "x"),
    "503": Reply(503, "x", _VIA),
    "429 global": Reply(429, {"retry_after": 3.0, "global": True}, _VIA),
    "429": Reply(429, {"retry_after": 0.5, "global": False}, _VIA),
    "429 of the edge": Reply(429, "<html>", {}),
    "slow mode": Reply(429, {"message": "No", "code": 20016, "retry_after": 9}, _VIA),
}
_DOWNTIMES = (timedelta(seconds=5), timedelta(minutes=15), timedelta(days=2))


class Killed(BaseException):
    """Stands for SIGKILL: nothing may catch it."""


@dataclass(slots=True)
class Fuse:
    """Counts check-points, the moment before and the moment after each write and each request, and blows at one.

    From then on the process is dead: whatever it does in its last moments does not reach the file or the wire.
    """

    left: int | None = None
    blown: bool = False

    def step(self) -> None:
        """Pass one check-point."""
        self.live()
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                self.blown = True
                raise Killed

    def live(self) -> None:
        """Go on only if alive."""
        if self.blown:
            raise Killed


@dataclass(slots=True)
class Counted:
    """What went wrong, by name."""

    faults: dict[str, int] = field(default_factory=dict)

    def add(self, what: str) -> None:
        """Count one."""
        self.faults[what] = self.faults.get(what, 0) + 1


@dataclass(frozen=True, slots=True)
class Rates:
    """How often something goes wrong: of ticks, or of requests to Discord. `hangs`: in which real seconds pass."""

    arxiv: float = 0.12
    hangs: float = 0.003
    kills: float = 0.03
    long_downtimes: float = 0.06
    locked: float = 0.01
    discord: float = 0.04


CALM = Rates(0, 0, 0, 0, 0, 0)


class Storm:
    """The troubles of one year. Intervals are drawn beforehand, the rest tick by tick."""

    def __init__(self, seed: int, start: datetime, end: datetime, rates: Rates) -> None:
        self.counted = Counted()
        self._seed = seed
        self._rng = random.Random(f"storm {seed}")
        self.rates = rates
        span = (end - start) / _DAY
        share = span / 355
        self.machine_off = self._draw(start, span, {_HOUR: 6 * share, 3 * _DAY: 2 * share, 21 * _DAY: share})
        self.arxiv_off = self._draw(start, span, {3 * _HOUR: 4 * share, 18 * _HOUR: 2 * share, 60 * _HOUR: share})
        self.discord_off = self._draw(start, span, {_HOUR: 4 * share, 8 * _HOUR: 2 * share, 60 * _HOUR: share})
        self.outages = {"machine": self.machine_off, "arXiv": self.arxiv_off, "Discord": self.discord_off}

    def end(self) -> None:
        """Let nothing go wrong any more."""
        self.rates = CALM
        self.machine_off, self.arxiv_off, self.discord_off = [], [], []

    def is_calm(self, now: datetime) -> bool:
        """Return whether arXiv and Discord are up."""
        return not _within(self.arxiv_off, now) and not _within(self.discord_off, now)

    def powered_until(self, now: datetime) -> datetime | None:
        """Return when the machine goes off next; None: it stays on."""
        return min((begin for begin, _ in self.machine_off if begin > now), default=None)

    def back_at(self, now: datetime) -> datetime:
        """Return when the machine is on again, `now` if it is."""
        return max((end for begin, end in self.machine_off if begin <= now < end), default=now)

    def trouble_arxiv(self, server: LoopbackArxiv, now: datetime) -> bool:
        """Let arXiv's next answers go wrong, or not; return whether."""
        if _within(self.arxiv_off, now):
            self.counted.add("arXiv: outage, ticks")
            server.script("/", [_ARXIV["503 told"] if self._rng.random() < 0.5 else _ARXIV["500"]] * 60)
            return True
        chance = self._rng.random()
        if chance < self.rates.hangs:
            self.counted.add("arXiv: hang")
            server.script("/list", [_HANG])
            return True
        if chance < self.rates.hangs + self.rates.arxiv:
            what = self._rng.choice(list(_ARXIV))
            prefix = self._rng.choice(("/list", "/list", "/rss", "/oai", "/api", "/"))
            self.counted.add(f"arXiv: {what}")
            server.script(prefix, [_ARXIV[what]] * self._rng.choice((1, 2, 4, 40)))
            return True
        return False

    def draw_kill(self) -> int | None:
        """Return at which check-point the process dies in this tick, if it gets so far."""
        return int(2 ** self._rng.uniform(0, 8)) if self._rng.random() < self.rates.kills else None

    def draw_downtime(self) -> timedelta:
        """Return for how long a process that was killed stays away."""
        if self._rng.random() < self.rates.long_downtimes:
            return _DOWNTIMES[2]
        return self._rng.choice(_DOWNTIMES[:2])

    def draw_lock(self) -> timedelta | None:
        """Return for how long another process holds the database, if one does."""
        if self._rng.random() >= self.rates.locked:
            return None
        self.counted.add("database locked")
        return timedelta(seconds=2 ** self._rng.uniform(1, 10))

    def draw_order(self) -> int:
        """Return 0, 1 or 2: reading before planning, planning before reading, both side by side."""
        return self._rng.choice((0, 0, 1, 2))

    def jitter(self) -> timedelta:
        """Return how late a tick is."""
        return timedelta(seconds=self._rng.uniform(1, 30))

    def discord_fault(self, one: Delivery, now: datetime) -> DiscordFault:
        """Return what happens to a request: the same for the same part and attempt, whatever else goes on."""
        if _within(self.discord_off, now):
            self.counted.add("Discord: outage, requests")
            return NoReply("refused", never_sent=True)
        rng = random.Random(f"{self._seed} {one.nonce} {one.attempts} {one.part} {now:%H%M}")
        if rng.random() >= self.rates.discord:
            return None
        what = rng.choice(list(_DISCORD))
        self.counted.add(f"Discord: {what}")
        return _DISCORD[what]

    def lookup_fault(self, now: datetime) -> Answer | None:
        """Return what happens to a question."""
        return NoReply("refused", never_sent=True) if _within(self.discord_off, now) else None

    def _draw(self, start: datetime, span: float, lengths: dict[timedelta, float]) -> list[tuple[datetime, datetime]]:
        found: list[tuple[datetime, datetime]] = []
        for length, wanted in lengths.items():
            for _ in range(int(wanted) + (self._rng.random() < wanted % 1)):
                # The first days are those in which the bot sees something for the first time.
                begin = start + _DAY * self._rng.uniform(4, max(5.0, span - 25))
                found.append((begin, begin + length * self._rng.uniform(0.8, 1.1)))
        return sorted(found)


@dataclass(slots=True)
class Post:
    """What came to stand in Discord: when, in which channel, for which delivery, and what it says."""

    at: datetime
    delivery: Delivery
    message_id: int

    @property
    def payload(self) -> object:
        """Return what was sent."""
        return self.delivery.payload


class StormyWire(FakeWire):
    """A Discord that remembers when what was posted, with troubles, in front of a process that may die."""

    storm: Storm
    fuse: Fuse
    posts: list[Post]

    def expose(self, storm: Storm) -> None:
        """Let it be in that storm."""
        self.storm, self.posts, self.fuse = storm, [], Fuse()

    async def send(self, delivery: Delivery, into_id: int | None) -> Answer:
        """Send, or not, or die before or after."""
        self.fuse.step()
        fault = self.storm.discord_fault(delivery, self.clock.now())
        self.faults.append(fault)
        answer = await super().send(delivery, into_id)
        self.fuse.step()
        return answer

    def _store(self, delivery: Delivery, room: int) -> int:
        message_id = super()._store(delivery, room)
        self.posts.append(Post(self.clock.now(), delivery, message_id))
        return message_id

    def _look(self, what: str) -> None:
        self.fuse.step()
        self.lookup_faults.append(self.storm.lookup_fault(self.clock.now()))
        super()._look(what)


class YearClock(JumpClock):
    """A clock on which waits are over at once, and which a world's changes can hang on."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._alarms: list[tuple[datetime, object]] = []

    def move_to(self, instant: datetime) -> None:
        """Be at that instant, unless it is later already."""
        self.pass_time(seconds=max(0.0, (instant - self.now()).total_seconds()))

    async def sleep(self, seconds: float) -> None:
        """Be that much later, and let what is due by then happen."""
        await super().sleep(seconds)
        self.slept.clear()
        self.ring()

    def at(self, instant: datetime, action: object) -> None:
        """Have `action()` done at that instant."""
        self._alarms.append((instant, action))

    def ring(self) -> None:
        """Do what is due."""
        now = self.now()
        for one in [one for one in self._alarms if one[0] <= now]:
            self._alarms.remove(one)
            one[1]()  # type: ignore[operator]  # see `at`


def _within(spans: list[tuple[datetime, datetime]], now: datetime) -> bool:
    return any(begin <= now < end for begin, end in spans)


def spans_of(storm: Storm) -> Iterator[str]:
    """Yield the outages in words."""
    for name, spans in storm.outages.items():
        for begin, end in spans:
            yield f"{name} off {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
