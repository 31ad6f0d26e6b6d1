"""Power that fails: whatever part of the write-ahead log reached the disk, what was committed before it is there."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.delivery import DeliveryState
from bot.store.engine import Database
from bot.store.sqlite_file import quick_check
from tests.faults.desk import CREATE, Desk, open_desk
from tests.store.files import contents, log_of, overwrite
from tests.wire import discord_faults as faults

HEADER, FRAME = 32, 24
"""Bytes of a log's head and of a frame's: https://sqlite.org/fileformat2.html#walformat."""


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    async with open_desk(sqlite_url) as opened:
        yield opened


def after_power_cut(database: Path, log_bytes: int, directory: Path) -> Path:
    """Return a copy of a database of whose log only so many bytes reached the disk."""
    directory.mkdir()
    copy = directory / "paperbrief.sqlite3"
    shutil.copyfile(database, copy)
    overwrite(log_of(copy), contents(log_of(database))[:log_bytes])
    return copy


def states_in(database: Path) -> list[tuple[str, int]]:
    """Return the state and number of attempts of every part, in order, after a look whether the file is whole."""
    with closing(sqlite3.connect(database)) as connection:
        assert quick_check(connection) is None
        query = "SELECT state, attempts FROM delivery ORDER BY delivery_id"
        return [(str(state), int(attempts)) for state, attempts in connection.execute(query)]


@pytest.mark.fault("S5")
async def test_a_log_cut_at_every_frame_holds_what_was_committed_before(
    desk: Desk, sqlite_path: Path, tmp_path: Path
) -> None:
    """Every commit of a delivery is noted with the size that the log had by then, and the ledger as it was."""
    log = log_of(sqlite_path)
    commits: list[tuple[int, list[tuple[str, int]]]] = [(0, [])]
    write = desk.db.write

    async def noted(fn: Any) -> Any:
        result: Any = await write(fn)
        commits.append((log.stat().st_size, await asyncio.to_thread(states_in, sqlite_path)))
        return result

    desk.db.write = noted  # type: ignore[method-assign]  # to note, not to change
    await desk.plan(desk.rooms[0], 2)
    await desk.deliver()
    assert commits[-1][1] == [("sent", 1)] * 2
    page = int.from_bytes(contents(log)[8:12], "big")
    whole = log.stat().st_size
    frames = range(HEADER, whole + 1, FRAME + page)
    assert len(frames) > 10
    copy = sqlite_path
    for number, size in enumerate(frames):
        # The frame is there; or power failed in its middle.
        for cut in (size, size - page // 2):
            if cut < 0:
                continue
            copy = await asyncio.to_thread(after_power_cut, sqlite_path, cut, tmp_path / f"{number}-{cut}")
            expected = [ledger for at, ledger in commits if at <= cut][-1]
            assert await asyncio.to_thread(states_in, copy) == expected
    # And the program itself opens the last of them.
    async with Database.open(f"sqlite:///{copy}") as db, db.read() as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM delivery")) == 2


@pytest.mark.fault("S5")
async def test_what_is_under_way_to_discord_is_on_the_disk(desk: Desk, sqlite_path: Path, tmp_path: Path) -> None:
    """At the moment in which Discord has the request, and again after a restart from what the disk held then."""
    room = desk.rooms[0]
    await desk.plan(room, 2)
    desk.server.faults.add("POST", CREATE, faults.after_commit(faults.holds()))
    running = asyncio.create_task(desk.deliver())
    await desk.server.until(lambda: desk.shown(room) == ["part 0"])
    log = log_of(sqlite_path)
    size = len(await asyncio.to_thread(contents, log))
    copy = await asyncio.to_thread(after_power_cut, sqlite_path, size, tmp_path / "cut")
    assert await asyncio.to_thread(states_in, copy) == [("posting", 1), ("planned", 0)]
    async with desk.db.read() as connection:
        # Commits wait until the disk has them: https://sqlite.org/pragma.html#pragma_synchronous.
        assert await connection.scalar(sa.text("PRAGMA synchronous")) == 2
    desk.server.front.close()
    running.cancel()
    await asyncio.wait({running})
    desk.server.front._closing = False
    desk.clock.advance(900)
    async with Database.open(f"sqlite:///{copy}", clock=desk.clock) as db:
        restarted = Desk(desk.server, desk.client, db, desk.guild_id, desk.rooms)
        await restarted.deliver()
        assert await restarted.states() == {DeliveryState.SENT: 2}
    assert desk.shown(room) == ["part 0", "part 1"]
