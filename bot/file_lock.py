"""The lock of a file that ends with its process, however that ends, on every system. Knows not what it guards.

The file itself stays for good: where one of `LOCK_NAME` lies, a bot ran on the data beside it.
"""

import os
import sys

LOCK_NAME = "paperbrief.lock"


def try_lock(descriptor: int) -> bool:
    """Take the lock of an open file without waiting; return whether nobody else holds it. Closing the file ends it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            # Far behind any text, so that another process can still read who holds it.
            os.lseek(descriptor, 1 << 20, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.lseek(descriptor, 0, os.SEEK_SET)
        return False
    return True
