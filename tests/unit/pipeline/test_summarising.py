"""Summaries from the cache, from one call for all who want them, or extracted and marked; never late, never lost."""

import asyncio
from dataclasses import replace

import pytest

from bot.errors import (
    BudgetExhausted,
    DatabaseBusy,
    ModelAnswerInvalid,
    ModelAnswerRejected,
    ModelError,
    ModelRefused,
    ModelUnavailable,
)
from bot.llm.port import Meter
from bot.model import Paper
from bot.pipeline import summarising
from bot.pipeline.patience import Patience
from bot.pipeline.summarising import Summariser, bill_of, extracted
from bot.spending import Spending
from bot.texts import Fallback
from tests.unit.pipeline.model_fakes import COST, FakeModel, MemoryTexts, failing, faithful

ABSTRACT = (
    "Attention is slow for long documents. We propose SparseNet, a sparse attention layer that keeps 12.5% of the keys."
    " On 1.2 million documents it is 3.4x faster than FlashAttention. Accuracy rises from 71.2% to 74.8%."
)


def paper(number: int = 1, **changes: object) -> Paper:
    one = Paper(f"2605.{number:05}", "SparseNet", ABSTRACT, ("Ann Lee",), "cs.CL", ("cs.CL",))
    return replace(one, **changes)  # type: ignore[arg-type]  # fields by name


def good(**changes: object) -> FakeModel:
    return FakeModel(lambda _request: faithful(paper()), **changes)  # type: ignore[arg-type]  # fields by name


def summariser(model: FakeModel | None, texts: MemoryTexts | None = None, **more: object) -> Summariser:
    texts = texts or MemoryTexts()
    return Summariser(model, texts, texts, **more)  # type: ignore[arg-type]  # keywords by name


async def test_each_paper_is_asked_about_once_and_then_comes_from_the_cache() -> None:
    model, texts = good(), MemoryTexts()
    papers = [paper(number) for number in range(3)]
    first = await summariser(model, texts).write(papers, "en")
    assert list(first) == [one.arxiv_id for one in papers]
    assert all(one.made and one.spending == COST and one.summary.producer == "small" for one in first.values())
    # Another process, the same cache.
    again = await summariser(model, texts).write(papers, "en")
    assert len(model.asked) == 3
    assert {arxiv_id: one.summary for arxiv_id, one in again.items()} == {k: v.summary for k, v in first.items()}
    assert not any(one.made or one.spending != Spending() for one in again.values())


async def test_another_version_or_language_is_another_summary() -> None:
    model, texts = good(), MemoryTexts()
    made = summariser(model, texts)
    await made.write([paper()], "en")
    await made.write([paper(version=2)], "en")
    await made.write([paper()], "zh-CN")
    assert len(model.asked) == 3


async def test_two_callers_wait_for_one_call_and_one_of_them_pays() -> None:
    model = good(gate=asyncio.Event())
    made = summariser(model)
    callers = [asyncio.create_task(made.write([paper()], "en")) for _ in range(5)]
    await asyncio.sleep(0.01)
    assert model.gate is not None
    model.gate.set()
    found = [(await caller)[paper().arxiv_id] for caller in callers]
    assert len(model.asked) == 1
    assert [one.made for one in found].count(True) == 1
    assert sum((one.spending for one in found), Spending()) == COST
    assert {one.summary.producer for one in found} == {"small"}


async def test_a_caller_that_goes_away_does_not_take_the_answer_from_the_other() -> None:
    model = good(gate=asyncio.Event())
    made = summariser(model)
    leaving, staying = (asyncio.create_task(made.write([paper()], "en")) for _ in range(2))
    await asyncio.sleep(0.01)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert model.gate is not None
    model.gate.set()
    assert (await staying)[paper().arxiv_id].by_model
    assert model.cancelled == 0


@pytest.mark.parametrize(
    ("error", "fallback"),
    [
        (BudgetExhausted("full"), Fallback.BUDGET),
        (ModelUnavailable("down"), Fallback.UNAVAILABLE),
        (ModelRefused("key"), Fallback.UNAVAILABLE),
        (ModelAnswerInvalid("prose"), Fallback.INVALID),
        (ModelAnswerRejected("invented"), Fallback.REJECTED),
    ],
)
async def test_every_failure_gives_the_extracted_text_and_says_why(error: ModelError, fallback: Fallback) -> None:
    found = (await summariser(FakeModel(failing(error))).write([paper()], "en"))[paper().arxiv_id]
    assert found.summary == extracted(paper(), fallback)
    assert found.summary.producer == "extractive"
    assert found.spending == COST, "what a failure cost is billed as well"


async def test_an_answer_about_another_paper_is_rejected() -> None:
    other = paper(abstract="Herring hide in lagoons. We tagged 14 fish. Survival doubled. Dredging ended that.")
    model = FakeModel(lambda _request: faithful(other))
    found = await summariser(model).write([paper()], "en")
    assert found[paper().arxiv_id].summary.fallback is Fallback.REJECTED


async def test_what_did_not_pass_is_not_paid_for_again_and_again() -> None:
    model = FakeModel(failing(ModelAnswerRejected("invented")))
    made = summariser(model)
    for _ in range(3):
        found = await made.write([paper()], "en")
        assert found[paper().arxiv_id].summary.fallback is Fallback.REJECTED
    assert len(model.asked) == 1


async def test_what_may_pass_is_tried_again() -> None:
    model = FakeModel(failing(ModelUnavailable("down")))
    made = summariser(model)
    await made.write([paper()], "en")
    model.answer = lambda _request: faithful(paper())
    assert (await made.write([paper()], "en"))[paper().arxiv_id].by_model


async def test_a_fault_of_ours_costs_one_paper_and_no_brief() -> None:
    def answer(request: object) -> object:
        if "odd" in str(request):
            raise RuntimeError("a fault in a check")
        return faithful(paper())

    found = await summariser(FakeModel(answer)).write([paper(1), paper(2, title="An odd title")], "en")
    assert [one.summary.fallback for one in found.values()] == [None, Fallback.INVALID]


async def test_nobody_waits_longer_than_patience_and_the_answer_is_there_for_the_next() -> None:
    model = good(gate=asyncio.Event())
    made = summariser(model)
    late = (await made.write([paper()], "en", patience=Patience(0.01)))[paper().arxiv_id]
    assert (late.summary.producer, late.summary.fallback) == ("extractive", Fallback.DEADLINE)
    assert model.gate is not None
    model.gate.set()
    found = (await made.write([paper()], "en"))[paper().arxiv_id]
    assert found.by_model
    assert not found.made, "the one who began it has paid"
    assert len(model.asked) == 1


async def test_without_patience_nothing_is_asked_and_the_cache_still_serves() -> None:
    model, texts = good(), MemoryTexts()
    await summariser(model, texts).write([paper(1)], "en")
    found = await summariser(model, texts).write([paper(1), paper(2)], "en", patience=Patience(0))
    assert [one.summary.fallback for one in found.values()] == [None, Fallback.DEADLINE]
    assert found[paper(1).arxiv_id].by_model
    assert len(model.asked) == 1


async def test_patience_is_one_for_all_that_is_asked_in_turn() -> None:
    model = good(gate=asyncio.Event())
    made, patience = summariser(model), Patience(0.02)
    await made.write([paper(1)], "en", patience=patience)
    await made.write([paper(2)], "en", patience=patience)
    assert patience.left == 0
    assert len(model.asked) == 1, "the second had no time left"
    await made.close()


async def test_only_so_many_calls_go_on_with_nobody_waiting_and_closing_ends_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(summarising, "LEFT_BEHIND", 2)
    model = good(gate=asyncio.Event())
    made = summariser(model)
    await made.write([paper(number) for number in range(5)], "en", patience=Patience(0.01))
    await asyncio.sleep(0.01)
    assert (model.under_way, model.cancelled) == (2, 3)
    await made.close()
    assert (model.under_way, model.cancelled) == (0, 5)
    closed = await made.write([paper(9)], "en")
    assert closed[paper(9).arxiv_id].summary == extracted(paper(9))


async def test_a_call_left_behind_ends_after_its_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summarising, "GRACE", 0.01)
    model = good(gate=asyncio.Event())
    await summariser(model).write([paper()], "en", patience=Patience(0.01))
    await asyncio.sleep(0.05)
    assert model.cancelled == 1


async def test_a_cache_that_cannot_be_written_costs_the_next_call_not_this_answer() -> None:
    model, texts = good(), MemoryTexts(failure=DatabaseBusy("locked"))
    found = await summariser(model, texts).write([paper()], "en")
    assert found[paper().arxiv_id].by_model


async def test_the_stand_in_is_named_and_serves_as_cache() -> None:
    model, texts = good(producer="stand-in"), MemoryTexts()
    first = await summariser(model, texts, producers=["stand-in"]).write([paper()], "en")
    assert first[paper().arxiv_id].summary.producer == "stand-in"
    await summariser(model, texts, producers=["stand-in"]).write([paper()], "en")
    assert len(model.asked) == 1


async def test_without_a_model_everything_is_extracted_and_nothing_is_marked() -> None:
    found = await summariser(None).write([paper()], "en")
    assert found[paper().arxiv_id].summary == extracted(paper())
    assert found[paper().arxiv_id].summary.fallback is None


async def test_a_paper_without_an_abstract_is_not_asked_about() -> None:
    model = good()
    found = await summariser(model).write([paper(abstract=" ")], "en")
    assert found[paper().arxiv_id].summary.text == "SparseNet"
    assert not model.asked


async def test_leafing_finds_what_any_model_wrote_and_asks_nobody() -> None:
    model, texts = good(), MemoryTexts()
    await summariser(model, texts).write([paper(1)], "en")
    for one in (summariser(model, texts), summariser(None, texts)):
        assert list(await one.recall([paper(1), paper(2)], "en")) == [paper(1).arxiv_id]
        assert await one.recall([paper(1)], "zh-CN") == {}
        assert (await one.best(paper(2), "en")) == extracted(paper(2))
    assert len(model.asked) == 1


async def test_the_bill_counts_what_was_made_found_and_extracted() -> None:
    texts = MemoryTexts()
    await summariser(good(), texts).write([paper(1)], "en")
    answers = iter([faithful(paper()), BudgetExhausted("full"), BudgetExhausted("full")])
    model = FakeModel(lambda _request: next(answers))
    papers = [paper(number) for number in range(1, 5)]
    written = await summariser(model, texts).write(papers, "en")
    bill = bill_of(written.values(), "small", "€")
    assert (bill.made, bill.cached, bill.fallbacks) == (1, 1, {Fallback.BUDGET: 2})
    assert bill.spending == COST + COST + COST
    assert bill.currency == "€"


async def test_the_meter_is_told_what_the_calls_begun_for_it_cost() -> None:
    meter = Meter()
    found = await summariser(good()).summarise([paper(1), paper(2)], "en", meter=meter)
    assert {one.producer for one in found.values()} == {"small"}
    assert meter.total == COST + COST
