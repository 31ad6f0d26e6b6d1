"""What a model adds to briefs: each part may fail alone, is asked for once, and is billed."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest

from bot.delivery import TopicKey
from bot.digest.extract import summarise_extractive
from bot.digest.overview import OverviewForm, OverviewSentenceForm
from bot.digest.rerank import RerankForm, ScoreForm
from bot.errors import BudgetExhausted, ModelError, ModelRefused, ModelUnavailable, StoreError
from bot.llm.port import ChatRequest
from bot.model import AnnounceType, Brief, BriefItem, Paper, Receipt, Topic
from bot.pipeline.patience import Patience
from bot.pipeline.summarising import Summariser
from bot.pipeline.writing import Writer
from bot.spending import Spending
from bot.texts import Fallback, Overview
from tests.unit.pipeline.model_fakes import COST, FakeModel, MemoryTexts, faithful

ABSTRACT = (
    "Attention is slow for long documents. We propose SparseNet, a sparse attention layer that keeps 12.5% of the keys."
    " On 1.2 million documents it is 3.4x faster than FlashAttention."
)


@dataclass
class Shelf:
    """Overviews in memory."""

    kept: dict[tuple[object, ...], Overview] = field(default_factory=dict)

    async def save_overview(
        self,
        topic: TopicKey,
        announced_on: date,
        language: str,
        arxiv_ids: Sequence[str],
        one: Overview,
        *,
        channel_id: int | None = None,
    ) -> bool:
        self.kept[topic, announced_on, language, tuple(arxiv_ids), channel_id] = one
        return True

    async def load_overview(
        self,
        topic: TopicKey,
        announced_on: date,
        language: str,
        arxiv_ids: Sequence[str],
        *,
        channel_id: int | None = None,
    ) -> Overview | None:
        return self.kept.get((topic, announced_on, language, tuple(arxiv_ids), channel_id))


def paper(number: int) -> Paper:
    return Paper(f"2605.{number:05}", f"SparseNet {number}", ABSTRACT, ("Ann Lee",), "cs.CL", ("cs.CL",))


def a_brief(count: int = 3, language: str = "en") -> Brief:
    items = tuple(
        BriefItem(one, AnnounceType.NEW, place, 1.0, (), summarise_extractive(one), {})
        for place, one in enumerate(map(paper, range(1, count + 1)))
    )
    topic = Topic("llm", {"en": "LLM"}, ("cs.CL",), interest="sparse attention")
    return Brief(topic, date(2026, 5, 12), language, Receipt(count, count, count, count, 0), items, ())


def scores(*given: int) -> RerankForm:
    return RerankForm(scores=[ScoreForm(id=paper(place).arxiv_id, score=one) for place, one in enumerate(given, 1)])


OVERVIEW = OverviewForm(
    sentences=[
        OverviewSentenceForm(text="SparseNet keeps 12.5% of the keys in attention for long documents.", papers=[1, 2])
    ]
)

Answers = dict[str, Any]


def answering(**answers: Any) -> Callable[[ChatRequest], Any]:
    """Return a model's answers by purpose; summaries are faithful unless another is given."""
    return lambda request: answers.get(request.purpose, faithful(paper(1)))


def writer(model: FakeModel | None, shelf: Shelf | None = None, **wanted: bool) -> Writer:
    texts = MemoryTexts()
    return Writer(Summariser(model, texts, texts), model, shelf or Shelf(), currency="€", **wanted)


def purposes(model: FakeModel) -> list[str]:
    return [one.purpose for one in model.asked]


def ids(*numbers: int) -> list[str]:
    return [paper(number).arxiv_id for number in numbers]


async def test_the_order_is_the_models_and_the_same_question_is_asked_once() -> None:
    model = FakeModel(answering(rerank=scores(1, 5, 3)))
    made = writer(model, rerank=True)
    assert made.reranks
    order, bill = await made.order(a_brief(), Patience(5))
    assert order == ids(2, 3, 1)
    assert bill is not None
    assert (bill.spending, dict(bill.failed), bill.currency) == (COST, {}, "€")
    # The words of a brief are in another language; the papers and what is wanted are the same.
    assert await made.order(a_brief(language="zh-CN"), Patience(5)) == (ids(2, 3, 1), None)
    assert purposes(model) == ["rerank"]
    changed = replace(a_brief(), topic=replace(a_brief().topic, interest="fish"))
    await made.order(changed, Patience(5))
    assert purposes(model) == ["rerank", "rerank"]


@pytest.mark.parametrize(
    "trouble",
    [
        BudgetExhausted("no room"),
        ModelUnavailable("down"),
        ModelRefused("key"),
        StoreError("disk"),
        RerankForm(scores=[ScoreForm(id="2605.99999", score=5)]),
        RerankForm(scores=[]),
    ],
)
async def test_an_order_that_fails_leaves_that_of_the_words_and_is_counted(trouble: object) -> None:
    model = FakeModel(answering(rerank=trouble))
    made = writer(model, rerank=True)
    order, bill = await made.order(a_brief(), Patience(5))
    assert order == ids(1, 2, 3)
    assert bill is not None
    assert (bill.spending, dict(bill.failed)) == (COST, {"rerank": 1})
    await made.order(a_brief(), Patience(5))
    assert purposes(model) == ["rerank", "rerank"], "a failure is not kept"


async def test_an_order_is_waited_for_no_longer_than_patience() -> None:
    model = FakeModel(answering(rerank=scores(1, 5, 3)), gate=asyncio.Event())
    order, bill = await writer(model, rerank=True).order(a_brief(), Patience(0))
    assert order == ids(1, 2, 3)
    assert bill is not None
    assert bill.failed == {"rerank": 1}


async def test_one_paper_and_no_model_need_no_order() -> None:
    model = FakeModel(answering())
    assert await writer(model, rerank=True).order(a_brief(1), Patience(5)) == (ids(1), None)
    assert await writer(None, rerank=True).order(a_brief(), Patience(5)) == (ids(1, 2, 3), None)
    assert not writer(None, rerank=True).reranks
    assert not writer(model).reranks
    assert model.asked == []


async def test_a_brief_gets_summaries_and_an_overview_on_one_bill() -> None:
    model = FakeModel(answering(overview=OVERVIEW))
    (done,) = await writer(model, overview=True).write([a_brief()], Patience(5))
    assert {item.summary.producer for item in done.items} == {"small"}
    assert done.overview is not None
    assert done.overview.sentences[0].arxiv_ids == tuple(ids(1, 2))
    assert done.bill is not None
    assert (done.bill.made, done.bill.spending) == (3, COST + COST + COST + COST)
    assert sorted(purposes(model)) == ["overview", "summary", "summary", "summary"]


async def test_an_overview_that_was_posted_is_not_paid_for_again() -> None:
    model, shelf = FakeModel(answering(overview=OVERVIEW)), Shelf()
    first = writer(model, shelf, overview=True)
    (done,) = await first.write([a_brief()], Patience(5))
    await first.keep(done)
    again = writer(model, shelf, overview=True)
    (found,) = await again.write([a_brief()], Patience(5))
    assert found.overview == done.overview
    assert purposes(model).count("overview") == 1
    for other in (a_brief(2), a_brief(language="de")):
        await again.write([other], Patience(5))
    assert purposes(model).count("overview") == 3, "of other papers, and in another language, it says nothing"


@pytest.mark.parametrize(
    "trouble",
    [
        BudgetExhausted("no room"),
        ModelUnavailable("down"),
        StoreError("disk"),
        OverviewForm(sentences=[OverviewSentenceForm(text="SparseNet keeps 99.5% of the keys.", papers=[1])]),
        OverviewForm(sentences=[OverviewSentenceForm(text="SparseNet keeps most of the keys.", papers=[9])]),
    ],
)
async def test_an_overview_that_fails_costs_no_summary_and_is_counted(trouble: object) -> None:
    model = FakeModel(answering(overview=trouble))
    (done,) = await writer(model, overview=True).write([a_brief()], Patience(5))
    assert done.overview is None
    assert {item.summary.producer for item in done.items} == {"small"}
    assert done.bill is not None
    assert (done.bill.made, dict(done.bill.failed)) == (3, {"overview": 1})


async def test_a_single_paper_needs_no_overview() -> None:
    model = FakeModel(answering(overview=OVERVIEW))
    (done,) = await writer(model, overview=True).write([a_brief(1)], Patience(5))
    assert (done.overview, purposes(model)) == (None, ["summary"])


async def test_of_briefs_that_share_a_paper_the_first_one_pays() -> None:
    model = FakeModel(answering())
    first, second, chinese = await writer(model).write([a_brief(3), a_brief(2), a_brief(0, "zh-CN")], Patience(5))
    assert first.bill is not None
    assert second.bill is not None
    assert (first.bill.made, first.bill.cached, first.bill.spending.requests) == (3, 0, 3)
    assert (second.bill.made, second.bill.cached, second.bill.spending) == (0, 2, Spending())
    assert chinese.bill is None


@pytest.mark.parametrize("error", [ModelUnavailable("down"), BudgetExhausted("no room")])
async def test_every_brief_comes_back_whatever_the_model_does(error: ModelError) -> None:
    model = FakeModel(lambda _request: error)
    (done,) = await writer(model, overview=True, rerank=True).write([a_brief()], Patience(5))
    assert len(done.items) == 3
    assert {item.summary.fallback for item in done.items} <= {Fallback.UNAVAILABLE, Fallback.BUDGET}
    assert {item.summary.producer for item in done.items} == {"extractive"}


async def test_without_a_model_a_brief_is_as_it_was() -> None:
    assert await writer(None, overview=True).write([a_brief()], Patience(5)) == [a_brief()]
