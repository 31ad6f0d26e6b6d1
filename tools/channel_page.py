"""Use the demonstration's page in Chromium as a person does: type commands, pick from menus, press buttons.

For the pictures and for the test that walks the page. It waits for what a person waits for, and asserts nothing else.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, Playwright, TimeoutError, expect  # noqa: A004  # Playwright's own

ROOT = Path(__file__).resolve().parent.parent

# Without a sandbox it also runs where this does as root, and it calls nobody by itself.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_ADDRESS = re.compile(r"#(?P<name>\w+), [^:]+: (?P<address>http://127\.0\.0\.1:\d+/#\S+)")
_LAST_LINE = "Ctrl-C ends it."
_TRIES = 5


def find_chromium() -> str | None:
    """Return the path of a Chromium, None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def open_browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    """Yield a headless Chromium."""
    browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
    try:
        yield browser
    finally:
        browser.close()


def start_demo(command: Sequence[str], directory: Path, environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    """Start `command`, which runs `paperbrief demo`, in `directory`."""
    return subprocess.Popen(
        command, cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def read_addresses(demo: "subprocess.Popen[str]") -> tuple[str, dict[str, str]]:
    """Return what the demonstration has printed up to its last line, and the addresses in it by channel."""
    printed = ""
    for line in demo.stdout or ():
        printed += line
        if line.strip() == _LAST_LINE:
            break
    return printed, {found["name"]: found["address"] for found in _ADDRESS.finditer(printed)}


def demo_command() -> list[str]:
    """Return the command that runs the demonstration of this checkout."""
    return [sys.executable, "-m", "bot", "demo"]


class ChannelPage:
    """One channel, open in a browser."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        page.goto(address)
        # The page tells the server how large it is and is drawn again; what is clicked before that may be lost.
        expect(page.locator("#action-status")).to_have_text("Viewport updated")
        expect(page.locator("#channel-composer-input")).to_be_visible()

    @property
    def messages(self) -> Locator:
        """Return the messages, oldest first; what only this viewer sees is among them."""
        return self.page.locator("#channel-message-list > article")

    @property
    def newest(self) -> Locator:
        """Return the newest message."""
        return self.messages.last

    def command(self, name: str, typed: Mapping[str, str], chosen: Mapping[str, str] | None = None) -> None:
        """Run a command with options that are `typed` or `chosen` from a list, and wait until it was answered."""
        page = self.page
        page.locator("#channel-composer-input").fill(f"/{name}")
        page.locator(".command-entry").filter(has=page.get_by_text(f"/{name}", exact=True)).click()
        for option, text in typed.items():
            self._option(option).fill(text)
            page.keyboard.press("Escape")
        for option, label in (chosen or {}).items():
            self._option(option).fill(label)
            page.locator(".command-suggestion").filter(has_text=label).first.click()
        page.locator("#send-message").click()
        # A model may think about its answer.
        expect(page.locator("#channel-composer-input")).to_be_visible(timeout=30_000)

    def pick(self, message: Locator, label: str) -> None:
        """Pick the option `label` from the menu under `message`."""
        # While an action is under way the page takes no other, though what it brought can be seen already.
        self.rest()
        message.locator(".select-trigger").click()
        message.locator(".select-option").filter(has_text=label).click()

    def press(self, message: Locator, label: str) -> None:
        """Press a button under `message`."""
        self.rest()
        message.get_by_role("button", name=label, exact=True).click()

    def scroll_to(self, message: Locator) -> None:
        """Bring the beginning of `message` to the top of the screen, as far as the channel goes."""
        self.rest()
        message.evaluate(
            "message => { const timeline = document.getElementById('channel-timeline');"
            " timeline.scrollTop += message.getBoundingClientRect().top - timeline.getBoundingClientRect().top }"
        )

    def rest(self) -> None:
        """Wait until the page has nothing under way, with the pointer out of the way."""
        self.page.mouse.move(0, 0)
        expect(self.page.locator("#action-status")).not_to_contain_text("…")

    def _option(self, name: str) -> Locator:
        page = self.page
        field = page.locator(f'.command-pill[data-option="{name}"] input')
        more = page.locator(f'.command-suggestion[data-value="{name}"]')
        for _ in range(_TRIES):
            if field.count():
                break
            page.locator(".command-ghost").click()
            # Suggestions for the option before may come late and take the place of the list.
            with suppress(TimeoutError):
                more.click(timeout=2000)
        return field
