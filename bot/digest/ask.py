"""A question about one paper: what the model reads, the form of its answer, its checks. Asks nobody itself.

The model is given passages of the paper and says which of their words prove its answer. Where those words stand is
found out here, and what is shown as a quote is cut from the paper, never from the model's copy. Paper and question are
both strangers' text: each stands between marks of its own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from bot.digest.check import Problem, TrustedText, check_text, reading_length
from bot.digest.cleaning import clean_text, find_links
from bot.digest.grounding import Source, names_in
from bot.digest.languages import is_in, language_name
from bot.digest.passages import Searchable, choose_passages, cut_passages, without_repeats
from bot.digest.prompting import LEFT_OUT, data_block, data_line, load_prompt, numbered
from bot.digest.sentences import split_sentences
from bot.digest.suspicion import suspicious_sentences
from bot.digest.visible import sanitise
from bot.latex import latex_to_unicode, strip_math
from bot.llm.port import ChatRequest
from bot.model import Paper
from bot.texts import Answer, FullText, Passage, Quote

PROMPT_VERSION = "1"
PURPOSE = "question"
MAX_QUESTION = 500
MAX_OUTPUT_TOKENS = 1200
MAX_QUOTES = 4
MAX_ANSWER = 900
"""Characters; one of Chinese or Japanese counts as more, see `reading_length`."""

ABSTRACT = "abstract"

_ROOM = 11_000
"""Characters of title and passages: about 2,800 tokens, and within what a data block holds."""

_LONGEST = 2400
_LEAST_ANSWER = 2
_LEAST_OVERLAP, _JUDGED_WEIGHT = 0.2, 3.0
_ELLIPSIS = re.compile(r"\s*[\[(]?(?:…|\.{3})[\])]?\s*")
_LABEL = re.compile(r"^\s*\[\d{1,3}\]\s*|\s*\[\d{1,3}(?:\s*,\s*\d{1,3})*\]\s*$")
_SHOWN = re.compile(r"[^\w.,%+/ \-]")
# In the place of a sentence that is not shown: nothing that a model writes is equal to it.
_GAP = "\uffff"


class AskForm(BaseModel):
    """What is asked for."""

    model_config = ConfigDict(extra="ignore")

    found: bool
    answer: str = Field(max_length=_LONGEST)
    quotes: list[str] = Field(max_length=8)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of a paper for one question. `shown` is what the model sees of each of `passages`.

    `searched`: their texts, as written and as people read their formulas. `known` holds the words of the passages,
    `allowed` those of the question as well. `read`: as in `Answer`.
    """

    paper: Paper
    question: str
    read: str
    passages: tuple[Passage, ...]
    shown: tuple[str, ...]
    searched: tuple[tuple[Searchable, ...], ...]
    known: TrustedText
    allowed: Source


def read_for(paper: Paper, full_text: FullText | None, question: str) -> Reading:
    """Return what a model should read of a paper to answer a question: the abstract, and what fits best of the rest.

    Sentences that speak to a model are left out. Takes some hundred milliseconds for a long text.
    """
    question = sanitise(question)[:MAX_QUESTION]
    chosen = [Passage(paper.abstract, ABSTRACT)] if paper.abstract.strip() else []
    if full_text is not None:
        pieces = without_repeats(cut_passages(full_text.passages), paper.abstract)
        chosen += choose_passages(pieces, question, _ROOM - len(paper.title) - len(paper.abstract))
    sentences: list[str] = []
    suspicious: set[int] = {0} if suspicious_sentences([paper.title]) else set()
    shown: list[str] = []
    passages: list[Passage] = []
    for one in chosen:
        # The clean form is what the model sees, what its quotes are looked for in, and what is quoted.
        parts = [sanitise(part) for part in split_sentences(one.text)]
        doubtful = suspicious_sentences(parts)
        suspicious.update(len(sentences) + place + 1 for place in doubtful)
        sentences += parts
        kept = ["" if place in doubtful else part for place, part in enumerate(parts)]
        shown.append(" ".join(part or LEFT_OUT for part in kept))
        passages.append(Passage(" ".join(part or _GAP for part in kept), one.place, one.heading))
    known = TrustedText.of_sentences(paper.title, sentences, suspicious)
    trusted = tuple("" if place + 1 in suspicious else one for place, one in enumerate(sentences))
    return Reading(
        paper=paper,
        question=question,
        read=full_text.read if full_text is not None else ABSTRACT,
        passages=tuple(passages),
        shown=tuple(shown),
        searched=tuple(map(_searchable, passages)),
        known=known,
        allowed=Source.of("" if 0 in suspicious else paper.title, (*trusted, question)),
    )


def build_request(reading: Reading, language: str) -> ChatRequest:
    """Return the request for an answer in `language`, a BCP 47 tag; `UsageError` for no such tag."""
    title = LEFT_OUT if suspicious_sentences([reading.paper.title]) else data_line(reading.paper.title)
    paper = data_block([f"Title: {title}", *numbered(reading.shown)])
    question = data_block([f"Question: {data_line(reading.question)}"])
    return ChatRequest(
        purpose=PURPOSE,
        system=load_prompt("ask"),
        user=f"{paper}\n{question}\nWrite in {language_name(language)}. JSON only.",
        max_output_tokens=MAX_OUTPUT_TOKENS,
    )


def check_answer(form: AskForm, reading: Reading, language: str, *, strict: bool = True) -> tuple[Problem, ...]:
    """Return what is wrong with an answer; nothing means that it may be shown.

    That the text does not say it needs no proof and has no words of its own. An answer needs a quote that the passages
    have; `strict` also objects to further quotes that they do not have, which otherwise are only left out.
    """
    if not form.found:
        return ()
    text = clean_text(form.answer)
    if reading_length(text) < _LEAST_ANSWER:
        return (Problem("empty", "The answer is empty; if the lines do not say it, found is false."),)
    problems = [
        one for one in check_text([form.answer], reading.known, language) if one.code not in ("link", "name", "overlap")
    ]
    if find_links(form.answer):
        # Even one of the paper's: where it leads is the authors' choice, and a quote shows it without leading there.
        problems.append(Problem("link", "Leave out all links and addresses."))
    if reading_length(text) > MAX_ANSWER:
        problems.append(Problem("length", "The answer is too long; give 1 to 4 sentences."))
    unknown = [one for one in names_in(text) if not reading.allowed.has_name(one)]
    if unknown:
        problems.append(Problem("name", f"The lines do not mention {_listed(unknown)}; use only their names."))
    overlap, weight = reading.allowed.overlap(strip_math(text))
    if weight >= _JUDGED_WEIGHT and overlap < _LEAST_OVERLAP and is_in(reading.known.text, language):
        problems.append(Problem("overlap", "The answer does not rest on the lines; use only what they say."))
    missing = [one for one in form.quotes if one.strip() and not _quotes_in(one, reading)]
    if missing and (strict or not find_quotes(form, reading)):
        told = "copy the paper's words letter by letter"
        problems.append(Problem("quote", f"This is no quote of the lines: “{_listed(missing[:1])}”; {told}."))
    elif not find_quotes(form, reading):
        problems.append(Problem("quote", "Give 1 to 3 quotes that prove the answer, or set found to false."))
    return tuple(problems)


def find_quotes(form: AskForm, reading: Reading) -> tuple[Quote, ...]:
    """Return the quotes of an answer that the passages have, each as it stands there and with its place."""
    found: list[Quote] = []
    for quote in form.quotes:
        for one in _quotes_in(quote, reading) or ():
            if not any(one.text in other.text or other.text in one.text for other in found):
                found.append(one)
    return tuple(found[:MAX_QUOTES])


def as_answer(form: AskForm, reading: Reading, language: str, producer: str) -> Answer:
    """Return a checked form as an answer; one that was not found has no text of the model's."""
    return Answer(
        arxiv_id=reading.paper.arxiv_id,
        version=reading.paper.version,
        language=language,
        question=reading.question,
        text=clean_text(form.answer) if form.found else "",
        quotes=find_quotes(form, reading) if form.found else (),
        found=form.found,
        read=reading.read,
        producer=producer,
    )


def _searchable(passage: Passage) -> tuple[Searchable, ...]:
    readable = latex_to_unicode(passage.text)
    return tuple(Searchable.of(text) for text in dict.fromkeys((passage.text, readable)))


def _quotes_in(quote: str, reading: Reading) -> list[Quote] | None:
    """Return the quotes that a model's copy makes, more than one where it left words out; None if one is not there."""
    found: list[Quote] = []
    for part in _ELLIPSIS.split(_LABEL.sub("", _LABEL.sub("", sanitise(quote)))):
        if not part:
            continue
        copies = dict.fromkeys((part, clean_text(part), latex_to_unicode(part)))
        one = next((quoted for copy in copies if (quoted := _find(copy, reading)) is not None), None)
        if one is None:
            return None
        found.append(one)
    return found or None


def _find(copy: str, reading: Reading) -> Quote | None:
    for passage, texts in zip(reading.passages, reading.searched, strict=True):
        for text in texts:
            if (found := text.find(copy)) is not None:
                return Quote(found, passage.place)
    return None


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(_SHOWN.sub("", text)[:60] for text in texts[:5])
