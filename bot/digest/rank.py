"""Scores: which of the papers that match a topic come first, and why.

A score is the sum of three parts, and each part of its reasons: relevance to the topic, general interest, and what the
readers of a channel made of earlier papers. `Ranker` is the port; `CompositeRanker` knows the three parts.
"""

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from bot.digest.feedback import Taste
from bot.digest.general_interest import VERSION
from bot.digest.interest_features import Place
from bot.digest.likeness import STOP_WORDS, traits_of
from bot.digest.pool import PooledPaper, PoolStatistics
from bot.digest.text import DEFAULT_FIELDS, Field, words_of
from bot.digest.tree import Match, MatchedTerm
from bot.model import AnnounceType, Candidate, Opinion, Paper, Reason, Topic
from bot.statement import Statement, StatementCode, Value

if TYPE_CHECKING:
    from bot.embed.port import Vector

SCALE = "2"
"""Goes up with every change that moves scores: those of two versions do not compare."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a topic and a channel beside the day's papers; nothing of it is needed.

    `opinions`: of the channel, oldest first; `opinion_vectors`: by arXiv id, of their papers. `topic_vector`: of what
    the topic asks for. `bar`: the least score of a paper that is shown.
    """

    opinions: tuple[Opinion, ...] = ()
    opinion_vectors: "Mapping[str, Vector]" = field(default_factory=dict)
    topic_vector: "Vector | None" = None
    bar: float | None = None


NO_EVIDENCE = Evidence()


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its score, which is the sum of its three parts and of its reasons' scores.

    Reasons are ordered by weight. `reordered`: a language model put it in its place.
    """

    candidate: Candidate
    score: float
    reasons: tuple[Reason, ...]
    relevance: float = 0.0
    interest: float = 0.0
    feedback: float = 0.0
    reordered: bool = False


class Ranker(Protocol):
    """Orders the papers that a topic selected."""

    def rank(
        self,
        topic: Topic,
        candidates: Sequence[tuple[Candidate, Match]],
        pool: PoolStatistics,
        evidence: Evidence = NO_EVIDENCE,
    ) -> list[Ranked]:
        """Return all of `candidates`, best first; ties in the order of their ids, whatever order they came in."""
        ...


class Appeal(Protocol):
    """How much a paper is what readers pick: `log_odds`, and the named parts that these come from, with their shares.

    See `bot.digest.general_interest`.
    """

    @property
    def log_odds(self) -> float:
        """Return the natural logarithm of the odds."""
        ...

    @property
    def parts(self) -> tuple[tuple[str, float], ...]:
        """Return (name, share) by falling weight."""
        ...


class Interest(Protocol):
    """Judges papers without a topic; see `bot.digest.general_interest.GeneralInterest`."""

    def score(self, paper: Paper, vector: "Vector | None" = None, place: Place | None = None) -> Appeal:
        """Return the appeal of a paper; `place`: where it stands in the order of arrival."""
        ...


# What a point of score is worth: a rare query word once in the abstract brings close to 1.
_FIELD_WEIGHTS = {Field.TITLE: 3.0, Field.ABSTRACT: 1.0, Field.AUTHORS: 3.0, Field.COMMENT: 0.5, Field.CATEGORY: 0.2}
# A query of twenty synonyms must not beat the interest text: the second find counts 0.6 of its weight, the third 0.36.
_SATURATION = 0.6
# Points per standard deviation of likeness to the interest text, and how many of these count: with all of them a paper
# has as much as for a rare word in its title.
_POINTS_PER_DEVIATION = 0.75
_MOST_DEVIATIONS = 4.0
_NEW_BONUS = 0.5
_NAMED_WORDS = 3
_DECIMALS = 4
# What a paper gets that readers are certain to pick. Under a topic that says what it wants, a word in the title
# outweighs that: what matches by chance never comes first for being popular.
_INTEREST_OF_A_TOPIC = 1.5
_INTEREST_ALONE = 4.0
# Odds beyond which nothing is left of the score; a float's exponential ends not far below.
_NO_CHANCE = 50.0
_NAMED_SIGNS = 3
_LEAST_SIGN = 0.1
# Down to here it is counted which judged papers a paper is close to; below, words must do as a reason.
_COMPARED = 60


# Codes of which part they are; the others are relevance. Three are those of an earlier version of this program.
_PARTS = {
    StatementCode.GENERAL_INTEREST: 1,
    StatementCode.LINKS_TO_CODE: 1,
    StatementCode.HAS_PROJECT_PAGE: 1,
    StatementCode.NAMES_VENUE: 1,
    StatementCode.NEAR_LIKED: 2,
    StatementCode.NEAR_DISLIKED: 2,
    StatementCode.LIKE_LIKED: 2,
    StatementCode.LIKE_DISLIKED: 2,
}


class CompositeRanker:
    """Relevance, general interest and feedback, weighted as the topic says. Without the second, the others decide."""

    def __init__(self, load_interest: Callable[[], Interest] | None = None) -> None:
        """`load_interest`: returns what judges papers without a topic; called when the first paper is judged."""
        self._load_interest = load_interest
        self._interest: Interest | None = None

    def rank(
        self,
        topic: Topic,
        candidates: Sequence[tuple[Candidate, Match]],
        pool: PoolStatistics,
        evidence: Evidence = NO_EVIDENCE,
    ) -> list[Ranked]:
        """See `Ranker`."""
        wanted = _Wanted.of(topic, pool, evidence.topic_vector)
        taste = Taste.replay(evidence.opinions, pool, evidence.opinion_vectors)
        ranked = [self._score(topic, candidate, match, wanted, pool, taste) for candidate, match in candidates]
        ranked.sort(key=_order)
        if not taste:
            return ranked
        return [_with_near(one, pool, taste) for one in ranked[:_COMPARED]] + ranked[_COMPARED:]

    def _score(
        self,
        topic: Topic,
        candidate: Candidate,
        match: Match,
        wanted: "_Wanted",
        pool: PoolStatistics,
        taste: Taste,
    ) -> Ranked:
        pooled, weights = pool.pooled(candidate.paper), topic.weights
        relevance = [
            *_match_reasons(match, pool),
            *_wanted_reasons(pooled, wanted),
            *_new_reasons(candidate),
        ]
        parts = (
            _weighted(relevance, weights.relevance),
            _weighted(self._interest_reasons(topic, candidate.paper, pool), weights.interest),
            _weighted(_taste_reasons(candidate.paper, pool, taste), weights.feedback),
        )
        reasons = [reason for part in parts for reason in part]
        reasons.sort(key=lambda reason: (-reason.score, reason.why.code, repr(reason.why.values)))
        points, appeal, liking = (round(math.fsum(one.score for one in part), _DECIMALS) for part in parts)
        score = round(points + appeal + liking, _DECIMALS)
        return Ranked(candidate, score, tuple(reasons), points, appeal, liking)

    def _interest_reasons(self, topic: Topic, paper: Paper, pool: PoolStatistics) -> list[Reason]:
        if self._load_interest is None or not topic.weights.interest:
            return []
        if self._interest is None:
            self._interest = self._load_interest()
        appeal = pool.appeals.get(paper.arxiv_id)
        if appeal is None:
            vector, place = pool.vectors.get(paper.arxiv_id), pool.places.get(paper.arxiv_id)
            appeal = self._interest.score(paper, vector, place)
            pool.appeals[paper.arxiv_id] = appeal
        most = _INTEREST_OF_A_TOPIC if topic.query or topic.interest else _INTEREST_ALONE
        score = round(most / (1 + math.exp(min(_NO_CHANCE, -appeal.log_odds))), _DECIMALS)
        signs = tuple(str(name) for name, share in appeal.parts if share >= _LEAST_SIGN)[:_NAMED_SIGNS]
        return [_reason(StatementCode.GENERAL_INTEREST, score, signs=signs or None)] if score > 0 else []


def split(reasons: Sequence[Reason]) -> tuple[float, float, float]:
    """Return what reasons add to relevance, to general interest and to feedback."""
    sums = [0.0, 0.0, 0.0]
    for reason in reasons:
        sums[_PARTS.get(reason.why.code, 0)] += reason.score
    relevance, interest, feedback = (round(one, _DECIMALS) for one in sums)
    return relevance, interest, feedback


def scale_of(topic: Topic) -> str:
    """Return a short name of what a topic's scores are measured by: it changes with the topic and with this program."""
    said = (SCALE, VERSION, topic.query, topic.interest, topic.exclude, topic.categories, topic.weights)
    return f"{SCALE}:{zlib.crc32(repr(said).encode('utf-8', 'surrogatepass')):08x}"


def _order(one: Ranked) -> tuple[float, str]:
    return -one.score, one.candidate.paper.arxiv_id


def _weighted(reasons: Sequence[Reason], weight: float) -> list[Reason]:
    if weight == 1:
        return list(reasons)
    weighted = (Reason(reason.why, round(reason.score * weight, _DECIMALS)) for reason in reasons)
    return [reason for reason in weighted if reason.score]


def _taste_reasons(paper: Paper, pool: PoolStatistics, taste: Taste) -> list[Reason]:
    if not taste:
        return []
    traits = traits_of(paper, pool)
    score = round(taste.score(traits, paper.categories), _DECIMALS)
    return [Reason(taste.in_words(traits, score), score)] if score else []


def _with_near(one: Ranked, pool: PoolStatistics, taste: Taste) -> Ranked:
    """Return the same with the judged papers counted that it is close to."""
    if not one.feedback:
        return one
    why = taste.why(traits_of(one.candidate.paper, pool), one.feedback)
    named = (StatementCode.LIKE_LIKED, StatementCode.LIKE_DISLIKED)
    reasons = tuple(replace(reason, why=why) if reason.why.code in named else reason for reason in one.reasons)
    return replace(one, reasons=reasons)


def _match_reasons(match: Match, pool: PoolStatistics) -> list[Reason]:
    # "few-shot" and "few shot" in one query are the same find.
    once = {(term.field, *words_of(term.text)): term for term in reversed(match.terms)}.values()
    weighted = sorted(((_term_weight(term, pool), term) for term in once), key=lambda pair: (-pair[0], pair[1].text))
    reasons = []
    for place, (weight, term) in enumerate(weighted):
        score = round(weight * _SATURATION**place, _DECIMALS)
        if score > 0:
            reasons.append(_reason(StatementCode.MATCHES, score, term=term.text, field=term.field.value))
    return reasons


def _term_weight(term: MatchedTerm, pool: PoolStatistics) -> float:
    weight = _FIELD_WEIGHTS[term.field]
    if term.field in (Field.AUTHORS, Field.CATEGORY):
        return weight
    # A phrase is at least as rare as its rarest word.
    rarity = max((pool.rarity(word) for word in words_of(term.text)), default=0.0)
    return weight * rarity * (1 + math.log(term.count))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a topic asks for: the words of its interest with their rarity, and how near to it each paper of the day is.

    `deviations` counts standard deviations above the mean of the day, by arXiv id.
    """

    words: Mapping[str, float]
    deviations: Mapping[str, float]

    @classmethod
    def of(cls, topic: Topic, pool: PoolStatistics, vector: "Vector | None") -> "_Wanted":
        if not topic.interest or not topic.weights.relevance:
            return cls({}, {})
        words = {word for word in words_of(topic.interest) if len(word) > 1 and word not in STOP_WORDS}
        # A plural beside its singular would count the same find twice.
        once = sorted(word for word in words if not (word.endswith("s") and word[:-1] in words))
        scores = pool.relevance.score(topic.interest, vector)
        near = {text.paper.arxiv_id: score for text, score in zip(pool.relevance.texts, scores, strict=True)}
        return cls({word: rarity for word in once if (rarity := pool.rarity(word)) > 0}, near)


def _wanted_reasons(pooled: PooledPaper, wanted: _Wanted) -> list[Reason]:
    """Return one reason or none, with the rarest words that the paper shares with the interest."""
    deviations = min(_MOST_DEVIATIONS, wanted.deviations.get(pooled.text.paper.arxiv_id, 0.0))
    score = round(_POINTS_PER_DEVIATION * deviations, _DECIMALS)
    if score <= 0:
        return []
    title, abstract = (pooled.text.fields[name].positions for name in DEFAULT_FIELDS)
    shared = [word for word in wanted.words if any(w in title or w in abstract for w in (word, word + "s"))]
    named = sorted(shared, key=lambda word: (-wanted.words[word], word))[:_NAMED_WORDS]
    if not named:
        return [_reason(StatementCode.CLOSE_IN_MEANING, score)]
    return [_reason(StatementCode.CLOSE_TO_INTEREST, score, words=tuple(named))]


def _new_reasons(candidate: Candidate) -> list[Reason]:
    if candidate.announce_type is not AnnounceType.NEW:
        return []
    homes = sorted(name for name, kind in candidate.announced_in.items() if kind is AnnounceType.NEW)
    return [_reason(StatementCode.NEW_IN, _NEW_BONUS, homes=tuple(homes) or (candidate.paper.primary_category,))]


def _reason(code: StatementCode, score: float, /, **values: Value | None) -> Reason:
    return Reason(Statement.of(code, **values), score)
