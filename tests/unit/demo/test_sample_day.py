"""The sample day: what a newcomer reads first. These tests keep it varied, honest about being invented, and whole."""

import re
import tomllib
from collections import Counter
from datetime import date, timedelta
from importlib.resources import files

import pytest

from bot.demo.sample import SampleWorld, load_sample_world
from bot.demo.world import release_of
from bot.model import AnnounceType, Paper
from tests.wire.arxiv_replay import read_listing


@pytest.fixture(scope="module")
def world() -> SampleWorld:
    return load_sample_world()


@pytest.fixture(scope="module")
def papers(world: SampleWorld) -> dict[str, Paper]:
    day = world.announced(world.announced_on)
    return {entry.paper.arxiv_id: entry.paper for entries in day.values() for entry in entries}


def test_it_is_a_tuesday_in_three_categories(world: SampleWorld) -> None:
    assert world.announced_on == date(2026, 11, 17)
    assert world.announced_on.strftime("%A") == "Tuesday"
    assert world.categories == ("cs.CL", "cs.CV", "cs.AI")


def test_it_is_large_enough_and_has_every_kind_of_entry(world: SampleWorld, papers: dict[str, Paper]) -> None:
    assert len(papers) >= 45
    for category, entries in world.announced(world.announced_on).items():
        kinds = Counter(entry.announce_type for entry in entries)
        assert set(kinds) == set(AnnounceType), category
        assert [entry.position for entry in entries] == list(range(len(entries)))
    primaries = {paper.primary_category for paper in papers.values()}
    assert {"cs.LG", "cs.RO", "stat.ML"} <= primaries


def test_rows_are_all_used_and_unique(papers: dict[str, Paper]) -> None:
    rows = tomllib.loads(files("bot.demo").joinpath("sample_day.toml").read_text(encoding="utf-8"))["paper"]
    known = {
        "id", "title", "abstract", "categories", "authors", "author_count", "comment", "licence", "version",
        "submitted", "withdrawn", "cross_into", "journal_ref", "doi",
    }  # fmt: skip
    assert set().union(*rows) <= known
    assert sorted(row["id"] for row in rows) == sorted(papers)
    assert max(Counter(paper.title for paper in papers.values()).values()) == 1
    assert max(Counter(paper.abstract for paper in papers.values()).values()) == 1


def test_no_identifier_can_be_that_of_a_real_paper(papers: dict[str, Paper]) -> None:
    for arxiv_id in papers:
        assert re.fullmatch(r"\d{4}\.9\d{4}|cs/\d{4}99\d", arxiv_id)
    cited = {found for paper in papers.values() for found in re.findall(r"\b\d{4}\.\d{5}", paper.abstract)}
    assert cited == {"2610.90007", "2609.90018"}


def test_no_person_and_no_address_is_real(papers: dict[str, Paper]) -> None:
    names = tomllib.loads(files("bot.demo").joinpath("sample_day.toml").read_text(encoding="utf-8"))["names"]
    for paper in papers.values():
        for author in paper.authors:
            assert author.endswith(" Collaboration") or author.split(" ", 1)[1] in names["family"], author
        text = f"{paper.title} {paper.abstract} {paper.comment}"
        assert not re.search(r"\w@\w+\.", text), "an e-mail address"
        for address in re.findall(r"https?://\S+", text):
            assert re.match(
                r"https://(example-lab\.github\.io/|github\.com/example-lab/|example\.org/"
                r"|huggingface\.co/datasets/example-lab/)",
                address,
            ), address


def test_abstracts_have_the_length_of_real_ones(papers: dict[str, Paper]) -> None:
    for paper in papers.values():
        assert 550 <= len(paper.abstract) <= 1600, paper.arxiv_id
        assert "  " not in paper.abstract.replace("\n  ", "")


def test_the_hard_cases_are_there(papers: dict[str, Paper]) -> None:
    everything = " ".join(f"{paper.title} {paper.abstract}" for paper in papers.values())
    assert r"$\mathcal{O}(n \log n)$" in everything
    assert "$0.31" in everything
    assert "文言文" in everything
    assert "تشكيل" in everything
    assert papers["2611.90015"].title == "0"
    assert "<table> & <ul>" in papers["2611.90004"].title
    assert "\n  Results:" in papers["2611.90013"].abstract
    assert any(len(paper.authors) == 140 == len(set(paper.authors)) for paper in papers.values())
    assert any("Collaboration" in paper.authors[0] for paper in papers.values())
    withdrawn = [paper for paper in papers.values() if paper.withdrawn]
    assert [paper.version for paper in withdrawn] == [2]
    # The word alone means nothing: this one was withdrawn from a workshop, not from arXiv.
    assert (papers["2610.90044"].comment or "").startswith("Withdrawn from")
    assert not papers["2610.90044"].withdrawn


def test_submissions_come_before_the_announcement(world: SampleWorld, papers: dict[str, Paper]) -> None:
    for paper in papers.values():
        assert paper.submitted_at is not None
        assert paper.updated_at is not None
        assert paper.submitted_at <= paper.updated_at < release_of(world.announced_on)


def test_its_pages_hold_every_paper_as_it_is(world: SampleWorld) -> None:
    for category, entries in world.announced(world.announced_on).items():
        shown = read_listing(world.listing(category, release_of(world.announced_on)))
        assert [(paper.arxiv_id, paper.title, paper.abstract, paper.comment) for paper in shown] == [
            (entry.paper.arxiv_id, entry.paper.title, entry.paper.abstract, entry.paper.comment) for entry in entries
        ]


def test_nothing_is_there_before_the_release(world: SampleWorld) -> None:
    before = release_of(world.announced_on) - timedelta(seconds=1)
    assert b"No updates today." in world.listing("cs.CL", before)
    assert b"16 November 2026" in world.listing("cs.CL", before)
    assert list(world.indexed(before)) == []
    assert list(world.harvestable(before)) == []
