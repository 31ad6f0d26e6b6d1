"""What the adapter must know of a model and its server; made from the settings by the composition root."""

import math
from dataclasses import dataclass, field
from decimal import Decimal

from pydantic import SecretStr

from bot.llm.port import Ceiling


@dataclass(frozen=True, slots=True)
class Price:
    """Money for a million tokens, read and written."""

    input: Decimal
    output: Decimal

    def cost_micros(self, input_tokens: int, output_tokens: int) -> int:
        """Return the price of so many tokens in millionths, rounded up: a price per million is micros per token."""
        return math.ceil(input_tokens * self.input + output_tokens * self.output)


FREE = Price(Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """One server, the model asked there, and perhaps a second one of the same server.

    `timeout`: seconds for one request as a whole, and for the waits and further tries of one question together.
    """

    base_url: str
    model: str
    api_key: SecretStr | None = None
    price: Price = FREE
    fallback_model: str = ""
    fallback_price: Price = FREE
    ceiling: Ceiling = field(default_factory=Ceiling)
    timeout: float = 30.0
    concurrency: int = 8
