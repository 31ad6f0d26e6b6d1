"""Many questions in one batch, answered within a day: OpenAI's Batch API, with the budget taken before it is sent.

One batch at a time. Where it stands is remembered before and after each step, so a process that dies or is ended picks
it up again: a batch whose id was never told is found by its token. It is booked at the full price; OpenAI bills half.
"""

import json
import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, Protocol
from urllib.parse import urlsplit

from bot.clock import Clock
from bot.errors import BudgetExhausted, ModelAnswerInvalid, ModelAnswerRejected, ModelError, ModelUnavailable
from bot.llm.asking import BYTES_PER_TOKEN, Call, build_call, most
from bot.llm.capabilities import CapabilityMemory, first_guess, from_state
from bot.llm.config import ModelConfig
from bot.llm.forms import NotOfForm, read_form
from bot.llm.port import ChatRequest, Form, Reservation, SpendLedger
from bot.llm.replies import Completion, Usage, read_completion
from bot.log import get_logger
from bot.spending import Spending

MOST_REQUESTS = 2_000
"""In one batch; the limit of OpenAI is 50,000, and fewer are fetched and stored the sooner."""

FIRST_WAIT, LAST_WAIT = 5.0, 120.0
"""Seconds between two looks; each is half as long again as the one before."""

FAILURES = 5
"""Looks in a row that may fail."""

_FINAL = frozenset({"completed", "failed", "expired", "cancelled"})

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """How a batch stands; `state` in the server's words."""

    batch_id: str
    state: str
    output_file_id: str | None = None
    error_file_id: str | None = None
    done: int = 0
    total: int = 0

    @property
    def final(self) -> bool:
        """Return whether nothing more will come."""
        return self.state in _FINAL


class BatchWire(Protocol):
    """The way to the server; every method raises the kinds of `ModelError`."""

    async def upload(self, lines: bytes) -> str:
        """Store the requests and return the file's id."""
        ...

    async def create(self, file_id: str, token: str) -> BatchStatus:
        """Begin a batch."""
        ...

    async def status(self, batch_id: str) -> BatchStatus:
        """Return how it stands."""
        ...

    async def find(self, token: str) -> BatchStatus | None:
        """Return the batch that was begun with `token`."""
        ...

    async def content(self, file_id: str) -> str:
        """Return the text of a file."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a batch. `about` is what the asker needs to make use of the answer; JSON can hold it."""

    request: ChatRequest
    about: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BatchAnswer(Generic[Form]):
    """What came of one question: the form, or why there is none."""

    about: dict[str, Any]
    value: Form | ModelError


class Batches:
    """The batches of one model on one server."""

    def __init__(
        self, config: ModelConfig, wire: BatchWire, ledger: SpendLedger, memory: CapabilityMemory, clock: Clock
    ) -> None:
        self._config = config
        self._wire = wire
        self._ledger = ledger
        self._memory = memory
        self._clock = clock
        parts = urlsplit(config.base_url)
        place = f"{parts.netloc}{parts.path.rstrip('/')} {config.model}"
        self._state, self._known = f"batch {place}", f"model {place}"
        self._openai = (parts.hostname or "").endswith("openai.com")

    @property
    def producer(self) -> str:
        """Return the model's name."""
        return self._config.model

    async def pending(self) -> int:
        """Return how many questions the batch has that was begun earlier and not collected; 0 without one."""
        return len((await self._memory.load(self._state)).get("entries", ()))

    async def subjects(self) -> list[dict[str, Any]]:
        """Return what the questions of the pending batch are about."""
        return [entry["about"] for entry in (await self._memory.load(self._state)).get("entries", ())]

    async def submit(self, questions: Sequence[Question], form: type[Form]) -> int:
        """Send the first of `questions`, as many as fit the budget and a batch, and return how many these are.

        Raises `BudgetExhausted` where there is no room for any, and the kinds of `ModelError`.
        """
        can = first_guess(openai=self._openai)
        if (found := from_state(await self._memory.load(self._known), self._clock.now())) is not None:
            can = found[0]
        asked = questions[:MOST_REQUESTS]
        calls = [build_call(self._config.model, one.request, form, can) for one in asked]
        reservation, count = await self._reserve(calls, questions[0].request.purpose if questions else "")
        token = secrets.token_hex(12)
        state = {
            "token": token,
            "reservation_id": reservation.reservation_id,
            "day": reservation.day.isoformat(),
            "entries": [
                {"about": one.about, "sent": call.sent_bytes, "limit": call.max_tokens}
                for one, call in zip(asked[:count], calls[:count], strict=True)
            ],
        }
        # Before anything is sent: whoever finds this without an id looks for the batch by its token.
        await self._memory.update(self._state, lambda _: state)
        lines = "".join(_line(number, call) for number, call in enumerate(calls[:count]))
        file_id = await self._wire.upload(lines.encode("utf-8", "replace"))
        status = await self._wire.create(file_id, token)
        await self._memory.update(self._state, lambda _: {**state, "batch_id": status.batch_id})
        _log.info("batch.submitted", batch=status.batch_id, requests=count)
        return count

    async def wait(self, progress: Callable[[int, int], None]) -> BatchStatus | None:
        """Return how the pending batch ended; None where it was never begun, and then nothing is pending any more.

        Raises the kinds of `ModelError`; the batch goes on and can be waited for again.
        """
        state = await self._memory.load(self._state)
        batch_id = state.get("batch_id")
        if batch_id is None:
            found = await self._wire.find(str(state.get("token", "")))
            if found is None:
                await self._close(state, Spending())
                return None
            batch_id = found.batch_id
            await self._memory.update(self._state, lambda now: {**now, "batch_id": batch_id})
        seconds, failures = FIRST_WAIT, 0
        while True:
            try:
                status = await self._wire.status(batch_id)
            except ModelUnavailable:
                failures += 1
                if failures >= FAILURES:
                    raise
            else:
                failures = 0
                progress(status.done, status.total or len(state["entries"]))
                if status.final:
                    return status
            await self._clock.sleep(seconds)
            seconds = min(seconds * 1.5, LAST_WAIT)

    async def collect(
        self, status: BatchStatus, form: type[Form], check: Callable[[Form, Mapping[str, Any]], str | None]
    ) -> tuple[list[BatchAnswer[Form]], Spending]:
        """Return what came of every question, in their order, and what the batch cost; `settle` it afterwards.

        `check` is told the form and what it is about; see `ChatModel.ask`. There is no repair try in a batch.
        """
        state = await self._memory.load(self._state)
        text = await self._wire.content(status.output_file_id) if status.output_file_id else ""
        bodies = _bodies(text)
        answers: list[BatchAnswer[Form]] = []
        total = Spending()
        for number, entry in enumerate(state.get("entries", ())):
            about = entry["about"]
            completion = bodies.get(str(number))
            if completion is None:
                error = ModelUnavailable(f"{self.producer} gave no answer in the batch ({status.state})")
                answers.append(BatchAnswer(about, error))
                continue
            total += self._cost(completion, entry)
            answers.append(BatchAnswer(about, self._read(completion, form, about, check)))
        return answers, total

    async def settle(self, spending: Spending) -> None:
        """Book what the batch cost and forget it: all of it is stored."""
        await self._close(await self._memory.load(self._state), spending)

    async def _reserve(self, calls: Sequence[Call], purpose: str) -> tuple[Reservation, int]:
        """Take room for the first of `calls`, and return it with their number: half as many each time."""
        day, count = self._clock.now().date(), len(calls)
        while count:
            expected = sum((most(call, self._config.price) for call in calls[:count]), Spending())
            taken = await self._ledger.reserve(day, self.producer, purpose, expected, self._config.ceiling)
            if taken is not None:
                return taken, count
            count //= 2
        raise BudgetExhausted(f"the ceiling for {day} (UTC) leaves no room for a batch of {self.producer}")

    async def _close(self, state: Mapping[str, Any], spending: Spending) -> None:
        if "reservation_id" in state:
            reservation = Reservation(int(state["reservation_id"]), date.fromisoformat(state["day"]))
            await self._ledger.settle(reservation, spending)
        await self._memory.update(self._state, lambda _: {})

    def _cost(self, completion: Completion, entry: Mapping[str, Any]) -> Spending:
        usage, guessed = completion.usage, 0
        if usage is None:
            written = math.ceil(len(completion.text.encode("utf-8", "replace")) / BYTES_PER_TOKEN)
            usage, guessed = Usage(math.ceil(entry["sent"] / BYTES_PER_TOKEN), min(written, entry["limit"])), 1
        cost = self._config.price.cost_micros(usage.input_tokens, usage.output_tokens)
        return Spending(1, usage.input_tokens, usage.output_tokens, cost, guessed)

    def _read(
        self,
        completion: Completion,
        form: type[Form],
        about: Mapping[str, Any],
        check: Callable[[Form, Mapping[str, Any]], str | None],
    ) -> Form | ModelError:
        if completion.declined:
            return ModelAnswerInvalid(f"{self.producer} declined to answer")
        try:
            value = read_form(completion.text, form)
        except NotOfForm as error:
            return ModelAnswerInvalid(f"{self.producer}: {error}")
        problem = check(value, about)
        return value if problem is None else ModelAnswerRejected(f"{self.producer}: {problem}")


def _line(number: int, call: Call) -> str:
    line = {"custom_id": str(number), "method": "POST", "url": "/v1/chat/completions", "body": call.body}
    return json.dumps(line) + "\n"


def _bodies(text: str) -> dict[str, Completion]:
    """Return the answers of a batch's file by the number of their question; what cannot be read is not there."""
    found: dict[str, Completion] = {}
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        response = value.get("response") if isinstance(value, dict) else None
        if not isinstance(response, dict) or response.get("status_code") != 200:
            continue
        completion = read_completion(json.dumps(response.get("body")))
        if completion is not None:
            found[str(value.get("custom_id"))] = completion
    return found
