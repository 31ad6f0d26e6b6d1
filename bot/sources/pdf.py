"""The text of a stranger's PDF, read in a process of its own (`pdf_process`)."""

import asyncio

from bot.errors import SourceMalformed
from bot.sources.pdf_process import MAX_OUTPUT, SECONDS, PdfProcess, answers
from bot.sources.pdf_text import join_pages
from bot.texts import Passage


class PdfReader:
    """Reads the text of PDFs; `process` opens them, shared with others who have PDFs read."""

    def __init__(
        self, process: PdfProcess | None = None, *, seconds: float = SECONDS, max_output: int = MAX_OUTPUT
    ) -> None:
        self._process = process or PdfProcess(seconds=seconds, max_output=max_output)

    async def read(self, data: bytes) -> tuple[Passage, ...]:
        """Return the paragraphs of a PDF.

        Raises `SourceMalformed`, in words, for one that is no PDF, broken, encrypted, without text, or takes too much
        time or memory; `SourceUnavailable` where no process can be started.
        """
        pages = _pages(await self._process.ask(data, "text"))
        passages = await asyncio.to_thread(join_pages, pages)
        if not passages:
            raise SourceMalformed("the PDF has no text, only pictures of it")
        return passages


def _pages(output: bytes) -> list[str]:
    return [str(said["page"]) for said in answers(output) if "page" in said]
