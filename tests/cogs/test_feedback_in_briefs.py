"""What a click under a paper changes: this channel's next brief, nobody else's, and nothing once it is forgotten."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from discord.http import Route

from bot.delivery import Subscription, TopicKey
from bot.i18n import load_texts
from bot.model import Edition
from bot.pipeline.planning import Planner
from bot.render.parts import paper_components
from bot.services import Services
from bot.sources.calendar import load_calendar
from bot.store.briefs import BriefStore
from bot.store.delivery_history import DeliveryHistory
from bot.store.opinions import OpinionStore
from bot.store.schema import delivery
from cogs import EXTENSIONS
from tests.cogs.conftest import MORNING, World, text_of
from tests.cogs.reading import last_message, menu_of, with_reading

TOPIC = TopicKey("cs-cl")
OTHER_CHANNEL = 4242


@pytest.fixture
def extensions() -> tuple[str, ...]:
    return EXTENSIONS


@pytest.fixture
async def services(services: Services) -> Services:
    return with_reading(services)


async def read(world: World) -> list[str]:
    """Return the papers of /brief in the channel, in order."""
    result = await world.member.slash(world.channel, "brief", topic="cs-cl")
    return [option["value"] for option in menu_of(result, "pb:details")["options"]]


async def plan(world: World) -> None:
    """Subscribe the channel and another one, and plan their briefs of the sample day."""
    services, before = world.services, MORNING - timedelta(days=1)
    for channel_id in (world.channel.id, OTHER_CHANNEL):
        await services.subscriptions.save(
            Subscription(world.guild.id, channel_id, TOPIC, world.admin.id, before, state_since=before)
        )
    planner = Planner(
        services.announcements,
        services.briefing,
        services.subscriptions,
        services.outbox,
        DeliveryHistory(services.database),
        services.topics.load_many,
        load_calendar(None),
        services.clock,
        bot_id=1,
        cutoff=timedelta(hours=4),
        opinions=OpinionStore(services.database),
    )
    report = await planner.plan_due()
    assert not report.errors
    again = await planner.plan_due()
    assert not again.planned


async def posted_to(world: World, channel_id: int) -> str:
    """Return all that was planned for a channel, as text."""
    async with world.services.database.read() as connection:
        query = sa.select(delivery.c.payload).where(delivery.c.channel_id == channel_id).order_by(delivery.c.part)
        return " ".join(map(str, await connection.scalars(query)))


def in_order(ids: list[str], text: str) -> list[str]:
    """Return those of `ids` that stand in a text, by where they do first."""
    return sorted((one for one in ids if one in text), key=text.index)


async def judge(world: World, arxiv_id: str, label: str) -> None:
    """Press a button under a paper, posted as the sender does."""
    rows = paper_components(arxiv_id, world.services.catalogue["cs-cl"], load_texts("en"))
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=world.channel.id)
    await world.bot.http.request(route, json={"content": "a paper", "components": rows})
    assert "Noted: " in text_of(await world.member.click(last_message(world.channel), label=label))


async def test_clicks_change_the_next_brief_of_this_channel_alone(world: World) -> None:
    before = await read(world)
    await judge(world, before[0], "Not relevant")
    await judge(world, before[-1], "More like this")
    await plan(world)
    ours, theirs = await posted_to(world, world.channel.id), await posted_to(world, OTHER_CHANNEL)
    assert in_order(before, theirs) == before
    assert in_order(before, ours) != before
    assert in_order(before, ours)[0] == before[-1]
    assert await read(world) == in_order(await read(world), ours)
    stored = BriefStore(world.services.database)
    topic = world.services.catalogue["cs-cl"]
    day = await world.services.briefing.latest_date(topic)
    own = await stored.load_brief(topic, day, "en", edition=Edition(world.guild.id, world.channel.id))
    shared = await stored.load_brief(topic, day, "en")
    assert own is not None
    assert shared is not None
    assert own.receipt.balanced
    assert [item.paper.arxiv_id for item in shared.items] == before


async def test_what_was_posted_stays_whatever_is_clicked_afterwards(world: World) -> None:
    before = await read(world)
    await plan(world)
    posted = await posted_to(world, world.channel.id)
    await judge(world, before[0], "Not relevant")
    assert await read(world) == before
    await plan(world)
    assert await posted_to(world, world.channel.id) == posted


async def test_a_click_that_is_forgotten_has_never_been(world: World) -> None:
    before = await read(world)
    await judge(world, before[0], "Not relevant")
    assert await read(world) != before
    await world.services.readers.forget(world.member.id)
    assert await read(world) == before


async def test_why_shows_what_the_clicks_did(world: World) -> None:
    before = await read(world)
    await judge(world, before[0], "Not relevant")
    text = text_of(await world.member.slash(world.channel, "why", paper=before[0], topic="cs-cl"))
    assert "This channel has a brief of its own, because of its readers' feedback." in text
    assert "close to 1 paper you marked as not relevant (-" in text
    assert "feedback -" in text
    world.speak("zh-CN")
    chinese = text_of(await world.member.slash(world.channel, "why", paper=before[0], topic="cs-cl"))
    assert "接近你们标为不相关的 1 篇论文" in chinese
