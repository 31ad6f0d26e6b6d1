"""The workday on which faults happen."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.workday import Workday, open_workday


@pytest.fixture
async def workday(sqlite_path: Path) -> AsyncIterator[Workday]:
    """A morning on which Tuesday's announcement is out and nobody has asked for it."""
    async with open_workday(sqlite_path) as day:
        yield day
