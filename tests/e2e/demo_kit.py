"""The demonstration as a process that may call nobody beyond this machine, and a browser that is watched."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from bot.settings import setting_names
from tools.channel_page import ROOT, find_chromium, open_browser, start_demo

# Leaves with 99 at the first name that is looked up or host that is called beyond this machine.
GUARD = """
import os, sys
LOCAL = {"127.0.0.1", "localhost", "::1", b"127.0.0.1", b"localhost", None}
def watch(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][0] not in LOCAL:
        os.write(2, f"called {arguments[1]}\\n".encode()); os._exit(99)
    if event == "socket.getaddrinfo" and arguments[0] not in LOCAL:
        os.write(2, f"looked up {arguments[0]}\\n".encode()); os._exit(99)
sys.addaudithook(watch)
sys.argv[0] = "paperbrief"
from bot.cli import run
run()
"""


def run_demo(tmp_path: Path, *words: str, settings: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
    """Start `paperbrief demo` with `settings` and no others."""
    bare = {name: value for name, value in os.environ.items() if name not in setting_names()}
    environment = {**bare, **(settings or {}), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    return start_demo([sys.executable, "-c", GUARD, "demo", *words], tmp_path, environment)


def end(demo: "subprocess.Popen[str]", number: signal.Signals) -> tuple[int, str, str]:
    """Tell it to end; return its exit code and what it printed since and complained of."""
    demo.send_signal(number)
    printed, errors = demo.communicate(timeout=20)
    return demo.returncode, printed, errors


def put_an_end(demo: "subprocess.Popen[str]") -> None:
    """Leave nothing behind, however the test went."""
    if demo.poll() is None:
        demo.kill()
    demo.communicate()


@contextmanager
def watched_browser() -> Iterator[tuple[Page, list[str], list[str]]]:
    """Yield a page, what it complained of and what it asked for; skips where there is no Chromium."""
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("skipped: no Chromium on this machine")
    with sync_playwright() as playwright, open_browser(playwright, chromium) as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        complaints: list[str] = []
        requests: list[str] = []
        context.on("console", lambda said: complaints.append(f"{said.text} {said.location['url']}"))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("request", lambda request: requests.append(request.url))
        yield context.new_page(), complaints, requests
