"""The heartbeat: a small file in DATA_DIR by which another process can tell whether `paperbrief run` is at work.

Written by the running bot alone, read by `paperbrief health`. Knows the standard library only, so that a container can
ask twice a minute without noticing.
"""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

FILE_NAME = "heartbeat.json"

MAX_AGE = 120.0
"""Seconds after which a heartbeat is old: four ticks of the ticker."""


@dataclass(frozen=True, slots=True)
class Beat:
    """`at`: when it was written. `ticked_at`: when the ticker last ticked, None while the bot is still starting."""

    at: datetime
    pid: int
    ticked_at: datetime | None = None


def write_beat(directory: Path, beat: Beat) -> None:
    """Put `beat` in place of the last one, whole or not at all. Raises OSError."""
    ticked_at = beat.ticked_at.isoformat() if beat.ticked_at is not None else None
    text = json.dumps({"at": beat.at.isoformat(), "pid": beat.pid, "ticked_at": ticked_at})
    part = directory / f"{FILE_NAME}.part"
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(directory / FILE_NAME)


def read_beat(directory: Path) -> Beat | None:
    """Return the last heartbeat; None where there is none. Raises ValueError for a file that is none, and OSError."""
    try:
        read = json.loads((directory / FILE_NAME).read_text(encoding="utf-8"))
        ticked_at = read["ticked_at"]
        return Beat(_instant(read["at"]), int(read["pid"]), None if ticked_at is None else _instant(ticked_at))
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"{FILE_NAME} is not a heartbeat") from error


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant without an offset")
    return instant


def remove_beat(directory: Path, pid: int = 0) -> None:
    """Take the heartbeat away at an orderly end, if it is still that of process `pid` (0: of this one)."""
    try:
        beat = read_beat(directory)
        if beat is not None and beat.pid == (pid or os.getpid()):
            (directory / FILE_NAME).unlink(missing_ok=True)
    except (OSError, ValueError):
        # It grows old by itself.
        return


def judge_beat(beat: Beat | None, now: datetime, max_age: float = MAX_AGE) -> tuple[bool, str]:
    """Return whether a heartbeat is that of a bot at work, and why, in one line.

    One from the future is as bad as an old one: its writer ended before the clock was set back, or writes it anew soon.
    """
    if beat is None:
        return False, "no heartbeat: `paperbrief run` is not running on this DATA_DIR"
    age = (now - beat.at).total_seconds()
    if abs(age) > max_age:
        what = f"{age:.0f} s old" if age > 0 else f"{-age:.0f} s in the future"
        return False, f"the heartbeat is {what} (at most {max_age:g} s): process {beat.pid} has ended or is stalled"
    if beat.ticked_at is None:
        return True, f"process {beat.pid} beat {max(age, 0.0):.0f} s ago and is starting"
    ticked = (now - beat.ticked_at).total_seconds()
    if abs(ticked) > max_age:
        return False, f"process {beat.pid} is alive, but its ticker has been still for {ticked:.0f} s"
    return True, f"process {beat.pid} beat {max(age, 0.0):.0f} s ago, its ticker {max(ticked, 0.0):.0f} s ago"
