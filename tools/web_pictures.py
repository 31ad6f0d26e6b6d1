"""Make the pictures of the web edition for the docs, in Chromium: `python -m tools.web_pictures [--keep DIR]`.

The site is a real one: the sample day read from the loopback arXiv into a database, briefed by the loopback language
model of the tests, whose answers were written by hand, figures cut out of PDFs that are drawn here, and then built by
`paperbrief web build`. Each picture is of one screen and is written with few colours, so that it stays small.
"""

import asyncio
import functools
import http.server
import io
import math
import os
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from bot.app import open_online_services
from bot.clock import AsOfClock
from bot.delivery import TopicKey
from bot.demo.loopback import LoopbackArxiv
from bot.demo.run import HOURS_AFTER_RELEASE, at_loopback, read_settings
from bot.demo.sample import SampleWorld, load_sample_world
from bot.digest.catalogue import find_topic
from bot.pipeline.patience import Patience
from bot.services import OnlineServices
from bot.settings import Settings
from bot.sources.calendar import load_calendar
from bot.store.briefs import BriefStore
from bot.store.summaries import SummaryStore
from bot.texts import Overview, OverviewSentence, Translation
from tests.unit.sources.figure_kit import paper, prose, text
from tools.channel_page import ROOT, find_chromium, open_browser

PICTURES = ROOT / "docs" / "pictures"
MAX_BYTES = 150_000
TOPICS = ("multimodal", "llm-reasoning", "agents", "diffusion")
LANGUAGES = ("en", "zh-CN")
SCREENS = {"desk": (1200, 860), "phone": (390, 844)}
_COLOURS = 128
_MODEL = "sample-model"
_SHOWN = "2611.90031"

_PAGES = {
    "front": "index.html",
    "brief": "2026-11-17/multimodal/index.html",
    "paper": f"papers/{_SHOWN}/index.html",
    "figure": f"papers/{_SHOWN}/index.html#figures",
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
    with tempfile.TemporaryDirectory() as held:
        directory = Path(sys.argv[2]) if sys.argv[1:2] == ["--keep"] else Path(held)
        _build(directory)
        with (
            _served(str(directory / "site")) as address,
            sync_playwright() as playwright,
            open_browser(playwright, chromium) as one,
        ):
            for ui in LANGUAGES:
                for page, path in _PAGES.items():
                    for screen, size in SCREENS.items():
                        for scheme in ("light", "dark"):
                            name = f"web-{page}-{screen}-{scheme}-{ui}"
                            _draw(one, f"{address}{ui}/{path}", size, "dark" if scheme == "dark" else "light", name)


def _build(directory: Path) -> None:
    """Fill a database in `directory` and build the site of it, as an owner does."""
    with _model() as model:
        asyncio.run(_fill(directory, model))
    words = [sys.executable, "-m", "bot", "web", "build", "--out", str(directory / "site")]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    own = {"DATA_DIR": str(directory), "FIGURES__ENABLED": "true", "LOG__LEVEL": "warning"}
    subprocess.run(words, cwd=ROOT, env=kept | own, check=True)


async def _fill(directory: Path, model: str) -> None:
    world = load_sample_world()
    as_of = load_calendar(None).release(world.announced_on) + timedelta(hours=HOURS_AFTER_RELEASE)
    world.set_now(as_of)
    async with LoopbackArxiv(world) as server:
        server.pdfs[f"{_SHOWN}v1"] = _pdf()
        settings = _with_model(at_loopback(read_settings(), server, directory), model)
        async with open_online_services(settings, clock=AsOfClock(as_of), with_model=True) as services:
            await services.ingest.run(world.categories)
            for language in LANGUAGES:
                await _brief(services, world, settings, language)
            shown = await services.reading.papers.load_paper(_SHOWN)
            assert shown is not None  # noqa: S101  # a paper of the sample
            await services.reading.figures.prepare([shown])


async def _brief(services: OnlineServices, world: SampleWorld, settings: Settings, language: str) -> None:
    """Store the day's briefs in a language, with the overview and translations that were written for it by hand."""
    reading = services.reading
    briefs = await reading.briefing.briefs_to_post(
        [find_topic(name) for name in TOPICS],
        world.announced_on,
        max_papers=settings.brief.max_papers,
        language=language,
        patience=Patience(settings.llm.patience),
    )
    store, texts = BriefStore(reading.database), SummaryStore(reading.database)
    for brief in briefs:
        await store.save_summaries([item.summary for item in brief.items])
        await store.save_brief(brief)
        if brief.topic.slug == TOPICS[0]:
            ids = [item.paper.arxiv_id for item in brief.items]
            both, last = _OVERVIEW[language]
            overview = Overview(
                (OverviewSentence(both, tuple(ids[:2])), OverviewSentence(last, (ids[2],))), _MODEL, "1"
            )
            await texts.save_overview(TopicKey(brief.topic.slug), brief.announced_on, language, ids, overview)
    answers = {one["title"]: one for one in tomllib.loads(_ANSWERS.read_text(encoding="utf-8"))["paper"]}
    for item in (item for brief in briefs for item in brief.items):
        written: dict[str, Any] | None = answers.get(item.paper.title, {}).get("translation", {}).get(language)
        if written is not None:
            one = Translation(item.paper.arxiv_id, 1, language, written["title"], written["abstract"], _MODEL, "1")
            await texts.save_translation(one)


def _with_model(settings: Settings, address: str) -> Settings:
    llm = settings.llm.model_copy(update={"base_url": address, "model": _MODEL})
    figures = settings.figures.model_copy(update={"enabled": True})
    return settings.model_copy(update={"llm": llm, "figures": figures})


def _pdf() -> bytes:
    """Return a PDF with one figure, which is about nothing but itself: two curves over an axis."""
    left, bottom, width, height = 110, 520, 380, 190
    steps = [step / 40 for step in range(41)]
    curves = {
        "0.15 0.35 0.75": [0.95 - 0.2 * x for x in steps],
        "0.85 0.45 0.1": [0.9 * math.exp(-1.4 * x) for x in steps],
    }
    drawn = b"1 w 0 G %d %d m %d %d l %d %d l S\n" % (left, bottom + height, left, bottom, left + width, bottom)
    for colour, values in curves.items():
        points = [(left + x * width, bottom + y * height) for x, y in zip(steps, values, strict=True)]
        path = b" ".join(b"%.1f %.1f %b" % (x, y, b"l" if place else b"m") for place, (x, y) in enumerate(points))
        drawn += b"2.5 w %b RG %b S\n" % (colour.encode(), path)
    drawn += text(left + 250, bottom + 165, "image shown again", 11) + text(
        left + 250, bottom + 80, "image shown once", 11
    )
    drawn += text(left + 110, bottom - 18, "sentence of the description (drawn for this picture)", 10)
    caption = text(60, 470, "Figure 1: Share of the described objects that are in the image, by sentence.")
    return paper([drawn + caption + prose(60, 430, 480, 24)])


@contextmanager
def _model() -> Iterator[str]:
    """Run the loopback model server, and yield its address."""
    words = [sys.executable, "-m", "tests.wire.openai_server", "--sample", "--always", "good"]
    server = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield server.stdout.readline().strip() if server.stdout else ""
    finally:
        server.terminate()
        server.communicate()


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
    page.wait_for_load_state("networkidle")
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
