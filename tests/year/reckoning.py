"""What a year came to, against what was announced: counted from the world's truth, the database file and Discord.

Uses nothing of what decides in the program: neither its calendar nor its due times, its planner or its queries.
"""

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.delivery import DeliveryAction, DeliveryKind, Subscription
from bot.demo.world import release_of
from tests.year.announcing import CATEGORIES, YearWorld
from tests.year.rebuilt import READ_AGAIN, Rebuilt, read_by, tick_after
from tests.year.storm import Post

MERGED_AFTER = timedelta(hours=48)
"""From how long after it was wanted a brief becomes part of one line."""

_STEP = timedelta(minutes=5)
_ABS = re.compile(r"arxiv\.org/abs/(\d{4}\.\d{5})")
_COUNTED = re.compile(r"(\d+) (?:briefs? could not be posted|期简报未能)")
_MINUTES = {1: "within a minute", 15: "15 min", 60: "an hour", 240: "4 h", 1440: "a day", 2880: "48 h"}


@dataclass(frozen=True, slots=True)
class Wish:
    """A subscription, what its topic reads, and the word that a paper needs: None for any, "" where none can do."""

    subscription: Subscription
    categories: tuple[str, ...]
    word: str | None = None

    @property
    def key(self) -> tuple[int, str]:
        """Return what tells it from others."""
        return self.subscription.channel_id, self.subscription.topic.slug

    def due(self, day: date) -> datetime:
        """Return when the brief of a date is wanted: found by watching the clock on the wall, minute by minute."""
        at = release_of(day)
        if self.subscription.post_time is None:
            return at
        wanted, zone = self.subscription.post_time, ZoneInfo(self.subscription.zone)
        before = (at - _STEP).astimezone(zone)
        while True:
            local = at.astimezone(zone)
            # A change of clocks may skip the wanted time: then it is reached with the change.
            if before.time() < wanted <= local.time() or (local.date() > before.date() and wanted <= local.time()):
                return at
            before, at = local, at + _STEP


@dataclass(slots=True)
class Reckoning:
    """The counts. Whatever stands in `wrong` is a defect; `lateness` counts briefs by how long after they could be.

    `papers_undatable`: under another day than their own, which no interface told any more (`tests/year/rebuilt.py`).
    """

    days: int = 0
    papers: int = 0
    papers_lost: int = 0
    papers_repeated: int = 0
    papers_misdated: int = 0
    papers_undatable: int = 0
    papers_unexpected: int = 0
    briefs_wanted: int = 0
    briefs: Counter[str] = field(default_factory=Counter)
    briefs_lost: int = 0
    briefs_twice: int = 0
    early: int = 0
    out_of_order: int = 0
    receipts: int = 0
    receipts_wrong: int = 0
    lateness: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def complain(self, what: str) -> None:
        """Note a defect in words."""
        self.wrong.append(what)


def reckon(
    world: YearWorld,
    days: Sequence[date],
    wishes: Sequence[Wish],
    posts: Sequence[Post],
    database: Path,
    healthy: Sequence[datetime],
) -> Reckoning:
    """Return what became of the announcements of `days`; `healthy` are the ticks that nothing stood in the way of."""
    found = Reckoning(days=len(days))
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        _reckon_papers(found, world, days, connection, healthy)
        _reckon_receipts(found, world, days, wishes, connection)
        silent = {
            ((channel, slug), date.fromisoformat(day))
            for channel, slug, day in connection.execute(
                "SELECT channel_id, topic_slug, announced_on FROM delivery "
                "WHERE kind = 'quiet' AND state = 'skipped' AND reason IS NOT NULL AND payload = '{}'"
            )
        }
        _reckon_ledger(found, posts, connection)
    for wish in wishes:
        mine = [post for post in posts if (post.delivery.channel_id, post.delivery.topic.slug) == wish.key]
        _Channel(found, world, wish, mine, silent, healthy).reckon(days)
    return found


def _reckon_papers(
    found: Reckoning,
    world: YearWorld,
    days: Sequence[date],
    connection: sqlite3.Connection,
    healthy: Sequence[datetime],
) -> None:
    announced = {
        (category, arxiv_id): day
        for day in reversed(days)
        for category in CATEGORIES
        for arxiv_id in world.batches[day][category].deliverable
    }
    stored: defaultdict[tuple[str, str], list[date]] = defaultdict(list)
    query = (
        "SELECT item.category, item.arxiv_id, item.announced_on FROM announcement_item AS item "
        "JOIN paper ON paper.arxiv_id = item.arxiv_id "
        "WHERE item.announce_type IN ('new', 'cross') AND item.announced_on <= ?"
    )
    for category, arxiv_id, day in connection.execute(query, (str(days[-1]),)):
        stored[category, arxiv_id].append(date.fromisoformat(day))
    found.papers = len(announced)
    rebuilt = Rebuilt(world, days, connection, healthy)
    for key, day in announced.items():
        held = stored.pop(key, [])
        if not held:
            found.papers_lost += 1
            found.complain(f"lost: {key[1]}, announced in {key[0]} on {day}")
        elif held != [day]:
            if len(held) == 1 and rebuilt.leaves_open(*key, day, held[0]):
                found.papers_undatable += 1
                continue
            found.papers_repeated += len(held) > 1
            found.papers_misdated += day not in held
            found.complain(f"{key[1]} of {key[0]} stands under {', '.join(map(str, held))}, announced on {day}")
    # docs/adr/0003: a rebuilt day may have a few cross-lists too many.
    found.papers_unexpected = len(stored)
    for (category, arxiv_id), held in stored.items():
        if any((category, day) not in rebuilt.rows for day in held):
            found.complain(f"{arxiv_id} of {category} stands under {held}, and was never announced there")


def _reckon_receipts(
    found: Reckoning, world: YearWorld, days: Sequence[date], wishes: Sequence[Wish], connection: sqlite3.Connection
) -> None:
    categories = {wish.subscription.topic.slug: wish.categories for wish in wishes}
    listed = {
        (category, date.fromisoformat(day))
        for category, day in connection.execute(
            "SELECT category, announced_on FROM announcement WHERE state = 'fresh' AND source = 'listing'"
        )
    }
    query = (
        "SELECT topic_slug, announced_on, announced, read, shown, failed, dropped, silence, "
        "(SELECT count(*) FROM brief_item WHERE brief_item.brief_id = brief.brief_id) FROM brief"
    )
    for slug, text, announced, read, shown, failed, dropped, silence, items in connection.execute(query):
        day = date.fromisoformat(text)
        if day not in days:
            continue
        found.receipts += 1
        counted = sum(json.loads(dropped).values())
        right = announced == read + failed and read == shown + counted and shown == items
        batches = world.batches[day]
        if not json.loads(silence or "[]") and all((name, day) in listed for name in categories[slug]):
            truth = frozenset().union(*(batches[name].deliverable for name in categories[slug]))
            right = right and announced == len(truth)
        if not right:
            found.receipts_wrong += 1
            found.complain(f"receipt of {slug}, {day}: {announced=} {read=} {shown=} {failed=} {dropped=} {items=}")


def _reckon_ledger(found: Reckoning, posts: Sequence[Post], connection: sqlite3.Connection) -> None:
    """See that what the ledger calls sent stands in Discord, once, and that nothing else does."""
    query = "SELECT delivery_id, state FROM delivery WHERE action IN ('message', 'forum-post') AND state != 'skipped'"
    ledger: dict[int, str] = dict(connection.execute(query).fetchall())
    stands = Counter(post.delivery.delivery_id for post in posts)
    shown = Counter((post.delivery.channel_id, post.delivery.marker) for post in posts)
    twice = max(sum(count > 1 for count in stands.values()), sum(count > 1 for count in shown.values()))
    found.briefs_twice += twice
    if twice:
        found.complain(f"{twice} messages stand in Discord twice")
    for delivery_id, state in ledger.items():
        if state == "sent" and delivery_id not in stands:
            found.complain(f"message {delivery_id} is called sent and does not stand in Discord")
        elif state != "sent":
            found.complain(f"message {delivery_id} ended as {state}")


@dataclass(slots=True)
class _Channel:
    """One subscription's year."""

    found: Reckoning
    world: YearWorld
    wish: Wish
    posts: list[Post]
    silent: set[tuple[tuple[int, str], date]]
    healthy: Sequence[datetime]

    def reckon(self, days: Sequence[date]) -> None:
        first: dict[tuple[DeliveryKind, date], Post] = {}
        for post in self.posts:
            if post.delivery.part == 0:
                first.setdefault((post.delivery.kind, post.delivery.announced_on), post)
        lines = {day: post for (kind, day), post in first.items() if kind is DeliveryKind.MISSED}
        merged: list[date] = []
        for day in days:
            self.found.briefs_wanted += 1
            brief, quiet = first.get((DeliveryKind.BRIEF, day)), first.get((DeliveryKind.QUIET, day))
            if brief is not None and quiet is None:
                self.found.briefs["sent"] += 1
                self._time(day, brief)
            elif quiet is not None and brief is None:
                self._expect_silence(day, "said to be quiet")
            elif (self.wish.key, day) in self.silent:
                self._expect_silence(day, "silent")
            elif any(day <= last for last in lines):
                merged.append(day)
            else:
                self._lose(day, "has neither brief nor word")
        self._expect_merged(merged, lines)
        self._check_order(first)
        self._check_papers()

    def _lose(self, day: date, why: str) -> None:
        self.found.briefs_lost += 1
        self.found.complain(f"channel {self.wish.key}: {day} {why}")

    def _expect_silence(self, day: date, how: str) -> None:
        self.found.briefs[how] += 1
        batches = self.world.batches[day]
        papers = {
            entry.paper.arxiv_id: entry.paper.title
            for name in self.wish.categories
            for entry in batches[name].entries
            if entry.announce_type.deliverable
        }
        word = self.wish.word
        if word is None:
            fits = len(papers)
        else:
            fits = sum(bool(word) and re.search(rf"\b{word}\b", title.lower()) is not None for title in papers.values())
        if fits:
            self._lose(day, f"is {how}, and {fits} papers were announced for it")

    def _expect_merged(self, merged: list[date], lines: Mapping[date, Post]) -> None:
        self.found.briefs["in a line about missed ones"] += len(merged)
        for day in merged:
            if (chance := self._chance(day)) is not None:
                self._lose(day, f"was merged into a line, and could have been sent at {chance:%m-%d %H:%M}")
        counted = sum(int(match[1]) for post in lines.values() for match in _COUNTED.finditer(_text(post)))
        if counted != len(merged):
            told = [f"{post.at:%m-%d %H:%M} {_text(post)!r}" for post in lines.values()]
            self.found.complain(f"channel {self.wish.key}: merged are {list(map(str, merged))}, and lines tell {told}")

    def _chance(self, day: date) -> datetime | None:
        """Return when the bot, left alone, must have been able to send the brief in time; None if it never was."""
        due = self.wish.due(day)
        again = [read_by(self.world, name, day, self.healthy) for name in self.wish.categories]
        if any(one is None for one in again):
            return None
        send = tick_after(self.healthy, max(due, *(one for one in again if one is not None)))
        return send if send is not None and send <= due + MERGED_AFTER - READ_AGAIN else None

    def _time(self, day: date, brief: Post) -> None:
        due = self.wish.due(day)
        ready = max(self.world.batches[day][name].whole_at for name in self.wish.categories)
        if brief.at < due:
            self.found.early += 1
            self.found.complain(f"channel {self.wish.key}: {day} posted at {brief.at}, wanted at {due}")
        minutes = (brief.at - max(due, min(ready, brief.at))).total_seconds() / 60
        self.found.lateness[next((name for most, name in _MINUTES.items() if minutes <= most), "later")] += 1

    def _check_order(self, first: Mapping[tuple[DeliveryKind, date], Post]) -> None:
        """See that what was planned together came in the order of its dates; nothing waits for an older batch."""
        planned: defaultdict[datetime | None, list[tuple[datetime, date]]] = defaultdict(list)
        for (kind, day), post in first.items():
            if kind in (DeliveryKind.BRIEF, DeliveryKind.QUIET):
                planned[post.delivery.created_at].append((post.at, day))
        for told in planned.values():
            for (_, one), (at, other) in pairwise(sorted(told)):
                if other < one:
                    self.found.out_of_order += 1
                    self.found.complain(f"channel {self.wish.key}: {other} came after {one}, at {at}")

    def _check_papers(self) -> None:
        """See that each paper was shown on its own day and never again."""
        shown: defaultdict[str, set[tuple[date, DeliveryKind]]] = defaultdict(set)
        for post in self.posts:
            if post.delivery.kind in (DeliveryKind.BRIEF, DeliveryKind.LATE):
                for arxiv_id in _papers(post):
                    shown[arxiv_id].add((post.delivery.announced_on, post.delivery.kind))
        for arxiv_id, places in shown.items():
            if len(places) > 1:
                self.found.papers_repeated += 1
                self.found.complain(f"channel {self.wish.key}: {arxiv_id} shown in {sorted(places)}")


def _embeds(payload: Any) -> list[dict[str, Any]]:
    message = payload.get("message", payload)
    embeds: list[dict[str, Any]] = message.get("embeds", [])
    return embeds


def _papers(post: Post) -> set[str]:
    if post.delivery.action not in (DeliveryAction.MESSAGE, DeliveryAction.FORUM_POST):
        return set()
    return {match[1] for embed in _embeds(post.payload) if (match := _ABS.search(embed.get("url") or ""))}


def _text(post: Post) -> str:
    payload: Any = post.payload
    return str(payload.get("message", payload).get("content", ""))
