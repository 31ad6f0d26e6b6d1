"""Summaries without a model: sentences of the abstract, chosen, never written.

What is shown is a contiguous run of words of one sentence; only discourse in front of it ("In this paper, ") is cut and
the first letter made a capital. The heuristic is plain on purpose: every part of it can be said in one line.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.digest.sentences import HEADING, split_sentences
from bot.digest.suspicion import suspicious_sentences
from bot.digest.text import prose_words
from bot.model import Paper
from bot.texts import Sentence, Summary

PRODUCER = "extractive"
PROMPT_VERSION = "1"
MAX_TAKEAWAYS = 3
# A gist is read in a list: beyond this length in characters a shorter sentence is preferred.
_COMFORTABLE_LENGTH = 300

_STUDY = r"(?:paper|work|study|article|report|letter|survey|review|thesis|chapter|position paper)"
_LEAD_IN = re.compile(
    rf"(?:in (?:this|the present|our) {_STUDY}|here|to (?:this|that) end|to (?:address|tackle|solve|overcome|mitigate"
    r"|alleviate|bridge|fill|close|resolve|remedy|meet|study|investigate|explore|answer) (?:this|these|that|those|such)"
    r"(?: [a-z-]+){0,3}|however|specifically|in particular|more specifically|concretely|moreover|furthermore"
    r"|additionally|in addition|besides|finally|lastly|notably|importantly|remarkably|interestingly|overall|in summary"
    r"|therefore|thus|hence|consequently|accordingly|as a result|first|second|third|firstly|secondly|thirdly), +(?=\S)",
    re.IGNORECASE,
)
_ADVERB = r"(?:\w+ly |here |then |therefore |thus |first )?"
# The sentence that says what is new …
_CONTRIBUTION = re.compile(
    rf"\b(?:we|i) {_ADVERB}(?:propose|introduce|present|develop|design|describe|release|formulate|build|construct)\b"
    rf"|\bthis {_STUDY} {_ADVERB}(?:proposes|introduces|presents|develops|describes)\b"
    r"|\b(?:is|are) (?:proposed|introduced|presented)\b",
    re.IGNORECASE,
)
# … or at least what was done.
_ACTIVITY = re.compile(
    rf"\b(?:we|i) {_ADVERB}(?:study|investigate|explore|examine|show|demonstrate|prove|argue|report|provide|offer"
    r"|contribute|analy[sz]e|evaluate|ask|find|revisit|address|compare|conduct)\b"
    rf"|\b(?:this|our) {_STUDY} {_ADVERB}(?:studies|investigates|explores|examines|shows|provides|addresses|argues"
    r"|analy[sz]es|reports|aims|offers|evaluates|demonstrates|compares|contributes|revisits)\b",
    re.IGNORECASE,
)
_RESULT = re.compile(
    r"\b(?:results?|experiments?|evaluations?|findings|analys[ei]s|stud(?:y|ies)) (?:\w+ )?(?:show|demonstrate|indicate"
    r"|reveal|suggest|confirm|highlight|on)\w*|\boutperform\w*|\bstate[- ]of[- ]the[- ]art\b|\bwe (?:find|found|observe"
    r"|show|demonstrate)\b|\b(?:achiev|improv|reduc|surpass|exceed)\w+|\bsignificant\w*",
    re.IGNORECASE,
)
_DETAIL = re.compile(
    r"\b(?:specifically|concretely|consists? of|comprises?|(?:the )?key (?:idea|insight)|by (?:\w+ly )?\w+ing"
    r"|our (?:method|approach|framework|model|system|benchmark|dataset))\b",
    re.IGNORECASE,
)
_AVAILABILITY = re.compile(
    r"https?://|\b(?:codes?|data|datasets?|models?|weights|demos?|project page|source code|videos?|implementation)\b"
    r"[^.]{0,60}\b(?:available|released?|open[- ]sourced?|at|found)\b|\bwill be (?:released|made)\b",
    re.IGNORECASE,
)
# A sentence that leans on the one before it says little alone.
_LEANING = re.compile(
    r"(?:this|these|it|they|such|that|those|its|their|but|yet|despite|while|although|also)\b", re.IGNORECASE
)
_NUMBER = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class _Scored:
    index: int
    text: str
    gist: float
    takeaway: float


def summarise_extractive(paper: Paper, language: str = "en") -> Summary:
    """Return a summary made of the abstract's own sentences.

    `language` names the language that the abstract is written in: nothing is translated. The gist is one sentence, of
    at most about 300 characters where there is one; the takeaways are up to three others, in the order of the abstract.
    `provenance` counts the sentences of `split_sentences`. Those that speak to a model instead of a reader are passed
    over. Without an abstract the title stands in, with no provenance.
    """
    sentences = split_sentences(paper.abstract)
    suspicious = suspicious_sentences(sentences)
    scored = [one for one in _score(sentences, paper.title) if one.index not in suspicious]
    provenance: tuple[int, ...] = ()
    rest: list[_Scored] = []
    if not scored:
        text = " ".join(paper.title.split())
    else:
        best = max(scored, key=lambda s: (s.gist, -s.index))
        text, provenance = _shown(best.text), (best.index,)
        rest = [s for s in scored if s.index != best.index and _shown(s.text) != text]
    chosen = sorted(rest, key=lambda s: (-s.takeaway, s.index))[:MAX_TAKEAWAYS]
    return Summary(
        arxiv_id=paper.arxiv_id,
        version=paper.version,
        language=language,
        text=text,
        provenance=provenance,
        key_takeaways=tuple(Sentence(_shown(s.text), (s.index,)) for s in sorted(chosen, key=lambda s: s.index)),
        producer=PRODUCER,
        prompt_version=PROMPT_VERSION,
    )


def _score(sentences: Sequence[str], title: str) -> list[_Scored]:
    words = [prose_words(sentence) for sentence in sentences]
    spread = Counter(word for sentence in words for word in set(sentence) if len(word) > 3)
    title_words = {word for word in prose_words(title) if len(word) > 3}
    contributions = [bool(_CONTRIBUTION.search(sentence)) for sentence in sentences]
    activities = [bool(_ACTIVITY.search(sentence)) for sentence in sentences]
    first_own = next((i for i in range(len(sentences)) if contributions[i] or activities[i]), 0)
    scored = []
    for index, sentence in enumerate(sentences):
        base = _content(words[index], spread, title_words) + _form(sentence, words[index])
        gist = base + _novelty(index, contributions, activities) + (0.3 if _RESULT.search(sentence) else 0.0)
        gist += 0.5 if index == 0 else 0.0
        gist -= max(0.0, len(sentence) - _COMFORTABLE_LENGTH) / 100
        takeaway = base + (1.0 if _RESULT.search(sentence) else 0.0) + (0.6 if _DETAIL.search(sentence) else 0.0)
        takeaway += (0.4 if _NUMBER.search(sentence) else 0.0) + (0.8 if contributions[index] else 0.0)
        # What stands before the authors' own part is other people's work and its faults.
        takeaway -= 0.8 if index < first_own else 0.0
        scored.append(_Scored(index, sentence, gist, takeaway))
    return scored


def _novelty(index: int, contributions: Sequence[bool], activities: Sequence[bool]) -> float:
    """Return 0 to 2.5: the first sentence that says what is new is the best one more often than any other."""
    if contributions[index]:
        return 0.8 if any(contributions[:index]) else 2.5
    if activities[index]:
        return 0.5 if any(activities[:index]) else 1.5
    return 0.0


def _content(words: Sequence[str], spread: Counter[str], title_words: set[str]) -> float:
    """Return 0 to 2.5: how much of the title it holds, and how much of it the other sentences speak of too."""
    unique = {word for word in words if len(word) > 3}
    if not unique:
        return 0.0
    overlap = len(unique & title_words) / len(title_words) if title_words else 0.0
    central = sum(spread[word] > 1 for word in unique) / len(unique)
    return 1.5 * overlap + central


def _form(sentence: str, words: Sequence[str]) -> float:
    """Return 0 or less: what makes a sentence poor when it stands alone."""
    penalty = 0.0
    if _AVAILABILITY.search(sentence):
        penalty -= 3.0
    if len(words) < 6:
        penalty -= 2.0
    if sentence.endswith("?"):
        penalty -= 1.0
    if _LEANING.match(_shown(sentence)) and not (_CONTRIBUTION.match(sentence) or _ACTIVITY.match(sentence)):
        penalty -= 0.6
    return penalty


def _shown(sentence: str) -> str:
    """Return the sentence without discourse in front of it, beginning with a capital."""
    text = sentence
    for pattern in (HEADING, _LEAD_IN):
        match = pattern.match(text)
        # Only where a sentence is left: "First, second." stays as it is.
        if match and len(text) - match.end() > 20:
            text = text[match.end() :]
    first = text.split(maxsplit=1)[0] if text else ""
    # "nnU-Net" and "$k$-means" are written so on purpose.
    if first[:1].islower() and not any(c.isupper() or c.isdigit() for c in first):
        capital = text[0].upper()
        # A letter whose capital is two letters, or that of another letter, stays: the words must remain the authors'.
        text = (capital if capital.lower() == text[0] else text[0]) + text[1:]
    return text
