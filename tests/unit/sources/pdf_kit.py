"""PDFs made by hand: text, pictures only, encrypted, and such as no paper is."""

import hashlib
import zlib
from collections.abc import Sequence

_PAD = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")


def pdf(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """Return a file of these objects, numbered from 1; the first is the catalogue."""
    body = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    body += b"".join(b"%010d 00000 n \n" % place for place in places)
    body += b"trailer\n<< /Size %d /Root 1 0 R %b >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(body)


def stream(data: bytes, *, packed: bool = False) -> bytes:
    """Return a stream object's content."""
    data, more = (zlib.compress(data, 9), b"/Filter /FlateDecode ") if packed else (data, b"")
    return b"<< %b/Length %d >>\nstream\n%b\nendstream" % (more, len(data), data)


def drawing(lines: Sequence[str]) -> bytes:
    """Return what prints these lines below each other."""
    said = b" T* ".join(b"(%b) Tj" % _escaped(line) for line in lines)
    return b"BT /F1 10 Tf 12 TL 50 780 Td %b ET" % said


def paper_pdf(pages: Sequence[Sequence[str]]) -> bytes:
    """Return a file with a page for each list of lines."""
    return pages_of([stream(drawing(lines)) for lines in pages])


def pages_of(contents: Sequence[bytes], *, count: int | None = None, trailer: bytes = b"") -> bytes:
    """Return a file whose pages have these content streams; `count` is how many pages it claims."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for content in contents:
        page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R" % (len(objects) + 1)
        objects += [content, page + b" /Resources << /Font << /F1 3 0 R >> >> >>"]
        kids.append(b"%d 0 R" % len(objects))
    claimed = len(contents) if count is None else count
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%b] >>" % (claimed, b" ".join(kids))
    return pdf(objects, trailer)


def encrypted_pdf() -> bytes:
    """Return a file that wants a password (the standard handler's revision 2, 40 bits)."""
    owner, file_id = bytes(range(32)), b"0123456789abcdef"
    padded = (b"secret" + _PAD)[:32]
    key = hashlib.md5(padded + owner + (0xFFFFFFFC).to_bytes(4, "little") + file_id).digest()[:5]  # noqa: S324  # the format's own
    said = b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%b> /U <%b> >>" % (
        owner.hex().encode(),
        _rc4(key, _PAD).hex().encode(),
    )
    return pages_of(
        [stream(drawing(["Hidden."]))], trailer=b"/Encrypt %b /ID [<%b> <%b>]" % (said, *[file_id.hex().encode()] * 2)
    )


def _rc4(key: bytes, data: bytes) -> bytes:
    box, j = list(range(256)), 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)


def _escaped(line: str) -> bytes:
    return line.encode("latin-1").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
