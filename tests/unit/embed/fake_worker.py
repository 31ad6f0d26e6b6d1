"""A process that talks like the worker of MiniLM, without a model: a vector tells how long the text was.

    python -I fake_worker.py BEHAVIOUR LOG

Behaviour: "good", or what the first process does wrong ("crash", "hang", "silent", "short", "long", "refuse", "noise"),
or the same for every process with "-always" behind it. LOG gets a line for each process started and each frame read.
"""

import json
import os
import struct
import sys
import time
from pathlib import Path

DIMENSIONS = 384


def frame() -> list[str] | None:
    """Return the next frame of texts."""
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        return None
    texts: list[str] = json.loads(sys.stdin.buffer.read(struct.unpack(">I", head)[0]))
    return texts


def answer(data: bytes) -> None:
    """Write a frame."""
    sys.stdout.buffer.write(struct.pack(">I", len(data)) + data)
    sys.stdout.buffer.flush()


def vector(text: str) -> bytes:
    """Return a vector that leans the more to its second number the longer the text is."""
    row = [1.0, len(text) / 100, *([0.0] * (DIMENSIONS - 2))]
    return struct.pack(f"<{DIMENSIONS}f", *row)


def main() -> None:
    """Answer until the input ends."""
    behaviour, log = sys.argv[1], Path(sys.argv[2])
    with log.open("a", encoding="utf-8") as file:
        file.write(f"started {os.getpid()} {sorted(os.environ)}\n")
    first = log.read_text(encoding="utf-8").count("started") == 1
    wrong = behaviour.removesuffix("-always") if first or behaviour.endswith("-always") else "good"
    if wrong == "silent":
        time.sleep(600)
    if wrong == "refuse":
        answer(b'{"error": "onnxruntime is not installed"}')
        return
    answer(b"not JSON" if wrong == "noise" else json.dumps({"dimensions": DIMENSIONS}).encode())
    while (texts := frame()) is not None:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"frame {len(texts)}\n")
        if wrong == "crash":
            os._exit(3)
        if wrong == "hang":
            time.sleep(600)
        data = b"".join(vector(text) for text in texts)
        if wrong == "long":
            sys.stdout.buffer.write(struct.pack(">I", 1 << 31))
            sys.stdout.buffer.flush()
            time.sleep(600)
        answer(data[:-4] if wrong == "short" else data)


if __name__ == "__main__":
    main()
