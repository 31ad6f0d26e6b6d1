"""Marks: short hashes of what a page is made of. A page whose mark is the same needs neither loading nor making."""

import functools
import hashlib
from importlib import metadata, resources
from importlib.resources.abc import Traversable

_BYTES = 9
_SOURCES = (
    ("bot", "web"),
    ("bot", "render"),
    ("bot", "latex"),
    ("bot", "i18n"),
    ("bot.digest", "links.py"),
    ("bot.digest", "extract.py"),
    ("bot.digest", "sentences.py"),
)
"""What decides how a page looks for the same content, as (package, file or directory in it)."""

_LIBRARIES = ("jinja2", "latex2mathml", "markupsafe")
_ENDINGS = (".py", ".po", ".j2", ".html", ".xml", ".css", ".js", ".txt", ".svg")


def mark_of(*parts: object) -> str:
    """Return the mark of values whose `repr` says all about them: equal for equal ones, in every process."""
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=_BYTES).hexdigest()


@functools.cache
def producer_mark() -> str:
    """Return the mark of this program as far as it decides how pages look: code, templates, styles, catalogues."""
    digest = hashlib.blake2b(digest_size=_BYTES)
    for package, name in _SOURCES:
        _add(digest, resources.files(package).joinpath(name), f"{package}/{name}")
    for library in _LIBRARIES:
        try:
            digest.update(f"{library} {metadata.version(library)}\n".encode())
        except metadata.PackageNotFoundError:
            continue
    return digest.hexdigest()


def _add(digest: "hashlib.blake2b", entry: Traversable, name: str) -> None:
    if entry.is_dir():
        for inner in sorted(entry.iterdir(), key=lambda one: one.name):
            _add(digest, inner, f"{name}/{inner.name}")
    elif name.endswith(_ENDINGS):
        digest.update(f"{name}\n".encode())
        digest.update(entry.read_bytes())
