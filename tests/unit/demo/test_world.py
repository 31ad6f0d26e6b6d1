"""What the imitation arXiv shows at which instant."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.demo.world import DaysWorld, merge_categories, release_of
from bot.model import AnnouncedPaper, AnnounceType, Paper

MONDAY, TUESDAY = date(2026, 11, 16), date(2026, 11, 17)


def entry(arxiv_id: str, kind: AnnounceType, *, version: int = 1, primary: str = "cs.CL") -> AnnouncedPaper:
    return AnnouncedPaper(
        Paper(arxiv_id, f"Title {version}", "Text.", ("A B",), primary, (primary, "cs.AI"), version=version), kind, 0
    )


def two_days() -> DaysWorld:
    days: dict[date, dict[str, Sequence[AnnouncedPaper]]] = {
        MONDAY: {"cs.CL": [entry("2611.90001", AnnounceType.NEW)]},
        TUESDAY: {
            "cs.CL": [
                entry("2611.90002", AnnounceType.NEW),
                entry("2611.90001", AnnounceType.REPLACE, version=2),
            ]
        },
    }
    return DaysWorld([TUESDAY, MONDAY], ["cs.CL", "cs.AI"], days.__getitem__)


def test_a_day_is_released_at_eight_in_the_evening_before() -> None:
    assert release_of(TUESDAY) == datetime(2026, 11, 17, 1, tzinfo=UTC)
    assert release_of(date(2026, 7, 7)) == datetime(2026, 7, 7, 0, tzinfo=UTC)


def test_the_listing_changes_at_the_release_and_stays() -> None:
    world = two_days()
    assert b"Monday, 16 November 2026" in world.listing("cs.CL", release_of(TUESDAY) - timedelta(seconds=1))
    assert b"Tuesday, 17 November 2026" in world.listing("cs.CL", release_of(TUESDAY))
    assert b"Tuesday, 17 November 2026" in world.listing("cs.CL", release_of(TUESDAY) + timedelta(days=9))


def test_oai_follows_two_and_a_half_hours_later_with_the_last_change() -> None:
    world = two_days()
    known = {dated.paper.arxiv_id: dated for dated in world.harvestable(release_of(TUESDAY) + timedelta(hours=2))}
    assert {arxiv_id: (dated.datestamp, dated.paper.version) for arxiv_id, dated in known.items()} == {
        "2611.90001": (MONDAY, 1)
    }
    later = world.harvestable(release_of(TUESDAY) + timedelta(hours=3))
    assert [(dated.paper.arxiv_id, dated.datestamp, dated.paper.version) for dated in later] == [
        ("2611.90001", TUESDAY, 2),
        ("2611.90002", TUESDAY, 1),
    ]


def test_feeds_and_the_api_follow_at_midnight_and_feeds_empty_the_day_after() -> None:
    world = two_days()
    midnight = datetime(2026, 11, 17, 5, tzinfo=UTC)
    assert b"2611.90002" not in world.feed("rss", ["cs.CL"], midnight - timedelta(seconds=1))
    assert b"2611.90002" in world.feed("rss", ["cs.CL"], midnight)
    assert b"<item>" not in world.feed("rss", ["cs.CL"], midnight + timedelta(days=1))
    assert len(world.indexed(midnight - timedelta(seconds=1))) == 1
    assert len(world.indexed(midnight)) == 2


def test_a_day_is_loaded_once() -> None:
    asked: list[date] = []

    def load(day: date) -> dict[str, Sequence[AnnouncedPaper]]:
        asked.append(day)
        return {}

    world = DaysWorld([MONDAY], ["cs.CL"], load)
    for _ in range(3):
        world.listing("cs.CL", release_of(MONDAY))
        world.indexed(release_of(MONDAY) + timedelta(days=1))
    assert asked == [MONDAY]


def test_a_feed_of_several_categories_types_papers_for_the_whole_set() -> None:
    day = {
        "cs.CL": [entry("2611.90001", AnnounceType.NEW), entry("2611.90004", AnnounceType.REPLACE, version=2)],
        "cs.AI": [
            entry("2611.90001", AnnounceType.CROSS),
            entry("2611.90003", AnnounceType.CROSS, primary="cs.RO"),
            entry("2611.90004", AnnounceType.REPLACE_CROSS, version=2),
        ],
    }
    both = merge_categories(day, ["cs.AI", "cs.CL"])
    assert [(one.paper.arxiv_id, one.announce_type.value, one.position) for one in both] == [
        ("2611.90001", "new", 0),
        ("2611.90003", "cross", 1),
        ("2611.90004", "replace", 2),
    ]
    assert [one.announce_type.value for one in merge_categories(day, ["cs.AI"])] == ["cross", "cross", "replace-cross"]


def test_time_needs_an_offset_and_a_world_needs_a_day() -> None:
    with pytest.raises(ValueError, match="offset"):
        two_days().set_now(datetime(2026, 11, 17))  # noqa: DTZ001  # the very mistake
    with pytest.raises(ValueError, match="at least one"):
        DaysWorld([], ["cs.CL"], lambda _: {})
