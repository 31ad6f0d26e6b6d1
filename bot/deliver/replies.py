"""What each reply of Discord means for a part: the table of the delivery rules as one pure function.

Codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json. Decides nothing about time of day, the
ledger or retries; waits are in seconds from now.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.delivery import DeliveryAction
from bot.statement import Statement, StatementCode


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that arrived whole. `body` is parsed JSON or text; names of `headers` are in lower case."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def code(self) -> int:
        """Return Discord's JSON error code, 0 without one."""
        code = self.body.get("code") if isinstance(self.body, dict) else None
        return code if isinstance(code, int) else 0

    @property
    def words(self) -> str:
        """Return a short text for people: Discord's message with its code, or the status."""
        message = self.body.get("message") if isinstance(self.body, dict) else None
        return f"{message} ({self.code or self.status})" if isinstance(message, str) else f"HTTP {self.status}"


@dataclass(frozen=True, slots=True)
class NoReply:
    """No whole answer came: reset, timeout, truncated. What was asked for may have been done, unless `never_sent`."""

    reason: str
    never_sent: bool = False


Answer = Reply | NoReply


class Verdict(StrEnum):
    """What to do.

    sent: it stands. wait: not done, ask when told. again: not done, try soon. unknown: it may stand. refused: no
    permission. gone: the place is no more. skip: the part has no use any more. plain, stripped: send another payload.
    broken: nobody but a person can help. stop: the token is not accepted.
    """

    SENT = "sent"
    WAIT = "wait"
    AGAIN = "again"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    GONE = "gone"
    SKIP = "skip"
    PLAIN = "plain"
    STRIPPED = "stripped"
    BROKEN = "broken"
    STOP = "stop"


class Scope(StrEnum):
    """Who has to wait: the part alone, everything written to its channel, every request, or the whole address."""

    PART = "part"
    CHANNEL = "channel"
    GLOBAL = "global"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on one answer. `wait` is in seconds; `result_id` is what was made, where that is known.

    `reason` is for the ledger and the log, in English. `code` is Discord's of a refusal.
    """

    verdict: Verdict
    reason: str = ""
    wait: float = 0.0
    scope: Scope = Scope.PART
    result_id: int | None = None
    code: int = 0

    @property
    def refusal(self) -> Statement:
        """Return why Discord refuses, for the admins of the server."""
        return Statement.of(_REFUSALS.get(self.code, StatementCode.DISCORD_REFUSES), words=self.reason)


ADDRESS_WAIT = 900.0
"""Seconds to keep still when the edge in front of Discord refuses us, at the least."""

_LONGEST_WAIT = 86_400.0
_UNTOLD_WAIT = 5.0
_NO_PERMISSION = frozenset({50001, 50013, 160005, 50083})
_GONE = frozenset({10003, 10004})
_SLOW_MODE = frozenset({20016, 20028})
_WRONG_PLACE = frozenset({40058, 40067, 50008, 50024})
"""Forum in place of a text channel or the other way round, a tag that is required: an admin has to act."""

_REFUSALS = {
    50013: StatementCode.LACKS_PERMISSION,
    50001: StatementCode.LACKS_ACCESS,
    160005: StatementCode.THREAD_CLOSED,
    50083: StatementCode.THREAD_CLOSED,
    40058: StatementCode.WRONG_CHANNEL,
    50008: StatementCode.WRONG_CHANNEL,
    50024: StatementCode.WRONG_CHANNEL,
    40067: StatementCode.TAG_REQUIRED,
    **dict.fromkeys(_GONE, StatementCode.CHANNEL_GONE),
}

_UNKNOWN_MESSAGE = 10008
_HARMFUL_LINKS = 240000
_DONE_BEFORE = {DeliveryAction.THREAD: 160004, DeliveryAction.CROSSPOST: 40033}


def judge(answer: Answer, action: DeliveryAction, *, into_id: int | None = None) -> Outcome:
    """Return what `answer` to the request of an `action` means.

    `into_id`: the message or thread the request worked on; it is the result where the work had been done before.
    """
    if isinstance(answer, NoReply):
        return Outcome(Verdict.AGAIN if answer.never_sent else Verdict.UNKNOWN, answer.reason)
    if 200 <= answer.status < 300:
        return _judge_success(answer, action, into_id)
    if answer.status == 429 or answer.code in _SLOW_MODE:
        return _judge_limit(answer, action)
    if answer.status >= 500 or answer.status < 400 or answer.status in (408, 409):
        return Outcome(Verdict.UNKNOWN, answer.words)
    if answer.status == 401:
        return Outcome(Verdict.STOP, answer.words)
    return _judge_refusal(answer, action, into_id)


def is_invalid(answer: Answer) -> bool:
    """Return whether an answer counts into the invalid requests for which Discord bans an address.

    https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
    """
    if isinstance(answer, NoReply):
        return False
    shared = answer.headers.get("x-ratelimit-scope", "").lower() == "shared"
    return answer.status in (401, 403) or (answer.status == 429 and not shared)


def limit_scope(answer: Answer) -> str | None:
    """Return whose limit a 429 names: "user" (this bot on one route), "global", "shared", or "edge"; None for another.

    "edge" is the network in front of Discord, which says nothing about scopes.
    """
    if isinstance(answer, NoReply) or answer.status != 429:
        return None
    if not isinstance(answer.body, dict) or not answer.headers.get("via"):
        return "edge"
    scope = answer.headers.get("x-ratelimit-scope", "").lower()
    if answer.body.get("global") is True or scope == "global":
        return "global"
    return "shared" if scope == "shared" else "user"


def bucket_wait(answer: Answer) -> float:
    """Return the seconds until the bucket that `answer` came from has room; 0 when it has, or says nothing."""
    if isinstance(answer, NoReply) or answer.headers.get("x-ratelimit-remaining") != "0":
        return 0.0
    return _seconds(answer.headers.get("x-ratelimit-reset-after")) or 0.0


def _judge_success(answer: Reply, action: DeliveryAction, into_id: int | None) -> Outcome:
    made = answer.body.get("id") if isinstance(answer.body, dict) else None
    if isinstance(made, str | int) and str(made).isdecimal():
        return Outcome(Verdict.SENT, result_id=int(made))
    if action is DeliveryAction.CROSSPOST:
        return Outcome(Verdict.SENT, result_id=into_id)
    return Outcome(Verdict.UNKNOWN, f"HTTP {answer.status} without the message")


def _judge_limit(answer: Reply, action: DeliveryAction) -> Outcome:
    body = answer.body if isinstance(answer.body, dict) else {}
    told = _seconds(body.get("retry_after")) or _seconds(answer.headers.get("retry-after"))
    if answer.code in _SLOW_MODE:
        return Outcome(Verdict.WAIT, answer.words, told or _UNTOLD_WAIT, Scope.CHANNEL)
    if not body or not answer.headers.get("via"):
        # Discord itself always sends Via and JSON: this is the edge, and every further request prolongs its ban.
        return Outcome(Verdict.WAIT, "the network edge refuses us", max(ADDRESS_WAIT, told or 0.0), Scope.ADDRESS)
    everywhere = body.get("global") is True or answer.headers.get("x-ratelimit-scope", "").lower() == "global"
    scope = Scope.GLOBAL if everywhere else Scope.PART if action is DeliveryAction.CROSSPOST else Scope.CHANNEL
    return Outcome(Verdict.WAIT, answer.words, told or _UNTOLD_WAIT, scope)


def _judge_refusal(answer: Reply, action: DeliveryAction, into_id: int | None) -> Outcome:
    code, words = answer.code, answer.words
    if code == _DONE_BEFORE.get(action):
        return Outcome(Verdict.SENT, words, result_id=into_id)
    if code == _UNKNOWN_MESSAGE:
        if action in _DONE_BEFORE:
            return Outcome(Verdict.SKIP, "the message it belongs to was deleted")
        return Outcome(Verdict.SENT, "delivered, then deleted")
    if code in _GONE:
        return Outcome(Verdict.GONE, words, code=code)
    if answer.status == 403 and not isinstance(answer.body, dict):
        return Outcome(Verdict.WAIT, "the network edge refuses us", ADDRESS_WAIT, Scope.ADDRESS)
    if code == _HARMFUL_LINKS:
        return Outcome(Verdict.STRIPPED, words)
    if code in _NO_PERMISSION or code in _WRONG_PLACE or answer.status in (403, 404):
        return Outcome(Verdict.REFUSED, words, code=code)
    if action in _DONE_BEFORE:
        return Outcome(Verdict.BROKEN, words)
    return Outcome(Verdict.PLAIN, words)


def _seconds(value: object) -> float | None:
    """Return a wait that somebody else wrote, above 0 and at most a day; None when it is no such number."""
    try:
        seconds = float(value)  # type: ignore[arg-type]  # whatever it is, float says
    except (TypeError, ValueError):
        return None
    if not math.isfinite(seconds) or seconds <= 0:
        return None
    return min(seconds, _LONGEST_WAIT)


def judge_lookup(answer: Answer) -> Outcome:
    """Return what a failed question means: wait, unknown (ask again), refused, gone or stop."""
    outcome = judge(answer, DeliveryAction.MESSAGE)
    if outcome.verdict in (Verdict.WAIT, Verdict.REFUSED, Verdict.GONE, Verdict.STOP):
        return outcome
    reason = answer.reason if isinstance(answer, NoReply) else answer.words
    return Outcome(Verdict.UNKNOWN, f"asking Discord failed: {reason}")
