"""From page bytes to fifty ready briefs: parse, store, select, rank, condense, render as Discord bodies.

`python -m benchmarks.brief --replay DIR [--day 2026-05-12]`; target: at most 10 s and 250 MB on two cores.
"""

import argparse
import asyncio
import gzip
import json
import os
import resource
import tempfile
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from bot.clock import SystemClock
from bot.digest.catalogue import load_catalogue
from bot.digest.general_interest import GeneralInterest
from bot.digest.rank import CompositeRanker
from bot.log import configure_logging
from bot.model import AnnouncementState, Topic
from bot.pipeline.briefing import Briefing
from bot.render.embeds import render_message
from bot.sources.calendar import load_calendar
from bot.sources.listing import ListingSource
from bot.sources.politeness import Response
from bot.store.announcements import AnnouncementStore
from bot.store.briefs import BriefStore
from bot.store.engine import Database


class Shelf:
    """Hands out recorded pages in place of the network: what is measured begins at page bytes."""

    def __init__(self, pages: dict[str, bytes]) -> None:
        self._pages = pages

    async def get(self, url: str, **_request: object) -> Response:
        """Return the page of the category in `url`."""
        category = url.split("/")[-2]
        return Response(200, self._pages[category], {}, url)


CATEGORIES = ("cs.CL", "cs.CV", "cs.AI")
TOPICS = 50


def topics() -> list[Topic]:
    """Return fifty topics over the three categories: the catalogue, and narrower twins to fill up."""
    themes = [replace(topic, categories=CATEGORIES) for topic in load_catalogue().values()]
    twins = [replace(theme, slug=f"{theme.slug}-without-surveys", exclude="survey") for theme in themes]
    return [*themes, *twins][:TOPICS]


async def measure(pages: dict[str, bytes], directory: Path) -> dict[str, object]:
    """Return seconds per step and what was made."""
    started = time.perf_counter()
    async with Database.open(f"sqlite:///{directory / 'benchmark.sqlite3'}") as database:
        announcements = AnnouncementStore(database)
        opened = time.perf_counter()
        announced_on = date.min
        listing = ListingSource(Shelf(pages), "")  # type: ignore[arg-type]  # a shelf plays the client
        for category in pages:
            page = await listing.fetch(category)
            announced_on = page.announced_on
            await announcements.save_fetched(
                page,
                state=AnnouncementState.FRESH,
                fetched_at=datetime(2026, 5, 12, 1, tzinfo=UTC),
                late=False,
                reason=None,
            )
        stored = time.perf_counter()
        briefing = Briefing(
            announcements,
            BriefStore(database),
            ranker=CompositeRanker(GeneralInterest.load),
            calendar=load_calendar(None),
            clock=SystemClock(),
        )
        made = await briefing.briefs(topics(), announced_on, max_papers=10)
        briefed = time.perf_counter()
        bodies = [render_message(brief) for brief in made]
        rendered = time.perf_counter()
        papers = len(await announcements.load_candidates(CATEGORIES, announced_on))
    assert all(brief.receipt.balanced for brief in made)
    return {
        "benchmark": "brief",
        "announced_on": announced_on.isoformat(),
        "papers": papers,
        "briefs": len(bodies),
        "items": sum(len(brief.items) for brief in made),
        "open_s": round(opened - started, 2),
        "parse_and_store_s": round(stored - opened, 2),
        "brief_s": round(briefed - stored, 2),
        "render_s": round(rendered - briefed, 2),
        "seconds": round(rendered - started, 2),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "cores": os.cpu_count(),
    }


def main() -> None:
    """Read the recorded pages of one day, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replay", type=Path, required=True)
    parser.add_argument("--day", default="2026-05-12")
    arguments = parser.parse_args()
    configure_logging("warning", "json", [])
    pages = {
        category: gzip.decompress((arguments.replay / arguments.day / f"list_{category}_new.html.gz").read_bytes())
        for category in CATEGORIES
    }
    with tempfile.TemporaryDirectory() as directory:
        print(json.dumps(asyncio.run(measure(pages, Path(directory)))))


if __name__ == "__main__":
    main()
