"""Summaries for papers that briefs have shown already: one by one as for any reader, or as a batch over night."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from bot.digest.check import check_summary, complaint
from bot.digest.summarise import SummaryForm, as_summary, build_request
from bot.errors import BudgetExhausted
from bot.llm.batch import Batches, Question
from bot.model import Paper
from bot.pipeline.patience import Patience
from bot.pipeline.summarising import Summariser, bill_of, fallback_of
from bot.spending import Bill, Spending
from bot.texts import Fallback, Summary

AT_ONCE = 16
"""Papers asked about together; after each such group the progress is told."""

_PATIENCE = 600.0

Progress = Callable[[str, int, int], None]

_Key = tuple[str, int, str]


class Shown(Protocol):
    """Knows what briefs have shown; see `bot.store.shown_papers.ShownPapers`."""

    async def load(self, since: date) -> list[tuple[Paper, str]]:
        """Return (paper, language), each once."""
        ...


class Papers(Protocol):
    """Finds stored papers."""

    async def load_paper(self, arxiv_id: str) -> Paper | None:
        """Return the paper, or None."""
        ...


class Texts(Protocol):
    """Keeps summaries."""

    async def save_summaries(self, summaries: Sequence[Summary]) -> None:
        """Store them."""
        ...


class Backfill:
    """Writes what is missing. `batches` is None where nobody asks for a batch."""

    def __init__(
        self,
        shown: Shown,
        summariser: Summariser,
        papers: Papers,
        texts: Texts,
        *,
        currency: str = "$",
        batches: Batches | None = None,
    ) -> None:
        self._shown = shown
        self._summariser = summariser
        self._papers = papers
        self._texts = texts
        self._currency = currency
        self._batches = batches

    async def run(self, since: date, language: str | None, progress: Progress) -> Bill:
        """Return what was done for the papers of the briefs since then, in `language` or in that of each brief.

        Stops early where the day's ceiling leaves no room. Raises `StoreError`.
        """
        wanted = await self._wanted(since, language)
        bill = Bill(self._summariser.producer or "", currency=self._currency)
        done, total = 0, sum(map(len, wanted.values()))
        for tag, papers in wanted.items():
            for start in range(0, len(papers), AT_ONCE):
                group = papers[start : start + AT_ONCE]
                written = await self._summariser.write(group, tag, patience=Patience(_PATIENCE))
                bill += bill_of(written.values(), bill.producer, self._currency)
                done += len(group)
                progress(f"summaries in {tag}", done, total)
                if bill.fallbacks.get(Fallback.BUDGET):
                    return bill
        return bill

    async def run_batch(self, since: date, language: str | None, progress: Progress) -> Bill:
        """Return the same, by batches; one that an earlier call began is finished first.

        Raises the kinds of `ModelError` and `StoreError`; what was begun goes on at the server, and the next call
        finishes it.
        """
        batches = self._batches
        if batches is None:
            raise ValueError("made without batches")
        outcome = _Outcome()
        if await batches.pending():
            await self._finish(batches, outcome, progress)
        questions, cached = await self._questions(since, language, outcome)
        while questions:
            try:
                count = await batches.submit(questions, SummaryForm)
            except BudgetExhausted:
                outcome.failed.update({_key(one.about): Fallback.BUDGET for one in questions})
                break
            questions = questions[count:]
            await self._finish(batches, outcome, progress)
        return Bill(
            batches.producer,
            made=len(outcome.made),
            cached=cached,
            fallbacks=Counter(outcome.failed.values()),
            spending=outcome.spending,
            currency=self._currency,
        )

    async def _finish(self, batches: Batches, outcome: "_Outcome", progress: Progress) -> None:
        """Wait for the pending batch, check and store what it gave, and book it."""
        status = await batches.wait(lambda done, total: progress("batch at the server", done, total))
        if status is None:
            return
        papers: dict[tuple[str, int], Paper] = {}
        for arxiv_id, version in await self._about(batches):
            paper = await self._papers.load_paper(arxiv_id)
            # Of a paper that has a newer version by now, the answer is about another text.
            if paper is not None and paper.version == version:
                papers[arxiv_id, version] = paper

        def check(form: SummaryForm, about: Mapping[str, Any]) -> str | None:
            paper = papers.get((about["arxiv_id"], about["version"]))
            if paper is None:
                return "the paper has a newer version, or is gone"
            return complaint(check_summary(form, paper, about["language"]))

        answers, spending = await batches.collect(status, SummaryForm, check)
        for one in answers:
            key = _key(one.about)
            if isinstance(one.value, SummaryForm):
                paper = papers[one.about["arxiv_id"], one.about["version"]]
                summary = as_summary(one.value, paper, one.about["language"], batches.producer)
                await self._texts.save_summaries([summary])
                outcome.made.add(key)
                outcome.failed.pop(key, None)
            else:
                outcome.failed[key] = fallback_of(one.value)
        await batches.settle(spending)
        outcome.spending += spending

    async def _about(self, batches: Batches) -> set[tuple[str, int]]:
        return {(about["arxiv_id"], about["version"]) for about in await batches.subjects()}

    async def _wanted(self, since: date, language: str | None) -> dict[str, list[Paper]]:
        wanted: defaultdict[str, dict[str, Paper]] = defaultdict(dict)
        for paper, tag in await self._shown.load(since):
            wanted[language or tag].setdefault(paper.arxiv_id, paper)
        return {tag: list(papers.values()) for tag, papers in wanted.items()}

    async def _questions(self, since: date, language: str | None, outcome: "_Outcome") -> tuple[list[Question], int]:
        """Return what is to be asked, and how many summaries were there before this call."""
        questions: list[Question] = []
        cached = 0
        for tag, papers in (await self._wanted(since, language)).items():
            there = await self._summariser.stored(papers, tag)
            cached += sum((one.arxiv_id, one.version, tag) not in outcome.made for one in there.values())
            questions += [_question(paper, tag) for paper in _askable(papers) if paper.arxiv_id not in there]
        return questions, cached


@dataclass(slots=True)
class _Outcome:
    """What became of each paper, version and language that this call heard of, whatever batch it was asked in."""

    made: set[_Key] = field(default_factory=set)
    failed: dict[_Key, Fallback] = field(default_factory=dict)
    spending: Spending = field(default_factory=Spending)


def _key(about: Mapping[str, Any]) -> _Key:
    return about["arxiv_id"], about["version"], about["language"]


def _askable(papers: Iterable[Paper]) -> list[Paper]:
    return [paper for paper in papers if paper.abstract.strip()]


def _question(paper: Paper, language: str) -> Question:
    about = {"arxiv_id": paper.arxiv_id, "version": paper.version, "language": language}
    return Question(build_request(paper, language), about)
