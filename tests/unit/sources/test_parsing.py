import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.parsing import clean_author, clean_line, clean_text, id_order, same_category, split_authors, split_id


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("2605.00847", ("2605.00847", None)),
        ("2605.00847v2", ("2605.00847", 2)),
        ("0704.0001v12", ("0704.0001", 12)),
        ("hep-th/9901001v1", ("hep-th/9901001", 1)),
        ("oai:arXiv.org:cs/0112017", ("cs/0112017", None)),
        ("arXiv:math.GT/0309136", ("math.GT/0309136", None)),
    ],
)
def test_an_identifier_is_split_from_its_version(text: str, parts: tuple[str, int | None]) -> None:
    assert split_id(text) == parts


@pytest.mark.parametrize(
    "text", ["", "abc", "2605.008471", "2605.00847v0", "2605.00847v2x", "../2605.00847", "2605.٠٠٨٤٧"]
)
def test_anything_else_is_no_identifier(text: str) -> None:
    with pytest.raises(ValueError, match="not an arXiv identifier"):
        split_id(text)


def test_identifiers_sort_as_they_were_handed_out() -> None:
    rising = ["hep-th/9901001", "math/0306266", "0704.0001", "1412.9999", "1501.00001", "2605.00847", "2605.00848"]
    backwards = rising[::-1]
    backwards.sort(key=id_order)
    assert backwards == rising


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("A. Lind, B. Roe", ("A. Lind", "B. Roe")),
        ("A. Lind (MIT, Cambridge), B. Roe ((1) X, (2) Y)", ("A. Lind", "B. Roe")),
        ("A. Lind and B. Roe", ("A. Lind", "B. Roe")),
        ("Alexander Sandberg", ("Alexander Sandberg",)),
        ("Martin L. King, Jr., Ann Two", ("Martin L. King Jr.", "Ann Two")),
        ("for the ATLAS Collaboration", ("ATLAS Collaboration",)),
        ("Foo Collaboration: A. Lind", ("Foo Collaboration: A. Lind",)),
        ("Foo Collaboration, :, A. Lind", ("Foo Collaboration", "A. Lind")),
        (r"M{\"u}ller, Se\'an O\'Brien", ("Müller", "Seán O'Brien")),
        ("A. Lind (MIT, B. Roe", ("A. Lind MIT", "B. Roe")),
        ("", ()),
    ],
)
def test_a_comma_joined_author_string_is_split(text: str, names: tuple[str, ...]) -> None:
    assert split_authors(text) == names


def test_an_abstract_keeps_its_paragraphs_and_loses_its_line_breaks() -> None:
    assert clean_text("  One line\nand the next.\n  A new paragraph\n\n") == "One line and the next.\nA new paragraph"


def test_accents_become_letters_and_math_stays() -> None:
    assert clean_line("Erd\\H{o}s\n and  $\\'x$") == "Erdős and $\\'x$"


def test_control_characters_disappear() -> None:
    assert clean_line("a\x00b\x9bc\td") == "abc d"


@given(st.text())
def test_cleaning_is_stable_and_leaves_one_line(text: str) -> None:
    line = clean_line(text)
    assert "\n" not in line
    assert line == line.strip()
    assert all(name.strip() for name in split_authors(text))
    assert "{" not in clean_author(text)


@pytest.mark.parametrize(
    ("category", "asked", "same"),
    [
        ("cs.CL", "cs.CL", True),
        ("cs.CL", "cs", True),
        ("cs.CL", "cs.CV", False),
        ("math.NA", "cs.NA", True),
        ("math-ph", "math", False),
    ],
)
def test_categories_are_compared_with_aliases_and_archives(category: str, asked: str, same: bool) -> None:
    assert same_category(category, asked) is same
