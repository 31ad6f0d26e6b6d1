"""Full texts in memory: fetched once for all who wait, never twice in vain, never without bounds."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import DatabaseBusy, SourceMalformed, SourceUnavailable
from bot.model import Paper
from bot.pipeline import full_texts
from bot.pipeline.full_texts import MAX_FETCHES, UNREADABLE_FOR, FullTexts
from bot.render.answers import Shortfall
from bot.texts import FullText, Passage
from tests.unit.pipeline.test_look_up import SetClock

PAPER = Paper("2605.00001", "Turnips", "We grow turnips.", ("A",), "cs.CL", ("cs.CL",))


def text_of(paper: Paper, size: int = 10) -> FullText:
    return FullText(paper.arxiv_id, paper.version, "html", (Passage("x" * size, "section 1"),))


class Arxiv:
    """Gives texts, or what it is told to; waits for `gate` where there is one."""

    def __init__(self, error: Exception | None = None, *, gated: bool = False, size: int = 10) -> None:
        self.error = error
        self.size = size
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        if not gated:
            self.gate.set()

    async def __call__(self, paper: Paper) -> FullText:
        self.asked.append(paper.arxiv_id)
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return text_of(paper, self.size)


async def test_a_text_is_fetched_once_and_kept() -> None:
    arxiv = Arxiv(gated=True)
    texts = FullTexts(arxiv, SetClock())
    waiting = [asyncio.create_task(texts.load(PAPER)) for _ in range(5)]
    await asyncio.sleep(0)
    arxiv.gate.set()
    assert await asyncio.gather(*waiting) == [text_of(PAPER)] * 5
    assert await texts.load(PAPER) == text_of(PAPER)
    assert arxiv.asked == [PAPER.arxiv_id]
    await texts.load(replace(PAPER, version=2))
    assert len(arxiv.asked) == 2, "another version is another text"


async def test_who_cannot_wait_gets_none_and_the_next_one_gets_it() -> None:
    arxiv = Arxiv(gated=True)
    texts = FullTexts(arxiv, SetClock())
    assert await texts.load(PAPER, 0) is Shortfall.SLOW
    arxiv.gate.set()
    assert await texts.load(PAPER) == text_of(PAPER)
    assert len(arxiv.asked) == 1


async def test_who_gives_up_takes_nothing_from_the_others() -> None:
    arxiv = Arxiv(gated=True)
    texts = FullTexts(arxiv, SetClock())
    one, other = (asyncio.create_task(texts.load(PAPER)) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    arxiv.gate.set()
    assert await other == text_of(PAPER)
    assert one.cancelled() or one.cancelling()


async def test_few_are_asked_for_at_once() -> None:
    arxiv = Arxiv(gated=True)
    texts = FullTexts(arxiv, SetClock())
    papers = [replace(PAPER, arxiv_id=f"2605.0000{number}") for number in range(MAX_FETCHES + 1)]
    found = [await texts.load(paper, 0) for paper in papers]
    assert found == [Shortfall.SLOW] * MAX_FETCHES + [Shortfall.BUSY]
    assert len(arxiv.asked) == MAX_FETCHES
    await texts.close()
    assert not texts._fetching


@pytest.mark.parametrize(
    ("error", "shortfall", "lasting"),
    [
        (SourceMalformed("the PDF is broken"), Shortfall.UNREADABLE, True),
        (SourceUnavailable("no pdf", status=404), Shortfall.UNREADABLE, True),
        (SourceUnavailable("cooling down", status=429), Shortfall.UNAVAILABLE, False),
        (SourceUnavailable("no route"), Shortfall.UNAVAILABLE, False),
        (DatabaseBusy("locked"), Shortfall.UNAVAILABLE, False),
    ],
)
async def test_failures_say_why_and_lasting_ones_are_not_repeated(
    error: Exception, shortfall: Shortfall, lasting: bool
) -> None:
    arxiv, clock = Arxiv(error), SetClock()
    texts = FullTexts(arxiv, clock)
    assert await texts.load(PAPER) is shortfall
    assert await texts.load(PAPER) is shortfall
    assert len(arxiv.asked) == (1 if lasting else 2)
    clock.instant += UNREADABLE_FOR + timedelta(seconds=1)
    await texts.load(PAPER)
    assert len(arxiv.asked) == (2 if lasting else 3)


async def test_withdrawn_papers_and_a_bot_that_only_reads_ask_nobody() -> None:
    arxiv = Arxiv()
    assert await FullTexts(arxiv, SetClock()).load(replace(PAPER, withdrawn=True)) is Shortfall.WITHDRAWN
    assert await FullTexts(None, SetClock()).load(PAPER) is Shortfall.OFFLINE
    assert arxiv.asked == []


async def test_memory_is_bounded_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_texts, "MAX_KEPT", 1000)
    arxiv = Arxiv(size=400)
    texts = FullTexts(arxiv, SetClock())
    papers = [replace(PAPER, arxiv_id=f"2605.0000{number}") for number in range(3)]
    for paper in papers:
        await texts.load(paper)
    await texts.load(papers[2])
    assert len(arxiv.asked) == 3
    await texts.load(papers[0])
    assert len(arxiv.asked) == 4
    arxiv.size = 5000
    assert isinstance(await texts.load(replace(PAPER, arxiv_id="2605.00009")), FullText)
    assert len(texts._kept) == 1


async def test_closing_ends_what_is_under_way() -> None:
    texts = FullTexts(Arxiv(gated=True), SetClock())
    waiting = asyncio.create_task(texts.load(PAPER))
    await asyncio.sleep(0)
    await texts.close()
    assert await waiting is Shortfall.UNAVAILABLE
