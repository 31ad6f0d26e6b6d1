"""The machine on which these tests run the bot."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.wire.run.machine import Machine, lay_out, machine_in


@pytest.fixture
def machine_directory(sqlite_path: Path, tmp_path: Path) -> Path:
    """Return the machine's directory, with an empty database in it."""
    return lay_out(sqlite_path, tmp_path)


@pytest.fixture
async def machine(machine_directory: Path) -> AsyncIterator[Machine]:
    """A machine with an empty database."""
    async with machine_in(machine_directory) as built:
        yield built
