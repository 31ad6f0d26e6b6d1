"""What clicks change: simulated channels that like one sub-field of a category, and what their briefs show of it.

`python -m benchmarks.feedback --papers FILE [--until 2026-05-01] [--to 2026-05-16] [--vectors FILE.npz] [--seed 7]`

A channel reads the brief of one category's papers of the day, ten of them, and likes one sub-field of it: either a
second category that a paper also carries, such as cs.IR in cs.CL, or a theme of the catalogue whose query it matches,
such as medical imaging in cs.CV. The ranker sees neither: every paper is handed over with its primary category alone,
and the channel's topic has no query. Categories are what authors chose, and fuzzy; themes are found by words, as the
ranker learns them, and sharp: the two are reported apart. Sub-fields are all that 3 % to 40 % of a category's papers
belong to.

On each day before `--until`, from `--from` on, the channel presses "More like this" on the papers of its sub-field in
the brief, and "Not relevant" on as many others, at least one; then the next day comes. After 0, 5, 10, 20 and 50 clicks
its taste is frozen and measured on all days from `--until` up to `--to`: precision_at_10 is the mean share of the
sub-field in the first ten, `ceiling` the most that any order could reach. A channel that finds too little to click on
is left out.
"""

import argparse
import gzip
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.digest.catalogue import load_catalogue
from bot.digest.general_interest import GeneralInterest
from bot.digest.pool import PoolStatistics
from bot.digest.query import parse_query
from bot.digest.rank import CompositeRanker, Evidence
from bot.digest.select import select
from bot.digest.text import PaperText
from bot.model import AnnounceType, Candidate, Opinion, Paper, Topic, Weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.embed.port import Vector

CATEGORIES = ("cs.CV", "cs.CL", "cs.AI")
MARKS = (0, 5, 10, 20, 50)
SHOWN = 10
_LEAST_SHARE, _MOST_SHARE = 0.03, 0.4
_LEAST_PAPERS = 20
_FIRST_DAY = "2026-03-02"


@dataclass(frozen=True)
class Day:
    """One category's papers of a day, with what each of them carries beside its primary category."""

    candidates: tuple[Candidate, ...]
    pool: PoolStatistics
    others: "Mapping[str, frozenset[str]]"


def read_days(path: Path, first: str, last: str, vectors: "Mapping[str, Vector]") -> dict[str, dict[str, Day]]:
    """Return the days from `first` to before `last`, by category and date; those with too few papers are left out."""
    queries = {slug: parse_query(topic.query) for slug, topic in load_catalogue().items() if topic.query}
    entries: defaultdict[tuple[str, str], dict[str, tuple[Paper, frozenset[str]]]] = defaultdict(dict)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            one = json.loads(line)
            home, day = one["primary_category"], one["announced_on"]
            if home not in CATEGORIES or not first <= day < last:
                continue
            paper = Paper(
                one["id"],
                one["title"],
                one["abstract"],
                tuple(one["authors"]),
                home,
                (home,),
                comment=one.get("comment"),
            )
            text = PaperText.of(paper)
            themes = {slug for slug, query in queries.items() if query.match(text) is not None}
            entries[home, day][paper.arxiv_id] = (paper, frozenset({*one["categories"], *themes} - {home}))
    found: dict[str, dict[str, Day]] = {category: {} for category in CATEGORIES}
    for (home, day), papers in sorted(entries.items()):
        if len(papers) >= _LEAST_PAPERS:
            candidates = tuple(
                Candidate(paper, AnnounceType.NEW, {home: AnnounceType.NEW}) for paper, _ in papers.values()
            )
            pool = PoolStatistics.of(candidates, {key: vectors[key] for key in papers if key in vectors})
            found[home][day] = Day(candidates, pool, {key: others for key, (_, others) in papers.items()})
    return found


def sub_fields(days: Sequence[Day]) -> list[str]:
    """Return the second categories and themes of enough papers and not too many, by name."""
    counts = Counter(other for day in days for others in day.others.values() for other in others)
    total = sum(len(day.candidates) for day in days)
    return sorted(name for name, count in counts.items() if _LEAST_SHARE <= count / total <= _MOST_SHARE)


class Channel:
    """A channel whose readers like one sub-field of a category."""

    def __init__(self, category: str, likes: str, ranker: CompositeRanker, seed: int) -> None:
        self.topic = Topic(category, {"en": category}, (category,), weights=Weights(relevance=0.1))
        self.likes = likes
        self._ranker = ranker
        self._rng = random.Random(f"{seed} {category} {likes}")

    def brief(self, day: Day, opinions: Sequence[Opinion], vectors: "Mapping[str, Vector]") -> list[Paper]:
        """Return the first ten papers of a day."""
        evidence = Evidence(opinions=tuple(opinions), opinion_vectors=vectors)
        matched = select(day.candidates, self.topic, day.pool).matched
        ranked = self._ranker.rank(self.topic, matched, day.pool, evidence)
        return [one.candidate.paper for one in ranked[:SHOWN]]

    def clicks(self, day: Day, shown: Sequence[Paper]) -> list[Opinion]:
        """Return what the readers make of a brief."""
        ours = [paper for paper in shown if self.likes in day.others[paper.arxiv_id]]
        others = [paper for paper in shown if self.likes not in day.others[paper.arxiv_id]]
        refused = self._rng.sample(others, min(len(others), max(1, len(ours))))
        judged = [*(Opinion(paper, 1) for paper in ours), *(Opinion(paper, -1) for paper in refused)]
        self._rng.shuffle(judged)
        return judged

    def learn(self, days: Sequence[Day], vectors: "Mapping[str, Vector]") -> Iterator[tuple[int, list[Opinion]]]:
        """Yield (clicks, opinions) at each of `MARKS` that the days are enough for."""
        opinions: list[Opinion] = []
        yield 0, []
        for day in days:
            if len(opinions) >= MARKS[-1]:
                return
            for opinion in self.clicks(day, self.brief(day, opinions, vectors)):
                opinions.append(opinion)
                if len(opinions) in MARKS:
                    yield len(opinions), list(opinions)

    def share(self, day: Day, shown: Sequence[Paper]) -> float:
        """Return how much of a brief is the sub-field's, 0 to 1."""
        return sum(self.likes in day.others[paper.arxiv_id] for paper in shown) / SHOWN

    def ceiling(self, day: Day) -> float:
        """Return the share that the best order would have."""
        return min(SHOWN, sum(self.likes in others for others in day.others.values())) / SHOWN


def mean(values: Sequence[float]) -> float:
    """Return the mean, rounded; 0 of nothing."""
    return round(sum(values) / len(values), 3) if values else 0.0


def load_vectors(path: Path | None) -> "Mapping[str, Vector]":
    """Return the vectors of an archive with the arrays `ids` and `vectors`; none without one."""
    if path is None:
        return {}
    import numpy as np

    with np.load(path) as archive:
        return dict(zip(map(str, archive["ids"]), archive["vectors"].astype(np.float32), strict=True))


def main() -> None:
    """Let every channel click its way through the days, and measure what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=Path, required=True)
    parser.add_argument("--vectors", type=Path, help="Vectors of the papers; without them words alone are compared.")
    parser.add_argument("--from", dest="first", default=_FIRST_DAY, help="First day of clicks.")
    parser.add_argument("--until", default="2026-05-01", help="First day that is measured.")
    parser.add_argument("--to", default="2026-05-16", help="The day after the last one.")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    started = time.perf_counter()
    vectors = load_vectors(arguments.vectors)
    ranker = CompositeRanker(GeneralInterest.load)
    precision: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    ceilings: defaultdict[str, list[float]] = defaultdict(list)
    for category, days in read_days(arguments.papers, arguments.first, arguments.to, vectors).items():
        before = [day for name, day in days.items() if name < arguments.until]
        measured = [day for name, day in days.items() if name >= arguments.until]
        for likes in sub_fields([*days.values()]):
            channel = Channel(category, likes, ranker, arguments.seed)
            reached: dict[int, float] = {}
            for clicks, opinions in channel.learn(before, vectors):
                reached[clicks] = mean([channel.share(day, channel.brief(day, opinions, vectors)) for day in measured])
            if len(reached) == len(MARKS):
                kind = "categories" if "." in likes else "themes"
                for clicks, value in reached.items():
                    precision[kind, clicks].append(value)
                ceilings[kind].append(mean([channel.ceiling(day) for day in measured]))
    print(
        json.dumps(
            {
                "benchmark": "feedback",
                **{
                    kind: {
                        "channels": len(values),
                        "precision_at_10": {str(clicks): mean(precision[kind, clicks]) for clicks in MARKS},
                        "ceiling": mean(values),
                    }
                    for kind, values in sorted(ceilings.items())
                },
                "vectors": bool(vectors),
                "seed": arguments.seed,
                "seconds": round(time.perf_counter() - started, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
