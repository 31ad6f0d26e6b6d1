"""Shorter forms of a sentence that still read as sentences: what is left is a run of the authors' words.

Cut are discourse in front ("In this paper, "), what stands before "we", clauses at the end, and asides in brackets.
Nothing is cut that would change what is claimed: conditions ("if", "when", "under"), contrasts ("but", "although",
"despite") and negations stay. Where grammar is doubtful the sentence stays whole; there is no parser, only borders,
words that cannot end a sentence, and verbs that must have been said before the cut.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.digest.clause_words import ENDING_NOUNS, FINITE, NO_END, PARTICIPLES, VERBS
from bot.digest.sentences import HEADING

_LONGEST = 1500
# What is left after a cut in front, and what must be gained by one at the end, in characters.
_LEAST_LEFT = 20
_LEAST_GAIN = 8
_LEAST_BEFORE_CUT = 25
# "We propose it" is no sentence to stop at: words after the verb.
_LEAST_OBJECT = 3

STUDY = (
    r"(?:paper|work|study|article|report|letter|survey|review|thesis|chapter|position paper|manuscript|note|research"
    r"|project|tutorial)"
)
_ADDRESS = (
    "(?:address|tackle|solve|overcome|mitigate|alleviate|bridge|fill|close|resolve|remedy|meet|study|investigate"
    "|explore|answer|counter|combat|handle|achieve)"
)
_LEAD_IN = re.compile(
    rf"(?:(?:in (?:this|the present|the current|our) {STUDY}|here|to (?:this|that) (?:end|aim|goal)|for this purpose"
    rf"|to do so|to {_ADDRESS} (?:this|these|that|those|such|the above)(?: [a-z-]+){{0,3}}"
    r"|however|specifically|in particular|more specifically|more precisely|more concretely|concretely|moreover"
    r"|furthermore|additionally|in addition|besides|finally|lastly|notably|importantly|most importantly|remarkably"
    r"|interestingly|surprisingly|crucially|overall|in summary|to summari[sz]e|in short|in conclusion|in essence"
    r"|therefore|thus|hence|consequently|accordingly|as a result|as such|first|second|third|fourth|firstly|secondly"
    r"|thirdly|next|then|nevertheless|nonetheless|instead|in contrast|by contrast|on the other hand|conversely|indeed"
    r"|in fact|meanwhile|similarly|unfortunately|fortunately|(?:inspired|motivated) by (?:this|these)(?: [a-z]+)?"
    r"|based on (?:this|these) [a-z]+|in this (?:context|regard|respect|direction|vein)"
    r"|to the best of our knowledge), +"
    rf"|(?:in (?:this|the present|the current|our) {STUDY}|here) +(?=(?:we|i) [a-z]))(?=\S)",
    re.IGNORECASE,
)
_PURPOSE = (
    "inspired|motivated|building|built|based|drawing|leveraging|using|by|to|while|whereas|unlike|in contrast to|since"
    "|because|due to|following|recently|as|towards?|in order to|rather than|instead of|starting from|with the aim"
    "|with the goal|with a view"
)
# "Motivated by …, we propose" and "… is hard, so we propose": what follows is a main clause.
_BEFORE_WE = re.compile(
    rf"(?:(?:{_PURPOSE})\b[^.;:?]{{5,250}}?, +|[^?]{{30,400}}?(?:, (?:and|so|thus|therefore|hence)|;) +(?:(?:thus"
    r"|therefore|hence|then|here),? +)?)(?=(?:we(?! (?:believe|think|argue|hope|call|term|name)\b)"
    rf"|this {STUDY}) [a-z]+ )",
    re.IGNORECASE,
)
# Whatever stands before "we propose" limits what the proposal is for at most, not what is true.
_BEFORE_MAKING = re.compile(
    r"(?!if |when |unless |suppose |assum)[^;:?]{3,250}?, +(?=we (?:[a-z]+ly |also |further |then |first |thus "
    r"|therefore )?(?:propose|introduce|present|develop|design|study|investigate|explore|examine|describe|devise) )",
    re.IGNORECASE,
)
# What opens with a condition is never cut off in front: the condition would be lost.
_CONDITION = re.compile(
    r"(?:if|when|whenever|unless|under|assum\w+|suppos\w+|given|for|with|without|in|on|at|within|provided|as long as"
    r"|only|over|among|let|once|where|until|except)\b",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    rf"(?:we|i|(?:this|our) {STUDY}|the authors?)\b"
    r"(?: (?:also|further|then|first|thus|therefore|here|instead|[a-z]+ly))? [a-z]+\b",
    re.IGNORECASE,
)
_COMPLEMENT = re.compile(r"(?: [a-z]+ly)? (?:that|how|why|whether|when|where|what|if)\b")
_OPENING = re.compile(
    r"(?:if|when|while|although|though|because|since|as|given|despite|by|to|unlike|in|with|for|under|on|from|at|after"
    r"|before|using|based|inspired|motivated|through|among|compared|rather|instead|without|where|whether|what|how|why"
    r"|not|both|neither|due|following|building|recently|towards?|let|suppose|there|once|during|within|via|across)\b",
    re.IGNORECASE,
)


class Cut(StrEnum):
    """What was cut, in front or at the end."""

    NONE = "none"
    BEFORE_WE = "before_we"
    WHICH = "which"
    PARTICIPLE = "participle"
    WHILE = "while"
    AND = "and"
    COLON = "colon"
    BY = "by"


_BORDERS: tuple[tuple[Cut, re.Pattern[str]], ...] = (
    (
        Cut.WHICH,
        re.compile(
            r", (?=(?:(?:in|of|for|on|by|from|through|with|at|to|some of|each of|all of|most of|many of|both of) )?"
            r"(?:which|who|whom|whose|where|wherein|whereby)\b)"
        ),
    ),
    (Cut.PARTICIPLE, re.compile(rf", (?=(?:and )?(?:[a-z]+ly )?(?:{PARTICIPLES})\b)")),
    (
        Cut.PARTICIPLE,
        re.compile(
            r" (?=(?:using|leveraging|exploiting|utili[sz]ing|employing|based on|inspired by|called|termed|named|dubbed"
            r"|including|ranging from|compared (?:to|with)|thereby|thus [a-z]+ing)\b)"
        ),
    ),
    (
        Cut.WHILE,
        re.compile(
            r", (?=(?:while|whereas|because|since|so that|so|particularly|especially|rather than|instead of"
            r"|as opposed to|unlike|due to|with|thanks to|in order to|in particular|in contrast|for example"
            r"|for instance|e\.g|i\.e|namely|such as|by \w+ing|via)\b)"
        ),
    ),
    (
        Cut.AND,
        re.compile(rf",? (?=and(?: then| also| further| thus| thereby| [a-z]+ly)? (?:we|our|it|{VERBS})\b)"),
    ),
    (Cut.COLON, re.compile(r"(?=: |; | – | — | -{1,3} |—|---)(?!.* [-–—]+ .* [-–—]+ |.*—.*—)")),
    (
        Cut.BY,
        re.compile(
            r" (?=(?:by|while|after|before) (?:\w+ly )?\w+ing\b|(?:in order to|so that|because|such that|whereas"
            r"|rather than|instead of|such as|due to)\b)"
        ),
    ),
)
# What the part cut off may not hold near its border: it limits what is claimed.
_LIMITING = re.compile(
    r"(?:and |or )?(?:if|unless|only|except|provided|assuming|under|not|without|but|yet|although|though|despite|however"
    r"|when|whenever|at the (?:cost|expense)|with (?:high )?probability|no|cannot)\b"
)
_LIMITED = re.compile(
    r"\b(?:if|unless|only|except|provided that|assuming|not|but|yet|although|though|despite|however|cannot"
    r"|at the (?:cost|expense) of|never|neither|fails?|worse|limited to|restricted to)\b"
)

_MATH = re.compile(r"(?<!\\)\$[^$]{1,500}?(?<!\\)\$")
_QUOTED = re.compile(
    r"“[^”]{1,300}”|\"[^\"]{1,300}\"|``.{1,300}?''|‘[^’]{1,60}’(?!\w)|(?<!\w)'[^']{1,60}'(?!\w)|(?<!\w)`[^`']{1,60}'"
)
_BRACKETS = re.compile(r"\([^()\[\]{}]*\)|\[[^()\[\]{}]*\]|\{[^()\[\]{}]*\}")
_HIDDEN = "\x01"
_ENUMERATOR = re.compile(r"(?:[ivx]{1,4}|[a-hA-H1-9])[.:]?$")
_ASIDE = re.compile(r" \(([^()]*)\)(?![\w(])")
_COLON = re.compile(r"[:;] ")
# "(i) one, (ii) two and (iii) three" is shown whole or not at all.
_LISTED = re.compile(r"(?:^|[\s(])(?:[ivx]{1,4}|[a-h1-9])\)")
_SUBORDINATE = re.compile(r"\b(?:that|which|who|whose|where|whether|how|why|what|if|when|while)\b")
_LEANING_COMPLEMENT = re.compile(r" ?(?:if|when|while|for|in|by|under|with|although|unlike|despite|at|given|on|,)")


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a sentence: its text, ending in a full stop where the end was cut, and what was cut from it."""

    text: str
    front: Cut = Cut.NONE
    end: Cut = Cut.NONE
    without_asides: bool = False


def without_lead_in(sentence: str) -> str:
    """Return the sentence without headings and discourse in front, beginning with a capital."""
    return _capitalised(sentence[_lead_in_end(sentence) :])


def forms_of(sentence: str) -> list[Form]:
    """Return the forms of a sentence without its lead-in, longest first of each kind; the first one is uncut."""
    start = _lead_in_end(sentence)
    forms = {_capitalised(sentence[start:]): Form(_capitalised(sentence[start:]))}
    masked = _masked(sentence) if len(sentence) <= _LONGEST else None
    if masked is None:
        return list(forms.values())
    for front, begin in _beginnings(masked, start):
        for end, stop in (Cut.NONE, len(sentence)), *_ends(masked, begin, _whole_until(sentence, masked, begin)):
            text = sentence[begin:stop].rstrip()
            if end is not Cut.NONE:
                text = text.rstrip(" ,;:–—-") + "."
            for without, shown in ((False, text), (True, _without_asides(text))):
                form = Form(_capitalised(shown), front, end, without)
                forms.setdefault(form.text, form)
    return list(forms.values())


def _lead_in_end(sentence: str) -> int:
    end = 0
    # "Methods: However, in this paper, we": no sentence has more of them in a row.
    for _ in range(3):
        match = HEADING.match(sentence, end) or _LEAD_IN.match(sentence, end)
        # Only where a sentence is left: "First, second." stays as it is.
        if match is None or len(sentence) - match.end() <= _LEAST_LEFT:
            break
        end = match.end()
    return end


def _beginnings(masked: str, start: int) -> Iterator[tuple[Cut, int]]:
    yield Cut.NONE, start
    clause = _BEFORE_MAKING.match(masked, start)
    if clause is None and not _CONDITION.match(masked, start):
        clause = _BEFORE_WE.match(masked, start)
        if clause and _LIMITED.search(clause[0]):
            return
    if clause and len(masked) - clause.end() > _LEAST_LEFT:
        yield Cut.BEFORE_WE, clause.end()


def _whole_until(sentence: str, masked: str, begin: int) -> int:
    """Return the end of what may be cut at all: a list that a colon or "(i)" opens is shown whole or not."""
    listed = _LISTED.search(sentence, begin)
    colon = _COLON.search(masked, begin)
    return min(listed.start() if listed else len(sentence), colon.start() if colon else len(sentence))


def _ends(masked: str, begin: int, last: int) -> Iterator[tuple[Cut, int]]:
    clause = _main_clause(masked, begin)
    if clause is None:
        return
    start, verb_said = clause
    for cut, border in _BORDERS:
        for match in border.finditer(masked, begin + _LEAST_BEFORE_CUT):
            stop = match.start()
            if stop > last or len(masked) - stop < _LEAST_GAIN or stop < start:
                continue
            if _LIMITING.match(masked, match.end()) or _LIMITED.search(masked, stop):
                continue
            if _may_end(masked, begin, stop, cut) and _is_complete(masked[start:stop], verb_said=verb_said):
                yield cut, stop


def _main_clause(masked: str, begin: int) -> tuple[int, bool] | None:
    """Return from where a clause must be completed and whether its verb has been said; None where that is not known."""
    subject = _SUBJECT.match(masked, begin)
    if subject is None:
        return None if _OPENING.match(masked, begin) else (begin, False)
    complement = _COMPLEMENT.match(masked, subject.end())
    if complement is None:
        return subject.end(), True
    # "We show that if …": what the condition is for comes later.
    return None if _LEANING_COMPLEMENT.match(masked, complement.end()) else (complement.end(), False)


def _is_complete(said: str, *, verb_said: bool) -> bool:
    inner = _SUBORDINATE.search(said)
    if inner and not _verb_follows(said[inner.end() :]):
        return False
    if verb_said:
        return len(said.split()) >= _LEAST_OBJECT
    return _verb_follows(said[: inner.start()] if inner else said)


def _verb_follows(text: str) -> bool:
    """Return whether a finite verb stands in `text`, with something after it."""
    words = [word.strip(",.;:" + _HIDDEN).lower() for word in text.split()]
    return any(word in FINITE for word in words[:-1])


def _may_end(masked: str, begin: int, stop: int, cut: Cut) -> bool:
    word = _word_before(masked, stop)
    if not word or word in NO_END or word.endswith("-"):
        return False
    # A list of which only the beginning is left ("accuracy, speed."), or an apposition that says nothing ("a method.").
    last_part = masked[begin:stop].rpartition(",")[2].split()
    if "," in masked[begin:stop] and len(last_part) < 4 and cut is not Cut.WHICH:
        return False
    if word.endswith("ly") and word not in ("family", "assembly", "anomaly", "supply"):
        return False
    if cut is Cut.COLON and word in ("follows", "namely", "question", "questions"):
        return False
    return not word.endswith(("ing", "ed")) or word.rsplit("-", 1)[-1] in ENDING_NOUNS


def _word_before(masked: str, stop: int) -> str:
    for word in reversed(masked[max(0, stop - 60) : stop].split()):
        if bare := word.strip(_HIDDEN + ",.;:").lower():
            return bare
    return ""


def _masked(sentence: str) -> str | None:
    """Return the sentence with brackets, math and quotations hidden, or None where brackets do not match."""
    masked = sentence
    if "$" in masked:
        masked = _MATH.sub(lambda match: "X" * len(match[0]), masked)
    for _ in range(4):
        if not any(bracket in masked for bracket in "([{"):
            break
        masked = _BRACKETS.sub(lambda match: _HIDDEN * len(match[0]), masked)
    if any(bracket in masked for bracket in "([{}])"):
        return None
    return _QUOTED.sub(lambda match: "Q" * len(match[0]), masked)


def _without_asides(text: str) -> str:
    if " (" not in text:
        return text
    return _ASIDE.sub(lambda match: "" if _is_aside(match[1]) else match[0], text)


def _is_aside(inside: str) -> bool:
    return (
        _ENUMERATOR.match(inside) is None
        and re.search(r"[A-Za-z]{2}", inside) is not None
        and _LIMITED.search(inside) is None
        and "$" not in inside
    )


def _capitalised(text: str) -> str:
    first = text.split(maxsplit=1)[0] if text else ""
    # "nnU-Net" and "$k$-means" are written so on purpose.
    if first[:1].islower() and not any(c.isupper() or c.isdigit() for c in first):
        capital = text[0].upper()
        # A letter whose capital is two letters, or that of another letter, stays: the words must remain the authors'.
        return (capital if capital.lower() == text[0] else text[0]) + text[1:]
    return text
