"""The number of a paper grows with its day."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.ordering import DAY, FIRST_DAY, day_of, first_number

days = st.dates(min_value=FIRST_DAY, max_value=date(2199, 12, 31))


@pytest.mark.parametrize(
    ("arxiv_id", "day"),
    [
        ("2605.00847", date(2026, 5, 1)),
        ("0704.0001", date(2007, 4, 1)),
        ("hep-th/9901001", date(1999, 1, 1)),
        ("math.GT/0309136", date(2003, 9, 1)),
        ("nonsense", FIRST_DAY),
        ("9913.00001", FIRST_DAY),
    ],
)
def test_the_month_in_an_identifier_stands_in_for_an_unknown_announcement(arxiv_id: str, day: date) -> None:
    assert day_of(arxiv_id, None) == day


def test_a_known_announcement_is_the_day() -> None:
    assert day_of("2605.00847", date(2026, 6, 3)) == date(2026, 6, 3)


@given(days, days)
def test_numbers_grow_with_days_and_never_meet(one: date, other: date) -> None:
    if one < other:
        assert first_number(one) + DAY <= first_number(other)
    assert 0 <= first_number(one) < 2**62
