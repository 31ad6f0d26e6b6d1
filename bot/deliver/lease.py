"""One sender at a time: a lock on the directory of the data, and a lease in the database with a fencing token.

The lock ends with its process, however that ends, so on SQLite it alone decides and a restart never waits. Without a
directory in common (PostgreSQL) the lease decides: it runs out by itself, and at once when its process is known to be
dead.
"""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.clock import Clock
from bot.errors import AlreadyRunning, LeaseLost, StoreError
from bot.file_lock import LOCK_NAME, try_lock
from bot.log import get_logger
from bot.store.leases import LeaseRow, LeaseStore

_log = get_logger(__name__)

LEASE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send: `token` goes into every write, `holder` is this process."""

    holder: str
    token: int


@contextmanager
def lock_directory(directory: Path) -> Iterator[None]:
    """Hold a database's directory for this process alone; raises `AlreadyRunning` when another process holds it."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / LOCK_NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not try_lock(descriptor):
            who = os.read(descriptor, 32).decode("ascii", "replace").strip()
            raise AlreadyRunning(
                f"another Paper Brief{f' (process {who})' if who else ''} already runs on the data in {directory}. "
                "Stop it first, or give this one a DATA_DIR of its own"
            )
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        # Closing ends the lock. The file stays: removing it would let two processes lock two files of one name.
        os.close(descriptor)


@asynccontextmanager
async def hold_lease(leases: LeaseStore, clock: Clock, *, lock_dir: Path | None) -> AsyncIterator[Lease]:
    """Hold the right to send and keep it alive, until the block ends.

    `lock_dir`: the directory of the database where that is a file; None for a database server. Raises
    `AlreadyRunning` when another process has the right.
    """
    holder = f"{socket.gethostname()}:{os.getpid()}"
    if lock_dir is None:
        async with _held(leases, clock, holder, alone=False) as lease:
            yield lease
        return
    with lock_directory(lock_dir):
        async with _held(leases, clock, holder, alone=True) as lease:
            yield lease


@asynccontextmanager
async def _held(leases: LeaseStore, clock: Clock, holder: str, *, alone: bool) -> AsyncIterator[Lease]:
    seen = await leases.load()
    if seen is not None and not alone and seen.until > clock.now() and not _is_over(seen.holder):
        raise _taken(seen)
    row = await leases.take(holder, clock.now() + timedelta(seconds=LEASE_SECONDS), seen=seen)
    if row is None:
        raise _taken(await leases.load())
    keeping = asyncio.create_task(_keep(leases, clock, row.token))
    try:
        yield Lease(holder, row.token)
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})
        await _give_up(leases, clock, row.token)


async def _keep(leases: LeaseStore, clock: Clock, token: int) -> None:
    """Renew until cancelled. A lease that is lost is not told here: the sender's next write is refused."""
    while True:
        await clock.sleep(LEASE_SECONDS / 3)
        try:
            await leases.renew(token, clock.now() + timedelta(seconds=LEASE_SECONDS))
        except LeaseLost:
            return
        except StoreError as error:
            _log.warning("the sender's lease could not be renewed", error=str(error))


async def _give_up(leases: LeaseStore, clock: Clock, token: int) -> None:
    try:
        await leases.renew(token, clock.now())
    except (LeaseLost, StoreError) as error:
        _log.warning("the sender's lease could not be given back", error=str(error))


def _is_over(holder: str) -> bool:
    """Return whether the process that holds a lease is known to have ended: it was on this host and is not there."""
    host, _, number = holder.rpartition(":")
    # On Windows the question itself would send the process a Ctrl-C.
    if host != socket.gethostname() or not number.isdecimal() or sys.platform == "win32":
        return False
    if int(number) == os.getpid():
        # This process is new: whoever wrote its number was an earlier one, as in a container that restarts.
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _taken(row: LeaseRow | None) -> AlreadyRunning:
    who = f" ({row.holder}, until {row.until:%H:%M:%S} UTC at the earliest)" if row else ""
    return AlreadyRunning(
        f"another Paper Brief{who} already sends from this database. Stop it first: only one may run at a time"
    )
