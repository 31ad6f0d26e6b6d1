"""Files under tests that run on the event loop, where pathlib itself has no place."""

import os
from pathlib import Path


def overwrite(path: Path, data: bytes) -> None:
    """Replace the contents of `path`."""
    path.write_bytes(data)


def contents(path: Path) -> bytes:
    """Return the contents of `path`."""
    return path.read_bytes()


def remove(path: Path) -> None:
    """Delete `path`."""
    path.unlink()


def is_there(path: Path) -> bool:
    """Return whether anything has that name."""
    return path.exists()


def names_in(path: Path) -> list[str]:
    """Return the names in a directory, sorted."""
    return sorted(one.name for one in path.iterdir())


def log_of(path: Path) -> Path:
    """Return the name of the write-ahead log beside `path`."""
    return path.with_name(f"{path.name}-wal")


def damage_middle(path: Path) -> None:
    """Overwrite two pages in the middle with noise."""
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 8192] = os.urandom(8192)
    path.write_bytes(data)


def cut_off(path: Path) -> None:
    """Drop the second half of a file."""
    os.truncate(path, path.stat().st_size // 2)
