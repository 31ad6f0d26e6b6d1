"""Nobody waits without a sign of life: every command and every button answers within a second or says that it will."""

import asyncio
from datetime import timedelta
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.digest.ask import AskForm
from bot.model import AnnouncedPaper, AnnouncementState, AnnounceType, Counts, FetchedAnnouncement, SourceName
from cogs._shared import answers
from cogs._shared.answers import Answer
from tests.cogs.conftest import MORNING, World, text_of
from tests.cogs.reading import make_paper
from tests.cogs.test_briefs import post_digest
from tests.cogs.test_subscriptions_manage import open_one, save
from tests.cogs.test_topics_cog import save_own
from tests.cogs.test_views import ID, post_card
from tests.unit.pipeline.model_fakes import FakeModel

FORMS = {"settings", "topic create", "topic edit"}
"""Commands that answer with a form, which Discord takes as a first answer only."""

OPTIONS = {"paper": ID, "query": "turnips", "topic": "llm", "question": "How large are turnips?"}


@pytest.fixture
async def slow_world(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return the world with something in every list, where any answer takes two seconds."""
    services = world.services
    await services.papers.save_metadata([make_paper(ID, title="Turnips", abstract="word " * 3000)])
    await services.readers.save_paper(world.admin.id, ID, MORNING)
    await save(world)
    await save_own(world)
    services.asker._model = FakeModel(lambda _: AskForm(found=False, answer="", quotes=[]))
    make_slow(world, monkeypatch)
    return world


def make_slow(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every answer take two seconds from now on, and let what is deferred be so at once rather than in a while."""
    assert answers.DEFER_AFTER < 1
    monkeypatch.setattr(answers, "DEFER_AFTER", 0.0)
    send = Answer.send

    async def slowly(self: Answer, *args: Any, **options: Any) -> None:
        await world.env.external_wait(asyncio.sleep(2), reason="work that takes two seconds")
        await send(self, *args, **options)

    monkeypatch.setattr(Answer, "send", slowly)


def callbacks(world: World) -> list[Any]:
    """Return the first answers that were sent, of all interactions."""
    return [one.json for one in world.env.http_requests if one.path.endswith("/callback")]


async def test_every_command_is_deferred_or_opens_a_form(slow_world: World) -> None:
    world = slow_world
    tree = [one for one in world.bot.tree.walk_commands() if isinstance(one, app_commands.Command)]
    assert len(tree) == 23
    for command in tree:
        name = command.qualified_name
        options = {one.name: OPTIONS[one.name] for one in command.parameters if one.required}
        if name in ("topic edit", "topic delete"):
            options["topic"] = "reading"
        result = await world.admin.slash(world.channel, name, **options)
        if name in FORMS:
            assert result.modal is not None, name
            continue
        assert result.deferred, name
        await world.env.advance_time(3)
        assert text_of(result), name
        assert result.ephemeral, name


async def test_every_button_under_papers_and_briefs_is_deferred(slow_world: World) -> None:
    world = slow_world
    await announce_the_day_before(world)
    for message in (await post_card(world), await post_digest(world, world.services.catalogue["llm"])):
        rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
        for one in [child for row in rows for child in row.children]:
            before = len(callbacks(world))
            if isinstance(one, discord.SelectMenu):
                await world.member.select(message, [one.options[0].value], custom_id=one.custom_id)
            else:
                await world.member.click(message, custom_id=one.custom_id)
                assert [answer["type"] for answer in callbacks(world)[before:]] == [5], one.custom_id
            await world.env.advance_time(3)


async def announce_the_day_before(world: World) -> None:
    entry = AnnouncedPaper(make_paper("2611.80001", title="Language models of yesterday"), AnnounceType.NEW, 0)
    day = MORNING.date() - timedelta(days=1)
    await world.services.announcements.save_fetched(
        FetchedAnnouncement("cs.CL", day, SourceName.LISTING, (entry,), Counts(new=1)),
        state=AnnouncementState.FRESH,
        fetched_at=MORNING,
        late=False,
        reason=None,
    )


@pytest.mark.parametrize("label", ["Pause", "Unsubscribe", "All subscriptions"])
async def test_buttons_that_edit_in_place_are_deferred_in_place(
    world: World, monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    await save(world)
    shown = await open_one(world)
    make_slow(world, monkeypatch)
    before, text = len(callbacks(world)), text_of(shown)
    assert shown.response is not None
    await world.admin.click(shown.response, label=label)
    assert [answer["type"] for answer in callbacks(world)[before:]] == [6]
    await world.env.advance_time(3)
    assert text_of(shown) != text


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, 10015), (401, 50027), (404, 10008)],
    ids=["webhook gone", "token expired", "message dismissed"],
)
async def test_an_answer_that_comes_after_its_time_is_no_failure(
    slow_world: World, status: int, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    world = slow_world
    world.forgive(discord.HTTPException)
    world.env.inject_error("PATCH", "/webhooks/*", status=status, code=code)
    await world.member.slash(world.channel, "help")
    await world.env.advance_time(4)
    logged = "".join(capsys.readouterr())
    assert "a command failed" not in logged
    assert "answered too late or twice" in logged
