"""Make the pictures of the README and the docs from the demonstration's page, in Chromium: `python -m tools.pictures`.

Needs what `make test` installs and a `chromium` on the PATH. The sample day, its clock and the sizes of the screens are
fixed; what differs from run to run is the marker of a delivery. Each picture is of one screen and is written with few
colours, so that it stays small. Those that begin with `model-` are of a demonstration whose language model is the
loopback server of the tests, with answers written by hand for these papers; the last is of one whose model fails.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, expect, sync_playwright

from bot.settings import setting_names
from tools.channel_page import (
    ROOT,
    ChannelPage,
    demo_command,
    find_chromium,
    open_browser,
    read_addresses,
    start_demo,
)

PICTURES = ROOT / "docs" / "pictures"
DESK = (860, 900)
PHONE = (390, 844)
MAX_BYTES = 250_000
_COLOURS = 96

Picture = Callable[[Browser, dict[str, str]], None]
"""Draws one picture of a running demonstration, whose channels' addresses it gets by name."""


def main() -> None:
    """Write every picture to `docs/pictures/`; leaves with a message where Chromium is missing or one is too large."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit("install Chromium first: the pictures are screenshots of the real page")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, open_browser(playwright, chromium) as browser:
        _draw(browser, {}, [], (_brief, _phone, _details, _search, _why, _manage, _subscribe, _chinese))
        with _model("good") as settings:
            _draw(browser, settings, [], (_model_brief, _model_details, _model_translate, _model_ask))
            chinese = (_model_brief_chinese, _model_phone_chinese, _model_ask_chinese)
            _draw(browser, settings, ["--language", "zh-CN"], chinese)
        with _model("failing:500") as settings:
            _draw(browser, settings, [], (_model_fails,))


def _draw(browser: Browser, settings: dict[str, str], words: list[str], pictures: Sequence[Picture]) -> None:
    """Start a demonstration with these settings and no others, and draw the pictures of it."""
    bare = {name: value for name, value in os.environ.items() if name not in setting_names()}
    environment = {**bare, **settings, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with tempfile.TemporaryDirectory() as directory:
        demo = start_demo([*demo_command(), *words], Path(directory), environment)
        try:
            printed, addresses = read_addresses(demo)
            if not addresses:
                sys.exit(f"the demonstration printed no address:\n{printed}")
            for draw in pictures:
                draw(browser, addresses)
        finally:
            demo.terminate()
            demo.communicate()


@contextmanager
def _model(always: str) -> Iterator[dict[str, str]]:
    """Run the loopback model server, and yield the settings that name it."""
    words = [sys.executable, "-m", "tests.wire.openai_server", "--sample", "--always", always]
    server = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        address = server.stdout.readline().strip() if server.stdout else ""
        yield {"LLM__BASE_URL": address, "LLM__MODEL": "sample-model"}
    finally:
        server.terminate()
        server.communicate()


def _brief(browser: Browser, addresses: dict[str, str]) -> None:
    papers = _open(browser, addresses["papers"], DESK)
    papers.scroll_to(papers.messages.first)
    _save(papers, "brief")


def _phone(browser: Browser, addresses: dict[str, str]) -> None:
    papers = _open(browser, addresses["papers"], PHONE)
    papers.scroll_to(papers.messages.first)
    _save(papers, "phone")


def _details(browser: Browser, addresses: dict[str, str]) -> None:
    papers = _open(browser, addresses["papers"], DESK)
    papers.pick(papers.messages.first, "Look Twice")
    _answered(papers, "Only you can see this")
    _save(papers, "details")


def _search(browser: Browser, addresses: dict[str, str]) -> None:
    papers = _open(browser, addresses["papers"], DESK)
    papers.command("search", {"query": "agents"})
    _answered(papers, "used /search")
    _save(papers, "search")


def _subscribe(browser: Browser, addresses: dict[str, str]) -> None:
    vision = _open(browser, addresses["vision"], DESK)
    vision.command("subscribe", {"topic": "diffusion"})
    _posted(vision, "Diffusion models and image generation · Tue 17 Nov 2026")
    vision.scroll_to(vision.messages.filter(has_text="will be posted in"))
    _save(vision, "subscribe")


def _manage(browser: Browser, addresses: dict[str, str]) -> None:
    """A topic with its dry run, and a subscription opened: its state, and the buttons that change it."""
    papers = _open(browser, addresses["papers"], DESK)
    papers.command("topic show", {"topic": "agents"})
    expect(papers.newest).to_contain_text("Dry run over")
    papers.command("subscriptions", {})
    expect(papers.newest).to_contain_text("Multimodal and vision-language models")
    papers.pick(papers.newest, "Multimodal and vision-language models")
    expect(papers.newest.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    papers.scroll_to(papers.newest)
    _save(papers, "manage")


def _why(browser: Browser, addresses: dict[str, str]) -> None:
    """How things stand, and why one paper is in the brief."""
    papers = _open(browser, addresses["papers"], DESK)
    papers.command("status", {})
    expect(papers.newest).to_contain_text("Next announcement")
    papers.command("why", {"paper": "2611.90031"})
    _answered(papers, "Look Twice")
    _save(papers, "status-and-why")


def _chinese(browser: Browser, addresses: dict[str, str]) -> None:
    vision = _open(browser, addresses["vision"], DESK)
    vision.command("subscribe", {"topic": "agents"}, {"language": "简体中文"})
    posted = _posted(vision, "公布")
    vision.scroll_to(posted)
    _save(vision, "chinese")


def _model_brief(browser: Browser, addresses: dict[str, str]) -> None:
    papers = _open(browser, addresses["papers"], DESK)
    papers.scroll_to(papers.messages.first)
    _save(papers, "model-brief")


def _model_details(browser: Browser, addresses: dict[str, str]) -> None:
    papers = _open(browser, addresses["papers"], DESK)
    papers.pick(papers.messages.first, "Look Twice")
    _answered(papers, "written by sample-model")
    _save(papers, "model-details")


def _model_translate(browser: Browser, addresses: dict[str, str]) -> None:
    papers = _open(browser, addresses["papers"], DESK)
    papers.pick(papers.messages.first, "Look Twice")
    expect(papers.newest).to_contain_text("Only you can see this")
    papers.press(papers.newest, "Translate")
    expect(papers.newest).to_contain_text("Into which language")
    papers.pick(papers.newest, "简体中文")
    _answered(papers, "translated by sample-model")
    _save(papers, "model-translate")


def _model_ask(browser: Browser, addresses: dict[str, str]) -> None:
    papers = _open(browser, addresses["papers"], DESK)
    papers.command("ask", {"paper": "2611.90031", "question": "How much training does it need?"})
    _answered(papers, "answered by sample-model")
    _save(papers, "model-ask")


def _model_brief_chinese(browser: Browser, addresses: dict[str, str]) -> None:
    papers = _open(browser, addresses["papers"], DESK)
    papers.scroll_to(papers.messages.first)
    _save(papers, "model-brief-chinese")


def _model_phone_chinese(browser: Browser, addresses: dict[str, str]) -> None:
    papers = _open(browser, addresses["papers"], PHONE)
    papers.pick(papers.messages.first, "Look Twice")
    expect(papers.newest).to_contain_text("由 sample-model 撰写")
    papers.press(papers.newest, "翻译")
    _answered(papers, "由 sample-model 翻译")
    _save(papers, "model-translate-phone")


def _model_ask_chinese(browser: Browser, addresses: dict[str, str]) -> None:
    papers = _open(browser, addresses["papers"], PHONE)
    papers.command("ask", {"paper": "2611.90031", "question": "它需要多少训练？时间上的代价是多少？"})
    _answered(papers, "由 sample-model 回答")
    _save(papers, "model-ask-phone")


def _model_fails(browser: Browser, addresses: dict[str, str]) -> None:
    papers = _open(browser, addresses["papers"], DESK)
    papers.scroll_to(papers.messages.first)
    _save(papers, "model-fails")


def _open(browser: Browser, address: str, size: tuple[int, int]) -> ChannelPage:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    return ChannelPage(context.new_page(), address)


def _answered(channel: ChannelPage, text: str) -> None:
    expect(channel.newest).to_contain_text(text)
    channel.scroll_to(channel.newest)


def _posted(channel: ChannelPage, text: str) -> Locator:
    """Wait for the brief with `text` in its first line that everybody sees, and return its message."""
    posted = channel.messages.filter(has_text=text).filter(has=channel.page.get_by_text(re.compile("⟨.+⟩")))
    expect(posted).to_be_visible(timeout=30_000)
    return posted


def _save(channel: ChannelPage, name: str) -> None:
    """Write the channel, without what SimCord has around it, as a PNG of few colours."""
    channel.rest()
    with Image.open(io.BytesIO(channel.page.locator("#preview-stage").screenshot())) as picture:
        reduced = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    path = PICTURES / f"{name}.png"
    reduced.save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}  {size // 1000} kB")
    if size > MAX_BYTES:
        sys.exit(f"{path} has {size} bytes; {MAX_BYTES} are allowed")
    channel.page.context.close()


if __name__ == "__main__":
    main()
