"""The API and OAI-PMH answers of the imitation arXiv, as a client would see them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from lxml import etree

from bot.demo.queries import answer_api, answer_oai
from bot.demo.world import DaysWorld
from bot.model import AnnouncedPaper, AnnounceType, Paper

DAY = date(2026, 11, 17)
NOW = datetime(2026, 11, 17, 12, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"
OAI = "{http://www.openarchives.org/OAI/2.0/}"


def paper(number: int, category: str = "cs.CL") -> Paper:
    return Paper(
        f"2611.9{number:04}",
        f"Title {number}",
        "On splatting.",
        ("Ann Thistlemoor",),
        category,
        (category,),
        version=2 if number == 3 else 1,
        submitted_at=datetime(2026, 11, 14, tzinfo=UTC) + timedelta(hours=number),
    )


@pytest.fixture
def world() -> DaysWorld:
    papers = [*(paper(number) for number in range(1, 8)), paper(8, "cs.CV")]
    entries: Sequence[AnnouncedPaper] = [AnnouncedPaper(one, AnnounceType.NEW, 0) for one in papers]
    return DaysWorld([DAY], ["cs.CL"], lambda _: {"cs.CL": entries})


def api(world: DaysWorld, **parameters: str) -> tuple[int, list[str], str | None]:
    answer = answer_api(parameters, world, NOW)
    root = etree.fromstring(answer.body)
    ids = [(entry.findtext(f"{ATOM}id") or "").rsplit("/", 1)[-1] for entry in root.iter(f"{ATOM}entry")]
    return answer.status, ids, root.findtext("{http://a9.com/-/spec/opensearch/1.1/}totalResults")


def test_unknown_ids_disappear_without_a_word(world: DaysWorld) -> None:
    assert api(world, id_list="2611.90002,2611.99999,2611.90003") == (200, ["2611.90002v1", "2611.90003v2"], "2")


def test_a_version_can_be_asked_for_if_it_exists(world: DaysWorld) -> None:
    assert api(world, id_list="2611.90003v1,2611.90002v5")[1] == ["2611.90003v1"]


def test_a_malformed_id_is_an_error_that_looks_like_a_paper(world: DaysWorld) -> None:
    answer = answer_api({"id_list": "abc"}, world, NOW)
    assert answer.status == 400
    assert b"<title>Error</title>" in answer.body
    assert b"incorrect id format for abc" in answer.body


def test_ten_results_unless_more_are_asked_for_and_pages_follow(world: DaysWorld) -> None:
    assert api(world, search_query="cat:cs.CL", max_results="3", start="6") == (200, ["2611.90007v1"], "7")
    assert api(world, search_query="cat:cs.CL", start="50") == (200, [], "7")


@pytest.mark.parametrize(
    "parameters", [{"max_results": "2001"}, {"start": "-1"}, {"start": "30001"}, {"max_results": "many"}]
)
def test_limits_are_errors(world: DaysWorld, parameters: dict[str, str]) -> None:
    assert answer_api({"search_query": "cat:cs.CL", **parameters}, world, NOW).status == 400


def test_more_than_a_hundred_ids_are_refused(world: DaysWorld) -> None:
    ids = ",".join(f"2611.9{number:04}" for number in range(101))
    assert answer_api({"id_list": ids}, world, NOW).status == 400


def test_searches_combine_categories_dates_and_words(world: DaysWorld) -> None:
    query = '(cat:cs.CL OR cat:cs.CV) AND submittedDate:"[202611140600 TO 202611140800]"'
    found = api(world, search_query=query, sortBy="submittedDate", sortOrder="descending")
    assert found == (200, ["2611.90008v1", "2611.90007v1", "2611.90006v1"], "3")
    assert api(world, search_query='ti:"title 4" AND abs:splatting')[1] == ["2611.90004v1"]
    assert api(world, search_query="all:nothing") == (200, [], "0")


def oai(world: DaysWorld, *, page_size: int = 500, **parameters: str) -> etree._Element:
    answer = answer_oai([*parameters.items()], world, NOW, page_size=page_size)
    assert answer.status == 200
    return etree.fromstring(answer.body)


def identifiers(root: etree._Element) -> list[str]:
    return [(one.text or "").rsplit(":", 1)[-1] for one in root.iter(f"{OAI}identifier")]


def test_tokens_give_every_record_once(world: DaysWorld) -> None:
    root = oai(world, page_size=3, verb="ListRecords", metadataPrefix="arXiv", set="cs:cs:CL", **{"from": "2026-11-17"})
    found = identifiers(root)
    while (token := root.findtext(f".//{OAI}resumptionToken")) is not None:
        assert token == token.strip()
        root = oai(world, page_size=3, verb="ListRecords", resumptionToken=token)
        found += identifiers(root)
    assert found == [f"2611.9{number:04}" for number in range(1, 8)]


def test_sets_hold_what_is_below_them(world: DaysWorld) -> None:
    assert len(identifiers(oai(world, verb="ListIdentifiers", metadataPrefix="arXiv", set="cs"))) == 8
    assert len(identifiers(oai(world, verb="ListIdentifiers", metadataPrefix="arXiv", set="cs:cs:CV"))) == 1


def test_one_record(world: DaysWorld) -> None:
    root = oai(world, verb="GetRecord", metadataPrefix="arXiv", identifier="oai:arXiv.org:2611.90003")
    assert identifiers(root) == ["2611.90003"]
    assert root.findtext(f".//{OAI}datestamp") == "2026-11-17"


@pytest.mark.parametrize("verb", ["Identify", "ListSets", "ListMetadataFormats"])
def test_other_verbs(world: DaysWorld, verb: str) -> None:
    assert oai(world, verb=verb).find(f"{OAI}{verb}") is not None


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ([("verb", "Nope")], "badVerb"),
        ([], "badVerb"),
        ([("verb", "ListRecords"), ("verb", "ListRecords")], "badArgument"),
        ([("verb", "ListRecords")], "badArgument"),
        ([("verb", "ListRecords"), ("metadataPrefix", "foo")], "cannotDisseminateFormat"),
        ([("verb", "ListRecords"), ("metadataPrefix", "arXiv"), ("set", "cs:cs:XX")], "badArgument"),
        ([("verb", "ListRecords"), ("metadataPrefix", "arXiv"), ("from", "yesterday")], "badArgument"),
        ([("verb", "ListRecords"), ("metadataPrefix", "arXiv"), ("from", "2026-13-01")], "badArgument"),
        ([("verb", "ListRecords"), ("metadataPrefix", "arXiv"), ("until", "2027-01-01")], "badArgument"),
        (
            [("verb", "ListRecords"), ("metadataPrefix", "arXiv"), ("from", "2026-11-17"), ("until", "2026-11-16")],
            "badArgument",
        ),
        ([("verb", "ListRecords"), ("metadataPrefix", "arXiv"), ("until", "2026-11-15")], "noRecordsMatch"),
        ([("verb", "ListRecords"), ("resumptionToken", "garbage")], "badResumptionToken"),
        ([("verb", "GetRecord"), ("metadataPrefix", "arXiv"), ("identifier", "oai:arXiv.org:abc")], "idDoesNotExist"),
        (
            [("verb", "GetRecord"), ("metadataPrefix", "arXiv"), ("identifier", "oai:arXiv.org:2611.99999")],
            "idDoesNotExist",
        ),
    ],
)
def test_errors_of_the_protocol_come_with_status_200(
    world: DaysWorld, parameters: list[tuple[str, str]], code: str
) -> None:
    answer = answer_oai(parameters, world, NOW)
    error = etree.fromstring(answer.body).find(f"{OAI}error")
    assert answer.status == 200
    assert error is not None
    assert error.get("code") == code
