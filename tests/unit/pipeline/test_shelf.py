"""Leafing through briefs: the neighbours of a day, and that a brief is made once for many readers."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.clock import SystemClock
from bot.errors import UsageError
from bot.i18n import Refusal
from bot.model import Brief, Edition, Receipt, Topic
from bot.pipeline.shelf import FRESH_FOR, MAX_BRIEFS, Shelf

TOPIC = Topic("llm", {"en": "LLM"}, ("cs.CL",), query="llm")
DAYS = [date(2026, 5, 15), date(2026, 5, 13), date(2026, 5, 12)]


class Machine:
    """Makes empty briefs and counts them."""

    def __init__(self, days: Sequence[date] = DAYS) -> None:
        self.days = list(days)
        self.made: list[tuple[str, date, str]] = []
        self.error: UsageError | None = None
        self.kept: dict[date, Brief] = {}
        self.tastes: dict[Edition, tuple[tuple[str, float], ...]] = {}

    async def load_dates(self, categories: tuple[str, ...], limit: int) -> list[date]:
        return self.days[:limit]

    async def brief(
        self,
        topic: Topic,
        announced_on: date,
        *,
        max_papers: int,
        language: str = "en",
        edition: Edition | None = None,
    ) -> Brief:
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        self.made.append((topic.query, announced_on, language))
        return Brief(topic, announced_on, language, Receipt(0, 0, 0, 0, 0), (), (), edition=edition)

    async def posted(
        self, topic: Topic, announced_on: date, language: str, edition: Edition | None = None
    ) -> Brief | None:
        return self.kept.get(announced_on)

    async def taste(self, topic: Topic, edition: Edition | None) -> tuple[tuple[str, float], ...]:
        return self.tastes.get(edition, ()) if edition else ()


class SetClock(SystemClock):
    """A clock whose seconds are set by hand."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def make(machine: Machine, clock: SetClock | None = None) -> Shelf:
    return Shelf(machine, machine, clock=clock or SetClock())


async def test_the_newest_is_opened_and_its_neighbours_are_known() -> None:
    shelf = make(Machine())
    leaf = await shelf.open(TOPIC, None, "en")
    assert (leaf.brief.announced_on, leaf.before, leaf.after) == (DAYS[0], DAYS[1], None)
    leaf = await shelf.open(TOPIC, date(2026, 5, 14), "en")
    assert (leaf.brief.announced_on, leaf.before, leaf.after) == (date(2026, 5, 14), DAYS[1], DAYS[0])


async def test_of_a_day_that_was_posted_what_was_posted_is_shown() -> None:
    machine = Machine()
    machine.kept[DAYS[1]] = Brief(TOPIC, DAYS[1], "en", Receipt(7, 7, 1, 1, 0, {"no_match": 6}), (), ())
    leaf = await make(machine).open(TOPIC, DAYS[1], "en")
    assert leaf.brief is machine.kept[DAYS[1]]
    assert machine.made == []


async def test_turning_goes_from_announcement_to_announcement_and_ends() -> None:
    shelf = make(Machine())
    assert (await shelf.turn(TOPIC, DAYS[0], -1, "en")).brief.announced_on == DAYS[1]
    assert (await shelf.turn(TOPIC, DAYS[2], 1, "en")).brief.announced_on == DAYS[1]
    with pytest.raises(Refusal, match="newest brief"):
        await shelf.turn(TOPIC, DAYS[0], 1, "en")
    with pytest.raises(Refusal, match="no earlier brief"):
        await shelf.turn(TOPIC, DAYS[2], -1, "en")


async def test_many_readers_cost_one_making_until_it_is_old() -> None:
    machine, clock = Machine(), SetClock()
    shelf = make(machine, clock)
    await asyncio.gather(*(shelf.open(TOPIC, None, "en") for _ in range(9)))
    assert len(machine.made) == 1
    await shelf.open(TOPIC, None, "zh-CN")
    await shelf.open(replace(TOPIC, query="gpt"), None, "en")
    assert machine.made[1:] == [("llm", DAYS[0], "zh-CN"), ("gpt", DAYS[0], "en")]
    clock.seconds = FRESH_FOR
    await shelf.open(TOPIC, None, "en")
    assert len(machine.made) == 4


async def test_the_shelf_has_an_end() -> None:
    days = [date(2026, 5, 15) - timedelta(days=number) for number in range(MAX_BRIEFS + 1)]
    machine = Machine(days)
    shelf = make(machine)
    for day in days:
        await shelf.open(TOPIC, day, "en")
    await shelf.open(TOPIC, days[-1], "en")
    assert len(machine.made) == MAX_BRIEFS + 1
    await shelf.open(TOPIC, days[0], "en")
    assert len(machine.made) == MAX_BRIEFS + 2


async def test_categories_that_were_never_read_are_said() -> None:
    with pytest.raises(Refusal, match=r"has been read yet: cs\.CL"):
        await make(Machine([])).open(TOPIC, None, "en")
    machine = Machine()
    machine.error = UsageError("nothing is stored")
    with pytest.raises(Refusal, match=r"has been read yet: cs\.CL"):
        await make(machine).open(TOPIC, None, "en")


async def test_a_channel_with_feedback_has_briefs_of_its_own_and_new_ones_after_the_next_click() -> None:
    machine, edition = Machine(), Edition(7, 8)
    shelf = make(machine)
    shared = (await shelf.open(TOPIC, None, "en")).brief
    assert (await shelf.open(TOPIC, None, "en", edition)).brief is shared
    machine.tastes[edition] = (("2605.00001", 1.0),)
    own = (await shelf.open(TOPIC, None, "en", edition)).brief
    assert own.edition == edition
    assert (await shelf.open(TOPIC, None, "en", edition)).brief is own
    machine.tastes[edition] += (("2605.00002", -1.0),)
    assert (await shelf.open(TOPIC, None, "en", edition)).brief is not own
    assert (await shelf.open(TOPIC, None, "en", Edition(7, 9))).brief is shared
    assert (await shelf.turn(TOPIC, DAYS[0], -1, "en", edition)).brief.edition == edition
