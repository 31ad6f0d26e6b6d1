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
    assert first.paper.version == 1
    assert (second.updated, second.paper.version) == (date(2026, 3, 1), 2)


def test_dates_may_come_with_a_time_of_day() -> None:
    """The protocol knows both."""
    body = re.sub(rb"<(datestamp|created|updated)>([\d-]+)</", rb"<\1>\2T01:02:03Z</", PAGE)
    assert body != PAGE
    assert parse_records(body) == parse_records(PAGE)


def test_the_raw_record_tells_version_dates_and_withdrawal() -> None:
    (record,) = parse_records(RAW)
    assert record.paper.withdrawn
    assert record.paper.version == 2
    assert record.paper.authors == ("W. Drawn", "Anna Other")
    assert record.paper.submitted_at == datetime(2026, 1, 1, 5, 26, 26, tzinfo=UTC)
    assert record.paper.updated_at == datetime(2026, 3, 2, 5, 59, 16, tzinfo=UTC)
    assert (record.created, record.updated) == (date(2026, 1, 1), date(2026, 3, 2))
    (first,) = parse_records(re.sub(rb'<version version="v2">.*?</version>', b"", RAW, flags=re.DOTALL))
    assert (first.paper.version, first.created, first.updated) == (1, date(2026, 1, 1), None)


def dublin_core(*fields: str, sets: tuple[str, ...] = ("cs:cs:LG", "physics:hep-th", "math")) -> bytes:
    specs = "".join(f"<setSpec>{one}</setSpec>" for one in sets)
    return f"""<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record>
<header><identifier>oai:arXiv.org:2603.00101</identifier><datestamp>2026-03-03</datestamp>{specs}</header>
<metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns="http://purl.org/dc/elements/1.1/">
{"".join(fields)}</oai_dc:dc></metadata></record></ListRecords></OAI-PMH>""".encode()


TITLE = "<title>A Bound for\n Queues</title>"
ABSTRACT = "<description>We queue for tea.</description>"


def test_the_format_that_every_server_has_is_read_as_far_as_it_goes() -> None:
    creators = "<creator>Lind, Mäja</creator><creator>Kettle Group</creator>"
    notes = f"{ABSTRACT}<description>Comment: 9 pages</description><date>2026-03-02</date><date>2026-03-04</date>"
    (record,) = parse_records(dublin_core(TITLE, creators, notes))
    paper = record.paper
    assert (paper.arxiv_id, paper.title, paper.abstract) == ("2603.00101", "A Bound for Queues", "We queue for tea.")
    assert (paper.authors, paper.comment) == (("Mäja Lind", "Kettle Group"), "9 pages")
    assert (paper.primary_category, paper.categories) == ("cs.LG", ("cs.LG", "hep-th", "math"))
    assert (record.datestamp, record.created) == (DAY, date(2026, 3, 2))


def test_little_is_enough_in_the_format_that_every_server_has() -> None:
    (record,) = parse_records(dublin_core(TITLE, ABSTRACT, sets=()))
    assert (record.paper.comment, record.paper.categories, record.created) == (None, (), None)
    assert parse_records(dublin_core(TITLE)) == parse_records(dublin_core(ABSTRACT)) == []


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
