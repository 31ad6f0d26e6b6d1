"""The heartbeat's file: whole or not there, and what is made of it."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.clock import AsOfClock
from bot.health.heart import Heart
from bot.heartbeat import FILE_NAME, MAX_AGE, Beat, judge_beat, read_beat, remove_beat, write_beat
from tests.unit.deliver.fakes import JumpClock

NOW = datetime(2026, 11, 17, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("ticked_at", [None, NOW - SECOND])
def test_what_was_written_is_read(tmp_path: Path, ticked_at: datetime | None) -> None:
    beat = Beat(NOW, 123, ticked_at)
    write_beat(tmp_path, beat)
    assert read_beat(tmp_path) == beat
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_write_that_fails_leaves_the_last_heartbeat(tmp_path: Path) -> None:
    beat = Beat(NOW, 123)
    write_beat(tmp_path, beat)
    (tmp_path / f"{FILE_NAME}.part").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_beat(tmp_path, Beat(NOW + SECOND, 123))
    assert read_beat(tmp_path) == beat


@pytest.mark.parametrize(
    ("beat", "healthy", "said"),
    [
        (None, False, "is not running"),
        (Beat(NOW, 7), True, "is starting"),
        (Beat(NOW - 20 * SECOND, 7, NOW - 30 * SECOND), True, "beat 20 s ago, its ticker 30 s ago"),
        (Beat(NOW - MAX_AGE * SECOND, 7, NOW - 30 * SECOND), True, "beat 120 s ago"),
        (Beat(NOW - (MAX_AGE + 1) * SECOND, 7), False, "121 s old (at most 120 s): process 7 has ended or is stalled"),
        (Beat(NOW + 3600 * SECOND, 7), False, "3600 s in the future"),
        (Beat(NOW, 7, NOW - 300 * SECOND), False, "its ticker has been still for 300 s"),
    ],
)
def test_a_heartbeat_is_judged_in_one_line(beat: Beat | None, healthy: bool, said: str) -> None:
    found, why = judge_beat(beat, NOW)
    assert (found, said in why, "\n" in why) == (healthy, True, False), why


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"at": 5, "pid": 1, "ticked_at": null}',
        '{"at": "2026-11-17T09:00:00Z", "pid": 1e999, "ticked_at": null}',
        "[" * 100_000,
        '{"at": "2026-11-17T09:00:00", "pid": 1, "ticked_at": null}',
    ],
)
def test_a_file_that_is_no_heartbeat_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    with pytest.raises(ValueError, match="is not a heartbeat"):
        read_beat(tmp_path)


def test_a_file_of_other_bytes_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is not a heartbeat"):
        read_beat(tmp_path)


async def test_a_heart_beats_into_a_directory_that_it_makes_and_takes_its_heartbeat_away(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "data"
    heart = Heart(directory, AsOfClock(NOW))
    before = heart.ticker_age
    await heart.beat()
    beat = read_beat(directory)
    assert beat is not None
    assert (beat.pid, beat.ticked_at) == (os.getpid(), None)
    await heart.tick()
    await heart.beat()
    beat = read_beat(directory)
    assert beat is not None
    assert beat.ticked_at is not None
    assert (before, heart.ticker_age is None) == (None, False)
    heart.stop()
    assert read_beat(directory) is None


async def test_a_job_is_under_way_until_it_ends_however_it_ends(tmp_path: Path) -> None:
    clock = JumpClock(NOW)
    heart, release = Heart(tmp_path, clock), asyncio.Event()

    async def job() -> None:
        await release.wait()
        raise ZeroDivisionError

    running = asyncio.create_task(heart.watched("plan", job)())
    await asyncio.sleep(0)
    clock.pass_time(seconds=90)
    assert heart.under_way == {"plan": 90}
    release.set()
    with pytest.raises(ZeroDivisionError):
        await running
    assert heart.under_way == {}
    release.clear()
    again = asyncio.create_task(heart.watched("plan", job)())
    await asyncio.sleep(0)
    again.cancel()
    await asyncio.wait({again})
    assert heart.under_way == {}


def test_the_heartbeat_of_another_process_stays(tmp_path: Path) -> None:
    write_beat(tmp_path, Beat(NOW, os.getpid() + 1))
    remove_beat(tmp_path)
    assert read_beat(tmp_path) is not None


async def test_a_full_disk_is_logged_once_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / f"{FILE_NAME}.part").mkdir()
    heart = Heart(tmp_path, AsOfClock(NOW))
    with capture_logs() as logged:
        for _ in range(3):
            await heart.beat()
        assert read_beat(tmp_path) is None
        (tmp_path / f"{FILE_NAME}.part").rmdir()
        await heart.beat()
    assert read_beat(tmp_path) is not None
    assert [line["event"] for line in logged] == ["the heartbeat cannot be written"]
