"""The request for one paper's summary, the form of its answer, and the answer as a `Summary`. Asks nobody itself.

One paper for each request, and never a question about metadata, which is known. A sentence of the answer ends in the
numbers of the abstract's sentences that support it, as in "… in half the time [2,4]": models write citations so by
themselves, and it costs a fifth of what an object for each sentence would. In another language than the paper's each
number is followed by a word of its line, by which `bot.digest.check` knows that the summary is about this paper.

Our own words are paid for with every paper, so they are few and the names on the wire short; `benchmarks.summaries`
counts them.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, Field, WithJsonSchema

from bot.digest.citations import cited, split_cited
from bot.digest.languages import is_in, language_name
from bot.digest.pattern_files import load_pattern
from bot.digest.prompting import FORM_CONFIG, LEFT_OUT, data_block, data_line, load_prompt, numbered
from bot.digest.sentences import split_sentences
from bot.digest.suspicion import suspicious_sentences
from bot.llm.port import ChatRequest
from bot.model import Paper
from bot.texts import Sentence, Summary

PROMPT_VERSION = "2"
PURPOSE = "summary"
MAX_OUTPUT_TOKENS = 1600
"""A summary in Chinese takes about 900 tokens of the commonest models; the rest is for those that count worse."""

_LONGEST = 1200
_MOST_ITEMS = 12
_ANCHORED = " Cite with a rare word copied from each line: [0 moth, 2 tidal]."


def _text(value: Any) -> Any:
    """Return "" for null: models say "not stated" both ways."""
    return "" if value is None else value


def _few(value: list[str]) -> list[str]:
    """Return a list that is not absurdly long. Not as a limit of the field, which would be sent with every request."""
    if len(value) > _MOST_ITEMS:
        raise ValueError(f"at most {_MOST_ITEMS} items")
    return value


def _split(value: Any) -> Any:
    """Return a paragraph as its sentences: it comes as one text, which takes less to ask for and to say."""
    return split_cited(value) if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_text), Field(max_length=_LONGEST)]
Texts = Annotated[list[Text], AfterValidator(_few)]
Paragraph = Annotated[Texts, BeforeValidator(_split), WithJsonSchema({"type": "string"})]


class SummaryForm(BaseModel):
    """What is asked for; every text ends in the numbers of the sentences it rests on. Empty: not stated.

    The first of two names is the one on the wire.
    """

    model_config = FORM_CONFIG

    gist: Text
    paragraph: Paragraph = Field(validation_alias=AliasChoices("text", "paragraph"))
    key_takeaways: Texts = Field(validation_alias=AliasChoices("points", "key_takeaways"))
    motivation: Text = Field("", validation_alias=AliasChoices("why", "motivation"))
    method: Text = Field("", validation_alias=AliasChoices("how", "method"))
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
    task = f"Write in {name}. JSON only."
    if not is_in(" ".join([title, *shown]), language):
        task += _ANCHORED
    return ChatRequest(
        purpose=PURPOSE,
        system=load_prompt("summary"),
        user=f"{data_block([f'Title: {title}', *numbered(shown)])}\n{task}",
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
