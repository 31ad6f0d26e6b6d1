"""Why a topic has no brief of a date: what its categories brought, asked of the store once and remembered.

The reason is that of a brief made today, of which nothing is shown: what was posted in a channel is not looked at.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from bot.digest.brief import compose_brief
from bot.digest.general_interest import GeneralInterest
from bot.digest.rank import CompositeRanker
from bot.model import Receipt
from bot.statement import Statement
from bot.store.announcements import AnnouncementStore
from bot.web.marks import mark_of
from bot.web.reading import DayTopic, Silence, Site

_MAY_COME = timedelta(days=5)
"""Before the next announcement: a brief goes out within two days, and a weekend and a holiday may lie between."""

_ALGORITHM = 1
"""Part of the mark: what was found out before is found out again when this grows."""


async def find_silences(
    site: Site, announcements: AnnouncementStore, remembered: dict[str, Any]
) -> dict[DayTopic, Silence]:
    """Return the reason for every date and topic without a brief. `remembered` is read, and left with what was used.

    A topic that has papers on one of the last days is left out: its brief may be posted yet. Raises `StoreError` kinds.
    """
    found: dict[DayTopic, Silence] = {}
    used: dict[str, Any] = {}
    for announced_on in site.days:
        for key in site.silent_topics(announced_on):
            place = (announced_on, key)
            mark = _mark(site, place)
            known = _decoded(remembered.get(mark))
            if known is None:
                known = await _find(site, place, announcements)
            used[mark] = _encoded(known)
            may_come = announced_on >= site.wish.next_on - _MAY_COME
            if not (may_come and known.receipt is not None and known.receipt.matched):
                found[place] = known
    remembered.clear()
    remembered.update(used)
    return found


async def _find(site: Site, place: DayTopic, announcements: AnnouncementStore) -> Silence:
    announced_on, key = place
    topic, rows = site.topics[key], site.announcements.get(announced_on, ())
    candidates = await announcements.load_candidates(topic.categories, announced_on)
    brief = await asyncio.to_thread(
        compose_brief, topic, announced_on, rows, candidates, ranker=CompositeRanker(GeneralInterest.load), max_papers=0
    )
    return Silence(brief.receipt if brief.receipt.announced else None, brief.silence)


def _mark(site: Site, place: DayTopic) -> str:
    announced_on, key = place
    topic = site.topics[key]
    rows = [
        (one.category, one.state, one.shown, one.stored, one.source, one.reason)
        for one in site.announcements.get(announced_on, ())
        if one.category in topic.categories
    ]
    return mark_of(_ALGORITHM, announced_on, topic, rows)


def _encoded(one: Silence) -> dict[str, Any]:
    receipt = None if one.receipt is None else {**asdict(one.receipt), "dropped": dict(one.receipt.dropped)}
    return {"receipt": receipt, "why": [each.as_json() for each in one.why]}


def _decoded(data: Any) -> Silence | None:
    if not isinstance(data, Mapping):
        return None
    try:
        receipt = None if data["receipt"] is None else Receipt(**data["receipt"])
        return Silence(receipt, tuple(Statement.from_json(one) for one in data["why"]))
    except (KeyError, TypeError, ValueError):
        return None
