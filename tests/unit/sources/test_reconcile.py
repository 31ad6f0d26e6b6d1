from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from bot.model import AnnounceType, Counts, Paper, SourceName
from bot.sources.oai import OaiRecord
from bot.sources.reconcile import assign_dates, find_ceilings

MON, TUE, WED, THU = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 5)
# Stored: Monday up to 2603.00100 and Thursday from 2603.00301 on; Tuesday and Wednesday were missed.
KNOWN = [("2603.00050", MON), ("2603.00100", MON), ("2603.00301", THU), ("2603.00350", THU)]


def record(number: str, stamp: date, *, primary: str = "cs.LG", updated: date | None = None) -> OaiRecord:
    paper = Paper(number, "T", "A", ("B",), primary, (primary, "cs.LG"), version=2 if updated else 1)
    return OaiRecord(paper, stamp, created=date(2026, 3, 1), updated=updated)


def found(*records: OaiRecord, announced: tuple[str, ...] = ()) -> dict[str, tuple[date, AnnounceType]]:
    result = assign_dates(records, "cs.LG", [TUE, WED], KNOWN, announced=announced)
    return {entry.paper.arxiv_id: (day, entry.announce_type) for day, one in result.items() for entry in one.papers}


def test_untouched_records_fall_on_their_datestamp() -> None:
    assert found(record("2603.00110", TUE), record("2603.00210", WED, primary="cs.CL")) == {
        "2603.00110": (TUE, AnnounceType.NEW),
        "2603.00210": (WED, AnnounceType.CROSS),
    }


def test_a_record_that_was_touched_later_is_placed_by_its_neighbours() -> None:
    records = [record("2603.00110", date(2026, 3, 20), updated=date(2026, 3, 19)), record("2603.00120", TUE)]
    assert found(*records)["2603.00110"] == (TUE, AnnounceType.NEW)


def test_a_paper_with_one_cross_list_and_no_new_version_was_touched_by_that_cross_list() -> None:
    crossed = record("2603.00110", WED, primary="cs.CL")
    same_day = record("2603.00120", TUE, primary="cs.CL")
    one_of_two = replace(crossed, paper=replace(crossed.paper, categories=("cs.CL", "cs.AI", "cs.LG")))
    revised = replace(crossed, updated=WED)
    elsewhen = replace(crossed, datestamp=date(2026, 3, 14))
    assert found(crossed, same_day)["2603.00110"] == (WED, AnnounceType.CROSS)
    for untold in (one_of_two, revised, elsewhen):
        assert found(untold, same_day)["2603.00110"] == (TUE, AnnounceType.CROSS)


def test_a_date_that_another_category_rebuilt_too_late_loses_no_paper() -> None:
    known = [*KNOWN, ("2603.00110", WED)]
    (one,) = assign_dates([record("2603.00120", TUE)], "cs.LG", [TUE, WED], known).values()
    assert (one.announced_on, [entry.paper.arxiv_id for entry in one.papers]) == (TUE, ["2603.00120"])


def test_other_categories_records_narrow_a_papers_day() -> None:
    march, touched = date(2026, 3, 20), record("2603.00110", date(2026, 3, 20), updated=date(2026, 3, 19))
    others = [record("2603.00130", march, primary="cs.CV"), record("2603.00120", TUE, primary="cs.CV")]
    others += [record("2603.00105", WED, primary="cs.CV"), replace(record("2603.00290", TUE), deleted=True)]
    assert find_ceilings(others) == [("2603.00130", march), ("2603.00120", TUE)]
    alone = assign_dates([touched], "cs.LG", [TUE, WED], KNOWN)
    among_others = assign_dates([touched], "cs.LG", [TUE, WED], KNOWN, ceilings=find_ceilings(others))
    assert (list(alone), list(among_others)) == ([WED], [TUE])


def test_what_is_new_on_a_date_that_was_not_read_yet_is_no_missed_paper() -> None:
    known, records = KNOWN[:2], [record("2603.00110", TUE), record("2603.00301", WED)]
    crossed = record("2603.00105", WED, primary="cs.CL")
    result = assign_dates([*records, crossed], "cs.LG", [TUE], known, unread=[WED])
    assert {day: [entry.paper.arxiv_id for entry in one.papers] for day, one in result.items()} == {
        TUE: ["2603.00110", "2603.00105"],
        WED: ["2603.00301"],
    }


def test_the_last_of_a_gap_is_bounded_by_what_is_stored_after_it() -> None:
    assert found(record("2603.00299", date(2026, 3, 20)))["2603.00299"] == (WED, AnnounceType.NEW)


def test_what_lies_beyond_the_gap_is_left_alone() -> None:
    assert found(record("2603.00320", THU), record("2603.00301", THU), record("2603.00090", MON)) == {}


def test_older_papers_are_late_cross_lists_or_replacements() -> None:
    assert found(
        record("2512.00001", TUE, primary="cs.CL"),
        record("2512.00002", TUE, updated=MON),
        record("2512.00003", TUE, primary="cs.CL", updated=MON),
        announced=("2512.00003",),
    ) == {
        "2512.00001": (TUE, AnnounceType.CROSS),
        "2512.00002": (TUE, AnnounceType.REPLACE),
        "2512.00003": (TUE, AnnounceType.REPLACE_CROSS),
    }


def test_a_new_version_of_what_this_category_announced_is_a_replacement() -> None:
    assert found(record("2603.00050", TUE, updated=MON)) == {"2603.00050": (TUE, AnnounceType.REPLACE)}


def test_without_a_history_each_paper_comes_once() -> None:
    records = [record("2603.00110", TUE, primary="cs.CL"), record("2603.00120", TUE)]
    result = assign_dates(records, "cs.LG", [TUE, WED], [])
    assert [(entry.paper.arxiv_id, entry.announce_type) for entry in result[TUE].papers] == [
        ("2603.00120", AnnounceType.NEW),
        ("2603.00110", AnnounceType.CROSS),
    ]


def test_a_paper_that_was_held_back_is_new_on_the_day_it_came() -> None:
    held = replace(record("2603.00099", WED), created=date(2026, 3, 3))
    assert found(held) == {"2603.00099": (WED, AnnounceType.NEW)}


def test_what_another_category_announced_on_a_missing_day_hides_nothing() -> None:
    """Submitted on the last day that is stored, announced on the first that was missed: as most papers are."""
    late = replace(record("2603.00110", TUE), created=MON)
    result = assign_dates([late], "cs.LG", [TUE, WED], [*KNOWN, ("2603.00290", TUE)])
    assert [entry.paper.arxiv_id for entry in result[TUE].papers] == ["2603.00110"]


def test_changed_metadata_of_a_known_or_ancient_paper_is_no_announcement() -> None:
    ancient = replace(record("2401.00001", TUE), created=date(2024, 1, 1))
    assert found(record("2603.00050", TUE), ancient) == {}


def test_deleted_records_and_foreign_days_are_left_out() -> None:
    gone = replace(record("2603.00110", TUE), deleted=True)
    assert found(gone, record("2512.00001", date(2026, 3, 6), primary="cs.CL")) == {}


def test_a_datestamp_that_contradicts_its_id_does_not_drag_the_others_along() -> None:
    assert found(record("2603.00110", WED), record("2603.00280", date(2026, 2, 1)))["2603.00110"] == (
        WED,
        AnnounceType.NEW,
    )


def test_a_rebuilt_announcement_is_ordered_and_counted() -> None:
    records = [
        record("2512.00002", TUE, updated=MON),
        record("2603.00130", TUE, primary="cs.CL"),
        record("2603.00120", TUE),
        record("2603.00110", TUE),
    ]
    one = assign_dates(records, "cs.LG", [TUE, WED], KNOWN)[TUE]
    assert [entry.paper.arxiv_id for entry in one.papers] == ["2603.00110", "2603.00120", "2603.00130", "2512.00002"]
    assert [entry.position for entry in one.papers] == [0, 1, 2, 3]
    assert (one.shown, one.source, one.problem) == (Counts(new=2, cross=1, replace=1), SourceName.OAI, None)


def test_nothing_missing_or_nothing_found_is_nothing() -> None:
    assert assign_dates([record("2603.00110", TUE)], "cs.LG", [], KNOWN) == {}
    assert assign_dates([], "cs.LG", [TUE], KNOWN) == {}


def test_without_any_history_recent_ids_are_still_found() -> None:
    result = assign_dates([record("2603.00110", TUE), record("2512.00009", TUE, primary="cs.CL")], "cs.LG", [TUE], [])
    assert {e.paper.arxiv_id: e.announce_type for e in result[TUE].papers} == {
        "2603.00110": AnnounceType.NEW,
        "2512.00009": AnnounceType.CROSS,
    }


@given(st.lists(st.tuples(st.sampled_from([TUE, WED]), st.integers(0, 20)), min_size=1, max_size=40), st.randoms())
def test_no_new_paper_is_lost_whatever_was_touched_later(days: list[tuple[date, int]], order: object) -> None:
    """Ids rise with the day; some datestamps moved. Nothing is lost, and nothing gets a day before its own."""
    truth = sorted(day for day, _ in days)
    records = [
        record(f"2603.{101 + place:05}", date(2026, 3, 6 + moved % 20) if moved % 3 == 0 else day)
        for place, (day, (_, moved)) in enumerate(zip(truth, days, strict=True))
    ]
    result = found(*records)
    assert len(result) == len(records)
    for place, day in enumerate(truth):
        assert result[f"2603.{101 + place:05}"][0] >= day
        if records[place].datestamp == day:
            assert result[f"2603.{101 + place:05}"][0] == day
