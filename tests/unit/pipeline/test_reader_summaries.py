"""A reader's summary: what is there is free, what is made for them counts, what was not given is not charged."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from bot.errors import DatabaseBusy, ModelUnavailable
from bot.model import Paper
from bot.pipeline.reader_summaries import ReaderSummaries
from bot.pipeline.summarising import Summariser
from bot.store.questions import Quota
from bot.texts import Fallback
from tests.unit.llm.fakes import NOON, JumpClock
from tests.unit.pipeline.model_fakes import FakeModel, MemoryTexts, failing, faithful

PAPER = Paper(
    "2605.00001",
    "SparseNet",
    "Attention is slow for long documents. We propose SparseNet, a sparse attention layer that keeps 12.5% of the keys."
    " On 1.2 million documents it is 3.4x faster than FlashAttention.",
    ("Ann Lee",),
    "cs.CL",
    ("cs.CL",),
)


@dataclass
class Quotas:
    """Counts what was taken and not given back; `answers` are given in turn, the last for ever."""

    answers: list[Quota] = field(default_factory=lambda: [Quota.GRANTED])
    taken: int = 0
    asked: list[tuple[int, int | None, int, int]] = field(default_factory=list)
    failure: Exception | None = None

    async def take(self, user_id: int, guild_id: int | None, now: datetime, *, per_user: int, per_guild: int) -> Quota:
        assert now == NOON
        if self.failure is not None:
            raise self.failure
        self.asked.append((user_id, guild_id, per_user, per_guild))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.taken += answer is Quota.GRANTED
        return answer

    async def give_back(self, user_id: int, guild_id: int | None, taken_at: datetime) -> None:
        assert taken_at == NOON
        self.taken -= 1


def good() -> FakeModel:
    return FakeModel(lambda _request: faithful(PAPER))


def readers(model: FakeModel | None, quotas: Quotas, texts: MemoryTexts | None = None, **more: Any) -> ReaderSummaries:
    texts = texts or MemoryTexts()
    return ReaderSummaries(Summariser(model, texts, texts), quotas, JumpClock(), per_user=3, per_guild=5, **more)


async def test_the_first_reader_pays_and_all_others_read_for_nothing() -> None:
    model, quotas, texts = good(), Quotas(), MemoryTexts()
    made = readers(model, quotas, texts)
    first = await made.find(PAPER, "en", user_id=7, guild_id=1)
    assert (first.producer, first.fallback) == ("small", None)
    assert quotas.asked == [(7, 1, 3, 5)]
    assert await made.find(PAPER, "en", user_id=8, guild_id=None) == first
    assert (quotas.taken, len(model.asked)) == (1, 1)


async def test_without_a_model_nothing_is_counted() -> None:
    quotas = Quotas()
    found = await readers(None, quotas).find(PAPER, "en", user_id=7, guild_id=1)
    assert (found.producer, found.fallback, quotas.asked) == ("extractive", None, [])


@pytest.mark.parametrize("answer", [Quota.USER_SPENT, Quota.GUILD_SPENT])
async def test_a_spent_quota_shows_the_extracted_text_and_asks_nobody(answer: Quota) -> None:
    model = good()
    found = await readers(model, Quotas([answer])).find(PAPER, "en", user_id=7, guild_id=1)
    assert (found.producer, found.fallback) == ("extractive", None)
    assert model.asked == []


async def test_what_the_model_did_not_give_is_given_back() -> None:
    quotas = Quotas()
    found = await readers(FakeModel(failing(ModelUnavailable("down"))), quotas).find(PAPER, "en", user_id=7, guild_id=1)
    assert (found.producer, found.fallback, quotas.taken) == ("extractive", Fallback.UNAVAILABLE, 0)


async def test_an_answer_that_comes_too_late_is_not_charged_and_there_for_the_next() -> None:
    model, quotas = good(), Quotas()
    found = await readers(model, quotas, seconds=0).find(PAPER, "en", user_id=7, guild_id=1)
    assert (found.fallback, quotas.taken) == (Fallback.DEADLINE, 0)


async def test_a_quota_that_cannot_be_read_costs_the_model_summary_not_the_page() -> None:
    model = good()
    found = await readers(model, Quotas(failure=DatabaseBusy("busy"))).find(PAPER, "en", user_id=7, guild_id=1)
    assert found.producer == "extractive"
    assert model.asked == []
