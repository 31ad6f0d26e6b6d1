"""The demonstration with a language model: the brief it writes, translations, answers with quotes, and its failures.

The model is the loopback server with answers written by hand for the sample papers (`tests/wire/sample_answers.toml`).
"""

import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("simcord", reason="skipped: the page needs what requirements/demo.txt pins")

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import in_thread
from tests.e2e.demo_kit import end, put_an_end, run_demo, watched_browser
from tests.wire.openai_server import OpenAIServer
from tests.wire.sample_answers import load_sample_maker
from tools.channel_page import ChannelPage, read_addresses

KEY = "sk-canary-demo"
PAPER = "2611.90031"
QUOTE = "“It needs no training for three of the five multimodal models that we test, and two hours of fine-tuning for"

StartDemo = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def model() -> Iterator[OpenAIServer]:
    server = OpenAIServer()
    server.makers.known.insert(0, load_sample_maker())
    with in_thread(server):
        yield server


@pytest.fixture
def start(model: OpenAIServer, tmp_path: Path) -> Iterator[StartDemo]:
    """Start the demonstration with this model and further settings."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str, **more: str) -> "subprocess.Popen[str]":
        settings = {"LLM__BASE_URL": model.url, "LLM__MODEL": "sample-model", "LLM__API_KEY": KEY, **more}
        started.append(run_demo(tmp_path, *words, settings=settings))
        return started[-1]

    yield start
    for one in started:
        put_an_end(one)


@pytest.fixture
def page() -> Iterator[Page]:
    with watched_browser() as (page, _complaints, _requests):
        yield page


def open_papers(demo: "subprocess.Popen[str]", page: Page) -> tuple[ChannelPage, dict[str, str]]:
    printed, addresses = read_addresses(demo)
    assert "Nothing leaves this machine." in printed
    assert KEY not in printed
    return ChannelPage(page, addresses["papers"]), addresses


def answered(channel: ChannelPage, text: str) -> Locator:
    """Wait for the newest message to say that, and return the message, whatever comes after it."""
    expect(channel.newest).to_contain_text(text, timeout=20_000)
    return channel.messages.nth(channel.messages.count() - 1)


def test_an_english_reader_walks_from_the_brief_to_an_answer(start: StartDemo, page: Page) -> None:
    demo = start()
    papers, _ = open_papers(demo, page)
    brief = papers.messages.first
    expect(brief).to_contain_text("sample-model · 4 summaries · ")
    gist = "Showing the model the image again after every second sentence"
    expect(brief.locator("strong", has_text=gist)).to_be_visible()
    expect(brief).to_contain_text("written by sample-model")
    expect(brief).not_to_contain_text("extracted")

    papers.pick(brief, "Look Twice")
    details = answered(papers, "With a view of another image the hallucinations follow the wrong image")
    papers.press(details, "Translate")
    asked = answered(papers, "Into which language shall I translate this paper?")
    papers.pick(asked, "简体中文")
    translated = answered(papers, "视觉语言模型会描述并不存在的物体")
    expect(translated).to_contain_text("Look Twice：视觉语言模型的物体幻觉从第三句开始")
    expect(translated).to_contain_text("translated by sample-model")
    papers.press(translated, "Original")
    answered(papers, "Vision-language models describe objects that are not there.")

    papers.command("ask", {"paper": PAPER, "question": "How much training does it need?"})
    answer = answered(papers, "None for three of the five models tested; the others need two hours of fine-tuning.")
    expect(answer.locator("blockquote")).to_contain_text(QUOTE)
    expect(answer.locator("blockquote")).to_contain_text("— abstract")
    expect(answer).to_contain_text("answered by sample-model")

    assert KEY not in page.content()
    assert end(demo, signal.SIGINT) == (0, "The demonstration has ended; nothing of it is kept.\n", "")


def test_a_chinese_reader_has_all_of_it_in_chinese(start: StartDemo, page: Page) -> None:
    demo = start("--language", "zh-CN")
    papers, _ = open_papers(demo, page)
    brief = papers.messages.first
    expect(brief).to_contain_text("多模态与视觉语言模型")
    expect(brief).to_contain_text("sample-model · 4 篇摘要 · ")
    expect(brief.locator("strong", has_text="每写两句就让模型重看一次图像")).to_be_visible()
    expect(brief).to_contain_text("由 sample-model 撰写")

    papers.pick(brief, "Look Twice")
    details = answered(papers, "换成另一幅图像的表示后，幻觉会跟着错误的图像走")
    papers.press(details, "翻译")
    translated = answered(papers, "由 sample-model 翻译")
    expect(translated).to_contain_text("Look Twice：视觉语言模型的物体幻觉从第三句开始")
    papers.command("ask", {"paper": PAPER, "question": "它需要多少训练？时间上的代价是多少？"})
    answer = answered(papers, "测试的五个模型中有三个不需要训练，其余需要两小时微调；时间开销为 6%。")
    expect(answer.locator("blockquote").first).to_contain_text(QUOTE)
    expect(answer.locator("blockquote").first).to_contain_text("— 摘要")
    assert end(demo, signal.SIGTERM)[0] == 0


@pytest.mark.parametrize(
    ("always", "settings", "words", "mark", "foot", "refused"),
    [
        (
            "failing:500",
            {},
            (),
            "extracted: the model could not be reached",
            "sample-model · 4 extracted instead",
            "The language model does not answer right now. Please try again later.",
        ),
        (
            "hang",
            {"LLM__PATIENCE": "0.5", "LLM__TIMEOUT": "2"},
            ("--language", "zh-CN"),
            "摘录：模型未能按时完成",
            "sample-model · 4 篇改为摘录",
            "语言模型目前没有响应。请稍后再试。",
        ),
        (
            "good",
            {"LLM__DAILY_TOKENS": "0"},
            (),
            "extracted: the model's budget for today is used up",
            "sample-model · 4 extracted instead",
            "Today's budget for the language model is used up. Please try again after midnight UTC.",
        ),
    ],
)
def test_a_model_that_fails_costs_no_brief_and_the_page_says_so(
    model: OpenAIServer,
    start: StartDemo,
    page: Page,
    always: str,
    settings: dict[str, str],
    words: tuple[str, ...],
    mark: str,
    foot: str,
    refused: str,
) -> None:
    model.always = always
    demo = start(*words, **settings)
    papers, addresses = open_papers(demo, page)
    brief = papers.messages.first
    expect(brief.get_by_text(mark)).to_have_count(4)
    expect(brief).to_contain_text(foot)
    papers.command("ask", {"paper": PAPER, "question": "How much training does it need?"})
    answered(papers, refused)

    vision = ChannelPage(page, addresses["vision"])
    vision.command("subscribe", {"topic": "diffusion"})
    # Found out of order, the model may by then be left alone instead of waited for.
    posted = vision.messages.filter(has_text=re.compile(r"sample-model · 3 extracted instead.*extracted: the model"))
    expect(posted.locator(".select-trigger")).to_be_visible(timeout=30_000)
    assert end(demo, signal.SIGTERM)[0] == 0


def test_ctrl_c_does_not_wait_for_a_model_that_hangs(model: OpenAIServer, start: StartDemo) -> None:
    model.always = "hang"
    demo = start(LLM__PATIENCE="600", LLM__TIMEOUT="600")
    deadline = time.monotonic() + 60
    while not model.arrived:
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)
    code, printed, errors = end(demo, signal.SIGINT)
    assert (code, errors) == (0, "")
    assert printed.endswith("The demonstration has ended; nothing of it is kept.\n")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"LLM__MODEL": ""}, "LLM__MODEL: name the model to ask"),
        ({"LLM__BASE_URL": "", "LLM__API_KEY": ""}, "LLM__MODEL: needs LLM__API_KEY or OPENAI_API_KEY"),
    ],
)
def test_half_a_set_up_model_is_one_line_and_2(start: StartDemo, settings: dict[str, str], said: str) -> None:
    demo = start(**settings)
    _, errors = demo.communicate(timeout=60)
    assert demo.returncode == 2
    assert said in errors
    assert errors.count("\n") == 1
