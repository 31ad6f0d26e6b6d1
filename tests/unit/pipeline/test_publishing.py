"""The web edition after a run: built by another process, remembered, and never in anybody's way."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.clock import AsOfClock
from bot.errors import DatabaseBusy
from bot.model import Publication
from bot.pipeline.publishing import STATE, Publications, Publisher
from bot.store.engine import Database
from bot.store.source_state import SourceStateStore
from tests.store.samples import NOON

RECEIPT = {"pages": 12, "written": 3, "unchanged": 9, "removed": 0, "skipped": 0, "seconds": 0.5}


def prints(text: str, *, code: int = 0, said: str = "") -> list[str]:
    """Return a command that prints, says something on standard error, and ends."""
    return [sys.executable, "-c", f"import sys; print({text!r}); sys.stderr.write({said!r}); sys.exit({code})"]


@asynccontextmanager
async def remembering(url: str) -> AsyncIterator[Publications]:
    """Open what remembers builds."""
    async with Database.open(url) as database:
        yield Publications(SourceStateStore(database))


async def test_a_build_is_remembered(sqlite_url: str) -> None:
    async with remembering(sqlite_url) as memory:
        assert await memory.load() is None
        told: list[bool] = []
        publisher = Publisher(prints(json.dumps(RECEIPT)), memory, AsOfClock(NOON), told=told.append)
        wanted = Publication(NOON, pages=12, written=3, seconds=0.5)
        assert await publisher.publish() == wanted
        assert await memory.load() == wanted
        assert told == [True]


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (prints("", code=1, said="paperbrief: cannot write the web edition: No space left"), "No space left"),
        (prints("", code=7), "ended with 7"),
        (prints("no JSON"), "no receipt"),
        (prints("[]"), "no receipt"),
        (["/nonexistent/python"], "no process can be started"),
    ],
)
async def test_a_failure_is_remembered_with_its_reason(sqlite_url: str, command: list[str], problem: str) -> None:
    async with remembering(sqlite_url) as memory:
        told: list[bool] = []
        found = await Publisher(command, memory, AsOfClock(NOON), told=told.append).publish()
        assert found.problem is not None
        assert problem in found.problem
        assert await memory.load() == found
        assert told == [False]


async def test_a_build_that_hangs_is_ended(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[asyncio.subprocess.Process] = []
    real = asyncio.create_subprocess_exec

    async def start(*command: str, **pipes: int | None) -> asyncio.subprocess.Process:
        started.append(await real(*command, **pipes))  # type: ignore[arg-type]
        return started[0]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start)
    async with remembering(sqlite_url) as memory:
        publisher = Publisher(
            [sys.executable, "-c", "import time; time.sleep(600)"], memory, AsOfClock(NOON), seconds=0.1
        )
        found = await publisher.publish()
    assert found.problem is not None
    assert "not ready after 0.1 s" in found.problem
    assert started[0].returncode is not None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
async def test_requests_before_a_build_begins_are_one_and_a_cancelled_build_ends(
    sqlite_url: str, tmp_path: Path
) -> None:
    mark = tmp_path / "pid"
    os.mkfifo(mark)
    code = (
        f"import os, time; file = open({str(mark)!r}, 'w'); file.write(str(os.getpid())); file.close(); time.sleep(600)"
    )
    async with remembering(sqlite_url) as memory:
        publisher = Publisher([sys.executable, "-c", code], memory, AsOfClock(NOON), pause=0)
        publisher.request()
        publisher.request()
        task = asyncio.create_task(publisher.run_forever())
        # Waits until the process is there.
        pid = int(await asyncio.to_thread(mark.read_text))
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_database_that_is_busy_costs_only_the_memory(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*_: object) -> None:
        raise DatabaseBusy("locked")

    async with remembering(sqlite_url) as memory:
        monkeypatch.setattr(memory, "save", busy)
        found = await Publisher(prints(json.dumps(RECEIPT)), memory, AsOfClock(NOON)).publish()
        assert found.problem is None


async def test_what_an_other_version_remembered_is_left_alone(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as database:
        store = SourceStateStore(database)
        await store.update(STATE, lambda _: {"at": "yesterday", "colour": "green"})
        assert await Publications(store).load() is None
