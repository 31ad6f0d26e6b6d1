"""/paper, /search, /related and /trending as a member meets them, bad input included."""

from dataclasses import replace

import pytest

from bot.errors import SourceUnavailable, StoreError
from bot.model import Paper
from bot.services import Services
from tests.cogs.conftest import StillClock, World, buttons_of, text_of
from tests.cogs.reading import READING, ArxivThatKnows, embed_of, ids_of, make_paper, menu_of, reply, with_reading


@pytest.fixture
def extensions() -> tuple[str, ...]:
    return READING


@pytest.fixture
def arxiv() -> ArxivThatKnows:
    return ArxivThatKnows([make_paper("hep-th/9901001", title="An old string")])


@pytest.fixture
async def services(services: Services, arxiv: ArxivThatKnows) -> Services:
    arxiv.services = services
    many = [make_paper(f"2611.1{number:04d}", title=f"Turnip {number:02d} breeding at scale") for number in range(20)]
    await services.papers.save_metadata(
        [
            *many,
            make_paper("2611.20000", title="Gone for good", withdrawn=True, version=3),
            make_paper("2611.20001", title="@everyone [x](https://evil.example) <#1>", abstract="$\\alpha$ rises."),
        ]
    )
    return with_reading(services, arxiv)


@pytest.mark.parametrize(
    "typed",
    [
        "2611.10003",
        "2611.10003v1",
        "arXiv:2611.10003",
        "https://arxiv.org/abs/2611.10003",
        "<https://arxiv.org/pdf/2611.10003v1>",
        "arxiv.org/abs/2611.10003",
        '"turnip 03"',
    ],
)
async def test_a_paper_is_found_however_it_is_named(world: World, typed: str) -> None:
    result = await world.member.slash(world.channel, "paper", paper=typed)
    assert result.ephemeral
    embed = embed_of(result)
    assert (embed.title, embed.url) == ("Turnip 03 breeding at scale", "https://arxiv.org/abs/2611.10003")
    assert "Ann Lee, Bo Chen" in (embed.description or "")
    assert "extracted from the abstract" in (embed.footer.text or "")
    assert list(buttons_of(result)) == ["Abstract", "Related", "BibTeX", "Save", "Translate"]


async def test_looking_up_counts_once_for_a_person(world: World) -> None:
    for _ in range(2):
        await world.member.slash(world.channel, "paper", paper="2611.10003")
    result = await world.admin.slash(world.channel, "paper", paper="2611.10003")
    assert "1 look-up" in (embed_of(result).footer.text or "")
    assert await world.services.readers.counts("2611.10003") == (2, 0)


async def test_another_version_than_the_known_one_is_said(world: World) -> None:
    result = await world.member.slash(world.channel, "paper", paper="2611.20000v1")
    assert "You asked for version 1; this is what I know of version 3" in text_of(result)
    assert "https://arxiv.org/abs/2611.20000v1" in text_of(result)


async def test_a_withdrawn_paper_says_so_first(world: World) -> None:
    result = await world.member.slash(world.channel, "paper", paper="2611.20000")
    assert (embed_of(result).description or "").startswith("**⚠ This paper was withdrawn")
    world.speak("zh-CN")
    result = await world.member.slash(world.channel, "paper", paper="2611.20000")
    assert "撤" in (embed_of(result).description or "").splitlines()[0]


async def test_an_unknown_paper_is_asked_of_arxiv_once(world: World, arxiv: ArxivThatKnows) -> None:
    result = await world.member.slash(world.channel, "paper", paper="hep-th/9901001")
    assert embed_of(result).title == "An old string"
    assert arxiv.asked == ["hep-th/9901001"]
    for _ in range(3):
        result = await world.member.slash(world.channel, "paper", paper="2611.99999")
        assert text_of(result) == "arXiv knows no paper 2611.99999."
    assert arxiv.asked == ["hep-th/9901001", "2611.99999"]


async def test_arxiv_that_does_not_answer_is_said(world: World, arxiv: ArxivThatKnows) -> None:
    async def refuse(_arxiv_id: str) -> Paper:
        raise SourceUnavailable("503")

    world.services.look_up._fetch = refuse
    result = await world.member.slash(world.channel, "paper", paper="2611.99998")
    assert text_of(result) == "arXiv cannot be asked right now. Please try again later."


@pytest.mark.parametrize(
    ("typed", "english", "chinese"),
    [
        ("https://example.com/abs/2611.10003", "is not the address of a paper on arxiv.org", "不是"),
        ("https://arxiv.org/list/cs.CL/new", "is not the address of a paper on arxiv.org", "不是"),
        ("2613.00001", "is not an arXiv identifier", "不是"),
        ("arXiv:nonsense", "is not an arXiv identifier", "不是"),
        ("zzzz qqqq", "Nothing found for “zzzz qqqq", "没有找到"),
        ("!!!", "Nothing found for", "没有找到"),
        ("x" * 6000, "A search may have 200 characters at most.", "200"),
    ],
)
async def test_what_is_no_paper_is_answered_in_both_languages(
    world: World, typed: str, english: str, chinese: str
) -> None:
    result = await world.member.slash(world.channel, "paper", paper=typed)
    assert result.ephemeral
    assert english in text_of(result)
    world.speak("zh-CN")
    result = await world.member.slash(world.channel, "paper", paper=typed)
    assert chinese in text_of(result)
    assert english not in text_of(result)


async def test_hostile_titles_do_nothing(world: World) -> None:
    result = await world.member.slash(world.channel, "paper", paper="2611.20001")
    embed = embed_of(result)
    assert "@everyone" not in (embed.title or "")
    assert "](https://evil" not in (embed.title or "")
    assert "<#" not in (embed.title or "")
    choices = await world.member.autocomplete(world.channel, "paper", "paper", "2611.20001")
    assert "@everyone" not in choices[0]["name"]


async def test_words_that_mean_several_papers_open_a_list(world: World) -> None:
    result = await world.member.slash(world.channel, "paper", paper="turnip breeding")
    embed = embed_of(result)
    assert (embed.description or "").count("https://arxiv.org/abs/") == 8
    opened = await world.member.select(reply(result), [menu_of(result)["options"][0]["value"]], custom_id="pb:open")
    assert opened.ephemeral
    assert "Turnip" in (embed_of(opened).title or "")


async def test_a_search_is_leafed_through_and_survives_a_restart(world: World, simcord_bot: object) -> None:
    first = await world.member.slash(world.channel, "search", query="turnip", sort="newest")
    assert first.ephemeral
    embed = embed_of(first)
    assert "**1.**" in (embed.description or "")
    assert "turnip · newest first · page 1" in (embed.footer.text or "")
    assert list(buttons_of(first)) == ["More"]
    second = await world.member.click(reply(first), label="More")
    assert "**9.**" in (embed_of(second).description or "")
    assert list(buttons_of(second)) == ["Back", "More"]
    from bot.client import build_bot

    await world.env.restart_bot(build_bot(world.services, extensions=READING, shard_count=1))
    third = await world.member.click(reply(second), label="More")
    assert "**20.**" in (embed_of(third).description or "")
    assert list(buttons_of(third)) == ["Back"]


async def test_every_filter_of_a_search_reaches_the_next_page(world: World) -> None:
    result = await world.member.slash(
        world.channel,
        "search",
        query="turnip",
        category="cs.CL",
        since="2026-11-01",
        author="lee",
        sort="relevance",
    )
    footer = embed_of(result).footer.text or ""
    assert "turnip · cs.CL · lee · since Sun 1 Nov 2026 · best first · page 1" in footer
    turned = await world.member.click(reply(result), label="More")
    assert footer.replace("page 1", "page 2") == (embed_of(turned).footer.text or "")
    none = await world.member.slash(world.channel, "search", query="turnip", author="nobody")
    assert "Nothing found for" in text_of(none)


@pytest.mark.parametrize(
    ("options", "english"),
    [
        ({"query": "turnip", "since": "32.13.2026"}, "is not a date to look for"),
        ({"query": "turnip", "since": "2026-02-30"}, "is not a date to look for"),
        ({"query": "turnip", "since": "1066-10-14"}, "is not a date to look for"),
        ({"query": "turnip", "category": "'; DROP TABLE paper"}, "is not a category of arXiv"),
        ({"query": "' OR 1=1 --"}, "Nothing found"),
        ({"query": "NEAR(turnip"}, "Nothing found"),
        ({"query": '"'}, "Nothing found"),
        ({"query": "   "}, "Nothing found"),
        ({"query": "y" * 6000}, "200 characters at most"),
        ({"query": "turnip", "author": "z" * 500}, "200 characters at most"),
        ({"query": "🥔" * 200}, "200 characters at most"),
    ],
)
async def test_bad_searches_are_answered_clearly(world: World, options: dict[str, str], english: str) -> None:
    result = await world.member.slash(world.channel, "search", **options)
    assert result.ephemeral
    assert english in text_of(result)
    assert "Traceback" not in text_of(result)


async def test_a_search_that_the_database_cannot_answer_is_no_silence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_args: object, **_kwargs: object) -> None:
        raise StoreError("the search took too long")

    monkeypatch.setattr(type(world.services.search), "search", fail)
    result = await world.member.slash(world.channel, "search", query="turnip")
    assert result.ephemeral
    assert text_of(result).startswith("The search took too long. Use more specific words")
    assert await world.member.autocomplete(world.channel, "paper", "paper", "turnip") == []


async def test_autocomplete_offers_papers_by_words_and_by_id(world: World) -> None:
    choices = await world.member.autocomplete(world.channel, "paper", "paper", "turni")
    assert len(choices) == 20
    assert all(len(choice["name"]) <= 100 and choice["value"].startswith("2611.1") for choice in choices)
    (choice,) = await world.member.autocomplete(world.channel, "related", "paper", "2611.10003v1")
    assert choice["value"] == "2611.10003v1"
    for typed in ("", "tu", "2611.99999", "https://example.com/x", "🥔", "zzzzzzz"):
        assert await world.member.autocomplete(world.channel, "paper", "paper", typed) == []
    (found,) = await world.member.autocomplete(world.channel, "search", "category", "cs.CL")
    assert found["value"] == "cs.CL"


async def test_related_papers_share_their_words(world: World) -> None:
    result = await world.member.slash(world.channel, "related", paper="2611.10003")
    embed = embed_of(result)
    assert embed.title == "Related to Turnip 03 breeding at scale"
    assert (embed.description or "").count("Turnip") == 8
    assert "2611.10003" not in (embed.description or "")
    none = await world.member.slash(world.channel, "related", paper="2611.20000")
    assert "Nothing found" in text_of(none)
    assert not ids_of(none)


async def test_related_papers_can_begin_with_surveys(world: World) -> None:
    titles = ("Quince fermentation in barrels", "Quince fermentation", "A survey of quince fermentation")
    papers = [make_paper(f"2611.3000{place}", title=title, abstract="Quinces.") for place, title in enumerate(titles)]
    await world.services.papers.save_metadata(papers)
    usual = await world.member.slash(world.channel, "related", paper="2611.30000")
    assert (embed_of(usual).description or "").startswith("**1.** [Quince fermentation]")
    first = await world.member.slash(world.channel, "related", paper="2611.30000", surveys_first=True)
    assert (embed_of(first).description or "").startswith("**1.** [A survey of quince fermentation]")


async def test_trending_shows_what_this_server_did(world: World, clock: StillClock) -> None:
    empty = await world.member.slash(world.channel, "trending")
    assert "Nobody looked anything up" in text_of(empty)
    await world.member.slash(world.channel, "paper", paper="2611.10003")
    await world.admin.slash(world.channel, "paper", paper="2611.10003")
    saved = await world.admin.slash(world.channel, "paper", paper="2611.10004")
    await world.admin.click(reply(saved), label="Save")
    result = await world.member.slash(world.channel, "trending", days=1)
    lines = (embed_of(result).description or "").splitlines()
    assert "2611.10004" in lines[0]
    assert "1 look-up · saved by 1" in lines[1]
    assert "2611.10003" in lines[2]
    assert "2 look-ups" in lines[3]
    clock.move(40 * 86400)
    later = await world.member.slash(world.channel, "trending", days=30)
    assert "Nobody looked anything up" in text_of(later)


async def test_look_ups_work_in_direct_messages(world: World) -> None:
    user = world.env.create_user("solo")
    result = await user.slash("paper", paper="2611.10003")
    assert embed_of(result).title == "Turnip 03 breeding at scale"
    found = await user.slash("search", query="turnip")
    assert (embed_of(found).description or "").count("Turnip") == 8
    refused = await user.slash("trending")
    assert text_of(refused) == "This works in a server, not in direct messages."


async def test_commands_can_be_installed_by_users_and_used_anywhere(world: World) -> None:
    names = {command.name for command in world.bot.tree.get_commands()}
    assert names == {"brief", "paper", "search", "related", "trending", "save", "library", "export"}
    for command in world.bot.tree.get_commands():
        payload = command.to_dict(world.bot.tree)
        assert sorted(payload["integration_types"]) == [0, 1], command.name
        assert sorted(payload["contexts"]) == [0, 1, 2], command.name


async def test_five_thousand_authors_fit(world: World) -> None:
    crowd = make_paper("2611.30000", title="Crowd", authors=tuple(f"Author Number{n}" for n in range(5154)))
    await world.services.papers.save_metadata([replace(crowd, abstract="A crowd. " * 180)])
    result = await world.member.slash(world.channel, "paper", paper="2611.30000")
    assert "+5,142" in (embed_of(result).description or "")
    entry = await world.member.click(reply(result), label="BibTeX")
    (file,) = entry.response.attachments if entry.response else []
    assert file.filename == "number02026crowd.bib"
