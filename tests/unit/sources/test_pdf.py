"""PDFs: text by page, and every file that is no paper ends in an error with words."""

import asyncio
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.errors import SourceError, SourceMalformed, SourceUnavailable
from bot.sources import pdf as pdf_module
from bot.sources import pdf_worker
from bot.sources.pdf import PdfReader
from bot.sources.pdf_text import join_pages
from tests.shared import shared
from tests.unit.sources.pdf_kit import drawing, encrypted_pdf, pages_of, paper_pdf, pdf, stream

PAGE = ["1 Introduction", "We grow large turnips (and other roots) on 12 fields in the north of the country."]


async def test_text_comes_with_its_page() -> None:
    found = await PdfReader().read(paper_pdf([PAGE, ["We eat them in a stew with much butter and a little salt."]]))
    assert [(one.place, one.heading, one.text) for one in found] == [
        ("page 1", "Introduction", PAGE[1]),
        ("page 2", "Introduction", "We eat them in a stew with much butter and a little salt."),
    ]


@pytest.mark.parametrize("name", ["2020.acl-main.447.pdf", "2023.eacl-main.121.pdf"])
async def test_real_papers(name: str) -> None:
    found = await PdfReader().read(shared("data", "pdf", name).read_bytes())
    text = " ".join(one.text for one in found)
    wanted = {
        "2020.acl-main.447.pdf": [
            "The corpus consists of rich metadata, paper abstracts, resolved bibliographic references",
            "publicly-available collection of machine-readable academic text to date.",
        ],
        "2023.eacl-main.121.pdf": [
            "human evaluation remains best practice for accurately judging the faithfulness of automatically-generated",
            "we first conduct a comprehensive survey of 162 publications",
        ],
    }[name]
    assert [one for one in wanted if one not in text] == []
    assert not re.search("[\ufffe\x00-\x08]", text)
    assert {one.place for one in found} >= {"page 1", "page 5", "page 8"}
    assert "References" not in {one.text for one in found}
    assert any(one.heading.startswith(("Introduction", "Conclusion", "Related")) for one in found)


HOSTILE = {
    "no PDF": b"<html>Not found</html>",
    "nothing": b"",
    "a head": b"%PDF-1.7\n",
    "pictures only": pages_of([stream(b"0 0 600 800 re f")]),
    "no pages": pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 0 /Kids [] >>"]),
    "a page tree that holds itself": pdf(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 9 /Kids [2 0 R 2 0 R] /Parent 2 0 R >>"]
    ),
    "a length that lies": pages_of([b"<< /Length 99999999999 >>\nstream\nBT\nendstream"]),
    "deep arrays": pdf([b"<< /Type /Catalog /Pages " + b"[" * 50_000 + b"]" * 50_000 + b" >>"]),
    "a billion pages": pages_of([stream(b"")], count=10**9),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_no_paper_is_refused_in_words(name: str) -> None:
    with pytest.raises(SourceMalformed, match=r"PDF"):
        await PdfReader().read(HOSTILE[name])


async def test_an_encrypted_paper_says_so() -> None:
    with pytest.raises(SourceMalformed, match="the PDF is encrypted"):
        await PdfReader().read(encrypted_pdf())


async def test_a_bomb_ends_at_the_limits() -> None:
    """A small file that unpacks to 160 MB of text operators."""
    bomb = pages_of([stream(b"BT /F1 1 Tf (turnip turnip turnip) Tj ET " * 4_000_000, packed=True)])
    assert len(bomb) < 1_000_000
    try:
        found = await PdfReader(seconds=60).read(bomb)
    except SourceMalformed:
        return
    assert sum(len(one.text) for one in found) <= pdf_worker.MAX_CHARACTERS


async def test_text_beyond_the_limits_is_left_out() -> None:
    found = await PdfReader().read(paper_pdf([["A page with a line of some words."]] * (pdf_worker.MAX_PAGES + 5)))
    assert len({one.place for one in found}) == pdf_worker.MAX_PAGES


async def test_any_damage_is_survived() -> None:
    good = paper_pdf([PAGE] * 3)
    dice = random.Random(7)
    reader = PdfReader()
    for _ in range(12):
        damaged = bytearray(good)
        for _ in range(dice.randrange(1, 60)):
            damaged[dice.randrange(8, len(damaged))] = dice.randrange(256)
        cut = bytes(damaged[: dice.randrange(20, len(damaged) + 1)])
        try:
            assert await reader.read(cut)
        except SourceMalformed:
            continue


async def test_a_slow_reading_is_given_up() -> None:
    with pytest.raises(SourceMalformed, match=r"could not be read within 0\.001 s"):
        await PdfReader(seconds=0.001).read(paper_pdf([PAGE]))


async def test_an_answer_without_end_is_given_up() -> None:
    with pytest.raises(SourceMalformed, match="more text than a paper"):
        await PdfReader(max_output=20).read(paper_pdf([PAGE]))


class Started:
    """Starts processes as asyncio does, and remembers them and how."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.processes: list[asyncio.subprocess.Process] = []
        self.options: list[dict[str, Any]] = []
        self.event = asyncio.Event()
        self._start = asyncio.create_subprocess_exec
        monkeypatch.setattr(asyncio, "create_subprocess_exec", self.start)

    async def start(self, *words: str, **options: Any) -> asyncio.subprocess.Process:
        self.options.append(options)
        process = await self._start(*words, **options)
        self.processes.append(process)
        self.event.set()
        return process


async def test_no_process_outlives_who_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    started = Started(monkeypatch)
    bomb = pages_of([stream(b"BT /F1 1 Tf (turnip) Tj ET " * 3_000_000, packed=True)])
    asking = asyncio.create_task(PdfReader().read(bomb))
    await started.event.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert [one.returncode is not None for one in started.processes] == [True]


async def test_the_process_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "canary")
    monkeypatch.setenv("LLM__API_KEY", "canary")
    started = Started(monkeypatch)
    await PdfReader().read(paper_pdf([PAGE]))
    (options,) = started.options
    assert set(options["env"]) <= {"PATH", "LD_LIBRARY_PATH", "SYSTEMROOT"}
    assert "canary" not in str(options)


async def test_one_file_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    started = Started(monkeypatch)
    alive: list[int] = []
    start = started.start

    async def counted(*words: str, **options: Any) -> asyncio.subprocess.Process:
        alive.append(sum(one.returncode is None for one in started.processes))
        return await start(*words, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", counted)
    reader = PdfReader()
    await asyncio.gather(*(reader.read(paper_pdf([PAGE])) for _ in range(3)))
    assert alive == [0, 0, 0]


async def test_a_machine_without_room_for_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_words: str, **_options: Any) -> asyncio.subprocess.Process:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", refuse)
    with pytest.raises(SourceUnavailable, match="no process can be started"):
        await PdfReader().read(paper_pdf([PAGE]))


@pytest.mark.parametrize(
    "output",
    [b"", b"{", b"[]\n", b'{"page": "x"}\n', b"[" * 100_000 + b"\n", b'{"error": "odd"}\n', b"\xff\n"],
)
def test_whatever_the_process_says_is_not_trusted(output: bytes) -> None:
    with pytest.raises(SourceError):
        pdf_module._pages(output)


def test_the_process_needs_nothing_of_the_bot() -> None:
    """The worker is run as a file by an isolated interpreter, which cannot see this package."""
    worker = Path(pdf_worker.__file__)
    script = (
        "import runpy, sys; runpy.run_path(sys.argv[1]); "
        "print(sorted(n for n in sys.modules if n.split('.')[0] in ('bot','lxml','httpx2','asyncio','sqlalchemy')))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, str(worker)],
        env={name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(sys.platform == "win32", reason="no such limits there")
def test_the_process_limits_itself() -> None:
    script = (
        "import runpy, sys, resource as r; runpy.run_path(sys.argv[1])['limit_resources'](); "
        "print([r.getrlimit(k)[0] for k in (r.RLIMIT_AS, r.RLIMIT_CPU, r.RLIMIT_CORE)])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, pdf_worker.__file__], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str([pdf_worker.MEMORY, pdf_worker.CPU_SECONDS, 0])


def test_parted_words_are_joined() -> None:
    page = (
        "We grow tur\ufffenips in a long-form field. Turnips are automatically grown and then detected.\r\n"
        "The long\ufffeform field is automatically\ufffedetected and state-\r\nwide known."
    )
    (one,) = join_pages([page])
    assert "We grow turnips in" in one.text
    assert "The long-form field" in one.text
    assert "automatically-detected" in one.text
    assert "statewide known" in one.text


def test_references_are_left_out_and_the_appendix_is_not() -> None:
    body = "This is a body line of the paper with a usual length of words.\r\n" * 20
    after = (
        "References\r\nA. Lee. 2020. On turnips and other roots in gardens.\r\nB. Chen. 2021. More turnips.\r\n"
        "A Details of the garden\r\nThe garden has many beds with roots of all kinds and sizes.\r\n"
    )
    text = " ".join(one.text for one in join_pages([body + "It ends.\r\n", after]))
    assert "It ends." in text
    assert "On turnips" not in text
    assert "The garden has many beds" in text


def test_a_table_of_contents_does_not_end_the_paper() -> None:
    body = "This is a body line of the paper with a usual length of words.\r\n" * 20
    contents = "The contents of this paper in the order in which they are.\r\nReferences\r\n"
    found = join_pages([contents, body, body + "It ends with turnips.\r\n"])
    assert found[-1].text.endswith("It ends with turnips.")


def test_pages_of_noise() -> None:
    assert join_pages([]) == ()
    assert join_pages(["", "\x00\ufffe\r\n", "12 34 56"]) == ()


def test_drawing_is_escaped() -> None:
    assert drawing(["(a)"]) == b"BT /F1 10 Tf 12 TL 50 780 Td (\\(a\\)) Tj ET"
