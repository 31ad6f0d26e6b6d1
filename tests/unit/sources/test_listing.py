import contextlib
import re
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from bot.errors import SourceMalformed, SourceUnavailable
from bot.model import AnnouncedPaper, AnnounceType, Counts, FetchedAnnouncement, SourceName
from bot.sources.listing import ListingSource, parse_listing
from tests.unit.sources.kit import fixture, polite

PAGE = fixture("listing_cs.LG.html")


def papers() -> dict[str, AnnouncedPaper]:
    return {entry.paper.arxiv_id: entry for entry in parse_listing(PAGE, "cs.LG").papers}


async def fetched(server: HTTPServer, body: bytes, category: str = "cs.LG", status: int = 200) -> FetchedAnnouncement:
    server.expect_request(f"/list/{category}/new").respond_with_data(body, status, content_type="text/html")
    async with polite() as client:
        return await ListingSource(client, server.url_for("/list")).fetch(category)


def entry_blocks() -> list[str]:
    return re.findall(r"    <dt>.*?</dd>\n", PAGE.decode(), re.DOTALL)


def page_of(skip: int, show: int, header: str = "Tuesday, 3 March 2026") -> bytes:
    """Build the page that arXiv serves for a part of the fixture's new submissions (three entries)."""
    blocks = entry_blocks()[:3]
    part = blocks[skip : skip + show]
    last = skip + len(part)
    place = "first " if skip == 0 else ("last " if last == 3 else "")
    continued = "continued, " if skip else ""
    text = PAGE.decode()
    start, end = text.index("      <dl id='articles'>"), text.rindex("</dl>")
    body = f"<dl id='articles'>\n<h3>New submissions ({continued}showing {place}{len(part)} of 3 entries)</h3>\n"
    body += "".join(part)
    text = text[:start] + body + text[end:]
    text = text.replace("Total of 8 entries", f"Total of 3 entries : <span>{skip + 1}-{last}</span>")
    return text.replace("Tuesday, 3 March 2026", header).encode()


def test_the_header_dates_the_announcement_and_every_section_is_counted() -> None:
    page = parse_listing(PAGE, "cs.LG")
    assert page.announced_on == date(2026, 3, 3)
    assert [(s.kind, s.showing, s.total, s.items) for s in page.sections] == [
        (AnnounceType.NEW, 3, 3, 3),
        (AnnounceType.CROSS, 1, 1, 1),
        (AnnounceType.REPLACE, 4, 4, 4),
    ]
    assert page.total == 8
    assert page.problems == ()
    assert [entry.position for entry in page.papers] == list(range(8))


def test_each_paper_has_its_type_and_version() -> None:
    assert {key: (entry.announce_type, entry.paper.version) for key, entry in papers().items()} == {
        "2603.00101": (AnnounceType.NEW, 1),
        "2603.00102": (AnnounceType.NEW, 1),
        "2603.00103": (AnnounceType.NEW, 1),
        "2602.09999": (AnnounceType.CROSS, 2),
        "2601.00001": (AnnounceType.REPLACE, 3),
        "2601.00002": (AnnounceType.REPLACE, 2),
        "2601.00003": (AnnounceType.REPLACE, 2),
        "hep-th/9901001": (AnnounceType.REPLACE_CROSS, 2),
    }


def test_an_entry_is_read_with_links_written_out_and_math_kept() -> None:
    paper = papers()["2603.00101"].paper
    assert paper.title == r"A Bound of $O(n \log n)$ for Café Queues"
    assert paper.authors == ("Mäja Lind", "John Roe, Jr.", "Kettle Collaboration")
    assert paper.comment == "9 pages, code at https://github.com/kettle/queue, see arXiv:2602.00001"
    assert paper.abstract == (
        "We queue for https://example.org/tea, where a < b.\nSecond paragraph, citing 2602.00002."
    )
    assert (paper.primary_category, paper.categories) == ("cs.LG", ("cs.LG", "math.PR"))
    assert paper.has_html is True
    assert paper.authors_complete


def test_optional_fields_and_an_unlinked_author_are_read() -> None:
    paper = papers()["2603.00102"].paper
    assert paper.title == "0"
    assert paper.authors == ("王小明",)
    assert (paper.journal_ref, paper.doi, paper.comment) == ("J. Tea 3 (2026) 1--9", "10.5555/tea.3", None)
    assert paper.has_html is False


def test_withdrawn_is_what_the_record_says_and_not_the_comment() -> None:
    assert [key for key, entry in papers().items() if entry.paper.withdrawn] == ["2601.00002"]


@pytest.mark.parametrize(("names", "complete"), [(99, True), (100, False), (101, True)])
def test_exactly_a_hundred_authors_may_be_a_cut_list(names: int, complete: bool) -> None:
    links = ", ".join(f'<a href="https://arxiv.org/search/cs?query={n}">Author {n}</a>' for n in range(names))
    body = PAGE.replace(b'<a href="https://arxiv.org/search/cs?query=Solo">Solo</a>', links.encode())
    paper = {entry.paper.arxiv_id: entry.paper for entry in parse_listing(body, "cs.LG").papers}["2603.00103"]
    assert len(paper.authors) == names
    assert paper.authors_complete is complete


def test_an_unreadable_entry_is_named_and_the_others_go_on() -> None:
    body = PAGE.replace(
        b"<div class='list-title mathjax'><span class='descriptor'>Title:</span>\n          Third", b"<div>"
    )
    page = parse_listing(body, "cs.LG")
    assert page.problems == ("2603.00103 cannot be read: no title",)
    assert len(page.papers) == 7


def test_ids_in_texts_are_never_taken_for_entries() -> None:
    assert not {"2602.00001", "2602.00002"} & papers().keys()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<html><head><title>Robot check</title></head><body>hello</body></html>", "Robot check"),
        (b"\x00\xff\xfe", "cs.LG"),
        (b'{"error": 1}', "another page"),
        (PAGE.replace(b"Showing new listings for", b"Listings of"), "no header"),
        (PAGE.replace(b"3 March 2026", b"32 March 2026"), "no header"),
    ],
)
def test_what_is_no_listing_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(SourceMalformed, match=message):
        parse_listing(body, "cs.LG")


def test_the_page_of_another_category_is_refused() -> None:
    with pytest.raises(SourceMalformed, match=r"cs\.CV with the listing of cs\.LG"):
        parse_listing(PAGE, "cs.CV")


def test_a_page_cut_anywhere_is_never_taken_for_complete() -> None:
    whole = {entry.paper.arxiv_id: entry for entry in parse_listing(PAGE, "cs.LG").papers}
    ends_at = len(PAGE.rstrip())
    for length in range(len(PAGE)):
        try:
            page = parse_listing(PAGE[:length], "cs.LG")
        except SourceMalformed:
            continue
        if length < ends_at:
            assert page.truncated, length
            assert page.problems, length
        for entry in page.papers:
            assert entry == whole[entry.paper.arxiv_id], length


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_damaged_page_gives_a_typed_error_or_a_result(data: st.DataObject) -> None:
    body = bytearray(PAGE)
    for _ in range(data.draw(st.integers(1, 20))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=6))
    with contextlib.suppress(SourceMalformed):
        assert parse_listing(bytes(body), "cs.LG").category == "cs.LG"


async def test_one_request_brings_a_whole_announcement(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/list/cs.LG/new", query_string="skip=0&show=2000").respond_with_data(PAGE)
    async with polite() as client:
        found = await ListingSource(client, httpserver.url_for("/list/")).fetch("cs.LG")
        assert client.requests == 1
    assert found.shown == Counts(new=3, cross=1, replace=4)
    assert (found.source, found.problem, len(found.papers)) == (SourceName.LISTING, None, 8)


async def test_fewer_entries_than_announced_are_a_problem(httpserver: HTTPServer) -> None:
    body = PAGE.replace(b"(showing 3 of 3 entries)", b"(showing 3 of 31 entries)").replace(
        b"Total of 8", b"Total of 36"
    )
    found = await fetched(httpserver, body)
    assert found.problem == "arXiv shows 3 of 31 new papers; arXiv counts 36 entries, 8 could be read"
    assert found.shown == Counts(new=31, cross=1, replace=4)


async def test_a_count_that_no_entry_backs_is_a_problem(httpserver: HTTPServer) -> None:
    found = await fetched(httpserver, PAGE.replace(entry_blocks()[1].encode(), b""))
    assert found.problem is not None
    assert "shows 2 of 3 new papers" in found.problem


def _without_sections(total: int | None) -> bytes:
    text = PAGE.decode()
    start, end = text.index("      <dl id='articles'>"), text.rindex("</dl>") + 5
    text = text[:start] + "<p>No updates today.</p>" + text[end:]
    if total is None:
        text = re.sub(r"<div class='paging'>.*?</div>", "", text, flags=re.DOTALL)
    return text.encode()


async def test_an_emptied_page_is_no_quiet_day(httpserver: HTTPServer) -> None:
    found = await fetched(httpserver, _without_sections(8))
    assert found.problem == "arXiv counts 8 entries, 0 could be read"
    assert found.shown == Counts(new=3, cross=1, replace=4), "taken from the links above the missing sections"


async def test_an_emptied_page_without_links_still_has_its_total(httpserver: HTTPServer) -> None:
    found = await fetched(httpserver, _without_sections(8).replace(b"#item", b"#"))
    assert found.problem is not None
    assert found.shown.total == 8


async def test_a_day_without_updates_is_a_valid_empty_announcement(httpserver: HTTPServer) -> None:
    found = await fetched(httpserver, _without_sections(None))
    assert (found.papers, found.shown, found.problem) == ((), Counts(), None)
    assert found.announced_on == date(2026, 3, 3)


async def test_a_page_that_says_nothing_at_all_is_a_problem(httpserver: HTTPServer) -> None:
    found = await fetched(httpserver, _without_sections(None).replace(b"<p>No updates today.</p>", b""))
    assert found.problem is not None


async def test_a_split_listing_is_read_page_by_page(httpserver: HTTPServer) -> None:
    for skip in (0, 1, 2):
        query = f"skip={skip}&show=2000"
        httpserver.expect_request("/list/cs.LG/new", query_string=query).respond_with_data(page_of(skip, 1))
    async with polite() as client:
        found = await ListingSource(client, httpserver.url_for("/list")).fetch("cs.LG")
    assert [entry.paper.arxiv_id for entry in found.papers] == ["2603.00101", "2603.00102", "2603.00103"]
    assert (found.problem, found.shown) == (None, Counts(new=3))


async def test_an_overlap_of_pages_lists_a_paper_once(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/list/cs.LG/new", query_string="skip=0&show=2000").respond_with_data(page_of(0, 2))
    httpserver.expect_request("/list/cs.LG/new", query_string="skip=2&show=2000").respond_with_data(page_of(1, 2))
    async with polite() as client:
        found = await ListingSource(client, httpserver.url_for("/list")).fetch("cs.LG")
    assert [entry.paper.arxiv_id for entry in found.papers] == ["2603.00101", "2603.00102", "2603.00103"]
    assert found.problem is None


async def test_an_announcement_that_changes_while_paging_is_read_again(httpserver: HTTPServer) -> None:
    served: list[str] = []

    def answer(request: Request) -> Response:
        served.append(request.args["skip"])
        header = "Monday, 2 March 2026" if len(served) == 1 else "Tuesday, 3 March 2026"
        return Response(page_of(int(request.args["skip"]), 2, header))

    httpserver.expect_request("/list/cs.LG/new").respond_with_handler(answer)
    async with polite() as client:
        found = await ListingSource(client, httpserver.url_for("/list")).fetch("cs.LG")
    assert (found.announced_on, len(found.papers), found.problem) == (date(2026, 3, 3), 3, None)
    assert served == ["0", "2", "0", "2"]


async def test_a_refused_category_says_so(httpserver: HTTPServer) -> None:
    with pytest.raises(SourceUnavailable, match=r"cs\.LG.*HTTP 400") as raised:
        await fetched(httpserver, b"<html>Invalid archive or category</html>", status=400)
    assert raised.value.status == 400
