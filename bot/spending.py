"""What a language model cost, what it did for that, and how much of a day's ceiling it has used.

Frozen values that add up. Money is whole millionths of the currency of the configured prices, never a float.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.texts import Fallback


@dataclass(frozen=True, slots=True)
class Spending:
    """What the model cost: `cost_micros` are millionths of the currency of the configured prices.

    `estimated` counts requests whose answer did not say how many tokens it took.
    """

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0
    estimated: int = 0

    @property
    def tokens(self) -> int:
        """Return the tokens read and written."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: "Spending") -> "Spending":
        """Return both together."""
        return Spending(
            self.requests + other.requests,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_micros + other.cost_micros,
            self.estimated + other.estimated,
        )


@dataclass(frozen=True, slots=True)
class Bill:
    """What the language model did for one piece of work, and what that cost in the `currency` of the prices (a sign).

    `made`: summaries written for it. `cached`: summaries that were there already or were being written for another.
    `fallbacks`: how many were extracted instead, by reason. `failed`: what else was asked for and did not come, by
    purpose ("rerank", "overview").
    """

    producer: str
    made: int = 0
    cached: int = 0
    fallbacks: Mapping[Fallback, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    spending: Spending = field(default_factory=Spending)
    currency: str = "$"

    def __add__(self, other: "Bill") -> "Bill":
        """Return both together, under this one's names."""
        return Bill(
            self.producer,
            self.made + other.made,
            self.cached + other.cached,
            Counter(self.fallbacks) + Counter(other.fallbacks),
            Counter(self.failed) + Counter(other.failed),
            self.spending + other.spending,
            self.currency,
        )


@dataclass(frozen=True, slots=True)
class ModelStanding:
    """The day (UTC) of a language model: what is spent, really, and what may be (None: no limit of that kind).

    `resting`: it failed or refused, and is left alone for a while. `full`: the ceiling leaves no room.
    """

    producer: str
    spent: Spending
    cost_limit: int | None
    token_limit: int | None
    currency: str
    resting: bool = False
    full: bool = False

    @property
    def share(self) -> float | None:
        """Return how much of the ceiling is used, 0 to 1, or more after an overrun; None without a ceiling."""
        pairs = ((self.spent.cost_micros, self.cost_limit), (self.spent.tokens, self.token_limit))
        shares = [spent / limit if limit else 1.0 for spent, limit in pairs if limit is not None]
        return max(shares, default=None)

    @property
    def overrun(self) -> bool:
        """Return whether more is spent than the ceiling allows.

        Room is taken before a call for the most that it may cost, so this is so only where a server counted more than
        a call was allowed, or where the ceiling was lowered in the course of the day.
        """
        pairs = ((self.spent.cost_micros, self.cost_limit), (self.spent.tokens, self.token_limit))
        return any(limit is not None and spent > limit for spent, limit in pairs)
