"""Make the pictures of the README from the real pages, in Chromium: `python -m tools.pictures`.

Needs what `make test` installs and a `chromium` on the PATH.
"""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from bot.demo.run import run_demo
from bot.log import configure_logging
from bot.render.pages import render_html

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"


def main() -> None:
    """Write `docs/pictures/brief.png`: the sample day's multimodal brief, as wide as a README."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("install Chromium first: the pictures are screenshots of real pages")
    configure_logging("warning", "auto", [])
    _report, (brief,) = asyncio.run(run_demo(["multimodal"]))
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        path = Path(directory) / "brief.html"
        path.write_text(render_html(brief), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 860, "height": 1080})
        page.goto(path.as_uri())
        page.screenshot(path=PICTURES / "brief.png")
        browser.close()


if __name__ == "__main__":
    main()
