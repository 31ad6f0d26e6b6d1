"""When a connection to Discord counts as dead, and how long a restart has to wait. Knows nothing of discord.py."""

from collections.abc import Iterable, Sequence

from bot.clock import Clock
from bot.health.facts import GatewayStanding

SILENCE_LIMIT = 300.0
"""Seconds without READY, RESUMED or a heartbeat's answer after which a connection counts as dead."""

SHARD_SPACING = 5.0
"""Seconds between the IDENTIFYs of two shards."""

# https://discord.com/developers/docs/events/gateway#session-start-limit-object: 1,000 a day, then the token is reset.
MAX_IDENTIFIES = 950
FREE_IDENTIFIES = 3
BACK_OFF = 90.0
MAX_BACK_OFF = 900.0


class GatewayWatch:
    """Knows when each shard last gave a sign of life. Seconds of the clock's monotonic time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = clock.monotonic()
        self._seen: dict[int, float] = {}
        self._latencies: dict[int, float] = {}
        self._ready: set[int] = set()
        self._reason: str | None = None

    def start(self) -> None:
        """Begin to count the silence now."""
        self._started = self._clock.monotonic()

    def expect(self, shards: Iterable[int]) -> None:
        """Count the silence of these shards too, each from when it may identify: one in five seconds."""
        for place, shard_id in enumerate(shards):
            self._seen.setdefault(shard_id, self._started + place * SHARD_SPACING)

    def seen(self, shard_id: int) -> None:
        """Note a sign of life."""
        self._seen[shard_id] = self._clock.monotonic()

    def ready(self, shard_id: int) -> None:
        """Note that a shard is ready, which is a sign of life as well."""
        self._ready.add(shard_id)
        self.seen(shard_id)

    def lost(self, shard_id: int) -> None:
        """Note that a shard's connection has ended; it is made anew without being asked."""
        self._ready.discard(shard_id)

    @property
    def standing(self) -> GatewayStanding:
        """Return how many shards there should be, as far as is known, and how many of them are ready."""
        heard = [latency for shard, latency in self._latencies.items() if shard in self._ready]
        return GatewayStanding(len(self._seen), len(self._ready), max(heard, default=None))

    def heard(self, latencies: Sequence[tuple[int, float]]) -> None:
        """Take the shards' latencies: they change with every heartbeat that is answered, and only then."""
        for shard_id, latency in latencies:
            if self._latencies.get(shard_id) != latency and latency == latency and latency != float("inf"):
                self._latencies[shard_id] = latency
                self.seen(shard_id)

    def give_up(self, reason: str) -> None:
        """Have the next look find the connection dead."""
        self._reason = self._reason or reason

    def complaint(self) -> str | None:
        """Return why the connection counts as dead; None while all is well."""
        if self._reason is not None:
            return self._reason
        now = self._clock.monotonic()
        silent = {shard: now - seen for shard, seen in self._seen.items()} or {0: now - self._started}
        shard, longest = max(silent.items(), key=lambda pair: pair[1])
        if longest <= SILENCE_LIMIT:
            return None
        return f"no sign of life from Discord on shard {shard} for {longest:.0f} seconds"


def identify_delay(recent: int) -> float:
    """Return the seconds to wait before the next IDENTIFY after `recent` of them in half an hour.

    A few restarts are free; then 90 s, doubled up to 15 minutes: a crash loop stays far below 1,000 a day.
    """
    if recent < FREE_IDENTIFIES:
        return 0.0
    return float(min(MAX_BACK_OFF, BACK_OFF * 2 ** min(recent - FREE_IDENTIFIES, 10)))
