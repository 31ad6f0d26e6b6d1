"""The web edition in a real browser, from a server on this machine: it reads well, needs nothing else, and complains of
nothing; axe finds nothing serious in either colour scheme."""

import functools
import http.server
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot.model import Topic
from bot.texts import Overview, OverviewSentence, Translation
from bot.web import addresses
from tests.unit.render.samples import make_brief, make_item, make_summary
from tests.unit.web.site_kit import SampleSite, on_another_day

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FRONT = "en/index.html"
DAY = "en/2026-08-12/index.html"
BRIEF = "en/2026-08-12/attention/index.html"
PAPER = "en/papers/2608.00847/index.html"
SEARCH = "en/search/index.html"
IN_ENGLISH = (
    FRONT, DAY, BRIEF, PAPER, SEARCH, "en/topics/index.html", "en/topics/attention/index.html", "en/about/index.html",
    "en/privacy/index.html",
)  # fmt: skip
ALL = ("index.html", *IN_ENGLISH, *(path.replace("en/", "zh-CN/", 1) for path in IN_ENGLISH))
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3
RIGHT_TO_LEFT = "شبكة عصبية عميقة للتعرف على النصوص"


def sample_site() -> SampleSite:
    formula = (
        r"$\sum_{i=1}^{n} \frac{x_i^2}{\lVert\mathbf{x}\rVert_2} \leq \mathcal{O}(n \log n) + \int_0^\infty f(t)\,dt$"
    )
    translation = Translation("2608.00847", 1, "zh-CN", "稀疏注意力", f"我们研究注意力。{formula}", "a-model", "1")
    wide = r"$\frac{" + " + ".join(f"a_{{{place}}}" for place in range(40)) + "}{b}$"
    summary = make_summary(f"It is fast: {formula}, {wide}.", "Truly.", "Really.", producer="a-model")
    items = [
        make_item(0, summary=summary, late=True, translation=translation, authors=("Ada Lovelace",) * 60),
        make_item(1, title=LONG_WORD, abstract=LONG_WORD, comment=LONG_WORD),
        make_item(2, title=RIGHT_TO_LEFT, authors=("أحمد علي",)),
        make_item(3, title="Vision in $n$ Steps"),
    ]
    overview = Overview((OverviewSentence("Two papers are fast.", ("2608.00847", "2608.00848")),), "a-model", "1")
    brief = make_brief(*items, overview=overview)
    other = make_brief(make_item(4), topic=Topic("vision", {"en": "Vision", "zh-CN": "视觉"}, ("cs.CV",)))
    return SampleSite([brief, other, *on_another_day([brief], 1)], figures=True)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class calls it so
        pass


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("site")
    sample_site().write(directory)
    (directory / "figures").mkdir()
    picture = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "brief.png"
    shutil.copyfile(picture, directory / "figures" / "sample.png")
    return directory


@pytest.fixture(scope="module")
def address(directory: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=directory))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("skipped: no Chromium on this machine")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()


@dataclass
class Opened:
    """A page with what it said and asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


Opener = Callable[..., Opened]


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Opener]:
    contexts = []

    def open_page(path: str, width: int = 1200, scheme: str = "light", *, script: bool = True) -> Opened:
        options: dict[str, Any] = {"viewport": {"width": width, "height": 850}, "color_scheme": scheme}
        context = browser.new_context(**options, java_script_enabled=script)
        contexts.append(context)
        found = Opened(context.new_page())
        found.page.on("console", lambda message: found.complaints.append(message.text))
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.page.on("requestfailed", lambda request: found.complaints.append(f"failed: {request.url}"))
        found.page.on("request", lambda request: found.requests.append(request.url))
        found.page.goto(path if ":" in path else address + path)
        return found

    yield open_page
    for context in contexts:
        context.close()


def settled(opened: Opened, address: str) -> None:
    """Check that a page complained of nothing and asked nobody else."""
    assert opened.complaints == []
    assert [one for one in opened.requests if not one.startswith(address)] == []


@pytest.mark.parametrize("path", ALL)
def test_no_page_scrolls_sideways_complains_or_asks_another_host(opened: Opener, address: str, path: str) -> None:
    found = opened(path)
    found.page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    for width in (320, 390, 768, 1400):
        found.page.set_viewport_size({"width": width, "height": 850})
        assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    settled(found, address)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_light_or_dark_as_the_reader_is(opened: Opener, scheme: str) -> None:
    colours = opened(BRIEF, scheme=scheme).page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    background, ink = (sum(int(part) for part in one.strip("rgb()").split(",")) for one in colours)
    assert (background > ink) is (scheme == "light")
    assert abs(background - ink) > 450


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ALL)
def test_axe_finds_nothing_serious(opened: Opener, path: str, scheme: str) -> None:
    page = opened(path, scheme=scheme).page
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    result = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    found = {
        one["id"]: [node["html"][:160] for node in one["nodes"]]
        for one in result["violations"]
        if one["impact"] in ("serious", "critical", "moderate")
    }
    assert found == {}
    assert len(result["passes"]) > 10


def test_one_reads_from_the_front_page_to_a_paper_and_back(opened: Opener, address: str) -> None:
    found = opened(FRONT)
    page = found.page
    page.get_by_role("link", name="Attention").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Attention")
    page.get_by_role("navigation", name="Contents").get_by_role("link", name="Vision in").click()
    assert page.url.endswith("#paper-4")
    page.locator("#paper-4 h2 a").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Vision in")
    page.get_by_role("complementary").get_by_role("link", name="Attention", exact=True).first.click()
    page.get_by_role("link", name="Day before").click()
    expect(page.locator("main header time")).to_have_text("Tue 11 Aug 2026")
    settled(found, address)


def test_the_language_switch_leads_to_the_same_page_and_back(opened: Opener, address: str) -> None:
    found = opened(PAPER)
    page = found.page
    page.get_by_role("link", name="简体中文").click()
    assert page.url == f"{address}zh-CN/papers/2608.00847/index.html"
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    expect(page.get_by_role("heading", name="相关论文")).to_be_visible()
    expect(page.get_by_text("我们研究注意力。")).to_be_visible()
    page.get_by_role("link", name="English").click()
    assert page.url == address + PAPER
    settled(found, address)


def test_the_translation_opens_without_a_script(opened: Opener) -> None:
    page = opened(PAPER, script=False).page
    translated = page.get_by_text("我们研究注意力。")
    expect(translated).to_be_hidden()
    page.locator("summary").filter(has_text="简体中文").click()
    expect(translated).to_be_visible()
    expect(page.locator("p.abstract")).to_be_visible()


def test_formulas_are_laid_out_without_a_script(opened: Opener) -> None:
    page = opened(BRIEF, script=False).page
    formula = page.locator("#paper-1 .gist math").first
    expect(formula).to_be_visible()
    box = formula.locator("mfrac").bounding_box()
    letter = formula.locator("mi").first.bounding_box()
    assert box is not None
    assert letter is not None
    assert box["height"] > letter["height"] * 1.2


def test_the_search_finds_by_title_author_and_identifier(opened: Opener, address: str) -> None:
    found = opened(SEARCH)
    page, field_ = found.page, found.page.get_by_role("searchbox")
    hits = page.locator("#hits > li")
    field_.fill("VISION steps")
    expect(hits).to_have_count(1)
    expect(page.get_by_role("status")).to_have_text("Found: 1. All papers were searched.")
    expect(hits.first).to_contain_text("Ada Lovelace, Kurt Gödel · 2026-08-11 · cs.CL · 2608.00850")
    field_.fill("godel")
    expect(hits).to_have_count(3)
    field_.fill("2608.00849")
    expect(hits).to_have_count(1)
    field_.fill("عصبية")
    expect(hits).to_have_count(1)
    field_.fill('"attention sparse"')
    expect(page.get_by_role("status")).to_have_text("Nothing found.")
    field_.fill("")
    expect(page.get_by_role("status")).to_have_text("")
    field_.fill("vision")
    hits.first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Vision in")
    settled(found, address)


def test_the_search_works_by_keyboard_alone_and_its_address_can_be_shared(opened: Opener, address: str) -> None:
    found = opened(SEARCH)
    page = found.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "query"
    page.keyboard.type("vision")
    page.keyboard.press("Enter")
    expect(page.locator("#hits > li")).to_have_count(1)
    assert page.url.endswith("?q=vision")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#hits a").first).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    shared = opened(page.url)
    expect(shared.page.locator("#hits > li")).to_have_count(1)
    settled(found, address)


@pytest.mark.parametrize("path", IN_ENGLISH)
def test_every_page_is_read_by_keyboard_alone(opened: Opener, address: str, path: str) -> None:
    found = opened(path)
    page = found.page
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    stops = page.locator("main :is(a[href], summary, input, button, [tabindex='0'])").filter(visible=True).count()
    for _ in range(min(stops, 12)):
        page.keyboard.press("Tab")
        inside, outline, shown = page.evaluate(
            "[Boolean(document.activeElement.closest('main')), getComputedStyle(document.activeElement).outlineStyle,"
            " document.activeElement.getBoundingClientRect().height > 0]"
        )
        assert (inside, outline, shown) == (True, "solid", True)
    settled(found, address)


def test_a_hostile_index_adds_no_element_and_no_address(opened: Opener, directory: Path, address: str) -> None:
    shard = directory / addresses.search_shard(sample_site().days[0])
    kept = shard.read_bytes()
    shard.write_text(
        '{"days":["2026-08-12"],"papers":[["javascript:alert(1)","<img src=x onerror=alert(1)>","<b>A</b>",0,"x",1],'
        '["../../../evil","<script>alert(2)</script>","",0,"x",1]]}',
        encoding="utf-8",
    )
    try:
        found = opened(f"{SEARCH}?q=alert")
        expect(found.page.locator("#hits > li")).to_have_count(2)
    finally:
        shard.write_bytes(kept)
    assert found.page.locator("#hits img, #hits script, #hits b").count() == 0
    links = found.page.locator("#hits a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert all(link.startswith("https://arxiv.org/abs/") for link in links)
    settled(found, address)


def test_a_search_without_a_script_says_so(opened: Opener) -> None:
    expect(opened(SEARCH).page.locator("#without")).to_be_hidden()
    page = opened(SEARCH, script=False).page
    expect(page.get_by_text("needs JavaScript")).to_be_visible()
    expect(page.locator("#without").get_by_role("link", name="Topics")).to_be_visible()


def test_a_search_without_its_index_says_so(opened: Opener, directory: Path) -> None:
    page = opened((directory / SEARCH).as_uri()).page
    page.get_by_role("searchbox").fill("vision")
    expect(page.get_by_role("status")).to_contain_text("could not be loaded")


def test_the_site_can_be_read_from_a_disk(opened: Opener, directory: Path) -> None:
    found = opened((directory / FRONT).as_uri())
    page = found.page
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "17px"
    page.get_by_role("link", name="Attention").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Attention")
    page.locator("#paper-1 h2 a").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sparse Attention")
    page.get_by_role("link", name="简体中文").click()
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert found.complaints == []


def test_print_leaves_out_what_only_a_screen_needs(opened: Opener) -> None:
    page = opened(BRIEF).page
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Contents")).to_be_hidden()
    expect(page.locator("#paper-1 h2")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_nothing_moves_for_a_reader_who_wants_no_motion(opened: Opener) -> None:
    page = opened(BRIEF).page
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "smooth"


def test_right_to_left_titles_begin_at_the_right(opened: Opener) -> None:
    page = opened(BRIEF).page
    box = page.locator("#paper-3 h2 a").bounding_box()
    column = page.locator("#paper-3").bounding_box()
    assert box is not None
    assert column is not None
    assert box["x"] + box["width"] > column["x"] + column["width"] - 40
