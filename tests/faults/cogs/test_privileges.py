"""X5: the bot itself refuses, whatever a server's own settings allow; and it asks for no more than it needs."""

from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from bot.client.identity import invite_link
from bot.deliver import permissions as rules
from bot.delivery import TopicKey
from tests.cogs.conftest import World, text_of
from tests.cogs.test_subscriptions_manage import load, save


@pytest.mark.fault("X5")
async def test_a_member_without_manage_channels_is_refused_though_the_server_shows_the_commands(world: World) -> None:
    await save(world)
    world.lift_default_permissions()
    for command, options in (
        ("subscribe", {"topic": "agents"}),
        ("unsubscribe", {"topic": "llm"}),
        ("subscriptions", {}),
        ("settings", {}),
        ("topic delete", {"topic": "llm"}),
    ):
        refused = await world.member.slash(world.channel, command, **options)
        assert "Manage Channels" in text_of(refused), command
        assert refused.ephemeral
    assert [one.topic for one in await world.services.subscriptions.load_all()] == [TopicKey("llm")]


@pytest.mark.fault("X5")
async def test_direct_messages_manage_nothing(world: World) -> None:
    user = world.env.create_user("solo")
    refused = await user.slash("topic delete", topic="llm")
    assert "This works in a server" in text_of(refused)


@pytest.mark.fault("X5")
async def test_another_servers_subscription_cannot_be_opened(world: World) -> None:
    await save(world)
    await save(world, "agents", guild_id=world.guild.id + 4, channel_id=99)
    listed = await world.admin.slash(world.channel, "subscriptions")
    assert listed.response is not None
    world.rewrite(f"{world.channel.id}:0:llm", "99:0:agents")
    await world.admin.select(listed.response, [f"{world.channel.id}:0:llm"], custom_id="pb:subs:pick")
    assert "<#99>" not in text_of(listed)
    assert await world.services.subscriptions.load(99, TopicKey("agents")) is not None


@pytest.mark.fault("X5")
async def test_one_more_than_the_quota_is_refused(world: World) -> None:
    for slug in ("llm", "agents", "rag"):
        await save(world, slug)
    refused = await world.admin.slash(world.channel, "subscribe", topic="cs-cv")
    assert "3 subscriptions" in text_of(refused)
    assert await load(world, "cs-cv") is None


def test_the_invite_asks_for_exactly_what_posting_needs() -> None:
    asked = parse_qs(urlsplit(invite_link(5)).query)
    needed = (
        rules.VIEW_CHANNEL
        | rules.SEND_MESSAGES
        | rules.EMBED_LINKS
        | rules.READ_MESSAGE_HISTORY
        | rules.CREATE_PUBLIC_THREADS
        | rules.SEND_MESSAGES_IN_THREADS
    )
    assert int(asked["permissions"][0]) == needed
    assert set(asked["scope"][0].split()) == {"bot", "applications.commands"}
    assert not discord.Permissions(needed) >= discord.Permissions(manage_messages=True)
