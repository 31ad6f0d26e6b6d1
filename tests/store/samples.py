"""Papers and announcements to store."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from bot.model import (
    AnnouncedPaper,
    Announcement,
    AnnouncementState,
    AnnounceType,
    Counts,
    FetchedAnnouncement,
    Paper,
    SourceName,
)
from bot.statement import Statement
from bot.store.announcements import AnnouncementStore, SavedAnnouncement

MONDAY = date(2026, 5, 11)
TUESDAY = date(2026, 5, 12)
WEDNESDAY = date(2026, 5, 13)
NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)


def make_paper(arxiv_id: str = "2605.00001", **changes: Any) -> Paper:
    """Return a paper; `changes` are fields of `Paper`."""
    fields: dict[str, Any] = {
        "title": f"On the matter of {arxiv_id}",
        "abstract": "We study matter.",
        "authors": ("Ann Lee", "Bo Chen"),
        "primary_category": "cs.CL",
        "categories": ("cs.CL",),
    }
    return Paper(arxiv_id=arxiv_id, **(fields | changes))


def make_fetched(
    papers: Sequence[tuple[Paper, AnnounceType] | Paper],
    *,
    category: str = "cs.CL",
    announced_on: date = TUESDAY,
    source: SourceName = SourceName.LISTING,
    shown: Counts | None = None,
) -> FetchedAnnouncement:
    """Return what a source showed; papers without a type are new; `shown` is what is there unless given."""
    entries = [one if isinstance(one, tuple) else (one, AnnounceType.NEW) for one in papers]
    kinds = [kind for _, kind in entries]
    return FetchedAnnouncement(
        category,
        announced_on,
        source,
        tuple(AnnouncedPaper(paper, kind, position) for position, (paper, kind) in enumerate(entries)),
        shown or Counts.of({kind: kinds.count(kind) for kind in AnnounceType}),
    )


async def save(
    store: AnnouncementStore,
    fetched: FetchedAnnouncement,
    state: AnnouncementState = AnnouncementState.FRESH,
    *,
    late: bool = False,
    reason: str | None = None,
) -> SavedAnnouncement:
    """Store `fetched` at noon."""
    return await store.save_fetched(fetched, state=state, fetched_at=NOON, late=late, reason=_said(reason))


def make_state(
    state: AnnouncementState, *, category: str = "cs.CL", announced_on: date = TUESDAY, reason: str | None = None
) -> Announcement:
    """Return a state without papers."""
    return Announcement(category, announced_on, state, None, Counts(), Counts(), NOON, reason=_said(reason))


def _said(reason: str | None) -> Statement | None:
    return Statement.plain(reason) if reason else None
