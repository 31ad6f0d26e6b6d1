"""Where figures are on a page: whatever is measured, regions stay on their pages, and no search is without a bound."""

from collections.abc import Sequence

import pytest
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


DRAWN = Box(100, 320, 500, 600)


def shown(shapes: list[Box], lines: Sequence[Line] = ()) -> Box | None:
    """Return the part of a page that is shown as the figure of a caption at 300 to 309, above text."""
    found = find_regions([page([*lines, line(60, 300, 200, "Figure 1: Turnips"), *column(60, 270, 480, 5)], shapes)], 3)
    return found[0].box if found else None


def test_a_figure_has_a_little_air_around_it_and_not_its_caption() -> None:
    assert shown([DRAWN]) == (97, 309.5, 503, 603)


def test_what_reaches_beyond_the_text_is_cut_there() -> None:
    assert shown([Box(20, 320, 590, 600)]) == (60 - 14 - 3, 309.5, 540 + 14 + 3, 603)


def test_what_covers_the_page_is_its_background() -> None:
    assert shown([DRAWN, Box(0, 0, 600, 800)]) == shown([DRAWN])


@pytest.mark.parametrize(("apart", "top"), [(45, 563), (46, 403)])
def test_the_parts_of_a_figure_lie_near_to_each_other(apart: float, top: float) -> None:
    assert shown([Box(100, 320, 500, 400), Box(100, 400 + apart, 500, 560)]) == (97, 309.5, 503, top)


@pytest.mark.parametrize(("apart", "found"), [(90, True), (91, False)])
def test_a_figure_lies_near_to_its_caption(apart: float, *, found: bool) -> None:
    assert (shown([Box(100, 309 + apart, 500, 560)]) is not None) == found


@pytest.mark.parametrize(
    ("width", "height", "found"), [(44, 80, True), (43, 80, False), (200, 12, True), (200, 11, False)]
)
def test_an_icon_is_no_figure(width: float, height: float, *, found: bool) -> None:
    assert (shown([Box(100, 320, 100 + width, 320 + height)]) is not None) == found


def test_rules_alone_are_no_figure() -> None:
    assert shown([Box(100, 320, 500, 323), Box(100, 400, 500, 403)]) is None
    assert shown([Box(100, 320, 500, 324), Box(100, 340, 500, 360)]) is not None


def test_an_axis_beside_what_is_drawn_belongs_to_it() -> None:
    assert shown([DRAWN, Box(90, 320, 92, 610)]) == (87, 309.5, 503, 613)
    assert shown([DRAWN, Box(70, 320, 72, 610)]) == shown([DRAWN]), "too far away"


def test_what_is_written_under_it_is_not_cut_at_the_side() -> None:
    """The first number of an axis."""
    assert shown([DRAWN], [line(88, 310, 20, "-10")]) == (85, 309.5, 503, 603)


def test_a_title_right_above_it_belongs_to_it() -> None:
    title = line(200, 604, 100, "Turnips")
    assert shown([DRAWN], [title]) == (97, 309.5, 503, 616)
    assert shown([DRAWN], [line(200, 630, 100, "Page 7"), title]) == shown([DRAWN], [title])


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("Figure 1: Turnips", 1),
        ("Fig. 99. Turnips", 99),
        ("FIGURE 12 | Turnips", 12),
        ("Figure 7", 7),
        ("Figure 0: Turnips", None),
        ("Figure 100: Turnips", None),
        ("Figure 1 shows turnips", None),
        ("Table 1: Turnips", None),
        ("Figure IV: Turnips", None),
    ],
)
def test_what_is_a_caption(said: str, number: int | None) -> None:
    found = find_regions([page([line(60, 300, 200, said), *column(60, 270, 480, 5)], [DRAWN])], 3)
    assert [one.number for one in found] == ([number] if number else [])


@pytest.mark.parametrize(
    ("following", "goes_on"),
    [
        (line(60, 288, 180, "that grow"), True),
        (line(110, 288, 100, "that grow"), True),
        (line(60, 284, 180, "after a gap"), False),
        (line(270, 288, 100, "in the next column"), False),
        (line(270, 300, 60, "on the same line"), True),
        (line(320, 300, 60, "far away on the same line"), False),
        (Line(Box(60, 280, 240, 296), "in large letters"), False),
    ],
)
def test_what_belongs_to_a_caption(following: Line, *, goes_on: bool) -> None:
    caption = line(60, 300, 200, "Figure 1: Turnips")
    (found,) = find_regions([page([caption, following, *column(60, 240, 480, 5)], [DRAWN])], 3)
    assert found.caption == (caption.text, *([following.text] if goes_on else []))


def test_three_beside_each_other_share_the_width() -> None:
    captions = [line(60 + 170 * n, 300, 120, f"Figure {n + 1}: Turnips") for n in range(3)]
    fields = [Box(50 + 170 * n, 320, 190 + 170 * n, 400) for n in range(3)]
    found = find_regions([page([*captions, *column(60, 270, 480, 5)], fields)], 3)
    assert [one.box for one in found] == [(field.left - 3, 309.5, field.right + 3, 403) for field in fields]


def two_columns(shift: float = 0) -> tuple[list[Line], list[Box]]:
    """Return a page with Figure 1 in its left column and Figure 2, lower, in its right."""
    left, right = 50 + shift, 315 + shift
    lines = [
        *column(left, 740, 235, 6),
        line(left, 500, 150, "Figure 1: Turnips"),
        *column(left, 470, 235, 20),
        *column(right, 740, 235, 10),
        line(right, 410, 150, "Figure 2: Roots"),
        *column(right, 380, 235, 10),
    ]
    return lines, [Box(left + 10, 520, left + 230, 660), Box(right + 10, 430, right + 230, 610)]


@pytest.mark.parametrize("shift", [-15, 0, 15])
def test_a_column_has_its_own_figures(shift: float) -> None:
    lines, fields = two_columns(shift)
    found = find_regions([page(lines, fields)], 3)
    assert [one.box for one in found] == [
        (fields[0].left - 3, 509.5, fields[0].right + 3, 663),
        (fields[1].left - 3, 419.5, fields[1].right + 3, 613),
    ]


def test_what_reaches_into_the_other_column_is_cut_at_the_middle() -> None:
    lines, _ = two_columns()
    found = find_regions([page(lines, [Box(20, 520, 340, 660), Box(220, 430, 570, 610)])], 3)
    assert [(one.box.left, one.box.right) for one in found] == [
        (50 - 14 - 3, 300 + 14 + 3),
        (300 - 14 - 3, 550 + 14 + 3),
    ]


def test_a_figure_over_both_columns_is_whole() -> None:
    lines = [
        line(120, 560, 360, "Figure 1: Turnips and other roots"),
        *column(50, 530, 235, 20),
        *column(315, 530, 235, 20),
    ]
    (found,) = find_regions([page(lines, [Box(60, 580, 540, 760)])], 3)
    assert found.box == (57, 569.5, 543, 763)


def test_captions_above_what_they_name() -> None:
    lines = [
        line(60, 700, 200, "Figure 1: One"),
        line(60, 480, 200, "Figure 2: Two"),
        *column(60, 270, 480, 5),
    ]
    found = find_regions([page(lines, [Box(100, 520, 500, 690), Box(100, 300, 500, 470)])], 3)
    assert [one.box for one in found] == [(97, 517, 503, 699.5), (97, 297, 503, 479.5)]


def test_a_line_of_text_parts_what_is_drawn_above_it_from_the_figure() -> None:
    parts = [Box(100, 320, 500, 400), Box(100, 425, 500, 560)]
    assert shown(parts) == (97, 309.5, 503, 563)
    assert shown(parts, column(60, 408, 480, 1)) == (97, 309.5, 503, 403)
    assert shown(parts, [line(60, 408, 300, "Turnips in the north")]) == (57, 309.5, 503, 563), "too short for text"
    assert shown(parts, [line(60, 408, 480, "0.1 0.2 0.3 0.4 0.5 a b c")]) == (57, 309.5, 543, 563), "no words"


def test_text_inside_what_is_drawn_belongs_to_it() -> None:
    frame = Box(60, 320, 540, 600)
    assert shown([frame], column(62, 500, 476, 6)) == (57, 309.5, 543, 603)


def test_a_background_that_begins_above_the_caption_is_no_figure() -> None:
    lines = [line(60, 50, 200, "Figure 1: Turnips"), line(60, 38, 480, "We grow large turnips on many fields")]
    (found,) = find_regions([page(lines, [Box(100, 70, 500, 300), Box(40, 65, 560, 790)])], 3)
    assert found.box == (97, 59.5, 503, 303)


def test_short_lines_alone_have_the_same_margin_on_both_sides() -> None:
    caption = line(270, 300, 40, "Figure 1")
    (found,) = find_regions([page([caption], [Box(20, 320, 580, 600)])], 3)
    assert (found.box.left, found.box.right) == (270 - 14 - 3, 330 + 14 + 3)


def test_twelve_captions_of_a_page_are_looked_at() -> None:
    lines = [line(60, 740 - 55 * n, 200, f"Figure {n + 1}: Turnips") for n in range(13)]
    fields = [Box(100, 755 - 55 * n, 500, 785 - 55 * n) for n in range(13)]
    found = find_regions([page(lines, fields)], 99)
    assert [one.number for one in found] == list(range(1, 13))


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
