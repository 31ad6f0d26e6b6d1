"""Dates and numbers in words, whatever the locale."""

from datetime import date

import pytest

from bot.model import AnnounceType
from bot.render import labels
from bot.render.items import comment_line, item_page, marks
from tests.unit.render.samples import PAPER, make_item, make_summary


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 8, 12), "Wed 12 Aug 2026"),
        (date(2026, 1, 1), "Thu 1 Jan 2026"),
        (date(2027, 12, 26), "Sun 26 Dec 2027"),
    ],
)
def test_dates(day: date, text: str) -> None:
    assert labels.format_date(day) == text


def test_words_for_keys_nobody_knows() -> None:
    assert labels.dropped_reason("no_match") == "outside the topic's query"
    assert labels.dropped_reason("brand_new_reason") == "brand new reason"
    assert labels.link_name("hugging_face") == "Hugging Face"
    assert labels.link_name("data_set") == "data set"
    assert labels.produced_by(make_summary("Gist.", producer="")) == "written by an unnamed model"
    assert labels.produced_by(make_summary("Gist.", producer="a {model}")) == "written by a {model}"
    assert labels.sentence_numbers((0, 4)) == "[1, 5]"
    assert labels.sentence_numbers(()) == ""


@pytest.mark.parametrize(
    ("comment", "line"),
    [
        (None, ""),
        ("12 pages", "12 pages"),
        ("12 pages, 3 figures, accepted at ACL 2026", "accepted at ACL 2026; 12 pages; 3 figures"),
        ("Accepted by CVPR 2026. Code: https://x.y/z", "Accepted by CVPR 2026. Code: https://x.y/z"),
        ("Project page at x.y; NeurIPS 2026", "NeurIPS 2026; Project page at x.y"),
        ("8 pages. Findings of ACL 2025.", "Findings of ACL 2025; 8 pages"),
    ],
)
def test_the_venue_comes_first(comment: str | None, line: str) -> None:
    assert comment_line(make_item(comment=comment).paper) == line


def test_marks() -> None:
    assert marks(make_item()) == []
    assert marks(make_item(announce_type=AnnounceType.CROSS, late=True, withdrawn=True)) == [
        "cross-listed",
        "late",
        "withdrawn",
    ]


def test_item_page_cannot_be_steered() -> None:
    assert item_page(PAPER.arxiv_id) == "https://arxiv.org/abs/2608.00847"
    assert item_page("hep-th/9901001") == "https://arxiv.org/abs/hep-th/9901001"
    assert item_page('1?x"\n<@1>') == "https://arxiv.org/abs/1%3Fx%22%0A%3C%401%3E"
