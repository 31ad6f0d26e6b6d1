"""What one model on one server can do, found out by asking and remembered.

A ladder for the form of the answer (a schema that the server enforces, any JSON object, plain text) and the few options
in which servers differ. Pure: `bot/llm/lane.py` decides when to look again.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from bot.llm.replies import Refusal, mentions_format

KEEP = timedelta(days=30)
"""Servers are upgraded: after this time the top of the ladder is tried again."""

MAX_STRETCH = 8


class CapabilityMemory(Protocol):
    """Small named dictionaries that outlive the process; the store keeps them."""

    async def load(self, name: str) -> dict[str, Any]:
        """Return the dictionary, empty if there is none yet."""
        ...

    async def update(self, name: str, fn: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
        """Replace the dictionary by `fn` of it, with no other writer in between; return the new one."""
        ...


class Rung(StrEnum):
    """How firmly the server can be held to a form, best first."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    TEXT = "text"

    @property
    def below(self) -> "Rung":
        """Return the next rung down; the last one stays."""
        return Rung.JSON_OBJECT if self is Rung.JSON_SCHEMA else Rung.TEXT


class LimitName(StrEnum):
    """The two names of the bound on the answer's tokens; most servers take only one of them."""

    MAX_TOKENS = "max_tokens"
    MAX_COMPLETION_TOKENS = "max_completion_tokens"

    @property
    def other(self) -> "LimitName":
        """Return the other name."""
        return LimitName.MAX_COMPLETION_TOKENS if self is LimitName.MAX_TOKENS else LimitName.MAX_TOKENS


@dataclass(frozen=True, slots=True)
class Capabilities:
    """How to ask this model. `stretch`: times a request's own limit, for models that think before they answer."""

    rung: Rung = Rung.JSON_SCHEMA
    limit: LimitName = LimitName.MAX_TOKENS
    temperature: bool = True
    system: bool = True
    stretch: int = 1

    def adapted(self, refusal: Refusal) -> "Capabilities":
        """Return what to try after a refusal of something in the request; itself where nothing is left to try."""
        words = refusal.words
        if mentions_format(refusal) and self.rung is not Rung.TEXT:
            return replace(self, rung=self.rung.below)
        if "max_tokens" in words or "max_completion_tokens" in words:
            return replace(self, stretch=1) if self.stretch > 1 else replace(self, limit=self.limit.other)
        if "temperature" in words and self.temperature:
            return replace(self, temperature=False)
        if "system" in words and self.system:
            return replace(self, system=False)
        return replace(self, rung=self.rung.below)

    def lowered(self) -> "Capabilities":
        """Return the same, one rung down."""
        return replace(self, rung=self.rung.below)

    def stretched(self) -> "Capabilities":
        """Return the same with more room for the answer, up to a bound."""
        return replace(self, stretch=min(self.stretch * 4, MAX_STRETCH))

    def as_state(self, now: datetime) -> dict[str, Any]:
        """Return what to remember."""
        return {**asdict(self), "since": now.isoformat()}


def first_guess(*, openai: bool) -> Capabilities:
    """Return where to begin: OpenAI's newer models refuse the old name of the limit, others may overlook the new."""
    return Capabilities(limit=LimitName.MAX_COMPLETION_TOKENS if openai else LimitName.MAX_TOKENS)


def from_state(state: dict[str, Any], now: datetime) -> tuple[Capabilities, datetime] | None:
    """Return what was remembered and since when; None where there is nothing, or it is old or unreadable."""
    try:
        since = datetime.fromisoformat(state["since"])
        values = {one.name: state[one.name] for one in fields(Capabilities)}
        values |= {"rung": Rung(values["rung"]), "limit": LimitName(values["limit"])}
        found = Capabilities(**values)
        usable = timedelta() <= now - since < KEEP and 1 <= found.stretch <= MAX_STRETCH
    except (KeyError, TypeError, ValueError):
        return None
    return (found, since) if usable else None
