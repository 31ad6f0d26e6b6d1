"""Which part of a page is cut out as a figure, seen in its picture: columns, neighbours, outlines, many dots."""

import pytest

from tests.unit.sources.figure_kit import box, colours, form, paper, prose, read, text


async def test_two_columns_do_not_mix() -> None:
    left = (
        box(50, 600, 240, 120, "1 0 0")
        + text(50, 585, "Figure 1: The red one, whose caption goes on")
        + text(50, 573, "in a second line.")
        + prose(50, 540, 240, 30)
    )
    right = (
        prose(310, 740, 240, 12)
        + box(310, 430, 240, 120, "0 1 0")
        + text(310, 415, "Figure 2: The green one.")
        + prose(310, 380, 240, 18)
    )
    one, two = await read(paper([left + right]))
    assert [(one.caption, colours(one)), (two.caption, colours(two))] == [
        ("The red one, whose caption goes on in a second line.", {"red"}),
        ("The green one.", {"green"}),
    ]


async def test_side_by_side_in_one_column() -> None:
    content = (
        prose(60, 740, 480, 8)
        + box(70, 480, 200, 120, "1 0 0")
        + box(330, 480, 200, 120, "0 1 0")
        + text(90, 460, "Figure 1: A red field.")
        + text(350, 460, "Figure 2: A green field.")
        + prose(60, 420, 480, 12)
    )
    found = await read(paper([content]))
    assert [(one.number, colours(one)) for one in found] == [(1, {"red"}), (2, {"green"})]


async def test_columns_need_not_be_in_the_middle_of_the_page() -> None:
    """The margin of a bound paper is wider on one side."""
    content = (
        box(46, 600, 236, 120, "1 0 0")
        + text(46, 585, "Figure 1: The red one.")
        + prose(46, 540, 236, 30)
        + box(298, 660, 236, 80, "0 1 0")
        + text(298, 645, "Figure 2: The green one.")
        + prose(298, 620, 236, 36)
    )
    found = await read(paper([content]))
    assert [(one.number, colours(one)) for one in found] == [(1, {"red"}), (2, {"green"})]
    assert [one.height for one in found] == pytest.approx([120 * 3 + 20, 80 * 3 + 20], abs=10), "all of either"


async def test_thousands_of_dots_are_one_figure() -> None:
    dots = b"".join(box(150 + 6 * (n // 50), 450 + 3 * (n % 50), 4, 4) for n in range(2500))
    content = prose(60, 740, 480, 8) + dots + text(60, 425, "Figure 1: Every turnip.") + prose(60, 380, 480, 12)
    (figure,) = await read(paper([content]))
    assert figure.width == pytest.approx(298 * 3 + 20, rel=0.05)
    assert figure.height == pytest.approx(151 * 3 + 20, rel=0.05)


async def test_what_is_cut_out_along_a_long_path_is_a_figure() -> None:
    """A photograph cut out along an outline of a hundred points."""
    outline = b"".join(b"%g %g l\n" % (60 + 4.8 * n, 720 if n % 2 else 718) for n in range(100))
    content = (
        b"q 60 560 m 60 720 l\n"
        + outline
        + b"540 560 l W n\n"
        + box(60, 560, 480, 160, "1 0 0")
        + b"Q\n"
        + text(60, 540, "Figure 1: A red field.")
        + prose(60, 500, 480, 12)
    )
    (figure,) = await read(paper([content]))
    assert colours(figure) == {"red"}


async def test_captions_above_their_figures() -> None:
    content = (
        prose(60, 740, 480, 5)
        + text(60, 650, "Figure 1: A red field.")
        + box(150, 520, 300, 120, "1 0 0")
        + text(60, 490, "Figure 2: A green field.")
        + box(150, 360, 300, 120, "0 1 0")
        + prose(60, 320, 480, 5)
        + text(60, 220, "Figure 3: A blue field.")
        + box(150, 90, 300, 120, "0 0 1")
    )
    found = await read(paper([content]))
    assert [(one.number, colours(one)) for one in found] == [(1, {"red"}), (2, {"green"}), (3, {"blue"})]


async def test_a_drawing_that_is_turned_on_its_page_is_found_where_it_is_seen() -> None:
    """Wide plots that were made for a page on its side."""
    drawn = form(box(0, 0, 150, 200, "1 0 0") + box(0, 200, 150, 100, "0 1 0"), "0 0 150 300")
    content = (
        prose(60, 740, 480, 8)
        + b"q 0 1 -1 0 450 450 cm /Fm Do Q\n"
        + text(60, 425, "Figure 1: A red field beside a green one.")
        + prose(60, 380, 480, 12)
    )
    (figure,) = await read(paper([content], xobjects={"Fm": drawn}))
    assert [figure.width, figure.height] == pytest.approx([300 * 3 + 20, 150 * 3 + 20], abs=6)
    assert colours(figure) == {"red", "green"}


@pytest.mark.parametrize("corner", [(20, 30), (-200, -300)])
async def test_a_page_may_begin_anywhere(corner: tuple[int, int]) -> None:
    x, y = corner
    content = prose(60, 740, 480, 8) + box(150, 450, 300, 150, "1 0 0") + text(60, 425, "Figure 1: A red field.")
    content += prose(60, 380, 480, 12)
    moved = b"q 1 0 0 1 %d %d cm\n%b Q\n" % (x, y, content)
    (usual,) = await read(paper([content]))
    (figure,) = await read(paper([moved], size=f"{x} {y} {x + 600} {y + 800}"))
    assert (figure.width, figure.height, colours(figure)) == (usual.width, usual.height, {"red"})
    assert usual.width == pytest.approx(300 * 3 + 20, abs=6)
