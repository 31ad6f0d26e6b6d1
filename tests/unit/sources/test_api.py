import asyncio
import contextlib
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from bot.errors import SourceError, SourceMalformed, SourceUnavailable
from bot.sources.api import ApiSource, checked_feed
from tests.unit.sources.kit import FakeClock, fixture, polite, raw_server

TWO = fixture("api_two.xml")
ERROR = b"""<feed xmlns="http://www.w3.org/2005/Atom" xmlns:o="http://a9.com/-/spec/opensearch/1.1/">
<o:totalResults>1</o:totalResults><entry><id>https://arxiv.org/api/errors#incorrect_id_format_for_abc</id>
<title>Error</title><summary>incorrect id format for abc</summary><updated>2026-03-03T00:00:00Z</updated>
</entry></feed>"""


def without_entries(total: int) -> bytes:
    body = re.sub(rb"<entry>.*</entry>", b"", TWO, flags=re.DOTALL)
    return body.replace(b"totalResults>2<", f"totalResults>{total}<".encode())


async def test_papers_come_by_id_and_the_rest_is_missing(httpserver: HTTPServer) -> None:
    requests: list[Request] = []

    def answer(request: Request) -> Response:
        requests.append(request)
        return Response(TWO)

    httpserver.expect_request("/api/query").respond_with_handler(answer)
    async with polite() as client:
        result = await ApiSource(client, httpserver.url_for("/api/query")).fetch_papers(
            ["hep-th/9901001", "2603.00101", "2603.00777", "nonsense", "2603.00101v1"]
        )
        assert client.requests == 1
    assert requests[0].args["id_list"] == "hep-th/9901001,2603.00101,2603.00777"
    assert requests[0].headers["User-Agent"] == "paper-brief-test (test@example.org)"
    assert [paper.arxiv_id for paper in result.papers] == ["hep-th/9901001", "2603.00101"]
    assert result.missing == ("2603.00777", "nonsense", "2603.00101v1")
    paper = result.papers[1]
    assert paper.title == "A Bound for Café Queues"
    assert paper.abstract == "We queue for tea.\nSecond paragraph."
    assert paper.authors == ("Mäja Lind", "John Roe")
    assert (paper.version, paper.comment, paper.doi) == (2, "9 pages", "10.5555/tea.3")
    assert paper.categories == ("cs.LG", "math.PR"), "MSC and ACM classes are no categories"
    assert paper.submitted_at == datetime(2026, 2, 27, 9, 30, tzinfo=UTC)
    assert paper.updated_at == datetime(2026, 3, 2, 18, tzinfo=UTC)


async def test_nothing_well_formed_to_ask_for_needs_no_request() -> None:
    async with polite() as client:
        result = await ApiSource(client, "http://unused.invalid").fetch_papers(["abc", ""])
        assert (result.papers, result.missing, client.requests) == ((), ("abc", ""), 0)


async def test_more_than_a_hundred_ids_are_a_mistake_of_the_caller() -> None:
    async with polite() as client:
        with pytest.raises(ValueError, match="100"):
            await ApiSource(client, "http://unused.invalid").fetch_papers([f"2603.{n:05}" for n in range(101)])


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (200, b"<!DOCTYPE html><html><body>Busy</body></html>", SourceMalformed, "HTML"),
        (200, b"", SourceMalformed, "empty"),
        (200, b"<rss/>", SourceMalformed, "another document"),
        (200, TWO[:900], SourceMalformed, "not well-formed"),
        (200, without_entries(500), SourceMalformed, "claims 500 results and sent none"),
        (200, ERROR, SourceUnavailable, "incorrect id format for abc"),
        (400, ERROR, SourceUnavailable, "incorrect id format for abc"),
        (400, TWO, SourceUnavailable, "HTTP 400"),
        (404, b"", SourceUnavailable, "404"),
        (500, b"", SourceUnavailable, "HTTP 500"),
    ],
)
async def test_what_the_package_would_take_for_no_results_is_an_error(
    httpserver: HTTPServer, status: int, body: bytes, kind: type[SourceError], message: str
) -> None:
    httpserver.expect_request("/api/query").respond_with_data(body, status)
    async with polite() as client:
        with pytest.raises(kind, match=message):
            await ApiSource(client, httpserver.url_for("/api/query")).fetch_papers(["2603.00101"])


async def test_an_empty_answer_is_asked_for_once_more(httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request("/api/query").respond_with_data(without_entries(2))
    httpserver.expect_request("/api/query").respond_with_data(TWO)
    async with polite() as client:
        result = await ApiSource(client, httpserver.url_for("/api/query")).fetch_papers(["2603.00101"])
    assert len(result.papers) == 1


async def test_no_such_paper_is_no_error(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/query").respond_with_data(without_entries(0))
    async with polite() as client:
        result = await ApiSource(client, httpserver.url_for("/api/query")).fetch_papers(["2603.00999"])
    assert (result.papers, result.missing) == ((), ("2603.00999",))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"<published>1999-01-01T12:00:00Z</published>", b"<published>yesterday</published>"),
        (b"<published>1999-01-01T12:00:00Z</published>", b""),
        (b"<title>Old Strings</title>", b""),
        (b"http://arxiv.org/abs/hep-th/9901001v2", b"http://arxiv.org/abs/???"),
    ],
)
async def test_a_broken_entry_costs_that_entry_only(httpserver: HTTPServer, good: bytes, bad: bytes) -> None:
    httpserver.expect_request("/api/query").respond_with_data(TWO.replace(good, bad))
    async with polite() as client:
        result = await ApiSource(client, httpserver.url_for("/api/query")).fetch_papers(
            ["2603.00101", "hep-th/9901001"]
        )
        assert client.requests == 1
    assert [paper.arxiv_id for paper in result.papers] == ["2603.00101"]
    assert result.missing == ("hep-th/9901001",)


async def test_a_search_pages_on_and_notices_an_empty_page(httpserver: HTTPServer) -> None:
    page = TWO.replace(b"totalResults>2<", b"totalResults>4<")
    httpserver.expect_oneshot_request("/api/query").respond_with_data(page)
    empty = without_entries(4).replace(b"startIndex>0<", b"startIndex>2<")
    httpserver.expect_request("/api/query").respond_with_data(empty)
    async with polite() as client:
        with pytest.raises(SourceMalformed):
            await ApiSource(client, httpserver.url_for("/api/query")).search("cat:cs.LG", 4)


async def test_a_search_stops_at_its_limit(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/query").respond_with_data(TWO.replace(b"totalResults>2<", b"totalResults>900<"))
    async with polite() as client:
        found = await ApiSource(client, httpserver.url_for("/api/query")).search("cat:cs.LG", 2)
        assert (len(found), client.requests) == (2, 1)


async def test_cool_downs_hold_for_the_package_too(httpserver: HTTPServer) -> None:
    clock = FakeClock()
    httpserver.expect_oneshot_request("/api/query").respond_with_data("", 429, {"Retry-After": "60"})
    httpserver.expect_request("/api/query").respond_with_data(TWO)
    async with polite(clock=clock) as client:
        await ApiSource(client, httpserver.url_for("/api/query")).fetch_papers(["2603.00101"])
    assert clock.seconds >= 60


async def test_cancelling_ends_the_thread_and_frees_the_source(httpserver: HTTPServer) -> None:
    entered = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        entered.set()
        await reader.read()

    httpserver.expect_request("/api/query").respond_with_data(TWO)
    async with raw_server(hang) as url, polite() as client:
        source = ApiSource(client, url)
        task = asyncio.create_task(source.fetch_papers(["2603.00101"]))
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        source._base_url = httpserver.url_for("/api/query")
        assert len((await source.fetch_papers(["2603.00101"])).papers) == 1


def test_an_answer_cut_anywhere_is_refused() -> None:
    for length in range(len(TWO.rstrip())):
        with pytest.raises(SourceMalformed):
            checked_feed(TWO[:length])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_answer_gives_a_typed_error_or_a_result(data: st.DataObject) -> None:
    body = bytearray(TWO)
    place = data.draw(st.integers(0, len(body) - 1))
    body[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=4))
    with contextlib.suppress(SourceMalformed, SourceUnavailable):
        assert b"feed" in checked_feed(bytes(body))
