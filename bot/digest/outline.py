"""An abstract prepared for choosing from it: its sentences, their words, and what each of them announces.

Cues are patterns of scientific English. May not judge or choose: that is `bot.digest.gist` and `bot.digest.extract`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.digest.clauses import STUDY
from bot.digest.stems import stem
from bot.digest.text import prose_words

_ADVERB = r"(?:\w+ly |here |then |therefore |thus |first )?"
# The sentence that says what is new …
_CONTRIBUTION = re.compile(
    rf"\b(?:we|i) {_ADVERB}(?:propose|introduce|present|develop|design|describe|release|formulate|build|construct)\b"
    rf"|\bthis {STUDY} {_ADVERB}(?:proposes|introduces|presents|develops|describes)\b"
    r"|\b(?:is|are) (?:proposed|introduced|presented)\b",
    re.IGNORECASE,
)
# … or at least what was done.
_ACTIVITY = re.compile(
    rf"\b(?:we|i) {_ADVERB}(?:study|investigate|explore|examine|show|demonstrate|prove|argue|report|provide|offer"
    r"|contribute|analy[sz]e|evaluate|ask|find|revisit|address|compare|conduct)\b"
    rf"|\b(?:this|our) {STUDY} {_ADVERB}(?:studies|investigates|explores|examines|shows|provides|addresses|argues"
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
# After these words of the authors comes what the paper is about.
_ANNOUNCEMENT = re.compile(
    r"\b(?:we|i|paper|work|study|article)\s+(?:\w+ly\s+|also\s+|further\s+|first\s+)?(?:propos|introduc|present|develop"
    r"|design|describ|releas|formulat|show|demonstrat|stud|investigat|explor|find|provid|prov|deriv|analy|exten|address"
    r"|argu)\w*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cues:
    """What one sentence announces by its form; `announced` is the place of the first word after an announcement."""

    contribution: bool
    activity: bool
    result: bool
    detail: bool
    availability: bool
    leaning: bool
    announced: int | None

    @classmethod
    def of(cls, sentence: str) -> "Cues":
        """Look for the cues of a sentence."""
        announcement = _ANNOUNCEMENT.search(sentence)
        return cls(
            contribution=_CONTRIBUTION.search(sentence) is not None,
            activity=_ACTIVITY.search(sentence) is not None,
            result=_RESULT.search(sentence) is not None,
            detail=_DETAIL.search(sentence) is not None,
            availability=_AVAILABILITY.search(sentence) is not None,
            leaning=_LEANING.match(sentence) is not None,
            announced=len(prose_words(sentence[: announcement.end()])) if announcement else None,
        )


@dataclass(frozen=True, slots=True)
class Outline:
    """The sentences of an abstract with the stems of their words and their cues, and the stems of the title.

    `spread` counts the sentences that hold a stem. `key` is the first sentence that says what is new or done, `own` the
    place where the authors' own part begins; both 0 where no cue is found.
    """

    sentences: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    cues: tuple[Cues, ...]
    title: tuple[str, ...]
    spread: Counter[str]
    key: int
    own: int

    @classmethod
    def of(cls, sentences: Sequence[str], title: str) -> "Outline":
        """Prepare the sentences of one abstract."""
        words = tuple(stems_of(sentence) for sentence in sentences)
        cues = tuple(Cues.of(sentence) for sentence in sentences)
        own = next((i for i, cue in enumerate(cues) if cue.contribution or cue.activity), 0)
        key = next((i for i, cue in enumerate(cues) if cue.contribution), own)
        spread = Counter(word for sentence in words for word in set(sentence))
        return cls(tuple(sentences), words, cues, stems_of(title), spread, key, own)


def stems_of(text: str) -> tuple[str, ...]:
    """Return the stems of the words of `text` in order, math left out."""
    return tuple(map(stem, prose_words(text)))
