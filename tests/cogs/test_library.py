"""/save, /library and /export: a reader's own list, and nobody else's."""

import pytest

from bot.client import build_bot
from bot.services import Services
from tests.cogs.conftest import World, buttons_of, text_of
from tests.cogs.reading import READING, embed_of, make_paper, menu_of, reply, with_reading

IDS = [f"2611.1{number:04d}" for number in range(20)]


@pytest.fixture
def extensions() -> tuple[str, ...]:
    return READING


@pytest.fixture
async def services(services: Services) -> Services:
    await services.papers.save_metadata(
        [make_paper(one, title=f"Turnip {place:02d} & co", doi="10.1000/x") for place, one in enumerate(IDS)]
    )
    return with_reading(services)


async def fill(world: World, count: int = 20) -> None:
    for one in IDS[:count]:
        await world.services.readers.save_paper(world.member.id, one, world.services.clock.now())
        await world.services.clock.sleep(60)


async def test_saving_twice_is_saving_once(world: World) -> None:
    first = await world.member.slash(world.channel, "save", paper=IDS[0])
    assert first.ephemeral
    assert text_of(first) == "Saved. `/library` shows all you saved."
    again = await world.member.slash(world.channel, "save", paper=f"https://arxiv.org/abs/{IDS[0]}v1")
    assert text_of(again) == "It is in your library already."
    assert await world.services.readers.count_saved(world.member.id) == 1
    assert await world.services.readers.count_saved(world.admin.id) == 0


@pytest.mark.parametrize(
    ("typed", "english"),
    [
        ("2611.99999", "2611.99999 is not in my cache."),
        ("https://example.com/1", "is not the address of a paper on arxiv.org"),
        ("qqqq zzzz", "Nothing found for “qqqq zzzz”."),
        ("w" * 6000, "200 characters at most"),
    ],
)
async def test_what_cannot_be_saved_is_said(world: World, typed: str, english: str) -> None:
    assert english in text_of(await world.member.slash(world.channel, "save", paper=typed))
    world.speak("zh-CN")
    assert english not in text_of(await world.member.slash(world.channel, "save", paper=typed))


async def test_a_full_library_says_how_to_go_on(world: World) -> None:
    world.services.readers.max_saved = 2
    await fill(world, 2)
    result = await world.member.slash(world.channel, "save", paper=IDS[5])
    assert text_of(result) == "Your library is full: 2 papers. Remove some in `/library` first."
    assert await world.services.readers.count_saved(world.member.id) == 2


async def test_the_library_is_leafed_through_latest_first(world: World) -> None:
    empty = await world.member.slash(world.channel, "library")
    assert text_of(empty).startswith("Your library is empty.")
    await fill(world)
    result = await world.member.slash(world.channel, "library")
    assert result.ephemeral
    embed = embed_of(result)
    assert "**1.** [Turnip 19 & co](https://arxiv.org/abs/2611.10019)" in (embed.description or "")
    assert "saved Tue 17 Nov 2026" in (embed.description or "")
    assert (embed.footer.text or "") == "20 papers · page 1 of 3"
    await world.member.click(reply(result), label="More")
    assert "page 2 of 3" in (embed_of(result).footer.text or "")
    await world.env.restart_bot(build_bot(world.services, extensions=READING, shard_count=1))
    await world.member.click(reply(result), label="More")
    assert "page 3 of 3" in (embed_of(result).footer.text or "")
    assert list(buttons_of(result)) == ["Back"]
    other = await world.admin.slash(world.channel, "library")
    assert text_of(other).startswith("Your library is empty.")


async def test_papers_are_removed_in_place_and_once(world: World) -> None:
    await fill(world, 9)
    result = await world.member.slash(world.channel, "library")
    removed = [one["value"] for one in menu_of(result, "pb:unsave")["options"]][:3]
    await world.services.readers.unsave(world.member.id, removed[0])
    await world.member.select(reply(result), removed, custom_id="pb:unsave:0")
    assert text_of(result).startswith("Removed 2 papers.")
    assert "6 papers · page 1 of 1" in (embed_of(result).footer.text or "")
    rest = [one["value"] for one in menu_of(result, "pb:unsave")["options"]]
    await world.member.select(reply(result), rest, custom_id="pb:unsave:0")
    assert text_of(result) == "Removed 6 papers. Your library is empty. `/save` or the button under a paper fills it."


async def test_a_saved_paper_opens_from_the_library(world: World) -> None:
    await fill(world, 1)
    result = await world.member.slash(world.channel, "library")
    opened = await world.member.select(reply(result), [IDS[0]], custom_id="pb:open")
    assert opened.ephemeral
    assert embed_of(opened).url == f"https://arxiv.org/abs/{IDS[0]}"


@pytest.mark.parametrize(
    ("kind", "ending", "expected"),
    [
        ("bib", "bib", "title = {{Turnip 00 \\& co}}"),
        ("ris", "ris", "TI  - Turnip 00 & co\r\n"),
        ("md", "md", "- [Turnip 00 & co](https://arxiv.org/abs/2611.10000)"),
    ],
)
async def test_the_library_is_exported_as_a_file(world: World, kind: str, ending: str, expected: str) -> None:
    none = await world.member.slash(world.channel, "export", format=kind)
    assert text_of(none).startswith("Your library is empty.")
    await fill(world, 3)
    result = await world.member.slash(world.channel, "export", format=kind)
    assert result.ephemeral
    assert result.response is not None
    (file,) = result.response.attachments
    assert file.filename == f"papers-2026-11-17.{ending}"
    data = (await file.read()).decode()
    assert expected in data
    assert data.count("2611.1000") >= 3


async def test_the_library_works_in_direct_messages_and_in_chinese(world: World) -> None:
    world.speak("zh-CN")
    user = world.env.create_user("solo")
    saved = await user.slash("save", paper=IDS[0])
    assert text_of(saved).startswith("已收藏")
    result = await user.slash("library")
    assert embed_of(result).title == "你的文献库"
    assert "1 篇论文" in (embed_of(result).footer.text or "")
