"""The process that opens a stranger's PDF: a file on standard input, what is asked of it on standard output.

Run as a file by an isolated interpreter, so that it knows nothing of the bot: no package of it, no environment, no
network library. It limits its own memory, time and open files before it reads the first byte; who started it kills it
when it takes too long. It may import nothing but the standard library, pypdfium2 and, to pack pictures, Pillow, which
sees only what PDFium drew.

The first argument says what is asked. The answer is lines of JSON, the last of which is {"pages": how many the file
has}, or instead of it {"error": "encrypted" | "broken"}:

    text       for each page {"page": its text}
    layout     for each page {"page": number, "size": [width, height], "lines": [[left, bottom, right, top, text]…],
               "shapes": [[left, bottom, right, top]…], "forms": [the same…]}; in points from the page's lower left
               corner. A shape is a picture or a path; a form holds several, letters too, and may be all of the page.
    pictures   for each region of the second argument, JSON [[page, left, bottom, right, top]…],
               {"region": its place in that list, "width": …, "height": … in pixels, "data": a WebP file in base64};
               a region where nothing is drawn has no line
"""

import base64
import ctypes
import io
import json
import math
import sys
from collections.abc import Callable, Iterator
from typing import Any

MEMORY = 512 << 20
"""Bytes of address space. The interpreter and PDFium take 27 MB of it, a paper of 20 pages 8 MB more."""

CPU_SECONDS = 20
MAX_PAGES = 80
MAX_PAGE_CHARACTERS = 40_000
"""A page of a two-column paper has about 4,000."""

MAX_CHARACTERS = 800_000

MAX_FIGURE_PAGES = 40
MAX_LINES = 800
MAX_OBJECTS = 20_000
MAX_SHAPES = 4_000
FINE_SHAPES = 1_000
MAX_FORMS = 500
MAX_DEPTH = 6
"""Forms within forms that are looked into."""

PAGE_SIZES = (100.0, 3_000.0)
"""Points. Outside of this it is no page of a paper."""

MAX_WIDTH = 1_200
MAX_HEIGHT = 1_600
MAX_SCALE = 3.0
"""Pixels to a point."""

MAX_PICTURE = 200_000
"""Bytes of a packed picture."""

Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""

Matrix = tuple[float, float, float, float, float, float]

_APART = 25.0
_MAX_SEGMENTS = 64
"""Of a path that something is cut off at; a longer one is not looked at."""

_HYPHENS = (0x02, 0xFFFE)
_QUALITIES = (85, 70, 50)
_SHRINK = 0.75
_LEAST_WIDTH = 160
_BORDER = 10
"""White pixels around what is drawn, so that it reads on a dark page."""


def limit_resources() -> None:
    """Take from this process what reading a file does not need; on systems that know no limits, nothing."""
    try:
        import resource
    except ImportError:
        return
    wanted = (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    )
    for kind, limit in wanted:
        _, hard = resource.getrlimit(kind)
        most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):
            # macOS refuses some limits; the time limit of the one who waits holds in any case.
            continue


def read_pages(document: Any, pages: int) -> None:
    """Write the text of the pages to standard output, each as soon as it is read."""
    import pypdfium2

    left = MAX_CHARACTERS
    for number in range(min(pages, MAX_PAGES)):
        try:
            page = document[number]
            text = page.get_textpage()
            said = text.get_text_range(0, min(text.count_chars(), MAX_PAGE_CHARACTERS, left))
            text.close()
            page.close()
        except pypdfium2.PdfiumError:
            # One broken page costs that page.
            said = ""
        left -= len(said)
        _say(page=said)
        if left <= 0:
            break


def read_layout(document: Any, pages: int) -> None:
    """Write where the lines and shapes of the pages are, each page as soon as it is read."""
    import pypdfium2

    for number in range(min(pages, MAX_FIGURE_PAGES)):
        try:
            page = document[number]
            origin = page.get_bbox()
            size = page.get_size()
            # On a page that is shown turned, what is "above" a caption would be something else.
            if page.get_rotation() == 0 and all(PAGE_SIZES[0] <= one <= PAGE_SIZES[1] for one in size):
                shapes, forms = _shapes(page, origin)
                _say(page=number + 1, size=_rounded(size), lines=_lines(page, origin), shapes=shapes, forms=forms)
            page.close()
        except pypdfium2.PdfiumError:
            continue


def draw_pictures(document: Any, pages: int, regions: list[list[float]]) -> None:
    """Write a picture of each region to standard output, each as soon as it is drawn."""
    import pypdfium2

    for place, (number, *box) in enumerate(regions):
        if not 1 <= number <= pages:
            continue
        try:
            page = document[int(number) - 1]
            picture = _picture(page, box)
            page.close()
        except pypdfium2.PdfiumError:
            continue
        if picture is not None:
            _say(region=place, **picture)


def _lines(page: Any, origin: Box) -> list[list[Any]]:
    """Return the page's lines of text, in the order of the file; a line whose last word goes on ends with U+FFFE."""
    import pypdfium2.raw as pdfium

    text = page.get_textpage()
    left, bottom, right, top = (ctypes.c_double() for _ in range(4))
    found: list[list[Any]] = []
    letters: list[str] = []
    box: Box | None = None

    def finish() -> None:
        nonlocal box
        said = "".join(letters).strip()
        if said and box is not None:
            found.append([*_rounded(_moved(box, origin)), said])
        letters.clear()
        box = None

    for index in range(min(text.count_chars(), MAX_PAGE_CHARACTERS)):
        code = pdfium.FPDFText_GetUnicode(text, index)
        if code in (0x0A, 0x0D) or code in _HYPHENS:
            letters.append("\ufffe" if code in _HYPHENS else "")
            finish()
            if len(found) >= MAX_LINES:
                break
            continue
        letter = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
        if pdfium.FPDFText_GetCharBox(text, index, left, right, bottom, top) and not letter.isspace():
            one = (left.value, bottom.value, right.value, top.value)
            if box is not None and one[0] - box[2] > _APART:
                finish()
            box = one if box is None else _around(box, one)
        letters.append(letter)
    finish()
    text.close()
    return found[:MAX_LINES]


def _shapes(page: Any, origin: Box) -> tuple[list[list[float]], list[list[float]]]:
    """Return the boxes of pictures and paths, and those around all that a form draws."""
    width, height = page.get_size()
    whole: Box = (origin[0], origin[1], origin[0] + width, origin[1] + height)
    shapes: set[Box] = set()
    forms: set[Box] = set()
    left = MAX_OBJECTS

    def walk(objects: Iterator[Any], matrix: Matrix, clip: Box, depth: int) -> Box | None:
        """Return the box around all that is drawn, letters included."""
        nonlocal left
        around: Box | None = None
        for one in objects:
            left -= 1
            if left <= 0 or len(shapes) >= MAX_SHAPES:
                break
            box = _visible(one, matrix, clip)
            if box is None:
                continue
            if one.type == _FORM:
                inner = _times(_matrix_of(one), matrix)
                box = walk(_of_form(one), inner, box, depth + 1) if depth < MAX_DEPTH else None
                if box is None:
                    continue
                forms.add(_on_grid(box, 1))
            elif one.type != _TEXT:
                # Thousands of dots lie in few squares.
                shapes.add(_on_grid(box, 1 if len(shapes) < FINE_SHAPES else 12))
            around = box if around is None else _around(around, box)
        return around

    walk(page.get_objects(max_depth=1), (1, 0, 0, 1, 0, 0), whole, 0)
    shown = [_rounded(_moved(box, origin)) for box in sorted(shapes)]
    return shown, [_rounded(_moved(box, origin)) for box in sorted(forms)[:MAX_FORMS]]


_TEXT, _FORM = 1, 5
"""FPDF_PAGEOBJ_TEXT, FPDF_PAGEOBJ_FORM."""


def _of_form(form: Any) -> Iterator[Any]:
    return iter(form.page.get_objects(max_depth=1, form=form))


def _visible(one: Any, matrix: Matrix, clip: Box) -> Box | None:
    """Return the box of what is seen of an object, None for nothing."""
    box = _overlap(_mapped(one.get_bounds(), matrix), clip)
    for path in _clips(one):
        if box is not None:
            box = _overlap(box, _mapped(path, matrix))
    return box


def _clips(one: Any) -> Iterator[Box]:
    """Yield the boxes around the paths that an object is cut off at."""
    import pypdfium2.raw as pdfium

    clip = pdfium.FPDFPageObj_GetClipPath(one)
    x, y = ctypes.c_float(), ctypes.c_float()
    for path in range(min(pdfium.FPDFClipPath_CountPaths(clip) if clip else 0, 8)):
        count = pdfium.FPDFClipPath_CountPathSegments(clip, path)
        points = [
            (x.value, y.value)
            for segment in range(count if count < _MAX_SEGMENTS else 0)
            if pdfium.FPDFPathSegment_GetPoint(pdfium.FPDFClipPath_GetPathSegment(clip, path, segment), x, y)
        ]
        if points:
            across, up = zip(*points, strict=True)
            yield (min(across), min(up), max(across), max(up))


def _matrix_of(one: Any) -> Matrix:
    a, b, c, d, e, f = one.get_matrix().get()
    return (a, b, c, d, e, f)


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def _mapped(box: Box, matrix: Matrix) -> Box:
    a, b, c, d, e, f = matrix
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (box[0], box[2]) for y in (box[1], box[3])]
    across, up = zip(*corners, strict=True)
    return (min(across), min(up), max(across), max(up))


def _overlap(one: Box, other: Box) -> Box | None:
    box = (max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))
    # A line has no height; what is no number at all compares to nothing.
    return box if box[0] <= box[2] and box[1] <= box[3] and all(map(math.isfinite, box)) else None


def _around(one: Box, other: Box) -> Box:
    return (min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3]))


def _moved(box: Box, origin: Box) -> Box:
    x, y = origin[0], origin[1]
    return (box[0] - x, box[1] - y, box[2] - x, box[3] - y)


def _on_grid(box: Box, step: int) -> Box:
    return (
        math.floor(box[0] / step) * step,
        math.floor(box[1] / step) * step,
        math.ceil(box[2] / step) * step,
        math.ceil(box[3] / step) * step,
    )


def _rounded(numbers: Any) -> list[float]:
    return [round(one, 1) if math.isfinite(one) else 0.0 for one in numbers]


def _picture(page: Any, box: list[float]) -> dict[str, Any] | None:
    """Return a region as a packed picture without its white border, None where nothing is drawn."""
    from PIL import ImageChops, ImageOps

    width, height = page.get_size()
    left, bottom, right, top = max(box[0], 0), max(box[1], 0), min(box[2], width), min(box[3], height)
    if right - left < 1 or top - bottom < 1 or max(width, height) > PAGE_SIZES[1]:
        return None
    room = 2 * _BORDER + 2
    scale = min(MAX_SCALE, (MAX_WIDTH - room) / (right - left), (MAX_HEIGHT - room) / (top - bottom))
    bitmap = page.render(
        scale=scale,
        crop=(left, bottom, width - right, height - top),
        draw_annots=False,
        limit_image_cache=True,
        rev_byteorder=True,
    )
    picture = bitmap.to_pil().convert("RGB")
    ink = ImageChops.invert(picture).convert("L").point([0] * 12 + [255] * 244).getbbox()
    if ink is None:
        return None
    picture = ImageOps.expand(picture.crop(ink), _BORDER, "white")
    data = _packed(picture)
    while len(data) > MAX_PICTURE and picture.width > _LEAST_WIDTH:
        picture = picture.resize((int(picture.width * _SHRINK), max(1, int(picture.height * _SHRINK))))
        data = _packed(picture)
    if len(data) > MAX_PICTURE:
        return None
    return {"width": picture.width, "height": picture.height, "data": base64.b64encode(data).decode()}


def _packed(picture: Any) -> bytes:
    """Return a WebP file: exact where that is smaller, as with most plots; else as good as fits."""
    exact = _webp(picture, lossless=True, quality=50)
    best = exact
    for quality in _QUALITIES:
        packed = _webp(picture, quality=quality)
        if len(packed) < len(best):
            best = packed
        if len(best) <= MAX_PICTURE:
            break
    return best


def _webp(picture: Any, **how: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, "WEBP", method=4, **how)
    return file.getvalue()


def _say(**line: object) -> None:
    # Half of a surrogate pair would break the output's encoding; escapes take any character.
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main(asked: str, *more: str) -> None:
    """Read a PDF from standard input and answer what is asked of it."""
    import pypdfium2

    answers: dict[str, Callable[[Any, int], None]] = {
        "text": read_pages,
        "layout": read_layout,
        "pictures": lambda document, pages: draw_pictures(document, pages, json.loads(more[0])),
    }
    try:
        document = pypdfium2.PdfDocument(sys.stdin.buffer.read())
        pages = len(document)
    except pypdfium2.PdfiumError as error:
        # Error 4 is a file that wants a password (FPDF_ERR_PASSWORD).
        wants_password = getattr(error, "err_code", None) == 4 or "password" in str(error).lower()
        _say(error="encrypted" if wants_password else "broken")
        return
    answers[asked](document, pages)
    _say(pages=pages)


if __name__ == "__main__":
    limit_resources()
    main(*sys.argv[1:])
