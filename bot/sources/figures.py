"""The first figures of a paper, cut out of its PDF by a process of its own (`pdf_process`).

Whether they may be shown is not asked here: `bot.figures` knows the licences. What the process answers is checked as a
stranger's: whoever takes it over by a PDF can change the picture of that PDF, and nothing else.
"""

import asyncio
import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any, Protocol

from bot.errors import SourceMalformed
from bot.figures import CONTENT_TYPE, MAX_BYTES, CutFigure, webp_size
from bot.log import get_logger
from bot.model import Paper
from bot.sources.figure_layout import Box, Line, PageLayout, Region, find_regions
from bot.sources.pdf_process import PdfProcess, Unfinished, answers
from bot.sources.pdf_text import join_lines

MAX_FIGURES = 24
"""Figures of one paper at the most, whoever asks."""

MAX_CAPTION = 1_200
MAX_SIDE = 1_600

_MAX_PAGES = 40
_MAX_PARTS = 5_000
_FAR = 20_000.0

_log = get_logger(__name__)


class FigureReader:
    """Cuts figures out of PDFs; `process` opens them, shared with others who have PDFs read."""

    def __init__(self, process: PdfProcess | None = None) -> None:
        self._process = process or PdfProcess()

    async def read(self, data: bytes, limit: int) -> tuple[CutFigure, ...]:
        """Return the first `limit` figures of a PDF, by number; those that cannot be drawn are left out.

        Raises `SourceMalformed`, in words, for one that is no PDF, broken, encrypted, or takes too much time or memory
        before the first figure is found; `SourceUnavailable` where no process can be started.
        """
        layout = await self._ask(data, "layout")
        pages = await asyncio.to_thread(lambda: list(_pages(layout)))
        regions = await asyncio.to_thread(find_regions, pages, min(limit, MAX_FIGURES))
        if not regions:
            return ()
        wanted = json.dumps([[region.page, *region.box] for region in regions])
        drawn = _drawn(await self._ask(data, "pictures", wanted), len(regions))
        texts = [line.text for page in pages for line in page.lines]
        captions = await asyncio.to_thread(lambda: [_caption(region, texts) for region in regions])
        return tuple(
            CutFigure(region.number, region.page, caption, *drawn[place])
            for place, (region, caption) in enumerate(zip(regions, captions, strict=True))
            if place in drawn
        )

    async def _ask(self, data: bytes, *words: str) -> list[dict[str, Any]]:
        """Return what the process said; what it said before it was given up counts, as long as it is something."""
        try:
            return list(answers(await self._process.ask(data, *words)))
        except Unfinished as error:
            said = _whole(error.output)
            if not said:
                raise
            _log.warning("figures.unfinished", asked=words[0], lines=len(said), why=str(error))
            return said


class FetchesPdf(Protocol):
    """What is asked of the full texts."""

    async def fetch_pdf(self, paper: Paper) -> bytes:
        """Return the PDF of this version of the paper."""
        ...


class FigureSource:
    """Fetches papers' PDFs, through the one limiter, and cuts the first `limit` figures out of each."""

    def __init__(self, source: FetchesPdf, reader: FigureReader, limit: int) -> None:
        self._source = source
        self._reader = reader
        self._limit = limit

    async def fetch(self, paper: Paper) -> tuple[CutFigure, ...]:
        """Return the figures of this version of the paper; whether they may be shown is the caller's to know.

        Raises `SourceUnavailable` where arXiv cannot be asked or has no PDF, and `SourceMalformed` where what it has
        cannot be read.
        """
        return await self._reader.read(await self._source.fetch_pdf(paper), self._limit)


def _whole(output: bytes) -> list[dict[str, Any]]:
    """Return the lines that are whole of an answer that was broken off."""
    kept = output[: output.rfind(b"\n") + 1] + b'{"pages": 0}\n'
    try:
        return list(answers(kept))
    except SourceMalformed:
        return []


def _pages(said: list[dict[str, Any]]) -> Iterator[PageLayout]:
    for one in said[:_MAX_PAGES]:
        try:
            width, height = map(_number, one["size"])
            lines = tuple(
                Line(_box(line[:4]), line[4]) for line in one["lines"][:_MAX_PARTS] if isinstance(line[4], str)
            )
            shapes = tuple(_box(shape) for shape in one["shapes"][:_MAX_PARTS])
            forms = tuple(_box(form) for form in one["forms"][:_MAX_PARTS])
            yield PageLayout(int(one["page"]), width, height, lines, shapes, forms)
        except (KeyError, TypeError, ValueError, IndexError, OverflowError):
            # One page that makes no sense costs that page.
            continue


def _box(numbers: list[object]) -> Box:
    left, bottom, right, top = map(_number, numbers)
    return Box(left, bottom, max(left, right), max(bottom, top))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_FAR < value < _FAR:
        raise ValueError("no coordinate of a page")
    return float(value)


def _drawn(said: list[dict[str, Any]], count: int) -> dict[int, tuple[int, int, str, bytes]]:
    """Return width, height, type and file of each region's picture; what is no picture of that size is left out."""
    found = {}
    for one in said:
        place, packed = one.get("region"), one.get("data")
        if not isinstance(place, int) or not 0 <= place < count or not isinstance(packed, str):
            continue
        try:
            data = base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError):
            continue
        size = webp_size(data)
        if size is None or len(data) > MAX_BYTES or not 0 < min(size) <= max(size) <= MAX_SIDE:
            continue
        found[place] = (*size, CONTENT_TYPE, data)
    return found


def _caption(region: Region, lines: list[str]) -> str:
    """Return the caption as one text without its label, cut between words where it is endless."""
    text = join_lines(region.caption, lines)
    label, _, rest = text.partition(str(region.number))
    text = (rest if len(label) <= len("figure  ") else text).lstrip(" :.|\u2013\u2014-")
    if len(text) > MAX_CAPTION:
        text = text[:MAX_CAPTION].rpartition(" ")[0] + "…"
    return text
