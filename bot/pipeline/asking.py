"""Answering a question about a paper: quota, full text or abstract, one call of the model. No answer is stored."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from bot.clock import Clock
from bot.digest.ask import MAX_QUESTION, AskForm, Reading, as_answer, build_request, check_answer, read_for
from bot.digest.check import complaint
from bot.digest.visible import sanitise
from bot.errors import BudgetExhausted, ModelAnswerInvalid, ModelRefused, ModelUnavailable, StoreError
from bot.i18n import Refusal
from bot.llm.port import ChatAnswer, ChatModel
from bot.log import get_logger
from bot.model import Paper
from bot.pipeline.full_texts import FETCH_SECONDS, FullTexts
from bot.render.answers import AnswerDetails, Shortfall
from bot.store.questions import Quota
from bot.texts import FullText

_log = get_logger(__name__)


class Questions(Protocol):
    """The counts of questions; see `bot.store.questions.QuestionStore`."""

    async def take(self, user_id: int, guild_id: int | None, now: datetime, *, per_user: int, per_guild: int) -> Quota:
        """Count one more question, if both quotas allow it."""
        ...

    async def give_back(self, user_id: int, guild_id: int | None, taken_at: datetime) -> None:
        """Uncount a question."""
        ...

    async def asked_today(self, user_id: int, now: datetime) -> int:
        """Return how many a person asked today."""
        ...


class Asker:
    """Answers questions. `model` is None where none is set up: then every question is refused in so many words.

    `per_user`, `per_guild`: questions per day (UTC); see `Questions`.
    """

    def __init__(
        self,
        model: ChatModel | None,
        full_texts: FullTexts,
        questions: Questions,
        clock: Clock,
        *,
        per_user: int = 10,
        per_guild: int = 100,
    ) -> None:
        self._model = model
        self._full_texts = full_texts
        self._questions = questions
        self._clock = clock
        self._per_user = per_user
        self._per_guild = per_guild

    async def ask(
        self, paper: Paper, question: str, language: str, *, user_id: int, guild_id: int | None
    ) -> AnswerDetails:
        """Return the answer to a person's question, in `language`, with how many they have left today.

        A question that could not be answered does not count. Raises `Refusal` for a question that is none, a spent
        quota, a spent budget and a model that is missing, fails or does not stay with the text; and `StoreError`.
        """
        self._require(question)
        now = self._clock.now()
        taken = await self._questions.take(user_id, guild_id, now, per_user=self._per_user, per_guild=self._per_guild)
        if taken is Quota.USER_SPENT:
            raise Refusal(
                "You have used your {limit} questions of today; summaries made for you count as well. "
                "There are more after midnight UTC.",
                limit=self._per_user,
            )
        if taken is Quota.GUILD_SPENT:
            raise Refusal(
                "The {limit} questions that may be asked here in a day are used up. There are more after midnight UTC.",
                limit=self._per_guild,
            )
        answered = False
        try:
            found = await self.answer(paper, question, language)
            answered = True
        finally:
            if not answered:
                await self._give_back(user_id, guild_id, now)
        return replace(found, left=await self._left(user_id, now), limit=self._per_user)

    async def answer(
        self, paper: Paper, question: str, language: str, *, read_seconds: float = FETCH_SECONDS
    ) -> AnswerDetails:
        """Return the answer to the owner's question: no quota counts it.

        `read_seconds`: how long to wait for the full text; 0: the abstract will do. Raises `Refusal`, `UsageError`.
        """
        model = self._require(question)
        text: FullText | Shortfall = Shortfall.UNWANTED
        if read_seconds > 0:
            text = await self._full_texts.load(paper, read_seconds)
        full_text = text if isinstance(text, FullText) else None
        if full_text is None and not paper.abstract.strip():
            raise Refusal("There is no text of this paper that I can read.")
        reading = await asyncio.to_thread(read_for, paper, full_text, question)
        given = await self._asked(model, reading, language)
        answer = as_answer(given.value, reading, language, given.producer)
        return AnswerDetails(paper, answer, text if isinstance(text, Shortfall) else None)

    async def close(self) -> None:
        """End what is still being asked of arXiv."""
        await self._full_texts.close()

    @property
    def ready(self) -> bool:
        """Return whether there is a model to ask."""
        return self._model is not None

    @property
    def limits(self) -> tuple[int, int]:
        """Return how many questions a day a person and a server may ask."""
        return self._per_user, self._per_guild

    def require_model(self) -> ChatModel:
        """Return the model. Raises `Refusal` without one."""
        if self._model is None:
            raise Refusal(
                "No language model is set up here, so I cannot answer questions. "
                "Whoever runs me can change that: `LLM__MODEL` with `LLM__API_KEY` or `LLM__BASE_URL`."
            )
        return self._model

    def _require(self, question: str) -> ChatModel:
        model, words = self.require_model(), sanitise(question)
        if not any(map(str.isalnum, words)):
            raise Refusal("Please ask a question in words.")
        if len(words) > MAX_QUESTION:
            raise Refusal("A question may have {limit} characters at most.", limit=MAX_QUESTION)
        return model

    async def _asked(self, model: ChatModel, reading: Reading, language: str) -> ChatAnswer[AskForm]:
        request = build_request(reading, language)
        try:
            return await model.ask(request, AskForm, check=_checker(reading, language))
        except BudgetExhausted as error:
            raise Refusal(
                "Today's budget for the language model is used up. Please try again after midnight UTC."
            ) from error
        except ModelUnavailable as error:
            raise Refusal("The language model does not answer right now. Please try again later.") from error
        except ModelRefused as error:
            raise Refusal("The language model's server refuses me. Whoever runs me has to look at it.") from error
        except ModelAnswerInvalid as error:
            raise Refusal(
                "The language model gave no answer that the paper's text bears out, so I show none. "
                "Asking it differently may help."
            ) from error

    async def _left(self, user_id: int, now: datetime) -> int | None:
        """Return how many questions a person has left; None where that cannot be told, which costs no answer."""
        try:
            return max(0, self._per_user - await self._questions.asked_today(user_id, now))
        except StoreError as error:
            _log.warning("question.not_counted", error=str(error))
            return None

    async def _give_back(self, user_id: int, guild_id: int | None, taken_at: datetime) -> None:
        try:
            await self._questions.give_back(user_id, guild_id, taken_at)
        except StoreError as error:
            _log.warning("question.not_given_back", error=str(error))


def _checker(reading: Reading, language: str) -> Callable[[AskForm], str | None]:
    """Return a check that objects to every invented quote the first time, and later leaves them out where it can."""
    tries = 0

    def check(form: AskForm) -> str | None:
        nonlocal tries
        tries += 1
        return complaint(check_answer(form, reading, language, strict=tries == 1))

    return check
