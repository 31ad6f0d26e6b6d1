"""How long a server asks to wait, in all the ways in which it may say so."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.retry_after import retry_after

NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "20"}, 20),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "86400"}, 3600),
        ({"retry-after": "9" * 400}, 3600),
        ({"retry-after": "Tue, 12 May 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Tue, 12 May 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "Tue, 12 May 2026 15:00:30 GMT", "date": "Tue, 12 May 2026 15:00:00 GMT"}, 30),
        ({"retry-after": "Tue, 12 May 2036 12:00:00 GMT"}, 3600),
    ],
)
def test_seconds_and_dates_are_read_and_bounded(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers, NOON, HOUR) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "soon", "-5", "1.2.3", "NaN", "inf", "Tue, 99 May 2026 12:00:00 GMT"])
def test_nonsense_is_no_answer(value: str) -> None:
    assert retry_after({"retry-after": value}, NOON, HOUR) is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_breaks_it(value: str, date: str) -> None:
    found = retry_after({"retry-after": value, "date": date}, NOON, HOUR)
    assert found is None or timedelta() <= found <= HOUR
