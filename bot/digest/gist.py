"""Which run of words of an abstract says best what the paper does: a ranker learned from summaries that people wrote.

Two linear models. The first gives every word of the abstract the chance that a person would use it in one sentence
about the paper; the second gives every form of every sentence the ROUGE-1 it may be expected to have with such a
sentence. Learned by `tools/train_extract.py` from SciTLDR; `docs/ranking.md` has the figures. Pure Python; may not
write or change any word: it scores forms that `bot.digest.clauses` found.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from operator import mul
from typing import Any

from bot.digest.clauses import Form, forms_of
from bot.digest.outline import Outline, stems_of

WEIGHTS = "weights/extract.json"
# The usual length of a human summary in one sentence, in words: SciTLDR's mean is 20 in training.
_USUAL_LENGTH = 20
_UNKNOWN_CHANCE = 0.02
_NEAR = 12
_FAR = 60
# Sentences whose forms are looked at; with more of them the choice stays the same (docs/ranking.md).
_PROMISING = 4
# A second use of a word pays only where the summary uses it twice as well.
_REPEATED = 0.35
_FUNCTION_TEXT = "the a an of to in and for on with that by is are we as from our this which be can it"
_FUNCTION_WORDS = frozenset(_FUNCTION_TEXT.split())
_ACRONYM = re.compile(r"(?<=\s)[A-Z]\w*[A-Z]\w*")
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_DIGIT = re.compile(r"\d")
_NAMED = re.compile(r"\b(?:called|named|termed|dubbed)\b")
_METHOD = re.compile(r"\b(?:our|the proposed) (?:\w+ )?(?:method|approach|model|framework|algorithm)")
_NOVEL = re.compile(r"\b(?:novel|new)\b")
_CLAIM = re.compile(r"\b(?:show|demonstrate|find) that\b")


@dataclass(frozen=True, slots=True)
class Run:
    """One form of one sentence: the sentence's place, the form, and its stems."""

    place: int
    form: Form
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GistWeights:
    """What was learned.

    `rarity` and `topicality` tell of a stem how rare it is in abstracts (0 to about 1.4) and how much more often than
    other words it is found in the title too (log odds); `lexical` holds three weights of a common stem: always, in the
    key sentence, and soon after an announcement. The other two are in the order of the features.
    """

    rarity: Mapping[str, float]
    topicality: Mapping[str, float]
    rarest: float
    lexical: Mapping[str, Sequence[float]]
    word: Sequence[float]
    word_bias: float
    run: Sequence[float]

    @classmethod
    def parse(cls, text: str) -> "GistWeights":
        """Read the JSON that the training script wrote."""
        raw: dict[str, Any] = json.loads(text)
        return cls(
            rarity={stem: pair[0] for stem, pair in raw["stems"].items()},
            topicality={stem: pair[1] for stem, pair in raw["stems"].items()},
            rarest=raw["rarest"],
            lexical=raw["lexical"],
            word=raw["word"],
            word_bias=raw["word_bias"],
            run=raw["run"],
        )


@lru_cache(maxsize=1)
def load_weights() -> GistWeights:
    """Return the weights that the program was published with."""
    return GistWeights.parse(resources.files("bot.digest").joinpath(WEIGHTS).read_text(encoding="utf-8"))


def runs_of(outline: Outline, places: Sequence[int]) -> list[Run]:
    """Return the forms of the sentences at `places`, with their stems."""
    return [Run(place, form, stems_of(form.text)) for place in places for form in forms_of(outline.sentences[place])]


def rank_runs(outline: Outline, places: Sequence[int], weights: GistWeights) -> list[tuple[Run, float]]:
    """Return the forms of the most promising sentences among `places` with their scores, in the order of the abstract.

    A score is an expected ROUGE-1 F up to a constant: only differences within one abstract mean something.
    """
    chances = word_chances(outline, weights)
    hoped = {place: _expected(outline.words[place], chances) for place in places}
    promising = sorted(sorted(places, key=lambda place: (-hoped[place], place))[:_PROMISING])
    runs = runs_of(outline, promising)
    return list(zip(runs, score_runs(outline, runs, chances, weights), strict=True))


def score_runs(
    outline: Outline, runs: Sequence[Run], chances: Mapping[str, float], weights: GistWeights
) -> list[float]:
    """Return the score of each run, given the chances of the words."""
    return [sum(map(mul, weights.run, features)) for features in run_features(outline, runs, chances)]


def word_chances(outline: Outline, weights: GistWeights) -> dict[str, float]:
    """Return for every stem of the abstract the chance (0 to 1) that a one-sentence summary by a person has it."""
    return {
        stem: 1 / (1 + math.exp(-weights.word_bias - sum(map(mul, weights.word, features)) - lexical))
        for stem, features, lexical in (
            (stem, features, _lexical(stem, features, weights)) for stem, features in word_features(outline, weights)
        )
    }


# Places in the features of a word.
IN_KEY, SOON = 5, 24


def _lexical(stem: str, features: Sequence[float], weights: GistWeights) -> float:
    extra = weights.lexical.get(stem)
    return 0.0 if extra is None else extra[0] + extra[1] * features[IN_KEY] + extra[2] * features[SOON]


def word_features(outline: Outline, weights: GistWeights) -> list[tuple[str, tuple[float, ...]]]:
    """Return every stem of the abstract, in order of first use, with its features; see the code for their order."""
    count = len(outline.sentences)
    last_place = max(1, count - 1)
    uses = Counter(stem for words in outline.words for stem in words)
    first_use: dict[str, int] = {}
    for place, words in enumerate(outline.words):
        for stem in words:
            first_use.setdefault(stem, place)
    title = frozenset(outline.title)
    key_words = frozenset(outline.words[outline.key]) if count else frozenset()
    last_words = frozenset(outline.words[-1]) if count else frozenset()
    acronyms = {s for one in outline.sentences for name in _ACRONYM.findall(one) for s in stems_of(name)}
    bracketed = {
        s for one in outline.sentences if "(" in one for aside in _IN_BRACKETS.findall(one) for s in stems_of(aside)
    }
    active = Counter(
        s for words, cue in zip(outline.words, outline.cues, strict=True) if cue.activity for s in set(words)
    )
    distance = _distances(outline)
    beside = _beside_in_title(outline)
    rows: list[tuple[str, tuple[float, ...]]] = []
    for stem, used in uses.items():
        in_title = float(stem in title)
        in_key = float(stem in key_words)
        often = math.log(used)
        rare = weights.rarity.get(stem, weights.rarest)
        topical = weights.topicality.get(stem, 0.0)
        far = distance.get(stem, _FAR)
        soon = float(far < _NEAR)
        in_active = float(stem in active)
        share = outline.spread[stem] / count
        rows.append(
            (
                stem,
                (
                    in_title,
                    often,
                    share,
                    first_use[stem] / last_place,
                    float(first_use[stem] == 0),
                    in_key,
                    float(stem in last_words),
                    float(stem in acronyms),
                    float(stem[0].isdigit()),
                    rare,
                    rare * rare,
                    float(len(stem) <= 3),
                    in_title * in_key,
                    in_title * often,
                    in_key * often,
                    rare * in_title,
                    rare * in_key,
                    rare * often,
                    topical,
                    topical * in_title,
                    topical * in_key,
                    topical * often,
                    topical * soon,
                    math.log(1 + far),
                    soon,
                    float(far < _NEAR / 2),
                    in_title * soon,
                    float(stem in bracketed),
                    float(stem in beside),
                    in_active,
                    in_active * in_title,
                    active[stem] / count,
                    float(outline.spread[stem] == 1),
                    float(first_use[stem] == outline.key),
                    count / 7,
                    in_title * count / 7,
                    in_key * count / 7,
                    in_title * len(outline.title) / 10,
                ),
            )
        )
    return rows


def _distances(outline: Outline) -> dict[str, int]:
    """Return how many words after an announcement a stem comes at the earliest; the key sentence counts as nearer."""
    found: dict[str, int] = {}
    for place, (words, cue) in enumerate(zip(outline.words, outline.cues, strict=True)):
        if cue.announced is None:
            continue
        later = 0 if place == outline.key else _NEAR // 2
        for step, stem in enumerate(words[cue.announced :]):
            found[stem] = min(found.get(stem, _FAR), step + later)
    return found


def _beside_in_title(outline: Outline) -> set[str]:
    pairs = set(pairwise(outline.title))
    return {stem for words in outline.words for pair in pairwise(words) if pair in pairs for stem in pair}


def run_features(outline: Outline, runs: Sequence[Run], chances: Mapping[str, float]) -> list[tuple[float, ...]]:
    """Return what is known of each run: of its sentence, then of itself; see the code for the order."""
    of_sentence = {place: _sentence_features(outline, place) for place in {run.place for run in runs}}
    title_content = content_of(outline.title)
    key = Counter(outline.words[outline.key]) if outline.words else Counter()
    expected = [_expected(run.words, chances) for run in runs]
    best = max(expected, default=0.0)
    total = max(0.1, sum(chances.values()))
    rows = []
    for run, hoped in zip(runs, expected, strict=True):
        own = Counter(run.words)
        length = len(run.words)
        hits = hoped * (length + _USUAL_LENGTH) / 2
        content = content_of(run.words)
        shared = len(title_content.intersection(content))
        likely = [chances.get(stem, _UNKNOWN_CHANCE) for stem in run.words]
        third = max(1, length // 3)
        text = run.form.text
        rows.append(
            (
                *of_sentence[run.place],
                float(length),
                length * length / 100,
                float(abs(length - _USUAL_LENGTH)),
                float(length > 35),
                float(len(outline.words[run.place]) - length),
                hits,
                hoped,
                hoped - best,
                hits / total,
                _mean(likely),
                _mean([chances.get(stem, _UNKNOWN_CHANCE) for stem in content]),
                _mean(likely[:third]),
                _mean(likely[third : 2 * third]),
                _mean(likely[2 * third :]),
                float(sum(chance > 0.3 for chance in likely)),
                float(sum(chance > 0.5 for chance in likely)),
                float(sum(chance < 0.08 for chance in likely)),
                shared / max(1, len(title_content)),
                shared / max(1, len(content)),
                _overlap(own, length, key, len(outline.words[outline.key])),
                float("(" in text),
                float(text[:10].lower() == "we propose"),
            )
        )
    return rows


def _sentence_features(outline: Outline, place: int) -> tuple[float, ...]:
    sentence, cue, count = outline.sentences[place], outline.cues[place], len(outline.sentences)
    lowered = sentence.lower()
    long_stems = {stem for stem in outline.words[place] if len(stem) > 3}
    earlier = outline.cues[:place]
    return (
        float(place),
        float(count - 1 - place),
        float(count),
        place / max(1, count - 1),
        float(place == 0),
        float(cue.contribution),
        float(cue.activity),
        float(cue.contribution and not any(one.contribution for one in earlier)),
        float(place == outline.own and (cue.contribution or cue.activity)),
        float(place < outline.own),
        float(place - outline.own),
        float(cue.result),
        float(cue.detail),
        float(cue.availability),
        float(cue.leaning),
        float(sentence.endswith("?")),
        float(_DIGIT.search(sentence) is not None),
        sum(outline.spread[stem] > 1 for stem in long_stems) / max(1, len(long_stems)),
        float(len(outline.words[place])),
        float(lowered.startswith("we ")),
        float(lowered.startswith("in this")),
        float(lowered.startswith("this ")),
        float(lowered.startswith(("to ", "by ", "while", "although"))),
        float(lowered.startswith(("however", "unfortunately", "but"))),
        float(" we " in lowered),
        float(_NOVEL.search(lowered) is not None),
        float(_NAMED.search(lowered) is not None),
        float(_METHOD.search(lowered) is not None),
        float("propos" in lowered),
        float(_CLAIM.search(lowered) is not None),
    )


def _expected(words: Sequence[str], chances: Mapping[str, float]) -> float:
    """Return the ROUGE-1 F that words are expected to have with a summary of the usual length."""
    hits = sum(
        chances.get(stem, _UNKNOWN_CHANCE) * (1 + _REPEATED * (times - 1)) for stem, times in Counter(words).items()
    )
    return 2 * hits / (len(words) + _USUAL_LENGTH)


def _overlap(left: Counter[str], left_length: int, right: Counter[str], right_length: int) -> float:
    """Return the F1 of two bags of words."""
    common = sum(min(times, right[stem]) for stem, times in left.items() if stem in right)
    return 2 * common / (left_length + right_length) if common else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def content_of(stems: Sequence[str]) -> frozenset[str]:
    """Return the stems that are not among the commonest two dozen words of English."""
    return frozenset(stems) - _FUNCTION_WORDS
