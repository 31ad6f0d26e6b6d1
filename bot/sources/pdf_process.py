"""Starting the process that opens a stranger's PDF: one at a time, without secrets, killed when it is slow.

Knows how to ask it and nothing of what it answers, which is as little to be trusted as the PDF.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from importlib import resources
from typing import Any

from bot.errors import SourceMalformed, SourceUnavailable
from bot.log import get_logger

SECONDS = 30.0
"""From start to end. Papers of 15 and 20 pages take less than half a second, half of it to load PDFium."""

MAX_OUTPUT = 8 << 20
"""Bytes that the process may answer: four times what its own limit on characters allows for in English."""

_KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
_CHUNK = 64 * 1024

_log = get_logger(__name__)


class Unfinished(SourceMalformed):
    """The process was given up, or ended by itself, before it had said all; `output` is what it said until then."""

    def __init__(self, message: str, output: bytes) -> None:
        super().__init__(message)
        self.output = output


class PdfProcess:
    """Has PDFs read, one at a time. `seconds`: after which one is given up."""

    def __init__(self, *, seconds: float = SECONDS, max_output: int = MAX_OUTPUT) -> None:
        self._seconds = seconds
        self._max_output = max_output
        self._lock = asyncio.Lock()

    async def ask(self, data: bytes, *words: str) -> bytes:
        """Return what the process answers to `words` about a PDF (see `pdf_worker`).

        Raises `SourceMalformed` for what is no PDF, its kind `Unfinished` for one that takes too much time, memory or
        room; `SourceUnavailable` where no process can be started.
        """
        if not data[:1024].lstrip().startswith(b"%PDF-"):
            raise SourceMalformed("the answer is no PDF")
        async with self._lock:
            return await self._run(data, words)

    async def _run(self, data: bytes, words: tuple[str, ...]) -> bytes:
        output = bytearray()
        with resources.as_file(resources.files("bot.sources").joinpath("pdf_worker.py")) as worker:
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-I",
                    "-B",
                    str(worker),
                    *words,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                    # A token in the environment is not for whoever takes this process over.
                    env={name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ},
                )
            except OSError as error:
                raise SourceUnavailable(f"no process can be started to read a PDF: {error.strerror}") from error
            try:
                async with asyncio.timeout(self._seconds):
                    await asyncio.gather(_feed(process, data), self._collect(process, output))
                    code = await process.wait()
            except TimeoutError as error:
                message = f"the PDF could not be read within {self._seconds:g} s"
                raise Unfinished(message, bytes(output)) from error
            finally:
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
        if code != 0:
            _log.warning("pdf.worker_died", code=code, size=len(data), asked=words[0])
            message = "the PDF could not be read: it takes more time or memory than a paper does"
            raise Unfinished(message, bytes(output))
        return bytes(output)

    async def _collect(self, process: asyncio.subprocess.Process, output: bytearray) -> None:
        assert process.stdout is not None  # noqa: S101  # it was asked for
        while chunk := await process.stdout.read(_CHUNK):
            output += chunk
            if len(output) > self._max_output:
                raise Unfinished("the PDF has more text than a paper does", bytes(output))


def answers(output: bytes) -> Iterator[dict[str, Any]]:
    """Yield what the process said before its last line, which has to be there.

    Raises `SourceMalformed` for what the process said is wrong, or did not say whole.
    """
    for line in output.splitlines():
        try:
            said = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise SourceMalformed("the PDF could not be read") from error
        if not isinstance(said, dict):
            raise SourceMalformed("the PDF could not be read")
        if said.get("error") == "encrypted":
            raise SourceMalformed("the PDF is encrypted")
        if "error" in said:
            raise SourceMalformed("the PDF is broken")
        if "pages" in said:
            return
        yield said
    raise SourceMalformed("the PDF could not be read to its end")


async def _feed(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin is not None  # noqa: S101  # it was asked for
    # The process may end before it has read all: its exit code tells why.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        await process.stdin.wait_closed()
