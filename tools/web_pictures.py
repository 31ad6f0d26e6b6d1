"""Make the pictures of the web edition for the docs, in Chromium: `python -m tools.web_pictures`.

The pages are those of the sample day, briefed by the demonstration with the loopback language model of the tests, whose
answers were written by hand. Each picture is of one screen and is written with few colours, so that it stays small.
"""

import asyncio
import functools
import http.server
import io
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from bot.demo.run import read_settings, run_demo
from bot.model import Brief, BriefItem
from bot.settings import LlmSettings, Settings
from bot.texts import Overview, OverviewSentence, Translation
from tests.unit.web.site_kit import SampleSite, on_another_day
from tools.channel_page import ROOT, find_chromium, open_browser

PICTURES = ROOT / "docs" / "pictures"
MAX_BYTES = 150_000
TOPICS = ("multimodal", "llm-reasoning", "agents")
SCREENS = {"desk": (1200, 860), "phone": (390, 844)}
_COLOURS = 128
_MODEL = "sample-model"

_PAGES = {
    "front": "index.html",
    "brief": "2026-11-17/multimodal/index.html",
    "paper": "papers/2611.90031/index.html",
}
_ANSWERS = ROOT / "tests" / "wire" / "sample_answers.toml"
_OVERVIEW = {
    "en": (
        "Two of today's papers make a model look again before it answers: at a redrawn chart, or at the same image.",
        "A third one chooses the frames of a long video by the question.",
    ),
    "zh-CN": (
        "今天有两篇论文让模型在回答之前再看一眼：一篇让它重绘图表，一篇让它重看图像。",
        "另一篇先看问题，再从长视频里选帧。",
    ),
}


def main() -> None:
    """Write every picture to `docs/pictures/`; leaves with a message where Chromium is missing or one is too large."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit("install Chromium first: the pictures are screenshots of the real pages")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        _site().write(Path(directory))
        with _served(directory) as address, sync_playwright() as playwright, open_browser(playwright, chromium) as one:
            for ui in ("en", "zh-CN"):
                for page, path in _PAGES.items():
                    for screen, size in SCREENS.items():
                        for scheme in ("light", "dark"):
                            name = f"web-{page}-{screen}-{scheme}-{ui}"
                            _draw(one, f"{address}{ui}/{path}", size, "dark" if scheme == "dark" else "light", name)


def _site() -> SampleSite:
    with _model() as settings:
        briefs = [
            _with_texts(brief)
            for language in ("en", "zh-CN")
            for brief in asyncio.run(run_demo(TOPICS, settings, language))[1]
        ]
    return SampleSite([*briefs, *on_another_day(briefs[: len(TOPICS)], 1)])


@contextmanager
def _model() -> Iterator[Settings]:
    """Run the loopback model server, and yield the settings that name it."""
    words = [sys.executable, "-m", "tests.wire.openai_server", "--sample", "--always", "good"]
    server = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        address = server.stdout.readline().strip() if server.stdout else ""
        llm = LlmSettings.model_validate({"base_url": address, "model": _MODEL})
        yield read_settings().model_copy(update={"llm": llm})
    finally:
        server.terminate()
        server.communicate()


def _with_texts(brief: Brief) -> Brief:
    """Return a brief with the overview and the translations that were written for it by hand."""
    answers = {one["title"]: one for one in tomllib.loads(_ANSWERS.read_text(encoding="utf-8"))["paper"]}
    items = tuple(_translated(item, answers.get(item.paper.title, {}), brief.language) for item in brief.items)
    if brief.topic.slug != TOPICS[0]:
        return replace(brief, items=items)
    ids = [item.paper.arxiv_id for item in items]
    both, last = _OVERVIEW[brief.language]
    overview = Overview((OverviewSentence(both, tuple(ids[:2])), OverviewSentence(last, (ids[2],))), _MODEL, "1")
    return replace(brief, items=items, overview=overview)


def _translated(item: BriefItem, answer: Mapping[str, Any], language: str) -> BriefItem:
    written = answer.get("translation", {}).get(language)
    if written is None:
        return item
    paper = item.paper
    translation = Translation(
        paper.arxiv_id, paper.version, language, written["title"], written["abstract"], _MODEL, "1"
    )
    return replace(item, translation=translation)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class calls it so
        pass


@contextmanager
def _served(directory: str) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=directory))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _draw(browser: Browser, address: str, size: tuple[int, int], scheme: Literal["light", "dark"], name: str) -> None:
    """Write one screen as a PNG of few colours."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(address)
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        reduced = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    path = PICTURES / f"{name}.png"
    reduced.save(path, optimize=True)
    written = path.stat().st_size
    print(f"{path.relative_to(ROOT)}  {written // 1000} kB")
    if written > MAX_BYTES:
        sys.exit(f"{path} has {written} bytes; {MAX_BYTES} are allowed")
    context.close()


if __name__ == "__main__":
    main()
