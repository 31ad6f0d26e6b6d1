"""Scores: which of the papers that match a topic come first, and why.

`Ranker` is the port; `LexicalRanker` needs nothing but the day's papers. Every point of a score has its reason.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.digest.pool import PooledPaper, PoolStatistics
from bot.digest.text import DEFAULT_FIELDS, Field, words_of
from bot.digest.tree import Match, MatchedTerm
from bot.model import AnnounceType, Candidate, Paper, Reason, Topic
from bot.statement import Statement, StatementCode, Value


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its score, which is the sum of its reasons' scores; reasons are ordered by weight."""

    candidate: Candidate
    score: float
    reasons: tuple[Reason, ...]


class Ranker(Protocol):
    """Orders the papers that a topic selected."""

    def rank(self, topic: Topic, candidates: Sequence[tuple[Candidate, Match]], pool: PoolStatistics) -> list[Ranked]:
        """Return all of `candidates`, best first; ties in the order of their ids, whatever order they came in."""
        ...


# What a point of score is worth: a rare query word once in the abstract brings close to 1.
_FIELD_WEIGHTS = {Field.TITLE: 3.0, Field.ABSTRACT: 1.0, Field.AUTHORS: 3.0, Field.COMMENT: 0.5, Field.CATEGORY: 0.2}
# A query of twenty synonyms must not beat the interest text: the second find counts 0.6 of its weight, the third 0.36.
_SATURATION = 0.6
_INTEREST_WEIGHT = 6.0
_NEW_BONUS = 0.5
_CODE_BONUS = 0.3
_VENUE_BONUS = 0.4
_PROJECT_BONUS = 0.2
_NAMED_WORDS = 3
_DECIMALS = 4

# Words that carry no interest of their own; rarity takes care of the rest.
_STOP_WORDS_TEXT = """
    a an and are as at be by for from how in into is it its of on or over such that the their them they this to under
    use used using via what which with without
"""
_STOP_WORDS = frozenset(_STOP_WORDS_TEXT.split())
_VENUE = re.compile(
    r"\b(?:accepted|to appear|to be published|published (?:in|at)|camera[- ]ready|presented at|(?:oral|spotlight)\b"
    r"|findings of|(?:AAAI|AAMAS|ACL|ACM ?MM|AISTATS|CHI|COLING|COLM|CoRL|CVPR|EACL|ECCV|EMNLP|ICASSP|ICCV|ICLR|ICML"
    r"|ICRA|IJCAI|IJCV|Interspeech|IROS|JMLR|KDD|LREC|MICCAI|NAACL|NeurIPS|RSS|SIGGRAPH|SIGIR|TACL|TMLR|TPAMI|UAI|USENIX"
    r"|WACV|WSDM|WWW)(?:'?\s?'?\d{2,4}))",
    re.IGNORECASE,
)
_NOT_YET = re.compile(
    r"\b(?:submitted|under (?:peer )?review|in submission|rejected|not (?:yet )?accepted)\b", re.IGNORECASE
)


class LexicalRanker:
    """Matched words by rarity and field, likeness to the interest text, new before cross-listed, a small prior."""

    def rank(self, topic: Topic, candidates: Sequence[tuple[Candidate, Match]], pool: PoolStatistics) -> list[Ranked]:
        """See `Ranker`."""
        interest = _interest_weights(topic, pool)
        ranked = [self._score(candidate, match, interest, pool) for candidate, match in candidates]
        return sorted(ranked, key=lambda r: (-r.score, r.candidate.paper.arxiv_id))

    def _score(self, candidate: Candidate, match: Match, interest: dict[str, float], pool: PoolStatistics) -> Ranked:
        pooled = pool.pooled(candidate.paper)
        reasons = [
            *_match_reasons(match, pool),
            *_interest_reasons(pooled, interest),
            *_prior_reasons(candidate, pooled),
        ]
        reasons.sort(key=lambda reason: (-reason.score, reason.why.code, repr(reason.why.values)))
        return Ranked(candidate, round(math.fsum(reason.score for reason in reasons), _DECIMALS), tuple(reasons))


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


def _interest_weights(topic: Topic, pool: PoolStatistics) -> dict[str, float]:
    words = {word for word in words_of(topic.interest) if len(word) > 1 and word not in _STOP_WORDS}
    # A plural beside its singular would count the same find twice.
    once = sorted(word for word in words if not (word.endswith("s") and word[:-1] in words))
    return {word: weight for word in once if (weight := pool.rarity(word)) > 0}


def _interest_reasons(pooled: PooledPaper, interest: dict[str, float]) -> list[Reason]:
    """Return one reason or none: the cosine between the rarities of the interest's words and those of the paper's."""
    title, abstract = (pooled.text.fields[name].positions for name in DEFAULT_FIELDS)
    shared = [word for word in interest if any(w in title or w in abstract for w in (word, word + "s"))]
    if not shared or pooled.norm == 0:
        return []
    own = math.sqrt(math.fsum(weight * weight for weight in interest.values()))
    cosine = math.fsum(interest[word] ** 2 for word in shared) / (own * pooled.norm)
    score = round(_INTEREST_WEIGHT * cosine, _DECIMALS)
    if score <= 0:
        return []
    named = sorted(shared, key=lambda word: (-interest[word], word))[:_NAMED_WORDS]
    return [_reason(StatementCode.CLOSE_TO_INTEREST, score, words=tuple(named))]


def _prior_reasons(candidate: Candidate, pooled: PooledPaper) -> list[Reason]:
    reasons = []
    if candidate.announce_type is AnnounceType.NEW:
        homes = sorted(name for name, kind in candidate.announced_in.items() if kind is AnnounceType.NEW)
        named = tuple(homes) or (candidate.paper.primary_category,)
        reasons.append(_reason(StatementCode.NEW_IN, _NEW_BONUS, homes=named))
    if "code" in pooled.links:
        reasons.append(_reason(StatementCode.LINKS_TO_CODE, _CODE_BONUS))
    if "project" in pooled.links:
        reasons.append(_reason(StatementCode.HAS_PROJECT_PAGE, _PROJECT_BONUS))
    if names_venue(candidate.paper):
        reasons.append(_reason(StatementCode.NAMES_VENUE, _VENUE_BONUS))
    return reasons


def _reason(code: StatementCode, score: float, /, **values: Value) -> Reason:
    return Reason(Statement.of(code, **values), score)


def names_venue(paper: Paper) -> bool:
    """Return whether the paper's comment says that it was accepted or published somewhere."""
    comment = paper.comment or ""
    return bool(_VENUE.search(comment)) and not _NOT_YET.search(comment)
