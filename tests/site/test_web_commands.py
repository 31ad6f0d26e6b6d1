"""`paperbrief web` as a process of its own: exit codes, receipts, and an end on SIGTERM and Ctrl-C."""

import asyncio
import json
import os
import signal
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.site.site_world import open_filled

ROOT = Path(__file__).resolve().parents[2]


async def run(url: str, cwd: Path, *words: str) -> tuple[int, str, str]:
    """Run a command to its end; return its exit code, what it printed, and what it said on standard error."""
    process = await start(url, cwd, *words)
    output, said = await process.communicate()
    return process.returncode or 0, output.decode(), said.decode()


async def start(url: str, cwd: Path, *words: str) -> asyncio.subprocess.Process:
    """Start a command in a directory without settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPYCACHEPREFIX") if name in os.environ}
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "web", *words),
        cwd=cwd,
        env=kept | {"DATABASE__URL": url, "PYTHONPATH": path, "LOG__LEVEL": "warning"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_site_is_built_and_looked_at(sqlite_url: str, tmp_path: Path, number: int) -> None:
    await open_filled(sqlite_url)
    code, output, said = await run(sqlite_url, tmp_path, "build", "--out", "site", "--format", "json")
    assert (code, said) == (0, "")
    receipt = json.loads(output)
    assert receipt["written"] == receipt["pages"] > 40
    server = await start(sqlite_url, tmp_path, "serve", "--out", "site", "--port", "0")
    try:
        assert server.stdout is not None
        line = (await server.stdout.readline()).decode()
        address = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
        answer = await asyncio.to_thread(urllib.request.urlopen, f"{address}en/")
        with answer:
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert b"<!doctype html>" in answer.read()
    finally:
        server.send_signal(number)
        _, ended = await server.communicate()
    assert server.returncode == 0
    assert ended.decode().strip() == "paperbrief: stopped"


async def test_what_cannot_be_done_says_what_to_do(sqlite_url: str, tmp_path: Path) -> None:
    code, _, said = await run(sqlite_url, tmp_path, "build")
    assert code == 2
    assert "WEB__OUT" in said
    code, _, said = await run(sqlite_url, tmp_path, "build", "--out", "site", "--since", "yesterday")
    assert code == 2
    assert "YYYY-MM-DD" in said or "2026-05-12" in said
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "index.html").write_text("mine")
    code, _, said = await run(sqlite_url, tmp_path, "build", "--out", "mine")
    assert code == 1
    assert "empty directory" in said
    code, _, said = await run(sqlite_url, tmp_path, "serve", "--out", "nowhere")
    assert code == 1
    assert "paperbrief web build" in said
