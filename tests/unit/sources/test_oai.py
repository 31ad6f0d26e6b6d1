import re
from datetime import UTC, date, datetime

import pytest
from pytest_httpserver import HTTPServer

from bot.errors import SourceError, SourceMalformed, SourceUnavailable
from bot.sources.oai import OaiSource, oai_set, parse_records
from tests.unit.sources.kit import fixture, polite

PAGE = fixture("oai_list.xml")
LAST = re.sub(rb"<resumptionToken.*</resumptionToken>", b"<resumptionToken/>", PAGE)
RAW = fixture("oai_raw.xml")
TOKEN = "verb%3DListRecords%26set%3Dcs%253Acs%253ALG%26skip%3D2"
DAY = date(2026, 3, 3)


def error(code: str) -> bytes:
    return f"""<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">
<responseDate>2026-03-03T02:45:00Z</responseDate><request/><error code='{code}'>why not</error></OAI-PMH>""".encode()


@pytest.mark.parametrize(
    ("category", "spec"),
    [
        ("cs.CL", "cs:cs:CL"),
        ("math.CO", "math:math:CO"),
        ("stat.ML", "stat:stat:ML"),
        ("q-bio.NC", "q-bio:q-bio:NC"),
        ("hep-th", "physics:hep-th"),
        ("math-ph", "physics:math-ph"),
        ("astro-ph.GA", "physics:astro-ph:GA"),
        ("cond-mat.mtrl-sci", "physics:cond-mat:mtrl-sci"),
        ("physics.optics", "physics:physics:optics"),
        ("cs.NA", "math:math:NA"),
    ],
)
def test_a_category_has_its_set(category: str, spec: str) -> None:
    assert oai_set(category) == spec


def test_records_are_read_with_licence_and_structured_names() -> None:
    first, second = parse_records(PAGE)
    assert first.paper.authors == ("Mäja Lind", "John Roe Jr.", "王小明")
    assert first.paper.title == "A Bound for Café Queues"
    assert first.paper.abstract == "We queue for tea."
    assert first.paper.licence == "http://creativecommons.org/licenses/by/4.0/"
    assert first.paper.categories == ("cs.LG", "math.PR")
    assert (first.datestamp, first.created, first.updated) == (DAY, date(2026, 3, 2), None)
    assert (second.updated, second.paper.version) == (date(2026, 3, 1), 2)


def test_the_raw_record_tells_version_dates_and_withdrawal() -> None:
    (record,) = parse_records(RAW)
    assert record.paper.withdrawn
    assert record.paper.version == 2
    assert record.paper.authors == ("W. Drawn", "Anna Other")
    assert record.paper.submitted_at == datetime(2026, 1, 1, 5, 26, 26, tzinfo=UTC)
    assert record.paper.updated_at == datetime(2026, 3, 2, 5, 59, 16, tzinfo=UTC)


def test_the_word_in_a_comment_withdraws_nothing() -> None:
    body = RAW.replace(b"<source_type>I</source_type>", b"").replace(b"An error in equation 4", b"withdrawn from ICML")
    assert not parse_records(body)[0].paper.withdrawn


@pytest.mark.parametrize(
    "broken",
    [
        rb"<identifier>oai:arXiv.org:2603.00101</identifier>",
        rb"<title>A Bound.*?</title>",
        rb"<categories>cs.LG math.PR</categories>",
        rb"<datestamp>2026-03-03</datestamp>",
    ],
)
def test_a_record_without_a_field_is_left_out_and_the_others_go_on(broken: bytes) -> None:
    found = parse_records(re.sub(broken, b"", PAGE, count=1))
    assert [record.paper.arxiv_id for record in found] == ["2601.00001"]


def test_a_deleted_record_says_so() -> None:
    body = re.sub(
        rb"<header>(.*?)</header>.*?</metadata>",
        rb'<header status="deleted">\1</header>',
        PAGE,
        count=1,
        flags=re.DOTALL,
    )
    first = parse_records(body)[0]
    assert first.deleted
    assert first.paper.withdrawn


def test_an_answer_cut_anywhere_is_refused() -> None:
    for length in range(len(PAGE.rstrip())):
        with pytest.raises(SourceMalformed):
            parse_records(PAGE[:length])


async def test_a_list_is_followed_to_its_end(httpserver: HTTPServer) -> None:
    first = {
        "verb": "ListRecords",
        "from": "2026-03-02",
        "until": "2026-03-03",
        "metadataPrefix": "arXiv",
        "set": "cs:cs:LG",
    }
    httpserver.expect_request("/oai", query_string=first).respond_with_data(PAGE)
    more = LAST.replace(b"2603.00101", b"2603.00102")
    token = {"verb": "ListRecords", "resumptionToken": TOKEN}
    httpserver.expect_request("/oai", query_string=token).respond_with_data(more)
    async with polite() as client:
        found = await OaiSource(client, httpserver.url_for("/oai")).fetch_records("cs.LG", date(2026, 3, 2), DAY)
        assert client.requests == 2
    assert sorted(record.paper.arxiv_id for record in found) == ["2601.00001", "2603.00101", "2603.00102"]


async def test_no_matching_records_are_an_empty_list(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/oai").respond_with_data(error("noRecordsMatch"))
    async with polite() as client:
        assert await OaiSource(client, httpserver.url_for("/oai")).fetch_records("cs.LG", DAY, DAY) == []


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (200, error("badArgument"), SourceUnavailable, "BadArgument: why not"),
        (200, error("badResumptionToken"), SourceUnavailable, "expired before it was read"),
        (200, error("cannotDisseminateFormat"), SourceUnavailable, "CannotDisseminateFormat"),
        (200, error("somethingNew"), SourceUnavailable, "why not"),
        (200, b"<html><body><h1>Retry after 10 seconds</h1></body></html>", SourceMalformed, "HTML"),
        (200, b"", SourceMalformed, "empty"),
        (200, PAGE[:-40], SourceMalformed, "not well-formed"),
        (200, PAGE.replace(b"ListRecords>", b"Identify>"), SourceMalformed, "has no ListRecords"),
        (200, b"<feed/>", SourceMalformed, "another document"),
        (404, b"gone", SourceUnavailable, "404"),
        (503, b"", SourceUnavailable, "503"),
    ],
)
async def test_every_other_answer_is_a_typed_error(
    httpserver: HTTPServer, status: int, body: bytes, kind: type[SourceError], message: str
) -> None:
    httpserver.expect_request("/oai").respond_with_data(body, status)
    async with polite() as client:
        with pytest.raises(kind, match=message):
            await OaiSource(client, httpserver.url_for("/oai")).fetch_records("cs.LG", DAY, DAY)


async def test_a_list_that_never_ends_is_given_up(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/oai").respond_with_data(PAGE)
    async with polite() as client:
        with pytest.raises(SourceMalformed, match="does not come to an end"):
            await OaiSource(client, httpserver.url_for("/oai")).fetch_records("cs.LG", DAY, DAY)
        assert client.requests == 2


async def test_one_record_or_none(httpserver: HTTPServer) -> None:
    query = {"verb": "GetRecord", "identifier": "oai:arXiv.org:2601.00002", "metadataPrefix": "arXivRaw"}
    httpserver.expect_request("/oai", query_string=query).respond_with_data(RAW)
    httpserver.expect_request("/oai").respond_with_data(error("idDoesNotExist"))
    async with polite() as client:
        source = OaiSource(client, httpserver.url_for("/oai"))
        found = await source.fetch_record("2601.00002")
        assert found is not None
        assert found.paper.withdrawn
        assert await source.fetch_record("2601.99999") is None


@pytest.mark.parametrize(
    ("part", "message"),
    [(rb"<title>Taken Back</title>", "cannot be read"), (rb"<record>.*</record>", "holds no record")],
)
async def test_an_unreadable_single_record_is_an_error_and_not_an_absence(
    httpserver: HTTPServer, part: bytes, message: str
) -> None:
    httpserver.expect_request("/oai").respond_with_data(re.sub(part, b"", RAW, flags=re.DOTALL))
    async with polite() as client:
        with pytest.raises(SourceMalformed, match=message):
            await OaiSource(client, httpserver.url_for("/oai")).fetch_record("2601.00002")
