"""Figures cut out of PDFs: how many are found, wrong or missed, how long a paper takes, and how much memory.

    python -m benchmarks.figures --pdf ../shared/data/pdf [--truth FILE] [--out DIR]

Every figure of the two conference papers there was written down by reading them: its number, its page and the box, in
points, that holds it without its caption. A figure is found where number and page are right and the part shown covers
nine tenths of that box and is no larger than 1.25 times of it; wrong where anything else is shown under a number;
missed where nothing is. `--truth` names a JSON file of other papers in the form {file name: {number: [page, left,
bottom, right, top]}}. `--out` keeps the pictures, to be looked at.

Times are of a whole paper, fetching left out; memory is the peak of the process that reads the PDF, as the kernel says.
Prints one JSON line. Target: nothing missed and nothing wrong.
"""

import argparse
import asyncio
import json
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.figures import CutFigure
from bot.sources import figures as figures_module
from bot.sources.figure_layout import Box, Region, find_regions
from bot.sources.figures import MAX_FIGURES, FigureReader

Truth = Mapping[str, Mapping[int, Sequence[float]]]

TRUTH: Truth = {
    "2020.acl-main.447.pdf": {
        1: (1, 307, 500, 526, 619),
        2: (5, 307, 561, 526, 779),
        3: (7, 307, 459, 526, 674),
        4: (14, 307, 149, 526, 338),
    },
    "2023.eacl-main.121.pdf": {
        1: (2, 75, 595, 521, 771),
        2: (5, 79, 611, 517, 771),
        3: (5, 74, 445, 521, 553),
        4: (6, 79, 585, 517, 771),
        5: (16, 306, 307, 528, 470),
        6: (17, 73, 170, 291, 342),
        7: (18, 79, 537, 517, 698),
        8: (18, 73, 178, 522, 361),
        9: (19, 73, 263, 522, 601),
    },
}
"""Number → page and box. Boxes are those of the pictures that make a figure up, checked on the drawn pages by eye."""

COVERED, TOO_MUCH = 0.9, 1.25


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pdf", type=Path, default=Path("../shared/data/pdf"), help="folder with the PDFs")
    parser.add_argument("--truth", type=Path, help="a JSON file with the figures of other PDFs")
    parser.add_argument("--out", type=Path, help="keep the pictures in this folder")
    options = parser.parse_args()
    truth = TRUTH
    if options.truth:
        told = json.loads(options.truth.read_text(encoding="utf-8"))
        truth = {name: {int(number): box for number, box in boxes.items()} for name, boxes in told.items()}
    if missing := [name for name in truth if not (options.pdf / name).is_file()]:
        sys.exit(f"no {', '.join(missing)} in {options.pdf}")
    print(json.dumps(asyncio.run(_measure(truth, options.pdf, options.out))))


async def _measure(truth: Truth, folder: Path, out: Path | None) -> dict[str, Any]:
    found, wrong, missed = 0, [], []
    seconds, sizes = [], []
    for name, boxes in truth.items():
        reader = _Reader()
        data = (folder / name).read_bytes()
        start = time.perf_counter()
        figures = await reader.read(data, MAX_FIGURES)
        seconds.append(time.perf_counter() - start)
        shown = {region.number: region for region in reader.regions}
        drawn = {figure.number for figure in figures}
        sizes += [len(figure.data) for figure in figures]
        for number in sorted({*boxes, *drawn}):
            right = number in boxes and number in drawn and _is_right(shown[number], boxes[number])
            found += right
            if number not in drawn:
                missed.append(f"{name} {number}")
            elif not right:
                wrong.append(f"{name} {number}")
        if out is not None:
            _keep(out, name, figures)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {
        "benchmark": "figures",
        "papers": len(truth),
        "figures": sum(map(len, truth.values())),
        "found": found,
        "wrong": wrong,
        "missed": missed,
        "ms_per_paper": [round(one * 1000) for one in seconds],
        "kb_median": round(statistics.median(sizes) / 1000, 1) if sizes else None,
        "kb_largest": round(max(sizes, default=0) / 1000, 1),
        "worker_peak_mb": round(peak, 1),
        "load": [round(one, 1) for one in os.getloadavg()],
        "python": platform.python_version(),
        "ok": not wrong and not missed,
    }


class _Reader(FigureReader):
    """Remembers which parts of the pages it drew."""

    def __init__(self) -> None:
        super().__init__()
        self.regions: tuple[Region, ...] = ()

    async def _ask(self, data: bytes, *words: str) -> list[dict[str, Any]]:
        said = await super()._ask(data, *words)
        if words[0] == "layout":
            self.regions = find_regions(list(figures_module._pages(said)), MAX_FIGURES)  # noqa: SLF001  # the same again
        return said


def _is_right(region: Region, truth: Sequence[float]) -> bool:
    page, *edges = truth
    box = Box(*edges)
    width = min(region.box.right, box.right) - max(region.box.left, box.left)
    height = min(region.box.top, box.top) - max(region.box.bottom, box.bottom)
    common = max(width, 0) * max(height, 0)
    area = box.width * box.height
    return region.page == page and common >= COVERED * area and region.box.width * region.box.height <= TOO_MUCH * area


def _keep(out: Path, name: str, figures: Sequence[CutFigure]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for figure in figures:
        (out / f"{Path(name).stem}-{figure.number}.webp").write_bytes(figure.data)


if __name__ == "__main__":
    main()
