"""Pages built by `bot.demo.pages`, read back by a reader that shares no code with them or with the program."""

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from bot.demo.pages import (
    DatedPaper,
    api_error,
    api_feed,
    atom_feed,
    error_page,
    feed_error,
    listing_page,
    oai_error,
    oai_identify,
    oai_metadata_formats,
    oai_record,
    oai_records,
    oai_sets,
    outage_page,
    rss_feed,
    set_spec,
)
from bot.model import AnnouncedPaper, AnnounceType, Counts, Paper
from tests.wire.arxiv_replay import read_listing

DAY = date(2026, 11, 17)
AT = datetime(2026, 11, 17, 1, 45, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"
OAI = "{http://arxiv.org/OAI/arXiv/}"

# Any text that can stand in a page: no control characters, no halves of surrogate pairs, no unassigned code points.
readable = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=80)


def paper(number: int = 1, **changes: object) -> Paper:
    values = {
        "arxiv_id": f"2611.9{number:04}",
        "title": "A title",
        "abstract": "An abstract.",
        "authors": ("Ann B. Thistlemoor",),
        "primary_category": "cs.CL",
        "categories": ("cs.CL", "cs.AI"),
        "has_html": True,
    }
    return Paper(**{**values, **changes})  # type: ignore[arg-type]  # the changes are Paper's own fields


def announced(new: int, cross: int, replace: int, replace_cross: int = 0) -> list[AnnouncedPaper]:
    kinds = [
        *[AnnounceType.NEW] * new,
        *[AnnounceType.CROSS] * cross,
        *[AnnounceType.REPLACE] * replace,
        *[AnnounceType.REPLACE_CROSS] * replace_cross,
    ]
    return [AnnouncedPaper(paper(place), kind, place) for place, kind in enumerate(kinds)]


def one(changed: Paper, kind: AnnounceType = AnnounceType.NEW) -> list[AnnouncedPaper]:
    return [AnnouncedPaper(changed, kind, 0)]


def headings(page: bytes) -> list[str]:
    return [words(heading) for part in html.document_fromstring(page).iter("dl") for heading in part.iter("h3")]


def words(element: html.HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


def text_of(page: bytes) -> str:
    return words(html.document_fromstring(page.decode()))


def test_a_listing_page_gives_back_what_went_in() -> None:
    before = paper(
        title='Tokens <pad> & "quotes": $\\alpha < \\beta$',
        abstract="See https://github.com/example-lab/x. Then arXiv:2610.90007, 2609.90018v2.\n  A second paragraph.",
        authors=("Zoë van der Moss", "José Álvarín", "王小明"),
        comment="12 pages; https://example-lab.github.io/x/ & more",
        journal_ref="J. Ex. 1 (2026) 1--9",
    )
    (after,) = read_listing(listing_page("cs.CL", DAY, one(before)))
    assert (after.title, after.abstract, after.comment) == (before.title, before.abstract, before.comment)
    assert (after.arxiv_id, after.categories, after.journal_ref) == (
        "2611.90001",
        ("cs.CL", "cs.AI"),
        before.journal_ref,
    )
    # As on the real page, a name that cannot be searched for is not a link.
    assert after.authors == ("Zoë van der Moss", "José Álvarín")
    assert "王小明" in text_of(listing_page("cs.CL", DAY, one(before)))


@given(title=readable, abstract=readable)
def test_no_text_breaks_the_listing_page(title: str, abstract: str) -> None:
    (after,) = read_listing(listing_page("cs.CL", DAY, one(paper(title=title, abstract=abstract))))
    assert after.title == title.strip()
    assert after.abstract.split() == abstract.split()


def test_links_read_as_on_arxiv() -> None:
    page = listing_page(
        "cs.CL", DAY, one(paper(abstract="Code (https://github.com/example-lab/x), see 2610.90007."))
    ).decode()
    assert "Code (" in text_of(page.encode())
    assert '<a href="https://github.com/example-lab/x" rel="external noopener nofollow"' in page
    assert ">this https URL</a>), see" in page
    assert 'data-arxiv-id="2610.90007"' in page


def test_marks_of_cross_lists_replacements_and_withdrawals() -> None:
    entries = [
        AnnouncedPaper(paper(1), AnnounceType.NEW, 0),
        AnnouncedPaper(paper(2, primary_category="cs.RO", categories=("cs.RO", "cs.CL")), AnnounceType.CROSS, 1),
        AnnouncedPaper(paper(3, version=2), AnnounceType.REPLACE, 2),
        AnnouncedPaper(paper(4, version=2, withdrawn=True), AnnounceType.REPLACE, 3),
    ]
    page = listing_page("cs.CL", DAY, entries)
    heads = [words(head) for head in html.document_fromstring(page).iter("dt")]
    assert heads == [
        "[1] arXiv:2611.90001 [pdf, html, other]",
        "[2] arXiv:2611.90002 (cross-list from cs.RO) [pdf, html, other]",
        "[3] arXiv:2611.90003 (replaced) [pdf, html, other]",
        "[4] arXiv:2611.90004 (replaced) [pdf]",
    ]
    assert "html/2611.90003v2" in page.decode()


@pytest.mark.parametrize(("count", "shown"), [(100, 100), (101, 101), (102, 100), (140, 100)])
def test_authors_are_cut_at_a_hundred_as_on_arxiv(count: int, shown: int) -> None:
    authors = tuple(f"Ann Author{number}" for number in range(count))
    (after,) = read_listing(listing_page("cs.CL", DAY, one(paper(authors=authors))))
    assert after.authors == authors[:shown]


def test_sections_and_totals() -> None:
    page = listing_page("cs.CL", DAY, announced(3, 2, 1, 1))
    assert headings(page) == [
        "New submissions (showing 3 of 3 entries)",
        "Cross submissions (showing 2 of 2 entries)",
        "Replacement submissions (showing 2 of 2 entries)",
    ]
    assert "Total of 7 entries" in text_of(page)
    assert "Showing new listings for Tuesday, 17 November 2026" in text_of(page)
    assert re.findall(r'<li><a href="(#item\d+)">', page.decode()) == ["#item0", "#item4", "#item6"]


def test_a_section_without_papers_is_left_out() -> None:
    page = listing_page("cs.CL", DAY, announced(0, 2, 0))
    assert headings(page) == ["Cross submissions (showing 2 of 2 entries)"]
    assert re.findall(r'<li><a href="(#item\d+)">', page.decode()) == ["#item1"]


def test_a_lagging_page_declares_more_than_it_shows() -> None:
    page = listing_page("cs.CL", DAY, announced(10, 2, 0), declared=Counts(31, 2, 6))
    assert headings(page)[0] == "New submissions (showing 10 of 31 entries)"
    assert "Total of 39 entries" in text_of(page)
    assert len(read_listing(page)) == 12


def test_paging_shows_every_paper_once() -> None:
    everything = announced(67, 26, 10, 2)
    pages = [listing_page("cs.CL", DAY, everything, skip=skip, show=25) for skip in range(0, 105, 25)]
    shown = [after.arxiv_id for page in pages for after in read_listing(page)]
    assert shown == [entry.paper.arxiv_id for entry in everything]
    # The same words as on the recorded pages of a day with 67, 26 and 12 entries.
    assert [headings(page) for page in pages] == [
        ["New submissions (showing first 25 of 67 entries)"],
        ["New submissions (continued, showing 25 of 67 entries)"],
        [
            "New submissions (continued, showing last 17 of 67 entries)",
            "Cross submissions (showing first 8 of 26 entries)",
        ],
        [
            "Cross submissions (continued, showing last 18 of 26 entries)",
            "Replacement submissions (showing first 7 of 12 entries)",
        ],
        ["Replacement submissions (continued, showing last 5 of 12 entries)"],
    ]


def test_beyond_the_end_and_on_an_empty_day_there_are_no_updates() -> None:
    beyond = listing_page("cs.CL", DAY, announced(3, 0, 0), skip=2000, show=50)
    assert "No updates today." in text_of(beyond)
    assert "Total of 3 entries" in text_of(beyond)
    empty = text_of(listing_page("cs.CL", DAY, ()))
    assert "No updates today." in empty
    assert "Total of" not in empty


def test_an_outage_page_has_totals_and_no_entries() -> None:
    page = outage_page("cs.CL", DAY, Counts(7, 13, 1))
    assert "Total of 21 entries" in text_of(page)
    assert "No updates today." in text_of(page)
    assert read_listing(page) == []


def test_an_error_page_says_what_is_wrong_and_escapes_it() -> None:
    page = error_page("Invalid archive or category: <cs.XX>").decode()
    assert "<h1>Invalid archive or category: &lt;cs.XX&gt;</h1>" in page


@given(title=readable, abstract=readable)
def test_feeds_give_back_any_text(title: str, abstract: str) -> None:
    entries = one(paper(title=title, abstract=abstract, version=2), AnnounceType.REPLACE_CROSS)
    item = etree.fromstring(rss_feed(["cs.CL"], DAY, entries)).find("channel/item")
    assert item is not None
    assert item.findtext("title") == title
    assert item.findtext("description") == f"arXiv:2611.90001v2 Announce Type: replace-cross \nAbstract: {abstract}"
    assert item.findtext("guid") == "oai:arXiv.org:2611.90001v2"
    entry = etree.fromstring(atom_feed(["cs.CL"], DAY, entries)).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}title") == title


def test_characters_that_xml_forbids_are_left_out() -> None:
    feed = rss_feed(["cs.CL"], DAY, one(paper(title="a\x00b\x0bc\ud800d\ufffe")))
    assert etree.fromstring(feed).findtext("channel/item/title") == "abcd"


def test_a_feed_is_dated_in_arxivs_zone() -> None:
    channel = etree.fromstring(rss_feed(["cs.CL", "cs.CV"], DAY, ())).find("channel")
    assert channel is not None
    assert channel.findtext("pubDate") == "Tue, 17 Nov 2026 00:00:00 -0500"
    assert channel.findtext("lastBuildDate") == "Tue, 17 Nov 2026 05:00:20 +0000"
    assert channel.findtext("title") == "cs.CL, cs.CV updates on arXiv.org"
    assert channel.find("item") is None


@pytest.mark.parametrize("flavour", ["rss", "atom"])
def test_a_feed_error_is_a_feed(flavour: str) -> None:
    root = etree.fromstring(feed_error(flavour, "foo.BAR", "Bad archive 'foo'.", DAY))
    assert "Bad archive 'foo'." in "".join(map(str, root.itertext()))


@given(title=readable, abstract=readable)
def test_api_and_oai_give_back_any_text(title: str, abstract: str) -> None:
    changed = paper(title=title, abstract=abstract, doi='10.5555/"x"<1>', comment="c")
    entry = etree.fromstring(api_feed([changed], total=1, at=AT)).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}title") == title
    assert entry.findtext(f"{ATOM}summary") == abstract
    record = etree.fromstring(oai_record(DatedPaper(changed, DAY), request={}, at=AT))
    assert record.findtext(f".//{OAI}title") == title
    assert record.findtext(f".//{OAI}doi") == '10.5555/"x"<1>'


def test_api_totals_are_as_declared() -> None:
    root = etree.fromstring(api_feed([], total=500, start=100, per_page=50, id_list="a&b", at=AT))
    values = {str(child.tag).rsplit("}", 1)[-1]: child.text for child in root}
    assert (values["totalResults"], values["startIndex"], values["itemsPerPage"]) == ("500", "100", "50")
    assert (
        etree.fromstring(api_error("incorrect id format for abc", AT)).findtext(f"{ATOM}entry/{ATOM}title") == "Error"
    )


def test_oai_dates_a_version_as_arxiv_does() -> None:
    records = [
        DatedPaper(paper(1, submitted_at=datetime(2026, 11, 13, 20, tzinfo=UTC)), DAY),
        DatedPaper(paper(2, version=2, updated_at=datetime(2026, 11, 16, 3, tzinfo=UTC)), DAY),
    ]
    page = etree.fromstring(oai_records(records, request={"verb": "ListRecords"}, at=AT, token="a%3Db"))
    assert [item.text for item in page.iter(f"{OAI}created")] == ["2026-11-13", "2026-11-16"]
    assert [item.text for item in page.iter(f"{OAI}updated")] == ["2026-11-16"]
    token = next(page.iter("{http://www.openarchives.org/OAI/2.0/}resumptionToken"))
    assert (token.text, token.get("expires"), len(token.attrib)) == ("a%3Db", "2026-11-18T00:00:00Z", 1)


@pytest.mark.parametrize(
    ("category", "spec"),
    [
        ("cs.CL", "cs:cs:CL"),
        ("hep-th", "physics:hep-th"),
        ("cond-mat.soft", "physics:cond-mat:soft"),
        ("stat.ML", "stat:stat:ML"),
    ],
)
def test_set_names(category: str, spec: str) -> None:
    assert set_spec(category) == spec


def test_all_other_oai_answers_are_well_formed() -> None:
    for page in (oai_identify(AT), oai_metadata_formats(AT), oai_sets(AT), oai_error("badVerb", at=AT)):
        assert etree.fromstring(page).tag == "{http://www.openarchives.org/OAI/2.0/}OAI-PMH"
    with pytest.raises(KeyError):
        oai_error("noSuchCode", at=AT)
