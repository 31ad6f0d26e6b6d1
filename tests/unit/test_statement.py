"""Statements as objects: what they hold, and that what is written is what is read."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.statement import Statement, StatementCode, Value

SIMPLE = (
    st.text()
    | st.integers(-(2**60), 2**60)
    | st.dates()
    | st.datetimes(timezones=st.just(UTC))
    | st.lists(st.text(max_size=5), max_size=3).map(tuple)
)


def with_values(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Statement]:
    values = st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=4)
    return st.builds(lambda code, held: Statement(code, tuple(held.items())), st.sampled_from(StatementCode), values)


@given(with_values(SIMPLE | with_values(SIMPLE)))
def test_what_is_written_is_what_is_read(statement: Statement) -> None:
    assert Statement.from_json(json.loads(json.dumps(statement.as_json()))) == statement
    assert hash(statement) == hash(Statement.from_json(statement.as_json()))


def test_values_that_are_none_are_left_out() -> None:
    day, at = date(2026, 5, 12), datetime(2026, 5, 12, tzinfo=UTC)
    made = Statement.of(StatementCode.DEFERRED, day=day, holiday=None, release=at)
    assert made.values == (("day", day), ("release", at))
    assert (made.get("day"), made.get("holiday")) == (day, None)


@pytest.mark.parametrize(
    "data",
    [
        None,
        "x",
        [],
        {},
        {"code": "plain"},
        {"code": "plain", "values": []},
        {"code": "what a later version says", "values": {}},
        {"code": "plain", "values": {"text": None}},
        {"code": "plain", "values": {"text": {"date": "tomorrow"}}},
        {"code": "plain", "values": {"text": {"code": "no such code", "values": {}}}},
    ],
)
def test_anything_else_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        Statement.from_json(data)
