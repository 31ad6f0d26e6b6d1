"""The ticker: runs jobs at intervals, and knows nothing else. The only file that knows APScheduler.

Nothing is kept in it. What is due follows from the store at every tick, so a tick that comes late, or not at all, costs
time and loses nothing. Interval jobs only: its cron triggers fire twice when clocks go back and skip when they go on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]  # it ships no types

from bot.log import get_logger

_log = get_logger(__name__)

TICK_SECONDS = 30.0

Job = Callable[[], Awaitable[object]]


class Schedule:
    """Runs each job at once and then at every interval; a job that takes longer is never run beside itself."""

    def __init__(self, jobs: Mapping[str, Job], *, seconds: float = TICK_SECONDS) -> None:
        """`jobs` by name, each expected to handle its own errors; `seconds` between two runs of a job."""
        self._jobs = dict(jobs)
        self._seconds = seconds
        self._running: set[asyncio.Task[Any]] = set()
        self._scheduler: AsyncIOScheduler | None = None

    def start(self) -> None:
        """Start ticking on the running event loop. Raises RuntimeError when it ticks already."""
        if self._scheduler is not None:
            raise RuntimeError("the schedule is running")
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            # The default lets a run go that comes a second late: a stalled loop would skip its tick.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for name, job in self._jobs.items():
            self._scheduler.add_job(
                self._run,
                "interval",
                args=(name, job),
                id=name,
                seconds=self._seconds,
                next_run_time=datetime.now(UTC),
            )
        self._scheduler.start()

    async def stop(self) -> None:
        """Stop ticking, cancel what is running and wait until it has ended. Does nothing when nothing ticks."""
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is None:
            return
        running = set(self._running)
        scheduler.shutdown(wait=False)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def _run(self, name: str, job: Job) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
        try:
            await job()
        except asyncio.CancelledError:
            # By `stop`: APScheduler, whose task this is, would log it as a failure.
            if self._scheduler is not None:
                raise
        except Exception:  # noqa: BLE001  # the job wrapper: the next tick tries again
            _log.exception("a job failed", job=name)
        finally:
            if task is not None:
                self._running.discard(task)
