"""What became of a paper on its way into a brief, in the numbers that `/why` tells."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.model import Edition, Reason, Topic


class Stage(StrEnum):
    """How far a paper came on its way into a channel, beyond the reasons of a receipt.

    other_categories: none of the topic's categories announced it. replacement: they announced only a new version of it.
    shown: it is in the brief. delivered: and the brief reached the channel. changed_since: it is not in the brief that
    was posted, and would be today.
    """

    OTHER_CATEGORIES = "other_categories"
    REPLACEMENT = "replacement"
    SHOWN = "shown"
    DELIVERED = "delivered"
    CHANGED_SINCE = "changed_since"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a paper came among those that matched, in numbers.

    `position` counts from 0 among `of`. `relevance`, `interest` and `feedback` add up to `score`, as the reasons do.
    `last_shown`: the score of the last paper of the brief. `bar`: the least that a score had to be. `alike`: the shown
    paper that it resembles the most, with their likeness of 0 to 1, where that was looked at. `reordered`: a language
    model put the best papers in order, so the score does not decide the place.
    """

    position: int
    of: int
    score: float
    relevance: float
    interest: float
    feedback: float
    reasons: tuple[Reason, ...]
    last_shown: float | None = None
    bar: float | None = None
    alike: tuple[str, float] | None = None
    reordered: bool = False


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a paper under one topic. `stage`: a `Stage` or a key of `Receipt.dropped`.

    `placement`: where it came; None for a paper that was never ranked. `edition`: whose brief that is.
    """

    topic: Topic
    stage: str
    announced_on: date | None
    max_papers: int
    placement: Placement | None = None
    edition: Edition | None = None
