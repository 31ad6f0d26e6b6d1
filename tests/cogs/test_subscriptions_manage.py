"""Pausing, resuming, editing and ending subscriptions: buttons that outlive restarts, and whose they are."""

from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from simcord.results import InteractionResult

from bot.client import build_bot
from bot.delivery import PostingStyle, Subscription, SubscriptionState, TopicKey
from bot.statement import Statement, StatementCode
from tests.cogs.conftest import MORNING, World, buttons_of, text_of

NO_PERMISSION = Statement.of(StatementCode.LACKS_PERMISSION, words="Missing Permissions (50013)")
FORM = {"time": "07:15", "zone": "asia/shanghai", "papers": "5", "language": ["zh-CN"], "style": ["cards"]}


async def save(world: World, slug: str = "llm", **changes: Any) -> Subscription:
    """Store a subscription of the world's channel."""
    one = Subscription(
        guild_id=world.guild.id,
        channel_id=world.channel.id,
        topic=TopicKey(slug),
        created_by=world.admin.id,
        created_at=MORNING,
    )
    one = replace(one, **changes)
    await world.services.subscriptions.save(one)
    return one


async def load(world: World, slug: str = "llm") -> Subscription | None:
    return await world.services.subscriptions.load(world.channel.id, TopicKey(slug))


async def open_one(world: World, slug: str = "llm") -> InteractionResult:
    """Open a subscription from the list."""
    listed = await world.admin.slash(world.channel, "subscriptions")
    assert listed.response is not None
    await world.admin.select(listed.response, [f"{world.channel.id}:0:{slug}"], custom_id="pb:subs:pick")
    return listed


async def press(world: World, shown: InteractionResult, label: str) -> InteractionResult:
    """Press a button of an answer, which is edited in place."""
    assert shown.response is not None
    return await world.admin.click(shown.response, label=label)


async def test_the_list_says_what_is_posted_where_and_when(world: World) -> None:
    await save(world, post_time=time(8, 30), zone="Europe/Berlin")
    await save(world, "agents", state=SubscriptionState.PAUSED)
    await save(world, "rag", state=SubscriptionState.PARKED, reason=NO_PERMISSION)
    text = text_of(await world.admin.slash(world.channel, "subscriptions"))
    assert "3 subscriptions" in text
    assert f"**Large language models** → <#{world.channel.id}>" in text
    assert "at 08:30 (Europe/Berlin) · Digest: one message · active" in text
    assert "paused" in text
    assert "stopped: Discord refuses (I lack a permission there: View Channel" in text


async def test_an_empty_list_says_how_to_begin(world: World) -> None:
    result = await world.admin.slash(world.channel, "subscriptions")
    assert "`/subscribe` begins" in text_of(result)


async def test_a_long_list_has_pages(world: World) -> None:
    for slug in sorted(world.services.catalogue)[:12]:
        await save(world, slug)
    shown = await world.admin.slash(world.channel, "subscriptions")
    assert text_of(shown).count("→") == 10
    assert set(buttons_of(shown)) == {"More"}
    await press(world, shown, "More")
    assert text_of(shown).count("→") == 2
    await press(world, shown, "Back")
    assert text_of(shown).count("→") == 10


async def test_pause_and_resume_edit_in_place(world: World) -> None:
    await save(world)
    shown = await open_one(world)
    assert set(buttons_of(shown)) == {"Pause", "Edit", "Unsubscribe", "All subscriptions"}
    await press(world, shown, "Pause")
    assert "State: paused" in text_of(shown)
    paused = await load(world)
    assert paused is not None
    assert paused.state is SubscriptionState.PAUSED
    await press(world, shown, "Resume")
    assert "State: active" in text_of(shown)
    await press(world, shown, "All subscriptions")
    assert "1 subscription" in text_of(shown)


async def test_a_role_that_is_pinged_can_be_let_go(world: World) -> None:
    await save(world, role_id=77)
    shown = await open_one(world)
    assert "Pings: <@&77>" in text_of(shown)
    await press(world, shown, "Ping nobody")
    assert "Pings" not in text_of(shown)
    assert "Ping nobody" not in buttons_of(shown)
    kept = await load(world)
    assert kept is not None
    assert kept.role_id is None


async def test_a_second_click_changes_nothing_more(world: World) -> None:
    await save(world)
    shown = await open_one(world)
    assert shown.response is not None
    stale = buttons_of(shown)
    await press(world, shown, "Pause")
    world.rewrite(buttons_of(shown)["Resume"], stale["Pause"])
    await world.admin.click(shown.response, label="Resume")
    assert "State: paused" in text_of(shown)


async def test_resuming_needs_the_permissions(world: World) -> None:
    await save(world, state=SubscriptionState.PARKED, reason=NO_PERMISSION)
    world.forbid(world.channel, "embed_links")
    shown = await open_one(world)
    refused = await press(world, shown, "Resume")
    assert "**Embed Links**" in text_of(refused)
    parked = await load(world)
    assert parked is not None
    assert parked.state is SubscriptionState.PARKED


async def test_unsubscribing_asks_and_the_answer_takes_the_questions_place(world: World) -> None:
    await save(world)
    asked = await world.admin.slash(world.channel, "unsubscribe")
    assert text_of(asked) == f"Stop posting briefs on Large language models in <#{world.channel.id}>?"
    assert await load(world) is not None
    await press(world, asked, "Unsubscribe")
    assert text_of(asked) == f"<#{world.channel.id}> gets no more briefs on Large language models."
    assert buttons_of(asked) == {}
    assert await load(world) is None


async def test_keeping_it_shows_it(world: World) -> None:
    await save(world)
    asked = await world.admin.slash(world.channel, "unsubscribe")
    await press(world, asked, "Keep it")
    assert "State: active" in text_of(asked)
    assert await load(world) is not None


async def test_two_clicks_on_unsubscribe_say_the_same(world: World) -> None:
    one = await save(world)
    first = await world.admin.slash(world.channel, "unsubscribe")
    second = await world.admin.slash(world.channel, "unsubscribe")
    await press(world, first, "Unsubscribe")
    await press(world, second, "Unsubscribe")
    assert text_of(second) == text_of(first)
    assert one.topic not in await world.services.subscriptions.load_topics()


async def test_which_one_has_to_be_said_where_there_are_several(world: World) -> None:
    assert "Nothing is subscribed in" in text_of(await world.admin.slash(world.channel, "unsubscribe"))
    await save(world)
    await save(world, "agents")
    assert "several subscriptions" in text_of(await world.admin.slash(world.channel, "unsubscribe"))
    assert "is not subscribed to that topic" in text_of(
        await world.admin.slash(world.channel, "unsubscribe", topic="rag")
    )
    asked = await world.admin.slash(world.channel, "unsubscribe", topic="agents")
    assert "LLM agents" in text_of(asked)


async def test_buttons_work_after_a_restart(world: World) -> None:
    await save(world)
    shown = await open_one(world)
    await world.env.restart_bot(build_bot(world.services, extensions=("cogs.subscriptions",), shard_count=1))
    await press(world, shown, "Pause")
    assert "State: paused" in text_of(shown)


async def test_the_form_changes_what_it_shows(world: World) -> None:
    await save(world, post_time=time(8, 30))
    form = await world.admin.slash(world.channel, "settings")
    assert form.modal is not None
    assert form.modal["title"] == "Subscription"
    done = await world.admin.submit_modal(form, FORM)
    assert "When: at 07:15 (Asia/Shanghai)" in text_of(done)
    assert "Language: 简体中文" in text_of(done)
    changed = await load(world)
    assert changed is not None
    assert (changed.post_time, changed.zone, changed.max_papers) == (time(7, 15), "Asia/Shanghai", 5)
    assert (changed.language, changed.style) == ("zh-CN", PostingStyle.CARDS)


async def test_the_edit_button_opens_the_same_form_and_edits_in_place(world: World) -> None:
    await save(world)
    shown = await open_one(world)
    form = await press(world, shown, "Edit")
    await world.admin.submit_modal(form, FORM | {"time": ""})
    assert "When: as soon as the announcement is complete" in text_of(shown)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("time", "25:00", "“25:00” is not a time of day"),
        ("zone", "Nowhere", "There is no time zone “Nowhere”"),
        ("papers", "0", "“0” is not a whole number from 1 to 10"),
        ("papers", "many", "“many” is not a whole number from 1 to 10"),
    ],
)
async def test_the_form_refuses_what_cannot_be(world: World, field: str, typed: str, said: str) -> None:
    before = await save(world)
    form = await world.admin.slash(world.channel, "settings")
    refused = await world.admin.submit_modal(form, FORM | {field: typed})
    assert said in text_of(refused)
    assert await load(world) == before


async def test_a_form_sent_after_the_subscription_ended_says_so(world: World) -> None:
    await save(world)
    form = await world.admin.slash(world.channel, "settings")
    await world.services.subscriptions.delete(world.channel.id, TopicKey("llm"))
    assert text_of(await world.admin.submit_modal(form, FORM)) == "This subscription does not exist any more."


@pytest.mark.parametrize("command", ["unsubscribe", "subscriptions", "settings"])
async def test_members_are_refused_on_the_server_too(world: World, command: str) -> None:
    await save(world)
    world.lift_default_permissions()
    result = await world.member.slash(world.channel, command)
    assert text_of(result) == "You need the permission Manage Channels for this."


async def test_a_members_click_is_refused(world: World) -> None:
    await save(world)
    shown = await open_one(world)
    pause = buttons_of(shown)["Pause"]
    world.lift_default_permissions()
    assert shown.response is not None
    world.alter_interactions(lambda payload: payload["member"].update(permissions="0"))
    refused = await world.admin.click(shown.response, custom_id=pause)
    assert text_of(refused) == "You need the permission Manage Channels for this."
    assert await load(world) is not None


@pytest.mark.parametrize("action", ["pause", "drop", "edit", "open"])
async def test_another_servers_subscription_cannot_be_touched(world: World, action: str) -> None:
    await save(world)
    shown = await open_one(world)
    assert shown.response is not None
    foreign = await save(world, channel_id=4242, guild_id=world.guild.id + 1)
    world.rewrite(buttons_of(shown)["Pause"], f"pb:sub:{action}:4242:0:llm")
    refused = await world.admin.click(shown.response, label="Pause")
    assert text_of(refused) == "This subscription does not exist any more."
    assert await world.services.subscriptions.load(4242, TopicKey("llm")) == foreign


async def test_a_subscription_of_a_deleted_channel_can_still_be_ended(world: World) -> None:
    await save(world, channel_id=4242)
    listed = await world.admin.slash(world.channel, "subscriptions")
    assert listed.response is not None
    await world.admin.select(listed.response, ["4242:0:llm"], custom_id="pb:subs:pick")
    await press(world, listed, "Unsubscribe")
    await press(world, listed, "Unsubscribe")
    assert "gets no more briefs" in text_of(listed)
    assert await world.services.subscriptions.load_guild(world.guild.id) == []


async def test_subscribed_topics_are_offered_while_typing(world: World) -> None:
    await save(world)
    await save(world, "agents")
    choices = await world.admin.autocomplete(world.channel, "unsubscribe", "topic", "lan")
    assert [one["value"] for one in choices] == ["llm"]


async def test_it_is_all_in_chinese_for_those_who_read_it(world: World) -> None:
    await save(world)
    world.speak("zh-CN")
    shown = await open_one(world)
    assert set(buttons_of(shown)) == {"暂停", "编辑", "退订", "全部订阅"}
    assert "时间：公告齐全后立即" in text_of(shown)
    await press(world, shown, "暂停")
    assert "状态：已暂停" in text_of(shown)
    form = await world.admin.slash(world.channel, "settings")
    assert form.modal is not None
    assert form.modal["title"] == "订阅"
