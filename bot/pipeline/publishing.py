"""The web edition after every run: built by a process of its own, so that nothing that is to be delivered waits for it.

A build that fails, hangs or is cut off costs nothing but the newest pages; it is logged, remembered for `/status` and
`paperbrief doctor`, and tried again after the next run.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from bot.clock import Clock
from bot.errors import StoreError
from bot.log import get_logger
from bot.model import Publication
from bot.store.source_state import SourceStateStore

_log = get_logger(__name__)

STATE = "web"
"""The name under which the last build is remembered."""

SECONDS = 900.0
"""After which a build is given up. The first one of years of briefs takes minutes."""

PAUSE = 5.0
"""Seconds between a run and the build, so that what the run brought goes out first."""

_GRACE = 1.0
_MAX_SAID = 16 * 1024
_MAX_PROBLEM = 500


class Publications:
    """What is remembered of the last build. Every method raises the kinds of `StoreError`."""

    def __init__(self, memory: SourceStateStore) -> None:
        self._memory = memory

    async def load(self) -> Publication | None:
        """Return the last build, None before the first."""
        state = await self._memory.load(STATE)
        try:
            return Publication(**{**state, "at": datetime.fromisoformat(state["at"])}) if state else None
        except (KeyError, TypeError, ValueError):
            return None

    async def save(self, one: Publication) -> None:
        """Remember a build."""
        state = {
            "at": one.at.isoformat(),
            "pages": one.pages,
            "written": one.written,
            "seconds": one.seconds,
            "problem": one.problem,
        }
        await self._memory.update(STATE, lambda _: state)


class Publisher:
    """Builds the site when it is asked to, one build at a time."""

    def __init__(
        self,
        command: Sequence[str],
        publications: Publications,
        clock: Clock,
        *,
        told: Callable[[bool], None] = lambda _: None,
        seconds: float = SECONDS,
        pause: float = PAUSE,
    ) -> None:
        """`command`: builds the site and prints its receipt as JSON. `told`: whether the last build succeeded."""
        self._command = tuple(command)
        self._publications = publications
        self._clock = clock
        self._told = told
        self._seconds = seconds
        self._pause = pause
        self._wanted = asyncio.Event()

    def request(self) -> None:
        """Ask for a build, soon; several requests before it begins are one."""
        self._wanted.set()

    async def run_forever(self) -> None:
        """Build at each request until cancelled; a build under way is then ended, which leaves whole pages."""
        last = await self._last()
        if last is not None:
            self._told(last.problem is None)
        while True:
            await self._wanted.wait()
            await asyncio.sleep(self._pause)
            self._wanted.clear()
            await self.publish()

    async def publish(self) -> Publication:
        """Build once and return what came of it, which is logged and remembered. Raises nothing but cancellation."""
        one = await self._build()
        self._told(one.problem is None)
        if one.problem is None:
            _log.info("built the web edition", pages=one.pages, written=one.written, seconds=one.seconds)
        else:
            _log.error("the web edition could not be built", problem=one.problem)
        try:
            await self._publications.save(one)
        except StoreError as error:
            _log.warning("the outcome of a build of the web edition was not stored", error=str(error))
        return one

    async def _last(self) -> Publication | None:
        try:
            return await self._publications.load()
        except StoreError as error:
            _log.warning("the last build of the web edition is not known", error=str(error))
            return None

    async def _build(self) -> Publication:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            return self._failed(f"no process can be started to build it: {error.strerror or error}")
        try:
            async with asyncio.timeout(self._seconds):
                output, said = await process.communicate()
        except TimeoutError:
            return self._failed(f"not ready after {self._seconds:g} s; given up until the next run")
        finally:
            await _end(process)
        words = _last_words(said)
        if process.returncode:
            return self._failed(words or f"the process that builds it ended with {process.returncode}")
        if words:
            _log.warning("the build of the web edition said", text=words)
        return self._receipt(output)

    def _receipt(self, output: bytes) -> Publication:
        try:
            receipt: dict[str, Any] = json.loads(output)
            return Publication(
                self._clock.now(), int(receipt["pages"]), int(receipt["written"]), float(receipt["seconds"])
            )
        except (ValueError, KeyError, TypeError):
            return self._failed("the process that builds it gave no receipt")

    def _failed(self, problem: str) -> Publication:
        return Publication(self._clock.now(), problem=problem[:_MAX_PROBLEM])


async def _end(process: asyncio.subprocess.Process) -> None:
    """See to it that the process is gone: asked first, so that its own children end with it."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    waiting = asyncio.ensure_future(process.wait())
    try:
        await asyncio.wait({waiting}, timeout=_GRACE)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await asyncio.wait({waiting})


def _last_words(said: bytes) -> str:
    lines = said[-_MAX_SAID:].decode("utf-8", "replace").splitlines()
    words = [line.removeprefix("paperbrief: ").strip() for line in lines if line.strip()]
    return " ".join(words[-3:])
