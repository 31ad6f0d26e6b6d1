"""`paperbrief` on a database that is locked, damaged, gone, newer, or on a disk that is full or read-only."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.delivery import DeliveryState, PostingStyle
from bot.store.migrations import HEAD
from bot.store.papers import PaperStore
from tests.faults.disks import fill_up, held_by_another_process, make_read_only, mounted
from tests.store.files import contents, cut_off, damage_middle, log_of, names_in, overwrite, remove
from tests.store.samples import make_paper
from tests.store.test_opening import _KILLED, _downgrade
from tests.wire import discord_faults as faults
from tests.wire.discord_interactions import admin
from tests.wire.run.machine import CREATE, ROOT, Machine, integrity

RESTORE = "paperbrief db restore PATH"


@pytest.fixture
async def machine(machine: Machine) -> Machine:
    """A machine with a database that holds some papers."""
    async with machine.opened() as db:
        await PaperStore(db).save_metadata([make_paper(f"2605.{number:05d}") for number in range(200)])
    return machine


async def refused(machine: Machine) -> str:
    """Start, see it end by itself with one line and without a word to Discord; return the line."""
    asked = len(machine.discord.requests())
    running = await machine.start()
    assert await running.ended() == 1
    assert "Traceback" not in running.output
    (line,) = running.said
    assert len(machine.discord.requests()) == asked
    return line


def paperbrief(data: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line on a data directory."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATA_DIR": str(data)}
    command = [sys.executable, "-m", "bot", *words]
    return subprocess.run(command, cwd=data, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.fault("S1")
async def test_a_locked_database_delays_what_is_written_and_nothing_else(machine: Machine) -> None:
    room, owner = machine.rooms[0], admin(machine.rooms[0], machine.discord.world.owner)
    await machine.subscribe(room)
    running = await machine.ready(DATABASE__BUSY_TIMEOUT="0.2")
    await machine.until(lambda: machine.discord.messages(room.id))
    await machine.subscribe(machine.rooms[1], PostingStyle.CARDS)
    machine.discord.faults.add("POST", f"/{machine.rooms[1].id}/messages$", faults.holds())
    await machine.until(lambda: any(one.held for one in machine.discord.requests("POST", CREATE)))
    with held_by_another_process(machine.database):
        machine.discord.release()
        await machine.until(lambda: running.output.count("the ledger cannot be written, nothing is sent") >= 2)
        # Readers go on: what a member asks is answered, by an event loop that nothing blocks.
        for command, options in (("help", {}), ("search", {"query": "matter"}), ("status", {})):
            assert (await machine.ask(owner, command, **options)).seen
        assert len(machine.shown(machine.rooms[1])) == 1, "nothing is posted that was not recorded first"
    await machine.until(lambda: len(machine.shown(machine.rooms[1])) == 3)
    await machine.until_ledger({DeliveryState.SENT: 4})
    assert await running.terminate() == 0
    assert "Traceback" not in running.output


@pytest.mark.fault("S3")
async def test_a_full_disk_halts_sending_and_free_space_lets_it_go_on(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is a real one of a few megabytes; it fills up while the first of three messages is under way."""
    small = tmp_path / "small"
    with mounted(small, "size=12m"):
        await asyncio.to_thread(shutil.move, machine.database.parent, small / "data")
        machine.database.parent.symlink_to(small / "data")
        room, owner = machine.rooms[0], admin(machine.rooms[0], machine.discord.world.owner)
        await machine.subscribe(room, PostingStyle.CARDS)
        machine.discord.faults.add("POST", CREATE, faults.holds())
        running = await machine.ready()
        await machine.until(lambda: any(one.held for one in machine.discord.requests("POST", CREATE)))
        filler = await asyncio.to_thread(fill_up, small)
        machine.discord.release()
        await machine.until(lambda: "the ledger cannot be written, nothing is sent" in running.output)
        assert "disk is full" in running.output
        # A second look, later: no request was made that is not on record.
        await machine.until(lambda: running.output.count("nothing is sent") >= 2)
        assert len(machine.discord.requests("POST", CREATE)) == 1
        assert (await machine.ask(owner, "status")).seen
        assert running.alive
        await asyncio.to_thread(filler.unlink)
        await machine.until(lambda: len(machine.shown(room)) == 3)
        await machine.until_ledger({DeliveryState.SENT: 3})
        assert await running.terminate() == 0
        assert "Traceback" not in running.output
        assert integrity(machine.database) == "ok"
        machine.discord.faults.clear()


@pytest.mark.fault("S3")
async def test_a_start_on_a_full_disk_says_so(machine: Machine, tmp_path: Path) -> None:
    small = tmp_path / "small"
    with mounted(small, "size=12m"):
        await asyncio.to_thread(shutil.move, machine.database.parent, small / "data")
        machine.database.parent.symlink_to(small / "data")
        filler = await asyncio.to_thread(fill_up, small)
        line = await refused(machine)
        assert "disk is full" in line
        await asyncio.to_thread(filler.unlink)
        running = await machine.ready()
        assert await running.terminate() == 0


def lose(path: Path) -> None:
    """Delete a database whose log is still there."""
    overwrite(log_of(path), b"frames")
    remove(path)


def garble_header(path: Path) -> None:
    """Overwrite the first hundred bytes."""
    overwrite(path, b"\x00" * 100 + contents(path)[100:])


DAMAGE: dict[str, Callable[[Path], None]] = {
    "noise in the middle": damage_middle,
    "no header": garble_header,
    "cut off": cut_off,
    "empty": lambda path: overwrite(path, b""),
    "something else": lambda path: overwrite(path, b"dear diary, " * 1000),
    "gone, its log left": lose,
}


@pytest.mark.fault("S4")
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
async def test_a_damaged_database_is_refused_with_the_command_that_restores_it(
    machine: Machine, damage: Callable[[Path], None]
) -> None:
    data = machine.database.parent
    backup = data.parent / "backup.sqlite3"
    done = await asyncio.to_thread(paperbrief, data, "db", "backup", str(backup))
    assert done.returncode == 0, done.stderr
    await asyncio.to_thread(damage, machine.database)
    before = {name: contents(data / name) for name in names_in(data) if "sqlite3" in name}
    assert RESTORE in await refused(machine)
    assert {name: contents(data / name) for name in names_in(data) if "sqlite3" in name} == before, "nothing is touched"
    # And what the line says to do helps.
    done = await asyncio.to_thread(paperbrief, data, "db", "restore", str(backup))
    assert done.returncode == 0, done.stderr
    async with machine.opened() as db:
        assert await PaperStore(db).count() == 200


@pytest.mark.fault("S4")
async def test_a_database_that_vanishes_under_the_bot_ends_it_and_is_not_made_anew(machine: Machine) -> None:
    owner = admin(machine.rooms[0], machine.discord.world.owner)
    running = await machine.ready()
    await asyncio.to_thread(machine.database.unlink)
    used = await machine.ask(owner, "subscribe", topic="llm")
    assert "Briefs on" not in str(used.seen)
    assert not machine.database.exists()
    assert machine.discord.requests("POST", CREATE) == []
    running.tell(signal.SIGTERM)
    await running.ended(10)
    assert not machine.database.exists()


@pytest.mark.fault("S4")
async def test_a_database_that_is_gone_after_a_clean_stop_is_not_begun_anew_without_a_word(machine: Machine) -> None:
    data, owner = machine.database.parent, machine.rooms[0]
    running = await machine.ready()
    await machine.subscribe(owner)
    backup = data.parent / "backup.sqlite3"
    assert (await asyncio.to_thread(paperbrief, data, "db", "backup", str(backup))).returncode == 0
    await asyncio.to_thread(machine.database.unlink)
    assert await running.terminate() == 0
    for leftover in (log_of(machine.database), machine.database.with_name("paperbrief.sqlite3-shm")):
        await asyncio.to_thread(leftover.unlink, missing_ok=True)

    line = await refused(machine)
    assert "is gone, although a bot ran on it" in line
    assert RESTORE in line
    assert "To begin anew without it: paperbrief db upgrade --new" in line
    for words in (["brief", "llm"], ["db", "upgrade"], ["db", "check"], ["doctor", "--offline"], ["search", "x"]):
        done = await asyncio.to_thread(paperbrief, data, *words)
        assert done.returncode == 1, words
        assert "is gone, although a bot ran on it" in done.stdout + done.stderr, words
    assert not machine.database.exists()

    done = await asyncio.to_thread(paperbrief, data, "db", "restore", str(backup))
    assert done.returncode == 0, done.stderr
    assert len(await machine.states()) == 1
    await asyncio.to_thread(machine.database.unlink)
    done = await asyncio.to_thread(paperbrief, data, "db", "upgrade", "--new")
    assert f"upgraded from nothing to {HEAD}" in done.stdout
    assert await machine.states() == set()
    again = await asyncio.to_thread(paperbrief, data, "db", "upgrade", "--new")
    assert again.returncode == 2
    assert "exists already; --new is for one that is gone" in again.stderr
    started = await machine.ready()
    assert await started.terminate() == 0


@pytest.mark.fault("S6")
async def test_a_read_only_disk_is_a_clear_line_at_the_start(machine: Machine, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with mounted(disk, "size=12m"):
        await asyncio.to_thread(shutil.move, machine.database.parent, disk / "data")
        machine.database.parent.symlink_to(disk / "data")
        make_read_only(disk)
        line = await refused(machine)
        assert "read-only" in line
        assert "DATA_DIR" in line


_ON_NFS = """
mount --bind "$1" "/proc/$$/mounts" || exit 77
shift
exec "$@"
"""


@pytest.mark.fault("S6")
async def test_a_network_file_system_is_refused_before_a_log_is_written_there(machine: Machine) -> None:
    """The kernel's own table of mounts says NFS, in a name space of its own."""
    data = machine.database.parent
    table = data.parent / "mounts"
    table.write_text(f"/dev/root / ext4 rw 0 0\nserver:/export {data} nfs4 rw 0 0\n")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATA_DIR": str(data)}
    command = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        _ON_NFS,
        "sh",
        str(table),
        sys.executable,
        "-m",
        "bot",
        "db",
        "upgrade",
    ]
    try:
        done = await asyncio.to_thread(
            subprocess.run, command, cwd=data, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("no unshare on this machine")
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"no mount may be made here: {done.stderr.strip()}")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "network file system (nfs4)" in line
    assert names_in(data) == ["paperbrief.sqlite3"]


@pytest.mark.fault("S7")
@pytest.mark.parametrize("statements", [2, 9, 23, 37, 51])
async def test_a_migration_killed_half_way_is_completed_by_the_next(machine: Machine, statements: int) -> None:
    url = f"sqlite:///{machine.database}"
    await asyncio.to_thread(_downgrade, url)
    killed = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", _KILLED, url, str(statements)], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    done = await asyncio.to_thread(paperbrief, machine.database.parent, "db", "upgrade")
    assert done.stdout.splitlines()[-1] == f"upgraded from 0001 to {HEAD}"
    async with machine.opened() as db:
        assert await PaperStore(db).count() == 200
    assert integrity(machine.database) == "ok"


@pytest.mark.fault("S7")
async def test_an_older_program_refuses_a_newer_schema(machine: Machine) -> None:
    with closing(sqlite3.connect(machine.database, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = contents(machine.database)
    line = await refused(machine)
    assert "9999" in line
    assert "Upgrade paper-brief-bot" in line
    assert contents(machine.database) == before
