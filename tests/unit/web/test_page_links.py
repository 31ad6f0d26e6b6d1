"""From messages to pages: only to those that are there."""

from datetime import date
from pathlib import Path

from bot.delivery import TopicKey
from bot.web.links import PageLinks

DAY = date(2026, 5, 28)
LLM = TopicKey("llm")
URL = "https://papers.example.org/x"


def make_page(root: Path, path: str) -> None:
    """Put a page into a site."""
    file = root / path / "index.html"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("a page")


async def test_a_brief_leads_to_its_page_in_the_nearest_language(tmp_path: Path) -> None:
    links = PageLinks(tmp_path, URL)
    assert await links.find_brief(LLM, DAY, "en") is None
    make_page(tmp_path, "en/2026-05-28/llm")
    assert await links.find_brief(LLM, DAY, "en") == f"{URL}/en/2026-05-28/llm/"
    assert await links.find_brief(LLM, DAY, "ja") == f"{URL}/en/2026-05-28/llm/"
    assert await links.find_brief(LLM, DAY, "zh-TW") is None
    make_page(tmp_path, "en/2026-05-28/llm/ja")
    assert await links.find_brief(LLM, DAY, "ja") == f"{URL}/en/2026-05-28/llm/ja/"


async def test_a_paper_leads_to_its_page(tmp_path: Path) -> None:
    links = PageLinks(tmp_path, URL)
    make_page(tmp_path, "zh-CN/papers/hep-th/9901001")
    assert await links.find_paper("hep-th/9901001", "zh-CN") == f"{URL}/zh-CN/papers/hep-th/9901001/"
    assert await links.find_paper("hep-th/9901001", "en") is None
    assert await links.find_paper("../../etc/passwd", "en") is None


async def test_a_post_leads_to_the_page_that_the_next_build_makes_only_where_builds_succeed(tmp_path: Path) -> None:
    links = PageLinks(tmp_path, URL)
    assert await links.expect_brief(LLM, DAY, "en") is None
    make_page(tmp_path, "")
    assert await links.expect_brief(LLM, DAY, "zh-CN") == f"{URL}/zh-CN/2026-05-28/llm/"
    assert await links.expect_brief(TopicKey("../x"), DAY, "en") is None
    links.fresh = False
    assert await links.expect_brief(LLM, DAY, "en") is None


async def test_a_servers_own_topic_has_a_page_only_where_they_are_published(tmp_path: Path) -> None:
    make_page(tmp_path, "")
    assert await PageLinks(tmp_path, URL).expect_brief(TopicKey("own", 7), DAY, "en") is None
    published = await PageLinks(tmp_path, URL, server_topics=True).expect_brief(TopicKey("own", 7), DAY, "en")
    assert published is not None
    assert "/2026-05-28/own." in published
