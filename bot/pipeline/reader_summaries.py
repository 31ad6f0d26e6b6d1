"""The summary that a reader sees who opens one paper: what is there, or one made for them while their quota lasts."""

from datetime import datetime
from typing import Protocol

from bot.clock import Clock
from bot.errors import StoreError
from bot.log import get_logger
from bot.model import Paper
from bot.pipeline.patience import Patience
from bot.pipeline.summarising import Summariser, extracted, is_extracted
from bot.store.questions import Quota
from bot.texts import Summary

SECONDS = 25.0
"""How long a reader waits; the answer that comes later is there for the next one."""

_log = get_logger(__name__)


class Quotas(Protocol):
    """What readers may have a model do; see `bot.store.questions.QuestionStore`."""

    async def take(self, user_id: int, guild_id: int | None, now: datetime, *, per_user: int, per_guild: int) -> Quota:
        """Count one of today if both quotas allow it."""
        ...

    async def give_back(self, user_id: int, guild_id: int | None, taken_at: datetime) -> None:
        """Uncount one."""
        ...


class ReaderSummaries:
    """Summaries for readers; each that has to be made counts as one of the reader's questions of the day."""

    def __init__(
        self,
        summariser: Summariser,
        quotas: Quotas,
        clock: Clock,
        *,
        per_user: int,
        per_guild: int,
        seconds: float = SECONDS,
    ) -> None:
        self._summariser = summariser
        self._quotas = quotas
        self._clock = clock
        self._per_user = per_user
        self._per_guild = per_guild
        self._seconds = seconds

    async def find(self, paper: Paper, language: str, *, user_id: int, guild_id: int | None) -> Summary:
        """Return the best summary in `language` that is there or that this reader may have made, else an extracted one.

        Raises `StoreError` where the stored ones cannot be read.
        """
        summary = await self._summariser.best(paper, language)
        if not is_extracted(summary) or self._summariser.producer is None:
            return summary
        now = self._clock.now()
        try:
            granted = await self._quotas.take(
                user_id, guild_id, now, per_user=self._per_user, per_guild=self._per_guild
            )
            if granted is not Quota.GRANTED:
                return summary
            written = await self._summariser.write([paper], language, patience=Patience(self._seconds))
            found = written[paper.arxiv_id]
            if is_extracted(found.summary) or not found.made:
                # Nothing was given, or another has paid for it.
                await self._quotas.give_back(user_id, guild_id, now)
        except StoreError as error:
            _log.warning("reader_summary.failed", arxiv_id=paper.arxiv_id, error=str(error))
            return extracted(paper)
        return found.summary
