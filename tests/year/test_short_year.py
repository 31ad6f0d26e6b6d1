"""Some days of the year that `benchmarks.year` lives through, with more going wrong, so that it stays alive."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from benchmarks.sample import sample_papers
from bot.delivery import DeliveryKind
from bot.log import configure_logging
from tests.year.announcing import CATEGORIES, Stock
from tests.year.lives import Outcome, live_a_year
from tests.year.storm import Post, Rates

A_DAY = 12
ROUGH = Rates(arxiv=0.3, hangs=0, kills=0.2, long_downtimes=0.05, locked=0.05, discord=0.1)


def make_stock() -> Stock:
    """Return two days of each weekday; every paper in one of the categories, some in two."""
    papers = [
        replace(paper, primary_category=CATEGORIES[number % 3], categories=(CATEGORIES[number % 3], *more))
        for number, paper in enumerate(sample_papers(10 * A_DAY))
        for more in [(CATEGORIES[(number + 1) % 3],) if number % 4 == 0 else ()]
    ]
    days = [papers[start : start + A_DAY] for start in range(0, len(papers), A_DAY)]
    return {weekday: (days[weekday], days[weekday + 5]) for weekday in range(5)}


def first_brief(posts: list[Post]) -> Post:
    """Return the message of the first brief in the first channel."""
    return next(post for post in posts if post.delivery.channel_id == 1 and post.delivery.kind is DeliveryKind.BRIEF)


TAMPERED: dict[str, tuple[str | Callable[[list[Post]], object], str]] = {
    "a paper lost": (
        "DELETE FROM announcement_item WHERE category = 'cs.CL' AND arxiv_id = :first",
        "lost: 2603.",
    ),
    "a paper misdated": (
        "UPDATE announcement_item SET announced_on = '2026-03-04' WHERE category = 'cs.CL' AND arxiv_id = :first",
        "stands under 2026-03-04, announced on 2026-03-05",
    ),
    "a paper repeated": (
        "INSERT INTO announcement_item VALUES ('cs.CL', '2026-03-04', :first, 'new', 0)",
        "stands under 2026-03-04, 2026-03-05",
    ),
    "a receipt wrong": (
        "UPDATE brief SET announced = announced + 1 WHERE brief_id = (SELECT min(brief_id) FROM brief)",
        "receipt of",
    ),
    "a message not sent": (
        "UPDATE delivery SET state = 'retry' WHERE delivery_id = (SELECT max(delivery_id) FROM delivery)",
        "ended as retry",
    ),
    "a message gone": (lambda posts: posts.pop(0), "does not stand in Discord"),
    "a brief gone": (lambda posts: posts.remove(first_brief(posts)), "channel (1, 'cs-cl'): "),
    "a message twice": (lambda posts: posts.append(posts[0]), "stand in Discord twice"),
    "a message early": (
        lambda posts: posts.insert(0, replace(first_brief(posts), at=posts[0].at - timedelta(days=1))),
        "wanted at",
    ),
}
"""What the reckoning must find, by what was done to the database or to Discord, and the words it finds for it."""


@pytest.fixture
def quiet_log() -> None:
    """Log nothing: dozens of tracebacks a second would take most of the time."""
    configure_logging("critical", "json", [])


def tamper(outcome: Outcome, copy: Path, what: Callable[[list[Post]], object] | str) -> Outcome:
    """Return the outcome with something changed behind the program's back: in Discord, or by SQL in the ledger."""
    posts = list(outcome.posts)
    with closing(sqlite3.connect(outcome.database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        if isinstance(what, str):
            first = "SELECT min(arxiv_id) FROM announcement_item WHERE category = 'cs.CL' AND announce_type = 'new'"
            values = {"first": target.execute(first).fetchone()[0]} if ":first" in what else {}
            assert target.execute(what, values).rowcount == 1, what
            target.commit()
        else:
            what(posts)
    return replace(outcome, posts=posts, database=copy)


async def test_nothing_is_lost_repeated_or_untrue_in_some_rough_days(tmp_path: Path, quiet_log: None) -> None:
    # Over New York's spring change of clocks, 8 March.
    outcome = await live_a_year(
        make_stock(), tmp_path, start=date(2026, 3, 5), days=4, calm_days=2, seed=2, rates=ROUGH
    )
    found = outcome.reckon()
    assert "\n".join(found.wrong) == ""
    assert outcome.diary.kills
    assert (found.papers_lost, found.papers_repeated, found.briefs_lost, found.briefs_twice) == (0, 0, 0, 0)
    assert sum(found.briefs.values()) == found.briefs_wanted
    assert found.papers >= 4 * A_DAY
    for name, (what, told) in TAMPERED.items():
        changed = await asyncio.to_thread(tamper, outcome, tmp_path / name, what)
        assert any(told in line for line in changed.reckon().wrong), name
