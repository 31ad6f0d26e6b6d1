"""Translations from the cache, from one call for all who want them, or refused in words that say what to do."""

import asyncio
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.digest.translate import TranslationForm
from bot.errors import (
    BudgetExhausted,
    DatabaseBusy,
    ModelAnswerInvalid,
    ModelAnswerRejected,
    ModelError,
    ModelRefused,
    ModelUnavailable,
    UsageError,
)
from bot.i18n import Refusal
from bot.llm.port import ChatRequest
from bot.model import AnnounceType, Brief, BriefItem, Paper, Receipt, Topic
from bot.pipeline.patience import Patience
from bot.pipeline.translating import Translator
from bot.spending import Bill
from bot.store.questions import Quota
from bot.store.summaries import PaperVersionKey
from bot.texts import Fallback, Sentence, Summary, Translation
from tests.unit.pipeline.model_fakes import COST, FakeModel, failing
from tests.wire.openai_makers.translation import make

ABSTRACT = (
    "Attention is slow for long documents. We propose SparseNet, which keeps $k$ of the keys, as \\cite{a} shows."
)


def paper(number: int = 1, **changes: Any) -> Paper:
    one = Paper(f"2605.{number:05}", "SparseNet for Long Documents", ABSTRACT, ("Ann Lee",), "cs.CL", ("cs.CL",))
    return replace(one, **changes)


def answer(request: ChatRequest) -> TranslationForm:
    return TranslationForm.model_validate(json.loads(make(request.system, request.user, None) or "{}"))


def good(**changes: Any) -> FakeModel:
    return FakeModel(answer, **changes)


@dataclass
class Memory:
    """Translations and quotas in memory."""

    kept: list[Translation] = field(default_factory=list)
    failure: Exception | None = None
    granted: Quota = Quota.GRANTED
    taken: int = 0

    async def load_translations(
        self, papers: Iterable[PaperVersionKey], language: str, *, prompt_versions: Collection[str] | None = None
    ) -> dict[PaperVersionKey, Translation]:
        wanted = set(papers)
        return {
            (one.arxiv_id, one.version): one
            for one in self.kept
            if (one.arxiv_id, one.version) in wanted
            and one.language == language
            and (prompt_versions is None or one.prompt_version in prompt_versions)
        }

    async def save_translation(self, one: Translation) -> None:
        if self.failure is not None:
            raise self.failure
        self.kept.append(one)

    async def take(self, user_id: int, guild_id: int | None, now: datetime, *, per_user: int, per_guild: int) -> Quota:
        await asyncio.sleep(0)
        if self.granted is Quota.GRANTED:
            self.taken += 1
        return self.granted

    async def give_back(self, user_id: int, guild_id: int | None, taken_at: datetime) -> None:
        self.taken -= 1


class Noon:
    def now(self) -> datetime:
        return datetime(2026, 5, 12, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def translator(model: FakeModel | None, memory: Memory | None = None, **more: Any) -> Translator:
    memory = memory or Memory()
    return Translator(model, memory, memory, Noon(), **more)


def a_brief(*papers: Paper, language: str = "zh-CN") -> Brief:
    items = tuple(
        BriefItem(
            one,
            AnnounceType.NEW,
            place,
            1.0,
            (),
            Summary(one.arxiv_id, 1, "en", "Gist.", (0,), (Sentence("It.", (0,)),), "extractive", "1"),
            {},
        )
        for place, one in enumerate(papers)
    )
    topic = Topic("llm", {"en": "LLM"}, ("cs.CL",))
    return Brief(topic, date(2026, 5, 12), language, Receipt(3, 3, 3, len(items), 0), items, ())


async def test_a_paper_is_translated_once_and_then_comes_from_the_cache() -> None:
    model, memory = good(producer="stand-in"), Memory()
    made = translator(model, memory)
    first = await made.translate(paper(), "zh-CN", user_id=7, guild_id=1)
    assert "$k$" in first.abstract
    assert "\\cite{a}" in first.abstract
    assert first.producer == "stand-in"
    assert await translator(None, memory).translate(paper(), "zh-CN", user_id=8) == first
    assert (len(model.asked), memory.taken) == (1, 1)


async def test_version_language_and_terms_are_translations_of_their_own() -> None:
    model = good()
    made = translator(model)
    await made.translate(paper(), "zh-CN")
    await made.translate(paper(version=2), "zh-CN")
    await made.translate(paper(), "de")
    terms = await made.translate(paper(), "zh-CN", terms=True)
    assert terms.prompt_version.endswith("+terms")
    assert len(model.asked) == 4


async def test_many_who_ask_at_once_share_one_call_and_one_pays() -> None:
    model, memory = good(), Memory()
    made = translator(model, memory)
    found = await asyncio.gather(*(made.translate(paper(), "de", user_id=user) for user in range(1, 6)))
    assert len(set(found)) == 1
    assert (len(model.asked), memory.taken) == (1, 1)


async def test_the_owner_has_no_quota() -> None:
    memory = Memory(granted=Quota.USER_SPENT)
    assert (await translator(good(), memory).translate(paper(), "de")).language == "de"


@pytest.mark.parametrize(
    ("granted", "told"),
    [
        (Quota.USER_SPENT, "You have had 3 questions and translations today"),
        (Quota.GUILD_SPENT, "5 questions and translations were asked for here today"),
    ],
)
async def test_a_spent_quota_is_told_and_costs_nothing(granted: Quota, told: str) -> None:
    model = good()
    made = translator(model, Memory(granted=granted), per_user=3, per_guild=5)
    with pytest.raises(Refusal, match=told):
        await made.translate(paper(), "de", user_id=7)
    assert model.asked == []


@pytest.mark.parametrize(
    ("error", "told", "counted"),
    [
        (BudgetExhausted("x"), "budget for the language model is used up. Please try again after midnight", 0),
        (ModelUnavailable("x"), "does not answer right now. Please try again later", 0),
        (ModelRefused("x"), "Whoever runs me has to look at it", 0),
        (ModelAnswerInvalid("x"), "did not keep to the original", 1),
        (ModelAnswerRejected("x"), "did not keep to the original", 1),
    ],
)
async def test_what_the_model_cannot_do_is_told_with_what_to_do(error: ModelError, told: str, counted: int) -> None:
    memory = Memory()
    with pytest.raises(Refusal, match=told):
        await translator(FakeModel(failing(error)), memory).translate(paper(), "de", user_id=7)
    assert (memory.taken, memory.kept) == (counted, [])


async def test_without_a_model_it_says_so() -> None:
    made = translator(None)
    assert not made.available
    with pytest.raises(Refusal, match="No language model is set up here"):
        await made.translate(paper(), "de", user_id=7)


async def test_an_answer_that_loses_a_mark_is_never_shown() -> None:
    def lossy(request: ChatRequest) -> TranslationForm:
        form = answer(request)
        return form.model_copy(update={"abstract": form.abstract.replace("⟦0⟧", "")})

    memory = Memory()
    with pytest.raises(Refusal, match="did not keep to the original"):
        await translator(FakeModel(lossy), memory).translate(paper(), "de")
    assert memory.kept == []


async def test_what_is_in_that_language_is_not_translated() -> None:
    model = good()
    made = translator(model)
    with pytest.raises(Refusal, match="nothing to translate"):
        await made.translate(paper(), "en-GB", user_id=7)
    german = (
        "Diese Arbeit untersucht die Sprache und zeigt, dass die Ergebnisse von der Größe der Daten abhängen und nicht "
        "durch das Verfahren erklärt werden."
    )
    with pytest.raises(Refusal, match="nothing to translate"):
        await made.translate(paper(title="Eine Untersuchung der Sprache", abstract=german), "de", user_id=7)
    with pytest.raises(UsageError, match="language tag"):
        await made.translate(paper(), "klingon please", user_id=7)
    assert model.asked == []


async def test_a_reader_does_not_wait_for_ever_and_the_call_goes_on() -> None:
    gate, memory = asyncio.Event(), Memory()
    made = translator(good(gate=gate), memory, seconds=0.01)
    with pytest.raises(Refusal, match="not ready yet"):
        await made.translate(paper(), "de", user_id=7)
    gate.set()
    assert (await made.translate(paper(), "de", user_id=7)).language == "de"
    await made.close()


async def test_closing_ends_what_is_under_way() -> None:
    model = good(gate=asyncio.Event())
    made = translator(model)
    waiting = asyncio.create_task(made.translate(paper(), "de"))
    for _ in range(20):
        await asyncio.sleep(0)
    await made.close()
    assert model.cancelled == 1
    with pytest.raises(Refusal):
        await waiting


async def test_a_translation_that_cannot_be_stored_is_shown() -> None:
    memory = Memory(failure=DatabaseBusy("busy"))
    assert (await translator(good(), memory).translate(paper(), "de")).language == "de"


async def test_a_brief_gets_the_translations_of_its_papers_and_their_bill() -> None:
    made = translator(good())
    brief, bill = await made.add_to(a_brief(paper(1), paper(2)), Patience(5))
    translations = [item.translation for item in brief.items]
    assert [one.arxiv_id for one in translations if isinstance(one, Translation)] == ["2605.00001", "2605.00002"]
    assert bill is not None
    assert bill.spending == COST + COST
    assert brief.bill == bill
    again, nothing = await made.add_to(replace(a_brief(paper(1)), bill=Bill("small", made=1)), Patience(5))
    assert isinstance(again.items[0].translation, Translation)
    assert (nothing, again.bill) == (None, Bill("small", made=1))


async def test_an_english_brief_stays_as_it_is() -> None:
    model = good()
    brief = a_brief(paper(), language="en")
    assert await translator(model).add_to(brief, Patience(5)) == (brief, None)
    assert model.asked == []


async def test_a_brief_says_what_could_not_be_translated() -> None:
    def some(request: ChatRequest) -> Any:
        return answer(request) if "Other" not in request.user else BudgetExhausted("full")

    brief, bill = await translator(FakeModel(some)).add_to(
        a_brief(paper(1), paper(2, title="Other Long Documents")), Patience(5)
    )
    assert isinstance(brief.items[0].translation, Translation)
    assert brief.items[1].translation is Fallback.BUDGET
    assert bill is not None
    assert bill.failed == {"translation": 1}


async def test_a_brief_is_not_kept_waiting() -> None:
    made = translator(good(gate=asyncio.Event()))
    brief, _ = await made.add_to(a_brief(paper(1)), Patience(0.01))
    assert brief.items[0].translation is Fallback.DEADLINE
    brief, _ = await made.add_to(a_brief(paper(2)), Patience(0))
    assert brief.items[0].translation is Fallback.DEADLINE
    await made.close()


async def test_without_a_model_a_brief_has_what_is_stored() -> None:
    memory = Memory()
    await translator(good(), memory).translate(paper(1), "zh-CN")
    brief, bill = await translator(None, memory).add_to(a_brief(paper(1), paper(2)), Patience(5))
    assert isinstance(brief.items[0].translation, Translation)
    assert (brief.items[1].translation, bill) == (None, None)
    assert await translator(good(), memory).add_stored(a_brief(paper(1), paper(2))) == brief
