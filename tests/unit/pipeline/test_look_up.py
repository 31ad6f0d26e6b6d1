"""Looking up one paper: what arXiv is asked, and how seldom."""

import asyncio
from datetime import UTC, date, datetime

import pytest

from bot.arxiv_id import PaperReference
from bot.clock import SystemClock
from bot.errors import DatabaseBusy, SourceUnavailable, UsageError
from bot.i18n import Refusal
from bot.model import AnnounceType, Paper
from bot.pipeline import look_up
from bot.pipeline.look_up import MAX_FETCHES, UNKNOWN_FOR, LookUp

PAPER = Paper("2605.00001", "Turnips", "We grow turnips. Code: https://github.com/a/b", ("A",), "cs.CL", ("cs.CL",))


class SetClock(SystemClock):
    """A clock that is set by hand."""

    instant = datetime(2026, 5, 12, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant


class Cache:
    """Stored papers, and what readers did."""

    def __init__(self, *papers: Paper) -> None:
        self.papers = {paper.arxiv_id: paper for paper in papers}
        self.recorded: list[tuple[int | None, int | None, str]] = []
        self.busy = False

    async def load_paper(self, arxiv_id: str) -> Paper | None:
        return self.papers.get(arxiv_id)

    async def load_announced(self, arxiv_id: str) -> list[tuple[str, date, AnnounceType]]:
        return [
            ("cs.LG", date(2026, 5, 1), AnnounceType.REPLACE),
            ("cs.CL", date(2026, 5, 12), AnnounceType.NEW),
            ("cs.LG", date(2026, 5, 13), AnnounceType.CROSS),
        ]

    async def counts(self, arxiv_id: str) -> tuple[int, int]:
        return (3, 1)

    async def record_look_up(self, user_id: int | None, guild_id: int | None, arxiv_id: str, now: datetime) -> None:
        if self.busy:
            raise DatabaseBusy("locked")
        self.recorded.append((user_id, guild_id, arxiv_id))


class Arxiv:
    """Answers when it is let go."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, arxiv_id: str) -> Paper:
        self.asked.append(arxiv_id)
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return PAPER


def make(cache: Cache, fetch: Arxiv | None = None, clock: SetClock | None = None) -> LookUp:
    return LookUp(cache, cache, clock=clock or SetClock(), fetch=fetch)


async def test_a_stored_paper_comes_with_what_is_known_around_it() -> None:
    arxiv = Arxiv()
    found = await make(Cache(PAPER), arxiv).find(PaperReference("2605.00001"))
    assert found.paper == PAPER
    assert found.summary.producer == "extractive"
    assert found.links["code"] == "https://github.com/a/b"
    # A replacement is no announcement of the paper.
    assert found.announced_on == date(2026, 5, 12)
    assert (found.look_ups, found.saves) == (3, 1)
    assert arxiv.asked == []


async def test_without_arxiv_an_unknown_paper_is_refused() -> None:
    with pytest.raises(Refusal, match=r"2605\.00001 is not in my cache"):
        await make(Cache()).find(PaperReference("2605.00001"))
    assert await make(Cache()).load("2605.00001") is None


async def test_two_who_ask_for_the_same_paper_cost_one_request() -> None:
    arxiv = Arxiv()
    arxiv.open.clear()
    service = make(Cache(), arxiv)
    asking = [asyncio.create_task(service.find(PaperReference("2605.00001"))) for _ in range(5)]
    await asyncio.sleep(0)
    asking[0].cancel()
    arxiv.open.set()
    done = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(done[0], asyncio.CancelledError)
    assert [one.paper for one in done[1:] if not isinstance(one, BaseException)] == [PAPER] * 4
    assert arxiv.asked == ["2605.00001"]


async def test_only_a_few_papers_are_asked_for_at_once() -> None:
    arxiv = Arxiv()
    arxiv.open.clear()
    service = make(Cache(), arxiv)
    asking = [asyncio.create_task(service.find(PaperReference(f"2605.0000{number}"))) for number in range(MAX_FETCHES)]
    await asyncio.sleep(0)
    with pytest.raises(Refusal, match="asking arXiv for other papers already"):
        await service.find(PaperReference("2605.00009"))
    arxiv.open.set()
    await asyncio.gather(*asking)
    await service.find(PaperReference("2605.00009"))
    assert len(arxiv.asked) == MAX_FETCHES + 1


async def test_what_arxiv_does_not_know_is_not_asked_again_for_an_hour() -> None:
    arxiv, clock = Arxiv(UsageError("no such paper")), SetClock()
    service = make(Cache(), arxiv, clock)
    for _ in range(3):
        with pytest.raises(Refusal, match=r"arXiv knows no paper 2605\.99999"):
            await service.find(PaperReference("2605.99999"))
    assert arxiv.asked == ["2605.99999"]
    clock.instant += UNKNOWN_FOR
    with pytest.raises(Refusal):
        await service.find(PaperReference("2605.99999"))
    assert len(arxiv.asked) == 2


async def test_arxiv_in_trouble_is_asked_again() -> None:
    arxiv = Arxiv(SourceUnavailable("503"))
    service = make(Cache(), arxiv)
    for _ in range(2):
        with pytest.raises(Refusal, match="cannot be asked right now"):
            await service.find(PaperReference("2605.00001"))
    assert len(arxiv.asked) == 2


async def test_a_reader_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_up, "FETCH_SECONDS", 0.0)
    arxiv = Arxiv()
    arxiv.open.clear()
    service = make(Cache(), arxiv)
    with pytest.raises(Refusal, match="has not answered yet"):
        await service.find(PaperReference("2605.00001"))
    await service.close()


async def test_a_look_up_that_cannot_be_counted_costs_nothing_else() -> None:
    cache = Cache(PAPER)
    service = make(cache)
    await service.record(1, None, PAPER.arxiv_id)
    cache.busy = True
    await service.record(2, 9, PAPER.arxiv_id)
    assert cache.recorded == [(1, None, PAPER.arxiv_id)]
