"""What the language model cost today, what it may cost, and whether it is asked at the moment: for `/status`."""

from dataclasses import replace
from datetime import date
from typing import Protocol

from bot.clock import Clock
from bot.llm.port import Ceiling
from bot.spending import ModelStanding, Spending


class Account(Protocol):
    """The day's account; see `bot.store.spend.SpendStore`."""

    async def spent(self, day: date) -> Spending:
        """Return the day's account, with what is reserved."""
        ...


class Rests(Protocol):
    """A model that may be at rest."""

    @property
    def resting(self) -> str | None:
        """Return why it is not asked at the moment, in English for the owner; None while it is asked."""
        ...

    @property
    def full_on(self) -> date | None:
        """Return the day whose ceiling left no room for the newest request."""
        ...


class Billing:
    """Reads the account. `producer` is None where no model is configured."""

    def __init__(
        self,
        account: Account,
        clock: Clock,
        *,
        producer: str | None = None,
        model: Rests | None = None,
        ceiling: Ceiling | None = None,
        currency: str = "$",
    ) -> None:
        self._account = account
        self._clock = clock
        self._producer = producer
        self._model = model
        self._ceiling = ceiling or Ceiling()
        self._currency = currency

    async def standing(self) -> ModelStanding | None:
        """Return how the model stands today, None where there is none. Raises `StoreError`."""
        if self._producer is None:
            return None
        today = self._clock.now().date()
        spent = await self._account.spent(today)
        model = self._model
        standing = ModelStanding(
            self._producer,
            spent,
            self._ceiling.cost_micros,
            self._ceiling.tokens,
            self._currency,
            resting=model is not None and model.resting is not None,
            full=model is not None and model.full_on == today,
        )
        return replace(standing, full=True) if (standing.share or 0.0) >= 1.0 else standing
