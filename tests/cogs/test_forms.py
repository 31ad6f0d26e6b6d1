"""Forms and buttons that several people have open at once, that outlive a restart, or that nobody knows any more."""

import discord
import pytest
from discord.http import Route
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.client import build_bot
from bot.model import Topic
from tests.cogs.conftest import PERMISSIONS, World, buttons_of, text_of
from tests.cogs.reading import last_message
from tests.cogs.test_subscriptions_manage import FORM as SETTINGS
from tests.cogs.test_subscriptions_manage import load
from tests.cogs.test_subscriptions_manage import save as save_subscription
from tests.cogs.test_topics_cog import FORM, own, save_own

EXPIRED = {
    "en-US": (
        "This is no longer in use: I was started anew since, or it stood open for too long. "
        "Please call the command again."
    ),
    "zh-CN": "这个按钮或表单已失效：机器人重新启动过，或它打开得太久。请重新使用相应的命令。",
}


async def restart(world: World) -> None:
    await world.env.restart_bot(build_bot(world.services, shard_count=1))


def elsewhere(world: World) -> tuple[MemberActor, ChannelHandle, int]:
    """Return the admin of another server, a channel there, and that server's id."""
    guild = world.env.create_guild("Elsewhere")
    guild._guild.roles[guild.id].permissions = PERMISSIONS.value
    managers = guild.create_role("Managers", permissions=PERMISSIONS | discord.Permissions(manage_channels=True))
    admin = guild.add_member(world.env.create_user("eve"), roles=[managers])
    return admin, guild.create_text_channel("theirs"), guild.id


async def test_forms_that_two_servers_have_open_stay_two(world: World) -> None:
    eve, channel, theirs = elsewhere(world)
    topic = Topic("secret", {"en": "Secret"}, ("cs.CL",), "reading", guild_id=theirs)
    await world.services.guild_topics.save(topic)
    mine = await world.admin.slash(world.channel, "topic create")
    edited = await eve.slash(channel, "topic edit", topic="secret")
    assert "is saved" in text_of(await world.admin.submit_modal(mine, FORM))
    assert [one.slug for one in await own(world)] == ["reading-machines"]
    assert await world.services.guild_topics.load_all(theirs) == [topic]
    await eve.submit_modal(edited, FORM | {"name": "Still secret"})
    (changed,) = await world.services.guild_topics.load_all(theirs)
    assert (changed.slug, changed.name("en")) == ("secret", "Still secret")


async def test_a_form_cannot_name_the_topic_of_another_server(world: World) -> None:
    theirs = Topic("secret", {"en": "Secret"}, ("cs.CL",), "reading", guild_id=world.guild.id + 1)
    await world.services.guild_topics.save(theirs)
    await save_own(world)
    form = await world.admin.slash(world.channel, "topic edit", topic="reading")
    await world.services.guild_topics.delete(world.guild.id, "reading")
    assert form.modal is not None
    await restart(world)
    world.rewrite(form.modal["custom_id"], "pb:topic:form:secret:0")
    assert text_of(await world.admin.submit_modal(form, FORM)) == "This topic no longer exists."
    assert await own(world) == []
    assert await world.services.guild_topics.load(world.guild.id + 1, "secret") == theirs


async def test_two_admins_with_the_same_settings_open_do_not_mix(world: World) -> None:
    await save_subscription(world)
    first = await world.admin.slash(world.channel, "settings")
    second = await world.admin.slash(world.channel, "settings")
    assert first.modal is not None
    assert second.modal is not None
    assert first.modal["custom_id"] != second.modal["custom_id"]
    for form, papers in ((second, "3"), (first, "7")):
        await world.admin.submit_modal(form, SETTINGS | {"papers": papers})
        changed = await load(world)
        assert changed is not None
        assert changed.max_papers == int(papers)


@pytest.mark.parametrize("command", ["create", "edit"])
async def test_a_topic_typed_while_the_bot_was_started_anew_is_not_lost(world: World, command: str) -> None:
    options = {"topic": "reading"} if command == "edit" else {}
    if command == "edit":
        await save_own(world)
    form = await world.admin.slash(world.channel, f"topic {command}", **options)
    await restart(world)
    refused = await world.admin.submit_modal(form, FORM | {"query": "agents AND (tool"})
    assert "expected a closing “)”" in text_of(refused)
    assert refused.response is not None
    again = await world.admin.click(refused.response, label="Edit again")
    await restart(world)
    done = await world.admin.submit_modal(again, FORM)
    assert "The topic **Reading machines** is saved." in text_of(done)
    assert [one.slug for one in await own(world)] == ["reading" if command == "edit" else "reading-machines"]


async def test_a_form_of_before_a_restart_needs_the_permission_as_well(world: World) -> None:
    form = await world.admin.slash(world.channel, "topic create")
    await restart(world)
    world.alter_interactions(lambda payload: payload["member"].update(permissions="0"))
    refused = await world.admin.submit_modal(form, FORM)
    assert text_of(refused) == "You need the permission Manage Channels for this."
    assert await own(world) == []


@pytest.mark.parametrize("locale", list(EXPIRED))
async def test_a_form_that_is_known_no_more_says_so(world: World, locale: str) -> None:
    world.speak(locale)
    before = await save_subscription(world)
    form = await world.admin.slash(world.channel, "settings")
    await restart(world)
    told = await world.admin.submit_modal(form, SETTINGS)
    assert text_of(told) == EXPIRED[locale]
    assert told.ephemeral
    assert await load(world) == before


@pytest.mark.parametrize("locale", list(EXPIRED))
async def test_buttons_under_a_draft_that_is_gone_say_so(world: World, locale: str) -> None:
    world.speak(locale)
    form = await world.admin.slash(world.channel, "topic create")
    warned = await world.admin.submit_modal(form, FORM | {"query": "zyzzyva", "exclude": ""})
    await restart(world)
    assert warned.response is not None
    assert len(buttons_of(warned)) == 3
    for label in buttons_of(warned):
        told: InteractionResult = await world.admin.click(warned.response, label=label)
        assert text_of(told) == EXPIRED[locale]
        assert told.ephemeral
    assert await own(world) == []


async def test_buttons_of_a_draft_that_lay_for_too_long_say_so(world: World) -> None:
    form = await world.admin.slash(world.channel, "topic create")
    warned = await world.admin.submit_modal(form, FORM | {"query": "zyzzyva", "exclude": ""})
    await world.env.advance_time(900)
    assert warned.response is not None
    assert text_of(await world.admin.click(warned.response, label="Save anyway")) == EXPIRED["en-US"]


async def test_a_button_of_another_version_of_the_bot_is_answered(world: World) -> None:
    row = {"type": 1, "components": [{"type": 2, "style": 2, "label": "Translate", "custom_id": "pb:translate:1"}]}
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=world.channel.id)
    await world.bot.http.request(route, json={"content": "old", "components": [row]})
    told = await world.member.click(last_message(world.channel), label="Translate")
    assert text_of(told) == EXPIRED["en-US"]
    assert told.ephemeral


async def test_twelve_long_categories_can_be_edited(world: World) -> None:
    names = [
        f"cond-mat.{end}" for end in ("mes-hall", "mtrl-sci", "stat-mech", "dis-nn", "quant-gas", "supr-con", "str-el")
    ]
    names += [f"physics.{end}" for end in ("acc-ph", "flu-dyn", "atom-ph", "chem-ph", "comp-ph")]
    await save_own(world, categories=tuple(names))
    form = await world.admin.slash(world.channel, "topic edit", topic="reading")
    done = await world.admin.submit_modal(form, FORM | {"categories": ", ".join(names)})
    assert "is saved" in text_of(done)
