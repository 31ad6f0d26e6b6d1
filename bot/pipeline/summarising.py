"""Summaries by the language model: from the cache, or made once for everybody who wants them, or extracted and marked.

A brief is never late because of a model: whoever asks says how long it may take, and gets the extracted text for what
is not there by then. What is under way goes on for a while, for the next reader. Without a model, all is extracted.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.digest.check import check_summary, complaint
from bot.digest.extract import summarise_extractive
from bot.digest.summarise import PROMPT_VERSION, SummaryForm, as_summary, build_request
from bot.errors import (
    BudgetExhausted,
    ModelAnswerInvalid,
    ModelAnswerRejected,
    ModelError,
    StoreError,
    UsageError,
)
from bot.llm.port import ChatModel, Meter
from bot.log import get_logger
from bot.model import Paper
from bot.pipeline.patience import PATIENCE, Patience
from bot.spending import Bill, Spending
from bot.store.briefs import SummaryKey
from bot.store.summaries import PaperVersionKey
from bot.texts import Fallback, Summary

LEFT_BEHIND = 32
"""Calls that may go on with nobody waiting for them; further ones are given up."""

GRACE = 120.0
"""Seconds for which such a call may go on."""

NOT_AGAIN = 6 * 3600.0
"""Seconds until a model is asked again about a paper for which it gave nothing that may be shown."""

AT_ONCE = 96
"""Papers in work together, more than any server is asked about at once: what was found out about a paper for its
request is then still known when its answer is checked."""

_MOST_FAILED = 10_000

_log = get_logger(__name__)

_Key = tuple[str, int, str]


class Texts(Protocol):
    """Where summaries are kept by their keys; see `bot.store.briefs.BriefStore`."""

    async def load_summaries(self, keys: Iterable[SummaryKey]) -> dict[SummaryKey, Summary]:
        """Return the stored ones of `keys`."""
        ...

    async def save_summaries(self, summaries: Sequence[Summary]) -> None:
        """Store summaries for good."""
        ...


class Best(Protocol):
    """Finds the best summary there is; see `bot.store.summaries.SummaryStore`."""

    async def load_best_summaries(
        self, papers: Iterable[PaperVersionKey], language: str
    ) -> dict[PaperVersionKey, Summary]:
        """Return the best stored summaries in exactly that language."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """A paper's summary for one who asked. `made`: by a call begun for this one; `spending`: what that has cost."""

    summary: Summary
    made: bool = False
    spending: Spending = field(default_factory=Spending)

    @property
    def by_model(self) -> bool:
        """Return whether a model wrote it."""
        return not is_extracted(self.summary)


@dataclass(slots=True)
class _Flight:
    """One call under way, and how many wait for it."""

    task: "asyncio.Task[Summary | Fallback]"
    meter: Meter
    waiting: int = 0
    timer: asyncio.TimerHandle | None = None


def is_extracted(summary: Summary) -> bool:
    """Return whether a summary was taken from the abstract, not written."""
    return summary.producer == "extractive"


def extracted(paper: Paper, fallback: Fallback | None = None) -> Summary:
    """Return the summary that needs no model, marked with why it stands in for another."""
    return replace(summarise_extractive(paper), fallback=fallback)


def bill_of(written: Iterable[Written], producer: str, currency: str) -> Bill:
    """Return the counts and the cost of what was written."""
    all_of_it = list(written)
    by_model = [one for one in all_of_it if one.by_model]
    return Bill(
        producer=producer,
        made=sum(one.made for one in by_model),
        cached=sum(not one.made for one in by_model),
        fallbacks=Counter(one.summary.fallback for one in all_of_it if one.summary.fallback is not None),
        spending=sum((one.spending for one in all_of_it), Spending()),
        currency=currency,
    )


class Summariser:
    """Gives papers their summaries; one call for each paper, version and language, however many ask for it."""

    def __init__(
        self,
        model: ChatModel | None,
        texts: Texts,
        best: Best,
        *,
        patience: float = PATIENCE,
        producers: Collection[str] = (),
    ) -> None:
        """`producers`: further models whose stored summaries serve as well as the model's own (its stand-in)."""
        self._model = model
        self._texts = texts
        self._best = best
        self._patience = patience
        self._producers = tuple(dict.fromkeys([model.name, *producers])) if model is not None else ()
        self._flights: dict[_Key, _Flight] = {}
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._preparing = asyncio.Lock()
        self._failed: OrderedDict[_Key, tuple[Fallback, float]] = OrderedDict()
        self._closed = False

    @property
    def producer(self) -> str | None:
        """Return the name of the model that is asked, None where there is none."""
        return self._model.name if self._model is not None else None

    @property
    def patience(self) -> float:
        """Return the seconds that one piece of work waits unless it says otherwise."""
        return self._patience

    async def summarise(
        self, papers: Iterable[Paper], language: str, *, meter: Meter | None = None, patience: Patience | None = None
    ) -> dict[str, Summary]:
        """Return a summary of every paper by identifier; `meter` is told what the calls begun for it cost.

        See `write`.
        """
        written = await self.write(papers, language, patience=patience)
        if meter is not None:
            meter.add(sum((one.spending for one in written.values()), Spending()))
        return {arxiv_id: one.summary for arxiv_id, one in written.items()}

    async def write(
        self, papers: Iterable[Paper], language: str, *, patience: Patience | None = None
    ) -> dict[str, Written]:
        """Return a summary of every paper by identifier, in `language` where a model wrote it.

        Comes back when all are there or patience is at its end. A summary that is extracted although there is a model
        says why. Raises `StoreError` where the cache cannot be read; no trouble with the model raises.
        """
        wanted = {paper.arxiv_id: paper for paper in papers}
        if self._model is None or self._closed:
            return {arxiv_id: Written(extracted(paper)) for arxiv_id, paper in wanted.items()}
        patience = patience or Patience(self._patience)
        found = await self.stored(wanted.values(), language)
        done = {arxiv_id: Written(summary) for arxiv_id, summary in found.items()}
        own: dict[str, _Flight] = {}
        joined: dict[str, _Flight] = {}
        for arxiv_id, paper in wanted.items():
            if arxiv_id in done:
                continue
            if not paper.abstract.strip():
                done[arxiv_id] = Written(extracted(paper))
                continue
            key = (arxiv_id, paper.version, language)
            if (known := self._known_failure(key)) is not None:
                done[arxiv_id] = Written(extracted(paper, known))
                continue
            flight = self._flights.get(key)
            if flight is not None:
                joined[arxiv_id] = flight
            elif patience.left > 0:
                own[arxiv_id] = self._begin(key, paper, language, self._model)
            else:
                done[arxiv_id] = Written(extracted(paper, Fallback.DEADLINE))
        flights = {**own, **joined}
        await self._wait(flights.values(), patience)
        for arxiv_id, flight in flights.items():
            spending = flight.meter.total if arxiv_id in own else Spending()
            done[arxiv_id] = Written(_landed(flight, wanted[arxiv_id]), arxiv_id in own, spending)
        return {arxiv_id: done[arxiv_id] for arxiv_id in wanted}

    async def stored(self, papers: Iterable[Paper], language: str) -> dict[str, Summary]:
        """Return the stored summaries of this model and prompt, by identifier; its own before a stand-in's.

        Raises `StoreError`.
        """
        keys = {
            SummaryKey(paper.arxiv_id, paper.version, language, producer, PROMPT_VERSION)
            for paper in papers
            for producer in self._producers
        }
        stored = await self._texts.load_summaries(keys)
        order = {producer: place for place, producer in enumerate(self._producers)}
        best = sorted(stored.values(), key=lambda one: order[one.producer], reverse=True)
        return {one.arxiv_id: one for one in best}

    async def recall(self, papers: Iterable[Paper], language: str) -> dict[str, Summary]:
        """Return what any model wrote about these papers in `language`, by identifier; asks nobody, costs nothing.

        Raises `StoreError`.
        """
        versions = {paper.arxiv_id: paper.version for paper in papers}
        found = await self._best.load_best_summaries(versions.items(), language)
        return {arxiv_id: summary for (arxiv_id, _), summary in found.items() if not is_extracted(summary)}

    async def best(self, paper: Paper, language: str) -> Summary:
        """Return what any model wrote about the paper in `language`, else the extracted text. Raises `StoreError`."""
        return (await self.recall([paper], language)).get(paper.arxiv_id) or extracted(paper)

    async def close(self) -> None:
        """Give up what is under way."""
        self._closed = True
        flights = list(self._flights.values())
        for flight in flights:
            flight.task.cancel()
            if flight.timer is not None:
                flight.timer.cancel()
        if flights:
            await asyncio.wait({flight.task for flight in flights})

    def _known_failure(self, key: _Key) -> Fallback | None:
        """Return what the model's answer about that paper lacked, if that was not long ago."""
        fallback, until = self._failed.get(key, (None, 0.0))
        return fallback if until > asyncio.get_running_loop().time() else None

    def _note_failure(self, key: _Key, fallback: Fallback) -> None:
        if fallback not in (Fallback.INVALID, Fallback.REJECTED):
            return
        self._failed[key] = fallback, asyncio.get_running_loop().time() + NOT_AGAIN
        self._failed.move_to_end(key)
        while len(self._failed) > _MOST_FAILED:
            self._failed.popitem(last=False)

    def _begin(self, key: _Key, paper: Paper, language: str, model: ChatModel) -> _Flight:
        meter = Meter()
        task = asyncio.create_task(self._make(paper, language, model, meter), name=f"summary of {paper.arxiv_id}")
        flight = self._flights[key] = _Flight(task, meter)
        task.add_done_callback(lambda _: self._ended(key))
        return flight

    def _ended(self, key: _Key) -> None:
        flight = self._flights.pop(key)
        if flight.timer is not None:
            flight.timer.cancel()

    async def _wait(self, flights: Collection[_Flight], patience: Patience) -> None:
        for flight in flights:
            flight.waiting += 1
            if flight.timer is not None:
                flight.timer.cancel()
                flight.timer = None
        try:
            if flights:
                with patience.counting():
                    await asyncio.wait({flight.task for flight in flights}, timeout=patience.left)
        finally:
            for flight in flights:
                flight.waiting -= 1
                self._leave(flight)

    def _leave(self, flight: _Flight) -> None:
        """Let a call that nobody waits for go on for a while, for the next reader; but not any number of them."""
        if flight.waiting or flight.task.done():
            return
        if sum(one.timer is not None for one in self._flights.values()) >= LEFT_BEHIND:
            flight.task.cancel()
        else:
            flight.timer = asyncio.get_running_loop().call_later(GRACE, flight.task.cancel)

    async def _make(self, paper: Paper, language: str, model: ChatModel, meter: Meter) -> Summary | Fallback:
        """Return the model's summary, stored, or why there is none."""
        try:
            summary = await self._ask(paper, language, model, meter)
        except ModelError as error:
            # The model logs what went wrong; here it is what becomes of it.
            fallback = fallback_of(error)
        except (StoreError, UsageError) as error:
            _log.warning("summary.failed", arxiv_id=paper.arxiv_id, language=language, error=str(error))
            fallback = Fallback.UNAVAILABLE if isinstance(error, StoreError) else Fallback.INVALID
        except Exception:  # noqa: BLE001  # the job wrapper: one paper's oddity must not cost a channel its brief
            _log.exception("summary.failed", arxiv_id=paper.arxiv_id, language=language)
            fallback = Fallback.INVALID
        else:
            try:
                await self._texts.save_summaries([summary])
            except StoreError as error:
                _log.warning("summary.not_stored", arxiv_id=paper.arxiv_id, error=str(error))
            return summary
        self._note_failure((paper.arxiv_id, paper.version, language), fallback)
        _log.info("summary.extracted", arxiv_id=paper.arxiv_id, language=language, fallback=fallback.value)
        return fallback

    async def _ask(self, paper: Paper, language: str, model: ChatModel, meter: Meter) -> Summary:
        def check(form: SummaryForm) -> str | None:
            return complaint(check_summary(form, paper, language))

        async with self._at_once:
            async with self._preparing:
                request = build_request(paper, language)
                # Made in one go, the requests of a busy day would keep everybody else waiting for seconds.
                await asyncio.sleep(0)
            answer = await model.ask(request, SummaryForm, check=check, meter=meter)
        return as_summary(answer.value, paper, language, answer.producer)


def fallback_of(error: ModelError) -> Fallback:
    """Return the reason that a reader is told for a model's failure."""
    if isinstance(error, BudgetExhausted):
        return Fallback.BUDGET
    if isinstance(error, ModelAnswerRejected):
        return Fallback.REJECTED
    if isinstance(error, ModelAnswerInvalid):
        return Fallback.INVALID
    return Fallback.UNAVAILABLE


def _landed(flight: _Flight, paper: Paper) -> Summary:
    if not flight.task.done() or flight.task.cancelled():
        return extracted(paper, Fallback.DEADLINE)
    result = flight.task.result()
    return extracted(paper, result) if isinstance(result, Fallback) else result
