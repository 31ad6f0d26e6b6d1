"""What a channel gets, day by day: each date once, in order, with a stated reason for every silence."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.delivery import DeliveryKind, DeliveryState, PostingStyle, SubscriptionState, TopicKey
from bot.model import Announcement, AnnouncementState, Counts, SourceName
from bot.store.briefs import BriefStore
from bot.store.outbox import Outbox
from bot.store.schema import delivery
from tests.unit.pipeline.planning_world import GUILD, TOPICS, World, at_nine, open_world

NINE = at_nine()
WEDNESDAY = date(2026, 8, 12)


@pytest.fixture
async def world(sqlite_path: Path) -> AsyncIterator[World]:
    """A world on the Tuesday evening on which the announcement of Wednesday, 12 August 2026 is to come."""
    context, world = await open_world(sqlite_path, "2026-08-11 23:00")
    try:
        yield world
    finally:
        await context.__aexit__(None, None, None)


async def test_a_brief_is_planned_at_the_chosen_time_and_once(world: World) -> None:
    await world.subscribe(1, "language", **NINE, created_at=datetime(2026, 8, 11, 20, tzinfo=UTC))
    await world.run_until("2026-08-12 06:00")
    assert await world.log(1) == ["brief 2026-08-11 at 08-12 00:00"]
    await world.run_until("2026-08-12 12:00")
    assert (await world.log(1))[1:] == ["brief 2026-08-12 at 08-12 07:00"]
    assert world.wake.is_set()
    row = (await world.rows(1))[-1]
    assert row.due_at == datetime(2026, 8, 12, 7, tzinfo=UTC)
    assert row.payload["content"] == "**Language** · Wed 12 Aug 2026 · announced 3 · matched 3 · shown 3"


async def test_without_a_time_a_brief_follows_as_soon_as_the_batch_is_complete(world: World) -> None:
    world.arxiv.delays["cs.CV", WEDNESDAY] = timedelta(hours=1, minutes=10)
    await world.subscribe(1, "both")
    await world.run_until("2026-08-12 01:00", timedelta(minutes=15))
    assert await world.log(1) == ["brief 2026-08-11 at 08-11 23:15"]
    await world.run_until("2026-08-12 02:00", timedelta(minutes=15))
    assert (await world.log(1))[1:] == ["brief 2026-08-12 at 08-12 01:15"]
    assert " late" not in (await world.contents(1))[1]


async def test_the_chosen_time_waits_for_the_batch(world: World) -> None:
    world.arxiv.delays["cs.CL", WEDNESDAY] = timedelta(hours=3)
    await world.subscribe(1, "language", post_time=time(20, 30), zone="America/New_York")
    await world.run_until("2026-08-12 06:00", timedelta(minutes=15))
    assert (await world.log(1))[-1] == "brief 2026-08-12 at 08-12 03:15"


async def test_past_the_cut_off_a_channel_is_told_once_and_the_brief_follows(world: World) -> None:
    world.arxiv.delays["cs.CL", WEDNESDAY] = timedelta(hours=9)
    await world.subscribe(1, "language", **NINE)
    await world.run_until("2026-08-12 12:00", timedelta(minutes=30))
    assert (await world.log(1))[1:] == ["waiting 2026-08-12 at 08-12 07:00", "brief 2026-08-12 at 08-12 09:30"]
    waiting, brief = (await world.contents(1))[1:]
    assert waiting.splitlines()[:2] == [
        "**Language** · Wed 12 Aug 2026 · still waiting",
        "cs.CL: overdue, arXiv still shows an older announcement.",
    ]
    assert "nothing" not in waiting.lower()
    assert brief.startswith("**Language** · Wed 12 Aug 2026 · late · ")


async def test_a_stalled_category_holds_up_no_other_and_its_papers_come_late(world: World) -> None:
    world.arxiv.delays["cs.CV", WEDNESDAY] = timedelta(days=30)
    await world.subscribe(1, "both", **NINE)
    await world.run_until("2026-08-12 12:00")
    assert (await world.log(1))[1:] == ["(waiting 2026-08-12 at 08-12 07:00)", "brief 2026-08-12 at 08-12 07:00"]
    brief = (await world.contents(1))[1]
    assert brief.splitlines()[1] == "cs.CV: overdue, arXiv still shows an older announcement."
    assert "shown 3" in brief
    world.restart()
    await world.run_until("2026-08-13 12:00")
    assert (await world.log(1))[3:] == ["late 2026-08-12 at 08-13 00:00", "brief 2026-08-13 at 08-13 07:00"]
    (late,) = [row for row in await world.rows(1) if row.kind is DeliveryKind.LATE]
    assert late.payload["content"].startswith("**Both** · Wed 12 Aug 2026 · late arrivals · announced 6")
    shown = [embed["url"].rpartition("/")[2] for embed in late.payload["embeds"]]
    assert sorted(shown) == world.arxiv.ids("cs.CV", WEDNESDAY)
    assert all(" · late · " in embed["footer"]["text"] for embed in late.payload["embeds"])


async def test_a_late_batch_without_anything_for_the_topic_ends_quietly(world: World) -> None:
    world.arxiv.delays["cs.CL", WEDNESDAY] = timedelta(days=30)
    await world.subscribe(1, "nothing", **NINE, quiet_line=True)
    await world.run_until("2026-08-13 12:00")
    assert (await world.log(1))[1:] == [
        "waiting 2026-08-12 at 08-12 07:00",
        "quiet 2026-08-12 at 08-13 00:00",
        "quiet 2026-08-13 at 08-13 07:00",
    ]


async def test_late_papers_below_the_cut_are_noted_and_not_posted(world: World) -> None:
    world.arxiv.delays["cs.CV", WEDNESDAY] = timedelta(days=30)
    await world.subscribe(1, "both", **NINE, max_papers=1)
    await world.run_until("2026-08-13 06:00")
    log = (await world.log(1))[1:]
    assert log[:2] == ["(waiting 2026-08-12 at 08-12 07:00)", "brief 2026-08-12 at 08-12 07:00"]
    assert [line.strip("(")[:15] for line in log[2:]] == ["late 2026-08-12"]


async def test_nothing_today_is_said_with_its_reason_only_where_it_is_wanted(world: World) -> None:
    world.clock.instant = datetime(2026, 8, 14, 12, tzinfo=UTC)
    await world.subscribe(1, "nothing", quiet_line=True, **NINE)
    await world.subscribe(2, "nothing", **NINE)
    await world.subscribe(3, "nothing", quiet_line=True, style=PostingStyle.FORUM, tag_ids=(7,), **NINE)
    await world.subscribe(4, "nothing", quiet_line=True, language="zh-CN", **NINE)
    await world.run_until("2026-08-16 12:00")
    assert await world.log(1) == [
        "quiet 2026-08-14 at 08-14 13:00",
        "quiet 2026-08-15 at 08-15 07:00",
        "quiet 2026-08-16 at 08-16 07:00",
    ]
    friday, saturday, _ = await world.contents(1)
    assert friday.splitlines()[:2] == [
        "**Nothing** · Fri 14 Aug 2026 · nothing today",
        "3 papers were announced in cs.CL, and none is for this topic.",
    ]
    assert saturday.splitlines()[1] == (
        "arXiv announces nothing for Sat 15 Aug 2026. The next one, for Mon 17 Aug 2026, comes <t:1786924800:f>."
    )
    assert await world.log(2) == ["(quiet 2026-08-14 at 08-14 13:00)"]
    (skipped,) = await world.rows(2)
    assert skipped.state is DeliveryState.SKIPPED
    assert skipped.reason == "3 papers were announced in cs.CL, and none is for this topic."
    posts = await world.rows(3)
    assert [row.action.value for row in posts] == ["forum-post"] * 3
    assert posts[0].payload["name"] == "Nothing · Fri 14 Aug 2026 · nothing today"
    assert posts[0].payload["applied_tags"] == ["7"]


async def test_a_deferred_mailing_is_quiet_and_the_calendar_may_be_wrong(world: World) -> None:
    world.arxiv.deferred.add(WEDNESDAY)
    await world.subscribe(1, "language", quiet_line=True, **NINE)
    await world.run_until("2026-08-13 12:00")
    assert (await world.log(1))[1:] == [
        "waiting 2026-08-12 at 08-12 07:00",
        "quiet 2026-08-12 at 08-13 01:00",
        "brief 2026-08-13 at 08-13 07:00",
    ]
    assert (await world.contents(1))[2].splitlines()[1] == "arXiv announced nothing for this day."


async def test_the_first_brief_is_the_newest_one_even_days_later(world: World) -> None:
    await world.subscribe(9, "language", **NINE)
    await world.run_until("2026-08-16 12:00")
    await world.subscribe(1, "language", **NINE)
    await world.at("2026-08-16 12:01")
    await world.run_until("2026-08-17 12:01")
    assert await world.log(1) == ["brief 2026-08-14 at 08-16 12:01", "brief 2026-08-17 at 08-17 07:01"]
    assert " late" not in (await world.contents(1))[0]


async def test_the_first_brief_is_the_newest_one_where_a_mailing_was_deferred(world: World) -> None:
    world.arxiv.deferred.add(WEDNESDAY)
    await world.subscribe(9, "language", **NINE)
    # Since 01:00 it is known that nothing comes for Wednesday; Thursday's is not wanted before nine.
    await world.run_until("2026-08-12 22:00", timedelta(hours=3))
    await world.announcements.save_state(quiet("cs.CL", WEDNESDAY, world.clock.instant))
    await world.subscribe(1, "language", **NINE)
    await world.run_until("2026-08-12 23:00")
    world.restart()
    await world.run_until("2026-08-13 08:00")
    assert await world.log(1) == [
        "brief 2026-08-11 at 08-12 23:00",
        "(quiet 2026-08-12 at 08-12 23:00)",
        "brief 2026-08-13 at 08-13 07:00",
    ]


def quiet(category: str, announced_on: date, now: datetime) -> Announcement:
    return Announcement(category, announced_on, AnnouncementState.QUIET, SourceName.OAI, Counts(), Counts(), now)


async def test_the_first_brief_of_a_category_that_nobody_read_comes_within_a_tick(world: World) -> None:
    await world.subscribe(9, "language", **NINE)
    await world.run_until("2026-08-15 12:00", timedelta(hours=6))
    # A Saturday: the newest announcement is Friday's.
    await world.subscribe(1, "vision", **NINE)
    await world.at("2026-08-15 12:01")
    assert await world.log(1) == ["brief 2026-08-14 at 08-15 12:01"]


async def test_an_hour_of_downtime_makes_a_brief_late_and_says_so(world: World) -> None:
    await world.subscribe(1, "language", **NINE)
    await world.run_until("2026-08-12 06:00")
    world.restart()
    await world.at("2026-08-12 08:00")
    assert (await world.log(1))[1:] == ["brief 2026-08-12 at 08-12 08:00"]
    assert (await world.contents(1))[1].startswith("**Language** · Wed 12 Aug 2026 · late · ")


async def test_three_days_of_downtime_give_late_briefs_and_one_line(world: World) -> None:
    await world.subscribe(1, "language", **NINE)
    await world.run_until("2026-08-12 12:00")
    world.restart()
    await world.at("2026-08-20 03:00")
    await world.run_until("2026-08-20 12:00")
    assert (await world.log(1))[2:] == [
        "missed 2026-08-17 at 08-20 03:00",
        "brief 2026-08-18 at 08-20 03:00",
        "brief 2026-08-19 at 08-20 03:00",
        "brief 2026-08-20 at 08-20 07:00",
    ]
    missed, tuesday, wednesday, thursday = (await world.contents(1))[2:]
    assert missed.splitlines()[:2] == [
        "**Language** · Thu 13 Aug 2026 – Mon 17 Aug 2026 · missed",
        "3 briefs could not be posted in time. `/brief` shows each of them.",
    ]
    assert " · late · " in tuesday
    assert " · late · " in wednesday
    assert " · late · " not in thursday
    due = [row.due_at for row in (await world.rows(1))[2:]]
    assert due == sorted(due)


async def test_weeks_of_downtime_are_one_line_and_a_second_restart_adds_none(world: World) -> None:
    await world.subscribe(1, "language", **NINE)
    await world.run_until("2026-08-12 12:00")
    world.restart()
    await world.at("2026-09-03 03:00")
    world.restart()
    await world.run_until("2026-09-03 12:00")
    log = await world.log(1)
    assert [line.split()[0] for line in log[2:]] == ["missed", "brief", "brief", "brief"]
    assert "could not be posted" in (await world.contents(1))[2]


async def test_what_is_resumed_follows_the_late_policy_and_what_is_paused_gets_nothing(world: World) -> None:
    one = await world.subscribe(1, "language", **NINE)
    await world.subscribe(2, "language", **NINE)
    await world.run_until("2026-08-12 12:00")
    await world.subscriptions.set_state(1, one.topic, SubscriptionState.PAUSED, None)
    await world.run_until("2026-08-18 12:00", timedelta(hours=2))
    assert len(await world.log(1)) == 2
    await world.subscriptions.set_state(1, one.topic, SubscriptionState.ACTIVE, None)
    await world.run_until("2026-08-18 13:00")
    assert [line[:17] for line in await world.log(1)] == [
        "missed 2026-08-14",
        "brief 2026-08-17 ",
        "brief 2026-08-18 ",
    ]


async def test_a_subscription_that_ends_and_comes_back_before_the_send_gets_its_day_once(world: World) -> None:
    one = await world.subscribe(1, "language", **NINE)
    await world.run_until("2026-08-12 07:00")
    world.clock.instant += timedelta(minutes=1)
    await world.subscriptions.delete(1, one.topic)
    # Between two ticks, so that this process, too, knew the date as done.
    await world.subscribe(1, "language", language="zh-CN", **NINE)
    await world.run_until("2026-08-12 09:00")
    assert await world.log(1) == ["brief 2026-08-12 at 08-12 08:01"]
    assert (await world.contents(1))[0].startswith("**语言** · 2026年8月12日 周三 · ")


async def test_a_pause_between_two_ticks_loses_nothing(world: World) -> None:
    one = await world.subscribe(1, "language", **NINE, created_at=datetime(2026, 8, 11, 20, tzinfo=UTC))
    await world.run_until("2026-08-12 07:00")
    world.clock.instant += timedelta(minutes=1)
    await world.subscriptions.set_state(1, one.topic, SubscriptionState.PAUSED, None)
    world.clock.instant += timedelta(minutes=1)
    await world.subscriptions.set_state(1, one.topic, SubscriptionState.ACTIVE, None)
    await world.run_until("2026-08-12 09:00")
    assert [line[:16] for line in await world.log(1)] == ["brief 2026-08-11", "brief 2026-08-12"]


async def test_what_was_posted_stays_the_only_one_when_a_subscription_comes_back(world: World) -> None:
    one = await world.subscribe(1, "language", style=PostingStyle.CARDS, **NINE)
    await world.run_until("2026-08-12 07:00")
    cards = [row for row in await world.rows(1) if row.announced_on == WEDNESDAY]
    sent = {"state": DeliveryState.SENT, "attempts": 1}
    first = sa.update(delivery).where(delivery.c.delivery_id == cards[0].delivery_id).values(sent)
    await world.database.write(lambda connection: connection.execute(first))
    await world.subscriptions.delete(1, one.topic)
    await world.subscribe(1, "language", style=PostingStyle.CARDS, **NINE)
    await world.run_until("2026-08-12 09:00")
    again = [row for row in await world.rows(1) if row.announced_on == WEDNESDAY]
    assert [row.delivery_id for row in again] == [row.delivery_id for row in cards]
    assert [row.state.value for row in again] == ["sent", "retry", "retry"]


async def test_what_a_brief_lacked_is_mentioned_where_it_came_days_later(world: World) -> None:
    friday = date(2026, 8, 14)
    world.arxiv.delays["cs.CV", friday] = timedelta(days=30)
    await world.subscribe(1, "both", **NINE)
    # OAI-PMH brings Friday's papers on Monday evening, three days after.
    world.clock.instant = datetime(2026, 8, 14, 5, tzinfo=UTC)
    await world.run_until("2026-08-18 12:00", timedelta(hours=3))
    missed = [row.payload["content"] for row in await world.rows(1) if row.kind is DeliveryKind.MISSED]
    assert [text.splitlines()[:2] for text in missed] == [
        [
            "**Both** · Fri 14 Aug 2026 · missed",
            "What 1 brief lacked came too late to be posted. `/brief` shows it.",
        ]
    ]
    assert not [row for row in await world.rows(1) if row.kind is DeliveryKind.LATE]


async def test_a_channel_that_was_told_to_wait_hears_of_what_came_too_late(world: World) -> None:
    friday = date(2026, 8, 14)
    world.arxiv.delays["cs.CL", friday] = timedelta(days=30)
    await world.subscribe(1, "language", **NINE)
    world.clock.instant = datetime(2026, 8, 14, 5, tzinfo=UTC)
    await world.run_until("2026-08-18 12:00", timedelta(hours=3))
    assert [line[:18].strip() for line in await world.log(1) if str(friday) in line] == [
        "waiting 2026-08-14",
        "missed 2026-08-14",
    ]
    (missed,) = [row for row in await world.rows(1) if row.kind is DeliveryKind.MISSED]
    assert "Fri 14 Aug 2026 · missed\n1 brief could not be posted in time" in missed.payload["content"]


async def test_a_posted_brief_never_changes_and_is_what_readers_get(world: World) -> None:
    world.arxiv.delays["cs.CV", WEDNESDAY] = timedelta(days=30)
    await world.subscribe(1, "both", **NINE)
    await world.run_until("2026-08-12 08:00")
    topic = TOPICS["both"]
    posted = await BriefStore(world.database).load_brief(topic, WEDNESDAY, "en")
    assert posted is not None
    # A preview, another length, another language and the papers that come late.
    await world.briefing.brief(topic, WEDNESDAY, max_papers=7)
    await world.briefing.brief(topic, WEDNESDAY, max_papers=1, language="zh-CN")
    assert await BriefStore(world.database).load_receipt("both", WEDNESDAY, "zh-CN") is None
    await world.run_until("2026-08-13 08:00")
    assert await BriefStore(world.database).load_brief(topic, WEDNESDAY, "en") == posted
    read = await world.briefing.posted(topic, WEDNESDAY, "en")
    assert read is not None
    assert read.items[:3] == posted.items
    assert [item.paper.arxiv_id for item in posted.items] == world.arxiv.ids("cs.CL", WEDNESDAY)
    assert sorted(item.paper.arxiv_id for item in read.items[3:]) == world.arxiv.ids("cs.CV", WEDNESDAY)
    assert all(item.late for item in read.items[3:])
    assert read.receipt.balanced


async def test_topics_of_a_day_are_made_together_for_each_language_and_length(world: World) -> None:
    for channel, slug in enumerate(["language", "vision", "both", "language"], 1):
        await world.subscribe(channel, slug, **NINE)
    await world.subscribe(5, "both", max_papers=2, **NINE)
    await world.subscribe(6, "both", language="zh-CN", **NINE)
    await world.run_until("2026-08-12 06:00")
    world.briefing.calls.clear()
    await world.at("2026-08-12 07:00")
    found = [(sorted(topics), most, language) for topics, _, most, language in world.briefing.calls]
    assert sorted(found) == [
        (["both"], 2, "en"),
        (["both"], 10, "zh-CN"),
        (["both", "language", "vision"], 10, "en"),
    ]
    await world.at("2026-08-12 07:01")
    assert len(world.briefing.calls) == 3


async def test_a_broken_topic_and_a_vanished_one_stop_no_other(world: World) -> None:
    await world.subscribe(1, "broken", **NINE)
    await world.subscribe(2, "vanished", **NINE)
    await world.subscribe(3, "language", **NINE)
    report = await world.at("2026-08-12 08:00")
    assert report.plan is not None
    assert len(report.plan.errors) == 1
    assert report.plan.planned == {DeliveryKind.BRIEF: 1}
    assert await world.log(3) == ["brief 2026-08-12 at 08-12 08:00"]
    again = await world.at("2026-08-12 08:10")
    assert again.plan is not None
    assert not again.plan.errors
    later = await world.at("2026-08-12 08:20")
    assert later.plan is not None
    assert len(later.plan.errors) == 1
    assert await world.log(1) == await world.log(2) == []


async def test_a_zone_that_is_gone_still_gets_one_brief(world: World) -> None:
    await world.subscribe(1, "language", post_time=time(9), zone="Mars/Olympus")
    await world.run_until("2026-08-12 20:00")
    assert (await world.log(1))[1:] == ["brief 2026-08-12 at 08-12 13:00"]


async def test_a_brief_that_was_ended_unsent_counts_as_missed(world: World) -> None:
    await world.subscribe(1, "language", **NINE)
    await world.run_until("2026-08-12 07:00")
    # As the sender does with what lay for days while the bot was down.
    await world.outbox.recover(datetime(2026, 8, 17, tzinfo=UTC), expired=datetime(2026, 8, 14, tzinfo=UTC))
    world.restart()
    await world.at("2026-08-17 01:00")
    (missed,) = [row for row in await world.rows(1) if row.kind is DeliveryKind.MISSED]
    assert "4 briefs could not be posted" in missed.payload["content"]


async def test_a_quiet_line_that_was_ended_unsent_counts_as_missed(world: World) -> None:
    await world.subscribe(1, "nothing", quiet_line=True, **NINE)
    await world.subscribe(2, "nothing", **NINE)
    await world.run_until("2026-08-12 12:00")
    assert (await world.log(1))[-1] == "quiet 2026-08-12 at 08-12 07:00"
    await world.outbox.recover(datetime(2026, 8, 14, 12, tzinfo=UTC), expired=datetime(2026, 8, 12, 12, tzinfo=UTC))
    world.planner.reconsider()
    await world.at("2026-08-14 12:00")
    (missed,) = [row for row in await world.rows(1) if row.kind is DeliveryKind.MISSED]
    assert "Wed 12 Aug 2026 · missed" in missed.payload["content"]
    assert not [row for row in await world.rows(2) if row.kind is DeliveryKind.MISSED]


async def test_late_papers_that_were_ended_unsent_are_mentioned(world: World) -> None:
    world.arxiv.delays["cs.CV", WEDNESDAY] = timedelta(hours=20)
    await world.subscribe(1, "both", **NINE)
    await world.run_until("2026-08-13 06:00")
    assert [row.kind for row in await world.rows(1) if row.announced_on == WEDNESDAY][-1] is DeliveryKind.LATE
    sent = sa.update(delivery).where(delivery.c.kind == DeliveryKind.BRIEF).values(state=DeliveryState.SENT, attempts=1)
    await world.database.write(lambda connection: connection.execute(sent))
    await world.outbox.recover(datetime(2026, 8, 14, 12, tzinfo=UTC), expired=datetime(2026, 8, 12, 12, tzinfo=UTC))
    world.planner.reconsider()
    await world.at("2026-08-14 12:00")
    (missed,) = [row for row in await world.rows(1) if row.kind is DeliveryKind.MISSED]
    assert missed.payload["content"].splitlines()[:2] == [
        "**Both** · Wed 12 Aug 2026 · missed",
        "What 1 brief lacked came too late to be posted. `/brief` shows it.",
    ]


async def test_the_role_of_everyone_is_never_pinged(world: World) -> None:
    await world.subscribe(1, "language", role_id=GUILD, **NINE)
    await world.subscribe(2, "language", role_id=77, **NINE)
    await world.run_until("2026-08-12 00:00")
    assert (await world.rows(1))[0].payload["allowed_mentions"] == {"parse": []}
    assert (await world.rows(2))[0].payload["allowed_mentions"] == {"parse": [], "roles": ["77"]}


async def test_a_clock_that_was_set_makes_no_burst(world: World) -> None:
    await world.subscribe(1, "language", **NINE)
    await world.run_until("2026-08-12 12:00")
    before = await world.log(1)
    for instant in ("1970-01-01 00:00", "2026-08-12 11:00", "2026-08-13 12:00", "2026-08-12 12:00"):
        await world.at(instant)
    assert [line for line in await world.log(1) if line not in before] in (
        [],
        ["waiting 2026-08-13 at 08-13 12:00"],
        ["brief 2026-08-13 at 08-13 12:00"],
    )


async def test_every_payload_is_frozen_with_its_marker(world: World) -> None:
    await world.subscribe(1, "both", style=PostingStyle.THREAD, crosspost=True, **NINE)
    await world.run_until("2026-08-12 00:00")
    rows = await world.rows(1)
    assert [row.action.value for row in rows] == ["message", "thread", *["message"] * 6, "crosspost"]
    assert all(row.marker in str(row.payload) for row in rows if row.action.value == "message")


async def test_the_ledger_refuses_to_be_planned_twice(world: World) -> None:
    await world.subscribe(1, "language", **NINE)
    await world.run_until("2026-08-12 07:00")
    count = len(await world.rows())
    world.restart()
    for _ in range(3):
        assert not (await world.planner.plan_due()).planned
    assert len(await world.rows()) == count
    assert await Outbox(world.database).exists(1, WEDNESDAY, DeliveryKind.BRIEF, TopicKey("language"))
    assert {row.bot_id for row in await world.rows()} == {30}
