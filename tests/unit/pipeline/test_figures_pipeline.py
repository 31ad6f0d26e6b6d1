"""Figures for those who may see them: the gate, one search for all who wait, nothing asked twice in vain."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SourceError, SourceMalformed, SourceUnavailable
from bot.figures import CutFigure, FigureSearch, NoFigures, open_licence
from bot.model import Paper
from bot.pipeline.figures import MAX_SEARCHES, Figures, Prepared

BY = "http://creativecommons.org/licenses/by/4.0/"
NC = "http://creativecommons.org/licenses/by-nc/4.0/"
PAPER = Paper("2605.00001", "Turnips", "We grow turnips.", ("Ann Lee", "Bo Chen"), "cs.CL", ("cs.CL",), licence=BY)
ONE = CutFigure(1, 2, "Turnips by year.", 640, 480, "image/webp", b"picture")


class Kept:
    """Keeps searches, and the papers that they are of."""

    def __init__(self, *papers: Paper) -> None:
        self.papers = {paper.arxiv_id: paper for paper in papers}
        self.searches: dict[tuple[str, int], FigureSearch] = {}

    async def save(self, found: FigureSearch) -> None:
        self.searches[found.arxiv_id, found.version] = found

    async def load(self, arxiv_id: str) -> FigureSearch | None:
        versions = [one for (name, _), one in self.searches.items() if name == arxiv_id]
        return max(versions, key=lambda one: one.version, default=None)

    async def load_searched(self, arxiv_ids: Iterable[str]) -> set[tuple[str, int]]:
        wanted = set(arxiv_ids)
        return {key for key in self.searches if key[0] in wanted}

    async def load_paper(self, arxiv_id: str) -> Paper | None:
        return self.papers.get(arxiv_id)


class Knife:
    """Cuts figures, or fails as told; waits for `gate` where there is one."""

    def __init__(self, *cut: CutFigure, error: SourceError | None = None, gated: bool = False) -> None:
        self.cut = cut
        self.error = error
        self.asked: list[tuple[str, int]] = []
        self.gate = asyncio.Event()
        if not gated:
            self.gate.set()

    async def __call__(self, paper: Paper) -> tuple[CutFigure, ...]:
        self.asked.append((paper.arxiv_id, paper.version))
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return self.cut


def build(kept: Kept, knife: Knife | None, *, enabled: bool = True) -> Figures:
    return Figures(kept, kept, knife, enabled=enabled)


async def test_figures_are_cut_once_and_say_whose_they_are() -> None:
    kept, knife = Kept(PAPER), Knife(ONE)
    figures = build(kept, knife)
    assert await figures.load(PAPER.arxiv_id) == ()
    found = await figures.find(PAPER)
    assert not isinstance(found, NoFigures)
    assert await figures.load(PAPER.arxiv_id) == found == await figures.find(PAPER)
    (one,) = found
    assert (one.label, one.caption, one.data) == ("Figure 1", "Turnips by year.", b"picture")
    assert one.credit == "Ann Lee, Bo Chen, arXiv:2605.00001v1"
    assert one.licence == open_licence(BY)
    assert knife.asked == [(PAPER.arxiv_id, 1)]


async def test_turned_off_nothing_is_asked_or_shown() -> None:
    kept, knife = Kept(PAPER), Knife(ONE)
    await build(kept, knife).find(PAPER)
    off = build(kept, knife, enabled=False)
    knife.asked.clear()
    assert await off.find(PAPER) is NoFigures.OFF
    assert await off.load(PAPER.arxiv_id) == ()
    assert await off.prepare([PAPER]) == Prepared()
    assert not off.may_show(PAPER)
    assert knife.asked == []


_CLOSED = st.one_of(
    st.none(),
    st.text(),
    st.sampled_from([NC, "http://arxiv.org/licenses/nonexclusive-distrib/1.0/", BY.replace("by", "by-nd"), BY + "x"]),
).filter(lambda url: open_licence(url) is None)


@given(_CLOSED, _CLOSED)
async def test_no_other_licence_is_ever_asked_for_or_shown(today: str | None, then: str | None) -> None:
    """Neither the paper's licence of today nor that kept with a figure may be another one."""
    closed = replace(PAPER, licence=today)
    kept, knife = Kept(closed), Knife(ONE)
    figures = build(kept, knife)
    assert await figures.find(closed) is NoFigures.CLOSED
    assert await figures.prepare([closed]) == Prepared(closed=1)
    assert (knife.asked, kept.searches) == ([], {})
    for paper, licence in ((closed, BY), (PAPER, then or "")):
        kept = Kept(paper)
        await kept.save(FigureSearch(PAPER.arxiv_id, 1, licence, (ONE,)))
        assert await build(kept, None).load(PAPER.arxiv_id) == ()
        assert isinstance(await build(kept, None).find(paper), NoFigures)


async def test_a_withdrawn_or_unknown_paper_shows_nothing() -> None:
    kept = Kept(replace(PAPER, withdrawn=True))
    await kept.save(FigureSearch(PAPER.arxiv_id, 1, BY, (ONE,)))
    assert await build(kept, None).load(PAPER.arxiv_id) == ()
    assert await build(kept, None).load("2605.99999") == ()


async def test_figures_of_others_are_not_kept() -> None:
    kept = Kept(PAPER)
    borrowed = replace(ONE, number=2, caption="A field. Reproduced with permission of A. Lee.")
    await build(kept, Knife(ONE, borrowed)).find(PAPER)
    assert [one.number for one in kept.searches[PAPER.arxiv_id, 1].figures] == [1]


@pytest.mark.parametrize("error", [SourceMalformed("the PDF is encrypted"), SourceUnavailable("none", status=404)])
async def test_a_pdf_that_cannot_be_read_is_not_asked_for_again(error: SourceError) -> None:
    kept, knife = Kept(PAPER), Knife(error=error)
    figures = build(kept, knife)
    assert [await figures.find(PAPER) for _ in range(3)] == [NoFigures.NONE] * 3
    assert await figures.prepare([PAPER]) == Prepared()
    assert len(knife.asked) == 1
    assert kept.searches[PAPER.arxiv_id, 1].problem == str(error)


async def test_what_may_pass_is_tried_again() -> None:
    kept, knife = Kept(PAPER), Knife(error=SourceUnavailable("cooling down"))
    figures = build(kept, knife)
    assert await figures.find(PAPER) is NoFigures.LATER
    assert kept.searches == {}
    knife.error, knife.cut = None, (ONE,)
    assert not isinstance(await figures.find(PAPER), NoFigures)


async def test_a_new_version_is_searched_and_the_old_one_shown_until_then() -> None:
    newer = replace(PAPER, version=2)
    kept, knife = Kept(newer), Knife(replace(ONE, data=b"new"))
    await kept.save(FigureSearch(PAPER.arxiv_id, 1, BY, (ONE,)))
    figures = build(kept, knife)
    assert [one.credit for one in await figures.load(PAPER.arxiv_id)] == ["Ann Lee, Bo Chen, arXiv:2605.00001v1"]
    found = await figures.find(newer)
    assert not isinstance(found, NoFigures)
    assert [(one.data, one.version) for one in found] == [(b"new", 2)]


async def test_all_who_wait_share_one_search_and_one_may_leave() -> None:
    kept, knife = Kept(PAPER), Knife(ONE, gated=True)
    figures = build(kept, knife)
    assert await figures.find(PAPER, seconds=0) is NoFigures.LATER
    waiting = [asyncio.create_task(figures.find(PAPER)) for _ in range(4)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    knife.gate.set()
    found = await asyncio.gather(*waiting[1:])
    assert all(not isinstance(one, NoFigures) and len(one) == 1 for one in found)
    assert len(knife.asked) == 1


async def test_only_a_few_are_searched_at_once_and_the_end_ends_them() -> None:
    papers = [replace(PAPER, arxiv_id=f"2605.{number:05d}") for number in range(MAX_SEARCHES + 1)]
    knife = Knife(ONE, gated=True)
    figures = build(Kept(*papers), knife)
    assert [await figures.find(paper, seconds=0) for paper in papers] == [NoFigures.LATER] * len(papers)
    await asyncio.sleep(0)
    assert len(knife.asked) == MAX_SEARCHES
    await figures.close()
    assert not figures._searching


async def test_a_bot_that_only_reads_says_so() -> None:
    assert await build(Kept(PAPER), None).find(PAPER) is NoFigures.OFFLINE


async def test_preparing_asks_for_each_once_up_to_a_bound() -> None:
    papers = [replace(PAPER, arxiv_id=f"2605.{number:05d}") for number in range(5)]
    closed = replace(PAPER, arxiv_id="2605.00009", licence=NC)
    kept, knife = Kept(*papers), Knife(ONE)
    figures = build(kept, knife)
    assert await figures.prepare([papers[0], papers[0], closed, *papers], limit=3) == Prepared(
        found=3, closed=1, left=2
    )
    assert await figures.prepare([*papers, closed]) == Prepared(found=2, closed=1)
    assert await figures.prepare(papers) == Prepared()
    assert sorted(knife.asked) == [(paper.arxiv_id, 1) for paper in papers]


async def test_preparing_stops_where_arxiv_refuses() -> None:
    papers = [replace(PAPER, arxiv_id=f"2605.{number:05d}") for number in range(3)]
    knife = Knife(error=SourceUnavailable("cooling down"))
    assert await build(Kept(*papers), knife).prepare(papers) == Prepared(left=3)
    assert len(knife.asked) == 1


async def test_preparing_tells_papers_without_figures_from_those_that_cannot_be_read() -> None:
    papers = [replace(PAPER, arxiv_id=f"2605.{number:05d}") for number in range(2)]
    knife = Knife()
    assert await build(Kept(*papers), knife).prepare(papers[:1]) == Prepared(none=1)
    knife.error = SourceMalformed("the PDF is encrypted")
    assert await build(Kept(*papers), knife).prepare(papers[1:]) == Prepared(failed=1)


async def test_no_more_are_shown_of_a_paper_than_the_owner_wants() -> None:
    kept = Kept(PAPER)
    await kept.save(FigureSearch(PAPER.arxiv_id, 1, BY, (ONE, replace(ONE, number=2), replace(ONE, number=3))))
    figures = Figures(kept, kept, Knife(), enabled=True, most=2)
    assert [one.number for one in await figures.load(PAPER.arxiv_id)] == [1, 2]
    found = await figures.find(PAPER)
    assert not isinstance(found, NoFigures)
    assert [one.number for one in found] == [1, 2]
