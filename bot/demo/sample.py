"""The sample announcement day: invented papers in `sample_day.toml`, read into the model. Written for this project."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from typing import Any

from bot.demo.world import DayOfPapers, DaysWorld
from bot.model import AnnouncedPaper, AnnounceType, Paper

_LICENCES = {
    "by": "http://creativecommons.org/licenses/by/4.0/",
    "by-sa": "http://creativecommons.org/licenses/by-sa/4.0/",
    "cc0": "http://creativecommons.org/publicdomain/zero/1.0/",
    "arxiv": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
}


class SampleWorld(DaysWorld):
    """An arXiv that has announced one day only: `announced_on`, in `categories`."""

    def __init__(self, announced_on: date, announced: DayOfPapers) -> None:
        super().__init__([announced_on], tuple(announced), lambda _: announced)
        self._announced_on = announced_on

    @property
    def announced_on(self) -> date:
        """Return the date in the header of the listing pages."""
        return self._announced_on


def load_sample_world() -> SampleWorld:
    """Return the sample day as a world, set to the instant of its release."""
    document = tomllib.loads(files("bot.demo").joinpath("sample_day.toml").read_text(encoding="utf-8"))
    announced_on: date = document["announced_on"]
    names = _names(document["names"])
    entries = [(row, _paper(row, place, names, announced_on)) for place, row in enumerate(document["paper"])]
    return SampleWorld(
        announced_on, {category: _announced_in(category, entries) for category in document["categories"]}
    )


def _names(names: Mapping[str, Sequence[str]]) -> Iterator[str]:
    given, family = names["given"], names["family"]
    number = 0
    while True:
        # The steps share no factor with the lists' lengths: within one paper no name comes twice.
        yield f"{given[number % len(given)]} {family[(number * 7 + number // len(given)) % len(family)]}"
        number += 1


def _paper(row: Mapping[str, Any], place: int, names: Iterator[str], announced_on: date) -> Paper:
    listed = list(row.get("authors", ()))
    while len(listed) < row.get("author_count", 0):
        name = next(names)
        if name not in listed:
            listed.append(name)
    version = row.get("version", 1)
    # The Tuesday batch holds what came in from Friday to Monday, 14:00 US Eastern each.
    current = datetime.combine(announced_on - timedelta(days=4), time(19), UTC) + timedelta(hours=place)
    first = datetime.combine(row["submitted"], time(9), UTC) if "submitted" in row else current
    return Paper(
        arxiv_id=row["id"],
        title=row["title"],
        abstract=_paragraphs(row["abstract"]),
        authors=tuple(listed),
        primary_category=row["categories"][0],
        categories=tuple(row["categories"]),
        comment=row.get("comment"),
        journal_ref=row.get("journal_ref"),
        doi=row.get("doi"),
        licence=_LICENCES[row.get("licence", "arxiv")],
        version=version,
        submitted_at=first,
        updated_at=current if version > 1 else first,
        has_html=not row.get("withdrawn", False),
        withdrawn=row.get("withdrawn", False),
    )


def _paragraphs(text: str) -> str:
    return "\n  ".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _announced_in(category: str, entries: Sequence[tuple[Mapping[str, Any], Paper]]) -> tuple[AnnouncedPaper, ...]:
    typed = [(kind, paper) for row, paper in entries if (kind := _announce_type(row, paper, category)) is not None]
    order = list(AnnounceType)
    typed.sort(key=lambda entry: (order.index(entry[0]), entry[1].arxiv_id))
    return tuple(AnnouncedPaper(paper, kind, position) for position, (kind, paper) in enumerate(typed))


def _announce_type(row: Mapping[str, Any], paper: Paper, category: str) -> AnnounceType | None:
    if category not in row.get("cross_into", paper.categories):
        return None
    primary = category == paper.primary_category
    if "cross_into" in row:
        return AnnounceType.CROSS
    if paper.version > 1:
        return AnnounceType.REPLACE if primary else AnnounceType.REPLACE_CROSS
    return AnnounceType.NEW if primary else AnnounceType.CROSS
