"""How the process takes memory from the system: set once, before there are other threads. Knows nothing else."""

import ctypes
import sys

_M_ARENA_MAX = -8
"""https://man7.org/linux/man-pages/man3/mallopt.3.html; the number is that of glibc's malloc.h."""


def share_one_heap() -> None:
    """Let all threads that begin from here on use one heap; does nothing without glibc.

    By itself, glibc gives each thread its own, and what one thread frees no other can use. Each connection to the
    database has a thread, whose pages come and go: within a day, half of all those heaps is free memory that is kept.
    Python's small objects are elsewhere, so threads seldom wait for each other here.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
