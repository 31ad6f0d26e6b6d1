"""Full texts from a loopback arXiv: HTML first, else PDF, through the one limiter."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from bot.errors import SourceMalformed, SourceUnavailable
from bot.model import Paper
from bot.sources import full_text
from bot.sources.full_text import FullTextSource
from bot.sources.politeness import STATE
from bot.texts import FullText
from tests.unit.sources.kit import NOON, FakeClock, MemoryState, fixture, polite
from tests.unit.sources.pdf_kit import paper_pdf

PAPER = Paper("2605.00001", "Turnips", "We grow turnips.", ("A",), "cs.CL", ("cs.CL",), version=2)
HTML = fixture("html_paper.html")
PDF = paper_pdf([["We grow turnips on twelve fields in the north of the country."]])
HTML_PATH, PDF_PATH = "/html/2605.00001v2", "/pdf/2605.00001v2"


async def fetch(
    server: HTTPServer, paper: Paper = PAPER, *, state: MemoryState | None = None, clock: FakeClock | None = None
) -> FullText:
    async with polite(state, clock, min_interval=3) as client:
        return await FullTextSource(client, server.url_for("/html"), server.url_for("/pdf")).fetch(paper)


def asked(server: HTTPServer) -> list[str]:
    return [request.path for request, _ in server.log]


async def test_html_is_read_where_there_is_some(httpserver: HTTPServer) -> None:
    httpserver.expect_request(HTML_PATH).respond_with_data(HTML, content_type="text/html; charset=utf-8")
    found = await fetch(httpserver)
    assert (found.arxiv_id, found.version, found.read) == ("2605.00001", 2, "html")
    assert found.passages[0].place == "section 1"
    assert asked(httpserver) == [HTML_PATH]


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (404, b"No HTML for this paper", "text/html"),
        (200, b"<html><body>Try later</body></html>", "text/html"),
        (200, HTML, "application/octet-stream"),
        (200, b"", "text/html"),
        (403, b"", "text/html"),
    ],
)
async def test_the_pdf_is_read_where_the_html_cannot_be(
    httpserver: HTTPServer, status: int, body: bytes, content_type: str
) -> None:
    httpserver.expect_request(HTML_PATH).respond_with_data(body, status=status, content_type=content_type)
    httpserver.expect_request(PDF_PATH).respond_with_data(PDF, content_type="application/pdf")
    clock = FakeClock()
    found = await fetch(httpserver, clock=clock)
    assert (found.read, found.passages[0].place) == ("pdf", "page 1")
    assert asked(httpserver) == [HTML_PATH, PDF_PATH]
    assert sum(clock.slept) >= 3, "both requests keep arXiv's distance"


async def test_a_paper_known_to_have_no_html_costs_one_request(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PDF_PATH).respond_with_data(PDF, content_type="application/pdf")
    assert (await fetch(httpserver, replace(PAPER, has_html=False))).read == "pdf"
    assert asked(httpserver) == [PDF_PATH]


async def test_old_identifiers_keep_their_slash(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/html/hep-th/9901001v1").respond_with_data(HTML, content_type="text/html")
    await fetch(httpserver, replace(PAPER, arxiv_id="hep-th/9901001", version=1))


async def test_neither_is_there(httpserver: HTTPServer) -> None:
    for path in (HTML_PATH, PDF_PATH):
        httpserver.expect_request(path).respond_with_data("no", status=404)
    with pytest.raises(SourceUnavailable, match=r"no pdf of 2605\.00001") as caught:
        await fetch(httpserver)
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("body", "content_type"), [(b"not a PDF", "application/pdf"), (PDF, "text/html"), (PDF[:300], "application/pdf")]
)
async def test_a_pdf_that_is_none(httpserver: HTTPServer, body: bytes, content_type: str) -> None:
    httpserver.expect_request(PDF_PATH).respond_with_data(body, content_type=content_type)
    with pytest.raises(SourceMalformed):
        await fetch(httpserver, replace(PAPER, has_html=False))


async def test_an_endless_document_is_broken_off(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_text, "MAX_DOCUMENT", 1 << 20)
    sent = []

    def endless(_request: Request) -> Response:
        def chunks() -> object:
            for _ in range(100):
                sent.append(1)
                yield b"<p>" + b"x" * (1 << 20)

        return Response(chunks(), content_type="text/html")  # type: ignore[arg-type]

    httpserver.expect_request(HTML_PATH).respond_with_handler(endless)
    with pytest.raises(SourceUnavailable, match="larger than 1 MiB"):
        await fetch(httpserver)
    assert len(sent) < 50


async def test_redirects_lead_nowhere_else(httpserver: HTTPServer) -> None:
    httpserver.expect_request(HTML_PATH).respond_with_data(
        "", status=302, headers={"Location": "http://169.254.169.254/latest/meta-data"}
    )
    httpserver.expect_request(PDF_PATH).respond_with_data(
        "", status=301, headers={"Location": "http://localhost:1/other.pdf"}
    )
    with pytest.raises(SourceUnavailable, match="redirects to another site"):
        await fetch(httpserver)


async def test_redirects_on_the_same_host_are_followed(httpserver: HTTPServer) -> None:
    httpserver.expect_request(HTML_PATH).respond_with_data("", status=301, headers={"Location": "/html/elsewhere"})
    httpserver.expect_request("/html/elsewhere").respond_with_data(HTML, content_type="text/html")
    assert (await fetch(httpserver)).read == "html"


async def test_a_cool_down_holds_for_full_texts_as_well(httpserver: HTTPServer) -> None:
    state = MemoryState()
    until = (NOON + timedelta(minutes=30)).isoformat()
    state.kept[STATE] = {"cooldowns": {"*": {"set_at": NOON.isoformat(), "until": until}}}
    with pytest.raises(SourceUnavailable, match="arXiv limits this address"):
        await fetch(httpserver, state=state)
    assert asked(httpserver) == []


async def test_a_refusal_slows_everybody_down(httpserver: HTTPServer) -> None:
    httpserver.expect_request(HTML_PATH).respond_with_data("", status=429, headers={"Retry-After": "600"})
    state = MemoryState()
    with pytest.raises(SourceUnavailable) as caught:
        await fetch(httpserver, state=state)
    assert caught.value.retry_at is not None
    assert asked(httpserver) == [HTML_PATH], "the PDF is not asked for in its place"
    assert "*" in state.kept[STATE]["cooldowns"]
