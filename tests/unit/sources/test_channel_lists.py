"""Lists of other programs: which categories an address names, and files that are no lists."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UsageError
from bot.sources.channel_lists import (
    MAX_BYTES,
    MAX_ENTRIES,
    ListedFeed,
    categories_of,
    load_json,
    on_one_line,
    parse_csv,
    parse_json_lines,
    parse_opml,
    read_text,
)

OPML = b"""<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Mine</title></head><body>
<outline text="Papers"><outline type="rss" text="cs.CL" xmlUrl="https://rss.arxiv.org/rss/cs.CL"/></outline>
<outline text="blog" xmlUrl="https://example.org/feed.xml"/><outline text="a folder"/>
</body></opml>"""


@pytest.mark.parametrize(
    ("feed", "expected"),
    [
        ("https://rss.arxiv.org/rss/cs.CL", ("cs.CL",)),
        ("http://arxiv.org/rss/cs.CL", ("cs.CL",)),
        ("http://export.arxiv.org/rss/cs.CL?version=2.0", ("cs.CL",)),
        ("https://rss.arxiv.org/atom/math.IT", ("cs.IT",)),
        ("https://rss.arxiv.org/rss/cs.CL+cs.AI+cs.CL", ("cs.CL", "cs.AI")),
        ("https://rss.arxiv.org/rss/cs.CL%2Bcs.AI", ("cs.CL", "cs.AI")),
        ("https://arxiv.org/list/hep-th/new", ("hep-th",)),
        ("arxiv.org/list/cs.CV/recent", ("cs.CV",)),
        ("https://export.arxiv.org/api/query?search_query=cat:cs.CL&sortBy=submittedDate", ("cs.CL",)),
        ("http://export.arxiv.org/api/query?search_query=cat:cs.CL+OR+cat:cs.LG&max_results=50", ("cs.CL", "cs.LG")),
        ("https://export.arxiv.org/api/query?search_query=%28cat%3Acs.CL%20OR%20cat%3Acs.LG%29", ("cs.CL", "cs.LG")),
        ("cs.CL", ("cs.CL",)),
        ("cs.CL, stat.ML", ("cs.CL", "stat.ML")),
        ("https://rss.arxiv.org/cs.CL", ("cs.CL",)),
    ],
)
def test_addresses_of_arxivs_feeds_name_categories(feed: str, expected: tuple[str, ...]) -> None:
    assert categories_of(feed) == expected


@pytest.mark.parametrize(
    ("feed", "why"),
    [
        ("https://rss.arxiv.org/rss/cs.QQ", "cs.QQ"),
        ("https://rss.arxiv.org/rss/", "names no category"),
        ("https://example.org/rss/cs.CL", "not an address of arXiv"),
        ("https://rss.arxiv.org.evil.example/rss/cs.CL", "not an address of arXiv"),
        ("https://rss.arxiv.org@127.0.0.1/rss/cs.CL", "not an address of arXiv"),
        ("file://arxiv.org/rss/cs.CL", "not an address of arXiv"),
        ("https://export.arxiv.org/api/query?search_query=all:electron", "not a list of categories"),
        ("https://export.arxiv.org/api/query?search_query=cat:cs.CL+AND+ti:agent", "not a list of categories"),
        ("https://export.arxiv.org/api/query", "not a list of categories"),
        ("https://arxiv.org/abs/2605.00001", "names no category"),
        (" ".join(["cs.CL"] * 13), "more than 12"),
        ("http://[::1", "neither a category"),
        ("", "not an address"),
    ],
)
def test_everything_else_is_refused_with_its_reason(feed: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        categories_of(feed)


@given(st.text())
def test_no_text_breaks_it(feed: str) -> None:
    with suppress(UsageError):
        assert categories_of(feed)
    assert "\n" not in on_one_line(feed)


def test_twelve_names_are_taken() -> None:
    assert categories_of(" ".join(["cs.CL"] * 12)) == ("cs.CL",)


@pytest.mark.parametrize("columns", ["channel_id,name", "name,feed"])
def test_a_table_needs_a_channel_and_a_feed(columns: str) -> None:
    with pytest.raises(UsageError, match="first line must name the columns"):
        parse_csv(f"{columns}\n1,cs.CL\n")


def test_feeds_of_an_opml_file_wherever_they_stand() -> None:
    found = [one.feed for one in parse_opml(OPML)]
    assert found == ["https://rss.arxiv.org/rss/cs.CL", "https://example.org/feed.xml"]


def test_a_table_names_channels_and_perhaps_servers() -> None:
    text = "Channel_ID;x\r\n"
    with pytest.raises(UsageError, match="first line must name the columns"):
        parse_csv(text)
    rows = parse_csv('channel_id,name,url,guild_id\r\n123,"a, b",cs.CL,9\r\n,,cs.CV,\r\nabc,,cs.AI,0\r\n')
    assert rows == [
        ListedFeed("line 2", "cs.CL", 123, 9),
        ListedFeed("line 3", "cs.CV"),
        ListedFeed("line 4", "cs.AI"),
    ]


def test_json_lines_and_a_json_list_say_the_same() -> None:
    entries = [{"channel_id": 123, "feed": "cs.CL"}, {"channel": "5", "category": "cs.CV", "server": "7", "more": []}]
    expected = [("cs.CL", 123, None), ("cs.CV", 5, 7)]
    for text in ("\n".join(map(json.dumps, entries)), json.dumps(entries)):
        assert [(one.feed, one.channel_id, one.guild_id) for one in parse_json_lines(text)] == expected
    with pytest.raises(UsageError, match="line 2 is not JSON"):
        parse_json_lines('{"a": 1}\n{')
    with pytest.raises(UsageError, match="entry 1 is not an object"):
        parse_json_lines("[1]")


BOMB = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><opml>&b;</opml>'
XXE = b'<!doctype o [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><body><outline xmlUrl="&x;"/></body></opml>'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (BOMB, "declares a document type"),
        (XXE, "declares a document type"),
        (OPML.decode().encode("utf-16"), "not UTF-8"),
        (b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE o +AFsAXQA+-<opml/>', "not XML"),
        (b"<opml>" + b"<outline>" * 5000, "not XML"),
        (b"<opml>" + b"<outline>" * 5000 + b"</outline>" * 5000 + b"</opml>", "not XML"),
        (b"<rss/>", "not OPML"),
        (b"", "not XML"),
        (b"\x00" * 10, "not XML"),
        (b"<opml>" + b'<outline xmlUrl="x"/>' * (MAX_ENTRIES + 1) + b"</opml>", "more than 10,000 entries"),
        (b"x" * (MAX_BYTES + 1), "larger than 4 MiB"),
    ],
)
def test_hostile_opml_is_refused_in_one_line(data: bytes, why: str) -> None:
    with pytest.raises(UsageError, match=why) as refused:
        parse_opml(data)
    assert "\n" not in str(refused.value)


def test_hostile_tables_and_json_are_refused_in_one_line() -> None:
    for text in ("channel_id,feed\n" + '"' + "x" * 200_000 + '"', 'channel_id,feed\n1,"cs.CL\n', "", "\x00\n1"):
        with pytest.raises(UsageError) as refused:
            parse_csv(text)
        assert "\n" not in str(refused.value)
    for text in ("[" * 100_000, '{"a": NaN}', "{'a': 1}", '{"a": ' + "1" * 10_000 + "}", ""):
        with pytest.raises(UsageError) as refused:
            load_json(text)
        assert "\n" not in str(refused.value)
    with pytest.raises(UsageError, match="not UTF-8"):
        read_text("naïve".encode("latin-1"))
