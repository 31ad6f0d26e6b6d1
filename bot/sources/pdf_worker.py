"""The process that opens a stranger's PDF: a file on standard input, the text of its pages on standard output.

Run as a file by an isolated interpreter, so that it knows nothing of the bot: no package of it, no environment, no
network library. It limits its own memory, time and open files before it reads the first byte; who started it kills it
when it takes too long. It may import nothing but the standard library and pypdfium2.

Answer: one line of JSON for each page, {"page": "text"}; at the end {"pages": how many the file has}, or instead of it
{"error": "encrypted" | "broken"}.
"""

import json
import sys

MEMORY = 512 << 20
"""Bytes of address space. The interpreter and PDFium take 27 MB of it, a paper of 20 pages 8 MB more."""

CPU_SECONDS = 20
MAX_PAGES = 80
MAX_PAGE_CHARACTERS = 40_000
"""A page of a two-column paper has about 4,000."""

MAX_CHARACTERS = 800_000


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


def read_pages(data: bytes) -> None:
    """Write the pages of a PDF to standard output, each as soon as it is read."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
        pages = len(document)
    except pypdfium2.PdfiumError as error:
        # Error 4 is a file that wants a password (FPDF_ERR_PASSWORD).
        _say(
            error="encrypted" if getattr(error, "err_code", None) == 4 or "password" in str(error).lower() else "broken"
        )
        return
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
    _say(pages=pages)


def _say(**line: object) -> None:
    # Half of a surrogate pair would break the output's encoding; escapes take any character.
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    limit_resources()
    read_pages(sys.stdin.buffer.read())
