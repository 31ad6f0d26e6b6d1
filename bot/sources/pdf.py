"""Opening a stranger's PDF without trusting it: another process does, one at a time, and is killed when it is slow."""

import asyncio
import contextlib
import json
import os
import sys
from importlib import resources

from bot.errors import SourceMalformed, SourceUnavailable
from bot.log import get_logger
from bot.sources.pdf_text import join_pages
from bot.texts import Passage

SECONDS = 30.0
"""From start to end. Papers of 15 and 20 pages take less than half a second, half of it to load PDFium."""

MAX_OUTPUT = 8 << 20
"""Bytes that the process may answer: four times what its own limit on characters allows for in English."""

_KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
_CHUNK = 64 * 1024

_log = get_logger(__name__)


class PdfReader:
    """Reads PDFs in a process of their own, one at a time. `seconds`: after which one is given up."""

    def __init__(self, *, seconds: float = SECONDS, max_output: int = MAX_OUTPUT) -> None:
        self._seconds = seconds
        self._max_output = max_output
        self._lock = asyncio.Lock()

    async def read(self, data: bytes) -> tuple[Passage, ...]:
        """Return the paragraphs of a PDF.

        Raises `SourceMalformed`, in words, for one that is no PDF, broken, encrypted, without text, or takes too much
        time or memory; `SourceUnavailable` where no process can be started.
        """
        if not data[:1024].lstrip().startswith(b"%PDF-"):
            raise SourceMalformed("the answer is no PDF")
        async with self._lock:
            output = await self._run(data)
        pages = _pages(output)
        passages = await asyncio.to_thread(join_pages, pages)
        if not passages:
            raise SourceMalformed("the PDF has no text, only pictures of it")
        return passages

    async def _run(self, data: bytes) -> bytes:
        with resources.as_file(resources.files("bot.sources").joinpath("pdf_worker.py")) as worker:
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-I",
                    "-B",
                    str(worker),
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
                    _, output = await asyncio.gather(_feed(process, data), self._collect(process))
                    code = await process.wait()
            except TimeoutError as error:
                raise SourceMalformed(f"the PDF could not be read within {self._seconds:g} s") from error
            finally:
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
        if code != 0:
            _log.warning("pdf.worker_died", code=code, size=len(data))
            raise SourceMalformed("the PDF could not be read: it takes more time or memory than a paper does")
        return output

    async def _collect(self, process: asyncio.subprocess.Process) -> bytes:
        output = bytearray()
        assert process.stdout is not None  # noqa: S101  # it was asked for
        while chunk := await process.stdout.read(_CHUNK):
            output += chunk
            if len(output) > self._max_output:
                raise SourceMalformed("the PDF has more text than a paper does")
        return bytes(output)


async def _feed(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin is not None  # noqa: S101  # it was asked for
    # The process may end before it has read all: its exit code tells why.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        await process.stdin.wait_closed()


def _pages(output: bytes) -> list[str]:
    """Return the pages' texts. Raises `SourceMalformed` for what the process said is wrong, or did not say whole."""
    pages: list[str] = []
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
        if "page" in said:
            pages.append(str(said["page"]))
        elif "pages" in said:
            return pages
    raise SourceMalformed("the PDF could not be read to its end")
