"""Translations of titles and abstracts: from the cache, or made once for everybody who wants them, or refused in words.

One call for each paper, version, language and wish for terms, however many ask for it; what passes the checks is kept
for ever. A reader's wish counts against a quota when it begins a call. Briefs wait as long as their patience lasts.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from bot.clock import Clock
from bot.digest.check import complaint
from bot.digest.languages import is_in, language_name, same_language
from bot.digest.translate import (
    PURPOSE,
    Original,
    TranslationForm,
    as_translation,
    build_request,
    check_translation,
    prompt_version,
)
from bot.errors import (
    BudgetExhausted,
    ModelAnswerInvalid,
    ModelError,
    ModelRefused,
    ModelUnavailable,
    StoreError,
    UsageError,
)
from bot.i18n import Refusal
from bot.llm.port import ChatModel, Meter
from bot.log import get_logger
from bot.model import Brief, Paper
from bot.pipeline.patience import Patience
from bot.pipeline.summarising import fallback_of
from bot.spending import Bill, Spending
from bot.store.questions import Quota
from bot.store.summaries import PaperVersionKey
from bot.texts import Fallback, Translation

SECONDS = 60.0
"""How long a reader waits; what comes later is there when they ask again."""

_log = get_logger(__name__)

_Key = tuple[str, int, str, str]


class Translations(Protocol):
    """Where translations are kept; see `bot.store.summaries.SummaryStore`."""

    async def load_translations(
        self, papers: Iterable[PaperVersionKey], language: str, *, prompt_versions: Collection[str] | None = None
    ) -> dict[PaperVersionKey, Translation]:
        """Return the newest stored ones into exactly that language."""
        ...

    async def save_translation(self, one: Translation) -> None:
        """Store one for good."""
        ...


class Quotas(Protocol):
    """What readers may have a model do; see `bot.store.questions.QuestionStore`."""

    async def take(self, user_id: int, guild_id: int | None, now: datetime, *, per_user: int, per_guild: int) -> Quota:
        """Count one of today if both quotas allow it."""
        ...

    async def give_back(self, user_id: int, guild_id: int | None, taken_at: datetime) -> None:
        """Uncount one."""
        ...


@dataclass(slots=True)
class _Flight:
    """One call under way. Its result is the translation, or why there is none."""

    task: "asyncio.Task[Translation | ModelError]"
    meter: Meter


class Translator:
    """Translates papers. `model` is None where none is set up: then only what is stored can be had."""

    def __init__(
        self,
        model: ChatModel | None,
        store: Translations,
        quotas: Quotas,
        clock: Clock,
        *,
        per_user: int = 10,
        per_guild: int = 100,
        seconds: float = SECONDS,
        currency: str = "$",
    ) -> None:
        """`per_user`, `per_guild`: calls that readers may begin per day (UTC), together with their questions."""
        self._model = model
        self._store = store
        self._quotas = quotas
        self._clock = clock
        self._per_user = per_user
        self._per_guild = per_guild
        self._seconds = seconds
        self._currency = currency
        self._flights: dict[_Key, _Flight] = {}
        self._closed = False

    @property
    def available(self) -> bool:
        """Return whether there is a model to ask."""
        return self._model is not None and not self._closed

    def require_model(self) -> ChatModel:
        """Return the model. Raises `Refusal` without one."""
        if self._model is None or self._closed:
            raise Refusal(
                "No language model is set up here, so I cannot translate. "
                "Whoever runs me can change that: `LLM__MODEL` with `LLM__API_KEY` or `LLM__BASE_URL`."
            )
        return self._model

    async def recall(self, papers: Iterable[Paper], language: str, *, terms: bool = False) -> dict[str, Translation]:
        """Return the stored translations into `language`, by identifier; asks nobody, costs nothing.

        Raises `StoreError`.
        """
        versions = {paper.arxiv_id: paper.version for paper in papers}
        found = await self._store.load_translations(
            versions.items(), language, prompt_versions=[prompt_version(terms=terms)]
        )
        return {arxiv_id: one for (arxiv_id, _), one in found.items()}

    async def translate(
        self,
        paper: Paper,
        language: str,
        *,
        user_id: int | None = None,
        guild_id: int | None = None,
        terms: bool = False,
    ) -> Translation:
        """Return the paper's title and abstract in `language`, a BCP 47 tag; `user_id` None: the owner, without quota.

        `terms`: with the English terms in parentheses. Raises `Refusal` where there is nothing to translate or no
        model, for a spent quota or budget, and where the model gave nothing that may be shown; `UsageError` for a
        language that is none; `StoreError`.
        """
        language_name(language)
        stored = await self.recall([paper], language, terms=terms)
        if paper.arxiv_id in stored:
            return stored[paper.arxiv_id]
        model = self.require_model()
        if _is_written_in(paper, language) or not Original.of(paper).translatable:
            raise Refusal("There is nothing to translate: this paper is written in that language.")
        key = _key(paper, language, terms=terms)
        flight = self._flights.get(key)
        paid_at: datetime | None = None
        if flight is None:
            paid_at = await self._pay(user_id, guild_id)
            # Another may have begun it while this one paid.
            flight = self._flights.get(key)
            if flight is None:
                flight = self._begin(key, paper, model)
            else:
                await self._give_back(user_id, guild_id, paid_at)
                paid_at = None
        done, _ = await asyncio.wait({flight.task}, timeout=self._seconds)
        if not done or flight.task.cancelled():
            raise Refusal("The translation is not ready yet. Please try again in a minute.")
        result = flight.task.result()
        if isinstance(result, Translation):
            return result
        if not isinstance(result, ModelAnswerInvalid):
            # Nothing was given. An answer that did not pass the checks was paid for, and counts.
            await self._give_back(user_id, guild_id, paid_at)
        raise _refusal(result) from result

    async def translate_all(
        self, papers: Iterable[Paper], language: str, *, patience: Patience, meter: Meter | None = None
    ) -> dict[str, Translation | Fallback]:
        """Return a translation of every paper by identifier, or why there is none when patience is at its end.

        Papers that are written in `language` are left out, and all that are not stored where there is no model. `meter`
        is told what the calls begun for it cost. Raises `StoreError` where the cache cannot be read.
        """
        wanted = {paper.arxiv_id: paper for paper in papers if not _is_written_in(paper, language)}
        found: dict[str, Translation | Fallback] = {**await self.recall(wanted.values(), language)}
        if self._model is None or self._closed:
            return found
        flights: dict[str, _Flight] = {}
        own: list[_Flight] = []
        for arxiv_id, paper in wanted.items():
            if arxiv_id in found:
                continue
            key = _key(paper, language, terms=False)
            if key in self._flights:
                flights[arxiv_id] = self._flights[key]
            elif patience.left > 0:
                flights[arxiv_id] = self._begin(key, paper, self._model)
                own.append(flights[arxiv_id])
            else:
                found[arxiv_id] = Fallback.DEADLINE
        if flights:
            with patience.counting():
                await asyncio.wait({flight.task for flight in flights.values()}, timeout=patience.left)
        for arxiv_id, flight in flights.items():
            found[arxiv_id] = _landed(flight)
        if meter is not None:
            meter.add(sum((flight.meter.total for flight in own), Spending()))
        return found

    async def add_to(self, brief: Brief, patience: Patience) -> tuple[Brief, Bill | None]:
        """Return the brief with the translations of its papers into its language, or why they are missing; their bill.

        The bill is in the brief's as well. A brief in English comes back as it is, for so do papers. Raises
        `StoreError` where the cache cannot be read.
        """
        if same_language(brief.language, "en") or not brief.items:
            return brief, None
        meter = Meter()
        found = await self.translate_all(
            (item.paper for item in brief.items), brief.language, patience=patience, meter=meter
        )
        done = _with(brief, found)
        failed = sum(isinstance(one, Fallback) for one in found.values())
        if self._model is None or (meter.total == Spending() and not failed):
            return done, None
        bill = Bill(
            self._model.name,
            failed={PURPOSE: failed} if failed else {},
            spending=meter.total,
            currency=self._currency,
        )
        return replace(done, bill=bill if brief.bill is None else brief.bill + bill), bill

    async def add_stored(self, brief: Brief) -> Brief:
        """Return the brief with the translations that are stored; asks nobody. Raises `StoreError`."""
        if same_language(brief.language, "en") or not brief.items:
            return brief
        return _with(brief, await self.recall((item.paper for item in brief.items), brief.language))

    async def close(self) -> None:
        """Give up what is under way."""
        self._closed = True
        tasks = [flight.task for flight in self._flights.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _pay(self, user_id: int | None, guild_id: int | None) -> datetime:
        now = self._clock.now()
        if user_id is None:
            return now
        taken = await self._quotas.take(user_id, guild_id, now, per_user=self._per_user, per_guild=self._per_guild)
        if taken is Quota.USER_SPENT:
            raise Refusal(
                "You have had {limit} questions and translations today, which is the limit. Try again after midnight "
                "UTC.",
                limit=self._per_user,
            )
        if taken is Quota.GUILD_SPENT:
            raise Refusal(
                "{limit} questions and translations were asked for here today, which is the limit. Try again after "
                "midnight UTC.",
                limit=self._per_guild,
            )
        return now

    async def _give_back(self, user_id: int | None, guild_id: int | None, paid_at: datetime | None) -> None:
        if user_id is None or paid_at is None:
            return
        try:
            await self._quotas.give_back(user_id, guild_id, paid_at)
        except StoreError as error:
            _log.warning("translation.not_given_back", error=str(error))

    def _begin(self, key: _Key, paper: Paper, model: ChatModel) -> _Flight:
        meter = Meter()
        terms = key[3] == prompt_version(terms=True)
        task = asyncio.create_task(
            self._make(paper, key[2], model, meter, terms=terms), name=f"translation of {paper.arxiv_id}"
        )
        flight = self._flights[key] = _Flight(task, meter)
        task.add_done_callback(lambda _: self._flights.pop(key))
        return flight

    async def _make(
        self, paper: Paper, language: str, model: ChatModel, meter: Meter, *, terms: bool
    ) -> Translation | ModelError:
        """Return the translation, stored, or why there is none."""

        def check(form: TranslationForm) -> str | None:
            return complaint(check_translation(form, paper, language, terms=terms))

        try:
            request = build_request(paper, language, terms=terms)
            answer = await model.ask(request, TranslationForm, check=check, meter=meter)
            made = as_translation(answer.value, paper, language, answer.producer, terms=terms)
        except ModelError as error:
            # The model logs what went wrong; here it is what becomes of it.
            _log.info("translation.failed", arxiv_id=paper.arxiv_id, language=language, why=fallback_of(error).value)
            return error
        except (StoreError, UsageError) as error:
            _log.warning("translation.failed", arxiv_id=paper.arxiv_id, language=language, error=str(error))
            return ModelUnavailable(str(error))
        except Exception:  # noqa: BLE001  # the job wrapper: one paper's oddity must not cost a channel its brief
            _log.exception("translation.failed", arxiv_id=paper.arxiv_id, language=language)
            return ModelUnavailable("the translation failed")
        try:
            await self._store.save_translation(made)
        except StoreError as error:
            _log.warning("translation.not_stored", arxiv_id=paper.arxiv_id, error=str(error))
        return made


def _key(paper: Paper, language: str, *, terms: bool) -> _Key:
    return paper.arxiv_id, paper.version, language, prompt_version(terms=terms)


def _is_written_in(paper: Paper, language: str) -> bool:
    """Return whether a paper's text is in `language` already; what nobody can tell is taken for English."""
    text = f"{paper.title} {paper.abstract}"
    if same_language(language, "en"):
        return is_in(text, "en")
    return not is_in(text, "en") and is_in(text, language)


def _landed(flight: _Flight) -> Translation | Fallback:
    if not flight.task.done() or flight.task.cancelled():
        return Fallback.DEADLINE
    result = flight.task.result()
    return result if isinstance(result, Translation) else fallback_of(result)


def _with(brief: Brief, found: Mapping[str, Translation | Fallback]) -> Brief:
    items = tuple(replace(item, translation=found.get(item.paper.arxiv_id)) for item in brief.items)
    return replace(brief, items=items)


def _refusal(error: ModelError) -> Refusal:
    """Return what a reader is told, with what to do."""
    if isinstance(error, BudgetExhausted):
        return Refusal("Today's budget for the language model is used up. Please try again after midnight UTC.")
    if isinstance(error, ModelRefused):
        return Refusal("The language model's server refuses me. Whoever runs me has to look at it.")
    if isinstance(error, ModelAnswerInvalid):
        return Refusal(
            "The language model's translation did not keep to the original, so I show none. Trying again may help."
        )
    return Refusal("The language model does not answer right now. Please try again later.")
