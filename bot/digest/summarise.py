"""The request for one paper's summary, the form of its answer, and the answer as a `Summary`. Asks nobody itself.

One paper for each request, and never a question about metadata, which is known. A sentence of the answer ends in the
numbers of the abstract's sentences that support it, as in "… in half the time [2,4]": models write citations so by
themselves, and it costs a fifth of what an object for each sentence would.

Tokens are counted in advance as characters of UTF-8 text divided by four, the usual figure for English; at the median
abstract of 2026 (1,370 characters) our own words are then about a fifth of what is sent.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from bot.digest.cleaning import clean_text
from bot.digest.languages import language_name
from bot.digest.pattern_files import load_pattern
from bot.digest.prompting import FORM_CONFIG, LEFT_OUT, data_block, data_line, load_prompt, numbered
from bot.digest.sentences import split_sentences
from bot.digest.suspicion import suspicious_sentences
from bot.llm.port import ChatRequest
from bot.model import Paper, Sentence, Summary

PROMPT_VERSION = "1"
PURPOSE = "summary"
MAX_OUTPUT_TOKENS = 1600
"""A summary in Chinese takes about 900 tokens of the commonest models; the rest is for those that count worse."""

_LONGEST = 1200
_MOST_ITEMS = 12
# At the end, or where a sentence ends inside the text: "[0,1]" elsewhere may be an interval.
_CITATION = re.compile(
    r"\s*[\[【［]\s*(\d{1,3}(?:\s*[,，、;–-]\s*\d{1,3})*)\s*[\]】］](?=\s*(?:$|[.。!?！？;；\[【［]))"
    r"|(?<=[.。!?！？])\s*[\[【［]\s*(\d{1,3}(?:\s*[,，、;–-]\s*\d{1,3})*)\s*[\]】］]"
)
_LOOSE_STOP = re.compile(r"\s+([.。!?！？])$")
_RANGE = re.compile(r"(\d+)\s*[–-]\s*(\d+)")
_WIDEST_RANGE = 20


def _text(value: Any) -> Any:
    """Return "" for null: models say "not stated" both ways."""
    return "" if value is None else value


def _few(value: list[str]) -> list[str]:
    """Return a list that is not absurdly long. Not as a limit of the field, which would be sent with every request."""
    if len(value) > _MOST_ITEMS:
        raise ValueError(f"at most {_MOST_ITEMS} items")
    return value


Text = Annotated[str, BeforeValidator(_text), Field(max_length=_LONGEST)]
Texts = Annotated[list[Text], AfterValidator(_few)]


class SummaryForm(BaseModel):
    """What is asked for; every text ends in the numbers of the sentences it rests on. Empty: not stated."""

    model_config = FORM_CONFIG

    gist: Text
    paragraph: Texts
    key_takeaways: Texts
    motivation: Text = ""
    method: Text = ""
    result: Text = ""


def build_request(paper: Paper, language: str) -> ChatRequest:
    """Return the request for the summary of `paper` in `language`, a BCP 47 tag; `UsageError` for no such tag.

    Sentences that speak to a model instead of a reader are left out; their numbers stay, so that provenance counts the
    sentences of `split_sentences`.
    """
    name = language_name(language)
    sentences = split_sentences(paper.abstract)
    suspicious = suspicious_sentences([paper.title, *sentences])
    shown = [LEFT_OUT if place + 1 in suspicious else one for place, one in enumerate(sentences)]
    title = LEFT_OUT if 0 in suspicious else data_line(paper.title)
    return ChatRequest(
        purpose=PURPOSE,
        system=load_prompt("summary"),
        user=f"{data_block([f'Title: {title}', *numbered(shown)])}\nWrite in {name}. JSON only.",
        max_output_tokens=MAX_OUTPUT_TOKENS,
    )


def as_summary(form: SummaryForm, paper: Paper, language: str, producer: str) -> Summary:
    """Return a checked form as the summary of `paper`: plain texts, provenance in order, each number once."""
    gist = cited(form.gist)
    paragraph = tuple(one for text in form.paragraph if (one := cited(text)).text)
    takeaways = tuple(one for text in form.key_takeaways if (one := cited(text)).text)
    return Summary(
        arxiv_id=paper.arxiv_id,
        version=paper.version,
        language=language,
        text=gist.text,
        provenance=gist.provenance,
        key_takeaways=takeaways,
        producer=producer,
        prompt_version=PROMPT_VERSION,
        paragraph=paragraph,
        motivation=_optional(form.motivation),
        method=_optional(form.method),
        result=_optional(form.result),
    )


@lru_cache(maxsize=1024)
def cited(text: str) -> Sentence:
    """Return a text of the answer without its citations and markup, and the sentence numbers that it cited.

    Kept for a while, as the checks and the summary ask for the same ones several times.
    """
    numbers: set[int] = set()
    for match in _CITATION.finditer(text):
        inside = match[1] or match[2]
        for first, last in _RANGE.findall(inside):
            if int(first) <= int(last) <= int(first) + _WIDEST_RANGE:
                numbers.update(range(int(first), int(last) + 1))
        numbers.update(int(number) for number in re.findall(r"\d+", inside))
    plain = clean_text(_CITATION.sub("", text))
    return Sentence(_LOOSE_STOP.sub(r"\1", plain), tuple(sorted(numbers)))


def as_form(summary: Summary) -> SummaryForm:
    """Return the form that `as_summary` would make this summary of."""
    return SummaryForm.model_construct(
        gist=_with_citation(Sentence(summary.text, summary.provenance)),
        paragraph=_with_citations(summary.paragraph),
        key_takeaways=_with_citations(summary.key_takeaways),
        motivation=_with_citation(summary.motivation),
        method=_with_citation(summary.method),
        result=_with_citation(summary.result),
    )


def _optional(text: str) -> Sentence | None:
    one = cited(text)
    return one if one.text and not load_pattern("placeholder").fullmatch(one.text) else None


def _with_citation(one: Sentence | None) -> str:
    if one is None or not one.text:
        return ""
    return f"{one.text} [{','.join(map(str, one.provenance))}]" if one.provenance else one.text


def _with_citations(sentences: Sequence[Sentence]) -> list[str]:
    return [_with_citation(one) for one in sentences]
