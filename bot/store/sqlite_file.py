"""The SQLite file itself: where it may lie, whether it is whole, how it comes into being.

A database is made under another name and moved into place when it is complete. So a file of this name that is empty is
a loss to be told about, never a place to begin again in; and so is a file that is missing where a bot ran, whose lock
stays beside it. Synchronous: call it in a thread.
"""

import os
import secrets
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from bot.errors import DatabaseUnwritable
from bot.file_lock import LOCK_NAME
from bot.log import get_logger
from bot.store.address import Address, parse_address
from bot.store.border import border, corrupt, lost
from bot.store.migrate import missing_tables, upgrade_schema
from bot.store.migrations import HEAD

_log = get_logger(__name__)

CHECK_ALWAYS = 256 * 2**20
"""Bytes up to which a file is checked whole at every start (0.2 s); a larger one (0.7 s a gigabyte) once a day."""

CHECK_INTERVAL = timedelta(days=1)

_CHECKED = "quick_check"
"""The row of `source_state` that says when a large file was last checked."""

_NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "fuse.sshfs"})


def prepare_file(address: Address, *, busy_timeout: float, now: datetime) -> None:
    """Make the database of `address` ready: create it at first use, refuse a damaged one, upgrade an older one.

    Raises `DatabaseCorrupt`, `DatabaseTooNew`, `DatabaseUnwritable`, `DatabaseBusy`.
    """
    path = address.file
    check_place(path)
    if not path.exists():
        check_not_lost(path)
        create_file(address, busy_timeout)
    with border(address.shown):
        if check_whole(path, busy_timeout, now) != HEAD:
            upgrade_schema(address, busy_timeout=busy_timeout)


def is_there(path: Path) -> bool:
    """Return whether there is a file of that name. Raises `DatabaseUnwritable` where this user may not look."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error
    return True


def check_place(path: Path) -> None:
    """Make the directory of `path` and raise unless a database can live there."""
    directory = path.parent
    try:
        directory.mkdir(parents=True, exist_ok=True)
        exists = path.exists()
        size = path.stat().st_size if exists else 0
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error
    if path.is_dir():
        raise _unwritable(path, "it is a directory")
    if not os.access(directory, os.W_OK | os.X_OK):
        raise _unwritable(path, f"the directory {directory} is read-only for this user")
    if exists and not os.access(path, os.R_OK | os.W_OK):
        raise _unwritable(path, "the file is read-only for this user")
    kind = file_system_of(directory)
    if kind in _NETWORK_FILE_SYSTEMS:
        raise _unwritable(path, f"it lies on a network file system ({kind}), where SQLite's log is not safe")
    if exists and size == 0:
        raise corrupt(str(path), "is empty, although this program never leaves an empty file")
    if not exists and wal_of(path).exists():
        raise corrupt(str(path), "is gone, but its log (-wal) is still there")


def check_not_lost(path: Path) -> None:
    """Raise `DatabaseCorrupt` for a file that is missing although a bot ran on it."""
    if is_there(path.parent / LOCK_NAME):
        raise lost(str(path))


def check_whole(path: Path, busy_timeout: float, now: datetime) -> str:
    """Return the revision of an existing file after looking it over.

    Raises `DatabaseCorrupt` for a file that is no database or fails `quick_check`, and when tables are missing;
    drivers' errors pass through.
    """
    with closing(connect(path, busy_timeout)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        large = path.stat().st_size > CHECK_ALWAYS
        if not large or _check_due(connection, names, now):
            problem = quick_check(connection)
            if problem is not None:
                raise corrupt(str(path), f"is damaged ({problem})")
            if large:
                _note_check(connection, now)
        if "alembic_version" not in names:
            raise corrupt(str(path), "holds no schema version: it is empty, damaged, or of another program")
        revisions = [revision for (revision,) in connection.execute("SELECT version_num FROM alembic_version")]
    if revisions == [HEAD]:
        missing = missing_tables(names, "sqlite")
        if missing:
            raise corrupt(str(path), f"lacks the table {', '.join(missing)}")
    return str(revisions[0]) if len(revisions) == 1 else ""


def _check_due(connection: sqlite3.Connection, names: set[str], now: datetime) -> bool:
    """Return whether a large file was not found whole within a day."""
    if "source_state" not in names:
        return True
    row = connection.execute("SELECT updated_at FROM source_state WHERE name = ?", (_CHECKED,)).fetchone()
    # A replayed clock may run far from the last check in either direction.
    return row is None or abs(now - datetime.fromisoformat(row[0]).replace(tzinfo=UTC)) >= CHECK_INTERVAL


def _note_check(connection: sqlite3.Connection, now: datetime) -> None:
    # As `UtcDateTime` writes it. Where that cannot be done now, the next start checks again.
    stamp = f"{now.astimezone(UTC).replace(tzinfo=None):%Y-%m-%d %H:%M:%S.%f}"
    with suppress(sqlite3.OperationalError):
        connection.execute("INSERT OR REPLACE INTO source_state VALUES (?, '{}', ?)", (_CHECKED, stamp))


def quick_check(connection: sqlite3.Connection) -> str | None:
    """Return the first damage that SQLite finds, or None."""
    first = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    return None if first == "ok" else str(first).splitlines()[-1]


def connect(path: Path, busy_timeout: float, *, immutable: bool = False) -> sqlite3.Connection:
    """Return a connection to an existing file, in autocommit mode. `immutable`: nobody changes it, nothing is written.

    Never creates a file.
    """
    mode = "mode=ro&immutable=1" if immutable else "mode=rw"
    address = f"file:{quote(str(path.absolute()))}?{mode}"
    return sqlite3.connect(address, uri=True, isolation_level=None, timeout=busy_timeout)


def begins_like_sqlite(path: Path) -> bool:
    """Return whether the file has SQLite's header (https://sqlite.org/fileformat.html#magic_header_string)."""
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\x00"


def use_log(path: Path, busy_timeout: float) -> None:
    """Put a file that nobody else has open into WAL mode, for good: later, connections would be in each other's way."""
    with closing(connect(path, busy_timeout)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def wal_of(path: Path) -> Path:
    """Return the name of the write-ahead log beside `path`."""
    return path.with_name(f"{path.name}-wal")


def beside(path: Path, purpose: str) -> Path:
    """Return an unused name in the same directory, for a file that will be moved into place."""
    return path.with_name(f"{path.name}.{purpose}-{os.getpid()}-{secrets.token_hex(4)}")


def move_new(temporary: Path, path: Path) -> None:
    """Give `temporary` the name `path` at once and durably; raises `FileExistsError` when that name is taken."""
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here (FAT, some container mounts): nearly as good, as both writers bring the same.
        if path.exists():
            raise FileExistsError(path) from None
        temporary.replace(path)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make names in `directory` survive a power cut, where the system can."""
    with suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def file_system_of(directory: Path, mounts: Path = Path("/proc/self/mounts")) -> str | None:
    """Return the type of the file system that holds `directory`, or None where the system does not tell."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    target = directory.resolve()
    best: tuple[int, str] | None = None
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        mount = Path(fields[1].replace("\\040", " "))
        if target.is_relative_to(mount) and (best is None or len(mount.parts) >= best[0]):
            best = (len(mount.parts), fields[2])
    return best[1] if best else None


def create_file(address: Address, busy_timeout: float) -> None:
    """Make a new database, unless another process was quicker. Raises `DatabaseUnwritable`."""
    path = address.file
    temporary = beside(path, "new")
    try:
        with border(address.shown):
            upgrade_schema(_at(temporary), busy_timeout=busy_timeout, new=True)
            use_log(temporary, busy_timeout)
        # Another process may have been quicker: then its file is the database.
        with suppress(FileExistsError):
            move_new(temporary, path)
            _log.info("database created", database=address.shown)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error
    finally:
        for leftover in (temporary, temporary.with_name(f"{temporary.name}-journal")):
            leftover.unlink(missing_ok=True)


def _at(path: Path) -> Address:
    return parse_address(f"sqlite:///{path}")


def _unwritable(path: Path, why: str) -> DatabaseUnwritable:
    return DatabaseUnwritable(
        f"the database {path} cannot be used: {why}. Choose another place with DATA_DIR or DATABASE__URL, "
        "or make this one writable"
    )
