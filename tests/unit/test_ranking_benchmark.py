"""What `benchmarks.ranking` counts: which papers, which picks, which days."""

import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from benchmarks.ranking import average_precision, figures_by_day, load_announced

DAY = date(2026, 5, 12)


def write(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def paper(number: int, category: str = "cs.CL", day: date = DAY) -> dict[str, object]:
    return {
        "id": f"2605.{number:05d}",
        "announced_on": str(day),
        "title": "T",
        "abstract": "A.",
        "authors": ["B"],
        "primary_category": category,
        "categories": [category],
        "comment": None,
    }


def test_a_paper_counts_as_picked_from_its_announcement_up_to_14_days_later(tmp_path: Path) -> None:
    papers = write(tmp_path / "papers.jsonl.gz", [paper(number) for number in range(1, 6)])
    waits = {1: -1, 2: 0, 3: 14, 4: 15}
    picks = write(
        tmp_path / "picks.jsonl",
        [{"id": f"2605.{n:05d}", "picked_on": str(DAY + timedelta(days=wait))} for n, wait in waits.items()],
    )
    announced = load_announced(papers, picks)
    assert [one.picked for one in announced] == [False, True, True, False, False]


def test_only_three_primary_categories_count_but_all_papers_have_a_place(tmp_path: Path) -> None:
    rows = [paper(1, "cs.GT"), paper(2), paper(3, "cs.CV"), paper(9, "cs.IT"), paper(4, day=DAY + timedelta(days=1))]
    papers, picks = write(tmp_path / "papers.jsonl", rows), write(tmp_path / "picks.jsonl", [])
    announced = load_announced(papers, picks, until=DAY)
    assert [one.paper.arxiv_id for one in announced] == ["2605.00002", "2605.00003"]
    assert (announced[0].place.earlier, announced[0].place.later, announced[0].place.gap) == (1, 2, 7)


def test_days_with_fewer_than_three_picks_are_left_out(tmp_path: Path) -> None:
    later = DAY + timedelta(days=1)
    rows = [paper(number) for number in range(1, 13)] + [paper(number, day=later) for number in range(20, 24)]
    picks = [{"id": f"2605.{number:05d}", "picked_on": str(DAY)} for number in (1, 2, 12)]
    picks += [{"id": f"2605.{number:05d}", "picked_on": str(later)} for number in (20, 21)]
    announced = load_announced(write(tmp_path / "a.jsonl", rows), write(tmp_path / "b.jsonl", picks))
    figures = figures_by_day(announced, [-float(one.paper.arxiv_id[5:]) for one in announced])
    assert set(figures) == {DAY}
    assert figures[DAY].precision_at_10 == 0.2
    assert figures[DAY].recall_at_30 == 1
    assert figures[DAY].average_precision == pytest.approx((1 + 1 + 3 / 12) / 3)


def test_average_precision_of_nothing_right_is_zero() -> None:
    assert average_precision([False, False]) == 0
    assert average_precision([]) == 0
