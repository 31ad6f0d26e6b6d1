"""A look at the site on this machine: files of one directory, to nobody else. Not for publishing; see `docs/web.md`."""

import os
import signal
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from bot.errors import SiteError
from bot.web.writing import PRIVATE

HOST = "127.0.0.1"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}
"""Everything that a site consists of; a file of another kind is not served."""

_POLL = 0.1
_TIMEOUT = 10.0
_LONGEST_PATH = 1000


def find_file(root: Path, target: str) -> Path | None:
    """Return the file that a request's target means, None where there is none that may be served.

    Directories are served as the `index.html` in them; a link that leads out of `root` is not followed.
    """
    try:
        path = unquote(urlsplit(target).path, errors="strict")
    except (ValueError, UnicodeDecodeError):
        return None
    if not path.startswith("/") or len(path) > _LONGEST_PATH or "\\" in path or not path.isprintable():
        return None
    parts = PurePosixPath(path.lstrip("/")).parts
    if any(part in ("..", PRIVATE) or part.startswith(".") for part in parts):
        return None
    found = root.joinpath(*parts)
    if path.endswith("/"):
        found /= "index.html"
    if found.suffix not in TYPES or not found.is_file():
        return None
    return found if Path(os.path.realpath(found)).is_relative_to(os.path.realpath(root)) else None


class _Handler(BaseHTTPRequestHandler):
    server_version = "paperbrief"
    sys_version = ""
    timeout = _TIMEOUT
    root: Path

    def do_GET(self) -> None:
        """Send a file, or say that there is none."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Send what is known of a file."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names them
        """Log nothing: what somebody looks at is theirs."""

    def _answer(self, *, with_body: bool) -> None:
        path = urlsplit(self.path).path
        found = find_file(self.root, self.path)
        if found is None and not path.endswith("/") and find_file(self.root, f"{path}/") is not None:
            self._head(HTTPStatus.MOVED_PERMANENTLY, "text/plain", 0, location=f"{path.split('/')[-1]}/")
            return
        try:
            content = found.read_bytes() if found is not None else b"There is no such page.\n"
        except OSError:
            found, content = None, b"This page cannot be read.\n"
        status = HTTPStatus.OK if found is not None else HTTPStatus.NOT_FOUND
        kind = TYPES[found.suffix] if found is not None else TYPES[".txt"]
        self._head(status, kind, len(content))
        if with_body:
            self.wfile.write(content)

    def _head(self, status: HTTPStatus, kind: str, length: int, *, location: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        if location is not None:
            self.send_header("Location", location)
        self.end_headers()


def build_server(root: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of `root` on this machine's own address. Raises `SiteError` where that cannot be."""
    root = root.absolute()
    if not (root / "index.html").is_file():
        raise SiteError(f"{root} holds no site; build one with: paperbrief web build --out {root}")

    class Handler(_Handler):
        pass

    Handler.root = root
    try:
        server = ThreadingHTTPServer((HOST, port), Handler)
    except OSError as error:
        raise SiteError(
            f"cannot serve on {HOST}:{port}: {error.strerror or error}; choose another --port, or 0 for a free one"
        ) from error
    server.daemon_threads = True
    return server


def serve_until(root: Path, port: int, ready: Callable[[str], None]) -> None:
    """Serve `root` until SIGINT or SIGTERM; `ready` is told the address. Raises `SiteError`. For the main thread."""
    server = build_server(root, port)
    stopping = threading.Event()
    earlier = {number: signal.signal(number, lambda *_: stopping.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    worker = threading.Thread(target=server.serve_forever, args=(_POLL,), name="web")
    worker.start()
    try:
        ready(f"http://{HOST}:{server.server_address[1]}/")
        stopping.wait()
    finally:
        server.shutdown()
        worker.join()
        server.server_close()
        for number, handler in earlier.items():
            signal.signal(number, handler)
