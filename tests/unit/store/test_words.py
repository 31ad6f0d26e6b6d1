"""What people type never reaches a query language; what papers say fits into PostgreSQL."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.store.words import MAX_TERMS, as_tsvector, fold, labels, match_expression, parse_words, tsquery


def tokens(text: str) -> list[tuple[str, ...]]:
    return [term.tokens for term in parse_words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("diffusion models", [("diffusion",), ("models",)]),
        ('"diffusion models" video', [("diffusion", "models"), ("video",)]),
        ("“diffusion models”", [("diffusion", "models")]),
        ("GPT-4 state-of-the-art", [("gpt", "4"), ("state", "of", "the", "art")]),
        ('an "open quote', [("an",), ("open", "quote")]),
        ("Gödel Ångström", [("godel",), ("angstrom",)]),
        ("' OR 1=1", [("or",), ("1", "1")]),
        ("NEAR(a b) title:x", [("near", "a"), ("b",), ("title", "x")]),
        ('!!! ... \x00 \ud800 * ""', []),
        ("", []),
    ],
)
def test_terms(text: str, expected: list[tuple[str, ...]]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "prefix"),
    [("trans*", True), ("tr*", False), ("trans* former", False), ("a trans*  ", True), ('"deep trans"*', True)],
)
def test_only_a_star_at_the_end_after_three_letters_makes_a_beginning(text: str, prefix: bool) -> None:
    assert parse_words(text)[-1].prefix is prefix


def test_a_run_of_chinese_is_a_beginning() -> None:
    assert [term.prefix for term in parse_words("大语言模型 model")] == [True, False]


def test_long_searches_are_cut() -> None:
    assert len(parse_words("a b " * 1000)) == MAX_TERMS
    assert parse_words("x" * 100_000)[0].tokens[0].startswith("xxx")


def test_expressions() -> None:
    terms, author = parse_words('"deep learning" trans*'), parse_words("Núñez")
    expected = '"deep learning" AND "trans" * AND authors : "Núñez" AND labels : "0cscl"'
    assert match_expression(terms, author=author, category="cs.CL") == expected
    expected = "('deep' <-> 'learning') & 'trans':* & 'nunez':B & '0cscl':D"
    assert tsquery(terms, author=author, category="cs.CL") == expected


@given(st.text(), st.text())
def test_only_letters_and_digits_come_through(words: str, category: str) -> None:
    for term in parse_words(words):
        assert not re.search(r"[\x00-\x1f\"'*():^+&|!<>\\-]", term.text)
        assert all(token.isalnum() for token in term.tokens)
    quoted = tsquery(parse_words(words), category=category)
    assert quoted.count("'") % 2 == 0


@example("℠ ™ 5½ µ")
@given(st.text(max_size=100))
def test_the_words_of_a_search_are_those_of_the_index(text: str) -> None:
    words = [word for term in parse_words(text) for word in term.tokens]
    if len(parse_words(text)) < MAX_TERMS:
        assert words == fold(unicodedata.normalize("NFC", text))


def test_labels_are_one_word_for_each_category() -> None:
    assert labels(("cs.CL", "astro-ph.GA", "q-bio")) == "0cscl 0astrophga 0qbio"


def test_a_vector_tells_title_authors_and_abstract_apart() -> None:
    vector = as_tsvector("A title", "Its text", ["Ann Lee"], "0cscl")
    assert vector == "'0cscl':1 'a':9A 'title':10A 'its':19C 'text':20C 'ann':29B 'lee':30B"


def test_a_vector_stays_below_the_limits_of_postgresql() -> None:
    authors = [f"Author{number} Name{number}" for number in range(200_000)]
    vector = as_tsvector("x" * 5000, "words " * 100_000, authors, "0cscl")
    assert len(vector.encode()) < 1_000_000
    assert max(int(number) for number in re.findall(r":(\d+)", vector)) <= 16_383
