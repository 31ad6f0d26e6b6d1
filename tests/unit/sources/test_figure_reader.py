"""Figures out of PDFs: found with their captions, bounded, and no file costs more than its own figures."""

import asyncio
import base64
import io
import json
import random
import signal
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.errors import SourceMalformed
from bot.figures import MAX_BYTES, webp_size
from bot.sources import figures as figures_module
from bot.sources import pdf_process, pdf_worker
from bot.sources.figures import FigureReader
from bot.sources.pdf_process import PdfProcess, Unfinished
from tests.shared import shared
from tests.unit.sources.figure_kit import bars, box, colours, form, image, one_column, paper, picture, prose, read, text
from tests.unit.sources.pdf_kit import encrypted_pdf, pages_of, pdf, stream

CAPTION = "Turnips by year. The bars grow, as do the turnips that they stand for."


async def test_paths_are_a_figure_with_its_caption() -> None:
    (figure,) = await read(paper([one_column()]))
    assert (figure.number, figure.page, figure.caption) == (1, 1, CAPTION)
    shown = picture(figure)
    assert shown.size == (figure.width, figure.height) == webp_size(figure.data)
    # The chart is 282 x 150 points, at three pixels to a point, with a white border.
    assert 800 < figure.width < 950
    assert 400 < figure.height < 520
    assert shown.getpixel((2, 2)) == (255, 255, 255)


async def test_a_raster_picture_is_a_figure() -> None:
    content = (
        prose(60, 740, 480, 8)
        + b"q 300 0 0 150 150 450 cm /Im Do Q\n"
        + text(60, 425, "Fig. 2. A red field.")
        + prose(60, 380, 480, 12)
    )
    (figure,) = await read(paper([content], xobjects={"Im": image(30, 15, b"\xff\x00\x00" * 450)}))
    assert (figure.number, figure.caption) == (2, "A red field.")
    assert colours(figure) == {"red"}
    assert figure.width / figure.height == pytest.approx(2, abs=0.1)


async def test_a_form_is_one_figure_with_its_letters() -> None:
    """Letters inside a form belong to it, however much like running text they look."""
    inside = box(0, 0, 300, 100, "0 1 0") + prose(5, 190, 290, 4, 8) + box(0, 205, 300, 20, "1 0 0")
    content = (
        prose(60, 740, 480, 6)
        + b"q 1 0 0 1 150 400 cm /Fm Do Q\n"
        + text(60, 380, "Figure 1: A green field under a red sky.")
        + prose(60, 340, 480, 12)
    )
    (figure,) = await read(paper([content], xobjects={"Fm": form(inside, "0 0 300 230")}))
    assert colours(figure) == {"red", "green"}
    assert figure.height > 600, "the letters between them are there"


async def test_a_page_inside_a_form_is_searched_as_a_page() -> None:
    """Some publishers wrap the whole page."""
    whole = form(one_column(), "0 0 600 800")
    (figure,) = await read(paper([b"/Fm Do\n" + text(290, 30, "1650")], xobjects={"Fm": whole}))
    assert figure.caption == CAPTION
    assert figure.height < 520


async def test_what_lies_outside_of_its_form_is_cut_off() -> None:
    inside = box(0, 0, 300, 100, "0 1 0") + box(-100, -100, 500, 900, "1 0 0").replace(b"re f", b"re n")
    inside += box(0, 100, 20, 700, "0 0 1")
    content = (
        prose(60, 740, 480, 8)
        + b"q 1 0 0 1 150 450 cm /Fm Do Q\n"
        + text(60, 425, "Figure 1: A green field.")
        + prose(60, 380, 480, 12)
    )
    (figure,) = await read(paper([content], xobjects={"Fm": form(inside, "0 0 300 110")}))
    assert figure.height < 110 * 3 + 40


async def test_tables_and_references_in_text_are_no_figures() -> None:
    rules = b"".join(box(60, y, 480, 0.8, "0 0 0") for y in (700, 660, 600))
    content = (
        rules
        + text(60, 580, "Table 1: Turnips.")
        + prose(60, 540, 480, 4)
        + text(60, 492, "Figure 3. We see that turnips grow on all of the fields that we have looked at this year.")
        + prose(60, 480, 480, 20)
    )
    assert await read(paper([content])) == ()


async def test_the_first_by_number_and_each_once() -> None:
    page = one_column()
    pages = [page.replace(b"Figure 1", b"Figure %d" % number) for number in (3, 2, 1, 2)]
    found = await read(paper(pages), limit=2)
    assert [(one.number, one.page) for one in found] == [(1, 3), (2, 2)]


@pytest.mark.parametrize(
    ("name", "numbers"), [("2020.acl-main.447.pdf", range(1, 5)), ("2023.eacl-main.121.pdf", range(1, 10))]
)
async def test_real_papers(name: str, numbers: range) -> None:
    found = await read(shared("data", "pdf", name).read_bytes(), limit=24)
    assert [one.number for one in found] == list(numbers)
    assert all(len(one.data) <= MAX_BYTES and one.width <= 1200 for one in found)
    assert all(len(one.caption) > 30 and "\ufffe" not in one.caption for one in found)


async def test_noise_fits_as_well() -> None:
    """What cannot be packed is made smaller until it fits."""
    dice = random.Random(7)
    noise = image(900, 600, dice.randbytes(900 * 600 * 3))
    content = b"q 480 0 0 320 60 400 cm /Im Do Q\n" + text(60, 380, "Figure 1: Noise.") + prose(60, 340, 480, 12)
    (figure,) = await read(paper([content], xobjects={"Im": noise}))
    assert len(figure.data) <= MAX_BYTES
    assert figure.width >= 160


async def test_captions_are_kept_as_text() -> None:
    said = "Figure 1: <script>alert(1)</script> [x](https://evil.example) @everyone"
    content = bars(150, 450, 300, 150) + text(60, 425, said) + prose(60, 380, 480, 12)
    (figure,) = await read(paper([content]))
    assert figure.caption == "<script>alert(1)</script> [x](https://evil.example) @everyone"


async def test_an_endless_caption_is_cut() -> None:
    lines = b"".join(text(60, 425 - 12 * n, ("Figure 1: " if n == 0 else "") + "turnip " * 12) for n in range(30))
    (figure,) = await read(paper([bars(150, 450, 300, 150) + lines]))
    assert figures_module.MAX_CAPTION - 20 < len(figure.caption) <= figures_module.MAX_CAPTION + 1
    assert figure.caption.endswith("turnip…")


def bomb(size: int) -> bytes:
    """Return an image XObject that claims `size` pixels a side, all of them zeros packed twice."""
    packed = zlib.compress(zlib.compress(bytes(50_000_000), 9), 9)
    head = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8" % (
        size,
        size,
    )
    return b"<< %b /Filter [/FlateDecode /FlateDecode] /Length %d >>\nstream\n%b\nendstream" % (
        head,
        len(packed),
        packed,
    )


_UNDER = text(60, 380, "Figure 1: What is above.") + prose(60, 340, 480, 12)
_DRAW = b"q 480 0 0 320 60 400 cm /Im Do Q\n"

REFUSED = {
    "no PDF": b"<html>Not found</html>",
    "nothing": b"",
    "a head": b"%PDF-1.7\n",
    "encrypted": encrypted_pdf(),
    "deep arrays": pdf([b"<< /Type /Catalog /Pages " + b"[" * 50_000 + b"]" * 50_000 + b" >>"]),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_no_paper_is_refused_in_words(name: str) -> None:
    with pytest.raises(SourceMalformed, match="PDF"):
        await read(REFUSED[name])


HOSTILE = {
    "a page tree that holds itself": lambda: pdf(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 9 /Kids [2 0 R 2 0 R] /Parent 2 0 R >>"]
    ),
    "a billion pages": lambda: pages_of([stream(b"")], count=10**9),
    "thousands of pages": lambda: paper([b""] * 3000 + [one_column()]),
    "a page as large as a field": lambda: paper([one_column()], size="0 0 200000 200000"),
    "a page as small as a dot": lambda: paper([one_column()], size="0 0 2 2"),
    "a page turned round": lambda: paper([one_column()], page=b"/Rotate 90"),
    "a form that draws itself": lambda: paper(
        [b"/Again Do\n" + _UNDER], xobjects={"Again": form(b"/Again Do " * 50, "0 0 600 800")}
    ),
    "an image of a billion pixels": lambda: paper([_DRAW + _UNDER], xobjects={"Im": bomb(60_000)}),
    "an image without pixels": lambda: paper([_DRAW + _UNDER], xobjects={"Im": image(0, 0, b"")}),
    "numbers that are none": lambda: paper([b"1e400 0 0 nan inf -1e39 cm /Im Do\n" + _UNDER]),
    "a white picture": lambda: paper([box(60, 400, 480, 200, "1 1 1") + _UNDER]),
    "far outside": lambda: paper([box(1e7, 1e7, 1e9, 1e9) + box(-1e7, 900, 2e7, 1e9) + _UNDER]),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_files_cost_their_figure_alone(name: str) -> None:
    try:
        found = await read(HOSTILE[name]())
    except SourceMalformed:
        return
    assert found == ()


async def test_scripts_and_links_do_nothing() -> None:
    script = b"/OpenAction << /S /JavaScript /JS (while (true) {} app.alert\\(1\\)) >>"
    data = paper([one_column()], catalogue=script, page=b"/AA << /O << /S /URI /URI (https://evil.example) >> >>")
    (figure,) = await read(data)
    assert figure.caption == CAPTION


async def test_a_bomb_of_paths_ends_at_the_limits() -> None:
    many = one_column() + box(150, 470, 3, 3) * 2_000_000
    data = paper([many])
    assert len(data) < 1_000_000
    try:
        found = await FigureReader(PdfProcess(seconds=60)).read(data, 3)
    except SourceMalformed:
        return
    assert {one.number for one in found} <= {1}


async def test_a_page_that_is_too_much_costs_only_its_own_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is given up while it draws the second of three: the first is kept."""
    reader = FigureReader()
    ask = PdfProcess.ask

    async def given_up(self: PdfProcess, data: bytes, *words: str) -> bytes:
        output = await ask(self, data, *words)
        if words[0] == "pictures":
            whole, _, rest = output.partition(b"\n")
            raise Unfinished("too much time", whole + b"\n" + rest[: len(rest) // 3])
        return output

    monkeypatch.setattr(PdfProcess, "ask", given_up)
    pages = [one_column().replace(b"Figure 1", b"Figure %d" % number) for number in (1, 2, 3)]
    assert [one.number for one in await reader.read(paper(pages), 3)] == [1]


async def test_a_slow_reading_is_given_up() -> None:
    with pytest.raises(SourceMalformed, match=r"could not be read within 0\.001 s"):
        await FigureReader(PdfProcess(seconds=0.001)).read(paper([one_column()]), 3)


async def test_no_process_outlives_who_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[asyncio.subprocess.Process] = []
    event = asyncio.Event()
    start = asyncio.create_subprocess_exec

    async def remembered(*words: str, **options: Any) -> asyncio.subprocess.Process:
        started.append(await start(*words, **options))
        event.set()
        return started[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", remembered)
    asking = asyncio.create_task(read(paper([one_column() + box(150, 470, 3, 3) * 1_000_000])))
    await event.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert [one.returncode for one in started] == [-signal.SIGKILL]


async def test_any_damage_is_survived() -> None:
    good = paper([one_column()] * 2)
    dice = random.Random(11)
    for _ in range(8):
        damaged = bytearray(good)
        for _ in range(dice.randrange(1, 40)):
            damaged[dice.randrange(8, len(damaged))] = dice.randrange(256)
        try:
            found = await read(bytes(damaged[: dice.randrange(20, len(damaged) + 1)]))
        except SourceMalformed:
            continue
        assert all(webp_size(one.data) == (one.width, one.height) for one in found)


def _webp(width: int = 40, height: int = 30) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(file, "WEBP", lossless=True)
    return file.getvalue()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"region": 0},
        {"region": 1, "data": base64.b64encode(_webp()).decode()},
        {"region": -1, "data": base64.b64encode(_webp()).decode()},
        {"region": "0", "data": base64.b64encode(_webp()).decode()},
        {"region": 0, "data": "%%%"},
        {"region": 0, "data": base64.b64encode(b"<svg onload=alert(1)>").decode()},
        {"region": 0, "data": base64.b64encode(_webp() + b"<script>").decode()},
        {"region": 0, "data": base64.b64encode(_webp(1601, 2)).decode()},
        {"region": 0, "data": base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(100)).decode()},
        {"region": 0, "data": 7},
    ],
)
def test_whatever_the_process_says_is_no_picture_unless_it_is(said: dict[str, Any]) -> None:
    assert figures_module._drawn([said], 1) == {}


def test_a_picture_is_taken_as_large_as_its_file_says() -> None:
    said = {"region": 0, "width": 9999, "height": -1, "data": base64.b64encode(_webp()).decode()}
    assert figures_module._drawn([said], 1) == {0: (40, 30, "image/webp", _webp())}


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"page": 1, "size": [600], "lines": [], "shapes": [], "forms": []},
        {"page": 1, "size": [600, 800], "lines": [[1, 2, 3, 4]], "shapes": [], "forms": []},
        {"page": 1, "size": [600, 800], "lines": [], "shapes": [[1, 2, 3]], "forms": []},
        {"page": 1, "size": [600, 800], "lines": [], "shapes": [[1, 2, 3, 1e300]], "forms": []},
        {"page": 1, "size": [600, 800], "lines": [], "shapes": [[1, 2, 3, True]], "forms": []},
        {"page": 1, "size": [600, 800], "lines": None, "shapes": [], "forms": []},
        {"page": "x", "size": [600, 800], "lines": [], "shapes": [], "forms": []},
    ],
)
def test_a_page_that_makes_no_sense_is_left_out(page: dict[str, Any]) -> None:
    assert list(figures_module._pages([json.loads(json.dumps(page))])) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no such limits there")
def test_the_worker_is_the_one_that_limits_itself() -> None:
    assert Path(pdf_worker.__file__).parent == Path(pdf_process.__file__).parent
    assert pdf_worker.MAX_PICTURE == MAX_BYTES
