"""Rebuilds announcements that were missed, from OAI records. Pure.

What makes it possible: arXiv hands out identifiers at announcement, rising over all categories, and a record's
datestamp is never earlier than its announcement. So among papers in the order of their ids, the announcement date is at
most the smallest datestamp from there on; for records that were never touched again, it is the datestamp itself.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import accumulate

from bot.model import AnnouncedPaper, AnnounceType, Counts, FetchedAnnouncement, SourceName
from bot.sources.oai import OaiRecord
from bot.sources.parsing import id_order, same_category

_ORDER = [AnnounceType.NEW, AnnounceType.CROSS, AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS]


def assign_dates(
    records: Sequence[OaiRecord],
    category: str,
    missing: Sequence[date],
    known: Sequence[tuple[str, date]],
    *,
    announced: Collection[str] = (),
    ceilings: Iterable[tuple[str, date]] = (),
    unread: Collection[date] = (),
) -> dict[date, FetchedAnnouncement]:
    """Return what was announced in `category` on each of the `missing` dates, as far as `records` tell.

    `records` are those of the category's set, modified from the first missing date until today. `known` are (id, date)
    of papers stored as new around the gap, never replacements, of this and preferably of other categories too: ids rise
    over all of them. `announced` are ids that this category itself announced before the gap, whatever the type.
    `ceilings` is what `find_ceilings` found, in other categories' records too. `unread` are dates that were not missed,
    only not read yet: what is new on them belongs to no missing one, and is in the result. A date for which nothing is
    found is not: that is no proof that nothing was announced.

    New papers and same-day cross-lists are exact as long as datestamps keep their promise and none of several
    cross-lists came later than the paper: records do not tell which one did. Of older papers, one with
    another primary category is taken for a late cross-list unless it is in `announced`. Whether it was only a new
    version of a paper from before our history cannot be told, and a paper too many is better than one lost.
    """
    if not missing:
        return {}
    days = sorted({*missing, *unread})
    # An id that another category announced on a missing day is fresh that day here, too.
    outside = {arxiv_id for arxiv_id, day in known if day not in days}
    fresh_known = _fresh(known)
    lower = max((key for key, day in fresh_known if day < days[0]), default=None)
    fresh: list[OaiRecord] = []
    older: list[OaiRecord] = []
    for record in records:
        if record.deleted:
            continue
        above = lower is None or id_order(record.paper.arxiv_id) > lower
        (fresh if above and record.paper.arxiv_id not in outside else older).append(record)
    if lower is None:
        fresh, stale = _recent(fresh)
        older += stale
    found: dict[date, list[AnnouncedPaper]] = {}
    for record, likely in _dated(fresh, days, fresh_known, ceilings):
        kind = AnnounceType.NEW if same_category(record.paper.primary_category, category) else AnnounceType.CROSS
        crossed_later = record.datestamp in missing and _touched_by_cross(record, category)
        day = record.datestamp if crossed_later else likely
        found.setdefault(day, []).append(AnnouncedPaper(record.paper, kind, 0))
    history = min((day for _, day in known), default=None)
    for record in older:
        again = record.paper.arxiv_id in announced or (
            record.paper.arxiv_id in outside and same_category(record.paper.primary_category, category)
        )
        older_kind = _older_kind(record, category, again, history)
        if record.datestamp in missing and older_kind is not None:
            found.setdefault(record.datestamp, []).append(AnnouncedPaper(record.paper, older_kind, 0))
    return {day: _announcement(category, day, found[day]) for day in sorted(found)}


def find_ceilings(records: Iterable[OaiRecord]) -> list[tuple[str, date]]:
    """Return (id, datestamp) where a datestamp says more of the ids up to its own than those of later ids do.

    No paper with an id up to that one was announced after that day, in whatever category. At most one for each day.
    """
    found: list[tuple[str, date]] = []
    lowest = date.max
    for record in sorted(records, key=lambda one: id_order(one.paper.arxiv_id), reverse=True):
        if record.datestamp < lowest and not record.deleted:
            lowest = record.datestamp
            found.append((record.paper.arxiv_id, lowest))
    return found


def _fresh(known: Sequence[tuple[str, date]]) -> list[tuple[tuple[int, str, str], date]]:
    """Return (id order, date) of the ids that were new on arXiv when announced: above all earlier ones."""
    by_day: dict[date, list[tuple[int, str, str]]] = {}
    for arxiv_id, day in known:
        by_day.setdefault(day, []).append(id_order(arxiv_id))
    result: list[tuple[tuple[int, str, str], date]] = []
    highest: tuple[int, str, str] | None = None
    for day in sorted(by_day):
        result += [(key, day) for key in by_day[day] if highest is None or key > highest]
        highest = max([*by_day[day], *([highest] if highest else [])])
    return result


def _recent(records: list[OaiRecord]) -> tuple[list[OaiRecord], list[OaiRecord]]:
    """Split into fresh and older records where no stored announcement before the gap marks the border."""
    recent = [
        id_order(record.paper.arxiv_id)
        for record in records
        if record.created is not None
        and record.updated is None
        and (record.datestamp - record.created).days <= 7
        and record.paper.arxiv_id.startswith(f"{record.datestamp:%y%m}.")
    ]
    border = min(recent, default=id_order("9912.99999"))
    fresh = [record for record in records if id_order(record.paper.arxiv_id) >= border]
    return fresh, [record for record in records if id_order(record.paper.arxiv_id) < border]


def _dated(
    records: list[OaiRecord],
    days: list[date],
    fresh_known: list[tuple[tuple[int, str, str], date]],
    ceilings: Iterable[tuple[str, date]],
) -> list[tuple[OaiRecord, date]]:
    """Return the records that belong to one of `days`, with that day, in the order of their ids.

    A record's day is at most the smallest datestamp or known date from its id on, and at least the greatest known date
    up to its id, unless the two contradict each other.
    """
    marks: list[tuple[tuple[int, str, str], date, date, OaiRecord | None]] = [
        (id_order(record.paper.arxiv_id), record.datestamp, date.min, record) for record in records
    ]
    marks += [(id_order(arxiv_id), day, date.min, None) for arxiv_id, day in ceilings]
    marks += [(key, day, day, None) for key, day in fresh_known]
    marks.sort(key=lambda mark: mark[0])
    floors = accumulate((floor for _, _, floor, _ in marks), max)
    result: list[tuple[OaiRecord, date]] = []
    limit = date.max
    for (_, day, _, record), floor in zip(reversed(marks), reversed(list(floors)), strict=True):
        # A datestamp from before the gap contradicts its id and must not drag its neighbours along.
        limit = min(limit, day) if day >= days[0] else limit
        fitting = [candidate for candidate in days if floor <= candidate <= limit]
        if not fitting and limit in days:
            # The floor comes from a date that was rebuilt too late. A limit never is: no datestamp is too early.
            fitting = [limit]
        if record is not None and fitting:
            result.append((record, fitting[-1]))
    return result[::-1]


def _touched_by_cross(record: OaiRecord, category: str) -> bool:
    """Return whether the cross-list to `category` is the likely reason of the datestamp: no new version, no other."""
    primary = record.paper.primary_category
    if record.updated is not None or same_category(primary, category):
        return False
    return all(same_category(name, primary) or same_category(name, category) for name in record.paper.categories)


def _older_kind(record: OaiRecord, category: str, known: bool, history: date | None) -> AnnounceType | None:
    primary_here = same_category(record.paper.primary_category, category)
    if known:
        if record.updated is None:
            return None
        return AnnounceType.REPLACE if primary_here else AnnounceType.REPLACE_CROSS
    if not primary_here:
        return AnnounceType.CROSS
    if record.updated is not None:
        return AnnounceType.REPLACE
    held_back = history is not None and record.created is not None and record.created > history
    return AnnounceType.NEW if held_back else None


def _announcement(category: str, day: date, papers: list[AnnouncedPaper]) -> FetchedAnnouncement:
    papers = sorted(papers, key=lambda entry: (_ORDER.index(entry.announce_type), id_order(entry.paper.arxiv_id)))
    counts: dict[AnnounceType, int] = {}
    for entry in papers:
        counts[entry.announce_type] = counts.get(entry.announce_type, 0) + 1
    return FetchedAnnouncement(
        category=category,
        announced_on=day,
        source=SourceName.OAI,
        papers=tuple(replace(entry, position=index) for index, entry in enumerate(papers)),
        shown=Counts.of(counts),
    )
