"""A language model in memory, and a cache of summaries in a dictionary."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from bot.digest.sentences import split_sentences
from bot.digest.summarise import SummaryForm
from bot.errors import ModelAnswerRejected, ModelError
from bot.llm.port import ChatAnswer, ChatRequest, Form, Meter
from bot.model import Paper
from bot.spending import Spending
from bot.store.briefs import SummaryKey
from bot.store.summaries import PaperVersionKey
from bot.texts import Summary

COST = Spending(1, 400, 200, 1000)


def faithful(paper: Paper) -> SummaryForm:
    """Return an answer made of the abstract's own sentences, which passes every check in English."""
    said = [f"{text} [{number}]" for number, text in enumerate(split_sentences(paper.abstract))]
    return SummaryForm(gist=said[0], paragraph=said[:2], key_takeaways=said[:3])


@dataclass(slots=True)
class FakeModel:
    """Answers with `answer(request)`, or raises what it returns; waits for `gate` before."""

    answer: Callable[[ChatRequest], Any]
    name: str = "small"
    gate: asyncio.Event | None = None
    asked: list[ChatRequest] = field(default_factory=list)
    under_way: int = 0
    cancelled: int = 0
    producer: str = ""

    async def ask(
        self,
        request: ChatRequest,
        form: type[Form],
        *,
        check: Callable[[Form], str | None] | None = None,
        meter: Meter | None = None,
    ) -> ChatAnswer[Form]:
        """Answer."""
        self.asked.append(request)
        self.under_way += 1
        try:
            await asyncio.sleep(0)
            if self.gate is not None:
                await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.under_way -= 1
        if meter is not None:
            meter.add(COST)
        found = self.answer(request)
        if isinstance(found, Exception):
            raise found
        value = cast("Form", found)
        if check is not None and (problem := check(value)) is not None:
            raise ModelAnswerRejected(problem)
        return ChatAnswer(value, self.producer or self.name, COST)


@dataclass(slots=True)
class MemoryTexts:
    """Summaries by key; both of the ports that the summariser has."""

    kept: dict[SummaryKey, Summary] = field(default_factory=dict)
    failure: Exception | None = None

    async def load_summaries(self, keys: Iterable[SummaryKey]) -> dict[SummaryKey, Summary]:
        """Return the stored ones."""
        return {key: self.kept[key] for key in keys if key in self.kept}

    async def save_summaries(self, summaries: Sequence[Summary]) -> None:
        """Store them."""
        if self.failure is not None:
            raise self.failure
        for one in summaries:
            self.kept.setdefault(SummaryKey.of(one), one)

    async def load_best_summaries(
        self, papers: Iterable[PaperVersionKey], language: str
    ) -> dict[PaperVersionKey, Summary]:
        """Return the stored ones in that language."""
        wanted = set(papers)
        return {
            (one.arxiv_id, one.version): one
            for one in self.kept.values()
            if (one.arxiv_id, one.version) in wanted and one.language == language
        }


def failing(error: ModelError) -> Callable[[ChatRequest], Any]:
    """Return an answer to all requests that is an error."""
    return lambda _request: error
