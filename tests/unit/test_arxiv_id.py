import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.arxiv_id import PaperReference, parse_reference
from bot.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2605.00847", PaperReference("2605.00847")),
        (" 2605.00847v3 ", PaperReference("2605.00847", 3)),
        ("arXiv:2605.00847", PaperReference("2605.00847")),
        ("ARXIV: 0704.0001v2", PaperReference("0704.0001", 2)),
        ("https://arxiv.org/abs/2605.00847v2", PaperReference("2605.00847", 2)),
        ("http://www.arxiv.org/pdf/2605.00847.pdf", PaperReference("2605.00847")),
        ("https://arxiv.org/html/2605.00847v1/", PaperReference("2605.00847", 1)),
        ("https://www.alphaxiv.org/abs/2605.00847?x=1#top", PaperReference("2605.00847")),
        ("hep-th/9901001", PaperReference("hep-th/9901001")),
        ("math.GT/0309136v1", PaperReference("math/0309136", 1)),
        ("https://arxiv.org/abs/cs/0112017", PaperReference("cs/0112017")),
    ],
)
def test_every_way_people_write_an_identifier_names_the_work(text: str, expected: PaperReference) -> None:
    assert parse_reference(text) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("https://example.org/abs/2605.00847", "example.org is not arXiv"),
        ("https://arxiv.org.evil.example/abs/2605.00847", "is not arXiv"),
        ("https://arxiv.org/list/cs.CL/new", "not that of a paper"),
        ("2613.00847", "not an arXiv identifier"),
        ("2605.00847v0", "not an arXiv identifier"),
        ("attention is all you need", "expected one such as 2605.00847"),
        ("", "not an arXiv identifier"),
        ("https://", "is not arXiv"),
        ("https://[::1", "this address is not arXiv"),
        ("https://arxiv.org\u2100/abs/2605.00847", "this address is not arXiv"),
    ],
)
def test_what_is_not_an_identifier_is_refused_with_the_expected_form(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        parse_reference(text)


@given(st.text(max_size=400))
def test_any_text_is_understood_or_refused_and_never_crashes(text: str) -> None:
    try:
        reference = parse_reference(text)
    except UsageError:
        return
    assert reference.arxiv_id.isascii()
    assert "v" not in reference.arxiv_id.rpartition("/")[2]
