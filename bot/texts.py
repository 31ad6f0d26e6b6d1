"""What is written about a paper, by us or by a language model, and the paper's own text as far as it was read.

Frozen, no library, no behaviour. Who wrote a text (`producer`) is part of it; a text knows neither where it is shown
nor what it cost.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of ours and the 0-based sentences of the abstract that support it."""

    text: str
    provenance: tuple[int, ...]


class Fallback(StrEnum):
    """Why an extracted summary stands where a model's was asked for.

    budget: the day's ceiling is reached. unavailable: no answer (timeout, refusal of service, breaker open). invalid:
    no usable answer. rejected: an answer that the checks did not let through. deadline: not ready when the brief was
    due.
    """

    BUDGET = "budget"
    UNAVAILABLE = "unavailable"
    INVALID = "invalid"
    REJECTED = "rejected"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Summary:
    """Our text about one version of a paper. `producer` is a model's name or "extractive"; never silent.

    `text` is the gist, one sentence. `paragraph`: the summary's sentences in order, empty for an extracted one;
    `motivation`, `method`, `result`: where a model stated them. Every sentence carries its provenance. `fallback`: why
    this is extracted although a model is configured, else None.
    """

    arxiv_id: str
    version: int
    language: str
    text: str
    provenance: tuple[int, ...]
    key_takeaways: tuple[Sentence, ...]
    producer: str
    prompt_version: str
    paragraph: tuple[Sentence, ...] = ()
    motivation: Sentence | None = None
    method: Sentence | None = None
    result: Sentence | None = None
    fallback: Fallback | None = None


@dataclass(frozen=True, slots=True)
class Translation:
    """Title and abstract of one version of a paper in `language`, by `producer`; math and links as in the original."""

    arxiv_id: str
    version: int
    language: str
    title: str
    abstract: str
    producer: str
    prompt_version: str


@dataclass(frozen=True, slots=True)
class OverviewSentence:
    """A sentence about the day and the `arxiv_ids` of the shown papers it speaks of."""

    text: str
    arxiv_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """At most three sentences over a brief's papers, in the brief's language."""

    sentences: tuple[OverviewSentence, ...]
    producer: str
    prompt_version: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph of a paper. `place`: "abstract", "page 3", "section 2.1", "appendix A.1", "section “Conclusion”".

    `heading` is what the authors call the section that it stands in, "" where that is not known.
    """

    text: str
    place: str
    heading: str = ""


@dataclass(frozen=True, slots=True)
class FullText:
    """The text of one version of a paper, in its order, without tables and references. `read`: "html" or "pdf"."""

    arxiv_id: str
    version: int
    read: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Words copied from a paper. `place` as in `Passage`; `text` occurs there word for word."""

    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a paper's text says to a question. `found` is false where the text does not contain it: then no quotes.

    `read` says what the answer was looked for in: "abstract", "html" or "pdf".
    """

    arxiv_id: str
    version: int
    language: str
    question: str
    text: str
    quotes: tuple[Quote, ...]
    found: bool
    read: str
    producer: str
