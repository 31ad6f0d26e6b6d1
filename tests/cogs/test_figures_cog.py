"""Figures in Discord: one under a paper's details, all behind a button, none without an open licence."""

import io
from typing import Any

import pytest
from PIL import Image

from bot.figures import CutFigure, FigureSearch
from bot.model import Paper
from bot.pipeline.figures import Cut, Figures
from bot.services import Services
from bot.store.figures import FigureStore
from tests.cogs.conftest import World, buttons_of
from tests.cogs.reading import READING, make_paper, reply, with_reading

BY = "http://creativecommons.org/licenses/by/4.0/"
NC = "http://creativecommons.org/licenses/by-nc/4.0/"


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(file, "WEBP")
    return file.getvalue()


def cut(number: int, caption: str = "Turnips by year.") -> CutFigure:
    return CutFigure(number, 1, caption, 64, 48, "image/webp", picture())


class Knife:
    """Cuts three figures out of every paper, and notes which it was asked about."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.found: tuple[CutFigure, ...] = tuple(cut(number) for number in (1, 2, 3))

    async def __call__(self, paper: Paper) -> tuple[CutFigure, ...]:
        self.asked.append(paper.arxiv_id)
        return self.found


@pytest.fixture
def extensions() -> tuple[str, ...]:
    return READING


@pytest.fixture
def knife() -> Knife:
    return Knife()


@pytest.fixture
def enabled() -> bool:
    return True


@pytest.fixture
async def services(services: Services, knife: Knife, enabled: bool) -> Services:
    papers = [
        make_paper("2611.10001", licence=BY),
        make_paper("2611.10002", licence=NC),
        make_paper("2611.10003", licence=None),
        make_paper("2611.10004", licence=BY, title="T" * 250, abstract="Turnips grow. " * 400, comment="c" * 900),
    ]
    await services.papers.save_metadata(papers)
    found: Any = with_reading(services)
    asked: Cut = knife
    found.figures = Figures(FigureStore(services.database), services.papers, asked, enabled=enabled)
    return found  # type: ignore[no-any-return]


async def store(services: Services, arxiv_id: str, *figures: CutFigure, licence: str = BY) -> None:
    await FigureStore(services.database).save(FigureSearch(arxiv_id, 1, licence, figures))


async def test_the_details_show_the_first_stored_figure(world: World, services: Services, knife: Knife) -> None:
    await store(services, "2611.10001", cut(1, "Turnips @everyone [x](https://evil.example)"), cut(2))
    result = await world.member.slash(world.channel, "paper", paper="2611.10001")
    details, figure = reply(result).embeds
    assert details.title == "On the matter of 2611.10001"
    assert (figure.title, figure.image.url) == ("Figure 1", "attachment://figure-1.webp")
    said = figure.description or ""
    assert "Ann Lee, Bo Chen, arXiv:2611.10001v1. Licence: CC BY 4.0." in said
    assert "[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)" in said
    assert "](https://evil.example)" not in said
    assert [one.filename for one in reply(result).attachments] == ["figure-1.webp"]
    assert result.ephemeral
    assert knife.asked == [], "details never wait for arXiv"


async def test_a_long_paper_and_a_long_caption_fit_one_message(world: World, services: Services) -> None:
    """SimCord refuses a message of more than 6,000 characters over its embeds."""
    await store(services, "2611.10004", cut(1, "*_" * 600))
    result = await world.member.slash(world.channel, "paper", paper="2611.10004")
    assert sum(map(len, reply(result).embeds)) <= 6000
    assert len(reply(result).embeds) == 2


async def test_without_the_permission_the_details_come_alone(world: World, services: Services) -> None:
    world.forbid(world.channel, "attach_files")
    await store(services, "2611.10001", cut(1))
    result = await world.member.slash(world.channel, "paper", paper="2611.10001")
    assert len(reply(result).embeds) == 1
    assert not reply(result).attachments


@pytest.mark.parametrize("paper", ["2611.10002", "2611.10003"])
async def test_no_other_licence_is_shown(world: World, services: Services, knife: Knife, paper: str) -> None:
    """Not even what was stored while another licence was known."""
    await store(services, paper, cut(1))
    result = await world.member.slash(world.channel, "paper", paper=paper)
    assert len(reply(result).embeds) == 1
    assert "Figures" not in buttons_of(result)
    world.rewrite("pb:bib:" + paper, "pb:fig:" + paper)
    forged = await world.member.click(reply(result), custom_id="pb:bib:" + paper)
    assert "licence does not let me show its figures" in reply(forged).content
    assert f"<https://arxiv.org/pdf/{paper}>" in reply(forged).content
    assert not reply(forged).attachments
    assert knife.asked == []


async def test_the_button_cuts_them_out_once_and_shows_all(world: World, knife: Knife) -> None:
    opened = await world.member.slash(world.channel, "paper", paper="2611.10001")
    for _ in range(2):
        result = await world.member.click(reply(opened), custom_id=buttons_of(opened)["Figures"])
        assert [embed.title for embed in reply(result).embeds] == ["Figure 1", "Figure 2", "Figure 3"]
        assert [one.filename for one in reply(result).attachments] == [f"figure-{n}.webp" for n in (1, 2, 3)]
        assert result.ephemeral
    assert knife.asked == ["2611.10001"]


async def test_a_paper_without_figures_says_so(world: World, knife: Knife) -> None:
    knife.found = ()
    opened = await world.member.slash(world.channel, "paper", paper="2611.10001")
    result = await world.member.click(reply(opened), custom_id=buttons_of(opened)["Figures"])
    assert "no figure in this paper" in reply(result).content


class TestTurnedOff:
    """As it is by default."""

    @pytest.fixture
    def enabled(self) -> bool:
        return False

    async def test_there_is_no_button_and_nothing_is_shown(
        self, world: World, services: Services, knife: Knife
    ) -> None:
        await store(services, "2611.10001", cut(1))
        opened = await world.member.slash(world.channel, "paper", paper="2611.10001")
        assert len(reply(opened).embeds) == 1
        assert "Figures" not in buttons_of(opened)
        world.rewrite("pb:bib:2611.10001", "pb:fig:2611.10001")
        result = await world.member.click(reply(opened), custom_id="pb:bib:2611.10001")
        assert "not turned on" in reply(result).content
        assert knife.asked == []
