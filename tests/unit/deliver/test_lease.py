"""One sender at a time: the lock on a directory and the lease in a database."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from bot.deliver.lease import LEASE_SECONDS, hold_lease, lock_directory
from bot.errors import AlreadyRunning
from bot.file_lock import LOCK_NAME
from bot.store.engine import Database
from bot.store.leases import LeaseStore
from tests.unit.deliver.fakes import JumpClock
from tests.unit.deliver.samples import NOON

_HOLD = """
import sys
from pathlib import Path
from bot.deliver.lease import lock_directory
with lock_directory(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


class StillClock(JumpClock):
    """A clock whose waits only end with the task."""

    async def sleep(self, seconds: float) -> None:
        """Wait to be cancelled."""
        await asyncio.Event().wait()


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with pytest.raises(
            AlreadyRunning, match=rf"\(process {first.pid}\) already runs on the data in .*Stop it first"
        ):
            lock_directory(tmp_path).__enter__()
        first.send_signal(signal.SIGKILL)
        first.wait()
        with lock_directory(tmp_path):
            assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()}\n"


def test_a_directory_is_made_and_can_be_locked_again(tmp_path: Path) -> None:
    for _ in range(2):
        with lock_directory(tmp_path / "new" / "data"):
            pass


async def test_a_lease_in_use_is_refused_and_says_by_whom(db: Database) -> None:
    leases, clock = LeaseStore(db), StillClock()
    await leases.take("elsewhere:7", NOON + timedelta(seconds=50), seen=None)
    with pytest.raises(AlreadyRunning, match=r"elsewhere:7, until 12:00:50 UTC"):
        await hold_lease(leases, clock, lock_dir=None).__aenter__()
    clock.pass_time(seconds=51)
    async with hold_lease(leases, clock, lock_dir=None) as lease:
        assert lease.token == 2
        row = await leases.load()
        assert row is not None
        assert (row.holder, row.until) == (lease.holder, clock.now() + timedelta(seconds=LEASE_SECONDS))
    given_back = await leases.load()
    assert given_back is not None
    assert given_back.until == clock.now()


async def test_a_lease_of_a_process_that_is_dead_is_taken_at_once(db: Database) -> None:
    leases, clock = LeaseStore(db), StillClock()
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", "import json, os, socket; print(json.dumps([socket.gethostname(), os.getpid()]))"],
        check=True,
        capture_output=True,
    )
    host, pid = json.loads(done.stdout)
    seen = await leases.take(f"{host}:{pid}", NOON + timedelta(days=1), seen=None)
    async with hold_lease(leases, clock, lock_dir=None) as lease:
        assert lease.token == 2
    living = os.getppid()
    seen = await leases.load()
    await leases.take(f"{host}:{living}", NOON + timedelta(days=1), seen=seen)
    with pytest.raises(AlreadyRunning, match=f"{host}:{living}"):
        await hold_lease(leases, clock, lock_dir=None).__aenter__()


async def test_what_runs_on_another_host_is_not_judged_by_the_processes_of_this_one(db: Database) -> None:
    leases, clock = LeaseStore(db), StillClock()
    dead = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await dead.wait()
    seen = None
    for holder in (f"elsewhere:{dead.pid}", f"{socket.gethostname()}:nobody"):
        seen = await leases.take(holder, NOON + timedelta(seconds=50), seen=seen)
        with pytest.raises(AlreadyRunning, match=holder):
            await hold_lease(leases, clock, lock_dir=None).__aenter__()


async def test_with_the_lock_of_the_directory_no_lease_is_waited_for(db: Database, tmp_path: Path) -> None:
    leases, clock = LeaseStore(db), StillClock()
    await leases.take("elsewhere:7", NOON + timedelta(days=1), seen=None)
    async with hold_lease(leases, clock, lock_dir=tmp_path) as lease:
        assert lease.token == 2


async def test_a_lease_is_renewed_while_it_is_held(db: Database) -> None:
    leases, clock = LeaseStore(db), JumpClock()
    async with hold_lease(leases, clock, lock_dir=None):
        for _ in range(100_000):
            row = await leases.load()
            assert row is not None
            if row.until > NOON + timedelta(seconds=2 * LEASE_SECONDS):
                break
        else:
            raise AssertionError("never renewed")
