"""Some days of the year that `benchmarks.year` lives through, with more going wrong, so that it stays alive."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
import structlog

from benchmarks.sample import sample_papers
from bot.log import configure_logging
from tests.year.announcing import CATEGORIES, Stock
from tests.year.lives import live_a_year
from tests.year.storm import Rates

A_DAY = 12
ROUGH = Rates(arxiv=0.3, hangs=0, kills=0.2, long_downtimes=0.05, locked=0.05, discord=0.1)


def make_stock() -> Stock:
    """Return two days of each weekday; every paper in one of the categories, some in two."""
    papers = [
        replace(paper, primary_category=CATEGORIES[number % 3], categories=(CATEGORIES[number % 3], *more))
        for number, paper in enumerate(sample_papers(10 * A_DAY))
        for more in [(CATEGORIES[(number + 1) % 3],) if number % 4 == 0 else ()]
    ]
    days = [papers[start : start + A_DAY] for start in range(0, len(papers), A_DAY)]
    return {weekday: (days[weekday], days[weekday + 5]) for weekday in range(5)}


@pytest.fixture
def quiet_log() -> Iterator[None]:
    """Log nothing: dozens of tracebacks a second would take most of the time."""
    configure_logging("critical", "json", [])
    yield
    structlog.reset_defaults()


async def test_nothing_is_lost_repeated_or_untrue_in_some_rough_days(quiet_log: None) -> None:
    # Over New York's spring change of clocks, 8 March.
    outcome = await live_a_year(make_stock(), start=date(2026, 3, 5), days=4, calm_days=2, seed=2, rates=ROUGH)
    assert "\n".join(outcome.reckoning.wrong) == ""
    assert outcome.diary.kills
    found = outcome.reckoning
    assert (found.papers_lost, found.papers_repeated, found.briefs_lost, found.briefs_twice) == (0, 0, 0, 0)
    assert sum(found.briefs.values()) == found.briefs_wanted
    assert found.papers >= 4 * A_DAY
