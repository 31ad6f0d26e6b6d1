"""An announcement day as large as a real one, made of the sample day's sentences: what several benchmarks store.

The papers are invented and the same at every run; their number and their length are those of a busy day in cs.CL, cs.CV
and cs.AI.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.demo.sample import load_sample_world
from bot.model import (
    AnnouncedPaper,
    AnnouncementState,
    AnnounceType,
    Counts,
    FetchedAnnouncement,
    Paper,
    SourceName,
)
from bot.store.announcements import AnnouncementStore

DAY_OF_PAPERS = 880
"""As many as the three categories had together on 2026-05-12."""

_SEED = 11
_SENTENCES = 8


def sample_papers(count: int = DAY_OF_PAPERS) -> list[Paper]:
    """Return `count` papers, numbered 2605.00000 and up, with abstracts of about 1,300 characters."""
    rng = random.Random(_SEED)
    world = load_sample_world()
    originals = world.indexed(world.now + timedelta(days=1))
    sentences = [sentence for paper in originals for sentence in paper.abstract.split(". ") if len(sentence) > 40]
    return [
        replace(
            (original := originals[number % len(originals)]),
            arxiv_id=f"2605.{number:05d}",
            title=f"{original.title} ({number})",
            abstract=". ".join(rng.sample(sentences, _SENTENCES)) + ".",
            version=1,
            withdrawn=False,
        )
        for number in range(count)
    ]


async def save_day(
    store: AnnouncementStore, papers: Sequence[Paper], categories: Iterable[str], announced_on: date
) -> None:
    """Store the papers as announced that day, complete, in each of the categories that they are in."""
    for category in categories:
        entries = tuple(
            AnnouncedPaper(
                paper, AnnounceType.NEW if paper.primary_category == category else AnnounceType.CROSS, position
            )
            for position, paper in enumerate(one for one in papers if category in one.categories)
        )
        kinds = [entry.announce_type for entry in entries]
        shown = Counts.of({kind: kinds.count(kind) for kind in AnnounceType})
        await store.save_fetched(
            FetchedAnnouncement(category, announced_on, SourceName.LISTING, entries, shown),
            state=AnnouncementState.FRESH,
            fetched_at=datetime.now(UTC),
            late=False,
            reason=None,
        )
