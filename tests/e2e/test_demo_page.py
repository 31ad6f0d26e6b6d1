"""The demonstration as a newcomer walks it: the command, its page in Chromium, the commands and buttons in there."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("simcord", reason="skipped: the page needs what requirements/demo.txt pins")

from playwright.sync_api import Page, expect

from tests.e2e.demo_kit import end, put_an_end, run_demo, watched_browser
from tools.channel_page import ChannelPage, read_addresses

# SimCord's page has no icon, and browsers ask for one.
SIMCORDS_OWN = "/favicon.ico"

BRIEF = "Multimodal and vision-language models · Tue 17 Nov 2026 · announced 68 · matched 4 · shown 4"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    running = run_demo(tmp_path)
    yield running
    put_an_end(running)


@pytest.fixture
def browser_page() -> Iterator[tuple[Page, list[str], list[str]]]:
    """A page, what it complained of and what it asked for."""
    with watched_browser() as watched:
        yield watched


def test_a_newcomer_walks_the_page(
    demo: "subprocess.Popen[str]", browser_page: tuple[Page, list[str], list[str]]
) -> None:
    page, complaints, requests = browser_page
    printed, addresses = read_addresses(demo)
    assert list(addresses) == ["papers", "vision"], printed
    assert "Nothing leaves this machine." in printed
    assert "LLM__BASE_URL=http://127.0.0.1:8080/v1 LLM__MODEL=name make demo" in printed
    papers = ChannelPage(page, addresses["papers"])

    brief = papers.messages.first
    expect(brief).to_contain_text("Paper Brief")
    expect(brief).to_contain_text(BRIEF)
    expect(
        brief.locator("strong", has_text="Multimodal large language models read charts by guessing.")
    ).to_be_visible()
    expect(brief).not_to_contain_text("-#")
    expect(brief).not_to_contain_text("**")

    papers.pick(brief, "Look Twice")
    expect(papers.newest).to_contain_text("Only you can see this")
    expect(papers.newest).to_contain_text("79% of the hallucinated objects")
    # The newest message by its number: others come after it.
    details = papers.messages.nth(papers.messages.count() - 1)
    papers.press(details, "Abstract")
    expect(papers.newest).to_contain_text("recall of small objects improves")

    papers.press(details, "Translate")
    expect(papers.newest).to_contain_text("No language model is set up here, so I cannot translate. Whoever runs me")
    expect(papers.newest).to_contain_text("LLM__MODEL")
    papers.command("ask", {"paper": "2611.90031", "question": "How long?"})
    expect(papers.newest).to_contain_text("No language model is set up here, so I cannot answer questions.")
    expect(papers.newest).to_contain_text("LLM__BASE_URL")

    for words in ("2611.90005", "https://arxiv.org/pdf/2611.90005v1", "toolsmith repair"):
        papers.command("paper", {"paper": words})
        expect(papers.newest).to_contain_text("ToolSmith: Language Agents That Repair Their Own Tools")
    papers.command("search", {"query": "hallucination"})
    expect(papers.newest).to_contain_text("Look Twice: Object Hallucination")
    papers.command("paper", {"paper": "2611.99999"})
    expect(papers.newest).to_contain_text("2611.99999")
    expect(page.locator("#inspector-count")).to_be_hidden()

    papers.press(papers.messages.first, "← Day before")
    expect(papers.newest).to_contain_text("There is no earlier brief of this topic.")
    papers.press(papers.messages.first, "Day after →")
    expect(papers.newest).to_contain_text("This is the newest brief of this topic.")

    vision = ChannelPage(page, addresses["vision"])
    expect(vision.messages).to_have_count(0)
    vision.command("subscribe", {"topic": "diffusion"})
    expect(vision.messages.filter(has_text="will be posted in #vision")).to_be_visible()
    posted = vision.messages.filter(has_text="Diffusion models and image generation · Tue 17 Nov 2026").filter(
        has_not_text="Only you can see this"
    )
    expect(posted.locator(".select-trigger")).to_be_visible(timeout=20_000)
    expect(posted).to_have_count(1)

    assert {urlsplit(url).hostname for url in requests} == {"127.0.0.1"}
    assert [text for text in complaints if SIMCORDS_OWN not in text] == []
    code, said, errors = end(demo, signal.SIGINT)
    assert (code, errors) == (0, "")
    assert said == "The demonstration has ended; nothing of it is kept.\n"


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(
    demo: "subprocess.Popen[str]", browser_page: tuple[Page, list[str], list[str]], width: int
) -> None:
    page, _, _ = browser_page
    page.set_viewport_size({"width": width, "height": 844})
    _, addresses = read_addresses(demo)
    papers = ChannelPage(page, addresses["papers"])
    papers.pick(papers.messages.first, "Look Twice")
    expect(papers.newest).to_contain_text("Only you can see this")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    widths = papers.messages.locator("*").evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
    assert max(widths) <= width
    assert end(demo, signal.SIGTERM)[0] == 0


def test_a_port_that_is_taken_is_one_line_and_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        running = run_demo(tmp_path, "--port", port)
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 2
    assert errors == f"paperbrief: port {port} is taken; give another with --port, or none for a free one\n"


def test_the_port_asked_for_is_used(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running = run_demo(tmp_path, "--port", str(port))
    _, addresses = read_addresses(running)
    assert urlsplit(addresses["papers"]).port == port
    assert end(running, signal.SIGTERM)[0] == 0
