"""Where figures are on a page: whatever is measured, regions stay on their pages, and no search is without a bound."""

from hypothesis import given
from hypothesis import strategies as st

from bot.sources.figure_layout import (
    MAX_CAPTIONS,
    MAX_SEARCHES,
    Box,
    Line,
    PageLayout,
    find_regions,
)

_COORDINATE = st.floats(-50, 900, allow_nan=False)
_BOX = st.builds(
    lambda x, y, width, height: Box(x, y, x + width, y + height),
    _COORDINATE,
    _COORDINATE,
    st.floats(0, 700),
    st.floats(0, 700),
)
_TEXT = st.sampled_from(["Figure 1: Turnips", "Figure 2. Roots", "Table 1: Sums", "FIG. 3", "We grow turnips", "0.5"])
_PAGE = st.builds(
    lambda lines, shapes, forms: PageLayout(1, 600, 800, tuple(lines), tuple(shapes), tuple(forms)),
    st.lists(st.builds(Line, _BOX, _TEXT), max_size=12),
    st.lists(_BOX, max_size=12),
    st.lists(_BOX, max_size=4),
)


def line(x: float, y: float, width: float, text: str) -> Line:
    return Line(Box(x, y, x + width, y + 9), text)


def column(x: float, y: float, width: float, count: int) -> list[Line]:
    return [line(x, y - 12 * n, width, "We grow large turnips and other roots on many fields") for n in range(count)]


def page(lines: list[Line], shapes: list[Box], number: int = 1) -> PageLayout:
    return PageLayout(number, 600, 800, tuple(lines), tuple(shapes))


@given(st.lists(_PAGE, max_size=2))
def test_regions_are_on_their_page(pages: list[PageLayout]) -> None:
    found = find_regions(pages, 5)
    for one in found:
        assert 0 <= one.box.left < one.box.right <= 600
        assert 0 <= one.box.bottom < one.box.top <= 800
    assert [one.number for one in found] == sorted({one.number for one in found})


def test_a_figure_ends_below_the_text_above_it() -> None:
    lines = [*column(60, 700, 480, 5), line(60, 300, 200, "Figure 1: Turnips"), *column(60, 270, 480, 5)]
    (found,) = find_regions([page(lines, [Box(100, 320, 500, 640), Box(100, 600, 120, 690)])], 3)
    assert found.box.top <= 655, "the last line of the text ends at 652"
    assert found.box.bottom >= 309


def test_letters_beside_it_belong_to_it() -> None:
    lines = [
        *column(60, 700, 480, 3),
        line(150, 565, 300, "Turnips by year"),
        line(85, 450, 10, "t"),
        line(60, 300, 200, "Figure 1: Turnips"),
        *column(60, 270, 480, 5),
    ]
    (found,) = find_regions([page(lines, [Box(100, 320, 500, 563)])], 3)
    assert found.box.top >= 574
    assert found.box.left <= 85


def test_the_caption_ends_where_the_text_begins() -> None:
    lines = [
        line(60, 300, 480, "Figure 1: Turnips are grow\ufffe"),
        line(60, 288, 100, "ing here."),
        *column(60, 262, 480, 5),
    ]
    (found,) = find_regions([page(lines, [Box(100, 320, 500, 600)])], 3)
    assert found.caption == ("Figure 1: Turnips are grow\ufffe", "ing here.")


def test_what_is_far_from_a_caption_is_not_its_figure() -> None:
    lines = [line(60, 100, 200, "Figure 1: Turnips"), *column(60, 70, 480, 2)]
    assert find_regions([page(lines, [Box(100, 320, 500, 600)])], 3) == ()


def test_another_caption_parts_two_figures() -> None:
    lines = [line(60, 500, 200, "Figure 1: One"), line(60, 300, 200, "Figure 2: Two")]
    one, two = find_regions([page(lines, [Box(100, 520, 500, 700), Box(100, 320, 500, 490)])], 3)
    assert two.box.top <= 503
    assert one.box.bottom >= 509


def test_pages_full_of_captions_are_searched_up_to_a_bound() -> None:
    captions = [line(60, 790 - n, 200, f"Figure {n % 90 + 1}: Turnips") for n in range(700)]
    shapes = [Box(60, 100 + n, 540, 140 + n) for n in range(4000)]
    pages = [page(captions, shapes, number) for number in range(40)]
    assert len(find_regions(pages, 1000)) <= min(MAX_SEARCHES, MAX_CAPTIONS * len(pages))
