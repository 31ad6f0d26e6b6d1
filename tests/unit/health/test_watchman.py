"""What the owner is told: once while it lasts, again when it comes again, and over any restart; on both engines."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.delivery import DeliveryState, SubscriptionState
from bot.errors import DatabaseBusy
from bot.health.facts import Facts
from bot.model import AnnouncementState
from bot.spending import Spending
from bot.statement import Statement, StatementCode
from bot.store.engine import Database
from bot.store.guilds import GuildStore
from bot.store.health import HealthStore, NewestAnnouncement
from bot.store.outbox import Outbox
from bot.store.subscriptions import SubscriptionStore
from tests.unit.deliver.samples import make_planned, make_subscription
from tests.unit.health.office import BOT, CHANNEL, MINUTE, Office
from tests.unit.health.samples import MODEL, NOW, STORED, TODAY, facts
from tests.unit.pipeline.fakes import FixedClock

STALLED = NewestAnnouncement("cs.CL", TODAY, AnnouncementState.STALLED)


async def test_when_all_is_well_nothing_is_said(office: Office) -> None:
    await office.tick(3)
    assert await office.said() == []
    assert office.woken == 0


async def test_a_stall_is_said_once_and_again_when_it_comes_again(office: Office) -> None:
    office.see(newest=(STALLED, replace(STALLED, category="cs.AI")))
    await office.tick(3)
    (first,) = await office.said()
    assert first.startswith("**Paper Brief, for its owner**\n- arXiv's announcement of Tue 17 Nov 2026 is overdue: ")
    assert "cs.AI, cs.CL" in first
    office.man = office.hire()
    await office.tick(3)
    assert len(await office.said()) == 1, "a restart repeats nothing"
    office.see()
    await office.tick()
    office.see(newest=(STALLED,))
    await office.tick(2)
    assert len(await office.said()) == 2
    assert office.woken == 2


async def test_a_category_that_stalls_later_is_said_for_itself(office: Office) -> None:
    office.see(newest=(STALLED,))
    await office.tick()
    office.see(newest=(STALLED, replace(STALLED, category="cs.AI")))
    await office.tick(2)
    assert "cs.CL" not in (await office.said())[1]


async def test_what_cannot_be_read_is_overdue_after_the_cut_off_only(office: Office) -> None:
    failed = replace(STALLED, state=AnnouncementState.FAILED)
    office.facts = replace(facts(stored=replace(STORED, newest=(failed,))), overdue_at=NOW + MINUTE)
    await office.tick()
    assert await office.said() == []
    office.clock.instant += MINUTE
    await office.tick()
    assert len(await office.said()) == 1


async def test_stopped_channels_are_named_with_the_reason_and_by_server(office: Office) -> None:
    subscriptions = SubscriptionStore(office.db)
    for channel_id, guild_id in ((10, 1), (11, 1), (20, 2)):
        await subscriptions.save(make_subscription(channel_id, guild_id=guild_id))
        await subscriptions.park(channel_id, Statement.of(StatementCode.LACKS_PERMISSION, words="x"))
    await office.tick(2)
    one, other = await office.notices()
    assert (one.guild_id, other.guild_id) == (1, 2)
    assert "- Nothing can be posted in <#10>: " in one.payload["content"]
    assert "- Nothing can be posted in <#11>: " in one.payload["content"]
    assert "<#20>" not in one.payload["content"]
    assert one.payload["allowed_mentions"] == {"parse": []}
    # When the server is purged, nothing of it is left here either.
    await GuildStore(office.db).left(1, NOW)
    await GuildStore(office.db).purge_left(NOW + MINUTE)
    assert [left.guild_id for left in await office.notices()] == [2]


async def test_a_channel_that_may_be_posted_in_again_is_no_news_until_it_is_stopped_again(office: Office) -> None:
    subscriptions = SubscriptionStore(office.db)
    await subscriptions.save(make_subscription(10))
    for expected in (1, 2):
        await subscriptions.park(10, Statement.of(StatementCode.LACKS_PERMISSION, words="x"))
        await office.tick(2)
        assert len(await office.said()) == expected
        await subscriptions.resume(10)
        await office.tick(2)
    assert (await subscriptions.load_guild(100))[0].state is SubscriptionState.ACTIVE


async def test_the_budget_is_said_once_a_day(office: Office) -> None:
    def spent(micros: int) -> None:
        office.facts = facts(model=replace(MODEL, spent=Spending(1, 1, 1, micros)))

    for micros in (790_000, 800_000, 780_000, 950_000):
        spent(micros)
        await office.tick()
    assert len(await office.said()) == 1
    assert "has used 80% of its ceiling for today" in (await office.said())[0]
    office.clock.instant += timedelta(days=1)
    spent(0)
    await office.tick()
    spent(810_000)
    await office.tick(2)
    assert len(await office.said()) == 2


async def test_a_schema_that_changes_under_data_is_said_once(db: Database) -> None:
    office = Office(db, FixedClock(NOW))
    await office.man.begin()
    await office.tick(2)
    office.man = office.hire()
    await office.man.begin()
    await office.tick(2)
    (said,) = await office.said()
    assert f"new schema, version {STORED.schema}" in said
    office.see(schema="9999")
    await office.tick(2)
    assert "new schema, version 9999" in (await office.said())[1]


async def test_killed_between_planning_and_noting_it_the_same_is_not_said_twice(office: Office) -> None:
    office.see(newest=(STALLED,))
    conditions = office.man._conditions
    told = conditions.told
    conditions.told = killed  # type: ignore[method-assign,assignment]  # the process ends here
    with pytest.raises(SystemExit):
        await office.tick()
    conditions.told = told  # type: ignore[method-assign]
    office.man = office.hire()
    office.clock.instant += MINUTE
    await office.tick(2)
    assert len(await office.said()) == 1


async def killed(*_: object) -> None:
    raise SystemExit


async def test_the_report_comes_once_a_week_and_counts_the_week_before(office: Office) -> None:
    office.clock.instant = datetime(2026, 5, 13, 9, tzinfo=UTC)
    await Outbox(office.db).plan(make_planned(), bot_id=BOT, now=datetime(2026, 5, 12, 12, tzinfo=UTC))
    await office.tick(2)
    assert await office.said() == [], "there is nothing yet to report on"
    office.clock.instant = datetime(2026, 5, 18, 0, 1, tzinfo=UTC)
    await office.tick(3)
    office.man = office.hire()
    office.clock.instant += timedelta(days=3)
    await office.tick(3)
    (report,) = await office.notices()
    assert report.announced_on == date(2026, 5, 18)
    lines = report.payload["content"].splitlines()
    assert lines[0] == "**Report on Mon 11 May 2026 to Mon 18 May 2026**"
    assert "- Briefs: 1 planned, 0 sent, 0 stopped, 0 called off, 0 waiting, 1 lost" in lines
    assert "- Papers: 0 announced and stored, 0 lost, 0 shown twice" in lines
    office.clock.instant += timedelta(days=7)
    await office.tick(2)
    assert len(await office.said()) == 2


async def test_a_channel_that_cannot_be_written_to_is_noticed(office: Office) -> None:
    office.see(newest=(STALLED,))
    await office.tick()
    health = HealthStore(office.db)
    assert await health.load_trouble(CHANNEL) is None
    outbox, now = Outbox(office.db), office.clock.now()
    (claim,) = await outbox.claim(now, limit=9, busy=(), holder="h", lease_until=now + MINUTE)
    await outbox.refuse(claim, "Missing Access (50001)", until=now + MINUTE, open_since=None, now=now)
    assert await health.load_trouble(CHANNEL) == "Missing Access (50001)"
    await office.tick()
    assert office.man._trouble == "Missing Access (50001)"
    await outbox.sent(claim, 77, now)
    assert await health.load_trouble(CHANNEL) is None
    assert (await office.notices())[0].state is DeliveryState.SENT


async def test_it_speaks_chinese(db: Database) -> None:
    office = Office(db, FixedClock(NOW), language="zh-CN")
    office.see(newest=(STALLED,))
    await office.tick()
    (said,) = await office.said()
    assert "公告延误：cs.CL" in said
    assert "overdue" not in said


async def test_a_busy_database_is_left_for_the_next_tick(office: Office) -> None:
    async def busy() -> Facts:
        raise DatabaseBusy("held by another process")

    office.see(newest=(STALLED,))
    office.man._find_facts = busy
    await office.tick()
    office.man._find_facts = office.look
    await office.tick()
    assert len(await office.said()) == 1


async def test_many_stopped_channels_fit_into_one_message(office: Office) -> None:
    subscriptions = SubscriptionStore(office.db)
    for channel_id in range(10**18, 10**18 + 60):
        await subscriptions.save(make_subscription(channel_id))
        await subscriptions.park(channel_id, Statement.plain("# " + "@everyone " * 60))
    await office.tick()
    (said,) = await office.said()
    assert len(said) <= 2000
    assert "@everyone" not in said or "@\u200beveryone" in said
    assert "more" in said
