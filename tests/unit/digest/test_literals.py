"""The cheap look before a long list of patterns may never hide what the patterns find."""

import re
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.digest.literals import folded, keys_of
from bot.digest.pattern_files import Alternatives, load_pattern

NAMES = (
    "address", "bait", "drop_english", "drop_latin", "drop_other", "encoded", "imperative", "machinery", "placeholder",
    "praise", "refusal", "structure",
)  # fmt: skip
ODD = "ıİſKß‹@<|$`\u0307\u200b"
"""Letters that case plays tricks with, and marks."""


def lines_of(name: str) -> list[str]:
    text = resources.files("bot.digest").joinpath("patterns", f"{name}.txt").read_text(encoding="utf-8")
    return [line.replace("‹READER›", "(?:AI|agents?)") for line in text.splitlines() if line and line[:2] != "# "]


LINES = [line for name in NAMES for line in lines_of(name)]


@settings(max_examples=400)
@given(st.data())
def test_every_text_that_a_line_matches_has_its_keys(data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(LINES))
    # What comes before and after may not matter, and the case is ignored.
    text = data.draw(st.from_regex(re.compile(line, re.IGNORECASE)))
    plain = folded(text)
    for keys in keys_of(line):
        assert any(key in plain for key in keys), (line, text)


@settings(max_examples=300)
@given(st.data())
def test_a_file_finds_what_its_lines_find_joined(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    whole = re.compile("|".join(lines_of(name)), re.IGNORECASE)
    pieces = st.sampled_from(lines_of(name)).flatmap(lambda line: st.from_regex(re.compile(line, re.IGNORECASE)))
    text = "".join(data.draw(st.lists(st.one_of(pieces, st.text(max_size=8), st.sampled_from(ODD)), max_size=4)))
    wanted, found = whole.search(text), Alternatives(lines_of(name)).search(text)
    assert (wanted and (wanted.span(), wanted[0])) == (found and (found.span(), found[0]))


def test_letters_that_are_equal_without_their_case_are_equal_folded() -> None:
    letters = map(chr, range(0x1FFFF))
    cased = [letter for letter in letters if not letter == letter.lower() == letter.upper() == folded(letter)]
    everything = "".join(cased)
    for letter in {letter for line in LINES for letter in line if letter.isalpha()}:
        assert {folded(one) for one in re.findall(letter, everything, re.IGNORECASE)} <= {folded(letter)}


def test_most_lines_have_keys() -> None:
    without = [line for line in LINES if not keys_of(line)]
    assert len(without) < 3, without


@pytest.mark.parametrize(
    ("expression", "sets"),
    [
        ("sorry", {frozenset({"sorry"})}),
        ("I (?:can|will)not", {frozenset({"i cannot", "i willnot"})}),
        (r"<\s?(?:user|tool)>", {frozenset({"<"}), frozenset({"user>", "tool>"})}),
        (r"colou?rs?\b", {frozenset({"color", "colour", "colors", "colours"})}),
        ("a|.*", set()),
        ("(?:ab)?", set()),
        ("(?:ab){0,3}", set()),
        ("#{2,}x", {frozenset({"##"}), frozenset({"x"})}),
        ("(?!not)this", {frozenset({"this"})}),
        ("[ab]c[^d]", {frozenset({"ac", "bc"})}),
        (r"(x)\1", set()),
        (r"\x41", set()),
        ("[]a]", set()),
        ("(?i)a", set()),
        ("a{,3}", set()),
        ("(", set()),
        (")", set()),
    ],
)
def test_keys_are_read_off_the_expression(expression: str, sets: set[frozenset[str]]) -> None:
    assert set(keys_of(expression)) == sets


def test_the_first_line_wins_at_the_same_place() -> None:
    found = Alternatives(["ab", "abc", "zero"]).search("xABC")
    assert found is not None
    assert found[0] == "AB"


def test_files_are_read_once() -> None:
    assert load_pattern("refusal") is load_pattern("refusal")
