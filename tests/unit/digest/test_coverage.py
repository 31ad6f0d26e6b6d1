from datetime import date, timedelta

import pytest

from bot.digest.coverage import check_coverage
from bot.digest.query import PaperText
from bot.errors import QuerySyntaxError
from bot.model import Paper
from tests.unit.digest.samples import make_paper, make_topic

START = date(2026, 5, 1)


def make_pool(
    days: int, per_day: int, hits: int, categories: tuple[str, ...] = ("cs.CL",)
) -> list[tuple[date, Paper | PaperText]]:
    return [
        (
            START + timedelta(days=day),
            make_paper(f"2605.{day:02d}{n:03d}", "reward" if n < hits else "other", "", categories=categories),
        )
        for day in range(days)
        for n in range(per_day)
    ]


def test_counts_per_day_with_the_days_of_no_match() -> None:
    pool = [*make_pool(2, 20, 1), *make_pool(3, 10, 0)]
    coverage = check_coverage(make_topic("reward"), pool)
    assert list(coverage.per_day.values()) == [1, 1, 0]
    assert (coverage.total, coverage.pool, coverage.share) == (2, 70, 2 / 70)
    assert coverage.warning is None


def test_only_the_last_14_announcement_days_count() -> None:
    coverage = check_coverage(make_topic("reward"), make_pool(20, 10, 1))
    assert list(coverage.per_day) == [START + timedelta(days=day) for day in range(6, 20)]
    assert coverage.pool == 140


def test_no_match_is_warned_about() -> None:
    coverage = check_coverage(make_topic("missing"), make_pool(14, 5, 1))
    assert coverage.warning is not None
    assert "none of 70 papers" in coverage.warning


@pytest.mark.parametrize(("hits", "warned"), [(3, False), (4, True)])
def test_more_than_15_percent_is_warned_about(hits: int, warned: bool) -> None:
    coverage = check_coverage(make_topic("reward"), make_pool(5, 20, hits))
    assert (coverage.warning is not None) == warned
    assert not warned or "20% of 100 papers" in (coverage.warning or "")


def test_a_topic_without_a_query_takes_everything_on_purpose() -> None:
    coverage = check_coverage(make_topic(), make_pool(2, 10, 1))
    assert (coverage.share, coverage.warning) == (1.0, None)
    assert check_coverage(make_topic(exclude="reward"), make_pool(2, 10, 1)).total == 18


def test_papers_of_other_categories_are_in_the_pool_and_never_match() -> None:
    pool = [*make_pool(1, 10, 5, ("cs.CV",)), *make_pool(1, 10, 1)]
    coverage = check_coverage(make_topic("reward"), pool)
    assert (coverage.total, coverage.pool) == (1, 20)


def test_an_empty_pool_says_nothing_yet() -> None:
    coverage = check_coverage(make_topic("reward"), [])
    assert (coverage.total, coverage.share, coverage.per_day) == (0, 0.0, {})
    assert coverage.warning is not None
    assert "no papers are stored" in coverage.warning


def test_prepared_papers_give_the_same_answer() -> None:
    pool = make_pool(3, 10, 2)
    prepared: list[tuple[date, Paper | PaperText]] = [(day, PaperText.of(p)) for day, p in pool if isinstance(p, Paper)]
    assert check_coverage(make_topic("reward"), prepared) == check_coverage(make_topic("reward"), pool)


def test_a_broken_query_is_told() -> None:
    with pytest.raises(QuerySyntaxError):
        check_coverage(make_topic("(reward"), [])
