"""A paper's full text: arXiv's HTML, else its PDF, for answering questions; the PDF also for its figures.

Nothing of it is stored here. Both are asked of arXiv through the one limiter, like everything else; what comes back is
a stranger's document.
"""

import asyncio
from collections.abc import Mapping
from urllib.parse import quote

from bot.errors import SourceMalformed, SourceUnavailable
from bot.log import get_logger
from bot.model import Paper
from bot.sources.html_text import parse_html
from bot.sources.pdf import PdfReader
from bot.sources.politeness import PoliteClient
from bot.texts import FullText, Passage

MAX_DOCUMENT = 20 << 20
"""Bytes. What is larger is mostly pictures, and those are not read."""

HTML, PDF = "html", "pdf"

_log = get_logger(__name__)


class FullTextSource:
    """Fetches full texts."""

    def __init__(self, client: PoliteClient, html_url: str, pdf_url: str, pdf: PdfReader | None = None) -> None:
        self._client = client
        self._html_url = html_url
        self._pdf_url = pdf_url
        self._pdf = pdf or PdfReader()

    async def fetch(self, paper: Paper) -> FullText:
        """Return the text of this version of the paper.

        Raises `SourceUnavailable` where arXiv cannot be asked or has neither, and `SourceMalformed` where what it has
        cannot be read.
        """
        if paper.has_html is not False:
            try:
                return self._full_text(paper, HTML, await self._fetch_html(paper))
            except SourceUnavailable as error:
                # The PDF is on the same host: who said "later" means both.
                if error.status != 404 and (error.retry_at is not None or error.status is None):
                    raise
                _log.info("full_text.no_html", arxiv_id=paper.arxiv_id, why=str(error))
            except SourceMalformed as error:
                _log.info("full_text.no_html", arxiv_id=paper.arxiv_id, why=str(error))
        return self._full_text(paper, PDF, await self._fetch_pdf(paper))

    async def fetch_pdf(self, paper: Paper) -> bytes:
        """Return the PDF of this version of the paper, unread.

        Raises `SourceUnavailable` where arXiv cannot be asked or has none, `SourceMalformed` for another type.
        """
        return await self._get(self._pdf_url, paper, PDF, ("application/pdf",))

    async def _fetch_html(self, paper: Paper) -> tuple[Passage, ...]:
        body = await self._get(self._html_url, paper, HTML, ("text/html", "application/xhtml+xml"))
        return await asyncio.to_thread(parse_html, body)

    async def _fetch_pdf(self, paper: Paper) -> tuple[Passage, ...]:
        return await self._pdf.read(await self.fetch_pdf(paper))

    async def _get(self, address: str, paper: Paper, kind: str, types: tuple[str, ...]) -> bytes:
        url = f"{address}/{quote(paper.arxiv_id, safe='/')}v{paper.version}"
        answer = await self._client.get(url, accept=types[0], source=kind, max_body=MAX_DOCUMENT)
        if answer.status != 200:
            message = f"arXiv has no {kind} of {paper.arxiv_id} (HTTP {answer.status})"
            raise SourceUnavailable(message, status=answer.status)
        if _content_type(answer.headers) not in types:
            raise SourceMalformed(
                f"arXiv's {kind} of {paper.arxiv_id} is of another type: {_content_type(answer.headers)[:60]}"
            )
        return answer.body

    def _full_text(self, paper: Paper, read: str, passages: tuple[Passage, ...]) -> FullText:
        return FullText(paper.arxiv_id, paper.version, read, passages)


def _content_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
