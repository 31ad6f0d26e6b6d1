"""One model on one server: asks, adapts, waits, tries again, and reads the answer into its form.

Knows no HTTP: what came back is a `Reply`. Every request takes its room in the account, then passes the gate (how many
at once) and the breaker. A few take their room ahead of their turn, so that the server never waits for the database.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol, final

from bot.clock import Clock
from bot.errors import ModelAnswerInvalid, ModelAnswerRejected, ModelRefused, ModelUnavailable, StoreError
from bot.llm.account import Account, Room
from bot.llm.asking import Call, Repair, build_call, cost_of, most
from bot.llm.breaker import Breaker
from bot.llm.capabilities import KEEP, Capabilities, CapabilityMemory, Rung, from_state
from bot.llm.config import Price
from bot.llm.failure import LaneFailed
from bot.llm.forms import NotOfForm, read_form
from bot.llm.port import ChatRequest, Form, Meter
from bot.llm.replies import Completion, Lost, NoAnswer, Refusal, Reply, Verdict, judge
from bot.log import get_logger
from bot.spending import Spending

TRIES = 3
"""Requests for one answer when the server is busy or failing."""
FIRST_WAIT = 1.0
"""Seconds before the second try; doubled for the third, and each shortened at random by up to half."""
HEAD_START = 2.0
"""Seconds for which the first question of all goes ahead, so that what a server lacks is found out once."""
STRIKES = 3
"""Answers in a row without the asked form after which the ladder is looked at again."""

_log = get_logger(__name__)

Check = Callable[[Form], str | None]


class Wire(Protocol):
    """The way to the server."""

    async def post(self, call: Call) -> Reply:
        """Send one request and return what came of it; raises nothing but cancellation."""
        ...


@dataclass(slots=True)
class Bill:
    """What one question has cost so far: money, and seconds of patience (queueing apart)."""

    meter: Meter | None
    patience: float
    total: Spending = field(default_factory=Spending)
    used: float = 0.0

    def add(self, spending: Spending) -> None:
        """Add one request."""
        self.total += spending
        if self.meter is not None:
            self.meter.add(spending)

    @property
    def left(self) -> float:
        """Return the seconds within which something new may still be begun."""
        return self.patience - self.used


@dataclass(frozen=True, slots=True)
class Server:
    """What all models of one server share; `host` is how people know it.

    `gate` bounds the requests under way, `ahead` those with room in the account, which are at least as many.
    """

    host: str
    wire: Wire
    account: Account
    memory: CapabilityMemory
    clock: Clock
    gate: asyncio.Semaphore
    ahead: asyncio.Semaphore


class Lane:
    """Questions to one model."""

    def __init__(
        self,
        name: str,
        price: Price,
        server: Server,
        guess: Capabilities,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self._price = price
        self._server = server.host
        self._wire = server.wire
        self._account = server.account
        self._memory = server.memory
        self._clock = server.clock
        self._gate = server.gate
        self._ahead = server.ahead
        self._state = f"model {server.host} {name}"
        self._guess = guess
        self._jitter = jitter
        self._breaker = Breaker(server.clock, name)
        self._can = guess
        self._remembered: Capabilities | None = None
        self._since: datetime | None = None
        self._recalling = asyncio.Lock()
        # The first question finds out what the server can do; until then it leads, and others wait a moment for it.
        self._found_out = asyncio.Event()
        self._leader: asyncio.Future[None] | None = None
        self._strikes = 0
        self._paused_until = 0.0

    def resting(self, patience: float) -> str | None:
        """Return why a question with so many seconds of patience would not be sent now; None where it would."""
        if self._paused_until - self._clock.monotonic() > patience:
            return f"{self._server} asked to be left alone"
        return self._breaker.resting

    async def ask(self, request: ChatRequest, form: type[Form], check: Check[Form] | None, bill: Bill) -> Form:
        """Return an answer, after one repair try at the most. Raises `LaneFailed`, `BudgetExhausted`, `StoreError`."""
        completion, can = await self._first_completion(request, form, bill)
        await self._remember(can)
        verdict = _read(completion, form, check)
        if not isinstance(verdict, _Problem):
            self._strikes = 0
            return verdict
        repair, changed = self._repair(completion, can, verdict)
        if bill.left <= 0:
            raise self._unusable(verdict)
        _log.info("model.repair", model=self.name, purpose=request.purpose, finish=completion.finish)
        completion, changed = await self._climb(request, form, bill, changed, repair)
        verdict = _read(completion, form, check)
        if isinstance(verdict, _Problem):
            raise self._unusable(verdict)
        if changed.stretch != can.stretch:
            await self._remember(replace(self._can, stretch=changed.stretch))
        return verdict

    def _unusable(self, problem: "_Problem") -> LaneFailed:
        kind = ModelAnswerRejected if problem.of_form else ModelAnswerInvalid
        return LaneFailed(kind(f"{self.name}: {problem.text}"), elsewhere=False)

    def _repair(self, completion: Completion, can: Capabilities, problem: "_Problem") -> tuple[Repair, Capabilities]:
        """Return how to ask once more after an answer that cannot be used."""
        if completion.finish == "length":
            # Shown again, half an answer would only take the room that the whole one needs.
            return Repair("It was cut off."), can.stretched()
        repair = Repair(problem.text, completion.text)
        if problem.of_form:
            self._strikes = 0
            return repair, can
        self._strikes += 1
        if self._strikes >= STRIKES:
            self._strikes = 0
            self._can = self._guess if can.rung is Rung.TEXT else can.lowered()
            _log.warning("model.reconsidered", model=self.name, rung=self._can.rung.value)
        # The server may overlook the schema: then it helps to ask for less and to tell the form in words.
        return repair, can.lowered()

    async def _first_completion(
        self, request: ChatRequest, form: type[Form], bill: Bill
    ) -> tuple[Completion, Capabilities]:
        await self._recall()
        if self._found_out.is_set() or self._leader is not None:
            if self._leader is not None:
                # Refusals of options come at once; a leader that is not answered by then has nothing to tell.
                await asyncio.wait({self._leader}, timeout=HEAD_START)
            return await self._climb(request, form, bill, self._can, None)
        self._leader = asyncio.get_running_loop().create_future()
        before = self._can
        try:
            completion, can = await self._climb(request, form, bill, before, None, leading=True)
            before = can
        finally:
            self._can = before
            self._found_out.set()
            self._leader.set_result(None)
            self._leader = None
        return completion, can

    async def _climb(
        self,
        request: ChatRequest,
        form: type[Form],
        bill: Bill,
        can: Capabilities,
        repair: Repair | None,
        *,
        leading: bool = False,
    ) -> tuple[Completion, Capabilities]:
        """Return a completion and what the server turned out to be able to do; one that leads tells on the way."""
        tried = {can}
        while True:
            reply = await self._persist(build_call(self.name, request, form, can, repair), request.purpose, bill)
            if isinstance(reply, Completion):
                if reply.declined:
                    raise LaneFailed(ModelAnswerInvalid(f"{self.name} declined to answer"), elsewhere=True)
                return reply, can
            can = can.adapted(reply)
            if can in tried:
                said = f"{reply.status} {reply.code}".strip()
                error = ModelAnswerInvalid(f"{self._server} does not accept a request to {self.name} ({said})")
                raise LaneFailed(error, elsewhere=False)
            tried.add(can)
            if leading:
                self._can = can
            _log.info("model.adapted", model=self.name, status=reply.status, code=reply.code, rung=can.rung.value)

    async def _persist(self, call: Call, purpose: str, bill: Bill) -> Completion | Refusal:
        """Return a completion, or the refusal of an option; what may pass is tried again."""
        failures = 0
        while True:
            await self._sit_out(bill)
            reply = await self._send(call, purpose, bill)
            if isinstance(reply, Completion):
                return reply
            if isinstance(reply, Refusal):
                verdict = judge(reply)
                if verdict is Verdict.OPTION:
                    return reply
                if verdict not in (Verdict.LIMITED, Verdict.FAILING):
                    raise self._final(reply, verdict)
            failures += 1
            failed = self._failed(reply)
            if failures >= TRIES or not _may_pass(reply):
                raise failed
            await self._back_off(reply, failures, failed, bill)

    async def _send(self, call: Call, purpose: str, bill: Bill) -> Reply:
        limit = most(call, self._price)
        # Settled when the gate is open again: the next request need not wait for the database.
        async with AsyncExitStack() as after, self._ahead:
            self._breaker.check()
            room = await after.enter_async_context(self._account.room(self.name, purpose, limit))
            async with self._gate:
                reply = await self._post(call, room, limit, bill)
        _log.debug("model.asked", model=self.name, purpose=purpose, reply=type(reply).__name__)
        return reply

    async def _post(self, call: Call, room: Room, limit: Spending, bill: Bill) -> Reply:
        with self._breaker.admitted():
            # From here on the server may work on it, whatever becomes of us.
            room.spent = replace(limit, estimated=1)
            started = self._clock.monotonic()
            try:
                reply = await self._wire.post(call)
                room.spent = cost_of(call, reply, self._price)
                if room.spent.tokens > limit.tokens:
                    # Booked as told, since it will be billed so; the day's ceiling is passed by the difference.
                    _log.warning("model.overrun", model=self.name, tokens=room.spent.tokens, allowed=limit.tokens)
            finally:
                bill.used += self._clock.monotonic() - started
                bill.add(room.spent)
            self._note(reply)
        return reply

    def _note(self, reply: Reply) -> None:
        """Tell the breaker, and everybody who waits, what a reply says about the server."""
        verdict = judge(reply) if isinstance(reply, Refusal) else None
        if isinstance(reply, NoAnswer) or verdict is Verdict.FAILING:
            self._breaker.failed()
        elif verdict not in (Verdict.KEY, Verdict.QUOTA, Verdict.LIMITED, Verdict.MODEL, Verdict.ADDRESS):
            self._breaker.succeeded()
        if isinstance(reply, Refusal) and reply.retry_after is not None:
            until = self._clock.monotonic() + reply.retry_after.total_seconds()
            self._paused_until = max(self._paused_until, until)

    def _final(self, reply: Refusal, verdict: Verdict) -> LaneFailed:
        """Return the failure that no further try can mend; what only the owner can mend closes the breaker's door."""
        said = f"{reply.status} {reply.code}".strip()
        if verdict is Verdict.TOO_LONG:
            return LaneFailed(ModelAnswerInvalid(f"the text is too long for {self.name} ({said})"), elsewhere=True)
        if verdict is Verdict.DECLINED:
            return LaneFailed(ModelAnswerInvalid(f"{self._server} declined to answer ({said})"), elsewhere=True)
        what = {
            Verdict.KEY: "does not accept the key ({}); check LLM__API_KEY",
            Verdict.QUOTA: "says that the account has no quota left ({}); check its billing",
            Verdict.MODEL: f"has no model {self.name} ({{}}); check LLM__MODEL and LLM__FALLBACK_MODEL",
        }
        other = "does not answer as an OpenAI-compatible server does ({}); check LLM__BASE_URL, it usually ends in /v1"
        message = what.get(verdict, other).format(said)
        failed = LaneFailed(ModelRefused(f"{self._server} {message}"), elsewhere=verdict is Verdict.MODEL)
        self._breaker.refused(failed)
        return failed

    def _failed(self, reply: Refusal | NoAnswer) -> LaneFailed:
        if isinstance(reply, NoAnswer):
            return LaneFailed(ModelUnavailable(f"{self.name} at {self._server}: {reply.lost.value}"), elsewhere=False)
        retry_at = self._clock.now() + reply.retry_after if reply.retry_after is not None else None
        what = "limits our requests" if reply.status == 429 else "fails"
        error = ModelUnavailable(f"{self._server} {what} ({reply.status})", status=reply.status, retry_at=retry_at)
        return LaneFailed(error, elsewhere=True)

    async def _back_off(self, reply: Refusal | NoAnswer, failures: int, failed: LaneFailed, bill: Bill) -> None:
        if isinstance(reply, Refusal) and reply.retry_after is not None:
            if reply.retry_after.total_seconds() > bill.left:
                raise failed
            return
        seconds = FIRST_WAIT * 2 ** (failures - 1) * (0.5 + self._jitter() / 2)
        if seconds > bill.left:
            raise failed
        bill.used += seconds
        await self._clock.sleep(seconds)

    async def _sit_out(self, bill: Bill) -> None:
        """Wait for the end of a pause that the server asked for, where patience reaches so far."""
        while (seconds := self._paused_until - self._clock.monotonic()) > 0:
            if seconds > bill.left:
                retry_at = self._clock.now() + timedelta(seconds=seconds)
                message = f"{self._server} asked to be left alone for {seconds:.0f} s"
                raise LaneFailed(ModelUnavailable(message, status=429, retry_at=retry_at), elsewhere=True)
            bill.used += seconds
            await self._clock.sleep(seconds)
        if bill.left <= 0:
            raise LaneFailed(ModelUnavailable(f"{self.name}: no answer within {bill.patience:g} s"), elsewhere=False)

    async def _recall(self) -> None:
        """Take what is remembered, when nothing is known yet or what is known is old; one reads for all."""
        async with self._recalling:
            now = self._clock.now()
            if self._since is not None and now - self._since < KEEP:
                return
            found = from_state(await self._memory.load(self._state), now)
            self._can, self._since = found or (self._guess, now)
            self._remembered = found[0] if found else None
            if found is None:
                self._found_out.clear()
            else:
                self._found_out.set()

    async def _remember(self, can: Capabilities) -> None:
        if can == self._remembered:
            return
        now = self._clock.now()
        self._can = self._remembered = can
        self._since = now
        try:
            await self._memory.update(self._state, lambda _: can.as_state(now))
        except StoreError as error:
            _log.warning("model.not_remembered", model=self.name, error=str(error))


@final
@dataclass(frozen=True, slots=True)
class _Problem:
    """What is wrong with an answer; `of_form`: it has the asked form, and what it says does not pass."""

    text: str
    of_form: bool


def _read(completion: Completion, form: type[Form], check: Check[Form] | None) -> Form | _Problem:
    try:
        value = read_form(completion.text, form)
    except NotOfForm as error:
        cut = " It was cut off at the limit." if completion.finish == "length" else ""
        return _Problem(f"{error}{cut}", of_form=False)
    problem = check(value) if check is not None else None
    return value if problem is None else _Problem(problem, of_form=True)


def _may_pass(reply: Refusal | NoAnswer) -> bool:
    # After a timeout the patience is used up; too large and unreadable answers come again.
    return isinstance(reply, Refusal) or reply.lost in (Lost.UNREACHABLE, Lost.BROKEN)
