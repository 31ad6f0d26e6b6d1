"""The order of the best papers by a model's judgement: the request, the form of the answer, its checks, the new order.

One request for at most 40 papers, by title and gist. Scores are anchored, so that they mean the same in every batch. An
answer that names a paper which was not asked about, or one twice, is refused as a whole; a paper that it leaves out
keeps its place. No answer can add a paper to a brief or say anything that is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field

from bot.digest.check import Problem
from bot.digest.prompting import FORM_CONFIG, LEFT_OUT, data_block, data_line, load_prompt
from bot.digest.suspicion import suspicious_sentences
from bot.llm.port import ChatRequest

PROMPT_VERSION = "1"
PURPOSE = "rerank"
MAX_PAPERS = 40
"""Papers in one request, the best ones by the words of the topic: beyond, an order changes nothing that is shown."""

_TOKENS_PER_SCORE = 30
_LONGEST_TITLE, _LONGEST_GIST, _LONGEST_INTEREST = 200, 300, 600


@dataclass(frozen=True, slots=True)
class RankedPaper:
    """What a model is told of a paper."""

    arxiv_id: str
    title: str
    gist: str


class ScoreForm(BaseModel):
    """One paper's score: 1 (nothing to do with the interest) to 5 (what the reader works on, and a clear result)."""

    model_config = FORM_CONFIG

    id: str = Field(max_length=60)
    score: int = Field(ge=1, le=5)


class RerankForm(BaseModel):
    """What is asked for."""

    model_config = FORM_CONFIG

    scores: list[ScoreForm]


def build_request(papers: Sequence[RankedPaper], interest: str) -> ChatRequest:
    """Return the request that scores `papers` (at most 40: ValueError) for a reader with that interest, in words."""
    if not 1 <= len(papers) <= MAX_PAPERS:
        raise ValueError(f"one request ranks 1 to {MAX_PAPERS} papers, not {len(papers)}")
    lines = [f"Interest: {data_line(interest)[:_LONGEST_INTEREST]}", *map(_line, papers)]
    return ChatRequest(
        purpose=PURPOSE,
        system=load_prompt("rerank"),
        user=f"{data_block(lines)}\nScore all {len(papers)} papers. JSON only.",
        max_output_tokens=100 + _TOKENS_PER_SCORE * len(papers),
        temperature=0.0,
    )


def check_scores(form: RerankForm, arxiv_ids: Sequence[str]) -> tuple[Problem, ...]:
    """Return what is wrong with scores for these papers: unknown ones, one twice, or none at all."""
    given = [one.id.strip() for one in form.scores]
    problems = []
    if not given:
        problems.append(Problem("empty", "Score the papers."))
    if set(given) - set(arxiv_ids):
        problems.append(Problem("unknown", "Use only ids of the lines given, copied exactly."))
    if len(set(given)) < len(given):
        problems.append(Problem("duplicate", "Score each paper once."))
    return tuple(problems)


def reorder(arxiv_ids: Sequence[str], form: RerankForm) -> list[str]:
    """Return `arxiv_ids` by falling score, equal ones in their old order; papers without a score keep their place.

    The form must have passed `check_scores`; what it does not say changes nothing.
    """
    scores = {one.id.strip(): one.score for one in form.scores}
    places = [place for place, one in enumerate(arxiv_ids) if one in scores]
    best = sorted(places, key=lambda place: (-scores[arxiv_ids[place]], place))
    ordered = list(arxiv_ids)
    for place, origin in zip(places, best, strict=True):
        ordered[place] = arxiv_ids[origin]
    return ordered


def _line(paper: RankedPaper) -> str:
    texts = [paper.title, paper.gist]
    suspicious = suspicious_sentences(texts)
    title, gist = (LEFT_OUT if place in suspicious else data_line(text) for place, text in enumerate(texts))
    return f"{data_line(paper.arxiv_id)}: {title[:_LONGEST_TITLE]} — {gist[:_LONGEST_GIST]}"
