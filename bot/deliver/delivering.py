"""What happens to one part: wait for its turn, make sure it is not there yet, record, request, settle.

Decides by `replies.py`; every fact is in the ledger before and after the request, so that a process may die anywhere.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from bot.clock import Clock
from bot.deliver.fallback import plain_payload, stripped_payload
from bot.deliver.notices import Audience, Notice, Notices
from bot.deliver.pacing import Pacer, backoff
from bot.deliver.replies import Outcome, Scope, Verdict, bucket_wait, judge, judge_lookup
from bot.deliver.wire import LookupFailed, Wire
from bot.delivery import Delivery, DeliveryAction, DeliveryKind, DeliveryState, Halt, SubscriptionState
from bot.errors import TokenRefused
from bot.i18n import load_texts
from bot.log import get_logger
from bot.render.late import mark_late
from bot.store.delivery_rows import CALLED_OFF, Claim
from bot.store.outbox import Outbox
from bot.store.subscriptions import SubscriptionStore

_log = get_logger(__name__)

T = TypeVar("T")

REPEAT_WITHIN = timedelta(minutes=2)
"""Discord refuses a nonce it has seen "in the past few minutes": so long a repeat cannot post twice."""

REPEAT_AFTER_START = timedelta(seconds=60)
"""The same for an attempt of an earlier process, whose clock and last moments are less certain."""

GIVE_UP_AFTER = timedelta(hours=24)
LATE_LABEL = timedelta(minutes=30)
"""From how long after it was due, and ready, a brief is called late."""

A_DAY = timedelta(days=1)
FORGET_AFTER = timedelta(days=30)

_STRIPPED, _PLAIN = 2, 3
"""Payload versions; see `delivery.payload_version`."""

_ONCE_AN_HOUR = 3600.0


class WhenUndecidable(StrEnum):
    """What to do when nobody can say whether a message was posted: leave it (at most once) or post it (at least)."""

    PARK = "park"
    SEND = "send"


@dataclass(slots=True)
class RunTotals:
    """Parts by what became of them; `found` were sent by an earlier attempt, `requests` counts what was posted."""

    requests: int = 0
    sent: int = 0
    found: int = 0
    retried: int = 0
    parked: int = 0
    skipped: int = 0


class Durably(Protocol):
    """How a write of the ledger is made to succeed, whatever time it takes."""

    async def __call__(self, write: Callable[[], Awaitable[T]], /) -> T:
        """Return what `write` returns."""
        ...


@dataclass(frozen=True, slots=True)
class _Begun:
    """A part whose request is on record, as it is to be posted.

    `open_since` is the first of the earlier attempts whose outcome is open.
    """

    claim: Claim
    open_since: datetime | None


class Delivering:
    """The steps of one part; `durably` wraps each write of the ledger."""

    def __init__(
        self,
        outbox: Outbox,
        subscriptions: SubscriptionStore,
        wire: Wire,
        clock: Clock,
        *,
        pacer: Pacer,
        notices: Notices,
        when_undecidable: WhenUndecidable,
        durably: Durably,
        too_late: timedelta,
        on_sent: Callable[[Delivery, datetime], None],
    ) -> None:
        self._outbox = outbox
        self._subscriptions = subscriptions
        self._wire = wire
        self._clock = clock
        self._pacer = pacer
        self._notices = notices
        self._when_undecidable = when_undecidable
        self._durably = durably
        self._too_late = too_late
        self._on_sent = on_sent
        self._started = clock.now()
        self._stopping = False
        self._waiting: set[asyncio.Task[Any]] = set()
        self._telling: set[asyncio.Task[None]] = set()
        self._told: dict[Notice, float] = {}
        self.totals = RunTotals()
        self.unbegun: list[Claim] = []
        pacer.on_guard = lambda text: self._tell(Audience.OWNER, text)

    def start(self) -> None:
        """Let parts begin."""
        self._stopping = False

    def stop_waiting(self) -> None:
        """Break off whatever only waits or asks; what may already be posted goes on to its end."""
        self._stopping = True
        for task in self._waiting:
            task.cancel()

    async def close(self) -> None:
        """Let notices under way end, for a few seconds."""
        if self._telling:
            _, late = await asyncio.wait(self._telling, timeout=5.0)
            for task in late:
                task.cancel()

    async def deliver(self, claim: Claim) -> None:
        """Bring a part as far as it goes now. Raises `TokenRefused`, `LeaseLost` and `StoreError` kinds."""
        one = claim.delivery
        if one.into is not None and claim.into_id is None:
            await self._skip(claim, "what it belongs to is not there")
        elif one.state is DeliveryState.PARKED and self._clock.now() - one.due_at > self._too_late:
            await self._look_again(claim)
        elif (begun := await self._begin(claim)) is not None:
            await self._post(begun.claim, begun.open_since)

    async def _begin(self, claim: Claim) -> "_Begun | None":
        """Return once the request may be made and is on record; None when it must not be made."""
        one = claim.delivery
        open_since = one.attempted_at
        while True:
            if not await self._turn(claim):
                return None
            if open_since is not None and not self._may_repeat(one, open_since):
                if not await self._is_absent(claim, open_since):
                    return None
                open_since = None
                continue
            worded = claim if open_since is not None else await self._labelled(claim)
            if not await self._durably(lambda: self._outbox.posting(claim, self._clock.now())):
                return None
            # Writing may have taken its time, for instance on a full disk.
            if open_since is None or self._may_repeat(one, open_since):
                return _Begun(worded, open_since)

    async def _labelled(self, claim: Claim) -> Claim:
        """Return the part with the word "late" in it where it is by now, and was not yet when it was planned.

        Only where it is certain that nothing of it was posted: what may stand in the channel stays word for word.
        """
        one, now = claim.delivery, self._clock.now()
        ready = max(one.due_at, one.created_at or one.due_at)
        if one.kind is not DeliveryKind.BRIEF or now - ready <= LATE_LABEL:
            return claim
        wish = await self._durably(lambda: self._subscriptions.load(one.channel_id, one.topic))
        payload = mark_late(one.payload, load_texts(wish.language if wish is not None else None))
        if payload is None:
            return claim
        await self._durably(lambda: self._outbox.reword(claim, payload, now))
        return replace(claim, delivery=replace(one, payload=payload))

    async def _post(self, claim: Claim, open_since: datetime | None) -> None:
        one, at = claim.delivery, self._clock.now()
        self.totals.requests += 1
        async with self._pacer.request():
            answer = await self._wire.send(one, claim.into_id)
        self._pacer.note(answer)
        if one.action in (DeliveryAction.MESSAGE, DeliveryAction.FORUM_POST):
            self._pacer.rest(one.channel_id, bucket_wait(answer))
        outcome = judge(answer, one.action, into_id=claim.into_id)
        if outcome.verdict is not Verdict.SENT:
            _log.info(
                "not posted", part=one.delivery_id, channel=one.channel_id, verdict=outcome.verdict, why=outcome.reason
            )
        await self._settle(claim, outcome, open_since, at)

    async def _settle(self, claim: Claim, outcome: Outcome, open_since: datetime | None, at: datetime) -> None:
        match outcome.verdict:
            case Verdict.SENT:
                await self._sent(claim, outcome.result_id)
            case Verdict.WAIT:
                await self._wait(claim, outcome, open_since)
            case Verdict.UNKNOWN:
                await self._failed(claim, outcome.reason, open_since or at, claim.first_attempted_at or at)
            case Verdict.AGAIN:
                await self._failed(claim, outcome.reason, open_since, claim.first_attempted_at or at)
            case Verdict.REFUSED:
                await self._refused(claim, outcome, open_since)
            case Verdict.GONE:
                await self._gone(claim, outcome, open_since)
            case Verdict.SKIP:
                await self._skip(claim, outcome.reason)
            case Verdict.STRIPPED | Verdict.PLAIN | Verdict.BROKEN:
                await self._simplify(claim, outcome, open_since)
            case Verdict.STOP:
                await self._stop(claim, outcome, open_since)

    # Making sure

    def _may_repeat(self, one: Delivery, open_since: datetime) -> bool:
        """Return whether Discord itself keeps a repeat of the request from posting twice."""
        if one.action in (DeliveryAction.THREAD, DeliveryAction.CROSSPOST):
            return True
        if one.action is DeliveryAction.FORUM_POST:
            return False
        limit = REPEAT_AFTER_START if open_since < self._started else REPEAT_WITHIN
        return timedelta(0) <= self._clock.now() - open_since < limit

    async def _is_absent(self, claim: Claim, open_since: datetime) -> bool:
        """Return whether it is certain that no attempt posted anything; otherwise the part is settled here."""
        one = claim.delivery
        try:
            readable = await self._ask(claim, self._wire.can_read_history(one, claim.into_id))
            # Without the permission Discord shows an empty history, and no error.
            since = claim.first_attempted_at or open_since
            found = await self._ask(claim, self._wire.find(one, claim.into_id, since)) if readable else None
        except LookupFailed as failed:
            self._pacer.note(failed.answer)
            await self._settle(claim, judge_lookup(failed.answer), open_since, open_since)
            return False
        if found is not None:
            self.totals.found += 1
            await self._sent(claim, found)
            return False
        if not readable and self._when_undecidable is WhenUndecidable.PARK:
            await self._undecidable(claim, open_since)
            return False
        await self._durably(lambda: self._outbox.absent(claim, self._clock.now()))
        return True

    async def _undecidable(self, claim: Claim, open_since: datetime) -> None:
        reason = "it is unknown whether it was posted, and the channel's history cannot be read"
        await self._park(claim, reason, again=None, open_since=open_since, whole_channel=False)
        self._tell_both(
            claim, f"One message may be missing here: {reason}. Give the bot Read Message History to avoid this."
        )

    # What follows from an answer

    async def _sent(self, claim: Claim, result_id: int | None) -> None:
        one, now = claim.delivery, self._clock.now()
        await self._durably(lambda: self._outbox.sent(claim, result_id, now))
        self.totals.sent += 1
        self._on_sent(one, now)
        if claim.refused_on is not None:
            await self._durably(lambda: self._outbox.unpark(one.channel_id, self._clock.now()))
            await self._durably(lambda: self._subscriptions.resume(one.channel_id))

    async def _wait(self, claim: Claim, outcome: Outcome, open_since: datetime | None) -> None:
        self._pause(outcome)
        if outcome.scope is Scope.CHANNEL:
            self._pacer.rest(claim.delivery.channel_id, outcome.wait)
        await self._again(claim, outcome.reason, timedelta(seconds=outcome.wait), open_since)

    def _pause(self, outcome: Outcome) -> None:
        if outcome.scope is Scope.GLOBAL:
            self._pacer.pause(outcome.wait)
        elif outcome.scope is Scope.ADDRESS:
            self._pacer.pause(outcome.wait, Halt.EDGE)
            self._tell(
                Audience.OWNER,
                f"Discord's network edge refuses this address; sending rests for {outcome.wait / 60:.0f} minutes.",
            )

    async def _failed(self, claim: Claim, reason: str, open_since: datetime | None, first: datetime) -> None:
        if self._clock.now() - max(first, self._started) > GIVE_UP_AFTER:
            text = f"given up after {GIVE_UP_AFTER.total_seconds() / 3600:.0f} hours of trying: {reason}"
            await self._park(claim, text, again=None, open_since=open_since, whole_channel=False)
            self._tell_both(claim, f"One message could not be posted: {text}.")
            return
        await self._again(claim, reason, timedelta(seconds=backoff(claim.delivery.attempts + 1)), open_since)

    async def _again(self, claim: Claim, reason: str, wait: timedelta, open_since: datetime | None) -> None:
        now = self._clock.now()
        self.totals.retried += 1
        await self._durably(lambda: self._outbox.wait(claim, reason, until=now + wait, open_since=open_since, now=now))

    async def _refused(self, claim: Claim, outcome: Outcome, open_since: datetime | None) -> None:
        one, now, reason = claim.delivery, self._clock.now(), outcome.reason
        if await self._called_off(claim):
            return
        if claim.refused_on is None or claim.refused_on >= now.date():
            self.totals.retried += 1
            await self._durably(
                lambda: self._outbox.refuse(claim, reason, until=now + A_DAY, open_since=open_since, now=now)
            )
            return
        in_thread = one.into is not None
        await self._park(claim, reason, again=now + A_DAY, open_since=open_since, whole_channel=not in_thread)
        if one.state is DeliveryState.PARKED:
            return
        if not in_thread:
            await self._durably(lambda: self._subscriptions.park(one.channel_id, outcome.refusal))
        self._tell(
            Audience.ADMINS,
            f"Briefs cannot be posted here: {reason}. They resume by themselves once the bot may post again.",
            one,
        )

    async def _gone(self, claim: Claim, outcome: Outcome, open_since: datetime | None) -> None:
        one, now, reason = claim.delivery, self._clock.now(), outcome.reason
        if one.into is not None:
            await self._skip(claim, f"the thread is gone: {reason}")
            return
        if await self._called_off(claim):
            return
        await self._park(claim, reason, again=now + A_DAY, open_since=open_since, whole_channel=True)
        await self._durably(lambda: self._subscriptions.park(one.channel_id, outcome.refusal))

    async def _called_off(self, claim: Claim) -> bool:
        """End a part that was under way when the bot was removed from its server, where nothing is asked any more."""
        one = claim.delivery
        wish = await self._durably(lambda: self._subscriptions.load(one.channel_id, one.topic))
        if wish is None or wish.state is not SubscriptionState.LEFT:
            return False
        await self._skip(claim, f"{CALLED_OFF}{wish.state.value}")
        return True

    async def _simplify(self, claim: Claim, outcome: Outcome, open_since: datetime | None) -> None:
        one, version = claim.delivery, claim.payload_version
        if outcome.verdict is Verdict.STRIPPED and version < _STRIPPED:
            payload, version, how = stripped_payload(one.payload), _STRIPPED, "without links"
        elif outcome.verdict is Verdict.PLAIN and version < _PLAIN:
            payload, version, how = plain_payload(one.payload, one.marker), _PLAIN, "as plain text"
        else:
            await self._park(claim, outcome.reason, again=None, open_since=open_since, whole_channel=False)
            self._tell(Audience.OWNER, f"Discord refuses a message of this bot for good: {outcome.reason}", one)
            return
        # The new payload has a new nonce, which would not keep an earlier attempt from standing there twice.
        if open_since is not None and not await self._is_absent(claim, open_since):
            return
        reason = f"sent {how}: {outcome.reason}"
        await self._durably(lambda: self._outbox.replace_payload(claim, payload, version, reason, self._clock.now()))
        self.totals.retried += 1
        self._tell(Audience.OWNER, f"Discord refused a message of this bot; it is {reason}", one)

    async def _stop(self, claim: Claim, outcome: Outcome, open_since: datetime | None) -> None:
        await self._again(claim, outcome.reason, timedelta(0), open_since)
        raise TokenRefused

    async def _look_again(self, claim: Claim) -> None:
        """See whether a channel takes messages again; what was parked in it is too old to be posted by now."""
        one, now = claim.delivery, self._clock.now()
        if not await self._turn(claim):
            return
        wait = A_DAY
        try:
            able = await self._ask(claim, self._wire.can_write(one, claim.into_id))
        except LookupFailed as failed:
            self._pacer.note(failed.answer)
            outcome = judge_lookup(failed.answer)
            if outcome.verdict is Verdict.STOP:
                await self._stop(claim, outcome, one.attempted_at)
            self._pause(outcome)
            able = False
            wait = A_DAY if outcome.verdict in (Verdict.REFUSED, Verdict.GONE) else timedelta(hours=1)
        if able:
            reason = "too late: Discord refused it for days"
            old = now - self._too_late
            self.totals.skipped += await self._durably(
                lambda: self._outbox.skip_parked(one.channel_id, due_before=old, reason=reason, now=now)
            )
            await self._durably(lambda: self._outbox.unpark(one.channel_id, now))
            await self._durably(lambda: self._subscriptions.resume(one.channel_id))
        elif now - one.due_at > FORGET_AFTER:
            await self._skip(claim, f"Discord refused it for {FORGET_AFTER.days} days")
        else:
            await self._durably(lambda: self._outbox.postpone(claim, until=now + wait, now=now))

    async def _park(
        self, claim: Claim, reason: str, *, again: datetime | None, open_since: datetime | None, whole_channel: bool
    ) -> None:
        await self._durably(
            lambda: self._outbox.park(
                claim, reason, again=again, open_since=open_since, now=self._clock.now(), whole_channel=whole_channel
            )
        )
        self.totals.parked += 1

    async def _skip(self, claim: Claim, reason: str) -> None:
        self.totals.skipped += await self._durably(lambda: self._outbox.skip(claim, reason, self._clock.now()))

    async def _turn(self, claim: Claim) -> bool:
        """Wait for a turn; False when sending ends first."""
        if self._stopping:
            self.unbegun.append(claim)
            return False
        await self._ask(claim, self._pacer.turn())
        return True

    async def _ask(self, claim: Claim, question: Awaitable[T]) -> T:
        """Await what may be broken off at any moment."""
        task = asyncio.current_task()
        if task is not None:
            self._waiting.add(task)
        try:
            return await question
        except asyncio.CancelledError:
            self.unbegun.append(claim)
            raise
        finally:
            if task is not None:
                self._waiting.discard(task)

    def _tell_both(self, claim: Claim, text: str) -> None:
        for audience in (Audience.ADMINS, Audience.OWNER):
            self._tell(audience, text, claim.delivery)

    def _tell(self, audience: Audience, text: str, one: Delivery | None = None) -> None:
        where = (one.guild_id, one.channel_id) if one is not None and audience is Audience.ADMINS else (None, None)
        notice = Notice(audience, text, *where)
        now = self._clock.monotonic()
        self._told = {told: at for told, at in self._told.items() if now - at < _ONCE_AN_HOUR}
        if notice in self._told:
            return
        self._told[notice] = now
        task = asyncio.create_task(self._notices.tell(notice))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
