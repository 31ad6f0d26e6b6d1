"""Where on a page a figure is: found from its caption and from what is drawn above or below it. Pure.

Works on lines of text and boxes of what is drawn, as `pdf_worker` measures them; sees no picture and opens no file. All
of it comes out of a stranger's PDF, so every search has a bound. Guessing wrong shows the wrong part of a page of a
paper that may be shown; nothing else hangs on it.

The order of a page: find the captions, take for each the column that it stands in, go up (or, where a paper has its
captions above, down) until running text or another caption, join what is drawn there, add the letters around it.
"""

import re
import statistics
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

MAX_NUMBER = 99
MAX_CAPTION_LINES = 40
MAX_CAPTIONS = 12
"""On one page."""

MAX_SEARCHES = 60
"""Captions of one paper whose figures are looked for."""

_CAPTION = re.compile(
    r"(?P<kind>fig(?:ure|\.)?|table|tab\.|algorithm|listing)\s*(?P<number>\d{1,3}|[A-Z]?\.?\d{1,2}|[IVX]{1,5})\s*(?P<end>[:.|]|$)",
    re.IGNORECASE,
)
_LETTERS_APART = 25.0
_MAX_GAP = 45.0
"""Points between two parts of one figure."""

_TO_CAPTION = 90.0
"""Points between a caption and the lowest thing drawn: letters such as those of an axis may stand there."""

_AROUND = 14.0
_ABOVE = 5.0
_THIN = 3.0
_LEAST = (50.0, 25.0)
_PROSE = 0.75
"""Share of its column that a line of running text fills."""

_PROSE_LINES = 3
_MAX_HOLDING = 200
_WHOLE_PAGE = 0.85
_MARGIN = 3.0


class Box(NamedTuple):
    """A box on a page, in points from its lower left corner."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        """Return the width."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Return the height."""
        return self.top - self.bottom

    def around(self, other: "Box") -> "Box":
        """Return the box around both."""
        return Box(
            min(self.left, other.left),
            min(self.bottom, other.bottom),
            max(self.right, other.right),
            max(self.top, other.top),
        )

    def beside(self, other: "Box") -> bool:
        """Return whether both have some height in common."""
        return self.bottom < other.top and other.bottom < self.top

    def flipped(self, height: float) -> "Box":
        """Return the box on a page of that height turned upside down."""
        return Box(self.left, height - self.top, self.right, height - self.bottom)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text and where it stands; U+FFFE at its end: the last word goes on in the next one."""

    box: Box
    text: str


@dataclass(frozen=True, slots=True)
class PageLayout:
    """One page: `number` from 1, its size in points, its lines in the order of the file, boxes of what is drawn.

    `forms`: boxes around several shapes and lines that the file holds together; what a whole page is in may be one.
    """

    number: int
    width: float
    height: float
    lines: tuple[Line, ...]
    shapes: tuple[Box, ...]
    forms: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Region:
    """A figure that was found: its number, the page and the part of it to show, and the lines of its caption."""

    number: int
    page: int
    box: Box
    caption: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Caption:
    lines: tuple[Line, ...]
    box: Box
    number: int | None
    """None for tables and the like: they are in the way and nothing else."""


def find_regions(pages: Sequence[PageLayout], limit: int) -> tuple[Region, ...]:
    """Return the first `limit` figures, by number, each number once; those nothing is drawn at are left out."""
    above = _on_pages(pages)
    below = _on_pages([_flipped(page) for page in pages])
    # A paper has its captions on one side. Where one stands between two figures, the others say which is its own.
    down = len({caption.number for _, caption, _ in below}) > len({caption.number for _, caption, _ in above})
    found: dict[int, Region] = {}
    for page, caption, box in below if down else above:
        assert caption.number is not None  # noqa: S101  # `_on_page` leaves out the others
        shown = box.flipped(page.height) if down else box
        region = Region(caption.number, page.number, shown, tuple(line.text for line in caption.lines))
        found.setdefault(caption.number, region)
    return tuple(found[number] for number in sorted(found)[:limit])


def _flipped(page: PageLayout) -> PageLayout:
    lines = tuple(Line(line.box.flipped(page.height), line.text) for line in page.lines)
    shapes, forms = (tuple(box.flipped(page.height) for box in boxes) for boxes in (page.shapes, page.forms))
    return replace(page, lines=lines, shapes=shapes, forms=forms)


def _on_pages(pages: Sequence[PageLayout]) -> list[tuple[PageLayout, _Caption, Box]]:
    """Return the figures whose caption has something drawn above it; on flipped pages, below it."""
    found: list[tuple[PageLayout, _Caption, Box]] = []
    left = MAX_SEARCHES
    for page in pages:
        captions = _captions(page)
        figures = sum(caption.number is not None for caption in captions)
        if 0 < figures <= left:
            left -= figures
            found += [(page, caption, box) for caption, box in _on_page(page, captions)]
    return found


def _on_page(page: PageLayout, captions: Sequence[_Caption]) -> list[tuple[_Caption, Box]]:
    shapes = [
        box
        for box in (*page.shapes, *page.forms)
        if box.width < page.width * _WHOLE_PAGE or box.height < page.height * _WHOLE_PAGE
    ]
    of_captions = {line for caption in captions for line in caption.lines}
    lines = [line for line in page.lines if line not in of_captions]
    left, right = _text_area(page)
    middle = (left + right) / 2
    two = _two_columns(lines, left, right)
    found = []
    for caption in captions:
        if caption.number is None:
            continue
        column = (left, right)
        if two and (caption.box.right < middle + 5 or caption.box.left > middle - 5):
            column = (left, middle) if caption.box.right < middle + 5 else (middle, right)
        column = _neighbours(caption, captions, column)
        others = [other.box for other in captions if other is not caption]
        box = _drawn_above(caption.box, column, shapes, lines, others)
        inside = _inside(box, page) if box is not None else None
        if inside is not None and inside.width >= _LEAST[0] and inside.height >= _LEAST[1]:
            found.append((caption, inside))
    return found


def _captions(page: PageLayout) -> list[_Caption]:
    found: list[_Caption] = []
    for place, line in enumerate(page.lines):
        match = _CAPTION.match(line.text)
        if match is None or (not match["end"] and match.end() < len(line.text)):
            continue
        taken = [line]
        for following in page.lines[place + 1 : place + MAX_CAPTION_LINES]:
            if not _goes_on(taken, following):
                break
            taken.append(following)
        digits = match["number"].isdigit() and match["kind"].lower().startswith("fig")
        number = int(match["number"]) if digits else None
        if number is not None and not 1 <= number <= MAX_NUMBER:
            continue
        found.append(_Caption(tuple(taken), _union(one.box for one in taken), number))
        if len(found) >= MAX_CAPTIONS:
            break
    return found


def _goes_on(taken: Sequence[Line], line: Line) -> bool:
    """Return whether a line belongs to the caption that begins with `taken`."""
    first, last, height = taken[0].box, taken[-1].box, max(taken[0].box.height, 4.0)
    if _CAPTION.match(line.text):
        return False
    if line.box.beside(last) and abs(line.box.bottom - last.bottom) < height * 0.6:
        # The rest of the same line, as where a formula parts it.
        return -height < line.box.left - last.right < _LETTERS_APART * 2
    gap = abs(last.bottom - line.box.top) if line.box.top <= last.top else abs(line.box.bottom - last.top)
    around = _union(one.box for one in taken)
    aligned = line.box.left < around.right and line.box.right > around.left
    return aligned and line.box.left > first.left - 60 and gap < height * 0.65 and line.box.height < height * 1.7


def _text_area(page: PageLayout) -> tuple[float, float]:
    """Return the left and right border of the text, of which there is some: a caption."""
    wide = [line.box for line in page.lines if line.box.width > page.width * 0.25] or [one.box for one in page.lines]
    left, right = min(box.left for box in wide), max(box.right for box in wide)
    # A page with short lines only has the margin of its left side on its right as well.
    return min(left, page.width - right), max(right, page.width - left)


def _two_columns(lines: Sequence[Line], left: float, right: float) -> bool:
    middle, width = (left + right) / 2, right - left
    wide = [line.box for line in lines if line.box.width > width * 0.3]
    first = sum(box.right < middle + 5 for box in wide)
    second = sum(box.left > middle - 5 for box in wide)
    return first + second >= 6 and first + second > 2 * (len(wide) - first - second)


def _neighbours(caption: _Caption, captions: Sequence[_Caption], column: tuple[float, float]) -> tuple[float, float]:
    """Return the part of the column that is the caption's own where others stand beside it."""
    left, right = column
    for other in captions:
        if other is caption or not other.box.beside(caption.box):
            continue
        if other.box.left >= caption.box.right:
            right = min(right, (other.box.left + caption.box.right) / 2)
        elif other.box.right <= caption.box.left:
            left = max(left, (other.box.right + caption.box.left) / 2)
    return left, right


def _drawn_above(
    caption: Box, column: tuple[float, float], shapes: Sequence[Box], lines: Sequence[Line], others: Sequence[Box]
) -> Box | None:
    """Return the box around what is drawn above a caption in its column, None for nothing."""
    left, right = column[0] - _AROUND, column[1] + _AROUND
    near = [
        box
        for box in shapes
        if left <= (box.left + box.right) / 2 <= right and box.top > caption.top and box.bottom > caption.top - 4
    ]
    seeds = [box for box in near if min(box.width, box.height) > _THIN]
    text = [line for line in lines if _in_column(line.box, left, right) and line.box.bottom > caption.top - 2]
    holding = sorted(
        (box for box in seeds if box.width > (column[1] - column[0]) * _PROSE), key=lambda box: -box.height
    )
    prose = [line.box for line in text if _is_prose(line, column, holding[:_MAX_HOLDING])]
    running = set(prose)
    walls = sorted((box for box in others if _in_column(box, left, right)), key=lambda box: box.bottom)
    ceiling = min((box.bottom for box in walls if box.bottom > caption.top - 2), default=float("inf"))
    ceiling = min(ceiling, _first_block(prose))
    cluster = _joined(caption, [box for box in seeds if box.bottom < ceiling - 2], prose)
    if cluster is None:
        return None
    ceiling = min([ceiling, *(box.bottom for box in prose if box.bottom > cluster.bottom + cluster.height * 0.5)])
    thin = [box for box in near if min(box.width, box.height) <= _THIN and box.width < (right - left) * 0.9]
    letters = [line.box for line in text if line.box not in running]
    cluster = _with_letters(cluster, [*thin, *letters], ceiling)
    return Box(
        max(cluster.left, left), caption.top, min(cluster.right, right), min(cluster.top, max(ceiling, caption.top))
    )


def _joined(caption: Box, seeds: Sequence[Box], prose: Sequence[Box]) -> Box | None:
    """Return the box around the seeds nearest to the caption and those that follow each other upwards."""
    cluster: Box | None = None
    reach = caption.top
    prose = sorted(prose, key=lambda one: one.bottom)
    for box in sorted(seeds, key=lambda one: one.bottom):
        gap = box.bottom - reach
        if gap > (_TO_CAPTION if cluster is None else _MAX_GAP):
            break
        between = bisect_right(prose, reach - 2, key=lambda one: one.bottom)
        if cluster is not None and between < len(prose) and prose[between].top < box.bottom + 2:
            break
        cluster = box if cluster is None else cluster.around(box)
        reach = max(reach, box.top)
    return cluster


def _with_letters(cluster: Box, parts: Sequence[Box], ceiling: float) -> Box:
    """Return the cluster with the letters and thin lines that stand in it or right beside it."""
    left = [box for box in parts if box.top <= ceiling + 2]
    for _ in range(4):
        reach = Box(cluster.left - _AROUND, cluster.bottom - _AROUND, cluster.right + _AROUND, cluster.top + _ABOVE)
        touched = [
            box
            for box in left
            if box.beside(reach) and box.left < reach.right and box.right > reach.left and box.bottom < reach.top
        ]
        grown = cluster
        for box in touched:
            grown = grown.around(box)
        if grown == cluster:
            break
        cluster = grown
    return cluster


def _is_prose(line: Line, column: tuple[float, float], shapes: Sequence[Box]) -> bool:
    """Return whether a line is running text: it fills its column, and nothing that is drawn holds it."""
    box = line.box
    if box.width < (column[1] - column[0]) * _PROSE or sum(map(str.isalpha, line.text)) < len(line.text) / 2:
        return False
    up = (box.bottom + box.top) / 2
    return not any(
        one.bottom <= up <= one.top
        and one.left <= box.left + 2
        and one.right >= box.right - 2
        and one.height > box.height * 1.5
        for one in shapes
    )


def _first_block(prose: Sequence[Box]) -> float:
    """Return where the lowest block of running text begins: a line or two may be the caption of a part of a figure."""
    if not prose:
        return float("inf")
    height = statistics.median(box.height for box in prose)
    block: list[Box] = []
    for box in sorted(prose, key=lambda one: one.bottom):
        if block and box.bottom - block[-1].top > height:
            block = []
        block.append(box)
        if len(block) >= _PROSE_LINES:
            return block[0].bottom
    return float("inf")


def _in_column(box: Box, left: float, right: float) -> bool:
    return left <= (box.left + box.right) / 2 <= right or (box.left < left and box.right > right)


def _inside(box: Box, page: PageLayout) -> Box:
    """Return the box with a little air, on the page."""
    return Box(
        max(box.left - _MARGIN, 0.0),
        max(box.bottom + 0.5, 0.0),
        min(box.right + _MARGIN, page.width),
        min(box.top + _MARGIN, page.height),
    )


def _union(boxes: Iterable[Box]) -> Box:
    first, *others = boxes
    for box in others:
        first = first.around(box)
    return first
