"""The workday on which faults happen, and the machine on which the program runs as a process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.workday import Workday, open_workday
from tests.wire.run.machine import Machine, lay_out, machine_in


@pytest.fixture
async def workday(sqlite_path: Path) -> AsyncIterator[Workday]:
    """A morning on which Tuesday's announcement is out and nobody has asked for it."""
    async with open_workday(sqlite_path) as day:
        yield day


@pytest.fixture
def machine_directory(sqlite_path: Path, tmp_path: Path) -> Path:
    """Return the machine's directory, with an empty database in it."""
    return lay_out(sqlite_path, tmp_path)


@pytest.fixture
async def machine(machine_directory: Path) -> AsyncIterator[Machine]:
    """A machine with an empty database."""
    async with machine_in(machine_directory) as built:
        yield built
