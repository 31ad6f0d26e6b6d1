"""A watchman who has begun on the empty tables of each engine."""

import pytest

from bot.store.conditions import ConditionStore
from bot.store.engine import Database
from tests.unit.health.office import Office
from tests.unit.health.samples import NOW
from tests.unit.pipeline.fakes import FixedClock


@pytest.fixture
async def office(db: Database) -> Office:
    """Return it; all is well."""
    built = Office(db, FixedClock(NOW))
    # The schema of these tables is no news.
    await ConditionStore(db).replace(set(), NOW)
    built.see(papers=0, deliveries={})
    await built.man.begin()
    built.see()
    return built
