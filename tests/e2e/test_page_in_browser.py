"""The HTML brief in a real browser: nothing scrolls sideways on a phone, nothing is loaded, nothing complains."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from bot.cli.briefs import BriefFormat
from bot.demo.run import run_demo
from bot.render.pages import render_html

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("skipped: no Chromium on this machine")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
async def page_file(tmp_path: Path) -> Path:
    _report, (brief,) = await run_demo(["multimodal"])
    path = tmp_path / f"brief.{BriefFormat.HTML}"
    path.write_text(render_html(brief), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_brief_fits_the_screen_and_needs_nothing_else(
    page_file: Path, browser: Browser, width: int, scheme: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(page_file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("article").count() >= 3
    assert page.locator("html").get_attribute("lang") == "en"
    background, colour = page.evaluate("(s => [s.backgroundColor, s.color])(getComputedStyle(document.body))")
    light = sum(int(part) for part in background.strip("rgb()").split(",")) > 384
    assert light is (scheme == "light"), (background, colour)
    assert requests == [page_file.as_uri()]
    assert complaints == []
    page.close()
