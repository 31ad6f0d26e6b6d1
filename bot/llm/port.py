"""What the rest of the program knows of a language model: a request, an answer, what it cost."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from bot.spending import Spending

Form = TypeVar("Form", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to a model. `purpose` names it in the ledger and the log ("summary", "translation" …).

    `system` holds our words only; `user` may hold a paper's text, delimited. `max_output_tokens` bounds the answer and
    with it what is reserved.
    """

    purpose: str
    system: str
    user: str
    max_output_tokens: int
    temperature: float = 0.2


@dataclass(frozen=True, slots=True)
class ChatAnswer(Generic[Form]):
    """A validated answer, the model that gave it, and what it cost over all requests made for it."""

    value: Form
    producer: str
    spending: Spending


class Meter:
    """Adds up what calls cost, those that failed as well; one per piece of work whose bill is shown."""

    def __init__(self) -> None:
        self.total = Spending()

    def add(self, spent: Spending) -> None:
        """Add what one request cost."""
        self.total += spent


class ChatModel(Protocol):
    """A model that answers in a given form."""

    @property
    def name(self) -> str:
        """Return the configured model's name: the producer in a cache key, whatever fallback may answer."""
        ...

    async def ask(
        self,
        request: ChatRequest,
        form: type[Form],
        *,
        check: Callable[[Form], str | None] | None = None,
        meter: Meter | None = None,
    ) -> ChatAnswer[Form]:
        """Return an answer that validates as `form` and passes `check`.

        `check` returns None or, in one English sentence, what is wrong; then the model is asked once more with that
        sentence (the one repair try, shared with an answer that does not validate). `meter` is told what every request
        cost, whatever came of it. Raises `ModelUnavailable`, `ModelRefused`, `ModelAnswerInvalid` (not of the form,
        after the repair), `ModelAnswerRejected` (of the form, but `check` still says no) and `BudgetExhausted`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a day may cost; None: no limit of that kind."""

    cost_micros: int | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """Room taken in a day's budget before a call; stays taken until it is settled, across any crash."""

    reservation_id: int
    day: date


class SpendLedger(Protocol):
    """The day's account, shared by all processes on one database."""

    async def reserve(
        self, day: date, producer: str, purpose: str, expected: Spending, ceiling: Ceiling
    ) -> Reservation | None:
        """Take room for a call, or return None where the ceiling has none left. One transaction."""
        ...

    async def settle(self, reservation: Reservation, spent: Spending) -> None:
        """Put what was really spent in the place of what was reserved; `Spending()` gives the room back."""
        ...

    async def spent(self, day: date) -> Spending:
        """Return the day's account with open reservations counted in full."""
        ...
