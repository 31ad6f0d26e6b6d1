"""Three sentences over the papers of a brief: the request, the form of the answer, its checks. Asks nobody itself.

The model sees titles and gists of the chosen papers, numbered from 1, and names those numbers for every sentence; the
numbers are held against the batch, and every sentence against the papers that it names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from pydantic import BaseModel, Field

from bot.digest.check import Problem, TrustedText, check_text, reading_length
from bot.digest.cleaning import clean_text
from bot.digest.languages import language_name
from bot.digest.prompting import FORM_CONFIG, LEFT_OUT, data_block, data_line, load_prompt
from bot.digest.suspicion import suspicious_sentences
from bot.llm.port import ChatRequest
from bot.model import BriefItem
from bot.texts import Overview, OverviewSentence

PROMPT_VERSION = "1"
PURPOSE = "overview"
MAX_OUTPUT_TOKENS = 700
MAX_SENTENCES = 3
MAX_PAPERS = 40
"""Papers that an overview may speak of; of a longer brief the first ones."""

_LONGEST = 1200
_MIN_LENGTH, _MAX_LENGTH = 24, 420


class OverviewSentenceForm(BaseModel):
    """One sentence and the numbers of the papers it speaks of, from 1."""

    model_config = FORM_CONFIG

    text: str = Field(max_length=_LONGEST)
    papers: list[int]


class OverviewForm(BaseModel):
    """What is asked for."""

    model_config = FORM_CONFIG

    sentences: list[OverviewSentenceForm]


@dataclass(frozen=True, slots=True)
class _Line:
    title: str
    gist: str


def build_request(items: Sequence[BriefItem], language: str) -> ChatRequest:
    """Return the request for an overview of a brief's items in `language`; `UsageError` for no such tag."""
    lines = [f"[{number}] {one.title} — {one.gist}" for number, one in enumerate(map(_line, items[:MAX_PAPERS]), 1)]
    return ChatRequest(
        purpose=PURPOSE,
        system=load_prompt("overview"),
        user=f"{data_block(lines)}\nWrite in {language_name(language)}. JSON only.",
        max_output_tokens=MAX_OUTPUT_TOKENS,
    )


def check_overview(form: OverviewForm, items: Sequence[BriefItem], language: str) -> tuple[Problem, ...]:
    """Return what is wrong with an overview of `items`; nothing means that it may be shown."""
    items = items[:MAX_PAPERS]
    problems: list[Problem] = []
    if not 1 <= len(form.sentences) <= MAX_SENTENCES:
        return (Problem("count", f"Give 1 to {MAX_SENTENCES} sentences, not {len(form.sentences)}."),)
    for one in form.sentences:
        if not one.papers or not all(1 <= number <= len(items) for number in one.papers):
            problems.append(
                Problem("citation", f"Name the papers of every sentence by numbers from 1 to {len(items)}.")
            )
            continue
        if not _MIN_LENGTH <= reading_length(clean_text(one.text)) <= _MAX_LENGTH:
            problems.append(Problem("length", "A sentence is too short or too long."))
        named = [items[number - 1] for number in dict.fromkeys(one.papers)]
        problems.extend(check_text([one.text], _trusted(named, len(items), language), language))
    return tuple({problem.code: problem for problem in reversed(problems)}.values())[::-1]


def as_overview(form: OverviewForm, items: Sequence[BriefItem], producer: str) -> Overview:
    """Return a checked form as the overview of `items`: plain sentences, each with its papers in the brief's order."""
    sentences = tuple(
        OverviewSentence(
            clean_text(one.text), tuple(items[number - 1].paper.arxiv_id for number in sorted(set(one.papers)))
        )
        for one in form.sentences
    )
    return Overview(sentences, producer, PROMPT_VERSION)


def _line(item: BriefItem) -> _Line:
    """Return what a model is told of a paper; a text that speaks to it is left out."""
    texts = [item.paper.title, item.summary.text]
    suspicious = suspicious_sentences(texts)
    title, gist = (LEFT_OUT if place in suspicious else data_line(text) for place, text in enumerate(texts))
    return _Line(title, gist)


def _trusted(named: Sequence[BriefItem], shown: int, language: str) -> TrustedText:
    """Return what a sentence about these papers may say: their texts, and how many they and all of them are."""
    counted = f"{len(named)} of {shown}"
    texts = chain.from_iterable(
        (item.paper.title + ".", item.paper.abstract, item.summary.text if item.summary.language == language else "")
        for item in named
    )
    return TrustedText.of(counted, "\n\n".join(text for text in texts if text))
