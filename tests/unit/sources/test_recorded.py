"""Every recorded real answer, and every page of the replay: parsed right, or refused with a typed error."""

import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from bot.errors import SourceError, SourceMalformed, SourceUnavailable
from bot.model import AnnounceType, FetchedAnnouncement
from bot.sources.api import ApiSource, checked_feed
from bot.sources.feed import parse_feed
from bot.sources.listing import ListingSource, parse_listing
from bot.sources.oai import oai_set, parse_records
from bot.sources.parsing import split_authors
from bot.sources.reconcile import assign_dates
from tests.shared import shared
from tests.unit.sources.kit import polite, unpacked


def manifest(split: str) -> Any:
    return json.loads(shared("data", "arxiv", "replay", split, "manifest.json").read_text(encoding="utf-8"))


def by_type(found: FetchedAnnouncement) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for entry in found.papers:
        ids.setdefault(entry.announce_type.value.replace("-", "_"), []).append(entry.paper.arxiv_id)
    return ids


def filled(truth: dict[str, list[str]]) -> dict[str, list[str]]:
    return {kind: ids for kind, ids in truth.items() if ids}


async def served(server: HTTPServer, body: bytes, category: str, status: int = 200) -> FetchedAnnouncement:
    server.clear()
    server.expect_request(f"/list/{category}/new").respond_with_data(body, status)
    async with polite() as client:
        return await ListingSource(client, server.url_for("/list")).fetch(category)


@pytest.mark.parametrize("category", ["cs.CL", "cs.CV", "cs.AI"])
async def test_every_day_of_the_replay_equals_its_manifest(httpserver: HTTPServer, category: str) -> None:
    days = manifest("dev")["days"]
    assert len(days) == 26
    for day, facts in days.items():
        shown = facts.get("html_repeat_of") or day
        truth = days[shown]["categories"][category]
        body = unpacked(shared("data", "arxiv", "replay", "dev", day, f"list_{category}_new.html.gz"))
        found = await served(httpserver, body, category)
        assert found.problem is None, day
        assert found.announced_on == date.fromisoformat(shown)
        assert by_type(found) == filled(truth["ids"]), day
        assert (found.shown.new, found.shown.cross) == (truth["counts"]["new"], truth["counts"]["cross"])
        for entry in found.papers:
            expected = truth["versions"].get(entry.paper.arxiv_id, 1)
            # Without an HTML version the page does not tell more than "replaced".
            known = entry.paper.has_html or entry.announce_type is AnnounceType.NEW
            assert entry.paper.version == (expected if known else min(expected, entry.paper.version)), entry
            assert entry.paper.title
            assert entry.paper.abstract
            assert entry.paper.authors


def edge_pages() -> list[tuple[str, dict[str, Any], str]]:
    pages = []
    for name, facts in manifest("edge")["pages"].items():
        category = re.search(r"/list/([^/]+)/", facts.get("url", ""))
        if name.endswith((".html.gz", ".txt.gz")):
            pages.append((name, facts, category[1] if category else "cs.CL"))
    return pages


async def test_every_edge_page_is_right_or_a_typed_error_or_a_problem(httpserver: HTTPServer) -> None:
    outcomes: Counter[str] = Counter()
    for name, facts, category in edge_pages():
        body = unpacked(shared("data", "arxiv", "replay", "edge", name))
        try:
            found = await served(httpserver, body, category, facts.get("status", 200))
        except SourceError:
            assert "truth" not in facts, name
            outcomes["error"] += 1
            continue
        truth = facts.get("truth")
        assert truth is not None or "beyond_end" in name, name
        complete = truth is not None and by_type(found) == filled(truth)
        assert complete is (found.problem is None), (name, found.problem)
        outcomes["complete" if complete else "problem"] += 1
    assert outcomes == {"error": 10, "complete": 7, "problem": 14}


@pytest.mark.parametrize(("stem", "show"), [("paging_cs.CL_2026-05-08_show25", 25), ("paging_cs.CL_show50", 50)])
async def test_real_pages_of_a_split_listing_add_up(httpserver: HTTPServer, stem: str, show: int) -> None:
    folder = shared("data", "arxiv", "replay", "edge")
    pages = sorted(folder.glob(f"{stem}_skip*.html.gz"))
    for page in pages:
        skip = page.name.split("_skip")[1].split(".")[0]
        httpserver.expect_request("/list/cs.CL/new", query_string=f"skip={skip}&show=2000").respond_with_data(
            unpacked(page)
        )
    async with polite() as client:
        found = await ListingSource(client, httpserver.url_for("/list")).fetch("cs.CL")
        assert client.requests == len(pages)
    assert found.problem is None
    assert by_type(found) == filled(manifest("edge")["pages"][pages[0].name]["truth"])


def test_the_hard_page_is_read_as_people_would() -> None:
    body = unpacked(shared("data", "arxiv", "replay", "edge", "mixed_nasties_cs.CL.html.gz"))
    papers = {entry.paper.arxiv_id: entry.paper for entry in parse_listing(body, "cs.CL").papers}
    first = papers["2605.90001"]
    assert first.title.startswith('<script>alert("x")</script> & "Quoted"')
    assert first.authors[:5] == ("Jürgen Müller", "Seán OBrien", "Łukasz Żółć", "王小明", "A. B. C. van der Waals Jr.")
    assert first.authors[5:] == ("Foo Collaboration", "Jane Doe", "John Roe")
    assert "https://github.com/x/y_z.git" in (first.comment or "")
    assert "http://example.org/a?b=1&c=2" in first.abstract
    assert papers["2605.90002"].title == "0"
    assert [papers[f"2605.9000{n}"].authors_complete for n in (3, 4, 5)] == [False, True, False]
    assert [key for key, paper in papers.items() if paper.withdrawn] == ["2604.90008"]
    assert papers["cs/0112017"].version == 3


def test_every_feed_of_the_replay_equals_its_manifest() -> None:
    for day, facts in manifest("dev")["days"].items():
        feed = parse_feed(unpacked(shared("data", "arxiv", "replay", "dev", day, "rss_cs.CL.xml.gz")))
        kinds = Counter(entry.announce_type.value for entry in feed.entries)
        truth = {kind: count for kind, count in facts["rss_cs.CL"].items() if kind != "items" and count}
        assert (feed.feed_date.isoformat(), dict(kinds), feed.problems) == (day, truth, ())
        if facts["announced"]:
            ids = [entry.paper.arxiv_id for entry in feed.entries if entry.announce_type is AnnounceType.NEW]
            assert sorted(ids) == sorted(facts["categories"]["cs.CL"]["ids"]["new"])
            versions = {entry.paper.arxiv_id: entry.paper.version for entry in feed.entries}
            assert versions.items() >= {
                (key, number) for key, number in facts["categories"]["cs.CL"]["versions"].items() if key in versions
            }
        if facts["atom"]["here"]:
            atom = parse_feed(unpacked(shared("data", "arxiv", "replay", "dev", day, "atom_cs.CL+cs.CV+cs.AI.xml.gz")))
            assert len(atom.entries) == facts["atom"]["entries"]


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("rss_quant-ph_2025-04-28_full_RSSFeeds.jl.xml", 81),
        ("rss_cs_2025-04-27_empty_sunday_RSSFeeds.jl.xml", 0),
        ("atom_cs.AI_2025-08-20_subset_zotero-arxiv-daily.xml", 7),
    ],
)
def test_every_recorded_feed_is_read(name: str, entries: int) -> None:
    feed = parse_feed(unpacked(shared("data", "arxiv", "rss", name)))
    assert (len(feed.entries), feed.problems) == (entries, ())
    assert feed.feed_date.isoformat() in name
    assert all(entry.paper.authors and entry.paper.licence for entry in feed.entries)


def test_authors_parsed_by_others_from_the_same_feeds_are_ours_too() -> None:
    lines = unpacked(shared("data", "arxiv", "rss", "rss_cs.CV_parsed_2026-04-17_2026-05-04.jsonl.gz")).splitlines()
    assert len(lines) == 2509
    different = 0
    for line in lines:
        record = json.loads(line)
        assert AnnounceType(record["announce_type"])
        names = [" ".join(name.split()) for name in record["authors"]]
        different += split_authors(", ".join(names)) != tuple(names)
    assert different / len(lines) < 0.02


def test_error_feeds_are_errors() -> None:
    folder = shared("data", "arxiv", "replay", "edge")
    for name in ("rss_error_unknown_archive", "rss_error_version_0.91", "atom_error_bad_archive"):
        with pytest.raises(SourceUnavailable):
            parse_feed(unpacked(folder / f"{name}.xml.gz"))
    for name in ("feed_rss_mixed_nasties_cs.CL", "feed_atom_mixed_nasties_cs.CL"):
        assert len(parse_feed(unpacked(folder / f"{name}.xml.gz")).entries) == 11


async def test_every_recorded_api_answer_is_read_or_refused(httpserver: HTTPServer) -> None:
    folder = shared("data", "arxiv", "api_atom")
    statuses = {one["file"]: one["status"] for one in json.loads((folder / "index.json").read_text(encoding="utf-8"))}
    answers = sorted(folder.glob("*.xml"))
    assert {path.name for path in answers} >= statuses.keys()
    for path in answers:
        body = unpacked(path)
        truth = [number.decode() for number in re.findall(rb"https?://arxiv.org/abs/([^<\"]+?)(?:v\d+)?</id>", body)]
        httpserver.clear()
        httpserver.expect_request("/api").respond_with_data(body, statuses.get(path.name, 200))
        async with polite() as client:
            source = ApiSource(client, httpserver.url_for("/api"))
            if b"api/errors" in body:
                with pytest.raises(SourceUnavailable, match="incorrect id format"):
                    await source.search("anything", 100)
                continue
            papers = await source.search("anything", max(1, len(truth)))
        assert [paper.arxiv_id for paper in papers] == truth, path.name
        assert all(paper.title and paper.abstract and paper.authors and paper.submitted_at for paper in papers)
        if "2104.12255" in path.name:
            assert papers[0].title == "0"


def test_the_api_pages_of_the_replay_are_read() -> None:
    pages = {facts["file"]: facts for facts in manifest("dev")["api"]}
    for name, facts in pages.items():
        body = unpacked(shared("data", "arxiv", "replay", "dev", name))
        assert checked_feed(body).count(b"<entry>") == facts["entries"]
    assert (
        checked_feed(unpacked(shared("data", "arxiv", "replay", "edge", "api_mixed_nasties.xml.gz"))).count(b"<entry>")
        == 11
    )


def oai_answers() -> list[Path]:
    return [
        *sorted(shared("data", "arxiv", "oai_pmh").glob("*.*")),
        *sorted(shared("data", "arxiv", "replay", "dev", "oai_pmh").glob("*.gz")),
        *sorted(shared("data", "arxiv", "replay", "edge", "oai").glob("*.gz")),
    ]


def test_every_recorded_oai_answer_is_read_or_refused() -> None:
    answers = oai_answers()
    assert len(answers) >= 65
    refused = read = 0
    for path in answers:
        body = unpacked(path)
        records = len(re.findall(rb"<record\b", body))
        if records:
            found = parse_records(body)
            assert len(found) == records, path.name
            assert all(one.paper.title and one.paper.authors and one.paper.categories for one in found), path.name
            read += len(found)
        elif b"noRecordsMatch" in body:
            assert parse_records(body) == []
        else:
            kind = SourceUnavailable if b"<error " in body else SourceMalformed
            with pytest.raises(kind):
                parse_records(body)
            refused += 1
    assert read > 700
    assert refused >= 20


def test_oai_tells_versions_and_withdrawals() -> None:
    folder = shared("data", "arxiv", "replay", "edge", "oai")
    names = ("withdrawn", "replaced", "old_id", "3004_authors")
    raw = {name: parse_records(unpacked(folder / f"GetRecord_arXivRaw_{name}.xml.gz"))[0].paper for name in names}
    assert {name: (paper.version, paper.withdrawn) for name, paper in raw.items()} == {
        "withdrawn": (2, True),
        "replaced": (2, False),
        "old_id": (3, False),
        "3004_authors": (1, False),
    }
    assert len(raw["3004_authors"].authors) == 3004


def test_every_active_category_has_a_set_on_the_server() -> None:
    taxonomy = json.loads(shared("data", "arxiv", "taxonomy.json").read_text(encoding="utf-8"))
    body = unpacked(shared("data", "arxiv", "replay", "edge", "oai", "ListSets.xml.gz")).decode()
    specs = set(re.findall(r"<setSpec>(.*?)</setSpec>", body))
    assert {category for category in taxonomy["active"] if oai_set(category) not in specs} <= {"test.dis-nn"}


@pytest.mark.parametrize(
    ("stem", "days"),
    [
        ("2026-05-06_ListRecords", ["2026-05-06"]),
        ("2026-05-06_to_2026-05-08", ["2026-05-06", "2026-05-07", "2026-05-08"]),
        ("2026-05-12", ["2026-05-12"]),
        ("2026-05-18", ["2026-05-18"]),
    ],
)
def test_missed_days_are_rebuilt_without_losing_a_paper(stem: str, days: list[str]) -> None:
    facts = manifest("dev")
    records = [
        record
        for path in sorted(shared("data", "arxiv", "replay", "dev", "oai_pmh").glob(f"{stem}*"))
        for record in parse_records(unpacked(path))
    ]
    truth = {day: one["categories"]["cs.CL"]["ids"] for day, one in facts["days"].items() if one["announced"]}
    known = [(key, date.fromisoformat(day)) for day, ids in truth.items() if day not in days for key in ids["new"]]
    before = {key for day, ids in truth.items() if day < days[0] for kind in ids.values() for key in kind}
    result = assign_dates(records, "cs.CL", [date.fromisoformat(day) for day in days], known, announced=before)
    extra = 0
    for day in days:
        found = by_type(result[date.fromisoformat(day)])
        assert found["new"] == sorted(truth[day]["new"])
        assert set(found["cross"]) >= set(truth[day]["cross"])
        assert set(found["replace"]) == set(truth[day]["replace"])
        extra += len(set(found["cross"]) - set(truth[day]["cross"]))
    assert extra <= 3 * len(days), "papers whose new version cannot be told from a late cross-list"
