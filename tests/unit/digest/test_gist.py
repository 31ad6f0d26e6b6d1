import dataclasses
import random
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.gist import (
    WEIGHTS,
    GistWeights,
    load_weights,
    rank_runs,
    run_features,
    runs_of,
    word_chances,
    word_features,
)
from bot.digest.outline import Outline
from bot.digest.sentences import split_sentences
from tests.unit.digest.gist_sample import SAMPLE


def outline_of(title: str, abstract: str) -> Outline:
    return Outline.of(split_sentences(abstract), title)


def found(weights: GistWeights) -> int:
    """Return in how many abstracts of the sample the best run is from the sentence that a person would take."""
    hits = 0
    for title, abstract, wanted in SAMPLE:
        outline = outline_of(title, abstract)
        ranked = rank_runs(outline, range(len(outline.sentences)), weights)
        hits += max(ranked, key=lambda item: item[1])[0].place == wanted
    return hits


def test_the_ranker_finds_what_a_person_would_take() -> None:
    assert found(load_weights()) == len(SAMPLE)


@pytest.mark.parametrize("rule", ["first sentence", "first cue", "title", "blind", "shuffled"])
def test_a_worse_ranker_does_not(rule: str) -> None:
    weights = load_weights()
    hits = 0
    if rule == "blind":
        hits = found(dataclasses.replace(weights, run=[0.0] * len(weights.run)))
    elif rule == "shuffled":
        mixed = list(weights.run)
        random.Random(1).shuffle(mixed)
        hits = found(dataclasses.replace(weights, run=mixed))
    else:
        for title, abstract, wanted in SAMPLE:
            outline = outline_of(title, abstract)
            shared = [len(set(words) & set(outline.title)) for words in outline.words]
            place = {"first sentence": 0, "first cue": outline.key, "title": shared.index(max(shared))}[rule]
            hits += place == wanted
    assert hits < len(SAMPLE)


def test_weights_are_small_and_fit_the_features() -> None:
    assert len(resources.files("bot.digest").joinpath(WEIGHTS).read_bytes()) <= 200_000
    weights = load_weights()
    outline = outline_of(*SAMPLE[0][:2])
    chances = word_chances(outline, weights)
    assert {len(features) for _, features in word_features(outline, weights)} == {len(weights.word)}
    assert {len(row) for row in run_features(outline, runs_of(outline, [0, 1, 3]), chances)} == {len(weights.run)}
    assert all(len(three) == 3 for three in weights.lexical.values())


def test_words_of_the_contribution_are_likelier_than_those_of_the_background() -> None:
    chances = word_chances(outline_of(*SAMPLE[0][:2]), load_weights())
    assert min(chances["gate"], chances["traini"]) > max(chances["early"], chances["token"], chances["exampl"])


@given(st.text(max_size=200), st.text(max_size=60))
def test_chances_are_chances_and_no_text_is_too_odd(abstract: str, title: str) -> None:
    outline = outline_of(title, abstract)
    places = range(len(outline.sentences))
    assert all(0 <= chance <= 1 for chance in word_chances(outline, load_weights()).values())
    ranked = rank_runs(outline, places, load_weights())
    assert bool(ranked) == bool(outline.sentences)
    assert {run.place for run, _ in ranked} <= set(places)
