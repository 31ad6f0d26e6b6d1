"""The site's directory: whole files only, never one that is not ours, and a memory of what each was made of.

Beside the pages there is `.paperbrief/`: `state.json` names every file that this program wrote or is about to write, so
that even a killed build leaves nothing that the next one would not find. Nothing else in the directory is touched.
"""

import contextlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from bot.errors import SiteError
from bot.file_lock import try_lock
from bot.log import get_logger
from bot.web import addresses

_log = get_logger(__name__)

PRIVATE = ".paperbrief"
_FORMAT = 1
_STATE = "state.json"
_LOCK = "lock"
_TEMPORARY = "tmp"


@dataclass(slots=True)
class SiteState:
    """What is remembered from one build to the next.

    `pages`: site path → (mark of what it was made of, size of its file in bytes); an empty mark: it was begun.
    `related`: paper → (mark of the pool, near papers, near surveys). `silences`: mark → JSON of a reason for silence.
    `figures`: paper → (mark of its figures, paths of their files).
    """

    pages: dict[str, tuple[str, int]] = field(default_factory=dict)
    related: dict[str, tuple[str, list[str], list[str]]] = field(default_factory=dict)
    silences: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, tuple[str, list[str]]] = field(default_factory=dict)


class SiteDirectory:
    """The directory of a site, held by one build at a time; made by `open_directory`."""

    def __init__(self, root: Path, state: SiteState) -> None:
        self.root = root
        self.state = state
        self._root_name = f"{root}{os.sep}"

    def is_current(self, path: str, mark: str) -> bool:
        """Return whether the file at a site path was made of just this, and is still there."""
        known = self.state.pages.get(path)
        if known is None or known[0] != mark:
            return False
        try:
            return os.stat(f"{self._root_name}{addresses.file_of(path)}").st_size == known[1]  # noqa: PTH116  # of thousands
        except OSError:
            return False

    def begin(self, paths: Collection[str]) -> int:
        """Note that these files are going to be written, before any of them is; return how many are new."""
        new = {path: ("", 0) for path in paths if path not in self.state.pages}
        if new:
            self.state.pages.update(new)
            self.save()
        return len(new)

    def remove_others(self, kept: Collection[str]) -> int:
        """Remove the files of ours that are not in `kept`, with the directories that this leaves empty."""
        gone = sorted(self.state.pages.keys() - set(kept))
        removed = 0
        for path in gone:
            removed += _remove(self.root, path)
            del self.state.pages[path]
        return removed

    def load_cache(self, name: str) -> dict[str, Any]:
        """Return what `save_cache` kept under that name, nothing where that is lost or damaged."""
        return _read_json(self.root / PRIVATE / f"{name}.json")

    def save_cache(self, name: str, content: Mapping[str, Any]) -> None:
        """Keep something that can be made again. Raises `SiteError`."""
        self._save(f"{name}.json", content)

    def caches(self, beginning: str) -> list[str]:
        """Return the names of what is kept that begin so."""
        return sorted(one.stem for one in (self.root / PRIVATE).glob(f"{beginning}*.json"))

    def drop_cache(self, name: str) -> None:
        """Forget what is kept under that name."""
        with contextlib.suppress(OSError):
            (self.root / PRIVATE / f"{name}.json").unlink()

    def save(self) -> None:
        """Write down what is remembered. Raises `SiteError`."""
        pages = {path: list(known) for path, known in sorted(self.state.pages.items())}
        related = dict(sorted(self.state.related.items()))
        content = {
            "format": _FORMAT,
            "pages": pages,
            "related": related,
            "silences": self.state.silences,
            "figures": self.state.figures,
        }
        self._save(_STATE, content)

    def _save(self, name: str, content: Mapping[str, Any]) -> None:
        data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        with _told(self.root):
            _replace(self.root, self.root / PRIVATE / name, data, durable=True)


@contextmanager
def open_directory(root: Path) -> Iterator[SiteDirectory]:
    """Hold `root`, made where it is missing, for one build.

    Raises `SiteError` where another build holds it, where it cannot be written, and where it holds files but was never
    made by this program.
    """
    root = root.absolute()
    with _told(root):
        root.mkdir(parents=True, exist_ok=True)
        private = root / PRIVATE
        if not private.is_dir() and any(root.iterdir()):
            raise SiteError(
                f"{root} holds files that are not from Paper Brief, and some could be overwritten; "
                "name an empty directory, or one that does not exist yet"
            )
        (private / _TEMPORARY).mkdir(parents=True, exist_ok=True)
        descriptor = os.open(private / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not try_lock(descriptor):
            raise SiteError(f"another build is writing to {root}; let it end first")
        with _told(root):
            for left in (private / _TEMPORARY).iterdir():
                left.unlink()
        yield SiteDirectory(root, _load_state(private / _STATE))
    finally:
        os.close(descriptor)


def write_file(root: Path, path: str, content: bytes) -> bool:
    """Put `content` at a site path, whole or not at all; return whether that changed anything.

    Raises `SiteError` where it cannot be written, and ValueError for a path that is none of `bot.web.addresses`.
    """
    if not _is_inside(path):
        raise ValueError(f"{path!r} is no path of a site")
    target = root / addresses.file_of(path)
    with _told(root):
        try:
            if target.stat().st_size == len(content) and target.read_bytes() == content:
                return False
        except (FileNotFoundError, NotADirectoryError):
            pass
        target.parent.mkdir(parents=True, exist_ok=True)
        if not Path(os.path.realpath(target.parent)).is_relative_to(os.path.realpath(root)):
            raise SiteError(f"{target.parent} is a link that leads out of {root}; remove it")
        _replace(root, target, content)
    return True


def _replace(root: Path, target: Path, content: bytes, *, durable: bool = False) -> None:
    # Beside nothing that is served, and emptied by the next build: a killed one leaves half a file only there.
    temporary = root / PRIVATE / _TEMPORARY / f"{os.getpid()}.{target.name}"
    with temporary.open("wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    os.replace(temporary, target)  # noqa: PTH105  # the same, with both names in order


def _remove(root: Path, path: str) -> int:
    """Remove one of our files; return 1 if it was there. Its name comes from a file that anybody may have edited."""
    if not _is_inside(path):
        return 0
    target = root / addresses.file_of(path)
    if not Path(os.path.realpath(target.parent)).is_relative_to(os.path.realpath(root)):
        return 0
    with _told(root):
        try:
            target.unlink()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return 0
    for parent in target.parents:
        if parent == root:
            break
        try:
            parent.rmdir()
        except OSError:
            break
    return 1


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    plain = all(part not in ("..", PRIVATE) and "\\" not in part and "\0" not in part for part in parts)
    return plain and not path.startswith("/")


@contextmanager
def _told(root: Path) -> Iterator[None]:
    """Say what to do about a directory that cannot be written."""
    try:
        yield
    except OSError as error:
        what = error.strerror or str(error)
        raise SiteError(
            f"cannot write the web edition to {root}: {what}"
            f"{f' ({error.filename})' if error.filename else ''}. Make room or mend its permissions, "
            "or name another directory (--out, WEB__OUT); the pages that are there stay as they are"
        ) from error


def _load_state(path: Path) -> SiteState:
    data = _read_json(path)
    if data.get("format") != _FORMAT:
        return SiteState()
    try:
        return SiteState(
            pages={str(name): (str(mark), int(size)) for name, (mark, size) in data["pages"].items()},
            related={str(key): (str(a), list(b), list(c)) for key, (a, b, c) in data["related"].items()},
            silences=dict(data["silences"]),
            figures={str(key): (str(mark), list(map(str, paths))) for key, (mark, paths) in data["figures"].items()},
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        _log.warning("the memory of the web edition is damaged; everything is made anew", path=str(path))
        return SiteState()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        _log.warning("the memory of the web edition is damaged; everything is made anew", path=str(path))
        return {}
    return data if isinstance(data, dict) else {}
