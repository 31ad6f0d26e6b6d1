"""A build of the site that is killed at each of its steps: one line of JSON for each, {"steps": how many} at the end.

Started by `test_site_killed.py` as `killed_entry.py DATABASE OLD NEW WORK`: OLD is the site as it was, NEW as it is to
be, WORK a directory for the copies. A step is anything that changes the disk; how many there are is counted by a build
that is not killed. Forks, so that nothing is loaded twice.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.log import configure_logging
from bot.store.engine import Database
from tests.site.site_world import build, files_of

_STEPS = (
    (os, "replace"),
    (os, "rename"),
    (os, "fsync"),
    (os, "open"),
    (Path, "open"),
    (Path, "unlink"),
    (Path, "mkdir"),
    (Path, "rmdir"),
)


def main() -> None:
    """Kill a build at one step after the other."""
    url, old, new, work = sys.argv[1], *map(Path, sys.argv[2:])
    configure_logging("error", "json", [])
    # Once without an end, so that all modules are loaded.
    _build(url, work / "warm")
    wanted, before = files_of(new), files_of(old)
    root = work / "site"
    _renew(root, old)
    _fork(lambda: _build(url, root, sys.maxsize, work / "steps"))
    steps = int((work / "steps").read_text())
    for step in range(1, steps + 1):
        _renew(root, old)
        killed = _fork(lambda step=step: _build(url, root, step))  # type: ignore[misc]
        left = files_of(root)
        torn = sorted(name for name in left if left[name] not in (before.get(name), wanted.get(name)))
        lost = sorted(name for name in before.keys() & wanted.keys() if name not in left)
        _fork(lambda: _build(url, root))
        found = {"step": step, "killed": killed, "torn": torn, "lost": lost, "mended": files_of(root) == wanted}
        sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.write(json.dumps({"steps": steps}) + "\n")


def _renew(root: Path, old: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(old, root)


def _fork(work: Callable[[], None]) -> bool:
    """Do `work` in a copy of this process; return whether it was killed. Raises for any other end but a good one."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # the copy must never go on with what its parent does
            os.write(2, repr(error).encode())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    if status:
        raise RuntimeError(f"the build ended with {status}")
    return False


def _build(url: str, root: Path, at: int = 0, counted: Path | None = None) -> None:
    async def run() -> int:
        async with Database.open(url) as database:
            count = _kill_at(at) if at else list
            await build(database, root)
        return len(count())

    steps = asyncio.run(run())
    if counted is not None:
        counted.write_text(str(steps))


def _kill_at(step: int) -> Callable[[], list[str]]:
    """End this process at that step; returns what tells the steps so far."""
    done: list[str] = []

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            done.append(real.__name__)
            if len(done) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **named)

        return call

    for owner, name in _STEPS:
        setattr(owner, name, counted(getattr(owner, name)))
    return lambda: done


if __name__ == "__main__":
    main()
