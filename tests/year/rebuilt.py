"""Which days the bot had no chance to read, and what arXiv's interfaces left open about them afterwards.

Says what no program could know, from the world's truth; knows nothing of how this program rebuilds a day.
"""

import sqlite3
from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from bot.model import AnnounceType
from tests.year.announcing import YearWorld

READ_AGAIN = timedelta(hours=2)
"""After a trouble arXiv's cool-downs may last an hour; so much later another undisturbed tick must have read it."""


class Rebuilt:
    """What was rebuilt from OAI-PMH because nobody could read it, and what its records left open."""

    def __init__(
        self, world: YearWorld, days: Sequence[date], connection: sqlite3.Connection, healthy: Sequence[datetime]
    ) -> None:
        self._world = world
        self._healthy = healthy
        self.rows = {
            (category, date.fromisoformat(day)): datetime.fromisoformat(at).replace(tzinfo=UTC)
            for category, day, at in connection.execute(
                "SELECT category, announced_on, fetched_at FROM announcement "
                "WHERE source = 'oai' AND late AND reason IS NOT NULL"
            )
        }
        self._read = {
            entry.paper.arxiv_id: one
            for category, day in connection.execute(
                "SELECT category, announced_on FROM announcement WHERE state = 'fresh' AND source != 'oai'"
            )
            if (one := date.fromisoformat(day)) in days
            for entry in world.batches[one][category].entries
            if entry.announce_type is AnnounceType.NEW
        }

    def leaves_open(self, category: str, arxiv_id: str, day: date, held: date) -> bool:
        """Return whether nobody who came when the bot could could tell that it was `day` and not `held`.

        Both pages were gone before anything undisturbed could read them, and the bot says so of the date it chose. Of a
        new paper, the record was changed since; then its identifier bounds it, between the last one before that was
        read and the earliest date known from there on in all that the bot asks for. Of a later cross-list, the record
        has other cross-lists beside it or another version, and does not tell what came when.
        """
        if any(
            (category, one) not in self.rows or read_by(self._world, category, one, self._healthy) is not None
            for one in (day, held)
        ):
            return False
        records = {one.paper.arxiv_id: one for one in self._world.records_at(self.rows[category, held])}
        record = records[arxiv_id]
        least = max((one for number, one in self._read.items() if number <= arxiv_id), default=date.min)
        if self._world.born[arxiv_id] < day:
            alone = {record.paper.primary_category, category} == set(record.paper.categories)
            return (record.paper.version > 1 or not alone) and least <= held <= record.datestamp
        most = min(one.datestamp for number, one in records.items() if number >= arxiv_id)
        most = min([most, *(one for number, one in self._read.items() if number >= arxiv_id)])
        return record.datestamp > day and least <= held <= most


def read_by(world: YearWorld, category: str, day: date, healthy: Sequence[datetime]) -> datetime | None:
    """Return when the bot, left alone, must have read a page; None if it went away before."""
    read = tick_after(healthy, world.batches[day][category].whole_at)
    again = tick_after(healthy, read + READ_AGAIN) if read is not None else None
    return again if again is not None and again < world.replaced_at(category, day) else None


def tick_after(healthy: Sequence[datetime], instant: datetime) -> datetime | None:
    """Return the first undisturbed tick from that instant on."""
    place = bisect_left(healthy, instant)
    return healthy[place] if place < len(healthy) else None
