"""Papers with figures, made by hand: running text in one or two columns, captions, things drawn; and what is read."""

import io
from collections.abc import Mapping, Sequence

from PIL import Image

from bot.figures import CutFigure
from bot.sources.figures import FigureReader
from tests.unit.sources.pdf_kit import pdf, stream

WORDS = "We grow large turnips and other roots on many fields in the north of the country every single year again "


def text(x: float, y: float, said: str, size: float = 10) -> bytes:
    """Return what prints a line whose baseline begins there."""
    escaped = said.encode("latin-1").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"BT /F1 %g Tf %g %g Td (%b) Tj ET\n" % (size, x, y, escaped)


def prose(x: float, y: float, width: float, lines: int, size: float = 10) -> bytes:
    """Return a block of running text from its first baseline down; Helvetica has about half an em to a letter."""
    letters = int(width / (size * 0.47))
    said = (WORDS * (letters // len(WORDS) + 1))[:letters]
    return b"".join(text(x, y - 12 * line, said, size) for line in range(lines))


def box(x: float, y: float, width: float, height: float, colour: str = "0.2 0.4 0.8") -> bytes:
    """Return what fills a rectangle."""
    return b"%b rg %g %g %g %g re f 0 g\n" % (colour.encode(), x, y, width, height)


def bars(x: float, y: float, width: float, height: float, count: int = 5) -> bytes:
    """Return a bar chart out of paths, with letters under it."""
    step = width / count
    drawn = b"".join(box(x + step * n, y + 12, step * 0.7, (height - 12) * (n + 1) / count) for n in range(count))
    return drawn + b"".join(text(x + step * n, y, f"b{n}", 8) for n in range(count))


def paper(
    contents: Sequence[bytes],
    *,
    size: str = "0 0 600 800",
    xobjects: Mapping[str, bytes] | None = None,
    page: bytes = b"",
    catalogue: bytes = b"",
) -> bytes:
    """Return a file with a page for each content; `xobjects`: by name, whole objects that the pages may draw."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %b >>" % catalogue,
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    names = []
    for name, content in (xobjects or {}).items():
        objects.append(content)
        names.append(b"/%b %d 0 R" % (name.encode(), len(objects)))
    resources = b"/Resources << /Font << /F1 3 0 R >> /XObject << %b >> >>" % b" ".join(names)
    kids = []
    for content in contents:
        objects.append(stream(content, packed=True))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [%b] /Contents %d 0 R %b %b >>"
            % (size.encode(), len(objects), resources, page)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%b] >>" % (len(contents), b" ".join(kids))
    return pdf(objects)


def form(content: bytes, bounds: str, *, matrix: str = "1 0 0 1 0 0") -> bytes:
    """Return a form XObject; it may use the page's font and draw the forms numbered from 4."""
    head = (
        b"/Type /XObject /Subtype /Form /BBox [%b] /Matrix [%b] "
        b"/Resources << /Font << /F1 3 0 R >> /XObject << /Again 4 0 R >> >>" % (bounds.encode(), matrix.encode())
    )
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (head, len(content), content)


def image(width: int, height: int, pixels: bytes) -> bytes:
    """Return an image XObject of RGB pixels."""
    head = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8"
    return stream(pixels, packed=True).replace(b"<< ", b"<< " + head % (width, height) + b" ", 1)


def one_column() -> bytes:
    """Return a page of one column with a bar chart, Figure 1, between two paragraphs."""
    return (
        prose(60, 740, 480, 8)
        + bars(150, 450, 300, 150)
        + text(60, 425, "Figure 1: Turnips by year. The bars grow, as do")
        + text(60, 413, "the turnips that they stand for.")
        + prose(60, 380, 480, 12)
    )


async def read(data: bytes, limit: int = 9) -> tuple[CutFigure, ...]:
    """Return the figures of a file."""
    return await FigureReader().read(data, limit)


def picture(figure: CutFigure) -> Image.Image:
    """Return what is shown."""
    return Image.open(io.BytesIO(figure.data)).convert("RGB")


def colours(figure: CutFigure) -> set[str]:
    """Return which of the pure colours the picture has a good part of."""
    shown = picture(figure)
    named = {(255, 0, 0): "red", (0, 255, 0): "green", (0, 0, 255): "blue"}
    counted = shown.getcolors(shown.width * shown.height) or []
    found = set()
    for count, colour in counted:
        for pure, name in named.items():
            near = max(abs(one - other) for one, other in zip(colour, pure, strict=True)) < 40  # type: ignore[arg-type]
            if near and count > shown.width * shown.height / 100:
                found.add(name)
    return found
