"""Figures prepared after a run: once asked for, at rest where arXiv is, and a new page only for what was found."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.errors import DatabaseBusy, StoreError
from bot.model import Paper
from bot.pipeline.figures import Prepared
from bot.pipeline.illustrating import REST, Illustrator
from tests.unit.pipeline.fakes import FixedClock

NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)
PAPER = Paper("2605.00001", "Turnips", "We grow turnips.", ("Ann Lee",), "cs.CL", ("cs.CL",))


@dataclass
class World:
    """A shelf with one paper, and figures that answer as told."""

    answers: list[Prepared | StoreError] = field(default_factory=list)
    asked: list[list[str]] = field(default_factory=list)
    since: list[date] = field(default_factory=list)
    published: int = 0

    async def load(self, since: date) -> list[tuple[Paper, str]]:
        self.since.append(since)
        return [(PAPER, "en"), (PAPER, "zh-CN")]

    async def prepare(self, papers: Iterable[Paper]) -> Prepared:
        self.asked.append([paper.arxiv_id for paper in papers])
        answer = self.answers.pop(0)
        if isinstance(answer, StoreError):
            raise answer
        return answer

    def publish(self) -> None:
        self.published += 1


def built(world: World, clock: FixedClock) -> Illustrator:
    return Illustrator(world, world, clock, publish=world.publish)


async def test_the_papers_of_new_briefs_are_prepared_once() -> None:
    world, clock = World([Prepared(found=1), Prepared()]), FixedClock(NOON)
    figures = built(world, clock)
    assert await figures.run() == Prepared(found=1)
    assert world.asked == [["2605.00001", "2605.00001"]]
    assert world.since == [date(2026, 5, 9)]
    assert world.published == 1
    assert await figures.run() is None
    figures.request()
    assert await figures.run() == Prepared()
    assert world.published == 1, "no figure, no new page"


@pytest.mark.parametrize("answer", [Prepared(found=2, left=3), DatabaseBusy("busy")])
async def test_what_was_left_is_tried_again_after_a_rest(answer: Prepared | StoreError) -> None:
    world, clock = World([answer, Prepared(found=3)]), FixedClock(NOON)
    figures = built(world, clock)
    await figures.run()
    clock.instant = NOON + REST - timedelta(seconds=1)
    figures.request()
    assert await figures.run() is None
    clock.instant = NOON + REST
    assert await figures.run() == Prepared(found=3)
    assert await figures.run() is None


async def test_a_clock_that_is_set_back_makes_no_longer_rest() -> None:
    world, clock = World([Prepared(left=1), Prepared(found=1)]), FixedClock(NOON)
    figures = built(world, clock)
    await figures.run()
    clock.instant = NOON - timedelta(hours=9)
    assert await figures.run() == Prepared(found=1)
