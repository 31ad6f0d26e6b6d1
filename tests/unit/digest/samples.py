"""Small papers and candidates for the tests of the digest."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from hypothesis import strategies as st

from bot.model import Announcement, AnnouncementState, AnnounceType, Candidate, Counts, Paper, Topic
from bot.statement import Statement


@dataclass(frozen=True)
class FakeAppeal:
    """How much a paper is what readers pick."""

    log_odds: float
    parts: tuple[tuple[str, float], ...] = ()


class FakeInterest:
    """Judges papers by the chance of being picked that their comment states, such as "0.8"; those without by 0.5."""

    def __init__(self, *signs: str) -> None:
        self._signs = signs
        self.asked: list[str] = []

    def score(self, paper: Paper, vector: object = None, place: object = None) -> FakeAppeal:
        """Return the appeal; every sign has the same share."""
        self.asked.append(paper.arxiv_id)
        chance = float(paper.comment or 0.5)
        return FakeAppeal(math.log(chance / (1 - chance)), tuple((sign, 1.0) for sign in self._signs))


DAY = date(2026, 5, 12)
FETCHED_AT = datetime(2026, 5, 12, 0, 30, tzinfo=UTC)


def make_paper(
    arxiv_id: str = "2605.00001",
    title: str = "A study",
    abstract: str = "We study things.",
    *,
    authors: tuple[str, ...] = ("Ada Lovelace",),
    categories: tuple[str, ...] = ("cs.CL",),
    comment: str | None = None,
    doi: str | None = None,
    has_html: bool | None = None,
    withdrawn: bool = False,
) -> Paper:
    return Paper(
        arxiv_id,
        title,
        abstract,
        authors,
        categories[0],
        categories,
        comment=comment,
        doi=doi,
        has_html=has_html,
        withdrawn=withdrawn,
    )


def make_candidate(
    paper: Paper,
    announced_in: Mapping[str, AnnounceType] | None = None,
    *,
    announced_before: tuple[str, ...] = (),
    late: bool = False,
) -> Candidate:
    places = announced_in or {paper.primary_category: AnnounceType.NEW}
    kind = AnnounceType.NEW if AnnounceType.NEW in places.values() else AnnounceType.CROSS
    return Candidate(paper, kind, places, announced_before=announced_before, late=late)


def make_announcement(
    category: str = "cs.CL",
    state: AnnouncementState = AnnouncementState.FRESH,
    *,
    shown: int = 0,
    stored: int | None = None,
    reason: str | None = None,
) -> Announcement:
    held = shown if stored is None else stored
    why = Statement.plain(reason) if reason else None
    return Announcement(category, DAY, state, None, Counts(new=shown), Counts(new=held), FETCHED_AT, reason=why)


def make_topic(query: str = "", **changes: object) -> Topic:
    settings: dict[str, object] = {"categories": ("cs.CL",), "interest": "", **changes}
    return Topic(slug="trial", names={"en": "Trial"}, query=query, **settings)  # type: ignore[arg-type]


WORDS = ("reward", "model", "vision", "language", "agent", "graph", "few-shot", "$x^2$", "diffusion", "we", "propose")


@st.composite
def candidates(draw: st.DrawFn, categories: tuple[str, ...] = ("cs.CL", "cs.AI", "cs.CV")) -> list[Candidate]:
    """Draw a day of up to 12 candidates with distinct ids, in any order."""
    numbers = draw(st.lists(st.integers(1, 40), unique=True, max_size=12))
    day = []
    for number in numbers:
        kinds = st.sampled_from((AnnounceType.NEW, AnnounceType.CROSS))
        places = draw(st.dictionaries(st.sampled_from(categories), kinds, min_size=1))
        words = draw(st.lists(st.sampled_from(WORDS), max_size=12))
        paper = make_paper(
            f"2605.{number:05d}",
            " ".join(words[:4]),
            " ".join(words) + ".",
            categories=tuple(places),
            withdrawn=draw(st.booleans()),
        )
        day.append(
            make_candidate(
                paper,
                places,
                announced_before=draw(st.sampled_from([(), ("cs.CL",), ("cs.CV",)])),
                late=draw(st.booleans()),
            )
        )
    return day
