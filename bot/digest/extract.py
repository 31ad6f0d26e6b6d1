"""Summaries without a model: sentences of the abstract, chosen and trimmed, never written.

What is shown is a run of words of one sentence, with an aside in brackets left out at most; the first letter is made a
capital, and a full stop ends what was cut. The gist is what the learned ranker of `bot.digest.gist` expects to be
nearest to a summary by a person; the takeaways are chosen by cues, each of which can be said in one line.
"""

import re
from collections.abc import Sequence

from bot.digest.clauses import Cut, forms_of, without_lead_in
from bot.digest.gist import Run, content_of, load_weights, rank_runs
from bot.digest.outline import Outline
from bot.digest.sentences import split_sentences
from bot.digest.suspicion import suspicious_sentences
from bot.digest.text import fold
from bot.model import Paper
from bot.texts import Sentence, Summary

PRODUCER = "extractive"
PROMPT_VERSION = "2"
MIN_TAKEAWAYS = 3
MAX_TAKEAWAYS = 5
# A gist is read in a list: beyond this length in characters a shorter form is preferred, and so for a takeaway.
_COMFORTABLE_LENGTH = 300
_COMFORTABLE_TAKEAWAY = 240
# A fourth and fifth takeaway must say something: a result, a detail, a number, a contribution.
_USEFUL = 1.0
# Share of a sentence's content words that stand in one that is shown: it says the same again.
_REPEATS = 0.75
_SHORT = 6
# "It is due to this" says nothing where it stands alone.
_REFERRING = re.compile(
    r"(?:(?:it|they|this|these|that|those|such|he|she)(?: also| further| then)? (?:is|are|was|were|can|could|has|have"
    r"|had|will|would|may|might|must|does|do|allows?|enables?|leads?|makes?|requires?|limits?|means|gap|issue|problem)"
    r"|its|their|but|yet|also)\b",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")


def summarise_extractive(paper: Paper, language: str = "en") -> Summary:
    """Return a summary made of the abstract's own sentences.

    `language` names the language that the abstract is written in: nothing is translated. The gist is a form of one
    sentence, of at most about 300 characters where there is one; the takeaways are three others, or up to five where
    that many say something of their own, in the order of the abstract; fewer in short abstracts. `provenance` counts
    the sentences of `split_sentences`. Those that speak to a model instead of a reader are passed over. Without an
    abstract the title stands in, with no provenance.
    """
    sentences = split_sentences(paper.abstract)
    suspicious = suspicious_sentences(sentences)
    places = [place for place in range(len(sentences)) if place not in suspicious]
    text, provenance = " ".join(paper.title.split()), tuple[int, ...]()
    takeaways: tuple[Sentence, ...] = ()
    if places:
        outline = Outline.of(sentences, paper.title)
        gist = _gist(outline, places)
        text, provenance = gist.form.text, (gist.place,)
        takeaways = _takeaways(outline, places, gist)
    return Summary(
        arxiv_id=paper.arxiv_id,
        version=paper.version,
        language=language,
        text=text,
        provenance=provenance,
        key_takeaways=takeaways,
        producer=PRODUCER,
        prompt_version=PROMPT_VERSION,
    )


def _gist(outline: Outline, places: Sequence[int]) -> Run:
    alone = [place for place in places if not _REFERRING.match(outline.sentences[place])]
    ranked = rank_runs(outline, alone or places, load_weights())
    return max(ranked, key=lambda item: (-max(0, len(item[0].form.text) - _COMFORTABLE_LENGTH), item[1]))[0]


def _takeaways(outline: Outline, places: Sequence[int], gist: Run) -> tuple[Sentence, ...]:
    scores = {place: _usefulness(outline, place) for place in places if place != gist.place}
    shown = [content_of(gist.words)]
    texts = {fold(gist.form.text)}
    chosen: dict[int, str] = {}
    spare: list[tuple[int, str]] = []
    for place in sorted(scores, key=lambda place: (-scores[place], place)):
        text = _takeaway_text(outline.sentences[place])
        if fold(text) in texts:
            continue
        texts.add(fold(text))
        words = content_of(outline.words[place])
        if any(words and len(words & other) >= _REPEATS * len(words) for other in shown):
            spare.append((place, text))
            continue
        if len(chosen) == MAX_TAKEAWAYS or (len(chosen) >= MIN_TAKEAWAYS and scores[place] < _USEFUL):
            break
        chosen[place] = text
        shown.append(words)
    # Of a short abstract even what says little new is told.
    chosen.update(spare[: max(0, MIN_TAKEAWAYS - len(chosen))])
    return tuple(Sentence(chosen[place], (place,)) for place in sorted(chosen))


def _takeaway_text(sentence: str) -> str:
    """Return the sentence without its lead-in; of a long one the longest shorter form that is read at a glance."""
    whole = without_lead_in(sentence)
    if len(whole) <= _COMFORTABLE_TAKEAWAY:
        return whole
    shorter = [form.text for form in forms_of(sentence) if form.front in (Cut.NONE, Cut.BEFORE_WE)]
    return max((text for text in shorter if len(text) <= _COMFORTABLE_TAKEAWAY), key=len, default=whole)


def _usefulness(outline: Outline, place: int) -> float:
    """Return about -6 to 5: what speaks for showing a sentence beside the gist."""
    sentence, cue, words = outline.sentences[place], outline.cues[place], outline.words[place]
    unique = {word for word in words if len(word) > 3}
    title = {word for word in outline.title if len(word) > 3}
    score = 0.0
    if unique:
        score += sum(outline.spread[word] > 1 for word in unique) / len(unique)
        score += 1.5 * len(unique & title) / len(title) if title else 0.0
    score += 1.0 if cue.result else 0.0
    score += 0.6 if cue.detail else 0.0
    score += 0.4 if _DIGIT.search(sentence) else 0.0
    score += 0.8 if cue.contribution else 0.0
    # What stands before the authors' own part is other people's work and its faults.
    score -= 0.8 if place < outline.own else 0.0
    score -= 3.0 if cue.availability else 0.0
    score -= 2.0 if len(words) < _SHORT else 0.0
    score -= 1.0 if sentence.endswith("?") else 0.0
    score -= 0.6 if cue.leaning and not (cue.contribution or cue.activity) else 0.0
    return score
