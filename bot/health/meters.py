"""What only the running process knows, counted as it happens. A registry of its own: nothing of it is global.

No label has a value that a stranger chooses: commands are the bot's own, scopes and outcomes are listed here.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

SCOPES = ("user", "global", "shared", "edge")
"""Whose limit a 429 of Discord names: this bot's on one route, this bot's as a whole, the resource's, or the network
edge's in front of Discord."""

OUTCOMES = ("ok", "limited", "refused", "failed", "silent")
"""What a request of the sender came to: 2xx, 429, other 4xx, anything else, or no whole answer."""

_ANSWER = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30)
_LATE = (5, 15, 60, 300, 900, 1800, 3600, 4 * 3600, 12 * 3600, 48 * 3600)


class Meters:
    """The counters and histograms of this process, in `registry`."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "paperbrief_discord_requests",
            "Requests of the sender to Discord, by what they came to.",
            ["outcome"],
            registry=registry,
        )
        self._limited = Counter(
            "paperbrief_discord_rate_limited",
            "Answers 429 of Discord to the sender, by whose limit it was.",
            ["scope"],
            registry=registry,
        )
        self._seconds = Histogram(
            "paperbrief_discord_request_seconds",
            "How long Discord took to answer the sender.",
            buckets=_ANSWER,
            registry=registry,
        )
        self._lateness = Histogram(
            "paperbrief_delivery_lateness_seconds",
            "From when a message of a brief was planned for to when it was sent.",
            buckets=_LATE,
            registry=registry,
        )
        self._commands = Histogram(
            "paperbrief_command_seconds",
            "From when a command came in to when it was done.",
            ["command"],
            buckets=_ANSWER,
            registry=registry,
        )
        self._waits = Counter(
            "paperbrief_arxiv_waits", "How often arXiv asked to be left alone for a while.", registry=registry
        )
        for scope in SCOPES:
            self._limited.labels(scope)
        for outcome in OUTCOMES:
            self._requests.labels(outcome)

    def discord_answered(self, status: int | None, scope: str | None, seconds: float) -> None:
        """Count an answer; `status` is None where none came whole, `scope` one of `SCOPES` for a 429."""
        self._seconds.observe(seconds)
        self._requests.labels(_outcome(status)).inc()
        if scope in SCOPES:
            self._limited.labels(scope).inc()

    def delivered(self, lateness: float) -> None:
        """Count a message of a brief; `lateness` in seconds."""
        self._lateness.observe(max(0.0, lateness))

    def answered(self, command: str, seconds: float) -> None:
        """Count a command that was carried out; `command` is one that the bot registered."""
        self._commands.labels(command).observe(seconds)

    def arxiv_waited(self, _reason: str, _seconds: float) -> None:
        """Count a wait that arXiv asked for."""
        self._waits.inc()


def _outcome(status: int | None) -> str:
    if status is None:
        return "silent"
    if 200 <= status < 300:
        return "ok"
    if status == 429:
        return "limited"
    return "refused" if 400 <= status < 500 else "failed"
