"""The port between the sender and Discord. One request per call of `send`; lookups may need several."""

from datetime import datetime
from typing import Protocol

from bot.deliver.replies import Answer
from bot.delivery import Delivery


class LookupFailed(Exception):
    """A lookup got no usable answer; `answer` is what came instead."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer))
        self.answer = answer


class Wire(Protocol):
    """Who talks to Discord. Every method ends within its own deadline and raises nothing but what it says."""

    async def send(self, delivery: Delivery, into_id: int | None) -> Answer:
        """Make the one request of a part, without a retry, and return what came back."""
        ...

    async def find(self, delivery: Delivery, into_id: int | None, since: datetime) -> int | None:
        """Return the message or thread that shows the part's marker, by this bot, since then; None when there is none.

        To be believed only where `can_read_history` is true. Raises `LookupFailed`.
        """
        ...

    async def can_read_history(self, delivery: Delivery, into_id: int | None) -> bool:
        """Return whether the bot sees what was written where the part goes. Raises `LookupFailed`."""
        ...

    async def can_write(self, delivery: Delivery, into_id: int | None) -> bool:
        """Return whether the bot may post the part. Raises `LookupFailed`."""
        ...
