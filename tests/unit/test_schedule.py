"""The ticker: at once and then at intervals, never beside itself, never skipping, ended cleanly."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.schedule import Schedule


class Job:
    """Counts its runs; each run lasts until it is released."""

    def __init__(self, *, hold: bool = False, error: Exception | None = None) -> None:
        self.runs = 0
        self.ended = 0
        self.cancelled = 0
        self.begun = asyncio.Event()
        self.release = asyncio.Event()
        self._error = error
        if not hold:
            self.release.set()

    async def __call__(self) -> None:
        self.runs += 1
        self.begun.set()
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self._error:
            raise self._error
        self.ended += 1


async def until(condition: asyncio.Event) -> None:
    await asyncio.wait_for(condition.wait(), 10)


def overdue(schedule: Schedule, name: str, by: timedelta) -> None:
    """Make a job look as if the loop had been stalled since it was due."""
    scheduler = schedule._scheduler
    assert scheduler is not None
    scheduler.modify_job(name, next_run_time=datetime.now(UTC) - by)


async def test_jobs_run_at_once_and_side_by_side() -> None:
    one, other = Job(hold=True), Job()
    schedule = Schedule({"one": one, "other": other}, seconds=3600)
    schedule.start()
    try:
        await until(one.begun)
        await until(other.begun)
    finally:
        await schedule.stop()
    assert (one.runs, other.runs) == (1, 1)


@pytest.mark.parametrize("late", [timedelta(seconds=5), timedelta(days=2)])
async def test_a_tick_that_a_stalled_loop_made_late_still_runs_and_once(late: timedelta) -> None:
    job = Job()
    schedule = Schedule({"tick": job}, seconds=1800)
    schedule.start()
    try:
        await until(job.begun)
        job.begun.clear()
        overdue(schedule, "tick", late)
        await until(job.begun)
    finally:
        await schedule.stop()
    assert job.runs == 2


async def test_a_job_never_runs_beside_itself() -> None:
    job, other = Job(hold=True), Job()
    schedule = Schedule({"tick": job, "other": other}, seconds=1800)
    schedule.start()
    try:
        await until(job.begun)
        other.begun.clear()
        overdue(schedule, "tick", timedelta(hours=2))
        overdue(schedule, "other", timedelta(hours=2))
        await until(other.begun)
        assert job.runs == 1
    finally:
        await schedule.stop()


async def test_a_job_that_fails_runs_again() -> None:
    job = Job(error=RuntimeError("broken"))
    schedule = Schedule({"tick": job}, seconds=1800)
    schedule.start()
    try:
        await until(job.begun)
        job.begun.clear()
        overdue(schedule, "tick", timedelta(seconds=1))
        await until(job.begun)
    finally:
        await schedule.stop()
    assert job.runs == 2


async def test_stopping_cancels_what_runs_and_waits_for_it() -> None:
    job = Job(hold=True)
    schedule = Schedule({"tick": job}, seconds=1800)
    schedule.start()
    await until(job.begun)
    await schedule.stop()
    assert (job.cancelled, job.ended) == (1, 0)
    await schedule.stop()


async def test_it_starts_again_after_a_stop_and_not_twice() -> None:
    job = Job()
    schedule = Schedule({"tick": job}, seconds=1800)
    schedule.start()
    with pytest.raises(RuntimeError, match="running"):
        schedule.start()
    await until(job.begun)
    await schedule.stop()
    job.begun.clear()
    schedule.start()
    try:
        await until(job.begun)
    finally:
        await schedule.stop()
    assert job.runs == 2
