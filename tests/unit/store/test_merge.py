"""Which record of a paper wins, and what is never lost."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Paper, SourceName
from bot.store.merge import merge_paper

OLD = Paper("2605.00001", "Title", "Abstract.", ("Ann Lee", "Bo Chen"), "cs.CL", ("cs.CL", "cs.AI"))
INSTANT = datetime(2026, 5, 8, tzinfo=UTC)

optional = st.one_of(st.none(), st.sampled_from(["one", "two"]))
papers = st.builds(
    Paper,
    arxiv_id=st.just("2605.00001"),
    title=st.sampled_from(["", "A title", "Another"]),
    abstract=st.sampled_from(["", "Words.", "Other words."]),
    authors=st.lists(st.sampled_from(["Ann", "Bo", "Cy"]), unique=True).map(tuple),
    primary_category=st.just("cs.CL"),
    categories=st.lists(st.sampled_from(["cs.CL", "cs.AI", "cs.CV"]), unique=True).map(tuple),
    comment=optional,
    journal_ref=optional,
    doi=optional,
    licence=optional,
    version=st.integers(1, 3),
    submitted_at=st.one_of(st.none(), st.just(INSTANT)),
    updated_at=st.one_of(st.none(), st.just(INSTANT)),
    has_html=st.one_of(st.none(), st.booleans()),
    withdrawn=st.booleans(),
    authors_complete=st.booleans(),
)


def test_a_higher_version_brings_its_own_text_and_keeps_what_it_does_not_say() -> None:
    old = replace(OLD, comment="8 pages", licence="by", submitted_at=INSTANT, has_html=True, withdrawn=True)
    new = replace(OLD, version=2, title="New title", abstract="New.", categories=("cs.CL",), authors=("Ann Lee",))
    merged = merge_paper(old, new)
    assert merged == replace(new, comment="8 pages", licence="by", submitted_at=INSTANT)


def test_a_lower_version_changes_nothing_but_licence_and_first_date() -> None:
    old = replace(OLD, version=3)
    new = replace(OLD, version=1, title="Old title", comment="draft", licence="by", submitted_at=INSTANT)
    assert merge_paper(old, new) == replace(old, licence="by", submitted_at=INSTANT)
    assert merge_paper(replace(old, licence="cc0"), new).licence == "cc0"


def test_the_same_version_fills_gaps_and_replaces_nothing() -> None:
    new = replace(OLD, title="Other", comment="8 pages", has_html=False, categories=("cs.CV", "cs.AI"))
    merged = merge_paper(OLD, new)
    assert (merged.title, merged.comment, merged.has_html) == ("Title", "8 pages", False)
    assert merged.categories == ("cs.CL", "cs.AI", "cs.CV")


@pytest.mark.parametrize(
    ("old_complete", "new_complete", "new_authors", "expected"),
    [
        (False, True, ("Ann Lee", "Bo Chen", "Cy Day"), ("Ann Lee", "Bo Chen", "Cy Day")),
        (False, False, ("Ann Lee", "Bo Chen", "Cy Day"), ("Ann Lee", "Bo Chen", "Cy Day")),
        (False, False, ("Ann Lee",), ("Ann Lee", "Bo Chen")),
        (True, True, ("Lee, A.", "Chen, B."), ("Ann Lee", "Bo Chen")),
        (True, False, ("Ann Lee", "Bo Chen", "Cy Day"), ("Ann Lee", "Bo Chen")),
        (False, True, (), ("Ann Lee", "Bo Chen")),
    ],
)
def test_author_lists(
    old_complete: bool, new_complete: bool, new_authors: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    old = replace(OLD, authors_complete=old_complete)
    assert merge_paper(old, replace(OLD, authors=new_authors, authors_complete=new_complete)).authors == expected


def test_a_cut_list_of_a_new_version_does_not_replace_a_whole_one() -> None:
    new = replace(OLD, version=2, authors=("Ann Lee",), authors_complete=False)
    merged = merge_paper(OLD, new)
    assert (merged.version, merged.authors, merged.authors_complete) == (2, OLD.authors, True)


def test_a_journal_reference_of_a_later_record_is_right_and_of_a_listing_page_is_not() -> None:
    old, new = replace(OLD, journal_ref="in press"), replace(OLD, journal_ref="Nature 1 (2026)")
    assert merge_paper(old, new, SourceName.OAI).journal_ref == "Nature 1 (2026)"
    assert merge_paper(old, new, SourceName.LISTING).journal_ref == "in press"


def test_a_withdrawal_stays_for_its_version_and_ends_with_a_later_one() -> None:
    withdrawn = replace(OLD, version=2, withdrawn=True)
    assert merge_paper(withdrawn, replace(OLD, version=2)).withdrawn
    assert merge_paper(withdrawn, OLD).withdrawn
    assert not merge_paper(withdrawn, replace(OLD, version=3)).withdrawn


def test_two_papers_are_not_merged() -> None:
    with pytest.raises(ValueError, match="two papers"):
        merge_paper(OLD, replace(OLD, arxiv_id="2605.00002"))


@given(papers, papers)
def test_nothing_known_is_replaced_by_nothing(old: Paper, new: Paper) -> None:
    merged = merge_paper(old, new)
    for name in ("title", "abstract", "authors", "categories", "comment", "journal_ref", "doi", "licence"):
        assert getattr(merged, name) or not getattr(old, name), name
    assert merged.version == max(old.version, new.version)
    assert merged.submitted_at or not old.submitted_at


@given(papers, papers)
def test_merging_the_same_record_again_changes_nothing(old: Paper, new: Paper) -> None:
    once = merge_paper(old, new)
    assert merge_paper(once, new) == once
