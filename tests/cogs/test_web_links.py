"""The web edition in Discord: links to pages that exist, and how the last build went."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from simcord.results import InteractionResult

from bot.model import Publication
from bot.web.links import PageLinks
from tests.cogs.conftest import MORNING, World, text_of
from tests.cogs.test_admin_cog import papers_of

URL = "https://papers.example.org/site"


def publish(world: World, root: Path, *paths: str) -> None:
    """Let the bot know a site with these pages."""
    for path in paths:
        page = root / path / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("a page")
    object.__setattr__(world.services, "pages", PageLinks(root, URL))


async def test_a_brief_leads_to_its_page_once_there_is_one(world: World, tmp_path: Path) -> None:
    await papers_of(world, "llm")
    publish(world, tmp_path)
    assert URL not in text_of(await world.member.slash(world.channel, "brief", topic="llm"))
    publish(world, tmp_path, f"en/{date(2026, 11, 17)}/llm")
    assert f"Web page: <{URL}/en/2026-11-17/llm/>" in text_of(
        await world.member.slash(world.channel, "brief", topic="llm")
    )


async def test_a_paper_leads_to_its_page_once_there_is_one(world: World, tmp_path: Path) -> None:
    (paper, *_) = await papers_of(world, "llm")
    publish(world, tmp_path)
    assert URL not in fields_of(await world.member.slash(world.channel, "paper", paper=paper.arxiv_id))
    publish(world, tmp_path, f"en/papers/{paper.arxiv_id}")
    shown = fields_of(await world.member.slash(world.channel, "paper", paper=paper.arxiv_id))
    assert f"[Web page]({URL}/en/papers/{paper.arxiv_id}/)" in shown


def fields_of(result: InteractionResult) -> str:
    """Return the fields of an answer's embeds."""
    assert result.response is not None
    return "\n".join(str(field.value) for embed in result.response.embeds for field in embed.fields)


@pytest.mark.parametrize("problem", [None, "cannot write /srv/secret-place: No space left on device"])
async def test_status_says_how_the_last_build_went(world: World, problem: str | None) -> None:
    built = Publication(MORNING, pages=1234, written=3, seconds=2.0)
    await world.services.publications.save(replace(built, problem=problem))
    text = text_of(await world.member.slash(world.channel, "status"))
    assert "**Web edition**" in text
    assert ("1,234 files" in text) == (problem is None)
    assert ("Could not be built" in text) == (problem is not None)
    assert "secret-place" not in text
