import contextlib
import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from bot.errors import SourceError, SourceMalformed, SourceUnavailable
from bot.model import AnnounceType, Counts, SourceName
from bot.sources.feed import FeedSource, parse_feed
from tests.unit.sources.kit import fixture, polite

RSS = fixture("rss_cs.LG.xml")
ATOM = fixture("atom_cs.LG.xml")
EMPTY = re.sub(rb"<item>.*</item>", b"", RSS, flags=re.DOTALL)
REFUSED = b"""<?xml version='1.0' encoding='UTF-8'?>
<rss version="2.0"><channel><title>Feed error for query: http://rss.arxiv.org/rss/cs.XX</title>
<description>Bad subject class 'XX'.</description><pubDate>Tue, 03 Mar 2026 00:00:00 -0500</pubDate></channel></rss>"""


def test_rss_gives_what_listings_lack() -> None:
    feed = parse_feed(RSS)
    assert feed.feed_date == date(2026, 3, 3)
    assert feed.updated == datetime(2026, 3, 3, 5, 0, 4, tzinfo=UTC)
    first, second = feed.entries
    assert first.announce_type is AnnounceType.NEW
    assert first.paper.licence == "http://creativecommons.org/licenses/by/4.0/"
    assert (first.paper.doi, first.paper.journal_ref) == ("10.5555/tea.3", "J. Tea 3 (2026)")
    assert first.paper.title == r"A Bound of $O(n \log n)$ for Café Queues"
    assert first.paper.abstract == "We queue for https://example.org/tea, where a < b.\nSecond paragraph."
    assert first.paper.authors == ("Mäja Lind", "John Roe Jr.", "Kettle Collaboration")
    assert first.paper.categories == ("cs.LG", "math.PR"), "MSC classes are no categories"
    assert (second.announce_type, second.paper.version) == (AnnounceType.REPLACE_CROSS, 3)


def test_atom_is_read_the_same_way() -> None:
    feed = parse_feed(ATOM)
    assert feed.feed_date == date(2026, 3, 3)
    (entry,) = feed.entries
    assert (entry.paper.arxiv_id, entry.paper.abstract, entry.paper.primary_category) == (
        "2603.00101",
        "We queue.",
        "cs.LG",
    )


def test_tag_names_of_the_api_are_understood_too() -> None:
    body = RSS.replace(b"arxiv:DOI", b"arxiv:doi").replace(b"arxiv:journal_reference", b"arxiv:journal_ref")
    paper = parse_feed(body).entries[0].paper
    assert (paper.doi, paper.journal_ref) == ("10.5555/tea.3", "J. Tea 3 (2026)")


def test_the_date_is_arxivs_and_not_ours() -> None:
    body = RSS.replace(b"Tue, 03 Mar 2026 00:00:00 -0500", b"Tue, 03 Mar 2026 23:30:00 -0500")
    assert parse_feed(body).feed_date == date(2026, 3, 3)


def test_an_empty_feed_is_valid() -> None:
    feed = parse_feed(EMPTY)
    assert (feed.entries, feed.problems, feed.feed_date) == ((), (), date(2026, 3, 3))


@pytest.mark.parametrize(
    ("cut", "problem"),
    [
        (rb"<arxiv:announce_type>new</arxiv:announce_type>", "2603.00101 cannot be read: no known announce type"),
        (rb"<title>A Bound[^<]*</title>", "2603.00101 cannot be read: no title, abstract or category"),
        (rb"oai:arXiv.org:2603.00101v1", "an entry has no readable identifier"),
    ],
)
def test_an_entry_without_a_field_is_named_and_the_others_go_on(cut: bytes, problem: str) -> None:
    feed = parse_feed(re.sub(cut, b"", RSS))
    assert feed.problems[0].startswith(problem)
    assert [entry.paper.arxiv_id for entry in feed.entries] == ["2601.00001"]


def test_an_id_that_comes_twice_is_listed_once_in_its_newest_version() -> None:
    item = RSS[RSS.index(b"<item>") : RSS.index(b"</item>") + 7]
    body = RSS.replace(item, item + item.replace(b"2603.00101v1", b"2603.00101v2"))
    assert [(e.paper.arxiv_id, e.paper.version) for e in parse_feed(body).entries] == [
        ("2603.00101", 2),
        ("2601.00001", 3),
    ]


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b"", SourceMalformed, "empty"),
        (b"<!DOCTYPE html><html></html>", SourceMalformed, "HTML page"),
        (b"<html><body>hi</body></html>", SourceMalformed, "HTML page"),
        (b"<rss></rss>", SourceMalformed, "no channel"),
        (b"<opml></opml>", SourceMalformed, "another document"),
        (b"<rss><channel><title>News</title></channel></rss>", SourceMalformed, "not one of arXiv's"),
        (b"<rss><channel><title>cs updates on arXiv.org</title></channel></rss>", SourceMalformed, "no date"),
        (REFUSED, SourceUnavailable, "Bad subject class 'XX'"),
    ],
)
def test_what_is_no_feed_is_refused(body: bytes, kind: type[SourceError], message: str) -> None:
    with pytest.raises(kind, match=message):
        parse_feed(body)


@pytest.mark.parametrize("body", [RSS, ATOM])
def test_a_feed_cut_anywhere_is_refused(body: bytes) -> None:
    for length in range(len(body.rstrip())):
        with pytest.raises(SourceMalformed):
            parse_feed(body[:length])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_feed_gives_a_typed_error_or_a_result(data: st.DataObject) -> None:
    body = bytearray(RSS)
    place = data.draw(st.integers(0, len(body) - 1))
    body[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=4))
    with contextlib.suppress(SourceMalformed, SourceUnavailable):
        assert len(parse_feed(bytes(body)).entries) <= 2


@pytest.mark.parametrize(
    "trap",
    [
        b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY x "&b;&b;&b;">]>',
        b'<!-- hello --><!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
def test_entities_and_foreign_documents_are_inert(trap: bytes) -> None:
    body = RSS.replace(b"<rss ", trap + b"<rss ", 1).replace(b"A Bound of", b"&x;")
    with pytest.raises(SourceMalformed, match="document type"):
        parse_feed(body)


async def test_one_request_brings_all_categories(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/atom/cs.LG+cs.CL").respond_with_data(ATOM)
    async with polite() as client:
        feed = await FeedSource(client, httpserver.url_for("/")).fetch(["cs.LG", "cs.CL"])
        assert client.requests == 1
    assert len(feed.entries) == 1


async def test_one_category_is_an_announcement(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/rss/cs.LG").respond_with_data(RSS)
    async with polite() as client:
        found = await FeedSource(client, httpserver.url_for("")).fetch_category("cs.LG")
    assert (found.category, found.announced_on, found.source) == ("cs.LG", date(2026, 3, 3), SourceName.FEED)
    assert (found.shown, found.problem) == (Counts(new=1, replace=1), None)


async def test_an_unreadable_entry_makes_the_announcement_incomplete(httpserver: HTTPServer) -> None:
    body = RSS.replace(b"oai:arXiv.org:2603.00101v1", b"")
    httpserver.expect_request("/rss/cs.LG").respond_with_data(body)
    async with polite() as client:
        found = await FeedSource(client, httpserver.url_for("")).fetch_category("cs.LG")
    assert found.problem is not None
    assert found.shown.total == 2
    assert len(found.papers) == 1


@pytest.mark.parametrize(("status", "body"), [(400, REFUSED), (404, b"nothing"), (400, RSS)])
async def test_a_refused_feed_is_unavailable(httpserver: HTTPServer, status: int, body: bytes) -> None:
    httpserver.expect_request("/rss/cs.XX").respond_with_data(body, status)
    async with polite() as client:
        with pytest.raises(SourceUnavailable) as raised:
            await FeedSource(client, httpserver.url_for("")).fetch_category("cs.XX")
    assert raised.value.status == status
