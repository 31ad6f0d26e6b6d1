"""What people type for times, zones, numbers and papers."""

import zoneinfo
from collections.abc import Callable
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import Refusal
from cogs._shared.inputs import (
    MAX_CHOICE,
    MAX_CHOICES,
    _zones,
    parse_names,
    parse_number,
    parse_paper,
    parse_time,
    parse_zone,
    zone_choices,
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("08:30", time(8, 30)),
        ("8:30", time(8, 30)),
        (" 17:00 ", time(17)),
        ("0830", time(8, 30)),
        ("9", time(9)),
        ("23.59", time(23, 59)),
        ("8：30", time(8, 30)),
        ("９：０５", time(9, 5)),
        ("8点30", time(8, 30)),
        ("8点", time(8)),
        ("17h", time(17)),
        ("", None),
        (None, None),
        ("ASAP", None),
        ("立即", None),
    ],
)
def test_times(typed: str | None, meant: time | None) -> None:
    assert parse_time(typed) == meant


@pytest.mark.parametrize("typed", ["25:00", "24:00", "12:60", "noon", "-1", "8:3", "08:30:00", "8 30 pm", "٢٥:٠٠"])
def test_times_that_are_none(typed: str) -> None:
    with pytest.raises(Refusal, match="is not a time of day"):
        parse_time(typed)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("utc", "UTC"),
        ("America/new york", "America/New_York"),
        ("shanghai", "Asia/Shanghai"),
        ("北京", "Asia/Shanghai"),
        ("Lord_Howe", "Australia/Lord_Howe"),
    ],
)
def test_zones(typed: str, meant: str) -> None:
    assert parse_zone(typed) == meant


@pytest.mark.parametrize("typed", ["", "Mars", "../../etc/passwd", "UTC\x00", "x" * 6000, "Europe/"])
def test_zones_that_are_none(typed: str) -> None:
    with pytest.raises(Refusal, match="There is no time zone"):
        parse_zone(typed)


@pytest.mark.parametrize("typed", ["localtime", "Factory", "posixrules", "posix/Europe/Berlin", "right/UTC"])
def test_what_a_machine_keeps_beside_its_zones_is_neither_taken_nor_offered(
    typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = {"Europe/Berlin", "Asia/Tokyo", "UTC", "Japan", typed}
    monkeypatch.setattr(zoneinfo, "available_timezones", lambda: listed)
    _zones.cache_clear()
    try:
        with pytest.raises(Refusal, match="There is no time zone"):
            parse_zone(typed)
        assert typed not in zone_choices(typed)
        assert zone_choices("a") == ["Asia/Tokyo"]
        assert parse_zone("japan") == "Japan"
    finally:
        _zones.cache_clear()


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("GMT+8", "Asia/Shanghai, Asia/Hong_Kong, Asia/Taipei"),
        ("utc+08:00", "Asia/Shanghai, Asia/Hong_Kong, Asia/Taipei"),
        ("UTC −5", "America/New_York"),
        ("＋９", "Asia/Tokyo, Asia/Seoul"),
        ("GMT+1", "Europe/Berlin, Europe/Paris, Europe/Warsaw"),
        ("+10", "Australia/Sydney"),
    ],
)
def test_hours_ahead_of_greenwich_are_answered_with_places(typed: str, near: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_zone(typed)
    assert f"Did you mean {near}?" in str(refused.value)
    assert ", ".join(zone_choices(typed)).startswith(near)


def test_hours_that_no_common_place_has_are_refused_and_full_names_are_taken() -> None:
    with pytest.raises(Refusal, match="Use a name such as"):
        parse_zone("GMT+99")
    assert zone_choices("GMT+99") == []
    assert parse_zone("Etc/GMT+8") == "Etc/GMT+8"


@given(st.text(max_size=200))
def test_anything_typed_is_a_value_or_a_refusal_that_is_short_and_harmless(typed: str) -> None:
    for parse in (parse_time, parse_zone, parse_paper, lambda text: parse_number(text, 1, 10)):
        said = refusal_of(parse, typed)
        assert len(said) < 500
        assert "@everyone" not in said


def refusal_of(parse: Callable[[str], object], typed: str) -> str:
    try:
        parse(typed)
    except Refusal as refusal:
        return str(refusal)
    return ""


@given(st.text(max_size=120))
def test_zone_choices_are_inside_discords_limits(typed: str) -> None:
    found = zone_choices(typed)
    assert len(found) <= MAX_CHOICES
    assert all(0 < len(name) <= MAX_CHOICE for name in found)
    assert len(set(found)) == len(found)


def test_zones_are_offered_before_anything_is_typed() -> None:
    assert zone_choices("")[0] == "UTC"
    assert "Asia/Shanghai" in zone_choices("")
    assert zone_choices("shang") == ["Asia/Shanghai"]


def test_numbers_and_names() -> None:
    assert parse_number("１０", 1, 10) == 10
    assert parse_names(" news, staff；news、论文 ,, ") == ["news", "staff", "论文"]
    assert parse_names(None) == []
